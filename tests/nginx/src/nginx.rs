//! A running nginx.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::audit::Rules;
use crate::client::{Connection, Request, Response};
use crate::config::Prepared;
use crate::log::{Log, PATIENCE};

/// A running nginx: stopped and audited when it is dropped.
pub struct Nginx {
    child: Child,
    log: Log,
    prepared: Prepared,
    rules: Rules,
    reloads: usize,
}

impl Nginx {
    /// Starts it and waits until its first worker runs; the error is the log.
    pub(crate) fn start(prepared: Prepared, rules: Rules) -> Result<Nginx, (Prepared, String)> {
        let mut child = prepared
            .command()
            .stderr(Stdio::piped())
            .spawn()
            .expect("nginx runs");
        let log = Log::read(child.stderr.take().expect("it is piped"));
        if log.wait_for_start() {
            return Ok(Nginx {
                child,
                log,
                prepared,
                rules,
                reloads: 0,
            });
        }
        let _ = child.kill();
        let _ = child.wait();
        Err((prepared, log.lines().join("\n")))
    }

    /// Sends a request on a connection of its own.
    #[must_use]
    pub fn ask(&self, request: &Request) -> Response {
        self.connect().ask(request)
    }

    /// GET without a token.
    #[must_use]
    pub fn get(&self, target: &str) -> Response {
        self.ask(&Request::get(target))
    }

    /// GET with a bearer token.
    #[must_use]
    pub fn get_with(&self, target: &str, token: &str) -> Response {
        self.ask(&Request::get(target).bearer(token))
    }

    /// A connection to `@PORT@`.
    #[must_use]
    pub fn connect(&self) -> Connection {
        Connection::open(self.port(), self.prepared.secrets.clone())
    }

    /// Runs `curl -i` with these arguments; its answer.
    #[must_use]
    pub fn curl(&self, arguments: &[&str]) -> Response {
        Response::from_curl(&self.run_curl(&["--include"], arguments))
    }

    /// Runs `curl` for several targets; the status codes of the answers.
    #[must_use]
    pub fn curl_statuses(&self, arguments: &[&str]) -> Vec<u16> {
        let output = self.run_curl(&["--write-out", "\nstatus:%{http_code}\n"], arguments);
        let text = String::from_utf8_lossy(&output);
        let codes = text.lines().filter_map(|line| line.strip_prefix("status:"));
        codes
            .map(|code| code.parse().expect("a status code"))
            .collect()
    }

    fn run_curl(&self, first: &[&str], arguments: &[&str]) -> Vec<u8> {
        const QUIET: [&str; 6] = [
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "20",
        ];
        for argument in arguments {
            self.prepared.secrets.note(argument.as_bytes());
        }
        let output = Command::new("curl")
            .args(QUIET)
            .args(first)
            .args(arguments)
            .output();
        let output = output.expect("curl runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "curl: {error}\n{:?}",
            self.log.lines()
        );
        output.stdout
    }

    /// The number behind `@PORT@`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.prepared.ports.0
    }

    /// The number behind `@PORT2@`.
    #[must_use]
    pub fn port2(&self) -> u16 {
        self.prepared.ports.1
    }

    /// The error log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// A path below the folder that holds nginx.conf.
    #[must_use]
    pub fn conf(&self, path: &str) -> PathBuf {
        self.prefix("conf").join(path)
    }

    /// A path below the prefix.
    #[must_use]
    pub fn prefix(&self, path: &str) -> PathBuf {
        self.prepared.dir.path().join(path)
    }

    /// Replaces a file beside nginx.conf atomically, by rename.
    pub fn replace(&self, path: &str, content: impl AsRef<[u8]>) {
        self.prepared.secrets.note(content.as_ref());
        let new = self.conf(&format!("{path}.new"));
        fs::write(&new, content).expect("a file");
        fs::rename(&new, self.conf(path)).expect("a rename");
    }

    /// Overwrites a file beside nginx.conf in place.
    pub fn overwrite(&self, path: &str, content: impl AsRef<[u8]>) {
        self.prepared.secrets.note(content.as_ref());
        fs::write(self.conf(path), content).expect("a file");
    }

    /// The process that started the workers.
    #[must_use]
    pub fn master(&self) -> u32 {
        self.child.id()
    }

    /// The worker that was started last.
    #[must_use]
    pub fn worker(&self) -> u32 {
        *self.workers().last().expect("a worker was started")
    }

    /// The workers that were started so far, in their order.
    #[must_use]
    pub fn workers(&self) -> Vec<u32> {
        let lines = self.log.matching("start worker process ");
        let pids = lines.iter().filter_map(|line| line.rsplit(' ').next());
        pids.map(|pid| pid.parse().expect("a process id")).collect()
    }

    /// Memory of a process that is in RAM, in bytes.
    #[must_use]
    pub fn heap(&self, pid: u32) -> u64 {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"))
            .expect("Linux tells");
        let kib: u64 = line
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .expect("a number");
        kib * 1024
    }

    /// Reloads, and waits until the new worker runs and the old one has gone.
    pub fn reload(&mut self) {
        self.reloads += 1;
        self.signal_reload();
        self.log.wait_for("start worker process ", self.reloads + 1);
        self.log.wait_for("exited with code 0", self.reloads);
    }

    /// Asks for a reload and waits for nothing: it may fail.
    pub fn signal_reload(&self) {
        self.signal(Signal::HUP);
    }

    /// Asks nginx to finish its requests and go.
    pub fn quit(&self) {
        self.signal(Signal::QUIT);
    }

    /// Tells nginx to go at once.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills a worker, which has no chance to tidy up.
    pub fn kill(&self, worker: u32) {
        signal(worker, Signal::KILL);
    }

    fn signal(&self, what: Signal) {
        signal(self.child.id(), what);
    }
}

fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // It may have died, which the audit tells.
    let _ = kill_process(pid.expect("a process id"), signal);
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.quit();
        let ended = self.log.wait_for_end();
        if !ended {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();

        let lines = self.log.lines();
        let mut complaints = self.prepared.secrets.audit(&lines, &self.rules);
        if !ended {
            complaints.push("nginx or a worker did not quit".to_owned());
        }
        if std::thread::panicking() {
            eprintln!(
                "{}error log:\n{}",
                self.prepared.numbered(),
                lines.join("\n")
            );
            eprintln!("audit: {complaints:#?}");
        } else {
            assert!(
                complaints.is_empty(),
                "{complaints:#?}\n{}",
                self.prepared.numbered()
            );
        }
    }
}

/// Asks until the answer is yes: for what nothing announces, such as a key file that was read
/// again. Panics with `what` when that never comes.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "did not happen: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

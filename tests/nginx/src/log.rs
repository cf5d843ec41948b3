//! An nginx's error log, as it is written.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// How long anything may take that should happen at once: only a failure waits this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The lines so far. nginx writes its error log into a pipe that a thread reads, so one can wait
/// for a line, and for the end, which comes when the last process has exited.
#[derive(Clone)]
pub struct Log(Arc<(Mutex<Lines>, Condvar)>);

#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

impl Log {
    pub(crate) fn read(pipe: impl Read + Send + 'static) -> Log {
        let log = Log(Arc::default());
        let writer = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                writer.lock().lines.push(line);
                writer.0.1.notify_all();
            }
            writer.lock().ended = true;
            writer.0.1.notify_all();
        });
        log
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.0.lock().expect("the reader does not panic")
    }

    /// Everything so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lock().lines.clone()
    }

    /// The lines so far that contain `text`.
    #[must_use]
    pub fn matching(&self, text: &str) -> Vec<String> {
        self.lines()
            .into_iter()
            .filter(|line| line.contains(text))
            .collect()
    }

    /// Waits until `count` lines contain `text`, and gives the last of them.
    pub fn wait_for(&self, text: &str, count: usize) -> String {
        let mut found = String::new();
        let seen = self.wait(|lines| {
            let mut matching = lines.lines.iter().filter(|line| line.contains(text));
            match matching.nth(count.saturating_sub(1)) {
                Some(line) => found.clone_from(line),
                None => return lines.ended,
            }
            true
        });
        let so_far = self.lines().join("\n");
        assert!(
            seen && !found.is_empty(),
            "no {count} lines with \"{text}\" in the log:\n{so_far}"
        );
        found
    }

    /// Waits until nginx and its workers have exited; false when they don't.
    pub(crate) fn wait_for_end(&self) -> bool {
        self.wait(|lines| lines.ended)
    }

    /// Waits until nginx has started a worker; false when it exits instead.
    pub(crate) fn wait_for_start(&self) -> bool {
        let mut started = false;
        self.wait(|lines| {
            started = lines
                .lines
                .iter()
                .any(|line| line.contains("start worker process "));
            started || lines.ended
        });
        started
    }

    fn wait(&self, mut until: impl FnMut(&Lines) -> bool) -> bool {
        let lines = self.lock();
        let waited = self
            .0
            .1
            .wait_timeout_while(lines, PATIENCE, |lines| !until(lines));
        !waited.expect("the reader does not panic").1.timed_out()
    }
}

//! An identity provider that answers, hangs and lies as a test tells it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jwt_testkit::{Key, jwks};
use openssl::ssl::SslAcceptor;
use serde_json::json;

use crate::log::PATIENCE;
use crate::nginx::eventually;
use crate::origin::{Origin, http};
use crate::ports;
use crate::tls::{Authority, Identity};

/// Where OpenID Connect Discovery puts the document of an issuer without a path.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Where [`Idp::publish`] puts the keys.
pub const JWKS: &str = "/jwks";

/// Long enough for a connection that comes about at all.
const BRIEFLY: Duration = Duration::from_millis(100);

/// A provider on a loopback port, until it is dropped. What no answer is given for is not found.
pub struct Idp {
    scheme: &'static str,
    host: String,
    port: u16,
    shared: Arc<Shared>,
    /// Holds the port; none when it is closed.
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What is done with a request.
#[derive(Clone)]
pub enum Answer {
    /// These bytes, and the connection is closed.
    Bytes(Vec<u8>),
    /// A JSON document under an entity tag: 304 for who names it. `headers` are whole lines.
    Tagged {
        /// With its quotes.
        etag: &'static str,
        /// Of both answers.
        headers: &'static str,
        /// The document.
        body: String,
    },
    /// These bytes, and nothing more.
    ThenHangs(Vec<u8>),
    /// The first bytes, and the second ones again and again, with a pause between.
    ThenForever(Vec<u8>, Vec<u8>, Duration),
    /// Another answer, when the test opens the gate.
    AtTheGate(Box<Answer>),
}

impl Answer {
    /// 200 with this document.
    pub fn document(body: impl AsRef<[u8]>) -> Answer {
        Answer::Bytes(http("200 OK", "", body))
    }

    /// Another status. `headers` are whole lines.
    #[must_use]
    pub fn status(status: &str, headers: &str) -> Answer {
        Answer::Bytes(http(status, headers, ""))
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    answers: BTreeMap<String, Answer>,
    /// To any request, before the others.
    instead: Option<Answer>,
    acceptor: Option<SslAcceptor>,
    hangs_before_tls: bool,
    is_serving: bool,
    is_full: bool,
    gate_is_open: bool,
    connections: usize,
    asked: Vec<Asked>,
    /// How often it was stopped: connections belong to one life.
    life: usize,
}

struct Asked {
    path: String,
    head: String,
    at: Instant,
}

impl Idp {
    /// Over TLS, as `https://127.0.0.1:PORT`, with the document of discovery and [`crate::key`].
    #[must_use]
    pub fn start() -> Idp {
        Idp::named("127.0.0.1")
    }

    /// The same under another name, which a test must have a way to.
    #[must_use]
    pub fn named(host: &str) -> Idp {
        let idp = Idp::new("https", host);
        idp.show(&Authority::trusted().identity(host));
        idp
    }

    /// Without TLS.
    #[must_use]
    pub fn plain() -> Idp {
        Idp::new("http", "127.0.0.1")
    }

    fn new(scheme: &'static str, host: &str) -> Idp {
        let idp = Idp {
            scheme,
            host: host.to_owned(),
            port: ports::free(),
            shared: Arc::default(),
            thread: Mutex::new(None),
        };
        idp.describe("", JWKS);
        idp.publish(&[&crate::key()]);
        idp.restart();
        idp
    }

    /// The issuer, and the start of each of its URLs.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Puts the document of the issuer with this path (or none) at the place of discovery.
    pub fn describe(&self, path: &str, jwks: &str) {
        let origin = self.issuer();
        let document =
            json!({"issuer": format!("{origin}{path}"), "jwks_uri": format!("{origin}{jwks}")});
        let place = format!("{}{DISCOVERY}", path.trim_end_matches('/'));
        self.answer(&place, Answer::document(document.to_string()));
    }

    /// Puts these keys, and no others, at [`JWKS`].
    pub fn publish(&self, keys: &[&Key]) {
        self.answer(JWKS, Answer::document(jwks(keys)));
    }

    /// Answers requests for this path so.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.shared.lock().answers.insert(path.to_owned(), answer);
    }

    /// Answers every request so, until [`Idp::repair`].
    pub fn answer_all(&self, answer: Answer) {
        self.shared.lock().instead = Some(answer);
    }

    /// Shows this certificate.
    pub fn show(&self, identity: &Identity) {
        self.shared.lock().acceptor = Some(identity.acceptor());
    }

    /// Takes connections, and does nothing with them.
    pub fn hang_before_tls(&self) {
        self.shared.lock().hangs_before_tls = true;
    }

    /// Opens the gate, for good.
    pub fn open(&self) {
        self.shared.lock().gate_is_open = true;
        self.shared.changed.notify_all();
    }

    /// Closes its port, and every connection.
    pub fn stop(&self) {
        {
            let mut state = self.shared.lock();
            state.life += 1;
            state.is_serving = false;
            state.is_full = false;
        }
        self.shared.changed.notify_all();
        let thread = self.thread.lock().expect("no test panics here").take();
        if let Some(thread) = thread {
            // A thread that accepts looks only after a connection.
            drop(TcpStream::connect_timeout(&self.address(), BRIEFLY));
            let _ = thread.join();
        }
    }

    /// Opens the port again.
    pub fn restart(&self) {
        self.stop();
        self.shared.lock().is_serving = true;
        self.hold_port(|listener, shared, life| {
            for stream in listener.incoming().flatten() {
                if shared.lock().life != life {
                    return;
                }
                shared.lock().connections += 1;
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared, life));
            }
        });
    }

    /// Leaves clients without an answer to their first packet: the kernel's queue is full.
    pub fn stop_accepting(&self) {
        self.stop();
        let address = self.address();
        self.hold_port(move |listener, shared, life| {
            rustix::net::listen(&listener, 0).expect("a shorter queue");
            let fill = || TcpStream::connect_timeout(&address, BRIEFLY).ok();
            let queue: Vec<_> = std::iter::from_fn(fill).collect();
            shared.lock().is_full = true;
            shared.changed.notify_all();
            shared.wait_while(life, |_| true);
            drop(queue);
        });
        let life = self.shared.lock().life;
        self.shared.wait_while(life, |state| !state.is_full);
    }

    /// Listens, and has a thread deal with it until the next life.
    fn hold_port(&self, thread: impl FnOnce(TcpListener, Arc<Shared>, usize) + Send + 'static) {
        let mut listener = None;
        // A process that another test starts has our old socket for a moment.
        eventually("the port is ours again", || {
            listener = TcpListener::bind(self.address()).ok();
            listener.is_some()
        });
        let listener = listener.expect("it is bound");
        let shared = Arc::clone(&self.shared);
        let life = shared.lock().life;
        let thread = std::thread::spawn(move || thread(listener, shared, life));
        *self.thread.lock().expect("no test panics here") = Some(thread);
    }

    fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// Ends every fault but wrong documents.
    pub fn repair(&self) {
        if self.scheme == "https" {
            self.show(&Authority::trusted().identity(&self.host));
        }
        let is_serving = {
            let mut state = self.shared.lock();
            state.instead = None;
            state.hangs_before_tls = false;
            state.is_serving
        };
        if !is_serving {
            self.restart();
        }
    }

    /// How many connections it has taken.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// How often it was asked for a path.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        self.times(path).len()
    }

    /// When it was asked for a path.
    #[must_use]
    pub fn times(&self, path: &str) -> Vec<Instant> {
        let state = self.shared.lock();
        let asked = state.asked.iter().filter(|asked| asked.path == path);
        asked.map(|asked| asked.at).collect()
    }

    /// Waits for the request for this path of that number, from 1, and gives its head.
    #[must_use]
    pub fn request(&self, path: &str, number: usize) -> String {
        let find = |state: &State| {
            let mut asked = state.asked.iter().filter(|asked| asked.path == path);
            asked.nth(number - 1).map(|asked| asked.head.clone())
        };
        let waiting = self.shared.lock();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(waiting, PATIENCE, |state| find(state).is_none());
        let state = waited.expect("no test panics here").0;
        find(&state).unwrap_or_else(|| {
            let asked: Vec<&str> = state
                .asked
                .iter()
                .map(|asked| asked.path.as_str())
                .collect();
            panic!("no request {number} for {path} among {asked:?}")
        })
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics here")
    }

    /// Waits while the provider lives and the condition holds.
    fn wait_while(&self, life: usize, condition: impl Fn(&State) -> bool) {
        let holds = |state: &mut State| state.life == life && condition(state);
        drop(self.changed.wait_while(self.lock(), holds));
    }
}

/// A connection, with TLS or without.
trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn serve(stream: TcpStream, shared: &Shared, life: usize) -> Option<()> {
    let socket = stream.try_clone().ok()?;
    socket.set_read_timeout(Some(PATIENCE)).ok()?;
    let (hangs, acceptor) = {
        let state = shared.lock();
        (state.hangs_before_tls, state.acceptor.clone())
    };
    if hangs {
        shared.wait_while(life, |_| true);
        return None;
    }
    match acceptor {
        Some(acceptor) => {
            // The client may not like the certificate.
            let mut tls = acceptor.accept(stream).ok()?;
            respond(&mut tls, shared, life);
            let _ = tls.shutdown();
        }
        None => respond(&mut { stream }, shared, life)?,
    }
    socket.shutdown(Shutdown::Write).ok()
}

/// Reads one request and answers it. An error: the peer has gone, which is its right.
fn respond(stream: &mut dyn Stream, shared: &Shared, life: usize) -> Option<()> {
    let mut reader = BufReader::new(&mut *stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut head).ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or("").to_owned();
    let answer = {
        let mut state = shared.lock();
        let found = state.instead.as_ref().or_else(|| state.answers.get(&path));
        let answer = found.cloned();
        state.asked.push(Asked {
            path,
            head: head.clone(),
            at: Instant::now(),
        });
        answer
    };
    shared.changed.notify_all();
    let answer = answer.unwrap_or_else(|| Answer::status("404 Not Found", ""));
    write(stream, answer, &head, shared, life)
}

fn write(
    stream: &mut dyn Stream,
    answer: Answer,
    head: &str,
    shared: &Shared,
    life: usize,
) -> Option<()> {
    match answer {
        Answer::Bytes(bytes) => stream.write_all(&bytes).ok(),
        Answer::Tagged {
            etag,
            headers,
            body,
        } => {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            let is_known = lines
                .any(|(name, value)| name.eq_ignore_ascii_case("If-None-Match") && value == etag);
            let (status, body) = match is_known {
                true => ("304 Not Modified", ""),
                false => ("200 OK", body.as_str()),
            };
            let headers = format!("ETag: {etag}\r\n{headers}");
            stream.write_all(&http(status, &headers, body)).ok()
        }
        Answer::ThenHangs(bytes) => {
            stream
                .write_all(&bytes)
                .and_then(|()| stream.flush())
                .ok()?;
            shared.wait_while(life, |_| true);
            None
        }
        Answer::ThenForever(first, again, pause) => {
            stream.write_all(&first).ok()?;
            while shared.lock().life == life {
                stream.write_all(&again).ok()?;
                std::thread::sleep(pause);
            }
            None
        }
        Answer::AtTheGate(answer) => {
            shared.wait_while(life, |state| !state.gate_is_open);
            write(stream, *answer, head, shared, life)
        }
    }
}

/// A proxy: tunnels every CONNECT (RFC 9110 section 9.3.6) to this port of this machine.
#[must_use]
pub fn proxy(port: u16) -> Origin {
    Origin::start(move |request, client| {
        if !request.starts_with("CONNECT ") {
            let _ = client.write_all(&http("405 Method Not Allowed", "", ""));
            return;
        }
        let mut tunnel = || -> std::io::Result<()> {
            let mut server = TcpStream::connect(("127.0.0.1", port))?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Write);
            });
            std::io::copy(&mut server, client).map(drop)
        };
        // Either side may go at any time.
        let _ = tunnel();
    })
}

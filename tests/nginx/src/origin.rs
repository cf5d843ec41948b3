//! A server whose answers a test writes, and which remembers what it was asked.

use std::io::{BufRead, BufReader, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crate::log::PATIENCE;

/// Answers on a loopback port until it is dropped.
pub struct Origin {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    requests: Vec<String>,
    is_open: bool,
    has_ended: bool,
}

/// Lets answers wait for the test.
#[derive(Clone)]
pub struct Gate(Arc<Shared>);

impl Origin {
    /// Answers each request with what `answer` writes; it gets the request, head and body, as text. One
    /// request per connection.
    pub fn start(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Origin {
        Origin::with_gate(move |request, stream, _| answer(request, stream))
    }

    /// The same, with a gate that [`Origin::open`] opens.
    pub fn with_gate(
        answer: impl Fn(&str, &mut TcpStream, &Gate) + Send + Sync + 'static,
    ) -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::<Shared>::default();
        let (answer, gate) = (Arc::new(answer), Gate(Arc::clone(&shared)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if gate.0.lock().has_ended {
                    return;
                }
                let (answer, gate) = (Arc::clone(&answer), gate.clone());
                std::thread::spawn(move || serve(stream, &gate, &*answer));
            }
        });
        Origin { port, shared }
    }

    /// Say `127.0.0.1:1234`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.shared.lock().requests.clone()
    }

    /// Waits for the request of that number, from 1, and gives it.
    #[must_use]
    pub fn request(&self, number: usize) -> String {
        let wait = |state: &mut State| state.requests.len() < number;
        let state = self.shared.wait_while(wait);
        let request = state.requests.get(number - 1).cloned();
        request.expect("the request comes")
    }

    /// Opens the gate, for good.
    pub fn open(&self) {
        self.shared.lock().is_open = true;
        self.shared.changed.notify_all();
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        {
            let mut state = self.shared.lock();
            state.is_open = true;
            state.has_ended = true;
        }
        self.shared.changed.notify_all();
        // The thread that accepts looks only after a connection.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

impl Gate {
    /// Waits until the gate is open.
    pub fn wait(&self) {
        drop(self.0.wait_while(|state| !state.is_open));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics here")
    }

    fn wait_while(&self, condition: impl FnMut(&mut State) -> bool) -> MutexGuard<'_, State> {
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), PATIENCE, condition);
        waited.expect("no test panics here").0
    }
}

fn serve(stream: TcpStream, gate: &Gate, answer: &dyn Fn(&str, &mut TcpStream, &Gate)) {
    let mut reader = BufReader::new(stream);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if !matches!(reader.read_until(b'\n', &mut request), Ok(1..)) {
            return;
        }
    }
    let head = String::from_utf8_lossy(&request).into_owned();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("Content-Length"))
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(0);
    if reader
        .by_ref()
        .take(length)
        .read_to_end(&mut request)
        .is_err()
    {
        return;
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    gate.0.lock().requests.push(request.clone());
    gate.0.changed.notify_all();
    let stream = reader.get_mut();
    answer(&request, stream, gate);
    // The end of an answer without a length; the peer may have gone.
    let _ = stream.shutdown(Shutdown::Write);
}

/// An answer with its Content-Length. `headers` are whole lines.
#[must_use]
pub fn http(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

//! A small HTTP/1.1 client that sends exactly what it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use crate::audit::Secrets;
use crate::log::PATIENCE;

/// A request in the making.
#[derive(Clone)]
pub struct Request {
    method: String,
    target: String,
    version: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// Any method.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Request {
        Request {
            method: method.to_owned(),
            target: target.to_owned(),
            version: "1.1",
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// GET.
    #[must_use]
    pub fn get(target: &str) -> Request {
        Request::new("GET", target)
    }

    /// With `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Request {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// With one more header; a `Host` replaces ours.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body, and its `Content-Length`.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("Content-Length", &length)
    }

    /// As HTTP/1.0.
    #[must_use]
    pub fn http10(mut self) -> Request {
        self.version = "1.0";
        self
    }

    /// Sends it to a port of this machine on a connection of its own. Unlike [`crate::Nginx::ask`] it works
    /// while nginx reloads, and the audit does not learn the token.
    #[must_use]
    pub fn send_to(&self, port: u16) -> Response {
        Connection::open(port, Secrets::default()).ask(self)
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/{}\r\n", self.method, self.target, self.version);
        if !self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            head.push_str("Host: localhost\r\n");
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend(&self.body);
        bytes
    }
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Every header in its order, repeated ones too.
    pub headers: Vec<(String, String)>,
    /// The body, as text; bytes that are no UTF-8 are replaced.
    pub body: String,
}

impl Response {
    /// The header's value; panics when it stands there twice.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(
            all.len() < 2,
            "{name} stands there {} times: {self:?}",
            all.len()
        );
        all.first().copied()
    }

    /// All values of a header.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .filter(same)
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The one challenge; panics when there is none or more than one.
    #[must_use]
    pub fn challenge(&self) -> &str {
        let challenge = self.header("WWW-Authenticate");
        challenge.unwrap_or_else(|| panic!("no challenge: {self:?}"))
    }

    /// Panics unless the status code, and the word of `$jwt_status` in the header `Status`, are these.
    pub fn assert(&self, status: u16, word: &str) {
        let got = (self.status, self.header("Status").unwrap_or(""));
        assert_eq!(got, (status, word), "{self:?}");
    }

    /// What the echoing API saw of a request header; panics when it came twice.
    #[must_use]
    pub fn echoed(&self, name: &str) -> Option<&str> {
        let lines = self.body.lines().filter_map(|line| line.split_once(": "));
        let mut values = lines
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v);
        let first = values.next();
        assert!(values.next().is_none(), "{name} came twice: {}", self.body);
        first
    }

    fn parse_head(head: &str) -> Response {
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(':'));
        Response {
            status: status.unwrap_or_else(|| panic!("not an HTTP answer: {head:?}")),
            headers: headers
                .map(|(n, v)| (n.to_owned(), v.trim().to_owned()))
                .collect(),
            body: String::new(),
        }
    }

    /// Reads what `curl -i` printed.
    pub(crate) fn from_curl(output: &[u8]) -> Response {
        let text = String::from_utf8_lossy(output);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut response = Response::parse_head(head);
        response.body = body.to_owned();
        response
    }
}

/// A connection that is kept alive.
pub struct Connection {
    stream: BufReader<TcpStream>,
    secrets: Secrets,
}

impl Connection {
    pub(crate) fn open(port: u16, secrets: Secrets) -> Connection {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("nginx listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("an option of TCP");
        Connection {
            stream: BufReader::new(stream),
            secrets,
        }
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.secrets.note(bytes);
        // nginx may answer and close before it has read all.
        let _ = self.stream.get_mut().write_all(bytes);
    }

    /// Sends a request and reads the answer.
    pub fn ask(&mut self, request: &Request) -> Response {
        self.send(&request.bytes());
        self.receive(request.method == "HEAD")
    }

    /// Everything until nginx closes, as text.
    pub fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset is an end too.
        let _ = self.stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads one answer; one to HEAD has no body.
    pub fn receive(&mut self, to_head: bool) -> Response {
        self.try_receive(to_head).expect("an answer")
    }

    /// Reads one answer, `None` when nginx closes without one.
    pub fn try_receive(&mut self, to_head: bool) -> Option<Response> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if !matches!(self.stream.read_until(b'\n', &mut head), Ok(1..)) {
                assert!(
                    head.is_empty(),
                    "a cut answer: {}",
                    String::from_utf8_lossy(&head)
                );
                return None;
            }
        }
        let mut response = Response::parse_head(&String::from_utf8_lossy(&head));
        if to_head || matches!(response.status, 204 | 304) {
            return Some(response);
        }
        let mut body = Vec::new();
        if response.header("Transfer-Encoding") == Some("chunked") {
            while let Some(length @ 1..) = self.chunk_length() {
                self.exactly(length, &mut body);
                self.line();
            }
            self.line();
        } else if let Some(length) = response.header("Content-Length") {
            self.exactly(length.parse().expect("a length"), &mut body);
        } else {
            self.stream.read_to_end(&mut body).expect("the rest");
        }
        response.body = String::from_utf8_lossy(&body).into_owned();
        Some(response)
    }

    fn chunk_length(&mut self) -> Option<u64> {
        u64::from_str_radix(self.line().trim_end(), 16).ok()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a line");
        line
    }

    fn exactly(&mut self, length: u64, into: &mut Vec<u8>) {
        let got = self.stream.by_ref().take(length).read_to_end(into);
        assert_eq!(got.expect("a body") as u64, length, "a cut body");
    }
}

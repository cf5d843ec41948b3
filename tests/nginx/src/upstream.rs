//! The API behind nginx: answers 200 with the request that it got, head and body, as text.
//!
//! A request for `/accel/x` is answered with `X-Accel-Redirect: /x`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

/// Starts the API on a free port and gives the port. It ends with the test process.
pub(crate) fn start() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    port
}

fn answer(stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut echo = Vec::new();
    while !echo.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut echo).ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&echo).into_owned();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    let length = header("Content-Length")
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    reader.by_ref().take(length).read_to_end(&mut echo).ok()?;

    let target = head.split(' ').nth(1).unwrap_or("");
    let accel = match target.strip_prefix("/accel") {
        Some(path) => format!("X-Accel-Redirect: {path}\r\n"),
        None => String::new(),
    };
    let length = echo.len();
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n{accel}\r\n");
    let stream = reader.get_mut();
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&echo).ok()
}

//! Free loopback ports.

use std::net::TcpListener;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

/// Below the range that Linux gives to outgoing connections (32768 and up), so that none of
/// those takes a port between our look at it and nginx's bind.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;

/// A port that nothing listens on, never the same one twice in this process. Another process may
/// still take it: [`crate::Config::start`] tries again then.
pub(crate) fn free() -> u16 {
    static NEXT: Mutex<Option<u16>> = Mutex::new(None);
    let mut next = NEXT.lock().expect("no test panics here");
    // Suites that run side by side start at different places.
    let port = next.get_or_insert_with(|| {
        let nanos = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |t| t.subsec_nanos());
        let spread = (nanos / 1_000 + std::process::id() * 101) % u32::from(LAST - FIRST);
        FIRST + u16::try_from(spread).unwrap_or(0)
    });
    for _ in FIRST..LAST {
        *port = if *port >= LAST { FIRST } else { *port + 1 };
        if TcpListener::bind(("127.0.0.1", *port)).is_ok() {
            return *port;
        }
    }
    panic!("no free port from {FIRST} to {LAST}");
}

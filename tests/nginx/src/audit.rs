//! What must hold after every test, whatever it tested.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// A private claim's value, in the tokens of [`crate::user`].
pub const PRIVATE: &str = "private-claim-that-no-log-may-show";

/// The subject in the tokens of [`crate::user`].
pub const SUBJECT: &str = "subject-that-no-log-may-show";

/// Lines that mean that nginx or the module failed, not a request.
const FATAL: [&str; 5] = [
    "[emerg]",
    "[alert]",
    "[crit]",
    "exited on signal",
    "panicked",
];

/// Another process had the port for a moment: nginx asks again, and so does [`crate::Config::start`].
pub(crate) const CLASH: &str = "Address already in use";

/// Shorter texts prove nothing when a log holds them.
const SHORTEST_SECRET: usize = 20;

/// The texts that one nginx's log must not hold.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    /// Notes the parts of every token, and every long base64 text, in what was sent or configured.
    pub(crate) fn note(&self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let base64 = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
        let mut secrets = self.0.lock().expect("no test panics here");
        for token in text.split(|c| !base64(c) && c != '.') {
            let is_token = token.matches('.').count() >= 2 && token.starts_with("ey");
            let shortest = if is_token {
                SHORTEST_SECRET
            } else {
                2 * SHORTEST_SECRET
            };
            // The header is no secret: alg and kid may be logged, if not in this form.
            let parts = token.split('.').skip(usize::from(is_token));
            secrets.extend(
                parts
                    .filter(|part| part.len() >= shortest)
                    .map(str::to_owned),
            );
        }
    }

    /// The complaints about a log, none for a clean one.
    pub(crate) fn audit(&self, log: &[String], rules: &Rules) -> Vec<String> {
        let secrets = self.0.lock().expect("no test panics here");
        let mut complaints = Vec::new();
        for line in log {
            let expected = rules.expected.iter().any(|text| line.contains(text));
            if expected || line.contains(CLASH) {
                continue;
            }
            if FATAL.iter().any(|text| line.contains(text)) {
                complaints.push(format!("nginx failed: {line}"));
            }
            let ours = match line.split_once(", client: ") {
                Some((ours, _)) if rules.tokens_in_request_line => ours,
                _ => line,
            };
            let mut leaks = secrets.iter().map(String::as_str).chain([PRIVATE, SUBJECT]);
            if let Some(secret) = leaks.find(|secret| ours.contains(secret)) {
                complaints.push(format!("the log holds \"{secret}\": {line}"));
            }
        }
        complaints
    }
}

/// What a test excuses.
#[derive(Clone, Default)]
pub(crate) struct Rules {
    /// Lines with these texts are not looked at.
    pub(crate) expected: Vec<String>,
    /// nginx itself logs request lines: there a token of the query string is no complaint.
    pub(crate) tokens_in_request_line: bool,
}

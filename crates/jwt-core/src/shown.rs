//! Text from outside, made fit for a log line.

use crate::limits::MAX_SHOWN_CHARS;
use std::fmt;

/// A piece of foreign text, bounded and escaped: printable ASCII as it is, everything else as
/// `\u{…}`, so that no log line can be forged with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(Box<str>);

impl Shown {
    /// Keeps the first [`MAX_SHOWN_CHARS`] characters.
    pub fn new(text: &str) -> Self {
        Self::bounded(text, MAX_SHOWN_CHARS)
    }

    /// Keeps the first `most` characters.
    pub fn bounded(text: &str, most: usize) -> Self {
        let mut chars = text.chars();
        let mut shown: String = chars
            .by_ref()
            .take(most)
            .flat_map(char::escape_default)
            .collect();
        if chars.next().is_some() {
            shown.push_str("...");
        }
        Self(shown.into())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

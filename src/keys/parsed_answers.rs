//! Answers that were parsed lately: one that did not change is the same key set.

use std::collections::VecDeque;
use std::sync::Arc;

use jwt_core::KeySet;

/// Answers of one key request, by their bytes; the least recently used goes first.
pub(super) struct ParsedAnswers {
    /// How many are kept at most.
    most: usize,
    /// The least recently used first.
    answers: VecDeque<(Box<[u8]>, Arc<KeySet>)>,
}

impl ParsedAnswers {
    /// Bytes of answers kept at most, but for a single one.
    const MOST_BYTES: usize = 4 << 20;

    /// Keeps at most `most`.
    pub(super) fn new(most: usize) -> ParsedAnswers {
        ParsedAnswers {
            most,
            answers: VecDeque::new(),
        }
    }

    /// The key set that an answer of just these bytes became.
    pub(super) fn get(&mut self, body: &[u8]) -> Option<Arc<KeySet>> {
        let at = self
            .answers
            .iter()
            .rposition(|(answer, _)| **answer == *body)?;
        let found = self.answers.remove(at)?;
        let keys = Arc::clone(&found.1);
        self.answers.push_back(found);
        Some(keys)
    }

    /// Keeps an answer that [`ParsedAnswers::get`] does not have.
    pub(super) fn put(&mut self, body: Vec<u8>, keys: Arc<KeySet>) {
        self.answers.push_back((body.into_boxed_slice(), keys));
        let size = |(answer, _): &(Box<[u8]>, Arc<KeySet>)| answer.len();
        let mut bytes: usize = self.answers.iter().map(size).sum();
        while self.answers.len() > self.most || (bytes > Self::MOST_BYTES && self.answers.len() > 1)
        {
            let oldest = self.answers.pop_front();
            bytes = bytes.saturating_sub(oldest.as_ref().map_or(0, size));
        }
    }
}

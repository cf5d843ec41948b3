//! Regular expressions: linear in the subject, bounded in size.

use crate::limits::{
    MAX_DFA_SIZE, MAX_LITERAL_PATTERN_SIZE, MAX_PATTERN_SUBJECT, MAX_VARIABLE_PATTERN_SIZE,
    PATTERN_CACHE_ENTRIES,
};
use regex::{Regex, RegexBuilder};
use std::collections::HashMap;
use std::sync::Arc;

/// A compiled regular expression. Shared: a clone of a `Regex` would start without what matching
/// has taught it.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Arc<Regex>);

impl Pattern {
    /// Compiles a pattern that configuration holds.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub(crate) fn literal(pattern: &str) -> Result<Self, String> {
        Self::compile(pattern, MAX_LITERAL_PATTERN_SIZE)
    }

    fn compile(pattern: &str, size_limit: usize) -> Result<Self, String> {
        RegexBuilder::new(pattern)
            .size_limit(size_limit)
            .dfa_size_limit(MAX_DFA_SIZE)
            .build()
            .map(|regex| Self(Arc::new(regex)))
            .map_err(|error| explain(&error))
    }

    /// Does it match somewhere in the subject? `None`: the subject is too long to be tried.
    pub(crate) fn is_match(&self, subject: &str) -> Option<bool> {
        (subject.len() <= MAX_PATTERN_SUBJECT).then(|| self.0.is_match(subject))
    }
}

/// The crate's message in one line: the cause, and the place its carets point at.
fn explain(error: &regex::Error) -> String {
    let regex::Error::Syntax(message) = error else {
        return format!("it is too large: {error}");
    };
    let cause = message.rsplit("error: ").next().unwrap_or(message).trim();
    let carets = message
        .lines()
        .find(|line| line.contains('^') && line.trim_matches([' ', '^']).is_empty());
    // The pattern is shown indented by four.
    let column = carets
        .and_then(|line| line.find('^'))
        .map(|caret| caret.saturating_sub(3));
    match column {
        Some(column) => format!("{cause} (at character {column})"),
        None => cause.to_owned(),
    }
}

/// Patterns that came from variables, compiled; the least recently used goes first.
#[derive(Debug, Default)]
pub struct PatternCache {
    /// Those that do not compile are kept too: trying costs as much.
    patterns: HashMap<Box<str>, (Option<Pattern>, u64)>,
    uses: u64,
}

impl PatternCache {
    /// The compiled pattern; `None` when it does not compile, or is too large.
    pub(crate) fn get(&mut self, pattern: &str) -> Option<Pattern> {
        self.uses = self.uses.wrapping_add(1);
        if let Some((compiled, used)) = self.patterns.get_mut(pattern) {
            *used = self.uses;
            return compiled.clone();
        }
        if self.patterns.len() >= PATTERN_CACHE_ENTRIES {
            let oldest = self.patterns.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(pattern, _)| pattern.clone()) {
                self.patterns.remove(&oldest);
            }
        }
        let compiled = Pattern::compile(pattern, MAX_VARIABLE_PATTERN_SIZE).ok();
        self.patterns
            .insert(pattern.into(), (compiled.clone(), self.uses));
        compiled
    }
}

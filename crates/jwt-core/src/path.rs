//! Where in the claims, or in the header, a value stands.

use crate::value::{Object, Value};
use std::fmt;

/// A way down from an object: member names, and positions in arrays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(Box<str>),
    Index(usize),
}

/// How names that are neither plain nor start with `.` or `[` are cut: `a.b`, `a."b.c"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nesting {
    /// Stands between two names; not empty.
    pub delimiter: Box<str>,
    /// Stands around a name that holds the delimiter; not empty.
    pub quote: Box<str>,
}

impl Default for Nesting {
    fn default() -> Self {
        Self {
            delimiter: ".".into(),
            quote: "\"".into(),
        }
    }
}

/// A path that cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    /// Characters before the place.
    at: usize,
    expected: &'static str,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let character = self.at.saturating_add(1);
        write!(f, "{} is expected at character {character}", self.expected)
    }
}

impl std::error::Error for PathError {}

const NAME: &str = "a name";

impl Path {
    /// Reads a name. With a leading `.` or `[` it is a path: `.address.city`, `.groups[0].name`,
    /// `."dotted.key"`, `["dotted.key"]`; quoted names are JSON strings. Otherwise it is one plain
    /// member name, or, with `nesting`, names between delimiters.
    ///
    /// # Errors
    /// [`PathError`]: bad syntax, or an empty name that is not quoted.
    pub fn parse(text: &str, nesting: Option<&Nesting>) -> Result<Self, PathError> {
        let mut reader = Reader { text, rest: text };
        let steps = match nesting {
            _ if text.starts_with(['.', '[']) => reader.path()?,
            Some(nesting) => reader.nested(nesting)?,
            None if text.is_empty() => return Err(reader.expected(NAME)),
            None => vec![Step::Member(text.into())],
        };
        Ok(Self(steps))
    }

    /// The value at the end of the way; `None` when a step is absent, or its container of another
    /// type.
    pub fn find<'v>(&self, object: &'v Object) -> Option<&'v Value> {
        let (first, rest) = self.0.split_first()?;
        let Step::Member(name) = first else {
            return None; // the outermost value is an object
        };
        let mut value = object.get(name)?;
        for step in rest {
            value = match (step, value) {
                (Step::Member(name), Value::Object(object)) => object.get(name)?,
                (Step::Index(index), Value::Array(elements)) => elements.get(*index)?,
                (Step::Member(_) | Step::Index(_), _) => return None,
            };
        }
        Some(value)
    }

    /// Does the path lead to this member of the outermost object?
    pub fn is_member(&self, name: &str) -> bool {
        matches!(self.0.as_slice(), [Step::Member(member)] if **member == *name)
    }
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn expected(&self, expected: &'static str) -> PathError {
        let read = self.text.strip_suffix(self.rest).unwrap_or(self.text);
        PathError {
            at: read.chars().count(),
            expected,
        }
    }

    fn skip(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Everything before the first of `ends`, or the rest.
    fn until(&mut self, is_end: impl Fn(char) -> bool) -> &'t str {
        let (found, rest) = match self.rest.find(is_end) {
            Some(end) => self.rest.split_at_checked(end).unwrap_or((self.rest, "")),
            None => (self.rest, ""),
        };
        self.rest = rest;
        found
    }

    fn path(&mut self) -> Result<Vec<Step>, PathError> {
        let mut steps = Vec::new();
        while !self.rest.is_empty() {
            let dot = self.skip(".");
            steps.push(if self.skip("[") {
                self.bracket()?
            } else if !dot {
                return Err(self.expected("\".\" or \"[\""));
            } else if self.rest.starts_with('"') {
                Step::Member(self.json_string()?)
            } else {
                Step::Member(self.bare_name()?)
            });
        }
        Ok(steps)
    }

    fn bracket(&mut self) -> Result<Step, PathError> {
        let step = if self.rest.starts_with('"') {
            Step::Member(self.json_string()?)
        } else {
            let before = self.rest;
            let digits = self.until(|c| !c.is_ascii_digit());
            let Ok(index) = digits.parse() else {
                self.rest = before;
                return Err(self.expected("a position or a quoted name"));
            };
            Step::Index(index)
        };
        if !self.skip("]") {
            return Err(self.expected("\"]\""));
        }
        Ok(step)
    }

    fn bare_name(&mut self) -> Result<Box<str>, PathError> {
        let name = self.until(|c| matches!(c, '.' | '[' | ']' | '"'));
        if name.is_empty() {
            return Err(self.expected(NAME));
        }
        Ok(name.into())
    }

    /// The string that starts here.
    fn json_string(&mut self) -> Result<Box<str>, PathError> {
        let mut strings = serde_json::Deserializer::from_str(self.rest).into_iter::<Box<str>>();
        let string = strings.next().and_then(Result::ok);
        let read = strings.byte_offset();
        let string = string.ok_or_else(|| self.expected("a JSON string"))?;
        self.rest = self.rest.get(read..).unwrap_or_default();
        Ok(string)
    }

    fn nested(&mut self, nesting: &Nesting) -> Result<Vec<Step>, PathError> {
        let mut steps = Vec::new();
        loop {
            let name = if self.skip(&nesting.quote) {
                let (name, rest) = self
                    .rest
                    .split_once(&*nesting.quote)
                    .ok_or_else(|| self.expected("a closing quote after this name"))?;
                self.rest = rest;
                name
            } else {
                let (name, rest) = match self.rest.find(&*nesting.delimiter) {
                    Some(end) => self.rest.split_at_checked(end).unwrap_or((self.rest, "")),
                    None => (self.rest, ""),
                };
                if name.is_empty() {
                    return Err(self.expected(NAME));
                }
                self.rest = rest;
                name
            };
            steps.push(Step::Member(name.into()));
            if self.rest.is_empty() {
                return Ok(steps);
            }
            if !self.skip(&nesting.delimiter) {
                return Err(self.expected("the delimiter"));
            }
        }
    }
}

//! What is demanded of a claim's value.

use crate::comparison::{equal, order, same_type};
use crate::limits::MAX_VARIABLE_OPERAND;
use crate::pattern::{Pattern, PatternCache};
use crate::value::Value;
use compact_str::CompactString;
use std::cmp::Ordering;
use std::fmt;

/// A comparison of a claim with a value, or its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    comparison: Comparison,
    negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    In,
    Any,
    Match,
}

/// The other side of a comparison, made ready for its operator.
#[derive(Clone, Debug)]
pub struct Operand(Ready);

#[derive(Clone, Debug)]
enum Ready {
    Value(Value),
    /// An array's elements.
    Elements {
        /// Sorted.
        strings: Vec<CompactString>,
        others: Vec<Value>,
    },
    Pattern(Pattern),
}

/// Why a value cannot stand beside an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperandError {
    /// Not JSON; with line and column.
    Json(String),
    /// Not a regular expression, or one beyond the limits.
    Pattern(String),
    /// `match` takes a string.
    NotAString,
    /// From a variable: empty, not UTF-8, or too long.
    Unusable,
}

impl fmt::Display for OperandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(cause) => write!(f, "it is not JSON: {cause}"),
            Self::Pattern(cause) => write!(f, "it is not a regular expression: {cause}"),
            Self::NotAString => f.write_str("\"match\" takes a string"),
            Self::Unusable => f.write_str("it is empty, too long or not UTF-8"),
        }
    }
}

impl std::error::Error for OperandError {}

impl Operator {
    /// Every name, for messages.
    pub const NAMES: &str =
        "eq gt ge lt le in any match, each with an optional \"!\", ne nin intersect nintersect";

    /// The operator of that name: `eq gt ge lt le in any match`, `!` before them for the negation,
    /// and the aliases `ne nin intersect nintersect`.
    pub fn from_name(name: &str) -> Option<Self> {
        let (name, negated) = match name.strip_prefix('!') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (comparison, alias_negates) = match name {
            "eq" => (Comparison::Equal, false),
            "ne" => (Comparison::Equal, true),
            "gt" => (Comparison::Greater, false),
            "ge" => (Comparison::GreaterOrEqual, false),
            "lt" => (Comparison::Less, false),
            "le" => (Comparison::LessOrEqual, false),
            "in" => (Comparison::In, false),
            "nin" => (Comparison::In, true),
            "any" | "intersect" => (Comparison::Any, false),
            "nintersect" => (Comparison::Any, true),
            "match" => (Comparison::Match, false),
            _ => return None,
        };
        Some(Self {
            comparison,
            negated: negated != alias_negates,
        })
    }

    /// Does it demand that a comparison is not met?
    pub fn is_negated(self) -> bool {
        self.negated
    }

    /// A string that configuration holds, made ready.
    ///
    /// # Errors
    /// [`OperandError::Pattern`].
    pub fn literal(self, string: &str) -> Result<Operand, OperandError> {
        self.operand(Value::String(string.into()), |pattern| {
            Pattern::literal(pattern).map_err(OperandError::Pattern)
        })
    }

    /// JSON that configuration holds, made ready.
    ///
    /// # Errors
    /// [`OperandError`].
    pub fn literal_json(self, json: &str) -> Result<Operand, OperandError> {
        let value =
            Value::from_json(json).map_err(|error| OperandError::Json(error.to_string()))?;
        self.operand(value, |pattern| {
            Pattern::literal(pattern).map_err(OperandError::Pattern)
        })
    }

    /// A variable's text, made ready: as a string.
    ///
    /// # Errors
    /// [`OperandError`].
    pub fn variable(
        self,
        text: &[u8],
        patterns: &mut PatternCache,
    ) -> Result<Operand, OperandError> {
        let string = bounded(text)?;
        self.operand(Value::String(string.into()), |pattern| {
            cached(patterns, pattern)
        })
    }

    /// A variable's text, made ready: as JSON.
    ///
    /// # Errors
    /// [`OperandError`].
    pub fn variable_json(
        self,
        text: &[u8],
        patterns: &mut PatternCache,
    ) -> Result<Operand, OperandError> {
        let value = Value::from_json(bounded(text)?)
            .map_err(|error| OperandError::Json(error.to_string()))?;
        self.operand(value, |pattern| cached(patterns, pattern))
    }

    fn operand(
        self,
        value: Value,
        compile: impl FnOnce(&str) -> Result<Pattern, OperandError>,
    ) -> Result<Operand, OperandError> {
        let ready = match (self.comparison, value) {
            (Comparison::Match, Value::String(pattern)) => Ready::Pattern(compile(&pattern)?),
            (Comparison::Match, _) => return Err(OperandError::NotAString),
            (Comparison::In | Comparison::Any, Value::Array(elements)) => {
                let (mut strings, mut others) = (Vec::new(), Vec::new());
                for element in elements {
                    if let Value::String(string) = element {
                        strings.push(string);
                    } else {
                        others.push(element);
                    }
                }
                strings.sort_unstable();
                Ready::Elements { strings, others }
            }
            (_, value) => Ready::Value(value),
        };
        Ok(Operand(ready))
    }

    /// Could any claim be compared with this? If not, configuration has a mistake.
    pub fn takes(self, operand: &Operand) -> bool {
        match self.comparison {
            Comparison::Equal | Comparison::Match => true,
            Comparison::Greater
            | Comparison::GreaterOrEqual
            | Comparison::Less
            | Comparison::LessOrEqual => matches!(operand.0, Ready::Value(Value::Number(_))),
            Comparison::Any => matches!(operand.0, Ready::Elements { .. }),
            Comparison::In => matches!(
                operand.0,
                Ready::Elements { .. } | Ready::Value(Value::Object(_))
            ),
        }
    }

    /// Does the claim keep the demand? A claim that is absent, or of a type that cannot be
    /// compared, does not, whether the operator is negated or not.
    pub fn is_met(self, claim: Option<&Value>, operand: &Operand) -> bool {
        let compared = claim.and_then(|claim| self.compare(claim, operand));
        compared.is_some_and(|holds| holds != self.negated)
    }

    /// `None`: cannot be compared.
    fn compare(self, claim: &Value, operand: &Operand) -> Option<bool> {
        match self.comparison {
            Comparison::Equal => operand.equals(claim),
            Comparison::Greater => Some(operand.order(claim)?.is_gt()),
            Comparison::GreaterOrEqual => Some(operand.order(claim)?.is_ge()),
            Comparison::Less => Some(operand.order(claim)?.is_lt()),
            Comparison::LessOrEqual => Some(operand.order(claim)?.is_le()),
            Comparison::In => operand.holds(claim),
            Comparison::Any => operand.shares_with(claim),
            Comparison::Match => operand.matches(claim),
        }
    }
}

/// How a claim compares. `None` each time: it cannot be.
impl Operand {
    fn equals(&self, claim: &Value) -> Option<bool> {
        match &self.0 {
            Ready::Value(value) if same_type(claim, value) => equal(claim, value),
            Ready::Value(_) | Ready::Elements { .. } | Ready::Pattern(_) => None,
        }
    }

    fn order(&self, claim: &Value) -> Option<Ordering> {
        match (claim, &self.0) {
            (Value::Number(claim), Ready::Value(Value::Number(value))) => order(*claim, *value),
            _ => None,
        }
    }

    fn holds(&self, claim: &Value) -> Option<bool> {
        match &self.0 {
            Ready::Value(object) => Some(object.as_object()?.get(claim.as_str()?).is_some()),
            Ready::Elements { strings, others } => is_in(claim, strings, others),
            Ready::Pattern(_) => None,
        }
    }

    fn shares_with(&self, claim: &Value) -> Option<bool> {
        let Ready::Elements { strings, others } = &self.0 else {
            return None;
        };
        let Value::Array(claims) = claim else {
            return is_in(claim, strings, others);
        };
        any(claims.iter().map(|claim| is_in(claim, strings, others)))
    }

    fn matches(&self, claim: &Value) -> Option<bool> {
        match &self.0 {
            Ready::Pattern(pattern) => pattern.is_match(claim.as_str()?),
            Ready::Value(_) | Ready::Elements { .. } => None,
        }
    }
}

/// Is the claim an element? `None`: none is equal, and either none is of its type, or one is a
/// number that may be the same.
fn is_in(claim: &Value, strings: &[CompactString], others: &[Value]) -> Option<bool> {
    if strings.is_empty() && others.is_empty() {
        return Some(false);
    }
    if let Value::String(claim) = claim {
        let found = strings.binary_search(claim).is_ok();
        return (!strings.is_empty()).then_some(found);
    }
    let mut alike = others
        .iter()
        .filter(|other| same_type(claim, other))
        .peekable();
    alike.peek()?;
    any(alike.map(|other| equal(claim, other)))
}

/// True if one is true, otherwise unknown if one is unknown.
fn any(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut whole = Some(false);
    for part in parts {
        match part {
            Some(true) => return Some(true),
            Some(false) => {}
            None => whole = None,
        }
    }
    whole
}

fn bounded(text: &[u8]) -> Result<&str, OperandError> {
    if text.is_empty() || text.len() > MAX_VARIABLE_OPERAND {
        return Err(OperandError::Unusable);
    }
    std::str::from_utf8(text).map_err(|_| OperandError::Unusable)
}

/// An empty pattern matches everything: from a variable that is a mistake.
fn cached(patterns: &mut PatternCache, pattern: &str) -> Result<Pattern, OperandError> {
    if pattern.is_empty() {
        return Err(OperandError::Unusable);
    }
    patterns
        .get(pattern)
        .ok_or_else(|| OperandError::Pattern("or beyond its limits".to_owned()))
}

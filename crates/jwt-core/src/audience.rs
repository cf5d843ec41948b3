//! The audience of a token (RFC 7519 4.1.3).

use crate::value::Value;

/// Does the claim, a string or an array of strings, name one of these? An absent one does not.
pub fn is_audience_of(claim: Option<&Value>, wanted: &[impl AsRef<str>]) -> bool {
    let is_wanted = |value: &Value| {
        let own = value.as_str();
        own.is_some_and(|own| wanted.iter().any(|wanted| wanted.as_ref() == own))
    };
    match claim {
        Some(Value::Array(values)) => values.iter().any(is_wanted),
        Some(value) => is_wanted(value),
        None => false,
    }
}

//! The scope of a token (RFC 6749 3.3, RFC 8693 4.2).

use crate::value::{Object, Value};

/// Scopes that a token must have: all of them, or any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeDemand {
    /// Is one of them enough?
    pub any: bool,
    /// Their names, each a scope-token.
    pub names: Vec<String>,
}

impl ScopeDemand {
    /// Is this a scope-token (RFC 6749 3.3)?
    pub fn is_name(name: &str) -> bool {
        let is_allowed = |byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        !name.is_empty() && name.bytes().all(is_allowed)
    }

    /// Does the claim `scope`, or where there is none `scp`, hold what is demanded? It is a string
    /// of names with spaces between them, or an array of names.
    pub fn is_met(&self, claims: &Object) -> bool {
        let scope = claims.get("scope").or_else(|| claims.get("scp"));
        let has = |name: &String| match scope {
            Some(Value::String(names)) => names.split(' ').any(|own| own == name),
            Some(Value::Array(names)) => names.iter().any(|own| own.as_str() == Some(name)),
            _ => false,
        };
        if self.any {
            self.names.iter().any(has)
        } else {
            self.names.iter().all(has)
        }
    }
}

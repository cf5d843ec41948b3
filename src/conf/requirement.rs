//! `auth_jwt_require`.

use crate::ffi::{ComplexValue, Request};
use crate::refusal::Refusal;

/// One `auth_jwt_require`: all its values must be neither empty nor "0".
pub(crate) struct Requirement {
    /// Texts with variables.
    pub(crate) values: Vec<ComplexValue>,
    /// HTTP status of a refusal.
    pub(crate) error: u16,
}

impl Requirement {
    /// Holds the requirement against the request, whose token was accepted.
    pub(crate) fn check(&self, r: Request<'_>) -> Result<(), Refusal> {
        for value in &self.values {
            match r.evaluate(value) {
                Ok(b"" | b"0") => return Err(Refusal::Requirement(self.error)),
                Ok(_) => {}
                Err(_) => return Err(Refusal::Internal),
            }
        }
        Ok(())
    }
}

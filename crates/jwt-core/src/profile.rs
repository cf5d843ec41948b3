//! The profile of JWT access tokens (RFC 9068).

use crate::issuer_policy::media_type;
use crate::token::Token;
use crate::value::Value;

/// A profile that tokens must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `at+jwt`: RFC 9068. Who issued the token and for whom is a policy's matter.
    AccessToken,
}

/// What a token lacks: `typ`, or the name of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileError(pub &'static str);

impl Profile {
    /// The profile of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        (name == "at+jwt").then_some(Self::AccessToken)
    }

    /// Has the token the header and the claims that the profile demands, of the right types?
    ///
    /// # Errors
    /// [`ProfileError`]: the first that is absent, or of another type (RFC 9068 2.1, 2.2).
    pub fn check(self, token: &Token) -> Result<(), ProfileError> {
        let Self::AccessToken = self;
        let typ = token.header().get("typ").and_then(Value::as_str);
        if !typ.is_some_and(|typ| media_type(typ).eq_ignore_ascii_case("at+jwt")) {
            return Err(ProfileError("typ"));
        }
        let claim = |name| token.claims().get(name);
        for name in ["iss", "sub", "client_id", "jti"] {
            if !matches!(claim(name), Some(Value::String(text)) if !text.is_empty()) {
                return Err(ProfileError(name));
            }
        }
        for name in ["exp", "iat"] {
            if !matches!(claim(name), Some(Value::Number(_))) {
                return Err(ProfileError(name));
            }
        }
        match claim("aud") {
            Some(Value::String(_) | Value::Array(_)) => Ok(()),
            _ => Err(ProfileError("aud")),
        }
    }
}

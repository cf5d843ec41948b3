//! A look into a token before any key is known.

use crate::compact::{self, Compact};
use crate::error::{Error, Part};
use crate::header::Header;
use crate::value::{Object, Value};

/// What a token says of itself. Nothing in it may be believed: it serves to choose where keys
/// come from, and the token is then verified with those keys only.
pub struct Unverified {
    header: Header,
    claims: Object,
}

impl Unverified {
    /// # Errors
    /// Those of a malformed token.
    pub fn parse(token: &[u8], max_token_size: usize) -> Result<Self, Error> {
        let token = Compact::parse(token, max_token_size)?;
        Ok(Self {
            header: Header::parse(token.header())?,
            claims: compact::object(compact::text(token.claims(), Part::Claims)?, Part::Claims)?,
        })
    }

    /// The JOSE header.
    pub fn header(&self) -> &Object {
        &self.header.object
    }

    /// The claim `iss`.
    pub fn iss(&self) -> Option<&Value> {
        self.claims.get("iss")
    }
}

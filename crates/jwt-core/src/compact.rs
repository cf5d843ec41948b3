//! The compact serialization of a JWS (RFC 7515 7.1), strictly.

use crate::error::{Error, Part};
use crate::json::{parse_member, parse_object};
use crate::value::{Object, Value};
use base64_simd::URL_SAFE_NO_PAD;
use memchr::{memchr, memrchr};

/// A token taken apart and decoded; nothing in it is believed yet.
pub(crate) struct Compact<'a> {
    /// The token as received.
    pub(crate) bytes: &'a [u8],
    /// What the signature covers: header and claims as received, with the dot (RFC 7515 5.1).
    pub(crate) signing_input: &'a [u8],
    /// The decoded parts, one behind the other: one allocation for all.
    decoded: Vec<u8>,
    header_end: usize,
    claims_end: usize,
}

impl<'a> Compact<'a> {
    /// # Errors
    /// [`Error::TooLong`], [`Error::Parts`], [`Error::Encoding`].
    pub(crate) fn parse(token: &'a [u8], max_size: usize) -> Result<Self, Error> {
        if token.len() > max_size {
            return Err(Error::TooLong { limit: max_size });
        }
        let last_dot = memrchr(b'.', token).ok_or(Error::Parts)?;
        let (signing_input, signature) = token.split_at_checked(last_dot).ok_or(Error::Parts)?;
        let first_dot = memchr(b'.', signing_input).ok_or(Error::Parts)?;
        let (header, claims) = signing_input
            .split_at_checked(first_dot)
            .ok_or(Error::Parts)?;
        let (Some((_, claims)), Some((_, signature))) =
            (claims.split_first(), signature.split_first())
        else {
            return Err(Error::Parts);
        };
        if memchr(b'.', claims).is_some() {
            return Err(Error::Parts);
        }
        let mut decoded = Vec::with_capacity(token.len());
        decode(header, Part::Header, &mut decoded)?;
        let header_end = decoded.len();
        decode(claims, Part::Claims, &mut decoded)?;
        let claims_end = decoded.len();
        decode(signature, Part::Signature, &mut decoded)?;
        Ok(Self {
            bytes: token,
            signing_input,
            decoded,
            header_end,
            claims_end,
        })
    }

    pub(crate) fn header(&self) -> &[u8] {
        self.decoded.get(..self.header_end).unwrap_or_default()
    }

    pub(crate) fn claims(&self) -> &[u8] {
        let range = self.header_end..self.claims_end;
        self.decoded.get(range).unwrap_or_default()
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.decoded.get(self.claims_end..).unwrap_or_default()
    }
}

/// The claims of a token that was parsed before.
pub(crate) fn claims_text(token: &[u8]) -> Option<String> {
    let claims = token.split(|byte| *byte == b'.').nth(1)?;
    let mut decoded = Vec::new();
    decode(claims, Part::Claims, &mut decoded).ok()?;
    String::from_utf8(decoded).ok()
}

fn decode(encoded: &[u8], part: Part, decoded: &mut Vec<u8>) -> Result<(), Error> {
    URL_SAFE_NO_PAD
        .decode_append(encoded, decoded)
        .map_err(|_| Error::Encoding(part))
}

/// The decoded part as text.
///
/// # Errors
/// [`Error::Json`]: it is not UTF-8.
pub(crate) fn text(bytes: &[u8], part: Part) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|e| Error::Json {
        part,
        cause: format!("invalid UTF-8 at byte {}", e.valid_up_to()).into(),
    })
}

/// The JSON object that a decoded part holds.
///
/// # Errors
/// [`Error::Json`].
pub(crate) fn object(text: &str, part: Part) -> Result<Object, Error> {
    parse_object(text).map_err(|e| Error::Json {
        part,
        cause: e.to_string().into(),
    })
}

/// One member of that object, without a look at what else it holds.
///
/// # Errors
/// [`Error::Json`].
pub(crate) fn member(text: &str, name: &str, part: Part) -> Result<Option<Value>, Error> {
    parse_member(text, name).map_err(|e| Error::Json {
        part,
        cause: e.to_string().into(),
    })
}

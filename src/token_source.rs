//! Where the token is in the request.

use crate::ffi::{Request, VariableIndex};

/// A place where a token may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TokenSource {
    /// `Authorization: Bearer <token>` (RFC 6750 2.1).
    Authorization,
    /// `token=$variable`.
    Variable {
        /// The variable, whose whole value is the token.
        index: VariableIndex,
        /// Whether it is a query argument: answers are then `Cache-Control: private` (RFC 6750 2.3).
        in_query: bool,
    },
}

/// A token as the request carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundToken<'r> {
    /// The token's bytes, unchecked.
    pub(crate) bytes: &'r [u8],
    /// Whether it came from the query string.
    pub(crate) in_query: bool,
}

/// The header says Bearer and holds no single token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MalformedHeader;

/// The first source that is not empty counts: a bad token never falls through to the next.
pub(crate) fn find<'r>(
    r: Request<'r>,
    sources: &[TokenSource],
) -> Result<Option<FoundToken<'r>>, MalformedHeader> {
    for source in sources {
        let (bytes, in_query) = match *source {
            TokenSource::Authorization => (bearer(r.authorization())?, false),
            TokenSource::Variable { index, in_query } => (r.variable(index), in_query),
        };
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
            return Ok(Some(FoundToken { bytes, in_query }));
        }
    }
    Ok(None)
}

/// The token of a Bearer header. The scheme's case does not matter (RFC 9110 11.1), one or more
/// spaces follow; another scheme carries no token.
fn bearer(header: Option<&[u8]>) -> Result<Option<&[u8]>, MalformedHeader> {
    let Some(header) = header else {
        return Ok(None);
    };
    let (scheme, rest) = match header.iter().position(|byte| *byte == b' ') {
        Some(space) => header.split_at_checked(space).unwrap_or((header, &[])),
        None => (header, &[][..]),
    };
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    // nginx has cut white space at the end.
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let token = rest.get(spaces..).unwrap_or_default();
    if token.is_empty() || token.iter().any(u8::is_ascii_whitespace) {
        return Err(MalformedHeader);
    }
    Ok(Some(token))
}

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
    /// Whether it came from the Authorization header.
    in_header: bool,
}

impl FoundToken<'_> {
    /// Whether the Authorization header holds several words. Looked at apart from finding the token:
    /// one that is in the cache has none, and this reads every byte.
    pub(crate) fn is_malformed_header(self) -> bool {
        // All bytes, without a way out at the first: so the compiler looks at many at once.
        let has_space = |found, byte: &u8| found | byte.is_ascii_whitespace();
        self.in_header && self.bytes.iter().fold(false, has_space)
    }
}

/// The header says Bearer and holds no token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MalformedHeader;

/// The first source that is not empty counts: a bad token never falls through to the next.
pub(crate) fn find<'r>(
    r: Request<'r>,
    sources: &[TokenSource],
) -> Result<Option<FoundToken<'r>>, MalformedHeader> {
    for source in sources {
        let (bytes, in_query, in_header) = match *source {
            TokenSource::Authorization => (bearer(r.authorization())?, false, true),
            TokenSource::Variable { index, in_query } => (r.variable(index), in_query, false),
        };
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
            return Ok(Some(FoundToken {
                bytes,
                in_query,
                in_header,
            }));
        }
    }
    Ok(None)
}

/// The token of a Bearer header. The scheme's case does not matter (RFC 9110 11.1), one or more
/// spaces follow; another scheme carries no token.
fn bearer(header: Option<&[u8]>) -> Result<Option<&[u8]>, MalformedHeader> {
    const SCHEME: &[u8] = b"Bearer";
    let Some((scheme, rest)) = header.and_then(|header| header.split_at_checked(SCHEME.len()))
    else {
        return Ok(None);
    };
    if scheme != SCHEME && !scheme.eq_ignore_ascii_case(SCHEME) {
        return Ok(None);
    }
    // nginx has cut white space at the end.
    let mut token = rest;
    while let Some(after) = token.strip_prefix(b" ") {
        token = after;
    }
    if token.is_empty() {
        return Err(MalformedHeader);
    }
    Ok((token.len() < rest.len()).then_some(token))
}

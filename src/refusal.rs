//! Why a request was refused, and the one table of what each reason becomes.

use std::fmt;
use std::rc::Rc;

use jwt_core::{ProfileError, Revoked};

use crate::ffi::{Level, Place};

/// Why a request was refused.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// There is no token.
    Missing,
    /// The Authorization header says Bearer and holds no single token (RFC 6750 3.1).
    MalformedHeader,
    /// The token is at fault, or no key can judge it.
    Token(jwt_core::Error),
    /// The token is not from an issuer that is trusted here, or not as that issuer's must be.
    Issuer(jwt_core::IssuerError),
    /// The token is for somebody else (`auth_jwt_audience`).
    Audience,
    /// The token does not keep the `auth_jwt_profile`.
    Profile(ProfileError),
    /// A revocation list refuses the token.
    Revoked(Revoked),
    /// The token is good, and has too little scope (`auth_jwt_scope`).
    Scope,
    /// A key source cannot be used; the cause was logged there.
    KeyUnavailable,
    /// An issuer has no keys yet, or none any more.
    NoKeysYet {
        /// Its name in nginx.conf.
        issuer: Rc<str>,
        /// Seconds until it is worth asking again.
        retry_after: u64,
    },
    /// Keys are not at hand. A phase handler has seen to it that the request waits for them; whoever
    /// cannot wait has no verdict.
    KeysPending,
    /// `auth_jwt_require` or its like.
    Requirement(Rc<Unmet>),
    /// nginx had no memory.
    Internal,
}

/// A requirement that is not met.
#[derive(Debug)]
pub(crate) struct Unmet {
    /// Name of the directive.
    pub(crate) directive: &'static str,
    /// Its `error=`: HTTP status of the refusal.
    pub(crate) error: u16,
    place: Place,
}

impl Unmet {
    /// What to say of the directive at `place`.
    pub(crate) fn new(directive: &'static str, error: u16, place: Place) -> Rc<Unmet> {
        Rc::new(Unmet {
            directive,
            error,
            place,
        })
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unmet {
            directive,
            error,
            place: Place { file, line },
        } = self;
        write!(f, "{directive} is not met (error={error}) at {file}:{line}")
    }
}

/// What a refusal becomes.
pub(crate) struct Response {
    /// HTTP status.
    pub(crate) code: u16,
    /// RFC 6750 3.1 `error` and `error_description`.
    pub(crate) error: Option<(&'static str, &'static str)>,
    /// `$jwt_status`.
    pub(crate) status: &'static str,
    /// Level of the line in the error log.
    pub(crate) level: Level,
}

impl Response {
    /// Whether the response carries a challenge: each 401 does, and whatever has a code of RFC 6750.
    pub(crate) fn is_challenge(&self) -> bool {
        self.code == 401 || self.error.is_some()
    }
}

impl Refusal {
    /// Why an anonymous request is refused that fails a requirement: a token could meet it.
    pub(crate) fn for_want_of_a_token(self) -> Refusal {
        match self {
            Refusal::Requirement(_) | Refusal::Scope => Refusal::Missing,
            Refusal::Missing
            | Refusal::MalformedHeader
            | Refusal::Token(_)
            | Refusal::Issuer(_)
            | Refusal::Audience
            | Refusal::Profile(_)
            | Refusal::Revoked(_)
            | Refusal::KeyUnavailable
            | Refusal::NoKeysYet { .. }
            | Refusal::KeysPending
            | Refusal::Internal => self,
        }
    }

    /// What this refusal becomes. Under `satisfy any` only 401 and 403 let the next module decide.
    pub(crate) fn response(&self, satisfy_any: bool) -> Response {
        const INVALID_TOKEN: &str = "invalid_token";
        let (code, error, status, level) = match self {
            Refusal::Missing => (401, None, "missing", Level::Info),
            Refusal::MalformedHeader => (
                if satisfy_any { 401 } else { 400 },
                Some(("invalid_request", "the Authorization header is malformed")),
                "malformed",
                Level::Error,
            ),
            Refusal::Token(error) if error.is_ours() => (500, None, error.status(), Level::Error),
            Refusal::Token(error) => (
                401,
                Some((INVALID_TOKEN, error.description())),
                error.status(),
                Level::Error,
            ),
            Refusal::Issuer(error) => (
                401,
                Some((INVALID_TOKEN, error.description())),
                error.status(),
                Level::Error,
            ),
            Refusal::Audience => (
                401,
                Some((INVALID_TOKEN, "the audience is not accepted")),
                "audience",
                Level::Error,
            ),
            Refusal::Profile(ProfileError("typ")) => (
                401,
                Some((INVALID_TOKEN, "the token type is not accepted")),
                "claim",
                Level::Error,
            ),
            Refusal::Profile(_) => (
                401,
                Some((INVALID_TOKEN, "a required claim is missing")),
                "claim",
                Level::Error,
            ),
            Refusal::Revoked(revoked) => (
                401,
                Some((INVALID_TOKEN, revoked.description())),
                "revoked",
                Level::Error,
            ),
            Refusal::Scope => (
                403,
                Some(("insufficient_scope", "the scope is not sufficient")),
                "scope",
                Level::Error,
            ),
            Refusal::NoKeysYet { .. } => (503, None, "key_unavailable", Level::Error),
            Refusal::KeyUnavailable | Refusal::KeysPending => {
                (500, None, "key_unavailable", Level::Error)
            }
            Refusal::Requirement(unmet) if unmet.error == 401 => (
                401,
                Some((INVALID_TOKEN, "a requirement is not met")),
                "claim",
                Level::Error,
            ),
            Refusal::Requirement(unmet) => (unmet.error, None, "claim", Level::Error),
            Refusal::Internal => (500, None, "internal", Level::Error),
        };
        Response {
            code,
            error,
            status,
            level,
        }
    }
}

/// For the error log: no byte of a token, a key or a claim.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Missing => f.write_str("no token was sent"),
            Refusal::MalformedHeader => {
                f.write_str("the Authorization header says Bearer, but holds no single token")
            }
            Refusal::Token(error) => write!(f, "{error}"),
            Refusal::Issuer(error) => write!(f, "{error}"),
            Refusal::Audience => f.write_str("the token is not for this audience"),
            Refusal::Profile(ProfileError(part)) => {
                write!(f, "\"{part}\" is not what the profile at+jwt demands")
            }
            Refusal::Revoked(revoked) => write!(f, "{revoked}"),
            Refusal::Scope => f.write_str("the token has too little scope"),
            Refusal::KeyUnavailable => f.write_str("no key source can be used"),
            Refusal::NoKeysYet {
                issuer,
                retry_after,
            } => write!(
                f,
                "issuer \"{issuer}\" has no keys yet; the next try comes within {retry_after} s"
            ),
            Refusal::KeysPending => f.write_str("keys are still being fetched"),
            Refusal::Requirement(unmet) => write!(f, "{unmet}"),
            Refusal::Internal => f.write_str("out of memory"),
        }
    }
}

//! Why a token was refused, and whose fault that is.

use crate::algorithm::AlgorithmSet;
use crate::shown::Shown;
use std::fmt;

/// A part of a compact JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The JOSE header.
    Header,
    /// The claims.
    Claims,
    /// The signature.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        })
    }
}

/// Why there is no accepted token. `Display` is for the log: it names the cause, with `kid` and
/// `alg` bounded and escaped, and holds nothing else of the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Longer than `VerifyOptions::max_token_size` (bytes).
    #[error("the token is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not three parts separated by dots (RFC 7515 7.1).
    #[error("the token does not have three parts")]
    Parts,
    /// Not base64url without padding, whitespace or trailing bits (RFC 7515 2, RFC 4648 3.5).
    #[error("the {0} is not valid base64url")]
    Encoding(Part),
    /// Not a JSON object by our rules (RFC 7515 4, RFC 7519 7.2).
    #[error("the {part} is not a valid JSON object: {cause}")]
    Json {
        /// The header or the claims.
        part: Part,
        /// What the parser says, with line and column.
        cause: Box<str>,
    },
    /// `kid`, `typ` or `cty` is not a string (RFC 7515 4.1).
    #[error("\"{0}\" in the header is not a string")]
    HeaderType(&'static str),
    /// `crit` names extensions, and we implement none (RFC 7515 4.1.11).
    #[error("\"crit\" in the header names an extension that is not supported")]
    Critical,
    /// `b64` other than true (RFC 7797 3).
    #[error("\"b64\" in the header: unencoded payloads are not supported")]
    Unencoded,
    /// `zip` (RFC 7516 4.1.3).
    #[error("\"zip\" in the header: compression is not supported")]
    Compressed,
    /// `enc` in a token of three parts: neither a JWS nor a JWE (RFC 7516 9).
    #[error("\"enc\" in the header of a signed token")]
    Encrypted,
    /// `exp` or `nbf` is not a finite JSON number (RFC 7519 2, NumericDate).
    #[error("the claim \"{0}\" is not a number")]
    TimeClaim(&'static str),
    /// No `alg`, or not a string (RFC 7515 4.1.1).
    #[error("the header has no \"alg\"")]
    AlgorithmMissing,
    /// `alg` is `none`, in any case, or not in our table (RFC 8725 3.1).
    #[error("alg {0} is not supported")]
    AlgorithmUnsupported(Shown),
    /// The algorithm is not among `VerifyOptions::algorithms` (RFC 8725 3.1).
    #[error("alg {alg} is not among those allowed here: {allowed}")]
    AlgorithmNotAllowed {
        /// The token's `alg`.
        alg: Shown,
        /// What is allowed.
        allowed: AlgorithmSet,
    },
    /// No key set has a usable key. Ours.
    #[error("there is no usable key")]
    NoUsableKey,
    /// No key has the token's `kid` (and every key has one), or none that does fits its `alg`.
    #[error("no key for {}{}", Named(alg, kid), if *.kid_known { ": the key of that kid is for another algorithm" } else { "" })]
    UnknownKey {
        /// The token's `alg`.
        alg: Shown,
        /// The token's `kid`.
        kid: Option<Shown>,
        /// Some key has this `kid`, but is bound to other algorithms.
        kid_known: bool,
    },
    /// The signature does not verify with any key that was tried.
    #[error("the signature is not valid: {}, keys tried: {tried}", Named(alg, kid))]
    BadSignature {
        /// The token's `alg`.
        alg: Shown,
        /// The token's `kid`.
        kid: Option<Shown>,
        /// Number of keys tried.
        tried: usize,
    },
    /// `now >= exp + leeway` (RFC 7519 4.1.4).
    #[error("the token expired")]
    Expired,
    /// `now + leeway < nbf` (RFC 7519 4.1.5).
    #[error("the token is not yet valid")]
    NotYetValid,
}

struct Named<'a>(&'a Shown, &'a Option<Shown>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "alg {}", self.0)?;
        match self.1 {
            Some(kid) => write!(f, ", kid {kid}"),
            None => f.write_str(", no kid"),
        }
    }
}

/// What an error means outside: code, `$jwt_status`, `error_description`.
struct Meaning(&'static str, &'static str, &'static str);

impl Error {
    fn meaning(&self) -> Meaning {
        const MALFORMED: (&str, &str) = ("malformed", "the token is malformed");
        const ALGORITHM: (&str, &str) = ("unsupported_alg", "the algorithm is not accepted");
        // Unknown key and bad signature read alike: a client learns nothing about our keys.
        const SIGNATURE: &str = "the signature is not valid";
        let (code, (status, description)) = match self {
            Self::TooLong { .. } => ("token_too_long", MALFORMED),
            Self::Parts => ("not_three_parts", MALFORMED),
            Self::Encoding(_) => ("invalid_base64url", MALFORMED),
            Self::Json { .. } => ("invalid_json", MALFORMED),
            Self::HeaderType(_) => ("invalid_header_type", MALFORMED),
            Self::Critical => ("unsupported_crit", MALFORMED),
            Self::Unencoded => ("unsupported_b64", MALFORMED),
            Self::Compressed => ("unsupported_zip", MALFORMED),
            Self::Encrypted => ("unexpected_enc", MALFORMED),
            Self::TimeClaim(_) => ("invalid_time_claim", MALFORMED),
            Self::AlgorithmMissing => ("alg_missing", ALGORITHM),
            Self::AlgorithmUnsupported(_) => ("alg_unsupported", ALGORITHM),
            Self::AlgorithmNotAllowed { .. } => ("alg_not_allowed", ALGORITHM),
            Self::NoUsableKey => ("no_usable_key", ("key_unavailable", "")),
            Self::UnknownKey { .. } => ("unknown_key", ("unknown_key", SIGNATURE)),
            Self::BadSignature { .. } => ("bad_signature", ("bad_signature", SIGNATURE)),
            Self::Expired => ("expired", ("expired", "the token expired")),
            Self::NotYetValid => (
                "not_yet_valid",
                ("not_yet_valid", "the token is not yet valid"),
            ),
        };
        Meaning(code, status, description)
    }

    /// A stable name of the cause, for logs and rate limits of log lines.
    pub fn code(&self) -> &'static str {
        self.meaning().0
    }

    /// The word of `$jwt_status`.
    pub fn status(&self) -> &'static str {
        self.meaning().1
    }

    /// The `error_description` of a challenge: what the client could know anyway. Empty when the
    /// fault is ours.
    pub fn description(&self) -> &'static str {
        self.meaning().2
    }

    /// Does the token name a key that no set has? One published later may be the one.
    pub fn is_unknown_kid(&self) -> bool {
        matches!(
            self,
            Self::UnknownKey {
                kid: Some(_),
                kid_known: false,
                ..
            }
        )
    }

    /// Is it our fault (500) rather than the token's (401)?
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::NoUsableKey)
    }
}

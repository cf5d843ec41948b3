//! What an issuer publishes of itself (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2).

use crate::endpoint::{Endpoint, EndpointError};
use crate::json::parse_object;
use crate::shown::Shown;
use crate::value::Value;

/// Why a discovery document does not lead to keys. `Display` goes on after "the discovery
/// document".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// No JSON object by our rules.
    #[error("is not a valid JSON object: {0}")]
    Json(Box<str>),
    /// `issuer` is absent or no string.
    #[error("has no \"issuer\"")]
    IssuerMissing,
    /// One document for many issuers: whose keys it leads to nobody can tell.
    #[error("is a template for many issuers ({0}): configure each tenant's own issuer")]
    Template(Shown),
    /// `issuer` is not the one configured, byte by byte (RFC 8414 3.3).
    #[error("is of the issuer {0}: \"issuer\" must be just that, to the last \"/\"")]
    Issuer(Shown),
    /// `jwks_uri` is absent or no string.
    #[error("has no \"jwks_uri\"")]
    KeysMissing,
    /// `jwks_uri` is no URL to fetch keys from.
    #[error("has the \"jwks_uri\" {0}, which {1}")]
    Keys(Shown, EndpointError),
    /// `jwks_uri` is not https.
    #[error(
        "has the \"jwks_uri\" {0}, which is not https: whoever is on the way could send keys of its own"
    )]
    Insecure(Shown),
}

/// Characters of a URL that a message shows.
const SHOWN: usize = 256;

/// Where the keys of `issuer` are, as its document says, which was found `at`. Plain http only leads
/// from this machine to this machine.
///
/// # Errors
/// [`DiscoveryError`].
pub fn discovered_keys(
    document: &[u8],
    issuer: &str,
    at: &Endpoint,
) -> Result<Endpoint, DiscoveryError> {
    let text = std::str::from_utf8(document)
        .map_err(|error| DiscoveryError::Json(error.to_string().into()))?;
    let document =
        parse_object(text).map_err(|error| DiscoveryError::Json(error.to_string().into()))?;
    let named = document.get("issuer").and_then(Value::as_str);
    let named = named.ok_or(DiscoveryError::IssuerMissing)?;
    if named != issuer {
        let shown = Shown::bounded(named, SHOWN);
        return Err(if named.contains('{') {
            DiscoveryError::Template(shown)
        } else {
            DiscoveryError::Issuer(shown)
        });
    }
    let keys = document.get("jwks_uri").and_then(Value::as_str);
    let keys = keys.ok_or(DiscoveryError::KeysMissing)?;
    let shown = || Shown::bounded(keys, SHOWN);
    let endpoint = Endpoint::parse(keys).map_err(|error| DiscoveryError::Keys(shown(), error))?;
    let stays_here = endpoint.is_loopback() && at.is_loopback() && !at.is_https();
    if !endpoint.is_https() && !stays_here {
        return Err(DiscoveryError::Insecure(shown()));
    }
    Ok(endpoint)
}

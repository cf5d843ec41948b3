//! What an issuer's tokens must look like, beyond their signature.

use crate::algorithm::{Algorithm, AlgorithmSet, KeyType};
use crate::audience::is_audience_of;
use crate::pem::blocks;
use crate::shown::Shown;
use crate::signature::sha256;
use crate::token::Token;
use crate::value::{Number, Object, Value};
use base64_simd::URL_SAFE_NO_PAD;

/// What to do with a sender-constrained token (RFC 7800): whoever presents one must prove that it
/// is theirs, so it is never taken for a bearer token by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirmation {
    /// A token with `cnf` is refused.
    #[default]
    Refuse,
    /// Each token must be bound to the certificate of the TLS client (RFC 8705 3.1).
    MutualTls,
    /// `cnf` is not looked at.
    Ignore,
}

/// The SHA-256 of a certificate's DER (RFC 8705 3.1).
pub type CertificateThumbprint = [u8; 32];

/// The thumbprint of the first certificate in a PEM text. None: there is none.
pub fn certificate_thumbprint(pem: &[u8]) -> Option<CertificateThumbprint> {
    let blocks = blocks(pem).ok()?;
    let certificate = blocks
        .first()
        .filter(|block| block.label == "CERTIFICATE")?;
    Some(sha256(&certificate.der().ok()?))
}

/// What an issuer's tokens must hold. Makes no difference to how the signature is checked, but for
/// `algorithms`.
#[derive(Clone, Debug)]
pub struct IssuerPolicy {
    /// The values of `iss` that name this issuer.
    pub names: Vec<String>,
    /// One of these must be in the audience; empty: the audience is not looked at.
    pub audience: Vec<String>,
    /// The claim that holds the audience, `aud` as a rule.
    pub audience_claim: String,
    /// The algorithms that it signs with.
    pub algorithms: AlgorithmSet,
    /// Claims that must be there.
    pub require: Vec<String>,
    /// The header's `typ` must be one of these; empty: it is not looked at.
    pub types: Vec<String>,
    /// Bounds `exp` - `iat` and `exp` - now, in seconds.
    pub max_lifetime: Option<u64>,
    /// Tolerance for time claims in seconds; the location's counts where one is set that is stricter.
    pub leeway: Option<u64>,
    /// What to do with `cnf`.
    pub confirmation: Confirmation,
}

impl Default for IssuerPolicy {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            audience: Vec::new(),
            audience_claim: "aud".to_owned(),
            algorithms: AlgorithmSet::asymmetric(),
            require: vec!["exp".to_owned()],
            types: Vec::new(),
            max_lifetime: None,
            leeway: None,
            confirmation: Confirmation::default(),
        }
    }
}

/// Why an issuer's token is not taken. `Display` is for the log and holds no claim's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// `iss` is absent, no string, or names nobody who is trusted here (RFC 7519 4.1.1).
    #[error("{}", match .0 { Some(iss) => format!("the issuer {iss} is not trusted here"), None => "the token names no issuer".to_owned() })]
    Unknown(Option<Shown>),
    /// A claim that must be there is not.
    #[error("the claim {0} is required, and is not there")]
    ClaimMissing(Shown),
    /// The header's `typ` is another (RFC 8725 3.11).
    #[error("the header's \"typ\" is not the one required")]
    Type,
    /// None of the configured values is in the audience (RFC 7519 4.1.3).
    #[error("the token is not for this audience")]
    Audience,
    /// `iat` is no number, or later than now (RFC 7519 4.1.6).
    #[error("the claim \"iat\" is not a time that has passed")]
    IssuedAt,
    /// The token lives longer than `max_lifetime`.
    #[error("the token lives longer than max_lifetime allows")]
    Lifetime,
    /// The token is bound to a key (RFC 7800), which is not looked at here.
    #[error("the token is bound to a key (\"cnf\"), and \"cnf refuse\" is in force")]
    Bound,
    /// The token is not bound to the client's certificate (RFC 8705 3).
    #[error("the token is not bound to the client's certificate")]
    Certificate,
}

impl IssuerError {
    /// The word of `$jwt_status`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "issuer",
            Self::Audience => "audience",
            Self::ClaimMissing(_)
            | Self::Type
            | Self::IssuedAt
            | Self::Lifetime
            | Self::Bound
            | Self::Certificate => "claim",
        }
    }

    /// The `error_description` of a challenge: what the client could know anyway.
    pub fn description(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "the issuer is not accepted",
            Self::ClaimMissing(_) => "a required claim is missing",
            Self::Type => "the token type is not accepted",
            Self::Audience => "the audience is not accepted",
            Self::IssuedAt => "the token was issued in the future",
            Self::Lifetime => "the token lives too long",
            Self::Bound => "sender-constrained tokens are not accepted",
            Self::Certificate => "the token is not bound to the client certificate",
        }
    }
}

impl IssuerPolicy {
    /// Does this `iss` name the issuer? Compared byte by byte.
    pub fn is_named(&self, iss: &str) -> bool {
        self.names.iter().any(|name| name == iss)
    }

    /// The tolerance in force, in seconds: the stricter of the issuer's and the location's, where
    /// both are set.
    pub fn leeway(&self, location: Option<u64>) -> u64 {
        match (self.leeway, location) {
            (Some(own), Some(location)) => own.min(location),
            (own, location) => own.or(location).unwrap_or(0),
        }
    }

    /// Holds the policy against a token whose signature is good. `now` in Unix seconds; `leeway` in
    /// seconds, as [`IssuerPolicy::leeway`] gives it. `certificate` is asked for where the token
    /// must be bound to the client's certificate only.
    ///
    /// # Errors
    /// [`IssuerError`].
    pub fn check(
        &self,
        token: &Token,
        now: u64,
        leeway: u64,
        certificate: impl FnOnce() -> Option<CertificateThumbprint>,
    ) -> Result<(), IssuerError> {
        let claims = token.claims();
        let iss = token.iss().and_then(Value::as_str);
        if !iss.is_some_and(|iss| self.is_named(iss)) {
            return Err(IssuerError::Unknown(iss.map(Shown::new)));
        }
        let is_missing = |name: &&String| match name.as_str() {
            "exp" if token.exp().is_some() => false,
            name => !is_there(claims, name),
        };
        if let Some(missing) = self.require.iter().find(is_missing) {
            return Err(IssuerError::ClaimMissing(Shown::new(missing)));
        }
        self.check_type(token.header())?;
        self.check_audience(claims)?;
        self.check_lifetime(token, now, leeway)?;
        self.check_confirmation(token.cnf(), certificate)
    }

    fn check_type(&self, header: &Object) -> Result<(), IssuerError> {
        if self.types.is_empty() {
            return Ok(());
        }
        let typ = header.get("typ").and_then(Value::as_str);
        let is_good = typ.is_some_and(|typ| {
            let typ = media_type(typ);
            let mut wanted = self.types.iter().map(|wanted| media_type(wanted));
            wanted.any(|wanted| wanted.eq_ignore_ascii_case(typ))
        });
        if is_good {
            Ok(())
        } else {
            Err(IssuerError::Type)
        }
    }

    fn check_audience(&self, claims: &Object) -> Result<(), IssuerError> {
        let is_good = self.audience.is_empty()
            || is_audience_of(claims.get(&self.audience_claim), &self.audience);
        if is_good {
            Ok(())
        } else {
            Err(IssuerError::Audience)
        }
    }

    fn check_lifetime(&self, token: &Token, now: u64, leeway: u64) -> Result<(), IssuerError> {
        let latest = now.saturating_add(leeway);
        let issued = token.iat().map_err(|()| IssuerError::IssuedAt)?;
        if issued.is_some_and(|iat| is_later(iat, latest)) {
            return Err(IssuerError::IssuedAt);
        }
        let Some(most) = self.max_lifetime else {
            return Ok(());
        };
        let Some(exp) = token.exp() else {
            return Err(IssuerError::Lifetime);
        };
        let lives_on = is_later(exp, latest.saturating_add(most));
        let lived = issued.is_some_and(|iat| exp.to_f64() - iat.to_f64() > float(most));
        if lives_on || lived {
            return Err(IssuerError::Lifetime);
        }
        Ok(())
    }

    fn check_confirmation(
        &self,
        cnf: Option<&Value>,
        certificate: impl FnOnce() -> Option<CertificateThumbprint>,
    ) -> Result<(), IssuerError> {
        match self.confirmation {
            Confirmation::Ignore => Ok(()),
            Confirmation::Refuse => match cnf {
                None => Ok(()),
                Some(_) => Err(IssuerError::Bound),
            },
            Confirmation::MutualTls => {
                let bound_to = cnf
                    .and_then(|cnf| cnf.as_object()?.get("x5t#S256")?.as_str())
                    .and_then(|text| URL_SAFE_NO_PAD.decode_to_vec(text).ok());
                match (bound_to, certificate()) {
                    (Some(wanted), Some(own)) if wanted == own => Ok(()),
                    _ => Err(IssuerError::Certificate),
                }
            }
        }
    }
}

/// Null and what is empty count as absent.
fn is_there(claims: &Object, name: &str) -> bool {
    match claims.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(elements)) => !elements.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => true,
    }
}

/// A `typ` without the prefix that RFC 7515 4.1.9 lets producers leave out.
pub(crate) fn media_type(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    }
}

fn float(integer: u64) -> f64 {
    Number::Unsigned(integer).to_f64()
}

fn is_later(date: Number, second: u64) -> bool {
    date.to_f64() > float(second)
}

impl AlgorithmSet {
    /// Those whose keys may be published.
    pub fn asymmetric() -> Self {
        Algorithm::ALL
            .into_iter()
            .filter(|a| a.parameters().key_type != KeyType::Oct)
            .collect()
    }
}

//! JOSE and JWT verification, pure: no nginx, no clock, no I/O.
//!
//! The way of a token: [`verify`] takes it apart (`compact`), checks its `header`, picks keys from
//! the [`KeySet`]s (`signature_check`), verifies the `signature`, and parses the claims into a
//! [`Token`]. The way of a key: a file ([`KeySet::parse`], `key_file`) holds JWKs (`jwk`) or PEM
//! (`pem`, `spki`), which are checked and bound to algorithms (`key`, `edwards`), once, at load.
//! Where an issuer's keys are ([`discovered_keys`], [`Endpoint`]) and when they are fetched
//! ([`FetchState`]) is decided here; the module fetches them.
//! What a location demands of claims: an [`Operator`] holds the value at a [`Path`] against an
//! [`Operand`].

#![forbid(unsafe_code)]

mod algorithm;
mod audience;
mod compact;
mod comparison;
mod discovery;
mod edwards;
mod endpoint;
mod error;
mod header;
mod issuer_policy;
mod json;
mod jwk;
mod key;
mod key_file;
mod key_set;
pub mod limits;
mod operator;
mod path;
mod pattern;
mod pem;
mod profile;
mod refresh;
mod revocation;
mod scope;
mod shown;
mod signature;
mod signature_check;
mod spki;
mod token;
mod token_cache;
mod unverified;
mod value;
mod verifier;

pub use algorithm::{Algorithm, AlgorithmSet};
pub use audience::is_audience_of;
pub use discovery::{DiscoveryError, discovered_keys};
pub use endpoint::{Endpoint, EndpointError};
pub use error::{Error, Part};
pub use issuer_policy::{
    CertificateThumbprint, Confirmation, IssuerError, IssuerPolicy, certificate_thumbprint,
};
pub use key::KeyLoadOptions;
pub use key_file::{KeyFormat, KeySetError, Notice, NoticeLevel};
pub use key_set::KeySet;
pub use operator::{Operand, OperandError, Operator};
pub use path::{Nesting, Path, PathError};
pub use pattern::PatternCache;
pub use pem::PemError;
pub use profile::{Profile, ProfileError};
pub use refresh::{FetchState, Lease, Occasion, RefreshPlan, max_age};
pub use revocation::{RevocationError, RevocationFormat, RevocationList, Revoked};
pub use scope::ScopeDemand;
pub use shown::Shown;
pub use signature::{LoadEd448, VerifySignature};
pub use signature_check::SignatureCheck;
pub use token::Token;
pub use token_cache::{TokenCache, VerifiedWith};
pub use unverified::Unverified;
pub use value::{Number, Object, Value};
pub use verifier::{Candidate, VerifyOptions, verify};

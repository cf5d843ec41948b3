//! Mints good and bad tokens, for tests, benches and the demo only.
//!
//! [`Key`] is a signing key of one [`Alg`]: fixed, generated or read from a private JWK. It shows
//! its public part in every form that the module reads (JWK, JWK Set, `keyval`, PEM, certificate).
//! [`token`], [`sign`] and [`sign_raw`] make tokens from it, [`hostile`] breaks them.
//!
//! Everything is signed by OpenSSL: one library with all the algorithms, and another one than
//! the verifier's, so that a fault of one library cannot hide behind itself.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "only tests and the demo use this crate: what cannot be minted should stop them"
)]

mod alg;
mod b64;
pub mod hostile;
mod jwk;
mod key;
mod pem;
mod token;

pub use alg::Alg;
pub use b64::{b64, unb64};
pub use jwk::jwks;
pub use key::Key;
pub use pem::{keyval, thumbprint};
pub use token::{claims, now, sign, sign_raw, token};

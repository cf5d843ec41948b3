//! The signature check, and the proof of it without which there is no [`crate::Token`].

use crate::algorithm::{Algorithm, AlgorithmSet};
use crate::compact::Compact;
use crate::error::Error;
use crate::header::Header;
use crate::key_set::{KeySet, NamedKey};
use crate::limits::MAX_SIGNATURE_TRIES;
use crate::shown::Shown;
use crate::signature::length_fits;
use std::sync::Arc;

/// Shall the signature be checked?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureCheck {
    /// Yes.
    Required,
    /// No: the token is taken at its word, and `Token::is_verified` is false.
    Skipped,
}

/// A signature was checked and is good. Holds the `kid` of the key where the token names none. Made
/// in [`check`] only.
pub(crate) struct SignatureVerified(Option<Box<str>>);

impl SignatureVerified {
    /// The `kid` of the key that verified, where the token names none.
    pub(crate) fn into_kid(self) -> Option<Box<str>> {
        self.0
    }
}

/// Configuration says that no signature is checked. Made in [`skip`] only.
pub(crate) struct SignatureSkipped(());

/// Why a token may be built.
pub(crate) enum Grounds {
    Verified(SignatureVerified),
    Skipped(SignatureSkipped),
}

/// Tries the keys that the token's `kid` and `alg` pick, at most [`MAX_SIGNATURE_TRIES`]: those of
/// that `kid` first, then those without one; for a token without `kid`, all that fit its `alg`.
///
/// # Errors
/// [`Error::NoUsableKey`], [`Error::UnknownKey`], [`Error::BadSignature`].
pub(crate) fn check(
    token: &Compact<'_>,
    header: &Header,
    algorithms: AlgorithmSet,
    key_sets: &[Arc<KeySet>],
) -> Result<(Algorithm, Grounds), Error> {
    if key_sets.iter().all(|set| set.is_empty()) {
        return Err(Error::NoUsableKey);
    }
    let pairs = || {
        key_sets
            .iter()
            .flat_map(|set| algorithms.iter().map(move |algorithm| (set, algorithm)))
    };
    let mut tried: usize = 0;
    let mut is_signed_by = |algorithm, key: &NamedKey| {
        tried = tried.saturating_add(1);
        length_fits(algorithm, token.signature())
            && key.verifier.verify(token.signing_input, token.signature())
    };
    let signer = match header.kid() {
        Some(kid) => {
            let of_kid = pairs().flat_map(|(set, a)| set.with_kid(a, kid).map(move |key| (a, key)));
            let others = pairs().flat_map(|(set, a)| set.without_kid(a).map(move |key| (a, key)));
            of_kid
                .chain(others)
                .take(MAX_SIGNATURE_TRIES)
                .find(|(algorithm, key)| is_signed_by(*algorithm, key))
        }
        None => pairs()
            .flat_map(|(set, a)| set.any_kid(a).map(move |key| (a, key)))
            .take(MAX_SIGNATURE_TRIES)
            .find(|(algorithm, key)| is_signed_by(*algorithm, key)),
    };
    if let Some((algorithm, key)) = signer {
        let kid = match header.kid() {
            Some(_) => None,
            None => key.kid.clone(),
        };
        let verified = SignatureVerified(kid);
        return Ok((algorithm, Grounds::Verified(verified)));
    }
    let alg = Shown::new(header.alg().unwrap_or_default());
    let kid = header.kid().map(Shown::new);
    if tried == 0 {
        let known = |kid| key_sets.iter().any(|set| set.has_kid(kid));
        let kid_known = header.kid().is_some_and(known);
        return Err(Error::UnknownKey {
            alg,
            kid,
            kid_known,
        });
    }
    Err(Error::BadSignature { alg, kid, tried })
}

/// Takes the token without a look at its signature. Of the two curves of `EdDSA`, the signature's
/// length tells which is meant.
pub(crate) fn skip(
    token: &Compact<'_>,
    algorithms: AlgorithmSet,
) -> Result<(Algorithm, Grounds), Error> {
    let algorithm = algorithms
        .iter()
        .find(|a| length_fits(*a, token.signature()))
        .or_else(|| algorithms.iter().next())
        .ok_or(Error::AlgorithmMissing)?;
    Ok((algorithm, Grounds::Skipped(SignatureSkipped(()))))
}

//! The whole algorithm on one screen.

use crate::algorithm::AlgorithmSet;
use crate::compact::Compact;
use crate::error::Error;
use crate::header::Header;
use crate::key_set::KeySet;
use crate::limits::DEFAULT_MAX_TOKEN_SIZE;
use crate::signature_check::{self, SignatureCheck};
use crate::token::Token;
use std::sync::Arc;

/// What a location demands of a token's form and signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Longest token in bytes.
    pub max_token_size: usize,
    /// The algorithms that are allowed.
    pub algorithms: AlgorithmSet,
    /// Is the signature checked?
    pub signature: SignatureCheck,
}

impl VerifyOptions {
    /// A number in which options that differ mostly differ, for [`crate::TokenCache::get`].
    pub fn fingerprint(&self) -> u64 {
        let size = u64::try_from(self.max_token_size).unwrap_or(u64::MAX);
        size.rotate_left(16) ^ u64::from(self.algorithms.bits())
    }
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self {
            max_token_size: DEFAULT_MAX_TOKEN_SIZE,
            algorithms: AlgorithmSet::all(),
            signature: SignatureCheck::Required,
        }
    }
}

/// Verifies a compact JWS (RFC 7515 5.2) that holds claims (RFC 7519 7.2). Time is not looked at:
/// see [`Token::check_time`].
///
/// The order is fixed: form, header, algorithm, key, signature, and only then the claims. So a
/// malformed token is malformed even where no key is there.
///
/// # Errors
/// [`Error`], but [`Error::Expired`] and the like.
pub fn verify(
    token: &[u8],
    key_sets: &[Arc<KeySet>],
    options: &VerifyOptions,
) -> Result<Token, Error> {
    let token = Compact::parse(token, options.max_token_size)?;
    let header = Header::parse(token.header())?;
    let algorithms = header.algorithms(options.algorithms)?;
    let (algorithm, grounds) = match options.signature {
        SignatureCheck::Required => signature_check::check(&token, &header, algorithms, key_sets)?,
        SignatureCheck::Skipped => signature_check::skip(&token, algorithms)?,
    };
    Token::new(grounds, algorithm, header, &token)
}

//! The whole algorithm on one screen.

use crate::algorithm::AlgorithmSet;
use crate::compact::{self, Compact};
use crate::error::{Error, Part};
use crate::header::Header;
use crate::key_set::KeySet;
use crate::limits::DEFAULT_MAX_TOKEN_SIZE;
use crate::signature_check::{self, SignatureCheck};
use crate::token::Token;
use crate::value::Value;
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
    Candidate::parse(token, options.max_token_size)?.verify(key_sets, options)
}

/// A token taken apart, where it must be seen who issued it before it is verified.
pub struct Candidate<'t> {
    token: Compact<'t>,
    header: Header,
}

impl<'t> Candidate<'t> {
    /// # Errors
    /// Those of a malformed token. Of the claims nothing but the encoding is looked at.
    pub fn parse(token: &'t [u8], max_token_size: usize) -> Result<Self, Error> {
        let token = Compact::parse(token, max_token_size)?;
        let header = Header::parse(token.header())?;
        Ok(Self { token, header })
    }

    /// The claim `iss`. Nothing in it may be believed: it serves to choose keys, and must be looked
    /// at again in the token that is verified with them.
    ///
    /// # Errors
    /// [`Error::Json`].
    pub fn iss(&self) -> Result<Option<Value>, Error> {
        compact::member(self.claims()?, "iss", Part::Claims)
    }

    /// Can no key make this a token that is accepted? Asked before a key is waited for.
    ///
    /// # Errors
    /// Those of a malformed token, and of one with an algorithm that is not allowed.
    pub fn check_form(&self, algorithms: AlgorithmSet) -> Result<(), Error> {
        self.header.algorithms(algorithms)?;
        compact::object(self.claims()?, Part::Claims).map(drop)
    }

    fn claims(&self) -> Result<&str, Error> {
        compact::text(self.token.claims(), Part::Claims)
    }

    /// As [`verify`].
    ///
    /// # Errors
    /// As [`verify`].
    pub fn verify(self, key_sets: &[Arc<KeySet>], options: &VerifyOptions) -> Result<Token, Error> {
        let Self { token, header } = self;
        let algorithms = header.algorithms(options.algorithms)?;
        let (algorithm, grounds) = match options.signature {
            SignatureCheck::Required => {
                signature_check::check(&token, &header, algorithms, key_sets)?
            }
            SignatureCheck::Skipped => signature_check::skip(&token, algorithms)?,
        };
        Token::new(grounds, algorithm, header, &token)
    }
}

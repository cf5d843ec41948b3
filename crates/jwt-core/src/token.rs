//! A token that was accepted, and its time rules.

use crate::algorithm::Algorithm;
use crate::compact::{self, Compact};
use crate::error::{Error, Part};
use crate::header::Header;
use crate::signature_check::Grounds;
use crate::value::{Number, Object, Value};
use std::fmt;

/// A token whose signature is good, or need not be looked at. Time is not checked yet: see
/// [`Token::check_time`].
pub struct Token {
    compact: Box<[u8]>,
    header: Object,
    claims: Object,
    /// Claims that are looked at on each request, looked up once.
    exp: Date,
    nbf: Date,
    iat: Date,
    iss: Option<usize>,
    cnf: Option<usize>,
    algorithm: Algorithm,
    key_kid: Option<Box<str>>,
    verified: bool,
}

/// A claim that is a NumericDate (RFC 7519 2).
#[derive(Clone, Copy)]
enum Date {
    Absent,
    At(Number),
    NoNumber,
}

impl Date {
    fn of(claims: &Object, name: &str) -> Self {
        match claims.get(name) {
            None => Self::Absent,
            Some(Value::Number(number)) => Self::At(*number),
            Some(_) => Self::NoNumber,
        }
    }

    fn number(self) -> Option<Number> {
        match self {
            Self::At(number) => Some(number),
            Self::Absent | Self::NoNumber => None,
        }
    }
}

impl Token {
    /// Claims are parsed here, and so only with grounds to believe them.
    ///
    /// # Errors
    /// [`Error::Json`].
    pub(crate) fn new(
        grounds: Grounds,
        algorithm: Algorithm,
        header: Header,
        token: &Compact<'_>,
    ) -> Result<Self, Error> {
        let claims = compact::text(token.claims(), Part::Claims)?;
        let (verified, key_kid) = match grounds {
            Grounds::Verified(signature) => (true, signature.into_kid()),
            Grounds::Skipped(_) => (false, None),
        };
        let claims = compact::object(claims, Part::Claims)?;
        Ok(Self {
            header: header.object,
            exp: Date::of(&claims, "exp"),
            nbf: Date::of(&claims, "nbf"),
            iat: Date::of(&claims, "iat"),
            iss: claims.position("iss"),
            cnf: claims.position("cnf"),
            claims,
            compact: token.bytes.into(),
            algorithm,
            key_kid,
            verified,
        })
    }

    /// The JOSE header.
    pub fn header(&self) -> &Object {
        &self.header
    }

    /// The claims.
    pub fn claims(&self) -> &Object {
        &self.claims
    }

    /// The claim `iss` (RFC 7519 4.1.1).
    pub fn iss(&self) -> Option<&Value> {
        self.claims.at(self.iss?)
    }

    /// The claim `cnf` (RFC 7800 3.1).
    pub(crate) fn cnf(&self) -> Option<&Value> {
        self.claims.at(self.cnf?)
    }

    /// Is `exp` there, and a number?
    pub(crate) fn exp(&self) -> Option<Number> {
        self.exp.number()
    }

    /// The claim `iat` (RFC 7519 4.1.6); the error: it is no number.
    pub(crate) fn iat(&self) -> Result<Option<Number>, ()> {
        match self.iat {
            Date::NoNumber => Err(()),
            date @ (Date::Absent | Date::At(_)) => Ok(date.number()),
        }
    }

    /// The token as received.
    pub fn compact(&self) -> &[u8] {
        &self.compact
    }

    /// The claims as JSON text, as received. Decoded anew: few ask, and every cached token would
    /// have to keep it.
    pub fn payload(&self) -> String {
        compact::claims_text(&self.compact).unwrap_or_default()
    }

    /// The algorithm that signed.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The header's `kid`.
    pub fn kid(&self) -> Option<&str> {
        self.header.get("kid")?.as_str()
    }

    /// The `kid` of the key that verified the signature, where the token has none itself. (One that
    /// it has is the key's too, if the key has any.)
    pub fn key_kid(&self) -> Option<&str> {
        self.key_kid.as_deref()
    }

    /// False when the signature was not looked at.
    pub fn is_verified(&self) -> bool {
        self.verified
    }

    /// `exp` and `nbf`, when present (RFC 7519 4.1.4, 4.1.5). `now` in Unix seconds, `leeway` in
    /// seconds.
    ///
    /// # Errors
    /// As [`Token::check_exp`] and [`Token::check_nbf`].
    pub fn check_time(&self, now: u64, leeway: u64) -> Result<(), Error> {
        self.check_exp(now, leeway)?;
        self.check_nbf(now, leeway)
    }

    /// `exp`, when present (RFC 7519 4.1.4). `now` in Unix seconds, `leeway` in seconds.
    ///
    /// # Errors
    /// [`Error::TimeClaim`] for one that is not a number, [`Error::Expired`].
    pub fn check_exp(&self, now: u64, leeway: u64) -> Result<(), Error> {
        // now >= exp + leeway, without a sum that could overflow
        let latest = i128::from(now).saturating_sub(leeway.into());
        match self.exp {
            Date::At(exp) if is_at_most(exp, latest) => Err(Error::Expired),
            Date::Absent | Date::At(_) => Ok(()),
            Date::NoNumber => Err(Error::TimeClaim("exp")),
        }
    }

    /// `nbf`, when present (RFC 7519 4.1.5). `now` in Unix seconds, `leeway` in seconds.
    ///
    /// # Errors
    /// [`Error::TimeClaim`] for one that is not a number, [`Error::NotYetValid`].
    pub fn check_nbf(&self, now: u64, leeway: u64) -> Result<(), Error> {
        let latest = i128::from(now).saturating_add(leeway.into());
        match self.nbf {
            Date::At(nbf) if !is_at_most(nbf, latest) => Err(Error::NotYetValid),
            Date::Absent | Date::At(_) => Ok(()),
            Date::NoNumber => Err(Error::TimeClaim("nbf")),
        }
    }

    /// The first second at which `exp` has passed; `u64::MAX` where there is none.
    pub(crate) fn expires(&self) -> u64 {
        match self.exp {
            Date::At(Number::Unsigned(exp)) => exp,
            Date::At(Number::Negative(_)) => 0,
            // The cast saturates: below 0 is 0.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "see above"
            )]
            Date::At(Number::Float(exp)) => exp.ceil() as u64,
            Date::Absent | Date::NoNumber => u64::MAX,
        }
    }
}

/// Is the date at or before the second?
fn is_at_most(date: Number, second: i128) -> bool {
    match date {
        Number::Unsigned(integer) => i128::from(integer) <= second,
        Number::Negative(integer) => i128::from(integer) <= second,
        // Exact for every second up to 2^53, some 285 million years from now.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        Number::Float(float) => float <= second as f64,
    }
}

impl fmt::Debug for Token {
    /// Without the claims: they are private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("algorithm", &self.algorithm)
            .field("verified", &self.verified)
            .finish_non_exhaustive()
    }
}

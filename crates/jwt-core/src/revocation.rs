//! Revoked tokens, subjects and keys.

use crate::token::Token;
use crate::token_cache::AsItIs;
use crate::value::Value;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, RandomState};

/// What a file's members are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevocationFormat {
    /// `{"jti": [...], "sub": {"name": issued-before}, "kid": [...]}`, each of them optional.
    Kinds,
    /// An object whose member names are revoked values of `sub`.
    Subjects,
    /// An object whose member names are revoked values of `kid`.
    Keys,
}

/// What is revoked. Immutable; of names only fingerprints are kept, so that a list costs the same
/// whatever it names.
pub struct RevocationList {
    fingerprint: Fingerprint,
    jti: Option<Names<()>>,
    sub: Option<Subjects>,
    kid: Option<Names<()>>,
    /// Must the token itself have a `kid`?
    needs_kid: bool,
}

enum Subjects {
    /// All their tokens.
    Outright(Names<()>),
    /// Those issued before a second since the epoch.
    IssuedBefore(Names<f64>),
}

/// By fingerprint.
type Names<T> = HashMap<(u64, u64), T, BuildHasherDefault<AsItIs>>;

/// 128 bits under random keys: two names that share one are not found by chance, nor by intent.
#[derive(Clone, Debug, Default)]
struct Fingerprint(RandomState, RandomState);

impl Fingerprint {
    fn of(&self, name: &str) -> (u64, u64) {
        (self.0.hash_one(name), self.1.hash_one(name))
    }
}

/// Why a token is refused by a list. `Display` is for the log and holds nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Revoked {
    /// Its `jti` is on the list.
    #[error("the token is revoked")]
    Token,
    /// Its `sub` is, and it was issued too early.
    #[error("the tokens of this subject are revoked")]
    Subject,
    /// Its `kid` is, or that of the key that verified it.
    #[error("the key is revoked")]
    Key,
    /// It lacks what the list looks at.
    #[error("the token has no usable \"{0}\", which a revocation list looks at")]
    Lacks(&'static str),
}

impl Revoked {
    /// The `error_description` of a challenge.
    pub fn description(self) -> &'static str {
        match self {
            Self::Token | Self::Subject | Self::Key => "the token was revoked",
            Self::Lacks(_) => "a required claim is missing",
        }
    }
}

/// A list that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause} at line {line} column {column}")]
pub struct RevocationError {
    cause: Cow<'static, str>,
    line: usize,
    column: usize,
}

impl RevocationList {
    /// Reads a list.
    ///
    /// # Errors
    /// [`RevocationError`]: not JSON, or of another form. A member that is not known is one: it
    /// could be a misspelt one that should revoke.
    pub fn parse(bytes: &[u8], format: RevocationFormat) -> Result<Self, RevocationError> {
        let mut list = Self {
            fingerprint: Fingerprint::default(),
            jti: None,
            sub: None,
            kid: None,
            needs_kid: format == RevocationFormat::Keys,
        };
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let read = match format {
            RevocationFormat::Kinds => json.deserialize_map(Kinds(&mut list)),
            RevocationFormat::Subjects => Members(&list.fingerprint, ignored)
                .deserialize(&mut json)
                .map(|names| list.sub = Some(Subjects::Outright(names))),
            RevocationFormat::Keys => Members(&list.fingerprint, ignored)
                .deserialize(&mut json)
                .map(|names| list.kid = Some(names)),
        };
        read.and_then(|()| json.end())
            .map_err(|error| explain(&error, format))?;
        Ok(list)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        let subjects = match &self.sub {
            None => 0,
            Some(Subjects::Outright(names)) => names.len(),
            Some(Subjects::IssuedBefore(names)) => names.len(),
        };
        [&self.jti, &self.kid]
            .into_iter()
            .flatten()
            .fold(subjects, |sum, names| sum.saturating_add(names.len()))
    }

    /// Is nothing revoked?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Holds the list against a token.
    ///
    /// # Errors
    /// [`Revoked`]: it is on the list, or lacks what the list looks at.
    pub fn check(&self, token: &Token) -> Result<(), Revoked> {
        if let Some(revoked) = &self.jti {
            let jti = text(token, "jti")?;
            if revoked.contains_key(&self.fingerprint.of(jti)) {
                return Err(Revoked::Token);
            }
        }
        if let Some(revoked) = &self.sub {
            self.check_subject(token, revoked)?;
        }
        if let Some(revoked) = &self.kid {
            let of_token = token.kid().filter(|kid| !kid.is_empty());
            let of_key = token.key_kid().filter(|_| !self.needs_kid);
            let kid = of_token.or(of_key).ok_or(Revoked::Lacks("kid"))?;
            if revoked.contains_key(&self.fingerprint.of(kid)) {
                return Err(Revoked::Key);
            }
        }
        Ok(())
    }

    fn check_subject(&self, token: &Token, revoked: &Subjects) -> Result<(), Revoked> {
        let sub = self.fingerprint.of(text(token, "sub")?);
        let is_revoked = match revoked {
            Subjects::Outright(names) => names.contains_key(&sub),
            Subjects::IssuedBefore(names) => {
                let Some(Value::Number(iat)) = token.claims().get("iat") else {
                    return Err(Revoked::Lacks("iat"));
                };
                names.get(&sub).is_some_and(|before| iat.to_f64() < *before)
            }
        };
        if is_revoked {
            return Err(Revoked::Subject);
        }
        Ok(())
    }
}

impl fmt::Debug for RevocationList {
    /// Without the names: they may be private claims.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationList")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// A claim that is text, and not empty.
fn text<'t>(token: &'t Token, name: &'static str) -> Result<&'t str, Revoked> {
    let claim = token.claims().get(name).and_then(Value::as_str);
    claim
        .filter(|text| !text.is_empty())
        .ok_or(Revoked::Lacks(name))
}

/// The parser's own words on bad syntax; on a wrong type they would quote the value.
fn explain(error: &serde_json::Error, format: RevocationFormat) -> RevocationError {
    let cause = if error.is_syntax() || error.is_eof() {
        let text = error.to_string();
        match text.rsplit_once(" at line ") {
            Some((cause, _)) => cause.to_owned().into(),
            None => text.into(),
        }
    } else {
        Cow::Borrowed(match format {
            RevocationFormat::Kinds => {
                "not an object with \"jti\" (an array of strings), \"sub\" (an object of numbers) and \
                 \"kid\" (an array of strings)"
            }
            RevocationFormat::Subjects | RevocationFormat::Keys => "not an object",
        })
    };
    RevocationError {
        cause,
        line: error.line(),
        column: error.column(),
    }
}

fn ignored(_: Option<()>, _: IgnoredAny) {}

fn later(known: Option<f64>, value: f64) -> f64 {
    known.map_or(value, |known| known.max(value))
}

/// Reads the object of kinds into the list.
struct Kinds<'l>(&'l mut RevocationList);

impl<'de> Visitor<'de> for Kinds<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let list = self.0;
        while let Some(kind) = members.next_key::<Cow<'de, str>>()? {
            let fingerprint = &list.fingerprint;
            let is_twice = match &*kind {
                "jti" => list
                    .jti
                    .replace(members.next_value_seed(Array(fingerprint))?)
                    .is_some(),
                "kid" => list
                    .kid
                    .replace(members.next_value_seed(Array(fingerprint))?)
                    .is_some(),
                "sub" => {
                    let names = members.next_value_seed(Members(fingerprint, later))?;
                    list.sub.replace(Subjects::IssuedBefore(names)).is_some()
                }
                _ => return Err(A::Error::custom("unknown member")),
            };
            if is_twice {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(())
    }
}

/// Reads an array of names.
struct Array<'f>(&'f Fingerprint);

impl<'de> DeserializeSeed<'de> for Array<'_> {
    type Value = Names<()>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Names<()>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Array<'_> {
    type Value = Names<()>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Names<()>, A::Error> {
        let mut names = Names::default();
        while let Some(fingerprint) = elements.next_element_seed(Name(self.0))? {
            names.insert(fingerprint, ());
        }
        Ok(names)
    }
}

/// Reads an object: its member names, and what the function makes of a value and of an earlier
/// one of the same name.
struct Members<'f, V, T>(&'f Fingerprint, fn(Option<T>, V) -> T);

impl<'de, V: Deserialize<'de>, T: Copy> DeserializeSeed<'de> for Members<'_, V, T> {
    type Value = Names<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Names<T>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, V: Deserialize<'de>, T: Copy> Visitor<'de> for Members<'_, V, T> {
    type Value = Names<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Names<T>, A::Error> {
        let Self(fingerprint, take) = self;
        let mut names = Names::default();
        while let Some(name) = members.next_key_seed(Name(fingerprint))? {
            let value = take(names.get(&name).copied(), members.next_value()?);
            names.insert(name, value);
        }
        Ok(names)
    }
}

/// Reads a name, and keeps its fingerprint.
struct Name<'f>(&'f Fingerprint);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = (u64, u64);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(u64, u64), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = (u64, u64);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, name: &str) -> Result<(u64, u64), E> {
        Ok(self.0.of(name))
    }
}

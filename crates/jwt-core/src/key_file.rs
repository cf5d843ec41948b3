//! Key files: JWK Set or single JWK (RFC 7517), keyval, PEM.

use crate::jwk::{bind_jwk, string};
use crate::key::{Bound, KeyLoadOptions, Unusable, malformed};
use crate::key_set::KeySet;
use crate::limits::{MAX_KEY_FILE_SIZE, MAX_SIGNATURE_TRIES};
use crate::pem::{Block, PemError, blocks, is_pem};
use crate::shown::Shown;
use crate::spki::{from_certificate, from_pkcs1, from_spki};
use crate::value::{Object, Value};

/// How a key file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyFormat {
    /// A JWK Set, or a single JWK (RFC 7517).
    Jwks,
    /// A JSON object from `kid` to PEM public key or certificate.
    Keyval,
    /// One or several PEM public keys or certificates (RFC 7468).
    Pem,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeLevel {
    /// A key was left out that is not for us.
    Info,
    /// Something that its owner should change.
    Warn,
}

/// What there is to say about a file that did parse. Names a key by its place and `kid`, and
/// holds no key material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How much it matters.
    pub level: NoticeLevel,
    /// One sentence.
    pub message: String,
}

/// Why a file is not a key file. Each says where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// Larger than [`MAX_KEY_FILE_SIZE`].
    #[error("is larger than {} MiB: split it, or remove what is not a key", MAX_KEY_FILE_SIZE >> 20)]
    TooLarge,
    /// Neither JSON nor PEM; never taken for a secret.
    #[error(
        "is neither JSON nor PEM: write a secret as a JWK, {{\"kty\":\"oct\",\"k\":\"<base64url>\"}}"
    )]
    Unrecognised,
    /// JSON that does not parse.
    #[error("is not valid JSON: {0}")]
    Json(Box<str>),
    /// JSON that is not what it should be.
    #[error("{0}")]
    Shape(&'static str),
    /// PEM that does not parse.
    #[error("is not valid PEM: {0}")]
    Pem(#[from] PemError),
    /// A private key has no place in a verifier's file.
    #[error(
        "has a private key at line {line}: put the public key there instead \
         (openssl pkey -in private.pem -pubout)"
    )]
    PrivateKey {
        /// From 1.
        line: usize,
    },
}

impl KeySet {
    /// Parses a key file. Keys that cannot be used are left out with a notice and never spoil the
    /// others, so the set may be empty.
    ///
    /// # Errors
    /// [`KeySetError`]: the file as a whole is not what `format` says, or, with None, not a key
    /// file at all.
    pub fn parse(
        bytes: &[u8],
        format: Option<KeyFormat>,
        options: &KeyLoadOptions,
    ) -> Result<(Self, Vec<Notice>), KeySetError> {
        if bytes.len() > MAX_KEY_FILE_SIZE {
            return Err(KeySetError::TooLarge);
        }
        let mut loader = Loader {
            keys: Self::new(),
            notices: Vec::new(),
            options,
        };
        let is_json = bytes.trim_ascii_start().first() == Some(&b'{');
        match format {
            Some(KeyFormat::Pem) => loader.pem_file(bytes)?,
            Some(KeyFormat::Jwks) => {
                let object = parse_json(bytes)?;
                if !loader.jwks(&object) {
                    return Err(KeySetError::Shape(
                        "is not a JWK Set: it has neither an array \"keys\" nor a \"kty\"",
                    ));
                }
            }
            Some(KeyFormat::Keyval) => loader.keyval(&parse_json(bytes)?),
            None if is_json => {
                let object = parse_json(bytes)?;
                if !loader.jwks(&object) {
                    let is_text = |(_, value): (&str, &Value)| value.as_str().is_some();
                    if !object.iter().any(is_text) {
                        return Err(KeySetError::Shape(
                            "is JSON, but neither a JWK Set (\"keys\"), a JWK (\"kty\"), \
                             nor an object from key ids to PEM texts",
                        ));
                    }
                    loader.keyval(&object);
                }
            }
            None if is_pem(bytes) => loader.pem_file(bytes)?,
            None => return Err(KeySetError::Unrecognised),
        }
        if let Some((algorithm, candidates)) = loader.keys.crowded() {
            loader.notice(
                NoticeLevel::Warn,
                format!(
                    "{candidates} keys fit {algorithm}, and at most {MAX_SIGNATURE_TRIES} are \
                     tried per token: give every key its own kid, and tokens a kid"
                ),
            );
        }
        Ok((loader.keys, loader.notices))
    }
}

fn parse_json(bytes: &[u8]) -> Result<Object, KeySetError> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        KeySetError::Json(format!("invalid UTF-8 at byte {}", e.valid_up_to()).into())
    })?;
    if text.starts_with('\u{feff}') {
        return Err(KeySetError::Json(
            "it starts with a byte order mark: save it without".into(),
        ));
    }
    crate::json::parse_object(text).map_err(|e| KeySetError::Json(e.to_string().into()))
}

struct Loader<'a> {
    keys: KeySet,
    notices: Vec<Notice>,
    options: &'a KeyLoadOptions,
}

impl Loader<'_> {
    /// False when the object is neither a JWK Set nor a JWK.
    fn jwks(&mut self, object: &Object) -> bool {
        if let Some(Value::Array(keys)) = object.get("keys") {
            for (number, key) in (1..).zip(keys) {
                self.jwk(&format!("key {number}"), key.as_object());
            }
            return true;
        }
        let is_jwk = object.get("kty").and_then(Value::as_str).is_some();
        if is_jwk {
            self.jwk("the key", Some(object));
        }
        is_jwk
    }

    fn jwk(&mut self, place: &str, jwk: Option<&Object>) {
        let Some(jwk) = jwk else {
            let reason = Err(malformed("it is not a JSON object"));
            return self.add(place, None, reason);
        };
        match string(jwk, "kid") {
            Ok(kid) => self.add(place, kid, bind_jwk(jwk, self.options)),
            Err(reason) => self.add(place, None, Err(reason)),
        }
    }

    fn keyval(&mut self, object: &Object) {
        for (number, (kid, value)) in (1..).zip(object.iter()) {
            let bound = self.keyval_entry(value);
            self.add(&format!("key {number}"), Some(kid), bound);
        }
    }

    fn keyval_entry(&self, value: &Value) -> Result<Bound, Unusable> {
        let text = value
            .as_str()
            .ok_or_else(|| malformed("it is not a PEM text"))?;
        let blocks = blocks(text.as_bytes()).map_err(|e| malformed(e.to_string()))?;
        match blocks.as_slice() {
            [] => Err(malformed("it is not a PEM text")),
            // Of a chain, the first certificate is the key's own (RFC 7517 4.7).
            [first, ..] => {
                if is_private(first) {
                    return Err(malformed("it is a private key: put its public key there"));
                }
                let der = first.der().map_err(|e| malformed(e.to_string()))?;
                bind_block(first, &der, self.options)
            }
        }
    }

    fn pem_file(&mut self, bytes: &[u8]) -> Result<(), KeySetError> {
        let blocks = blocks(bytes)?;
        if let Some(block) = blocks.iter().find(|block| is_private(block)) {
            return Err(KeySetError::PrivateKey { line: block.line });
        }
        if blocks.is_empty() {
            return Err(KeySetError::Shape(
                "is not PEM: it has no line -----BEGIN PUBLIC KEY----- or the like",
            ));
        }
        for block in &blocks {
            let der = block.der()?;
            let place = format!("the key at line {}", block.line);
            self.add(&place, None, bind_block(block, &der, self.options));
        }
        Ok(())
    }

    fn add(&mut self, place: &str, kid: Option<&str>, key: Result<Bound, Unusable>) {
        let place = match kid {
            Some(kid) => format!("{place} (kid {})", Shown::new(kid)),
            None => place.to_owned(),
        };
        match key {
            Ok(mut bound) => {
                for warning in bound.warnings.drain(..) {
                    self.notice(NoticeLevel::Warn, format!("{place}: {warning}"));
                }
                self.keys.add(kid, bound);
            }
            Err(Unusable::NotForUs(reason)) => {
                self.notice(NoticeLevel::Info, format!("{place} is skipped: {reason}"));
            }
            Err(Unusable::Malformed(reason)) => {
                self.notice(NoticeLevel::Warn, format!("{place} is skipped: {reason}"));
            }
        }
    }

    fn notice(&mut self, level: NoticeLevel, message: String) {
        self.notices.push(Notice { level, message });
    }
}

fn is_private(block: &Block<'_>) -> bool {
    block.label.ends_with("PRIVATE KEY")
}

fn bind_block(block: &Block<'_>, der: &[u8], options: &KeyLoadOptions) -> Result<Bound, Unusable> {
    let (material, declared) = match block.label {
        "PUBLIC KEY" => from_spki(der)?,
        "RSA PUBLIC KEY" => (from_pkcs1(der)?, None),
        "CERTIFICATE" | "X509 CERTIFICATE" => from_certificate(der)?,
        other => {
            return Err(Unusable::NotForUs(format!(
                "{} is neither a public key nor a certificate",
                Shown::new(other)
            )));
        }
    };
    material.bind(declared, options)
}

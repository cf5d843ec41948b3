//! What the tests share: keys loaded with every algorithm, and a token verified in one line.

use jwt_core::{
    Algorithm, Error, KeyLoadOptions, KeySet, Notice, NoticeLevel, Token, VerifyOptions,
    VerifySignature, verify,
};
use jwt_testkit::{Alg, Key};
use openssl::pkey::{Id, PKey, Public};
use openssl::sign::Verifier;
use serde_json::Value;
use std::sync::Arc;

struct Ed448(PKey<Public>);

impl VerifySignature for Ed448 {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Verifier::new_without_digest(&self.0)
            .and_then(|mut verifier| verifier.verify_oneshot(signature, message))
            .unwrap_or(false)
    }
}

fn load_ed448(key: &[u8; 57]) -> Option<Box<dyn VerifySignature>> {
    let key = PKey::public_key_from_raw_bytes(key, Id::ED448).ok()?;
    Some(Box::new(Ed448(key)))
}

pub fn options() -> KeyLoadOptions {
    KeyLoadOptions {
        load_ed448: Some(load_ed448),
        ..KeyLoadOptions::default()
    }
}

/// The keys of a file in any format, with the notices.
pub fn parse(file: impl AsRef<[u8]>) -> (Arc<KeySet>, Vec<Notice>) {
    let (keys, notices) = KeySet::parse(file.as_ref(), None, &options()).unwrap();
    (Arc::new(keys), notices)
}

/// The keys of a file that has nothing to be said about.
pub fn load(file: impl AsRef<[u8]>) -> Arc<KeySet> {
    let (keys, notices) = parse(file);
    assert_eq!(notices, []);
    keys
}

/// A JWK as a key set.
pub fn load_jwk(jwk: &Value) -> Arc<KeySet> {
    load(jwk.to_string())
}

/// The public part of a key, as its JWK.
pub fn load_key(key: &Key) -> Arc<KeySet> {
    load_jwk(&key.jwk())
}

/// The single notice about a JWK that is not loaded.
pub fn skipped(jwk: &Value) -> (NoticeLevel, String) {
    let (keys, notices) = parse(jwk.to_string());
    assert!(keys.is_empty(), "{jwk} is loaded");
    let [notice] = notices.as_slice() else {
        panic!("{jwk}: {notices:?}");
    };
    (notice.level, notice.message.clone())
}

pub fn check(token: impl AsRef<[u8]>, keys: &Arc<KeySet>) -> Result<Token, Error> {
    verify(
        token.as_ref(),
        &[Arc::clone(keys)],
        &VerifyOptions::default(),
    )
}

/// Why a token is refused: its code.
pub fn refused(token: impl AsRef<[u8]>, keys: &Arc<KeySet>) -> &'static str {
    match check(token, keys) {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

/// The same algorithm in the testkit's words.
pub fn alg(algorithm: Algorithm) -> Alg {
    algorithm.name().parse().unwrap()
}

/// A JWK without some of its members.
pub fn without(mut jwk: Value, names: &[&str]) -> Value {
    for name in names {
        jwk.as_object_mut().unwrap().remove(*name);
    }
    jwk
}

/// A JWK with one member changed.
pub fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk[name] = value.into();
    jwk
}

//! A token, and the ways through a verification that stop or skip somewhere.

use crate::bare::{Verify, bare};
use jwt_core::{Error, KeyLoadOptions, KeySet, SignatureCheck, Token, VerifyOptions, verify};
use jwt_testkit::{Alg, Key, hostile, jwks, sign};
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;

/// One token of an algorithm, and a set of keys of which the last is its own.
pub(crate) struct Sample {
    pub(crate) token: String,
    pub(crate) key_sets: [Arc<KeySet>; 1],
    cut: String,
    signature: Vec<u8>,
    bare: Verify,
}

const OPTIONS: VerifyOptions = VerifyOptions {
    max_token_size: jwt_core::limits::DEFAULT_MAX_TOKEN_SIZE,
    algorithms: jwt_core::AlgorithmSet::all(),
    signature: SignatureCheck::Required,
};

impl Sample {
    pub(crate) fn new(alg: Alg, keys: usize) -> Self {
        let key = Key::fixed(alg).with_kid("2026-11-key-of-the-month");
        let other = Key::other(alg);
        let mut all: Vec<Key> = (1..keys)
            .map(|n| other.clone().with_kid(&format!("key-{n}")))
            .collect();
        all.push(key.clone());
        let all: Vec<&Key> = all.iter().collect();
        let (keys, _) = KeySet::parse(jwks(&all).as_bytes(), None, &KeyLoadOptions::default())
            .expect("a key set");
        let token = realistic(&key, 0);
        Self {
            cut: hostile::with_signature(&token, [0]),
            signature: hostile::signature(&token),
            key_sets: [Arc::new(keys)],
            bare: bare(&key),
            token,
        }
    }

    /// All of it, but time and policy.
    pub(crate) fn whole(&self) -> Token {
        let token = black_box(self.token.as_bytes());
        verify(token, &self.key_sets, &OPTIONS).expect("a good token")
    }

    /// The signature alone.
    pub(crate) fn bare(&self) {
        let (input, _) = self.token.rsplit_once('.').expect("a token");
        assert!((self.bare)(black_box(input.as_bytes()), &self.signature));
    }

    /// Form, header, algorithm.
    pub(crate) fn parse(&self) {
        let parsed = verify(black_box(self.token.as_bytes()), &[], &OPTIONS);
        assert!(matches!(parsed, Err(Error::NoUsableKey)));
    }

    /// Everything before a key is tried.
    pub(crate) fn choose(&self) {
        let chosen = verify(black_box(self.cut.as_bytes()), &self.key_sets, &OPTIONS);
        assert!(matches!(chosen, Err(Error::BadSignature { tried: 1, .. })));
    }

    /// Everything but the signature.
    pub(crate) fn take(&self) -> Token {
        let options = VerifyOptions {
            signature: SignatureCheck::Skipped,
            ..OPTIONS
        };
        verify(black_box(self.token.as_bytes()), &[], &options).expect("a token")
    }
}

/// What an access token of a common identity provider holds: about 700 bytes.
pub(crate) fn realistic(key: &Key, user: u32) -> String {
    let header = json!({"alg": key.alg().header_name(), "typ": "JWT", "kid": key.kid()});
    let claims = json!({
        "iss": "https://idp.example.com/realms/corp",
        "sub": format!("f1a2b3c4-5d6e-7f80-91a2-{user:012x}"),
        "aud": ["https://api.example.com", "account"], "exp": 1_900_000_000, "iat": 1_800_000_000,
        "nbf": 1_800_000_000, "jti": "0b9d2c4e-1111-2222-3333-444455556666", "azp": "web-frontend",
        "scope": "openid profile email orders:read", "groups": ["admin", "staff"],
        "preferred_username": "alice", "email_verified": true,
    });
    sign(&header, &claims, key)
}

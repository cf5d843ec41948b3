//! What holds for any input.

use crate::support::{check, load_key, options};
use jwt_core::{KeyFormat, KeySet, Unverified};
use jwt_testkit::{Alg, Key, jwks, sign_raw, token};
use proptest::prelude::*;
use serde_json::json;
use std::sync::{Arc, LazyLock};

static KEYS: LazyLock<Arc<KeySet>> = LazyLock::new(|| {
    let keys = Alg::ALL.map(|alg| Key::fixed(alg).without_kid());
    crate::support::parse(jwks(&keys.iter().collect::<Vec<_>>())).0
});

/// Any JSON, with numbers of all kinds.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|v| json!(v)),
        any::<i64>().prop_map(|v| json!(v)),
        any::<u64>().prop_map(|v| json!(v)),
        any::<f64>().prop_map(|v| json!(v)),
        any::<String>().prop_map(|v| json!(v)),
        "[a-zA-Z0-9_-]{0,90}".prop_map(|v| json!(v)),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|v| json!(v)),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|v| json!(v)),
        ]
    })
}

/// JSON objects with the members that headers, claims and JWKs have, of any type.
fn any_jose() -> impl Strategy<Value = serde_json::Value> {
    let name = prop::sample::select(vec![
        "alg", "kid", "typ", "cty", "crit", "b64", "zip", "enc", "jwk", "exp", "nbf", "iss", "kty",
        "use", "key_ops", "crv", "x", "y", "n", "e", "d", "k", "keys",
    ]);
    let word = prop::sample::select(vec![
        "HS256", "RS256", "EdDSA", "none", "RSA", "EC", "OKP", "oct", "AKP", "sig", "P-256",
        "Ed25519", "Ed448", "AQAB", "",
    ])
    .prop_map(|word| json!(word));
    prop::collection::btree_map(name, prop_oneof![3 => word, 1 => any_json()], 0..8)
        .prop_map(|members| json!(members))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(check(&bytes, &KEYS).is_err());
        let _ = Unverified::parse(&bytes, 16384);
    }

    #[test]
    fn arbitrary_parts_are_refused_without_panic(text in "[A-Za-z0-9_=.-]{0,300}") {
        prop_assert!(check(&text, &KEYS).is_err());
    }

    #[test]
    fn arbitrary_headers_and_claims_never_panic(
        header in prop_oneof![any_jose(), any_json()],
        claims in prop_oneof![any_jose(), any_json()],
        now in any::<u64>(),
        leeway in any::<u64>(),
    ) {
        let key = Key::fixed(Alg::HS256);
        let minted = sign_raw(header.to_string(), claims.to_string(), &key);
        if let Ok(token) = check(&minted, &KEYS) {
            let _ = token.check_time(now, leeway);
            prop_assert_eq!(&header["alg"], "HS256");
            prop_assert!(claims.is_object());
        }
        let _ = Unverified::parse(minted.as_bytes(), 16384);
    }

    #[test]
    fn a_changed_token_never_verifies(
        alg in prop::sample::select(vec![Alg::HS256, Alg::RS256, Alg::ES256, Alg::Ed25519]),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        kind in 0..3,
    ) {
        let key = Key::fixed(alg);
        let keys = load_key(&key);
        let good = token(&key, &json!({"sub": "alice"})).into_bytes();
        let mut changed = good.clone();
        let at = at.index(good.len());
        match kind {
            0 => changed[at] = byte,
            1 => changed.insert(at, byte),
            _ => { changed.remove(at); }
        }
        prop_assert_eq!(check(&changed, &keys).is_ok(), changed == good);
    }

    #[test]
    fn claims_come_out_as_they_went_in(claims in prop::collection::btree_map(any::<String>(), any_json(), 0..30)) {
        let text = json!(claims).to_string();
        let key = Key::fixed(Alg::HS256).without_kid();
        let options = jwt_core::VerifyOptions { max_token_size: 1 << 20, ..Default::default() };
        let minted = sign_raw(r#"{"alg":"HS256"}"#, &text, &key);
        let token = jwt_core::verify(minted.as_bytes(), &[Arc::clone(&KEYS)], &options).unwrap();
        prop_assert_eq!(token.payload(), text.as_str());
        prop_assert_eq!(token.claims().len(), claims.len());
        let sorted: serde_json::Value = serde_json::from_str(&token.claims().to_sorted_json()).unwrap();
        prop_assert_eq!(sorted, json!(claims));
        for (name, value) in token.claims().iter() {
            let original = &claims[name];
            match value.text() {
                Some(text) => {
                    prop_assert!(text.bytes().all(|byte| byte >= 0x20 && byte != 0x7f));
                    match original {
                        serde_json::Value::String(string) => prop_assert_eq!(&*text, string),
                        serde_json::Value::Array(_) => {}
                        other => prop_assert_eq!(
                            &serde_json::from_str::<serde_json::Value>(&text).unwrap(),
                            other
                        ),
                    }
                }
                None => prop_assert!(!original.is_boolean() && !original.is_object()),
            }
        }
    }

    #[test]
    fn key_files_never_panic(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            any_json().prop_map(|json| json.to_string().into_bytes()),
            any_jose().prop_map(|jwk| jwk.to_string().into_bytes()),
            prop::collection::vec(any_jose(), 0..5)
                .prop_map(|keys| json!({"keys": keys}).to_string().into_bytes()),
        ],
        format in prop::sample::select(vec![
            None, Some(KeyFormat::Jwks), Some(KeyFormat::Keyval), Some(KeyFormat::Pem),
        ]),
    ) {
        let _ = KeySet::parse(&bytes, format, &options());
    }

    #[test]
    fn changed_pem_and_der_never_panic(
        alg in prop::sample::select(vec![Alg::RS256, Alg::ES256, Alg::Ed25519, Alg::Ed448]),
        certificate in any::<bool>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let key = Key::fixed(alg);
        let pem = if certificate { key.certificate_pem() } else { key.spki_pem() };
        let label = if certificate { "CERTIFICATE" } else { "PUBLIC KEY" };
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let mut der = openssl::base64::decode_block(&body).unwrap();
        let at = at.index(der.len());
        if cut { der.truncate(at); } else { der[at] = byte; }
        let body = openssl::base64::encode_block(&der);
        let changed = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        prop_assert!(KeySet::parse(changed.as_bytes(), None, &options()).is_ok());
        let mut text = pem.into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let _ = KeySet::parse(&text, None, &options());
    }
}

//! RFC 8725, JSON Web Token Best Current Practices: one test per section of its chapter 3 that
//! concerns a verifier's core. Issuer and subject (3.8), audience (3.9), explicit types (3.11)
//! and validation rules of one's own (3.12) are the caller's policy, on verified claims only.

use crate::support::{check, load_jwk, load_key, parse, refused, skipped, with, without};
use jwt_core::{AlgorithmSet, NoticeLevel, VerifyOptions, verify};
use jwt_testkit::{Alg, Key, claims, hostile, sign, sign_raw, token};
use serde_json::json;

/// 3.1: the caller says which algorithms there are, and a key is used with one only.
#[test]
fn section_3_1_perform_algorithm_verification() {
    let key = Key::fixed(Alg::RS256);
    let only_ps = VerifyOptions {
        algorithms: AlgorithmSet::from_name("PS256").unwrap(),
        ..VerifyOptions::default()
    };
    let any = load_jwk(&without(key.jwk(), &["alg"]));
    let minted = token(&key, &claims("a"));
    let error = verify(minted.as_bytes(), &[any], &only_ps).unwrap_err();
    assert_eq!(error.status(), "unsupported_alg");
    let ps = token(&Key::fixed(Alg::PS256).with_kid("RS256"), &claims("a"));
    assert_eq!(
        refused(ps, &load_key(&key)),
        "unknown_key",
        "the JWK says RS256"
    );
}

/// 3.2: `none` never, weak RSA keys never, ECDSA as it is.
#[test]
fn section_3_2_use_appropriate_algorithms() {
    let key = load_key(&Key::fixed(Alg::HS256));
    assert_eq!(
        refused(hostile::unsecured("none", "{}"), &key),
        "alg_unsupported"
    );
    let (level, message) = skipped(&Key::rsa(Alg::RS256, 1024).jwk());
    assert_eq!(level, NoticeLevel::Warn);
    assert!(message.contains("1024 bits"), "{message}");
}

/// 3.3: a failure of any operation refuses the whole token.
#[test]
fn section_3_3_validate_all_cryptographic_operations() {
    let key = Key::fixed(Alg::ES256);
    let good = token(&key, &claims("a"));
    let broken = hostile::flip_signature_bit(&good, 0);
    assert_eq!(refused(broken, &load_key(&key)), "bad_signature");
}

/// 3.4: inputs are checked, points lie on their curve.
#[test]
fn section_3_4_validate_cryptographic_inputs() {
    let jwk = Key::fixed(Alg::ES256).jwk();
    let (level, message) = skipped(&with(jwk.clone(), "y", jwk["x"].clone()));
    assert_eq!(level, NoticeLevel::Warn);
    assert!(message.contains("not on the curve"), "{message}");
}

/// 3.5: short secrets draw a warning, empty ones are refused.
#[test]
fn section_3_5_ensure_cryptographic_keys_have_sufficient_entropy() {
    let (keys, notices) = parse(Key::secret(Alg::HS256, b"password").jwk().to_string());
    assert_eq!(keys.len(), 1);
    assert_eq!(notices[0].level, NoticeLevel::Warn);
    assert!(notices[0].message.contains("64 bits"), "{notices:?}");
    let (level, _) = skipped(&json!({"kty": "oct", "k": ""}));
    assert_eq!(level, NoticeLevel::Warn);
}

/// 3.6: nothing compressed is inflated.
#[test]
fn section_3_6_avoid_compression() {
    let key = Key::fixed(Alg::HS256).without_kid();
    let minted = sign(&json!({"alg": "HS256", "zip": "DEF"}), &claims("a"), &key);
    assert_eq!(refused(minted, &load_key(&key)), "unsupported_zip");
}

/// 3.7: UTF-8 only, neither UTF-16 nor a byte order mark.
#[test]
fn section_3_7_use_utf8() {
    let key = Key::fixed(Alg::HS256).without_kid();
    let keys = load_key(&key);
    let utf16: Vec<u8> = r#"{"alg":"HS256"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bad in [
        &utf16[..],
        b"\xef\xbb\xbf{\"alg\":\"HS256\"}",
        b"{\"alg\":\"HS256\",\"a\":\"\xe9\"}",
    ] {
        assert_eq!(refused(sign_raw(bad, "{}", &key), &keys), "invalid_json");
        let minted = sign_raw(r#"{"alg":"HS256"}"#, bad, &key);
        assert_eq!(refused(minted, &keys), "invalid_json");
    }
}

/// 3.10: what the token says of itself is not trusted: a `kid` is compared, and only that.
#[test]
fn section_3_10_do_not_trust_received_claims() {
    let key = Key::fixed(Alg::HS256);
    let keys = load_key(&key);
    for kid in [
        "../../dev/null",
        "' OR 1=1 --",
        "http://attacker.example/key",
        "$(id)",
        "%00",
    ] {
        let minted = token(&key.clone().with_kid(kid), &claims("a"));
        assert_eq!(refused(minted, &keys), "unknown_key");
    }
    let attacker = Key::other(Alg::RS256);
    let header = json!({"alg": "RS256", "kid": "RS256", "jku": "https://attacker.example", "jwk": attacker.jwk()});
    let minted = sign(&header, &claims("a"), &attacker);
    assert_eq!(
        refused(minted, &load_key(&Key::fixed(Alg::RS256))),
        "bad_signature"
    );
    assert!(check(token(&key, &claims("a")), &keys).is_ok());
}

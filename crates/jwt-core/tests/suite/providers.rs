//! Tokens and key sets as real identity providers make them: strictness must not refuse them.

use crate::support::{load, load_jwk, parse, refused, with, without};
use jwt_core::NoticeLevel;
use jwt_testkit::{Alg, Key, b64, jwks, sign, token};
use serde_json::{Value, json};

fn accepted(header: &Value, claims: &Value) {
    let key = Key::fixed(Alg::RS256).with_kid("key-1");
    let mut header = header.clone();
    header["alg"] = json!("RS256");
    header["kid"] = json!("key-1");
    let keys = load(jwks(&[&key]));
    assert_eq!(
        refused(sign(&header, claims, &key), &keys),
        "accepted",
        "{header} {claims}"
    );
}

#[test]
fn headers_of_real_providers() {
    for header in [
        json!({}),
        json!({"typ": "JWT"}),
        json!({"typ": "at+jwt"}),
        json!({"typ": "application/at+jwt"}),
        json!({"typ": "at+JWT"}),
        json!({"typ": "JWT", "x5t": "nOo3ZDrODXEK1jKWhXslHR_KXEg"}),
        json!({"nonce": "AQABAAAAAAD--DLA3VO7QrddgJg7WevrXu"}),
        json!({"x5c": ["MIIDBTCCAe2gAwIBAgIQ"], "jku": "https://idp.example.com/keys"}),
    ] {
        accepted(&header, &json!({"sub": "a"}));
    }
}

#[test]
fn claims_of_real_providers() {
    for claims in [
        json!({"aud": "https://api.example.com"}),
        json!({"aud": ["https://api.example.com", "account"]}),
        json!({"scp": ["orders:read", "orders:write"]}),
        json!({"scope": "openid profile"}),
        json!({"iat": 1_700_000_000.123, "exp": 4_000_000_000.5_f64}),
        json!({"iss": "https://tenant.eu.auth0.com/"}),
        json!({"iss": "accounts.google.com", "email_verified": true}),
        json!({"cognito:groups": ["admin"], "token_use": "access", "client_id": "x"}),
        json!({"realm_access": {"roles": ["a", "b"]}, "resource_access": {"account": {"roles": []}}}),
        json!({"kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "x"}}}),
        json!({"http://schemas.example.com/claims/name": "José Ñandú 日本"}),
        json!({"sub": 12345, "nullable": null, "address": {}}),
    ] {
        accepted(&json!({"typ": "JWT"}), &claims);
    }
}

#[test]
fn jwks_with_certificates_and_more_members_load() {
    let jwk = Key::fixed(Alg::RS256).jwk();
    for jwk in [
        with(
            jwk.clone(),
            "x5c",
            json!(["MIIDBTCCAe2gAwIBAgIQ", "not looked at"]),
        ),
        with(with(jwk.clone(), "x5t", "abc"), "x5t#S256", "def"),
        with(jwk.clone(), "x5u", "https://idp.example.com/cert"),
        with(
            jwk.clone(),
            "issuer",
            "https://login.example.com/{tenantid}/v2.0",
        ),
        with(jwk.clone(), "cloud_instance_name", "example.com"),
        with(jwk.clone(), "key_ops", json!(["verify"])),
        without(jwk.clone(), &["alg"]),
        without(jwk.clone(), &["use"]),
        without(jwk, &["alg", "use", "kid"]),
    ] {
        let keys = load_jwk(&jwk);
        let minted = token(&Key::fixed(Alg::RS256), &json!({}));
        assert_eq!(refused(minted, &keys), "accepted", "{jwk}");
    }
}

/// Keycloak publishes an encryption key beside the signing key.
#[test]
fn a_set_with_an_encryption_key_loads() {
    let enc = with(
        with(Key::other(Alg::RS256).jwk(), "use", "enc"),
        "alg",
        "RSA-OAEP",
    );
    let sig = Key::fixed(Alg::RS256);
    let (keys, notices) = parse(json!({"keys": [enc, sig.jwk()]}).to_string());
    assert_eq!(keys.len(), 1);
    assert_eq!(notices[0].level, NoticeLevel::Info);
    assert_eq!(refused(token(&sig, &json!({})), &keys), "accepted");
}

#[test]
fn kids_of_any_text_pick_their_key() {
    for kid in [
        "2011-04-29",
        "DqUu8gf-nAgcyjP3-SuplNAXAnc",
        "a/b+c=",
        "with space",
        "ключ",
        "\"quoted\"",
        "{\"json\":1}",
        "🔑",
        &"long".repeat(200),
    ] {
        let key = Key::fixed(Alg::ES256).with_kid(kid);
        let keys = load(jwks(&[&Key::other(Alg::ES256).with_kid("other"), &key]));
        assert_eq!(refused(token(&key, &json!({})), &keys), "accepted", "{kid}");
    }
}

/// A hundred keys, each with its kid: the one that signed is found, whichever it is.
#[test]
fn sets_of_a_hundred_keys() {
    let keys: Vec<Key> = (0..100)
        .map(|n| {
            let key = if n % 7 == 0 {
                Key::fixed(Alg::ES256)
            } else {
                Key::other(Alg::ES256)
            };
            key.with_kid(&format!("key-{n}"))
        })
        .collect();
    let (set, notices) = parse(jwks(&keys.iter().collect::<Vec<_>>()));
    assert_eq!(set.len(), 100);
    assert_eq!(
        notices.len(),
        1,
        "tokens without kid could have 100 candidates"
    );
    for key in &keys {
        assert_eq!(refused(token(key, &json!({})), &set), "accepted");
    }
}

/// Google's x509 endpoint: an object from kid to certificate.
#[test]
fn an_object_from_kid_to_certificate() {
    let [a, b] = [
        Key::fixed(Alg::RS256).with_kid("a1b2"),
        Key::other(Alg::RS256).with_kid("c3d4"),
    ];
    let file = json!({"a1b2": a.certificate_pem(), "c3d4": b.certificate_pem()});
    let keys = load(serde_json::to_string_pretty(&file).unwrap());
    for key in [&a, &b] {
        assert_eq!(refused(token(key, &json!({})), &keys), "accepted");
    }
}

/// Java's BigInteger writes a leading zero byte into n.
#[test]
fn a_modulus_with_leading_zero_loads() {
    let jwk = Key::fixed(Alg::RS256).jwk();
    let n = jwt_testkit::unb64(jwk["n"].as_str().unwrap()).unwrap();
    let keys = load_jwk(&with(jwk, "n", b64([&[0], &n[..]].concat())));
    assert_eq!(
        refused(token(&Key::fixed(Alg::RS256), &json!({})), &keys),
        "accepted"
    );
}

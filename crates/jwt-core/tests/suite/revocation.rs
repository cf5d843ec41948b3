//! Revocation lists.

use crate::support::{check, load, load_key, without};
use jwt_core::{RevocationFormat, RevocationList, Revoked, Token};
use jwt_testkit::{Alg, Key, jwks, sign, token};
use serde_json::{Value, json};

fn list(json: impl AsRef<str>, format: RevocationFormat) -> RevocationList {
    RevocationList::parse(json.as_ref().as_bytes(), format).unwrap()
}

fn kinds(json: &str) -> RevocationList {
    list(json, RevocationFormat::Kinds)
}

/// A token with these claims, under the kid `k1`.
fn accepted(claims: &Value) -> Token {
    let key = Key::fixed(Alg::HS256).with_kid("k1");
    check(token(&key, claims), &load_key(&key)).unwrap()
}

/// A token without kid, verified by a key that has the kid `k1`, or none.
fn accepted_without_kid(key_has_kid: bool) -> Token {
    let key = Key::fixed(Alg::ES256).with_kid("k1");
    let jwk = match key_has_kid {
        true => key.jwk(),
        false => without(key.jwk(), &["kid"]),
    };
    let token = sign(&json!({"alg": "ES256"}), &json!({"sub": "alice"}), &key);
    check(token, &load(json!({"keys": [jwk]}).to_string())).unwrap()
}

#[test]
fn a_jti_is_revoked() {
    let list = kinds(r#"{"jti": ["a", "b", "b"]}"#);
    assert_eq!(list.len(), 2);
    let judge = |jti: Value| list.check(&accepted(&json!({"jti": jti})));
    assert_eq!(judge(json!("a")), Err(Revoked::Token));
    assert_eq!(judge(json!("b")), Err(Revoked::Token));
    assert_eq!(judge(json!("c")), Ok(()));
    for unusable in [json!(null), json!(1), json!(["a"]), json!("")] {
        assert_eq!(judge(unusable), Err(Revoked::Lacks("jti")));
    }
    assert_eq!(
        list.check(&accepted(&json!({}))),
        Err(Revoked::Lacks("jti"))
    );
}

#[test]
fn a_subject_is_revoked_for_what_was_issued_before() {
    let list = kinds(r#"{"sub": {"alice": 1000, "bob": 1000.5, "eve": 5, "eve": 3}}"#);
    let judge = |sub: &str, iat: Value| list.check(&accepted(&json!({"sub": sub, "iat": iat})));
    assert_eq!(judge("alice", json!(999)), Err(Revoked::Subject));
    assert_eq!(judge("alice", json!(999.5)), Err(Revoked::Subject));
    assert_eq!(judge("alice", json!(1000)), Ok(()));
    assert_eq!(judge("bob", json!(1000)), Err(Revoked::Subject));
    assert_eq!(judge("bob", json!(1001)), Ok(()));
    // Of two entries the stricter counts.
    assert_eq!(judge("eve", json!(4)), Err(Revoked::Subject));
    assert_eq!(judge("carol", json!(0)), Ok(()));
    assert_eq!(judge("carol", json!("0")), Err(Revoked::Lacks("iat")));
    assert_eq!(
        list.check(&accepted(&json!({"sub": "carol"}))),
        Err(Revoked::Lacks("iat"))
    );
    assert_eq!(
        list.check(&accepted(&json!({"iat": 2000}))),
        Err(Revoked::Lacks("sub"))
    );
    assert_eq!(
        list.check(&accepted(&json!({"iat": 2000, "sub": 7}))),
        Err(Revoked::Lacks("sub"))
    );
}

#[test]
fn subjects_may_be_revoked_outright() {
    let list = list(
        r#"{"alice": {"locked": "2023"}, "bob": null}"#,
        RevocationFormat::Subjects,
    );
    let judge = |claims: Value| list.check(&accepted(&claims));
    assert_eq!(judge(json!({"sub": "alice"})), Err(Revoked::Subject));
    assert_eq!(
        judge(json!({"sub": "bob", "iat": 99_999_999_999_u64})),
        Err(Revoked::Subject)
    );
    assert_eq!(judge(json!({"sub": "carol"})), Ok(()));
    assert_eq!(judge(json!({})), Err(Revoked::Lacks("sub")));
}

#[test]
fn a_kid_is_the_tokens_or_the_keys() {
    let revokes = kinds(r#"{"kid": ["k1"]}"#);
    let others = kinds(r#"{"kid": ["k2"]}"#);
    let none = kinds(r#"{"kid": []}"#);
    let named = accepted(&json!({}));
    assert_eq!(revokes.check(&named), Err(Revoked::Key));
    assert_eq!(others.check(&named), Ok(()));
    let of_key = accepted_without_kid(true);
    assert_eq!(of_key.key_kid(), Some("k1"));
    assert_eq!(revokes.check(&of_key), Err(Revoked::Key));
    assert_eq!(others.check(&of_key), Ok(()));
    let nameless = accepted_without_kid(false);
    for list in [&revokes, &others, &none] {
        assert_eq!(list.check(&nameless), Err(Revoked::Lacks("kid")));
    }
    // The list of kids alone wants the token to have one.
    let keys = list(r#"{"k2": {}}"#, RevocationFormat::Keys);
    assert_eq!(keys.check(&named), Ok(()));
    assert_eq!(keys.check(&of_key), Err(Revoked::Lacks("kid")));
    assert_eq!(
        list(r#"{"k1": 1}"#, RevocationFormat::Keys).check(&named),
        Err(Revoked::Key)
    );
}

/// Of several keys, the one that verified counts.
#[test]
fn the_verifying_key_counts() {
    let [a, b] = [
        Key::fixed(Alg::ES256).with_kid("a"),
        Key::other(Alg::ES256).with_kid("b"),
    ];
    let keys = load(jwks(&[&a, &b]));
    let signed = |key: &Key| sign(&json!({"alg": "ES256"}), &json!({}), key);
    let list = kinds(r#"{"kid": ["a"]}"#);
    assert_eq!(
        list.check(&check(signed(&a), &keys).unwrap()),
        Err(Revoked::Key)
    );
    assert_eq!(list.check(&check(signed(&b), &keys).unwrap()), Ok(()));
}

#[test]
fn a_list_of_no_kind_looks_at_nothing() {
    let list = kinds("{}");
    assert!(list.is_empty());
    assert_eq!(list.check(&accepted(&json!({}))), Ok(()));
}

#[test]
fn kinds_add_up() {
    let list = kinds(r#"{"jti": ["x"], "sub": {"alice": 10}, "kid": ["k9"]}"#);
    assert_eq!(list.len(), 3);
    let judge =
        |jti: &str, sub: &str| list.check(&accepted(&json!({"jti": jti, "sub": sub, "iat": 5})));
    assert_eq!(judge("y", "bob"), Ok(()));
    assert_eq!(judge("x", "bob"), Err(Revoked::Token));
    assert_eq!(judge("y", "alice"), Err(Revoked::Subject));
}

#[test]
fn a_broken_list_is_explained_without_its_content() {
    let error = |json: &str, format| {
        RevocationList::parse(json.as_bytes(), format)
            .unwrap_err()
            .to_string()
    };
    for json in [
        "",
        "[]",
        "1",
        "\"secret\"",
        "null",
        "{",
        r#"{"jti": "secret"}"#,
        r#"{"jti": [1]}"#,
        r#"{"jti": ["secret", {}]}"#,
        r#"{"jti": {"secret": 1}}"#,
        r#"{"sub": ["secret"]}"#,
        r#"{"sub": {"secret": "1"}}"#,
        r#"{"sub": {"secret": null}}"#,
        r#"{"kid": {}}"#,
        r#"{"jtis": ["secret"]}"#,
        r#"{"jti": [], "jti": []}"#,
        r#"{} x"#,
        r#"{"jti": ["secret]}"#,
        "{\"jti\": [\"\u{1}\"]}",
        r#"{"sub": {"secret": 1e999}}"#,
    ] {
        let error = error(json, RevocationFormat::Kinds);
        assert!(error.contains(" at line "), "{json}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
    for json in ["", "[\"secret\"]", "1", "{\"a\": }", "{\"a\": 1} {}"] {
        for format in [RevocationFormat::Subjects, RevocationFormat::Keys] {
            let error = error(json, format);
            assert!(error.contains(" at line "), "{json}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
    let broken = RevocationList::parse(b"{\"jti\": [\"\xff\"]}", RevocationFormat::Kinds);
    assert!(broken.is_err());
}

/// All names are found, no others.
#[test]
fn a_large_list_holds_what_it_should() {
    let names: Vec<String> = (0..100_000).map(|n| format!("\"jti-{n}\"")).collect();
    let list = kinds(&format!("{{\"jti\": [{}]}}", names.join(",")));
    assert_eq!(list.len(), names.len());
    for n in (0..100_000).step_by(997) {
        let judge = |jti: String| list.check(&accepted(&json!({"jti": jti})));
        assert_eq!(judge(format!("jti-{n}")), Err(Revoked::Token));
        assert_eq!(judge(format!("jti-x{n}")), Ok(()));
    }
}

//! A second opinion: jsonwebtoken decides about the same tokens with the same key. Where the two
//! differ, a ledger says why, and an entry that no longer differs fails too.

use crate::support::load_jwk;
use jsonwebtoken::{DecodingKey, Validation, decode};
use jwt_core::{VerifyOptions, verify};
use jwt_testkit::hostile::{self, sign_encoded};
use jwt_testkit::{Alg, Key, b64, sign, sign_raw, token};
use serde_json::json;
use std::collections::BTreeMap;

/// Now, for us.
const NOW: u64 = 1_900_000_000;

fn ours(token: &str, key: &Key) -> bool {
    let keys = [load_jwk(&key.clone().without_kid().jwk())];
    verify(token.as_bytes(), &keys, &VerifyOptions::default())
        .and_then(|token| token.check_time(NOW, 0))
        .is_ok()
}

fn theirs(token: &str, key: &Key) -> bool {
    let Ok(algorithm) = key.alg().header_name().parse() else {
        return false;
    };
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_aud = false;
    validation.validate_nbf = true;
    validation.leeway = 0;
    let jwk = serde_json::from_value(key.jwk()).unwrap();
    let Ok(key) = DecodingKey::from_jwk(&jwk) else {
        return false;
    };
    decode::<serde_json::Value>(token, &key, &validation).is_ok()
}

/// The second opinion goes by the system's clock: these are past and future for it as for NOW.
const PAST: u64 = 1_000_000_000;
const FUTURE: u64 = 4_000_000_000;

fn cases() -> BTreeMap<String, (String, Key)> {
    let mut cases = BTreeMap::new();
    let mut add = |name: String, token: String, key: &Key| {
        assert!(
            cases.insert(name.clone(), (token, key.clone())).is_none(),
            "{name} twice"
        );
    };
    for alg in Alg::ALL {
        let (key, other) = (Key::fixed(alg), Key::other(alg));
        let good = token(&key, &json!({"sub": "alice", "exp": FUTURE, "nbf": PAST}));
        let name = alg.name();
        add(
            format!("{name}: flipped"),
            hostile::flip_signature_bit(&good, 9),
            &key,
        );
        add(
            format!("{name}: another key"),
            token(&other, &json!({})),
            &key,
        );
        add(
            format!("{name}: other claims"),
            hostile::with_payload(&good, "{}"),
            &key,
        );
        add(
            format!("{name}: no signature"),
            hostile::with_signature(&good, ""),
            &key,
        );
        add(
            format!("{name}: longer"),
            hostile::with_signature(&good, [&hostile::signature(&good)[..], &[0]].concat()),
            &key,
        );
        add(
            format!("{name}: expired"),
            token(&key, &json!({"exp": PAST})),
            &key,
        );
        add(
            format!("{name}: not yet valid"),
            token(&key, &json!({"nbf": FUTURE})),
            &key,
        );
        add(
            format!("{name}: own name"),
            sign(&json!({"alg": name}), &json!({}), &key),
            &key,
        );
        add(format!("{name}: good"), good, &key);
    }
    let key = Key::fixed(Alg::HS256);
    for (name, header) in [
        ("alg missing", json!({})),
        ("alg none", json!({"alg": "none"})),
        ("alg null", json!({"alg": null})),
        ("alg lower case", json!({"alg": "hs256"})),
        ("alg HS384", json!({"alg": "HS384"})),
        ("alg RS256", json!({"alg": "RS256"})),
        ("typ at+jwt", json!({"alg": "HS256", "typ": "at+jwt"})),
        ("typ number", json!({"alg": "HS256", "typ": 1})),
        ("typ null", json!({"alg": "HS256", "typ": null})),
        ("cty number", json!({"alg": "HS256", "cty": 1})),
        ("kid number", json!({"alg": "HS256", "kid": 1})),
        ("kid null", json!({"alg": "HS256", "kid": null})),
        (
            "crit unknown",
            json!({"alg": "HS256", "crit": ["exp"], "exp": 1}),
        ),
        ("crit empty", json!({"alg": "HS256", "crit": []})),
        ("b64 false", json!({"alg": "HS256", "b64": false})),
        ("b64 true", json!({"alg": "HS256", "b64": true})),
        ("zip", json!({"alg": "HS256", "zip": "DEF"})),
        ("enc", json!({"alg": "HS256", "enc": "A128GCM"})),
        (
            "jwk of another key",
            json!({"alg": "HS256", "jwk": Key::other(Alg::ES256).jwk()}),
        ),
        (
            "jku",
            json!({"alg": "HS256", "jku": "https://attacker.example"}),
        ),
        ("x5c not an array", json!({"alg": "HS256", "x5c": 1})),
        ("extra text", json!({"alg": "HS256", "nonce": "n"})),
        ("extra number", json!({"alg": "HS256", "nonce": 1})),
        ("extra object", json!({"alg": "HS256", "org": {"a": [1]}})),
    ] {
        add(
            format!("header: {name}"),
            sign(&header, &json!({}), &key),
            &key,
        );
    }
    for (name, header) in [
        ("two algs", r#"{"alg":"HS256","alg":"HS256"}"#),
        ("two extras", r#"{"alg":"HS256","a":"1","a":"2"}"#),
        ("array", r#"["HS256"]"#),
        ("BOM", "\u{feff}{\"alg\":\"HS256\"}"),
        ("trailing text", r#"{"alg":"HS256"}x"#),
        ("blanks", " {\n\"alg\" : \"HS256\" } "),
        ("escaped name", r#"{"\u0061lg":"HS256"}"#),
        ("lone surrogate", r#"{"alg":"HS256","a":"\ud800"}"#),
    ] {
        add(
            format!("header text: {name}"),
            sign_raw(header, "{}", &key),
            &key,
        );
    }
    let deep = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    for (name, claims) in [
        ("array", "[]".to_owned()),
        ("number", "1".into()),
        ("null", "null".into()),
        ("empty", String::new()),
        ("not JSON", "hello".into()),
        ("trailing comma", r#"{"a":1,}"#.into()),
        ("trailing text", "{} x".into()),
        ("BOM", "\u{feff}{}".into()),
        ("duplicate", r#"{"sub":"a","sub":"b"}"#.into()),
        (
            "duplicate exp",
            format!(r#"{{"exp":{PAST},"exp":{FUTURE}}}"#),
        ),
        ("nested duplicate", r#"{"a":{"b":1,"b":2}}"#.into()),
        ("lone surrogate", r#"{"a":"\udc00"}"#.into()),
        ("raw control", "{\"a\":\"\n\"}".into()),
        ("nesting 60", deep(60)),
        ("nesting 100", deep(100)),
        ("nesting 1000", deep(1000)),
        ("1e400", r#"{"a":1e400}"#.into()),
        (
            "huge integer",
            r#"{"a":123456789012345678901234567890}"#.into(),
        ),
        ("exp text", format!(r#"{{"exp":"{FUTURE}"}}"#)),
        ("exp null", r#"{"exp":null}"#.into()),
        ("exp false", r#"{"exp":false}"#.into()),
        ("exp array", r#"{"exp":[]}"#.into()),
        ("exp object", r#"{"exp":{}}"#.into()),
        ("exp zero", r#"{"exp":0}"#.into()),
        ("exp negative", r#"{"exp":-1}"#.into()),
        ("exp fraction", format!(r#"{{"exp":{FUTURE}.5}}"#)),
        ("exp past fraction", format!(r#"{{"exp":{PAST}.5}}"#)),
        ("exp 1e300", r#"{"exp":1e300}"#.into()),
        ("exp 2^64", r#"{"exp":18446744073709551616}"#.into()),
        ("nbf text", format!(r#"{{"nbf":"{FUTURE}"}}"#)),
        ("nbf past text", format!(r#"{{"nbf":"{PAST}"}}"#)),
        ("nbf null", r#"{"nbf":null}"#.into()),
        ("nbf array", r#"{"nbf":[]}"#.into()),
        ("nbf negative", r#"{"nbf":-1}"#.into()),
        ("nbf fraction", format!(r#"{{"nbf":{FUTURE}.5}}"#)),
        ("nbf 1e300", r#"{"nbf":1e300}"#.into()),
        ("aud number", r#"{"aud":1,"iss":1,"sub":1}"#.into()),
    ] {
        let token = sign_raw(r#"{"alg":"HS256"}"#, claims, &key);
        add(format!("claims: {name}"), token, &key);
    }
    let good = sign_raw(r#"{"alg":"HS256" }"#, r#"{"a":10}"#, &key);
    let [header, payload, signature] = hostile::parts(&good);
    let trailing = |part| hostile::with_trailing_bits(part).unwrap();
    for (name, token) in [
        ("empty", String::new()),
        ("two parts", format!("{header}.{payload}")),
        ("four parts", format!("{good}.")),
        ("five parts", format!("{header}..a.b.c")),
        ("leading dot", format!(".{good}")),
        ("leading blank", format!(" {good}")),
        ("trailing newline", format!("{good}\n")),
        (
            "padded header",
            sign_encoded(&b64(r#"{"alg":"HS256"} "#), &format!("{payload}="), &key),
        ),
        ("padded signature", format!("{good}=")),
        (
            "trailing bits in header",
            sign_encoded(&trailing(header), payload, &key),
        ),
        (
            "trailing bits in claims",
            sign_encoded(header, &trailing(payload), &key),
        ),
        (
            "trailing bits in signature",
            format!("{header}.{payload}.{}", trailing(signature)),
        ),
        (
            "newline in claims",
            sign_encoded(
                header,
                &format!("{}\n{}", &payload[..4], &payload[4..]),
                &key,
            ),
        ),
        ("unsecured", hostile::unsecured("none", "{}")),
        ("unsecured None", hostile::unsecured("None", "{}")),
    ] {
        add(format!("form: {name}"), token, &key);
    }
    cases
}

/// Which case, who accepts what the other refuses, and why ours is right.
const LEDGER: &[(&str, &str, &str)] = &[
    ("ES512: good", "we accept", "it has no ES512"),
    ("ES512: own name", "we accept", "it has no ES512"),
    ("ES256K: good", "we accept", "it has no ES256K"),
    ("ES256K: own name", "we accept", "it has no ES256K"),
    ("Ed448: good", "we accept", "it has no Ed448"),
    ("Ed448: own name", "we accept", "it has no Ed448"),
    (
        "Ed25519: own name",
        "we accept",
        "RFC 9864: the name is another one for EdDSA",
    ),
    (
        "claims: exp 1e300",
        "we accept",
        "RFC 7519 2: any JSON number; it takes 64 bits",
    ),
    (
        "claims: exp 2^64",
        "we accept",
        "RFC 7519 2: any JSON number; it takes 64 bits",
    ),
    (
        "claims: nbf negative",
        "we accept",
        "a time before 1970 has passed",
    ),
    ("claims: nesting 100", "they accept", "our limit is 64"),
    (
        "header text: two extras",
        "they accept",
        "RFC 7515 4: member names are unique",
    ),
    (
        "header: b64 false",
        "they accept",
        "RFC 7797: the payload would not be base64url",
    ),
    (
        "header: crit empty",
        "they accept",
        "RFC 7515 4.1.11: must not be empty",
    ),
    (
        "header: crit unknown",
        "they accept",
        "RFC 7515 4.1.11: must be understood",
    ),
    (
        "header: enc",
        "they accept",
        "RFC 7516 9: `enc` marks a JWE",
    ),
    (
        "header: kid null",
        "they accept",
        "RFC 7515 4.1.4: a string",
    ),
    (
        "header: typ null",
        "they accept",
        "RFC 7515 4.1.9: a string",
    ),
    (
        "header: extra number",
        "we accept",
        "a member that concerns nobody may be of any type",
    ),
    (
        "header: x5c not an array",
        "we accept",
        "`x5c` is never looked at",
    ),
    (
        "header: zip",
        "they accept",
        "RFC 8725 3.6: nothing compressed",
    ),
];

#[test]
fn decisions_differ_only_where_the_ledger_says_so() {
    let mut wrong = Vec::new();
    let cases = cases();
    for (name, (token, key)) in &cases {
        let (we, they) = (ours(token, key), theirs(token, key));
        let actual = match (we, they) {
            (true, false) => Some("we accept"),
            (false, true) => Some("they accept"),
            _ => None,
        };
        let expected = LEDGER.iter().find(|entry| entry.0 == name);
        if actual != expected.map(|entry| entry.1) {
            wrong.push(format!("{name}: {actual:?}, ledger: {expected:?}"));
        }
        if name.ends_with(": good") {
            assert!(we, "{name}");
        }
    }
    for (name, ..) in LEDGER {
        assert!(cases.contains_key(*name), "no case {name:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

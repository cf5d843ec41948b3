//! The form of a token: parts, base64url, JSON and header, each strictly.

use crate::support::{check, load, load_key, refused};
use jwt_core::{Candidate, Error, Part, Unverified, VerifyOptions, verify};
use jwt_testkit::{Alg, Key, b64, hostile, sign, sign_raw, token};
use serde_json::{Value, json};
use std::fmt::Write;

fn key() -> Key {
    Key::fixed(Alg::HS256).without_kid()
}

fn good() -> String {
    token(&key(), &json!({"sub": "alice"}))
}

/// The code for a token with this header, well signed.
fn header(header: &Value) -> &'static str {
    refused(sign(header, &json!({}), &key()), &load_key(&key()))
}

/// The code for a token with these claims, well signed.
fn claims(claims: impl AsRef<[u8]>) -> &'static str {
    let token = sign_raw(r#"{"alg":"HS256"}"#, claims, &key());
    refused(token, &load_key(&key()))
}

#[test]
fn only_three_parts_are_a_token() {
    let keys = load_key(&key());
    let good = good();
    let [header, payload, signature] = hostile::parts(&good);
    for bad in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        header.into(),
        format!("{header}.{payload}"),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{header}..{payload}.{signature}"),
        format!("{header}.{payload}.{signature}.{header}.{payload}"),
    ] {
        assert!(check(&bad, &keys).is_err(), "{bad}");
        if bad.matches('.').count() != 2 {
            assert_eq!(refused(&bad, &keys), "not_three_parts", "{bad}");
        }
    }
    let flattened = json!({"protected": header, "payload": payload, "signature": signature});
    for serialized in [flattened.to_string(), format!("{flattened}..")] {
        assert_eq!(check(serialized, &keys).unwrap_err().status(), "malformed");
    }
}

#[test]
fn empty_parts_are_refused() {
    let keys = load_key(&key());
    let good = good();
    let [header, payload, signature] = hostile::parts(&good);
    assert_eq!(refused("..", &keys), "invalid_json");
    assert_eq!(
        refused(format!(".{payload}.{signature}"), &keys),
        "invalid_json"
    );
    assert_eq!(
        refused(format!("{header}..{signature}"), &keys),
        "bad_signature"
    );
    assert_eq!(
        refused(format!("{header}.{payload}."), &keys),
        "bad_signature"
    );
    assert_eq!(claims(""), "invalid_json");
}

/// Whatever a lenient decoder would take for the same bytes, in each part.
#[test]
fn base64url_is_strict_in_every_part() {
    let key = key();
    let keys = load_key(&key);
    // Lengths 1 and 2 modulo 3, so that every part has trailing bits.
    let good = sign_raw(r#"{"alg":"HS256" }"#, r#"{"sub":"a" }"#, &key);
    let good = if hostile::parts(&good)[1].len().is_multiple_of(4) {
        sign_raw(r#"{"alg":"HS256" }"#, r#"{"sub":"a"}"#, &key)
    } else {
        good
    };
    assert!(check(&good, &keys).is_ok());
    for part in 0..3 {
        let original = hostile::parts(&good)[part].to_owned();
        let (front, back) = original.split_at(8);
        let mut bad = vec![
            format!("{original}="),
            format!("{original}=="),
            format!("{original}A"),
            format!(" {original}"),
            format!("{original} "),
            format!("{original}\n"),
            format!("{original}\0"),
            hostile::with_trailing_bits(&original).unwrap(),
        ];
        for inserted in [
            "=", " ", "\n", "\r\n", "\t", "\0", "+", "/", "%2D", "é", "\u{ff0d}", "~",
        ] {
            bad.push(format!("{front}{inserted}{back}"));
        }
        for bad in bad {
            let mut parts = hostile::parts(&good);
            parts[part] = &bad;
            // Signed as it stands: a lenient decoder would accept it.
            let resigned = hostile::sign_encoded(parts[0], parts[1], &key);
            let token = if part == 2 { parts.join(".") } else { resigned };
            let code = refused(&token, &keys);
            assert_ne!(code, "accepted", "part {part}: {bad:?}");
            if !bad.ends_with('A') {
                assert_eq!(code, "invalid_base64url", "part {part}: {bad:?}");
            }
        }
        // Bytes that are not even ASCII.
        for byte in 0x80..=0xff_u8 {
            let mut token = good.clone().into_bytes();
            let at = good.len() - hostile::parts(&good)[2..].concat().len() + 3;
            token[at] = byte;
            assert_eq!(refused(&token, &keys), "invalid_base64url");
        }
    }
}

/// The decoder itself, for every length: each character that a lenient decoder takes for the last one.
#[test]
fn trailing_bits_are_refused_at_every_length() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let key = key();
    let keys = load_key(&key);
    for length in 0..40 {
        let padding = " ".repeat(length);
        let payload = b64(format!("{{}}{padding}"));
        let token = hostile::sign_encoded(&b64(r#"{"alg":"HS256"}"#), &payload, &key);
        assert_eq!(refused(token, &keys), "accepted");
        let dropped_bits = match payload.len() % 4 {
            2 => 4,
            3 => 2,
            _ => continue,
        };
        let (front, last) = payload.split_at(payload.len() - 1);
        let last = ALPHABET.find(last).unwrap();
        for (index, other) in ALPHABET.char_indices() {
            if index != last && index >> dropped_bits == last >> dropped_bits {
                let payload = format!("{front}{other}");
                let token = hostile::sign_encoded(&b64(r#"{"alg":"HS256"}"#), &payload, &key);
                assert_eq!(refused(token, &keys), "invalid_base64url", "{payload}");
            }
        }
    }
}

#[test]
fn long_tokens_are_refused_at_the_limit() {
    let keys = [load_key(&key())];
    let good = good();
    let limit = |max_token_size| VerifyOptions {
        max_token_size,
        ..VerifyOptions::default()
    };
    assert!(verify(good.as_bytes(), &keys, &limit(good.len())).is_ok());
    let error = verify(good.as_bytes(), &keys, &limit(good.len() - 1)).unwrap_err();
    assert_eq!(
        (error.code(), error.status()),
        ("token_too_long", "malformed")
    );
    let long = token(&key(), &json!({"sub": "a".repeat(16 * 1024)}));
    assert_eq!(refused(long, &keys[0]), "token_too_long");
    assert!(Unverified::parse(good.as_bytes(), good.len() - 1).is_err());
}

#[test]
fn json_is_strict_in_header_and_claims() {
    let deep = |depth: usize| {
        let (open, close) = (r#"{"a":"#.repeat(depth - 1), "}".repeat(depth - 1));
        format!("{open}{{}}{close}")
    };
    let arrays = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    let bad: Vec<Vec<u8>> = [
        "",
        " ",
        "null",
        "true",
        "1",
        "\"text\"",
        "[]",
        "[{}]",
        "{",
        "}",
        "{}{}",
        "{},",
        "{} x",
        "{}\0",
        "\u{feff}{}",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":-Infinity}",
        "{\"a\":1e400}",
        "{\"a\":-1e400}",
        "{\"a\":1e9999999}",
        "{\"a\":0x10}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x41\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\u0041\"}",
        "{\"\\ud800\":1}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"\":1,\"\":2}",
        "// comment\n{}",
        "{}/**/",
        "{\"a\":undefined}",
        "{\"a\" 1}",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([
        deep(65).into_bytes(),
        deep(2000).into_bytes(),
        arrays(64).into_bytes(),
        arrays(5000).into_bytes(),
        b"{\"a\":\"\xff\"}".to_vec(),
        b"{\"a\":\"\xc0\xaf\"}".to_vec(),
        b"{\"a\":\"\xed\xa0\x80\"}".to_vec(),
        b"{\"a\":\"\xf5\x80\x80\x80\"}".to_vec(),
        b"{\"\xff\":1}".to_vec(),
        vec![0],
        format!("{{\"a\":1{}}}", "0".repeat(5000)).into_bytes(),
    ])
    .collect();
    let keys = load_key(&key());
    for text in bad {
        let shown = String::from_utf8_lossy(&text);
        assert_eq!(claims(&text), "invalid_json", "claims {shown:.80}");
        assert_eq!(
            refused(sign_raw(&text, "{}", &key()), &keys),
            "invalid_json",
            "header {shown:.80}"
        );
        assert!(Unverified::parse(sign_raw("{}", &text, &key()).as_bytes(), 1 << 14).is_err());
    }
    for good in [
        "{}".to_owned(),
        " \t\r\n{ } \n".into(),
        deep(64),
        arrays(63),
        r#"{"a":{"b":1,"b":2}}"#.into(),
        r#"{"a":"\ud83d\ude00","é":"\u0000"}"#.into(),
        r#"{"a":-0,"b":1.5e-3,"c":1E+2,"d":123456789012345678901234567890}"#.into(),
    ] {
        assert_eq!(claims(&good), "accepted", "{good}");
    }
}

/// Depth bombs, with a limit that lets them through to the parser.
#[test]
fn nesting_without_end_is_refused_without_recursion() {
    let options = VerifyOptions {
        max_token_size: 1 << 22,
        ..VerifyOptions::default()
    };
    let keys = [load_key(&key())];
    for bomb in ["[", "{\"a\":", "[{\"a\":"] {
        let text = format!("{{\"a\":{}", bomb.repeat(100_000));
        for token in [
            sign_raw(r#"{"alg":"HS256"}"#, &text, &key()),
            sign_raw(&text, "{}", &key()),
        ] {
            let error = verify(token.as_bytes(), &keys, &options).unwrap_err();
            assert_eq!(error.code(), "invalid_json");
        }
    }
}

/// A header of thousands of members is no trouble, and one duplicate among them is found.
#[test]
fn duplicates_are_found_among_thousands() {
    let mut members = String::from(r#""alg":"HS256""#);
    for number in 0..900 {
        write!(members, r#","{number}":0"#).unwrap();
    }
    let keys = load_key(&key());
    let token = |header: &str| sign_raw(header, "{}", &key());
    assert_eq!(refused(token(&format!("{{{members}}}")), &keys), "accepted");
    let twice = format!(r#"{{{members},"700":1}}"#);
    assert_eq!(refused(token(&twice), &keys), "invalid_json");
    let two_algs = r#"{"alg":"HS256","alg":"none"}"#;
    assert_eq!(refused(token(two_algs), &keys), "invalid_json");
}

#[test]
fn header_members_that_would_change_the_meaning_are_refused() {
    for (member, value, code) in [
        ("kid", json!(1), "invalid_header_type"),
        ("kid", json!(null), "invalid_header_type"),
        ("kid", json!(["a"]), "invalid_header_type"),
        ("kid", json!({}), "invalid_header_type"),
        ("typ", json!(false), "invalid_header_type"),
        ("typ", json!(null), "invalid_header_type"),
        ("cty", json!([]), "invalid_header_type"),
        ("crit", json!([]), "unsupported_crit"),
        ("crit", json!(["exp"]), "unsupported_crit"),
        ("crit", json!(["b64"]), "unsupported_crit"),
        (
            "crit",
            json!(["http://example.com/UNDEFINED"]),
            "unsupported_crit",
        ),
        ("crit", json!("exp"), "unsupported_crit"),
        ("crit", json!(null), "unsupported_crit"),
        ("b64", json!(false), "unsupported_b64"),
        ("b64", json!(null), "unsupported_b64"),
        ("b64", json!("false"), "unsupported_b64"),
        ("zip", json!("DEF"), "unsupported_zip"),
        ("zip", json!(null), "unsupported_zip"),
        ("enc", json!("A128GCM"), "unexpected_enc"),
        ("enc", json!(null), "unexpected_enc"),
    ] {
        let mut object = json!({"alg": "HS256"});
        object[member] = value;
        assert_eq!(header(&object), code, "{object}");
    }
}

#[test]
fn header_members_of_no_concern_are_let_be() {
    for object in [
        json!({"alg": "HS256", "typ": "at+jwt"}),
        json!({"alg": "HS256", "typ": "JWT", "cty": "JWT"}),
        json!({"alg": "HS256", "typ": ""}),
        json!({"alg": "HS256", "kid": ""}),
        json!({"alg": "HS256", "b64": true}),
        json!({"alg": "HS256", "x5t": "abc", "nonce": 1, "org": {"a": [1]}}),
    ] {
        assert_eq!(header(&object), "accepted", "{object}");
    }
}

/// RFC 8725 3.10: the key in a token's own header is never used.
#[test]
fn keys_inside_the_token_are_never_used() {
    let attacker = Key::other(Alg::ES256);
    let keys = load_key(&Key::fixed(Alg::ES256));
    for (member, value) in [
        ("jwk", attacker.jwk()),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!([b64(attacker.spki_der())])),
    ] {
        let mut header = json!({"alg": "ES256", "kid": "ES256"});
        header[member] = value;
        let token = sign(&header, &json!({}), &attacker);
        assert_eq!(refused(token, &keys), "bad_signature", "{member}");
        let token = sign(&header, &json!({}), &Key::fixed(Alg::ES256));
        assert_eq!(
            refused(token, &keys),
            "accepted",
            "{member} beside a good signature"
        );
    }
}

/// A malformed token is malformed even where no key is there; only then it is our fault.
#[test]
fn malformed_comes_before_the_lack_of_keys() {
    let none = load(r#"{"keys":[]}"#);
    for (token, code) in [
        ("a.b".to_owned(), "not_three_parts"),
        ("!.b.c".into(), "invalid_base64url"),
        (sign_raw("[]", "{}", &key()), "invalid_json"),
        (hostile::unsecured("none", "{}"), "alg_unsupported"),
        (good(), "no_usable_key"),
    ] {
        assert_eq!(refused(&token, &none), code);
        let error = verify(token.as_bytes(), &[], &VerifyOptions::default()).unwrap_err();
        assert_eq!(error.code(), code);
        assert_eq!(error.is_ours(), code == "no_usable_key");
    }
}

/// Claims are parsed only once the signature is good.
#[test]
fn claims_are_not_parsed_before_the_signature() {
    let token = sign_raw(r#"{"alg":"HS256"}"#, "not json", &key());
    let other = load_key(&Key::other(Alg::HS256).without_kid());
    assert_eq!(refused(&token, &other), "bad_signature");
    let error = check(token, &load_key(&key())).unwrap_err();
    assert!(matches!(
        error,
        Error::Json {
            part: Part::Claims,
            ..
        }
    ));
}

/// RFC 7516: five parts, or a header with `enc`, are not a signed token.
#[test]
fn encrypted_tokens_are_refused() {
    let keys = load_key(&key());
    let header = b64(r#"{"alg":"dir","enc":"A128GCM"}"#);
    assert_eq!(
        refused(format!("{header}..aaaa.bbbb.cccc"), &keys),
        "not_three_parts"
    );
    assert_eq!(
        refused(format!("{header}.aaaa.bbbb"), &keys),
        "unexpected_enc"
    );
}

#[test]
fn what_is_logged_is_bounded_and_escaped_and_holds_no_claims() {
    let keys = load_key(&Key::fixed(Alg::HS256));
    let evil = format!("x\r\n\"\\\u{1b}[31m{}", "k".repeat(500));
    for header in [
        json!({"alg": "HS256", "kid": evil, "typ": evil}),
        json!({"alg": evil}),
    ] {
        let token = sign(&header, &json!({"secret-claim": "private"}), &key());
        let error = check(&token, &keys).unwrap_err();
        let line = error.to_string();
        assert!(line.len() < 300, "{line}");
        assert!(
            line.bytes().all(|byte| (0x20..0x7f).contains(&byte)),
            "{line}"
        );
        assert!(line.contains(r#"x\r\n\"\\\u{1b}[31m"#), "{line}");
        assert!(!line.contains("private") && !line.contains("secret-claim"));
        assert!(!line.contains(hostile::parts(&token)[2]));
        assert!(!error.description().contains("kkk"));
    }
}

/// What a client is told does not tell an unknown key from a bad signature.
#[test]
fn descriptions_tell_nothing_about_keys() {
    let keys = load_key(&Key::fixed(Alg::HS256));
    let unknown = token(&Key::fixed(Alg::HS256).with_kid("?"), &json!({}));
    let forged = token(&Key::other(Alg::HS256), &json!({}));
    let unknown = check(unknown, &keys).unwrap_err();
    let forged = check(forged, &keys).unwrap_err();
    assert_eq!(
        (unknown.code(), unknown.status()),
        ("unknown_key", "unknown_key")
    );
    assert_eq!(
        (forged.code(), forged.status()),
        ("bad_signature", "bad_signature")
    );
    assert_eq!(unknown.description(), forged.description());
    assert!(!unknown.is_ours() && !forged.is_ours());
}

#[test]
fn unverified_shows_header_and_issuer() {
    let token = sign(
        &json!({"alg": "RS256", "kid": "a"}),
        &json!({"iss": "https://idp.example.com", "sub": "alice"}),
        &key(),
    );
    let seen = Unverified::parse(token.as_bytes(), 16384).unwrap();
    assert_eq!(
        seen.iss().unwrap().as_str(),
        Some("https://idp.example.com")
    );
    assert_eq!(seen.header().get("kid").unwrap().as_str(), Some("a"));
    let without = sign(&json!({"alg": "RS256"}), &json!({}), &key());
    assert!(
        Unverified::parse(without.as_bytes(), 16384)
            .unwrap()
            .iss()
            .is_none()
    );
}

#[test]
fn a_candidate_shows_its_issuer_and_no_more() {
    let iss = "https://idp.example.com";
    let token = sign(
        &json!({"alg": "RS256", "kid": "a"}),
        &json!({"a": {"iss": "inner"}, "iss": iss, "z": [1.5, null, "iss"]}),
        &key(),
    );
    let candidate = Candidate::parse(token.as_bytes(), 16384).unwrap();
    assert_eq!(candidate.iss().unwrap().unwrap().as_str(), Some(iss));
    for (claims, kind) in [
        (json!({}), None),
        (json!({"iss": null}), Some(jwt_core::Value::Null)),
        (json!({"iss": [iss]}), None),
    ] {
        let token = sign(&json!({"alg": "RS256"}), &claims, &key());
        let found = Candidate::parse(token.as_bytes(), 16384).unwrap();
        let found = found.iss().unwrap();
        assert!(found.as_ref().and_then(|iss| iss.as_str()).is_none());
        assert!(kind.is_none() || found == kind);
    }
}

#[test]
fn what_no_key_could_make_good_waits_for_none() {
    let all = VerifyOptions::default().algorithms;
    let check = |header: &str, claims: &str| {
        let token = sign_raw(header, claims, &key());
        Candidate::parse(token.as_bytes(), 16384)
            .and_then(|candidate| candidate.check_form(all))
            .map_err(|error| error.status())
    };
    assert_eq!(check(r#"{"alg":"RS256"}"#, r#"{"iss":"a"}"#), Ok(()));
    for (header, claims, status) in [
        (r#"{"alg":"none"}"#, "{}", "unsupported_alg"),
        (r#"{"alg":"RSA1_5"}"#, "{}", "unsupported_alg"),
        ("{}", "{}", "unsupported_alg"),
        (r#"{"alg":"RS256","crit":["exp"]}"#, "{}", "malformed"),
        (r#"{"alg":"RS256"}"#, "[]", "malformed"),
        (
            r#"{"alg":"RS256"}"#,
            r#"{"iss":"a","iss":"b"}"#,
            "malformed",
        ),
        (r#"{"alg":"RS256"}"#, r#"{"iss":"a"} x"#, "malformed"),
    ] {
        assert_eq!(check(header, claims), Err(status), "{header} {claims}");
    }
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    assert_eq!(check(r#"{"alg":"RS256"}"#, &deep), Err("malformed"));
}

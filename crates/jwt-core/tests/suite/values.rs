//! Claims as variables show them.

use crate::support::{check, load_key};
use jwt_core::{Number, Token, Value};
use jwt_testkit::{Alg, Key, sign_raw};

fn token(claims: &str) -> Token {
    let key = Key::fixed(Alg::HS256);
    let token = sign_raw(r#"{"alg":"HS256","kid":"HS256"}"#, claims, &key);
    check(token, &load_key(&key)).unwrap()
}

/// What `$jwt_claim_v` shows for a value.
fn text(json: &str) -> Option<String> {
    let token = token(&format!(r#"{{"v":{json}}}"#));
    token
        .claims()
        .get("v")
        .unwrap()
        .text()
        .map(|text| text.into_owned())
}

#[test]
fn values_read_as_the_directives_promise() {
    for (json, expected) in [
        (r#""plain text""#, "plain text"),
        (r#""""#, ""),
        (r#""é \" \\ \/ \ud83d\ude00""#, "é \" \\ / 😀"),
        (r#""a,b""#, "a,b"),
        ("true", "true"),
        ("false", "false"),
        ("0", "0"),
        ("-1", "-1"),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9007199254740993", "9007199254740993"),
        ("1.5", "1.5"),
        ("0.1", "0.1"),
        ("1e2", "100.0"),
        ("[]", ""),
        (r#"["a"]"#, "a"),
        (r#"["a","b c",""]"#, "a,b c,"),
        ("[1,true,null,1.5]", "1,true,null,1.5"),
        (r#"["a",["b","c"],{"d":"e"}]"#, r#"a,["b","c"],{"d":"e"}"#),
        ("{}", "{}"),
        (r#"{"b":[1,"x"],"a":null}"#, r#"{"a":null,"b":[1,"x"]}"#),
        (
            r#"{"a":"line\nend\u007f\"\\"}"#,
            r#"{"a":"line\u000aend\u007f\"\\"}"#,
        ),
        (r#"[{"a":"\u0000"}]"#, r#"{"a":"\u0000"}"#),
    ] {
        assert_eq!(text(json).as_deref(), Some(expected), "{json}");
    }
}

#[test]
fn null_control_bytes_and_inexact_numbers_are_not_found() {
    for json in [
        "null",
        r#""\u0000""#,
        r#""a\u0000b""#,
        r#""a\r\nX-Admin: 1""#,
        r#""\t""#,
        r#""\u001f""#,
        r#""\u007f""#,
        r#"["a","b\n"]"#,
        "18446744073709551616",
        "-9223372036854775809",
        "9007199254740992.0",
        "1e300",
        "[1e300]",
    ] {
        assert_eq!(text(json), None, "{json}");
    }
}

#[test]
fn integers_beyond_64_bits_are_marked() {
    let token = token(r#"{"a":18446744073709551615,"b":18446744073709551616,"c":-1,"d":0.5}"#);
    let number = |name| match token.claims().get(name) {
        Some(Value::Number(number)) => *number,
        other => panic!("{other:?}"),
    };
    assert_eq!(number("a"), Number::Unsigned(u64::MAX));
    assert_eq!(number("c"), Number::Negative(-1));
    assert!(number("a").is_exact() && number("c").is_exact() && number("d").is_exact());
    assert!(!number("b").is_exact());
}

#[test]
fn the_payload_is_as_received_and_the_claims_are_sorted() {
    let received = " {\"z\" : 1.0,\r\n \"a\":{\"y\":\"\\u0041\",\"b\":[ ]} } ";
    let token = token(received);
    assert_eq!(token.payload(), received);
    assert_eq!(
        token.claims().to_sorted_json(),
        r#"{"a":{"b":[],"y":"A"},"z":1.0}"#
    );
    let names: Vec<_> = token.claims().iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "z"]);
    assert_eq!(
        (token.claims().len(), token.claims().is_empty()),
        (2, false)
    );
}

#[test]
fn of_nested_duplicates_the_last_wins() {
    let token = token(r#"{"a":{"x":1,"y":0,"x":2,"x":3,"b":0}}"#);
    let a = token.claims().get("a").unwrap();
    assert_eq!(a.text().unwrap(), r#"{"b":0,"x":3,"y":0}"#);
}

#[test]
fn claims_do_not_leak_through_debug() {
    let token = token(r#"{"sub":"private"}"#);
    assert!(!format!("{token:?}").contains("private"));
}

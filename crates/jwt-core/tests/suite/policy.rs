//! Audience, scope, profile.

use crate::support::{check, load_key};
use jwt_core::{Object, Profile, ProfileError, ScopeDemand, Value, is_audience_of};
use jwt_testkit::{Alg, Key, sign};
use serde_json::json;

fn object(json: &str) -> Object {
    match Value::from_json(json).unwrap() {
        Value::Object(object) => object,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_of_the_audiences_is_enough() {
    let wanted = ["https://api.example.com", "api"];
    for (claims, expected) in [
        (r#"{"aud":"api"}"#, true),
        (r#"{"aud":["other","https://api.example.com"]}"#, true),
        (r#"{"aud":[1,"api"]}"#, true),
        (r#"{"aud":"https://api.example.com/"}"#, false),
        (r#"{"aud":"API"}"#, false),
        (r#"{"aud":"api other"}"#, false),
        (r#"{"aud":["other"]}"#, false),
        (r#"{"aud":[["api"]]}"#, false),
        (r#"{"aud":[]}"#, false),
        (r#"{"aud":""}"#, false),
        (r#"{"aud":null}"#, false),
        (r#"{"aud":0}"#, false),
        (r#"{"aud":false}"#, false),
        (r#"{"aud":{"api":true}}"#, false),
        ("{}", false),
    ] {
        assert_eq!(
            is_audience_of(object(claims).get("aud"), &wanted),
            expected,
            "{claims}"
        );
    }
    assert!(!is_audience_of(
        object(r#"{"aud":""}"#).get("aud"),
        &[] as &[&str]
    ));
}

#[test]
fn scopes_are_names_in_a_string_or_an_array() {
    let demand = |any, names: &[&str]| ScopeDemand {
        any,
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    for (claims, all, any) in [
        (r#"{"scope":"read write"}"#, true, true),
        (r#"{"scope":"write other read"}"#, true, true),
        (r#"{"scope":"read  write"}"#, true, true),
        (r#"{"scope":"read"}"#, false, true),
        (r#"{"scope":"reader writer"}"#, false, false),
        (r#"{"scope":"READ WRITE"}"#, false, false),
        (r#"{"scope":"read,write"}"#, false, false),
        (r#"{"scope":"read\twrite"}"#, false, false),
        (r#"{"scope":""}"#, false, false),
        (r#"{"scope":["read","write"]}"#, true, true),
        (r#"{"scope":["read",1,null]}"#, false, true),
        (r#"{"scope":["read write"]}"#, false, false),
        (r#"{"scp":"read write"}"#, true, true),
        (r#"{"scp":["write","read"]}"#, true, true),
        // scope counts where it is, whatever it is
        (r#"{"scope":"read","scp":"write"}"#, false, true),
        (r#"{"scope":"","scp":"read write"}"#, false, false),
        (r#"{"scope":null,"scp":"read write"}"#, false, false),
        (r#"{"scope":{"read":1,"write":1}}"#, false, false),
        (r#"{"scope":true}"#, false, false),
        (r#"{"scopes":"read write"}"#, false, false),
        ("{}", false, false),
    ] {
        let claims = object(claims);
        assert_eq!(
            demand(false, &["read", "write"]).is_met(&claims),
            all,
            "{claims:?}"
        );
        assert_eq!(
            demand(true, &["read", "write"]).is_met(&claims),
            any,
            "{claims:?}"
        );
    }
    for name in [
        "read",
        "api:read",
        "https://example.com/x",
        "!",
        "~",
        "a'b",
        "[",
        "]",
    ] {
        assert!(ScopeDemand::is_name(name), "{name}");
    }
    for name in ["", "a b", "a\"b", "a\\b", "a\tb", "ä", "a\u{7f}"] {
        assert!(!ScopeDemand::is_name(name), "{name}");
    }
}

#[test]
fn an_access_token_has_what_rfc_9068_demands() {
    let key = Key::fixed(Alg::ES256);
    let keys = load_key(&key);
    let judge = |typ: &serde_json::Value, claims: &serde_json::Value| {
        let header = json!({"alg": "ES256", "kid": key.kid(), "typ": typ});
        let token = check(sign(&header, claims, &key), &keys).unwrap();
        Profile::AccessToken.check(&token)
    };
    let claims = json!({
        "iss": "https://idp.example.com", "sub": "alice", "client_id": "app", "jti": "1",
        "exp": 1, "iat": 0, "aud": "api",
    });
    for typ in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/AT+jwt",
    ] {
        assert_eq!(judge(&json!(typ), &claims), Ok(()));
    }
    for typ in [
        "JWT",
        "",
        "jwt+at",
        "application/jwt",
        "at+jwt ",
        "x/at+jwt",
    ] {
        assert_eq!(
            judge(&json!(typ), &claims),
            Err(ProfileError("typ")),
            "{typ}"
        );
    }
    for name in ["iss", "sub", "client_id", "jti", "exp", "iat", "aud"] {
        let mut without = claims.clone();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(judge(&json!("at+jwt"), &without), Err(ProfileError(name)));
        for wrong in [json!(null), json!(true), json!({})] {
            let mut claims = claims.clone();
            claims[name] = wrong;
            // exp and iat of another type are refused elsewhere too; here they must not pass.
            assert_eq!(judge(&json!("at+jwt"), &claims), Err(ProfileError(name)));
        }
    }
    assert_eq!(Profile::from_name("at+jwt"), Some(Profile::AccessToken));
    assert_eq!(Profile::from_name("JWT"), None);
}

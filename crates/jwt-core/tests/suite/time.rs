//! `exp` and `nbf` (RFC 7519 4.1.4, 4.1.5).

use crate::support::{check, load_key};
use jwt_core::{Error, Token};
use jwt_testkit::{Alg, Key, sign_raw};
use serde_json::json;

fn token(claims: &str) -> Token {
    let key = Key::fixed(Alg::HS256);
    check(
        sign_raw(r#"{"alg":"HS256","kid":"HS256"}"#, claims, &key),
        &load_key(&key),
    )
    .unwrap()
}

#[test]
fn the_second_of_exp_is_too_late_and_that_of_nbf_is_not_too_early() {
    let exp = token(r#"{"exp":1000}"#);
    let nbf = token(r#"{"nbf":1000}"#);
    for (now, leeway, expired, early) in [
        (999, 0, false, true),
        (1000, 0, true, false),
        (1001, 0, true, false),
        (1000, 1, false, false),
        (1029, 30, false, false),
        (1030, 30, true, false),
        (970, 30, false, false),
        (969, 30, false, true),
        (0, 0, false, true),
        (u64::MAX, 0, true, false),
        (u64::MAX, u64::MAX, false, false),
        (0, u64::MAX, false, false),
    ] {
        let result = |failed, error| if failed { Err(error) } else { Ok(()) };
        assert_eq!(
            exp.check_time(now, leeway),
            result(expired, Error::Expired),
            "{now} {leeway}"
        );
        assert_eq!(
            nbf.check_time(now, leeway),
            result(early, Error::NotYetValid),
            "{now} {leeway}"
        );
        assert_eq!(exp.check_exp(now, leeway), exp.check_time(now, leeway));
        assert_eq!(nbf.check_nbf(now, leeway), nbf.check_time(now, leeway));
        assert_eq!(exp.check_nbf(now, leeway), Ok(()));
        assert_eq!(nbf.check_exp(now, leeway), Ok(()));
    }
}

#[test]
fn fractions_and_extremes_are_numbers() {
    for (claims, now, expected) in [
        (r#"{"exp":1000.5}"#, 1000, Ok(())),
        (r#"{"exp":1000.5}"#, 1001, Err(Error::Expired)),
        (r#"{"exp":1e3}"#, 999, Ok(())),
        (r#"{"exp":1e3}"#, 1000, Err(Error::Expired)),
        (r#"{"nbf":999.5}"#, 999, Err(Error::NotYetValid)),
        (r#"{"nbf":999.5}"#, 1000, Ok(())),
        (r#"{"exp":0}"#, 0, Err(Error::Expired)),
        (r#"{"exp":-1}"#, 0, Err(Error::Expired)),
        (r#"{"exp":-0.5}"#, 0, Err(Error::Expired)),
        (r#"{"exp":-9223372036854775808}"#, 0, Err(Error::Expired)),
        (r#"{"exp":-1e300}"#, 0, Err(Error::Expired)),
        (r#"{"nbf":-1e300}"#, 0, Ok(())),
        (r#"{"exp":18446744073709551615}"#, u64::MAX - 1, Ok(())),
        (
            r#"{"exp":18446744073709551615}"#,
            u64::MAX,
            Err(Error::Expired),
        ),
        (r#"{"exp":18446744073709551616}"#, 2_000_000_000, Ok(())),
        (r#"{"exp":1e300}"#, u64::MAX, Ok(())),
        (r#"{"nbf":1e300}"#, u64::MAX, Err(Error::NotYetValid)),
        (r#"{"nbf":0}"#, 0, Ok(())),
        (r#"{}"#, 0, Ok(())),
        (r#"{"exp":2000,"nbf":1000}"#, 1500, Ok(())),
        (r#"{"exp":2000,"nbf":1000}"#, 2000, Err(Error::Expired)),
        (r#"{"exp":2000,"nbf":1000}"#, 999, Err(Error::NotYetValid)),
    ] {
        assert_eq!(
            token(claims).check_time(now, 0),
            expected,
            "{claims} at {now}"
        );
    }
}

/// CVE-2026-25537: a value of the wrong type must not count as absent.
#[test]
fn what_is_not_a_number_is_malformed() {
    for name in ["exp", "nbf"] {
        for value in [
            json!(""),
            json!(null),
            json!([]),
            json!({}),
            json!(false),
            json!(true),
            json!("99999999999"),
            json!("2099-01-01T00:00:00Z"),
            json!([99_999_999_999_u64]),
        ] {
            let claims = json!({name: value}).to_string();
            let error = token(&claims).check_time(1000, 0).unwrap_err();
            assert_eq!(error.code(), "invalid_time_claim", "{claims}");
            assert_eq!(error.status(), "malformed", "{claims}");
        }
    }
}

#[test]
fn the_other_claim_does_not_hide_a_bad_one() {
    let claims = r#"{"exp":9999999999,"nbf":"0"}"#;
    assert_eq!(
        token(claims).check_time(1000, 0),
        Err(Error::TimeClaim("nbf"))
    );
}

#[test]
fn words_for_the_outside() {
    assert_eq!(Error::Expired.status(), "expired");
    assert_eq!(Error::Expired.description(), "the token expired");
    assert_eq!(Error::NotYetValid.status(), "not_yet_valid");
    assert_eq!(
        Error::NotYetValid.description(),
        "the token is not yet valid"
    );
}

//! `exp`, `nbf`, leeway, and the switches for time and signature.

use jwt_testkit::{Alg, Key, b64, hostile, now, sign_raw, token};
use nginx_tests::{Config, cases, good, key, user, with_claims};
use serde_json::json;

/// The claim with this JSON as its value; `NOW+n` and `NOW-n` are filled in.
fn decide(extra: &str, claims: &str, status: u16, word: &str) {
    let mut text = claims.to_owned();
    while let Some(start) = text.find("NOW") {
        let rest = &text[start + 3..];
        let end = rest
            .find(|c: char| !"+-0123456789".contains(c))
            .unwrap_or(rest.len());
        let offset: i64 = rest[..end].parse().unwrap_or(0);
        let time = i64::try_from(now()).unwrap() + offset;
        text = format!("{}{time}{}", &text[..start], &rest[end..]);
    }
    let token = sign_raw(r#"{"alg":"ES256"}"#, text, &key());
    Config::guarded("times", extra)
        .start()
        .get_with("/", &token)
        .assert(status, word);
}

fn times(claims: &str, status: u16, word: &str) {
    decide("", claims, status, word);
}

cases! { without_leeway = times:
    no_times(r#"{"sub":"a"}"#, 200, "ok");
    exp_ahead(r#"{"exp":NOW+60}"#, 200, "ok");
    exp_past(r#"{"exp":NOW-1}"#, 401, "expired");
    exp_now(r#"{"exp":NOW}"#, 401, "expired");
    exp_long_past(r#"{"exp":1}"#, 401, "expired");
    exp_zero(r#"{"exp":0}"#, 401, "expired");
    exp_negative(r#"{"exp":-1}"#, 401, "expired");
    exp_negative_and_huge(r#"{"exp":-9223372036854775808}"#, 401, "expired");
    exp_fraction_ahead(r#"{"exp":NOW+60.5}"#, 200, "ok");
    exp_fraction_past(r#"{"exp":NOW-1.5}"#, 401, "expired");
    exp_with_an_exponent(r#"{"exp":4e9}"#, 200, "ok");
    exp_huge(r#"{"exp":18446744073709551615}"#, 200, "ok");
    exp_beyond_64_bits(r#"{"exp":18446744073709551616}"#, 200, "ok");
    exp_of_1e300(r#"{"exp":1e300}"#, 200, "ok");
    exp_not_finite(r#"{"exp":1e400}"#, 401, "malformed");
    exp_text(r#"{"exp":"4000000000"}"#, 401, "malformed");
    exp_empty_text(r#"{"exp":""}"#, 401, "malformed");
    exp_null(r#"{"exp":null}"#, 401, "malformed");
    exp_array(r#"{"exp":[]}"#, 401, "malformed");
    exp_array_of_a_number(r#"{"exp":[4000000000]}"#, 401, "malformed");
    exp_object(r#"{"exp":{}}"#, 401, "malformed");
    exp_true(r#"{"exp":true}"#, 401, "malformed");
    exp_false(r#"{"exp":false}"#, 401, "malformed");
    nbf_past(r#"{"nbf":NOW-1}"#, 200, "ok");
    nbf_now(r#"{"nbf":NOW}"#, 200, "ok");
    nbf_ahead(r#"{"nbf":NOW+60}"#, 401, "not_yet_valid");
    nbf_zero(r#"{"nbf":0}"#, 200, "ok");
    nbf_negative(r#"{"nbf":-1}"#, 200, "ok");
    nbf_fraction_ahead(r#"{"nbf":NOW+60.5}"#, 401, "not_yet_valid");
    nbf_huge(r#"{"nbf":18446744073709551615}"#, 401, "not_yet_valid");
    nbf_of_1e300(r#"{"nbf":1e300}"#, 401, "not_yet_valid");
    nbf_text(r#"{"nbf":"0"}"#, 401, "malformed");
    nbf_empty_text(r#"{"nbf":""}"#, 401, "malformed");
    nbf_null(r#"{"nbf":null}"#, 401, "malformed");
    nbf_array(r#"{"nbf":[]}"#, 401, "malformed");
    nbf_object(r#"{"nbf":{}}"#, 401, "malformed");
    nbf_false(r#"{"nbf":false}"#, 401, "malformed");
    both_good(r#"{"nbf":NOW-60,"exp":NOW+60}"#, 200, "ok");
    both_bad(r#"{"nbf":NOW+60,"exp":NOW-60}"#, 401, "expired");
    iat_ahead_is_nobodys_business(r#"{"iat":NOW+60}"#, 200, "ok");
    iat_with_a_fraction(r#"{"iat":NOW-1.25}"#, 200, "ok");
}

cases! { with_leeway = decide:
    exp_within("auth_jwt_leeway 60s;", r#"{"exp":NOW-30}"#, 200, "ok");
    exp_beyond("auth_jwt_leeway 60s;", r#"{"exp":NOW-61}"#, 401, "expired");
    nbf_within("auth_jwt_leeway 60s;", r#"{"nbf":NOW+30}"#, 200, "ok");
    nbf_beyond("auth_jwt_leeway 60s;", r#"{"nbf":NOW+120}"#, 401, "not_yet_valid");
    minutes("auth_jwt_leeway 2m;", r#"{"exp":NOW-90}"#, 200, "ok");
    no_unit_means_seconds("auth_jwt_leeway 60;", r#"{"exp":NOW-30}"#, 200, "ok");
    zero("auth_jwt_leeway 0;", r#"{"exp":NOW-1}"#, 401, "expired");
    huge_leeway_does_not_wrap("auth_jwt_leeway 68y;", r#"{"exp":NOW+1,"nbf":NOW}"#, 200, "ok");
    huge_exp_does_not_wrap("auth_jwt_leeway 68y;", r#"{"exp":18446744073709551615}"#, 200, "ok");
    negative_exp_does_not_wrap("auth_jwt_leeway 60s;", r#"{"exp":-1}"#, 401, "expired");
}

cases! { validate_exp_off = decide:
    expired("auth_jwt_validate_exp off;", r#"{"exp":1}"#, 200, "ok");
    nbf_is_still_checked("auth_jwt_validate_exp off;", r#"{"nbf":NOW+60}"#, 401, "not_yet_valid");
    nbf_of_the_wrong_type("auth_jwt_validate_exp off;", r#"{"nbf":"x"}"#, 401, "malformed");
    on_again("auth_jwt_validate_exp on;", r#"{"exp":1}"#, 401, "expired");
}

/// Without a signature check, and without any key.
fn unverified(token: &str, status: u16, word: &str) {
    let nginx = Config::new("no signature check, and no key")
        .server(
            "location / { auth_jwt a; auth_jwt_validate_sig off;
                 add_header Status $jwt_status always; add_header Sub <$jwt_claim_sub> always;
                 try_files /ok.txt =500; }",
        )
        .start();
    let response = nginx.get_with("/", token);
    response.assert(status, word);
    let sub = if status == 200 { "<ann>" } else { "<>" };
    assert_eq!(response.header("Sub"), Some(sub));
}

fn ann(key: &Key) -> String {
    token(key, &json!({"sub": "ann"}))
}

cases! { validate_sig_off = unverified:
    good_signature(&ann(&key()), 200, "unverified");
    another_key(&ann(&Key::other(Alg::ES256)), 200, "unverified");
    any_kid(&ann(&key().with_kid("x")), 200, "unverified");
    every_algorithm(&ann(&Key::fixed(Alg::Ed448)), 200, "unverified");
    a_signature_of_one_byte(&hostile::with_signature(&ann(&key()), b"x"), 200, "unverified");
    none(&hostile::unsecured("none", "{\"sub\":\"ann\"}"), 401, "unsupported_alg");
    none_with_a_signature(&hostile::with_header(&ann(&key()), "{\"alg\":\"none\"}"), 401, "unsupported_alg");
    unknown_alg(&hostile::with_header(&ann(&key()), "{\"alg\":\"X\"}"), 401, "unsupported_alg");
    two_parts(&format!("{}.{}", b64("{\"alg\":\"ES256\"}"), b64("{}")), 401, "malformed");
    bad_header(&hostile::with_header(&ann(&key()), "{"), 401, "malformed");
    bad_payload(&hostile::with_payload(&ann(&key()), "{"), 401, "malformed");
    crit(&hostile::with_header(&ann(&key()), "{\"alg\":\"ES256\",\"crit\":[\"x\"]}"), 401, "malformed");
    expired(&with_claims(&json!({"sub": "ann", "exp": 1})), 401, "expired");
}

#[test]
fn validate_sig_off_forgets_nothing_of_the_rest() {
    let nginx = Config::guarded(
        "no signature check",
        "auth_jwt_validate_sig off; auth_jwt_require $jwt_claim_none error=403;",
    )
    .start();
    nginx.get("/").assert(401, "missing");
    nginx.get_with("/", &good()).assert(403, "claim");
    nginx
        .get_with("/", &token(&Key::other(Alg::ES256), &user()))
        .assert(403, "claim");
}

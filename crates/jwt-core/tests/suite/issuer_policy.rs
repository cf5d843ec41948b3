//! What an issuer's tokens must hold: each check fires, for every wrong value.

use crate::support::{check, load_key, parse};
use jwt_core::{
    AlgorithmSet, CertificateThumbprint, Confirmation, IssuerError, IssuerPolicy, KeyLoadOptions,
    KeySet, NoticeLevel, Token, certificate_thumbprint,
};
use jwt_testkit::{Alg, Key, sign_raw};
use serde_json::{Value, json};

const ISS: &str = "https://idp.example.com";
const NOW: u64 = 1_000_000;

fn token_of(header: &Value, claims: &Value) -> Token {
    let key = Key::fixed(Alg::HS256);
    let mut full = json!({"alg": "HS256", "kid": "HS256"});
    for (name, value) in header.as_object().unwrap() {
        full[name] = value.clone();
    }
    check(
        sign_raw(full.to_string(), claims.to_string(), &key),
        &load_key(&key),
    )
    .unwrap()
}

/// A token of the issuer, good for ten minutes, with one claim set.
fn with(name: &str, value: Value) -> Token {
    let mut claims = json!({"iss": ISS, "exp": NOW + 600});
    claims[name] = value;
    token_of(&json!({}), &claims)
}

fn policy() -> IssuerPolicy {
    IssuerPolicy {
        names: vec![ISS.into(), "idp.example.com".into()],
        ..IssuerPolicy::default()
    }
}

fn judge(policy: &IssuerPolicy, token: &Token) -> Result<(), IssuerError> {
    policy.check(token, NOW, policy.leeway(None), || None)
}

/// What stands where something else should.
fn wrong_values() -> [Value; 8] {
    [
        json!(null),
        json!(""),
        json!([]),
        json!({}),
        json!(false),
        json!([1, null, [ISS]]),
        json!({"a": ISS}),
        json!("else"),
    ]
}

#[test]
fn every_name_of_the_issuer_is_compared_byte_by_byte() {
    let token = |iss: Value| with("iss", iss);
    assert_eq!(judge(&policy(), &token(json!(ISS))), Ok(()));
    assert_eq!(judge(&policy(), &token(json!("idp.example.com"))), Ok(()));
    let near = [
        "https://idp.example.com/",
        "HTTPS://idp.example.com",
        "https://idp.example.com ",
        "http://idp.example.com",
        "https://idp.example.co",
        "https://idp.example.com\u{0}",
    ];
    for iss in wrong_values().into_iter().chain(near.map(|iss| json!(iss))) {
        let verdict = judge(&policy(), &token(iss.clone()));
        assert!(matches!(verdict, Err(IssuerError::Unknown(_))), "{iss}");
    }
    let none = token_of(&json!({}), &json!({"exp": NOW + 1}));
    assert_eq!(judge(&policy(), &none), Err(IssuerError::Unknown(None)));
}

#[test]
fn the_audience_must_be_there_once_one_is_named() {
    let policy = IssuerPolicy {
        audience: vec!["a".into(), "b".into()],
        ..policy()
    };
    for good in [json!("a"), json!("b"), json!(["x", "b"]), json!([1, "a"])] {
        assert_eq!(judge(&policy, &with("aud", good.clone())), Ok(()), "{good}");
    }
    for wrong in wrong_values().into_iter().chain([json!("A"), json!("a ")]) {
        let verdict = judge(&policy, &with("aud", wrong.clone()));
        assert_eq!(verdict, Err(IssuerError::Audience), "{wrong}");
    }
    assert_eq!(
        judge(&policy, &with("sub", json!("a"))),
        Err(IssuerError::Audience)
    );
    let cognito = IssuerPolicy {
        audience_claim: "client_id".into(),
        ..policy
    };
    assert_eq!(judge(&cognito, &with("client_id", json!("a"))), Ok(()));
    assert_eq!(
        judge(&cognito, &with("aud", json!("a"))),
        Err(IssuerError::Audience)
    );
}

#[test]
fn required_claims_must_hold_something() {
    let policy = IssuerPolicy {
        require: vec!["exp".into(), "sub".into()],
        ..policy()
    };
    for good in [json!("x"), json!(0), json!(false), json!(["x"])] {
        assert_eq!(judge(&policy, &with("sub", good.clone())), Ok(()), "{good}");
    }
    for wrong in [json!(null), json!(""), json!([]), json!({})] {
        let verdict = judge(&policy, &with("sub", wrong.clone()));
        assert!(
            matches!(verdict, Err(IssuerError::ClaimMissing(_))),
            "{wrong}"
        );
    }
    let without_exp = token_of(&json!({}), &json!({"iss": ISS}));
    let verdict = judge(&IssuerPolicy { ..self::policy() }, &without_exp);
    assert!(matches!(verdict, Err(IssuerError::ClaimMissing(_))));
}

#[test]
fn the_type_is_compared_without_its_prefix_and_case() {
    let of = |typ: Value| token_of(&json!({"typ": typ}), &json!({"iss": ISS, "exp": NOW + 1}));
    let policy = IssuerPolicy {
        types: vec!["at+jwt".into()],
        ..policy()
    };
    for good in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
    ] {
        assert_eq!(judge(&policy, &of(json!(good))), Ok(()), "{good}");
    }
    for wrong in [
        "JWT",
        "",
        "at+jwt ",
        "text/at+jwt",
        "application/",
        "application",
    ] {
        assert_eq!(
            judge(&policy, &of(json!(wrong))),
            Err(IssuerError::Type),
            "{wrong}"
        );
    }
    assert_eq!(
        judge(&policy, &with("typ", json!("at+jwt"))),
        Err(IssuerError::Type)
    );
}

#[test]
fn iat_is_a_number_that_is_not_later_than_now() {
    let policy = IssuerPolicy {
        leeway: Some(30),
        ..policy()
    };
    let judge =
        |token: &Token, location| policy.check(token, NOW, policy.leeway(Some(location)), || None);
    for (iat, location, good) in [
        (json!(NOW), 0, true),
        (json!(0), 0, true),
        (json!(NOW as f64 - 0.5), 0, true),
        (json!(NOW + 1), 0, false),
        (json!(NOW + 30), 60, true),
        (json!(NOW + 31), 60, false),
        (json!(NOW + 11), 10, false),
        (json!(1e300), 60, false),
        (json!("1"), 60, false),
        (json!(null), 60, false),
        (json!([NOW]), 60, false),
    ] {
        let verdict = judge(&with("iat", iat.clone()), location);
        let expected = if good {
            Ok(())
        } else {
            Err(IssuerError::IssuedAt)
        };
        assert_eq!(verdict, expected, "{iat} {location}");
    }
}

#[test]
fn a_long_life_is_refused() {
    let policy = IssuerPolicy {
        max_lifetime: Some(600),
        require: Vec::new(),
        ..policy()
    };
    for (exp, iat, good) in [
        (json!(NOW + 600), json!(NOW), true),
        (json!(NOW + 601), json!(NOW), false),
        (json!(NOW + 10), json!(NOW - 590), true),
        (json!(NOW + 10), json!(NOW - 591), false),
        (json!(1e300), json!(NOW), false),
        (json!("1"), json!(NOW), false),
    ] {
        let claims = json!({"iss": ISS, "exp": exp, "iat": iat});
        let verdict = judge(&policy, &token_of(&json!({}), &claims));
        let expected = if good {
            Ok(())
        } else {
            Err(IssuerError::Lifetime)
        };
        assert_eq!(verdict, expected, "{claims}");
    }
    let endless = token_of(&json!({}), &json!({"iss": ISS, "iat": NOW}));
    assert_eq!(judge(&policy, &endless), Err(IssuerError::Lifetime));
    let without_iat = with("sub", json!("x"));
    assert_eq!(judge(&policy, &without_iat), Ok(()));
}

#[test]
fn a_bound_token_is_no_bearer_token() {
    let own: CertificateThumbprint = [7; 32];
    let encoded = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    let bound = with("cnf", json!({"x5t#S256": encoded}));
    let others = [
        with("cnf", json!({"jkt": encoded})),
        with("cnf", json!({"x5t#S256": "BwcH"})),
        with("cnf", json!({"x5t#S256": format!("{encoded}=")})),
        with("cnf", json!({"x5t#S256": [encoded]})),
        with("cnf", json!(encoded)),
        with("cnf", json!(null)),
    ];
    let of = |confirmation| IssuerPolicy {
        confirmation,
        ..policy()
    };
    let judge = |confirmation, token: &Token, certificate| {
        of(confirmation).check(token, NOW, 0, || certificate)
    };
    let unbound = with("sub", json!("x"));
    assert_eq!(judge(Confirmation::Refuse, &unbound, None), Ok(()));
    assert_eq!(judge(Confirmation::Ignore, &bound, None), Ok(()));
    assert_eq!(judge(Confirmation::MutualTls, &bound, Some(own)), Ok(()));
    for token in others.iter().chain([&bound]) {
        let refused = judge(Confirmation::Refuse, token, Some(own));
        assert_eq!(refused, Err(IssuerError::Bound));
        assert_eq!(judge(Confirmation::Ignore, token, None), Ok(()));
    }
    let failed = Err(IssuerError::Certificate);
    for token in others.iter().chain([&unbound]) {
        assert_eq!(judge(Confirmation::MutualTls, token, Some(own)), failed);
    }
    assert_eq!(judge(Confirmation::MutualTls, &bound, None), failed);
    assert_eq!(
        judge(Confirmation::MutualTls, &bound, Some([8; 32])),
        failed
    );
}

#[test]
fn the_thumbprint_is_that_of_the_der() {
    let pem = b"-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n";
    let abc = certificate_thumbprint(pem).unwrap();
    assert_eq!(abc[..4], [0xba, 0x78, 0x16, 0xbf]); // FIPS 180-4, "abc"
    let key = b"-----BEGIN PUBLIC KEY-----\nYWJj\n-----END PUBLIC KEY-----\n";
    assert_eq!(certificate_thumbprint(key), None);
    assert_eq!(certificate_thumbprint(b""), None);
}

#[test]
fn the_default_algorithms_need_no_secret() {
    let names = AlgorithmSet::asymmetric().to_string();
    assert_eq!(
        names,
        "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 ES256K Ed25519 Ed448"
    );
}

#[test]
fn a_published_secret_is_skipped_with_a_warning() {
    let secret = Key::fixed(Alg::HS256).jwk();
    let public = Key::fixed(Alg::ES256).jwk();
    let file = json!({"keys": [secret, public]}).to_string();
    assert_eq!(parse(&file).0.len(), 2);
    let options = KeyLoadOptions {
        published: true,
        ..KeyLoadOptions::default()
    };
    let (keys, notices) = KeySet::parse(file.as_bytes(), None, &options).unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(notices[0].level, NoticeLevel::Warn);
    assert!(notices[0].message.contains("secret"), "{notices:?}");
}

//! `auth_jwt_audience`, `auth_jwt_algorithms`, `auth_jwt_profile`.

use jwt_testkit::{Alg, Key, sign, token};
use nginx_tests::{Config, Nginx, cases, good, key, user, user_with};
use serde_json::{Value, json};

fn with_aud(aud: Value) -> String {
    token(&key(), &user_with("aud", aud))
}

fn status(directives: &str, aud: Value) -> u16 {
    let nginx = Config::guarded("auth_jwt_audience", directives).start();
    nginx.get_with("/", &with_aud(aud)).status
}

fn judged(aud: Value, expected: u16) {
    let directive = "auth_jwt_audience https://api.example.com api;";
    assert_eq!(status(directive, aud.clone()), expected, "{aud}");
}

cases! { audience = judged:
    the_first(json!("https://api.example.com"), 200);
    the_second(json!("api"), 200);
    one_of_an_array(json!(["x", "api"]), 200);
    absent(Value::Null, 401);
    empty_text(json!(""), 401);
    an_empty_array(json!([]), 401);
    an_empty_object(json!({}), 401);
    zero(json!(0), 401);
    no(json!(false), 401);
    another(json!("other"), 401);
    other_case(json!("API"), 401);
    longer(json!("api2"), 401);
    a_list_as_text(json!("x api"), 401);
    an_array_in_an_array(json!([["api"]]), 401);
    an_object(json!({"api": true}), 401);
}

#[test]
fn null_is_not_an_audience() {
    let nginx = Config::guarded("auth_jwt_audience", "auth_jwt_audience api;").start();
    let mut claims = user();
    claims["aud"] = Value::Null;
    nginx
        .get_with("/", &token(&key(), &claims))
        .assert(401, "audience");
}

#[test]
fn the_wrong_audience_is_the_tokens_fault() {
    let nginx = Config::guarded(
        "auth_jwt_audience",
        "auth_jwt_audience api; add_header Sub <$jwt_claim_sub> always;",
    )
    .start();
    let answer = nginx.get_with("/", &with_aud(json!("private-other-audience")));
    answer.assert(401, "audience");
    assert_eq!(
        answer.challenge(),
        "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"the audience is not accepted\""
    );
    // Not accepted here, so none of its claims is shown.
    assert_eq!(answer.header("Sub"), Some("<>"));
    let line = nginx.log().wait_for("audience", 1);
    assert!(!line.contains("private-other"), "{line}");
    nginx
        .get_with("/", &with_aud(json!("api")))
        .assert(200, "ok");
    // The time counts first: nothing is said about an expired token but that.
    let mut claims = user();
    claims["exp"] = json!(jwt_testkit::now() - 60);
    nginx
        .get_with("/", &token(&key(), &claims))
        .assert(401, "expired");
}

/// Directives and levels must all be met, values of one directive need not.
#[test]
fn audiences_add_up() {
    let nginx = Config::new("auth_jwt_audience at three levels")
        .keys(&[&key()])
        .http("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_audience a1 a2;")
        .server(
            "auth_jwt_audience b;
             location /in { auth_jwt_audience c; auth_jwt_audience d; try_files /ok.txt =500; }
             location /afresh { auth_jwt_require_inherit off; auth_jwt_audience c; try_files /ok.txt =500; }
             location /nothing { auth_jwt_require_inherit off; try_files /ok.txt =500; }",
        )
        .start();
    let ask = |target: &str, aud: &[&str]| nginx.get_with(target, &with_aud(json!(aud))).status;
    assert_eq!(ask("/ok.txt", &["a1", "b"]), 200);
    assert_eq!(ask("/ok.txt", &["a2", "b"]), 200);
    assert_eq!(ask("/ok.txt", &["a1", "a2"]), 401);
    assert_eq!(ask("/ok.txt", &["b"]), 401);
    assert_eq!(ask("/in", &["a1", "b", "c", "d"]), 200);
    for aud in [
        ["a1", "b", "c"],
        ["a1", "b", "d"],
        ["a1", "c", "d"],
        ["b", "c", "d"],
    ] {
        assert_eq!(ask("/in", &aud), 401, "{aud:?}");
    }
    assert_eq!(ask("/afresh", &["c"]), 200);
    assert_eq!(ask("/afresh", &["a1", "b"]), 401);
    assert_eq!(ask("/nothing", &["x"]), 200);
}

/// One token, and two locations of which only one takes it, in both orders.
#[test]
fn a_redirect_decides_the_audience_anew() {
    let nginx = Config::guarded(
        "two audiences and redirects between them",
        "location /lax { rewrite ^ /strict last; }
         location /try { try_files /absent /strict; }
         location /strict { auth_jwt_audience strict; add_header Sub <$jwt_claim_sub> always; try_files /ok.txt =500; }
         location /out { auth_jwt_audience strict; error_page 401 =200 /ok.txt; try_files /ok.txt =500; }",
    )
    .start();
    for target in ["/lax", "/try", "/strict"] {
        let answer = nginx.get_with(target, &good());
        assert_eq!(
            (answer.status, answer.header("Sub")),
            (401, Some("<>")),
            "{target}"
        );
        assert_eq!(
            nginx.get_with(target, &with_aud(json!("strict"))).status,
            200
        );
    }
    assert_eq!(nginx.get_with("/out", &good()).status, 200);
}

fn two_keys() -> [Key; 2] {
    [Key::fixed(Alg::RS256), Key::fixed(Alg::ES256)]
}

/// Which of RS256 and ES256 a location takes.
fn taken(nginx: &Nginx, target: &str) -> [bool; 2] {
    two_keys().map(|key| nginx.get_with(target, &token(&key, &user())).status == 200)
}

#[test]
fn algorithms_intersect() {
    let [rsa, ec] = two_keys();
    let nginx = Config::new("auth_jwt_algorithms at three levels")
        .keys(&[&rsa, &ec])
        .http("auth_jwt a; auth_jwt_key_file jwks.json; add_header Status $jwt_status always;")
        .server(
            "auth_jwt_algorithms RS256 ES256 EdDSA; try_files /ok.txt =500;
             location /all { try_files /ok.txt =500; }
             location /rsa { auth_jwt_algorithms HS256 RS256 Ed25519; try_files /ok.txt =500;
                             location /rsa/in { auth_jwt_algorithms RS256 ES256; try_files /ok.txt =500; } }
             location /ec { auth_jwt_algorithms ES256; try_files /ok.txt =500; }
             location /afresh { auth_jwt_require_inherit off; auth_jwt_algorithms ES256 ES384; try_files /ok.txt =500; }",
        )
        .start();
    assert_eq!(taken(&nginx, "/all"), [true, true]);
    assert_eq!(taken(&nginx, "/rsa"), [true, false]);
    assert_eq!(taken(&nginx, "/rsa/in"), [true, false]);
    assert_eq!(taken(&nginx, "/ec"), [false, true]);
    assert_eq!(taken(&nginx, "/afresh"), [false, true]);
    nginx
        .get_with("/ec", &token(&rsa, &user()))
        .assert(401, "unsupported_alg");
}

/// A token that a lax location verified is not good for one that does not take its algorithm.
#[test]
fn a_redirect_does_not_lend_an_algorithm() {
    let nginx = Config::guarded(
        "two sets of algorithms",
        "location /lax { try_files /absent /strict; }
         location /strict { auth_jwt_algorithms RS256; try_files /ok.txt =500; }",
    )
    .start();
    nginx
        .get_with("/lax", &good())
        .assert(401, "unsupported_alg");
}

/// A good access token of RFC 9068, with one claim changed.
fn access_token(typ: &str, name: &str, value: Value) -> String {
    let mut claims = user();
    for (name, value) in [
        ("iss", json!("https://idp.example.com")),
        ("aud", json!("api")),
        ("client_id", json!("app")),
        ("jti", json!("1")),
        ("iat", json!(jwt_testkit::now())),
    ] {
        claims[name] = value;
    }
    claims[name] = value;
    let header = json!({"alg": key().alg().header_name(), "kid": key().kid(), "typ": typ});
    sign(&header, &claims, &key())
}

#[test]
fn a_profile_is_kept() {
    let nginx = Config::guarded(
        "auth_jwt_profile",
        "auth_jwt_profile at+jwt; auth_jwt_audience api;
         auth_jwt_require_claim iss in json=[\"https://idp.example.com\"];",
    )
    .start();
    let ask =
        |typ: &str, name: &str, value: Value| nginx.get_with("/", &access_token(typ, name, value));
    ask("at+jwt", "x", json!(1)).assert(200, "ok");
    ask("application/AT+JWT", "x", json!(1)).assert(200, "ok");
    let answer = ask("JWT", "x", json!(1));
    answer.assert(401, "claim");
    assert!(
        answer
            .challenge()
            .contains("the token type is not accepted")
    );
    for name in ["sub", "client_id", "jti", "iat", "iss"] {
        let answer = ask("at+jwt", name, Value::Null);
        answer.assert(401, "claim");
        assert!(
            answer.challenge().contains("a required claim is missing"),
            "{name}"
        );
    }
    ask("at+jwt", "aud", json!("other")).assert(401, "audience");
    ask("at+jwt", "iss", json!("https://evil.example.com")).assert(401, "claim");
}

#[test]
fn a_profile_is_inherited() {
    let nginx = Config::new("auth_jwt_profile in the server")
        .keys(&[&key()])
        .server(
            "auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_profile at+jwt; auth_jwt_audience api;
             auth_jwt_require_claim .iss eq https://idp.example.com;
             location /in { auth_jwt_profile at+jwt; try_files /ok.txt =500; }
             location /afresh { auth_jwt_require_inherit off; try_files /ok.txt =500; }
             location /off { auth_jwt off; try_files /ok.txt =500; }",
        )
        .start();
    for (target, plain) in [
        ("/ok.txt", 401),
        ("/in", 401),
        ("/afresh", 200),
        ("/off", 200),
    ] {
        assert_eq!(nginx.get_with(target, &good()).status, plain, "{target}");
        let token = access_token("at+jwt", "x", json!(1));
        assert_eq!(nginx.get_with(target, &token).status, 200, "{target}");
    }
}

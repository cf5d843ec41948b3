//! `auth_jwt_scope`.

use jwt_testkit::token;
use nginx_tests::{Config, Request, cases, good, key, user_with};
use serde_json::{Value, json};

fn with_scope(scope: &str) -> String {
    token(&key(), &user_with("scope", json!(scope)))
}

fn status(directives: &str, claim: &str, value: Value) -> u16 {
    let nginx = Config::guarded("auth_jwt_scope", directives).start();
    let answer = nginx.get_with("/", &token(&key(), &user_with(claim, value)));
    answer.status
}

fn judged(directive: &str, claim: &str, value: Value, expected: u16) {
    assert_eq!(
        status(directive, claim, value.clone()),
        expected,
        "{directive} {claim} {value}"
    );
}

const ALL: &str = "auth_jwt_scope read write;";
const ANY: &str = "auth_jwt_scope any read write;";

cases! { scope = judged:
    all_of_them(ALL, "scope", json!("write read more"), 200);
    one_of_two(ALL, "scope", json!("read"), 403);
    any_of_them(ANY, "scope", json!("more write"), 200);
    none_of_them(ANY, "scope", json!("more"), 403);
    in_scp(ALL, "scp", json!("read write"), 200);
    an_array(ALL, "scope", json!(["read", "write"]), 200);
    an_array_in_scp(ANY, "scp", json!(["write"]), 200);
    absent(ANY, "scope", Value::Null, 403);
    empty_text(ANY, "scope", json!(""), 403);
    an_empty_array(ANY, "scope", json!([]), 403);
    an_object(ANY, "scope", json!({"read": true}), 403);
    zero(ANY, "scope", json!(0), 403);
    yes(ANY, "scope", json!(true), 403);
    a_longer_word(ANY, "scope", json!("reader"), 403);
    other_case(ANY, "scope", json!("READ"), 403);
    commas(ANY, "scope", json!("read,write"), 403);
    another_claim(ANY, "scopes", json!("read write"), 403);
}

#[test]
fn what_is_lacking_is_told() {
    let nginx = Config::guarded(
        "auth_jwt_scope at two levels",
        "auth_jwt_scope read; location /in { auth_jwt_scope any write read admin:all; try_files /ok.txt =500; }",
    )
    .start();
    let answer = nginx.get_with("/", &good());
    answer.assert(403, "scope");
    assert_eq!(
        answer.challenge(),
        "Bearer realm=\"api\", error=\"insufficient_scope\", \
         error_description=\"the scope is not sufficient\", scope=\"read\""
    );
    let missing = nginx.get("/in");
    missing.assert(401, "missing");
    assert_eq!(
        missing.challenge(),
        "Bearer realm=\"api\", scope=\"read write admin:all\""
    );
    let bad = nginx.get_with("/in", "x.y.z");
    bad.assert(401, "malformed");
    assert!(
        bad.challenge().ends_with("scope=\"read write admin:all\""),
        "{}",
        bad.challenge()
    );
    nginx.get_with("/in", &with_scope("read")).assert(200, "ok");
    nginx
        .get_with("/in", &with_scope("write"))
        .assert(403, "scope");
    let malformed = nginx.ask(&Request::get("/").header("Authorization", "Bearer a b"));
    assert!(
        !malformed.challenge().contains("scope"),
        "{}",
        malformed.challenge()
    );
}

/// Wherever the token was found: all is told that the header's is told.
fn told(source: &str, request: impl Fn(&str) -> Request) {
    let nginx = Config::new("too little scope, in a token of another place")
        .keys(&[&key()])
        .tokens_in_request_line()
        .server(format!(
            "location / {{ auth_jwt api token={source}; auth_jwt_key_file jwks.json; auth_jwt_scope read;
                           auth_jwt_require_claim groups any json=[\"admin\"]; try_files /ok.txt =500; }}"
        ))
        .start();
    let ask = |token: &str| nginx.ask(&request(token));
    let poor = ask(&good());
    assert_eq!(poor.status, 403);
    assert!(
        poor.challenge()
            .starts_with("Bearer realm=\"api\", error=\"insufficient_scope\", ")
            && poor.challenge().ends_with(", scope=\"read\""),
        "{poor:?}"
    );
    for (token, start) in [
        (String::new(), "Bearer realm=\"api\", scope=\"read\""),
        (
            "x".to_owned(),
            "Bearer realm=\"api\", error=\"invalid_token\", ",
        ),
        (
            token(&key(), &user_with("groups", json!("none"))),
            "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"a requirement",
        ),
    ] {
        let refused = ask(&token);
        assert_eq!(refused.status, 401);
        assert!(
            refused.challenge().starts_with(start)
                && refused.challenge().ends_with("scope=\"read\""),
            "{refused:?}"
        );
    }
    assert_eq!(ask(&with_scope("read")).status, 200);
}

cases! { sources = told:
    cookie("$cookie_jwt", |token| Request::get("/").header("Cookie", &format!("jwt={token}")));
    another_header("$http_x_token", |token| Request::get("/").header("X-Token", token));
    query("$arg_token", |token| Request::get(&format!("/?token={token}")));
    a_second_place("$cookie_none token=$cookie_jwt", |token| Request::get("/").header("Cookie", &format!("jwt={token}")));
}

/// The token is good: its claims are shown, to a page that explains, say.
#[test]
fn a_token_with_too_little_scope_is_accepted() {
    let nginx = Config::guarded(
        "claims of a token with too little scope",
        "auth_jwt_scope read; add_header Groups <$jwt_claim_groups> always;",
    )
    .start();
    let answer = nginx.get_with("/", &good());
    answer.assert(403, "scope");
    assert_eq!(answer.header("Groups"), Some("<admin,dev>"));
}

#[test]
fn scopes_add_up() {
    let nginx = Config::new("auth_jwt_scope at three levels")
        .keys(&[&key()])
        .http("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_scope a;")
        .server(
            "auth_jwt_scope any b c;
             location /in { auth_jwt_scope d; auth_jwt_scope e; try_files /ok.txt =500; }
             location /afresh { auth_jwt_require_inherit off; auth_jwt_scope d; try_files /ok.txt =500; }
             location /except { limit_except POST { auth_jwt_scope f; } proxy_pass http://@UPSTREAM@; }",
        )
        .start();
    let ask = |target: &str, scope: &str| nginx.get_with(target, &with_scope(scope)).status;
    assert_eq!(ask("/ok.txt", "a b"), 200);
    assert_eq!(ask("/ok.txt", "a c"), 200);
    assert_eq!(ask("/ok.txt", "a"), 403);
    assert_eq!(ask("/ok.txt", "b c"), 403);
    assert_eq!(ask("/in", "a b d e"), 200);
    for scope in ["a b d", "a b e", "a d e", "b d e"] {
        assert_eq!(ask("/in", scope), 403, "{scope}");
    }
    assert_eq!(ask("/afresh", "d"), 200);
    assert_eq!(ask("/except", "a b"), 403);
    assert_eq!(ask("/except", "a b f"), 200);
}

/// An anonymous request has no scope, and may come back with a token.
#[test]
fn an_anonymous_request_is_asked_for_a_token() {
    let nginx = Config::guarded(
        "auth_jwt_optional and a scope",
        "auth_jwt_optional on; auth_jwt_scope read;",
    )
    .start();
    let answer = nginx.get("/");
    assert_eq!(answer.status, 401);
    assert_eq!(answer.challenge(), "Bearer realm=\"api\", scope=\"read\"");
    nginx.get_with("/", &with_scope("read")).assert(200, "ok");
}

#[test]
fn others_may_decide_under_satisfy_any() {
    let nginx = Config::guarded(
        "satisfy any and a scope",
        "auth_jwt_scope read; satisfy any; auth_basic b; auth_basic_user_file users;",
    )
    .file("users", "bob:{PLAIN}pw\n")
    .start();
    let basic = Request::get("/").header("Authorization", "Basic Ym9iOnB3");
    let answer = nginx.ask(&basic);
    assert_eq!(
        (answer.status, answer.all("WWW-Authenticate").len()),
        (200, 0)
    );
    assert_eq!(nginx.get_with("/", &with_scope("read")).status, 200);
    assert_ne!(nginx.get_with("/", &with_scope("x")).status, 200);
}

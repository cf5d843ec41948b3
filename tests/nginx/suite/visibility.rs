//! Where `$jwt_*` is visible: only where the location at hand accepts the token.

use std::fs;

use jwt_testkit::{Key, now, sign, token};
use nginx_tests::{Config, Nginx, Request, cases, eventually, good, key, user, with_claims};
use serde_json::{Value, json};

use crate::variables::{showing, shown};

/// All of them, of a token that is not accepted here.
fn invisible(nginx: &Nginx, request: &Request) {
    let response = nginx.ask(request);
    assert_ne!(response.status, 200);
    for name in ALL {
        assert_eq!(shown(&response, name), "<>", "${name}");
    }
}

const ALL: [&str; 5] = [
    "jwt_claim_sub",
    "jwt_header_alg",
    "jwt_payload",
    "jwt_claims",
    "v",
];

fn showing_all() -> Config {
    showing(&ALL).http("auth_jwt_claim_set $v sub;")
}

fn not_visible(request: impl Fn() -> Request) {
    invisible(&showing_all().start(), &request());
}

cases! { without_acceptance = not_visible:
    no_token(|| Request::get("/"));
    malformed(|| Request::get("/").bearer("x.y.z"));
    expired(|| Request::get("/").bearer(&with_claims(&json!({"sub": "a", "exp": 1}))));
    not_yet_valid(|| Request::get("/").bearer(&with_claims(&json!({"sub": "a", "nbf": now() + 60}))));
    another_key(|| Request::get("/").bearer(&token(&Key::other(key().alg()), &user())));
    unknown_kid(|| Request::get("/").bearer(&token(&key().with_kid("x"), &user())));
    none(|| Request::get("/").bearer(&jwt_testkit::hostile::unsecured("none", "{\"sub\":\"a\"}")));
    two_words(|| Request::get("/").header("Authorization", "Bearer a b"));
}

#[test]
fn without_keys_nothing_is_visible() {
    let nginx = showing_all()
        .server("location /in { auth_jwt a; auth_jwt_key_file other.json optional; add_header Show-v <$v> always; add_header Status $jwt_status always; }")
        .start();
    let response = nginx.get_with("/in", &good());
    response.assert(500, "key_unavailable");
    assert_eq!(shown(&response, "v"), "<>");
}

#[test]
fn where_auth_is_off_nothing_is_visible() {
    let nginx = Config::guarded("auth_jwt off", "")
        .server("location /off { auth_jwt_key_file jwks.json; add_header Show-jwt-claim-sub <$jwt_claim_sub>; add_header Show-s <$jwt_status>; try_files /ok.txt =500; }")
        .start();
    let response = nginx.get_with("/off", &good());
    assert_eq!(
        (shown(&response, "jwt_claim_sub"), shown(&response, "s")),
        ("<>", "<>")
    );
}

/// The token was accepted, the right is missing: the log may say whose request it was.
#[test]
fn after_an_unmet_requirement_claims_are_visible_to_the_log() {
    let nginx = Config::guarded(
        "the subject in the access log",
        "auth_jwt_require $jwt_claim_none error=403;",
    )
    .http("log_format who '<$jwt_claim_sub>:$jwt_status';")
    .server("access_log logs/who.log who;")
    .start();
    nginx
        .get_with("/", &with_claims(&json!({"sub": "ann"})))
        .assert(403, "claim");
    nginx.get_with("/", "x.y.z").assert(401, "malformed");
    nginx.get("/").assert(401, "missing");
    let log = || fs::read_to_string(nginx.prefix("logs/who.log")).unwrap();
    eventually("three lines in the access log", || {
        log().lines().count() == 3
    });
    assert_eq!(log(), "<ann>:claim\n<->:malformed\n<->:missing\n");
}

#[test]
fn the_access_log_shows_the_user() {
    let nginx = Config::guarded("the subject in the access log", "")
        .http("log_format who '$jwt_claim_sub $jwt_header_kid $jwt_status';")
        .server("access_log logs/who.log who;")
        .start();
    nginx
        .get_with("/", &with_claims(&json!({"sub": "ann"})))
        .assert(200, "ok");
    let log = || fs::read_to_string(nginx.prefix("logs/who.log")).unwrap();
    eventually("a line in the access log", || !log().is_empty());
    assert_eq!(log(), "ann ES256 ok\n");
}

#[test]
fn rewrite_reads_a_verified_claim() {
    let nginx = Config::guarded(
        "set before the access phase",
        "set $who $jwt_claim_sub; add_header Who <$who> always;",
    )
    .start();
    let token = with_claims(&json!({"sub": "ann"}));
    assert_eq!(nginx.get_with("/", &token).header("Who"), Some("<ann>"));
    let forged = sign(
        &json!({"alg": "ES256"}),
        &json!({"sub": "ann"}),
        &Key::other(key().alg()),
    );
    let response = nginx.get_with("/", &forged);
    assert_eq!((response.status, response.header("Who")), (401, Some("<>")));
}

#[test]
fn an_if_reads_a_verified_claim() {
    let nginx = Config::guarded(
        "an if on a claim",
        "if ($jwt_claim_sub = ann) { set $x yes; } add_header X $x always;",
    )
    .start();
    assert_eq!(
        nginx
            .get_with("/", &with_claims(&json!({"sub": "ann"})))
            .header("X"),
        Some("yes")
    );
    assert_eq!(
        nginx
            .get_with("/", &with_claims(&json!({"sub": "bob"})))
            .header("X"),
        None
    );
    let forged = token(&Key::other(key().alg()), &json!({"sub": "ann"}));
    assert_eq!(nginx.get_with("/", &forged).header("X"), None);
}

/// `set` in a server without authentication, `location` with it: nothing there yet to verify with.
#[test]
fn a_set_in_the_server_reads_by_the_servers_configuration() {
    let nginx = Config::guarded(
        "a set at the server level",
        "add_header Who <$who> always; add_header Now <$jwt_claim_sub> always;",
    )
    .server("set $who $jwt_claim_sub;")
    .start();
    let response = nginx.get_with("/", &with_claims(&json!({"sub": "ann"})));
    response.assert(200, "ok");
    assert_eq!(
        (response.header("Who"), response.header("Now")),
        (Some("<>"), Some("<ann>"))
    );
}

/// The server's keys are others than the location's: its verdict does not last.
#[test]
fn a_set_in_the_server_lends_its_verdict_to_no_location() {
    let other = Key::other(key().alg());
    let nginx = Config::new("a strict location in a server with other keys")
        .keys(&[&key()])
        .file("other.json", jwt_testkit::jwks(&[&other]))
        .server(
            "auth_jwt a; auth_jwt_key_file other.json; set $who $jwt_claim_sub;
             add_header Who <$who> always; add_header Now <$jwt_claim_sub> always; add_header Status $jwt_status always;
             location / { auth_jwt_key_file jwks.json; try_files /ok.txt =500; }",
        )
        .start();
    let response = nginx.get_with("/", &token(&other, &json!({"sub": "ann"})));
    response.assert(401, "bad_signature");
    assert_eq!(
        (response.header("Who"), response.header("Now")),
        (Some("<ann>"), Some("<>"))
    );
    let response = nginx.get_with("/", &with_claims(&json!({"sub": "bob"})));
    response.assert(200, "ok");
    assert_eq!(
        (response.header("Who"), response.header("Now")),
        (Some("<>"), Some("<bob>"))
    );
}

#[test]
fn a_volatile_map_follows_an_internal_redirect() {
    let nginx = Config::new("a map before and after an internal redirect")
        .keys(&[&key()])
        .http("map $jwt_claim_sub $who { volatile; default $jwt_claim_sub; '' nobody; }")
        .server(
            "location / { set $before $who; rewrite ^ /in last; }
             location /in { auth_jwt a; auth_jwt_key_file jwks.json;
                add_header Who $before:$who always; try_files /ok.txt =500; }",
        )
        .start();
    let response = nginx.get_with("/", &with_claims(&json!({"sub": "ann"})));
    assert_eq!(response.header("Who"), Some("nobody:ann"));
}

/// `satisfy any` met by an address: our handler did not run, the variables verify on their own.
#[test]
fn under_satisfy_any_claims_are_verified_on_the_first_read() {
    let nginx = showing_all().server("satisfy any; allow all;").start();
    let response = nginx.get_with("/", &with_claims(&json!({"sub": "ann"})));
    assert_eq!(
        (response.status, shown(&response, "jwt_claim_sub")),
        (200, "<ann>")
    );
    for token in [
        token(&Key::other(key().alg()), &json!({"sub": "ann"})),
        "x.y.z".to_owned(),
    ] {
        let response = nginx.get_with("/", &token);
        assert_eq!(response.status, 200);
        for name in ALL {
            assert_eq!(shown(&response, name), "<>", "${name}");
        }
    }
    let response = nginx.get("/");
    assert_eq!(
        (response.status, shown(&response, "jwt_claim_sub")),
        (200, "<>")
    );
}

#[test]
fn a_subrequest_shows_the_main_requests_token() {
    let nginx = Config::guarded("an addition from a subrequest", "add_after_body /after;")
        .server("location /after { proxy_set_header X-User <$jwt_claim_sub>; proxy_pass http://@UPSTREAM@; }")
        .http("addition_types *;")
        .start();
    let response = nginx.get_with("/", &with_claims(&json!({"sub": "ann"})));
    assert_eq!(response.status, 200);
    assert_eq!(response.echoed("X-User"), Some("<ann>"), "{response:?}");
}

#[test]
fn auth_request_may_ask_about_the_user() {
    let nginx = Config::guarded("an auth_request after the token", "auth_request /ask;")
        .server("location /ask { internal; proxy_set_header X-User $jwt_claim_sub; proxy_pass http://@UPSTREAM@; proxy_pass_request_body off; }")
        .start();
    nginx
        .get_with("/", &with_claims(&json!({"sub": "ann"})))
        .assert(200, "ok");
    nginx.get_with("/", "x.y.z").assert(401, "malformed");
}

#[test]
fn requirements_read_claims_while_they_are_evaluated() {
    let nginx = Config::guarded(
        "a requirement on a claim",
        "auth_jwt_require $jwt_claim_admin error=403;",
    )
    .start();
    for (admin, status) in [
        (json!(true), 200),
        (json!("yes"), 200),
        (json!("00"), 200),
        (json!("0"), 403),
        (json!(0), 403),
        (json!(""), 403),
        (Value::Null, 403),
        (json!([]), 403),
        (json!("a\nb"), 403),
        // "false" is neither empty nor "0".
        (json!(false), 200),
    ] {
        let response = nginx.get_with("/", &with_claims(&json!({ "admin": admin })));
        assert_eq!(response.status, status, "{admin}");
    }
}

#[test]
fn every_value_of_a_requirement_must_pass() {
    let nginx = Config::guarded(
        "three values",
        "auth_jwt_require $jwt_claim_a $jwt_claim_b $jwt_claim_c-x error=403;",
    )
    .start();
    let ask = |claims: Value| nginx.get_with("/", &with_claims(&claims)).status;
    assert_eq!(ask(json!({"a": 1, "b": 1})), 200);
    assert_eq!(ask(json!({"a": 1})), 403);
    assert_eq!(ask(json!({"b": 1})), 403);
    assert_eq!(ask(json!({"a": 0, "b": 1})), 403);
}

/// The status words that need no other test's configuration.
#[test]
fn the_status_of_one_connection_is_each_requests_own() {
    let nginx = Config::guarded("$jwt_status", "").start();
    let mut connection = nginx.connect();
    for (token, status, word) in [
        (good(), 200, "ok"),
        ("x".to_owned(), 401, "malformed"),
        (with_claims(&json!({"exp": 1})), 401, "expired"),
        (good(), 200, "ok"),
        (
            token(&Key::other(key().alg()), &user()),
            401,
            "bad_signature",
        ),
        (good(), 200, "ok"),
    ] {
        connection
            .ask(&Request::get("/").bearer(&token))
            .assert(status, word);
    }
    connection.ask(&Request::get("/")).assert(401, "missing");
}

//! Configurations and requests thought out to break the module.

use jwt_testkit::{Alg, Key, jwks, token};
use nginx_tests::{Config, Request, good, key, user, user_with, with_claims};
use serde_json::json;

/// One location serves every tenant, and the upstream redirects within it: each turn has its own keys.
#[test]
fn a_redirect_within_one_location_chooses_its_keys_anew() {
    let other = Key::other(Alg::ES256);
    let nginx = Config::new("tenants in one location, with a redirect from one to the other")
        .file("keys/a.json", jwks(&[&key()]))
        .file("keys/b.json", jwks(&[&other]))
        .file("html/b/page.html", "b's page\n")
        .server(
            "location ~ ^/(?<tenant>[ab])/ {
                auth_jwt a; auth_jwt_key_file keys/$tenant.json;
                add_header Sub <$jwt_claim_sub> always;
                set $early $jwt_claim_sub; add_header Early <$early> always;
                try_files $uri /b/page.html;
             }",
        )
        .start();
    let (a, b) = (with_claims(&json!({"sub": "ann"})), token(&other, &user()));
    let response = nginx.get_with("/a/x", &a);
    assert_eq!(
        (
            response.status,
            response.header("Sub"),
            response.header("Early")
        ),
        (401, Some("<>"), Some("<>"))
    );
    assert_eq!(nginx.get_with("/a/x", &b).status, 401);
    assert_eq!(nginx.get_with("/b/x", &b).status, 200);
}

/// A variable that names the key file changes after a claim was read.
#[test]
fn keys_chosen_by_a_variable_are_those_of_its_last_value() {
    let nginx = Config::new("the key file's variable changes between two reads")
        .file("keys/lax.json", jwks(&[&key()]))
        .file("keys/strict.json", jwks(&[&Key::other(Alg::ES256)]))
        .server(
            "location / { auth_jwt a; auth_jwt_key_file keys/$which.json;
                set $which lax; set $early $jwt_claim_sub; set $which strict;
                try_files /ok.txt =500; }",
        )
        .start();
    assert_eq!(nginx.get_with("/", &good()).status, 401);
    assert_eq!(
        nginx
            .get_with("/", &token(&Key::other(Alg::ES256), &user()))
            .status,
        200
    );
}

/// A variable that holds the token changes after a claim was read.
#[test]
fn the_token_is_that_of_its_variables_last_value() {
    let nginx = Config::new("the token's variable changes between two reads")
        .keys(&[&key()])
        .server(
            "location / { auth_jwt a token=$t; auth_jwt_key_file jwks.json;
                set $t $http_first; set $early $jwt_claim_sub; set $t $http_second;
                set $late $jwt_claim_sub; add_header Late <$late> always;
                add_header Status $jwt_status always; try_files /ok.txt =500; }",
        )
        .start();
    let forged = token(&Key::other(Alg::ES256), &user());
    let ask = |first: &str, second: &str| {
        nginx.ask(
            &Request::get("/")
                .header("First", first)
                .header("Second", second),
        )
    };
    let refused = ask(&good(), &forged);
    refused.assert(401, "bad_signature");
    assert_eq!(refused.header("Late"), Some("<>"));
    ask(&forged, &good()).assert(200, "ok");
    ask(&good(), "").assert(401, "missing");
}

/// The requirements of a part are held against the part's own token.
#[test]
fn requirements_of_a_subrequest_look_at_its_own_token() {
    let nginx = Config::new("a strict part in a page with another check")
        .keys(&[&key()])
        .http("addition_types *;")
        .server(
            "location /lax { auth_jwt a token=$cookie_t; auth_jwt_validate_sig off; try_files /ok.txt =500; add_after_body /part; }
             location /off { try_files /ok.txt =500; add_after_body /part; }
             location /part { auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_phase preaccess;
                              auth_jwt_require $jwt_claim_admin; proxy_pass http://@UPSTREAM@/from-the-api; }",
        )
        .start();
    let forged = token(&Key::other(Alg::ES256), &user_with("admin", json!(true)));
    let admin = with_claims(&user_with("admin", json!(true)));
    let part = |target: &str, bearer: &str, cookie: &str| {
        let request = Request::get(target)
            .bearer(bearer)
            .header("Cookie", &format!("t={cookie}"));
        let response = nginx.ask(&request);
        assert_eq!(response.status, 200);
        response.body.contains("/from-the-api")
    };
    assert!(
        !part("/lax", &good(), &forged),
        "the page's forged token met the part's requirement"
    );
    assert!(part("/lax", &admin, &good()));
    assert!(!part("/off", &good(), ""));
    assert!(part("/off", &admin, ""));
}

#[test]
fn a_variable_has_one_meaning() {
    for (first, second) in [
        ("server { set $who x; }", "auth_jwt_claim_set $who sub;"),
        (
            "map $uri $who { default x; }",
            "auth_jwt_claim_set $who sub;",
        ),
        ("auth_jwt_claim_set $who sub;", "server { set $who x; }"),
        (
            "auth_jwt_claim_set $who sub;",
            "auth_jwt_claim_set $who name;",
        ),
        (
            "auth_jwt_claim_set $who sub;",
            "auth_jwt_header_set $WHO kid;",
        ),
        ("auth_jwt_claim_set $jwt_status sub;", ""),
        ("auth_jwt_claim_set $uri sub;", ""),
    ] {
        let check = Config::new("two definitions of one variable")
            .http(first)
            .http(second)
            .check();
        assert!(!check.ok, "{first} {second}\n{}", check.text);
    }
}

/// A part chooses its keys by its own token, whatever the page's says.
#[test]
fn a_subrequest_chooses_its_keys_by_its_own_token() {
    let nginx = Config::new("a part whose keys are chosen by the issuer")
        .keys(&[&key()])
        .http("addition_types *; map $jwt_claim_iss $keys { volatile; https://a.test jwks.json; default none.json; }")
        .server(
            "location /off { try_files /ok.txt =500; add_after_body /part; }
             location /lax { auth_jwt a token=$cookie_t; auth_jwt_validate_sig off; try_files /ok.txt =500; add_after_body /part; }
             location /part { auth_jwt a; auth_jwt_key_file $keys; auth_jwt_phase preaccess; proxy_pass http://@UPSTREAM@/from-the-api; }",
        )
        .start();
    let ours = with_claims(&user_with("iss", json!("https://a.test")));
    let elsewhere = with_claims(&user_with("iss", json!("https://b.test")));
    for (target, cookie) in [("/off", ""), ("/lax", &*elsewhere)] {
        let request = Request::get(target)
            .bearer(&ours)
            .header("Cookie", &format!("t={cookie}"));
        let body = nginx.ask(&request).body;
        assert!(body.contains("/from-the-api"), "{target}: {body}");
    }
}

/// nginx's filters answer so: contexts are cleared, and there is no redirect.
#[test]
fn an_error_page_of_a_filter_remembers_the_decision() {
    let nginx = Config::new("If-Match that fails")
        .keys(&[&key()])
        .server(
            "location / { auth_jwt a token=$arg_t; auth_jwt_key_file jwks.json;
                add_header Status $jwt_status always; try_files /ok.txt =500; }",
        )
        .tokens_in_request_line()
        .start();
    let request = Request::get(&format!("/?t={}", good())).header("If-Match", "\"x\"");
    let response = nginx.ask(&request);
    response.assert(412, "ok");
    assert_eq!(response.header("Cache-Control"), Some("private"));
}

/// A part of a page is no preflight, whatever the page's request is.
#[test]
fn a_subrequest_of_a_preflight_needs_a_token() {
    let nginx = Config::new("a part that lets preflights through, in a page that answers OPTIONS")
        .keys(&[&key()])
        .http("addition_types *;")
        .server(
            "location /page { proxy_pass http://@UPSTREAM@/page; add_after_body /part; }
             location /part { auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_phase preaccess; auth_jwt_preflight on;
                              proxy_pass http://@UPSTREAM@/from-the-api; }",
        )
        .start();
    let preflight = |target: &str| {
        let request = Request::new("OPTIONS", target)
            .header("Origin", "https://a.test")
            .header("Access-Control-Request-Method", "GET");
        nginx.ask(&request).body
    };
    assert!(preflight("/part").contains("/from-the-api"));
    let page = preflight("/page");
    assert!(
        page.contains("/page") && !page.contains("/from-the-api"),
        "{page}"
    );
}

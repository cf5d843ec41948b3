//! Where the decision stands among the other modules: limits, satisfy, and their order.

use jwt_testkit::{Key, token};
use nginx_tests::{Config, Features, Nginx, Request, cases, good, key, user, with_claims};
use serde_json::json;

fn forged() -> String {
    token(&Key::other(key().alg()), &user())
}

/// One request a minute in all, refused with 429.
fn limited(extra: &str) -> Nginx {
    let extra = format!("limit_req zone=all; limit_req_status 429; {extra}");
    Config::guarded("limit_req and the token", &extra)
        .http("limit_req_zone all zone=all:1m rate=1r/m;")
        .start()
}

#[test]
fn limit_req_counts_before_the_access_phase() {
    let nginx = limited("");
    assert_eq!(nginx.get_with("/", "x").status, 401);
    assert_eq!(nginx.get_with("/", &good()).status, 429);
}

#[test]
fn preaccess_refuses_before_limit_req_counts() {
    let nginx = limited("auth_jwt_phase preaccess;");
    for _ in 0..3 {
        nginx.get("/").assert(401, "missing");
        nginx.get_with("/", &forged()).assert(401, "bad_signature");
    }
    nginx.get_with("/", &good()).assert(200, "ok");
    // Accepted ones are counted all the same.
    assert_eq!(nginx.get_with("/", &good()).status, 429);
    nginx.get_with("/", &forged()).assert(401, "bad_signature");
}

#[test]
fn preaccess_applies_requirements() {
    let nginx = Config::guarded(
        "preaccess",
        "auth_jwt_phase preaccess; auth_jwt_require $jwt_claim_a error=403;",
    )
    .start();
    nginx.get_with("/", &good()).assert(403, "claim");
    nginx
        .get_with("/", &with_claims(&json!({"a": 1})))
        .assert(200, "ok");
    assert_eq!(nginx.get("/").challenge(), "Bearer realm=\"api\"");
}

#[test]
fn preaccess_grants_nothing_in_the_access_phase() {
    let nginx =
        Config::guarded("preaccess and deny", "auth_jwt_phase preaccess; deny all;").start();
    assert_eq!(nginx.get_with("/", &good()).status, 403);
    nginx.get_with("/", "x").assert(401, "malformed");
}

#[test]
fn preaccess_is_not_overridden_by_satisfy_any() {
    let nginx = Config::guarded(
        "preaccess and satisfy any",
        "auth_jwt_phase preaccess; satisfy any; allow all;",
    )
    .start();
    nginx.get("/").assert(401, "missing");
    nginx.get_with("/", &good()).assert(200, "ok");
}

#[test]
fn preaccess_runs_in_subrequests() {
    let config = |phase: &str| {
        Config::new("a protected part in a public page")
            .keys(&[&key()])
            .http("addition_types *;")
            .server(format!(
                "location / {{ try_files /ok.txt =500; add_after_body /part; }}
                 location /part {{ auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_phase {phase};
                                   proxy_pass http://@UPSTREAM@/from-the-api; }}"
            ))
            .start()
    };
    let part =
        |nginx: &Nginx, token: &str| nginx.get_with("/", token).body.contains("/from-the-api");
    let preaccess = config("preaccess");
    assert!(!part(&preaccess, &forged()));
    assert!(part(&preaccess, &good()));
    // The access phase does not run in subrequests: nginx's rule.
    assert!(part(&config("access"), &forged()));
}

#[test]
fn a_limit_per_subject_is_per_verified_subject() {
    for phase in ["access", "preaccess"] {
        let extra = format!("limit_req zone=sub; limit_req_status 429; auth_jwt_phase {phase};");
        let nginx = Config::guarded("a limit for each subject", &extra)
            .http("limit_req_zone $jwt_claim_sub zone=sub:1m rate=1r/m;")
            .start();
        let of = |sub: &str| with_claims(&json!({ "sub": sub }));
        // A forger cannot use up another's share.
        let forged = token(&Key::other(key().alg()), &json!({"sub": "ann"}));
        for _ in 0..3 {
            nginx.get_with("/", &forged).assert(401, "bad_signature");
        }
        nginx.get_with("/", &of("ann")).assert(200, "ok");
        assert_eq!(nginx.get_with("/", &of("ann")).status, 429);
        nginx.get_with("/", &of("bob")).assert(200, "ok");
        // Without a key there is nothing to count.
        for _ in 0..2 {
            nginx.get("/").assert(401, "missing");
            nginx
                .get_with("/", &with_claims(&json!({})))
                .assert(200, "ok");
        }
    }
}

#[test]
fn limit_conn_lives_beside_it() {
    let nginx = Config::guarded("limit_conn", "limit_conn all 5;")
        .http("limit_conn_zone $jwt_claim_sub zone=all:1m;")
        .start();
    nginx.get_with("/", &good()).assert(200, "ok");
    nginx.get_with("/", "x").assert(401, "malformed");
}

/// A location with these access rules, whose token is in a cookie so that a password fits beside
/// it. `TOKEN` and `BAD` stand for tokens, `-` for none.
fn access(rules: &str, cookie: &str, password: bool, status: u16) {
    Features::get().need("http_auth_request");
    let nginx = Config::new("satisfy, addresses, passwords, auth_request and the token")
        .keys(&[&key()])
        .file("htpasswd", "ann:{PLAIN}secret\n")
        .server(format!(
            "location / {{ {} auth_jwt api token=$cookie_t; auth_jwt_key_file jwks.json;
                           try_files /ok.txt =500; }}
             location = /yes {{ internal; return 204; }}
             location = /no {{ internal; return 403; }}",
            rules.replace("BASIC", "auth_basic b; auth_basic_user_file htpasswd;")
        ))
        .start();
    let mut request = Request::get("/");
    if cookie != "-" {
        let token = cookie.replace("TOKEN", &good()).replace("BAD", &forged());
        request = request.header("Cookie", &format!("t={token}"));
    }
    if password {
        request = request.header("Authorization", "Basic YW5uOnNlY3JldA==");
    }
    let response = nginx.ask(&request);
    assert_eq!(response.status, status, "{response:?}");
    if status == 200 {
        assert!(response.all("WWW-Authenticate").is_empty(), "{response:?}");
    }
}

cases! { satisfy = access:
    all_address_and_token("satisfy all; allow 127.0.0.1; deny all;", "TOKEN", false, 200);
    all_address_without_token("satisfy all; allow 127.0.0.1; deny all;", "-", false, 401);
    all_address_and_bad_token("satisfy all; allow all;", "BAD", false, 401);
    all_wrong_address("satisfy all; deny all;", "TOKEN", false, 403);
    all_wrong_address_and_no_token("satisfy all; deny all;", "-", false, 403);
    all_password_and_token("satisfy all; BASIC", "TOKEN", true, 200);
    all_password_without_token("satisfy all; BASIC", "-", true, 401);
    all_password_and_bad_token("satisfy all; BASIC", "BAD", true, 401);
    all_token_without_password("satisfy all; BASIC", "TOKEN", false, 401);
    all_request_and_token("satisfy all; auth_request /yes;", "TOKEN", false, 200);
    all_request_and_bad_token("satisfy all; auth_request /yes;", "BAD", false, 401);
    all_refused_request_and_token("satisfy all; auth_request /no;", "TOKEN", false, 403);
    any_address("satisfy any; allow all;", "-", false, 200);
    any_address_and_bad_token("satisfy any; allow all;", "BAD", false, 200);
    any_token_over_deny_all("satisfy any; deny all;", "TOKEN", false, 200);
    any_nothing("satisfy any; deny all;", "-", false, 401);
    any_bad_token("satisfy any; deny all;", "BAD", false, 401);
    any_password("satisfy any; BASIC", "-", true, 200);
    any_password_and_bad_token("satisfy any; BASIC", "BAD", true, 200);
    any_token_without_password("satisfy any; BASIC", "TOKEN", false, 200);
    any_neither_password_nor_token("satisfy any; BASIC", "-", false, 401);
    any_neither_password_nor_good_token("satisfy any; BASIC", "BAD", false, 401);
    any_request("satisfy any; auth_request /yes;", "-", false, 200);
    any_request_and_bad_token("satisfy any; auth_request /yes;", "BAD", false, 200);
    any_token_and_refused_request("satisfy any; auth_request /no;", "TOKEN", false, 200);
    any_nothing_and_refused_request("satisfy any; auth_request /no;", "-", false, 401);
    any_of_four_address("satisfy any; allow all; BASIC auth_request /no;", "-", false, 200);
    any_of_four_token("satisfy any; deny all; BASIC auth_request /no;", "TOKEN", false, 200);
    any_of_four_password("satisfy any; deny all; BASIC auth_request /no;", "BAD", true, 200);
    any_of_four_request("satisfy any; deny all; BASIC auth_request /yes;", "BAD", false, 200);
    any_of_four_nothing("satisfy any; deny all; BASIC auth_request /no;", "BAD", false, 401);
    any_requirement_403_goes_on("satisfy any; BASIC auth_jwt_require $arg_x error=403;", "TOKEN", true, 200);
    any_requirement_401_goes_on("satisfy any; BASIC auth_jwt_require $arg_x;", "TOKEN", true, 200);
    any_requirement_403_alone("satisfy any; deny all; auth_jwt_require $arg_x error=403;", "TOKEN", false, 403);
    any_other_code_ends_the_request("satisfy any; BASIC auth_jwt_require $arg_x error=410;", "TOKEN", true, 410);
    all_requirement_code_stays("satisfy all; allow all; auth_jwt_require $arg_x error=410;", "TOKEN", false, 410);
}

#[test]
fn auth_jwt_off_grants_nothing_under_satisfy_any() {
    let nginx = Config::new("off is no grant")
        .keys(&[&key()])
        .server("satisfy any; deny all; auth_jwt a; auth_jwt_key_file jwks.json; location /off { auth_jwt off; try_files /ok.txt =500; }")
        .start();
    assert_eq!(nginx.get_with("/off", &good()).status, 403);
    assert_eq!(nginx.get_with("/ok.txt", &good()).status, 200);
}

#[test]
fn an_unverified_token_is_decided_as_the_location_says_under_satisfy_any() {
    let nginx = Config::guarded(
        "no signature check under satisfy any",
        "satisfy any; deny all; auth_jwt_validate_sig off;",
    )
    .start();
    nginx.get_with("/", &forged()).assert(200, "unverified");
    nginx.get_with("/", "x").assert(401, "malformed");
}

/// Our own trouble ends the request, even where a password would do.
#[test]
fn missing_keys_are_500_under_satisfy_any() {
    let nginx = Config::new("no keys under satisfy any")
        .file("htpasswd", "ann:{PLAIN}secret\n")
        .server("location / { satisfy any; auth_jwt a token=$cookie_t; auth_jwt_key_file none.json optional;
                 auth_basic b; auth_basic_user_file htpasswd; try_files /ok.txt =500; }")
        .start();
    let request = Request::get("/").header("Authorization", "Basic YW5uOnNlY3JldA==");
    assert_eq!(nginx.ask(&request).status, 200);
    let with_token = request.header("Cookie", &format!("t={}", good()));
    assert_eq!(nginx.ask(&with_token).status, 500);
}

/// `return` answers in the rewrite phase, before anybody asks for a token: the documentation says so.
#[test]
fn return_answers_before_the_access_phase() {
    let nginx = Config::guarded("a return beside the check", "return 204;").start();
    assert_eq!(nginx.get("/").status, 204);
}

#[test]
fn cheap_addresses_are_looked_at_before_the_token() {
    let nginx = Config::guarded("deny, then the token", "deny all;").start();
    let response = nginx.get_with("/", "x");
    assert_eq!(
        (response.status, response.header("WWW-Authenticate")),
        (403, None)
    );
    let log = nginx.log().wait_for("access forbidden by rule", 1);
    assert!(!log.contains("auth_jwt"));
    assert!(nginx.log().matching("auth_jwt").is_empty());
}

/// `ngx_module_order` puts us there: cheap addresses first, then the token, then who asks elsewhere.
#[test]
fn the_token_is_looked_at_before_passwords_and_auth_request() {
    Features::get().need("http_auth_request");
    let nginx = Config::new("all access modules in one location")
        .keys(&[&key()])
        .file("htpasswd", "ann:{PLAIN}secret\n")
        .server(
            "location /basic { auth_jwt api token=$cookie_t; auth_jwt_key_file jwks.json; try_files /ok.txt =500;
                               auth_basic b; auth_basic_user_file htpasswd; }
             location /asks { auth_jwt api token=$cookie_t; auth_jwt_key_file jwks.json; try_files /ok.txt =500;
                              auth_request /trouble; }
             location = /trouble { internal; try_files /none =500; }",
        )
        .expect_log("auth request unexpected status: 500")
        .start();
    let ask = |target: &str, token: &str| {
        nginx.ask(&Request::get(target).header("Cookie", &format!("t={token}")))
    };
    assert!(ask("/basic", &forged()).challenge().starts_with("Bearer "));
    assert!(ask("/basic", &good()).challenge().starts_with("Basic "));
    assert_eq!(ask("/asks", &forged()).status, 401);
    assert_eq!(ask("/asks", &good()).status, 500);
}

/// The companion module stands at the end of nginx's list: its handler runs before `limit_req`, its
/// header filter before the others, which then see what it hid.
#[test]
fn the_companion_comes_last_in_the_list() {
    let seen = "add_header Seen <$sent_http_www_authenticate> always;";
    let nginx = Config::guarded(
        "limits after a preaccess decision, headers after ours",
        &format!("auth_jwt_phase preaccess; limit_req zone=all; limit_req_status 429; {seen}"),
    )
    .http("limit_req_zone all zone=all:1m rate=1r/m;")
    .server(format!(
        "location /page {{ auth_jwt a; auth_jwt_key_file jwks.json; error_page 401 = @login; }}
         location @login {{ {seen} return 302 /login; }}"
    ))
    .start();
    nginx.get_with("/", &good()).assert(200, "ok");
    let refused = nginx.get_with("/", &forged());
    refused.assert(401, "bad_signature");
    assert!(refused.header("Seen").unwrap().starts_with("<Bearer "));
    nginx.get_with("/", &good()).assert(429, "ok");
    let redirected = nginx.get("/page");
    assert_eq!(
        (redirected.status, redirected.header("Seen")),
        (302, Some("<>"))
    );
}

/// `auth_request` hands on the challenge that the subrequest linked where nginx's core has it.
#[test]
fn auth_request_hands_on_the_challenge_of_its_location() {
    Features::get().need("http_auth_request");
    let nginx = Config::new("the check in the location of auth_request")
        .keys(&[&key()])
        .server(
            "location / { auth_request /check; try_files /ok.txt =500; }
             location = /check { internal; auth_jwt api; auth_jwt_key_file jwks.json; auth_jwt_phase preaccess;
                                 proxy_pass http://@UPSTREAM@/; proxy_pass_request_body off; }",
        )
        .start();
    assert_eq!(nginx.get_with("/", &good()).status, 200);
    let refused = nginx.get_with("/", &forged());
    assert_eq!(refused.status, 401);
    assert!(refused.challenge().contains("invalid_token"));
}

/// Granted by another module, and then refused by the API itself: that answer is the API's alone.
#[test]
fn a_grant_takes_the_challenge_away_whatever_the_api_answers() {
    Features::get().need("http_auth_request");
    let nginx = Config::new("an API that answers 401 after auth_request granted")
        .keys(&[&key()])
        .file("htpasswd", "ann:{PLAIN}secret\n")
        .http("server { listen 127.0.0.1:@PORT2@; add_header WWW-Authenticate Api always; return 401; }")
        .server(
            "location / { satisfy any; deny all; auth_jwt api; auth_jwt_key_file jwks.json;
                          auth_basic b; auth_basic_user_file htpasswd; auth_request /yes;
                          proxy_pass http://127.0.0.1:@PORT2@; }
             location = /yes { internal; return 204; }",
        )
        .start();
    for request in [Request::get("/"), Request::get("/").bearer(&forged())] {
        let response = nginx.ask(&request);
        assert_eq!(response.status, 401);
        assert_eq!(response.all("WWW-Authenticate"), ["Api"]);
    }
}

//! `auth_jwt_preflight`: a browser's question before a cross-origin request passes, and nothing that
//! only looks like one.

use nginx_tests::{Config, Features, Nginx, Request, cases, good, key};

fn start(extra: &str) -> Nginx {
    Config::guarded(
        "preflights pass",
        &format!("auth_jwt_preflight on; {extra}"),
    )
    .start()
}

/// What browsers send.
fn preflight() -> Request {
    Request::new("OPTIONS", "/")
        .header("Origin", "https://app.example.com")
        .header("Access-Control-Request-Method", "DELETE")
        .header("Access-Control-Request-Headers", "authorization")
}

/// A static file answers OPTIONS with 405: whoever gets that was let through.
const PASSED: u16 = 405;

#[test]
fn a_preflight_passes() {
    for extra in ["", "auth_jwt_phase preaccess;", "satisfy any;"] {
        let nginx = start(extra);
        let response = nginx.ask(&preflight());
        response.assert(PASSED, "preflight");
        assert_eq!(response.header("WWW-Authenticate"), None);
        nginx.get("/").assert(401, "missing");
        nginx.get_with("/", &good()).assert(200, "ok");
    }
}

#[test]
fn requirements_do_not_hold_it_up() {
    start("auth_jwt_require $jwt_claim_sub error=403;")
        .ask(&preflight())
        .assert(PASSED, "preflight");
}

#[test]
fn off_by_default_and_by_word() {
    for extra in ["", "auth_jwt_preflight off;"] {
        Config::guarded("preflights need a token", extra)
            .start()
            .ask(&preflight())
            .assert(401, "missing");
    }
}

/// Not a preflight: decided as any other request.
fn no_preflight(request: &Request, status: u16, word: &str) {
    start("").ask(request).assert(status, word);
}

cases! { look_alikes = no_preflight:
    plain_options(&Request::new("OPTIONS", "/"), 401, "missing");
    no_origin(&Request::new("OPTIONS", "/").header("Access-Control-Request-Method", "PUT"), 401, "missing");
    no_requested_method(&Request::new("OPTIONS", "/").header("Origin", "https://a.example"), 401, "missing");
    empty_origin(&Request::new("OPTIONS", "/").header("Origin", "").header("Access-Control-Request-Method", "PUT"), 401, "missing");
    empty_requested_method(&Request::new("OPTIONS", "/").header("Origin", "x").header("Access-Control-Request-Method", ""), 401, "missing");
    underscores(&Request::new("OPTIONS", "/").header("Origin", "x").header("Access_Control_Request_Method", "PUT"), 401, "missing");
    get(&Request::get("/").header("Origin", "x").header("Access-Control-Request-Method", "PUT"), 401, "missing");
    a_method_that_starts_so(&Request::new("OPTIONSX", "/").header("Origin", "x").header("Access-Control-Request-Method", "PUT"), 401, "missing");
    a_bad_token(&preflight().bearer("x"), 401, "malformed");
    a_good_token(&preflight().bearer(&good()), PASSED, "ok");
    another_scheme(&preflight().header("Authorization", "Basic YTpi"), 401, "missing");
    an_empty_authorization(&preflight().header("Authorization", ""), 401, "missing");
    a_body(&preflight().body("x"), 401, "missing");
    a_body_of_no_bytes(&preflight().body(""), PASSED, "preflight");
}

#[test]
fn a_chunked_body_makes_it_another_request() {
    let nginx = start("");
    let mut connection = nginx.connect();
    let head = preflight().header("Transfer-Encoding", "chunked");
    connection.send(&[&head.bytes(), "1\r\nx\r\n0\r\n\r\n".as_bytes()].concat());
    connection.receive(false).assert(401, "missing");
}

#[test]
fn header_names_have_no_case() {
    let request = Request::new("OPTIONS", "/")
        .header("oRIGIN", "null")
        .header("access-control-request-method", "GET");
    start("").ask(&request).assert(PASSED, "preflight");
}

#[test]
fn over_http2() {
    let nginx = Config::new("preflights over HTTP/2")
        .keys(&[&key()])
        .http(format!(
            "server {{ {} root @PREFIX@/html;
                 location / {{ auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_preflight on; auth_jwt_optional on;
                               add_header Status $jwt_status always; proxy_pass http://@UPSTREAM@; }} }}",
            Features::get().http2_listen(false)
        ))
        .start();
    let url = format!("http://127.0.0.1:{}/", nginx.port2());
    let ask = |more: &[&str]| {
        let mut arguments = vec![
            "--http2-prior-knowledge",
            "-X",
            "OPTIONS",
            "-H",
            "Origin: x",
        ];
        arguments.extend(more);
        arguments.push(&url);
        nginx.curl(&arguments)
    };
    const METHOD: [&str; 2] = ["-H", "Access-Control-Request-Method: PUT"];
    // Without a preflight they are anonymous: a refused body makes curl unsure about the answer.
    ask(&METHOD).assert(200, "preflight");
    ask(&[]).assert(200, "missing");
    ask(&[METHOD[0], METHOD[1], "--data", "x"]).assert(200, "missing");
    // A body of unknown length: no Content-Length.
    ask(&[METHOD[0], METHOD[1], "--data", "x", "-H", "Content-Length:"]).assert(200, "missing");
}

/// `NGX_DECLINED`: it does not get past what denies it.
#[test]
fn it_grants_nothing() {
    for extra in ["deny all;", "satisfy any; deny all;"] {
        assert_eq!(start(extra).ask(&preflight()).status, 403, "{extra}");
    }
    let nginx = Config::guarded(
        "a preflight or a password",
        "auth_jwt_preflight on; satisfy any; auth_basic b; auth_basic_user_file htpasswd;",
    )
    .file("htpasswd", "ann:{PLAIN}secret\n")
    .start();
    assert_eq!(nginx.ask(&preflight()).status, 401);
}

/// A cookie beside it does not make it anybody's request.
#[test]
fn claims_are_not_found() {
    let nginx = Config::new("a preflight with a cookie")
        .keys(&[&key()])
        .server(
            "location / { auth_jwt a token=$cookie_jwt; auth_jwt_key_file jwks.json; auth_jwt_preflight on;
                          add_header Status $jwt_status always; add_header Sub \"[$jwt_claim_sub]\" always;
                          try_files /ok.txt =500; }",
        )
        .start();
    let response = nginx.ask(&preflight().header("Cookie", &format!("jwt={}", good())));
    response.assert(PASSED, "preflight");
    assert_eq!(response.header("Sub"), Some("[]"));
}

#[test]
fn it_is_inherited_and_switched_off_again() {
    let nginx = Config::new("preflights pass, but for a part")
        .keys(&[&key()])
        .http("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_preflight on;")
        .server(
            "location / { add_header Status $jwt_status always; try_files /ok.txt =500; }
             location /strict { auth_jwt_preflight off; add_header Status $jwt_status always; try_files /ok.txt =500; }
             location /redirected { try_files /none /strict; }",
        )
        .start();
    let to = |target: &str| {
        Request::new("OPTIONS", target)
            .header("Origin", "x")
            .header("Access-Control-Request-Method", "GET")
    };
    nginx.ask(&to("/")).assert(PASSED, "preflight");
    nginx.ask(&to("/strict")).assert(401, "missing");
    nginx.ask(&to("/redirected")).assert(401, "missing");
}

#[test]
fn a_subrequest_is_none() {
    let nginx = Config::new("a part of a page, in preaccess")
        .keys(&[&key()])
        .http("addition_types *;")
        .server(
            "location / { add_after_body /part; proxy_pass http://@UPSTREAM@/page; }
             location /part { auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_phase preaccess; auth_jwt_preflight on;
                              proxy_pass http://@UPSTREAM@/secret-part; }",
        )
        .start();
    let response = nginx.ask(&preflight());
    assert_eq!(response.status, 200);
    assert!(!response.body.contains("/secret-part"), "{response:?}");
}

#[test]
fn before_the_access_phase_the_status_is_known_too() {
    let nginx = Config::new("a preflight's status in rewrite")
        .keys(&[&key()])
        .server(
            "location / { auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_preflight on;
                          set $early $jwt_status; add_header Early $early always; try_files /ok.txt =500; }",
        )
        .start();
    assert_eq!(nginx.ask(&preflight()).header("Early"), Some("preflight"));
    assert_eq!(nginx.get("/").header("Early"), Some("missing"));
}

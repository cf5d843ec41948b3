//! What a refused client reads: the status and the challenge (RFC 6750 section 3).

use std::io::Write;

use jwt_testkit::{Key, hostile, now, token};
use nginx_tests::{
    Config, Features, Origin, Request, cases, good, http, key, user, user_with, with_claims,
};
use serde_json::json;

const INVALID: &str = r#"Bearer realm="api", error="invalid_token", error_description="#;

/// A refused token, and the description that stands in its challenge.
fn described(token: &str, description: &str) {
    let response = Config::guarded("a challenge", "")
        .start()
        .get_with("/", token);
    assert_eq!(response.status, 401);
    assert_eq!(response.challenge(), format!("{INVALID}\"{description}\""));
}

cases! { descriptions = described:
    malformed("x.y.z", "the token is malformed");
    no_dots("x", "the token is malformed");
    expired(&with_claims(&user_with("exp", json!(now() - 1))), "the token expired");
    not_yet_valid(&with_claims(&user_with("nbf", json!(now() + 60))), "the token is not yet valid");
    exp_of_the_wrong_type(&with_claims(&user_with("exp", json!("soon"))), "the token is malformed");
    tampered(&hostile::with_payload(&good(), "{}"), "the signature is not valid");
    anothers(&token(&Key::other(key().alg()), &user()), "the signature is not valid");
    // An attacker learns nothing about our keys.
    unknown_kid(&token(&key().with_kid("x"), &user()), "the signature is not valid");
    none(&hostile::unsecured("none", "{}"), "the algorithm is not accepted");
}

#[test]
fn no_token_is_challenged_without_an_error() {
    let response = Config::guarded("a challenge", "").start().get("/");
    assert_eq!(response.status, 401);
    assert_eq!(response.challenge(), "Bearer realm=\"api\"");
}

#[test]
fn a_malformed_header_is_an_invalid_request() {
    let nginx = Config::guarded("a challenge", "").start();
    let response = nginx.ask(&Request::get("/").header("Authorization", "Bearer a b"));
    assert_eq!(response.status, 400);
    assert_eq!(
        response.challenge(),
        r#"Bearer realm="api", error="invalid_request", error_description="the Authorization header is malformed""#
    );
}

#[test]
fn a_malformed_header_under_satisfy_any_is_an_invalid_request_too() {
    let nginx = Config::guarded("a challenge", "satisfy any; deny all;").start();
    let response = nginx.ask(&Request::get("/").header("Authorization", "Bearer a b"));
    assert_eq!(response.status, 401);
    assert!(
        response.challenge().contains("error=\"invalid_request\""),
        "{response:?}"
    );
}

#[test]
fn an_unmet_requirement_is_an_invalid_token() {
    let nginx = Config::guarded("a challenge", "auth_jwt_require $jwt_claim_none;").start();
    let response = nginx.get_with("/", &good());
    response.assert(401, "claim");
    assert_eq!(
        response.challenge(),
        format!("{INVALID}\"a requirement is not met\"")
    );
}

/// A good token without the right: nothing to authenticate again for.
fn unchallenged(code: u16) {
    let extra = format!("auth_jwt_require $jwt_claim_none error={code};");
    let nginx = Config::guarded("a requirement's own code", &extra).start();
    let response = nginx.get_with("/", &good());
    assert_eq!(
        (response.status, response.header("WWW-Authenticate")),
        (code, None)
    );
    // Without a token it is a 401 as everywhere.
    assert_eq!(nginx.get("/").challenge(), "Bearer realm=\"api\"");
}

cases! { other_codes = unchallenged:
    forbidden(403);
    not_found(404);
    gone(410);
    unavailable(503);
}

#[test]
fn our_own_trouble_is_not_challenged() {
    let nginx = Config::new("no keys").server("auth_jwt a;").start();
    let response = nginx.get_with("/ok.txt", &good());
    assert_eq!(
        (response.status, response.header("WWW-Authenticate")),
        (500, None)
    );
}

#[test]
fn success_is_not_challenged() {
    let nginx = Config::guarded("success", "").start();
    let response = nginx.get_with("/", &good());
    assert_eq!(
        (response.status, response.header("WWW-Authenticate")),
        (200, None)
    );
}

/// The realm as it is written, and what stands in the challenge.
fn realm(written: &str, challenge: &str) {
    let nginx = Config::new("a realm")
        .keys(&[&key()])
        .server(format!("auth_jwt {written}; auth_jwt_key_file jwks.json;"))
        .start();
    assert_eq!(nginx.get("/ok.txt").challenge(), challenge);
}

cases! { realms = realm:
    a_word("api", "Bearer realm=\"api\"");
    several_words("\"my api\"", "Bearer realm=\"my api\"");
    empty("\"\"", "Bearer realm=\"\"");
    quotes("'say \"x\"'", r#"Bearer realm="say \"x\"""#);
    a_backslash(r#""a\\b""#, r#"Bearer realm="a\\b""#);
    a_comma_and_an_equals_sign("\"a, b=c\"", "Bearer realm=\"a, b=c\"");
    a_variable("$request_method-$scheme", "Bearer realm=\"GET-http\"");
    the_word_off_as_a_part("off-duty", "Bearer realm=\"off-duty\"");
}

/// A realm from the client, percent-decoded by nginx: what cannot stand in a header drops it.
fn realm_from_the_client(target: &str, challenge: &str) {
    let nginx = Config::new("a realm that the client chooses")
        .keys(&[&key()])
        .server(
            "location ~ ^/(?<rest>.*)$ { auth_jwt $rest; auth_jwt_key_file jwks.json; try_files /ok.txt =500; }",
        )
        .start();
    let response = nginx.get(target);
    assert_eq!(response.status, 401);
    assert_eq!(response.challenge(), challenge);
    assert!(response.header("Injected").is_none());
}

cases! { hostile_realms = realm_from_the_client:
    plain("/x", "Bearer realm=\"x\"");
    a_quote("/x%22", "Bearer realm=\"x\\\"\"");
    a_tab("/x%09y", "Bearer");
    a_del("/x%7fy", "Bearer");
    not_ascii("/%c3%a9", "Bearer");
}

/// nginx refuses such a request line, or matches no regular expression across it: whatever it does,
/// the answer is not split.
#[test]
fn a_line_end_in_the_realm_does_not_split_the_answer() {
    let nginx = Config::new("a realm with a line end")
        .keys(&[&key()])
        .http("map $uri $rest { ~*^/(?<x>[\\s\\S]*)$ $x; }")
        .server(
            "location / { auth_jwt $rest; auth_jwt_key_file jwks.json; try_files /ok.txt =500; }",
        )
        .start();
    let response = nginx.get("/a%0d%0aInjected:%20yes%0d%0a%0d%0a");
    assert_eq!(response.status, 401);
    assert_eq!(response.challenge(), "Bearer");
    assert!(response.header("Injected").is_none());
    nginx.log().wait_for("realm", 1);
}

#[test]
fn a_bad_realm_keeps_the_other_parameters() {
    let nginx = Config::new("a realm that cannot stand in a header")
        .keys(&[&key()])
        .server("auth_jwt \u{e9}; auth_jwt_key_file jwks.json;")
        .start();
    let response = nginx.get_with("/ok.txt", "x");
    assert_eq!(
        response.challenge(),
        r#"Bearer error="invalid_token", error_description="the token is malformed""#
    );
}

#[test]
fn one_challenge_after_error_page_with_inherited_authentication() {
    let nginx = Config::guarded("an error page that needs a token itself", "")
        .server("auth_jwt outer; auth_jwt_key_file jwks.json; error_page 401 /sorry.html;")
        .file("html/sorry.html", "sorry\n")
        .start();
    let response = nginx.get("/ok.txt");
    assert_eq!(response.status, 401);
    assert_eq!(response.all("WWW-Authenticate").len(), 1, "{response:?}");
}

#[test]
fn one_challenge_after_error_page_without_authentication() {
    let nginx = Config::guarded("an error page for everybody", "error_page 401 /sorry.html;")
        .server("location = /sorry.html { auth_jwt off; }")
        .file("html/sorry.html", "sorry\n")
        .start();
    let response = nginx.get("/");
    assert_eq!((response.status, response.body.as_str()), (401, "sorry\n"));
    assert_eq!(response.challenge(), "Bearer realm=\"api\"");
}

#[test]
fn no_challenge_when_an_error_page_grants() {
    let nginx = Config::guarded(
        "an error page that turns 401 into 200",
        "error_page 401 =200 /hello.html;",
    )
    .server("location = /hello.html { auth_jwt off; }")
    .file("html/hello.html", "hello\n")
    .start();
    let response = nginx.get("/");
    assert_eq!((response.status, response.body.as_str()), (200, "hello\n"));
    assert_eq!(response.header("WWW-Authenticate"), None);
}

/// Only a refusal is challenged, whatever `error_page` makes of it.
fn other_answers(error_page: &str, status: u16, challenged: bool) {
    let nginx = Config::guarded("an error page for the refused", error_page)
        .server(
            "location @login { return 302 /login?then=$request_uri; }
             location @hidden { return 404; }
             location @json { default_type application/json; return 401 '{\"error\":\"login\"}'; }
             location = /page { auth_jwt off; default_type text/html; try_files /ok.txt =500; }
             location @api { proxy_pass http://@UPSTREAM@; }",
        )
        .start();
    for request in [Request::get("/x"), Request::get("/x").bearer("x")] {
        let response = nginx.ask(&request);
        assert_eq!(response.status, status);
        assert_eq!(
            response.all("WWW-Authenticate").len(),
            usize::from(challenged),
            "{response:?}"
        );
    }
    nginx.get_with("/x", &good()).assert(200, "ok");
}

cases! { error_pages = other_answers:
    a_login_page("error_page 401 = @login;", 302, false);
    a_redirect("error_page 401 https://login.example.com/;", 302, false);
    a_json_body("error_page 401 @json;", 401, true);
    a_json_body_of_its_own_status("error_page 401 = @json;", 401, true);
    a_page("error_page 401 /page;", 401, true);
    another_status("error_page 401 =403 /page;", 403, true);
    hidden("error_page 401 = @hidden;", 404, false);
    hidden_by_status("error_page 401 =404 /page;", 404, false);
    a_page_for_everybody("error_page 401 =200 /page;", 200, false);
    an_answer_of_the_api("error_page 401 = @api;", 200, false);
}

#[test]
fn satisfy_any_clears_the_challenge_when_another_module_grants() {
    for grant in ["allow all;", "allow 127.0.0.1; deny all;"] {
        let extra = format!("satisfy any; {grant}");
        let nginx = Config::guarded("an address is enough", &extra).start();
        for token in ["x.y.z", &good()] {
            let response = nginx.get_with("/", token);
            assert_eq!(
                (response.status, response.header("WWW-Authenticate")),
                (200, None)
            );
        }
    }
}

#[test]
fn satisfy_any_clears_the_challenge_when_a_password_grants() {
    let nginx = Config::guarded(
        "a token or a password",
        "satisfy any; auth_basic basic; auth_basic_user_file htpasswd;",
    )
    .file("htpasswd", "ann:{PLAIN}secret\n")
    .start();
    let with = |value: &str| nginx.ask(&Request::get("/").header("Authorization", value));
    let response = with("Basic YW5uOnNlY3JldA==");
    assert_eq!(
        (response.status, response.header("WWW-Authenticate")),
        (200, None)
    );
    // Refused by both: nginx's own rule says whose challenge stays.
    let response = with("Basic YW5uOndyb25n");
    assert_eq!(response.status, 401);
    assert!(!response.all("WWW-Authenticate").is_empty());
    let response = with(&format!("Bearer {}", good()));
    assert_eq!(
        (response.status, response.header("WWW-Authenticate")),
        (200, None)
    );
}

/// Refused, and accepted after a redirect within the location: a 401 of what is behind is not ours.
fn accepted_later(server: &str) {
    let server = server.replace("TOKEN", &good());
    let nginx = Config::new("a 401 from behind")
        .keys(&[&key()])
        .tokens_in_request_line()
        .server(format!("location / {{ auth_jwt a token=$arg_t; auth_jwt_key_file jwks.json; try_files /none =401; {server} }}"))
        .start();
    let response = nginx.get("/");
    assert_eq!(
        (response.status, response.header("WWW-Authenticate")),
        (401, None)
    );
}

cases! { not_our_refusal = accepted_later:
    in_access("error_page 401 = /again?t=TOKEN;");
    in_preaccess("auth_jwt_phase preaccess; error_page 401 = /again?t=TOKEN;");
}

/// What an API refuses after another module granted is not ours to challenge. auth_basic takes our challenge
/// out of nginx's list, which it clears then.
#[test]
fn an_answer_of_the_api_to_who_was_granted_carries_no_challenge() {
    Features::get().need("http_auth_request");
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let api = Origin::start(move |_, stream| {
            let _ = stream.write_all(&http(status, "", "no\n"));
        });
        let nginx = Config::guarded("a token, a password, or whoever /yes lets through", "")
            .file("htpasswd", "ann:{PLAIN}secret\n")
            .server(format!(
                "location /api {{ satisfy any; auth_jwt api; auth_jwt_key_file jwks.json;
                     auth_basic b; auth_basic_user_file htpasswd; auth_request /yes;
                     proxy_pass http://{}; }}
                 location = /yes {{ try_files /ok.txt =500; }}",
                api.address()
            ))
            .start();
        for request in [Request::get("/api"), Request::get("/api").bearer("x.y.z")] {
            let response = nginx.ask(&request);
            assert_eq!(response.status.to_string(), status[..3]);
            assert!(response.all("WWW-Authenticate").is_empty(), "{response:?}");
        }
    }
}

#[test]
fn requests_on_one_connection_have_their_own_challenge() {
    let nginx = Config::guarded("a connection that is kept alive", "").start();
    let mut connection = nginx.connect();
    for _ in 0..3 {
        let none = connection.ask(&Request::get("/"));
        assert_eq!(none.challenge(), "Bearer realm=\"api\"");
        let bad = connection.ask(&Request::get("/").bearer("x"));
        assert_eq!(
            bad.challenge(),
            format!("{INVALID}\"the token is malformed\"")
        );
        let good = connection.ask(&Request::get("/").bearer(&good()));
        assert_eq!(good.header("WWW-Authenticate"), None);
    }
}

#[test]
fn a_token_of_the_query_string_makes_answers_private() {
    let nginx = Config::new("a token in the query string")
        .keys(&[&key()])
        .tokens_in_request_line()
        .server("location / { auth_jwt a token=$arg_t token=$cookie_t; auth_jwt_key_file jwks.json; try_files /ok.txt =500; }")
        .start();
    let response = nginx.get(&format!("/?t={}", good()));
    assert_eq!(
        (response.status, response.header("Cache-Control")),
        (200, Some("private"))
    );
}

/// The token's place makes no difference: cookie and query tokens are challenged as headers are.
fn from(source: &str, request: impl Fn(&str) -> Request) {
    let nginx = Config::new("a challenge for a token of another place")
        .keys(&[&key()])
        .tokens_in_request_line()
        .server(format!(
            "location / {{ auth_jwt api token={source}; auth_jwt_key_file jwks.json; try_files /ok.txt =500; }}"
        ))
        .start();
    let ask = |token: &str| nginx.ask(&request(token));
    assert_eq!(ask("").challenge(), "Bearer realm=\"api\"");
    let expired = with_claims(&user_with("exp", json!(now() - 1)));
    for (token, description) in [
        ("x", "the token is malformed"),
        (expired.as_str(), "the token expired"),
    ] {
        let response = ask(token);
        assert_eq!(response.status, 401);
        assert_eq!(response.challenge(), format!("{INVALID}\"{description}\""));
    }
    let response = ask(&good());
    assert_eq!(
        (response.status, response.header("WWW-Authenticate")),
        (200, None)
    );
}

cases! { sources = from:
    authorization("$http_authorization", |token| if token.is_empty() { Request::get("/") } else { Request::get("/").bearer(token) });
    cookie("$cookie_jwt", |token| Request::get("/").header("Cookie", &format!("jwt={token}")));
    another_header("$http_x_token", |token| Request::get("/").header("X-Token", token));
    query("$arg_token", |token| Request::get(&format!("/?token={token}")));
}

/// nginx itself refuses it, before any module is asked.
#[test]
fn two_authorization_headers() {
    let nginx = Config::guarded("two headers", "")
        .expect_log("client sent duplicate")
        .start();
    let response = nginx.ask(&Request::get("/").bearer(&good()).bearer(&good()));
    assert_eq!(
        (response.status, response.header("WWW-Authenticate")),
        (400, None)
    );
}

/// `auth_jwt_www_authenticate`: the headers of an answer to no token, and to a bad one.
fn www_authenticate(directive: &str, missing: &[&str], invalid: &[&str]) {
    let nginx = Config::guarded("the operator's challenge", directive).start();
    assert_eq!(nginx.get("/").all("WWW-Authenticate"), missing);
    assert_eq!(
        nginx.get_with("/", "x.y.z").all("WWW-Authenticate"),
        invalid
    );
    let granted = nginx.get_with("/", &good());
    assert_eq!(
        (granted.status, granted.header("WWW-Authenticate")),
        (200, None)
    );
}

const MALFORMED: &str =
    r#"Bearer realm="api", error="invalid_token", error_description="the token is malformed""#;

cases! { own_challenges = www_authenticate:
    on("auth_jwt_www_authenticate on;", &["Bearer realm=\"api\""], &[MALFORMED]);
    off("auth_jwt_www_authenticate off;", &[], &[]);
    empty("auth_jwt_www_authenticate '';", &[], &[]);
    text("auth_jwt_www_authenticate 'Bearer scope=\"a b\"';", &["Bearer scope=\"a b\""], &["Bearer scope=\"a b\""]);
    another_scheme("auth_jwt_www_authenticate 'Session login=\"/login\"';", &["Session login=\"/login\""], &["Session login=\"/login\""]);
    variable("auth_jwt_www_authenticate 'Bearer why=\"$jwt_status\"';", &["Bearer why=\"missing\""], &["Bearer why=\"malformed\""]);
    empty_variable("set $none ''; auth_jwt_www_authenticate $none;", &[], &[]);
    as_it_is("auth_jwt_www_authenticate 'Bearer x=\"$request_method\"'; auth_jwt_resource_metadata https://a.example/m;",
        &["Bearer x=\"GET\""], &["Bearer x=\"GET\""]);
}

#[test]
fn the_operators_challenge_cannot_split_the_answer() {
    let nginx = Config::new("a challenge that the client writes")
        .keys(&[&key()])
        .http("map $uri $rest { ~*^/(?<x>[\\s\\S]*)$ $x; }")
        .server(
            "location / { auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_www_authenticate $rest; try_files /ok.txt =500; }",
        )
        .start();
    for target in [
        "/a%0d%0aInjected:%20yes",
        "/a%0aInjected:%20yes",
        "/%09",
        "/%7f",
        "/%c3%a9",
    ] {
        let response = nginx.get(target);
        assert_eq!(response.status, 401);
        assert!(response.all("WWW-Authenticate").is_empty(), "{response:?}");
        assert!(response.header("Injected").is_none());
    }
    nginx.log().wait_for("auth_jwt_www_authenticate", 1);
    assert_eq!(nginx.get("/Bearer%20x").challenge(), "Bearer x");
}

#[test]
fn an_error_page_writes_the_challenge_where_ours_is_off() {
    let nginx = Config::guarded(
        "the challenge of an error page",
        "auth_jwt_www_authenticate off; error_page 401 = @refused;",
    )
    .server("location @refused { add_header WWW-Authenticate 'Bearer scope=\"x\"' always; return 401; }")
    .start();
    for response in [nginx.get("/"), nginx.get_with("/", "x")] {
        assert_eq!(response.challenge(), "Bearer scope=\"x\"");
    }
}

#[test]
fn off_hides_the_challenge_of_an_earlier_location() {
    let nginx = Config::guarded("refused twice", "error_page 401 /sorry;")
        .server(
            "recursive_error_pages on;
             location = /sorry { auth_jwt inner; auth_jwt_key_file jwks.json; auth_jwt_www_authenticate off; try_files /ok.txt =500; }",
        )
        .start();
    let response = nginx.get("/");
    assert_eq!(
        (response.status, response.header("WWW-Authenticate")),
        (401, None)
    );
}

#[test]
fn www_authenticate_is_inherited() {
    let nginx = Config::new("off, but for a part")
        .keys(&[&key()])
        .http("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_www_authenticate off; auth_jwt_resource_metadata https://a.example/m;")
        .server(
            "location / { }
             location /on { auth_jwt_www_authenticate on; location /on/inner { } }
             location /plain { auth_jwt_www_authenticate on; auth_jwt_resource_metadata off; }",
        )
        .start();
    assert_eq!(nginx.get("/").header("WWW-Authenticate"), None);
    for target in ["/on", "/on/inner"] {
        assert_eq!(
            nginx.get(target).challenge(),
            "Bearer realm=\"a\", resource_metadata=\"https://a.example/m\""
        );
    }
    assert_eq!(nginx.get("/plain").challenge(), "Bearer realm=\"a\"");
}

/// RFC 9728 5.1: where the metadata is stands in every challenge.
#[test]
fn resource_metadata() {
    const URI: &str = "https://api.example.com/.well-known/oauth-protected-resource/v1?a=b";
    let nginx = Config::guarded(
        "resource metadata",
        &format!("auth_jwt_resource_metadata {URI};"),
    )
    .start();
    let parameter = format!(", resource_metadata=\"{URI}\"");
    assert_eq!(
        nginx.get("/").challenge(),
        format!("Bearer realm=\"api\"{parameter}")
    );
    assert_eq!(
        nginx.get_with("/", "x").challenge(),
        format!("{MALFORMED}{parameter}")
    );
    let malformed = nginx.ask(&Request::get("/").header("Authorization", "Bearer"));
    assert_eq!(malformed.status, 400);
    assert!(malformed.challenge().ends_with(&parameter));
    assert_eq!(
        nginx.get_with("/", &good()).header("WWW-Authenticate"),
        None
    );
}

#[test]
fn resource_metadata_with_a_variable() {
    let nginx = Config::new("resource metadata per tenant")
        .keys(&[&key()])
        .http("map $uri $tenant { ~*^/(?<x>[\\s\\S]*)$ $x; }")
        .server("auth_jwt api; auth_jwt_key_file jwks.json; auth_jwt_resource_metadata https://api.example/$tenant;")
        .start();
    assert_eq!(
        nginx.get("/acme").challenge(),
        "Bearer realm=\"api\", resource_metadata=\"https://api.example/acme\""
    );
    assert_eq!(
        nginx.get("/a%22%5c").challenge(),
        r#"Bearer realm="api", resource_metadata="https://api.example/a\"\\""#
    );
    let response = nginx.get("/a%0d%0aInjected:%20yes");
    assert_eq!(response.challenge(), "Bearer realm=\"api\"");
    assert!(response.header("Injected").is_none());
    nginx.log().wait_for("resource_metadata", 1);
}

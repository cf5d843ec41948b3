//! Where the token is looked for, and what counts as one.

use jwt_testkit::{Key, token};
use nginx_tests::{Config, Nginx, Request, Response, cases, good, key, user};

fn default_source() -> Nginx {
    Config::guarded("the token of the Authorization header", "")
        .expect_log("client sent duplicate header line")
        .start()
}

/// The `Authorization` value with `TOKEN` replaced by a good token.
fn authorization(value: &str, status: u16, word: &str) {
    let value = value.replace("TOKEN", &good());
    let request = Request::get("/").header("Authorization", &value);
    default_source().ask(&request).assert(status, word);
}

cases! { authorization_header = authorization:
    bearer("Bearer TOKEN", 200, "ok");
    the_scheme_in_lower_case("bearer TOKEN", 200, "ok");
    the_scheme_in_upper_case("BEARER TOKEN", 200, "ok");
    the_scheme_in_mixed_case("bEaReR TOKEN", 200, "ok");
    several_spaces("Bearer    TOKEN", 200, "ok");
    spaces_at_the_end("Bearer TOKEN   ", 200, "ok");
    basic_is_no_token("Basic dXNlcjpwYXNz", 401, "missing");
    dpop_is_no_token("DPoP TOKEN", 401, "missing");
    one_letter_is_no_token("X", 401, "missing");
    half_the_scheme_is_no_token("Bear", 401, "missing");
    a_longer_scheme_is_no_token("Bearerer TOKEN", 401, "missing");
    a_token_without_scheme_is_no_token("TOKEN", 401, "missing");
    the_scheme_inside_is_no_token("Basic Bearer TOKEN", 401, "missing");
    an_empty_header_is_no_token("", 401, "missing");
    the_scheme_alone_is_malformed("Bearer", 400, "malformed");
    the_scheme_and_spaces_are_malformed("Bearer   ", 400, "malformed");
    two_words_are_malformed("Bearer TOKEN TOKEN", 400, "malformed");
    a_word_after_the_token_is_malformed("Bearer TOKEN x", 400, "malformed");
    two_tokens_with_a_comma_are_one_bad_token("Bearer TOKEN,TOKEN", 401, "malformed");
    quotes_are_part_of_the_token("Bearer \"TOKEN\"", 401, "malformed");
    bytes_above_ascii_are_a_bad_token("Bearer TOKEN\u{e9}", 401, "malformed");
}

#[test]
fn a_tab_is_no_space() {
    let request = Request::get("/").header("Authorization", &format!("Bearer\t{}", good()));
    assert_ne!(default_source().ask(&request).status, 200);
}

#[test]
fn no_header_at_all_is_no_token() {
    default_source().get("/").assert(401, "missing");
}

#[test]
fn two_authorization_headers_are_refused() {
    let request = Request::get("/").bearer(&good()).bearer(&good());
    assert_eq!(default_source().ask(&request).status, 400);
}

#[test]
fn good_after_bad_in_two_headers_is_refused() {
    let request = Request::get("/").bearer("x").bearer(&good());
    assert_eq!(default_source().ask(&request).status, 400);
}

#[test]
fn a_bad_header_is_401_under_satisfy_any() {
    let nginx = Config::guarded("satisfy any knows no 400", "satisfy any; deny all;").start();
    let request = Request::get("/").header("Authorization", "Bearer a b");
    nginx.ask(&request).assert(401, "malformed");
}

/// A server whose token comes from `sources`.
fn from(sources: &str) -> Nginx {
    Config::new("a token from somewhere else")
        .keys(&[&key()])
        .tokens_in_request_line()
        .expect_log("client sent invalid header line")
        .http("map $http_x_wrapped $unwrapped { ~^<(?<inner>.*)>$ $inner; }")
        .server(format!(
            "location / {{
                auth_jwt \"api\" {sources};
                auth_jwt_key_file jwks.json;
                add_header Status $jwt_status always;
                try_files /ok.txt =500;
            }}"
        ))
        .start()
}

/// The target and headers with `TOKEN` a good token, `BAD` one with another's signature.
fn ask(sources: &str, target: &str, headers: &[&str]) -> Response {
    let bad = token(&Key::other(key().alg()), &user());
    let fill = |text: &str| text.replace("TOKEN", &good()).replace("BAD", &bad);
    let mut request = Request::get(&fill(target));
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap_or((header, ""));
        request = request.header(name, &fill(value));
    }
    from(sources).ask(&request)
}

fn source(sources: &str, target: &str, headers: &[&str], status: u16, word: &str) {
    ask(sources, target, headers).assert(status, word);
}

cases! { other_sources = source:
    a_cookie("token=$cookie_t", "/", &["Cookie: a=b; t=TOKEN; c=d"], 200, "ok");
    no_cookie("token=$cookie_t", "/", &[], 401, "missing");
    an_empty_cookie("token=$cookie_t", "/", &["Cookie: t="], 401, "missing");
    a_bad_cookie("token=$cookie_t", "/", &["Cookie: t=BAD"], 401, "bad_signature");
    a_cookie_with_a_scheme_is_malformed("token=$cookie_t", "/", &["Cookie: t=Bearer TOKEN"], 401, "malformed");
    an_argument("token=$arg_t", "/?a=b&t=TOKEN", &[], 200, "ok");
    a_bad_argument("token=$arg_t", "/?t=x", &[], 401, "malformed");
    an_encoded_argument_is_not_decoded("token=$arg_t", "/?t=%65TOKEN", &[], 401, "malformed");
    a_header("token=$http_x_token", "/", &["X-Token: TOKEN"], 200, "ok");
    a_variable_of_a_map("token=$unwrapped", "/", &["X-Wrapped: <TOKEN>"], 200, "ok");
    a_map_without_a_match("token=$unwrapped", "/", &["X-Wrapped: TOKEN"], 401, "missing");
    authorization_is_not_looked_at("token=$cookie_t", "/", &["Authorization: Bearer TOKEN"], 401, "missing");
    a_bad_authorization_is_not_looked_at("token=$cookie_t", "/", &["Authorization: Bearer a b", "Cookie: t=TOKEN"], 200, "ok");
    the_second_when_the_first_is_absent("token=$cookie_t token=$arg_t", "/?t=TOKEN", &[], 200, "ok");
    the_second_when_the_first_is_empty("token=$cookie_t token=$arg_t", "/?t=TOKEN", &["Cookie: t="], 200, "ok");
    the_first_counts_when_both_are_there("token=$cookie_t token=$arg_t", "/?t=BAD", &["Cookie: t=TOKEN"], 200, "ok");
    a_bad_first_never_falls_through("token=$cookie_t token=$arg_t", "/?t=TOKEN", &["Cookie: t=BAD"], 401, "bad_signature");
    a_malformed_first_never_falls_through("token=$cookie_t token=$arg_t", "/?t=TOKEN", &["Cookie: t=x"], 401, "malformed");
    the_third_of_three("token=$cookie_t token=$http_x_t token=$arg_t", "/?t=TOKEN", &[], 200, "ok");
    authorization_beside_a_cookie("token=$cookie_t token=$http_authorization", "/", &["Authorization: Bearer TOKEN"], 200, "ok");
    authorization_keeps_its_scheme_rules("token=$http_authorization", "/", &["Authorization: TOKEN"], 401, "missing");
    authorization_named_and_malformed("token=$http_authorization", "/", &["Authorization: Bearer a b"], 400, "malformed");
    basic_leaves_the_next_source_its_turn("token=$http_authorization token=$cookie_t", "/", &["Authorization: Basic eDp5", "Cookie: t=TOKEN"], 200, "ok");
    a_bad_authorization_never_falls_through("token=$http_authorization token=$cookie_t", "/", &["Authorization: Bearer BAD", "Cookie: t=TOKEN"], 401, "bad_signature");
    a_malformed_authorization_never_falls_through("token=$http_authorization token=$cookie_t", "/", &["Authorization: Bearer a b", "Cookie: t=TOKEN"], 400, "malformed");
}

#[test]
fn a_token_from_a_cookie_is_challenged_too() {
    let response = ask("token=$cookie_t", "/", &[]);
    assert_eq!(response.challenge(), "Bearer realm=\"api\"");
}

#[test]
fn a_header_with_an_underscore_is_not_taken_for_the_real_one() {
    let request = Request::get("/").header("X_Token", &good());
    from("token=$http_x_token")
        .ask(&request)
        .assert(401, "missing");
}

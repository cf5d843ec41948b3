//! `auth_jwt_optional`: no token passes as anonymous, a bad one does not, and nothing is granted to
//! who has none.

use jwt_testkit::{Key, now, token};
use nginx_tests::{Config, Nginx, Request, cases, good, key, user, user_with, with_claims};
use serde_json::json;

/// What a client sends, and the status and word of `$jwt_status` it then gets.
const KINDS: usize = 8;

fn requests() -> [(Request, u16, &'static str); KINDS] {
    let with = |value: &str| Request::get("/").header("Authorization", value);
    let expired = with_claims(&user_with("exp", json!(now() - 1)));
    let forged = token(&Key::other(key().alg()), &user());
    [
        (Request::get("/"), 200, "missing"),
        (with("Basic YW5uOnNlY3JldA=="), 200, "missing"),
        (with("Bearer"), 400, "malformed"),
        (with("Bearer a b"), 400, "malformed"),
        (with("Bearer x.y.z"), 401, "malformed"),
        (with(&format!("Bearer {forged}")), 401, "bad_signature"),
        (with(&format!("Bearer {expired}")), 401, "expired"),
        (with(&format!("Bearer {}", good())), 200, "ok"),
    ]
}

fn start(extra: &str) -> Nginx {
    Config::guarded(
        "a token is optional",
        &format!("auth_jwt_optional on; {extra}"),
    )
    .file("htpasswd", "ann:{PLAIN}secret\n")
    .start()
}

/// The matrix, with what differs from it in this mode: the row's number, status and word.
fn matrix(extra: &str, differences: &[(usize, u16)]) {
    let nginx = start(extra);
    for (row, (request, status, word)) in requests().into_iter().enumerate() {
        let other = differences.iter().find(|(other, _)| *other == row);
        let response = nginx.ask(&request);
        response.assert(other.map_or(status, |(_, status)| *status), word);
        let challenged = !response.all("WWW-Authenticate").is_empty();
        assert_eq!(
            challenged,
            [400, 401].contains(&response.status),
            "row {row}: {response:?}"
        );
    }
}

cases! { modes = matrix:
    access("", &[]);
    preaccess("auth_jwt_phase preaccess;", &[]);
    without_keys_for_who_has_no_token("satisfy all; allow all;", &[]);
    deny_all("deny all;", &[(0, 403), (1, 403), (2, 403), (3, 403), (4, 403), (5, 403), (6, 403), (7, 403)]);
    // DECLINED: the anonymous are not granted past what denies them, the good token is.
    any_deny_all("satisfy any; deny all;", &[(0, 403), (1, 403), (2, 401), (3, 401)]);
    any_allow_all("satisfy any; allow all;", &[(2, 200), (3, 200), (4, 200), (5, 200), (6, 200)]);
    any_alone("satisfy any;", &[(2, 401), (3, 401)]);
    any_password("satisfy any; auth_basic b; auth_basic_user_file htpasswd;", &[(0, 401), (2, 401), (3, 401)]);
    preaccess_deny_all("auth_jwt_phase preaccess; deny all;", &[(0, 403), (1, 403), (7, 403)]);
    // Requirements speak of everybody.
    requirement("auth_jwt_require $jwt_claim_sub;", &[(0, 401), (1, 401)]);
    requirement_in_preaccess("auth_jwt_phase preaccess; auth_jwt_require $jwt_claim_sub error=403;", &[(0, 401), (1, 401)]);
    requirement_under_any("satisfy any; auth_jwt_require $jwt_claim_sub error=403;", &[(0, 401), (1, 401), (2, 401), (3, 401)]);
    requirement_of_another_kind("auth_jwt_require $request_method;", &[]);
}

#[test]
fn off_by_default_and_by_word() {
    for extra in ["", "auth_jwt_optional off;"] {
        let nginx = Config::guarded("a token is needed", extra).start();
        nginx.get("/").assert(401, "missing");
    }
}

#[test]
fn the_anonymous_have_no_claims() {
    let nginx = start(
        "add_header Sub \"[$jwt_claim_sub]\" always; add_header All \"[$jwt_claims]\" always;",
    );
    let response = nginx.get("/");
    assert_eq!(
        (response.header("Sub"), response.header("All")),
        (Some("[]"), Some("[]"))
    );
    let with_both = Request::get("/").header("Cookie", &format!("jwt={}", good()));
    nginx.ask(&with_both).assert(200, "missing");
}

#[test]
fn an_unmet_requirement_asks_the_anonymous_for_a_token() {
    let nginx = start("auth_jwt_require $jwt_claim_none error=404;");
    let anonymous = nginx.get("/");
    assert_eq!(
        (anonymous.status, anonymous.challenge()),
        (401, "Bearer realm=\"api\"")
    );
    nginx.get_with("/", &good()).assert(404, "claim");
}

#[test]
fn the_first_source_with_a_token_counts() {
    let nginx = Config::new("a cookie or a header, or none")
        .keys(&[&key()])
        .server(
            "location / { auth_jwt a token=$cookie_jwt token=$http_x_token; auth_jwt_key_file jwks.json; auth_jwt_optional on;
                          add_header Status $jwt_status always; try_files /ok.txt =500; }",
        )
        .start();
    let with = |name: &str, value: &str| nginx.ask(&Request::get("/").header(name, value));
    nginx.get("/").assert(200, "missing");
    with("Cookie", "jwt=").assert(200, "missing");
    with("X-Token", "").assert(200, "missing");
    with("Cookie", "jwt=x").assert(401, "malformed");
    with("X-Token", &good()).assert(200, "ok");
    // A bad token in the first place does not fall through, neither to the second nor to anonymity.
    let both = Request::get("/")
        .header("Cookie", "jwt=x")
        .header("X-Token", &good());
    nginx.ask(&both).assert(401, "malformed");
}

#[test]
fn no_key_is_needed_without_a_token() {
    let nginx = Config::new("no keys")
        .server("location / { auth_jwt a; auth_jwt_optional on; try_files /ok.txt =500; }")
        .start();
    assert_eq!(nginx.get("/").status, 200);
    assert_eq!(nginx.get_with("/", &good()).status, 500);
}

#[test]
fn it_is_inherited_and_switched_off_again() {
    let nginx = Config::new("optional, but for a part")
        .keys(&[&key()])
        .http("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_optional on;")
        .server(
            "location / { try_files /ok.txt =500; }
             location /strict { auth_jwt_optional off; try_files /ok.txt =500; }
             location /write { limit_except GET { auth_jwt_optional off; } try_files /ok.txt =500; }",
        )
        .start();
    assert_eq!(nginx.get("/").status, 200);
    assert_eq!(nginx.get("/strict").status, 401);
    assert_eq!(nginx.get("/write").status, 200);
    assert_eq!(nginx.ask(&Request::new("DELETE", "/write")).status, 401);
}

/// Each location decides for itself after an internal redirect.
#[test]
fn a_lax_location_lends_nothing_to_a_strict_one() {
    let nginx = Config::new("optional here, needed there")
        .keys(&[&key()])
        .server(
            "auth_jwt a; auth_jwt_key_file jwks.json;
             location = /lax { auth_jwt_optional on; try_files /none /strict; }
             location = /lax-named { auth_jwt_optional on; error_page 404 = @strict; root /nowhere; }
             location = /strict { try_files /ok.txt =500; }
             location @strict { try_files /ok.txt =500; }
             location = /first-strict { try_files /none /anonymous; }
             location = /anonymous { auth_jwt_optional on; add_header Status $jwt_status always; try_files /ok.txt =500; }",
        )
        .start();
    for target in ["/lax", "/lax-named"] {
        assert_eq!(nginx.get(target).status, 401, "{target}");
        assert_eq!(nginx.get_with(target, &good()).status, 200, "{target}");
    }
    assert_eq!(nginx.get("/first-strict").status, 401);
    nginx.get("/anonymous").assert(200, "missing");
}

#[test]
fn a_token_of_another_issuer_is_a_bad_one() {
    for mode in [
        "",
        "auth_jwt_phase preaccess;",
        "satisfy any; deny all;",
        "satisfy any;",
    ] {
        let nginx = Config::new("optional, from one issuer")
            .keys(&[&key()])
            .http("auth_jwt_issuer idp { issuer https://idp.example.com; key_file jwks.json; }")
            .server(format!(
                "location / {{ auth_jwt a; auth_jwt_trust idp; auth_jwt_optional on; {mode}
                               add_header Status $jwt_status always; try_files /ok.txt =500; }}"
            ))
            .start();
        let anonymous = if mode.contains("deny") { 403 } else { 200 };
        nginx.get("/").assert(anonymous, "missing");
        let of = |iss: &str| with_claims(&user_with("iss", json!(iss)));
        nginx
            .get_with("/", &of("https://idp.example.com"))
            .assert(200, "ok");
        for token in [of("https://other.example.com"), good()] {
            nginx.get_with("/", &token).assert(401, "issuer");
        }
    }
}

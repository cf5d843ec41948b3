//! Internal redirects: every location decides for itself, and no verdict crosses.

use jwt_testkit::{Alg, Key, jwks, now, token};
use nginx_tests::{Config, Nginx, Request, cases, good, key, user, user_with, with_claims};
use serde_json::json;

/// A way from one location to another within nginx: `FRONT` and `BACK` take their directives.
struct Way {
    config: &'static str,
    target: &'static str,
}

const INDEX: Way = Way {
    config: "location = /dir/ { FRONT index page.html; } location = /dir/page.html { BACK }",
    target: "/dir/",
};
const TRY_FILES: Way = Way {
    config: "location /front { FRONT try_files /none /dir/page.html; } location = /dir/page.html { BACK }",
    target: "/front",
};
const NAMED_TRY_FILES: Way = Way {
    config: "location /front { FRONT try_files /none @back; } location @back { BACK rewrite ^ /dir/page.html break; }",
    target: "/front",
};
const ERROR_PAGE: Way = Way {
    config: "location /front { FRONT error_page 404 =200 /dir/page.html; } location = /dir/page.html { BACK }",
    target: "/front",
};
const NAMED_ERROR_PAGE: Way = Way {
    config: "location /front { FRONT error_page 404 = @back; } location @back { BACK rewrite ^ /dir/page.html break; }",
    target: "/front",
};
const ACCEL: Way = Way {
    config: "location /accel { FRONT proxy_pass http://@UPSTREAM@; } location = /dir/page.html { BACK }",
    target: "/accel/dir/page.html",
};
const REWRITE: Way = Way {
    config: "location /front { FRONT rewrite ^ /dir/page.html last; } location = /dir/page.html { BACK }",
    target: "/front",
};

impl Way {
    fn start(&self, front: &str, back: &str) -> Nginx {
        let second = Key::other(Alg::ES256);
        Config::new("an internal redirect between two locations")
            .keys(&[&key()])
            .file("other.json", jwks(&[&second]))
            .file("html/dir/page.html", "page\n")
            .server(
                "add_header Status <$jwt_status> always; add_header Sub <$jwt_claim_sub> always;",
            )
            .server(self.config.replace("FRONT", front).replace("BACK", back))
            .start()
    }

    fn ask(&self, nginx: &Nginx, token: &str) -> u16 {
        let request = Request::get(self.target).bearer(token);
        nginx.ask(&request.header("Cookie", "t=x")).status
    }
}

const STRICT: &str = "auth_jwt a; auth_jwt_key_file jwks.json;";

/// What a lax front must not lend: its verdict on `token`, which the strict back refuses.
fn strict_back(way: &Way) {
    let expired = with_claims(&user_with("exp", json!(now() - 60)));
    let forged = token(&Key::other(Alg::ES256), &user());
    let fronts = [
        ("", "x.y.z", 401),
        ("", forged.as_str(), 401),
        ("", expired.as_str(), 401),
        ("auth_jwt off;", forged.as_str(), 401),
        (
            "auth_jwt a; auth_jwt_validate_sig off;",
            forged.as_str(),
            401,
        ),
        (
            "auth_jwt a; auth_jwt_key_file other.json;",
            forged.as_str(),
            401,
        ),
        (
            "auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_leeway 1h;",
            expired.as_str(),
            401,
        ),
        (
            "auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_validate_exp off;",
            expired.as_str(),
            401,
        ),
        (
            "auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_phase preaccess; auth_jwt_leeway 1h;",
            expired.as_str(),
            401,
        ),
        (
            "satisfy any; allow all; auth_jwt a; auth_jwt_key_file jwks.json;",
            forged.as_str(),
            401,
        ),
    ];
    for (front, token, status) in fronts {
        let nginx = way.start(front, STRICT);
        assert_eq!(way.ask(&nginx, token), status, "{front}");
        assert_eq!(nginx.get(way.target).status, 401, "{front}");
    }
    let nginx = way.start("", STRICT);
    assert_eq!(way.ask(&nginx, &good()), 200);
}

/// Requirements, sizes and sources of the back are its own too.
fn own_policy(way: &Way) {
    let backs = [
        (
            "auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_require $jwt_claim_none error=403;",
            403,
        ),
        (
            "auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_max_token_size 50;",
            401,
        ),
        (
            "auth_jwt a token=$cookie_t; auth_jwt_key_file jwks.json;",
            401,
        ),
        ("auth_jwt a; auth_jwt_key_file other.json;", 401),
        ("auth_jwt a; auth_jwt_key_file none.json optional;", 500),
        (
            "auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_phase preaccess; auth_jwt_require $jwt_claim_none error=410;",
            410,
        ),
        (STRICT, 200),
    ];
    for (back, status) in backs {
        let nginx = way.start(STRICT, back);
        assert_eq!(way.ask(&nginx, &good()), status, "{back}");
    }
}

/// The other way round: a strict front is not opened by what a lax back would say.
fn strict_front(way: &Way) {
    for back in [
        "",
        "auth_jwt off;",
        "auth_jwt a; auth_jwt_validate_sig off;",
    ] {
        let nginx = way.start(STRICT, back);
        let forged = token(&Key::other(Alg::ES256), &user());
        assert_eq!(way.ask(&nginx, &forged), 401, "{back}");
        assert_eq!(nginx.get(way.target).status, 401, "{back}");
        assert_eq!(way.ask(&nginx, &good()), 200, "{back}");
    }
    // Where the back has no check, it shows no claims.
    let response = way.start(STRICT, "").get_with(way.target, &good());
    response.assert(200, "<>");
    assert_eq!(response.header("Sub"), Some("<>"));
}

cases! { lax_to_strict = strict_back:
    index(&INDEX);
    try_files(&TRY_FILES);
    named_try_files(&NAMED_TRY_FILES);
    error_page(&ERROR_PAGE);
    named_error_page(&NAMED_ERROR_PAGE);
    x_accel_redirect(&ACCEL);
    rewrite(&REWRITE);
}

cases! { strict_to_another_policy = own_policy:
    index(&INDEX);
    try_files(&TRY_FILES);
    named_try_files(&NAMED_TRY_FILES);
    error_page(&ERROR_PAGE);
    named_error_page(&NAMED_ERROR_PAGE);
    x_accel_redirect(&ACCEL);
}

cases! { strict_to_lax = strict_front:
    index(&INDEX);
    try_files(&TRY_FILES);
    named_try_files(&NAMED_TRY_FILES);
    error_page(&ERROR_PAGE);
    named_error_page(&NAMED_ERROR_PAGE);
    x_accel_redirect(&ACCEL);
}

/// `rewrite … last` leaves its location before the access phase: only the back counts.
#[test]
fn a_rewrite_leaves_before_the_front_decides() {
    let nginx = REWRITE.start(STRICT, "");
    assert_eq!(nginx.get(REWRITE.target).status, 200);
}

#[test]
fn error_page_401_hands_over_to_a_login_page() {
    let nginx = Config::guarded("a login page", "error_page 401 = @login;")
        .server("location @login { return 302 /login; } location /login { return 204; }")
        .start();
    for token in ["x", &token(&Key::other(Alg::ES256), &user())] {
        let response = nginx.get_with("/", token);
        assert_eq!(response.status, 302);
        assert!(
            response.header("Location").unwrap().ends_with("/login"),
            "{response:?}"
        );
        assert!(response.all("WWW-Authenticate").len() < 2);
    }
    assert_eq!(nginx.get_with("/", &good()).status, 200);
}

#[test]
fn error_page_403_for_an_unmet_requirement() {
    let nginx = Config::guarded(
        "an error page for 403",
        "auth_jwt_require $jwt_claim_none error=403; error_page 403 /sorry.html;",
    )
    .server("location = /sorry.html { auth_jwt off; }")
    .file("html/sorry.html", "sorry\n")
    .start();
    let response = nginx.get_with("/", &good());
    assert_eq!((response.status, response.body.as_str()), (403, "sorry\n"));
}

/// An error page that is refused itself: nginx stops there.
#[test]
fn an_error_page_that_needs_a_token_does_not_loop() {
    let nginx = Config::new("an error page behind the same check")
        .keys(&[&key()])
        .server(
            "auth_jwt a; auth_jwt_key_file jwks.json; error_page 401 /denied; location /denied { }",
        )
        .start();
    let response = nginx.get_with("/ok.txt", "x");
    assert_eq!(response.status, 401);
    assert_eq!(response.all("WWW-Authenticate").len(), 1);
}

#[test]
fn an_endless_redirect_is_nginxs_500() {
    let nginx = Config::guarded("a redirect cycle", "")
        .server(
            "location /loop { auth_jwt a; auth_jwt_key_file jwks.json; try_files /none /loop/x; }",
        )
        .expect_log("rewrite or internal redirection cycle")
        .start();
    assert_eq!(nginx.get_with("/loop", &good()).status, 500);
    nginx.get_with("/", &good()).assert(200, "ok");
}

#[test]
fn claims_are_resolved_for_the_location_at_hand() {
    let nginx = Config::new("a redirect from one check to another with the same keys")
        .keys(&[&key()])
        .server(
            "auth_jwt a; auth_jwt_key_file jwks.json; add_header Sub <$jwt_claim_sub> always;
             location /front { try_files /none /back; }
             location /back { try_files /ok.txt =500; }
             location /open { auth_jwt off; try_files /none /back; }",
        )
        .start();
    let ann = with_claims(&json!({"sub": "ann"}));
    for target in ["/front", "/back", "/open"] {
        let response = nginx.get_with(target, &ann);
        assert_eq!(
            (response.status, response.header("Sub")),
            (200, Some("<ann>")),
            "{target}"
        );
    }
}

/// The same path, hostile and good, on one connection: what one request decided is gone with it.
#[test]
fn a_redirect_on_a_kept_connection_starts_afresh() {
    let nginx = INDEX.start("auth_jwt a; auth_jwt_validate_sig off;", STRICT);
    let mut connection = nginx.connect();
    let forged = token(&Key::other(Alg::ES256), &user());
    for _ in 0..5 {
        for (token, status) in [(good(), 200), (forged.clone(), 401), ("x".to_owned(), 401)] {
            let request = Request::get("/dir/").bearer(&token);
            assert_eq!(connection.ask(&request).status, status);
        }
    }
}

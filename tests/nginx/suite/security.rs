//! What broke other modules, and no other theme has: state, OpenSSL, what answers and logs tell.

use std::fs;

use jwt_testkit::{Alg, Key, b64, hostile, jwks, token};
use nginx_tests::{Config, Connection, Features, Request, key, user};
use serde_json::json;

pub(crate) fn all_keys() -> Vec<Key> {
    Alg::ALL.map(Key::fixed).into()
}

/// A server with a key of every algorithm.
pub(crate) fn server(extra: &str) -> Config {
    let keys = all_keys();
    let set = jwks(&keys.iter().collect::<Vec<_>>());
    let extra = format!("auth_jwt_key_file all.json; {extra}");
    let text = format!(
        "keepalive_requests 1000000;
         location / {{ auth_jwt api; add_header Status $jwt_status always; {extra} try_files /ok.txt =500; }}"
    );
    Config::new("a key of every algorithm")
        .file("all.json", set)
        .server(text)
}

pub(crate) fn status(connection: &mut Connection, token: &str) -> u16 {
    connection.ask(&Request::get("/").bearer(token)).status
}

/// One hostile token once switched another module's signature check off for the whole worker.
#[test]
fn no_request_changes_what_the_next_one_must_show() {
    let nginx = server("auth_jwt_require $jwt_claim_groups error=403;").start();
    let forged: Vec<String> = Alg::ALL.map(|alg| token(&Key::other(alg), &user())).into();
    let poor = token(&key(), &json!({"sub": "a"}));
    let mut connection = nginx.connect();
    for round in 0..3 {
        for (alg, forged) in Alg::ALL.into_iter().zip(&forged) {
            assert_eq!(
                status(&mut connection, &hostile::unsecured("none", "{}")),
                401
            );
            assert_eq!(
                status(&mut connection, forged),
                401,
                "{alg:?} in round {round}"
            );
            assert_eq!(status(&mut connection, &poor), 403);
            assert_eq!(
                status(&mut connection, &token(&Key::fixed(alg), &user())),
                200,
                "{alg:?}"
            );
        }
    }
}

/// A signed token's `enc`, five parts, a key in the header: shapes that were mistaken.
#[test]
fn a_token_of_another_shape_is_not_mistaken() {
    let nginx = server("").start();
    let rsa = Key::fixed(Alg::RS256);
    for header in [
        json!({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "RS256"}),
        json!({"alg": "RS256", "enc": "A256GCM", "kid": "RS256"}),
        json!({"alg": "dir", "enc": "A128CBC-HS256"}),
    ] {
        let three = jwt_testkit::sign(&header, &user(), &rsa);
        assert_eq!(nginx.get_with("/", &three).status, 401);
        let [h, p, s] = hostile::parts(&three);
        assert_eq!(
            nginx.get_with("/", &format!("{h}.{s}.{s}.{p}.{s}")).status,
            401
        );
    }
}

/// TLS and Ed448 share the worker's libcrypto, whose queue of errors is one for all connections.
#[test]
fn a_bad_ed448_signature_breaks_no_tls_connection() {
    Features::get().need("http_ssl");
    let ed448 = Key::fixed(Alg::Ed448);
    let certificate = Key::fixed(Alg::ES256);
    let nginx = server("")
        .file("server.pem", certificate.certificate_pem() + &certificate.private_pem())
        .http(
            "server { listen 127.0.0.1:@PORT2@ ssl; root @PREFIX@/html;
                 ssl_certificate server.pem; ssl_certificate_key server.pem;
                 location / { auth_jwt a; auth_jwt_key_file all.json; add_header Status $jwt_status always;
                              try_files /ok.txt =500; } }",
        )
        .start();
    let bad = hostile::flip_signature_bit(&token(&ed448, &user()), 9);
    let good = format!("Authorization: Bearer {}", token(&ed448, &user()));
    let bad_header = format!("Authorization: Bearer {bad}");
    let url = format!("https://127.0.0.1:{}/", nginx.port2());
    for _ in 0..5 {
        nginx.get_with("/", &bad).assert(401, "bad_signature");
        // Over TLS itself, the next request on the same connection too.
        nginx
            .curl(&["--insecure", "-H", &bad_header, &url])
            .assert(401, "bad_signature");
        nginx
            .curl(&["--insecure", "-H", &good, &url])
            .assert(200, "ok");
        let statuses = nginx.curl_statuses(&["--insecure", "-H", &bad_header, &url, &url, &url]);
        assert_eq!(statuses, [401, 401, 401]);
    }
    for line in nginx.log().lines() {
        assert!(!line.contains("SSL_"), "{line}");
    }
}

/// While a TLS connection is open, bad signatures arrive over another: the open one goes on.
#[test]
fn a_tls_transfer_survives_bad_ed448_signatures() {
    Features::get().need("http_ssl");
    let certificate = Key::fixed(Alg::ES256);
    let nginx = server("")
        .file(
            "server.pem",
            certificate.certificate_pem() + &certificate.private_pem(),
        )
        .file("html/large", vec![b'x'; 3_000_000])
        .http(
            "server { listen 127.0.0.1:@PORT2@ ssl; root @PREFIX@/html; limit_rate 4m;
                 ssl_certificate server.pem; ssl_certificate_key server.pem; }",
        )
        .start();
    let url = format!("https://127.0.0.1:{}/large", nginx.port2());
    let bad = hostile::flip_signature_bit(&token(&Key::fixed(Alg::Ed448), &user()), 9);
    std::thread::scope(|scope| {
        let transfer = scope.spawn(|| nginx.curl(&["--insecure", &url]));
        while !transfer.is_finished() {
            nginx.get_with("/", &bad).assert(401, "bad_signature");
        }
        assert_eq!(transfer.join().unwrap().body.len(), 3_000_000);
    });
}

/// A client's headers cannot pretend to be what the module says.
#[test]
fn identity_headers_are_replaced_in_every_spelling() {
    let nginx = Config::new("an identity header to the API")
        .keys(&[&key()])
        .expect_log("client sent invalid header line")
        .server("location / { auth_jwt a; auth_jwt_key_file jwks.json; proxy_set_header X-User $jwt_claim_sub; proxy_pass http://@UPSTREAM@; }")
        .start();
    let mut request = Request::get("/").bearer(&nginx_tests::with_claims(&json!({"sub": "ann"})));
    for name in ["X-User", "x-user", "X_User"] {
        request = request.header(name, "root");
    }
    let response = nginx.ask(&request);
    assert_eq!(response.echoed("X-User"), Some("ann"));
    assert!(!response.body.contains("root"), "{}", response.body);
}

/// What a refused client could learn is in none of the answers: keys, kids, paths, versions of ours.
#[test]
fn answers_tell_nothing_of_ours() {
    let nginx = Config::guarded("answers", "").start();
    let long = "k".repeat(200);
    for token in [
        token(&Key::other(key().alg()), &user()),
        token(&key().with_kid(&long), &user()),
        "x".to_owned(),
    ] {
        let response = nginx.get_with("/", &token);
        let text = format!("{:?}", response.headers) + &response.body;
        for secret in ["jwks.json", "kkkk", "ES256", "conf", nginx_tests::SUBJECT] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

/// The log names alg and kid, bounded and escaped, so that an operator can act on it.
#[test]
fn the_log_names_alg_and_kid_escaped_and_bounded() {
    let nginx = Config::guarded("log lines", "").start();
    let kid = format!("evil\r\n\u{1b}[31m2026/01/01 [error] {}", "k".repeat(3_000));
    nginx
        .get_with("/", &token(&key().with_kid(&kid), &user()))
        .assert(401, "unknown_key");
    let line = nginx.log().wait_for("evil", 1);
    assert!(line.contains("ES256"), "{line}");
    assert!(line.len() < 1_000, "{} bytes", line.len());
    assert!(!line.contains('\u{1b}'));
    assert!(
        nginx
            .log()
            .lines()
            .iter()
            .all(|line| !line.starts_with("2026/01/01"))
    );
}

#[test]
fn a_missing_token_is_logged_at_info_and_a_refused_one_at_error() {
    let nginx = Config::guarded("log levels", "").start();
    nginx.get("/").assert(401, "missing");
    nginx.get_with("/", "x").assert(401, "malformed");
    let refused = nginx.log().wait_for("auth_jwt", 2);
    assert!(refused.contains("[error]"), "{refused}");
    let lines = nginx.log().matching("auth_jwt");
    assert!(lines[0].contains("[info]"), "{lines:?}");
}

/// A secret's text, wherever it might appear.
#[test]
fn secrets_stand_in_no_answer_and_no_log() {
    let secret = "a-very-secret-secret-of-the-tests-0123456789";
    let key = Key::secret(Alg::HS256, secret.as_bytes()).with_kid("s");
    let nginx = Config::guarded("a shared secret", "auth_jwt_key_file secret.json;")
        .file("secret.json", jwks(&[&key]))
        .start();
    nginx.get_with("/", &token(&key, &user())).assert(200, "ok");
    fs::write(
        nginx.conf("secret.json"),
        format!("{{\"keys\":[{{\"kty\":\"oct\",\"k\":\"{}\"", b64(secret)),
    )
    .unwrap();
    let line = nginx.log().wait_for("secret.json", 1);
    assert!(
        !line.contains(secret) && !line.contains(&b64(secret)),
        "{line}"
    );
}

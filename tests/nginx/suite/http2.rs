//! HTTP/2, with and without TLS.

use jwt_testkit::Key;
use nginx_tests::{Config, Features, Nginx, Response, good, key};

use crate::protocol::forged;

fn http2(ssl: bool) -> Nginx {
    let pair = Key::fixed(key().alg());
    let tls = "ssl_certificate server.pem; ssl_certificate_key server.pem;";
    Config::guarded("HTTP/2", "")
        .file("server.pem", pair.certificate_pem() + &pair.private_pem())
        .http(format!(
            "server {{ {} {} root @PREFIX@/html;
                 location / {{ auth_jwt api; auth_jwt_key_file jwks.json;
                     add_header Status $jwt_status always; try_files /ok.txt =500; }}
                 location /api {{ auth_jwt api; auth_jwt_key_file jwks.json; proxy_pass http://@UPSTREAM@; }} }}",
            Features::get().http2_listen(ssl),
            if ssl { tls } else { "" },
        ))
        .expect_log("client sent duplicate")
        .start()
}

fn over_http2(nginx: &Nginx, target: &str, arguments: &[&str]) -> Response {
    let url = format!("http://127.0.0.1:{}{target}", nginx.port2());
    nginx.curl(&[&["--http2-prior-knowledge", &url], arguments].concat())
}

#[test]
fn http_2_with_and_without_a_token() {
    let nginx = http2(false);
    let none = over_http2(&nginx, "/", &[]);
    none.assert(401, "missing");
    assert_eq!(none.challenge(), "Bearer realm=\"api\"");
    let bearer = |token: &str| format!("Authorization: Bearer {token}");
    over_http2(&nginx, "/", &["-H", &bearer(&good())]).assert(200, "ok");
    over_http2(&nginx, "/", &["-H", &bearer(&forged())]).assert(401, "bad_signature");
    over_http2(&nginx, "/", &["-H", &bearer("x y")]).assert(400, "malformed");
}

#[test]
fn http_2_with_two_tokens_is_refused() {
    let nginx = http2(false);
    let (one, two) = (
        format!("Authorization: Bearer {}", good()),
        "Authorization: Bearer x",
    );
    assert_eq!(
        over_http2(&nginx, "/", &["-H", &one, "-H", two]).status,
        400
    );
}

/// Accepted only: with nginx 1.22 curl often takes the reset for the rest of a refused body for
/// an error.
#[test]
fn http_2_with_a_body() {
    let nginx = http2(false);
    let bearer = format!("Authorization: Bearer {}", good());
    for length in [1, 500_000] {
        let path = nginx.prefix("body");
        std::fs::write(&path, vec![b'x'; length]).unwrap();
        let body = format!("@{}", path.display());
        let arguments = ["-X", "POST", "--data-binary", &body, "-H", &bearer];
        let response = over_http2(&nginx, "/api", &arguments);
        assert_eq!(response.status, 200);
        assert!(response.body.len() > length);
    }
}

/// Over TLS, where curl sends them beside each other.
#[test]
fn http_2_many_streams_on_one_connection() {
    Features::get().need("http_ssl");
    let nginx = http2(true);
    let bearer = format!("Authorization: Bearer {}", good());
    let url = format!("https://127.0.0.1:{}/[1-40]", nginx.port2());
    let arguments = ["--http2", "--insecure", "--parallel", &url];
    let statuses = nginx.curl_statuses(&[&arguments[..], &["-H", &bearer]].concat());
    assert_eq!(statuses, vec![200; 40]);
    assert_eq!(nginx.curl_statuses(&arguments), vec![401; 40]);
}

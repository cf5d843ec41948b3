//! HTTP around the token: versions, methods, bodies, connections that are kept alive.

use jwt_testkit::{Key, token};
use nginx_tests::{Config, Nginx, Request, cases, good, key, user};

pub(crate) fn forged() -> String {
    token(&Key::other(key().alg()), &user())
}

fn server() -> Nginx {
    Config::guarded("HTTP around the token", "")
        .expect_log("client sent invalid header line")
        .start()
}

#[test]
fn http_1_0_with_and_without_a_token() {
    let nginx = server();
    nginx
        .ask(&Request::get("/").http10())
        .assert(401, "missing");
    nginx
        .ask(&Request::get("/").http10().bearer(&good()))
        .assert(200, "ok");
    nginx
        .ask(&Request::get("/").http10().bearer(&forged()))
        .assert(401, "bad_signature");
}

#[test]
fn http_0_9_has_no_headers_and_so_no_token() {
    let nginx = server();
    let mut connection = nginx.connect();
    connection.send(b"GET /\r\n");
    let text = connection.rest();
    assert!(!text.contains("ok\n") && text.contains("401"), "{text}");
}

/// A method is no excuse.
fn method(name: &str) {
    let nginx = Config::new("every method needs a token")
        .keys(&[&key()])
        .server(
            "location / { auth_jwt a; auth_jwt_key_file jwks.json; proxy_pass http://@UPSTREAM@; }",
        )
        .start();
    let request = Request::new(name, "/").header("Content-Length", "0");
    let refused = nginx.ask(&request);
    assert_eq!(refused.status, 401);
    assert_eq!(refused.challenge(), "Bearer realm=\"a\"");
    assert_eq!(nginx.ask(&request.clone().bearer(&forged())).status, 401);
    assert_eq!(nginx.ask(&request.bearer(&good())).status, 200);
}

cases! { methods = method:
    get("GET");
    head("HEAD");
    post("POST");
    put("PUT");
    delete("DELETE");
    patch("PATCH");
    options("OPTIONS");
    propfind("PROPFIND");
    an_unknown_one("FROBNICATE");
}

#[test]
fn a_preflight_needs_a_token_too() {
    let request = Request::new("OPTIONS", "/")
        .header("Origin", "https://app.test")
        .header("Access-Control-Request-Method", "GET");
    server().ask(&request).assert(401, "missing");
}

#[test]
fn head_is_refused_without_a_body() {
    let nginx = server();
    let mut connection = nginx.connect();
    for _ in 0..3 {
        connection
            .ask(&Request::new("HEAD", "/"))
            .assert(401, "missing");
        connection
            .ask(&Request::new("HEAD", "/").bearer(&good()))
            .assert(200, "ok");
    }
}

fn api() -> Nginx {
    Config::new("requests with bodies")
        .keys(&[&key()])
        .server("client_max_body_size 8m; client_body_buffer_size 16k; keepalive_requests 10000;
                 location / { auth_jwt a; auth_jwt_key_file jwks.json; proxy_pass http://@UPSTREAM@; }")
        .start()
}

#[test]
fn a_large_body_arrives_whole() {
    let body: Vec<u8> = (0..2_000_000_u32)
        .map(|n| b'a' + u8::try_from(n % 26).unwrap())
        .collect();
    let response = api().ask(&Request::new("POST", "/").bearer(&good()).body(body.clone()));
    assert_eq!(response.status, 200);
    assert!(response.body.as_bytes().ends_with(&body));
}

#[test]
fn a_refused_body_is_discarded_and_the_connection_goes_on() {
    let nginx = api();
    let mut connection = nginx.connect();
    for _ in 0..3 {
        let request = Request::new("POST", "/").body(vec![b'x'; 300_000]);
        assert_eq!(connection.ask(&request).status, 401);
        assert_eq!(
            connection.ask(&request.clone().bearer(&forged())).status,
            401
        );
        let response = connection.ask(&request.bearer(&good()));
        assert_eq!(response.status, 200);
        assert!(response.body.len() > 300_000);
    }
}

/// A body that looks like a request is none: no smuggling past a 401.
#[test]
fn a_request_within_a_refused_body_is_not_answered() {
    let nginx = api();
    let mut connection = nginx.connect();
    let inner = Request::get("/smuggled").bearer(&good()).bytes();
    assert_eq!(
        connection
            .ask(&Request::new("POST", "/").body(inner))
            .status,
        401
    );
    let next = connection.ask(&Request::get("/next").bearer(&good()));
    assert!(next.body.starts_with("GET /next "), "{}", next.body);
}

#[test]
fn a_chunked_body_passes_and_is_refused() {
    let nginx = api();
    let mut connection = nginx.connect();
    let chunks = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    for (authorization, status) in [
        (format!("Bearer {}", good()), 200),
        ("Bearer x".to_owned(), 401),
    ] {
        let head = Request::new("POST", "/")
            .header("Transfer-Encoding", "chunked")
            .header("Authorization", &authorization);
        connection.send(&[&head.bytes(), chunks.as_bytes()].concat());
        let response = connection.receive(false);
        assert_eq!(response.status, status);
        assert_eq!(response.body.ends_with("hello world"), status == 200);
    }
}

#[test]
fn expect_continue_is_refused_before_the_body() {
    let nginx = api();
    let mut connection = nginx.connect();
    let request = Request::new("POST", "/")
        .header("Expect", "100-continue")
        .header("Content-Length", "5");
    connection.send(&request.bytes());
    assert_eq!(connection.receive(false).status, 401);
    let mut connection = nginx.connect();
    connection.send(&request.bearer(&good()).bytes());
    assert_eq!(connection.receive(true).status, 100);
    connection.send(b"hello");
    assert!(connection.receive(false).body.ends_with("hello"));
}

#[test]
fn pipelined_requests_are_each_decided() {
    let nginx = server();
    let mut connection = nginx.connect();
    let requests = [
        (Request::get("/").bearer(&good()), 200),
        (Request::get("/").bearer(&forged()), 401),
        (Request::get("/"), 401),
        (Request::get("/").bearer(&good()), 200),
        (Request::get("/").bearer("x.y.z"), 401),
        (Request::get("/").bearer(&good()), 200),
    ];
    let bytes: Vec<u8> = requests
        .iter()
        .flat_map(|(request, _)| request.bytes())
        .collect();
    connection.send(&bytes);
    for (_, status) in requests {
        assert_eq!(connection.receive(false).status, status);
    }
}

/// Hostile and good by turns on one worker: nothing of one request stays for the next.
#[test]
fn a_kept_connection_keeps_no_verdict() {
    let nginx = server();
    let mut connection = nginx.connect();
    let hostile = [
        Request::get("/"),
        Request::get("/").bearer("x"),
        Request::get("/").bearer(&forged()),
        Request::get("/").bearer(&good()[..100]),
        Request::get("/").bearer(&jwt_testkit::hostile::unsecured("none", "{}")),
        Request::get("/").header("Authorization", "Basic eDp5"),
    ];
    for _ in 0..20 {
        for request in &hostile {
            assert_eq!(connection.ask(request).status, 401);
            connection
                .ask(&Request::get("/").bearer(&good()))
                .assert(200, "ok");
        }
    }
}

#[test]
fn two_connections_on_one_worker_are_apart() {
    let nginx = server();
    let (mut ours, mut theirs) = (nginx.connect(), nginx.connect());
    for _ in 0..20 {
        ours.ask(&Request::get("/").bearer(&good()))
            .assert(200, "ok");
        theirs.ask(&Request::get("/")).assert(401, "missing");
        theirs
            .ask(&Request::get("/").bearer(&forged()))
            .assert(401, "bad_signature");
    }
}

#[test]
fn a_half_sent_request_hurts_nobody() {
    let nginx = server();
    let bytes = Request::get("/").bearer(&good()).bytes();
    let mut half = nginx.connect();
    half.send(&bytes[..60]);
    nginx.get_with("/", &good()).assert(200, "ok");
    half.send(&bytes[60..]);
    half.receive(false).assert(200, "ok");
}

#[test]
fn clients_that_leave_hurt_nobody() {
    let nginx = server();
    let bytes = Request::get("/").bearer(&good()).bytes();
    for cut in (1..bytes.len()).step_by(7) {
        nginx.connect().send(&bytes[..cut]);
    }
    for _ in 0..20 {
        nginx.connect().send(&bytes);
    }
    nginx.get_with("/", &good()).assert(200, "ok");
}

#[test]
fn a_header_beyond_nginxs_buffers_is_nginxs_400() {
    let response = server().get_with("/", &"a".repeat(9_000));
    assert_eq!(response.status, 400);
}

#[test]
fn many_headers_and_the_token_last() {
    let mut request = Request::get("/");
    for n in 0..90 {
        request = request.header(&format!("X-Header-{n}"), "value");
    }
    server().ask(&request.bearer(&good())).assert(200, "ok");
}

/// The same name in another spelling.
fn header_name(name: &str, status: u16) {
    let request = Request::get("/").header(name, &format!("Bearer {}", good()));
    let nginx = Config::guarded("how the header is spelt", "")
        .expect_log("client sent invalid header line")
        .start();
    assert_eq!(nginx.ask(&request).status, status);
}

cases! { header_names = header_name:
    lower_case("authorization", 200);
    upper_case("AUTHORIZATION", 200);
    with_an_underscore("Authorization_", 401);
    another_one("X-Authorization", 401);
    for_a_proxy("Proxy-Authorization", 401);
}

#[test]
fn a_nul_byte_in_the_header_is_refused() {
    let nginx = server();
    let mut connection = nginx.connect();
    let bytes = Request::get("/").bearer(&format!("{}@", good())).bytes();
    connection.send(
        &bytes
            .iter()
            .map(|b| if *b == b'@' { 0 } else { *b })
            .collect::<Vec<_>>(),
    );
    assert_ne!(connection.receive(false).status, 200);
}

#[test]
fn an_absolute_target_is_a_request_like_any() {
    let nginx = server();
    nginx
        .ask(&Request::get("http://localhost/").bearer(&good()))
        .assert(200, "ok");
    nginx
        .ask(&Request::get("http://localhost/"))
        .assert(401, "missing");
}

/// A path's spelling leads to the same location and the same check.
#[test]
fn another_spelling_of_the_path_is_no_way_around() {
    let nginx = Config::new("one location is protected")
        .keys(&[&key()])
        .server("location /secret/ { auth_jwt a; auth_jwt_key_file jwks.json; }")
        .file("html/secret/file", "secret\n")
        .start();
    for path in [
        "/secret/file",
        "/%73ecret/file",
        "/./secret/file",
        "//secret/file",
        "/x/../secret/file",
        "/secret/%66ile",
        "/secret//file",
    ] {
        let response = nginx.get(path);
        assert_eq!(response.status, 401, "{path}");
        assert_eq!(nginx.get_with(path, &good()).body, "secret\n", "{path}");
    }
}

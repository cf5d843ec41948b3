//! Keys that a location of the server answers with, and how requests wait for them.

use std::io::Write;
use std::net::TcpStream;

use jwt_testkit::{Alg, Key, jwks, token};
use nginx_tests::{
    Config, Connection, Features, Nginx, Origin, Request, cases, eventually, good, http, key, user,
};

/// Answers with the issuer's key.
fn provider() -> Origin {
    provider_of(http("200 OK", "", jwks(&[&key()])))
}

fn provider_of(answer: Vec<u8>) -> Origin {
    Origin::start(move |_, stream| send(stream, &answer))
}

/// The peer may close before it has read everything.
fn send(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

/// Answers when the test opens the gate.
fn slow_provider() -> Origin {
    Origin::with_gate(|_, stream, gate| {
        gate.wait();
        send(stream, &http("200 OK", "", jwks(&[&key()])));
    })
}

/// `extra` goes into the guarded location, `keys` into the one that is asked.
fn asking(provider: &Origin, extra: &str, keys: &str) -> Config {
    let address = provider.address();
    Config::new("keys from a location")
        .server(format!(
            "location / {{
                auth_jwt \"api\";
                auth_jwt_key_request /_jwks;
                add_header Status $jwt_status always;
                {extra}
                try_files /ok.txt =500;
            }}
            location = /_jwks {{ internal; proxy_pass http://{address}/keys; {keys} }}"
        ))
        .keys(&[&Key::fixed(Alg::RS256)])
}

fn forged() -> String {
    token(&Key::other(Alg::ES256), &user())
}

/// The error log says why a request got 500.
fn refused_for(nginx: &Nginx, reason: &str) {
    nginx.get_with("/", &good()).assert(500, "key_unavailable");
    let line = nginx
        .log()
        .wait_for("auth_jwt: key request \"/_jwks\": the", 1);
    assert!(line.contains("[error]") && line.contains(reason), "{line}");
}

#[test]
fn a_token_is_verified_with_the_keys_of_the_answer() {
    let provider = provider();
    let nginx = asking(&provider, "", "").start();
    nginx.get_with("/", &good()).assert(200, "ok");
    nginx.get_with("/", &forged()).assert(401, "bad_signature");
    nginx.get("/").assert(401, "missing");
    assert_eq!(provider.requests().len(), 2, "one per token");
}

#[test]
fn a_token_that_no_key_could_verify_asks_for_none() {
    let provider = provider();
    let nginx = asking(&provider, "", "").start();
    nginx.get_with("/", "x").assert(401, "malformed");
    nginx.get_with("/", "x.y.z").assert(401, "malformed");
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn the_request_for_keys_is_clean() {
    let provider = provider();
    let nginx = asking(
        &provider,
        "",
        "proxy_http_version 1.0; proxy_set_header Connection close; proxy_set_header Host $http_host;",
    )
    .start();
    let dropped = [
        ("Cookie", "session=1"),
        ("Accept-Encoding", "gzip"),
        ("Range", "bytes=0-1"),
        ("If-None-Match", "\"x\""),
        ("If-Modified-Since", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ("If-Match", "\"x\""),
        ("If-Unmodified-Since", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ("If-Range", "\"x\""),
        ("Content-Type", "text/plain"),
        ("Content-Encoding", "gzip"),
        ("Content-Language", "en"),
        ("Transfer-Encoding", "chunked"),
        ("Expect", "100-continue"),
        ("Proxy-Authorization", "Basic eA=="),
        ("X-Api-Key", "secret"),
    ];
    let mut request = Request::new("POST", "/?a=1")
        .header("Host", "api.example:8080")
        .bearer(&good());
    for (name, value) in dropped {
        request = request.header(name, value);
    }
    let mut connection = nginx.connect();
    connection.send(&request.bytes());
    connection.send(b"5\r\nhello\r\n0\r\n\r\n");
    // A static file refuses POST, after the token was accepted.
    connection.receive(false).assert(405, "ok");
    let asked = provider.request(1);
    let mut lines: Vec<&str> = asked.trim_end().lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "Connection: close",
            "GET /keys HTTP/1.0",
            "Host: api.example:8080"
        ]
    );
}

fn answer_is_refused(answer: Vec<u8>, reason: &str) {
    let provider = provider_of(answer);
    let nginx = asking(&provider, "", "").expect_log("upstream").start();
    refused_for(&nginx, reason);
    // The worker and the connection go on.
    nginx.get("/").assert(401, "missing");
}

fn long(length: usize) -> Vec<u8> {
    let mut body = jwks(&[&key()]).into_bytes();
    body.resize(length, b' ');
    http("200 OK", "", body)
}

cases! { unusable_answers = answer_is_refused:
    not_found(http("404 Not Found", "", jwks(&[&key()])), "404");
    server_error(http("500 Oops", "", jwks(&[&key()])), "500");
    no_content(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), "204");
    partial(http("206 Partial Content", "Content-Range: bytes 0-1/9\r\n", jwks(&[&key()])), "206");
    redirect(http("302 Found", "Location: https://elsewhere.example/\r\n", ""), "302");
    unauthorized(http("401 Unauthorized", "WWW-Authenticate: Basic\r\n", ""), "401");
    garbage(http("200 OK", "", "<html>"), "neither JSON nor PEM");
    nothing(http("200 OK", "", ""), "neither JSON nor PEM");
    cut_json(http("200 OK", "", "{\"keys\":["), "not valid JSON");
    no_keys(http("200 OK", "", "{\"keys\":[]}"), "no usable key");
    no_known_key(http("200 OK", "", "{\"keys\":[{\"kty\":\"NEW\"},{\"kty\":\"OKP\",\"crv\":\"X\"}]}"), "no usable key");
    compressed(http("200 OK", "Content-Encoding: gzip\r\n", jwks(&[&key()])), "compressed");
    compressed_otherwise(http("200 OK", "Content-Encoding: br\r\n", jwks(&[&key()])), "compressed");
    too_long(long((1 << 20) + 1), "longer than 1 MiB");
    twenty_mebibytes(long(20 << 20), "longer than 1 MiB");
    not_http(b"garbage".to_vec(), "no answer");
    closed_at_once(Vec::new(), "502");
    cut_body(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{\"keys\":[]}".to_vec(), "cut");
    cut_chunks(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"key".to_vec(), "cut");
}

/// The same with every way in which nginx hands an answer on.
fn too_long_is_refused(keys: &str) {
    let provider = provider_of(long(3 << 20));
    let nginx = asking(&provider, "", keys)
        .http("proxy_cache_path @PREFIX@/cache keys_zone=keys:1m;")
        .expect_log("upstream")
        .start();
    for _ in 0..3 {
        refused_for(&nginx, "longer than 1 MiB");
    }
}

cases! { too_long_answers = too_long_is_refused:
    unbuffered("proxy_buffering off;");
    in_files("proxy_buffers 2 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 4k;");
    cached("proxy_cache keys; proxy_cache_valid 1h;");
    stored("proxy_store @PREFIX@/tmp/proxy/stored;");
}

fn long_is_taken(keys: &str) {
    let provider = provider_of(long(1 << 20));
    let nginx = asking(&provider, "", keys)
        .http("proxy_cache_path @PREFIX@/cache keys_zone=keys:1m;")
        .expect_log("buffered to a temporary file")
        .start();
    for _ in 0..3 {
        nginx.get_with("/", &good()).assert(200, "ok");
        nginx.get_with("/", &forged()).assert(401, "bad_signature");
    }
}

cases! { long_answers = long_is_taken:
    plain("");
    whatever_the_output_buffer("subrequest_output_buffer_size 1;");
    unbuffered("proxy_buffering off;");
    in_files("proxy_buffers 2 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 4k;");
    cached("proxy_cache keys; proxy_cache_valid 1h;");
}

#[test]
fn an_endless_answer_is_given_up() {
    let provider = Origin::start(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b' '; 65536]).is_ok() {}
    });
    let nginx = asking(&provider, "", "").expect_log("upstream").start();
    refused_for(&nginx, "longer than 1 MiB");
}

#[test]
fn a_chunked_answer_counts() {
    let body = jwks(&[&key()]);
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for byte in body.bytes() {
        answer.extend([b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    answer.extend(b"0\r\n\r\n");
    let provider = provider_of(answer);
    let nginx = asking(&provider, "", "proxy_http_version 1.1;").start();
    nginx.get_with("/", &good()).assert(200, "ok");
}

#[test]
fn a_key_of_a_kind_unknown_spoils_no_other() {
    let known = jwks(&[&key()]);
    let body = known.replacen(
        "{\"keys\":[",
        "{\"keys\":[{\"kty\":\"NEW\",\"kid\":\"a\"},{\"kty\":\"OKP\",\"crv\":\"X\",\"kid\":\"b\"},",
        1,
    );
    assert_ne!(body, known);
    let provider = provider_of(http("200 OK", "", body));
    let nginx = asking(&provider, "", "").start();
    nginx.get_with("/", &good()).assert(200, "ok");
}

#[test]
fn a_provider_that_is_down_is_our_trouble() {
    let provider = provider();
    let config = asking(&provider, "", "").expect_log("connect() failed");
    drop(provider);
    refused_for(&config.start(), "502");
}

#[test]
fn a_provider_that_hangs_is_given_up() {
    let provider = slow_provider();
    let nginx = asking(&provider, "", "proxy_read_timeout 100ms;")
        .expect_log("upstream timed out")
        .start();
    refused_for(&nginx, "504");
}

#[test]
fn an_error_page_of_the_location_may_have_the_keys() {
    let provider = provider_of(http("503 No", "", ""));
    let nginx = asking(
        &provider,
        "",
        "proxy_intercept_errors on; error_page 503 =200 @file;",
    )
    .file("html/fallback.json", jwks(&[&key()]))
    .server("location @file { try_files /fallback.json =404; }")
    .start();
    nginx.get_with("/", &good()).assert(200, "ok");
}

/// Where no upstream is: a static file, sent in every way that nginx has.
fn a_file_is_taken(keys: &str) {
    let nginx = Config::new("keys from a file of the root")
        .file("html/keys.json", jwks(&[&key()]))
        .server(format!(
            "location / {{
                auth_jwt \"api\"; auth_jwt_key_request /keys.json;
                add_header Status $jwt_status always; try_files /ok.txt =500;
            }}
            location = /keys.json {{ {keys} }}"
        ))
        .start();
    for _ in 0..3 {
        let response = nginx.get_with("/", &good());
        response.assert(200, "ok");
        assert_eq!(response.body, "ok\n");
    }
}

cases! { files = a_file_is_taken:
    plain("");
    sendfile("sendfile on;");
    direct("directio 1;");
    not_for_clients("internal;");
    denied_to_clients("deny all;");
    guarded_itself("auth_jwt \"keys\"; auth_jwt_key_request /keys.json;");
    guarded_before("auth_jwt \"keys\"; auth_jwt_key_request /keys.json; auth_jwt_phase preaccess;");
    with_filters("ssi on; ssi_types *; gzip on; gzip_types *; gzip_min_length 1; charset utf-8; add_header X y always; expires 1h; etag on;");
}

#[test]
fn the_location_inherits_what_guards_the_server() {
    let provider = provider();
    let address = provider.address();
    for phase in ["access", "preaccess"] {
        let nginx = Config::new("a guarded server")
            .server(format!(
                "auth_jwt \"api\"; auth_jwt_phase {phase}; auth_jwt_key_request /_jwks;
                location = /_jwks {{ proxy_pass http://{address}; }}"
            ))
            .start();
        assert_eq!(nginx.get_with("/ok.txt", &good()).status, 200);
        assert_eq!(nginx.get_with("/ok.txt", &forged()).status, 401);
        assert_eq!(nginx.get("/ok.txt").status, 401);
        assert_eq!(nginx.get("/_jwks").status, 401);
    }
}

#[test]
fn several_requests_and_files_count_together() {
    let (rs, es) = (Key::fixed(Alg::RS256), Key::fixed(Alg::ES384));
    let (one, two) = (provider(), provider_of(http("200 OK", "", jwks(&[&es]))));
    let nginx = asking(
        &one,
        "auth_jwt_key_request /_two; auth_jwt_key_file jwks.json;",
        "",
    )
    .server(format!(
        "location = /_two {{ proxy_pass http://{}; }}",
        two.address()
    ))
    .start();
    for key in [&key(), &es, &rs] {
        nginx.get_with("/", &token(key, &user())).assert(200, "ok");
    }
    nginx
        .get_with("/", &token(&Key::fixed(Alg::PS256), &user()))
        .assert(401, "unknown_key");
    assert_eq!(one.requests().len(), 4);
    assert_eq!(two.requests().len(), 4);
}

#[test]
fn one_that_fails_of_several_is_our_trouble() {
    let (one, two) = (provider(), provider_of(http("500 No", "", "")));
    let nginx = asking(&one, "auth_jwt_key_request /_two;", "")
        .server(format!(
            "location = /_two {{ proxy_pass http://{}; }}",
            two.address()
        ))
        .start();
    nginx.get_with("/", &good()).assert(500, "key_unavailable");
    nginx.log().wait_for("/_two", 1);
}

#[test]
fn a_level_that_names_a_source_drops_those_above() {
    let provider = provider();
    let address = provider.address();
    let (rs, es) = (token(&Key::fixed(Alg::RS256), &user()), good());
    let nginx = Config::new("sources replace")
        .keys(&[&Key::fixed(Alg::RS256)])
        .http("auth_jwt api; auth_jwt_key_file jwks.json;")
        .server(format!(
            "location /file {{ try_files /ok.txt =500; }}
            location /request {{
                auth_jwt_key_request /_jwks; try_files /ok.txt =500;
                location /request/file {{ auth_jwt_key_file jwks.json; try_files /ok.txt =500; }}
                location /request/inherited {{ try_files /ok.txt =500; }}
            }}
            location = /_jwks {{ proxy_pass http://{address}; }}"
        ))
        .start();
    for (target, good, bad) in [
        ("/file", &rs, &es),
        ("/request", &es, &rs),
        ("/request/file", &rs, &es),
        ("/request/inherited", &es, &rs),
    ] {
        assert_eq!(nginx.get_with(target, good).status, 200, "{target}");
        assert_eq!(nginx.get_with(target, bad).status, 401, "{target}");
    }
}

#[test]
fn limit_except_has_its_own_keys() {
    let provider = provider();
    let nginx = asking(
        &provider,
        "limit_except GET { auth_jwt admin; auth_jwt_key_file jwks.json; }",
        "",
    )
    .start();
    let rs = token(&Key::fixed(Alg::RS256), &user());
    assert_eq!(nginx.get_with("/", &good()).status, 200);
    assert_eq!(nginx.get_with("/", &rs).status, 401);
    let delete = |token: &str| nginx.ask(&Request::new("DELETE", "/").bearer(token)).status;
    assert_eq!(delete(&good()), 401);
    assert_eq!(delete(&rs), 405);
    let other = asking(
        &provider,
        "limit_except POST { auth_jwt admin; auth_jwt_key_request /_jwks; }",
        "",
    )
    .start();
    assert_eq!(other.get_with("/ok.txt", &good()).status, 200);
    assert_eq!(other.get_with("/ok.txt", &forged()).status, 401);
}

/// The client's body is untouched, whatever its form.
fn the_body_arrives(bytes: &dyn Fn(&mut Connection, &str), length: usize) {
    let provider = provider();
    let nginx = asking(&provider, "", "")
        .server(
            "client_max_body_size 2m;
            location /api {
                auth_jwt api; auth_jwt_key_request /_jwks; proxy_pass http://@UPSTREAM@;
            }",
        )
        .expect_log("buffered to a temporary file")
        .start();
    let mut connection = nginx.connect();
    for _ in 0..2 {
        bytes(&mut connection, &good());
        let response = connection.receive(false);
        assert_eq!(response.status, 200);
        let (_, body) = response.body.split_once("\r\n\r\n").unwrap();
        assert_eq!(body.len(), length);
        assert!(body.bytes().all(|byte| byte == b'x'));
    }
    for asked in provider.requests() {
        assert!(!asked.to_lowercase().contains("content-length"), "{asked}");
    }
}

#[test]
fn a_large_post_arrives_whole() {
    let post = |connection: &mut Connection, token: &str| {
        let request = Request::new("POST", "/api").bearer(token);
        connection.send(&request.body(vec![b'x'; 1 << 20]).bytes());
    };
    the_body_arrives(&post, 1 << 20);
}

#[test]
fn a_chunked_post_arrives_whole() {
    let post = |connection: &mut Connection, token: &str| {
        let request = Request::new("POST", "/api").bearer(token);
        let request = request.header("Transfer-Encoding", "chunked");
        connection.send(&request.bytes());
        for _ in 0..16 {
            connection.send(b"10000\r\n");
            connection.send(&[b'x'; 65536]);
            connection.send(b"\r\n");
        }
        connection.send(b"0\r\n\r\n");
    };
    the_body_arrives(&post, 1 << 20);
}

#[test]
fn a_large_post_over_http_2_arrives_whole() {
    let provider = provider();
    let nginx = asking(&provider, "", "")
        .http(format!(
            "server {{ {} client_max_body_size 2m;
                location / {{ auth_jwt api; auth_jwt_key_request /_jwks; proxy_pass http://@UPSTREAM@; }}
                location = /_jwks {{ proxy_pass http://{}; }} }}",
            Features::get().http2_listen(false),
            provider.address(),
        ))
        .expect_log("buffered to a temporary file")
        .start();
    let path = nginx.prefix("body");
    std::fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
    let (body, bearer) = (
        format!("@{}", path.display()),
        format!("Authorization: Bearer {}", good()),
    );
    let url = format!("http://127.0.0.1:{}/", nginx.port2());
    let response = nginx.curl(&[
        "--http2-prior-knowledge",
        &url,
        "-X",
        "POST",
        "--data-binary",
        &body,
        "-H",
        &bearer,
    ]);
    assert_eq!(response.status, 200);
    assert!(response.body.ends_with(&"x".repeat(1 << 20)));
    assert!(!provider.request(1).to_lowercase().contains("content-"));
}

#[test]
fn the_uri_may_hold_variables_and_arguments() {
    let provider = Origin::start(|request, stream| {
        let key = match request.split(' ').nth(1).unwrap() {
            "/keys/a?x=1" => key(),
            "/keys/b?x=1" => Key::fixed(Alg::RS256),
            _ => return send(stream, &http("404 Not Found", "", request)),
        };
        send(stream, &http("200 OK", "", jwks(&[&key])));
    });
    let nginx = Config::new("keys per tenant")
        .server(format!(
            "location / {{
                auth_jwt api; auth_jwt_key_request /_jwks/$http_x_tenant?x=1; auth_jwt_key_cache 1h;
                add_header Status $jwt_status always; try_files /ok.txt =500;
            }}
            location /_jwks/ {{ internal; proxy_pass http://{}/keys/; }}",
            provider.address()
        ))
        .start();
    let ask = |tenant: &str, token: &str| {
        nginx.ask(&Request::get("/").header("X-Tenant", tenant).bearer(token))
    };
    let (a, b) = (good(), token(&Key::fixed(Alg::RS256), &user()));
    for _ in 0..2 {
        ask("a", &a).assert(200, "ok");
        ask("b", &b).assert(200, "ok");
        ask("a", &b).assert(401, "unknown_key");
        ask("b", &a).assert(401, "unknown_key");
    }
    assert_eq!(provider.requests().len(), 8, "never kept by time");
    for bad in ["", "c", "..", "../x", "a b", "a/../b", "a/.."] {
        ask(bad, &a).assert(500, "key_unavailable");
    }
    assert_eq!(provider.requests().len(), 10, "empty and unknown only");
}

#[test]
fn the_unverified_issuer_chooses_the_uri() {
    let provider = provider();
    let nginx = Config::new("keys per issuer")
        .http("map $jwt_claim_iss $keys { https://a.test /_jwks; default /_none; }")
        .server(format!(
            "location / {{
                auth_jwt api; auth_jwt_key_request $keys;
                add_header Status $jwt_status always; try_files /ok.txt =500;
            }}
            location = /_jwks {{ proxy_pass http://{}; }}",
            provider.address()
        ))
        .expect_log("No such file")
        .start();
    let of = |iss: &str| token(&key(), &nginx_tests::user_with("iss", iss.into()));
    nginx.get_with("/", &of("https://a.test")).assert(200, "ok");
    nginx
        .get_with("/", &of("https://b.test"))
        .assert(500, "key_unavailable");
}

/// Every answer that is the same keeps the parsed keys; another one counts at once.
#[test]
fn a_changed_answer_counts_at_once() {
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let provider = Origin::start(move |_, stream| {
        let key = match turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0..3 => key(),
            _ => Key::other(Alg::ES256),
        };
        send(stream, &http("200 OK", "", jwks(&[&key])));
    });
    let nginx = asking(&provider, "add_header Cache $jwt_cache_status;", "").start();
    let token = good();
    for cache in ["MISS", "HIT", "HIT"] {
        let response = nginx.get_with("/", &token);
        response.assert(200, "ok");
        assert_eq!(response.header("Cache"), Some(cache));
    }
    nginx.get_with("/", &token).assert(401, "bad_signature");
    nginx.get_with("/", &forged()).assert(200, "ok");
}

#[test]
fn kept_keys_ask_for_nothing() {
    let provider = provider();
    let nginx = asking(&provider, "auth_jwt_key_cache 1h;", "").start();
    for _ in 0..5 {
        nginx.get_with("/", &good()).assert(200, "ok");
        nginx.get_with("/", &forged()).assert(401, "bad_signature");
    }
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn kept_keys_are_asked_for_again_after_their_time() {
    let provider = provider();
    let nginx = asking(&provider, "auth_jwt_key_cache 1s;", "").start();
    nginx.get_with("/", &good()).assert(200, "ok");
    eventually("they are asked for again", || {
        nginx.get_with("/", &good()).assert(200, "ok");
        provider.requests().len() == 2
    });
}

#[test]
fn a_failure_is_not_kept() {
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let provider = Origin::start(move |_, stream| {
        let answer = match turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => http("500 No", "", ""),
            1 => http("200 OK", "", "{\"keys\":[]}"),
            _ => http("200 OK", "", jwks(&[&key()])),
        };
        send(stream, &answer);
    });
    let nginx = asking(&provider, "auth_jwt_key_cache 1h;", "").start();
    for status in [500, 500, 200, 200] {
        assert_eq!(nginx.get_with("/", &good()).status, status);
    }
    assert_eq!(provider.requests().len(), 3);
}

/// The same URI in two servers is two locations.
#[test]
fn kept_keys_belong_to_their_server() {
    let (one, two) = (
        provider(),
        provider_of(http("200 OK", "", jwks(&[&Key::fixed(Alg::RS256)]))),
    );
    let nginx = Config::new("two servers")
        .http(format!(
            "auth_jwt api; auth_jwt_key_request /_jwks; auth_jwt_key_cache 1h;
            server {{ listen 127.0.0.1:@PORT@; server_name two; root @PREFIX@/html;
                location = /_jwks {{ proxy_pass http://{}; }} }}",
            two.address()
        ))
        .server(format!(
            "server_name one; location = /_jwks {{ proxy_pass http://{}; }}",
            one.address()
        ))
        .start();
    let ask = |host: &str, token: &str| {
        let request = Request::get("/ok.txt").header("Host", host).bearer(token);
        nginx.ask(&request).status
    };
    let rs = token(&Key::fixed(Alg::RS256), &user());
    for _ in 0..2 {
        assert_eq!(ask("one", &good()), 200);
        assert_eq!(ask("two", &good()), 401);
        assert_eq!(ask("one", &rs), 401);
        assert_eq!(ask("two", &rs), 200);
    }
    assert_eq!((one.requests().len(), two.requests().len()), (1, 1));
}

#[test]
fn how_long_keys_are_kept_is_for_each_level_to_say() {
    let provider = provider();
    let nginx = Config::new("two levels")
        .server(format!(
            "auth_jwt api; auth_jwt_key_request /_jwks; auth_jwt_key_cache 1h;
            location /kept {{ try_files /ok.txt =500; }}
            location /fresh {{ auth_jwt_key_cache 0; try_files /ok.txt =500; }}
            location = /_jwks {{ auth_jwt off; proxy_pass http://{}; }}",
            provider.address()
        ))
        .start();
    for (target, asked) in [
        ("/kept", 1),
        ("/kept", 1),
        ("/fresh", 2),
        ("/fresh", 3),
        ("/kept", 3),
    ] {
        assert_eq!(nginx.get_with(target, &good()).status, 200);
        assert_eq!(provider.requests().len(), asked);
    }
}

/// Those that come while keys are fetched wait for that fetch.
#[test]
fn one_fetch_serves_all_that_wait() {
    let provider = slow_provider();
    let nginx = asking(&provider, "auth_jwt_key_cache 1h;", "").start();
    let mut waiting: Vec<_> = (0..20).map(|_| nginx.connect()).collect();
    for connection in &mut waiting {
        connection.send(&Request::get("/").bearer(&good()).bytes());
    }
    // The last one is there: nginx took them in their order.
    nginx.get("/").assert(401, "missing");
    provider.open();
    for connection in &mut waiting {
        connection.receive(false).assert(200, "ok");
        connection
            .ask(&Request::get("/").bearer(&forged()))
            .assert(401, "bad_signature");
    }
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn one_failure_answers_all_that_wait() {
    let provider = Origin::with_gate(|_, stream, gate| {
        gate.wait();
        send(stream, &http("503 No", "", ""));
    });
    let nginx = asking(&provider, "auth_jwt_key_cache 1h;", "").start();
    let mut waiting: Vec<_> = (0..5).map(|_| nginx.connect()).collect();
    for connection in &mut waiting {
        connection.send(&Request::get("/").bearer(&good()).bytes());
    }
    nginx.get("/").assert(401, "missing");
    provider.open();
    for connection in &mut waiting {
        connection.receive(false).assert(500, "key_unavailable");
    }
    assert_eq!(provider.requests().len(), 1);
}

/// Clients that go away while they wait, the one that carries the fetch among them.
#[test]
fn a_client_that_goes_away_takes_nobody_with_it() {
    let provider = slow_provider();
    let nginx = asking(&provider, "auth_jwt_key_cache 1h;", "").start();
    let mut clients: Vec<_> = (0..6).map(|_| nginx.connect()).collect();
    for connection in &mut clients {
        connection.send(&Request::get("/").bearer(&good()).bytes());
    }
    let _first = provider.request(1);
    nginx.get("/").assert(401, "missing");
    // The carrier, then one that waits.
    drop(clients.remove(0));
    drop(clients.remove(2));
    let _second = provider.request(2);
    provider.open();
    for connection in &mut clients {
        connection.receive(false).assert(200, "ok");
    }
    nginx.get_with("/", &good()).assert(200, "ok");
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn clients_that_go_away_without_a_shared_fetch() {
    let provider = slow_provider();
    let nginx = asking(&provider, "", "").start();
    for number in 1..=10 {
        let mut connection = nginx.connect();
        connection.send(&Request::get("/").bearer(&good()).bytes());
        let _asked = provider.request(number);
    }
    provider.open();
    nginx.get_with("/", &good()).assert(200, "ok");
}

#[test]
fn pipelined_requests_wait_in_their_order() {
    let provider = slow_provider();
    let nginx = asking(&provider, "", "").start();
    let mut connection = nginx.connect();
    let mut bytes = Request::get("/").bearer(&good()).bytes();
    bytes.extend(Request::get("/").bearer(&forged()).bytes());
    bytes.extend(Request::get("/").bytes());
    connection.send(&bytes);
    let _asked = provider.request(1);
    provider.open();
    connection.receive(false).assert(200, "ok");
    connection.receive(false).assert(401, "bad_signature");
    connection.receive(false).assert(401, "missing");
}

#[test]
fn http_2_streams_wait_beside_each_other() {
    Features::get().need("http_ssl");
    let provider = provider();
    let pair = Key::fixed(key().alg());
    for keep in ["0", "1h"] {
        let nginx = asking(&provider, "", "")
            .file("server.pem", pair.certificate_pem() + &pair.private_pem())
            .http(format!(
                "server {{ {} ssl_certificate server.pem; ssl_certificate_key server.pem;
                    root @PREFIX@/html;
                    location / {{ auth_jwt api; auth_jwt_key_request /_jwks; auth_jwt_key_cache {keep};
                        try_files /ok.txt =500; }}
                    location = /_jwks {{ proxy_pass http://{}; }} }}",
                Features::get().http2_listen(true),
                provider.address(),
            ))
            .start();
        let bearer = format!("Authorization: Bearer {}", good());
        let url = format!("https://127.0.0.1:{}/[1-40]", nginx.port2());
        let arguments = ["--http2", "--insecure", "--parallel", &url, "-H", &bearer];
        assert_eq!(nginx.curl_statuses(&arguments), vec![200; 40]);
    }
}

#[test]
fn proxy_cache_collapses_requests() {
    let provider = provider();
    let nginx = asking(
        &provider,
        "",
        "proxy_cache keys; proxy_cache_valid 1h; proxy_cache_lock on;",
    )
    .http("proxy_cache_path @PREFIX@/cache keys_zone=keys:1m;")
    .start();
    for _ in 0..5 {
        nginx.get_with("/", &good()).assert(200, "ok");
        nginx.get_with("/", &forged()).assert(401, "bad_signature");
    }
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn satisfy_any_waits_and_decides() {
    let provider = provider();
    let nginx = asking(
        &provider,
        "satisfy any; auth_basic b; auth_basic_user_file htpasswd;",
        "",
    )
    .file("htpasswd", "ann:{PLAIN}secret\n")
    .start();
    assert_eq!(nginx.get_with("/", &good()).status, 200);
    assert_eq!(nginx.get_with("/", &forged()).status, 401);
    let password = Request::get("/").header("Authorization", "Basic YW5uOnNlY3JldA==");
    assert_eq!(nginx.ask(&password).status, 200);
    assert_eq!(nginx.get("/").all("WWW-Authenticate").len(), 2);
}

#[test]
fn satisfy_any_that_is_met_before_asks_for_nothing() {
    let provider = provider();
    let nginx = asking(&provider, "satisfy any; allow 127.0.0.1; deny all;", "").start();
    assert_eq!(nginx.get_with("/", &forged()).status, 200);
    assert_eq!(provider.requests().len(), 0);
}

#[test]
fn satisfy_any_ends_with_our_trouble() {
    let provider = provider_of(http("500 No", "", ""));
    let nginx = asking(
        &provider,
        "satisfy any; auth_basic b; auth_basic_user_file htpasswd;",
        "",
    )
    .file("htpasswd", "ann:{PLAIN}secret\n")
    .start();
    nginx.get_with("/", &good()).assert(500, "key_unavailable");
}

#[test]
fn auth_request_beside_it() {
    Features::get().need("http_auth_request");
    let provider = provider();
    let nginx = asking(&provider, "auth_request /_auth;", "")
        .server("location = /_auth { internal; proxy_pass http://@UPSTREAM@; proxy_pass_request_body off; proxy_set_header Content-Length ''; }")
        .start();
    nginx.get_with("/", &good()).assert(200, "ok");
    nginx.get_with("/", &forged()).assert(401, "bad_signature");
}

#[test]
fn before_the_limits_too() {
    let provider = provider();
    let nginx = asking(
        &provider,
        "auth_jwt_phase preaccess; limit_req zone=all;",
        "",
    )
    .http("limit_req_zone all zone=all:32k rate=1r/m;")
    .start();
    nginx.get_with("/", &forged()).assert(401, "bad_signature");
    nginx.get_with("/", &good()).assert(200, "ok");
    assert_eq!(nginx.get_with("/", &good()).status, 503, "it was counted");
}

/// A subrequest of SSI's checks its token in the preaccess phase, with keys of its own.
#[test]
fn in_a_subrequest_of_another_module() {
    for (keep, asked) in [("0", 4), ("1h", 1)] {
        let provider = provider();
        let nginx = Config::new("an included part is guarded")
            .file(
                "html/page.html",
                "<!--#include virtual=\"/part\" --> and <!--#include virtual=\"/part?2\" -->!",
            )
            .server(format!(
                "ssi on; ssi_types *;
                location /part {{
                    auth_jwt part; auth_jwt_key_request /_jwks; auth_jwt_phase preaccess;
                    auth_jwt_key_cache {keep}; try_files /ok.txt =500;
                }}
                location = /_jwks {{ proxy_pass http://{}; }}",
                provider.address()
            ))
            .start();
        let page = nginx.get_with("/page.html", &good());
        assert_eq!((page.status, &*page.body), (200, "ok\n and ok\n!"));
        let page = nginx.get_with("/page.html", &forged());
        assert!(!page.body.contains("ok"), "{}", page.body);
        assert!(!page.body.contains("keys"), "{}", page.body);
        assert_eq!(provider.requests().len(), asked);
    }
}

/// The location goes on elsewhere: the answer is where it ends.
#[test]
fn the_location_may_redirect_internally() {
    let provider = provider_of(http("200 OK", "X-Accel-Redirect: /hidden.json\r\n", ""));
    let nginx = asking(&provider, "", "")
        .file("html/hidden.json", jwks(&[&key()]))
        .server("location = /hidden.json { internal; }")
        .start();
    nginx.get_with("/", &good()).assert(200, "ok");
    nginx.get_with("/", &forged()).assert(401, "bad_signature");
}

/// proxy_cache asks with a subrequest of the subrequest: nothing of it reaches the client.
#[test]
fn a_cache_that_is_refreshed_in_the_background() {
    let provider = provider();
    let nginx = asking(
        &provider,
        "",
        "proxy_cache keys; proxy_cache_valid 1s; proxy_cache_use_stale updating;
         proxy_cache_background_update on;",
    )
    .http("proxy_cache_path @PREFIX@/cache keys_zone=keys:1m;")
    .start();
    let mut connection = nginx.connect();
    eventually("the cache is refreshed", || {
        let response = connection.ask(&Request::get("/").bearer(&good()));
        response.assert(200, "ok");
        assert_eq!(response.body, "ok\n");
        provider.requests().len() == 3
    });
}

/// Each source says once a second what is wrong with it.
#[test]
fn every_source_that_fails_is_in_the_log() {
    let provider = provider_of(http("500 No", "", ""));
    let nginx = asking(&provider, "", "")
        .server(format!(
            "location /two {{ auth_jwt api; auth_jwt_key_request /_two; }}
            location = /_two {{ proxy_pass http://{}; }}",
            provider.address()
        ))
        .start();
    for target in ["/", "/two"] {
        assert_eq!(nginx.get_with(target, &good()).status, 500);
    }
    nginx
        .log()
        .wait_for("key request \"/_jwks\": the answer is 500", 1);
    nginx
        .log()
        .wait_for("key request \"/_two\": the answer is 500", 1);
}

#[test]
fn an_internal_redirect_asks_once() {
    let provider = provider();
    let nginx = asking(&provider, "", "")
        .server(
            "location /redirected {
                auth_jwt api; auth_jwt_key_request /_jwks; add_header Status $jwt_status always;
                try_files /none /;
            }
            location /missing {
                auth_jwt api; auth_jwt_key_request /_jwks; error_page 404 /;
                try_files /none =404;
            }",
        )
        .start();
    for (target, status) in [("/redirected", 200), ("/missing", 404)] {
        let before = provider.requests().len();
        nginx.get_with(target, &good()).assert(status, "ok");
        assert_eq!(provider.requests().len(), before + 1, "{target}");
    }
    nginx
        .get_with("/redirected", &forged())
        .assert(401, "bad_signature");
}

/// A refused request shows a page of a location that is guarded in the same way.
#[test]
fn an_error_page_behind_the_same_keys() {
    let provider = provider();
    let nginx = asking(&provider, "error_page 401 /error;", "").start();
    let response = nginx.get_with("/", &forged());
    assert_eq!(response.status, 401);
    assert_eq!(response.all("WWW-Authenticate").len(), 1);
    let provider = provider_of(Vec::new());
    let down = asking(&provider, "error_page 500 /error;", "")
        .expect_log("prematurely closed")
        .start();
    assert_eq!(down.get_with("/", &good()).status, 500);
}

/// Before the access phase nothing can wait: keys at hand, or none.
#[test]
fn a_variable_read_too_early_does_not_decide() {
    let provider = provider();
    for (keep, early) in [("0", ""), ("1h", nginx_tests::SUBJECT)] {
        let nginx = asking(
            &provider,
            &format!(
                "set $early $jwt_claim_sub; add_header Early \"[$early]\";
                add_header Late \"[$jwt_claim_sub]\"; auth_jwt_key_cache {keep};"
            ),
            "",
        )
        .start();
        let late = format!("[{}]", nginx_tests::SUBJECT);
        let first = nginx.get_with("/", &good());
        first.assert(200, "ok");
        assert_eq!(first.header("Early"), Some("[]"));
        assert_eq!(first.header("Late"), Some(&*late));
        let second = nginx.get_with("/", &good());
        assert_eq!(second.header("Early"), Some(&*format!("[{early}]")));
        assert_eq!(second.header("Late"), Some(&*late));
        nginx.get_with("/", &forged()).assert(401, "bad_signature");
    }
}

#[test]
fn the_location_sees_no_claims() {
    let provider = provider();
    let nginx = asking(
        &provider,
        "",
        "proxy_set_header X-Sub \"[$jwt_claim_sub]\"; proxy_set_header X-Status \"[$jwt_status]\";",
    )
    .start();
    nginx.get_with("/", &good()).assert(200, "ok");
    assert!(provider.request(1).contains("X-Sub: []\r\n"));
    assert!(
        provider
            .request(1)
            .contains("X-Status: [key_unavailable]\r\n")
    );
}

#[test]
fn head_and_http_1_0() {
    let provider = provider();
    let nginx = asking(&provider, "", "").start();
    nginx
        .ask(&Request::new("HEAD", "/").bearer(&good()))
        .assert(200, "ok");
    nginx
        .ask(&Request::get("/").http10().bearer(&good()))
        .assert(200, "ok");
}

#[test]
fn the_format_may_be_named() {
    let keyval = format!(
        "{{\"k\":{}}}",
        serde_json::to_string(&key().spki_pem()).unwrap()
    );
    let provider = provider_of(http("200 OK", "", &keyval));
    let with = |format: &str| {
        Config::new("a format")
            .server(format!(
                "location / {{
                    auth_jwt api; auth_jwt_key_request /_jwks {format};
                    add_header Status $jwt_status always; try_files /ok.txt =500;
                }}
                location = /_jwks {{ proxy_pass http://{}; }}",
                provider.address()
            ))
            .start()
    };
    let token = token(&key().with_kid("k"), &user());
    with("keyval").get_with("/", &token).assert(200, "ok");
    with("").get_with("/", &token).assert(200, "ok");
    refused_for(&with("jwks"), "not a JWK Set");
}

fn refuses(directive: &str, reason: &str) {
    let check = Config::new("a mistake")
        .server(format!("location / {{ auth_jwt api; {directive} }}"))
        .check();
    assert!(!check.ok);
    check.assert_line(&["[emerg]", "\"auth_jwt_key_", reason, "nginx.conf:"]);
}

cases! { mistakes = refuses:
    relative("auth_jwt_key_request keys;", "start with");
    named("auth_jwt_key_request @keys;", "start with");
    absolute("auth_jwt_key_request https://idp.example/keys;", "start with");
    empty("auth_jwt_key_request '';", "start with");
    parent("auth_jwt_key_request /a/../b;", "..");
    space("auth_jwt_key_request '/a b';", "space");
    format("auth_jwt_key_request /a pem;", "unknown parameter \"pem\"");
    more("auth_jwt_key_request /a jwks x;", "number of arguments");
    time("auth_jwt_key_cache x;", "invalid time");
    twice("auth_jwt_key_cache 1h; auth_jwt_key_cache 1h;", "duplicate");
}

#[test]
fn warnings_at_configuration() {
    let with = |uri: &str| {
        Config::new("a client that chooses its keys")
            .server(format!(
                "location / {{ auth_jwt api; auth_jwt_key_request {uri}; }}"
            ))
            .check()
    };
    with("/$arg_x").assert_line(&["[warn]", "auth_jwt_key_request", "nginx.conf:"]);
    let quiet = with("/$server_name");
    assert!(quiet.ok && !quiet.text.contains("[warn]"), "{}", quiet.text);
}

#[test]
fn memory_stays_flat() {
    let provider = provider();
    let nginx = asking(&provider, "", "proxy_cache keys; proxy_cache_valid 1h;")
        .http("proxy_cache_path @PREFIX@/cache keys_zone=keys:1m; keepalive_requests 100000;")
        .start();
    let mut connection = nginx.connect();
    let (good, bad) = (
        Request::get("/").bearer(&good()),
        Request::get("/").bearer(&forged()),
    );
    let mut flood = |count: usize| {
        for _ in 0..count {
            connection.ask(&good).assert(200, "ok");
            connection.ask(&bad).assert(401, "bad_signature");
        }
    };
    flood(500);
    let before = nginx.heap(nginx.worker());
    flood(3_000);
    let grown = nginx.heap(nginx.worker()).saturating_sub(before);
    assert!(grown < 256 * 1024, "{grown} bytes for 6,000 requests");
}

/// A worker that is told to finish serves those that wait.
fn they_are_served_to_the_end(stop: fn(&mut Nginx), keep: &str) {
    let provider = slow_provider();
    let mut nginx = asking(&provider, &format!("auth_jwt_key_cache {keep};"), "").start();
    let mut waiting: Vec<_> = (0..4).map(|_| nginx.connect()).collect();
    for connection in &mut waiting {
        connection.send(&Request::get("/").bearer(&good()).bytes());
    }
    let _asked = provider.request(1);
    nginx.get("/").assert(401, "missing");
    stop(&mut nginx);
    nginx.log().wait_for("gracefully shutting down", 1);
    provider.open();
    for connection in &mut waiting {
        connection.receive(false).assert(200, "ok");
    }
}

cases! { served_to_the_end = they_are_served_to_the_end:
    reload(|nginx| nginx.signal_reload(), "0");
    reload_with_a_shared_fetch(|nginx| nginx.signal_reload(), "1h");
    quit(|nginx| nginx.quit(), "0");
    quit_with_a_shared_fetch(|nginx| nginx.quit(), "1h");
}

//! `auth_jwt_resource_document`: the metadata of a protected resource (RFC 9728).

use nginx_tests::{Check, Config, Nginx, Request, cases, good, key};
use serde_json::{Value, json};

const PATH: &str = "/.well-known/oauth-protected-resource";

const MINIMAL: &str = "resource=https://api.example.com authorization_server=https://as.example";

fn config(path: &str, parameters: &str) -> Config {
    Config::new("a resource document")
        .keys(&[&key()])
        .server(format!(
            "location = {path} {{ auth_jwt_resource_document {parameters}; }}"
        ))
}

fn start(parameters: &str) -> Nginx {
    config(PATH, parameters).start()
}

fn document(response: &nginx_tests::Response) -> Value {
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.header("Content-Type"), Some("application/json"));
    serde_json::from_str(&response.body).expect("JSON")
}

#[test]
fn the_document() {
    let path = format!("{PATH}/mcp");
    let nginx = config(
        &path,
        "resource=https://api.example.com/mcp 'name=Orders \"A\\\\B\" é' scope=orders.read scope=orders:write
         authorization_server=https://as.example/a authorization_server=http://127.0.0.1:9",
    )
    .start();
    assert_eq!(
        document(&nginx.get(&path)),
        json!({
            "resource": "https://api.example.com/mcp",
            "resource_name": "Orders \"A\\B\" é",
            "authorization_servers": ["https://as.example/a", "http://127.0.0.1:9"],
            "scopes_supported": ["orders.read", "orders:write"],
            "bearer_methods_supported": ["header"],
        })
    );
}

#[test]
fn what_is_not_said_is_left_out() {
    assert_eq!(
        document(&start(MINIMAL).get(PATH)),
        json!({
            "resource": "https://api.example.com",
            "authorization_servers": ["https://as.example"],
            "bearer_methods_supported": ["header"],
        })
    );
}

#[test]
fn nothing_comes_from_the_request() {
    let nginx = start(MINIMAL);
    let plain = nginx.get(PATH);
    let hostile = Request::get(&format!("{PATH}?resource=https://evil.example"))
        .header("Host", "evil.example")
        .header("X-Forwarded-Host", "evil.example")
        .header("Forwarded", "host=evil.example");
    assert_eq!(nginx.ask(&hostile).body, plain.body);
}

#[test]
fn head_and_the_other_methods() {
    let nginx = start(MINIMAL);
    let length = nginx.get(PATH).body.len().to_string();
    let mut connection = nginx.connect();
    connection.send(&Request::new("HEAD", PATH).bytes());
    let head = connection.receive(true);
    assert_eq!(
        (head.status, head.header("Content-Length")),
        (200, Some(length.as_str()))
    );
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let response = nginx.ask(&Request::new(method, PATH).body("x"));
        assert_eq!(response.status, 405, "{method}");
    }
}

#[test]
fn a_body_is_read_over_and_the_connection_lives() {
    let nginx = start(MINIMAL);
    let mut connection = nginx.connect();
    for _ in 0..3 {
        let response = connection.ask(&Request::get(PATH).body("x".repeat(10_000)));
        assert_eq!(response.status, 200);
    }
}

/// It says where to get a token, so it needs none: not even a good one is looked at.
#[test]
fn it_is_for_everybody() {
    for phase in ["access", "preaccess"] {
        let nginx = config(PATH, MINIMAL)
            .http(format!(
                "auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_phase {phase}; auth_jwt_require $jwt_claim_none;"
            ))
            .server("location / { try_files /ok.txt =500; }")
            .start();
        assert_eq!(nginx.get("/").status, 401);
        let response = nginx.get(PATH);
        document(&response);
        assert_eq!(response.header("WWW-Authenticate"), None);
        document(&nginx.get_with(PATH, "x"));
        document(&nginx.get_with(PATH, &good()));
    }
}

/// Other access modules still have their say.
#[test]
fn deny_denies_it() {
    let nginx = config(PATH, MINIMAL).server("deny all;").start();
    assert_eq!(nginx.get(PATH).status, 403);
}

#[test]
fn headers_can_be_added() {
    let nginx = Config::new("a document that scripts of other origins may read")
        .server(format!(
            "location = {PATH} {{ auth_jwt_resource_document {MINIMAL};
                 add_header Access-Control-Allow-Origin *; expires 1h; }}"
        ))
        .start();
    let response = nginx.get(PATH);
    document(&response);
    assert_eq!(response.header("Access-Control-Allow-Origin"), Some("*"));
    assert_eq!(response.header("Cache-Control"), Some("max-age=3600"));
}

/// RFC 9728 2: the methods of RFC 6750 that the resource takes tokens by.
fn bearer_methods(auth_jwt: &str, methods: &Value) {
    let nginx = config(PATH, MINIMAL)
        .server(format!("{auth_jwt} auth_jwt_key_file jwks.json;"))
        .start();
    assert_eq!(
        &document(&nginx.get(PATH))["bearer_methods_supported"],
        methods
    );
}

cases! { methods = bearer_methods:
    unsaid("", &json!(["header"]));
    the_header("auth_jwt a;", &json!(["header"]));
    a_cookie_or_the_header("auth_jwt a token=$cookie_t token=$http_authorization;", &json!(["header"]));
    a_cookie("auth_jwt a token=$cookie_t;", &json!([]));
    off("auth_jwt off;", &json!(["header"]));
}

/// The scopes are those that the level asks for, and those that the directive adds.
#[test]
fn scopes_of_the_level() {
    let nginx = config(PATH, &format!("{MINIMAL} scope=c scope=a"))
        .http("auth_jwt_scope a;")
        .server("auth_jwt_scope any b c;")
        .start();
    assert_eq!(
        document(&nginx.get(PATH))["scopes_supported"],
        json!(["a", "b", "c"])
    );
}

/// The authorization servers are the issuers whose tokens are taken.
fn authorization_servers(trust: &str, parameters: &str, servers: &Value) {
    let nginx = config(
        PATH,
        &format!("resource=https://api.example.com {parameters}"),
    )
    .http(
        "auth_jwt_issuer a { issuer https://a.example/; key_file jwks.json; }
             auth_jwt_issuer b { issuer https://b.example; issuer b.example; key_file jwks.json; }
             auth_jwt_issuer old { issuer joe; key_file jwks.json; }",
    )
    .http(trust)
    .start();
    assert_eq!(
        &document(&nginx.get(PATH))["authorization_servers"],
        servers
    );
}

cases! { servers = authorization_servers:
    one("auth_jwt_trust b;", "", &json!(["https://b.example"]));
    several("auth_jwt_trust a b old;", "", &json!(["https://a.example/", "https://b.example"]));
    others_named("auth_jwt_trust a b;", "authorization_server=https://c.example", &json!(["https://c.example"]));
    no_uri("auth_jwt_trust old;", "", &Value::Null);
    none("auth_jwt_key_file jwks.json;", "", &Value::Null);
}

#[test]
fn the_challenge_leads_to_it() {
    let nginx = Config::new("a resource and its document")
        .keys(&[&key()])
        .server(format!(
            "location / {{ auth_jwt api; auth_jwt_key_file jwks.json; try_files /ok.txt =500;
                 auth_jwt_resource_metadata http://127.0.0.1:@PORT@{PATH}; }}
             location = {PATH} {{ auth_jwt_resource_document resource=http://127.0.0.1:@PORT@
                 authorization_server=https://as.example; }}"
        ))
        .start();
    let challenge = nginx.get("/").challenge().to_owned();
    let uri = challenge
        .split("resource_metadata=\"")
        .nth(1)
        .and_then(|rest| rest.strip_suffix('"'))
        .expect("the parameter");
    let origin = format!("http://127.0.0.1:{}", nginx.port());
    let path = uri.strip_prefix(&origin).expect("ours");
    assert_eq!(document(&nginx.get(path))["resource"], json!(origin));
}

fn check(location: &str, parameters: &str) -> Check {
    Config::new("a resource document for nginx -t")
        .server(format!(
            "location {location} {{\nauth_jwt_resource_document {parameters};\n}}"
        ))
        .check()
}

fn refused(parameters: &str, texts: &[&str]) {
    let check = check(&format!("= {PATH}"), parameters);
    assert!(!check.ok, "accepted: {}", check.text);
    check.assert_line(
        &[
            &["[emerg]", "/nginx.conf:", "\"auth_jwt_resource_document\""],
            texts,
        ]
        .concat(),
    );
}

cases! { errors = refused:
    no_resource("authorization_server=https://a", &["needs resource="]);
    empty("resource=", &["resource="]);
    not_tls("resource=http://api.example.com", &["https://"]);
    a_path("resource=/api", &["https://"]);
    a_fragment("resource=https://a/#b", &["https://"]);
    twice("resource=https://a resource=https://b", &["twice"]);
    name_twice("resource=https://a name=b name=c", &["twice"]);
    server_without_tls("resource=https://a authorization_server=http://b.example", &["https://"]);
    a_scope_of_two_words("resource=https://a 'scope=a b'", &["scope", "RFC 6749"]);
    a_scope_with_a_quote("resource=https://a 'scope=a\"b'", &["scope", "RFC 6749"]);
    unknown("resource=https://a colour=red", &["colour=red"]);
    a_word("https://a", &["https://a"]);
    two_directives("resource=https://a;\nauth_jwt_resource_document resource=https://a", &["duplicate"]);
}

#[test]
fn it_stands_in_a_location_of_one_path() {
    for location in [PATH, "/", "~ ^/x$"] {
        let check = check(location, "resource=https://a/mcp");
        assert!(!check.ok, "{}", check.text);
        check.assert_line(&[
            "[emerg]",
            "location = /.well-known/oauth-protected-resource/mcp",
        ]);
    }
    for (at, text) in [
        ("http", ""),
        (
            "server",
            "server { auth_jwt_resource_document resource=https://a; }",
        ),
        (
            "if",
            "server { location = /x { if ($arg_a) { auth_jwt_resource_document resource=https://a; } } }",
        ),
    ] {
        let text = if at == "http" {
            "auth_jwt_resource_document resource=https://a;"
        } else {
            text
        };
        let check = Config::new("a document out of place").http(text).check();
        assert!(!check.ok, "{at}");
        check.assert_line(&["[emerg]", "not allowed here"]);
    }
}

#[test]
fn surprising_places_draw_a_warning() {
    let warned = |location: &str, parameters: &str, texts: &[&str]| {
        let check = check(location, parameters);
        assert!(check.ok, "{}", check.text);
        check.assert_line(&[&["[warn]", "auth_jwt_resource_document"], texts].concat());
    };
    let with =
        |resource: &str| format!("resource={resource} authorization_server=https://as.example");
    warned(
        "= /x",
        &with("https://a/mcp"),
        &["/.well-known/oauth-protected-resource/mcp"],
    );
    warned(&format!("= {PATH}/b"), &with("https://a"), &[PATH]);
    warned(
        &format!("= {PATH}"),
        "resource=https://a",
        &["authorization server"],
    );
    for (location, resource) in [
        (format!("= {PATH}"), "https://a"),
        (format!("= {PATH}"), "https://a/"),
        (format!("= {PATH}"), "https://a/mcp"),
        (format!("= {PATH}/mcp"), "https://a/mcp"),
        (format!("= {PATH}/mcp"), "https://a:8443/mcp?tenant=b"),
    ] {
        let check = check(&location, &with(resource));
        assert!(check.ok && !check.text.contains("[warn]"), "{}", check.text);
    }
}

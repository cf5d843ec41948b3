//! How levels add up: requirements all hold, key sources replace, scalars are inherited.

use jwt_testkit::{Alg, Key, jwks, token};
use nginx_tests::{Config, Nginx, Request, cases, good, key, user};

/// `count` requirements on the headers `<level>1` and so on, each with an error code of its own.
fn requirements(level: &str, count: usize, first_code: usize) -> String {
    (0..count)
        .map(|n| {
            format!(
                "auth_jwt_require $http_{level}{n} error={};\n",
                first_code + n
            )
        })
        .collect()
}

/// The codes of the outer and the inner level's requirements.
const OUTER: usize = 410;
const INNER: usize = 420;

/// Two neighbouring levels; `OUTER` and `INNER` stand for their directives.
enum Levels {
    HttpServer,
    ServerLocation,
    LocationNested,
    LocationLimitExcept,
}

impl Levels {
    fn config(&self, outer: &str, inner: &str) -> Config {
        let config = Config::new("requirements of two levels add up").keys(&[&key()]);
        let keys = "auth_jwt a; auth_jwt_key_file jwks.json;";
        let file = "try_files /ok.txt =500;";
        // nginx does not take try_files into limit_except, but proxy_pass.
        let api = "proxy_pass http://@UPSTREAM@;";
        match self {
            Levels::HttpServer => config
                .http(format!("{keys} {outer}"))
                .server(format!("{inner} location / {{ {file} }}")),
            Levels::ServerLocation => {
                config.server(format!("{keys} {outer} location / {{ {inner} {file} }}"))
            }
            Levels::LocationNested => config.server(format!(
                "location / {{ {keys} {outer} location /in {{ {inner} {file} }} {file} }}"
            )),
            Levels::LocationLimitExcept => config.server(format!(
                "location / {{ {keys} {outer} limit_except POST {{ {inner} }} {api} }}"
            )),
        }
    }
}

/// With `outer` requirements outside and `inner` inside: all are there, none twice, each with its
/// own error code. The first one that fails, from the outside in, gives the code.
fn adds_up(levels: &Levels, outer: usize, inner: usize) {
    let nginx = levels
        .config(
            &requirements("o", outer, OUTER),
            &requirements("i", inner, INNER),
        )
        .start();
    let names: Vec<(String, usize)> = (0..outer)
        .map(|n| (format!("o{n}"), OUTER + n))
        .chain((0..inner).map(|n| (format!("i{n}"), INNER + n)))
        .collect();
    let ask = |failing: Option<&str>| {
        let mut request = Request::get("/in").bearer(&good());
        for (name, _) in &names {
            let value = if failing == Some(name) { "0" } else { "1" };
            request = request.header(name, value);
        }
        usize::from(nginx.ask(&request).status)
    };
    assert_eq!(ask(None), 200, "all {outer} + {inner} are met");
    for (name, code) in &names {
        assert_eq!(
            ask(Some(name)),
            *code,
            "{name} of {outer} + {inner} is not met"
        );
    }
}

fn all_counts(levels: Levels, outer: usize) {
    for inner in 0..=4 {
        adds_up(&levels, outer, inner);
    }
}

cases! { requirements_add_up = all_counts:
    none_in_http(Levels::HttpServer, 0);
    one_in_http(Levels::HttpServer, 1);
    two_in_http(Levels::HttpServer, 2);
    three_in_http(Levels::HttpServer, 3);
    four_in_http(Levels::HttpServer, 4);
    none_in_a_server(Levels::ServerLocation, 0);
    one_in_a_server(Levels::ServerLocation, 1);
    two_in_a_server(Levels::ServerLocation, 2);
    three_in_a_server(Levels::ServerLocation, 3);
    four_in_a_server(Levels::ServerLocation, 4);
    none_in_a_location(Levels::LocationNested, 0);
    one_in_a_location(Levels::LocationNested, 1);
    two_in_a_location(Levels::LocationNested, 2);
    three_in_a_location(Levels::LocationNested, 3);
    four_in_a_location(Levels::LocationNested, 4);
    none_around_limit_except(Levels::LocationLimitExcept, 0);
    one_around_limit_except(Levels::LocationLimitExcept, 1);
    two_around_limit_except(Levels::LocationLimitExcept, 2);
    three_around_limit_except(Levels::LocationLimitExcept, 3);
    four_around_limit_except(Levels::LocationLimitExcept, 4);
}

#[test]
fn all_levels_at_once() {
    let nginx = Config::new("a requirement on each of five levels")
        .keys(&[&key()])
        .http("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_require $http_a error=410;")
        .server(
            "auth_jwt_require $http_b error=411;
             location / { auth_jwt_require $http_c error=412;
                 location /in { auth_jwt_require $http_d error=413; proxy_pass http://@UPSTREAM@;
                     limit_except POST { auth_jwt_require $http_e error=414; } } }",
        )
        .start();
    let names = ["A", "B", "C", "D", "E"];
    let ask = |failing: &str| {
        let request = Request::get("/in").bearer(&good());
        let met = names.iter().filter(|name| **name != failing);
        nginx
            .ask(&met.fold(request, |request, name| request.header(name, "1")))
            .status
    };
    assert_eq!(ask(""), 200);
    for (name, code) in names.into_iter().zip(410..) {
        assert_eq!(ask(name), code);
    }
}

/// Siblings see their parents' requirements, not each other's.
#[test]
fn siblings_do_not_share() {
    let nginx = Config::guarded("three locations beside each other", "")
        .server(
            "auth_jwt a; auth_jwt_key_file jwks.json;
             location /a { auth_jwt_require $http_a error=410; try_files /ok.txt =500; }
             location /b { auth_jwt_require $http_b error=411; try_files /ok.txt =500; }
             location /c { try_files /ok.txt =500; }",
        )
        .start();
    let ask = |target: &str, name: &str| {
        nginx
            .ask(&Request::get(target).bearer(&good()).header(name, "1"))
            .status
    };
    assert_eq!(
        [ask("/a", "A"), ask("/b", "B"), ask("/c", "X")],
        [200, 200, 200]
    );
    assert_eq!([ask("/a", "B"), ask("/b", "A")], [410, 411]);
}

#[test]
fn limit_except_frees_the_methods_it_names() {
    let nginx = Config::new("only writing needs a token")
        .keys(&[&key()])
        .server(
            "location / { limit_except GET { auth_jwt a; auth_jwt_key_file jwks.json; }
                          proxy_pass http://@UPSTREAM@; }",
        )
        .start();
    assert_eq!(nginx.get("/").status, 200);
    assert_eq!(nginx.ask(&Request::new("HEAD", "/")).status, 200);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let request = Request::new(method, "/").body("");
        assert_eq!(nginx.ask(&request).status, 401, "{method}");
        assert_eq!(nginx.ask(&request.bearer(&good())).status, 200, "{method}");
    }
}

#[test]
fn limit_except_may_switch_off() {
    let nginx = Config::new("only reading needs a token")
        .keys(&[&key()])
        .server(
            "location / { auth_jwt a; auth_jwt_key_file jwks.json; limit_except GET { auth_jwt off; }
                          proxy_pass http://@UPSTREAM@; }",
        )
        .start();
    assert_eq!(nginx.get("/").status, 401);
    assert_eq!(nginx.ask(&Request::new("POST", "/").body("")).status, 200);
}

fn three_keys() -> [Key; 3] {
    [
        Key::fixed(Alg::ES256),
        Key::fixed(Alg::RS256),
        Key::fixed(Alg::Ed25519),
    ]
}

/// Which of the three keys a location accepts.
fn accepted(nginx: &Nginx, target: &str) -> [bool; 3] {
    three_keys().map(|key| nginx.get_with(target, &token(&key, &user())).status == 200)
}

#[test]
fn key_sources_replace_the_outer_ones() {
    let [a, b, c] = three_keys();
    let nginx = Config::new("key files at three levels")
        .file("a.json", jwks(&[&a]))
        .file("b.json", jwks(&[&b]))
        .file("c.json", jwks(&[&c]))
        .http("auth_jwt a; auth_jwt_key_file a.json;")
        .server(
            "location /inherits { try_files /ok.txt =500; }
             location /replaces { auth_jwt_key_file b.json; try_files /ok.txt =500;
                 location /replaces/in { try_files /ok.txt =500; }
                 location /replaces/again { auth_jwt_key_file c.json; try_files /ok.txt =500; } }
             location /two { auth_jwt_key_file b.json; auth_jwt_key_file c.json; try_files /ok.txt =500; }
             location /except { auth_jwt_key_file b.json; proxy_pass http://@UPSTREAM@;
                 limit_except POST { auth_jwt_key_file c.json; } }",
        )
        .start();
    assert_eq!(accepted(&nginx, "/inherits"), [true, false, false]);
    assert_eq!(accepted(&nginx, "/replaces"), [false, true, false]);
    assert_eq!(accepted(&nginx, "/replaces/in"), [false, true, false]);
    assert_eq!(accepted(&nginx, "/replaces/again"), [false, false, true]);
    assert_eq!(accepted(&nginx, "/two"), [false, true, true]);
    assert_eq!(accepted(&nginx, "/except"), [false, false, true]);
}

/// One token, two hosts with different keys and policies, on one worker.
#[test]
fn two_hosts_decide_apart() {
    let [a, b, _] = three_keys();
    let nginx = Config::new("two hosts with different keys")
        .file("a.json", jwks(&[&a]))
        .file("b.json", jwks(&[&b]))
        .http(
            "server { listen 127.0.0.1:@PORT@; server_name b.test; root @PREFIX@/html;
                      auth_jwt b; auth_jwt_key_file b.json; auth_jwt_require $http_x error=403; }",
        )
        .server("server_name a.test; auth_jwt a; auth_jwt_key_file a.json;")
        .start();
    let mut connection = nginx.connect();
    let mut ask = |host: &str, key: &Key, met: &str| {
        let request = Request::get("/ok.txt")
            .header("Host", host)
            .header("X", met);
        connection.ask(&request.bearer(&token(key, &user()))).status
    };
    for _ in 0..3 {
        assert_eq!(ask("a.test", &a, "0"), 200);
        assert_eq!(ask("b.test", &a, "1"), 401);
        assert_eq!(ask("b.test", &b, "0"), 403);
        assert_eq!(ask("b.test", &b, "1"), 200);
        assert_eq!(ask("a.test", &b, "1"), 401);
    }
}

#[test]
fn off_switches_all_off_below() {
    let nginx = Config::new("auth_jwt off, and on again below it")
        .keys(&[&key()])
        .http("auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_require $http_x error=403;")
        .server(
            "add_header Status <$jwt_status> always;
             location /off { auth_jwt off; try_files /ok.txt =500;
                 location /off/in { try_files /ok.txt =500; }
                 location /off/on { auth_jwt b; try_files /ok.txt =500; } }",
        )
        .start();
    for target in ["/off", "/off/in"] {
        nginx.get(target).assert(200, "<>");
        nginx.get_with(target, "x.y.z").assert(200, "<>");
    }
    nginx.get("/off/on").assert(401, "<missing>");
    nginx.get_with("/off/on", &good()).assert(403, "<claim>");
    let met = Request::get("/off/on").bearer(&good()).header("X", "1");
    nginx.ask(&met).assert(200, "<ok>");
    nginx.get("/ok.txt").assert(401, "<missing>");
}

#[test]
fn the_source_and_the_realm_are_one_directive() {
    let nginx = Config::new("an inner auth_jwt replaces realm and source")
        .keys(&[&key()])
        .server(
            "auth_jwt outer token=$cookie_t; auth_jwt_key_file jwks.json;
             location /inherits { try_files /ok.txt =500; }
             location /own { auth_jwt inner; try_files /ok.txt =500; }",
        )
        .start();
    assert_eq!(nginx.get("/inherits").challenge(), "Bearer realm=\"outer\"");
    assert_eq!(nginx.get("/own").challenge(), "Bearer realm=\"inner\"");
    let cookie = |target: &str| Request::get(target).header("Cookie", &format!("t={}", good()));
    assert_eq!(nginx.ask(&cookie("/inherits")).status, 200);
    assert_eq!(nginx.ask(&cookie("/own")).status, 401);
    assert_eq!(nginx.get_with("/inherits", &good()).status, 401);
    assert_eq!(nginx.get_with("/own", &good()).status, 200);
}

/// A scalar is inherited through a level that does not set it, and set where it is.
fn scalar(directive: &'static str, lax: &str, strict: &str, token: &str) {
    let nginx = Config::new("a scalar at three levels")
        .keys(&[&key(), &Key::rsa(Alg::RS256, 1024)])
        .http(format!("auth_jwt a; {directive} {lax};"))
        .server(format!(
            "auth_jwt_key_file jwks.json;
             location /inherits {{ try_files /ok.txt =500;
                 location /inherits/in {{ try_files /ok.txt =500; }} }}
             location /sets {{ {directive} {strict}; try_files /ok.txt =500;
                 location /sets/in {{ try_files /ok.txt =500; }}
                 location /sets/back {{ {directive} {lax}; try_files /ok.txt =500; }} }}"
        ))
        .start();
    let ask = |target: &str| nginx.get_with(target, token).status;
    let targets = [
        "/inherits",
        "/inherits/in",
        "/sets",
        "/sets/in",
        "/sets/back",
    ];
    assert_eq!(targets.map(ask), [200, 200, 401, 401, 200]);
}

fn expired() -> String {
    let mut claims = user();
    claims["exp"] = serde_json::json!(jwt_testkit::now() - 60);
    token(&key(), &claims)
}

fn forged() -> String {
    token(&Key::other(key().alg()), &user())
}

cases! { scalars = scalar:
    leeway("auth_jwt_leeway", "5m", "10s", &expired());
    validate_exp("auth_jwt_validate_exp", "off", "on", &expired());
    validate_sig("auth_jwt_validate_sig", "off", "on", &forged());
    max_token_size("auth_jwt_max_token_size", "4k", "100", &good());
}

#[test]
fn min_rsa_bits_of_the_level_that_names_the_file_counts() {
    let short = Key::rsa(Alg::RS256, 1024);
    let nginx = Config::new("one file under two limits")
        .keys(&[&key(), &short])
        .server(
            "auth_jwt a;
             location /lax { auth_jwt_min_rsa_bits 1024; auth_jwt_key_file jwks.json; try_files /ok.txt =500; }
             location /strict { auth_jwt_key_file jwks.json; try_files /ok.txt =500; }",
        )
        .start();
    let token = token(&short, &user());
    assert_eq!(nginx.get_with("/lax", &token).status, 200);
    assert_eq!(nginx.get_with("/strict", &token).status, 401);
}

/// An inherited file is judged by the level that inherits it.
#[test]
fn an_inherited_key_file_is_read_with_the_limit_of_the_level() {
    let short = Key::rsa(Alg::RS256, 1024);
    let nginx = Config::new("a stricter limit below a lax one")
        .keys(&[&key(), &short])
        .server(
            "auth_jwt a; auth_jwt_key_file jwks.json; auth_jwt_min_rsa_bits 1024;
             location /lax { try_files /ok.txt =500; }
             location /strict { auth_jwt_min_rsa_bits 2048; try_files /ok.txt =500; }",
        )
        .start();
    let token = token(&short, &user());
    assert_eq!(nginx.get_with("/lax", &token).status, 200);
    assert_eq!(nginx.get_with("/strict", &token).status, 401);
    assert_eq!(nginx.get_with("/strict", &good()).status, 200);
}

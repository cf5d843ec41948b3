//! Keys that an issuer's provider publishes: where they are looked for, when they are fetched, who
//! waits for them. What goes wrong there: see `issuer_faults`.

use std::time::Duration;

use jwt_testkit::{Alg, Key, jwks, now, sign, token};
use nginx_tests::{
    Answer, Authority, Check, Config, Connection, DISCOVERY, Features, Idp, JWKS, Nginx, Request,
    Response, cases, eventually, http, key, proxy,
};
use serde_json::json;

/// The next key of the provider, or the one before.
pub(crate) fn next() -> Key {
    Key::other(Alg::ES256).with_kid("next")
}

/// A good token of an issuer.
pub(crate) fn of(issuer: &str, key: &Key) -> String {
    token(
        key,
        &json!({"iss": issuer, "sub": "ann", "exp": now() + 300}),
    )
}

/// A token under a key that nobody published.
fn made_up(issuer: &str, number: usize) -> String {
    of(issuer, &key().with_kid(&format!("made up {number}")))
}

/// An issuer's block with times fit for a test, but for what `inside` says itself.
pub(crate) fn block(name: &str, issuer: &str, inside: &str) -> String {
    let short = [
        "ssl_trusted_certificate ca.pem;",
        "timeout 10s;",
        "cooldown 1s;",
    ];
    let said = |line: &&str| inside.contains(line.split_inclusive(' ').next().unwrap_or(line));
    let is_file = inside.contains("key_file ");
    let short: String = short
        .into_iter()
        .filter(|line| !said(line) && !is_file)
        .collect();
    format!("auth_jwt_issuer {name} {{ issuer {issuer}; {short} {inside} }}\n")
}

/// What guards the server: `/` by corp, `/file` by a key file, `/open` not at all.
pub(crate) const SERVER: &str = "
    auth_jwt api; auth_jwt_trust corp; add_header Status $jwt_status always;
    add_header Cache $jwt_cache_status always; add_header Worker $pid always;
    location / { try_files /ok.txt =500; }
    location /file { auth_jwt_key_file jwks.json; try_files /ok.txt =500; }
    location /open { auth_jwt off; try_files /ok.txt =500; }";

/// `corp` is the issuer at this provider.
fn corp(idp: &Idp, inside: &str) -> Config {
    Config::new("keys from a provider")
        .file("ca.pem", Authority::trusted().pem())
        .keys(&[&key()])
        .http(block("corp", &idp.issuer(), inside))
        .server(SERVER)
}

fn good(idp: &Idp) -> String {
    of(&idp.issuer(), &key())
}

fn send(nginx: &Nginx, token: &str) -> Connection {
    let mut connection = nginx.connect();
    connection.send(&Request::get("/").bearer(token).bytes());
    connection
}

/// Seconds of `Retry-After`, which a 503 must have.
pub(crate) fn retry_after(response: &Response) -> u64 {
    response.assert(503, "key_unavailable");
    let seconds = response.header("Retry-After").map(str::parse::<u64>);
    let seconds = seconds.unwrap_or_else(|| panic!("no Retry-After: {response:?}"));
    let seconds = seconds.unwrap_or_else(|_| panic!("not in seconds: {response:?}"));
    assert!(seconds >= 1, "{response:?}");
    seconds
}

#[test]
fn three_lines_are_enough() {
    let idp = Idp::start();
    let nginx = Config::new("an issuer that says nothing but its name and our audience")
        .file("ca.pem", Authority::trusted().pem())
        .environment("SSL_CERT_FILE", "ca.pem")
        .http(format!(
            "auth_jwt_issuer corp {{ issuer {}; audience api; }}",
            idp.issuer()
        ))
        .server(
            "location / { auth_jwt api; auth_jwt_trust corp; try_files /ok.txt =500;
                 add_header Status $jwt_status always; }",
        )
        .start();
    let for_audience = |aud: &str| {
        let claims = json!({"iss": idp.issuer(), "aud": aud, "exp": now() + 300});
        token(&key(), &claims)
    };
    nginx.get_with("/", &for_audience("api")).assert(200, "ok");
    nginx
        .get_with("/", &for_audience("other"))
        .assert(401, "audience");
    let forged = of(&idp.issuer(), &Key::other(Alg::ES256));
    nginx.get_with("/", &forged).assert(401, "bad_signature");
    nginx.get("/").assert(401, "missing");
    assert_eq!((idp.count(DISCOVERY), idp.count(JWKS)), (1, 1));
}

#[test]
fn a_provider_on_this_machine_needs_no_tls() {
    let idp = Idp::plain();
    let nginx = corp(&idp, "").start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
}

/// `place` has the document, `path` is the issuer's.
fn is_found_at(place: &str, path: &str, inside: &str) {
    let idp = Idp::start();
    let issuer = format!("{}{path}", idp.issuer());
    idp.answer(DISCOVERY, Answer::status("404 Not Found", ""));
    let document = json!({"issuer": issuer, "jwks_uri": format!("{}/keys", idp.issuer())});
    idp.answer(place, Answer::document(document.to_string()));
    idp.answer("/keys", Answer::document(jwks(&[&key()])));
    let inside = inside.replace("@IDP@", &idp.issuer());
    let nginx = Config::new("where the document is")
        .file("ca.pem", Authority::trusted().pem())
        .keys(&[&key()])
        .http(block("corp", &issuer, &inside))
        .server(SERVER)
        .start();
    nginx.get_with("/", &of(&issuer, &key())).assert(200, "ok");
    assert_eq!((idp.count(place), idp.count("/keys")), (1, 1));
    assert_eq!(idp.count(JWKS), 0);
}

cases! { places = is_found_at:
    of_an_issuer_without_a_path("/.well-known/openid-configuration", "", "");
    of_an_issuer_that_ends_with_a_slash("/.well-known/openid-configuration", "/", "");
    of_an_issuer_with_a_path("/realms/corp/.well-known/openid-configuration", "/realms/corp", "");
    of_one_with_a_path_and_a_slash("/realms/corp/.well-known/openid-configuration", "/realms/corp/", "");
    rfc_8414_without_a_path("/.well-known/oauth-authorization-server", "", "");
    rfc_8414_with_a_path("/.well-known/oauth-authorization-server/realms/corp", "/realms/corp", "");
    wherever_it_says("/elsewhere/configuration?v=2", "/x", "config_url @IDP@/elsewhere/configuration?v=2;");
}

#[test]
fn the_keys_may_be_named_without_discovery() {
    let idp = Idp::start();
    let nginx = Config::new("keys at a place of their own")
        .file("ca.pem", Authority::trusted().pem())
        .keys(&[&key()])
        .http(block(
            "corp",
            "urn:example:corp",
            &format!("jwks_uri {}{JWKS};", idp.issuer()),
        ))
        .server(SERVER)
        .start();
    nginx
        .get_with("/", &of("urn:example:corp", &key()))
        .assert(200, "ok");
    assert_eq!((idp.count(DISCOVERY), idp.count(JWKS)), (0, 1));
}

/// Aliases are other values of iss; the document is that of the first.
#[test]
fn an_alias_has_the_same_keys() {
    let idp = Idp::start();
    let nginx = corp(&idp, "issuer 127.0.0.1; issuer https://old.example;").start();
    for issuer in [&idp.issuer(), "127.0.0.1", "https://old.example"] {
        nginx.get_with("/", &of(issuer, &key())).assert(200, "ok");
    }
    assert_eq!((idp.count(DISCOVERY), idp.count(JWKS)), (1, 1));
}

#[test]
fn keys_of_every_kind_that_the_provider_may_show() {
    let keys = [
        Alg::RS256,
        Alg::PS256,
        Alg::ES256,
        Alg::ES384,
        Alg::ES512,
        Alg::Ed25519,
    ]
    .map(|alg| Key::fixed(alg).with_kid(&format!("of {}", alg.name())));
    let idp = Idp::start();
    idp.publish(&keys.iter().collect::<Vec<_>>());
    let nginx = corp(&idp, "").start();
    for key in &keys {
        nginx
            .get_with("/", &of(&idp.issuer(), key))
            .assert(200, "ok");
    }
    assert_eq!(idp.count(JWKS), 1);
}

#[test]
fn keys_of_a_kind_unknown_spoil_no_other() {
    let idp = Idp::start();
    let keys = json!({"keys": [
        {"kty": "NEW", "kid": "a", "x": 1}, {"kty": "OKP", "crv": "X", "kid": "b", "x": "AA"},
        {"kty": "AKP", "alg": "ML-DSA-99", "kid": "c", "pub": "AA"}, {"kty": "RSA", "kid": "d"},
        {"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"}, {}, key().jwk()
    ]});
    idp.answer(JWKS, Answer::document(keys.to_string()));
    let nginx = corp(&idp, "").start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
}

/// A shared secret that is published is none.
#[test]
fn a_published_secret_verifies_nothing() {
    let secret = Key::fixed(Alg::HS256);
    let idp = Idp::start();
    idp.publish(&[&secret, &key()]);
    let nginx = corp(&idp, "algorithms HS256 ES256;").start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
    let signed = of(&idp.issuer(), &secret);
    assert_eq!(nginx.get_with("/", &signed).status, 401);
    let line = nginx.log().wait_for("[warn]", 1);
    assert!(line.contains("secret") || line.contains("oct"), "{line}");
}

/// Nothing of a client's goes to the provider.
#[test]
fn the_request_is_clean() {
    let idp = Idp::start();
    let nginx = corp(&idp, "").start();
    let request = Request::new("POST", "/")
        .bearer(&good(&idp))
        .header("Cookie", "session=1")
        .header("X-Secret", "x")
        .body("hello");
    nginx.ask(&request).assert(405, "ok");
    for path in [DISCOVERY, JWKS] {
        let head = idp.request(path, 1).to_ascii_lowercase();
        assert!(
            head.starts_with(&format!("get {path} http/1.1\r\n")),
            "{head}"
        );
        assert!(
            head.contains(&format!("\r\nhost: 127.0.0.1:{}\r\n", idp.port())),
            "{head}"
        );
        for name in [
            "authorization",
            "cookie",
            "x-secret",
            "content-",
            "if-none-match",
        ] {
            assert!(!head.contains(&format!("\r\n{name}")), "{name}: {head}");
        }
        let codings = head
            .lines()
            .find(|line| line.starts_with("accept-encoding:"));
        assert!(
            matches!(codings, None | Some("accept-encoding: identity")),
            "{head}"
        );
    }
}

#[test]
fn nothing_is_fetched_by_a_check_of_the_configuration() {
    let idp = Idp::start();
    let check = corp(&idp, "").check();
    assert!(check.ok, "{}", check.text);
    assert_eq!(idp.connections(), 0);
    idp.stop();
    let check = corp(&idp, "").check();
    assert!(check.ok, "{}", check.text);
}

/// What is wrong with the token in any case says so at once, and asks nobody.
#[test]
fn a_token_that_no_key_makes_good_waits_for_none() {
    let idp = Idp::start();
    idp.answer_all(Answer::ThenHangs(Vec::new()));
    let nginx = corp(&idp, "timeout 1h; algorithms ES256;").start();
    let issuer = idp.issuer();
    let wrong_alg = of(&issuer, &Key::fixed(Alg::ES384));
    for (token, word) in [
        ("x", "malformed"),
        ("a.b.c", "malformed"),
        (&*of("https://other.example", &key()), "issuer"),
        (&*of("", &key()), "issuer"),
        (&*wrong_alg, "unsupported_alg"),
    ] {
        nginx.get_with("/", token).assert(401, word);
    }
    nginx.get("/").assert(401, "missing");
    nginx.get("/open").assert(200, "");
    let local = token(&key(), &json!({"exp": now() + 300}));
    nginx.get_with("/file", &local).assert(200, "ok");
}

#[test]
fn the_first_requests_wait_for_the_first_keys() {
    let idp = Idp::start();
    let keys = Answer::document(jwks(&[&key()]));
    idp.answer(JWKS, Answer::AtTheGate(Box::new(keys)));
    let nginx = corp(&idp, "timeout 1m;").start();
    let mut waiting: Vec<_> = (0..20).map(|_| send(&nginx, &good(&idp))).collect();
    let mut forged = send(&nginx, &of(&idp.issuer(), &Key::other(Alg::ES256)));
    let _asked = idp.request(JWKS, 1);
    nginx.get("/").assert(401, "missing");
    idp.open();
    for connection in &mut waiting {
        connection.receive(false).assert(200, "ok");
        connection
            .ask(&Request::get("/").bearer(&good(&idp)))
            .assert(200, "ok");
    }
    forged.receive(false).assert(401, "bad_signature");
    assert_eq!((idp.count(DISCOVERY), idp.count(JWKS)), (1, 1));
}

#[test]
fn a_client_that_goes_away_takes_nobody_with_it() {
    let idp = Idp::start();
    let keys = Answer::document(jwks(&[&key()]));
    idp.answer(JWKS, Answer::AtTheGate(Box::new(keys)));
    let nginx = corp(&idp, "timeout 1m;").start();
    let mut clients: Vec<_> = (0..6).map(|_| send(&nginx, &good(&idp))).collect();
    let _asked = idp.request(JWKS, 1);
    nginx.get("/").assert(401, "missing");
    drop(clients.remove(0));
    drop(clients.remove(2));
    nginx.get("/").assert(401, "missing");
    idp.open();
    for connection in &mut clients {
        connection.receive(false).assert(200, "ok");
    }
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
    assert_eq!(idp.count(JWKS), 1);
}

#[test]
fn http_2_streams_wait_beside_each_other() {
    Features::get().need("http_ssl");
    let idp = Idp::start();
    let keys = Answer::document(jwks(&[&key()]));
    idp.answer(JWKS, Answer::AtTheGate(Box::new(keys)));
    let pair = Key::fixed(Alg::ES256);
    let nginx = corp(&idp, "timeout 1m;")
        .file("server.pem", pair.certificate_pem() + &pair.private_pem())
        .http(format!(
            "server {{ {} ssl_certificate server.pem; ssl_certificate_key server.pem;
                 root @PREFIX@/html; auth_jwt api; auth_jwt_trust corp;
                 location / {{ try_files /ok.txt =500; }} }}",
            Features::get().http2_listen(true)
        ))
        .start();
    let bearer = format!("Authorization: Bearer {}", good(&idp));
    let url = format!("https://127.0.0.1:{}/[1-40]", nginx.port2());
    let arguments = ["--http2", "--insecure", "--parallel", &url, "-H", &bearer];
    let statuses = std::thread::scope(|scope| {
        let curl = scope.spawn(|| nginx.curl_statuses(&arguments));
        let _asked = idp.request(JWKS, 1);
        idp.open();
        curl.join().unwrap()
    });
    assert_eq!(statuses, vec![200; 40]);
    assert_eq!(idp.count(JWKS), 1);
}

/// Most that may wait for one issuer in one worker.
const WAITERS: usize = 64;

#[test]
fn so_many_wait_for_the_first_keys_and_no_more() {
    let idp = Idp::start();
    let keys = Answer::document(jwks(&[&key()]));
    idp.answer(JWKS, Answer::AtTheGate(Box::new(keys)));
    let nginx = corp(&idp, "timeout 1m;").start();
    let token = good(&idp);
    let mut waiting: Vec<_> = (0..WAITERS).map(|_| send(&nginx, &token)).collect();
    for _ in 0..3 {
        retry_after(&nginx.get_with("/", &token));
    }
    // One that goes makes room for another.
    drop(waiting.pop());
    nginx.log().wait_for("prematurely closed", 1);
    waiting.push(send(&nginx, &token));
    nginx.get("/").assert(401, "missing");
    retry_after(&nginx.get_with("/", &token));
    idp.open();
    for connection in &mut waiting {
        connection.receive(false).assert(200, "ok");
    }
}

#[test]
fn so_many_wait_for_an_unknown_key_and_no_more() {
    let idp = Idp::start();
    let nginx = corp(&idp, "timeout 1m;").start();
    let (old, new) = (good(&idp), of(&idp.issuer(), &next()));
    nginx.get_with("/", &old).assert(200, "ok");
    let keys = Answer::document(jwks(&[&key(), &next()]));
    idp.answer(JWKS, Answer::AtTheGate(Box::new(keys)));
    // The first to find the cooldown over starts the fetch; whoever comes before is refused.
    let mut first = nginx.connect();
    eventually("the unknown key is asked for", || {
        first = send(&nginx, &new);
        nginx.get("/").assert(401, "missing");
        idp.count(JWKS) == 2
    });
    let mut waiting: Vec<_> = (1..WAITERS).map(|_| send(&nginx, &new)).collect();
    for _ in 0..3 {
        nginx.get_with("/", &new).assert(401, "unknown_key");
    }
    // Nobody else waits.
    nginx.get_with("/", &old).assert(200, "ok");
    idp.open();
    waiting.push(first);
    for connection in &mut waiting {
        connection.receive(false).assert(200, "ok");
    }
    assert_eq!(idp.count(JWKS), 2);
}

#[test]
fn a_wait_ends_with_the_timeout() {
    let idp = Idp::start();
    idp.answer(JWKS, Answer::ThenHangs(Vec::new()));
    let nginx = corp(&idp, "timeout 1s;").start();
    let mut connection = nginx.connect();
    for _ in 0..2 {
        retry_after(&connection.ask(&Request::get("/").bearer(&good(&idp))));
    }
    nginx.log().wait_for("[error]", 1);
}

/// A provider publishes the next key beside the one in use, then signs with it, then drops the old.
#[test]
fn a_rotation_with_overlap() {
    let idp = Idp::start();
    let nginx = corp(&idp, "refresh 400ms; cooldown 400ms;").start();
    let (old, new) = (good(&idp), of(&idp.issuer(), &next()));
    nginx.get_with("/", &old).assert(200, "ok");
    assert_eq!(nginx.get_with("/", &old).header("Cache"), Some("HIT"));

    let asked = idp.count(JWKS);
    idp.publish(&[&key(), &next()]);
    // Nobody has to ask for it.
    let _refreshed = idp.request(JWKS, asked + 2);
    nginx.get_with("/", &new).assert(200, "ok");
    nginx.get_with("/", &old).assert(200, "ok");

    idp.publish(&[&next()]);
    eventually("the old key is out", || {
        nginx.get_with("/", &new).assert(200, "ok");
        nginx.get_with("/", &old).status == 401
    });
    nginx.get_with("/", &old).assert(401, "unknown_key");
}

#[test]
fn an_unknown_key_is_asked_for_once() {
    let idp = Idp::start();
    let nginx = corp(&idp, "").start();
    let (old, new) = (good(&idp), of(&idp.issuer(), &next()));
    nginx.get_with("/", &old).assert(200, "ok");
    idp.publish(&[&key(), &next()]);
    eventually("the next key counts", || {
        nginx.get_with("/", &old).assert(200, "ok");
        nginx.get_with("/", &new).status == 200
    });
    assert_eq!(idp.count(JWKS), 2);
    nginx.get_with("/", &new).assert(200, "ok");
    // A known key with a wrong signature is no reason to ask.
    let forged = of(&idp.issuer(), &Key::other(Alg::ES256));
    for _ in 0..5 {
        nginx.get_with("/", &forged).assert(401, "bad_signature");
    }
    assert_eq!(idp.count(JWKS), 2);
}

/// Each block keeps its own times, also where another one has the same source.
#[test]
fn two_blocks_with_one_source() {
    for (first, second) in [("slow", "corp"), ("corp", "slow")] {
        let idp = Idp::start();
        let times = |name| match name {
            "slow" => "refresh 1h; stale 2h;",
            _ => "refresh 400ms; cooldown 400ms; stale 2s;",
        };
        let nginx = Config::new("two blocks with one source")
            .file("ca.pem", Authority::trusted().pem())
            .keys(&[&key()])
            .http(block(first, &idp.issuer(), times(first)))
            .http(block(second, &idp.issuer(), times(second)))
            .server(SERVER)
            .server("location /slow { auth_jwt_trust slow; try_files /ok.txt =500; }")
            .start();
        let old = good(&idp);
        nginx.get_with("/slow", &old).assert(200, "ok");
        nginx.get_with("/", &old).assert(200, "ok");
        idp.publish(&[&next()]);
        eventually("the old key is out", || {
            nginx.get_with("/", &old).status == 401
        });
        idp.stop();
        let new = of(&idp.issuer(), &next());
        eventually("the keys are too old", || {
            nginx.get_with("/", &new).status == 503
        });
        nginx.get_with("/slow", &new).assert(200, "ok");
    }
}

/// The promise: a key published cooldown and timeout before its first use is never refused.
#[test]
fn a_key_published_in_time_is_never_refused() {
    let idp = Idp::start();
    let nginx = corp(&idp, "refresh 1h; cooldown 1s; timeout 2s;").start();
    eventually("there are keys", || {
        nginx.get_with("/", &good(&idp)).status == 200
    });
    let before = idp.count(JWKS);
    // The worst moment: the one fetch that the cooldown allows was just before.
    eventually("an unknown key is asked for", || {
        nginx
            .get_with("/", &made_up(&idp.issuer(), 0))
            .assert(401, "unknown_key");
        idp.count(JWKS) > before
    });
    idp.publish(&[&key(), &next()]);
    std::thread::sleep(Duration::from_secs(3));
    nginx
        .get_with("/", &of(&idp.issuer(), &next()))
        .assert(200, "ok");
}

#[test]
fn a_flood_of_made_up_keys_asks_once() {
    let idp = Idp::start();
    let nginx = corp(&idp, "cooldown 1h; refresh 1h;")
        .http("keepalive_requests 100000;")
        .start();
    let issuer = idp.issuer();
    let good = Request::get("/").bearer(&good(&idp));
    let mut connection = nginx.connect();
    connection.ask(&good).assert(200, "ok");
    for number in 0..3_000 {
        let request = Request::get("/").bearer(&made_up(&issuer, number));
        connection.ask(&request).assert(401, "unknown_key");
    }
    connection.ask(&good).assert(200, "ok");
    assert!(idp.count(JWKS) <= 2, "{} fetches", idp.count(JWKS));
}

#[test]
fn what_did_not_change_is_not_sent_again() {
    let idp = Idp::start();
    let tagged = |etag, keys: &[&Key]| Answer::Tagged {
        etag,
        headers: "",
        body: jwks(keys),
    };
    idp.answer(JWKS, tagged("\"one\"", &[&key()]));
    let nginx = corp(&idp, "refresh 400ms; cooldown 400ms;").start();
    let token = good(&idp);
    nginx.get_with("/", &token).assert(200, "ok");
    for number in [2, 3] {
        let head = idp.request(JWKS, number).to_ascii_lowercase();
        assert!(head.contains("\r\nif-none-match: \"one\"\r\n"), "{head}");
        // The same keys: what was verified stays so.
        let again = nginx.get_with("/", &token);
        again.assert(200, "ok");
        assert_eq!(again.header("Cache"), Some("HIT"));
    }
    idp.answer(JWKS, tagged("\"two\"", &[&next()]));
    eventually("the new keys count", || {
        nginx.get_with("/", &of(&idp.issuer(), &next())).status == 200
    });
    nginx.get_with("/", &good(&idp)).assert(401, "unknown_key");
    assert!(
        nginx
            .log()
            .matching("[error]")
            .iter()
            .all(|line| line.contains("client: "))
    );
}

/// The first three fetches, with a plan of one a second; a busy machine may be late with the first one.
fn one_a_second(idp: &Idp) {
    let _third = idp.request(JWKS, 3);
    let times = idp.times(JWKS);
    let apart = times[2] - times[0];
    assert!(apart >= Duration::from_secs(1), "{apart:?}");
}

/// `max-age` counts between the cooldown and the refresh.
fn is_refreshed_each_second(header: &'static str, inside: &str) {
    let idp = Idp::start();
    let answer = http("200 OK", header, jwks(&[&key()]));
    idp.answer(JWKS, Answer::Bytes(answer));
    let nginx = corp(&idp, inside).start();
    one_a_second(&idp);
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
}

cases! { max_age = is_refreshed_each_second:
    within("Cache-Control: public, max-age=1\r\n", "refresh 1h;");
    below_the_cooldown("Cache-Control: max-age=0\r\n", "refresh 1h;");
    above_the_refresh("Cache-Control: max-age=86400\r\n", "refresh 1s;");
    absent("", "refresh 1s;");
    nonsense("Cache-Control: max-age=soon\r\n", "refresh 1s;");
}

/// The number of workers is nobody's concern.
fn workers_share_a_plan(count: usize) {
    let idp = Idp::start();
    let nginx = corp(&idp, "refresh 1s;")
        .main(&format!("worker_processes {count};"))
        .http(format!(
            "server {{ listen 127.0.0.1:@PORT2@ reuseport; root @PREFIX@/html; {SERVER} }}"
        ))
        .start();
    nginx.log().wait_for("start worker process ", count);
    let request = Request::get("/").bearer(&good(&idp));
    let mut seen = std::collections::BTreeSet::new();
    eventually("every worker has answered", || {
        let response = request.send_to(nginx.port2());
        response.assert(200, "ok");
        seen.insert(response.header("Worker").unwrap().to_owned());
        seen.len() == count
    });
    // All take up a new key, and drop an old one.
    idp.publish(&[&next()]);
    let new = Request::get("/").bearer(&of(&idp.issuer(), &next()));
    let mut changed = std::collections::BTreeSet::new();
    eventually("every worker has the new key, and no other", || {
        let response = new.send_to(nginx.port2());
        if response.status == 200 {
            changed.insert(response.header("Worker").unwrap().to_owned());
        }
        changed.len() == count
    });
    for _ in 0..4 * count {
        request.send_to(nginx.port2()).assert(401, "unknown_key");
    }
    one_a_second(&idp);
    assert_eq!(nginx.workers().len(), count);
}

cases! { workers = workers_share_a_plan:
    one(1);
    four(4);
    sixteen(16);
}

#[test]
fn a_hundred_issuers() {
    const COUNT: usize = 100;
    let idp = Idp::start();
    let issuer = |number: usize| format!("{}/{number}", idp.issuer());
    let name = |number: usize| format!("tenant{number}");
    let mut config = Config::new("a hundred issuers")
        .file("ca.pem", Authority::trusted().pem())
        .keys(&[&key()])
        .http(block("corp", &idp.issuer(), ""));
    let mut names = String::new();
    for number in 0..COUNT {
        idp.describe(&format!("/{number}"), &format!("/{number}/keys"));
        let key = key().with_kid(&format!("of {number}"));
        idp.answer(&format!("/{number}/keys"), Answer::document(jwks(&[&key])));
        config = config.http(block(&name(number), &issuer(number), "timeout 10s;"));
        names = format!("{names} {}", name(number));
    }
    let nginx = config
        .main("worker_processes 2;")
        .server(SERVER)
        .server(format!(
            "location /all {{ auth_jwt_trust corp {names}; try_files /ok.txt =500; }}"
        ))
        .start();
    let mut connection = nginx.connect();
    for number in 0..COUNT {
        let key = key().with_kid(&format!("of {number}"));
        let request = Request::get("/all").bearer(&of(&issuer(number), &key));
        connection.ask(&request).assert(200, "ok");
    }
    for number in 0..COUNT {
        assert_eq!(idp.count(&format!("/{number}/keys")), 1, "{number}");
    }
    // The keys of one are not those of another.
    let other = of(&issuer(1), &key().with_kid("of 2"));
    nginx.get_with("/all", &other).assert(401, "unknown_key");
}

#[test]
fn the_providers_own_token_goes_to_it_alone() {
    let (idp, elsewhere) = (Idp::start(), Idp::start());
    let document =
        json!({"issuer": idp.issuer(), "jwks_uri": format!("{}{JWKS}", elsewhere.issuer())});
    idp.answer(DISCOVERY, Answer::document(document.to_string()));
    let nginx = corp(&idp, "bearer_file bearer; refresh 1s;")
        .file("bearer", "first-secret-of-the-provider\n")
        .start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
    let sent = |head: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(name, _)| name.eq_ignore_ascii_case("Authorization"))
            .map(|(_, value)| value.to_owned())
    };
    assert_eq!(
        sent(&idp.request(DISCOVERY, 1)).as_deref(),
        Some("Bearer first-secret-of-the-provider")
    );
    assert_eq!(sent(&elsewhere.request(JWKS, 1)), None);
}

#[test]
fn the_providers_own_token_is_read_for_each_fetch() {
    let idp = Idp::start();
    let nginx = corp(&idp, "bearer_file bearer; refresh 400ms; cooldown 400ms;")
        .file("bearer", "first-secret-of-the-provider\n")
        .start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
    let bearer = |number: usize| {
        let head = idp.request(JWKS, number);
        let start = head.to_ascii_lowercase().find("authorization: bearer ");
        let start = start.unwrap_or_else(|| panic!("no token: {head}"));
        let value = head[start..].lines().next().unwrap();
        value["authorization: bearer ".len()..].to_owned()
    };
    assert_eq!(bearer(1), "first-secret-of-the-provider");
    nginx.replace("bearer", "second-secret-of-the-provider");
    let asked = idp.count(JWKS);
    assert_eq!(bearer(asked + 2), "second-secret-of-the-provider");
}

#[test]
fn a_provider_behind_a_proxy() {
    // A name that only the proxy can resolve.
    let idp = Idp::named("idp.invalid");
    let proxy = proxy(idp.port());
    let nginx = corp(&idp, &format!("proxy http://{};", proxy.address())).start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
    let connect = format!("CONNECT idp.invalid:{} HTTP/1.1\r\n", idp.port());
    let requests = proxy.requests();
    assert!(!requests.is_empty());
    for request in requests {
        assert!(request.starts_with(&connect), "{request}");
    }
}

#[test]
fn a_certificate_that_is_not_revoked() {
    let idp = Idp::start();
    let revoked = Authority::trusted().identity("127.0.0.1");
    let nginx = corp(&idp, "ssl_crl crl.pem;")
        .file("crl.pem", Authority::trusted().revocation_list(&[&revoked]))
        .start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
}

#[test]
fn a_certificate_that_is_revoked() {
    let idp = Idp::start();
    let revoked = Authority::trusted().identity("127.0.0.1");
    idp.show(&revoked);
    let nginx = corp(&idp, "ssl_crl crl.pem;")
        .file("crl.pem", Authority::trusted().revocation_list(&[&revoked]))
        .start();
    retry_after(&nginx.get_with("/", &good(&idp)));
    assert_eq!(idp.count(DISCOVERY), 0);
    let line = nginx.log().wait_for("[error]", 1);
    assert!(line.to_ascii_lowercase().contains("revoked"), "{line}");
}

#[test]
fn who_is_not_verified_draws_a_warning() {
    let idp = Idp::start();
    idp.show(&Authority::other().expired("elsewhere.example"));
    let nginx = corp(&idp, "ssl_verify off;").start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
    let line = nginx.log().wait_for("ssl_verify", 1);
    assert!(
        line.contains("[warn]") && line.contains("nginx.conf:"),
        "{line}"
    );
}

/// The document after so many redirects within the origin.
fn after_redirects(count: usize) -> (Idp, Nginx) {
    let idp = Idp::start();
    let hop = |to: &str| Answer::status("302 Found", &format!("Location: {to}\r\n"));
    let document = json!({"issuer": idp.issuer(), "jwks_uri": format!("{}{JWKS}", idp.issuer())});
    idp.answer(&format!("/{count}"), Answer::document(document.to_string()));
    // By path, and by the whole URL.
    idp.answer(DISCOVERY, hop("/1"));
    for number in 1..count {
        let to = format!("{}/{}", idp.issuer(), number + 1);
        idp.answer(&format!("/{number}"), hop(&to));
    }
    let nginx = corp(&idp, "").start();
    (idp, nginx)
}

#[test]
fn three_redirects_within_the_origin() {
    let (idp, nginx) = after_redirects(3);
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
}

#[test]
fn a_fourth_redirect_is_one_too_many() {
    let (idp, nginx) = after_redirects(4);
    retry_after(&nginx.get_with("/", &good(&idp)));
    assert_eq!((idp.count("/3"), idp.count("/4")), (1, 0));
}

#[test]
fn keys_outlive_a_reload() {
    let idp = Idp::start();
    let mut nginx = corp(&idp, "").start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
    idp.stop();
    for _ in 0..3 {
        nginx.reload();
        nginx.get_with("/", &good(&idp)).assert(200, "ok");
        nginx
            .get_with("/", &of(&idp.issuer(), &Key::other(Alg::ES256)))
            .assert(401, "bad_signature");
    }
    assert_eq!(idp.count(JWKS), 1);
}

/// Another issuer under the same name has nothing of the first one's.
#[test]
fn a_reload_with_another_issuer() {
    let (one, two) = (Idp::start(), Idp::start());
    two.publish(&[&next()]);
    let mut nginx = corp(&one, "").start();
    nginx.get_with("/", &good(&one)).assert(200, "ok");
    let path = nginx.conf("nginx.conf");
    let text = std::fs::read_to_string(path).unwrap();
    nginx.replace("nginx.conf", text.replace(&one.issuer(), &two.issuer()));
    nginx.reload();
    nginx
        .get_with("/", &of(&two.issuer(), &next()))
        .assert(200, "ok");
    nginx
        .get_with("/", &of(&two.issuer(), &key()))
        .assert(401, "unknown_key");
    nginx.get_with("/", &good(&one)).assert(401, "issuer");
}

#[test]
fn a_set_that_does_not_fit_into_the_zone() {
    let (idp, large) = (Idp::start(), Idp::start());
    let keys: Vec<Key> = (0..1_000)
        .map(|number| key().with_kid(&format!("{number}")))
        .collect();
    let set = jwks(&keys.iter().collect::<Vec<_>>());
    assert!((100_000..250_000).contains(&set.len()), "{}", set.len());
    large.answer(JWKS, Answer::document(set));
    let nginx = corp(&idp, "")
        .http("auth_jwt_zone small:32k;")
        .http(block("large", &large.issuer(), "refresh 1s;"))
        .server("location /large { auth_jwt_trust large; try_files /ok.txt =500; }")
        .start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
    let in_large = of(&large.issuer(), &keys[0]);
    retry_after(&nginx.get_with("/large", &in_large));
    let line = nginx.log().wait_for("auth_jwt_zone", 1);
    assert!(
        line.contains("[error]") && line.contains("enlarge"),
        "{line}"
    );
    // A set that fits again is taken.
    large.publish(&[&next()]);
    eventually("the smaller set counts", || {
        nginx
            .get_with("/large", &of(&large.issuer(), &next()))
            .status
            == 200
    });
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
}

#[test]
fn a_large_set_fits_into_the_zone_as_it_is_by_default() {
    let idp = Idp::start();
    let keys: Vec<Key> = (0..1_000)
        .map(|number| key().with_kid(&format!("{number}")))
        .collect();
    idp.answer(
        JWKS,
        Answer::document(jwks(&keys.iter().collect::<Vec<_>>())),
    );
    let nginx = corp(&idp, "timeout 10s;").start();
    for key in [&keys[0], &keys[999]] {
        nginx
            .get_with("/", &of(&idp.issuer(), key))
            .assert(200, "ok");
    }
}

/// Under `satisfy any` a token without keys to judge it is our trouble, a good one enough.
#[test]
fn beside_a_password() {
    let idp = Idp::start();
    let nginx = corp(&idp, "")
        .file("htpasswd", "ann:{PLAIN}secret\n")
        .server(
            "location /any { satisfy any; auth_basic b; auth_basic_user_file htpasswd;
                 try_files /ok.txt =500; }",
        )
        .start();
    assert_eq!(nginx.get_with("/any", &good(&idp)).status, 200);
    assert_eq!(
        nginx.get_with("/any", &made_up(&idp.issuer(), 1)).status,
        401
    );
    let password = Request::get("/any").header("Authorization", "Basic YW5uOnNlY3JldA==");
    assert_eq!(nginx.ask(&password).status, 200);

    idp.stop();
    let down = corp(&idp, "")
        .file("htpasswd", "ann:{PLAIN}secret\n")
        .server(
            "location /any { satisfy any; auth_basic b; auth_basic_user_file htpasswd;
                 try_files /ok.txt =500; }",
        )
        .start();
    retry_after(&down.get_with("/any", &good(&idp)));
    assert_eq!(down.ask(&password).status, 200);
}

/// A header that a filter of the location would overwrite, were it not the status of a refusal.
#[test]
fn a_page_for_those_who_must_come_back() {
    let idp = Idp::start();
    idp.stop();
    let nginx = corp(&idp, "")
        .file("html/later.html", "come back later")
        .server(
            "location /page { error_page 503 /later.html; try_files /ok.txt =500; }
             location = /later.html { auth_jwt off; }",
        )
        .start();
    let response = nginx.get_with("/page", &good(&idp));
    assert_eq!((response.status, &*response.body), (503, "come back later"));
    assert!(response.header("Retry-After").is_some(), "{response:?}");
    assert_eq!(response.header("WWW-Authenticate"), None);
}

fn refused(inside: &str, texts: &[&str]) {
    let check = check(&block("x", "https://idp.example.com", inside));
    assert!(!check.ok, "accepted: {}", check.text);
    check.assert_line(&[&["[emerg]", "/nginx.conf:"], texts].concat());
}

fn check(text: &str) -> Check {
    Config::new("issuers for nginx -t")
        .file("ca.pem", Authority::trusted().pem())
        .file("jwks.json", jwks(&[&key()]))
        .file("bearer", "x")
        .file("garbage.pem", "garbage")
        .http(text)
        .server("location / { auth_jwt api; auth_jwt_trust x; }")
        .check()
}

cases! { mistakes = refused:
    two_sources("jwks_uri https://a.example/k; key_file jwks.json;", &["key_file", "jwks_uri"]);
    two_other_sources("jwks_uri https://a.example/k; config_url https://a.example/c;", &["jwks_uri", "config_url"]);
    a_file_and_a_document("key_file jwks.json; config_url https://a.example/c;", &["key_file", "config_url"]);
    plain_keys_of_another_host("jwks_uri http://a.example/k;", &["jwks_uri", "http://a.example/k"]);
    a_plain_document_of_another_host("config_url http://a.example/c;", &["config_url", "http://a.example/c"]);
    no_url("jwks_uri keys;", &["jwks_uri", "keys"]);
    another_scheme("jwks_uri ftp://a.example/k;", &["jwks_uri", "ftp://"]);
    a_password("jwks_uri https://me:secret@a.example/k;", &["jwks_uri"]);
    two_urls("jwks_uri https://a.example/k; jwks_uri https://b.example/k;", &["\"jwks_uri\" directive is duplicate"]);
    no_refresh("refresh soon;", &["\"refresh\" directive has invalid value \"soon\""]);
    refresh_of_nothing("refresh 0;", &["\"refresh\" directive has invalid value \"0\""]);
    no_stale("stale -1;", &["\"stale\" directive has invalid value \"-1\""]);
    no_timeout("stale 1h; proxy http://a.example:1; timeout 0;", &["\"timeout\" directive"]);
    a_proxy_without_a_scheme("proxy a.example:3128;", &["\"proxy\" directive", "a.example:3128"]);
    a_proxy_of_another_kind("proxy socks5://a.example:3128;", &["\"proxy\" directive"]);
    verified_maybe("ssl_verify maybe;", &["\"ssl_verify\" directive has invalid value \"maybe\""]);
    no_certificates("ssl_crl none.pem;", &["none.pem", "cannot be read"]);
    no_list("ssl_crl garbage.pem;", &["ssl_crl", "garbage.pem", "no certificate revocation list"]);
}

fn refused_whole(text: &str, texts: &[&str]) {
    let check = check(text);
    assert!(!check.ok, "accepted: {}", check.text);
    check.assert_line(&[&["[emerg]", "/nginx.conf:"], texts].concat());
}

cases! { whole_mistakes = refused_whole:
    a_plain_issuer("auth_jwt_issuer x { issuer http://idp.example.com; }", &["not https"]);
    an_issuer_without_an_address("auth_jwt_issuer x { issuer corp; }", &["\"corp\"", "no discovery can begin"]);
    a_template("auth_jwt_issuer x { issuer https://login.example/{tenantid}/v2.0; }", &["nginx.conf"]);
    no_authority("auth_jwt_issuer x { issuer https://a.example; ssl_trusted_certificate none.pem; }", &["none.pem", "cannot be read"]);
    no_certificate("auth_jwt_issuer x { issuer https://a.example; ssl_trusted_certificate garbage.pem; }", &["ssl_trusted_certificate", "garbage.pem", "no certificate"]);
    a_zone_too_small("auth_jwt_zone auth_jwt:1k; auth_jwt_issuer x { issuer https://a.example; }", &["\"auth_jwt_zone\" directive", "too small"]);
    a_zone_without_size("auth_jwt_zone auth_jwt; auth_jwt_issuer x { issuer https://a.example; }", &["\"auth_jwt_zone\" directive"]);
    a_zone_of_words("auth_jwt_zone auth_jwt:large; auth_jwt_issuer x { issuer https://a.example; }", &["\"auth_jwt_zone\" directive"]);
    two_zones("auth_jwt_zone a:1m; auth_jwt_zone b:1m; auth_jwt_issuer x { issuer https://a.example; }", &["\"auth_jwt_zone\" directive is duplicate"]);
}

/// A header of the token is nobody's address.
#[test]
fn the_token_does_not_say_where_keys_are() {
    let (idp, evil) = (Idp::start(), Idp::start());
    evil.publish(&[&next()]);
    let nginx = corp(&idp, "").start();
    nginx.get_with("/", &good(&idp)).assert(200, "ok");
    for kid in ["next", "ES256"] {
        let header = json!({
            "alg": "ES256", "kid": kid, "jku": format!("{}{JWKS}", evil.issuer()),
            "x5u": format!("{}{JWKS}", evil.issuer()), "jwk": next().jwk()
        });
        let claims = json!({"iss": idp.issuer(), "exp": now() + 300});
        let forged = sign(&header, &claims, &next());
        assert_eq!(nginx.get_with("/", &forged).status, 401);
    }
    assert_eq!(evil.connections(), 0);
}

/// A provider that keeps its keys until the gate opens, and nginx before it.
fn gated(extra: impl FnOnce(Config) -> Config) -> (Idp, Nginx) {
    let idp = Idp::start();
    let keys = Answer::document(jwks(&[&key()]));
    idp.answer(JWKS, Answer::AtTheGate(Box::new(keys)));
    let nginx = extra(corp(&idp, "timeout 1m;")).start();
    (idp, nginx)
}

/// A request that waits at the gate is sent, the gate opens, and this is the answer.
fn answer_after_the_wait(idp: &Idp, nginx: &Nginx, request: &Request) -> Response {
    let mut connection = nginx.connect();
    connection.send(&request.bytes());
    let _asked = idp.request(JWKS, 1);
    nginx.get("/").assert(401, "missing");
    idp.open();
    connection.receive(false)
}

#[test]
fn the_body_of_a_request_that_waits_arrives_whole() {
    let (idp, nginx) = gated(|config| {
        config
            .server("client_max_body_size 2m; location /api { proxy_pass http://@UPSTREAM@; }")
            .expect_log("buffered to a temporary file")
    });
    let post = Request::new("POST", "/api").bearer(&good(&idp));
    let response = answer_after_the_wait(&idp, &nginx, &post.body(vec![b'x'; 1 << 20]));
    assert_eq!(response.status, 200);
    let (_, body) = response.body.split_once("\r\n\r\n").unwrap();
    assert!(body.len() == 1 << 20 && body.bytes().all(|byte| byte == b'x'));
}

#[test]
fn pipelined_requests_wait_in_their_order() {
    let (idp, nginx) = gated(|config| config);
    let mut connection = nginx.connect();
    let forged = of(&idp.issuer(), &Key::other(Alg::ES256));
    let mut bytes = Request::get("/").bearer(&good(&idp)).bytes();
    bytes.extend(Request::get("/").bearer(&forged).bytes());
    bytes.extend(Request::get("/").bytes());
    connection.send(&bytes);
    let _asked = idp.request(JWKS, 1);
    idp.open();
    connection.receive(false).assert(200, "ok");
    connection.receive(false).assert(401, "bad_signature");
    connection.receive(false).assert(401, "missing");
}

#[test]
fn requests_wait_before_the_limits_too() {
    let (idp, nginx) = gated(|config| {
        config
            .http("limit_req_zone all zone=all:32k rate=1r/m;")
            .server(
                "location /limited { auth_jwt_phase preaccess; limit_req zone=all; try_files /ok.txt =500; }",
            )
    });
    let request = Request::get("/limited").bearer(&good(&idp));
    answer_after_the_wait(&idp, &nginx, &request).assert(200, "ok");
    assert_eq!(nginx.ask(&request).status, 503, "it was counted");
}

#[test]
fn a_request_that_waits_may_be_redirected_internally() {
    let (idp, nginx) = gated(|config| {
        config.file("html/strict/page", "page").server(
            "location /moved { try_files /none /strict/page; }
                 location /strict/ { auth_jwt_require_claim sub eq ann error=403; }",
        )
    });
    let request = Request::get("/moved").bearer(&good(&idp));
    let response = answer_after_the_wait(&idp, &nginx, &request);
    response.assert(200, "ok");
    assert_eq!(response.body, "page");
}

/// Before the access phase nobody waits: a variable that is read there shows what there is.
#[test]
fn a_variable_read_too_early_does_not_decide() {
    let (idp, nginx) = gated(|config| {
        config.server(
            "location /early { set $early $jwt_claim_sub; add_header Early \"[$early]\";
                 add_header Late \"[$jwt_claim_sub]\"; try_files /ok.txt =500; }",
        )
    });
    let request = Request::get("/early").bearer(&good(&idp));
    let first = answer_after_the_wait(&idp, &nginx, &request);
    assert_eq!((first.status, first.header("Early")), (200, Some("[]")));
    assert_eq!(first.header("Late"), Some("[ann]"));
    assert_eq!(nginx.ask(&request).header("Early"), Some("[ann]"));
}

/// A subrequest of SSI's cannot wait for long, and never passes meanwhile.
#[test]
fn a_part_of_a_page_waits_too() {
    let (idp, nginx) = gated(|config| {
        config
            .file("html/page.html", "<!--#include virtual=\"/part\" -->!")
            .server(
                "location /page.html { auth_jwt off; ssi on; ssi_types *; }
                 location /part { auth_jwt_phase preaccess; try_files /ok.txt =500; }",
            )
    });
    let request = Request::get("/page.html").bearer(&good(&idp));
    let response = answer_after_the_wait(&idp, &nginx, &request);
    assert_eq!((response.status, &*response.body), (200, "ok\n!"));
    let forged = of(&idp.issuer(), &Key::other(Alg::ES256));
    let response = nginx.get_with("/page.html", &forged);
    assert!(!response.body.contains("ok"), "{}", response.body);
}

/// An issuer that is not there yet is no trouble of another that is.
#[test]
fn one_of_two_issuers_has_keys() {
    let (idp, other) = (Idp::start(), Idp::start());
    other.stop();
    let nginx = corp(&idp, "")
        .http(block("other", &other.issuer(), ""))
        .server("location /both { auth_jwt_trust other corp; try_files /ok.txt =500; }")
        .start();
    nginx.get_with("/both", &good(&idp)).assert(200, "ok");
    retry_after(&nginx.get_with("/both", &good(&other)));
    nginx
        .get_with("/both", &of("https://none.example", &key()))
        .assert(401, "issuer");
}

/// `auth_jwt_optional` lets those without a token pass, not those that cannot be judged.
#[test]
fn a_token_that_cannot_be_judged_is_not_anonymous() {
    let idp = Idp::start();
    idp.stop();
    let nginx = corp(&idp, "")
        .server("location /optional { auth_jwt_optional on; try_files /ok.txt =500; }")
        .start();
    nginx.get("/optional").assert(200, "missing");
    retry_after(&nginx.get_with("/optional", &good(&idp)));
}

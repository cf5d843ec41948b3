//! Providers that fail, one test for each way: nginx serves everything else meanwhile, tokens are
//! verified with the keys that are there, and the same worker recovers by itself.

use std::time::Duration;

use jwt_testkit::{Alg, Key, jwks, now, token};
use nginx_tests::{
    Answer, Authority, Config, Connection, DISCOVERY, Idp, JWKS, Nginx, Request, cases, eventually,
    http, key,
};
use serde_json::json;

use crate::issuer_fetch::{SERVER, block, next, of, retry_after};

/// What a provider is made to do.
type Fault = dyn Fn(&Idp);

fn config() -> Config {
    Config::new("providers that fail")
        .file("ca.pem", Authority::trusted().pem())
        .keys(&[&key()])
        .server(SERVER)
}

/// What the log says of a provider that takes its time.
const SLOW: &str = "did not answer within";

/// One provider fails from the start (`cold`), another once its keys are known (`corp`).
fn survived(fault: &Fault, why: &str) {
    // Who is slow is waited for no longer than that.
    let times = match why {
        SLOW => "refresh 300ms; cooldown 300ms; timeout 1s;",
        _ => "refresh 300ms; cooldown 300ms;",
    };
    let (cold, warm) = (Idp::start(), Idp::start());
    fault(&cold);
    let nginx = config()
        .http(block("cold", &cold.issuer(), times))
        .http(block("corp", &warm.issuer(), times))
        .server("location /cold { auth_jwt_trust cold; try_files /ok.txt =500; }")
        .start();
    let (in_cold, in_warm) = (of(&cold.issuer(), &key()), of(&warm.issuer(), &key()));
    // On a machine with much else to do the first fetch may take longer than it has.
    eventually("it has keys", || {
        nginx.get_with("/", &in_warm).status == 200
    });
    let failure = |name: &str| format!("\"{name}\"");
    let before = failures(&nginx, &failure("corp")).len();
    fault(&warm);

    retry_after(&nginx.get_with("/cold", &in_cold));
    others_are_served(&nginx, "/cold");
    for (name, idp, before) in [("cold", &cold, 0), ("corp", &warm, before)] {
        eventually("the failure is in the log", || {
            failures(&nginx, &failure(name)).len() == before + 1
        });
        let line = failures(&nginx, &failure(name)).remove(0);
        assert!(line.contains(&idp.issuer()), "where: {line}");
        // The other's fault may have come in the midst of a fetch.
        let is_said = line.to_ascii_lowercase().contains(why) || name != "cold";
        assert!(is_said, "{why}: {line}");
    }
    nginx.get_with("/", &in_warm).assert(200, "ok");
    nginx
        .get_with("/", &of(&warm.issuer(), &Key::other(Alg::ES256)))
        .assert(401, "bad_signature");

    for (idp, target) in [(&cold, "/cold"), (&warm, "/")] {
        idp.describe("", JWKS);
        idp.publish(&[&next()]);
        idp.repair();
        let new = of(&idp.issuer(), &next());
        eventually("it recovers", || nginx.get_with(target, &new).status == 200);
    }
    // It said once that it failed, and once that it goes on; and it is the same worker.
    for (name, before) in [("cold", 0), ("corp", before)] {
        let name = failure(name);
        eventually("it says so", || recoveries(&nginx, &name) == before + 1);
        assert_eq!(
            failures(&nginx, &name).len(),
            before + 1,
            "{:#?}",
            nginx.log().matching(&name)
        );
    }
    assert_eq!(nginx.workers().len(), 1);
}

fn failures(nginx: &Nginx, name: &str) -> Vec<String> {
    let mut lines = nginx.log().matching(name);
    lines.retain(|line| line.contains("[error]") && !line.contains("client: "));
    lines
}

/// How often the log said that an issuer goes on.
fn recoveries(nginx: &Nginx, name: &str) -> usize {
    let mut lines = nginx.log().matching(name);
    lines.retain(|line| line.contains("[notice]") && line.contains("again"));
    lines.len()
}

/// Other locations are, and tokens that no key could make good are refused at `target`.
fn others_are_served(nginx: &Nginx, target: &str) {
    nginx.get_with(target, "x").assert(401, "malformed");
    nginx
        .get_with(target, &of("https://other.example", &key()))
        .assert(401, "issuer");
    nginx.get(target).assert(401, "missing");
    nginx.get("/open").assert(200, "");
    let local = token(&key(), &json!({"exp": now() + 300}));
    nginx.get_with("/file", &local).assert(200, "ok");
}

/// Every request is answered so.
fn answered_with(answer: Answer, why: &str) {
    survived(&move |idp| idp.answer_all(answer.clone()), why);
}

/// A request for keys is answered so.
fn keys_are(answer: Answer, why: &str) {
    survived(&move |idp| idp.answer(JWKS, answer.clone()), why);
}

fn shown(identity: fn() -> nginx_tests::Identity, why: &str) {
    survived(&move |idp| idp.show(&identity()), why);
}

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

fn hangs_after(bytes: &str) -> Answer {
    Answer::ThenHangs(bytes.as_bytes().to_vec())
}

/// `again` for ever, with a pause between.
fn endless(first: &str, again: &[u8], pause: u64) -> Answer {
    let pause = Duration::from_millis(pause);
    Answer::ThenForever(first.as_bytes().to_vec(), again.to_vec(), pause)
}

fn bytes(text: &str) -> Answer {
    Answer::Bytes(text.as_bytes().to_vec())
}

/// Good keys with so much white space that they are this long.
fn long(length: usize) -> Answer {
    let mut body = jwks(&[&key()]).into_bytes();
    body.resize(length, b' ');
    Answer::document(body)
}

const KIB: usize = 1024;

fn chunk() -> Vec<u8> {
    [b"10000\r\n", &[b' '; 64 * KIB][..], b"\r\n"].concat()
}

cases! { connections = survived:
    refused(&|idp| idp.stop(), "refused");
    not_taken(&|idp| idp.stop_accepting(), SLOW);
    without_a_tls_handshake(&|idp| idp.hang_before_tls(), SLOW);
}

cases! { certificates = shown:
    of_an_unknown_authority(|| Authority::other().identity("127.0.0.1"), "certificate");
    expired(|| Authority::trusted().expired("127.0.0.1"), "expired");
    of_another_host(|| Authority::trusted().identity("idp.example.com"), "certificate");
    of_another_address(|| Authority::trusted().identity("127.0.0.2"), "certificate");
}

cases! { answers = answered_with:
    never(hangs_after(""), SLOW);
    half_a_head(hangs_after("HTTP/1.1 200 OK\r\nContent-"), SLOW);
    half_a_body(hangs_after(&format!("{HEAD}Content-Length: 900\r\n\r\n{{\"keys\":[")), SLOW);
    byte_by_byte(endless(&format!("{HEAD}Content-Length: 90000\r\n\r\n"), b" ", 50), SLOW);
    header_by_header(endless(HEAD, b"X-Y: z\r\n", 50), SLOW);
    headers_without_end(endless(HEAD, &b"X-Y: z\r\n".repeat(KIB), 0), "");
    a_body_without_end(endless(&format!("{HEAD}\r\n"), &[b' '; 64 * KIB], 0), "262144");
    chunks_without_end(endless(&format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n"), &chunk(), 0), "262144");
    twenty_mebibytes(long(20 * KIB * KIB), "262144");
    nothing(bytes(""), "");
    not_http(bytes("220 mail.example ESMTP\r\n\r\n"), "");
    an_internal_error(Answer::status("500 Internal Server Error", ""), "500");
    unavailable(Answer::status("503 Service Unavailable", "Retry-After: 3600\r\n"), "503");
    forbidden(Answer::status("403 Forbidden", ""), "403");
    no_content(bytes("HTTP/1.1 204 No Content\r\n\r\n"), "204");
    unasked_not_modified(bytes("HTTP/1.1 304 Not Modified\r\n\r\n"), "304");
    garbage(Answer::document("<html>Sign in</html>"), "json");
    an_empty_document(Answer::document(""), "json");
    an_array(Answer::document("[]"), "");
    deep(Answer::document("[".repeat(100_000)), "json");
    compressed(Answer::Bytes(http("200 OK", "Content-Encoding: gzip\r\n", jwks(&[&key()]))), "compressed");
}

cases! { key_sets = keys_are:
    cut(bytes(&format!("{HEAD}Content-Length: 9999\r\n\r\n{}", jwks(&[&key()]))), "");
    one_byte_too_long(long(256 * KIB + 1), "262144");
    empty(Answer::document("{\"keys\":[]}"), "without one usable key");
    of_unknown_kinds(Answer::document("{\"keys\":[{\"kty\":\"NEW\"},{\"kty\":\"OKP\",\"crv\":\"X\"}]}"), "without one usable key");
    of_secrets(Answer::document(jwks(&[&Key::fixed(Alg::HS256)])), "without one usable key");
    without_keys(Answer::document("{\"error\":\"x\"}"), "");
    gone(Answer::status("404 Not Found", ""), "404");
    sent_round_in_a_circle(Answer::status("302 Found", &format!("Location: {JWKS}\r\n")), "redirect");
    sent_nowhere(Answer::status("302 Found", ""), "302");
    sent_elsewhere(Answer::status("307 Temporary Redirect", "Location: https://elsewhere.example/jwks\r\n"), "redirect");
    sent_in_the_clear(Answer::status("301 Moved", "Location: http://127.0.0.1:1/jwks\r\n"), "redirect");
    sent_to_a_file(Answer::status("302 Found", "Location: file:///etc/passwd\r\n"), "redirect");
    sent_to_a_path_without_a_scheme(Answer::status("302 Found", "Location: //elsewhere.example/jwks\r\n"), "redirect");
}

#[test]
fn the_longest_set_is_taken() {
    let idp = Idp::start();
    idp.answer(JWKS, long(256 * KIB));
    let nginx = config().http(block("corp", &idp.issuer(), "")).start();
    nginx
        .get_with("/", &of(&idp.issuer(), &key()))
        .assert(200, "ok");
}

/// A redirect is not followed to another origin, with keys or without.
#[test]
fn another_origin_is_not_even_asked() {
    let (idp, evil) = (Idp::start(), Idp::start());
    evil.answer(DISCOVERY, Answer::document("{}"));
    let to = |path: &str| {
        let header = format!("Location: {}{path}\r\n", evil.issuer());
        Answer::status("302 Found", &header)
    };
    idp.answer(DISCOVERY, to(DISCOVERY));
    idp.answer("/.well-known/oauth-authorization-server", to(DISCOVERY));
    let named = block(
        "named",
        "urn:named",
        &format!("jwks_uri {}{JWKS};", idp.issuer()),
    );
    idp.answer(JWKS, to(JWKS));
    let nginx = config()
        .http(block("corp", &idp.issuer(), ""))
        .http(named)
        .server("location /named { auth_jwt_trust named; try_files /ok.txt =500; }")
        .start();
    retry_after(&nginx.get_with("/", &of(&idp.issuer(), &key())));
    retry_after(&nginx.get_with("/named", &of("urn:named", &key())));
    assert_eq!(evil.connections(), 0);
}

/// A document of discovery that does not hold; `@IDP@` in it is the provider.
fn is_no_document(document: &str, why: &str) {
    let idp = Idp::start();
    let document = document.replace("@IDP@", &idp.issuer());
    idp.answer(DISCOVERY, Answer::document(document));
    let nginx = config()
        .http(block(
            "corp",
            &idp.issuer(),
            "refresh 300ms; cooldown 300ms;",
        ))
        .start();
    let token = of(&idp.issuer(), &key());
    retry_after(&nginx.get_with("/", &token));
    others_are_served(&nginx, "/");
    eventually("the failure is in the log", || {
        !failures(&nginx, "\"corp\"").is_empty()
    });
    let line = failures(&nginx, "\"corp\"").remove(0);
    assert!(line.to_ascii_lowercase().contains(why), "{why}: {line}");
    assert_eq!(idp.count(JWKS), 0, "no keys of an issuer that it is not");
    idp.describe("", JWKS);
    eventually("it recovers", || nginx.get_with("/", &token).status == 200);
    assert_eq!(nginx.workers().len(), 1);
}

cases! { documents = is_no_document:
    of_another_issuer(r#"{"issuer":"https://evil.example","jwks_uri":"@IDP@/jwks"}"#, "issuer");
    of_the_issuer_with_a_slash(r#"{"issuer":"@IDP@/","jwks_uri":"@IDP@/jwks"}"#, "issuer");
    of_a_template(r#"{"issuer":"@IDP@/{tenantid}/v2.0","jwks_uri":"@IDP@/jwks"}"#, "issuer");
    of_no_issuer(r#"{"jwks_uri":"@IDP@/jwks"}"#, "issuer");
    of_a_list_of_issuers(r#"{"issuer":["@IDP@"],"jwks_uri":"@IDP@/jwks"}"#, "issuer");
    without_keys(r#"{"issuer":"@IDP@"}"#, "jwks_uri");
    with_keys_in_the_clear(r#"{"issuer":"@IDP@","jwks_uri":"http://idp.example.com/jwks"}"#, "jwks_uri");
    with_keys_in_a_file(r#"{"issuer":"@IDP@","jwks_uri":"file:///etc/passwd"}"#, "jwks_uri");
    with_keys_nowhere(r#"{"issuer":"@IDP@","jwks_uri":"/jwks"}"#, "jwks_uri");
    with_a_list_of_keys(r#"{"issuer":"@IDP@","jwks_uri":["@IDP@/jwks"]}"#, "jwks_uri");
    that_is_a_list(r#"["@IDP@"]"#, "");
}

/// No one answers for `.invalid` (RFC 6761 6.4).
#[test]
fn a_name_that_is_not_known() {
    let nginx = config()
        .http(block("corp", "https://idp.invalid", "timeout 1s;"))
        .start();
    retry_after(&nginx.get_with("/", &of("https://idp.invalid", &key())));
    others_are_served(&nginx, "/");
    eventually("the failure is in the log", || {
        !failures(&nginx, "idp.invalid").is_empty()
    });
}

#[test]
fn a_provider_that_comes_later() {
    let idp = Idp::start();
    idp.stop();
    let nginx = config().http(block("corp", &idp.issuer(), "")).start();
    eventually("the failure is in the log", || {
        !failures(&nginx, "\"corp\"").is_empty()
    });
    others_are_served(&nginx, "/");
    idp.restart();
    // Nobody has to ask.
    let _asked = idp.request(JWKS, 1);
    let token = of(&idp.issuer(), &key());
    nginx.get_with("/", &token).assert(200, "ok");
}

/// It goes on asking, ever more seldom, and never more than it would without a fault.
#[test]
fn it_is_asked_ever_more_seldom() {
    let idp = Idp::start();
    idp.answer(DISCOVERY, Answer::status("500 No", ""));
    let nginx = config()
        .http(block("corp", &idp.issuer(), "refresh 1h; cooldown 1h;"))
        .start();
    let _third = idp.request(DISCOVERY, 3);
    let mut connection = nginx.connect();
    let request = Request::get("/").bearer(&of(&idp.issuer(), &key()));
    for _ in 0..50 {
        retry_after(&connection.ask(&request));
    }
    let times = idp.times(DISCOVERY);
    assert!(times.len() <= 4, "who asks for nothing new starts nothing");
    assert!(times[1] - times[0] >= Duration::from_millis(400));
    assert!(times[2] - times[1] >= Duration::from_millis(800));
}

#[test]
fn keys_are_used_until_they_are_stale() {
    let idp = Idp::start();
    let nginx = config()
        .http(block("corp", &idp.issuer(), "refresh 1s; stale 3s;"))
        .start();
    let token = of(&idp.issuer(), &key());
    nginx.get_with("/", &token).assert(200, "ok");
    idp.stop();
    let last = *idp.times(JWKS).last().unwrap();
    nginx.get_with("/", &token).assert(200, "ok");
    let mut connection = nginx.connect();
    let request = Request::get("/").bearer(&token);
    eventually("the keys are too old", || {
        connection.ask(&request).status == 503
    });
    assert!(
        last.elapsed() >= Duration::from_secs(2),
        "{:?}",
        last.elapsed()
    );
    retry_after(&connection.ask(&request));
    // One that no key makes good is not our trouble.
    nginx.get_with("/", "x").assert(401, "malformed");
    idp.restart();
    eventually("it recovers", || connection.ask(&request).status == 200);
    assert_eq!(nginx.workers().len(), 1);
}

/// The provider keeps the fetch until the gate opens.
fn at_the_gate() -> Idp {
    let idp = Idp::start();
    let keys = Answer::document(jwks(&[&key()]));
    idp.answer(JWKS, Answer::AtTheGate(Box::new(keys)));
    idp
}

fn send(nginx: &Nginx, token: &str) -> Connection {
    let mut connection = nginx.connect();
    connection.send(&Request::get("/").bearer(token).bytes());
    connection
}

/// How many threads a process has: one, and one for each fetch.
fn threads(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

/// A worker dies while it fetches: its lease ends by itself, and another fetches.
fn a_dead_worker_blocks_nobody(workers: usize) {
    let idp = at_the_gate();
    let nginx = config()
        .main(&format!("worker_processes {workers};"))
        .http(block("corp", &idp.issuer(), ""))
        .expect_log("exited on signal 9")
        .start();
    let _asked = idp.request(JWKS, 1);
    nginx.log().wait_for("start worker process ", workers);
    let fetching: Vec<u32> = nginx
        .workers()
        .into_iter()
        .filter(|pid| threads(*pid) > 1)
        .collect();
    assert_eq!(fetching.len(), 1, "one worker fetches");
    nginx.kill(fetching[0]);
    nginx.log().wait_for("start worker process ", workers + 1);
    idp.open();
    let token = of(&idp.issuer(), &key());
    for _ in 0..4 * workers {
        eventually("another worker has fetched", || {
            Request::get("/")
                .bearer(&token)
                .send_to(nginx.port())
                .status
                == 200
        });
    }
    assert_eq!(idp.count(JWKS), 2);
}

cases! { workers = a_dead_worker_blocks_nobody:
    alone(1);
    of_four(4);
}

/// Two workers, and the one that does not fetch has requests that wait.
#[test]
fn requests_wait_for_the_fetch_of_another_worker() {
    let idp = at_the_gate();
    let nginx = config()
        .main("worker_processes 4;")
        .http(block("corp", &idp.issuer(), "timeout 1m;"))
        .http(format!(
            "server {{ listen 127.0.0.1:@PORT2@ reuseport; root @PREFIX@/html; {SERVER} }}"
        ))
        .start();
    let _asked = idp.request(JWKS, 1);
    let request = Request::get("/").bearer(&of(&idp.issuer(), &key()));
    let port = nginx.port2();
    let workers = std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..32)
            .map(|_| scope.spawn(|| request.send_to(port)))
            .collect();
        nginx.get("/").assert(401, "missing");
        idp.open();
        let mut workers = std::collections::BTreeSet::new();
        for waiting in waiting {
            let response = waiting.join().unwrap();
            response.assert(200, "ok");
            workers.insert(response.header("Worker").unwrap().to_owned());
        }
        workers
    });
    assert!(workers.len() > 1, "{workers:?}");
    assert_eq!(idp.count(JWKS), 1);
}

/// nginx is told something while a request waits for keys: the request is served first.
fn served_to_the_end(tell: fn(&Nginx)) {
    let idp = at_the_gate();
    let nginx = config()
        .http(block("corp", &idp.issuer(), "timeout 1m;"))
        .start();
    let token = of(&idp.issuer(), &key());
    let mut waiting: Vec<_> = (0..4).map(|_| send(&nginx, &token)).collect();
    let _asked = idp.request(JWKS, 1);
    nginx.get("/").assert(401, "missing");
    tell(&nginx);
    nginx.log().wait_for("gracefully shutting down", 1);
    idp.open();
    for connection in &mut waiting {
        connection.receive(false).assert(200, "ok");
    }
}

cases! { told_while_requests_wait = served_to_the_end:
    to_reload(Nginx::signal_reload);
    to_quit(Nginx::quit);
}

/// The same where nobody waits: nothing keeps nginx from going.
fn ends_at_once(tell: fn(&Nginx), requests: usize) {
    let idp = at_the_gate();
    let nginx = config()
        .http(block("corp", &idp.issuer(), "timeout 1h;"))
        .start();
    let token = of(&idp.issuer(), &key());
    let _waiting: Vec<_> = (0..requests).map(|_| send(&nginx, &token)).collect();
    let _asked = idp.request(JWKS, 1);
    nginx.get("/").assert(401, "missing");
    tell(&nginx);
    nginx.log().wait_for("exited with code 0", 1);
}

cases! { told_during_a_fetch = ends_at_once:
    to_quit(Nginx::quit, 0);
    to_terminate(Nginx::terminate, 0);
    to_terminate_while_requests_wait(Nginx::terminate, 4);
    to_reload(Nginx::signal_reload, 0);
}

/// The worker that fetched has gone; the new one takes over.
#[test]
fn a_reload_during_a_fetch() {
    let idp = at_the_gate();
    let mut nginx = config().http(block("corp", &idp.issuer(), "")).start();
    let _asked = idp.request(JWKS, 1);
    nginx.reload();
    idp.open();
    let token = of(&idp.issuer(), &key());
    eventually("the new worker has keys", || {
        nginx.get_with("/", &token).status == 200
    });
    for _ in 0..3 {
        nginx.reload();
        nginx.get_with("/", &token).assert(200, "ok");
    }
}

/// Restarts of the provider are not noticed.
#[test]
fn a_provider_that_restarts() {
    let idp = Idp::start();
    let nginx = config()
        .http(block("corp", &idp.issuer(), "refresh 1s;"))
        .start();
    let request = Request::get("/").bearer(&of(&idp.issuer(), &key()));
    let mut connection = nginx.connect();
    connection.ask(&request).assert(200, "ok");
    for round in 1..=2 {
        idp.stop();
        eventually("the failure is in the log", || {
            failures(&nginx, "\"corp\"").len() == round
        });
        connection.ask(&request).assert(200, "ok");
        let asked = idp.count(JWKS);
        idp.restart();
        let _asked = idp.request(JWKS, asked + 1);
        connection.ask(&request).assert(200, "ok");
        eventually("it goes on", || recoveries(&nginx, "\"corp\"") == round);
    }
    assert_eq!(nginx.workers().len(), 1);
}

/// Another issuer's trouble is not ours: sixteen and more that hang leave the rest alone.
#[test]
fn many_that_hang_block_no_other() {
    let (idp, hanging) = (Idp::start(), Idp::start());
    hanging.hang_before_tls();
    let mut config = config();
    for number in 0..40 {
        let issuer = format!("{}/{number}", hanging.issuer());
        config = config.http(block(&format!("a{number}"), &issuer, "timeout 1s;"));
    }
    let nginx = config.http(block("corp", &idp.issuer(), "")).start();
    nginx
        .get_with("/", &of(&idp.issuer(), &key()))
        .assert(200, "ok");
    idp.publish(&[&next()]);
    eventually("an unknown key is asked for all the same", || {
        nginx.get_with("/", &of(&idp.issuer(), &next())).status == 200
    });
}

/// Issuers at one provider that are fetched as often as can be.
fn busy(idp: &Idp) -> Config {
    (0..8).fold(config(), |config, number| {
        idp.describe(&format!("/{number}"), JWKS);
        let name = match number {
            0 => "corp".to_owned(),
            _ => format!("a{number}"),
        };
        let issuer = format!("{}/{number}", idp.issuer());
        config.http(block(&name, &issuer, "refresh 30ms; cooldown 30ms;"))
    })
}

/// Workers go while their threads are in the middle of something.
#[test]
fn reloads_while_keys_are_fetched() {
    let idp = Idp::start();
    let mut nginx = busy(&idp).start();
    let token = of(&format!("{}/0", idp.issuer()), &key());
    for _ in 0..10 {
        nginx.get_with("/", &token).assert(200, "ok");
        let _more = idp.request(JWKS, idp.count(JWKS) + 4);
        nginx.reload();
    }
}

/// A leak grows all the time; what threads keep for the next ones is soon enough.
#[test]
fn memory_stays_flat() {
    const FETCHES: usize = 60;
    let idp = Idp::start();
    let nginx = busy(&idp).start();
    let heap_after = |round: usize| {
        let _many = idp.request(JWKS, round * FETCHES);
        nginx.heap(nginx.worker())
    };
    let mut before = heap_after(1);
    let grown: Vec<u64> = (2..=5)
        .map(|round| {
            let after = heap_after(round);
            after.saturating_sub(std::mem::replace(&mut before, after))
        })
        .collect();
    let least = grown.iter().min().unwrap();
    assert!(
        *least < 128 * KIB as u64,
        "{grown:?} bytes for {FETCHES} fetches each"
    );
}

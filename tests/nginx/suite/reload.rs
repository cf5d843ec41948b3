//! Reloads and exits: keys are kept, memory is given back, nobody is cut off.

use jwt_testkit::{Alg, Key, jwks, token};
use nginx_tests::{Config, Request, eventually, good, key, user};

/// A key set that shows in the memory when a reload leaks it.
fn large_set() -> String {
    let filler = Key::fixed(Alg::RS256).with_kid("filler-").jwk().to_string();
    let fillers = (0..300).map(|n| filler.replace("filler-", &format!("filler-{n}")) + ",");
    format!(
        "{{\"keys\":[{}{}]}}",
        fillers.collect::<String>(),
        key().jwk()
    )
}

#[test]
fn a_hundred_reloads_leak_nothing() {
    let mut nginx = Config::guarded(
        "a large key set, two locations, requirements and claims",
        "auth_jwt_require $jwt_claim_sub $v error=403;",
    )
    .file("large.json", large_set())
    .http("auth_jwt_claim_set $v sub;")
    .server(
        "location /b { auth_jwt b; auth_jwt_key_file large.json; auth_jwt_key_file jwks.json; }",
    )
    .start();
    let token = good();
    let mut reload = |count: usize| {
        for _ in 0..count {
            nginx.reload();
            nginx.get_with("/", &token).assert(200, "ok");
        }
        (nginx.heap(nginx.master()), nginx.heap(nginx.worker()))
    };
    let (master, worker) = reload(20);
    let (master_later, worker_later) = reload(80);
    // One leaked key set a reload would be 80 times half a megabyte.
    assert!(
        master_later.saturating_sub(master) < 2 << 20,
        "master: {master} to {master_later}"
    );
    assert!(
        worker_later.saturating_sub(worker) < 2 << 20,
        "worker: {worker} to {worker_later}"
    );
}

#[test]
fn a_reload_takes_a_new_key_file() {
    let mut nginx = Config::guarded("a key file that changes before a reload", "").start();
    nginx.replace("jwks.json", jwks(&[&Key::other(Alg::ES256)]));
    nginx.reload();
    nginx
        .get_with("/", &token(&Key::other(Alg::ES256), &user()))
        .assert(200, "ok");
    nginx.get_with("/", &good()).assert(401, "bad_signature");
}

#[test]
fn the_new_worker_watches_the_files_too() {
    let mut nginx = Config::guarded("a key file that changes after a reload", "").start();
    nginx.reload();
    nginx.replace("jwks.json", jwks(&[&Key::other(Alg::ES256)]));
    let new = token(&Key::other(Alg::ES256), &user());
    eventually("the new key counts", || {
        nginx.get_with("/", &new).status == 200
    });
}

#[test]
fn a_reload_with_a_broken_key_file_keeps_everything() {
    let nginx = Config::guarded("a reload that fails", "")
        .expect_log("[emerg]")
        .start();
    let worker = nginx.worker();
    nginx.replace("jwks.json", "{");
    nginx.signal_reload();
    nginx.log().wait_for("[emerg]", 1);
    nginx.get_with("/", &good()).assert(200, "ok");
    assert_eq!(nginx.worker(), worker);
}

#[test]
fn a_reload_may_change_the_policy() {
    let mut nginx = Config::guarded("a requirement that comes with a reload", "#MORE").start();
    nginx.get_with("/", &good()).assert(200, "ok");
    let text = std::fs::read_to_string(nginx.conf("nginx.conf")).unwrap();
    nginx.replace(
        "nginx.conf",
        text.replace("#MORE", "auth_jwt_require $jwt_claim_none error=403;"),
    );
    nginx.reload();
    nginx.get_with("/", &good()).assert(403, "claim");
}

#[test]
fn a_reload_may_switch_the_module_off_and_on() {
    let mut nginx = Config::guarded("auth_jwt comes and goes", "").start();
    let text = std::fs::read_to_string(nginx.conf("nginx.conf")).unwrap();
    let without: String = text
        .lines()
        .filter(|line| !line.contains("jwt"))
        .map(|line| format!("{line}\n"))
        .collect();
    nginx.replace("nginx.conf", &without);
    nginx.reload();
    assert_eq!(nginx.get("/").status, 200);
    nginx.replace("nginx.conf", &text);
    nginx.reload();
    nginx.get("/").assert(401, "missing");
    nginx.get_with("/", &good()).assert(200, "ok");
}

/// A request that is under way when nginx is told to finish is finished, and the worker goes.
#[test]
fn a_graceful_quit_finishes_what_has_begun() {
    let nginx = Config::new("a request under way")
        .keys(&[&key()])
        .server(
            "location / { auth_jwt a; auth_jwt_key_file jwks.json; proxy_pass http://@UPSTREAM@; }",
        )
        .start();
    let mut connection = nginx.connect();
    let bytes = Request::new("POST", "/")
        .bearer(&good())
        .body("hello")
        .bytes();
    let (first, rest) = bytes.split_at(bytes.len() - 2);
    connection.send(first);
    // Until the worker has read the head of it, there is nothing to finish.
    assert_eq!(nginx.get_with("/", &good()).status, 200);
    nginx.quit();
    nginx.log().wait_for("gracefully shutting down", 1);
    connection.send(rest);
    assert!(connection.receive(false).body.ends_with("hello"));
    nginx.log().wait_for("exited with code 0", 1);
}

/// The watching timer must not keep a worker alive, and neither must a large file that is parsed.
#[test]
fn a_worker_quits_while_files_change() {
    let nginx = Config::guarded("a quit while a large file is parsed", "").start();
    let filler = Key::fixed(Alg::RS256).jwk().to_string();
    let fillers = vec![filler; 3_000].join(",");
    nginx.replace("jwks.json", format!("{{\"keys\":[{fillers}]}}"));
    nginx.quit();
    nginx.log().wait_for("exited with code 0", 1);
}

#[test]
fn reloads_under_load_refuse_nobody() {
    let mut nginx = Config::guarded("reloads while requests arrive", "").start();
    let token = good();
    let port = nginx.port();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0;
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        let response = Request::get("/")
                            .bearer(&token)
                            .header("Connection", "close")
                            .send_to(port);
                        assert_eq!(response.status, 200);
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        for _ in 0..10 {
            nginx.reload();
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for client in clients {
            assert!(client.join().unwrap() > 0);
        }
    });
}

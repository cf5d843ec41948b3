//! Key files whose names hold variables: read per value.

use std::fs;

use jwt_testkit::{Alg, Key, jwks, sign, token};
use nginx_tests::{Config, Nginx, Request, cases, eventually, good, key, user, user_with};
use serde_json::json;

fn with_path(path: &str) -> Config {
    Config::new("a key file per value of a variable")
        .file("keys/a.json", jwks(&[&key()]))
        .file("keys/b.json", jwks(&[&Key::fixed(Alg::RS256)]))
        .file("keys/empty.json", "{\"keys\":[]}")
        .file("keys/broken.json", "{")
        .file("keys/a..b.json", jwks(&[&key()]))
        .file("outside.json", jwks(&[&key()]))
        .server(format!(
            "location / {{
                auth_jwt \"api\";
                auth_jwt_key_file {path};
                add_header Status $jwt_status always;
                try_files /ok.txt =500;
            }}"
        ))
}

fn ask(nginx: &Nginx, tenant: &str, token: &str) -> nginx_tests::Response {
    nginx.ask(&Request::get("/").header("X-Tenant", tenant).bearer(token))
}

#[test]
fn each_value_has_its_own_keys() {
    let nginx = with_path("keys/$http_x_tenant.json").start();
    let (a, b) = (good(), token(&Key::fixed(Alg::RS256), &user()));
    for _ in 0..2 {
        ask(&nginx, "a", &a).assert(200, "ok");
        ask(&nginx, "b", &b).assert(200, "ok");
        ask(&nginx, "a", &b).assert(401, "unknown_key");
        ask(&nginx, "b", &a).assert(401, "unknown_key");
    }
}

#[test]
fn the_path_may_begin_with_the_variable() {
    let nginx = with_path("$folder/a.json")
        .http("map '' $folder { default @PREFIX@/conf/keys; }")
        .start();
    nginx.get_with("/", &good()).assert(200, "ok");
}

/// What cannot be used is our trouble, not the client's.
fn unusable(tenant: &str) {
    let nginx = with_path("keys/$http_x_tenant.json").start();
    ask(&nginx, tenant, &good()).assert(500, "key_unavailable");
    nginx.log().wait_for("[error]", 1);
    ask(&nginx, "a", &good()).assert(200, "ok");
}

cases! { unusable_values = unusable:
    missing("c");
    broken("broken");
    empty_set("empty");
    empty_value("");
    parent_folder("../outside");
    parent_folder_further_in("x/../a");
    two_dots_at_the_end("a/..");
}

#[test]
fn dots_within_a_name_are_no_parent_folder() {
    let nginx = with_path("keys/$http_x_tenant.json").start();
    ask(&nginx, "a..b", &good()).assert(200, "ok");
}

#[test]
fn a_missing_file_that_appears_counts() {
    let nginx = with_path("keys/$http_x_tenant.json").start();
    ask(&nginx, "new", &good()).assert(500, "key_unavailable");
    nginx.replace("keys/new.json", jwks(&[&key()]));
    eventually("the file counts", || {
        ask(&nginx, "new", &good()).status == 200
    });
}

#[test]
fn a_changed_file_counts() {
    let nginx = with_path("keys/$http_x_tenant.json").start();
    ask(&nginx, "a", &good()).assert(200, "ok");
    nginx.replace("keys/a.json", jwks(&[&Key::other(Alg::ES256)]));
    eventually("the new key counts", || {
        ask(&nginx, "a", &good()).status == 401
    });
    ask(&nginx, "a", &token(&Key::other(Alg::ES256), &user())).assert(200, "ok");
}

#[test]
fn a_broken_version_leaves_the_old_in_force() {
    let nginx = with_path("keys/$http_x_tenant.json").start();
    ask(&nginx, "a", &good()).assert(200, "ok");
    nginx.replace("keys/a.json", "{");
    nginx.log().wait_for("a.json", 1);
    ask(&nginx, "a", &good()).assert(200, "ok");
}

/// More values than a worker keeps: all of them work, the first again too.
#[test]
fn more_values_than_are_kept_all_work() {
    let nginx = with_path("keys/$http_x_tenant.json").start();
    for n in 0..300 {
        let kid = format!("k{n}");
        fs::write(
            nginx.conf(&format!("keys/t{n}.json")),
            jwks(&[&key().with_kid(&kid)]),
        )
        .unwrap();
    }
    let mut connection = nginx.connect();
    for n in (0..300).chain(0..300) {
        let token = token(&key().with_kid(&format!("k{n}")), &user());
        let request = Request::get("/")
            .header("X-Tenant", &format!("t{n}"))
            .bearer(&token);
        connection.ask(&request).assert(200, "ok");
    }
}

/// Values that name nothing must not push memory without bound.
#[test]
fn many_missing_values_cost_no_memory() {
    let nginx = with_path("keys/$http_x_tenant.json").start();
    let token = good();
    let flood = |from: u32, to: u32| {
        for n in from..to {
            let tenant = format!("missing-{n}-{}", "x.".repeat(50));
            let request = Request::get("/").header("X-Tenant", &tenant).bearer(&token);
            // nginx closes a connection after a 500.
            nginx.ask(&request).assert(500, "key_unavailable");
        }
    };
    flood(0, 1_000);
    let before = nginx.heap(nginx.worker());
    flood(1_000, 5_000);
    let grown = nginx.heap(nginx.worker()).saturating_sub(before);
    assert!(grown < 512 * 1024, "{grown} bytes for 4,000 names");
}

#[test]
fn the_unverified_issuer_chooses_the_file() {
    let nginx = with_path("$keys")
        .http("map $jwt_claim_iss $keys { https://a.test keys/a.json; https://b.test keys/b.json; default keys/none.json; }")
        .start();
    let of = |key: &Key, iss: &str| token(key, &user_with("iss", json!(iss)));
    let (a, b) = (key(), Key::fixed(Alg::RS256));
    nginx
        .get_with("/", &of(&a, "https://a.test"))
        .assert(200, "ok");
    nginx
        .get_with("/", &of(&b, "https://b.test"))
        .assert(200, "ok");
    nginx
        .get_with("/", &of(&a, "https://b.test"))
        .assert(401, "unknown_key");
    nginx
        .get_with("/", &of(&a, "https://c.test"))
        .assert(500, "key_unavailable");
}

#[test]
fn the_unverified_header_chooses_the_file() {
    let nginx = with_path("keys/$jwt_header_kid.json").start();
    nginx
        .get_with("/", &token(&key().with_kid("none"), &user()))
        .assert(500, "key_unavailable");
    nginx.replace("keys/k.json", jwks(&[&key().with_kid("k")]));
    nginx
        .get_with("/", &token(&key().with_kid("k"), &user()))
        .assert(200, "ok");
    nginx
        .get_with("/", &token(&key().with_kid("../outside"), &user()))
        .assert(500, "key_unavailable");
    let nul = sign(&json!({"alg": "ES256", "kid": "k\u{0}"}), &user(), &key());
    nginx.get_with("/", &nul).assert(500, "key_unavailable");
}

#[test]
fn other_claims_do_not_choose_the_file() {
    let nginx = with_path("keys/$jwt_claim_tenant.json").start();
    let token = token(&key(), &user_with("tenant", json!("a")));
    nginx.get_with("/", &token).assert(500, "key_unavailable");
}

/// The same token, the same name, another value: no set of keys is taken for another's.
#[test]
fn a_value_is_not_carried_to_the_next_request() {
    let nginx = with_path("keys/$http_x_tenant.json").start();
    for (tenant, status) in [("a", 200), ("b", 401), ("a", 200), ("c", 500), ("a", 200)] {
        let request = Request::get("/").header("X-Tenant", tenant).bearer(&good());
        assert_eq!(nginx.ask(&request).status, status, "{tenant}");
    }
}

fn warns(path: &str) {
    with_path(path)
        .check()
        .assert_line(&["[warn]", "auth_jwt_key_file", "nginx.conf:"]);
}

cases! { clients_that_choose_their_key_draw_a_warning = warns:
    argument("keys/$arg_t.json");
    header("keys/$http_x_tenant.json");
    cookie("keys/$cookie_t.json");
}

#[test]
fn a_server_name_draws_no_warning() {
    let check = with_path("keys/$server_name.json").check();
    assert!(check.ok && !check.text.contains("[warn]"), "{}", check.text);
}

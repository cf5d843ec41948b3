//! Key files: forms, several of them, and the choice of a key.

use jwt_testkit::{Alg, Key, jwks, keyval, token};
use nginx_tests::{Config, Nginx, good, key, user};
use serde_json::{Value, json};

/// A server with these files (name, content) as key files of one level.
pub(crate) fn with_files(files: &[(&str, String)]) -> Config {
    let mut config = Config::new("keys from files");
    let mut names = String::new();
    for (name, content) in files {
        config = config.file(name, content);
        names.push_str(&format!("auth_jwt_key_file {name};\n"));
    }
    config.server(format!(
        "location / {{
            auth_jwt \"api\";
            {names}
            add_header Status $jwt_status always;
            try_files /ok.txt =500;
        }}"
    ))
}

pub(crate) fn with_set(keys: &[Value]) -> Nginx {
    with_files(&[("jwks.json", json!({ "keys": keys }).to_string())]).start()
}

pub(crate) fn ask(nginx: &Nginx, key: &Key, status: u16, word: &str) {
    nginx
        .get_with("/", &token(key, &user()))
        .assert(status, word);
}

/// Different keys of one algorithm: the fixed pair, and new ones.
fn new_keys(count: usize) -> Vec<Key> {
    (0..count)
        .map(|n| Key::generate(Alg::ES256).with_kid(&format!("k{n}")))
        .collect()
}

#[test]
fn all_files_of_a_level_count() {
    let (a, b, c) = (
        Key::fixed(Alg::ES256),
        Key::fixed(Alg::RS256),
        Key::fixed(Alg::Ed25519),
    );
    let files = [
        ("a.json", jwks(&[&a])),
        ("b.json", keyval(&[&b])),
        ("c.pem", c.spki_pem()),
    ];
    let nginx = with_files(&files).start();
    for key in [&a, &b, &c] {
        ask(&nginx, key, 200, "ok");
    }
    ask(&nginx, &Key::fixed(Alg::HS256), 401, "unknown_key");
}

#[test]
fn a_file_may_be_in_a_folder_or_absolute() {
    let nginx = Config::new("relative and absolute paths")
        .file("keys/a.json", jwks(&[&key()]))
        .file("b.json", jwks(&[&Key::fixed(Alg::RS256)]))
        .server(
            "auth_jwt a; add_header Status $jwt_status always;
             location /relative { auth_jwt_key_file keys/a.json; try_files /ok.txt =500; }
             location /absolute { auth_jwt_key_file @PREFIX@/conf/b.json; try_files /ok.txt =500; }",
        )
        .start();
    nginx.get_with("/relative", &good()).assert(200, "ok");
    nginx
        .get_with("/absolute", &token(&Key::fixed(Alg::RS256), &user()))
        .assert(200, "ok");
}

#[test]
fn the_kid_picks_the_key() {
    let keys = new_keys(3);
    let nginx = with_set(&keys.iter().map(Key::jwk).collect::<Vec<_>>());
    for key in &keys {
        ask(&nginx, key, 200, "ok");
    }
    // Another key's name over a good signature.
    ask(
        &nginx,
        &keys[0].clone().with_kid("k1"),
        401,
        "bad_signature",
    );
}

#[test]
fn an_unknown_kid_is_refused() {
    let nginx = with_set(&[key().jwk()]);
    for kid in ["es256", "ES256 ", "", "\u{0}", "../x", "ES256\n"] {
        ask(&nginx, &key().with_kid(kid), 401, "unknown_key");
    }
}

#[test]
fn a_kid_may_be_any_text() {
    for kid in [
        "",
        "a b",
        "\u{e4}\u{f6}",
        "\"quoted\\\"",
        &"long".repeat(300),
    ] {
        let key = key().with_kid(kid);
        ask(&with_set(&[key.jwk()]), &key, 200, "ok");
    }
}

#[test]
fn a_token_without_kid_is_tried_against_every_key() {
    let keys = new_keys(4);
    let nginx = with_set(&keys.iter().map(Key::jwk).collect::<Vec<_>>());
    for key in &keys {
        ask(&nginx, &key.clone().without_kid(), 200, "ok");
    }
    ask(
        &nginx,
        &Key::other(Alg::ES256).without_kid(),
        401,
        "bad_signature",
    );
}

#[test]
fn a_key_without_kid_serves_any_token() {
    let (named, nameless) = (Key::fixed(Alg::ES256), Key::other(Alg::ES256).without_kid());
    let nginx = with_set(&[named.jwk(), nameless.jwk()]);
    ask(&nginx, &nameless, 200, "ok");
    ask(&nginx, &nameless.clone().with_kid("anything"), 200, "ok");
    ask(&nginx, &nameless.clone().with_kid("ES256"), 200, "ok");
    ask(&nginx, &named, 200, "ok");
    ask(
        &nginx,
        &named.clone().with_kid("other"),
        401,
        "bad_signature",
    );
}

#[test]
fn two_keys_of_one_kid_are_both_tried() {
    let (a, b) = (Key::fixed(Alg::ES256), Key::other(Alg::ES256));
    let nginx = with_set(&[a.jwk(), b.jwk()]);
    ask(&nginx, &a, 200, "ok");
    ask(&nginx, &b, 200, "ok");
}

#[test]
fn one_kid_may_name_keys_of_different_types() {
    let (a, b) = (
        Key::fixed(Alg::ES256).with_kid("k"),
        Key::fixed(Alg::RS256).with_kid("k"),
    );
    let nginx = with_set(&[a.jwk(), b.jwk()]);
    ask(&nginx, &a, 200, "ok");
    ask(&nginx, &b, 200, "ok");
}

#[test]
fn a_kid_whose_key_does_not_fit_the_alg_is_refused() {
    let nginx = with_set(&[Key::fixed(Alg::RS256).with_kid("k").jwk(), key().jwk()]);
    let response = nginx.get_with("/", &token(&key().with_kid("k"), &user()));
    assert_eq!(response.status, 401);
}

#[test]
fn at_most_eight_signatures_are_tried() {
    let keys: Vec<Key> = new_keys(9).into_iter().map(Key::without_kid).collect();
    let config = with_files(&[("jwks.json", jwks(&keys.iter().collect::<Vec<_>>()))]);
    let nginx = config.start();
    ask(&nginx, &keys[0], 200, "ok");
    ask(&nginx, &keys[7], 200, "ok");
    ask(&nginx, &keys[8], 401, "bad_signature");
}

#[test]
fn more_than_eight_candidates_draw_a_warning() {
    let keys: Vec<Key> = new_keys(9).into_iter().map(Key::without_kid).collect();
    let check = with_files(&[("jwks.json", jwks(&keys.iter().collect::<Vec<_>>()))]).check();
    assert!(check.ok);
    check.assert_line(&["[warn]", "jwks.json", "8"]);
}

#[test]
fn a_set_of_a_hundred_keys_is_searched_by_kid() {
    let keys = new_keys(100);
    let nginx = with_set(&keys.iter().map(Key::jwk).collect::<Vec<_>>());
    for key in [&keys[0], &keys[50], &keys[99]] {
        ask(&nginx, key, 200, "ok");
    }
}

#[test]
fn several_pem_blocks_in_one_file_are_all_keys() {
    let (a, b) = (Key::fixed(Alg::RS256), Key::fixed(Alg::ES256));
    let text = format!(
        "the first:\n{}the second:\n{}",
        a.spki_pem(),
        b.certificate_pem()
    );
    let nginx = with_files(&[("keys.pem", text)]).start();
    ask(&nginx, &a, 200, "ok");
    ask(&nginx, &b, 200, "ok");
}

#[test]
fn a_pem_key_has_no_kid_and_serves_any() {
    let nginx = with_files(&[("key.pem", key().spki_pem())]).start();
    ask(&nginx, &key().with_kid("anything"), 200, "ok");
    ask(&nginx, &key().without_kid(), 200, "ok");
}

#[test]
fn keyval_is_selected_by_kid() {
    let (a, b) = (key().with_kid("a"), Key::other(Alg::ES256).with_kid("b"));
    let nginx = with_files(&[("keys.json", keyval(&[&a, &b]))]).start();
    ask(&nginx, &a, 200, "ok");
    ask(&nginx, &b, 200, "ok");
    ask(&nginx, &a.clone().with_kid("b"), 401, "bad_signature");
    ask(&nginx, &a.clone().with_kid("c"), 401, "unknown_key");
    ask(&nginx, &a.without_kid(), 200, "ok");
}

#[test]
fn windows_line_ends_in_pem_are_read() {
    let text = key().spki_pem().replace('\n', "\r\n");
    ask(&with_files(&[("key.pem", text)]).start(), &key(), 200, "ok");
}

#[test]
fn a_bom_before_a_set_is_a_clear_error_or_read() {
    let check = with_files(&[("jwks.json", format!("\u{feff}{}", jwks(&[&key()])))]).check();
    assert!(
        check.ok || check.text.contains("jwks.json"),
        "{}",
        check.text
    );
}

#[test]
fn no_key_source_at_all_is_500_with_a_warning() {
    let config = || {
        Config::new("auth_jwt without keys").server(
            "location / { auth_jwt a; add_header Status $jwt_status always; try_files /ok.txt =500; }",
        )
    };
    config()
        .check()
        .assert_line(&["[warn]", "auth_jwt_key_file"]);
    let nginx = config().start();
    nginx.get_with("/", &good()).assert(500, "key_unavailable");
    nginx.log().wait_for("[error]", 1);
}

#[test]
fn without_keys_a_malformed_token_is_still_the_clients_fault() {
    let config = Config::new("auth_jwt without keys").server(
        "location / { auth_jwt a; add_header Status $jwt_status always; try_files /ok.txt =500; }",
    );
    let nginx = config.start();
    nginx.get_with("/", "x.y").assert(401, "malformed");
    nginx.get("/").assert(401, "missing");
}

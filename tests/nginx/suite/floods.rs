//! Floods of damaged and hostile requests on one worker: nothing passes, nothing dies, nothing grows.

use jwt_testkit::{Alg, Key, b64, token};
use nginx_tests::{Config, Nginx, Request, cases, good, key, user};
use serde_json::json;

use crate::security::{all_keys, server, status};

/// Every character of the token changed, every length cut: nothing but the token itself passes.
fn tampered(alg: Alg) {
    let nginx = server("").start();
    let mut connection = nginx.connect();
    let good = token(&Key::fixed(alg), &json!({"sub": "a"}));
    assert_eq!(status(&mut connection, &good), 200);
    for position in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[position] = if changed[position] == b'A' {
            b'B'
        } else {
            b'A'
        };
        let changed = String::from_utf8(changed).unwrap();
        assert_eq!(
            status(&mut connection, &changed),
            401,
            "changed at {position}"
        );
    }
    for length in 1..good.len() {
        assert_eq!(
            status(&mut connection, &good[..length]),
            401,
            "cut to {length}"
        );
    }
    assert_eq!(status(&mut connection, &good), 200);
}

cases! { every_character_and_every_length = tampered:
    hs256(Alg::HS256);
    rs256(Alg::RS256);
    ps256(Alg::PS256);
    es256(Alg::ES256);
    es256k(Alg::ES256K);
    ed25519(Alg::Ed25519);
    ed448(Alg::Ed448);
}

/// A small generator: the same floods in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// Good tokens with bytes changed, removed, doubled and swapped: never a 5xx, never a pass.
#[test]
fn a_flood_of_damaged_tokens() {
    let nginx = server("").start();
    let mut connection = nginx.connect();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let tokens: Vec<String> = all_keys().iter().map(|key| token(key, &user())).collect();
    for _ in 0..4_000 {
        let original = &tokens[random.below(tokens.len())];
        let mut bytes = original.clone().into_bytes();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = b"._-=+/A0 {}\"\\"[random.below(13)],
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, bytes[at]),
                _ => {
                    let other = random.below(bytes.len());
                    bytes.swap(at, other);
                }
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        let expected = if text.trim() == original {
            200..=200
        } else {
            400..=401
        };
        let response = connection.ask(&Request::get("/").bearer(&text));
        assert!(
            expected.contains(&response.status),
            "{}: {text}",
            response.status
        );
        if response.status == 400 {
            // nginx closes after it, as after any bad request.
            connection = nginx.connect();
        }
    }
    assert_eq!(status(&mut connection, &tokens[0]), 200);
}

/// Parts that are base64url of anything, and anything that is no base64url.
#[test]
fn a_flood_of_noise() {
    let nginx = server("").start();
    let mut connection = nginx.connect();
    let mut random = Random(42);
    for round in 0..2_000 {
        let mut part = |limit: usize| {
            let bytes: Vec<u8> = (0..random.below(limit))
                .map(|_| u8::try_from(random.below(256)).unwrap())
                .collect();
            b64(bytes)
        };
        let header = if round % 2 == 0 {
            b64(r#"{"alg":"ES256"}"#)
        } else {
            part(60)
        };
        let text = format!("{header}.{}.{}", part(200), part(150));
        assert_eq!(status(&mut connection, &text), 401, "{text}");
    }
    assert_eq!(status(&mut connection, &token(&key(), &user())), 200);
}

/// Bytes of the wire that are no HTTP, or hardly: the worker lives on.
#[test]
fn a_flood_of_raw_bytes() {
    let nginx = Config::guarded("raw bytes", "")
        .expect_log("client sent")
        .start();
    let mut random = Random(7);
    let request = Request::get("/").bearer(&good()).bytes();
    for _ in 0..300 {
        let mut bytes = request.clone();
        for _ in 0..=random.below(6) {
            let at = random.below(bytes.len());
            bytes[at] = u8::try_from(random.below(256)).unwrap();
        }
        nginx.connect().send(&bytes);
    }
    nginx.get_with("/", &good()).assert(200, "ok");
}

/// Memory of the worker over many requests, good and hostile, in pools that are given back.
#[test]
fn memory_is_flat_over_many_requests() {
    let nginx = server("add_header Sub $jwt_claim_sub; add_header All $jwt_claims;").start();
    let mut connection = nginx.connect();
    let hostile = [
        "x.y.z".to_owned(),
        token(&Key::other(Alg::HS256), &user()),
        format!(
            "{}.{}.{}",
            "a".repeat(3_000),
            "b".repeat(2_000),
            "c".repeat(100)
        ),
    ];
    let good = token(&Key::fixed(Alg::HS256), &user());
    let mut round = |count: usize| {
        for n in 0..count {
            assert_eq!(status(&mut connection, &good), 200);
            assert_eq!(status(&mut connection, &hostile[n % hostile.len()]), 401);
        }
    };
    round(2_000);
    let before = nginx.heap(nginx.worker());
    round(8_000);
    let grown = nginx.heap(nginx.worker()).saturating_sub(before);
    assert!(grown < 256 * 1024, "{grown} bytes over 16,000 requests");
}

/// At most one line a second for each code: a flood does not fill the disk.
#[test]
fn a_flood_of_refusals_is_logged_in_bounds() {
    let nginx = Config::guarded("a flood in the log", "").start();
    let started = std::time::Instant::now();
    let mut connection = nginx.connect();
    for _ in 0..500 {
        assert_eq!(status(&mut connection, "x"), 401);
    }
    let seconds = usize::try_from(started.elapsed().as_secs()).unwrap();
    let lines = nginx.log().matching("[error]").len();
    assert!(lines <= seconds + 2, "{lines} lines in {seconds} seconds");
}

fn flood_of_kids(nginx: &Nginx) -> u64 {
    let mut connection = nginx.connect();
    for n in 0..3_000 {
        let token = jwt_testkit::sign(
            &json!({"alg": "HS256", "kid": format!("made-up-{n}")}),
            &json!({}),
            &Key::other(Alg::HS256),
        );
        assert_eq!(status(&mut connection, &token), 401);
    }
    nginx.heap(nginx.worker())
}

#[test]
fn nothing_is_remembered_per_kid() {
    let nginx = server("").start();
    let before = flood_of_kids(&nginx);
    let grown = flood_of_kids(&nginx).saturating_sub(before);
    assert!(grown < 256 * 1024, "{grown} bytes for 3,000 kids");
}

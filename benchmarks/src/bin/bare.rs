//! `bare JWKS SECONDS`: verifies the tokens on standard input, one a line, with aws-lc-rs and held
//! keys, in turns for so long, and prints the microseconds of CPU that one bare signature took.
//! Base64 is decoded beforehand.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark stops where it can't go on"
)]

use std::collections::HashMap;
use std::io::BufRead;
use std::time::{Duration, Instant};

use aws_lc_rs::{hmac, signature as aws};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

enum Key {
    Secret(Box<hmac::Key>),
    Public(aws::ParsedPublicKey),
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: bare JWKS SECONDS <TOKENS";
    let path = arguments.next().expect(usage);
    let seconds = arguments.next().and_then(|text| text.parse().ok());
    let time = Duration::from_secs_f64(seconds.expect(usage));
    let set: Value =
        serde_json::from_slice(&std::fs::read(path).expect("the key file")).expect("JSON");
    let keys: HashMap<&str, Key> = set["keys"]
        .as_array()
        .expect("a JWK Set")
        .iter()
        .map(|jwk| (jwk["kid"].as_str().expect("kid"), key(jwk)))
        .collect();
    let tokens: Vec<(Vec<u8>, Vec<u8>, &Key)> = std::io::stdin()
        .lock()
        .lines()
        .map(|line| parts(&line.expect("a line"), &keys))
        .collect();

    // The keys' tables and the caches of the core are warm after one round.
    check(&tokens);
    let (mut count, start, before) = (0_usize, Instant::now(), cpu());
    while start.elapsed() < time {
        check(&tokens);
        count = count.saturating_add(tokens.len());
    }
    let micros = (cpu() - before) * 1e-3;
    println!(
        "{:.3}",
        micros / f64::from(u32::try_from(count).expect("a count"))
    );
}

/// Nanoseconds that this thread, the only one, was on a core.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").expect("Linux");
    let first = text.split(' ').next().expect("a field");
    first.parse().expect("a number")
}

fn check(tokens: &[(Vec<u8>, Vec<u8>, &Key)]) {
    for (input, signature, key) in tokens {
        let good = match key {
            Key::Secret(key) => hmac::verify(key, input, signature).is_ok(),
            Key::Public(key) => key.verify_sig(input, signature).is_ok(),
        };
        assert!(good, "a token of another key");
    }
}

fn bytes(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD
        .decode(text.as_str().expect("a string"))
        .expect("base64url")
}

fn key(jwk: &Value) -> Key {
    let member = |name: &str| bytes(&jwk[name]);
    Key::Public(match jwk["alg"].as_str().expect("alg") {
        "HS256" => return Key::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &member("k")))),
        "RS256" => aws::RsaPublicKeyComponents {
            n: member("n"),
            e: member("e"),
        }
        .to_parsed_public_key(&aws::RSA_PKCS1_2048_8192_SHA256)
        .expect("a key"),
        "ES256" => {
            let point = [vec![4], member("x"), member("y")].concat();
            aws::ParsedPublicKey::new(&aws::ECDSA_P256_SHA256_FIXED, point).expect("a key")
        }
        "EdDSA" | "Ed25519" => {
            aws::ParsedPublicKey::new(&aws::ED25519, member("x")).expect("a key")
        }
        other => panic!("{other} is not measured"),
    })
}

fn parts<'a>(token: &str, keys: &'a HashMap<&str, Key>) -> (Vec<u8>, Vec<u8>, &'a Key) {
    let (input, signature) = token.rsplit_once('.').expect("a token");
    let (header, _) = input.split_once('.').expect("a token");
    let header: Value = serde_json::from_slice(&bytes(&Value::from(header))).expect("a header");
    let key = &keys[header["kid"].as_str().expect("kid")];
    (
        input.as_bytes().to_vec(),
        bytes(&Value::from(signature)),
        key,
    )
}

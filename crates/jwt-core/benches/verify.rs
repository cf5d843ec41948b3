//! What a whole cold verification costs beyond the bare signature check with a held key: about
//! 700 bytes of token, keys in a set of ten, both measured in one run.
//!
//! `cargo bench -p jwt-core --bench verify`

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a benchmark may panic, and criterion's macros make functions"
)]

use aws_lc_rs::{hmac, signature as aws};
use criterion::{Criterion, criterion_group, criterion_main};
use jwt_core::{KeyLoadOptions, KeySet, VerifyOptions, verify};
use jwt_testkit::{Alg, Key, hostile, jwks, sign, unb64};
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What an access token of a common identity provider holds.
fn realistic(key: &Key) -> String {
    let header = json!({"alg": key.alg().header_name(), "typ": "JWT", "kid": key.kid()});
    let claims = json!({
        "iss": "https://idp.example.com/realms/corp", "sub": "f1a2b3c4-5d6e-7f80-91a2-b3c4d5e6f708",
        "aud": ["https://api.example.com", "account"], "exp": 1_900_000_000, "iat": 1_800_000_000,
        "nbf": 1_800_000_000, "jti": "0b9d2c4e-1111-2222-3333-444455556666", "azp": "web-frontend",
        "scope": "openid profile email orders:read", "groups": ["admin", "staff"],
        "preferred_username": "alice", "email_verified": true,
    });
    sign(&header, &claims, key)
}

type Verify = Box<dyn Fn(&[u8], &[u8]) -> bool>;

fn bare(key: &Key) -> Verify {
    let jwk = key.jwk();
    let bytes = |name: &str| unb64(jwk[name].as_str().expect("a member")).expect("base64url");
    match key.alg() {
        Alg::HS256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes("k"));
            Box::new(move |m, s| hmac::verify(&key, m, s).is_ok())
        }
        Alg::RS256 => {
            let (n, e) = (bytes("n"), bytes("e"));
            let key = aws::RsaPublicKeyComponents { n, e }
                .to_parsed_public_key(&aws::RSA_PKCS1_2048_8192_SHA256)
                .expect("a key");
            Box::new(move |m, s| key.verify_sig(m, s).is_ok())
        }
        _ => {
            let point = [vec![4], bytes("x"), bytes("y")].concat();
            let key =
                aws::ParsedPublicKey::new(&aws::ECDSA_P256_SHA256_FIXED, point).expect("a key");
            Box::new(move |m, s| key.verify_sig(m, s).is_ok())
        }
    }
}

/// Microseconds per call of each: the fastest of many rounds, taken in turns so that both see the
/// same machine.
fn compare(first: impl Fn(), second: impl Fn()) -> (f64, f64) {
    const ROUNDS: u32 = 400;
    const CALLS: u32 = 50;
    let round = |work: &dyn Fn()| {
        let start = Instant::now();
        (0..CALLS).for_each(|_| work());
        start.elapsed()
    };
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        best.0 = best.0.min(round(&first));
        best.1 = best.1.min(round(&second));
    }
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(CALLS);
    (micros(best.0), micros(best.1))
}

fn bench(c: &mut Criterion) {
    for (alg, budget) in [(Alg::HS256, 2.5), (Alg::RS256, 3.0), (Alg::ES256, 5.0)] {
        let key = Key::fixed(alg).with_kid("2026-11-key-of-the-month");
        let others =
            ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(|kid| Key::other(alg).with_kid(kid));
        let mut all: Vec<&Key> = others.iter().collect();
        all.push(&key);
        let (keys, _) = KeySet::parse(jwks(&all).as_bytes(), None, &KeyLoadOptions::default())
            .expect("a key set");
        let key_sets = [Arc::new(keys)];
        let options = VerifyOptions::default();
        let token = realistic(&key);
        let signature = hostile::signature(&token);
        let (input, _) = token.rsplit_once('.').expect("a token");
        let bare = bare(&key);
        let whole = || assert!(verify(black_box(token.as_bytes()), &key_sets, &options).is_ok());
        let bare = || assert!(bare(black_box(input.as_bytes()), &signature));

        let (whole_us, bare_us) = compare(whole, bare);
        let more = whole_us - bare_us;
        println!(
            "{:<5} {} bytes: verify {whole_us:.2} us, bare aws-lc-rs {bare_us:.2} us, \
             difference {more:.2} us (budget {budget} us: {})",
            alg.name(),
            token.len(),
            if more <= budget { "kept" } else { "EXCEEDED" }
        );
        let mut group = c.benchmark_group(alg.name());
        group.bench_function("verify", |b| b.iter(whole));
        group.bench_function("bare", |b| b.iter(bare));
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);

//! What a revocation list costs by its length: to read, to keep, to look something up in.
//!
//! `make bench-revocation`, or `cargo bench -p jwt-core --bench revocation`. Memory is what Linux counts for
//! the process.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a benchmark may panic"
)]

use jwt_core::{
    KeyLoadOptions, KeySet, RevocationFormat, RevocationList, Token, VerifyOptions, verify,
};
use jwt_testkit::{Alg, Key, jwks, token};
use serde_json::json;
use std::hint::black_box;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};

/// Tells a child the length of its list.
const LENGTH: &str = "REVOCATION_LIST_LENGTH";
const LENGTHS: [usize; 5] = [10, 1_000, 10_000, 100_000, 1_000_000];
const ROUNDS: usize = 100;
/// Enough that what they look up does not stay in the processor's nearest cache.
const TOKENS: usize = 20_000;

/// What identity providers give: a UUID. The number is spread over it.
fn jti(number: usize) -> String {
    let spread = (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let hex = format!("{spread:032x}");
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// Tokens that no list of so many entries has.
fn tokens(first: usize) -> Vec<Token> {
    let key = Key::fixed(Alg::HS256);
    let (keys, _) = KeySet::parse(jwks(&[&key]).as_bytes(), None, &KeyLoadOptions::default())
        .expect("a key set");
    let key_sets = [Arc::new(keys)];
    (first..first + TOKENS)
        .map(|number| token(&key, &json!({"jti": jti(number), "sub": "alice"})))
        .map(|token| verify(token.as_bytes(), &key_sets, &VerifyOptions::default()))
        .map(|token| token.expect("a good token"))
        .collect()
}

/// A line of /proc/self/status, in MiB.
fn memory(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.expect("a number of kB") / 1024.0
}

/// Nanoseconds per token: the fastest of the rounds.
fn look_up(list: &RevocationList, tokens: &[Token]) -> f64 {
    let round = || {
        let start = Instant::now();
        for token in tokens {
            assert!(black_box(list).check(token).is_ok());
        }
        start.elapsed()
    };
    let best = (0..ROUNDS).map(|_| round()).min().unwrap_or(Duration::MAX);
    best.as_secs_f64() * 1e9 / tokens.len() as f64
}

/// One row, in a process of its own: what was freed before would be taken for what is kept.
fn measure(length: usize) {
    let mut file = Vec::new();
    std::io::stdin().read_to_end(&mut file).expect("the list");
    // From here on the peak counts anew.
    fs::write("/proc/self/clear_refs", "5").expect("Linux");
    let before = memory("VmRSS");
    let start = Instant::now();
    let list = RevocationList::parse(&file, RevocationFormat::Kinds).expect("a list");
    let read = start.elapsed();
    assert_eq!(list.len(), length);
    let (peak, kept) = (memory("VmHWM") - before, memory("VmRSS") - before);
    let size = file.len() as f64 / 1024.0 / 1024.0;
    drop(file);
    println!(
        "| {length} | {size:.1} | {:.1} | {:.1} | {kept:.1} | {:.0} |",
        read.as_secs_f64() * 1e3,
        peak + size,
        look_up(&list, &tokens(length)),
    );
}

fn main() {
    if let Some(length) = env::var(LENGTH).ok().and_then(|it| it.parse().ok()) {
        return measure(length);
    }
    println!(
        "| entries | file, MiB | read, ms | memory while read, MiB | kept, MiB | look-up, ns |"
    );
    println!("|---|---|---|---|---|---|");
    for length in LENGTHS {
        let names: Vec<String> = (0..length).map(jti).collect();
        let mut child = Command::new(env::current_exe().expect("this program"))
            .env(LENGTH, length.to_string())
            .stdin(Stdio::piped())
            .spawn()
            .expect("itself");
        let mut input = child.stdin.take().expect("a pipe");
        let file = json!({ "jti": names }).to_string();
        input.write_all(file.as_bytes()).expect("it reads");
        drop(input);
        assert!(child.wait().expect("it ends").success());
    }
}

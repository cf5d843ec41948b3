//! What each stage of a verification costs, beside the bare signature check with a held key:
//! `make bench-core`. First a table whose columns were measured in turns, with the budgets; then
//! criterion's figures.
//!
//! A stage that has no entry of its own in the API is measured by difference, between two ways
//! through [`jwt_core::verify`] that share all else:
//!
//! - parse (form, header, algorithm): a token for which there is no key. It ends there.
//! - key choice: a token whose signature is of an impossible length, which is refused where a key
//!   would be tried, above parse.
//! - claims (JSON, and the token that holds them): a token taken at its word, above parse.

#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a benchmark may panic, and criterion's macros make functions"
)]

mod bare;
mod sample;
mod stages;
mod table;

use criterion::{Criterion, criterion_group};
use jwt_testkit::Alg;

/// The algorithms that are compared: a secret, both paddings of RSA, two curves, Edwards.
const ALGS: [Alg; 6] = [
    Alg::HS256,
    Alg::RS256,
    Alg::PS256,
    Alg::ES256,
    Alg::ES384,
    Alg::Ed25519,
];

criterion_group!(
    benches,
    stages::of_a_miss,
    stages::key_choice,
    stages::of_every_request
);

fn main() {
    // Not when the benchmarks are only listed, or run once as tests.
    if !std::env::args().any(|argument| ["--list", "--test"].contains(&argument.as_str())) {
        table::print();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}

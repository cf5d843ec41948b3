//! What the crate promises, seen from outside. One binary, one module per theme.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    unreachable_pub,
    reason = "a test may panic"
)]

mod differential;
mod discovery;
mod endpoint;
mod form;
mod fuzz_seeds;
mod issuer_policy;
mod keys;
mod matrix;
mod operators;
mod paths;
mod pem;
mod policy;
mod properties;
mod providers;
mod refresh;
mod revocation;
mod rfc8725;
mod selection;
mod support;
mod tamper;
mod time;
mod token_cache;
mod values;
mod vectors;

//! What the crate promises, seen from outside. One binary, one module per theme.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    unreachable_pub,
    reason = "a test may panic"
)]

mod form;
mod keys;
mod matrix;
mod pem;
mod selection;
mod support;
mod tamper;
mod time;
mod vectors;

//! The panic guard: a panic that reaches a C frame aborts the worker and drops its connections.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Level, Log};

/// Runs `f`; a panic becomes `fallback` and a line at `alert`. Each entry from C passes through
/// here (invariant 3). The payload is not logged: it may quote input.
pub(super) fn guard<T>(log: Log, entry: &str, fallback: T, f: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(value) => value,
        Err(payload) => {
            // Dropping a payload runs foreign code, which could panic again.
            std::mem::forget(payload);
            log.write(
                Level::Alert,
                &format!("auth_jwt: internal error: panic in {entry}; please report this"),
            );
            fallback
        }
    }
}

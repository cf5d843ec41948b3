//! One line a second per reason: a flood of bad tokens must not fill the disk.

use std::cell::RefCell;
use std::collections::HashMap;

#[derive(Default)]
struct Seen {
    second: u64,
    left_out: u64,
}

thread_local! {
    /// Per reason (a `$jwt_status` word, so the map stays small), in this worker.
    static SEEN: RefCell<HashMap<&'static str, Seen>> = RefCell::default();
}

/// Whether a line for `reason` may be written in second `now`; if so, how many were left out since
/// the last one.
pub(crate) fn allow(reason: &'static str, now: u64) -> Option<u64> {
    SEEN.with_borrow_mut(|seen| {
        let entry = seen.entry(reason).or_default();
        if entry.second == now {
            entry.left_out = entry.left_out.saturating_add(1);
            return None;
        }
        entry.second = now;
        Some(std::mem::take(&mut entry.left_out))
    })
}

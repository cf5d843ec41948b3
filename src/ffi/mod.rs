//! The boundary to nginx: every `unsafe` of the project, behind safe types.
//!
//! Nothing here knows what the module decides; nothing outside (but the statics in
//! `src/module.rs`) knows raw pointers. A SAFETY note cites one of these invariants, whose
//! reasons stand in `docs/design.md`:
//!
//! 1. Configuration objects are created in the configuration phase, owned by the cycle pool, and
//!    never written while requests run (worker state inside them sits in cells).
//! 2. A request, its pool and its context, and the worker state, are touched only by the worker's
//!    event-loop thread; configuration only by the one thread that reads it.
//! 3. Every entry from C is wrapped in the panic guard.
//! 4. Shared memory is read and written only through one file, and copied: no reference into it
//!    leaves that file.
//! 5. A header put into `headers_out` is fully initialised, and linked where nginx's core looks
//!    for it.
//! 6. A decision is bound to the location configuration it was made under.
//! 7. No `static mut` of ours, no memory of the module reachable from a helper thread but what was
//!    moved into it.
//! 8. A pointer that nginx passes to a callback, and what nginx documents as reachable from it, is
//!    valid for that call; what is allocated in a pool lives until the pool is destroyed.
//! 9. A subrequest of ours is known by its completion handler, whose data is its collector; the
//!    pool frees it, and nobody keeps it.
//! 10. Who waits for something is known by a waker, which a cleanup of its request's pool empties.

#![allow(
    unsafe_code,
    reason = "the one place for it; each use cites an invariant"
)]

mod answer;
mod conf;
mod content;
mod cycle;
mod directive;
mod ed448;
mod guard;
mod header;
mod log;
mod module;
mod process;
mod request;
mod request_ctx;
mod shared_zone;
mod subrequest;
mod thread;
mod timer;
mod user;
mod variable;
mod waker;

pub(crate) use answer::{Answer, AnswerProblem, install_answer_filters};
pub(crate) use conf::{
    ComplexValue, Conf, Place, VariableIndex, parse_milliseconds, parse_seconds, parse_size,
};
pub(crate) use content::ContentHandler;
pub(crate) use cycle::Cycle;
pub(crate) use directive::{CommandTable, ConfError, Directive, Setter};
pub(crate) use ed448::Ed448PublicKey;
pub(crate) use header::{HeaderFilter, ResponseHeader, install_header_filter};
pub(crate) use log::{Level, Log};
pub(crate) use module::{
    HttpModule, ModuleHooks, OutOfOrder, Phase, PhaseHandler, http_module_context,
    install_phase_handler, module_static,
};
pub(crate) use process::{is_alive, is_quitting, process_id};
pub(crate) use request::{OutOfMemory, Request, Status};
pub(crate) use shared_zone::{KnownPlace, LockedZone, RecordId, RecordPlace, SharedZone, ZoneFull};
pub(crate) use thread::spawn_detached;
pub(crate) use timer::{Periodic, PeriodicTask, monotonic_ms, start_periodic};
pub(crate) use user::{effective_uid, groups_of};
pub(crate) use variable::{
    IndexedVariable, PrefixVariable, add_builtin_variable, add_prefix_variable, add_variable,
};
pub(crate) use waker::Waker;

use nginx_sys::ngx_str_t;

/// The bytes of a string of nginx's.
///
/// # Safety
///
/// `s` must come from nginx, and its bytes must live for `'a` (invariant 8).
unsafe fn bytes<'a>(s: ngx_str_t) -> &'a [u8] {
    if s.len == 0 || s.data.is_null() {
        return &[];
    }
    // SAFETY: invariant 8; a string of nginx's with a length has that many bytes.
    unsafe { std::slice::from_raw_parts(s.data, s.len) }
}

/// A string for nginx to read: nginx takes these as mutable, and never writes to them.
fn borrowed_str(bytes: &[u8]) -> ngx_str_t {
    ngx_str_t {
        len: bytes.len(),
        data: bytes.as_ptr().cast_mut(),
    }
}

//! Processes.

use nginx_sys as sys;

/// This process.
pub(crate) fn process_id() -> u64 {
    u64::from(std::process::id())
}

/// Whether the process is there. One of another user's is, too.
pub(crate) fn is_alive(process: u64) -> bool {
    let Ok(pid) = libc::pid_t::try_from(process) else {
        return false;
    };
    // SAFETY: signal 0 is sent to nobody; cannot fail but for the reasons asked for.
    let found = unsafe { libc::kill(pid, 0) } == 0;
    found || std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// Whether this process answers requests: a worker, or nginx without a master. (nginx's cache manager
/// starts as a worker does.)
pub(super) fn serves_requests() -> bool {
    // SAFETY: nginx's own variable, set before a process starts its work.
    let kind = unsafe { sys::ngx_process };
    kind == sys::NGX_PROCESS_WORKER as usize || kind == sys::NGX_PROCESS_SINGLE as usize
}

/// Whether this worker is about to end, once its requests have.
pub(crate) fn is_quitting() -> bool {
    // SAFETY: nginx's own variable, set by the event loop's thread alone (invariant 2).
    unsafe { sys::ngx_exiting != 0 }
}

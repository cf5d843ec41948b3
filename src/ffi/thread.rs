//! Helper threads.

use std::io;

/// Runs `work` in a thread that nothing waits for. It blocks all signals but those of faults:
/// nginx's handlers expect the event loop's thread. `work` must not touch nginx's memory
/// (invariant 7: it gets what it owns and returns through a channel), and is never called in the
/// master, whose forks would not have the thread.
pub(crate) fn spawn_detached(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<(), io::Error> {
    // SAFETY: plain calls on local sets; the mask is inherited at creation, and this thread's own
    // is restored right after.
    unsafe {
        let mut blocked: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut blocked);
        for fault in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL] {
            libc::sigdelset(&raw mut blocked, fault);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const blocked, &raw mut before);
        let spawned = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        spawned.map(drop)
    }
}

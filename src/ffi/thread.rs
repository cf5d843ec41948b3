//! Helper threads.

use std::io;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads at work in this process.
static AT_WORK: AtomicUsize = AtomicUsize::new(0);

/// A thread at work, for as long as this lives.
struct AtWork(());

impl AtWork {
    fn new() -> AtWork {
        AT_WORK.fetch_add(1, Ordering::Relaxed);
        AtWork(())
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        AT_WORK.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Ends the process before the destructors of libraries run, where threads still use them: aws-lc's
/// takes the random numbers away, and whoever then asks for one aborts. nginx has done and logged all
/// it has to by then.
extern "C" fn leave_threads() {
    if AT_WORK.load(Ordering::Relaxed) > 0 {
        // SAFETY: ends the process, as is about to happen anyway; nginx's workers end with 0.
        unsafe { libc::_exit(0) };
    }
}

/// Runs `work` in a thread that nothing waits for. It blocks all signals but those of faults:
/// nginx's handlers expect the event loop's thread. `work` must not touch nginx's memory
/// (invariant 7: it gets what it owns and returns through a channel), and is never called in the
/// master, whose forks would not have the thread.
pub(crate) fn spawn_detached(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<(), io::Error> {
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| {
        // SAFETY: the handler lives as long as the process, as this library is never unloaded; those
        // registered after a library was loaded run before its destructors. Without memory for it
        // threads may be cut off less gently.
        let _ = unsafe { libc::atexit(leave_threads) };
    });
    let at_work = AtWork::new();
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
            .spawn(move || {
                let _at_work = at_work;
                work();
            });
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        spawned.map(drop)
    }
}

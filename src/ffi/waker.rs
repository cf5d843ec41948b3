//! Requests that wait in a phase for something that nginx does not know.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use nginx_sys as sys;

use super::guard::guard;
use super::{Log, OutOfMemory, Request};

/// Resumes a request. Once the request has gone it does nothing, so it may be kept by whoever the
/// request waits for.
#[derive(Clone, Debug)]
pub(crate) struct Waker(Rc<Cell<*mut sys::ngx_http_request_t>>);

unsafe extern "C" fn forget(data: *mut c_void) {
    let Some(log) = Log::of_cycle() else { return };
    guard(log, "the cleanup of a waiting request", (), || {
        // SAFETY: data is the share that Request::suspend leaked; nginx runs a cleanup once (10).
        let request = unsafe { Rc::from_raw(data.cast::<Cell<*mut sys::ngx_http_request_t>>()) };
        request.set(ptr::null_mut());
    });
}

impl Request<'_> {
    /// Lets the request wait: its phase handler must return [`super::Status::AGAIN`] now, and runs
    /// again when the waker was called, or earlier. A client that goes away meanwhile ends the
    /// request. Someone must hold a timer that is not cancelable while requests wait, or a quitting
    /// worker leaves them.
    pub(crate) fn suspend(self) -> Result<Waker, OutOfMemory> {
        // SAFETY: a cleanup of size 0 holds only the pointer; nginx's own waiting requests
        // (auth_delay) watch the client in the same way (invariants 2, 8, 10).
        unsafe {
            let cleanup = sys::ngx_pool_cleanup_add(self.get().pool, 0)
                .as_mut()
                .ok_or(OutOfMemory)?;
            let waker = Waker(Rc::new(Cell::new(self.as_ptr())));
            cleanup.data = Rc::into_raw(Rc::clone(&waker.0)).cast_mut().cast();
            cleanup.handler = Some(forget);

            let read = (*self.get().connection).read;
            if (*read).ready() != 0 {
                sys::ngx_post_event(read, &raw mut sys::ngx_posted_events);
            } else if sys::ngx_handle_read_event(read, 0) != 0 {
                return Err(OutOfMemory);
            }
            (*self.as_ptr()).read_event_handler = Some(sys::ngx_http_test_reading);
            Ok(waker)
        }
    }

    /// Ends a wait, before the phase handler goes on.
    pub(crate) fn resume(self) {
        // SAFETY: the handler that requests in a phase have (invariant 2).
        unsafe { (*self.as_ptr()).read_event_handler = Some(sys::ngx_http_block_reading) };
    }
}

impl Waker {
    /// Whether the request is still there.
    pub(crate) fn is_waited_for(&self) -> bool {
        !self.0.get().is_null()
    }

    /// Has the request's phase handler run again, in this turn of the event loop.
    pub(crate) fn wake(&self) {
        let request = self.0.get();
        // SAFETY: the pool's cleanup clears the pointer before the request goes; a connection in a
        // phase runs its active request on a write event, and after that those posted
        // (invariants 2, 10).
        unsafe {
            let Some(r) = request.as_ref() else { return };
            let connection = r.connection;
            if (*connection).data != request.cast() {
                // No memory: the request then waits until something else happens to it.
                let _ = sys::ngx_http_post_request(request, ptr::null_mut());
            }
            sys::ngx_post_event((*connection).write, &raw mut sys::ngx_posted_events);
        }
    }
}

//! Subrequests of ours: a clean GET, whose answer comes to us and to nobody else.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr::{self, NonNull};

use nginx_sys as sys;

use super::answer::{Answer, Collector, Done};
use super::guard::guard;
use super::{Log, OutOfMemory, Request, borrowed_str};

/// Drops a collector with the pool of its request.
unsafe extern "C" fn drop_collector(data: *mut c_void) {
    let Some(log) = Log::of_cycle() else { return };
    guard(log, "the cleanup of a subrequest", (), || {
        // SAFETY: data is the box that Request::fetch leaked; nginx runs a cleanup once (9).
        drop(unsafe { Box::from_raw(data.cast::<RefCell<Collector>>()) });
    });
}

impl<'r> Request<'r> {
    /// Asks a location of this server with a GET that has nothing of the client's but Host: no
    /// body, no other header. `uri` and `args` must be normalised by the caller, and live in the request's pool
    /// or longer. The phase handler must return [`super::Status::AGAIN`]; it runs again when the
    /// subrequest has ended, after `done` was called with at most `most` bytes of body.
    pub(crate) fn fetch(
        self,
        uri: &'r [u8],
        args: &'r [u8],
        most: usize,
        done: impl FnOnce(Request<'_>, Answer) + 'static,
    ) -> Result<(), OutOfMemory> {
        let headers_in = self.clean_headers()?;
        let (mut uri, mut args) = (borrowed_str(uri), borrowed_str(args));
        let mut subrequest = ptr::null_mut();
        // SAFETY: pool memory is checked before it is used, and lives as long as the subrequest,
        // which shares the pool; the collector is freed with it (invariants 2, 8, 9). Everything
        // that can fail comes before nginx links the subrequest.
        unsafe {
            let pool = self.get().pool;
            let post: *mut sys::ngx_http_post_subrequest_t =
                sys::ngx_palloc(pool, size_of::<sys::ngx_http_post_subrequest_t>()).cast();
            // A body that nobody reads: without one nginx would read the client's.
            let no_body: *mut sys::ngx_http_request_body_t =
                sys::ngx_pcalloc(pool, size_of::<sys::ngx_http_request_body_t>()).cast();
            let cleanup = sys::ngx_pool_cleanup_add(pool, 0);
            let (Some(post), false, Some(cleanup)) =
                (NonNull::new(post), no_body.is_null(), cleanup.as_mut())
            else {
                return Err(OutOfMemory);
            };
            let collector = Collector::new(most, Box::new(done) as Done);
            let collector = Box::into_raw(Box::new(RefCell::new(collector)));
            cleanup.handler = Some(drop_collector);
            cleanup.data = collector.cast();
            post.write(sys::ngx_http_post_subrequest_t {
                handler: Some(finished),
                data: collector.cast(),
            });
            let started = sys::ngx_http_subrequest(
                self.as_ptr(),
                &raw mut uri,
                &raw mut args,
                &raw mut subrequest,
                post.as_ptr(),
                sys::NGX_HTTP_SUBREQUEST_WAITED as usize,
            );
            if started != 0 || subrequest.is_null() {
                // The output would wait for a subrequest that never runs: end the connection.
                (*self.get().connection).set_error(1);
                return Err(OutOfMemory);
            }
            (*subrequest).headers_in = headers_in;
            let list = ptr::addr_of_mut!((*subrequest).headers_in.headers);
            (*list).last = ptr::addr_of_mut!((*list).part);
            (*subrequest).request_body = no_body;
        }
        Ok(())
    }

    /// Whether this is a subrequest that [`Request::fetch`] started, or one within it.
    pub(crate) fn is_fetch(self) -> bool {
        ours(self).is_some()
    }

    /// The request's Host, and nothing else of its headers. The list's `last` is for the caller
    /// to set: it points into the struct.
    fn clean_headers(self) -> Result<sys::ngx_http_headers_in_t, OutOfMemory> {
        let from = &self.get().headers_in;
        // SAFETY: zeroed headers are nginx's own starting point; the list gets room for one element
        // of the pool, which is written before it counts (invariants 2, 8).
        unsafe {
            let mut clean: sys::ngx_http_headers_in_t = std::mem::zeroed();
            clean.server = from.server;
            clean.content_length_n = -1;
            clean.keep_alive_n = -1;
            let element: *mut sys::ngx_table_elt_t =
                sys::ngx_pcalloc(self.get().pool, size_of::<sys::ngx_table_elt_t>()).cast();
            if element.is_null() {
                return Err(OutOfMemory);
            }
            clean.headers.part.elts = element.cast();
            clean.headers.size = size_of::<sys::ngx_table_elt_t>();
            clean.headers.nalloc = 1;
            clean.headers.pool = self.get().pool;
            if let Some(host) = from.host.as_ref() {
                element.write(*host);
                #[cfg(nginx_header_chain)]
                {
                    (*element).next = ptr::null_mut();
                }
                clean.headers.part.nelts = 1;
                clean.host = element;
            }
            Ok(clean)
        }
    }
}

/// The collector of the fetch that `r` is, or is within, and whether it is the fetch itself.
pub(super) fn ours<'r>(r: Request<'r>) -> Option<(&'r RefCell<Collector>, bool)> {
    let finished: sys::ngx_http_post_subrequest_pt = Some(finished);
    let mut at = r.as_ptr();
    // SAFETY: a request's ancestors live as long as it does, the main one ends the chain; data
    // behind our handler is a collector, which lives as long as their pool (invariants 2, 8, 9).
    unsafe {
        while at != (*at).main {
            if let Some(post) = (*at).post_subrequest.as_ref()
                && let (Some(theirs), Some(finished)) = (post.handler, finished)
                && ptr::fn_addr_eq(theirs, finished)
            {
                let collector = post.data.cast::<RefCell<Collector>>().as_ref()?;
                return Some((collector, at == r.as_ptr()));
            }
            at = (*at).parent;
        }
    }
    None
}

/// nginx calls it whenever the subrequest is finalized: with a status that it will answer with a
/// page, and again when that was done.
unsafe extern "C" fn finished(
    r: *mut sys::ngx_http_request_t,
    data: *mut c_void,
    rc: sys::ngx_int_t,
) -> sys::ngx_int_t {
    const SPECIAL_RESPONSE: sys::ngx_int_t = sys::NGX_HTTP_SPECIAL_RESPONSE as sys::ngx_int_t;
    const CREATED: sys::ngx_int_t = sys::NGX_HTTP_CREATED as sys::ngx_int_t;
    const NO_CONTENT: sys::ngx_int_t = sys::NGX_HTTP_NO_CONTENT as sys::ngx_int_t;
    // An error ends the connection: then nobody waits.
    if matches!(rc, CREATED | NO_CONTENT | SPECIAL_RESPONSE.. | ..0) {
        return rc;
    }
    let Some(request) = Request::from_raw(r) else {
        return rc;
    };
    guard(request.log(), "the end of a subrequest", -1, || {
        // SAFETY: data is the collector, which lives as long as the pool (invariants 2, 9).
        let collector = unsafe { &*data.cast::<RefCell<Collector>>() };
        let finished = collector.borrow_mut().finish();
        if let Some((done, answer)) = finished {
            done(request, answer);
        }
        rc
    })
}

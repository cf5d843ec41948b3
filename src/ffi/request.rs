//! A request, for the time of one call from nginx.

use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use nginx_sys as sys;

use super::{ComplexValue, HttpModule, Log, VariableIndex, bytes};

/// A pool of nginx's had no memory. Answered with 500: nothing passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutOfMemory;

/// What a phase handler answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(sys::ngx_int_t);

impl Status {
    /// Granted (`NGX_OK`).
    pub(crate) const OK: Status = Status(0);
    /// Not decided here (`NGX_DECLINED`).
    pub(crate) const DECLINED: Status = Status(-5);
    /// The handler runs again later (`NGX_AGAIN`).
    pub(crate) const AGAIN: Status = Status(-2);
    /// 405.
    pub(crate) const NOT_ALLOWED: Status = Status(405);
    /// 500.
    pub(crate) const INTERNAL_SERVER_ERROR: Status = Status(500);

    /// An HTTP status that ends the request.
    pub(crate) fn http(code: u16) -> Status {
        Status(code as sys::ngx_int_t)
    }

    pub(super) fn from_int(status: sys::ngx_int_t) -> Status {
        Status(status)
    }

    pub(super) fn as_int(self) -> sys::ngx_int_t {
        self.0
    }
}

/// A request of nginx's. `'r` is the call that nginx passed it to; what it hands out lives in the
/// request's pool or in the configuration, both of which outlive that call.
#[derive(Clone, Copy)]
pub(crate) struct Request<'r> {
    raw: NonNull<sys::ngx_http_request_t>,
    log: Log,
    call: PhantomData<&'r ()>,
}

// Bit fields: see request_bits.c.
unsafe extern "C" {
    fn ngx_http_auth_jwt_uri_changes(r: *const sys::ngx_http_request_t) -> u32;
    fn ngx_http_auth_jwt_ctx_cleared(r: *const sys::ngx_http_request_t) -> u32;
    fn ngx_http_auth_jwt_in_memory(r: *const sys::ngx_http_request_t) -> u32;
}

impl<'r> Request<'r> {
    pub(super) fn from_raw(raw: *mut sys::ngx_http_request_t) -> Option<Request<'r>> {
        let raw = NonNull::new(raw)?;
        // SAFETY: nginx passes valid requests, with a connection and its log (invariant 8).
        let log = unsafe { Log::from_raw((*raw.as_ref().connection).log)? };
        Some(Request {
            raw,
            log,
            call: PhantomData,
        })
    }

    pub(super) fn get(&self) -> &sys::ngx_http_request_t {
        // SAFETY: valid for the call (invariant 8); nothing in this module holds a unique reference
        // to it, and only the event loop's thread is here (invariant 2).
        unsafe { self.raw.as_ref() }
    }

    pub(super) fn as_ptr(self) -> *mut sys::ngx_http_request_t {
        self.raw.as_ptr()
    }

    /// The connection's log: lines carry client, server and request.
    pub(crate) fn log(self) -> Log {
        self.log
    }

    /// The main request; itself, unless this is a subrequest.
    pub(crate) fn main(self) -> Request<'r> {
        Request::from_raw(self.get().main).unwrap_or(self)
    }

    /// Whether it is the main request.
    pub(crate) fn is_main(self) -> bool {
        self.get().main == self.raw.as_ptr()
    }

    /// A number that changes with each internal redirect of this request.
    pub(crate) fn turn(self) -> u32 {
        // SAFETY: a valid request, which is only read (invariant 8).
        unsafe { ngx_http_auth_jwt_uri_changes(self.raw.as_ptr()) }
    }

    /// Whether nginx may have cleared the contexts of the modules: at an internal redirect, or for a
    /// filter that answers with an error page.
    pub(super) fn has_lost_contexts(self) -> bool {
        // SAFETY: as above.
        unsafe { ngx_http_auth_jwt_ctx_cleared(self.raw.as_ptr()) != 0 }
    }

    /// Whether it is a subrequest whose answer is kept in memory, for who asked for it.
    pub(super) fn is_in_memory(self) -> bool {
        // SAFETY: as above.
        unsafe { ngx_http_auth_jwt_in_memory(self.raw.as_ptr()) != 0 }
    }

    /// Now, in seconds since the epoch, as of this turn of the event loop.
    pub(crate) fn now(self) -> u64 {
        u64::try_from(sys::ngx_time()).unwrap_or(0)
    }

    /// The value of the Authorization header. (nginx refuses a request with two.)
    pub(crate) fn authorization(self) -> Option<&'r [u8]> {
        // SAFETY: NULL or an element of headers_in, whose bytes live as long as the request (8).
        unsafe {
            self.get()
                .headers_in
                .authorization
                .as_ref()
                .map(|header| bytes(header.value))
        }
    }

    /// Whether the method is OPTIONS.
    pub(crate) fn is_options(self) -> bool {
        self.get().method == sys::NGX_HTTP_OPTIONS as usize
    }

    /// Whether the client sends a body, of whatever length. Told from what does not change while
    /// nginx reads or discards it; over HTTP/2 and 3 nginx calls a body of unknown length chunked.
    pub(crate) fn has_body(self) -> bool {
        let headers = &self.get().headers_in;
        // SAFETY: NULL or an element of headers_in, whose bytes live as long as the request (8).
        let length = unsafe { headers.content_length.as_ref().map(|it| bytes(it.value)) };
        headers.chunked() != 0 || length.is_some_and(|it| it.iter().any(|digit| *digit != b'0'))
    }

    /// The status of the response whose header is being sent.
    pub(crate) fn response_status(self) -> usize {
        self.get().headers_out.status
    }

    /// The first request header of this name, in any case.
    pub(crate) fn header(self, name: &str) -> Option<&'r [u8]> {
        // SAFETY: a list of nginx's is a chain of parts, each with `nelts` elements, which live as
        // long as the request (8).
        unsafe {
            let mut part = ptr::addr_of!((*self.as_ptr()).headers_in.headers.part);
            while let Some(elements) = part.as_ref() {
                let first: *const sys::ngx_table_elt_t = elements.elts.cast();
                for i in 0..elements.nelts {
                    let header = &*first.add(i);
                    if bytes(header.key).eq_ignore_ascii_case(name.as_bytes()) {
                        return Some(bytes(header.value));
                    }
                }
                part = elements.next;
            }
        }
        None
    }

    /// The configuration of the location the request is in now.
    pub(crate) fn loc_conf<M: HttpModule>(self) -> &'r M::LocConf {
        // SAFETY: the slot of M was filled by create_conf::<M::LocConf>, is never NULL (a failed
        // create_conf fails the configuration), and lives as long as the cycle, which outlives its
        // requests (invariants 1, 8).
        unsafe {
            let slot = self.get().loc_conf.add((*M::raw()).ctx_index);
            &*(*slot).cast::<M::LocConf>()
        }
    }

    /// The configuration of the http block.
    pub(crate) fn main_conf<M: HttpModule>(self) -> Option<&'r M::MainConf> {
        // SAFETY: as in loc_conf, for create_conf::<M::MainConf>.
        unsafe {
            let slot = self.get().main_conf.add((*M::raw()).ctx_index);
            (*slot).cast::<M::MainConf>().as_ref()
        }
    }

    /// Whether `satisfy any` is in force in the location the request is in now.
    pub(crate) fn satisfy_any(self) -> bool {
        // SAFETY: as in loc_conf, for nginx's core module.
        unsafe {
            let index = (*ptr::addr_of!(sys::ngx_http_core_module)).ctx_index;
            let core = (*self.get().loc_conf.add(index)).cast::<sys::ngx_http_core_loc_conf_t>();
            (*core).satisfy == sys::NGX_HTTP_SATISFY_ANY as usize
        }
    }

    /// The value of a variable now; `None` where it is not found.
    pub(crate) fn variable(self, index: VariableIndex) -> Option<&'r [u8]> {
        // SAFETY: the index came from nginx; the value is NULL or lives in the request's pool or
        // in what outlives it (8).
        unsafe {
            let value = sys::ngx_http_get_flushed_variable(self.raw.as_ptr(), index.0).as_ref()?;
            if value.not_found() != 0 || value.valid() == 0 {
                return None;
            }
            Some(bytes(sys::ngx_str_t {
                len: value.len() as usize,
                data: value.data,
            }))
        }
    }

    /// The text with its variables filled in.
    pub(crate) fn evaluate(self, value: &ComplexValue) -> Result<&'r [u8], OutOfMemory> {
        let mut text = sys::ngx_str_t::empty();
        // SAFETY: the value was compiled into this cycle's pool; the result lives in the request's
        // pool or the cycle's (8).
        unsafe {
            if sys::ngx_http_complex_value(self.raw.as_ptr(), value.0.as_ptr(), &raw mut text) != 0
            {
                return Err(OutOfMemory);
            }
            Ok(bytes(text))
        }
    }

    /// Copies `data` into the request's pool.
    pub(crate) fn copy_to_pool(self, data: &[u8]) -> Result<&'r [u8], OutOfMemory> {
        if data.is_empty() {
            return Ok(&[]);
        }
        // SAFETY: ngx_pnalloc returns NULL or room for that many bytes, which nobody else has (8).
        unsafe {
            let room: *mut u8 = sys::ngx_pnalloc(self.get().pool, data.len()).cast();
            if room.is_null() {
                return Err(OutOfMemory);
            }
            ptr::copy_nonoverlapping(data.as_ptr(), room, data.len());
            Ok(std::slice::from_raw_parts(room, data.len()))
        }
    }
}

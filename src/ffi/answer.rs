//! The answer to a subrequest of ours: collected by filters, so that none of it is sent and the
//! sub-location's `subrequest_output_buffer_size` does not bound it.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use nginx_sys as sys;

use super::guard::guard;
use super::subrequest::ours;
use super::{Log, Request, bytes};

/// What a sub-location answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// HTTP status; 0: it sent none.
    pub(crate) status: u16,
    /// The whole body, or why there is none to use.
    pub(crate) body: Result<Vec<u8>, AnswerProblem>,
}

/// Why a body cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerProblem {
    /// It has a Content-Encoding.
    Encoded,
    /// It is longer than what was asked for.
    TooLong,
    /// It ended before its end.
    Cut,
    /// The file it stands in could not be read, or there was no memory for it.
    Unreadable,
}

/// Called once, with the subrequest, when the answer is there. Dropped without a call when the
/// request ends before.
pub(super) type Done = Box<dyn FnOnce(Request<'_>, Answer)>;

/// An answer in the making.
pub(super) struct Collector {
    /// Longest body, in bytes.
    most: usize,
    status: u16,
    body: Vec<u8>,
    problem: Option<AnswerProblem>,
    is_complete: bool,
    done: Option<Done>,
}

impl Collector {
    pub(super) fn new(most: usize, done: Done) -> Collector {
        Collector {
            most,
            status: 0,
            body: Vec::new(),
            problem: None,
            is_complete: false,
            done: Some(done),
        }
    }

    /// The answer and who waits for it, the first time.
    pub(super) fn finish(&mut self) -> Option<(Done, Answer)> {
        let done = self.done.take()?;
        let body = std::mem::take(&mut self.body);
        let problem = match self.problem {
            None if !self.is_complete => Some(AnswerProblem::Cut),
            problem => problem,
        };
        let answer = Answer {
            status: self.status,
            body: problem.map_or(Ok(body), Err),
        };
        Some((done, answer))
    }

    /// Room for `more` bytes.
    fn reserve(&mut self, more: usize) -> Result<(), AnswerProblem> {
        if more > self.most.saturating_sub(self.body.len()) {
            return Err(AnswerProblem::TooLong);
        }
        self.body
            .try_reserve(more)
            .map_err(|_| AnswerProblem::Unreadable)
    }

    fn take(&mut self, buffer: &mut sys::ngx_buf_t) -> Result<(), AnswerProblem> {
        let in_memory = buffer.temporary() | buffer.memory() | buffer.mmap() != 0;
        if in_memory {
            // SAFETY: a buffer in memory holds what lies from pos to last (invariant 8).
            let content = unsafe {
                bytes(sys::ngx_str_t {
                    len: buffer.last.addr().saturating_sub(buffer.pos.addr()),
                    data: buffer.pos,
                })
            };
            self.reserve(content.len())?;
            self.body.extend_from_slice(content);
        } else if buffer.in_file() != 0 {
            self.read(buffer)?;
        }
        Ok(())
    }

    /// Reads what a buffer has in a file: the page cache has it, or nginx would read it now too.
    fn read(&mut self, buffer: &sys::ngx_buf_t) -> Result<(), AnswerProblem> {
        let length = buffer.file_last.saturating_sub(buffer.file_pos);
        let length = usize::try_from(length).map_err(|_| AnswerProblem::Unreadable)?;
        self.reserve(length)?;
        let end = self.body.len().saturating_add(length);
        let mut chunk = Chunk([0; CHUNK]);
        // Whole chunks, as `directio` wants them.
        let mut skip = usize::try_from(buffer.file_pos).unwrap_or(0) % CHUNK;
        let mut at = buffer.file_pos.saturating_sub(skip as sys::off_t);
        while self.body.len() < end {
            // SAFETY: a buffer in a file names an open one; there is room for a chunk (invariant 8).
            let read = unsafe { sys::ngx_read_file(buffer.file, chunk.0.as_mut_ptr(), CHUNK, at) };
            let read = usize::try_from(read).unwrap_or(0);
            let left = end.saturating_sub(self.body.len());
            let content = chunk.0.get(skip..read).unwrap_or_default();
            let content = content.get(..left).unwrap_or(content);
            if content.is_empty() {
                return Err(AnswerProblem::Unreadable);
            }
            self.body.extend_from_slice(content);
            at = at.saturating_add(read as sys::off_t);
            skip = 0;
        }
        Ok(())
    }
}

/// How much of a file is read at a time, in bytes.
const CHUNK: usize = 8192;

#[repr(align(4096))]
struct Chunk([u8; CHUNK]);

/// Takes everything out of a chain of buffers. `into`: who gets it, or nobody.
///
/// # Safety
///
/// `chain` must be NULL or what nginx passed to a body filter (invariant 8).
unsafe fn drain(mut chain: *mut sys::ngx_chain_t, mut into: Option<&mut Collector>) {
    // SAFETY: a chain is a list that ends with NULL, whose buffers are for the filter to consume.
    unsafe {
        while let Some(link) = chain.as_mut() {
            if let Some(buffer) = link.buf.as_mut() {
                if let Some(collector) = into.as_deref_mut() {
                    if collector.problem.is_none()
                        && let Err(problem) = collector.take(buffer)
                    {
                        collector.problem = Some(problem);
                        collector.body = Vec::new();
                    }
                    collector.is_complete |= buffer.last_buf() | buffer.last_in_chain() != 0;
                }
                buffer.pos = buffer.last;
                buffer.file_pos = buffer.file_last;
            }
            chain = link.next;
        }
    }
}

/// Has nginx take what it has of a proxied answer for the whole. (An error from the filter would end
/// the client's connection.) One that goes into a cache is read to its end.
fn stop_reading(r: *mut sys::ngx_http_request_t) {
    // SAFETY: upstream and pipe are NULL or live as long as the request, which is in a call of its
    // body filter; these are the fields by which nginx's own readers tell it the end (invariants 2, 8).
    unsafe {
        let Some(upstream) = (*r).upstream.as_mut() else {
            return;
        };
        if upstream.store() | upstream.cacheable() != 0 {
            return;
        }
        upstream.length = 0;
        if let Some(pipe) = upstream.pipe.as_mut() {
            pipe.set_upstream_done(1);
        }
    }
}

const OK: sys::ngx_int_t = 0;
const ERROR: sys::ngx_int_t = -1;

/// The filters behind ours; set anew at each configuration, as nginx rebuilds the chains.
static NEXT_HEADER: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static NEXT_BODY: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

unsafe extern "C" fn header_filter(r: *mut sys::ngx_http_request_t) -> sys::ngx_int_t {
    let Some(log) = Log::of_cycle() else {
        return ERROR;
    };
    guard(log, "the header filter of subrequests", (), || {
        if let Some((collector, true)) = Request::from_raw(r).and_then(ours) {
            note_head(r, collector);
        }
    });
    let next = NEXT_HEADER.load(Ordering::Relaxed);
    if next.is_null() {
        return ERROR;
    }
    // SAFETY: NEXT_HEADER holds the function pointer that install_answer_filters found on top.
    unsafe {
        let next: unsafe extern "C" fn(*mut sys::ngx_http_request_t) -> sys::ngx_int_t =
            std::mem::transmute(next);
        next(r)
    }
}

/// First of all filters, so that no other has changed the head.
fn note_head(r: *mut sys::ngx_http_request_t, collector: &RefCell<Collector>) {
    let mut collector = collector.borrow_mut();
    // SAFETY: nginx passes a valid request; content_encoding is NULL or an element of headers_out
    // (invariant 8).
    unsafe {
        collector.status = u16::try_from((*r).headers_out.status).unwrap_or(0);
        if let Some(encoding) = (*r).headers_out.content_encoding.as_ref()
            && encoding.hash != 0
            && !bytes(encoding.value).eq_ignore_ascii_case(b"identity")
        {
            collector.problem = Some(AnswerProblem::Encoded);
        }
    }
}

unsafe extern "C" fn body_filter(
    r: *mut sys::ngx_http_request_t,
    chain: *mut sys::ngx_chain_t,
) -> sys::ngx_int_t {
    let Some(request) = Request::from_raw(r) else {
        return ERROR;
    };
    let filtered = guard(
        request.log(),
        "the body filter of subrequests",
        Some(ERROR),
        || {
            let (collector, is_itself) = ours(request)?;
            if is_itself {
                let mut collector = collector.borrow_mut();
                // SAFETY: nginx passed the chain to this filter.
                unsafe { drain(chain, Some(&mut collector)) };
                if collector.problem.is_some() {
                    stop_reading(r);
                }
                return Some(OK);
            }
            // A subrequest of the sub-location's own: in memory it belongs to who asked for it.
            if request.is_in_memory() {
                return None;
            }
            // SAFETY: as above.
            unsafe { drain(chain, None) };
            Some(OK)
        },
    );
    let next = NEXT_BODY.load(Ordering::Relaxed);
    match filtered {
        Some(status) => status,
        None if next.is_null() => ERROR,
        None => {
            // SAFETY: NEXT_BODY holds the function pointer that install_answer_filters found on top.
            unsafe {
                let next: unsafe extern "C" fn(
                    *mut sys::ngx_http_request_t,
                    *mut sys::ngx_chain_t,
                ) -> sys::ngx_int_t = std::mem::transmute(next);
                next(r, chain)
            }
        }
    }
}

/// Puts the filters that collect answers before all filters installed so far.
pub(crate) fn install_answer_filters() {
    // SAFETY: the chains are built by the configuration's single thread (invariant 2).
    unsafe {
        let next = sys::ngx_http_top_header_filter;
        NEXT_HEADER.store(
            next.map_or(ptr::null_mut(), |next| next as *mut c_void),
            Ordering::Relaxed,
        );
        sys::ngx_http_top_header_filter = Some(header_filter);
        let next = sys::ngx_http_top_body_filter;
        NEXT_BODY.store(
            next.map_or(ptr::null_mut(), |next| next as *mut c_void),
            Ordering::Relaxed,
        );
        sys::ngx_http_top_body_filter = Some(body_filter);
    }
}

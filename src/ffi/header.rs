//! Response headers, and the filter that sees them before they are sent.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use nginx_sys as sys;

use super::guard::guard;
use super::{OutOfMemory, Request, borrowed_str};

/// A response header of ours, found again by the address of its value: nginx reuses the list's
/// elements when a filter starts a response over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResponseHeader {
    value: *const u8,
}

impl Request<'_> {
    /// Adds a response header. `name` must be its spelling on the wire.
    pub(crate) fn add_header(
        self,
        name: &'static str,
        value: &[u8],
    ) -> Result<ResponseHeader, OutOfMemory> {
        let value = self.copy_to_pool(value)?;
        // SAFETY: headers_out.headers is nginx's list of ngx_table_elt_t; every field of the new
        // element is written before it is used (invariants 2, 5, 8).
        unsafe {
            let headers = ptr::addr_of_mut!((*self.as_ptr()).headers_out.headers);
            let header: *mut sys::ngx_table_elt_t = sys::ngx_list_push(headers).cast();
            if header.is_null() {
                return Err(OutOfMemory);
            }
            header.write(std::mem::zeroed());
            (*header).hash = 1;
            (*header).key = borrowed_str(name.as_bytes());
            (*header).value = borrowed_str(value);
        }
        Ok(ResponseHeader {
            value: value.as_ptr(),
        })
    }

    /// Links a WWW-Authenticate header of ours where nginx's core looks for it: `satisfy any` hides
    /// what is linked there when another module grants.
    pub(crate) fn link_challenge(self, header: ResponseHeader) {
        let Some(element) = self.find_header(header) else {
            return;
        };
        // SAFETY: elements of headers_out live as long as the request; the chain ends with NULL,
        // and our element is appended once (invariants 2, 5, 8).
        unsafe {
            let first = ptr::addr_of_mut!((*self.as_ptr()).headers_out.www_authenticate);
            #[cfg(nginx_header_chain)]
            {
                let mut link = first;
                while !(*link).is_null() {
                    if *link == element {
                        return;
                    }
                    link = ptr::addr_of_mut!((**link).next);
                }
                *link = element;
            }
            #[cfg(not(nginx_header_chain))]
            if (*first).is_null() {
                *first = element;
            }
        }
    }

    /// Gives a header of ours another value. `None`: it is gone.
    pub(crate) fn replace_header(
        self,
        header: ResponseHeader,
        value: &[u8],
    ) -> Result<Option<ResponseHeader>, OutOfMemory> {
        let Some(element) = self.find_header(header) else {
            return Ok(None);
        };
        let value = self.copy_to_pool(value)?;
        // SAFETY: the element is one of headers_out, and ours (invariants 2, 5).
        unsafe { (*element).value = borrowed_str(value) };
        Ok(Some(ResponseHeader {
            value: value.as_ptr(),
        }))
    }

    /// Shows or hides a header of ours.
    pub(crate) fn show_header(self, header: ResponseHeader, shown: bool) {
        if let Some(element) = self.find_header(header) {
            // SAFETY: the element is one of headers_out, and ours (invariants 2, 5).
            unsafe { (*element).hash = usize::from(shown) };
        }
    }

    fn find_header(self, header: ResponseHeader) -> Option<*mut sys::ngx_table_elt_t> {
        // SAFETY: a list of nginx's is a chain of parts, each with `nelts` elements (8).
        unsafe {
            let mut part = ptr::addr_of_mut!((*self.as_ptr()).headers_out.headers.part);
            while !part.is_null() {
                let elements: *mut sys::ngx_table_elt_t = (*part).elts.cast();
                for i in 0..(*part).nelts {
                    let element = elements.add(i);
                    if (*element).value.data.cast_const() == header.value {
                        return Some(element);
                    }
                }
                part = (*part).next;
            }
        }
        None
    }
}

/// What a module does with response headers before they are sent.
pub(crate) trait HeaderFilter: 'static {
    /// Called once per response; adds, shows or hides headers.
    fn filter(r: Request<'_>) -> Result<(), OutOfMemory>;
}

/// The filter behind ours; set anew at each configuration, as nginx rebuilds the chain.
static NEXT: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

unsafe extern "C" fn header_filter<F: HeaderFilter>(
    r: *mut sys::ngx_http_request_t,
) -> sys::ngx_int_t {
    const ERROR: sys::ngx_int_t = -1;
    let Some(request) = Request::from_raw(r) else {
        return ERROR;
    };
    let filtered = guard(request.log(), "the header filter", Err(OutOfMemory), || {
        F::filter(request)
    });
    let next = NEXT.load(Ordering::Relaxed);
    if filtered.is_err() || next.is_null() {
        return ERROR;
    }
    // SAFETY: NEXT holds the non-null function pointer that install_header_filter found on top.
    unsafe {
        let next: unsafe extern "C" fn(*mut sys::ngx_http_request_t) -> sys::ngx_int_t =
            std::mem::transmute(next);
        next(r)
    }
}

/// Puts `F` before the header filters installed so far. One filter only.
pub(crate) fn install_header_filter<F: HeaderFilter>() {
    // SAFETY: the chain is built by the configuration's single thread (invariant 2).
    unsafe {
        let top = sys::ngx_http_top_header_filter;
        NEXT.store(
            top.map_or(ptr::null_mut(), |next| next as *mut c_void),
            Ordering::Relaxed,
        );
        sys::ngx_http_top_header_filter = Some(header_filter::<F>);
    }
}

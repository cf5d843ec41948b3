//! Content handlers: locations whose answers are ours.

use std::ptr;

use nginx_sys as sys;

use super::conf::Conf;
use super::guard::guard;
use super::{OutOfOrder, Request, Status, borrowed_str, bytes};

/// What answers the requests of a location.
pub(crate) trait ContentHandler: 'static {
    /// Its name in an alert.
    const NAME: &'static str;
    /// Answers; an error status is nginx's to turn into a page.
    fn handle(r: Request<'_>) -> Status;
}

unsafe extern "C" fn content_handler<H: ContentHandler>(
    r: *mut sys::ngx_http_request_t,
) -> sys::ngx_int_t {
    let fallback = Status::INTERNAL_SERVER_ERROR.as_int();
    let Some(request) = Request::from_raw(r) else {
        return fallback;
    };
    guard(request.log(), H::NAME, fallback, || {
        H::handle(request).as_int()
    })
}

impl Conf<'_> {
    /// While a directive of a location is read: the location's name, where only that very path
    /// leads to it (`location = /path`).
    pub(crate) fn exact_location(&self) -> Option<&[u8]> {
        let core = self.core_loc_conf()?;
        // SAFETY: the name lives in the cycle pool (8).
        (core.exact_match() != 0).then(|| unsafe { bytes(core.name) })
    }

    /// While a directive of a location is read: makes `H` answer there.
    pub(crate) fn set_content_handler<H: ContentHandler>(&self) -> Result<(), OutOfOrder> {
        let core = self.core_loc_conf().ok_or(OutOfOrder)?;
        // SAFETY: the location is being read, so nobody else refers to it (invariants 1, 2); nginx
        // owns it, and made it mutable.
        unsafe {
            let core = ptr::from_ref(core).cast_mut();
            ptr::addr_of_mut!((*core).handler).write(Some(content_handler::<H>));
        }
        Ok(())
    }
}

impl Request<'_> {
    /// Whether the method is GET or HEAD.
    pub(crate) fn is_get_or_head(self) -> bool {
        self.get().method & (sys::NGX_HTTP_GET | sys::NGX_HTTP_HEAD) as usize != 0
    }

    /// Answers 200 with a body that is part of the configuration.
    pub(crate) fn send(self, content_type: &'static str, body: &[u8]) -> Status {
        let mut content_type = borrowed_str(content_type.as_bytes());
        // SAFETY: the body lives as long as the configuration, which outlives its requests
        // (invariant 1); without `lengths` a complex value is its plain text, and nginx keeps
        // neither of the two pointers (8).
        let status = unsafe {
            let mut value: sys::ngx_http_complex_value_t = std::mem::zeroed();
            value.value = borrowed_str(body);
            sys::ngx_http_send_response(self.as_ptr(), 200, &raw mut content_type, &raw mut value)
        };
        Status::from_int(status)
    }
}

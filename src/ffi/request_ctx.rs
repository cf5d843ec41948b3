//! What a request keeps between calls: `r->ctx`, found again after an internal redirect.

use std::any::Any;
use std::ffi::c_void;
use std::ptr;

use nginx_sys as sys;

use super::guard::guard;
use super::{HttpModule, Log, OutOfMemory, Request};

/// A context and the request it belongs to: a subrequest shares its main request's pool.
struct Slot {
    owner: *mut sys::ngx_http_request_t,
    ctx: Box<dyn Any>,
}

/// Drops a context with its request's pool. Not generic: its address tells our cleanups from those
/// of other modules.
unsafe extern "C" fn drop_slot(data: *mut c_void) {
    let Some(log) = Log::of_cycle() else { return };
    guard(log, "the cleanup of a request", (), || {
        // SAFETY: data is the box that Request::ctx_or_new leaked; nginx runs a cleanup once.
        drop(unsafe { Box::from_raw(data.cast::<Slot>()) });
    });
}

impl<'r> Request<'r> {
    /// The request's context, if it has one.
    pub(crate) fn ctx<M: HttpModule>(self) -> Option<&'r M::RequestCtx> {
        // SAFETY: r->ctx has a slot per HTTP module; ours holds NULL or a Slot that drop_slot frees
        // with the pool, after the last call for this request (invariants 2, 8).
        unsafe {
            let place = self.get().ctx.add((*M::raw()).ctx_index);
            if (*place).is_null()
                && (self.get().internal() != 0 || self.get().filter_finalize() != 0)
            {
                // An internal redirect cleared it, or a filter that answers with an error page.
                *place = self.find_slot().cast();
            }
            let slot = (*place).cast::<Slot>().as_ref()?;
            slot.ctx.downcast_ref()
        }
    }

    /// The request's context, made by `new` where it has none.
    pub(crate) fn ctx_or_new<M: HttpModule>(
        self,
        new: impl FnOnce() -> M::RequestCtx,
    ) -> Result<&'r M::RequestCtx, OutOfMemory> {
        if let Some(ctx) = self.ctx::<M>() {
            return Ok(ctx);
        }
        // SAFETY: a cleanup of size 0 holds only the pointer; the slot lives until the pool is
        // destroyed (invariants 2, 8).
        unsafe {
            let cleanup = sys::ngx_pool_cleanup_add(self.get().pool, 0)
                .as_mut()
                .ok_or(OutOfMemory)?;
            let slot = Box::into_raw(Box::new(Slot {
                owner: self.as_ptr(),
                ctx: Box::new(new()),
            }));
            cleanup.data = slot.cast();
            cleanup.handler = Some(drop_slot);
            *self.get().ctx.add((*M::raw()).ctx_index) = slot.cast();
        }
        self.ctx::<M>().ok_or(OutOfMemory)
    }

    fn find_slot(self) -> *mut Slot {
        let ours: unsafe extern "C" fn(*mut c_void) = drop_slot;
        // SAFETY: the pool's cleanups are a list that ends with NULL; data behind our handler is a
        // Slot (8).
        unsafe {
            let mut next = (*self.get().pool).cleanup;
            while let Some(cleanup) = next.as_ref() {
                if cleanup
                    .handler
                    .is_some_and(|handler| ptr::fn_addr_eq(handler, ours))
                {
                    let slot: *mut Slot = cleanup.data.cast();
                    if (*slot).owner == self.as_ptr() {
                        return slot;
                    }
                }
                next = cleanup.next;
            }
        }
        ptr::null_mut()
    }
}

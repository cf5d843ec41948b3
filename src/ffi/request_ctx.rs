//! What a request keeps between calls: `r->ctx`, found again after an internal redirect.

use std::ffi::c_void;
use std::ptr;

use nginx_sys as sys;

use super::guard::guard;
use super::{HttpModule, Log, OutOfMemory, Request};

/// A context in the pool, and whose it is: a subrequest shares its main request's pool.
#[repr(C)]
struct Slot<T> {
    head: Head,
    ctx: T,
}

/// What slots of every type begin with.
struct Head {
    owner: *mut sys::ngx_http_request_t,
    module: *mut sys::ngx_module_t,
    drop_ctx: unsafe fn(*mut Head),
}

/// # Safety
///
/// `slot` must be a `Slot<T>` that is not used again (invariant 8).
unsafe fn drop_ctx<T>(slot: *mut Head) {
    // SAFETY: see above.
    unsafe { ptr::drop_in_place(ptr::addr_of_mut!((*slot.cast::<Slot<T>>()).ctx)) };
}

/// Drops a context with its request's pool. Not generic: its address tells our cleanups from those
/// of other modules.
unsafe extern "C" fn drop_slot(data: *mut c_void) {
    let Some(log) = Log::of_cycle() else { return };
    guard(log, "the cleanup of a request", (), || {
        let slot: *mut Head = data.cast();
        // SAFETY: data is the slot that Request::ctx_or_new filled; nginx runs a cleanup once, when
        // the request and its pool go (invariants 2, 8).
        unsafe { ((*slot).drop_ctx)(slot) };
    });
}

impl<'r> Request<'r> {
    /// The request's context, if it has one.
    pub(crate) fn ctx<M: HttpModule>(self) -> Option<&'r M::RequestCtx> {
        // SAFETY: r->ctx has a slot per HTTP module; that of M holds NULL or a Slot<M::RequestCtx>
        // of the request's pool, which outlives the last call for this request (invariants 2, 8).
        unsafe {
            let place = self.get().ctx.add((*M::raw()).ctx_index);
            if (*place).is_null() && self.has_lost_contexts() {
                // An internal redirect cleared it, or a filter that answers with an error page.
                *place = self.find_slot(M::raw()).cast();
            }
            let slot = (*place).cast::<Slot<M::RequestCtx>>().as_ref()?;
            Some(&slot.ctx)
        }
    }

    /// The request's context, made by `new` where it has none.
    pub(crate) fn ctx_or_new<M: HttpModule>(
        self,
        new: impl FnOnce() -> M::RequestCtx,
    ) -> Result<&'r M::RequestCtx, OutOfMemory> {
        const {
            // nginx's pools align to the size of a pointer.
            assert!(align_of::<Slot<M::RequestCtx>>() <= size_of::<usize>());
        }
        if let Some(ctx) = self.ctx::<M>() {
            return Ok(ctx);
        }
        // SAFETY: the cleanup's data is room for one Slot in the request's pool, aligned as asserted,
        // filled before the cleanup can run; it lives until the pool is destroyed (invariants 2, 8).
        unsafe {
            let size = size_of::<Slot<M::RequestCtx>>();
            let cleanup = sys::ngx_pool_cleanup_add(self.get().pool, size)
                .as_mut()
                .ok_or(OutOfMemory)?;
            let slot: *mut Slot<M::RequestCtx> = cleanup.data.cast();
            slot.write(Slot {
                head: Head {
                    owner: self.as_ptr(),
                    module: M::raw(),
                    drop_ctx: drop_ctx::<M::RequestCtx>,
                },
                ctx: new(),
            });
            cleanup.handler = Some(drop_slot);
            *self.get().ctx.add((*M::raw()).ctx_index) = slot.cast();
            Ok(&(*slot).ctx)
        }
    }

    fn find_slot(self, module: *mut sys::ngx_module_t) -> *mut Head {
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
                    let slot: *mut Head = cleanup.data.cast();
                    if (*slot).owner == self.as_ptr() && (*slot).module == module {
                        return slot;
                    }
                }
                next = cleanup.next;
            }
        }
        ptr::null_mut()
    }
}

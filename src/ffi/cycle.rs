//! A cycle: one generation of the configuration.

use std::ptr::{self, NonNull};

use nginx_sys as sys;

use super::{HttpModule, Log};

/// A cycle whose configuration is complete.
#[derive(Clone, Copy)]
pub(crate) struct Cycle {
    raw: NonNull<sys::ngx_cycle_t>,
    log: Log,
}

impl Cycle {
    pub(super) fn from_raw(raw: *mut sys::ngx_cycle_t) -> Option<Cycle> {
        let raw = NonNull::new(raw)?;
        // SAFETY: nginx passes valid cycles, whose log lives as long (invariant 8).
        let log = unsafe { Log::from_raw(raw.as_ref().log)? };
        Some(Cycle { raw, log })
    }

    /// The cycle in force. After a reload in single-process mode it is another one: ask anew in
    /// each event.
    pub(super) fn current() -> Option<Cycle> {
        // SAFETY: ngx_cycle is set before any module code runs, and changes only between events.
        Cycle::from_raw(unsafe { sys::ngx_cycle })
    }

    /// Its log.
    pub(crate) fn log(self) -> Log {
        self.log
    }

    /// The configuration of its http block, if it has one.
    pub(crate) fn main_conf<M: HttpModule>(&self) -> Option<&M::MainConf> {
        // SAFETY: conf_ctx has a slot per module, the http module's holds an ngx_http_conf_ctx_t or
        // NULL, and M's slot in it was filled by create_conf (invariants 1, 8).
        unsafe {
            let conf_ctx = self.raw.as_ref().conf_ctx;
            let index = (*ptr::addr_of!(sys::ngx_http_module)).index;
            let ctx = (*conf_ctx.add(index))
                .cast::<sys::ngx_http_conf_ctx_t>()
                .as_ref()?;
            (*ctx.main_conf.add((*M::raw()).ctx_index))
                .cast::<M::MainConf>()
                .as_ref()
        }
    }
}

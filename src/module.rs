//! The statics that nginx looks for when it loads the module.
//!
//! Two modules stand in one file, because nginx orders handlers by module: the first, placed
//! before `ngx_http_access_module`, decides in the access phase, after `allow` and `deny` and
//! before `auth_basic` and `auth_request`. The second, without a place and so at the end, runs
//! before `limit_req` in the preaccess phase and before the other header filters.

use std::ptr;

use nginx_sys::{ngx_http_module_t, ngx_module_t};

use crate::conf::{DIRECTIVES, LocConf, MainConf};
use crate::ffi::{
    CommandTable, Conf, Cycle, HttpModule, ModuleHooks, OutOfOrder, Phase, http_module_context,
    install_answer_filters, install_header_filter, install_phase_handler, module_static,
    start_periodic,
};
use crate::handler::{Access, Granted, Preaccess};
use crate::keys::{Fetcher, Watcher};
use crate::request_ctx::RequestCtx;
use crate::{challenge, variables};

/// The module: configuration, variables, the access phase.
pub(crate) struct AuthJwt;

// SAFETY: the static below, which no other implementation returns.
unsafe impl HttpModule for AuthJwt {
    type MainConf = MainConf;
    type LocConf = LocConf;
    type RequestCtx = RequestCtx;

    fn raw() -> *mut ngx_module_t {
        &raw mut ngx_http_auth_jwt_module
    }
}

impl ModuleHooks for AuthJwt {
    fn preconfiguration(cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        variables::add(cf)
    }

    fn merge(cf: &Conf<'_>, parent: &mut LocConf, child: &mut LocConf) -> Result<(), OutOfOrder> {
        child.inherit(cf, parent)
    }

    fn postconfiguration(cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        install_phase_handler::<Access>(cf, Phase::Access)
    }

    fn worker_started(cycle: Cycle) {
        if cycle.main_conf::<AuthJwt>().is_some() {
            start_periodic::<Watcher>(cycle, Watcher::INTERVAL);
            Fetcher::start(cycle);
        }
    }
}

/// The companion at the end of nginx's list: the preaccess phase and the header filter.
pub(crate) struct AuthJwtLast;

// SAFETY: the static below, which no other implementation returns.
unsafe impl HttpModule for AuthJwtLast {
    type MainConf = ();
    type LocConf = ();
    type RequestCtx = ();

    fn raw() -> *mut ngx_module_t {
        &raw mut ngx_http_auth_jwt_last_module
    }
}

impl ModuleHooks for AuthJwtLast {
    fn postconfiguration(cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        let main = cf.main_conf::<AuthJwt>().ok_or(OutOfOrder)?;
        // A handler costs every request of every server a call.
        if main.uses_preaccess.get() {
            install_phase_handler::<Preaccess>(cf, Phase::Preaccess)?;
        }
        if main.uses_satisfy_any.get() {
            install_phase_handler::<Granted>(cf, Phase::Precontent)?;
        }
        install_header_filter::<challenge::Filter>();
        if !main.key_requests.is_empty() {
            install_answer_filters();
        }
        main.open_zone(cf)?;
        main.key_files.warn_of_unreadable(cf);
        main.revocation_files.warn_of_unreadable(cf);
        main.warn_of_unreadable_bearers(cf);
        // Here, at the end of nginx's list: other modules have defined theirs.
        main.check_variables(cf)
    }
}

static CONTEXT: ngx_http_module_t = http_module_context::<AuthJwt>();
static COMMANDS: CommandTable<{ DIRECTIVES.len() + 1 }> = CommandTable::new(DIRECTIVES);
static LAST_CONTEXT: ngx_http_module_t = http_module_context::<AuthJwtLast>();
static LAST_COMMANDS: CommandTable<1> = CommandTable::new::<AuthJwtLast>(&[]);

/// nginx writes the module's indexes and name into it while it loads (invariant 7: nobody of ours
/// writes).
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "nginx's name for the module")]
pub(crate) static mut ngx_http_auth_jwt_module: ngx_module_t =
    module_static::<AuthJwt, _>(&CONTEXT, &COMMANDS);

/// As above.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "nginx's name for the module")]
pub(crate) static mut ngx_http_auth_jwt_last_module: ngx_module_t =
    module_static::<AuthJwtLast, _>(&LAST_CONTEXT, &LAST_COMMANDS);

/// A null-terminated table of pointers, as nginx reads it with dlsym.
#[repr(transparent)]
pub(crate) struct Table<T, const N: usize>([*const T; N]);

// SAFETY: the table itself is never written.
unsafe impl<T, const N: usize> Sync for Table<T, N> {}

/// The modules of this file.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "nginx's name")]
pub(crate) static ngx_modules: Table<ngx_module_t, 3> = Table([
    &raw const ngx_http_auth_jwt_module,
    &raw const ngx_http_auth_jwt_last_module,
    ptr::null(),
]);

/// Their names.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "nginx's name")]
pub(crate) static ngx_module_names: Table<i8, 3> = Table([
    c"ngx_http_auth_jwt_module".as_ptr().cast(),
    c"ngx_http_auth_jwt_last_module".as_ptr().cast(),
    ptr::null(),
]);

/// Where they go: the first before ngx_http_access_module, the second (not named) at the end.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals, reason = "nginx's name")]
pub(crate) static ngx_module_order: Table<i8, 3> = Table([
    c"ngx_http_auth_jwt_module".as_ptr().cast(),
    c"ngx_http_access_module".as_ptr().cast(),
    ptr::null(),
]);

//! An HTTP module of nginx's, tied to Rust types: its static, its configuration hooks, its phase
//! handlers.

use std::ffi::{c_char, c_void};
use std::ptr;

use nginx_sys as sys;

use super::directive::CommandTable;
use super::guard::guard;
use super::process::serves_requests;
use super::{Conf, Cycle, Log, Request, Status};

/// The Rust types behind an nginx module.
///
/// # Safety
///
/// `raw` must return the one static that nginx loads under this module's name, and no other
/// implementation may return the same: configurations and contexts found through its indexes are
/// taken for these types.
pub(crate) unsafe trait HttpModule: 'static {
    /// Configuration of the http block.
    type MainConf: Default + 'static;
    /// Configuration of a location (and of each level above it).
    type LocConf: Default + 'static;
    /// What a request keeps.
    type RequestCtx: 'static;

    /// The static.
    fn raw() -> *mut sys::ngx_module_t;
}

/// What a module does at configuration time and at process start. All have empty defaults.
pub(crate) trait ModuleHooks: HttpModule {
    /// Before the http block is read: declare variables.
    fn preconfiguration(_cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        Ok(())
    }
    /// Inherits `parent` into `child`; the error was logged.
    fn merge(
        _cf: &Conf<'_>,
        _parent: &mut Self::LocConf,
        _child: &mut Self::LocConf,
    ) -> Result<(), OutOfOrder> {
        Ok(())
    }
    /// After the http block was read: install handlers.
    fn postconfiguration(_cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        Ok(())
    }
    /// A process starts that answers requests.
    fn worker_started(_cycle: Cycle) {}
}

/// A configuration step failed; the cause was logged.
#[derive(Debug)]
pub(crate) struct OutOfOrder;

fn conf_log(cf: *mut sys::ngx_conf_t) -> Option<Log> {
    // SAFETY: nginx passes a valid cf with a log (invariant 8).
    unsafe { Log::from_raw((*cf).log) }
}

fn conf_guard<T>(
    cf: *mut sys::ngx_conf_t,
    entry: &str,
    fallback: T,
    f: impl FnOnce(&Conf<'_>) -> T,
) -> T {
    let (Some(log), Some(conf)) = (conf_log(cf), Conf::from_raw(cf)) else {
        return fallback;
    };
    guard(log, entry, fallback, || f(&conf))
}

const OK: sys::ngx_int_t = 0;
const ERROR: sys::ngx_int_t = -1;

fn int(result: Result<(), OutOfOrder>) -> sys::ngx_int_t {
    if result.is_ok() { OK } else { ERROR }
}

/// What a setter or a merge returns on failure (`NGX_CONF_ERROR`).
pub(super) fn conf_error() -> *mut c_char {
    ptr::without_provenance_mut(usize::MAX)
}

unsafe extern "C" fn preconfiguration<M: ModuleHooks>(cf: *mut sys::ngx_conf_t) -> sys::ngx_int_t {
    conf_guard(cf, "preconfiguration", ERROR, |cf| {
        int(M::preconfiguration(cf))
    })
}

unsafe extern "C" fn postconfiguration<M: ModuleHooks>(cf: *mut sys::ngx_conf_t) -> sys::ngx_int_t {
    conf_guard(cf, "postconfiguration", ERROR, |cf| {
        int(M::postconfiguration(cf))
    })
}

unsafe extern "C" fn create_conf<T: Default + 'static>(cf: *mut sys::ngx_conf_t) -> *mut c_void {
    conf_guard(cf, "create_conf", ptr::null_mut(), |cf| {
        cf.own(Box::<T>::default()).cast()
    })
}

unsafe extern "C" fn merge_loc_conf<M: ModuleHooks>(
    cf: *mut sys::ngx_conf_t,
    parent: *mut c_void,
    child: *mut c_void,
) -> *mut c_char {
    conf_guard(cf, "merge_loc_conf", conf_error(), |cf| {
        // SAFETY: both were made by create_conf::<M::LocConf>, are distinct, and configuration is
        // still single-threaded and unpublished (invariants 1 and 2).
        let merged = unsafe {
            M::merge(
                cf,
                &mut *parent.cast::<M::LocConf>(),
                &mut *child.cast::<M::LocConf>(),
            )
        };
        if merged.is_ok() {
            ptr::null_mut()
        } else {
            conf_error()
        }
    })
}

unsafe extern "C" fn init_process<M: ModuleHooks>(cycle: *mut sys::ngx_cycle_t) -> sys::ngx_int_t {
    if let Some(cycle) = Cycle::from_raw(cycle)
        && serves_requests()
    {
        guard(cycle.log(), "init_process", (), || {
            M::worker_started(cycle);
        });
    }
    OK
}

/// The configuration hooks of `M`, for its static.
pub(crate) const fn http_module_context<M: ModuleHooks>() -> sys::ngx_http_module_t {
    sys::ngx_http_module_t {
        preconfiguration: Some(preconfiguration::<M>),
        postconfiguration: Some(postconfiguration::<M>),
        create_main_conf: Some(create_conf::<M::MainConf>),
        init_main_conf: None,
        create_srv_conf: None,
        merge_srv_conf: None,
        create_loc_conf: Some(create_conf::<M::LocConf>),
        merge_loc_conf: Some(merge_loc_conf::<M>),
    }
}

/// The static of `M`. `context` and `commands` must be statics too: nginx keeps the pointers.
pub(crate) const fn module_static<M: ModuleHooks, const N: usize>(
    context: &'static sys::ngx_http_module_t,
    commands: &'static CommandTable<N>,
) -> sys::ngx_module_t {
    let mut module = sys::ngx_module_t::default();
    module.ctx = ptr::from_ref(context).cast_mut().cast();
    module.commands = commands.as_ptr();
    module.type_ = sys::NGX_HTTP_MODULE as usize;
    module.init_process = Some(init_process::<M>);
    module
}

/// The phases that this module takes part in.
#[derive(Clone, Copy)]
pub(crate) enum Phase {
    Preaccess = sys::ngx_http_phases_NGX_HTTP_PREACCESS_PHASE as isize,
    Access = sys::ngx_http_phases_NGX_HTTP_ACCESS_PHASE as isize,
    Precontent = sys::ngx_http_phases_NGX_HTTP_PRECONTENT_PHASE as isize,
}

/// A handler of a phase.
pub(crate) trait PhaseHandler: 'static {
    /// Its name in an alert.
    const NAME: &'static str;
    /// Decides about the request.
    fn handle(r: Request<'_>) -> Status;
}

unsafe extern "C" fn phase_handler<H: PhaseHandler>(
    r: *mut sys::ngx_http_request_t,
) -> sys::ngx_int_t {
    let Some(request) = Request::from_raw(r) else {
        return ERROR;
    };
    guard(
        request.log(),
        H::NAME,
        Status::INTERNAL_SERVER_ERROR.as_int(),
        || H::handle(request).as_int(),
    )
}

/// Adds `H` to its phase. Handlers of a phase run in reverse order of installation.
pub(crate) fn install_phase_handler<H: PhaseHandler>(
    cf: &Conf<'_>,
    phase: Phase,
) -> Result<(), OutOfOrder> {
    let core = cf.core_main_conf().ok_or(OutOfOrder)?;
    // SAFETY: the core module's main configuration is valid and unshared while configuration is
    // read (invariants 1, 8); ngx_array_push returns room for one element or NULL.
    unsafe {
        let phases = ptr::addr_of_mut!((*core).phases);
        let Some(phase) = (*phases).get_mut(phase as usize) else {
            return Err(OutOfOrder);
        };
        let slot: *mut sys::ngx_http_handler_pt =
            sys::ngx_array_push(ptr::addr_of_mut!(phase.handlers)).cast();
        if slot.is_null() {
            return Err(OutOfOrder);
        }
        slot.write(Some(phase_handler::<H>));
    }
    Ok(())
}

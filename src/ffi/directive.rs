//! Directives: a table in Rust, one C setter for all of them.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use nginx_sys as sys;

use super::conf::Conf;
use super::guard::guard;
use super::module::conf_error;
use super::{HttpModule, Log};

/// Why a directive was refused.
#[derive(Debug)]
pub(crate) enum ConfError {
    /// A fragment that goes on after `"name" directive`, and says what to do.
    Because(String),
    /// nginx logged the cause itself.
    Logged,
}

impl ConfError {
    /// A fragment that goes on after `"name" directive`.
    pub(crate) fn because(fragment: impl Into<String>) -> ConfError {
        ConfError::Because(fragment.into())
    }

    /// nginx's own words for a second occurrence at one level.
    pub(crate) fn duplicate() -> ConfError {
        ConfError::because("is duplicate")
    }
}

/// What a directive writes to.
pub(crate) enum Setter<M: HttpModule> {
    /// The configuration of the level it stands at.
    Loc(fn(&Conf<'_>, &mut M::LocConf) -> Result<(), ConfError>),
    /// The configuration of the http block.
    Main(fn(&Conf<'_>, &mut M::MainConf) -> Result<(), ConfError>),
}

/// One directive.
pub(crate) struct Directive<M: HttpModule> {
    /// Its name.
    pub(crate) name: &'static CStr,
    /// Where it may stand and how many arguments it takes (`NGX_HTTP_*_CONF | NGX_CONF_*`).
    pub(crate) kind: u32,
    /// What it does.
    pub(crate) set: Setter<M>,
}

/// nginx's form of a table of directives, with its terminator.
#[repr(transparent)]
pub(crate) struct CommandTable<const N: usize>([sys::ngx_command_t; N]);

// SAFETY: nginx and this module only read the table (invariant 7).
unsafe impl<const N: usize> Sync for CommandTable<N> {}

impl<const N: usize> CommandTable<N> {
    /// The table of `directives`; `N` is one more than their number.
    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "evaluated at compile time, where a wrong index fails the build"
    )]
    pub(crate) const fn new<M: HttpModule>(directives: &'static [Directive<M>]) -> Self {
        assert!(directives.len() + 1 == N);
        let mut table = [const { sys::ngx_command_t::empty() }; N];
        let mut i = 0;
        while i < directives.len() {
            let directive = &directives[i];
            let name = directive.name.to_bytes();
            table[i] = sys::ngx_command_t {
                name: sys::ngx_str_t {
                    len: name.len(),
                    data: name.as_ptr().cast_mut(),
                },
                type_: directive.kind as usize,
                set: Some(set::<M>),
                conf: match directive.set {
                    Setter::Loc(_) => sys::NGX_HTTP_LOC_CONF_OFFSET,
                    Setter::Main(_) => sys::NGX_HTTP_MAIN_CONF_OFFSET,
                },
                offset: 0,
                post: ptr::from_ref(directive).cast_mut().cast(),
            };
            i += 1;
        }
        CommandTable(table)
    }

    pub(super) const fn as_ptr(&'static self) -> *mut sys::ngx_command_t {
        self.0.as_ptr().cast_mut()
    }
}

unsafe extern "C" fn set<M: HttpModule>(
    cf: *mut sys::ngx_conf_t,
    cmd: *mut sys::ngx_command_t,
    conf: *mut c_void,
) -> *mut c_char {
    // SAFETY: nginx passes a valid cf with a log (invariant 8).
    let log = unsafe { Log::from_raw((*cf).log) };
    let (Some(log), Some(cf)) = (log, Conf::from_raw(cf)) else {
        return conf_error();
    };
    // SAFETY: cmd is an entry of a CommandTable::new::<M>, whose post is a static Directive<M>.
    let directive = unsafe { &*(*cmd).post.cast::<Directive<M>>() };
    guard(log, "a directive", conf_error(), || {
        // SAFETY: conf is the configuration that create_conf::<_> of M made for the offset of this
        // entry; nothing else refers to it while it is being read (invariants 1, 2).
        let result = unsafe {
            match directive.set {
                Setter::Loc(set) => set(&cf, &mut *conf.cast::<M::LocConf>()),
                Setter::Main(set) => set(&cf.writing_main(), &mut *conf.cast::<M::MainConf>()),
            }
        };
        match result {
            Ok(()) => ptr::null_mut(),
            Err(ConfError::Logged) => conf_error(),
            Err(ConfError::Because(fragment)) => {
                let name = directive.name.to_string_lossy();
                cf.emerg(&format!("\"{name}\" directive {fragment}"));
                conf_error()
            }
        }
    })
}

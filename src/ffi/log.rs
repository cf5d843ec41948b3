//! nginx's error log.

use std::ptr::NonNull;

use nginx_sys as sys;

/// nginx's log levels, as far as this module speaks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(crate) enum Level {
    Emerg = sys::NGX_LOG_EMERG,
    Alert = sys::NGX_LOG_ALERT,
    Error = sys::NGX_LOG_ERR,
    Warn = sys::NGX_LOG_WARN,
    Notice = sys::NGX_LOG_NOTICE,
    Info = sys::NGX_LOG_INFO,
}

/// A log of nginx's: a connection's, a cycle's or the configuration's.
#[derive(Clone, Copy)]
pub(crate) struct Log(NonNull<sys::ngx_log_t>);

impl Log {
    /// # Safety
    ///
    /// `raw` must be a log of nginx's, valid while the value is used (invariant 8).
    pub(super) unsafe fn from_raw(raw: *mut sys::ngx_log_t) -> Option<Log> {
        NonNull::new(raw).map(Log)
    }

    /// The log of the cycle in force.
    pub(super) fn of_cycle() -> Option<Log> {
        // SAFETY: ngx_cycle is set before any module code runs, and its log lives as long (invariant 8).
        unsafe { Log::from_raw((*sys::ngx_cycle).log) }
    }

    /// Whether a line at `level` would be written: ask before formatting.
    pub(crate) fn is_enabled(self, level: Level) -> bool {
        // SAFETY: the pointer was valid when the value was made and still is (invariant 8).
        unsafe { self.0.as_ref().log_level >= level as usize }
    }

    /// Writes one line; nginx cuts it at 2,048 bytes. The caller escapes what comes from outside.
    pub(crate) fn write(self, level: Level, message: &str) {
        if !self.is_enabled(level) {
            return;
        }
        // SAFETY: the format takes a length and that many bytes; the log is valid (invariant 8).
        unsafe {
            sys::ngx_log_error_core(
                level as usize,
                self.0.as_ptr(),
                0,
                c"%*s".as_ptr(),
                message.len(),
                message.as_ptr(),
            );
        }
    }

    pub(super) fn as_ptr(self) -> *mut sys::ngx_log_t {
        self.0.as_ptr()
    }
}

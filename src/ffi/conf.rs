//! The configuration being read (`ngx_conf_t`), and what is compiled from it.

use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use nginx_sys as sys;

use super::guard::guard;
use super::module::conf_error;
use super::{ConfError, HttpModule, Log, borrowed_str, bytes};

/// The configuration being read.
#[derive(Clone, Copy)]
pub(crate) struct Conf<'c> {
    raw: NonNull<sys::ngx_conf_t>,
    /// Whether a setter holds the http block's configuration to write to it.
    main_is_written: bool,
    call: PhantomData<&'c ()>,
}

/// Where a directive stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Path of the file as nginx names it.
    pub(crate) file: String,
    /// Line, from 1.
    pub(crate) line: usize,
}

/// A variable, by the index nginx gave it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VariableIndex(pub(super) usize);

/// Text with variables, compiled; lives as long as the cycle.
pub(crate) struct ComplexValue(pub(super) NonNull<sys::ngx_http_complex_value_t>);

impl ComplexValue {
    /// The text, where it holds no variable.
    pub(crate) fn literal(&self) -> Option<&[u8]> {
        // SAFETY: the value lives in the cycle pool, which owns whatever holds it (invariants 1, 8).
        unsafe {
            let value = self.0.as_ref();
            value.lengths.is_null().then(|| bytes(value.value))
        }
    }
}

/// Reads the directives of a block of ours.
type BlockReader<'f> = dyn FnMut(&Conf<'_>) -> Result<(), ConfError> + 'f;

unsafe extern "C" fn read_line(
    cf: *mut sys::ngx_conf_t,
    _command: *mut sys::ngx_command_t,
    reader: *mut c_void,
) -> *mut c_char {
    // SAFETY: nginx passes a valid cf with a log (invariant 8).
    let log = unsafe { Log::from_raw((*cf).log) };
    let (Some(log), Some(conf)) = (log, Conf::from_raw(cf).map(Conf::writing_main)) else {
        return conf_error();
    };
    guard(log, "a block", conf_error(), || {
        // SAFETY: reader is the one that Conf::read_block has put there, which waits for nginx to
        // come back and is used by nobody else meanwhile (invariant 2).
        let read = unsafe { &mut *reader.cast::<&mut BlockReader<'_>>() };
        match read(&conf) {
            Ok(()) => ptr::null_mut(),
            Err(ConfError::Logged) => conf_error(),
            Err(ConfError::Because(fragment)) => {
                let words = conf.words();
                let name = String::from_utf8_lossy(words.first().copied().unwrap_or_default());
                conf.emerg(&format!("\"{name}\" directive {fragment}"));
                conf_error()
            }
        }
    })
}

extern "C" fn drop_box<T>(data: *mut c_void) {
    let Some(log) = Log::of_cycle() else { return };
    guard(log, "a cleanup", (), || {
        // SAFETY: data is the pointer that Conf::own took out of its box; nginx runs a cleanup once.
        drop(unsafe { Box::from_raw(data.cast::<T>()) });
    });
}

impl<'c> Conf<'c> {
    pub(super) fn from_raw(raw: *mut sys::ngx_conf_t) -> Option<Conf<'c>> {
        NonNull::new(raw).map(|raw| Conf {
            raw,
            main_is_written: false,
            call: PhantomData,
        })
    }

    /// The same for a setter that writes to the http block's configuration, and for its block.
    pub(super) fn writing_main(self) -> Conf<'c> {
        Conf {
            main_is_written: true,
            ..self
        }
    }

    fn get(&self) -> &sys::ngx_conf_t {
        // SAFETY: the value lives no longer than the call nginx passed it to (invariant 8).
        unsafe { self.raw.as_ref() }
    }

    /// The words of the directive, its name first.
    pub(crate) fn words(&self) -> Vec<&'c [u8]> {
        // SAFETY: args is an array of ngx_str_t in the cycle pool while a directive is read (8).
        unsafe {
            let Some(args) = self.get().args.as_ref() else {
                return Vec::new();
            };
            let words = args.as_slice::<sys::ngx_str_t>();
            words.iter().map(|word| bytes(*word)).collect()
        }
    }

    /// Where the directive stands that is being read.
    pub(crate) fn place(&self) -> Place {
        // SAFETY: conf_file is NULL or valid while configuration is read (8).
        unsafe {
            match self.get().conf_file.as_ref() {
                Some(file) => Place {
                    file: String::from_utf8_lossy(bytes(file.file.name)).into_owned(),
                    line: file.line,
                },
                None => Place {
                    file: String::new(),
                    line: 0,
                },
            }
        }
    }

    /// Reads the block that the directive opens: `read` gets each of its directives. What `read`
    /// refuses is logged with file and line, and ends the block.
    pub(crate) fn read_block(
        &self,
        mut read: impl FnMut(&Conf<'_>) -> Result<(), ConfError>,
    ) -> Result<(), ConfError> {
        let mut reader: &mut BlockReader<'_> = &mut read;
        // SAFETY: the way of nginx's own blocks (map, types): the configuration with another
        // handler while the block is read, then as it was; `reader` outlives that (8).
        unsafe {
            let cf = self.raw.as_ptr();
            let before = *cf;
            (*cf).handler = Some(read_line);
            (*cf).handler_conf = (&raw mut reader).cast();
            let result = sys::ngx_conf_parse(cf, ptr::null_mut());
            *cf = before;
            if result.is_null() {
                Ok(())
            } else {
                Err(ConfError::Logged)
            }
        }
    }

    /// The log of the configuration.
    pub(crate) fn log(&self) -> Option<Log> {
        // SAFETY: cf->log is valid while configuration is read (8).
        unsafe { Log::from_raw(self.get().log) }
    }

    /// Logs at `level`, followed by the file and line being read.
    fn say(&self, level: u32, message: &str) {
        // SAFETY: the format takes a length and that many bytes; cf is valid (8).
        unsafe {
            sys::ngx_conf_log_error(
                level as usize,
                self.raw.as_ptr(),
                0,
                c"%*s".as_ptr(),
                message.len(),
                message.as_ptr(),
            );
        }
    }

    /// Refuses the configuration, naming the file and line being read.
    pub(crate) fn emerg(&self, message: &str) {
        self.say(sys::NGX_LOG_EMERG, message);
    }

    /// Warns, naming the file and line being read.
    pub(crate) fn warn(&self, message: &str) {
        self.say(sys::NGX_LOG_WARN, message);
    }

    /// Hands `value` to the cycle pool, which drops it with the configuration (invariant 1).
    /// NULL when the pool has no memory.
    pub(super) fn own<T: 'static>(&self, value: Box<T>) -> *mut T {
        // SAFETY: cf->pool is the cycle pool; a cleanup of size 0 holds only the pointer (8).
        unsafe {
            let cleanup = sys::ngx_pool_cleanup_add(self.get().pool, 0);
            let Some(cleanup) = cleanup.as_mut() else {
                return ptr::null_mut();
            };
            let value = Box::into_raw(value);
            cleanup.handler = Some(drop_box::<T>);
            cleanup.data = value.cast();
            value
        }
    }

    /// `path` as nginx resolves it: relative to nginx.conf's folder. `None`: no memory.
    pub(crate) fn full_path(&self, path: &[u8]) -> Option<Vec<u8>> {
        let mut name = borrowed_str(path);
        // SAFETY: ngx_conf_full_name replaces the fields of `name`, never the bytes (8); 0 is NGX_OK.
        unsafe {
            (sys::ngx_conf_full_name(self.get().cycle, &raw mut name, 1) == 0)
                .then(|| bytes(name).to_vec())
        }
    }

    /// Who workers will run as, as far as the configuration was read: uid, gid and, where it or the
    /// build names one, the user.
    pub(crate) fn worker_user(&self) -> Option<(u32, u32, Option<String>)> {
        // SAFETY: conf_ctx[ngx_core_module.index] is the ngx_core_conf_t of the cycle being read;
        // names end with NUL, and getpwnam's answer is read before anybody else asks (2, 8).
        unsafe {
            let index = (*ptr::addr_of!(sys::ngx_core_module)).index;
            let slot = (*self.get().cycle).conf_ctx.add(index);
            let core = (*slot).cast::<sys::ngx_core_conf_t>().as_ref()?;
            if core.user != u32::MAX {
                let name = (!core.username.is_null())
                    .then(|| CStr::from_ptr(core.username).to_string_lossy().into_owned());
                return Some((core.user, core.group, name));
            }
            // No `user` directive yet: the build's default, which nginx looks up later.
            let user = libc::getpwnam(sys::NGX_USER.as_ptr()).as_ref()?;
            let name = sys::NGX_USER.to_string_lossy().into_owned();
            Some((user.pw_uid, user.pw_gid, Some(name)))
        }
    }

    /// nginx.conf's folder, with its trailing slash.
    pub(crate) fn conf_prefix(&self) -> Vec<u8> {
        // SAFETY: the cycle is valid while configuration is read (8).
        unsafe { bytes((*self.get().cycle).conf_prefix).to_vec() }
    }

    /// Compiles text with variables; nginx logs what is wrong with it.
    pub(crate) fn compile(&self, text: &[u8]) -> Result<ComplexValue, ConfError> {
        // SAFETY: what is compiled and the text it refers to are memory of the cycle pool (8).
        unsafe {
            let copy: *mut u8 = sys::ngx_pnalloc(self.get().pool, text.len().max(1)).cast();
            if copy.is_null() {
                return Err(ConfError::because("could not be read: out of memory"));
            }
            ptr::copy_nonoverlapping(text.as_ptr(), copy, text.len());
            let mut source = sys::ngx_str_t {
                len: text.len(),
                data: copy,
            };
            let value: *mut sys::ngx_http_complex_value_t =
                sys::ngx_pcalloc(self.get().pool, size_of::<sys::ngx_http_complex_value_t>())
                    .cast();
            let Some(value) = NonNull::new(value) else {
                return Err(ConfError::because("could not be read: out of memory"));
            };
            let mut compile: sys::ngx_http_compile_complex_value_t = std::mem::zeroed();
            compile.cf = self.raw.as_ptr();
            compile.value = &raw mut source;
            compile.complex_value = value.as_ptr();
            if sys::ngx_http_compile_complex_value(&raw mut compile) != 0 {
                return Err(ConfError::Logged);
            }
            Ok(ComplexValue(value))
        }
    }

    /// Whether the variable `name` (in lower case) was defined so far, prefixes aside.
    pub(crate) fn defines_variable(&self, name: &[u8]) -> bool {
        let Some(core) = self.core_main_conf() else {
            return true;
        };
        // SAFETY: nginx keeps the names of variables in this array until the http block is done;
        // the element type is that of ngx_http_variables.c (8).
        unsafe {
            (*core).variables_keys.as_ref().is_none_or(|keys| {
                let keys = keys.keys.as_slice::<sys::ngx_hash_key_t>();
                keys.iter().any(|key| bytes(key.key) == name)
            })
        }
    }

    /// After all directives were read: whether some module answers for the variable `name` (in
    /// lower case).
    pub(crate) fn has_variable(&self, name: &[u8]) -> bool {
        let Some(core) = self.core_main_conf() else {
            return true;
        };
        // SAFETY: as above, for the array of prefixes.
        let prefixes = unsafe {
            (*core)
                .prefix_variables
                .as_slice::<sys::ngx_http_variable_t>()
        };
        // SAFETY: their names live as long (8).
        let is_prefix =
            |prefix: &sys::ngx_http_variable_t| unsafe { name.starts_with(bytes(prefix.name)) };
        self.defines_variable(name) || prefixes.iter().any(is_prefix)
    }

    /// The index of the variable `name` (without `$`). nginx refuses an unknown one at the end.
    pub(crate) fn variable_index(&self, name: &[u8]) -> Result<VariableIndex, ConfError> {
        let mut name = borrowed_str(name);
        // SAFETY: cf is valid; the name is a word in the cycle pool, which nginx keeps (8).
        let index = unsafe { sys::ngx_http_get_variable_index(self.raw.as_ptr(), &raw mut name) };
        usize::try_from(index)
            .map(VariableIndex)
            .map_err(|_| ConfError::Logged)
    }

    /// The configuration of the http block. `None` outside of one, and to a setter that holds it
    /// already.
    pub(crate) fn main_conf<M: HttpModule>(&self) -> Option<&'c M::MainConf> {
        if self.main_is_written {
            return None;
        }
        // SAFETY: cf->ctx is an ngx_http_conf_ctx_t inside the http block, and the slot of M was
        // filled by create_conf::<M::MainConf>, to which nobody writes now (invariants 1, 8).
        unsafe {
            let ctx = self.get().ctx.cast::<sys::ngx_http_conf_ctx_t>().as_ref()?;
            let slot = ctx.main_conf.add((*M::raw()).ctx_index);
            (*slot).cast::<M::MainConf>().as_ref()
        }
    }

    /// While levels are merged: identity of the server they belong to. Compared, never followed.
    pub(crate) fn server_id(&self) -> usize {
        // SAFETY: cf->ctx is an ngx_http_conf_ctx_t inside the http block (8).
        unsafe {
            let ctx = self.get().ctx.cast::<sys::ngx_http_conf_ctx_t>().as_ref();
            ctx.map_or(0, |ctx| ctx.srv_conf.addr())
        }
    }

    pub(super) fn core_main_conf(&self) -> Option<*mut sys::ngx_http_core_main_conf_t> {
        // SAFETY: as in main_conf, for nginx's core module.
        unsafe {
            let ctx = self.get().ctx.cast::<sys::ngx_http_conf_ctx_t>().as_ref()?;
            let index = (*ptr::addr_of!(sys::ngx_http_core_module)).ctx_index;
            let conf = *ctx.main_conf.add(index);
            (!conf.is_null()).then(|| conf.cast())
        }
    }

    pub(super) fn core_loc_conf(&self) -> Option<&sys::ngx_http_core_loc_conf_t> {
        // SAFETY: as in main_conf, for nginx's core module; while levels are merged, ctx points at
        // the inner one.
        unsafe {
            let ctx = self.get().ctx.cast::<sys::ngx_http_conf_ctx_t>().as_ref()?;
            let index = (*ptr::addr_of!(sys::ngx_http_core_module)).ctx_index;
            (*ctx.loc_conf.add(index))
                .cast::<sys::ngx_http_core_loc_conf_t>()
                .as_ref()
        }
    }

    /// While levels are merged: the name of the location that is being merged (empty: a server).
    pub(crate) fn location_name(&self) -> String {
        self.core_loc_conf().map_or_else(String::new, |core| {
            // SAFETY: the name lives in the cycle pool (8).
            String::from_utf8_lossy(unsafe { bytes(core.name) }).into_owned()
        })
    }

    /// While levels are merged: whether `satisfy any` is in force there.
    pub(crate) fn satisfy_any(&self) -> bool {
        self.core_loc_conf()
            .is_some_and(|core| core.satisfy == sys::NGX_HTTP_SATISFY_ANY as usize)
    }

    pub(super) fn as_ptr(&self) -> *mut sys::ngx_conf_t {
        self.raw.as_ptr()
    }
}

/// nginx's reading of a time, in seconds: `90`, `1m 30s`, `2h`. `None`: not a time.
pub(crate) fn parse_seconds(text: &[u8]) -> Option<u64> {
    let mut text = borrowed_str(text);
    // SAFETY: ngx_parse_time only reads the string.
    u64::try_from(unsafe { sys::ngx_parse_time(&raw mut text, 1) }).ok()
}

/// The same in milliseconds: `500ms` too.
pub(crate) fn parse_milliseconds(text: &[u8]) -> Option<u64> {
    let mut text = borrowed_str(text);
    // SAFETY: ngx_parse_time only reads the string.
    u64::try_from(unsafe { sys::ngx_parse_time(&raw mut text, 0) }).ok()
}

/// nginx's reading of a size, in bytes: `512`, `16k`, `1m`. `None`: not a size.
pub(crate) fn parse_size(text: &[u8]) -> Option<usize> {
    let mut text = borrowed_str(text);
    // SAFETY: ngx_parse_size only reads the string.
    usize::try_from(unsafe { sys::ngx_parse_size(&raw mut text) }).ok()
}

//! Variables that nginx asks us for.

use nginx_sys as sys;

use super::guard::guard;
use super::{Conf, ConfError, OutOfMemory, Request, borrowed_str, bytes};

/// Variables told apart by a number given when they were added.
pub(crate) trait IndexedVariable: 'static {
    /// The value; it must live in the request's pool or longer. `None`: not found.
    fn get(r: Request<'_>, index: usize) -> Result<Option<&[u8]>, OutOfMemory>;
}

/// Variables that share a prefix.
pub(crate) trait PrefixVariable: 'static {
    /// The value of the variable whose whole name is `name`; as for [`IndexedVariable`].
    fn get<'r>(r: Request<'r>, name: &[u8]) -> Result<Option<&'r [u8]>, OutOfMemory>;
}

type Value = *mut sys::ngx_http_variable_value_t;

/// Fills in a value; -1 is `NGX_ERROR`.
fn answer(
    r: *mut sys::ngx_http_request_t,
    value: Value,
    get: impl FnOnce(Request<'_>) -> Result<Option<&[u8]>, OutOfMemory>,
) -> sys::ngx_int_t {
    let Some(request) = Request::from_raw(r) else {
        return -1;
    };
    let found = guard(request.log(), "a variable", Err(OutOfMemory), || {
        get(request)
    });
    // SAFETY: nginx passes a valid value to fill (invariant 8).
    let value = unsafe { &mut *value };
    match found {
        Err(OutOfMemory) => return -1,
        Ok(None) => {
            value.set_valid(0);
            value.set_no_cacheable(1);
            value.set_not_found(1);
        }
        Ok(Some(text)) => {
            // nginx has 28 bits for the length.
            let Some(len) = u32::try_from(text.len()).ok().filter(|len| *len < 1 << 28) else {
                return -1;
            };
            value.set_len(len);
            value.set_valid(1);
            value.set_no_cacheable(1);
            value.set_not_found(0);
            value.data = text.as_ptr().cast_mut();
        }
    }
    0
}

unsafe extern "C" fn get_indexed<V: IndexedVariable>(
    r: *mut sys::ngx_http_request_t,
    value: Value,
    data: usize,
) -> sys::ngx_int_t {
    answer(r, value, |request| V::get(request, data))
}

unsafe extern "C" fn get_prefixed<V: PrefixVariable>(
    r: *mut sys::ngx_http_request_t,
    value: Value,
    data: usize,
) -> sys::ngx_int_t {
    // SAFETY: for a prefix variable nginx passes the address of its name (invariant 8).
    let name = unsafe {
        std::ptr::with_exposed_provenance::<sys::ngx_str_t>(data)
            .as_ref()
            .map_or(&[][..], |name| bytes(*name))
    };
    answer(r, value, |request| V::get(request, name))
}

fn add(
    cf: &Conf<'_>,
    name: &[u8],
    flags: u32,
    get: sys::ngx_http_get_variable_pt,
    data: usize,
) -> Result<(), ConfError> {
    let mut name = borrowed_str(name);
    // SAFETY: nginx copies the name, and returns NULL or a variable to fill in (8). Values depend
    // on the location the request is in, so they are never cached.
    unsafe {
        let flags = (flags | sys::NGX_HTTP_VAR_NOCACHEABLE) as usize;
        let variable = sys::ngx_http_add_variable(cf.as_ptr(), &raw mut name, flags);
        let variable = variable.as_mut().ok_or(ConfError::Logged)?;
        variable.get_handler = get;
        variable.data = data;
    }
    Ok(())
}

/// Adds the variable `name` (without `$`), unless the configuration gives that name to a variable of
/// its own, with `map` or `set`.
pub(crate) fn add_builtin_variable<V: IndexedVariable>(
    cf: &Conf<'_>,
    name: &[u8],
) -> Result<(), ConfError> {
    let flags = sys::NGX_HTTP_VAR_CHANGEABLE;
    add(cf, name, flags, Some(get_indexed::<V>), 0)
}

/// Adds the variable `name` (without `$`), which `V` answers under `index`. nginx refuses a second
/// one of that name.
pub(crate) fn add_variable<V: IndexedVariable>(
    cf: &Conf<'_>,
    name: &[u8],
    index: usize,
) -> Result<(), ConfError> {
    add(cf, name, 0, Some(get_indexed::<V>), index)
}

/// Adds all variables whose name starts with `prefix`.
pub(crate) fn add_prefix_variable<V: PrefixVariable>(
    cf: &Conf<'_>,
    prefix: &str,
) -> Result<(), ConfError> {
    let flags = sys::NGX_HTTP_VAR_PREFIX;
    add(cf, prefix.as_bytes(), flags, Some(get_prefixed::<V>), 0)
}

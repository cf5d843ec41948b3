//! Preflights: the question a browser asks before it sends a token to another origin (Fetch 3.2.2).

use crate::conf::LocConf;
use crate::ffi::Request;

/// Whether this is a preflight, and passes without a token here.
pub(crate) fn passes(r: Request<'_>, conf: &LocConf) -> bool {
    let has = |name| r.header(name).is_some_and(|value| !value.is_empty());
    conf.preflight()
        && r.is_main()
        && r.is_options()
        && r.authorization().is_none()
        && !r.has_body()
        && has("Origin")
        && has("Access-Control-Request-Method")
}

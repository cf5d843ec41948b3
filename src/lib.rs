//! `ngx_http_auth_jwt_module`: verifies JSON Web Tokens inside the nginx worker process.
//!
//! The way of a request, in the order of the modules below:
//!
//! 1. nginx calls a phase handler; [`ffi`] turns its raw pointer into a safe request, behind a
//!    panic guard.
//! 2. [`handler`]: where this location checks nothing, `DECLINED` at once; otherwise it asks for a
//!    verdict, holds the location's requirements against it, and grants or refuses.
//! 3. [`token_source`]: where the token is in the request.
//! 4. [`verification`]: the token is in the cache of those verified, or the location's [`keys`] and
//!    `jwt_core::verify` judge it. [`verdict`]: so do times and the issuer, on each request. A
//!    verdict belongs to one location; after an internal redirect at most the verified token is reused.
//!    [`policy`]: who the token must be for, and what it may do.
//! 5. [`refusal`] and [`challenge`]: what was wrong, and the 400, 401, 403 or 500 it becomes.
//! 6. [`request_ctx`]: what the request remembers; [`variables`] read from it.
//!
//! [`resource_document`] answers where `auth_jwt_resource_document` stands.
//!
//! [`conf`] reads nginx.conf. [`keys`] loads key files and reloads them when they change, as
//! [`revocation`] does with revocation lists, and fetches keys from locations while requests wait.
//! [`module`] holds the statics that nginx looks for.

mod challenge;
mod conf;
mod ffi;
mod handler;
mod keys;
mod log_limit;
#[expect(unsafe_code, reason = "the statics that nginx looks for by name")]
mod module;
mod policy;
mod preflight;
mod refusal;
mod request_ctx;
mod resource_document;
mod revocation;
mod token_source;
mod variables;
mod verdict;
mod verification;

//! The integration suite's harness: starts a real nginx with the module, talks to it, stops it.
//!
//! [`Config`] is an nginx configuration in the making; [`Config::start`] runs it and gives an
//! [`Nginx`], [`Config::check`] asks `nginx -t`. [`Request`], [`Response`] and [`Connection`] are
//! a small HTTP/1.1 client. Behind `@UPSTREAM@` stands [`upstream`], an API that echoes what it got.
//! [`Idp`] is an identity provider, over TLS, that can be made to fail.
//! When an [`Nginx`] goes, it is stopped and its error log audited ([`audit`]): a test fails
//! when a worker died or when the log holds a token, a key or a private claim, whatever it tested.
//!
//! The environment says what is tested: `NGINX_BIN` (default `build/nginx`) and `NGINX_MODULE`
//! (default `build/ngx_http_auth_jwt_module.so`), relative to the workspace.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a harness that fails fails the test, by panicking"
)]

mod audit;
mod binary;
mod client;
mod config;
mod idp;
mod log;
mod nginx;
mod origin;
mod ports;
mod tls;
mod upstream;

pub use audit::{PRIVATE, SUBJECT};
pub use binary::Features;
pub use client::{Connection, Request, Response};
pub use config::{Check, Config};
pub use idp::{Answer, DISCOVERY, Idp, JWKS, proxy};
pub use log::Log;
pub use nginx::{Nginx, eventually};
pub use origin::{Gate, Origin, http};
pub use tls::{Authority, Identity};

use jwt_testkit::{Alg, Key};
use serde_json::{Value, json};

/// The issuer's key in most tests.
#[must_use]
pub fn key() -> Key {
    Key::fixed(Alg::ES256)
}

/// A good token of the ordinary user.
#[must_use]
pub fn good() -> String {
    jwt_testkit::token(&key(), &user())
}

/// A token of the issuer with these claims.
#[must_use]
pub fn with_claims(claims: &Value) -> String {
    jwt_testkit::token(&key(), claims)
}

/// Claims of an ordinary user: good for five minutes, with a subject and a private claim that no
/// log may show.
#[must_use]
pub fn user() -> Value {
    let exp = jwt_testkit::now() + 300;
    json!({ "sub": SUBJECT, "private": PRIVATE, "groups": ["admin", "dev"], "exp": exp })
}

/// The user's claims with one member set to `value`, or removed when it is null.
#[must_use]
pub fn user_with(name: &str, value: Value) -> Value {
    let mut claims = user();
    if value.is_null() {
        claims.as_object_mut().expect("an object").remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

/// One `#[test]` per row of a table, so that each is counted and reported by its name:
/// `cases! { function: name(arguments); … }` makes `function_cases::name`.
#[macro_export]
macro_rules! cases {
    ($module:ident = $function:ident: $($name:ident($($argument:expr),* $(,)?);)+) => {
        mod $module {
            #[allow(unused_imports, reason = "not every table uses what its file imports")]
            use super::*;
            $(#[test] fn $name() { super::$function($($argument),*); })+
        }
    };
}

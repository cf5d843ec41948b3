//! The only builder of refusals: the status, the line in the log, the challenge (RFC 6750 3).

use crate::conf::{LocConf, WwwAuthenticate, is_header_text};
use crate::ffi::{HeaderFilter, Level, OutOfMemory, Request, ResponseHeader, Status};
use crate::log_limit;
use crate::module::AuthJwt;
use crate::refusal::{Refusal, Response};
use crate::request_ctx::RequestCtx;

/// Refuses the request: logs the cause, adds the challenge, gives the status.
pub(crate) fn refuse(
    r: Request<'_>,
    ctx: Option<&RequestCtx>,
    conf: &LocConf,
    refusal: &Refusal,
) -> Status {
    let response = refusal.response(r.satisfy_any());
    log(r, refusal, &response);
    if let Refusal::NoKeysYet { retry_after, .. } = refusal
        && let Some(ctx) = ctx
        && add_retry_after(r, ctx, *retry_after).is_err()
    {
        return Status::INTERNAL_SERVER_ERROR;
    }
    if response.is_challenge()
        && let Some(ctx) = ctx
        && challenge(r, ctx, conf, &response).is_err()
    {
        return Status::INTERNAL_SERVER_ERROR;
    }
    Status::http(response.code)
}

fn log(r: Request<'_>, refusal: &Refusal, response: &Response) {
    if !r.log().is_enabled(response.level) {
        return;
    }
    let Some(left_out) = log_limit::allow(response.status, r.now()) else {
        return;
    };
    let status = response.status;
    let mut line = format!("auth_jwt: {status}: {refusal}");
    if left_out > 0 {
        line.push_str(&format!(" ({left_out} more like this were not logged)"));
    }
    r.log().write(response.level, &line);
}

/// Retry-After (RFC 9110 10.2.3); one, whatever locations the request comes through.
fn add_retry_after(r: Request<'_>, ctx: &RequestCtx, seconds: u64) -> Result<(), OutOfMemory> {
    let value = seconds.to_string();
    let header = put_header(r, ctx.retry_after.get(), "Retry-After", value.as_bytes())?;
    ctx.retry_after.set(Some(header));
    Ok(())
}

/// Gives the header that is there already another value, or adds it.
fn put_header(
    r: Request<'_>,
    there: Option<ResponseHeader>,
    name: &'static str,
    value: &[u8],
) -> Result<ResponseHeader, OutOfMemory> {
    let replaced = match there {
        Some(header) => r.replace_header(header, value)?,
        None => None,
    };
    match replaced {
        Some(header) => Ok(header),
        None => r.add_header(name, value),
    }
}

/// One element per request: after an internal redirect it gets another value, or is hidden.
fn challenge(
    r: Request<'_>,
    ctx: &RequestCtx,
    conf: &LocConf,
    response: &Response,
) -> Result<(), OutOfMemory> {
    let value = match conf.challenge.www_authenticate() {
        WwwAuthenticate::On => Some(bearer(r, conf, response)?),
        WwwAuthenticate::Text(text) => verbatim(r, r.evaluate(text)?),
        WwwAuthenticate::Off => None,
    };
    let Some(value) = value else {
        if let Some(header) = ctx.challenge.get() {
            r.show_header(header, false);
        }
        return Ok(());
    };
    let header = put_header(r, ctx.challenge.get(), "WWW-Authenticate", &value)?;
    r.show_header(header, true);
    r.link_challenge(header);
    ctx.challenge.set(Some(header));
    ctx.refused_in.set(Some(conf.into()));
    Ok(())
}

/// The operator's own challenge; an empty one is none.
fn verbatim(r: Request<'_>, text: &[u8]) -> Option<Vec<u8>> {
    if !is_header_text(text) {
        r.log().write(
            Level::Error,
            "auth_jwt: the answer goes without a challenge: the value of auth_jwt_www_authenticate \
             holds a byte outside 0x20-0x7e",
        );
        return None;
    }
    (!text.is_empty()).then(|| text.to_vec())
}

/// The challenge of RFC 6750 3, with the parameter of RFC 9728 5.1.
fn bearer(r: Request<'_>, conf: &LocConf, response: &Response) -> Result<Vec<u8>, OutOfMemory> {
    let mut value = Vec::with_capacity(128);
    value.extend_from_slice(b"Bearer");
    let mut separator = " ";
    let mut add = |name: &str, text: &[u8]| {
        let Some(quoted) = quoted_string(text) else {
            r.log().write(
                Level::Error,
                &format!("auth_jwt: the challenge goes without {name}: its value holds a byte outside 0x20-0x7e"),
            );
            return;
        };
        value.extend_from_slice(separator.as_bytes());
        value.extend_from_slice(name.as_bytes());
        value.push(b'=');
        value.extend_from_slice(&quoted);
        separator = ", ";
    };
    if let Some(realm) = conf.realm() {
        add("realm", r.evaluate(realm)?);
    }
    if let Some((error, description)) = response.error {
        add("error", error.as_bytes());
        add("error_description", description.as_bytes());
    }
    let scope = conf.policy.scope_names();
    if !scope.is_empty() && response.code != 400 {
        add("scope", scope.as_bytes());
    }
    if let Some(uri) = conf.challenge.resource_metadata() {
        add("resource_metadata", r.evaluate(uri)?);
    }
    Ok(value)
}

/// A quoted-string (RFC 9110 5.6.4). `None`: a byte that it could not carry unharmed.
fn quoted_string(text: &[u8]) -> Option<Vec<u8>> {
    let mut quoted = Vec::with_capacity(text.len().saturating_add(2));
    quoted.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => quoted.extend_from_slice(&[b'\\', byte]),
            0x20..=0x7e => quoted.push(byte),
            _ => return None,
        }
    }
    quoted.push(b'"');
    Some(quoted)
}

/// Hides the challenge where another module granted the request after all, or `error_page` made
/// another answer of the refusal, and keeps answers to tokens from the query string out of shared
/// caches (RFC 6750 2.3).
pub(crate) struct Filter;

impl HeaderFilter for Filter {
    fn filter(r: Request<'_>) -> Result<(), OutOfMemory> {
        let Some(ctx) = r.ctx::<AuthJwt>() else {
            return Ok(());
        };
        if let Some(header) = ctx.challenge.get()
            && (ctx.refused_in.get().is_none() || !matches!(r.response_status(), 400 | 401 | 403))
        {
            r.show_header(header, false);
        }
        if ctx.token_in_query.get() && r.is_main() {
            r.add_header("Cache-Control", b"private")?;
        }
        Ok(())
    }
}

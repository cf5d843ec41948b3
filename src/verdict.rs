//! The verdict on a request's token, for the location the request is in.

use jwt_core::Token;

use crate::conf::LocConf;
use crate::ffi::Request;
use crate::module::AuthJwt;
use crate::policy;
use crate::refusal::Refusal;
use crate::request_ctx::{CacheStatus, Judged, RequestCtx, Verdict};
use crate::token_source::{self, FoundToken};
use crate::verification::verify;

/// The request's context.
pub(crate) fn ctx(r: Request<'_>) -> Result<&RequestCtx, Refusal> {
    r.ctx_or_new::<AuthJwt>(RequestCtx::default)
        .map_err(|_| Refusal::Internal)
}

/// The verdict a phase handler acts on, and that later readers of variables see.
pub(crate) fn decide(r: Request<'_>, ctx: &RequestCtx, conf: &LocConf) -> Verdict {
    // No verdict may be in the making here. If one is, a panic left it so: that is our fault, and
    // never "no token", which `auth_jwt_optional` lets pass.
    judge(r, ctx, conf, true, |judged| judged.verdict.clone()).unwrap_or(Err(Refusal::Internal))
}

/// The verdict a variable shows: the handler's where it has run for this location, otherwise made
/// here, with the keys at hand.
pub(crate) fn peek(r: Request<'_>, ctx: &RequestCtx, conf: &LocConf) -> Verdict {
    look(r, ctx, conf, |judged| judged.verdict.clone()).unwrap_or(Err(Refusal::Missing))
}

/// What the token cache had to do with the verdict a variable shows.
pub(crate) fn cache_status(
    r: Request<'_>,
    ctx: &RequestCtx,
    conf: &LocConf,
) -> Option<CacheStatus> {
    look(r, ctx, conf, |judged| judged.cache_status).flatten()
}

fn look<T>(
    r: Request<'_>,
    ctx: &RequestCtx,
    conf: &LocConf,
    show: impl FnOnce(&Judged) -> T,
) -> Option<T> {
    if let Some(judged) = ctx.judged.borrow().as_ref()
        && judged.holds_in(conf.into(), r.turn())
    {
        return Some(show(judged));
    }
    judge(r, ctx, conf, false, show)
}

/// None: a verdict is being made, for token=$jwt_claim_x or a key file named by a claim; there is
/// nothing to show yet.
fn judge<T>(
    r: Request<'_>,
    ctx: &RequestCtx,
    conf: &LocConf,
    is_final: bool,
    show: impl FnOnce(&Judged) -> T,
) -> Option<T> {
    if ctx.judging.replace(true) {
        return None;
    }
    let judged = judge_once(r, ctx, conf, is_final);
    ctx.judging.set(false);
    Some(show(ctx.judged.borrow_mut().insert(judged)))
}

fn judge_once(r: Request<'_>, ctx: &RequestCtx, conf: &LocConf, is_final: bool) -> Judged {
    let mut judged = Judged {
        location: conf.into(),
        turn: r.turn(),
        token: None,
        verdict: Err(Refusal::Missing),
        cache_status: None,
        is_final,
    };
    let found = match token_source::find(r, conf.token_sources()) {
        Ok(Some(found)) => found,
        Ok(None) => return judged,
        Err(token_source::MalformedHeader) => {
            judged.verdict = Err(Refusal::MalformedHeader);
            return judged;
        }
    };
    ctx.token_in_query.set(found.in_query);
    judged.token = Some(found.bytes.into());
    (judged.verdict, judged.cache_status) =
        earlier(ctx, conf, &judged, found).unwrap_or_else(|| verify(r, ctx, conf, found, is_final));
    // Without keys there is no verdict: whoever asks next asks anew.
    judged.is_final = is_final && !judged.is_pending();
    if let Ok(token) = &judged.verdict
        && let Err(refusal) = check(r, conf, token)
    {
        judged.verdict = Err(refusal);
    }
    judged
}

/// What was made of the same token in the same location before: a rewrite directive may have read
/// a variable. Not where a variable names the keys: it may have been set since.
fn earlier(
    ctx: &RequestCtx,
    conf: &LocConf,
    now: &Judged,
    found: FoundToken<'_>,
) -> Option<(Verdict, Option<CacheStatus>)> {
    let judged = ctx.judged.borrow();
    let judged = judged.as_ref()?;
    let is_stale = judged.is_pending() || conf.has_variable_keys();
    if judged.location != now.location || judged.turn != now.turn || is_stale {
        return None;
    }
    let same_token = match &judged.verdict {
        Ok(token) => token.compact() == found.bytes,
        Err(_) => judged.token == now.token,
    };
    same_token.then(|| (judged.verdict.clone(), judged.cache_status))
}

/// What is looked at on every request, whether the signature was verified now or before.
fn check(r: Request<'_>, conf: &LocConf, token: &Token) -> Result<(), Refusal> {
    let issuer = match conf.trusted() {
        None => None,
        Some(trusted) => Some(trusted.of(token.iss())?),
    };
    let leeway = match issuer {
        Some(issuer) => issuer.policy.leeway(conf.leeway()),
        None => conf.leeway().unwrap_or(0),
    };
    let now = r.now();
    if conf.validate_exp() {
        token.check_exp(now, leeway).map_err(Refusal::Token)?;
    }
    token.check_nbf(now, leeway).map_err(Refusal::Token)?;
    if let Some(issuer) = issuer {
        issuer.check(r, token, leeway)?;
    }
    policy::check(conf, token)
}

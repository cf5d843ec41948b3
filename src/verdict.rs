//! The verdict on a request's token, for the location the request is in.

use std::rc::Rc;
use std::sync::Arc;

use jwt_core::{KeySet, SignatureCheck, Token, Unverified};

use crate::conf::LocConf;
use crate::ffi::Request;
use crate::keys::Issuer;
use crate::module::AuthJwt;
use crate::refusal::Refusal;
use crate::request_ctx::{Judged, RequestCtx, Verdict, Verified};
use crate::token_source::{self, FoundToken};

/// The request's context.
pub(crate) fn ctx(r: Request<'_>) -> Result<&RequestCtx, Refusal> {
    r.ctx_or_new::<AuthJwt>(RequestCtx::default)
        .map_err(|_| Refusal::Internal)
}

/// The verdict a phase handler acts on, and that later readers of variables see.
pub(crate) fn decide(r: Request<'_>, ctx: &RequestCtx, conf: &LocConf) -> Verdict {
    judge(r, ctx, conf, true)
}

/// The verdict a variable shows: the handler's where it has run for this location, otherwise made
/// here, with the keys at hand.
pub(crate) fn peek(r: Request<'_>, ctx: &RequestCtx, conf: &LocConf) -> Verdict {
    let location = conf.into();
    if let Some(judged) = ctx.judged.borrow().as_ref()
        && judged.location == location
        && judged.turn == r.turn()
        && judged.is_final
    {
        return judged.verdict.clone();
    }
    judge(r, ctx, conf, false)
}

fn judge(r: Request<'_>, ctx: &RequestCtx, conf: &LocConf, is_final: bool) -> Verdict {
    if ctx.judging.replace(true) {
        // token=$jwt_claim_x, or a key file named by a claim: there is nothing to show yet.
        return Err(Refusal::Missing);
    }
    let judged = judge_once(r, ctx, conf, is_final);
    ctx.judging.set(false);
    let verdict = judged.verdict.clone();
    *ctx.judged.borrow_mut() = Some(judged);
    verdict
}

fn judge_once(r: Request<'_>, ctx: &RequestCtx, conf: &LocConf, is_final: bool) -> Judged {
    let location = conf.into();
    let found = token_source::find(r, conf.token_sources());
    let Ok(Some(found)) = found else {
        let refusal = match found {
            Ok(_) => Refusal::Missing,
            Err(token_source::MalformedHeader) => Refusal::MalformedHeader,
        };
        return Judged {
            location,
            turn: r.turn(),
            token: None,
            verdict: Err(refusal),
            is_final,
        };
    };
    ctx.token_in_query.set(found.in_query);
    // A rewrite directive may have read a variable here before: same location, same token, same
    // verdict; unless a variable that names the keys was set since.
    if let Some(judged) = ctx.judged.borrow().as_ref()
        && judged.location == location
        && judged.turn == r.turn()
        && judged.token.as_deref() == Some(found.bytes)
        && !conf.has_variable_keys()
    {
        return Judged {
            is_final: is_final || judged.is_final,
            ..judged.clone()
        };
    }
    let verdict = issuer(conf, found).and_then(|issuer| {
        let token = verify(r, ctx, conf, found, issuer.map(Rc::as_ref))?;
        let leeway = match issuer {
            Some(issuer) => issuer.policy.leeway(conf.leeway()),
            None => conf.leeway(),
        };
        check_time(r, conf, &token, leeway)?;
        if let Some(issuer) = issuer {
            issuer.check(r, &token, leeway)?;
        }
        Ok(token)
    });
    Judged {
        location,
        turn: r.turn(),
        token: Some(found.bytes.into()),
        verdict,
        is_final,
    }
}

fn check_time(r: Request<'_>, conf: &LocConf, token: &Token, leeway: u64) -> Result<(), Refusal> {
    let now = r.now();
    if conf.validate_exp() {
        token.check_exp(now, leeway).map_err(Refusal::Token)?;
    }
    token.check_nbf(now, leeway).map_err(Refusal::Token)
}

/// The issuer that the token says it is from; `None` where the location trusts keys, not issuers.
fn issuer<'c>(conf: &'c LocConf, found: FoundToken<'_>) -> Result<Option<&'c Rc<Issuer>>, Refusal> {
    if conf.issuers().is_empty() {
        return Ok(None);
    }
    let max_token_size = conf.verify_options().max_token_size;
    let unverified = Unverified::parse(found.bytes, max_token_size).map_err(Refusal::Token)?;
    Issuer::of(conf.issuers(), &unverified).map(Some)
}

/// The verified token: the one of the location before an internal redirect, where everything that
/// went into it is the same, or verified anew.
fn verify(
    r: Request<'_>,
    ctx: &RequestCtx,
    conf: &LocConf,
    found: FoundToken<'_>,
    issuer: Option<&Issuer>,
) -> Result<Rc<Token>, Refusal> {
    let mut options = conf.verify_options();
    if let Some(issuer) = issuer {
        options.algorithms = options.algorithms.intersect(issuer.algorithms());
    }
    let key_sets = match (options.signature, issuer) {
        (SignatureCheck::Skipped, _) => Vec::new(),
        (SignatureCheck::Required, Some(issuer)) => vec![issuer.keys(r)?],
        (SignatureCheck::Required, None) => key_sets(r, ctx, conf, found, options.max_token_size)?,
    };
    if let Some(verified) = ctx.verified.borrow().as_ref()
        && *verified.bytes == *found.bytes
        && verified.options == options
        && same_sets(&verified.key_sets, &key_sets)
    {
        return Ok(Rc::clone(&verified.token));
    }
    let token = jwt_core::verify(found.bytes, &key_sets, &options).map_err(Refusal::Token)?;
    let token = Rc::new(token);
    *ctx.verified.borrow_mut() = Some(Verified {
        bytes: found.bytes.into(),
        options,
        key_sets,
        token: Rc::clone(&token),
    });
    Ok(token)
}

fn same_sets(a: &[Arc<KeySet>], b: &[Arc<KeySet>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.id() == b.id())
}

/// The key sets in force for this location now.
fn key_sets(
    r: Request<'_>,
    ctx: &RequestCtx,
    conf: &LocConf,
    found: FoundToken<'_>,
    max_token_size: usize,
) -> Result<Vec<Arc<KeySet>>, Refusal> {
    if conf.has_variable_keys() {
        let unverified = Unverified::parse(found.bytes, max_token_size).map_err(Refusal::Token)?;
        *ctx.choosing_keys.borrow_mut() = Some(unverified);
    }
    let sets = conf
        .key_sources()
        .iter()
        .map(|source| source.current(r))
        .collect();
    *ctx.choosing_keys.borrow_mut() = None;
    sets
}

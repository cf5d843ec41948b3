//! The access decision.

use crate::challenge;
use crate::conf::{LocConf, Phase};
use crate::ffi::{PhaseHandler, Request, Status};
use crate::module::AuthJwt;
use crate::policy;
use crate::preflight;
use crate::refusal::Refusal;
use crate::request_ctx::{LocationId, RequestCtx};
use crate::verdict;

/// The access phase: after `allow` and `deny`, before `auth_basic` and `auth_request`.
pub(crate) struct Access;

impl PhaseHandler for Access {
    const NAME: &'static str = "the access phase";

    fn handle(r: Request<'_>) -> Status {
        let conf = r.loc_conf::<AuthJwt>();
        if !conf.is_on() || conf.phase() != Phase::Access {
            return Status::DECLINED;
        }
        match check(r, conf) {
            Ok(Passed::Accepted) => Status::OK,
            Ok(Passed::Anonymous) => Status::DECLINED,
            Err(status) => status,
        }
    }
}

/// The preaccess phase: before `limit_req` and `limit_conn`. Success is `DECLINED`, or those two
/// would not count the request.
pub(crate) struct Preaccess;

impl PhaseHandler for Preaccess {
    const NAME: &'static str = "the preaccess phase";

    fn handle(r: Request<'_>) -> Status {
        let conf = r.loc_conf::<AuthJwt>();
        if !conf.is_on() || conf.phase() != Phase::Preaccess || r.is_fetch() {
            return Status::DECLINED;
        }
        match check(r, conf) {
            Ok(_) => Status::DECLINED,
            Err(status) => status,
        }
    }
}

/// The precontent phase, where some location has `satisfy any`: a request that gets here after we
/// refused it in this very location was granted by another module. Its answer carries no challenge
/// of ours.
pub(crate) struct Granted;

impl PhaseHandler for Granted {
    const NAME: &'static str = "the precontent phase";

    fn handle(r: Request<'_>) -> Status {
        if let Some(ctx) = r.ctx::<AuthJwt>() {
            ctx.granted_in(r.loc_conf::<AuthJwt>().into());
        }
        Status::DECLINED
    }
}

/// How a request got through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passed {
    /// With a token: it grants under `satisfy any`.
    Accepted,
    /// Without one, where that is allowed: it grants nothing.
    Anonymous,
}

fn check(r: Request<'_>, conf: &LocConf) -> Result<Passed, Status> {
    if preflight::passes(r, conf) {
        return Ok(Passed::Anonymous);
    }
    let ctx = verdict::ctx(r).map_err(|refusal| challenge::refuse(r, None, conf, &refusal))?;
    let location = LocationId::from(conf);
    ctx.decided.set(None);
    ctx.deciding.set(true);
    let decision = decide(r, ctx, conf);
    ctx.deciding.set(false);
    if !matches!(decision, Err(Refusal::KeysPending)) {
        ctx.tickets.resume(r);
    }
    match decision {
        Ok(passed) => {
            ctx.granted_in(location);
            Ok(passed)
        }
        Err(Refusal::KeysPending) => Err(Status::AGAIN),
        Err(refusal) => {
            let response = refusal.response(r.satisfy_any());
            ctx.decided.set(Some((location, response.status)));
            Err(challenge::refuse(r, Some(ctx), conf, &refusal))
        }
    }
}

fn decide(r: Request<'_>, ctx: &RequestCtx, conf: &LocConf) -> Result<Passed, Refusal> {
    let (passed, token) = match verdict::decide(r, ctx, conf) {
        Ok(token) => (Passed::Accepted, Some(token)),
        Err(Refusal::Missing) if conf.optional() => (Passed::Anonymous, None),
        Err(refusal) => return Err(refusal),
    };
    let token = token.as_deref();
    conf.requirements()
        .iter()
        .try_for_each(|requirement| requirement.check(r, token))
        .and_then(|()| policy::check_scope(conf, token))
        .map_err(|refusal| match passed {
            Passed::Accepted => refusal,
            Passed::Anonymous => refusal.for_want_of_a_token(),
        })?;
    Ok(passed)
}

//! The access decision.

use crate::challenge;
use crate::conf::{LocConf, Phase};
use crate::ffi::{PhaseHandler, Request, Status};
use crate::module::AuthJwt;
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
            Ok(()) => Status::OK,
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
        if !conf.is_on() || conf.phase() != Phase::Preaccess {
            return Status::DECLINED;
        }
        match check(r, conf) {
            Ok(()) => Status::DECLINED,
            Err(status) => status,
        }
    }
}

/// The precontent phase: a request that gets here after we refused it in this very location was
/// granted by another module under `satisfy any`. Its answer carries no challenge of ours.
pub(crate) struct Granted;

impl PhaseHandler for Granted {
    const NAME: &'static str = "the precontent phase";

    fn handle(r: Request<'_>) -> Status {
        if let Some(ctx) = r.ctx::<AuthJwt>()
            && ctx.refused_in.get() == Some(r.loc_conf::<AuthJwt>().into())
        {
            ctx.refused_in.set(None);
        }
        Status::DECLINED
    }
}

fn check(r: Request<'_>, conf: &LocConf) -> Result<(), Status> {
    let ctx = verdict::ctx(r).map_err(|refusal| challenge::refuse(r, None, conf, &refusal))?;
    let location = LocationId::from(conf);
    ctx.decided.set(None);
    match decide(r, ctx, conf) {
        Ok(()) => Ok(()),
        Err(refusal) => {
            let response = refusal.response(r.satisfy_any());
            ctx.decided.set(Some((location, response.status)));
            Err(challenge::refuse(r, Some(ctx), conf, &refusal))
        }
    }
}

fn decide(r: Request<'_>, ctx: &RequestCtx, conf: &LocConf) -> Result<(), Refusal> {
    verdict::decide(r, ctx, conf)?;
    for requirement in conf.requirements() {
        requirement.check(r)?;
    }
    Ok(())
}

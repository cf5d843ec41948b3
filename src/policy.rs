//! What a location demands of a token beyond its signature and time. Decided anew for each
//! request, cached tokens included.

use jwt_core::{Token, is_audience_of};

use crate::conf::LocConf;
use crate::refusal::Refusal;

/// What must be so for the location to accept the token, and so for its claims to be shown.
pub(crate) fn check(conf: &LocConf, token: &Token) -> Result<(), Refusal> {
    let policy = &conf.policy;
    for audience in &policy.audiences {
        if !is_audience_of(token.claims().get("aud"), audience) {
            return Err(Refusal::Audience);
        }
    }
    for profile in &policy.profiles {
        profile.profile.check(token).map_err(Refusal::Profile)?;
    }
    for list in &policy.revocation_lists {
        // Each was read at configuration, and is never without a version since.
        list.look(|list| list.check(token))
            .ok_or(Refusal::Internal)?
            .map_err(Refusal::Revoked)?;
    }
    Ok(())
}

/// What an accepted token may do. An anonymous request has no scope.
pub(crate) fn check_scope(conf: &LocConf, token: Option<&Token>) -> Result<(), Refusal> {
    let is_met = conf
        .policy
        .scopes
        .iter()
        .all(|scope| token.is_some_and(|token| scope.is_met(token.claims())));
    if is_met { Ok(()) } else { Err(Refusal::Scope) }
}

//! The verified token: remembered, or verified now.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use jwt_core::{
    Candidate, KeySet, SignatureCheck, Token, TokenCache, Unverified, VerifiedWith, VerifyOptions,
    limits,
};

use crate::conf::LocConf;
use crate::ffi::Request;
use crate::keys::KeySource;
use crate::module::AuthJwt;
use crate::refusal::Refusal;
use crate::request_ctx::{CacheStatus, RequestCtx, Verdict};
use crate::token_source::FoundToken;

/// The token's signature, judged by the keys and options of this location: remembered from an
/// earlier request, or from the location before an internal redirect, or verified now. What is
/// remembered counts only where the token would be verified with the same. Where keys must be fetched
/// and the request `may_wait`, it waits from now on.
pub(crate) fn verify(
    r: Request<'_>,
    ctx: &RequestCtx,
    conf: &LocConf,
    found: FoundToken<'_>,
    may_wait: bool,
) -> (Verdict, Option<CacheStatus>) {
    let options = conf.verify_options();
    let lookup = Lookup {
        cache: cache(r, &options, found),
        token: found.bytes,
        now: r.now(),
    };
    let known = match conf.trusted() {
        None => {
            let ids = || conf.key_sources().iter().map(KeySource::standing_id);
            lookup.get(hint(&options, ids()), |_, with| {
                with.options == options && ids().eq(with.key_sets.iter().copied())
            })
        }
        Some(trusted) => lookup.get(options.fingerprint(), |token, with| {
            trusted.of(token.iss()).is_ok_and(|issuer| {
                with.options == issuer.options(options)
                    && *with.key_sets == [issuer.keys.standing_id()]
            })
        }),
    };
    if let Some(token) = known {
        return (Ok(token), Some(CacheStatus::Hit));
    }
    if found.is_malformed_header() {
        return (Err(Refusal::MalformedHeader), None);
    }
    let mut status = match lookup.cache {
        Some(_) => CacheStatus::Miss,
        None => CacheStatus::Bypass,
    };
    let verdict = verify_now(r, ctx, conf, &lookup, may_wait, &mut status);
    (verdict, Some(status))
}

/// The token cache, where it may keep this token.
fn cache<'r>(
    r: Request<'r>,
    options: &VerifyOptions,
    found: FoundToken<'_>,
) -> Option<&'r RefCell<TokenCache>> {
    let may_be_kept = options.signature == SignatureCheck::Required
        && found.bytes.len() <= limits::MAX_CACHED_TOKEN_SIZE;
    r.main_conf::<AuthJwt>()
        .filter(|_| may_be_kept)
        .and_then(|main| main.token_cache.cache())
}

/// Apart from the way of what is remembered, which is as short as can be.
#[inline(never)]
fn verify_now(
    r: Request<'_>,
    ctx: &RequestCtx,
    conf: &LocConf,
    lookup: &Lookup<'_>,
    may_wait: bool,
    status: &mut CacheStatus,
) -> Verdict {
    let base = conf.verify_options();
    let is_signed = base.signature == SignatureCheck::Required;
    let own_keys = match conf.trusted() {
        None if is_signed => key_sets(r, ctx, conf, lookup.token, &base, may_wait)?,
        _ => Vec::new(),
    };
    let candidate = Candidate::parse(lookup.token, base.max_token_size).map_err(Refusal::Token)?;
    let issuer = match conf.trusted() {
        None => None,
        Some(trusted) => {
            let iss = candidate.iss().map_err(Refusal::Token)?;
            Some(trusted.of(iss.as_ref())?)
        }
    };
    let options = issuer.map_or(base, |issuer| issuer.options(base));
    let key_sets = match issuer.filter(|_| is_signed) {
        None => own_keys,
        Some(issuer) => vec![match issuer.keys_at_hand() {
            Some(keys) => keys,
            None => {
                // A token that no keys could make good costs no fetch, and waits for none.
                let form = candidate.check_form(options.algorithms);
                form.map_err(Refusal::Token)?;
                issuer.keys(r, &ctx.tickets, may_wait)?
            }
        }],
    };
    let ids = || key_sets.iter().map(|set| set.id());
    let hint = match conf.trusted() {
        None => hint(&options, ids()),
        Some(_) => base.fingerprint(),
    };
    let with = VerifiedWith {
        options,
        key_sets: ids().collect(),
    };
    // Only now are those keys known that variables name, or that were fetched for this request.
    if !conf.has_standing_keys()
        && let Some(token) = lookup.get(hint, |_, kept| *kept == with)
    {
        *status = CacheStatus::Hit;
        return Ok(token);
    }
    if let Some((token, kept)) = ctx.verified.borrow().as_ref()
        && token.compact() == lookup.token
        && *kept == with
    {
        return Ok(Rc::clone(token));
    }
    let token = match (candidate.verify(&key_sets, &options), issuer) {
        (Ok(token), _) => token,
        // A key that may have been published since the last fetch.
        (Err(error), Some(issuer)) if error.is_unknown_kid() => {
            // First what costs little: a flood of made-up kids ends here.
            if !issuer.wait_for_unknown_key(r, &ctx.tickets, false)? {
                return Err(Refusal::Token(error));
            }
            let candidate = Candidate::parse(lookup.token, base.max_token_size);
            let form = candidate.and_then(|it| it.check_form(options.algorithms));
            form.map_err(Refusal::Token)?;
            return Err(if issuer.wait_for_unknown_key(r, &ctx.tickets, may_wait)? {
                Refusal::KeysPending
            } else {
                Refusal::Token(error)
            });
        }
        (Err(error), _) => return Err(Refusal::Token(error)),
    };
    let token = Rc::new(token);
    if let Err(with) = lookup.put(&token, hint, with) {
        *ctx.verified.borrow_mut() = Some((Rc::clone(&token), with));
    }
    Ok(token)
}

/// Differs, mostly, where tokens are verified with something else.
fn hint(options: &VerifyOptions, key_sets: impl Iterator<Item = u64>) -> u64 {
    key_sets.fold(options.fingerprint(), |hint, id| hint.rotate_left(7) ^ id)
}

/// The token cache, asked for one token.
struct Lookup<'a> {
    cache: Option<&'a RefCell<TokenCache>>,
    token: &'a [u8],
    now: u64,
}

impl Lookup<'_> {
    fn get(
        &self,
        hint: u64,
        holds: impl FnOnce(&Token, &VerifiedWith) -> bool,
    ) -> Option<Rc<Token>> {
        let mut cache = self.cache?.borrow_mut();
        cache.get(self.token, hint, self.now, holds)
    }

    fn put(&self, token: &Rc<Token>, hint: u64, with: VerifiedWith) -> Result<(), VerifiedWith> {
        match self.cache {
            Some(cache) => cache.borrow_mut().put(token, hint, self.now, with),
            None => Err(with),
        }
    }
}

/// The key sets in force for this location now.
fn key_sets(
    r: Request<'_>,
    ctx: &RequestCtx,
    conf: &LocConf,
    token: &[u8],
    options: &VerifyOptions,
    may_wait: bool,
) -> Result<Vec<Arc<KeySet>>, Refusal> {
    // A malformed token costs no fetch.
    if !conf.has_standing_keys() {
        let unverified =
            Unverified::parse(token, options.max_token_size).map_err(Refusal::Token)?;
        *ctx.choosing_keys.borrow_mut() = Some(unverified);
    }
    let sets = conf
        .key_sources()
        .iter()
        .map(|source| source.current(r, &ctx.tickets, may_wait))
        .collect();
    *ctx.choosing_keys.borrow_mut() = None;
    sets
}

//! Variables: read-only views of the verdict. None is ever filled from a token that this location
//! does not accept.

use std::borrow::Cow;

use jwt_core::{Nesting, Object, Path, Token, Value};

use crate::conf::LocConf;
use crate::ffi::{
    Conf, ConfError, IndexedVariable, OutOfMemory, OutOfOrder, PrefixVariable, Request,
    add_builtin_variable, add_prefix_variable,
};
use crate::module::AuthJwt;
use crate::preflight;
use crate::request_ctx::{CacheStatus, RequestCtx};
use crate::verdict;

type Found<'r> = Result<Option<&'r [u8]>, OutOfMemory>;

/// Declares the variables whose names are fixed. Compatible modules do not have all of them, and
/// configurations written for those define some: the commercial module's guides map `$jwt_status`.
pub(crate) fn add(cf: &Conf<'_>) -> Result<(), OutOfOrder> {
    let added: Result<(), ConfError> = (|| {
        add_prefix_variable::<Claim>(cf, Claim::PREFIX)?;
        add_prefix_variable::<Header>(cf, Header::PREFIX)?;
        add_builtin_variable::<Payload>(cf, b"jwt_payload")?;
        add_builtin_variable::<Claims>(cf, b"jwt_claims")?;
        add_builtin_variable::<NowTime>(cf, b"jwt_nowtime")?;
        add_builtin_variable::<JwtStatus>(cf, b"jwt_status")?;
        add_builtin_variable::<JwtCacheStatus>(cf, b"jwt_cache_status")
    })();
    added.map_err(|_| OutOfOrder)
}

/// The request whose token is shown: the main request, but a subrequest that is checked itself shows
/// its own.
fn owner(r: Request<'_>) -> Request<'_> {
    if r.is_main() {
        return r;
    }
    let is_checked = |ctx: &RequestCtx| {
        ctx.deciding.get() || ctx.is_decided(r.loc_conf::<AuthJwt>().into(), r.turn())
    };
    match r.ctx::<AuthJwt>() {
        Some(ctx) if is_checked(ctx) => r,
        _ => r.main(),
    }
}

/// The request whose token is shown, and its location.
fn shown_of(r: Request<'_>) -> Option<(Request<'_>, &LocConf)> {
    let owner = owner(r);
    let conf = owner.loc_conf::<AuthJwt>();
    conf.is_on().then_some((owner, conf))
}

/// Shows something of the accepted token.
fn of_token<'r>(r: Request<'r>, show: impl FnOnce(&Token) -> Option<Cow<'_, str>>) -> Found<'r> {
    let Some((owner, conf)) = shown_of(r) else {
        return Ok(None);
    };
    if preflight::passes(owner, conf) {
        return Ok(None);
    }
    let ctx = verdict::ctx(owner).map_err(|_| OutOfMemory)?;
    let Ok(token) = verdict::peek(owner, ctx, conf) else {
        return Ok(None);
    };
    show(&token)
        .map(|text| r.copy_to_pool(text.as_bytes()))
        .transpose()
}

/// Shows something of a token that is not verified yet, while its key file is being chosen.
fn while_choosing_keys<'r>(
    r: Request<'r>,
    show: impl FnOnce(&jwt_core::Unverified) -> Option<Cow<'_, str>>,
) -> Option<Found<'r>> {
    let ctx: &RequestCtx = r.ctx::<AuthJwt>()?;
    let choosing = ctx.choosing_keys.borrow();
    let unverified = choosing.as_ref()?;
    Some(
        show(unverified)
            .map(|text| r.copy_to_pool(text.as_bytes()))
            .transpose(),
    )
}

/// The rest of a variable's name, as a member name.
fn member<'a>(name: &'a [u8], prefix: &str) -> Option<&'a str> {
    std::str::from_utf8(name).ok()?.strip_prefix(prefix)
}

/// How the location's `auth_jwt_allow_nested` cuts names.
fn nesting(r: Request<'_>) -> Option<&Nesting> {
    owner(r).loc_conf::<AuthJwt>().policy.nesting()
}

fn look_up<'t>(object: &'t Object, name: &str, nesting: Option<&Nesting>) -> Option<&'t Value> {
    match nesting {
        None => object.get(name),
        Some(_) => Path::parse(name, nesting).ok()?.find(object),
    }
}

struct Claim;

impl Claim {
    const PREFIX: &'static str = "jwt_claim_";
}

impl PrefixVariable for Claim {
    fn get<'r>(r: Request<'r>, name: &[u8]) -> Found<'r> {
        let Some(claim) = member(name, Self::PREFIX) else {
            return Ok(None);
        };
        let unverified = while_choosing_keys(r, |token| match claim {
            "iss" => token.iss().and_then(Value::text),
            _ => None,
        });
        unverified.unwrap_or_else(|| {
            of_token(r, |token| {
                look_up(token.claims(), claim, nesting(r))?.text()
            })
        })
    }
}

struct Header;

impl Header {
    const PREFIX: &'static str = "jwt_header_";
}

impl PrefixVariable for Header {
    fn get<'r>(r: Request<'r>, name: &[u8]) -> Found<'r> {
        let Some(parameter) = member(name, Self::PREFIX) else {
            return Ok(None);
        };
        let nesting = nesting(r);
        let unverified = while_choosing_keys(r, |token| {
            look_up(token.header(), parameter, nesting)?.text()
        });
        unverified.unwrap_or_else(|| {
            of_token(r, |token| {
                look_up(token.header(), parameter, nesting)?.text()
            })
        })
    }
}

/// JSON text without control bytes: nginx copies variables into headers as they are. Outside of
/// strings JSON has them as white space only; within, it may have a raw 0x7f.
fn header_safe(json: Cow<'_, str>) -> Cow<'_, str> {
    if !json.contains(|c: char| c.is_ascii_control()) {
        return json;
    }
    let mut safe = String::with_capacity(json.len().saturating_add(16));
    for c in json.chars() {
        match c {
            '\u{7f}' => safe.push_str("\\u007f"),
            c if c.is_ascii_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

struct Payload;

impl IndexedVariable for Payload {
    fn get(r: Request<'_>, _index: usize) -> Found<'_> {
        of_token(r, |token| Some(header_safe(Cow::Owned(token.payload()))))
    }
}

struct Claims;

impl IndexedVariable for Claims {
    fn get(r: Request<'_>, _index: usize) -> Found<'_> {
        of_token(r, |token| {
            Some(header_safe(Cow::Owned(token.claims().to_sorted_json())))
        })
    }
}

struct NowTime;

impl IndexedVariable for NowTime {
    fn get(r: Request<'_>, _index: usize) -> Found<'_> {
        r.copy_to_pool(r.now().to_string().as_bytes()).map(Some)
    }
}

struct JwtStatus;

impl IndexedVariable for JwtStatus {
    fn get(r: Request<'_>, _index: usize) -> Found<'_> {
        let Some((owner, conf)) = shown_of(r) else {
            return Ok(Some(b""));
        };
        if preflight::passes(owner, conf) {
            return Ok(Some(b"preflight"));
        }
        let ctx = verdict::ctx(owner).map_err(|_| OutOfMemory)?;
        if let Some((location, status)) = ctx.decided.get()
            && location == conf.into()
        {
            return Ok(Some(status.as_bytes()));
        }
        Ok(Some(match verdict::peek(owner, ctx, conf) {
            Ok(token) if token.is_verified() => b"ok",
            Ok(_) => b"unverified",
            Err(refusal) => refusal.response(false).status.as_bytes(),
        }))
    }
}

struct JwtCacheStatus;

impl IndexedVariable for JwtCacheStatus {
    fn get(r: Request<'_>, _index: usize) -> Found<'_> {
        let Some((owner, conf)) = shown_of(r) else {
            return Ok(None);
        };
        if preflight::passes(owner, conf) {
            return Ok(None);
        }
        let ctx = verdict::ctx(owner).map_err(|_| OutOfMemory)?;
        Ok(
            verdict::cache_status(owner, ctx, conf).map(|status| match status {
                CacheStatus::Hit => &b"HIT"[..],
                CacheStatus::Miss => b"MISS",
                CacheStatus::Bypass => b"BYPASS",
            }),
        )
    }
}

/// Where `auth_jwt_claim_set` and `auth_jwt_header_set` look.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// The JOSE header.
    Header,
    /// The claims.
    Claims,
}

impl Part {
    /// The directive that demands something of it.
    pub(crate) fn directive(self) -> &'static str {
        match self {
            Part::Claims => "auth_jwt_require_claim",
            Part::Header => "auth_jwt_require_header",
        }
    }
}

/// What a variable of `auth_jwt_claim_set` or `auth_jwt_header_set` shows.
#[derive(Debug)]
pub(crate) struct NamedPath {
    /// Where to look.
    pub(crate) part: Part,
    /// Member names, outermost first.
    pub(crate) names: Vec<String>,
}

impl NamedPath {
    fn show<'t>(&self, part: &'t Object, nesting: Option<&Nesting>) -> Option<Cow<'t, str>> {
        let (last, outer) = self.names.split_last()?;
        let mut object = part;
        for name in outer {
            object = look_up(object, name, nesting)?.as_object()?;
        }
        look_up(object, last, nesting)?.text()
    }
}

/// A variable of `auth_jwt_claim_set` or `auth_jwt_header_set`; its index is that of its path.
pub(crate) struct Named;

impl IndexedVariable for Named {
    fn get(r: Request<'_>, index: usize) -> Found<'_> {
        let Some(path) = r
            .main_conf::<AuthJwt>()
            .and_then(|main| main.named_paths.get(index))
        else {
            return Ok(None);
        };
        let nesting = nesting(r);
        match path.part {
            Part::Claims => of_token(r, |token| path.show(token.claims(), nesting)),
            Part::Header => while_choosing_keys(r, |token| path.show(token.header(), nesting))
                .unwrap_or_else(|| of_token(r, |token| path.show(token.header(), nesting))),
        }
    }
}

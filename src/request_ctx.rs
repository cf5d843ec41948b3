//! What a request remembers between calls.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use jwt_core::{Token, Unverified, VerifiedWith};

use crate::conf::LocConf;
use crate::ffi::ResponseHeader;
use crate::keys::Tickets;
use crate::refusal::Refusal;

/// Identity of a location's configuration. Compared, never followed (invariant 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocationId(usize);

impl From<&LocConf> for LocationId {
    fn from(conf: &LocConf) -> LocationId {
        LocationId(std::ptr::from_ref(conf).addr())
    }
}

/// What a location thinks of the request's token: signature, time. Requirements are not in it.
pub(crate) type Verdict = Result<Rc<Token>, Refusal>;

/// Where a request's bytes are: enough to know a refused token again, without a copy of it.
/// Compared, never followed; a request's pool gives nothing back while the request runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BytesId(usize, usize);

impl From<&[u8]> for BytesId {
    fn from(bytes: &[u8]) -> BytesId {
        BytesId(bytes.as_ptr().addr(), bytes.len())
    }
}

/// `$jwt_cache_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheStatus {
    /// The signature was known to be good.
    Hit,
    /// It was looked for and not found.
    Miss,
    /// It was not looked for.
    Bypass,
}

/// A verdict, and what it is bound to.
pub(crate) struct Judged {
    /// The location it was made for.
    pub(crate) location: LocationId,
    /// The turn it was made in: a redirect within one location may change what names the keys.
    pub(crate) turn: u32,
    /// The token it is about; `None`: there was none, or none could be read from the header.
    pub(crate) token: Option<BytesId>,
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// What the token cache had to do with it; `None` without a token.
    pub(crate) cache_status: Option<CacheStatus>,
    /// Whether a phase handler made it.
    pub(crate) is_final: bool,
}

impl Judged {
    /// Whether it holds for what reads it later, in this location and turn.
    pub(crate) fn holds_in(&self, location: LocationId, turn: u32) -> bool {
        self.is_final && self.location == location && self.turn == turn
    }

    /// Whether keys were missing that are still being fetched.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.verdict, Err(Refusal::KeysPending))
    }
}

/// What a request remembers.
#[derive(Default)]
pub(crate) struct RequestCtx {
    /// The latest verdict.
    pub(crate) judged: RefCell<Option<Judged>>,
    /// The latest verified token that the token cache does not keep, for another location of the
    /// same request: reused where it would be verified with the same.
    pub(crate) verified: RefCell<Option<(Rc<Token>, VerifiedWith)>>,
    /// The token while a key source with variables is evaluated: `$jwt_header_*` and
    /// `$jwt_claim_iss` then show it unverified.
    pub(crate) choosing_keys: RefCell<Option<Unverified>>,
    /// The keys that were fetched for this request, or are.
    pub(crate) tickets: Tickets,
    /// Whether a verdict is being made: a variable read on that way finds nothing, instead of
    /// asking for the verdict again.
    pub(crate) judging: Cell<bool>,
    /// Whether a phase handler is at work. In a subrequest variables then show its own token: that
    /// is what its requirements are about.
    pub(crate) deciding: Cell<bool>,
    /// `$jwt_status` of the latest decision, where a requirement made it differ from the verdict's.
    pub(crate) decided: Cell<Option<(LocationId, &'static str)>>,
    /// Our challenge, and the location that refused; `None` there: the request was not refused.
    pub(crate) challenge: Cell<Option<ResponseHeader>>,
    /// Our Retry-After.
    pub(crate) retry_after: Cell<Option<ResponseHeader>>,
    /// The location that refused the request, until another module grants it.
    pub(crate) refused_in: Cell<Option<LocationId>>,
    /// Whether the token came from the query string.
    pub(crate) token_in_query: Cell<bool>,
}

impl RequestCtx {
    /// Whether a phase handler has judged the token, for this location and turn.
    pub(crate) fn is_decided(&self, location: LocationId, turn: u32) -> bool {
        let judged = self.judged.borrow();
        judged
            .as_ref()
            .is_some_and(|it| it.holds_in(location, turn))
    }

    /// The request goes on in this location: what we refused there before is granted.
    pub(crate) fn granted_in(&self, location: LocationId) {
        if self.refused_in.get() == Some(location) {
            self.refused_in.set(None);
        }
    }
}

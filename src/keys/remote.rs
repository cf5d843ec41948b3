//! An issuer's keys from the network, as one worker sees them. What all workers know stands in
//! shared memory: the state of the fetches, and the set just as it came.

use std::cell::{Cell, OnceCell, RefCell};
use std::hash::BuildHasher;
use std::hash::{DefaultHasher, Hash, Hasher, RandomState};
use std::rc::Rc;
use std::sync::Arc;

use jwt_core::{FetchState, KeySet, Lease, Occasion, RefreshPlan};

use super::Tickets;
use super::fetch::{FetchSource, Fetched, Validator, parse_published};
use super::fetcher;
use super::flight::{Flight, Landing, Outcome, Unavailable};
use super::http::Trouble;
use super::tickets::Wanted;
use super::watched_file::write_notices;
use crate::ffi::{
    KnownPlace, Level, LockedZone, Log, RecordId, RecordPlace, Request, SharedZone, ZoneFull,
    is_alive, monotonic_ms, process_id,
};
use crate::refusal::Refusal;

/// Requests of one worker that wait for an issuer's keys at most.
const MOST_WAITING: usize = 64;

/// How much longer requests wait than a fetch may last, in milliseconds: its end is noticed a little
/// later.
const WAITING_GRACE: u64 = 200;

/// The zone of a configuration; empty until all of nginx.conf was read.
pub(crate) type Zone = Rc<OnceCell<SharedZone>>;

/// An issuer's keys.
pub(crate) struct RemoteKeys {
    /// The issuer's name in nginx.conf.
    name: Rc<str>,
    id: RecordId,
    plan: RefreshPlan,
    source: Arc<FetchSource>,
    zone: Zone,
    place: KnownPlace,
    /// What of the set in force is looked at with each request.
    in_force: Cell<InForce>,
    /// The set itself.
    keys: RefCell<Option<Arc<KeySet>>>,
    /// The fetch that requests wait for.
    awaited: RefCell<Option<Awaited>>,
}

/// The set in force, as this worker parsed it.
#[derive(Clone, Copy, Default)]
struct InForce {
    generation: u64,
    /// The id of the set; 0: there is none.
    keys: u64,
    /// When it was fetched, or last known not to have changed.
    good: u64,
}

/// A fetch that requests of this worker wait for, whoever does it.
struct Awaited {
    flight: Rc<Flight>,
    landing: Landing,
    occasion: Occasion,
    /// `FetchState::ended` when the wait began.
    ended: u64,
    /// When the wait ends anyway.
    until: u64,
}

impl RemoteKeys {
    /// `trust`: what of the configuration makes a difference to which keys are fetched, beyond the
    /// source's addresses.
    pub(crate) fn new(
        name: &str,
        plan: RefreshPlan,
        source: FetchSource,
        trust: impl Hash,
        zone: &Zone,
    ) -> RemoteKeys {
        RemoteKeys {
            name: name.into(),
            id: record_id(&source, trust),
            plan,
            source: Arc::new(source),
            zone: Rc::clone(zone),
            place: KnownPlace::default(),
            in_force: Cell::default(),
            keys: RefCell::new(None),
            awaited: RefCell::new(None),
        }
    }

    /// What it is found by in shared memory.
    pub(super) fn id(&self) -> RecordId {
        self.id
    }

    /// Is what was fetched from `source` this issuer's? Another issuer may have the same source.
    pub(super) fn is_from(&self, source: &Arc<FetchSource>) -> bool {
        Arc::ptr_eq(&self.source, source)
    }

    /// The id of the set in force; 0: there is none.
    #[inline]
    pub(super) fn keys_id(&self) -> u64 {
        let known = self.in_force.get();
        let (generation, good) = match self.glance() {
            Some(glance) => glance,
            // Another configuration is in force in this process: nothing new comes.
            None => (known.generation, known.good),
        };
        if monotonic_ms() >= good.saturating_add(self.plan.stale) {
            return 0;
        }
        if generation == known.generation {
            return known.keys;
        }
        self.take_over()
    }

    #[inline]
    fn glance(&self) -> Option<(u64, u64)> {
        let glance = self.zone.get()?.glance(self.place.get()?)?;
        Some((glance.generation, glance.stamp))
    }

    /// The set in force.
    pub(super) fn current(&self) -> Option<Arc<KeySet>> {
        match self.keys_id() {
            0 => None,
            _ => self.keys.borrow().clone(),
        }
    }

    /// Parses what another worker has fetched; the id of the set, or 0.
    #[cold]
    fn take_over(&self) -> u64 {
        let stored = self.with_record(|zone, place| {
            let (generation, text) = zone.text(place)?;
            Some((generation, zone.stamp(place), text))
        });
        let Some((generation, good, text)) = stored.flatten() else {
            return 0;
        };
        // Whoever stored it has seen that it parses.
        let keys = Stored::split(&text).and_then(|stored| parse_published(stored.body).ok());
        self.hold(generation, good, keys.map(|(keys, _)| Arc::new(keys)))
    }

    fn hold(&self, generation: u64, good: u64, keys: Option<Arc<KeySet>>) -> u64 {
        let id = keys.as_ref().map_or(0, |keys| keys.id());
        self.in_force.set(InForce {
            generation,
            keys: id,
            good,
        });
        self.keys.replace(keys);
        id
    }

    /// Does something with the record, under the mutex.
    fn with_record<T>(&self, work: impl FnOnce(&mut LockedZone, RecordPlace) -> T) -> Option<T> {
        let mut zone = self.lock_zone()?;
        let place = self.place.find(&mut zone, self.id).ok()?;
        Some(work(&mut zone, place))
    }

    /// The zone, locked; it is the same for all issuers of a configuration.
    pub(super) fn lock_zone(&self) -> Option<LockedZone> {
        self.zone.get()?.lock(monotonic_ms())
    }

    fn state(&self) -> Option<FetchState> {
        self.with_record(|zone, place| FetchState::from_words(zone.record(place)))
    }

    /// When a fetch was due, if one is and nobody fetches. Called by each worker in each round: that
    /// keeps the record.
    pub(super) fn due(&self, zone: &mut LockedZone, now: u64) -> Result<Option<u64>, ZoneFull> {
        let place = self.place.find(zone, self.id)?;
        let state = FetchState::from_words(zone.record(place));
        let is_due =
            state.may_start(now, &self.plan, Occasion::Due) && !state.is_fetching(now, is_alive);
        Ok(is_due.then(|| state.due(&self.plan)))
    }

    /// Takes the lease, if a fetch may start now. What to fetch, and with what in hand.
    pub(super) fn lease(&self, occasion: Occasion) -> Option<(Lease, Arc<FetchSource>, Validator)> {
        let now = monotonic_ms();
        let (lease, known) = self.with_record(|zone, place| {
            let mut state = FetchState::from_words(zone.record(place));
            let is_free =
                state.may_start(now, &self.plan, occasion) && !state.is_fetching(now, is_alive);
            if !is_free {
                return None;
            }
            let lease = state.start(now, &self.plan, process_id());
            zone.set_record(place, state.to_words());
            Some((lease, zone.text(place)))
        })??;
        let known = known
            .and_then(|(_, text)| Some(Stored::split(&text)?.validator))
            .unwrap_or_default();
        Some((lease, Arc::clone(&self.source), known))
    }

    /// Takes over what a fetch of this worker brought.
    pub(super) fn land(&self, lease: Lease, result: Result<Fetched, Trouble>, log: Log) {
        let now = monotonic_ms();
        let landed = self.with_record(|zone, place| {
            let mut state = FetchState::from_words(zone.record(place));
            if !state.is_held(lease) {
                return None;
            }
            let failed_before = state.failures() > 0;
            let (result, max_age) = match result {
                Ok(Fetched::Keys {
                    body,
                    keys,
                    validator,
                    notices,
                    max_age,
                }) => {
                    let stored = self.store(zone, place, &body, validator);
                    let landed = stored.map(|generation| generation.map(|it| (it, keys, notices)));
                    (landed, max_age)
                }
                Ok(Fetched::NotModified { max_age }) => (Ok(None), max_age),
                Err(trouble) => (Err(trouble), None),
            };
            match &result {
                Ok(_) => state.succeed(max_age),
                Err(_) => state.fail(now, RandomState::new().hash_one(now)),
            }
            zone.set_record(place, state.to_words());
            zone.set_stamp(place, state.good());
            Some((result, failed_before, state.good()))
        });
        // Otherwise the lease was lost, and another fetch is under way.
        let Some((result, failed_before, good)) = landed.flatten() else {
            return;
        };
        let name = &self.name;
        match result {
            Ok(changed) => {
                if failed_before {
                    log.write(
                        Level::Notice,
                        &format!("auth_jwt: issuer \"{name}\": keys can be fetched again"),
                    );
                }
                if let Some((generation, keys, notices)) = changed {
                    write_notices(log, &format!("issuer \"{name}\""), &notices);
                    log.write(
                        Level::Notice,
                        &format!(
                            "auth_jwt: issuer \"{name}\": {} usable keys were fetched",
                            keys.len()
                        ),
                    );
                    self.hold(generation, good, Some(keys));
                }
            }
            Err(trouble) if !failed_before => {
                let consequence = if self.keys_id() != 0 {
                    "the keys fetched before stay in force until \"stale\" runs out"
                } else {
                    "its tokens get 503 until it can be fetched"
                };
                let Trouble { url, cause, remedy } = trouble;
                let line =
                    format!("auth_jwt: issuer \"{name}\": {url} {cause}; {remedy}; {consequence}");
                let printable = |c: char| if c.is_control() { '?' } else { c };
                let line: String = line.chars().map(printable).collect();
                log.write(Level::Error, &line);
            }
            Err(_) => {}
        }
    }

    /// Stores a set. None: it is the one that is stored already.
    fn store(
        &self,
        zone: &mut LockedZone,
        place: RecordPlace,
        body: &[u8],
        validator: Validator,
    ) -> Result<Option<u64>, Trouble> {
        let known = zone.text(place);
        let known = known.as_ref().and_then(|(_, text)| Stored::split(text));
        if known.is_some_and(|known| known.body == body) {
            return Ok(None);
        }
        let text = Stored::join(&validator, body);
        zone.set_text(place, &text).map(Some).map_err(|_| Trouble {
            url: validator.url,
            cause: format!(
                "answers with {} bytes, for which auth_jwt_zone has no room",
                body.len()
            ),
            remedy: "enlarge auth_jwt_zone",
        })
    }

    /// The keys for this request. Where there are none, and a fetch is due or under way, a request
    /// that `may_wait` waits for it from now on, once.
    pub(super) fn keys(
        self: &Rc<Self>,
        r: Request<'_>,
        tickets: &Tickets,
        may_wait: bool,
    ) -> Result<Arc<KeySet>, Refusal> {
        let outcome = self.outcome(tickets);
        if let Some(Outcome::Pending) = outcome {
            return Err(Refusal::KeysPending);
        }
        if let Some(keys) = self.current() {
            return Ok(keys);
        }
        let waits = outcome.is_none() && self.wait(r, tickets, Occasion::Due, may_wait)?;
        Err(if waits {
            Refusal::KeysPending
        } else {
            self.no_keys_yet()
        })
    }

    /// A token names a key that is not in the set. True: a fetch may bring it, and a request that
    /// `may_wait` waits for it from now on, once.
    pub(super) fn wait_for_unknown_key(
        self: &Rc<Self>,
        r: Request<'_>,
        tickets: &Tickets,
        may_wait: bool,
    ) -> Result<bool, Refusal> {
        match self.outcome(tickets) {
            Some(Outcome::Pending) => Ok(true),
            Some(Outcome::Landed(_) | Outcome::Abandoned) => Ok(false),
            None => self.wait(r, tickets, Occasion::UnknownKey, may_wait),
        }
    }

    fn outcome(self: &Rc<Self>, tickets: &Tickets) -> Option<Outcome> {
        tickets.outcome(|wanted| matches!(wanted, Wanted::Issuer(keys) if Rc::ptr_eq(keys, self)))
    }

    /// Whether it is worth waiting; a request that `may_wait` then does.
    fn wait(
        self: &Rc<Self>,
        r: Request<'_>,
        tickets: &Tickets,
        occasion: Occasion,
        may_wait: bool,
    ) -> Result<bool, Refusal> {
        let in_flight = self.flight();
        if in_flight.is_none() {
            let now = monotonic_ms();
            let is_worth_it = self.state().is_some_and(|state| {
                state.may_start(now, &self.plan, occasion) || state.is_fetching(now, is_alive)
            });
            if !is_worth_it || !may_wait {
                return Ok(is_worth_it);
            }
        } else if !may_wait {
            return Ok(true);
        }
        let flight = match in_flight {
            Some(flight) => flight,
            None => match self.await_fetch(occasion) {
                Some(flight) => flight,
                None => return Ok(false),
            },
        };
        if flight.waiting() >= MOST_WAITING {
            return Ok(false);
        }
        let wanted = Wanted::Issuer(Rc::clone(self));
        tickets
            .join(r, wanted, flight)
            .map_err(|_| Refusal::Internal)?;
        fetcher::hasten();
        Ok(true)
    }

    fn flight(&self) -> Option<Rc<Flight>> {
        let awaited = self.awaited.borrow();
        let flight = awaited.as_ref().map(|awaited| &awaited.flight);
        flight.filter(|flight| flight.is_pending()).map(Rc::clone)
    }

    /// Has a fetch start, unless there is one, and takes note of it for those who will wait.
    fn await_fetch(self: &Rc<Self>, occasion: Occasion) -> Option<Rc<Flight>> {
        let ended = self.state()?.ended();
        fetcher::start(self, occasion);
        let (flight, landing) = Flight::start();
        self.awaited.replace(Some(Awaited {
            flight: Rc::clone(&flight),
            landing,
            occasion,
            ended,
            until: monotonic_ms()
                .saturating_add(self.plan.timeout)
                .saturating_add(WAITING_GRACE),
        }));
        fetcher::watch(self);
        Some(flight)
    }

    /// Wakes those who wait, if what they wait for has happened. True: they wait on.
    pub(super) fn settle(self: &Rc<Self>) -> bool {
        let Some((occasion, ended, until)) = self
            .awaited
            .borrow()
            .as_ref()
            .map(|it| (it.occasion, it.ended, it.until))
        else {
            return false;
        };
        let state = self.state();
        let waits_on = monotonic_ms() < until && state.is_some_and(|it| it.ended() == ended);
        if waits_on {
            // Nobody may have started it yet, or who did has died.
            fetcher::start(self, occasion);
            return true;
        }
        if let Some(awaited) = self.awaited.take() {
            awaited.landing.land(self.current().ok_or(Unavailable));
        }
        false
    }

    fn no_keys_yet(&self) -> Refusal {
        let now = monotonic_ms();
        Refusal::NoKeysYet {
            issuer: Rc::clone(&self.name),
            retry_after: self
                .state()
                .map_or(1, |state| state.retry_after(now, &self.plan)),
        }
    }
}

/// The same in all workers and after a reload, as long as the same keys would be fetched from the
/// same place in the same way.
fn record_id(source: &FetchSource, trust: impl Hash) -> RecordId {
    [1_u8, 2].map(|seed| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        source.issuer.hash(&mut hasher);
        source.keys.hash(&mut hasher);
        source.proxy.hash(&mut hasher);
        source.bearer_file.hash(&mut hasher);
        trust.hash(&mut hasher);
        hasher.finish().max(1)
    })
}

/// A set as it stands in shared memory: where it came from, its ETag, its bytes, a line each.
struct Stored<'t> {
    validator: Validator,
    body: &'t [u8],
}

impl<'t> Stored<'t> {
    fn join(validator: &Validator, body: &[u8]) -> Vec<u8> {
        let Validator { url, etag } = validator;
        [url.as_bytes(), b"\n", etag.as_bytes(), b"\n", body].concat()
    }

    fn split(text: &'t [u8]) -> Option<Stored<'t>> {
        let mut parts = text.splitn(3, |byte| *byte == b'\n');
        let (url, etag, body) = (parts.next()?, parts.next()?, parts.next()?);
        let line = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
        Some(Stored {
            validator: Validator {
                url: line(url),
                etag: line(etag),
            },
            body,
        })
    }
}

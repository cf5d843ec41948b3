//! The fetches of a worker: which start, and what becomes of those that end.
//!
//! A round comes every so often, and sooner while something is under way. It takes over what helper
//! threads have brought, starts what is due, and wakes the requests whose wait is over. Whichever
//! worker's round comes first takes the lease of a fetch; the others find it taken.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use jwt_core::{Lease, Occasion};

use super::fetch::{FetchSource, Fetched};
use super::http::Trouble;
use super::remote::RemoteKeys;
use crate::ffi::{
    Cycle, Level, Periodic, PeriodicTask, RecordId, is_quitting, monotonic_ms, spawn_detached,
    start_periodic,
};
use crate::log_limit;
use crate::module::AuthJwt;

/// Helper threads of a worker at most.
const MOST_THREADS: usize = 16;

/// The timer that has a round come.
pub(crate) struct Fetcher;

impl Fetcher {
    /// Time between two rounds, in milliseconds.
    const INTERVAL: usize = 400;
    /// The same while something is under way.
    const BUSY: usize = 20;

    /// Starts in this worker. The first round comes at once: requests need keys.
    pub(crate) fn start(cycle: Cycle) {
        WORK.with(|work| work.timer.set(Some(start_periodic::<Fetcher>(cycle, 1))));
    }
}

/// A fetch that ended.
struct Landed {
    id: RecordId,
    source: Arc<FetchSource>,
    lease: Lease,
    result: Result<Fetched, Trouble>,
}

/// What a worker has under way.
struct Work {
    timer: Cell<Option<Periodic<Fetcher>>>,
    threads: Cell<usize>,
    sender: Sender<Landed>,
    receiver: Receiver<Landed>,
    /// Those that requests wait for. A reload without a master may drop their configuration.
    awaited: RefCell<Vec<Weak<RemoteKeys>>>,
}

thread_local! {
    static WORK: Work = {
        let (sender, receiver) = channel();
        Work {
            timer: Cell::new(None),
            threads: Cell::new(0),
            sender,
            receiver,
            awaited: RefCell::default(),
        }
    };
}

impl PeriodicTask for Fetcher {
    const RETRY: usize = Fetcher::INTERVAL;

    fn run(cycle: Cycle) -> usize {
        if let Some(main) = cycle.main_conf::<AuthJwt>() {
            land(cycle, &main.remote_keys);
            if !is_quitting() {
                start_due(cycle, &main.remote_keys);
            }
        }
        settle();
        let is_busy = WORK.with(|work| work.threads.get() > 0 || has_awaited(work));
        if is_busy {
            Fetcher::BUSY
        } else {
            Fetcher::INTERVAL
        }
    }

    fn is_waited_for() -> bool {
        WORK.with(has_awaited)
    }
}

fn has_awaited(work: &Work) -> bool {
    !work.awaited.borrow().is_empty()
}

/// Requests wait: the next round comes soon, and for a worker that quits too.
pub(super) fn hasten() {
    if let Some(timer) = WORK.with(|work| work.timer.get()) {
        timer.hasten(Fetcher::BUSY);
    }
}

/// Requests wait for these keys: each round sees whether they are there.
pub(super) fn watch(keys: &Rc<RemoteKeys>) {
    WORK.with(|work| work.awaited.borrow_mut().push(Rc::downgrade(keys)));
}

fn land(cycle: Cycle, all: &[Rc<RemoteKeys>]) {
    while let Some(landed) = WORK.with(|work| work.receiver.try_recv().ok()) {
        WORK.with(|work| work.threads.set(work.threads.get().saturating_sub(1)));
        let Landed {
            id,
            source,
            lease,
            result,
        } = landed;
        // Started under a configuration before, it may be another issuer's now, or nobody's; then its
        // lease ends by itself.
        let own = all.iter().find(|keys| keys.is_from(&source));
        if let Some(keys) = own.or_else(|| all.iter().find(|keys| keys.id() == id)) {
            keys.land(lease, result, cycle.log());
        }
    }
}

/// Starts what is due, the most overdue first.
fn start_due(cycle: Cycle, all: &[Rc<RemoteKeys>]) {
    let now = monotonic_ms();
    let Some(mut zone) = all.first().and_then(|keys| keys.lock_zone()) else {
        return;
    };
    let mut due: Vec<(u64, &Rc<RemoteKeys>)> = Vec::new();
    let mut is_full = false;
    for keys in all {
        match keys.due(&mut zone, now) {
            Ok(Some(since)) => due.push((since, keys)),
            Ok(None) => {}
            Err(_) => is_full = true,
        }
    }
    drop(zone);
    if is_full && log_limit::allow("auth_jwt_zone", now / 60_000).is_some() {
        cycle.log().write(
            Level::Error,
            "auth_jwt: auth_jwt_zone has no room for all issuers: enlarge it",
        );
    }
    due.sort_by_key(|(since, _)| *since);
    for (_, keys) in due {
        start(keys, Occasion::Due);
    }
    // Sets that other workers have fetched are parsed now rather than with the next request.
    for keys in all {
        keys.keys_id();
    }
}

/// Starts a fetch, if one may start now, nobody else does it, and a thread is left.
pub(super) fn start(keys: &Rc<RemoteKeys>, occasion: Occasion) {
    WORK.with(|work| {
        if work.threads.get() >= MOST_THREADS {
            return;
        }
        let Some((lease, source, known)) = keys.lease(occasion) else {
            return;
        };
        let id = keys.id();
        let sender = work.sender.clone();
        let own = Arc::clone(&source);
        let spawned = spawn_detached("auth_jwt keys", move || {
            let url = || source.keys.first().to_string();
            let result = catch_unwind(AssertUnwindSafe(|| source.fetch(&known)));
            let result = result.unwrap_or_else(|payload| {
                // Dropping a payload runs foreign code, which could panic again.
                std::mem::forget(payload);
                Err(Trouble {
                    url: url(),
                    cause: "could not be asked: internal error, a panic".to_owned(),
                    remedy: "please report this",
                })
            });
            // The worker may be gone: then nobody wants the result.
            drop(sender.send(Landed {
                id,
                source,
                lease,
                result,
            }));
        });
        let landed = match spawned {
            Ok(()) => None,
            Err(error) => Some(Landed {
                id,
                lease,
                result: Err(Trouble {
                    url: own.keys.first().to_string(),
                    cause: format!("could not be asked: no helper thread: {error}"),
                    remedy: "see the limits on threads and memory",
                }),
                source: own,
            }),
        };
        work.threads.set(work.threads.get().saturating_add(1));
        if let Some(landed) = landed {
            drop(work.sender.send(landed));
        }
    });
}

/// Wakes the requests whose wait is over.
fn settle() {
    let awaited = WORK.with(|work| work.awaited.take());
    let mut waits_on: Vec<_> = awaited
        .into_iter()
        .filter(|keys| keys.upgrade().is_some_and(|keys| keys.settle()))
        .collect();
    WORK.with(|work| work.awaited.borrow_mut().append(&mut waits_on));
}

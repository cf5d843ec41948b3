//! A fetch of keys under way, and the requests that wait for it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use jwt_core::KeySet;

use crate::ffi::{OutOfMemory, Request, Waker};

/// The keys could not be had; the cause was logged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unavailable;

/// How a fetch ended, or that it has not.
#[derive(Clone)]
pub(super) enum Outcome {
    /// It is under way.
    Pending,
    /// It ended.
    Landed(Result<Arc<KeySet>, Unavailable>),
    /// The request that carried it went away before.
    Abandoned,
}

/// A fetch of keys.
pub(super) struct Flight {
    outcome: RefCell<Outcome>,
    waiting: RefCell<Vec<Waker>>,
}

impl Flight {
    /// A fetch that starts now, and who lands it.
    pub(super) fn start() -> (Rc<Flight>, Landing) {
        let flight = Rc::new(Flight {
            outcome: RefCell::new(Outcome::Pending),
            waiting: RefCell::default(),
        });
        (Rc::clone(&flight), Landing(flight))
    }

    /// How it ended.
    pub(super) fn outcome(&self) -> Outcome {
        self.outcome.borrow().clone()
    }

    /// Whether it is under way.
    pub(super) fn is_pending(&self) -> bool {
        matches!(*self.outcome.borrow(), Outcome::Pending)
    }

    /// How many requests wait that do not carry it.
    pub(super) fn waiting(&self) -> usize {
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(Waker::is_waited_for);
        waiting.len()
    }

    /// Lets a request wait that does not carry the fetch itself.
    pub(super) fn join(&self, r: Request<'_>) -> Result<(), OutOfMemory> {
        self.waiting.borrow_mut().push(r.suspend()?);
        Ok(())
    }

    fn end(&self, outcome: Outcome) {
        self.outcome.replace(outcome);
        for waker in self.waiting.take() {
            waker.wake();
        }
    }
}

/// The duty to end a fetch. Dropped, it abandons it: one of those who wait starts another.
pub(super) struct Landing(Rc<Flight>);

impl Landing {
    /// Ends the fetch.
    pub(super) fn land(self, keys: Result<Arc<KeySet>, Unavailable>) {
        self.0.end(Outcome::Landed(keys));
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if self.0.is_pending() {
            self.0.end(Outcome::Abandoned);
        }
    }
}

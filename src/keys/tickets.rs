//! The fetches that a request carries or waits for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::flight::{Flight, Outcome};
use super::key_request::KeyRequest;
use super::remote::RemoteKeys;
use crate::ffi::{OutOfMemory, Request};

/// Whose keys are fetched.
pub(super) enum Wanted {
    /// A key request's, with this URI.
    Uri(Rc<KeyRequest>, Box<[u8]>),
    /// An issuer's.
    Issuer(Rc<RemoteKeys>),
}

/// What a request waits or waited for.
struct Ticket {
    wanted: Wanted,
    flight: Rc<Flight>,
}

/// At most one fetch per source and URI, for the life of the request.
#[derive(Default)]
pub(crate) struct Tickets {
    tickets: RefCell<Vec<Ticket>>,
    /// Whether the request is suspended, for what others fetch.
    is_suspended: Cell<bool>,
}

impl Tickets {
    /// How the fetch of what is wanted ended; `None`: there is none, or it was abandoned.
    pub(super) fn outcome(&self, is_wanted: impl Fn(&Wanted) -> bool) -> Option<Outcome> {
        let mut tickets = self.tickets.borrow_mut();
        let at = tickets
            .iter()
            .position(|ticket| is_wanted(&ticket.wanted))?;
        let outcome = tickets.get(at)?.flight.outcome();
        if matches!(outcome, Outcome::Abandoned) {
            tickets.remove(at);
            return None;
        }
        Some(outcome)
    }

    /// Notes a fetch that this request carries.
    pub(super) fn carry(&self, wanted: Wanted, flight: Rc<Flight>) {
        self.push(wanted, flight);
    }

    /// Lets the request wait for a fetch that it does not carry itself.
    pub(super) fn join(
        &self,
        r: Request<'_>,
        wanted: Wanted,
        flight: Rc<Flight>,
    ) -> Result<(), OutOfMemory> {
        flight.join(r)?;
        self.is_suspended.set(true);
        self.push(wanted, flight);
        Ok(())
    }

    /// The request goes on.
    pub(crate) fn resume(&self, r: Request<'_>) {
        if self.is_suspended.take() {
            r.resume();
        }
    }

    fn push(&self, wanted: Wanted, flight: Rc<Flight>) {
        let ticket = Ticket { wanted, flight };
        self.tickets.borrow_mut().push(ticket);
    }
}

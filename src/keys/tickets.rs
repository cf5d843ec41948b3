//! The fetches that a request carries or waits for.

use std::cell::RefCell;
use std::rc::Rc;

use super::flight::{Flight, Outcome};
use super::key_request::KeyRequest;
use crate::ffi::{OutOfMemory, Request};

/// What a request waits or waited for.
struct Ticket {
    source: Rc<KeyRequest>,
    uri: Box<[u8]>,
    flight: Rc<Flight>,
    /// Whether it waits for what another request fetches.
    has_joined: bool,
}

/// At most one fetch per source and URI, for the life of the request.
#[derive(Default)]
pub(crate) struct Tickets(RefCell<Vec<Ticket>>);

impl Tickets {
    /// How the fetch of `uri` ended; `None`: there is none, or it was abandoned.
    pub(super) fn outcome(
        &self,
        r: Request<'_>,
        source: &Rc<KeyRequest>,
        uri: &[u8],
    ) -> Option<Outcome> {
        let mut tickets = self.0.borrow_mut();
        let at = tickets
            .iter()
            .position(|ticket| Rc::ptr_eq(&ticket.source, source) && *ticket.uri == *uri)?;
        let ticket = tickets.get_mut(at)?;
        let outcome = ticket.flight.outcome();
        if !matches!(outcome, Outcome::Pending) && std::mem::take(&mut ticket.has_joined) {
            r.resume();
        }
        if matches!(outcome, Outcome::Abandoned) {
            tickets.remove(at);
            return None;
        }
        Some(outcome)
    }

    /// Notes a fetch that this request carries.
    pub(super) fn carry(&self, source: &Rc<KeyRequest>, uri: &[u8], flight: Rc<Flight>) {
        self.push(source, uri, flight, false);
    }

    /// Lets the request wait for a fetch that another one carries.
    pub(super) fn join(
        &self,
        r: Request<'_>,
        source: &Rc<KeyRequest>,
        uri: &[u8],
        flight: Rc<Flight>,
    ) -> Result<(), OutOfMemory> {
        flight.join(r)?;
        self.push(source, uri, flight, true);
        Ok(())
    }

    fn push(&self, source: &Rc<KeyRequest>, uri: &[u8], flight: Rc<Flight>, has_joined: bool) {
        self.0.borrow_mut().push(Ticket {
            source: Rc::clone(source),
            uri: uri.into(),
            flight,
            has_joined,
        });
    }
}

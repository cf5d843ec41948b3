//! `auth_jwt_key_request`: keys that a location of the same server answers with.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use jwt_core::{KeyFormat, KeyLoadOptions, KeySet};

use super::flight::{Flight, Landing, Outcome, Unavailable};
use super::parsed_answers::ParsedAnswers;
use super::tickets::Wanted;
use super::watched_file::write_notices;
use super::{Tickets, ed448};
use crate::ffi::{Answer, AnswerProblem, ComplexValue, Level, Place, Request, monotonic_ms};
use crate::refusal::Refusal;

/// Longest answer, in bytes.
const MOST: usize = 1 << 20;

/// One `auth_jwt_key_request`.
pub(crate) struct KeyRequestDirective {
    /// Path and arguments: text with variables.
    pub(crate) uri: ComplexValue,
    /// The same as written.
    pub(crate) text: Vec<u8>,
    /// Its format; `None`: recognised.
    pub(crate) format: Option<KeyFormat>,
    /// Where it stands.
    pub(crate) place: Place,
}

/// What makes two uses of a directive the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct KeyRequestId {
    /// Identity of the server whose locations are asked.
    server: usize,
    text: Vec<u8>,
    format: Option<KeyFormat>,
    min_rsa_bits: u32,
}

/// The key requests of a configuration.
#[derive(Default)]
pub(crate) struct KeyRequests(RefCell<HashMap<KeyRequestId, Rc<KeyRequest>>>);

impl KeyRequests {
    /// What the directive asks for in a server, with the smallest RSA key of the level it is used at.
    pub(crate) fn open(
        &self,
        directive: &Rc<KeyRequestDirective>,
        server: usize,
        min_rsa_bits: u32,
    ) -> Rc<KeyRequest> {
        let id = KeyRequestId {
            server,
            text: directive.text.clone(),
            format: directive.format,
            min_rsa_bits,
        };
        let mut requests = self.0.borrow_mut();
        let request = requests
            .entry(id)
            .or_insert_with(|| Rc::new(KeyRequest::new(directive, min_rsa_bits)));
        Rc::clone(request)
    }

    /// Whether there are any.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

/// Keys that were fetched.
struct Kept {
    keys: Arc<KeySet>,
    /// When, in milliseconds of a clock that never jumps.
    since: u64,
}

/// A location that is asked for keys, and what this worker knows of its answers.
pub(crate) struct KeyRequest {
    directive: Rc<KeyRequestDirective>,
    min_rsa_bits: u32,
    parsed: RefCell<ParsedAnswers>,
    /// Without variables only.
    kept: RefCell<Option<Kept>>,
    /// The fetch that requests wait for, instead of each starting its own.
    flight: RefCell<Option<Rc<Flight>>>,
    /// The second of its latest lines in the error log: one problem, and one batch of notices, a
    /// second.
    complained: Cell<u64>,
    noticed: Cell<u64>,
}

impl KeyRequest {
    fn new(directive: &Rc<KeyRequestDirective>, min_rsa_bits: u32) -> KeyRequest {
        // Answers of one URI take turns where several servers give them.
        let most = if directive.uri.literal().is_some() {
            4
        } else {
            256
        };
        KeyRequest {
            directive: Rc::clone(directive),
            min_rsa_bits,
            parsed: RefCell::new(ParsedAnswers::new(most)),
            kept: RefCell::new(None),
            flight: RefCell::new(None),
            complained: Cell::new(0),
            noticed: Cell::new(0),
        }
    }

    /// Whether the URI depends on the request.
    pub(super) fn has_variables(&self) -> bool {
        self.directive.uri.literal().is_none()
    }

    /// The keys that were fetched at most `keep` milliseconds ago.
    pub(super) fn kept(&self, keep: u64) -> Option<Arc<KeySet>> {
        let kept = self.kept.borrow();
        let kept = kept.as_ref().filter(|kept| kept.is_fresh(keep))?;
        Some(Arc::clone(&kept.keys))
    }

    /// The id of those keys; 0 where there are none.
    pub(super) fn kept_id(&self, keep: u64) -> u64 {
        let kept = self.kept.borrow();
        let fresh = kept.as_ref().filter(|kept| kept.is_fresh(keep));
        fresh.map_or(0, |kept| kept.keys.id())
    }

    /// The keys for this request. Where they are not at hand and the request `may_wait`, it waits
    /// for them from now on.
    pub(super) fn keys(
        self: &Rc<Self>,
        r: Request<'_>,
        tickets: &Tickets,
        keep: u64,
        may_wait: bool,
    ) -> Result<Arc<KeySet>, Refusal> {
        if let Some(keys) = self.kept(keep) {
            return Ok(keys);
        }
        let uri = self.uri(r)?;
        let is_wanted = |wanted: &Wanted| matches!(wanted, Wanted::Uri(source, of) if Rc::ptr_eq(source, self) && **of == *uri);
        match tickets.outcome(is_wanted) {
            Some(Outcome::Landed(keys)) => return keys.map_err(|_| Refusal::KeyUnavailable),
            Some(Outcome::Pending | Outcome::Abandoned) => return Err(Refusal::KeysPending),
            None => {}
        }
        if !may_wait {
            return Err(Refusal::KeysPending);
        }
        let wanted = Wanted::Uri(Rc::clone(self), uri.into());
        let shared = keep > 0 && !self.has_variables();
        let in_flight = self.flight.borrow().clone();
        if shared && let Some(flight) = in_flight.filter(|flight| flight.is_pending()) {
            tickets
                .join(r, wanted, flight)
                .map_err(|_| Refusal::Internal)?;
            return Err(Refusal::KeysPending);
        }
        let (flight, landing) = Flight::start();
        self.fetch(r, uri, landing)?;
        if shared {
            self.flight.replace(Some(Rc::clone(&flight)));
        }
        tickets.carry(wanted, flight);
        Err(Refusal::KeysPending)
    }

    fn fetch(self: &Rc<Self>, r: Request<'_>, uri: &[u8], landing: Landing) -> Result<(), Refusal> {
        let (path, args) = match uri.iter().position(|byte| *byte == b'?') {
            Some(at) => (uri.get(..at), uri.get(at.saturating_add(1)..)),
            None => (Some(uri), None),
        };
        let (path, args) = (path.unwrap_or_default(), args.unwrap_or_default());
        let source = Rc::clone(self);
        let shown = self.shown(path);
        r.fetch(path, args, MOST, move |r, answer| {
            landing.land(source.take(r, &shown, answer));
        })
        .map_err(|_| Refusal::Internal)
    }

    /// The URI for this request.
    fn uri<'r>(&self, r: Request<'r>) -> Result<&'r [u8], Refusal> {
        let uri = r
            .evaluate(&self.directive.uri)
            .map_err(|_| Refusal::Internal)?;
        let Some(problem) = problem_with(uri) else {
            return Ok(uri);
        };
        if self.complained.replace(r.now()) != r.now() {
            let Place { file, line } = &self.directive.place;
            r.log().write(
                Level::Error,
                &format!(
                    "auth_jwt: the URI of the key request at {file}:{line} is refused: {problem}"
                ),
            );
        }
        Err(Refusal::KeyUnavailable)
    }

    /// The URI as log lines show it. Arguments that come from the request stay out of them.
    fn shown(&self, path: &[u8]) -> String {
        let uri = self.directive.uri.literal().unwrap_or(path);
        uri.escape_ascii().to_string()
    }

    /// Takes an answer over.
    fn take(
        &self,
        r: Request<'_>,
        shown: &str,
        answer: Answer,
    ) -> Result<Arc<KeySet>, Unavailable> {
        let keys = self.parse(r, shown, answer).map_err(|problem| {
            if self.complained.replace(r.now()) != r.now() {
                r.log().write(
                    Level::Error,
                    &format!("auth_jwt: key request \"{shown}\": {problem}"),
                );
            }
            Unavailable
        })?;
        if !self.has_variables() {
            self.kept.replace(Some(Kept {
                keys: Arc::clone(&keys),
                since: monotonic_ms(),
            }));
        }
        Ok(keys)
    }

    fn parse(&self, r: Request<'_>, shown: &str, answer: Answer) -> Result<Arc<KeySet>, String> {
        let body = match (answer.status, answer.body) {
            (200, Ok(body)) => body,
            (200, Err(problem)) => return Err(sentence(problem).to_owned()),
            (0, _) => return Err("there was no answer".to_owned()),
            (status, _) => return Err(format!("the answer is {status}: it must be 200")),
        };
        if let Some(keys) = self.parsed.borrow_mut().get(&body) {
            return Ok(keys);
        }
        let options = KeyLoadOptions {
            min_rsa_bits: self.min_rsa_bits,
            load_ed448: Some(ed448::load),
            published: false,
        };
        let (keys, notices) = KeySet::parse(&body, self.directive.format, &options)
            .map_err(|error| format!("the answer {error}"))?;
        if self.noticed.replace(r.now()) != r.now() {
            write_notices(r.log(), &format!("key request \"{shown}\""), &notices);
        }
        if keys.is_empty() {
            return Err("the answer holds no usable key".to_owned());
        }
        let keys = Arc::new(keys);
        self.parsed.borrow_mut().put(body, Arc::clone(&keys));
        Ok(keys)
    }
}

impl Kept {
    fn is_fresh(&self, keep: u64) -> bool {
        monotonic_ms().saturating_sub(self.since) < keep
    }
}

/// What is wrong with a URI, if anything. nginx hands the arguments to a proxied server as they are.
pub(crate) fn problem_with(uri: &[u8]) -> Option<&'static str> {
    let path = uri.split(|byte| *byte == b'?').next().unwrap_or_default();
    if !path.starts_with(b"/") {
        return Some("it does not start with \"/\"");
    }
    if uri.iter().any(|byte| *byte <= b' ' || *byte == 0x7f) {
        return Some("it holds a space or a control character");
    }
    if path
        .split(|byte| *byte == b'/')
        .any(|segment| segment == b"..")
    {
        return Some("it holds \"..\" as a segment");
    }
    None
}

fn sentence(problem: AnswerProblem) -> &'static str {
    match problem {
        AnswerProblem::Encoded => {
            "the answer is compressed: no Accept-Encoding was sent, so its server must not do that"
        }
        AnswerProblem::TooLong => "the answer is longer than 1 MiB",
        AnswerProblem::Cut => "the answer is cut",
        AnswerProblem::Unreadable => "the answer could not be read into memory",
    }
}

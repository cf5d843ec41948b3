//! `auth_jwt_issuer`: whose tokens are trusted, with which keys, and what they must hold.

use std::rc::Rc;
use std::sync::Arc;

use jwt_core::{
    IssuerError, IssuerPolicy, KeySet, Shown, Token, Value, VerifyOptions, certificate_thumbprint,
};

use super::Tickets;
use super::directive::KeySource;
use crate::ffi::{Place, Request, VariableIndex};
use crate::refusal::Refusal;

/// One `auth_jwt_issuer`.
pub(crate) struct Issuer {
    /// Its name in nginx.conf.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) place: Place,
    /// What its tokens must hold.
    pub(crate) policy: IssuerPolicy,
    /// Where its keys come from.
    pub(crate) keys: KeySource,
    /// The client's certificate, with `cnf mtls`.
    pub(crate) certificate: Option<VariableIndex>,
}

/// The issuers that a location trusts.
pub(crate) struct Trusted {
    /// In the order of nginx.conf.
    issuers: Vec<Rc<Issuer>>,
    /// The same by their tokens' `iss`, sorted.
    by_iss: Vec<(Box<str>, Rc<Issuer>)>,
}

impl Trusted {
    /// The error: two of them, and the `iss` that both take.
    pub(crate) fn new(
        issuers: Vec<Rc<Issuer>>,
    ) -> Result<Trusted, (Rc<Issuer>, Rc<Issuer>, String)> {
        let mut by_iss: Vec<(Box<str>, Rc<Issuer>)> = issuers
            .iter()
            .flat_map(|issuer| {
                let names = issuer.policy.names.iter();
                names.map(|name| (name.as_str().into(), Rc::clone(issuer)))
            })
            .collect();
        by_iss.sort_by(|(a, _), (b, _)| a.cmp(b));
        for pair in by_iss.windows(2) {
            if let [(iss, one), (same, other)] = pair
                && iss == same
            {
                return Err((Rc::clone(one), Rc::clone(other), iss.to_string()));
            }
        }
        Ok(Trusted { issuers, by_iss })
    }

    /// In the order of nginx.conf.
    pub(crate) fn issuers(&self) -> &[Rc<Issuer>] {
        &self.issuers
    }

    /// The one that `iss` names. Of a token that is not verified yet nothing else is believed, and
    /// [`Issuer::check`] compares again.
    pub(crate) fn of(&self, iss: Option<&Value>) -> Result<&Issuer, Refusal> {
        let iss = iss.and_then(Value::as_str);
        let found = iss.and_then(|iss| {
            let at = self.by_iss.binary_search_by(|(name, _)| (**name).cmp(iss));
            self.by_iss.get(at.ok()?)
        });
        match found {
            Some((_, issuer)) => Ok(issuer),
            None => Err(Refusal::Issuer(IssuerError::Unknown(iss.map(Shown::new)))),
        }
    }
}

impl Issuer {
    /// How its tokens are verified where others are verified by `options`: with no other algorithms
    /// than it signs with.
    pub(crate) fn options(&self, options: VerifyOptions) -> VerifyOptions {
        VerifyOptions {
            algorithms: options.algorithms.intersect(self.policy.algorithms),
            ..options
        }
    }

    /// The keys in force, where they are at hand.
    pub(crate) fn keys_at_hand(&self) -> Option<Arc<KeySet>> {
        match &self.keys {
            KeySource::File(file) => file.current(),
            KeySource::Remote(keys) => keys.current(),
            KeySource::Variable(_) | KeySource::Request { .. } => None,
        }
    }

    /// The keys in force. Where they must be fetched and the request `may_wait`, it waits from now
    /// on.
    pub(crate) fn keys(
        &self,
        r: Request<'_>,
        tickets: &Tickets,
        may_wait: bool,
    ) -> Result<Arc<KeySet>, Refusal> {
        self.keys.current(r, tickets, may_wait)
    }

    /// A token names a key that is not in its set. True: a fetch may bring it; a request that
    /// `may_wait` waits for that from now on, once.
    pub(crate) fn wait_for_unknown_key(
        &self,
        r: Request<'_>,
        tickets: &Tickets,
        may_wait: bool,
    ) -> Result<bool, Refusal> {
        match &self.keys {
            KeySource::Remote(keys) => keys.wait_for_unknown_key(r, tickets, may_wait),
            KeySource::File(_) | KeySource::Variable(_) | KeySource::Request { .. } => Ok(false),
        }
    }

    /// Holds its policy against a token that was verified with its keys. `leeway` is the one in
    /// force, in seconds.
    pub(crate) fn check(&self, r: Request<'_>, token: &Token, leeway: u64) -> Result<(), Refusal> {
        let certificate = || {
            let pem = r.main().variable(self.certificate?)?;
            certificate_thumbprint(pem)
        };
        self.policy
            .check(token, r.now(), leeway, certificate)
            .map_err(Refusal::Issuer)
    }
}

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

impl Issuer {
    /// The one of these that `iss` names. Of a token that is not verified yet nothing else is
    /// believed, and [`Issuer::check`] compares again.
    pub(crate) fn of<'i>(
        trusted: &'i [Rc<Issuer>],
        iss: Option<&Value>,
    ) -> Result<&'i Issuer, Refusal> {
        let iss = iss.and_then(Value::as_str);
        iss.and_then(|iss| trusted.iter().find(|issuer| issuer.policy.is_named(iss)))
            .map(Rc::as_ref)
            .ok_or_else(|| Refusal::Issuer(IssuerError::Unknown(iss.map(Shown::new))))
    }

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

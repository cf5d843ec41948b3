//! `auth_jwt_issuer`: whose tokens are trusted, with which keys, and what they must hold.

use std::rc::Rc;
use std::sync::Arc;

use jwt_core::{
    AlgorithmSet, IssuerError, IssuerPolicy, KeySet, Shown, Token, Unverified, Value,
    certificate_thumbprint,
};

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
    /// The one of these that the token says it is from. Nothing else of the token is believed, and
    /// [`Issuer::check`] compares again.
    pub(crate) fn of<'i>(
        trusted: &'i [Rc<Issuer>],
        token: &Unverified,
    ) -> Result<&'i Rc<Issuer>, Refusal> {
        let iss = token.iss().and_then(Value::as_str);
        iss.and_then(|iss| trusted.iter().find(|issuer| issuer.policy.is_named(iss)))
            .ok_or_else(|| Refusal::Issuer(IssuerError::Unknown(iss.map(Shown::new))))
    }

    /// The algorithms that it signs with.
    pub(crate) fn algorithms(&self) -> AlgorithmSet {
        self.policy.algorithms
    }

    /// The keys in force now.
    pub(crate) fn keys(&self, r: Request<'_>) -> Result<Arc<KeySet>, Refusal> {
        self.keys.current(r)
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

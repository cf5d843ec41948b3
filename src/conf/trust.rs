//! `auth_jwt_trust`.

use std::rc::Rc;

use super::{LocConf, MainConf};
use crate::ffi::{Conf, ConfError, Level, OutOfOrder, Place};
use crate::keys::Issuer;

/// Why it is refused beside a key source that is not an issuer's.
pub(super) const STANDS_ALONE: &str = "stands beside another key source at this level: \
    \"auth_jwt_trust\" takes an issuer's tokens with that issuer's keys only";

/// The setter.
pub(super) fn trust(cf: &Conf<'_>, conf: &mut LocConf) -> Result<(), ConfError> {
    if !conf.key_directives.is_empty() || !conf.key_requests.is_empty() {
        return Err(ConfError::because(STANDS_ALONE));
    }
    if conf.trust.is_some() {
        return Err(ConfError::duplicate());
    }
    let mut names = Vec::new();
    for name in cf.words().iter().skip(1) {
        let name = String::from_utf8_lossy(name).into_owned();
        if names.contains(&name) {
            return Err(ConfError::because(format!("names \"{name}\" twice")));
        }
        names.push(name);
    }
    conf.trust = Some(Rc::new(Trust {
        names,
        place: cf.place(),
    }));
    Ok(())
}

/// One `auth_jwt_trust`. Its issuers may be defined after it.
pub(crate) struct Trust {
    /// Their names in nginx.conf.
    pub(crate) names: Vec<String>,
    /// Where it stands.
    pub(crate) place: Place,
}

impl Trust {
    /// The issuers that it names. Logs what is wrong with them.
    pub(super) fn issuers(
        &self,
        cf: &Conf<'_>,
        main: &MainConf,
    ) -> Result<Rc<[Rc<Issuer>]>, OutOfOrder> {
        self.find(main).map_err(|problem| {
            if let Some(log) = cf.log() {
                let Place { file, line } = &self.place;
                log.write(
                    Level::Emerg,
                    &format!("\"auth_jwt_trust\" directive {problem} in {file}:{line}"),
                );
            }
            OutOfOrder
        })
    }

    fn find(&self, main: &MainConf) -> Result<Rc<[Rc<Issuer>]>, String> {
        let mut found: Vec<Rc<Issuer>> = Vec::with_capacity(self.names.len());
        for name in &self.names {
            let Some(issuer) = main.issuers.iter().find(|issuer| issuer.name == *name) else {
                return Err(format!(
                    "names the unknown issuer \"{name}\": define it with auth_jwt_issuer"
                ));
            };
            for iss in &issuer.policy.names {
                if let Some(other) = found.iter().find(|other| other.policy.is_named(iss)) {
                    return Err(format!(
                        "names \"{}\" and \"{name}\", which both take the iss \"{iss}\": \
                         a token's iss must pick one",
                        other.name
                    ));
                }
            }
            found.push(Rc::clone(issuer));
        }
        Ok(found.into())
    }
}

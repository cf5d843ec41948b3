//! `auth_jwt_trust`.

use std::rc::Rc;

use super::{LocConf, MainConf};
use crate::ffi::{Conf, ConfError, Level, OutOfOrder, Place};
use crate::keys::Trusted;

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
    ) -> Result<Rc<Trusted>, OutOfOrder> {
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

    fn find(&self, main: &MainConf) -> Result<Rc<Trusted>, String> {
        let named = |name: &String| {
            let issuer = main.issuers.iter().find(|issuer| issuer.name == *name);
            issuer.map(Rc::clone).ok_or_else(|| {
                format!("names the unknown issuer \"{name}\": define it with auth_jwt_issuer")
            })
        };
        let issuers: Result<Vec<_>, String> = self.names.iter().map(named).collect();
        let trusted = Trusted::new(issuers?).map_err(|(one, other, iss)| {
            format!(
                "names \"{}\" and \"{}\", which both take the iss \"{iss}\": a token's iss must \
                 pick one",
                one.name, other.name
            )
        })?;
        Ok(Rc::new(trusted))
    }
}

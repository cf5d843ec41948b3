//! nginx.conf: the directives, what they set, and how levels inherit.

mod auth_jwt;
mod challenge;
mod directives;
mod issuer_block;
mod key_file;
mod key_request;
mod location;
mod policy;
mod policy_directives;
mod remote_block;
mod requirement;
mod resource_document;
mod token_cache;
mod trust;
mod variable_use;
mod zone;

pub(crate) use challenge::{WwwAuthenticate, is_header_text};
pub(crate) use directives::DIRECTIVES;
pub(crate) use location::{LocConf, Phase};
pub(crate) use policy::Policy;
pub(crate) use requirement::Requirement;
pub(crate) use trust::Trust;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

use crate::ffi::{Conf, OutOfOrder};
use crate::keys::{Issuer, KeyFiles, KeyRequests, RemoteKeys, SystemStore, WorkerUser};
use crate::revocation::RevocationFiles;
use crate::variables::NamedPath;
use token_cache::TokenCacheConf;
use variable_use::VariableUse;
use zone::ZoneConf;

/// Configuration of the http block.
#[derive(Default)]
pub(crate) struct MainConf {
    /// The key files that literal paths name, each loaded once.
    pub(crate) key_files: KeyFiles,
    /// The locations that are asked for keys, each once per server.
    pub(crate) key_requests: KeyRequests,
    /// The revocation lists, likewise.
    pub(crate) revocation_files: RevocationFiles,
    /// `auth_jwt_issuer`.
    pub(crate) issuers: Vec<Rc<Issuer>>,
    /// The keys that some of them fetch.
    pub(crate) remote_keys: Vec<Rc<RemoteKeys>>,
    /// What workers share about those.
    pub(crate) zone: ZoneConf,
    /// Whom the system trusts.
    pub(crate) system_store: SystemStore,
    /// The files with tokens that workers send.
    bearer_files: RefCell<Vec<PathBuf>>,
    /// What the variables of `auth_jwt_claim_set` and `auth_jwt_header_set` show, by index.
    pub(crate) named_paths: Vec<NamedPath>,
    /// The tokens that were verified.
    pub(crate) token_cache: TokenCacheConf,
    /// Whether some location decides in the preaccess phase.
    pub(crate) uses_preaccess: Cell<bool>,
    /// Whether in some location another module may grant what we refuse (`satisfy any`).
    pub(crate) uses_satisfy_any: Cell<bool>,
    /// The variables that directives of ours name.
    variable_uses: RefCell<Vec<VariableUse>>,
}

impl MainConf {
    /// Refuses variables that nobody defines. nginx does so too, but without saying where.
    pub(crate) fn check_variables(&self, cf: &Conf<'_>) -> Result<(), OutOfOrder> {
        for variable in self.variable_uses.borrow().iter() {
            variable.check(cf)?;
        }
        Ok(())
    }

    /// Draws a `warn` for each file with a token that workers will not be able to read.
    pub(crate) fn warn_of_unreadable_bearers(&self, cf: &Conf<'_>) {
        let Some(user) = WorkerUser::of(cf) else {
            return;
        };
        for path in self.bearer_files.borrow().iter() {
            if !user.can_read(path) {
                let path = path.display();
                cf.warn(&format!(
                    "auth_jwt: {user} cannot read the bearer_file \"{path}\", and without it no \
                     keys are fetched: let the group read it (chgrp, mode 640)"
                ));
            }
        }
    }
}

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
mod requirement;
mod resource_document;
mod token_cache;
mod trust;
mod variable_use;

pub(crate) use challenge::{WwwAuthenticate, is_header_text};
pub(crate) use directives::DIRECTIVES;
pub(crate) use location::{LocConf, Phase};
pub(crate) use policy::Policy;
pub(crate) use requirement::Requirement;
pub(crate) use trust::Trust;

use std::cell::RefCell;
use std::rc::Rc;

use crate::ffi::{Conf, OutOfOrder};
use crate::keys::{Issuer, KeyFiles, KeyRequests};
use crate::revocation::RevocationFiles;
use crate::variables::NamedPath;
use token_cache::TokenCacheConf;
use variable_use::VariableUse;

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
    /// What the variables of `auth_jwt_claim_set` and `auth_jwt_header_set` show, by index.
    pub(crate) named_paths: Vec<NamedPath>,
    /// The tokens that were verified.
    pub(crate) token_cache: TokenCacheConf,
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
}

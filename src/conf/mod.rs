//! nginx.conf: the directives, what they set, and how levels inherit.

mod directives;
mod location;
mod requirement;

pub(crate) use directives::DIRECTIVES;
pub(crate) use location::{LocConf, Phase};
pub(crate) use requirement::Requirement;

use crate::keys::KeyFiles;
use crate::variables::NamedPath;

/// Configuration of the http block.
#[derive(Default)]
pub(crate) struct MainConf {
    /// The key files that literal paths name, each loaded once.
    pub(crate) key_files: KeyFiles,
    /// What the variables of `auth_jwt_claim_set` and `auth_jwt_header_set` show, by index.
    pub(crate) named_paths: Vec<NamedPath>,
}

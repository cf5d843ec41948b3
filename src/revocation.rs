//! Revocation lists: files that are watched as key files are.

use std::path::{Path, PathBuf};

use jwt_core::{Notice, RevocationFormat, RevocationList, limits};

use crate::ffi::Level;
use crate::keys::{Content, WatchedFile, WatchedFiles};

/// What makes two uses of a list the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RevocationFileId {
    /// Full path.
    pub(crate) path: PathBuf,
    /// What its members are.
    pub(crate) format: RevocationFormat,
}

/// A revocation list's file.
pub(crate) type RevocationFile = WatchedFile<RevocationList>;

/// The revocation lists of a configuration.
pub(crate) type RevocationFiles = WatchedFiles<RevocationList>;

impl Content for RevocationList {
    type Id = RevocationFileId;
    const NOUN: &'static str = "revocation list";
    const MOST: usize = limits::MAX_REVOCATION_FILE_SIZE;
    const IF_MISSING: &'static str = "create it (\"{}\" revokes nothing), or correct the path";
    const IF_BROKEN: &'static str = "the list loaded before stays in force";
    const IF_NONE: &'static str = "its requests get 500";

    fn path(id: &RevocationFileId) -> &Path {
        &id.path
    }

    fn parse(id: &RevocationFileId, bytes: &[u8]) -> Result<(RevocationList, Vec<Notice>), String> {
        RevocationList::parse(bytes, id.format)
            .map(|list| (list, Vec::new()))
            .map_err(|error| error.to_string())
    }

    fn reloaded(&self) -> (Level, String) {
        (Level::Notice, format!("reloaded: {} entries", self.len()))
    }
}

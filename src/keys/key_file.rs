//! Key files.

use std::path::{Path, PathBuf};

use jwt_core::{KeyFormat, KeyLoadOptions, KeySet, Notice, limits};

use super::ed448;
use super::watched_file::{Content, WatchedFile, WatchedFiles};
use crate::ffi::Level;

/// What makes two uses of a key file the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyFileId {
    /// Full path.
    pub(super) path: PathBuf,
    /// `None`: recognised.
    pub(super) format: Option<KeyFormat>,
    /// Smallest RSA key, in bits.
    pub(super) min_rsa_bits: u32,
}

/// A key file.
pub(crate) type KeyFile = WatchedFile<KeySet>;

/// The key files of a configuration.
pub(crate) type KeyFiles = WatchedFiles<KeySet>;

impl Content for KeySet {
    type Id = KeyFileId;
    const NOUN: &'static str = "key file";
    const MOST: usize = limits::MAX_KEY_FILE_SIZE;
    const IF_MISSING: &'static str = "create it, correct the path, or add \"optional\"";
    const IF_BROKEN: &'static str = "the keys loaded before stay in force";
    const IF_NONE: &'static str = "its requests get 500";

    fn path(id: &KeyFileId) -> &Path {
        &id.path
    }

    fn parse(id: &KeyFileId, bytes: &[u8]) -> Result<(KeySet, Vec<Notice>), String> {
        let options = KeyLoadOptions {
            min_rsa_bits: id.min_rsa_bits,
            load_ed448: Some(ed448::load),
            published: false,
        };
        KeySet::parse(bytes, id.format, &options).map_err(|error| error.to_string())
    }

    fn reloaded(&self) -> (Level, String) {
        match self.len() {
            0 => (
                Level::Error,
                "changed and holds no usable key now: its requests get 500".to_owned(),
            ),
            count => (Level::Notice, format!("reloaded: {count} usable keys")),
        }
    }
}

impl KeyFile {
    /// The id of the keys in force; 0 where no version ever parsed.
    pub(super) fn keys_id(&self) -> u64 {
        self.look(KeySet::id).unwrap_or(0)
    }

    /// Why there are no keys to use.
    pub(super) fn trouble(&self) -> Option<String> {
        let problem = self.problem();
        if problem.is_some() || !self.look(KeySet::is_empty).unwrap_or(false) {
            return problem;
        }
        Some(format!(
            "key file \"{}\" holds no usable key; see the lines above for each key's reason",
            self.path().display()
        ))
    }
}

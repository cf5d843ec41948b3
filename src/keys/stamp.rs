//! What tells one version of a file from another without reading it.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Identity of a file's version: device, inode, size, and both times in nanoseconds. Symlinks are
/// followed, so swapping one shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Stamp {
    /// The version at `path` now.
    pub(super) fn of(path: &Path) -> Result<Stamp, io::ErrorKind> {
        std::fs::metadata(path)
            .map(|metadata| Stamp::from(&metadata))
            .map_err(|error| error.kind())
    }

    /// Size in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Whether the file was changed so recently that another change could leave the same stamp:
    /// a file system's clock ticks in milliseconds.
    pub(super) fn is_fresh(&self) -> bool {
        const TICK: Duration = Duration::from_millis(100);
        let (seconds, nanoseconds) = self.changed;
        let changed = Duration::new(
            u64::try_from(seconds).unwrap_or(0),
            u32::try_from(nanoseconds).unwrap_or(0),
        );
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .is_ok_and(|now| now.saturating_sub(changed) < TICK)
    }
}

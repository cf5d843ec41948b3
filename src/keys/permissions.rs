//! Whether workers may read what the master could.

use std::fmt;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::ffi::{Conf, effective_uid, groups_of};

/// Who workers run as.
pub(crate) struct WorkerUser {
    uid: u32,
    groups: Vec<u32>,
    name: String,
}

impl WorkerUser {
    /// `None` where workers keep the master's user, or are root.
    pub(crate) fn of(cf: &Conf<'_>) -> Option<WorkerUser> {
        if effective_uid() != 0 {
            return None;
        }
        let (uid, gid, name) = cf.worker_user()?;
        if uid == 0 {
            return None;
        }
        let name = name.unwrap_or_else(|| uid.to_string());
        Some(WorkerUser {
            uid,
            groups: groups_of(&name, gid),
            name,
        })
    }

    /// Whether the file's mode, and that of each folder above, lets this user read it. A file that
    /// is not there is not this check's matter.
    pub(crate) fn can_read(&self, path: &Path) -> bool {
        const READ: u32 = 4;
        const ENTER: u32 = 1;
        let Ok(path) = path.canonicalize() else {
            return true;
        };
        path.ancestors().enumerate().all(|(depth, part)| {
            let wanted = if depth == 0 { READ } else { ENTER };
            std::fs::metadata(part).map_or(true, |metadata| self.may(wanted, &metadata))
        })
    }

    fn may(&self, wanted: u32, metadata: &Metadata) -> bool {
        let shift = if metadata.uid() == self.uid {
            6
        } else if self.groups.contains(&metadata.gid()) {
            3
        } else {
            0
        };
        (metadata.mode() >> shift) & wanted == wanted
    }
}

impl fmt::Display for WorkerUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user \"{}\"", self.name.escape_default())
    }
}

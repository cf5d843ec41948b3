//! One key file: what it holds now, and how a change is taken over.

use std::cell::RefCell;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use jwt_core::{KeyFormat, KeyLoadOptions, KeySet, Notice, NoticeLevel, limits};

use super::ed448;
use super::stamp::Stamp;
use crate::ffi::{Level, Log, spawn_detached};

/// Larger files are parsed off the event loop, in bytes.
const PARSE_INLINE: u64 = 256 * 1024;

/// What makes two uses of a file the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct KeyFileId {
    /// Full path.
    pub(super) path: PathBuf,
    /// `None`: recognised.
    pub(super) format: Option<KeyFormat>,
    /// Smallest RSA key, in bits.
    pub(super) min_rsa_bits: u32,
}

/// A version of the file, read and parsed.
struct Loaded {
    version: Result<Stamp, io::ErrorKind>,
    /// Whether another change could leave the same stamp.
    is_fresh: bool,
    /// Hash of the bytes; 0 where there are none.
    content: u64,
    keys: Result<(KeySet, Vec<Notice>), String>,
}

struct State {
    /// The newest version that parsed.
    keys: Option<Arc<KeySet>>,
    /// What was seen last, parsed or not.
    version: Result<Stamp, io::ErrorKind>,
    is_fresh: bool,
    content: u64,
    /// Why the last version seen is not in force.
    problem: Option<String>,
    /// A version that a helper thread parses.
    pending: Option<Receiver<Loaded>>,
}

/// A key file. Touched by one thread only; a helper thread gets its identity alone (invariant 7).
pub(crate) struct KeyFile {
    id: KeyFileId,
    state: RefCell<State>,
}

impl KeyFile {
    /// Reads and parses the file. What is wrong with it is kept as its problem.
    pub(super) fn open(id: KeyFileId, log: Option<Log>) -> KeyFile {
        let loaded = load(&id);
        let (keys, problem) = match loaded.keys {
            Ok((keys, notices)) => {
                if let Some(log) = log {
                    write_notices(log, &named(&id.path), &notices);
                }
                (Some(Arc::new(keys)), None)
            }
            Err(problem) => (None, Some(problem)),
        };
        KeyFile {
            id,
            state: RefCell::new(State {
                keys,
                version: loaded.version,
                is_fresh: loaded.is_fresh,
                content: loaded.content,
                problem,
                pending: None,
            }),
        }
    }

    /// Its full path.
    pub(super) fn path(&self) -> &Path {
        &self.id.path
    }

    /// The keys in force; `None` where no version ever parsed.
    pub(super) fn keys(&self) -> Option<Arc<KeySet>> {
        self.state.borrow().keys.clone()
    }

    /// The id of the keys in force; 0 where no version ever parsed.
    pub(super) fn keys_id(&self) -> u64 {
        self.state
            .borrow()
            .keys
            .as_ref()
            .map_or(0, |keys| keys.id())
    }

    /// Why there are no keys to use.
    pub(super) fn problem(&self) -> Option<String> {
        let state = self.state.borrow();
        match (&state.problem, &state.keys) {
            (Some(problem), _) => Some(problem.clone()),
            (None, Some(keys)) if keys.is_empty() => Some(format!(
                "key file \"{}\" holds no usable key; see the lines above for each key's reason",
                self.id.path.display()
            )),
            (None, _) => None,
        }
    }

    /// Takes a change over, if there is one. True: a helper thread is at work, look again soon.
    pub(super) fn poll(&self, log: Log) -> bool {
        let mut state = self.state.borrow_mut();
        if let Some(pending) = &state.pending {
            match pending.try_recv() {
                Ok(loaded) => {
                    state.pending = None;
                    self.take_over(&mut state, loaded, log);
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => state.pending = None,
            }
            return false;
        }
        let version = Stamp::of(&self.id.path);
        if version == state.version && !state.is_fresh {
            return false;
        }
        if version.is_ok_and(|stamp| stamp.size() > PARSE_INLINE) {
            let (sender, receiver) = channel();
            let id = self.id.clone();
            let spawned = spawn_detached("auth_jwt keys", move || {
                // The worker may be gone: then nobody wants the result.
                drop(sender.send(load(&id)));
            });
            if spawned.is_ok() {
                state.pending = Some(receiver);
                return true;
            }
        }
        let loaded = load(&self.id);
        self.take_over(&mut state, loaded, log);
        false
    }

    fn take_over(&self, state: &mut State, loaded: Loaded, log: Log) {
        let path = self.id.path.display();
        let same_content = loaded.content == state.content && loaded.content != 0;
        let same_failure = loaded.version == state.version && loaded.keys.is_err();
        state.version = loaded.version;
        state.is_fresh = loaded.is_fresh;
        if (same_content && loaded.keys.is_ok() && state.problem.is_none()) || same_failure {
            return;
        }
        state.content = loaded.content;
        match loaded.keys {
            Ok((keys, notices)) => {
                write_notices(log, &named(&self.id.path), &notices);
                let count = keys.len();
                if count == 0 {
                    log.write(
                        Level::Error,
                        &format!("auth_jwt: key file \"{path}\" changed and holds no usable key now: its requests get 500"),
                    );
                } else {
                    log.write(
                        Level::Notice,
                        &format!("auth_jwt: key file \"{path}\" reloaded: {count} usable keys"),
                    );
                }
                state.keys = Some(Arc::new(keys));
                state.problem = None;
            }
            Err(problem) => {
                let consequence = if state.keys.is_some() {
                    "the keys loaded before stay in force"
                } else {
                    "its requests get 500"
                };
                log.write(Level::Error, &format!("auth_jwt: {problem}; {consequence}"));
                state.problem = Some(problem);
            }
        }
    }
}

fn named(path: &Path) -> String {
    format!("key file \"{}\"", path.display())
}

/// Writes what there is to say about the keys of `source`.
pub(super) fn write_notices(log: Log, source: &str, notices: &[Notice]) {
    for notice in notices {
        let level = match notice.level {
            NoticeLevel::Info => Level::Info,
            NoticeLevel::Warn => Level::Warn,
        };
        let message = &notice.message;
        log.write(level, &format!("auth_jwt: {source}: {message}"));
    }
}

/// Reads and parses a file; touches nothing of nginx's, so that a helper thread may do it.
fn load(id: &KeyFileId) -> Loaded {
    let path = id.path.display();
    let mut version = Stamp::of(&id.path);
    let mut is_fresh = false;
    let mut content = 0;
    let keys = read(&id.path, &mut version, &mut is_fresh)
        .map_err(|error| {
            let kind = error.kind();
            let remedy = if kind == io::ErrorKind::NotFound {
                "create it, correct the path, or add \"optional\""
            } else if kind == io::ErrorKind::PermissionDenied {
                "let nginx's user read it (chgrp and mode 640), and each folder above be entered"
            } else {
                "make it a readable regular file"
            };
            format!("key file \"{path}\" cannot be read: {error}; {remedy}")
        })
        .and_then(|bytes| {
            content = hash(&bytes);
            let options = KeyLoadOptions {
                min_rsa_bits: id.min_rsa_bits,
                load_ed448: Some(ed448::load),
                published: false,
            };
            KeySet::parse(&bytes, id.format, &options)
                .map_err(|error| format!("key file \"{path}\" cannot be used: {error}"))
        });
    Loaded {
        version,
        is_fresh,
        content,
        keys,
    }
}

fn read(
    path: &Path,
    version: &mut Result<Stamp, io::ErrorKind>,
    is_fresh: &mut bool,
) -> io::Result<Vec<u8>> {
    let most = limits::MAX_KEY_FILE_SIZE as u64;
    // A FIFO would block the event loop at open.
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if metadata.len() > most {
        return Err(io::Error::other(format!("larger than {most} bytes")));
    }
    let file = File::open(path)?;
    let stamp = Stamp::from(&file.metadata()?);
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    *is_fresh = stamp.is_fresh();
    *version = Ok(stamp);
    Ok(bytes)
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish().max(1)
}

/// A path from nginx's bytes.
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

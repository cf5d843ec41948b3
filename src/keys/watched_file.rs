//! A file that is watched: what it holds now, and how a change is taken over.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use jwt_core::{Notice, NoticeLevel};

use super::permissions::WorkerUser;
use super::stamp::Stamp;
use crate::ffi::{Conf, Level, Log, spawn_detached};

/// Larger files are parsed off the event loop, in bytes.
const PARSE_INLINE: u64 = 256 * 1024;

/// What a kind of file holds.
pub(crate) trait Content: Send + Sync + Sized + 'static {
    /// What makes two uses of a file the same.
    type Id: Clone + Eq + Hash + Send + 'static;
    /// What such a file is called.
    const NOUN: &'static str;
    /// Largest file, in bytes.
    const MOST: usize;
    /// What to do about a file that is not there.
    const IF_MISSING: &'static str;
    /// What follows where a version does not parse, and an earlier one did.
    const IF_BROKEN: &'static str;
    /// What follows where no version ever parsed.
    const IF_NONE: &'static str;

    /// Its full path.
    fn path(id: &Self::Id) -> &Path;
    /// Parses the file; touches nothing of nginx's, so that a helper thread may do it.
    fn parse(id: &Self::Id, bytes: &[u8]) -> Result<(Self, Vec<Notice>), String>;
    /// What the log says of a new version, after the file's name.
    fn reloaded(&self) -> (Level, String);
}

/// A version of the file, read and parsed.
struct Loaded<C> {
    version: Result<Stamp, io::ErrorKind>,
    /// Whether another change could leave the same stamp.
    is_fresh: bool,
    /// Hash of the bytes; 0 where there are none.
    content: u64,
    parsed: Result<(C, Vec<Notice>), String>,
}

struct State<C> {
    /// The newest version that parsed.
    current: Option<Arc<C>>,
    /// What was seen last, parsed or not.
    version: Result<Stamp, io::ErrorKind>,
    is_fresh: bool,
    content: u64,
    /// Why the last version seen is not in force.
    problem: Option<String>,
    /// A version that a helper thread parses.
    pending: Option<Receiver<Loaded<C>>>,
}

/// A watched file. Touched by one thread only; a helper thread gets its identity alone (invariant 7).
pub(crate) struct WatchedFile<C: Content> {
    id: C::Id,
    state: RefCell<State<C>>,
}

impl<C: Content> WatchedFile<C> {
    /// Reads and parses the file. What is wrong with it is kept as its problem.
    pub(super) fn open(id: C::Id, log: Option<Log>) -> Self {
        let loaded = load::<C>(&id);
        let (current, problem) = match loaded.parsed {
            Ok((content, notices)) => {
                if let Some(log) = log {
                    write_notices(log, &named::<C>(&id), &notices);
                }
                (Some(Arc::new(content)), None)
            }
            Err(problem) => (None, Some(problem)),
        };
        Self {
            id,
            state: RefCell::new(State {
                current,
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
        C::path(&self.id)
    }

    /// What is in force; `None` where no version ever parsed.
    pub(crate) fn current(&self) -> Option<Arc<C>> {
        self.state.borrow().current.clone()
    }

    /// Looks at what is in force.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&C) -> T) -> Option<T> {
        self.state.borrow().current.as_deref().map(look)
    }

    /// Why the last version seen is not in force.
    pub(crate) fn problem(&self) -> Option<String> {
        self.state.borrow().problem.clone()
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
        let version = Stamp::of(self.path());
        if version == state.version && !state.is_fresh {
            return false;
        }
        if version.is_ok_and(|stamp| stamp.size() > PARSE_INLINE) {
            let (sender, receiver) = channel();
            let id = self.id.clone();
            let spawned = spawn_detached("auth_jwt files", move || {
                // The worker may be gone: then nobody wants the result.
                drop(sender.send(load::<C>(&id)));
            });
            if spawned.is_ok() {
                state.pending = Some(receiver);
                return true;
            }
        }
        let loaded = load::<C>(&self.id);
        self.take_over(&mut state, loaded, log);
        false
    }

    fn take_over(&self, state: &mut State<C>, loaded: Loaded<C>, log: Log) {
        let same_content = loaded.content == state.content && loaded.content != 0;
        let same_failure = loaded.version == state.version && loaded.parsed.is_err();
        state.version = loaded.version;
        state.is_fresh = loaded.is_fresh;
        if (same_content && loaded.parsed.is_ok() && state.problem.is_none()) || same_failure {
            return;
        }
        state.content = loaded.content;
        match loaded.parsed {
            Ok((content, notices)) => {
                write_notices(log, &named::<C>(&self.id), &notices);
                let (level, news) = content.reloaded();
                let named = named::<C>(&self.id);
                log.write(level, &format!("auth_jwt: {named} {news}"));
                state.current = Some(Arc::new(content));
                state.problem = None;
            }
            Err(problem) => {
                let consequence = if state.current.is_some() {
                    C::IF_BROKEN
                } else {
                    C::IF_NONE
                };
                log.write(Level::Error, &format!("auth_jwt: {problem}; {consequence}"));
                state.problem = Some(problem);
            }
        }
    }
}

fn named<C: Content>(id: &C::Id) -> String {
    format!("{} \"{}\"", C::NOUN, C::path(id).display())
}

/// Writes what there is to say about the content of `source`.
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
fn load<C: Content>(id: &C::Id) -> Loaded<C> {
    let path = C::path(id);
    let mut version = Stamp::of(path);
    let mut is_fresh = false;
    let mut content = 0;
    let parsed = read(path, C::MOST as u64, &mut version, &mut is_fresh)
        .map_err(|error| {
            let kind = error.kind();
            let remedy = if kind == io::ErrorKind::NotFound {
                C::IF_MISSING
            } else if kind == io::ErrorKind::PermissionDenied {
                "let nginx's user read it (chgrp and mode 640), and each folder above be entered"
            } else {
                "make it a readable regular file"
            };
            format!("{} cannot be read: {error}; {remedy}", named::<C>(id))
        })
        .and_then(|bytes| {
            content = hash(&bytes);
            C::parse(id, &bytes)
                .map_err(|error| format!("{} cannot be used: {error}", named::<C>(id)))
        });
    Loaded {
        version,
        is_fresh,
        content,
        parsed,
    }
}

fn read(
    path: &Path,
    most: u64,
    version: &mut Result<Stamp, io::ErrorKind>,
    is_fresh: &mut bool,
) -> io::Result<Vec<u8>> {
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
    // At once: growing to tens of megabytes takes twice as many, and the allocator keeps them.
    let mut bytes = Vec::new();
    let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    bytes
        .try_reserve_exact(length.saturating_add(1))
        .map_err(|_| io::ErrorKind::OutOfMemory)?;
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
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// The files of one kind that a configuration names, each loaded once however often it is named.
pub(crate) struct WatchedFiles<C: Content>(RefCell<HashMap<C::Id, Rc<WatchedFile<C>>>>);

impl<C: Content> Default for WatchedFiles<C> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<C: Content> WatchedFiles<C> {
    /// The file, read and parsed.
    pub(crate) fn open(&self, id: C::Id, log: Option<Log>) -> Rc<WatchedFile<C>> {
        let mut files = self.0.borrow_mut();
        let file = files
            .entry(id.clone())
            .or_insert_with(|| Rc::new(WatchedFile::open(id, log)));
        Rc::clone(file)
    }

    /// Takes changed files over. True: a helper thread is at work.
    pub(crate) fn poll(&self, log: Log) -> bool {
        let files = self.0.borrow();
        files
            .values()
            .fold(false, |busy, file| file.poll(log) | busy)
    }

    /// Draws a `warn` for each file that workers could not reopen when it changes.
    pub(crate) fn warn_of_unreadable(&self, cf: &Conf<'_>) {
        let (Some(user), Some(log)) = (WorkerUser::of(cf), cf.log()) else {
            return;
        };
        let files = self.0.borrow();
        let mut paths: Vec<_> = files.values().map(|file| file.path()).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            if !user.can_read(path) {
                log.write(
                    Level::Warn,
                    &format!(
                        "auth_jwt: {user} cannot read {} \"{}\": a change will not be \
                         picked up until a reload; let the group read it (chgrp, mode 640)",
                        C::NOUN,
                        path.display()
                    ),
                );
            }
        }
    }
}

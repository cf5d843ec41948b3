//! Key files whose path depends on the request: read at first use, kept per worker.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use jwt_core::KeySet;

use super::directive::{KeyDirective, KeyPath};
use super::key_file::{KeyFile, KeyFileId};
use super::watched_file::path_of;
use crate::ffi::{ComplexValue, Level, Log, Request};
use crate::log_limit;

/// Files kept per worker; the least recently used goes first.
const MOST: usize = 256;

/// A path with variables.
pub(crate) struct VariablePath {
    value: ComplexValue,
    prefix: Vec<u8>,
}

impl VariablePath {
    /// `prefix` is the folder that relative paths start from, with its slash.
    pub(crate) fn new(value: ComplexValue, prefix: Vec<u8>) -> VariablePath {
        VariablePath { value, prefix }
    }

    /// The full path for this request.
    fn resolve(&self, r: Request<'_>) -> Result<Vec<u8>, &'static str> {
        let value = r.evaluate(&self.value).map_err(|_| "out of memory")?;
        if value.is_empty() {
            return Err("it is empty");
        }
        if value.contains(&0) {
            return Err("it holds a NUL byte");
        }
        if value
            .split(|byte| *byte == b'/')
            .any(|segment| segment == b"..")
        {
            return Err("it holds \"..\" as a segment");
        }
        if value.starts_with(b"/") {
            return Ok(value.to_vec());
        }
        Ok([&self.prefix, value].concat())
    }
}

/// An `auth_jwt_key_file` with variables, at one level.
pub(crate) struct VariableFile {
    pub(super) directive: Rc<KeyDirective>,
    pub(super) min_rsa_bits: u32,
}

impl VariableFile {
    /// The keys of the file that this request names; `None`: it cannot be used, which was logged.
    pub(super) fn keys(&self, r: Request<'_>) -> Option<Arc<KeySet>> {
        let KeyPath::Variable(path) = &self.directive.path else {
            return None;
        };
        let path = match path.resolve(r) {
            Ok(path) => path,
            Err(problem) => {
                if log_limit::allow("key path", r.now()).is_some() {
                    let place = &self.directive.place;
                    r.log().write(
                        Level::Error,
                        &format!(
                            "auth_jwt: the path of the key file at {}:{} is refused: {problem}",
                            place.file, place.line
                        ),
                    );
                }
                return None;
            }
        };
        CACHE.with_borrow_mut(|cache| {
            cache.get(
                KeyFileId {
                    path: path_of(&path),
                    format: self.directive.format,
                    min_rsa_bits: self.min_rsa_bits,
                },
                r.log(),
                r.now(),
            )
        })
    }
}

#[derive(Default)]
struct Cache {
    files: HashMap<KeyFileId, (KeyFile, u64)>,
    uses: u64,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

impl Cache {
    fn get(&mut self, id: KeyFileId, log: Log, now: u64) -> Option<Arc<KeySet>> {
        self.uses = self.uses.wrapping_add(1);
        if let Some((file, used)) = self.files.get_mut(&id) {
            *used = self.uses;
            return file.current();
        }
        if self.files.len() >= MOST
            && let Some(oldest) = self
                .files
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(id, _)| id.clone())
        {
            self.files.remove(&oldest);
        }
        let file = KeyFile::open(id.clone(), Some(log));
        if let Some(problem) = file.trouble()
            && log_limit::allow("key file", now).is_some()
        {
            log.write(Level::Error, &format!("auth_jwt: {problem}"));
        }
        let keys = file.current();
        self.files.insert(id, (file, self.uses));
        keys
    }
}

/// Takes changed files over. True: a helper thread is at work.
pub(super) fn poll(log: Log) -> bool {
    CACHE.with_borrow(|cache| {
        cache
            .files
            .values()
            .fold(false, |busy, (file, _)| file.poll(log) | busy)
    })
}

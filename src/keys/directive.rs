//! `auth_jwt_key_file`: from the directive to the files it names.

use std::rc::Rc;
use std::sync::Arc;

use jwt_core::{KeyFormat, KeySet};

use super::Tickets;
use super::key_file::{KeyFile, KeyFileId, KeyFiles};
use super::key_request::KeyRequest;
use super::remote::RemoteKeys;
use super::variable_path::{VariableFile, VariablePath};
use super::watched_file::path_of;
use crate::ffi::{Conf, Level, OutOfOrder, Place, Request};
use crate::refusal::Refusal;

/// The path of an `auth_jwt_key_file`.
pub(crate) enum KeyPath {
    /// A full path.
    Literal(Vec<u8>),
    /// Text with variables.
    Variable(VariablePath),
}

/// One `auth_jwt_key_file`.
pub(crate) struct KeyDirective {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Its path.
    pub(crate) path: KeyPath,
    /// Its format; `None`: recognised.
    pub(crate) format: Option<KeyFormat>,
    /// Whether a file that cannot be used waits until request time.
    pub(crate) optional: bool,
    /// Where it stands.
    pub(crate) place: Place,
}

impl KeyDirective {
    /// What the directive names, with the smallest RSA key of the level it is used at. Files are
    /// checked here, not in the setter: `auth_jwt_min_rsa_bits` may follow the directive.
    pub(crate) fn open(
        self: &Rc<Self>,
        cf: &Conf<'_>,
        files: &KeyFiles,
        min_rsa_bits: u32,
    ) -> Result<KeySource, OutOfOrder> {
        let path = match &self.path {
            KeyPath::Literal(path) => path,
            KeyPath::Variable(_) => {
                return Ok(KeySource::Variable(Rc::new(VariableFile {
                    directive: Rc::clone(self),
                    min_rsa_bits,
                })));
            }
        };
        let file = files.open(
            KeyFileId {
                path: path_of(path),
                format: self.format,
                min_rsa_bits,
            },
            cf.log(),
        );
        if let Some(problem) = file.trouble()
            && let Some(log) = cf.log()
        {
            let (level, consequence) = if self.optional {
                (Level::Warn, "; its requests get 500 until it can be used")
            } else {
                (Level::Emerg, "")
            };
            let (name, Place { file, line }) = (self.name, &self.place);
            log.write(
                level,
                &format!("\"{name}\" directive: {problem}{consequence} in {file}:{line}"),
            );
            if !self.optional {
                return Err(OutOfOrder);
            }
        }
        Ok(KeySource::File(file))
    }
}

/// Where a location's keys come from.
#[derive(Clone)]
pub(crate) enum KeySource {
    /// A file, loaded at configuration.
    File(Rc<KeyFile>),
    /// A file whose path depends on the request.
    Variable(Rc<VariableFile>),
    /// A location of the same server.
    Request {
        /// The location.
        request: Rc<KeyRequest>,
        /// How long its keys are kept, in milliseconds.
        keep: u64,
    },
    /// The network.
    Remote(Rc<RemoteKeys>),
}

impl KeySource {
    /// Whether variables must be evaluated to find the keys.
    pub(crate) fn has_variables(&self) -> bool {
        match self {
            KeySource::File(_) | KeySource::Remote(_) => false,
            KeySource::Variable(_) => true,
            KeySource::Request { request, .. } => request.has_variables(),
        }
    }

    /// The id of the key set in force, where it is at hand and the same for every request; otherwise
    /// 0, which is no set's.
    pub(crate) fn standing_id(&self) -> u64 {
        match self {
            KeySource::File(file) => file.keys_id(),
            KeySource::Variable(_) => 0,
            KeySource::Request { request, keep } => request.kept_id(*keep),
            KeySource::Remote(keys) => keys.keys_id(),
        }
    }

    /// Whether nothing of a request is needed to find the keys, if there are any.
    pub(crate) fn is_standing(&self) -> bool {
        matches!(self, KeySource::File(_)) || self.standing_id() != 0
    }

    /// The key set in force for this request. Where it must be fetched and the request `may_wait`,
    /// it waits from now on.
    pub(crate) fn current(
        &self,
        r: Request<'_>,
        tickets: &Tickets,
        may_wait: bool,
    ) -> Result<Arc<KeySet>, Refusal> {
        let keys = match self {
            KeySource::File(file) => file.current(),
            KeySource::Variable(file) => file.keys(r),
            KeySource::Request { request, keep } => {
                return request.keys(r, tickets, *keep, may_wait);
            }
            KeySource::Remote(keys) => return keys.keys(r, tickets, may_wait),
        };
        keys.ok_or(Refusal::KeyUnavailable)
    }
}

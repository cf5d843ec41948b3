//! Where keys come from: key files, loaded at configuration or at first use, watched by each
//! worker; locations that answer with keys; and issuers.

mod directive;
mod ed448;
mod flight;
mod issuer;
mod key_file;
mod key_request;
mod parsed_answers;
mod permissions;
mod stamp;
mod tickets;
mod variable_path;
mod watched_file;
mod watcher;

pub(crate) use directive::{KeyDirective, KeyPath, KeySource};
pub(crate) use issuer::Issuer;
pub(crate) use key_file::KeyFiles;
pub(crate) use key_request::{KeyRequestDirective, KeyRequests, problem_with};
pub(crate) use tickets::Tickets;
pub(crate) use variable_path::VariablePath;
pub(crate) use watched_file::{Content, WatchedFile, WatchedFiles, path_of};
pub(crate) use watcher::Watcher;

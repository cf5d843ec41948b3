//! Where keys come from: key files, loaded at configuration or at first use, watched by each
//! worker; locations that answer with keys; and issuers, whose keys are fetched from the network.
//!
//! `fetcher` decides in each worker what is fetched now, `remote` what becomes of it; `fetch`, `http`
//! and `tls` do it, in a helper thread.

mod directive;
mod ed448;
mod fetch;
mod fetcher;
mod flight;
mod http;
mod issuer;
mod key_file;
mod key_request;
mod parsed_answers;
mod permissions;
mod remote;
mod stamp;
mod tickets;
mod tls;
mod variable_path;
mod watched_file;
mod watcher;

pub(crate) use directive::{KeyDirective, KeyPath, KeySource};
pub(crate) use fetch::{FetchSource, KeysAt};
pub(crate) use fetcher::Fetcher;
pub(crate) use issuer::{Issuer, Trusted};
pub(crate) use key_file::KeyFiles;
pub(crate) use key_request::{KeyRequestDirective, KeyRequests, problem_with};
pub(crate) use permissions::WorkerUser;
pub(crate) use remote::{RemoteKeys, Zone};
pub(crate) use tickets::Tickets;
pub(crate) use tls::{SystemStore, TrustOptions};
pub(crate) use variable_path::VariablePath;
pub(crate) use watched_file::{Content, WatchedFile, WatchedFiles, path_of};
pub(crate) use watcher::Watcher;

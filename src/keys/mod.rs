//! Where keys come from: key files, loaded at configuration or at first use, watched by each
//! worker; and issuers.

mod directive;
mod ed448;
mod issuer;
mod key_file;
mod permissions;
mod stamp;
mod variable_path;
mod watcher;

pub(crate) use directive::{KeyDirective, KeyFiles, KeyPath, KeySource};
pub(crate) use issuer::Issuer;
pub(crate) use variable_path::VariablePath;
pub(crate) use watcher::Watcher;

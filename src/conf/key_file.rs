//! `auth_jwt_key_file`.

use std::rc::Rc;

use jwt_core::KeyFormat;

use super::directives::{Set, text};
use super::location::LocConf;
use super::trust;
use super::variable_use::{compile, warn_of_client_input};
use crate::ffi::{Conf, ConfError};
use crate::keys::{KeyDirective, KeyPath, VariablePath};

pub(super) fn key_file(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    if conf.trust.is_some() {
        return Err(ConfError::because(trust::STANDS_ALONE));
    }
    let words = cf.words();
    let [_, path, rest @ ..] = words.as_slice() else {
        return Err(ConfError::because("takes a file"));
    };
    let (rest, optional) = match rest {
        [rest @ .., b"optional"] => (rest, true),
        _ => (rest, false),
    };
    let format = match rest {
        [] => None,
        [b"jwks"] => Some(KeyFormat::Jwks),
        [b"keyval"] => Some(KeyFormat::Keyval),
        [b"pem"] => Some(KeyFormat::Pem),
        [unknown, ..] => {
            return Err(ConfError::because(format!(
                "has unknown parameter \"{}\": after the file come \"jwks\", \"keyval\" or \
                 \"pem\", then \"optional\"",
                text(unknown)
            )));
        }
    };
    if path.is_empty() {
        return Err(ConfError::because("has an empty file name"));
    }
    let value = compile(cf, path)?;
    let path = match value.literal() {
        Some(literal) => KeyPath::Literal(
            cf.full_path(literal)
                .ok_or_else(|| ConfError::because("could not be read: out of memory"))?,
        ),
        None => {
            warn_of_client_input(
                cf,
                path,
                &["arg_", "http_", "cookie_"],
                "the client then chooses the key file; map it to names that you list",
            );
            KeyPath::Variable(VariablePath::new(value, cf.conf_prefix()))
        }
    };
    conf.key_directives.push(Rc::new(KeyDirective {
        name: "auth_jwt_key_file",
        path,
        format,
        optional,
        place: cf.place(),
    }));
    Ok(())
}

//! `auth_jwt_key_request` and `auth_jwt_key_cache`.

use std::rc::Rc;

use jwt_core::KeyFormat;

use super::directives::{Set, seconds, text};
use super::variable_use::{compile, warn_of_client_input};
use super::{LocConf, trust};
use crate::ffi::{Conf, ConfError};
use crate::keys::{KeyRequestDirective, problem_with};

pub(super) fn key_request(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    if conf.trust.is_some() {
        return Err(ConfError::because(trust::STANDS_ALONE));
    }
    let words = cf.words();
    let [_, uri, rest @ ..] = words.as_slice() else {
        return Err(ConfError::because("takes a URI"));
    };
    let format = match rest {
        [] => None,
        [b"jwks"] => Some(KeyFormat::Jwks),
        [b"keyval"] => Some(KeyFormat::Keyval),
        [unknown, ..] => {
            return Err(ConfError::because(format!(
                "has unknown parameter \"{}\": after the URI comes \"jwks\" or \"keyval\"",
                text(unknown)
            )));
        }
    };
    let value = compile(cf, uri)?;
    match value.literal() {
        Some(literal) => {
            if let Some(problem) = problem_with(literal) {
                return Err(ConfError::because(format!(
                    "has invalid URI \"{}\": {problem}; name a location of this server, as in \
                     /_jwks",
                    text(uri)
                )));
            }
        }
        None => warn_of_client_input(
            cf,
            uri,
            &["arg_", "http_", "cookie_"],
            "the client then chooses the keys; map it to URIs that you list",
        ),
    }
    conf.key_requests.push(Rc::new(KeyRequestDirective {
        uri: value,
        text: uri.to_vec(),
        format,
        place: cf.place(),
    }));
    Ok(())
}

pub(super) fn key_cache(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    seconds(cf, &mut conf.key_cache)
}

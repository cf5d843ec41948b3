//! `auth_jwt`.

use std::rc::Rc;

use super::directives::{Set, text};
use super::location::{Auth, LocConf, Realm};
use super::variable_use::{compile, note_variables};
use crate::ffi::{Conf, ConfError};
use crate::token_source::TokenSource;

pub(super) fn auth_jwt(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    if conf.auth.is_some() {
        return Err(ConfError::duplicate());
    }
    let words = cf.words();
    let [_, realm, parameters @ ..] = words.as_slice() else {
        return Err(ConfError::because("takes a realm or \"off\""));
    };
    if *realm == b"off" {
        if !parameters.is_empty() {
            return Err(ConfError::because(
                "takes no parameters after \"off\": remove them, or name a realm",
            ));
        }
        conf.auth = Some(Auth::Off);
        return Ok(());
    }
    let mut token_sources = Vec::new();
    for parameter in parameters {
        token_sources.push(token_source(cf, parameter)?);
    }
    if token_sources.is_empty() {
        token_sources.push(TokenSource::Authorization);
    }
    conf.auth = Some(Auth::On(Rc::new(Realm {
        realm: compile(cf, realm)?,
        token_sources,
    })));
    Ok(())
}

fn token_source(cf: &Conf<'_>, parameter: &[u8]) -> Result<TokenSource, ConfError> {
    let Some(value) = parameter.strip_prefix(b"token=") else {
        return Err(ConfError::because(format!(
            "has unknown parameter \"{}\": it takes a realm and token=$variable",
            text(parameter)
        )));
    };
    let name = value.strip_prefix(b"$").filter(|name| {
        !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    });
    let Some(name) = name else {
        return Err(ConfError::because(format!(
            "has invalid parameter \"{}\": token= takes one variable, as in token=$cookie_jwt",
            text(parameter)
        )));
    };
    if name.eq_ignore_ascii_case(b"http_authorization") {
        return Ok(TokenSource::Authorization);
    }
    let in_query = name
        .get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"arg_"));
    if in_query {
        cf.warn(&format!(
            "\"auth_jwt\" takes the token from ${}: request lines are logged with it, and \
             browsers and proxies keep them; prefer a header or a cookie",
            text(name)
        ));
    }
    note_variables(cf, value);
    Ok(TokenSource::Variable {
        index: cf.variable_index(name)?,
        in_query,
    })
}

//! The setters of what a level demands.

use std::cell::OnceCell;
use std::rc::Rc;

use jwt_core::{AlgorithmSet, Nesting, Operator, Profile, RevocationFormat, ScopeDemand};

use super::LocConf;
use super::directives::{Set, argument, set_once, text};
use super::policy::ProfileDirective;
use super::requirement::{Demand, Expected, Member, Requirement};
use super::variable_use::{compile, warn_of_client_input};
use crate::ffi::{Conf, ConfError};
use crate::keys::path_of;
use crate::module::AuthJwt;
use crate::refusal::Unmet;
use crate::revocation::RevocationFileId;
use crate::variables::Part;

/// A word that must be text.
fn utf8(word: &[u8]) -> Result<&str, ConfError> {
    std::str::from_utf8(word).map_err(|_| {
        ConfError::because(format!("has a word that is not UTF-8: \"{}\"", text(word)))
    })
}

/// `error=`, where it is the last of the words.
fn split_error<'w, 'c>(words: &'w [&'c [u8]]) -> Result<(&'w [&'c [u8]], u16), ConfError> {
    if let [before @ .., last] = words
        && let Some(code) = last.strip_prefix(b"error=")
    {
        return Ok((before, error_code(code)?));
    }
    Ok((words, 401))
}

/// 408, 444 and 499 would close the connection without an answer.
fn error_code(code: &[u8]) -> Result<u16, ConfError> {
    std::str::from_utf8(code)
        .ok()
        .and_then(|code| code.parse().ok())
        .filter(|code| (400..=599).contains(code) && ![408, 444, 499].contains(code))
        .ok_or_else(|| {
            ConfError::because(format!(
                "has invalid parameter \"error={}\": use a status from 400 to 599, but not \
                 408, 444 or 499",
                text(code)
            ))
        })
}

pub(super) fn require(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    let words = cf.words();
    let (arguments, error) = split_error(words.get(1..).unwrap_or_default())?;
    if arguments.is_empty() {
        return Err(ConfError::because("takes at least one $variable"));
    }
    let mut values = Vec::with_capacity(arguments.len());
    for value in arguments {
        if !value.starts_with(b"$") {
            return Err(ConfError::because(format!(
                "has invalid value \"{}\": a value starts with a variable, and error= comes last",
                text(value)
            )));
        }
        values.push(compile(cf, value)?);
    }
    conf.policy.requirements.push(Rc::new(Requirement {
        demand: Demand::Values(values),
        unmet: Unmet::new("auth_jwt_require", error, cf.place()),
    }));
    Ok(())
}

pub(super) fn require_member(cf: &Conf<'_>, conf: &mut LocConf, part: Part) -> Set {
    let words = cf.words();
    let (arguments, error) = split_error(words.get(1..).unwrap_or_default())?;
    let [name, operator, value] = arguments else {
        return Err(ConfError::because(
            "takes a name, an operator, a value, and then error=",
        ));
    };
    let operator = Operator::from_name(&text(operator)).ok_or_else(|| {
        ConfError::because(format!(
            "has unknown operator \"{}\": use one of {}",
            text(operator),
            Operator::NAMES
        ))
    })?;
    let member = Member {
        part,
        name: utf8(name)?.to_owned(),
        path: OnceCell::new(),
        operator,
        expected: expected(cf, operator, value)?,
        place: cf.place(),
    };
    conf.policy.requirements.push(Rc::new(Requirement {
        demand: Demand::Member(member),
        unmet: Unmet::new(part.directive(), error, cf.place()),
    }));
    Ok(())
}

/// A `$` before anything else stands for itself: it ends many a regular expression.
fn has_variables(text: &[u8]) -> bool {
    let is_start = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'{');
    text.windows(2)
        .any(|pair| matches!(pair, [b'$', next] if is_start(next)))
}

fn expected(cf: &Conf<'_>, operator: Operator, value: &[u8]) -> Result<Expected, ConfError> {
    let (is_json, source) = if let Some(json) = value.strip_prefix(b"json=") {
        (true, json)
    } else if let Some(string) = value.strip_prefix(b"string=") {
        (false, string)
    } else {
        (value.starts_with(b"$"), value)
    };
    if has_variables(source) {
        let compiled = compile(cf, source)?;
        if is_json && !source.starts_with(b"$") {
            warn_of_client_input(
                cf,
                source,
                &["arg_", "http_", "cookie_"],
                "a client's quotes change the JSON; take string= and one value",
            );
        }
        return Ok(match is_json {
            true => Expected::Json(compiled),
            false => Expected::String(compiled),
        });
    }
    let literal = match is_json {
        true => operator.literal_json(utf8(source)?),
        false => operator.literal(utf8(source)?),
    };
    let operand = literal.map_err(|error| {
        ConfError::because(format!("has invalid value \"{}\": {error}", text(value)))
    })?;
    if !operator.takes(&operand) {
        let words = cf.words();
        let directive = words.first().map_or_else(String::new, |word| text(word));
        cf.warn(&format!(
            "\"{directive}\" can never be met: its operator takes another type than \"{}\" is; \
             write numbers, arrays and objects as json=",
            text(value)
        ));
    }
    Ok(Expected::Literal(operand))
}

pub(super) fn allow_nested(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    let (mut delimiter, mut quote) = (None, None);
    for word in cf.words().iter().skip(1) {
        let word = utf8(word)?;
        let (slot, value) = if let Some(value) = word.strip_prefix("delimiter=") {
            (&mut delimiter, value)
        } else if let Some(value) = word.strip_prefix("quote=") {
            (&mut quote, value)
        } else {
            return Err(ConfError::because(format!(
                "has unknown parameter \"{word}\": it takes delimiter= and quote="
            )));
        };
        if value.is_empty() || slot.is_some() {
            return Err(ConfError::because(format!(
                "has invalid parameter \"{word}\": give it once, and not empty"
            )));
        }
        *slot = Some(value);
    }
    let usual = Nesting::default();
    let nesting = Nesting {
        delimiter: delimiter.map_or(usual.delimiter, Into::into),
        quote: quote.map_or(usual.quote, Into::into),
    };
    if nesting.delimiter == nesting.quote {
        return Err(ConfError::because(
            "has the same delimiter and quote: one of them must be another",
        ));
    }
    set_once(&mut conf.policy.nesting, Rc::new(nesting))
}

pub(super) fn audience(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    let mut values = Vec::new();
    for word in cf.words().iter().skip(1) {
        if word.is_empty() {
            return Err(ConfError::because("has an empty value"));
        }
        values.push(utf8(word)?.to_owned());
    }
    conf.policy.audiences.push(values.into());
    Ok(())
}

pub(super) fn scope(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    let words = cf.words();
    let (any, names) = match words.get(1..).unwrap_or_default() {
        [b"any", names @ ..] => (true, names),
        names => (false, names),
    };
    if names.is_empty() {
        return Err(ConfError::because("takes at least one scope after \"any\""));
    }
    let mut demand = ScopeDemand {
        any,
        names: Vec::new(),
    };
    for name in names {
        let name = utf8(name)?;
        if !ScopeDemand::is_name(name) {
            return Err(ConfError::because(format!(
                "has invalid scope \"{name}\": one word per scope, of printable ASCII but quotes \
                 and backslashes"
            )));
        }
        demand.names.push(name.to_owned());
    }
    conf.policy.scopes.push(Rc::new(demand));
    Ok(())
}

pub(super) fn algorithms(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    let mut algorithms = AlgorithmSet::new();
    for word in cf.words().iter().skip(1) {
        let named = AlgorithmSet::from_name(&text(word)).ok_or_else(|| {
            ConfError::because(format!(
                "has unknown algorithm \"{}\": use EdDSA or some of {}",
                text(word),
                AlgorithmSet::all()
            ))
        })?;
        algorithms = algorithms.union(named);
    }
    set_once(
        &mut conf.policy.algorithms,
        (algorithms, Rc::new(cf.place())),
    )
}

pub(super) fn profile(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    let word = argument(cf)?;
    let profile = Profile::from_name(&text(word)).ok_or_else(|| {
        ConfError::because(format!(
            "has unknown profile \"{}\": it must be \"at+jwt\"",
            text(word)
        ))
    })?;
    if !conf.policy.profiles.is_empty() {
        return Err(ConfError::duplicate());
    }
    conf.policy.profiles.push(Rc::new(ProfileDirective {
        profile,
        place: cf.place(),
    }));
    Ok(())
}

pub(super) fn revocation_list(cf: &Conf<'_>, conf: &mut LocConf, format: RevocationFormat) -> Set {
    let name = argument(cf)?;
    if name.is_empty() || name.contains(&b'$') {
        return Err(ConfError::because(format!(
            "has invalid file name \"{}\": it takes one file, without variables",
            text(name)
        )));
    }
    let path = cf.full_path(name);
    let main = cf.main_conf::<AuthJwt>();
    let (Some(path), Some(main)) = (path, main) else {
        return Err(ConfError::because("could not be read: out of memory"));
    };
    let path = path_of(&path);
    let file = main
        .revocation_files
        .open(RevocationFileId { path, format }, cf.log());
    if let Some(problem) = file.problem() {
        return Err(ConfError::because(format!("has no list: {problem}")));
    }
    conf.policy.revocation_lists.push(file);
    Ok(())
}

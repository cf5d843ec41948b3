//! `auth_jwt_issuer NAME { … }`.

use std::rc::Rc;

use jwt_core::{AlgorithmSet, Confirmation, IssuerPolicy, KeyFormat, limits};

use super::MainConf;
use super::remote_block::RemoteBlock;
use crate::ffi::{Conf, ConfError, parse_seconds};
use crate::keys::{Issuer, KeyDirective, KeyPath, KeySource};

pub(super) type Set = Result<(), ConfError>;

/// What a block says. `None` and empty: not said.
#[derive(Default)]
struct IssuerBlock {
    names: Vec<String>,
    key_file: Option<KeyDirective>,
    remote: RemoteBlock,
    audience: Vec<String>,
    audience_claim: Option<String>,
    algorithms: Option<AlgorithmSet>,
    require: Vec<String>,
    types: Vec<String>,
    max_lifetime: Option<u64>,
    leeway: Option<u64>,
    confirmation: Option<Confirmation>,
}

/// The setter of `auth_jwt_issuer`.
pub(super) fn issuer(cf: &Conf<'_>, main: &mut MainConf) -> Set {
    let words = cf.words();
    let [_, name] = words.as_slice() else {
        return Err(ConfError::because("takes a name and a block"));
    };
    let name = text(name)?;
    if let Some(other) = main.issuers.iter().find(|other| other.name == name) {
        return Err(ConfError::because(format!(
            "is duplicate: issuer \"{name}\" is defined in {}:{} already",
            other.place.file, other.place.line
        )));
    }
    let place = cf.place();
    let mut block = IssuerBlock::default();
    cf.read_block(|cf| block.read(cf))?;

    let because = |fragment: &str| ConfError::because(format!("\"{name}\" {fragment}"));
    let certificate = match block.confirmation {
        Some(Confirmation::MutualTls) => Some(cf.variable_index(b"ssl_client_raw_cert")?),
        Some(Confirmation::Refuse | Confirmation::Ignore) | None => None,
    };
    let Some(issuer) = block.names.first() else {
        return Err(because("has no \"issuer\": name the tokens' iss"));
    };
    if let (Some(_), Some(other)) = (&block.key_file, block.remote.first()) {
        return Err(because(&format!(
            "has both \"key_file\" and \"{other}\": keys come from a file, or are fetched"
        )));
    }
    let keys = match block.key_file.take() {
        Some(key_file) => Rc::new(key_file)
            .open(cf, &main.key_files, limits::DEFAULT_MIN_RSA_BITS)
            .map_err(|_| ConfError::Logged)?,
        None => {
            let keys = block.remote.open(main, &name, issuer);
            let keys = Rc::new(keys.map_err(|problem| because(&problem))?);
            main.remote_keys.push(Rc::clone(&keys));
            KeySource::Remote(keys)
        }
    };
    main.issuers.push(Rc::new(Issuer {
        name,
        place,
        policy: block.policy(),
        keys,
        certificate,
    }));
    Ok(())
}

impl IssuerBlock {
    /// Reads one directive of the block.
    fn read(&mut self, cf: &Conf<'_>) -> Set {
        let words = cf.words();
        let Some((name, arguments)) = words.split_first() else {
            return Ok(());
        };
        match *name {
            b"issuer" => add(&mut self.names, &[one(arguments)?]),
            b"key_file" => set_once(&mut self.key_file, key_file(cf, arguments)?),
            b"audience" => add(&mut self.audience, some(arguments)?),
            b"audience_claim" => set_once(&mut self.audience_claim, text(one(arguments)?)?),
            b"algorithms" => set_once(&mut self.algorithms, algorithms(some(arguments)?)?),
            b"require" => add(&mut self.require, some(arguments)?),
            b"type" => add(&mut self.types, some(arguments)?),
            b"max_lifetime" => set_once(&mut self.max_lifetime, time(one(arguments)?)?),
            b"leeway" => set_once(&mut self.leeway, seconds(one(arguments)?)?),
            b"cnf" => set_once(&mut self.confirmation, confirmation(one(arguments)?)?),
            name => match self.remote.read(cf, name, arguments) {
                Some(set) => set,
                None => Err(ConfError::because("is not known in an issuer's block")),
            },
        }
    }

    fn policy(self) -> IssuerPolicy {
        let defaults = IssuerPolicy::default();
        IssuerPolicy {
            names: self.names,
            audience: self.audience,
            audience_claim: self.audience_claim.unwrap_or(defaults.audience_claim),
            algorithms: self.algorithms.unwrap_or(defaults.algorithms),
            require: if self.require.is_empty() {
                defaults.require
            } else {
                self.require
            },
            types: self.types,
            max_lifetime: self.max_lifetime,
            leeway: self.leeway,
            confirmation: self.confirmation.unwrap_or_default(),
        }
    }
}

pub(super) fn set_once<T>(slot: &mut Option<T>, value: T) -> Set {
    if slot.is_some() {
        return Err(ConfError::duplicate());
    }
    *slot = Some(value);
    Ok(())
}

pub(super) fn one<'a>(arguments: &[&'a [u8]]) -> Result<&'a [u8], ConfError> {
    match arguments {
        [argument] => Ok(argument),
        _ => Err(ConfError::because("takes one parameter")),
    }
}

fn some<'a, 'b>(arguments: &'a [&'b [u8]]) -> Result<&'a [&'b [u8]], ConfError> {
    if arguments.is_empty() {
        return Err(ConfError::because("takes at least one parameter"));
    }
    Ok(arguments)
}

/// A word as text, never empty.
pub(super) fn text(word: &[u8]) -> Result<String, ConfError> {
    match std::str::from_utf8(word) {
        Ok("") => Err(ConfError::because("has an empty parameter")),
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(ConfError::because("has a parameter that is not UTF-8")),
    }
}

pub(super) fn invalid(word: &[u8], remedy: &str) -> ConfError {
    let word = String::from_utf8_lossy(word);
    ConfError::because(format!("has invalid value \"{word}\": {remedy}"))
}

fn add(list: &mut Vec<String>, words: &[&[u8]]) -> Set {
    for word in words {
        let word = text(word)?;
        if list.contains(&word) {
            return Err(ConfError::because(format!("names \"{word}\" twice")));
        }
        list.push(word);
    }
    Ok(())
}

fn algorithms(words: &[&[u8]]) -> Result<AlgorithmSet, ConfError> {
    words.iter().try_fold(AlgorithmSet::new(), |set, word| {
        let named = std::str::from_utf8(word).ok();
        let named = named
            .and_then(AlgorithmSet::from_name)
            .ok_or_else(|| invalid(word, "use names of signature algorithms, as RS256 or ES256"))?;
        Ok(set.union(named))
    })
}

/// In seconds.
fn seconds(word: &[u8]) -> Result<u64, ConfError> {
    parse_seconds(word).ok_or_else(|| invalid(word, "use seconds or a time such as 30s or 1m"))
}

/// In seconds, and not 0.
fn time(word: &[u8]) -> Result<u64, ConfError> {
    match seconds(word)? {
        0 => Err(invalid(word, "use a time above 0")),
        seconds => Ok(seconds),
    }
}

fn confirmation(word: &[u8]) -> Result<Confirmation, ConfError> {
    match word {
        b"refuse" => Ok(Confirmation::Refuse),
        b"mtls" => Ok(Confirmation::MutualTls),
        b"ignore" => Ok(Confirmation::Ignore),
        _ => Err(invalid(word, "use \"refuse\", \"mtls\" or \"ignore\"")),
    }
}

fn key_file(cf: &Conf<'_>, arguments: &[&[u8]]) -> Result<KeyDirective, ConfError> {
    let (arguments, optional) = match arguments {
        [rest @ .., b"optional"] => (rest, true),
        _ => (arguments, false),
    };
    let (path, format) = match arguments {
        [path] => (path, None),
        [path, b"jwks"] => (path, Some(KeyFormat::Jwks)),
        [path, b"keyval"] => (path, Some(KeyFormat::Keyval)),
        [path, b"pem"] => (path, Some(KeyFormat::Pem)),
        _ => {
            return Err(ConfError::because(
                "takes a file, then \"jwks\", \"keyval\" or \"pem\", then \"optional\"",
            ));
        }
    };
    text(path)?;
    let path = cf
        .full_path(path)
        .ok_or_else(|| ConfError::because("could not be read: out of memory"))?;
    Ok(KeyDirective {
        name: "key_file",
        path: KeyPath::Literal(path),
        format,
        optional,
        place: cf.place(),
    })
}

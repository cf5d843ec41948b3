//! What an issuer's block says of fetching its keys.

use std::path::PathBuf;
use std::time::Duration;

use jwt_core::{Endpoint, RefreshPlan};

use super::MainConf;
use super::issuer_block::{Set, invalid, one, set_once, text};
use crate::ffi::{Conf, ConfError, parse_milliseconds};
use crate::keys::{FetchSource, KeysAt, RemoteKeys, TrustOptions, path_of};

/// In milliseconds.
const REFRESH: u64 = 5 * 60_000;
const STALE: u64 = 24 * 3_600_000;
const COOLDOWN: u64 = 30_000;
const TIMEOUT: u64 = 5_000;

/// `None`: not said.
#[derive(Default)]
pub(super) struct RemoteBlock {
    config_url: Option<Endpoint>,
    jwks_uri: Option<Endpoint>,
    refresh: Option<u64>,
    stale: Option<u64>,
    cooldown: Option<u64>,
    timeout: Option<u64>,
    proxy: Option<Endpoint>,
    bearer_file: Option<PathBuf>,
    verify: Option<bool>,
    certificates: Option<PathBuf>,
    revocation_lists: Option<PathBuf>,
    /// The first directive of these.
    first: Option<String>,
}

impl RemoteBlock {
    /// Reads one directive. `None`: it is not one of these.
    pub(super) fn read(&mut self, cf: &Conf<'_>, name: &[u8], arguments: &[&[u8]]) -> Option<Set> {
        let set = match name {
            b"config_url" => url(arguments).and_then(|it| set_once(&mut self.config_url, it)),
            b"jwks_uri" => url(arguments).and_then(|it| set_once(&mut self.jwks_uri, it)),
            b"refresh" => time(arguments).and_then(|it| set_once(&mut self.refresh, it)),
            b"stale" => time(arguments).and_then(|it| set_once(&mut self.stale, it)),
            b"cooldown" => time(arguments).and_then(|it| set_once(&mut self.cooldown, it)),
            b"timeout" => time(arguments).and_then(|it| set_once(&mut self.timeout, it)),
            b"proxy" => proxy(arguments).and_then(|it| set_once(&mut self.proxy, it)),
            b"bearer_file" => {
                path(cf, arguments).and_then(|it| set_once(&mut self.bearer_file, it))
            }
            b"ssl_verify" => verify(cf, arguments).and_then(|it| set_once(&mut self.verify, it)),
            b"ssl_trusted_certificate" => {
                path(cf, arguments).and_then(|it| set_once(&mut self.certificates, it))
            }
            b"ssl_crl" => {
                path(cf, arguments).and_then(|it| set_once(&mut self.revocation_lists, it))
            }
            _ => return None,
        };
        let name = || String::from_utf8_lossy(name).into_owned();
        self.first.get_or_insert_with(name);
        Some(set)
    }

    /// The first of these directives that was there.
    pub(super) fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    /// The keys of the issuer that the block is about. The error goes on after its name.
    pub(super) fn open(
        &self,
        main: &MainConf,
        name: &str,
        issuer: &str,
    ) -> Result<RemoteKeys, String> {
        let keys = self.keys_at(issuer)?;
        let plan = self.plan()?;
        if self.bearer_file.is_some() && !keys.first().is_https() {
            return Err("has a \"bearer_file\", which is sent over https only".to_owned());
        }
        let trust = TrustOptions {
            verify: self.verify.unwrap_or(true),
            certificates: self.certificates.clone(),
            revocation_lists: self.revocation_lists.clone(),
        };
        let tls = trust.load(&main.system_store, keys.first().is_https());
        let source = FetchSource {
            issuer: issuer.to_owned(),
            keys,
            timeout: Duration::from_millis(plan.timeout),
            proxy: self.proxy.clone(),
            bearer_file: self.bearer_file.clone(),
            tls: tls?,
        };
        if let Some(path) = &source.bearer_file {
            main.bearer_files.borrow_mut().push(path.clone());
        }
        Ok(RemoteKeys::new(name, plan, source, trust, &main.zone.zone))
    }

    fn keys_at(&self, issuer: &str) -> Result<KeysAt, String> {
        match (&self.config_url, &self.jwks_uri) {
            (Some(_), Some(_)) => {
                Err("has both \"config_url\" and \"jwks_uri\": choose one".to_owned())
            }
            (Some(url), None) => Ok(KeysAt::Document(url.clone())),
            (None, Some(url)) => Ok(KeysAt::Keys(url.clone())),
            (None, None) => discovery(issuer),
        }
    }

    fn plan(&self) -> Result<RefreshPlan, String> {
        let refresh = self.refresh.unwrap_or(REFRESH);
        let plan = RefreshPlan {
            refresh,
            stale: self.stale.unwrap_or(STALE.max(refresh.saturating_mul(2))),
            cooldown: self.cooldown.unwrap_or(COOLDOWN.min(refresh)),
            timeout: self.timeout.unwrap_or(TIMEOUT),
        };
        if plan.cooldown > plan.refresh {
            return Err("has a \"cooldown\" that is longer than \"refresh\"".to_owned());
        }
        if plan.stale <= plan.refresh {
            return Err(
                "has a \"stale\" that is not longer than \"refresh\": its keys would run out \
                 before they are fetched again"
                    .to_owned(),
            );
        }
        Ok(plan)
    }
}

/// Where discovery begins for an issuer of this name.
fn discovery(issuer: &str) -> Result<KeysAt, String> {
    const OR: &str = "say where its keys are with config_url, jwks_uri or key_file";
    if issuer.contains('{') {
        return Err(format!(
            "has the template \"{issuer}\" as its issuer: name each tenant's own"
        ));
    }
    let url = Endpoint::parse(issuer).map_err(|error| {
        format!("has the issuer \"{issuer}\", where no discovery can begin, as it {error}: {OR}")
    })?;
    if !url.is_https() && !url.is_loopback() {
        return Err(format!(
            "has the issuer \"{issuer}\", which is not https: whoever is on the way could send \
             keys of its own; correct it, or {OR}"
        ));
    }
    url.discovery().map(KeysAt::Discovery).ok_or_else(|| {
        format!("has the issuer \"{issuer}\" with a query, where no discovery can begin: {OR}")
    })
}

/// https, or http on this machine.
fn url(arguments: &[&[u8]]) -> Result<Endpoint, ConfError> {
    let word = one(arguments)?;
    let url =
        Endpoint::parse(&text(word)?).map_err(|error| invalid(word, &format!("it {error}")))?;
    if !url.is_https() && !url.is_loopback() {
        return Err(invalid(
            word,
            "use https: whoever is on the way could send keys of its own",
        ));
    }
    Ok(url)
}

fn proxy(arguments: &[&[u8]]) -> Result<Endpoint, ConfError> {
    const FORM: &str = "use a form such as http://proxy.example.com:3128";
    let word = one(arguments)?;
    let url = Endpoint::parse(&text(word)?)
        .map_err(|error| invalid(word, &format!("it {error}; {FORM}")))?;
    if url.is_https() || !url.is_origin() {
        return Err(invalid(word, FORM));
    }
    Ok(url)
}

/// In milliseconds, and not 0.
fn time(arguments: &[&[u8]]) -> Result<u64, ConfError> {
    let word = one(arguments)?;
    parse_milliseconds(word)
        .filter(|time| *time > 0)
        .ok_or_else(|| invalid(word, "use a time above 0, such as 500ms, 30s or 5m"))
}

fn path(cf: &Conf<'_>, arguments: &[&[u8]]) -> Result<PathBuf, ConfError> {
    let word = one(arguments)?;
    text(word)?;
    let path = cf
        .full_path(word)
        .ok_or_else(|| ConfError::because("could not be read: out of memory"))?;
    Ok(path_of(&path))
}

fn verify(cf: &Conf<'_>, arguments: &[&[u8]]) -> Result<bool, ConfError> {
    match one(arguments)? {
        b"on" => Ok(true),
        b"off" => {
            cf.warn(
                "\"ssl_verify off\": whoever is on the way to the issuer can send keys of its own, \
                 and write tokens that pass; name its certificate with ssl_trusted_certificate",
            );
            Ok(false)
        }
        word => Err(invalid(word, "it must be \"on\" or \"off\"")),
    }
}

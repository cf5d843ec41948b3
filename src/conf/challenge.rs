//! What the challenge says: `auth_jwt_www_authenticate`, `auth_jwt_resource_metadata`.

use std::rc::Rc;

use super::directives::{Set, argument, set_once, text};
use super::location::LocConf;
use super::variable_use::{compile, warn_of_client_input};
use crate::ffi::{ComplexValue, Conf, ConfError};

/// `auth_jwt_www_authenticate`.
#[derive(Clone)]
pub(crate) enum WwwAuthenticate {
    /// The module's own challenge; the default.
    On,
    /// None.
    Off,
    /// This value, as it is.
    Text(Rc<ComplexValue>),
}

/// What a level says about the challenge. `None`: inherited.
#[derive(Default)]
pub(crate) struct ChallengeConf {
    www_authenticate: Option<WwwAuthenticate>,
    /// `Some(None)`: off.
    resource_metadata: Option<Option<Rc<ComplexValue>>>,
}

impl ChallengeConf {
    /// What becomes of the header.
    pub(crate) fn www_authenticate(&self) -> &WwwAuthenticate {
        self.www_authenticate
            .as_ref()
            .unwrap_or(&WwwAuthenticate::On)
    }

    /// The parameter `resource_metadata` (RFC 9728 5.1).
    pub(crate) fn resource_metadata(&self) -> Option<&ComplexValue> {
        self.resource_metadata.as_ref()?.as_deref()
    }

    /// Each is inherited until set.
    pub(super) fn inherit(&mut self, parent: &ChallengeConf) {
        let (www_authenticate, resource_metadata) =
            (&parent.www_authenticate, &parent.resource_metadata);
        self.www_authenticate = self
            .www_authenticate
            .take()
            .or_else(|| www_authenticate.clone());
        self.resource_metadata = self
            .resource_metadata
            .take()
            .or_else(|| resource_metadata.clone());
    }
}

/// `auth_jwt_www_authenticate on | off | string`.
pub(super) fn www_authenticate(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    let value = match argument(cf)? {
        b"on" => WwwAuthenticate::On,
        b"off" => WwwAuthenticate::Off,
        word => {
            let value = compile(cf, word)?;
            if value.literal().is_some_and(|text| !is_header_text(text)) {
                return Err(ConfError::because(
                    "has an invalid value: a header takes the bytes 0x20-0x7e only",
                ));
            }
            WwwAuthenticate::Text(Rc::new(value))
        }
    };
    set_once(&mut conf.challenge.www_authenticate, value)
}

/// `auth_jwt_resource_metadata uri | off`.
pub(super) fn resource_metadata(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    let value = match argument(cf)? {
        b"off" => None,
        word => {
            let value = compile(cf, word)?;
            match value.literal() {
                Some(uri) if !is_web_uri(uri) => {
                    return Err(ConfError::because(format!(
                        "has invalid URI \"{}\": use https://, or http:// for a loopback host",
                        text(word)
                    )));
                }
                Some(_) => {}
                None => warn_of_client_input(
                    cf,
                    word,
                    &["arg_", "http_", "cookie_", "host"],
                    "the client then chooses where the resource's metadata is; name it",
                ),
            }
            Some(Rc::new(value))
        }
    };
    set_once(&mut conf.challenge.resource_metadata, value)
}

/// Whether a header can carry the text unharmed.
pub(crate) fn is_header_text(text: &[u8]) -> bool {
    text.iter().all(|byte| (0x20..=0x7e).contains(byte))
}

/// Whether this is an absolute URI that RFC 9728 allows: `https`, without a fragment. `http` is for
/// loopback hosts, where there is no network to protect it from.
pub(super) fn is_web_uri(uri: &[u8]) -> bool {
    let Ok(uri) = std::str::from_utf8(uri) else {
        return false;
    };
    let is_loopback = |rest: &str| {
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| {
            rest.strip_prefix(host)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
        })
    };
    let rest = match (uri.strip_prefix("https://"), uri.strip_prefix("http://")) {
        (Some(rest), _) => rest,
        (None, Some(rest)) if is_loopback(rest) => rest,
        (None, _) => return false,
    };
    let has_host = !rest.is_empty() && !rest.starts_with(['/', '?', ':', '@']);
    has_host
        && uri
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"#\"\\<>".contains(&byte))
}

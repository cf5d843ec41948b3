//! A fetch of an issuer's keys, from the discovery document to the parsed set. Runs in a helper
//! thread: it blocks, and touches nothing of nginx's (invariant 7).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jwt_core::{
    Endpoint, KeyFormat, KeyLoadOptions, KeySet, Notice, discovered_keys, limits, max_age,
};

use super::ed448;
use super::http::{Client, Response, Trouble};
use super::tls::TlsConnector;

/// Longest token in a `bearer_file`, in bytes.
const MOST_BEARER: usize = 16 * 1024;

/// Where an issuer's keys are, as configured.
#[derive(Clone, Debug, Hash)]
pub(crate) enum KeysAt {
    /// Its discovery document says, which is at the first of these that there is.
    Discovery([Endpoint; 2]),
    /// A discovery document says.
    Document(Endpoint),
    /// There.
    Keys(Endpoint),
}

impl KeysAt {
    /// The address that is asked first.
    pub(crate) fn first(&self) -> &Endpoint {
        match self {
            KeysAt::Discovery([first, _]) => first,
            KeysAt::Document(at) | KeysAt::Keys(at) => at,
        }
    }
}

/// How an issuer's keys are fetched.
pub(crate) struct FetchSource {
    /// Its identifier, which its discovery document must name.
    pub(crate) issuer: String,
    /// Where its keys are.
    pub(crate) keys: KeysAt,
    /// What a whole fetch may last.
    pub(crate) timeout: Duration,
    /// A CONNECT proxy.
    pub(crate) proxy: Option<Endpoint>,
    /// A file with a token to send, to the configured origin.
    pub(crate) bearer_file: Option<PathBuf>,
    /// Whom to trust.
    pub(crate) tls: TlsConnector,
}

/// What makes it possible to ask whether a set of keys has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Validator {
    /// Where the set came from.
    pub(super) url: String,
    /// Its ETag; empty: none.
    pub(super) etag: String,
}

/// What a fetch brought.
pub(super) enum Fetched {
    /// A set with usable keys.
    Keys {
        /// Just as it came.
        body: Vec<u8>,
        /// The same, parsed.
        keys: Arc<KeySet>,
        /// What there is to say about it.
        notices: Vec<Notice>,
        /// How to ask whether it has changed.
        validator: Validator,
        /// How long the answer says it lasts, in seconds.
        max_age: Option<u64>,
    },
    /// The set has not changed.
    NotModified {
        /// As above.
        max_age: Option<u64>,
    },
}

impl FetchSource {
    /// Fetches the keys. `known`: the set that is in force.
    pub(super) fn fetch(&self, known: &Validator) -> Result<Fetched, Trouble> {
        let client = Client::new(self.tls.clone(), self.proxy.as_ref(), self.timeout);
        let client = client.map_err(|problem| Trouble {
            url: self.keys.first().to_string(),
            cause: format!("is not asked: {problem}"),
            remedy: "correct \"proxy\"",
        })?;
        let bearer = self.bearer()?;
        let bearer_for = |endpoint: &Endpoint| {
            let is_ours = endpoint.is_https() && endpoint.is_same_origin(self.keys.first());
            bearer.as_deref().filter(|_| is_ours)
        };
        let get = |at: &Endpoint| client.get(at, bearer_for(at), None);
        let at = match &self.keys {
            KeysAt::Keys(at) => at.clone(),
            KeysAt::Document(at) => self.discover(at, get(at)?)?,
            KeysAt::Discovery([openid, oauth]) => {
                let document = get(openid)?;
                if (400..500).contains(&document.status) {
                    match get(oauth) {
                        Ok(other) if other.status == 200 => self.discover(oauth, other)?,
                        _ => self.discover(openid, document)?,
                    }
                } else {
                    self.discover(openid, document)?
                }
            }
        };
        let url = at.to_string();
        let etag = Some(known.etag.as_str()).filter(|etag| !etag.is_empty() && known.url == url);
        let answer = client.get(&at, bearer_for(&at), etag)?;
        let max_age = answer.cache_control.as_deref().and_then(max_age);
        if answer.status == 304 && etag.is_some() {
            return Ok(Fetched::NotModified { max_age });
        }
        self.parse(url, answer, max_age)
    }

    fn discover(&self, at: &Endpoint, answer: Response) -> Result<Endpoint, Trouble> {
        let trouble = |cause: String| Trouble {
            url: at.to_string(),
            cause,
            remedy: "correct \"issuer\", or say where its keys are with config_url, jwks_uri or \
                     key_file",
        };
        if answer.status != 200 {
            return Err(trouble(format!(
                "answers with {}: there is no discovery document",
                answer.status
            )));
        }
        discovered_keys(&answer.body, &self.issuer, at)
            .map_err(|error| trouble(format!("answers with a discovery document that {error}")))
    }

    fn parse(
        &self,
        url: String,
        answer: Response,
        max_age: Option<u64>,
    ) -> Result<Fetched, Trouble> {
        let trouble = |cause: String| Trouble {
            url: url.clone(),
            cause,
            remedy: "it must answer with the issuer's JWK Set",
        };
        if answer.status != 200 {
            return Err(trouble(format!("answers with {}", answer.status)));
        }
        let (keys, notices) = parse_published(&answer.body)
            .map_err(|error| trouble(format!("answers with a body that {error}")))?;
        if keys.is_empty() {
            let reasons: Vec<_> = notices.iter().map(|notice| &*notice.message).collect();
            let mut reasons = reasons.join("; ");
            if reasons.is_empty() {
                reasons.push_str("it is empty");
            }
            return Err(trouble(format!(
                "answers with a set without one usable key: {}",
                shortened(&reasons)
            )));
        }
        Ok(Fetched::Keys {
            body: answer.body,
            keys: Arc::new(keys),
            notices,
            validator: Validator {
                url,
                etag: answer.etag.unwrap_or_default(),
            },
            max_age,
        })
    }

    /// The token of the `bearer_file`, as it is now: such tokens are renewed in place.
    fn bearer(&self) -> Result<Option<String>, Trouble> {
        let Some(path) = &self.bearer_file else {
            return Ok(None);
        };
        read_bearer(path).map(Some).map_err(|problem| Trouble {
            url: self.keys.first().to_string(),
            cause: format!(
                "is not asked: the bearer_file \"{}\" {problem}",
                path.display()
            ),
            remedy: "let nginx's user read it",
        })
    }
}

fn read_bearer(path: &Path) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if !metadata.is_file() || metadata.len() > MOST_BEARER as u64 {
        return Err(format!("is no file of {MOST_BEARER} bytes at most"));
    }
    let token = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let token = token.trim_ascii();
    let is_token = |token: &[u8]| {
        (1..=MOST_BEARER).contains(&token.len())
            && token.iter().all(|byte| (0x21..0x7f).contains(byte))
    };
    if !is_token(token) {
        return Err("holds no token".to_owned());
    }
    Ok(String::from_utf8_lossy(token).into_owned())
}

/// The keys of a set that everybody can read.
pub(super) fn parse_published(body: &[u8]) -> Result<(KeySet, Vec<Notice>), String> {
    let options = KeyLoadOptions {
        min_rsa_bits: limits::DEFAULT_MIN_RSA_BITS,
        load_ed448: Some(ed448::load),
        published: true,
    };
    KeySet::parse(body, None::<KeyFormat>, &options).map_err(|error| error.to_string())
}

/// For one line of the log.
fn shortened(text: &str) -> String {
    const MOST: usize = 400;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push_str("...");
    }
    short
}

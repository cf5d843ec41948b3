//! One GET, for a helper thread: it blocks.

use std::io;
use std::time::{Duration, Instant};

use jwt_core::{Endpoint, limits};
use ureq::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderName, IF_NONE_MATCH, LOCATION,
};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, TcpConnector};
use ureq::{Agent, Body, Proxy, Timeout, http};

use super::tls::TlsConnector;

/// Redirects that are followed, to the same origin only.
const MOST_REDIRECTS: usize = 3;

/// Longest ETag that is sent back, in bytes.
const MOST_ETAG: usize = 256;

/// Why there is no answer, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What was asked.
    pub(super) url: String,
    /// Goes on after the URL.
    pub(super) cause: String,
    /// What to do.
    pub(super) remedy: &'static str,
}

/// An answer, whatever its status.
pub(super) struct Response {
    /// HTTP status.
    pub(super) status: u16,
    /// The validator of RFC 9110 8.8.3, where it is one that can be sent back.
    pub(super) etag: Option<String>,
    /// `Cache-Control`.
    pub(super) cache_control: Option<String>,
    /// The whole body.
    pub(super) body: Vec<u8>,
}

/// What asks, for the length of one fetch.
pub(super) struct Client {
    agent: Agent,
    timeout: Duration,
    started: Instant,
}

impl Client {
    /// Everything that it asks must be done within `timeout`.
    pub(super) fn new(
        tls: TlsConnector,
        proxy: Option<&Endpoint>,
        timeout: Duration,
    ) -> Result<Client, String> {
        let proxy = match proxy {
            Some(proxy) => Some(
                Proxy::new(&proxy.to_string())
                    .map_err(|error| format!("the proxy {proxy} cannot be used: {error}"))?,
            ),
            None => None,
        };
        let config = Agent::config_builder()
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(32 * 1024)
            .user_agent(concat!("nginx-auth-jwt/", env!("CARGO_PKG_VERSION")))
            .build();
        let connector =
            ().chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(tls);
        Ok(Client {
            agent: Agent::with_parts(config, connector, DefaultResolver::default()),
            timeout,
            started: Instant::now(),
        })
    }

    /// Asks for `endpoint`. `bearer` goes to its origin only; an answer that still has `etag` may
    /// come without a body (304).
    pub(super) fn get(
        &self,
        endpoint: &Endpoint,
        bearer: Option<&str>,
        etag: Option<&str>,
    ) -> Result<Response, Trouble> {
        let mut at = endpoint.clone();
        for _ in 0..=MOST_REDIRECTS {
            let trouble = |cause: String, remedy: &'static str| Trouble {
                url: at.to_string(),
                cause,
                remedy,
            };
            let answer = self.ask(&at, bearer, etag);
            let mut answer = answer.map_err(|error| {
                let (cause, remedy) = self.explain(&error);
                trouble(cause, remedy)
            })?;
            let status = answer.status().as_u16();
            if matches!(status, 301 | 302 | 303 | 307 | 308)
                && let Some(location) = header(&answer, LOCATION)
            {
                const REMEDY: &str = "configure the address that it leads to";
                let to = at
                    .join(&location)
                    .map_err(|error| trouble(format!("redirects to a URL that {error}"), REMEDY))?;
                if !to.is_same_origin(&at) {
                    return Err(trouble(
                        format!("redirects to {to}, another origin, where no keys are taken from"),
                        REMEDY,
                    ));
                }
                at = to;
                continue;
            }
            let encoding = header(&answer, CONTENT_ENCODING);
            if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
                return Err(trouble(
                    "answers with a compressed body".to_owned(),
                    "no Accept-Encoding was sent: its server must not do that",
                ));
            }
            let body = answer.body_mut().with_config();
            // The limit is refused too, and what is just as long as allowed is not.
            let most = (limits::MAX_FETCHED_SIZE as u64).saturating_add(1);
            let body = body.limit(most).read_to_vec();
            let body = body.map_err(|error| {
                let (cause, remedy) = self.explain(&error);
                trouble(cause, remedy)
            })?;
            let is_sendable = |etag: &String| {
                etag.len() <= MOST_ETAG && etag.bytes().all(|byte| (0x21..0x7f).contains(&byte))
            };
            return Ok(Response {
                status,
                etag: header(&answer, ETAG).filter(is_sendable),
                cache_control: header(&answer, CACHE_CONTROL),
                body,
            });
        }
        Err(Trouble {
            url: endpoint.to_string(),
            cause: format!("redirects more than {MOST_REDIRECTS} times"),
            remedy: "configure the address that it leads to",
        })
    }

    fn ask(
        &self,
        endpoint: &Endpoint,
        bearer: Option<&str>,
        etag: Option<&str>,
    ) -> Result<http::Response<Body>, ureq::Error> {
        let left = self.timeout.saturating_sub(self.started.elapsed());
        if left.is_zero() {
            return Err(ureq::Error::Timeout(Timeout::Global));
        }
        let mut request = self.agent.get(endpoint.to_string());
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, format!("Bearer {bearer}"));
        }
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let config = request.config().timeout_global(Some(left));
        config.build().call()
    }

    /// The cause in our words, and the remedy.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library may add errors of its own"
    )]
    fn explain(&self, error: &ureq::Error) -> (String, &'static str) {
        const ANSWER: &str = "it must answer a GET with JSON: see whether the address is right";
        const REACH: &str = "see whether this machine reaches it, by the name that the system resolves, \
                         or name a proxy";
        let late = || format!("did not answer within {} ms", self.timeout.as_millis());
        let is_late = self.started.elapsed() > self.timeout.mul_f32(0.9);
        match error {
            ureq::Error::Timeout(_) => (late(), REACH),
            // The client says so of each address that does not answer in its share of the time, too.
            ureq::Error::Io(error)
                if error.kind() == io::ErrorKind::ConnectionRefused && is_late =>
            {
                (late(), REACH)
            }
            ureq::Error::HostNotFound => ("has a host that is not known".to_owned(), REACH),
            ureq::Error::BodyExceedsLimit(_) => {
                let most = limits::MAX_FETCHED_SIZE;
                (format!("answers with more than {most} bytes"), ANSWER)
            }
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => (
                format!("has a TLS connection that is refused: {error}"),
                "ssl_trusted_certificate names the certificates to trust",
            ),
            ureq::Error::Io(error) => (format!("cannot be asked: {error}"), REACH),
            ureq::Error::ConnectProxyFailed(problem) => (
                format!("cannot be asked: {problem}"),
                "see whether the proxy lets this machine through",
            ),
            error => (format!("does not answer as it must: {error}"), ANSWER),
        }
    }
}

/// A header's value, where there is just one and it is text.
fn header(answer: &http::Response<Body>, name: HeaderName) -> Option<String> {
    let value = answer.headers().get(name)?;
    value.to_str().ok().map(str::to_owned)
}

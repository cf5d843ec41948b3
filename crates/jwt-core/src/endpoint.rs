//! URLs that keys are fetched from (RFC 3986), as far as they may be used for that.

use crate::limits::MAX_URL_SIZE;
use core::net::{Ipv4Addr, Ipv6Addr};
use std::fmt;

/// An absolute http or https URL without user, password and fragment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    is_https: bool,
    /// In lower case; an IPv6 address with its brackets.
    host: Box<str>,
    port: u16,
    /// Path and query; starts with `/`.
    path: Box<str>,
}

/// Why a text is no [`Endpoint`]. `Display` goes on after "it".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Longer than [`MAX_URL_SIZE`].
    #[error("is longer than {MAX_URL_SIZE} bytes")]
    TooLong,
    /// A byte that no URL holds (RFC 3986 2).
    #[error("holds a character that must not be in a URL")]
    Character,
    /// Neither `https://` nor `http://`.
    #[error("starts with neither \"https://\" nor \"http://\"")]
    Scheme,
    /// User or password.
    #[error("holds a user name or password")]
    User,
    /// No host, or none that could be one.
    #[error("has no valid host")]
    Host,
    /// Not 1 to 65535.
    #[error("has no valid port")]
    Port,
    /// `#…` names a part of an answer, never the answer.
    #[error("has a fragment (\"#\")")]
    Fragment,
}

impl Endpoint {
    /// # Errors
    /// [`EndpointError`].
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        if url.len() > MAX_URL_SIZE {
            return Err(EndpointError::TooLong);
        }
        let (is_https, rest) = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return Err(EndpointError::Scheme),
        };
        if rest.contains('#') {
            return Err(EndpointError::Fragment);
        }
        if !rest.bytes().all(is_url_byte) {
            return Err(EndpointError::Character);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(EndpointError::Host)?;
        if authority.contains('@') {
            return Err(EndpointError::User);
        }
        let (host, port) = split_port(authority)?;
        Ok(Self {
            is_https,
            host: host.to_ascii_lowercase().into(),
            port: port.unwrap_or(if is_https { 443 } else { 80 }),
            path: match path {
                "" => "/".into(),
                query if query.starts_with('?') => format!("/{query}").into(),
                path => path.into(),
            },
        })
    }

    /// Is it `https://`?
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Is its host this machine, by its name or address?
    pub fn is_loopback(&self) -> bool {
        let v6 = self
            .host
            .strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'));
        match v6 {
            Some(v6) => v6.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback()),
            None => {
                let v4 = self.host.parse::<Ipv4Addr>();
                &*self.host == "localhost" || v4.is_ok_and(|ip| ip.is_loopback())
            }
        }
    }

    /// Is it an origin alone, without a path?
    pub fn is_origin(&self) -> bool {
        &*self.path == "/"
    }

    /// Have both the same scheme, host and port (RFC 6454 4)?
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.is_https == other.is_https && self.host == other.host && self.port == other.port
    }

    /// Where a redirect from here leads (RFC 9110 10.2.2).
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn join(&self, location: &str) -> Result<Self, EndpointError> {
        let is_absolute = location
            .split_once("://")
            .is_some_and(|(scheme, _)| !scheme.contains(['/', '?', '#']));
        if is_absolute {
            return Self::parse(location);
        }
        let scheme = if self.is_https { "https" } else { "http" };
        if location.starts_with("//") {
            return Self::parse(&format!("{scheme}:{location}"));
        }
        let own = self.path.split('?').next().unwrap_or_default();
        let path = match location {
            rooted if rooted.starts_with('/') => rooted.to_owned(),
            query if query.starts_with('?') => format!("{own}{query}"),
            relative => {
                let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{folder}/{relative}")
            }
        };
        Self::parse(&format!("{scheme}://{}:{}{path}", self.host, self.port))
    }

    /// Where an issuer of this URL publishes what it is: the place that OpenID Connect Discovery 1.0
    /// section 4 names, then that of RFC 8414 section 3.1. One trailing `/` is dropped. None for a
    /// URL with a query, which no issuer has.
    pub fn discovery(&self) -> Option<[Self; 2]> {
        if self.path.contains('?') {
            return None;
        }
        let path = self.path.strip_suffix('/').unwrap_or(&self.path);
        let at = |path: String| Self {
            path: path.into(),
            ..self.clone()
        };
        Some([
            at(format!("{path}/.well-known/openid-configuration")),
            at(format!("/.well-known/oauth-authorization-server{path}")),
        ])
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.is_https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port != usual {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

/// RFC 3986 2.2 and 2.3, and the percent sign.
fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte)
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), EndpointError> {
    let (host, port) = match authority.rsplit_once(':') {
        // The colon of an address in brackets is no port's.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let v6 = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let is_host = match v6 {
        Some(v6) => v6.parse::<Ipv6Addr>().is_ok(),
        None => {
            let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !host.is_empty() && host.bytes().all(is_name_byte)
        }
    };
    if !is_host {
        return Err(EndpointError::Host);
    }
    let port = match port {
        None => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let port = digits.parse().ok().filter(|port| *port != 0);
            Some(port.ok_or(EndpointError::Port)?)
        }
        Some(_) => return Err(EndpointError::Port),
    };
    Ok((host, port))
}

//! `auth_jwt_resource_document`: what the metadata of a protected resource says (RFC 9728 2).

use std::rc::Rc;

use serde_json::{Map, Value};

use super::challenge::is_web_uri;
use super::directives::{Set, text};
use super::location::LocConf;
use crate::ffi::{Conf, ConfError};
use crate::keys::Issuer;
use crate::resource_document::ResourceDocument;
use crate::token_source::TokenSource;

/// RFC 9728 3: where a document stands, before the path of its resource.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The directive's parameters.
#[derive(Debug, Default)]
pub(crate) struct ResourceDirective {
    resource: String,
    name: Option<String>,
    authorization_servers: Vec<String>,
    scopes: Vec<String>,
}

impl ResourceDirective {
    /// The document, as JSON. `token_sources`: where the resource looks for tokens; `issuers`: whose
    /// it takes, where the directive names no authorization server itself; `demanded`: the scopes
    /// that it asks for, with spaces between them.
    pub(super) fn document(
        &self,
        cf: &Conf<'_>,
        token_sources: &[TokenSource],
        issuers: &[Rc<Issuer>],
        demanded: &str,
    ) -> String {
        let mut servers = self.authorization_servers.clone();
        if servers.is_empty() {
            let first_names = issuers.iter().filter_map(|it| it.policy.names.first());
            servers.extend(first_names.filter(|it| is_web_uri(it.as_bytes())).cloned());
        }
        if servers.is_empty() {
            cf.warn(&format!(
                "\"auth_jwt_resource_document\" in location \"{}\" names no authorization server: \
                 clients cannot find out where to get a token; add auth_jwt_trust or \
                 authorization_server=",
                cf.location_name()
            ));
        }
        let mut scopes: Vec<String> = demanded.split_terminator(' ').map(str::to_owned).collect();
        for scope in &self.scopes {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        let mut document = Map::new();
        let mut list = |name: &str, values: &[String]| {
            if !values.is_empty() {
                document.insert(name.to_owned(), Value::from(values));
            }
        };
        list("authorization_servers", &servers);
        list("scopes_supported", &scopes);
        let from_header = |source: &TokenSource| matches!(source, TokenSource::Authorization);
        // An empty array says: none of the methods of RFC 6750.
        let methods: &[&str] = if token_sources.is_empty() || token_sources.iter().any(from_header)
        {
            &["header"]
        } else {
            &[]
        };
        document.insert("bearer_methods_supported".to_owned(), Value::from(methods));
        document.insert("resource".to_owned(), Value::from(self.resource.as_str()));
        if let Some(name) = &self.name {
            document.insert("resource_name".to_owned(), Value::from(name.as_str()));
        }
        Value::Object(document).to_string()
    }

    /// The path that clients derive from the resource: RFC 9728 3.1.
    fn well_known_path(&self) -> String {
        let path = self
            .resource
            .split_once("://")
            .and_then(|(_, rest)| rest.find('/').and_then(|slash| rest.get(slash..)))
            .unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        format!("{WELL_KNOWN}{}", if path == "/" { "" } else { path })
    }
}

/// `auth_jwt_resource_document resource=uri [name=text] [authorization_server=uri ...] [scope=name ...]`.
pub(super) fn resource_document(cf: &Conf<'_>, conf: &mut LocConf) -> Set {
    if conf.resource.is_some() {
        return Err(ConfError::duplicate());
    }
    let mut directive = ResourceDirective::default();
    for word in cf.words().get(1..).unwrap_or_default() {
        directive.parameter(word)?;
    }
    if directive.resource.is_empty() {
        return Err(ConfError::because("needs resource=https://…"));
    }
    let expected = directive.well_known_path();
    let Some(location) = cf.exact_location() else {
        return Err(ConfError::because(format!(
            "must stand in a location of exactly one path: \"location = {expected}\""
        )));
    };
    if location != expected.as_bytes() && location != WELL_KNOWN.as_bytes() {
        cf.warn(&format!(
            "\"auth_jwt_resource_document\" stands in location \"{}\", where clients find it by a \
             challenge only: they look at \"{expected}\"",
            text(location)
        ));
    }
    cf.set_content_handler::<ResourceDocument>()
        .map_err(|_| ConfError::because("could not be read: there is no location"))?;
    conf.resource = Some(directive);
    Ok(())
}

impl ResourceDirective {
    fn parameter(&mut self, word: &[u8]) -> Set {
        let invalid = |why: &str| {
            ConfError::because(format!("has invalid parameter \"{}\": {why}", text(word)))
        };
        let utf8 = std::str::from_utf8(word).map_err(|_| invalid("it is not UTF-8"))?;
        let (name, value) = utf8.split_once('=').unwrap_or((utf8, ""));
        if value.is_empty() {
            return Err(invalid(
                "it takes resource=, name=, authorization_server= and scope=, each with a value",
            ));
        }
        let uri = || {
            is_web_uri(value.as_bytes())
                .then(|| value.to_owned())
                .ok_or_else(|| invalid("use https://, or http:// for a loopback host"))
        };
        match name {
            "resource" if self.resource.is_empty() => self.resource = uri()?,
            "name" if self.name.is_none() => self.name = Some(value.to_owned()),
            "resource" | "name" => return Err(invalid("it stands there twice")),
            "authorization_server" => self.authorization_servers.push(uri()?),
            "scope" if is_scope(value) => self.scopes.push(value.to_owned()),
            "scope" => return Err(invalid("a scope is one word (RFC 6749 3.3)")),
            _ => return Err(invalid("no parameter has this name")),
        }
        Ok(())
    }
}

/// A scope-token of RFC 6749 3.3.
fn is_scope(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

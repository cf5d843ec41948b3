//! `sidecar PORT JWKS`: an auth service for nginx's `auth_request`, as fast as one is with little
//! effort: one thread, hyper, connections kept alive, keys parsed once. 200 or 403.

#![allow(clippy::expect_used, reason = "a benchmark stops where it can't go on")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::rc::Rc;

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

/// Keys and what is demanded of their tokens, by `kid`.
type Keys = HashMap<String, (DecodingKey, Validation)>;

/// What this service looks at; `exp` is the library's.
#[derive(Deserialize)]
struct Claims {}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok());
    let jwks = arguments.next();
    let (port, jwks) = port.zip(jwks).expect("usage: sidecar PORT JWKS");
    let keys = Rc::new(read_keys(&jwks));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, serve(port, keys));
}

fn read_keys(path: &str) -> Keys {
    let text = std::fs::read(path).expect("the key file");
    let set: JwkSet = serde_json::from_slice(&text).expect("a JWK Set");
    let one = |jwk: &jsonwebtoken::jwk::Jwk| {
        let name = jwk.common.key_algorithm.expect("alg").to_string();
        let algorithm: Algorithm = name.parse().expect("a signature algorithm");
        let mut validation = Validation::new(algorithm);
        validation.validate_aud = false;
        let key = DecodingKey::from_jwk(jwk).expect("a key");
        (jwk.common.key_id.clone().expect("kid"), (key, validation))
    };
    set.keys.iter().map(one).collect()
}

async fn serve(port: u16, keys: Rc<Keys>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .expect("a free port");
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).expect("a TCP socket");
        let keys = Rc::clone(&keys);
        let service = service_fn(move |request| {
            let status = if accepts(&request, &keys) {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            let mut response = Response::new(Empty::<Bytes>::new());
            *response.status_mut() = status;
            std::future::ready(Ok::<_, Infallible>(response))
        });
        tokio::task::spawn_local(
            http1::Builder::new().serve_connection(TokioIo::new(stream), service),
        );
    }
}

fn accepts(request: &Request<Incoming>, keys: &Keys) -> bool {
    let token = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let Some(token) = token else { return false };
    let Some(kid) = decode_header(token).ok().and_then(|header| header.kid) else {
        return false;
    };
    keys.get(&kid)
        .is_some_and(|(key, validation)| decode::<Claims>(token, key, validation).is_ok())
}

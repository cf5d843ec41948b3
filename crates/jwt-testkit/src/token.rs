//! Good tokens, and tokens whose signature is good while the rest is whatever the caller says.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::b64::b64;
use crate::key::Key;

/// Unix time in whole seconds.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970")
        .as_secs()
}

/// Plain claims of a user: `sub`, and an `exp` in five minutes.
#[must_use]
pub fn claims(sub: &str) -> Value {
    json!({ "sub": sub, "exp": now() + 300 })
}

/// A token with the ordinary header: `typ`, the key's `alg` and `kid`.
#[must_use]
pub fn token(key: &Key, claims: &Value) -> String {
    let mut header = Map::new();
    header.insert("alg".into(), json!(key.alg().header_name()));
    header.insert("typ".into(), json!("JWT"));
    if let Some(kid) = key.kid() {
        header.insert("kid".into(), json!(kid));
    }
    sign(&Value::Object(header), claims, key)
}

/// A token with this header, which nobody checks against the key.
#[must_use]
pub fn sign(header: &Value, claims: &Value, key: &Key) -> String {
    sign_raw(header.to_string(), claims.to_string(), key)
}

/// A token whose header and payload are these bytes, well signed.
#[must_use]
pub fn sign_raw(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>, key: &Key) -> String {
    let input = format!("{}.{}", b64(header), b64(payload));
    let signature = b64(key.signature(input.as_bytes()));
    format!("{input}.{signature}")
}

//! Ways to break a token that was good.

use crate::b64::{b64, unb64};
use crate::key::Key;

/// The three parts of a compact token.
#[must_use]
pub fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().expect("a compact token has three parts")
}

/// The token with another header text; the signature stays the old one.
#[must_use]
pub fn with_header(token: &str, header: &str) -> String {
    let [_, payload, signature] = parts(token);
    format!("{}.{payload}.{signature}", b64(header))
}

/// The token with another payload; the signature stays the old one.
#[must_use]
pub fn with_payload(token: &str, payload: impl AsRef<[u8]>) -> String {
    let [header, _, signature] = parts(token);
    format!("{header}.{}.{signature}", b64(payload))
}

/// The token with these signature bytes.
#[must_use]
pub fn with_signature(token: &str, signature: impl AsRef<[u8]>) -> String {
    let [header, payload, _] = parts(token);
    format!("{header}.{payload}.{}", b64(signature))
}

/// The token with one bit of its signature flipped; `bit` counts from the first byte's lowest.
#[must_use]
pub fn flip_signature_bit(token: &str, bit: usize) -> String {
    let mut signature = signature(token);
    signature[bit / 8] ^= 1 << (bit % 8);
    with_signature(token, signature)
}

/// The bytes of the signature.
#[must_use]
pub fn signature(token: &str) -> Vec<u8> {
    unb64(parts(token)[2]).expect("a minted signature is base64url")
}

/// Signs the two given parts as they stand, however they are encoded.
#[must_use]
pub fn sign_encoded(header: &str, payload: &str, key: &Key) -> String {
    let input = format!("{header}.{payload}");
    let signature = b64(key.signature(input.as_bytes()));
    format!("{input}.{signature}")
}

/// The part's last character replaced by one that differs in the bits that decoding drops:
/// lenient decoders see the same bytes. `None` when the length leaves no such bits.
#[must_use]
pub fn with_trailing_bits(part: &str) -> Option<String> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if part.len().is_multiple_of(4) {
        return None;
    }
    let (rest, last) = part.split_at(part.len() - 1);
    let index = ALPHABET.iter().position(|c| c == &last.as_bytes()[0])?;
    Some(format!("{rest}{}", char::from(ALPHABET[index | 1])))
}

/// The `alg` is `none`, in this spelling, and the signature is empty (RFC 7515 appendix A.5).
#[must_use]
pub fn unsecured(none: &str, payload: &str) -> String {
    let header = format!(r#"{{"alg":"{none}","typ":"JWT"}}"#);
    format!("{}.{}.", b64(header), b64(payload))
}

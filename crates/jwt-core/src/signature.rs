//! Signature verification with keys that were parsed at load. The only file
//! that names a cryptographic library.

use crate::algorithm::{Algorithm, Hash, SignatureLength};
use aws_lc_rs::hmac;
use aws_lc_rs::signature as aws;

/// A key bound to one algorithm.
pub trait VerifySignature: Send + Sync {
    /// Is `signature` this key's signature of `message`?
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}

/// Loads an Ed448 public key (RFC 8032 5.2.2: 57 bytes), which aws-lc-rs does not implement.
/// None when the implementation refuses the key.
pub type LoadEd448 = fn(&[u8; 57]) -> Option<Box<dyn VerifySignature>>;

/// Does a signature of this length need to be looked at? For RSA the library compares it with the
/// modulus.
pub(crate) fn length_fits(algorithm: Algorithm, signature: &[u8]) -> bool {
    match algorithm.parameters().signature {
        SignatureLength::Bytes(length) => signature.len() == length,
        SignatureLength::Modulus => true,
    }
}

impl VerifySignature for hmac::Key {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        hmac::verify(self, message, signature).is_ok() // in constant time
    }
}

impl VerifySignature for aws::ParsedPublicKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verify_sig(message, signature).is_ok()
    }
}

/// A secret for an HMAC algorithm; None for any other algorithm.
pub(crate) fn load_secret(algorithm: Algorithm, secret: &[u8]) -> Option<Box<dyn VerifySignature>> {
    let hash = match algorithm.parameters().hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        Hash::Sha512 => hmac::HMAC_SHA512,
        Hash::Own => return None,
    };
    Some(Box::new(hmac::Key::new(hash, secret)))
}

/// An RSA key (big-endian, without leading zeros). `legacy`: below 2048 bits, for which there is
/// RS256 and RS512 only. None when the library has no such algorithm or refuses the key.
pub(crate) fn load_rsa(
    algorithm: Algorithm,
    modulus: &[u8],
    exponent: &[u8],
    legacy: bool,
) -> Option<Box<dyn VerifySignature>> {
    let parameters = match (algorithm, legacy) {
        (Algorithm::RS256, true) => &aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Algorithm::RS512, true) => &aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (Algorithm::RS256, false) => &aws::RSA_PKCS1_2048_8192_SHA256,
        (Algorithm::RS384, false) => &aws::RSA_PKCS1_2048_8192_SHA384,
        (Algorithm::RS512, false) => &aws::RSA_PKCS1_2048_8192_SHA512,
        (Algorithm::PS256, false) => &aws::RSA_PSS_2048_8192_SHA256,
        (Algorithm::PS384, false) => &aws::RSA_PSS_2048_8192_SHA384,
        (Algorithm::PS512, false) => &aws::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    };
    let components = aws::RsaPublicKeyComponents {
        n: modulus,
        e: exponent,
    };
    let key = components.to_parsed_public_key(parameters).ok()?;
    Some(Box::new(key))
}

/// An uncompressed EC point (SEC 1 2.3.3) or an Ed25519 key (32 bytes). None when the library
/// refuses it, as it does for a point that is not on the curve.
pub(crate) fn load_point(algorithm: Algorithm, point: &[u8]) -> Option<Box<dyn VerifySignature>> {
    let verification: &'static dyn aws::VerificationAlgorithm = match algorithm {
        Algorithm::ES256 => &aws::ECDSA_P256_SHA256_FIXED,
        Algorithm::ES384 => &aws::ECDSA_P384_SHA384_FIXED,
        Algorithm::ES512 => &aws::ECDSA_P521_SHA512_FIXED,
        Algorithm::ES256K => &aws::ECDSA_P256K1_SHA256_FIXED,
        Algorithm::Ed25519 => &aws::ED25519,
        Algorithm::HS256
        | Algorithm::HS384
        | Algorithm::HS512
        | Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512
        | Algorithm::Ed448 => return None,
    };
    let key = aws::ParsedPublicKey::new(verification, point).ok()?;
    Some(Box::new(key))
}

/// SHA-256 (FIPS 180-4).
pub(crate) fn sha256(data: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref());
    hash
}

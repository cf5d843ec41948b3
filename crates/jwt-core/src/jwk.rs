//! JSON Web Keys (RFC 7517, RFC 7518 6, RFC 8037 2, RFC 8812 3).

use crate::algorithm::{AlgorithmSet, Curve};
use crate::key::{Bound, KeyLoadOptions, Material, Unusable, malformed};
use crate::shown::Shown;
use crate::value::{Object, Value};
use base64_simd::URL_SAFE_NO_PAD;

/// Binds a JWK to its algorithms. `x5c` and the like beside the key are not looked at.
pub(crate) fn bind_jwk(jwk: &Object, options: &KeyLoadOptions) -> Result<Bound, Unusable> {
    let kty = string(jwk, "kty")?.ok_or_else(|| malformed("it has no \"kty\""))?;
    if !matches!(kty, "oct" | "RSA" | "EC" | "OKP") {
        return Err(not_for_us("kty", kty));
    }
    check_purpose(jwk)?;
    let declared = match string(jwk, "alg")? {
        Some(alg) => Some(AlgorithmSet::from_name(alg).ok_or_else(|| not_for_us("alg", alg))?),
        None => None,
    };
    let material = match kty {
        "oct" => Material::Secret(bytes(jwk, "k")?),
        "RSA" => Material::Rsa {
            modulus: bytes(jwk, "n")?,
            exponent: bytes(jwk, "e")?,
        },
        "EC" => ec(jwk)?,
        _ => okp(jwk)?,
    };
    let mut bound = material.bind(declared, options)?;
    if jwk.get("d").is_some() {
        bound.warnings.push(
            "it holds a private key, of which only the public part is used: \
             keep private keys out of a verifier's files"
                .into(),
        );
    }
    Ok(bound)
}

/// RFC 7517 4.2 and 4.3.
fn check_purpose(jwk: &Object) -> Result<(), Unusable> {
    if let Some(purpose) = string(jwk, "use")?
        && purpose != "sig"
    {
        return Err(not_for_us("use", purpose));
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) => {
            if operations.iter().any(|op| op.as_str() == Some("verify")) {
                return Ok(());
            }
            Err(Unusable::NotForUs("its \"key_ops\" lack \"verify\"".into()))
        }
        Some(_) => Err(malformed("its \"key_ops\" is not an array")),
    }
}

fn ec(jwk: &Object) -> Result<Material, Unusable> {
    let crv = string(jwk, "crv")?.ok_or_else(|| malformed("it has no \"crv\""))?;
    let (curve, coordinate) = match crv {
        "P-256" => (Curve::P256, 32),
        "P-384" => (Curve::P384, 48),
        "P-521" => (Curve::P521, 66),
        "secp256k1" => (Curve::Secp256k1, 32),
        _ => return Err(not_for_us("crv", crv)),
    };
    let mut point = vec![4]; // uncompressed
    for name in ["x", "y"] {
        let value = bytes(jwk, name)?;
        if value.len() != coordinate {
            return Err(malformed(format!(
                "its \"{name}\" has {} bytes, {coordinate} on this curve",
                value.len()
            )));
        }
        point.extend(value);
    }
    Ok(Material::Ec { curve, point })
}

fn okp(jwk: &Object) -> Result<Material, Unusable> {
    let crv = string(jwk, "crv")?.ok_or_else(|| malformed("it has no \"crv\""))?;
    let curve = match crv {
        "Ed25519" => Curve::Ed25519,
        "Ed448" => Curve::Ed448,
        _ => return Err(not_for_us("crv", crv)),
    };
    let key = bytes(jwk, "x")?;
    Ok(Material::Okp { curve, key })
}

fn not_for_us(name: &str, value: &str) -> Unusable {
    Unusable::NotForUs(format!("its \"{name}\" is {}", Shown::new(value)))
}

/// A string member; None when absent.
pub(crate) fn string<'a>(jwk: &'a Object, name: &str) -> Result<Option<&'a str>, Unusable> {
    match jwk.get(name) {
        None => Ok(None),
        Some(Value::String(string)) => Ok(Some(string)),
        Some(_) => Err(malformed(format!("its \"{name}\" is not a string"))),
    }
}

fn bytes(jwk: &Object, name: &str) -> Result<Vec<u8>, Unusable> {
    let encoded = string(jwk, name)?.ok_or_else(|| malformed(format!("it has no \"{name}\"")))?;
    URL_SAFE_NO_PAD
        .decode_to_vec(encoded)
        .map_err(|_| malformed(format!("its \"{name}\" is not base64url without padding")))
}

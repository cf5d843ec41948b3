//! Public keys in DER: SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 5480, RFC 8410), PKCS#1
//! RSAPublicKey (RFC 8017 A.1.1), and the key out of an X.509 certificate (RFC 5280 4.1). Of a
//! certificate nothing else is looked at: not its dates, names or signature.

use crate::algorithm::{Algorithm, AlgorithmSet, Curve};
use crate::key::{Material, Unusable, malformed};
use der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use spki::SubjectPublicKeyInfoRef;

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// A key, and the algorithms it restricts itself to (RSASSA-PSS keys do).
pub(crate) type DerKey = (Material, Option<AlgorithmSet>);

fn not_der(_: der::Error) -> Unusable {
    malformed("its DER does not parse")
}

/// The key of a SubjectPublicKeyInfo.
pub(crate) fn from_spki(der: &[u8]) -> Result<DerKey, Unusable> {
    read_key(&SubjectPublicKeyInfoRef::from_der(der).map_err(not_der)?)
}

/// The key of a PKCS#1 RSAPublicKey.
pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Material, Unusable> {
    let sequence = AnyRef::from_der(der).map_err(not_der)?;
    let (modulus, exponent) = sequence
        .sequence(|reader| Ok((UintRef::decode(reader)?, UintRef::decode(reader)?)))
        .map_err(|_: der::Error| malformed("its RSA key does not parse"))?;
    Ok(Material::Rsa {
        modulus: modulus.as_bytes().to_vec(),
        exponent: exponent.as_bytes().to_vec(),
    })
}

/// The key of an X.509 certificate.
pub(crate) fn from_certificate(der: &[u8]) -> Result<DerKey, Unusable> {
    let certificate = AnyRef::from_der(der).map_err(not_der)?;
    let mut fields = SliceReader::new(certificate.value()).map_err(not_der)?;
    let to_be_signed = AnyRef::decode(&mut fields).map_err(not_der)?;
    let mut fields = SliceReader::new(to_be_signed.value()).map_err(not_der)?;
    let first = AnyRef::decode(&mut fields).map_err(not_der)?;
    if first.tag() != Tag::Integer {
        // That was the version; now the serial number.
        AnyRef::decode(&mut fields).map_err(not_der)?;
    }
    for _ in ["signature", "issuer", "validity", "subject"] {
        AnyRef::decode(&mut fields).map_err(not_der)?;
    }
    read_key(&SubjectPublicKeyInfoRef::decode(&mut fields).map_err(not_der)?)
}

fn read_key(info: &SubjectPublicKeyInfoRef<'_>) -> Result<DerKey, Unusable> {
    let key = info
        .subject_public_key
        .as_bytes()
        .ok_or_else(|| malformed("its DER does not parse"))?;
    let oid = info.algorithm.oid;
    let material = if oid == RSA_ENCRYPTION {
        from_pkcs1(key)?
    } else if oid == RSASSA_PSS {
        return Ok((from_pkcs1(key)?, Some(pss_algorithms(info)?)));
    } else if oid == EC_PUBLIC_KEY {
        ec(info, key)?
    } else if oid == ED25519 || oid == ED448 {
        let curve = if oid == ED25519 {
            Curve::Ed25519
        } else {
            Curve::Ed448
        };
        Material::Okp {
            curve,
            key: key.to_vec(),
        }
    } else {
        return Err(Unusable::NotForUs(format!("its key type is {oid}")));
    };
    Ok((material, None))
}

fn ec(info: &SubjectPublicKeyInfoRef<'_>, key: &[u8]) -> Result<Material, Unusable> {
    let named_curve = info
        .algorithm
        .parameters_oid()
        .map_err(|_| malformed("its curve is not a named one"))?;
    let (curve, length) = match named_curve {
        P256 => (Curve::P256, 65),
        P384 => (Curve::P384, 97),
        P521 => (Curve::P521, 133),
        SECP256K1 => (Curve::Secp256k1, 65),
        other => return Err(Unusable::NotForUs(format!("its curve is {other}"))),
    };
    if key.len() != length || key.first() != Some(&4) {
        return Err(malformed("its point is not in uncompressed form"));
    }
    Ok(Material::Ec {
        curve,
        point: key.to_vec(),
    })
}

/// RFC 4055 3.1: without parameters any hash, else the one named.
fn pss_algorithms(info: &SubjectPublicKeyInfoRef<'_>) -> Result<AlgorithmSet, Unusable> {
    let Some(parameters) = info.algorithm.parameters else {
        let any = [Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
        return Ok(any.into_iter().collect());
    };
    let hash = pss_hash(&parameters).map_err(not_der)?;
    let algorithm = match hash {
        Some(SHA256) => Algorithm::PS256,
        Some(SHA384) => Algorithm::PS384,
        Some(SHA512) => Algorithm::PS512,
        _ => {
            return Err(Unusable::NotForUs(
                "its RSASSA-PSS parameters name a hash without a JOSE algorithm".into(),
            ));
        }
    };
    Ok(algorithm.into())
}

fn pss_hash(parameters: &AnyRef<'_>) -> der::Result<Option<ObjectIdentifier>> {
    let mut fields = SliceReader::new(parameters.value())?;
    if fields.is_finished() {
        return Ok(None); // SHA-1, the default
    }
    let first = AnyRef::decode(&mut fields)?;
    let hash = spki::AlgorithmIdentifierRef::from_der(first.value())?;
    Ok(Some(hash.oid))
}

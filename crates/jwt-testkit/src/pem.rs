//! PEM: public keys and certificates.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509Name};
use serde_json::{Map, Value};

use crate::alg::Family;
use crate::key::{Key, Material};

impl Key {
    fn pair(&self) -> &PKey<Private> {
        match &self.material {
            Material::Pair(pair) => pair,
            Material::Secret(_) => panic!("a shared secret has no PEM form"),
        }
    }

    /// `BEGIN PUBLIC KEY` (SPKI, RFC 5280). Panics for a shared secret.
    #[must_use]
    pub fn spki_pem(&self) -> String {
        text(self.pair().public_key_to_pem())
    }

    /// The bytes of the SPKI. Panics for a shared secret.
    #[must_use]
    pub fn spki_der(&self) -> Vec<u8> {
        self.pair().public_key_to_der().expect("a public key")
    }

    /// `BEGIN RSA PUBLIC KEY` (PKCS#1, RFC 8017). Panics for other keys than RSA.
    #[must_use]
    pub fn pkcs1_pem(&self) -> String {
        text(
            self.pair()
                .rsa()
                .and_then(|rsa| rsa.public_key_to_pem_pkcs1()),
        )
    }

    /// `BEGIN PRIVATE KEY` (PKCS#8), which no verifier wants. Panics for a shared secret.
    #[must_use]
    pub fn private_pem(&self) -> String {
        text(self.pair().private_key_to_pem_pkcs8())
    }

    /// `BEGIN CERTIFICATE`: self-signed, valid from 1970 to 2499. Panics for a shared secret.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        let mut name = X509Name::builder().expect("memory");
        name.append_entry_by_text("CN", "jwt-testkit")
            .expect("a name");
        let name = name.build();
        let digest = match self.alg.family() {
            Family::Ed => MessageDigest::null(),
            _ => MessageDigest::sha256(),
        };
        let serial = BigNum::from_u32(1).and_then(|n| n.to_asn1_integer());
        let certificate = X509::builder().and_then(|mut x| {
            x.set_version(2)?;
            x.set_serial_number(&*serial?)?;
            x.set_subject_name(&name)?;
            x.set_issuer_name(&name)?;
            x.set_not_before(&*Asn1Time::from_unix(0)?)?;
            x.set_not_after(&*Asn1Time::from_str("24990101000000Z")?)?;
            x.set_pubkey(self.pair())?;
            x.sign(self.pair(), digest)?;
            Ok(x.build())
        });
        text(certificate.and_then(|x| x.to_pem()))
    }
}

fn text(pem: Result<Vec<u8>, openssl::error::ErrorStack>) -> String {
    String::from_utf8(pem.expect("a PEM form")).expect("PEM is ASCII")
}

/// A `keyval` file: a JSON object from `kid` to PEM public key. Panics for a key without `kid`.
#[must_use]
pub fn keyval(keys: &[&Key]) -> String {
    let entries = keys.iter().map(|key| {
        let kid = key.kid().expect("a keyval entry needs a kid");
        (kid.to_owned(), Value::String(key.spki_pem()))
    });
    Value::Object(entries.collect::<Map<_, _>>()).to_string()
}

/// `x5t#S256` of a certificate in PEM (RFC 8705 3.1).
#[must_use]
pub fn thumbprint(certificate_pem: &str) -> String {
    let certificate = X509::from_pem(certificate_pem.as_bytes()).expect("a certificate");
    let digest = certificate.digest(MessageDigest::sha256());
    crate::b64(digest.expect("a hash"))
}

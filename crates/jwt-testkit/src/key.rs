//! A signing key.

use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::hash;
use openssl::pkey::{PKey, Private};
use openssl::rand::rand_bytes;
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};

use crate::alg::{Alg, Family};

/// A signing key, the one algorithm that it signs with, and the `kid` that goes into its JWK and
/// into the headers of its tokens.
#[derive(Clone)]
pub struct Key {
    pub(crate) alg: Alg,
    pub(crate) kid: Option<String>,
    pub(crate) material: Material,
}

#[derive(Clone)]
pub(crate) enum Material {
    Secret(Vec<u8>),
    Pair(PKey<Private>),
}

macro_rules! pem {
    ($name:literal) => {
        include_bytes!(concat!("../keys/", $name, ".pem"))
    };
}

impl Key {
    /// The fixed test key of `alg`; its `kid` is the algorithm's name. RS and PS share one pair.
    #[must_use]
    pub fn fixed(alg: Alg) -> Key {
        Self::from_fixed(alg, false)
    }

    /// A second fixed key of `alg` with the same `kid`: the attacker's, or the next one.
    #[must_use]
    pub fn other(alg: Alg) -> Key {
        Self::from_fixed(alg, true)
    }

    fn from_fixed(alg: Alg, other: bool) -> Key {
        let (first, second): (&[u8], &[u8]) = match alg {
            Alg::HS256 | Alg::HS384 | Alg::HS512 => {
                let secret = [
                    b"testkit-secret-one-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG",
                    b"testkit-secret-two-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG",
                ][usize::from(other)];
                return Self::secret(alg, secret).with_kid(alg.name());
            }
            Alg::RS256 | Alg::RS384 | Alg::RS512 | Alg::PS256 | Alg::PS384 | Alg::PS512 => {
                (pem!("rsa"), pem!("rsa-other"))
            }
            Alg::ES256 => (pem!("p256"), pem!("p256-other")),
            Alg::ES384 => (pem!("p384"), pem!("p384-other")),
            Alg::ES512 => (pem!("p521"), pem!("p521-other")),
            Alg::ES256K => (pem!("secp256k1"), pem!("secp256k1-other")),
            Alg::Ed25519 => (pem!("ed25519"), pem!("ed25519-other")),
            Alg::Ed448 => (pem!("ed448"), pem!("ed448-other")),
        };
        Self::from_pem(alg, if other { second } else { first }).with_kid(alg.name())
    }

    /// A fixed RSA key of 1024, 2048, 3072 or 4096 bits, for any RS or PS algorithm.
    #[must_use]
    pub fn rsa(alg: Alg, bits: u32) -> Key {
        let text: &[u8] = match bits {
            1024 => pem!("rsa-1024"),
            2048 => pem!("rsa"),
            3072 => pem!("rsa-3072"),
            4096 => pem!("rsa-4096"),
            _ => panic!("no fixed RSA key of {bits} bits"),
        };
        Self::from_pem(alg, text).with_kid(alg.name())
    }

    fn from_pem(alg: Alg, text: &[u8]) -> Key {
        let pair = PKey::private_key_from_pem(text).expect("a fixed key is well-formed");
        Key {
            alg,
            kid: None,
            material: Material::Pair(pair),
        }
    }

    /// A shared secret, of any length, without `kid`.
    #[must_use]
    pub fn secret(alg: Alg, secret: &[u8]) -> Key {
        assert!(alg.is_hmac(), "{} has no shared secret", alg.name());
        Key {
            alg,
            kid: None,
            material: Material::Secret(secret.to_vec()),
        }
    }

    /// A new random key without `kid`: 64 bytes for HMAC, 2048 bits for RSA.
    #[must_use]
    pub fn generate(alg: Alg) -> Key {
        let material = match alg.family() {
            Family::Hmac => {
                let mut secret = vec![0; 64];
                rand_bytes(&mut secret).expect("random bytes");
                Material::Secret(secret)
            }
            Family::Rsa | Family::Pss => {
                let rsa = Rsa::generate(2048).expect("an RSA key");
                Material::Pair(PKey::from_rsa(rsa).expect("an RSA key"))
            }
            Family::Ec(curve, ..) => {
                let group = EcGroup::from_curve_name(curve).expect("a named curve");
                let key = EcKey::generate(&group).expect("an EC key");
                Material::Pair(PKey::from_ec_key(key).expect("an EC key"))
            }
            Family::Ed => Material::Pair(
                if alg == Alg::Ed448 {
                    PKey::generate_ed448()
                } else {
                    PKey::generate_ed25519()
                }
                .expect("an Edwards key"),
            ),
        };
        Key {
            alg,
            kid: None,
            material,
        }
    }

    /// The same key under this `kid`.
    #[must_use]
    pub fn with_kid(mut self, kid: &str) -> Key {
        self.kid = Some(kid.to_owned());
        self
    }

    /// The same key without a `kid`.
    #[must_use]
    pub fn without_kid(mut self) -> Key {
        self.kid = None;
        self
    }

    /// The same key for another algorithm of its type, say RS512 for RS256.
    #[must_use]
    pub fn with_alg(mut self, alg: Alg) -> Key {
        self.alg = alg;
        self
    }

    /// The algorithm that it signs with.
    #[must_use]
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// The `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Signs bytes as JWS does: ECDSA as r and s of full length (RFC 7518 section 3.4).
    #[must_use]
    pub fn signature(&self, input: &[u8]) -> Vec<u8> {
        let digest = self.alg.digest();
        let pair = match &self.material {
            Material::Secret(secret) => {
                // OpenSSL refuses an empty key; HMAC pads a key with zeros, so this is the same one.
                let secret = if secret.is_empty() { &[0][..] } else { secret };
                let key = PKey::hmac(secret).expect("an HMAC key");
                let mut signer = Signer::new(digest, &key).expect("an HMAC");
                return signer.sign_oneshot_to_vec(input).expect("an HMAC");
            }
            Material::Pair(pair) => pair,
        };
        match self.alg.family() {
            Family::Ec(_, _, length) => {
                let key = pair.ec_key().expect("an EC key");
                let digest = hash(digest, input).expect("a hash");
                let signature = EcdsaSig::sign(&digest, &key).expect("an ECDSA signature");
                let mut bytes = signature.r().to_vec_padded(length).expect("r fits");
                bytes.extend(signature.s().to_vec_padded(length).expect("s fits"));
                bytes
            }
            Family::Ed => Signer::new_without_digest(pair)
                .and_then(|mut signer| signer.sign_oneshot_to_vec(input))
                .expect("an EdDSA signature"),
            family => {
                let mut signer = Signer::new(digest, pair).expect("an RSA key");
                if family == Family::Pss {
                    signer
                        .set_rsa_padding(Padding::PKCS1_PSS)
                        .and_then(|()| signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH))
                        .expect("PSS parameters");
                }
                signer
                    .sign_oneshot_to_vec(input)
                    .expect("an RSA signature; the key has at least 1024 bits")
            }
        }
    }

    /// The affine coordinates of an EC key, each of full length.
    pub(crate) fn coordinates(pair: &PKey<Private>, length: i32) -> (Vec<u8>, Vec<u8>) {
        let key = pair.ec_key().expect("an EC key");
        let mut context = BigNumContext::new().expect("memory");
        let mut x = openssl::bn::BigNum::new().expect("memory");
        let mut y = openssl::bn::BigNum::new().expect("memory");
        key.public_key()
            .affine_coordinates(key.group(), &mut x, &mut y, &mut context)
            .expect("a point on the curve");
        (
            x.to_vec_padded(length).expect("x fits"),
            y.to_vec_padded(length).expect("y fits"),
        )
    }
}

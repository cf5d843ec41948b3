//! The one table of signature algorithms (RFC 7518 3.1, RFC 8037, RFC 8812, RFC 9864).

use std::fmt;

/// A signature algorithm. `EdDSA` is not one: it stands for [`Algorithm::Ed25519`] and
/// [`Algorithm::Ed448`] (see [`AlgorithmSet::from_name`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// ECDSA on P-521 with SHA-512.
    ES512,
    /// ECDSA on secp256k1 with SHA-256 (RFC 8812).
    ES256K,
    /// EdDSA on edwards25519 (RFC 8032 5.1).
    Ed25519,
    /// EdDSA on edwards448 (RFC 8032 5.2).
    Ed448,
}

/// What kind of key an algorithm takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyType {
    Oct,
    Rsa,
    Ec(Curve),
    Okp(Curve),
}

/// A curve of RFC 7518 6.2.1.1, RFC 8037 2 or RFC 8812 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
    Secp256k1,
    Ed25519,
    Ed448,
}

/// The hash that signs; `Own` where the scheme brings its own (EdDSA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha384,
    Sha512,
    Own,
}

/// How long a signature is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureLength {
    Bytes(usize),
    /// As long as the RSA modulus.
    Modulus,
}

/// One row of the table.
pub(crate) struct Parameters {
    pub(crate) name: &'static str,
    pub(crate) key_type: KeyType,
    pub(crate) hash: Hash,
    pub(crate) signature: SignatureLength,
    /// The smallest key in bits that the RFCs ask for.
    pub(crate) min_key_bits: u32,
}

const fn row(
    name: &'static str,
    key_type: KeyType,
    hash: Hash,
    signature: SignatureLength,
    min_key_bits: u32,
) -> Parameters {
    Parameters {
        name,
        key_type,
        hash,
        signature,
        min_key_bits,
    }
}

impl Algorithm {
    /// All algorithms, in the order of the table.
    pub const ALL: [Algorithm; 15] = [
        Algorithm::HS256,
        Algorithm::HS384,
        Algorithm::HS512,
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::ES512,
        Algorithm::ES256K,
        Algorithm::Ed25519,
        Algorithm::Ed448,
    ];

    #[rustfmt::skip]
    pub(crate) const fn parameters(self) -> Parameters {
        use Curve::{Ed448, Ed25519, P256, P384, P521, Secp256k1};
        use Hash::{Own, Sha256, Sha384, Sha512};
        use KeyType::{Ec, Oct, Okp, Rsa};
        use SignatureLength::{Bytes, Modulus};
        match self {
            Self::HS256   => row("HS256",   Oct,           Sha256, Bytes(32),  256),
            Self::HS384   => row("HS384",   Oct,           Sha384, Bytes(48),  384),
            Self::HS512   => row("HS512",   Oct,           Sha512, Bytes(64),  512),
            Self::RS256   => row("RS256",   Rsa,           Sha256, Modulus,    2048),
            Self::RS384   => row("RS384",   Rsa,           Sha384, Modulus,    2048),
            Self::RS512   => row("RS512",   Rsa,           Sha512, Modulus,    2048),
            Self::PS256   => row("PS256",   Rsa,           Sha256, Modulus,    2048),
            Self::PS384   => row("PS384",   Rsa,           Sha384, Modulus,    2048),
            Self::PS512   => row("PS512",   Rsa,           Sha512, Modulus,    2048),
            Self::ES256   => row("ES256",   Ec(P256),      Sha256, Bytes(64),  256),
            Self::ES384   => row("ES384",   Ec(P384),      Sha384, Bytes(96),  384),
            Self::ES512   => row("ES512",   Ec(P521),      Sha512, Bytes(132), 521),
            Self::ES256K  => row("ES256K",  Ec(Secp256k1), Sha256, Bytes(64),  256),
            Self::Ed25519 => row("Ed25519", Okp(Ed25519),  Own,    Bytes(64),  256),
            Self::Ed448   => row("Ed448",   Okp(Ed448),    Own,    Bytes(114), 456),
        }
    }

    /// The `alg` value; for the EdDSA curves the fully specified name of RFC 9864.
    pub const fn name(self) -> &'static str {
        self.parameters().name
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of algorithms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlgorithmSet(u16);

impl AlgorithmSet {
    /// The empty set.
    pub const fn new() -> Self {
        Self(0)
    }

    /// Every algorithm of the table.
    pub const fn all() -> Self {
        const { assert!(Algorithm::ALL.len() == 15) };
        Self(0x7fff)
    }

    /// What an `alg` names: one algorithm, for `EdDSA` both curves (RFC 9864 4.1.2). None for a
    /// name that is not in the table, as `none`.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "EdDSA" {
            return Some([Algorithm::Ed25519, Algorithm::Ed448].into_iter().collect());
        }
        let known = Algorithm::ALL.into_iter().find(|a| a.name() == name)?;
        Some(known.into())
    }

    const fn bit(algorithm: Algorithm) -> u16 {
        1 << algorithm as u16
    }

    pub(crate) const fn bits(self) -> u16 {
        self.0
    }

    /// Is the algorithm in the set?
    pub const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & Self::bit(algorithm) != 0
    }

    /// Adds one algorithm.
    pub fn insert(&mut self, algorithm: Algorithm) {
        self.0 |= Self::bit(algorithm);
    }

    /// What is in both.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is nothing in the set?
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL
            .into_iter()
            .filter(move |a| self.contains(*a))
    }
}

impl From<Algorithm> for AlgorithmSet {
    fn from(algorithm: Algorithm) -> Self {
        Self(Self::bit(algorithm))
    }
}

impl FromIterator<Algorithm> for AlgorithmSet {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(algorithms: I) -> Self {
        let mut set = Self::new();
        algorithms.into_iter().for_each(|a| set.insert(a));
        set
    }
}

impl fmt::Display for AlgorithmSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, algorithm) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(algorithm.name())?;
        }
        Ok(())
    }
}

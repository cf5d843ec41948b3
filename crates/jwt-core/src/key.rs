//! Key material and the algorithms it is bound to: all checks on keys, once, at load.

use crate::algorithm::{Algorithm, AlgorithmSet, Curve, KeyType};
use crate::edwards::{is_good_ed448, is_good_ed25519};
use crate::limits::{DEFAULT_MIN_RSA_BITS, LOWEST_RSA_BITS, MAX_RSA_BITS, MAX_RSA_EXPONENT_BITS};
use crate::signature::{LoadEd448, VerifySignature, load_point, load_rsa, load_secret};

/// What a caller decides about keys.
#[derive(Clone, Debug)]
pub struct KeyLoadOptions {
    /// Smallest RSA modulus in bits. Below 2048, keys serve RS256 and RS512 only; 1024 is the floor.
    pub min_rsa_bits: u32,
    /// Loads Ed448 keys; without it they are skipped.
    pub load_ed448: Option<LoadEd448>,
    /// The keys come from an endpoint that everybody can read: a secret there is none, and skipped.
    pub published: bool,
}

impl Default for KeyLoadOptions {
    fn default() -> Self {
        Self {
            min_rsa_bits: DEFAULT_MIN_RSA_BITS,
            load_ed448: None,
            published: false,
        }
    }
}

/// A key as a file gives it. Never `Debug`: it may be a secret.
pub(crate) enum Material {
    Secret(Vec<u8>),
    /// Big-endian.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// SEC 1 uncompressed.
    Ec {
        curve: Curve,
        point: Vec<u8>,
    },
    Okp {
        curve: Curve,
        key: Vec<u8>,
    },
}

/// Why a key is left out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// Fine, but not for us: another purpose, a type we do not know.
    NotForUs(String),
    /// It claims to be for us, and is broken or too weak.
    Malformed(String),
}

pub(crate) fn malformed(reason: impl Into<String>) -> Unusable {
    Unusable::Malformed(reason.into())
}

/// A key, ready to verify, with what an operator should know about it.
pub(crate) struct Bound {
    pub(crate) verifiers: Vec<(Algorithm, Box<dyn VerifySignature>)>,
    pub(crate) warnings: Vec<String>,
}

impl Material {
    fn key_type(&self) -> KeyType {
        match self {
            Self::Secret(_) => KeyType::Oct,
            Self::Rsa { .. } => KeyType::Rsa,
            Self::Ec { curve, .. } => KeyType::Ec(*curve),
            Self::Okp { curve, .. } => KeyType::Okp(*curve),
        }
    }

    /// Binds the key to `declared` (the JWK's `alg`), else to all algorithms of its type and curve.
    pub(crate) fn bind(
        self,
        declared: Option<AlgorithmSet>,
        options: &KeyLoadOptions,
    ) -> Result<Bound, Unusable> {
        let key_type = self.key_type();
        if key_type == KeyType::Oct && options.published {
            return Err(malformed(
                "it is a secret that everybody can read: no token is verified with it",
            ));
        }
        let mut algorithms: AlgorithmSet = Algorithm::ALL
            .into_iter()
            .filter(|a| a.parameters().key_type == key_type)
            .collect();
        if let Some(declared) = declared {
            algorithms = algorithms.intersect(declared);
            if algorithms.is_empty() {
                return Err(malformed(format!(
                    "its \"alg\" {declared} is not one of its type and curve"
                )));
            }
        }
        match self {
            Self::Secret(secret) => bind_secret(&secret, algorithms),
            Self::Rsa { modulus, exponent } => bind_rsa(&modulus, &exponent, algorithms, options),
            Self::Ec { point, .. } => bind_each(algorithms, |a| load_point(a, &point))
                .ok_or_else(|| malformed("its point is not on the curve")),
            Self::Okp {
                curve: Curve::Ed448,
                key,
            } => bind_ed448(&key, algorithms, options),
            Self::Okp { key, .. } => bind_ed25519(&key, algorithms),
        }
    }
}

fn bind_each(
    algorithms: AlgorithmSet,
    load: impl Fn(Algorithm) -> Option<Box<dyn VerifySignature>>,
) -> Option<Bound> {
    let verifiers = algorithms
        .iter()
        .map(|algorithm| Some((algorithm, load(algorithm)?)))
        .collect::<Option<Vec<_>>>()?;
    Some(Bound {
        verifiers,
        warnings: Vec::new(),
    })
}

fn bind_secret(secret: &[u8], algorithms: AlgorithmSet) -> Result<Bound, Unusable> {
    if secret.is_empty() {
        return Err(malformed("the secret is empty"));
    }
    let mut bound = bind_each(algorithms, |a| load_secret(a, secret))
        .ok_or_else(|| malformed("the secret cannot be used"))?;
    let bits = u32::try_from(secret.len().saturating_mul(8)).unwrap_or(u32::MAX);
    // A secret without `alg` serves all three; it is judged by the least of them.
    let least = algorithms
        .iter()
        .next()
        .map(|a| (a, a.parameters().min_key_bits));
    if let Some((algorithm, min_bits)) = least
        && bits < min_bits
    {
        bound.warnings.push(format!(
            "the secret has {bits} bits, RFC 7518 3.2 asks for {min_bits} for {algorithm}: use a longer random one"
        ));
    }
    Ok(bound)
}

fn bits(big_endian: &[u8]) -> u32 {
    let Some((first, rest)) = big_endian.split_first() else {
        return 0;
    };
    let rest = u32::try_from(rest.len()).unwrap_or(u32::MAX);
    rest.saturating_mul(8)
        .saturating_add(u8::BITS.saturating_sub(first.leading_zeros()))
}

fn without_leading_zeros(big_endian: &[u8]) -> &[u8] {
    let first = big_endian.iter().position(|byte| *byte != 0);
    first
        .and_then(|at| big_endian.get(at..))
        .unwrap_or_default()
}

fn is_odd(big_endian: &[u8]) -> bool {
    big_endian.last().is_some_and(|byte| byte & 1 == 1)
}

fn bind_rsa(
    modulus: &[u8],
    exponent: &[u8],
    mut algorithms: AlgorithmSet,
    options: &KeyLoadOptions,
) -> Result<Bound, Unusable> {
    let modulus = without_leading_zeros(modulus);
    let exponent = without_leading_zeros(exponent);
    let size = bits(modulus);
    let min_bits = options.min_rsa_bits.max(LOWEST_RSA_BITS);
    if size < min_bits {
        return Err(malformed(format!(
            "the RSA modulus has {size} bits, at least {min_bits} are required"
        )));
    }
    if size > MAX_RSA_BITS {
        return Err(malformed(format!(
            "the RSA modulus has {size} bits, at most {MAX_RSA_BITS} are allowed"
        )));
    }
    if !is_odd(modulus) {
        return Err(malformed("the RSA modulus is even"));
    }
    if !is_odd(exponent) || exponent == [1] || bits(exponent) > MAX_RSA_EXPONENT_BITS {
        return Err(malformed(
            "the RSA exponent is not an odd number from 3 to below 2^33",
        ));
    }
    let legacy = size < DEFAULT_MIN_RSA_BITS;
    if legacy {
        algorithms =
            algorithms.intersect([Algorithm::RS256, Algorithm::RS512].into_iter().collect());
        if algorithms.is_empty() {
            return Err(malformed(format!(
                "an RSA key of {size} bits serves RS256 and RS512 only"
            )));
        }
    }
    bind_each(algorithms, |a| load_rsa(a, modulus, exponent, legacy))
        .ok_or_else(|| malformed("the RSA key is not valid"))
}

fn bind_ed25519(key: &[u8], algorithms: AlgorithmSet) -> Result<Bound, Unusable> {
    let key: &[u8; 32] = key
        .try_into()
        .map_err(|_| malformed("an Ed25519 key has 32 bytes"))?;
    if !is_good_ed25519(key) {
        return Err(malformed(
            "the Ed25519 key is not a point of the curve, or of small order",
        ));
    }
    bind_each(algorithms, |a| load_point(a, key))
        .ok_or_else(|| malformed("the Ed25519 key is not valid"))
}

fn bind_ed448(
    key: &[u8],
    algorithms: AlgorithmSet,
    options: &KeyLoadOptions,
) -> Result<Bound, Unusable> {
    let key: &[u8; 57] = key
        .try_into()
        .map_err(|_| malformed("an Ed448 key has 57 bytes"))?;
    if !is_good_ed448(key) {
        return Err(malformed(
            "the Ed448 key is not a point of the curve, or of small order",
        ));
    }
    let Some(load) = options.load_ed448 else {
        return Err(Unusable::NotForUs(
            "this nginx is built without a library that has Ed448".into(),
        ));
    };
    bind_each(algorithms, |_| load(key)).ok_or_else(|| malformed("the Ed448 key is not valid"))
}

//! The signature algorithms.

use std::str::FromStr;

use openssl::hash::MessageDigest;
use openssl::nid::Nid;

/// A signature algorithm of JWS (RFC 7518 section 3.1, RFC 8812, RFC 8037, RFC 9864).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the RFCs' names")]
pub enum Alg {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    ES256K,
    Ed25519,
    Ed448,
}

/// What kind of key an algorithm signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Hmac,
    Rsa,
    Pss,
    /// The curve, the JWK's name for it, and the length of a coordinate in bytes.
    Ec(Nid, &'static str, i32),
    Ed,
}

impl Alg {
    /// All of them.
    pub const ALL: [Alg; 15] = [
        Alg::HS256,
        Alg::HS384,
        Alg::HS512,
        Alg::RS256,
        Alg::RS384,
        Alg::RS512,
        Alg::PS256,
        Alg::PS384,
        Alg::PS512,
        Alg::ES256,
        Alg::ES384,
        Alg::ES512,
        Alg::ES256K,
        Alg::Ed25519,
        Alg::Ed448,
    ];

    /// The fully-specified name: `Ed25519`, not `EdDSA` (RFC 9864).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Alg::HS256 => "HS256",
            Alg::HS384 => "HS384",
            Alg::HS512 => "HS512",
            Alg::RS256 => "RS256",
            Alg::RS384 => "RS384",
            Alg::RS512 => "RS512",
            Alg::PS256 => "PS256",
            Alg::PS384 => "PS384",
            Alg::PS512 => "PS512",
            Alg::ES256 => "ES256",
            Alg::ES384 => "ES384",
            Alg::ES512 => "ES512",
            Alg::ES256K => "ES256K",
            Alg::Ed25519 => "Ed25519",
            Alg::Ed448 => "Ed448",
        }
    }

    /// The name that most issuers write into `alg`: `EdDSA` for both Edwards curves.
    #[must_use]
    pub fn header_name(self) -> &'static str {
        match self.family() {
            Family::Ed => "EdDSA",
            _ => self.name(),
        }
    }

    /// Whether the key is a shared secret.
    #[must_use]
    pub fn is_hmac(self) -> bool {
        self.family() == Family::Hmac
    }

    pub(crate) fn family(self) -> Family {
        match self {
            Alg::HS256 | Alg::HS384 | Alg::HS512 => Family::Hmac,
            Alg::RS256 | Alg::RS384 | Alg::RS512 => Family::Rsa,
            Alg::PS256 | Alg::PS384 | Alg::PS512 => Family::Pss,
            Alg::ES256 => Family::Ec(Nid::X9_62_PRIME256V1, "P-256", 32),
            Alg::ES384 => Family::Ec(Nid::SECP384R1, "P-384", 48),
            Alg::ES512 => Family::Ec(Nid::SECP521R1, "P-521", 66),
            Alg::ES256K => Family::Ec(Nid::SECP256K1, "secp256k1", 32),
            Alg::Ed25519 | Alg::Ed448 => Family::Ed,
        }
    }

    /// The hash; the Edwards curves bring their own, so what stands here for them is unused.
    pub(crate) fn digest(self) -> MessageDigest {
        match self {
            Alg::HS384 | Alg::RS384 | Alg::PS384 | Alg::ES384 => MessageDigest::sha384(),
            Alg::HS512 | Alg::RS512 | Alg::PS512 | Alg::ES512 => MessageDigest::sha512(),
            _ => MessageDigest::sha256(),
        }
    }
}

impl FromStr for Alg {
    type Err = String;

    /// Reads a fully-specified name; `EdDSA` means Ed25519.
    fn from_str(name: &str) -> Result<Self, String> {
        let name = if name == "EdDSA" { "Ed25519" } else { name };
        Alg::ALL
            .into_iter()
            .find(|alg| alg.name() == name)
            .ok_or_else(|| {
                let names = Alg::ALL.map(Alg::name).join(" ");
                format!("unknown algorithm \"{name}\"; known: {names}")
            })
    }
}

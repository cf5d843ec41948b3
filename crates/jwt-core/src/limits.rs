//! Every limit of this crate, with its unit and where the number comes from.

/// Longest token in bytes unless configured: twice nginx's default header buffer (8k).
pub const DEFAULT_MAX_TOKEN_SIZE: usize = 16 * 1024;

/// Longest token in bytes that is kept in a [`crate::TokenCache`]: bounds a full cache at 4 x 8 KiB an entry, and at
/// 10 x where an issuer signs nothing but small numbers (tests/memory.rs).
pub const MAX_CACHED_TOKEN_SIZE: usize = 8 * 1024;

/// Deepest nesting of JSON containers, the outermost object included. serde_json itself stops at 128.
pub const MAX_JSON_DEPTH: u8 = 64;

/// Signature verifications per token at most: bounds what one token can cost, whatever the key sets hold.
pub const MAX_SIGNATURE_TRIES: usize = 8;

/// Largest key file in bytes. A JWK Set of ten thousand RSA keys is below 8 MiB.
pub const MAX_KEY_FILE_SIZE: usize = 16 * 1024 * 1024;

/// Smallest RSA modulus in bits unless configured (RFC 7518 3.3: 2048 or more).
pub const DEFAULT_MIN_RSA_BITS: u32 = 2048;

/// Smallest RSA modulus in bits that configuration can allow, as aws-lc-rs does for legacy keys.
pub const LOWEST_RSA_BITS: u32 = 1024;

/// Largest RSA modulus in bits: verification costs grow with its square.
pub const MAX_RSA_BITS: u32 = 8192;

/// Largest RSA public exponent in bits, as in BoringSSL and aws-lc.
pub const MAX_RSA_EXPONENT_BITS: u32 = 33;

/// Characters of a `kid`, `alg` or name that a message shows.
pub const MAX_SHOWN_CHARS: usize = 64;

/// Largest compiled regular expression that configuration holds, in bytes.
pub const MAX_LITERAL_PATTERN_SIZE: usize = 1024 * 1024;

/// Largest compiled regular expression that a variable holds, in bytes: bounds the time to compile it.
pub const MAX_VARIABLE_PATTERN_SIZE: usize = 64 * 1024;

/// Memory for what a regular expression remembers between matches, in bytes: when it is full, matching goes on slower.
pub const MAX_DFA_SIZE: usize = 256 * 1024;

/// Longest string that a regular expression is tried on, in bytes.
pub const MAX_PATTERN_SUBJECT: usize = 4 * 1024;

/// Longest text of a variable that a claim is compared with, in bytes.
pub const MAX_VARIABLE_OPERAND: usize = 4 * 1024;

/// Regular expressions from variables kept compiled.
pub const PATTERN_CACHE_ENTRIES: usize = 64;

/// Largest revocation list in bytes: several million names.
pub const MAX_REVOCATION_FILE_SIZE: usize = 256 * 1024 * 1024;

/// Longest URL that keys are fetched from, in bytes.
pub const MAX_URL_SIZE: usize = 2048;

/// Largest answer of a key endpoint or discovery document, in bytes: some 500 RSA keys.
pub const MAX_FETCHED_SIZE: usize = 256 * 1024;

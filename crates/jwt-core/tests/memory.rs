//! What a token costs in memory while it is in the cache. A program of its own, because its
//! allocator counts.

#![allow(
    unsafe_code,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and an allocator is unsafe: this one passes on what it is given"
)]

use jwt_core::{KeyLoadOptions, KeySet, TokenCache, VerifiedWith, VerifyOptions, verify};
use jwt_testkit::{Alg, Key, jwks, token};
use serde_json::{Value, json};
use std::alloc::{GlobalAlloc, Layout, System};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, and how many bytes it has given out.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

/// What glibc takes for so many bytes: a word in front, in steps of 16, at least 32.
fn chunk(size: usize) -> usize {
    (size + 8).next_multiple_of(16).max(32)
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(chunk(layout.size()), Ordering::Relaxed);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(chunk(layout.size()), Ordering::Relaxed);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        IN_USE.fetch_add(chunk(size), Ordering::Relaxed);
        IN_USE.fetch_sub(chunk(layout.size()), Ordering::Relaxed);
        // SAFETY: the caller keeps the same contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOW: u64 = 1_800_000_000;
const MAX: usize = 1024;

/// A cache, and the key of all its tokens.
struct Cache {
    key: Key,
    key_sets: [Arc<KeySet>; 1],
    cache: TokenCache,
}

impl Cache {
    fn new(alg: Alg) -> Self {
        let key = Key::fixed(alg).with_kid("2026-11-key-of-the-month");
        let jwks = jwks(&[&key]);
        let keys = KeySet::parse(jwks.as_bytes(), None, &KeyLoadOptions::default());
        Self {
            key,
            key_sets: [Arc::new(keys.unwrap().0)],
            cache: TokenCache::new(MAX, None),
        }
    }

    /// Puts a token in; its length.
    fn put(&mut self, claims: &Value) -> usize {
        let compact = token(&self.key, claims);
        let options = VerifyOptions::default();
        let token = verify(compact.as_bytes(), &self.key_sets, &options).expect("a good token");
        let with = VerifiedWith {
            options,
            key_sets: self.key_sets.iter().map(|keys| keys.id()).collect(),
        };
        let kept = self.cache.put(&Rc::new(token), 0, NOW, with);
        kept.expect("it is kept");
        compact.len()
    }
}

/// Fills a cache, and gives the bytes that it takes over the bytes of its tokens.
fn ratio(name: &str, alg: Alg, claims: impl Fn(usize) -> Value) -> f64 {
    let mut cache = Cache::new(alg);
    let before = IN_USE.load(Ordering::Relaxed);
    let tokens: usize = (0..MAX).map(|n| cache.put(&claims(n))).sum();
    let bytes = IN_USE.load(Ordering::Relaxed) - before;
    assert_eq!(cache.cache.len(), MAX);
    let ratio = bytes as f64 / tokens as f64;
    println!(
        "{name}: tokens of {}, {} bytes each, {ratio:.2}",
        tokens / MAX,
        bytes / MAX
    );
    drop(cache);
    ratio
}

fn user(n: usize) -> Value {
    json!({"sub": n.to_string(), "exp": NOW + 300})
}

fn access_token(n: usize) -> Value {
    json!({
        "iss": "https://idp.example.com/realms/corp",
        "sub": format!("f1a2b3c4-5d6e-7f80-91a2-{n:012x}"),
        "aud": ["https://api.example.com", "account"], "exp": NOW + 300, "iat": NOW, "nbf": NOW,
        "jti": format!("0b9d2c4e-1111-2222-3333-{n:012x}"), "azp": "web-frontend",
        "scope": "openid profile email orders:read", "groups": ["admin", "staff"],
        "preferred_username": "alice", "email_verified": true,
    })
}

/// As Keycloak writes them: roles of the realm and of its clients.
fn with_roles(n: usize) -> Value {
    let mut claims = access_token(n);
    let role = |n: usize| format!("role-{n}");
    claims["realm_access"] = json!({ "roles": (0..20).map(role).collect::<Vec<_>>() });
    claims["resource_access"] = json!({
        "account": { "roles": ["manage-account", "manage-account-links", "view-profile"] },
        "orders": { "roles": ["read", "write", "approve"] },
    });
    claims
}

/// What takes most room for its length: containers and numbers of one digit.
fn small_values(n: usize) -> Value {
    json!({"sub": n.to_string(), "a": vec![1; 2500]})
}

/// One test, so that nothing else allocates meanwhile.
#[test]
fn the_cache_takes_no_more_than_it_may() {
    type Claims = fn(usize) -> Value;
    let kinds: [(&str, Alg, Claims, f64); 8] = [
        // The target: at most four times the token.
        ("user, RS256", Alg::RS256, user, 4.0),
        ("access token, HS256", Alg::HS256, access_token, 4.0),
        ("access token, ES256", Alg::ES256, access_token, 4.0),
        ("access token, RS256", Alg::RS256, access_token, 4.0),
        ("with roles, HS256", Alg::HS256, with_roles, 4.0),
        ("with roles, RS256", Alg::RS256, with_roles, 4.0),
        // The shortest that there are, with a short signature: less than a kilobyte.
        ("user, HS256", Alg::HS256, user, 6.0),
        // Nobody can make these but an issuer whose key is configured.
        ("small values, HS256", Alg::HS256, small_values, 12.0),
    ];
    let ratios = kinds.map(|(name, alg, claims, most)| (name, ratio(name, alg, claims), most));
    let beyond: Vec<_> = ratios
        .iter()
        .filter(|(_, ratio, most)| ratio > most)
        .collect();
    assert!(beyond.is_empty(), "{beyond:?}");

    distinct_tokens_without_end();
}

/// Twenty thousand distinct tokens take no more than a full cache.
fn distinct_tokens_without_end() {
    let mut cache = Cache::new(Alg::HS256);
    // All of one length, and in the steps of 1,024 in which they replace each other.
    let mut put = |range: std::ops::Range<usize>| {
        for n in range {
            cache.put(&json!({ "sub": 1_000_000 + n }));
        }
        IN_USE.load(Ordering::Relaxed)
    };
    let full = put(0..MAX);
    let later = put(MAX..20_000);
    assert_eq!(cache.cache.len(), MAX);
    // The map of places may have grown once: removed places are used again with its growth only.
    assert!(later.saturating_sub(full) < 64 * MAX, "{full} to {later}");
}

//! The cache of verified tokens: what it finds, what it forgets, and when.

use crate::support::{load_key, parse};
use jwt_core::{
    KeySet, SignatureCheck, Token, TokenCache, VerifiedWith, VerifyOptions, limits, verify,
};
use jwt_testkit::{Alg, Key, token};
use proptest::prelude::*;
use serde_json::json;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

static KEYS: LazyLock<Arc<KeySet>> = LazyLock::new(|| load_key(&Key::fixed(Alg::HS256)));

const NOW: u64 = 1_800_000_000;

fn with(max_token_size: usize, key_sets: &[u64]) -> VerifiedWith {
    VerifiedWith {
        options: VerifyOptions {
            max_token_size,
            ..VerifyOptions::default()
        },
        key_sets: key_sets.into(),
    }
}

fn usual() -> VerifiedWith {
    with(1 << 20, &[1])
}

fn verified(claims: &serde_json::Value) -> Rc<Token> {
    let token = token(&Key::fixed(Alg::HS256), claims);
    Rc::new(verify(token.as_bytes(), &[Arc::clone(&KEYS)], &usual().options).unwrap())
}

fn subject(sub: u32) -> Rc<Token> {
    verified(&json!({ "sub": sub }))
}

fn put(cache: &mut TokenCache, token: &Rc<Token>, now: u64) -> bool {
    cache.put(token, 0, now, usual()).is_ok()
}

fn is_hit(cache: &mut TokenCache, token: &Token, now: u64) -> bool {
    let found = cache.get(token.compact(), 0, now, |_, kept| *kept == usual());
    if let Some(found) = &found {
        assert_eq!(found.compact(), token.compact());
    }
    found.is_some()
}

#[test]
fn a_hit_is_the_token_that_was_put_in() {
    let mut cache = TokenCache::new(10, None);
    let token = subject(1);
    assert!(!is_hit(&mut cache, &token, NOW));
    assert!(put(&mut cache, &token, NOW));
    let found = cache.get(token.compact(), 0, NOW, |_, _| true).unwrap();
    assert!(Rc::ptr_eq(&found, &token));
    assert_eq!(cache.len(), 1);
}

#[test]
fn what_it_was_verified_with_decides() {
    let mut cache = TokenCache::new(10, None);
    let token = subject(1);
    for kept in [
        with(100, &[1]),
        with(100, &[2]),
        with(100, &[1, 2]),
        with(100, &[]),
        with(200, &[1]),
    ] {
        cache.put(&token, 7, NOW, kept.clone()).unwrap();
        for asked in [
            with(100, &[1]),
            with(100, &[2]),
            with(100, &[2, 1]),
            with(100, &[1, 2]),
            with(100, &[]),
            with(200, &[1]),
        ] {
            let found = cache.get(token.compact(), 7, NOW, |_, with| *with == asked);
            assert_eq!(found.is_some(), kept == asked, "{kept:?} {asked:?}");
        }
    }
    assert_eq!(cache.len(), 1, "one place per token and hint");
}

#[test]
fn hints_keep_entries_apart() {
    let mut cache = TokenCache::new(10, None);
    let token = subject(1);
    cache.put(&token, 1, NOW, with(100, &[1])).unwrap();
    cache.put(&token, 2, NOW, with(100, &[2])).unwrap();
    assert!(
        cache
            .get(token.compact(), 1, NOW, |_, with| *with.key_sets == [1])
            .is_some()
    );
    assert!(
        cache
            .get(token.compact(), 2, NOW, |_, with| *with.key_sets == [2])
            .is_some()
    );
    assert!(cache.get(token.compact(), 3, NOW, |_, _| true).is_none());
}

#[test]
fn bytes_around_or_within_make_another_token() {
    let mut cache = TokenCache::new(10, None);
    let token = subject(1);
    put(&mut cache, &token, NOW);
    let bytes = token.compact();
    let mut others = vec![
        bytes[1..].to_vec(),
        [b"e", bytes].concat(),
        [bytes, b"e"].concat(),
        Vec::new(),
    ];
    for at in 0..bytes.len() {
        let mut other = bytes.to_vec();
        other[at] ^= 1;
        others.push(other);
        others.push(bytes[..at].to_vec());
    }
    for other in others {
        assert!(cache.get(&other, 0, NOW, |_, _| true).is_none());
    }
    assert!(is_hit(&mut cache, &token, NOW));
}

#[test]
fn it_goes_at_exp() {
    for (exp, last) in [
        (json!(NOW + 10), NOW + 9),
        (json!(NOW as f64 + 10.5), NOW + 10),
        (json!(NOW as f64 + 10.0), NOW + 9),
        (json!(1e300), u64::MAX - 1),
        (json!("text"), u64::MAX - 1),
        (json!(null), u64::MAX - 1),
    ] {
        let mut cache = TokenCache::new(10, None);
        let token = verified(&json!({ "exp": exp }));
        assert!(put(&mut cache, &token, NOW), "{exp}");
        assert!(is_hit(&mut cache, &token, last), "{exp}");
        if last < u64::MAX - 1 {
            assert!(!is_hit(&mut cache, &token, last + 1), "{exp}");
            assert!(cache.is_empty(), "{exp}");
            // The clock was set back: it is gone all the same.
            assert!(!is_hit(&mut cache, &token, NOW), "{exp}");
            assert!(!put(&mut cache, &token, last + 1), "{exp}");
        }
    }
    for exp in [json!(NOW), json!(0), json!(-1), json!(-1.5), json!(-1e300)] {
        let mut cache = TokenCache::new(10, None);
        assert!(
            !put(&mut cache, &verified(&json!({ "exp": exp })), NOW),
            "{exp}"
        );
    }
}

#[test]
fn what_is_not_used_goes() {
    let mut cache = TokenCache::new(10, Some(60));
    let (a, b, c) = (subject(1), subject(2), subject(3));
    put(&mut cache, &a, NOW);
    put(&mut cache, &b, NOW);
    assert!(is_hit(&mut cache, &a, NOW + 59));
    assert!(is_hit(&mut cache, &a, NOW + 118), "each use counts");
    assert!(!is_hit(&mut cache, &b, NOW + 118));
    put(&mut cache, &b, NOW + 118);
    put(&mut cache, &c, NOW + 178);
    assert_eq!(cache.len(), 1, "those before went when it came");
    assert!(is_hit(&mut cache, &c, NOW), "the clock was set back");
}

#[test]
fn what_is_never_kept() {
    let mut cache = TokenCache::new(10, None);
    let skipped = VerifyOptions {
        signature: SignatureCheck::Skipped,
        ..VerifyOptions::default()
    };
    let text = token(&Key::fixed(Alg::HS256), &json!({}));
    let unverified = Rc::new(verify(text.as_bytes(), &[], &skipped).unwrap());
    assert!(!put(&mut cache, &unverified, NOW));
    let long = |length: usize| verified(&json!({ "filler": "x".repeat(length) }));
    let token = long(6200);
    assert!(token.compact().len() > limits::MAX_CACHED_TOKEN_SIZE);
    assert!(!put(&mut cache, &token, NOW));
    let token = long(6000);
    assert!(token.compact().len() < limits::MAX_CACHED_TOKEN_SIZE);
    assert!(put(&mut cache, &token, NOW));
    let mut none = TokenCache::new(0, None);
    assert!(!put(&mut none, &subject(1), NOW));
}

#[test]
fn what_is_not_kept_gives_back_what_it_was_verified_with() {
    let mut cache = TokenCache::new(0, None);
    assert_eq!(
        cache.put(&subject(1), 0, NOW, with(3, &[4])),
        Err(with(3, &[4]))
    );
}

/// A hundred thousand distinct tokens: never more than the bound, and the newest are there.
#[test]
fn the_bound_holds() {
    let mut cache = TokenCache::new(1000, None);
    // One verified token stands for all: the bound is about entries, which the hint tells apart.
    let token = subject(1);
    for hint in 0..100_000 {
        cache.put(&token, hint, NOW, usual()).unwrap();
        assert!(cache.len() <= 1000);
    }
    assert_eq!(cache.len(), 1000);
    for hint in 0..100_000 {
        let found = cache.get(token.compact(), hint, NOW, |_, _| true);
        assert_eq!(found.is_some(), hint >= 99_000, "{hint}");
    }
    // Each entry holds the token once more; what was evicted does not.
    assert_eq!(Rc::strong_count(&token), 1001);
}

/// Takes down what is asked of the cache.
#[derive(Clone, Debug)]
enum Step {
    Put(usize),
    Get(usize),
    Other(usize),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..12_usize).prop_map(Step::Put),
        6 => (0..12_usize).prop_map(Step::Get),
        1 => (0..12_usize).prop_map(Step::Other),
        2 => (0..30_u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 0..120)
}

/// Tokens of the model; some expire.
static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    (0..12_u64)
        .map(|n| match n % 3 {
            0 => json!({ "sub": n, "exp": NOW + 20 * n }),
            _ => json!({ "sub": n }),
        })
        .map(|claims| token(&Key::fixed(Alg::HS256), &claims))
        .collect()
});

/// The cache as anybody would write it who has all the time in the world.
struct Model {
    max: usize,
    inactive: u64,
    /// Token, last use; the least recently used first.
    kept: Vec<(usize, u64)>,
}

impl Model {
    fn expires(token: usize) -> u64 {
        match token % 3 {
            0 => NOW + 20 * token as u64,
            _ => u64::MAX,
        }
    }

    fn get(&mut self, token: usize, now: u64) -> bool {
        let Some(at) = self.kept.iter().position(|(kept, _)| *kept == token) else {
            return false;
        };
        let (_, used) = self.kept.remove(at);
        let lives = now < Self::expires(token) && now - used < self.inactive;
        if lives {
            self.kept.push((token, now));
        }
        lives
    }

    fn put(&mut self, token: usize, now: u64) {
        if now >= Self::expires(token) {
            return;
        }
        let inactive = self.inactive;
        self.kept.retain(|(_, used)| now - used < inactive);
        self.kept.retain(|(kept, _)| *kept != token);
        if self.kept.len() == self.max {
            self.kept.remove(0);
        }
        self.kept.push((token, now));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_does_what_the_model_does(
        steps in steps(),
        max in 1..8_usize,
        inactive in prop::option::of(1..60_u64),
    ) {
        let keys = [parse(Key::fixed(Alg::HS256).jwk().to_string()).0];
        let verified: Vec<_> = TOKENS.iter()
            .map(|token| Rc::new(verify(token.as_bytes(), &keys, &usual().options).unwrap()))
            .collect();
        let mut cache = TokenCache::new(max, inactive);
        let mut model = Model { max, inactive: inactive.unwrap_or(u64::MAX), kept: Vec::new() };
        let mut now = NOW;
        for step in steps {
            match step {
                Step::Put(n) => {
                    put(&mut cache, &verified[n], now);
                    model.put(n, now);
                }
                Step::Get(n) => prop_assert_eq!(is_hit(&mut cache, &verified[n], now), model.get(n, now)),
                Step::Other(n) => {
                    let found = cache.get(verified[n].compact(), 0, now, |_, _| false);
                    prop_assert!(found.is_none());
                }
                Step::Pass(seconds) => now += seconds,
            }
            prop_assert_eq!(cache.len(), model.kept.len());
        }
        for (n, token) in verified.iter().enumerate() {
            prop_assert_eq!(is_hit(&mut cache, token, now), model.get(n, now));
        }
    }
}

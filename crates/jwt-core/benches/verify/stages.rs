//! Criterion's figures, stage by stage.

use crate::ALGS;
use crate::sample::{Sample, realistic};
use criterion::{BenchmarkId, Criterion};
use jwt_core::{
    IssuerPolicy, Operator, Path, ScopeDemand, Token, TokenCache, VerifiedWith, VerifyOptions,
    verify,
};
use jwt_testkit::{Alg, Key};
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

const NOW: u64 = 1_850_000_000;

/// Tokens in a full cache, as many as it has room for by default.
const CACHED: u32 = 1024;

/// What a token costs that was not seen before, per algorithm.
pub(crate) fn of_a_miss(c: &mut Criterion) {
    let mut group = c.benchmark_group("miss");
    brief(&mut group);
    for alg in ALGS {
        let sample = Sample::new(alg, 10);
        let mut stage = |stage: &str, work: &dyn Fn()| {
            let id = BenchmarkId::new(stage, alg.name());
            group.bench_function(id, |b| b.iter(work));
        };
        stage("parse", &|| sample.parse());
        stage("parse-and-claims", &|| drop(sample.take()));
        stage("signature", &|| sample.bare());
        stage("whole", &|| drop(sample.whole()));
    }
    group.finish();
}

/// Parse, and the choice of a key: the same in sets of any size. Of algorithms whose signatures
/// have one length only; `EdDSA` names two.
pub(crate) fn key_choice(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse-and-key-choice");
    brief(&mut group);
    for alg in [Alg::HS256, Alg::ES256, Alg::Ed25519] {
        for keys in [1, 100] {
            let sample = Sample::new(alg, keys);
            let id = BenchmarkId::new(alg.name(), keys);
            group.bench_function(id, |b| b.iter(|| sample.choose()));
        }
    }
    group.finish();
}

/// What every request costs, whether its token was seen before or not.
pub(crate) fn of_every_request(c: &mut Criterion) {
    let mut group = c.benchmark_group("every-request");
    brief(&mut group);
    let token = Sample::new(Alg::HS256, 1).whole();
    group.bench_function("time", |b| {
        b.iter(|| black_box(&token).check_time(black_box(NOW), 0));
    });
    let policy = Policy::new();
    group.bench_function("policy", |b| {
        b.iter(|| assert!(policy.accepts(black_box(&token))));
    });
    let mut hit = hit();
    group.bench_function("hit", |b| b.iter(|| drop(hit())));
    group.finish();
}

/// Asks a full cache for its tokens in turn: the least recently used each time.
pub(crate) fn hit() -> impl FnMut() -> Rc<Token> {
    let key = Key::fixed(Alg::HS256).with_kid("2026-11-key-of-the-month");
    let key_sets = Sample::new(Alg::HS256, 1).key_sets;
    let ids = key_sets.each_ref().map(|keys| keys.id());
    let options = VerifyOptions::default();
    let mut cache = TokenCache::new(CACHED as usize, None);
    let tokens: Vec<String> = (0..CACHED).map(|user| realistic(&key, user)).collect();
    for token in &tokens {
        let token = verify(token.as_bytes(), &key_sets, &options).expect("a good token");
        let with = VerifiedWith {
            options,
            key_sets: ids.into(),
        };
        let kept = cache.put(&Rc::new(token), 0, NOW, with);
        kept.expect("room");
    }
    let mut next = (0..tokens.len()).cycle();
    move || {
        let token = &tokens[next.next().expect("without end")];
        let found = cache.get(black_box(token.as_bytes()), 0, NOW, |_, with| {
            with.options == options && *with.key_sets == ids
        });
        found.expect("a hit")
    }
}

/// An issuer with an audience, a scope, two demands on claims.
struct Policy {
    issuer: IssuerPolicy,
    scope: ScopeDemand,
    claims: [(Path, Operator, jwt_core::Operand); 2],
}

impl Policy {
    fn new() -> Self {
        let demand = |path, name, value| {
            let operator = Operator::from_name(name).expect("an operator");
            let operand = operator.literal_json(value).expect("a value");
            (Path::parse(path, None).expect("a path"), operator, operand)
        };
        Self {
            issuer: IssuerPolicy {
                names: vec!["https://idp.example.com/realms/corp".to_owned()],
                audience: vec!["https://api.example.com".to_owned()],
                algorithms: jwt_core::AlgorithmSet::all(),
                ..IssuerPolicy::default()
            },
            scope: ScopeDemand {
                any: false,
                names: vec!["orders:read".to_owned()],
            },
            claims: [
                demand("groups", "any", r#"["admin","root"]"#),
                demand("email_verified", "eq", "true"),
            ],
        }
    }

    fn accepts(&self, token: &Token) -> bool {
        let claims = token.claims();
        self.issuer.check(token, NOW, 0, || None).is_ok()
            && self.scope.is_met(claims)
            && self
                .claims
                .iter()
                .all(|(path, operator, operand)| operator.is_met(path.find(claims), operand))
    }
}

/// Enough to see a tenth of a microsecond; the whole takes two minutes.
fn brief<M: criterion::measurement::Measurement>(group: &mut criterion::BenchmarkGroup<'_, M>) {
    group
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
}

//! Every stage of a miss beside the bare signature, measured in turns, and the budgets.

use crate::ALGS;
use crate::sample::Sample;
use jwt_testkit::Alg;
use std::time::{Duration, Instant};

/// Microseconds that a verification may cost beyond the bare signature.
fn budget(alg: Alg) -> Option<f64> {
    match alg {
        Alg::HS256 => Some(2.5),
        Alg::RS256 => Some(3.0),
        Alg::ES256 => Some(5.0),
        _ => None,
    }
}

pub(crate) fn print() {
    println!(
        "{:<8}{:>7}{:>9}{:>9}{:>11}{:>9}{:>11}",
        "us", "bytes", "parse", "claims", "signature", "whole", "beyond it"
    );
    for alg in ALGS {
        let sample = Sample::new(alg, 10);
        let [parse, take, bare, whole] = in_turns([
            &|| sample.parse(),
            &|| drop(sample.take()),
            &|| sample.bare(),
            &|| drop(sample.whole()),
        ]);
        let beyond = whole - bare;
        let verdict = match budget(alg) {
            Some(budget) if beyond <= budget => format!("  budget {budget} us: kept"),
            Some(budget) => format!("  budget {budget} us: EXCEEDED"),
            None => String::new(),
        };
        println!(
            "{:<8}{:>7}{parse:>9.2}{:>9.2}{bare:>11.2}{whole:>9.2}{beyond:>11.2}{verdict}",
            alg.name(),
            sample.token.len(),
            take - parse,
        );
    }
    for alg in [Alg::HS256, Alg::ES256, Alg::Ed25519] {
        let (few, many) = (Sample::new(alg, 1), Sample::new(alg, 100));
        let [parse, one, hundred] =
            in_turns([&|| few.parse(), &|| few.choose(), &|| many.choose()]);
        println!(
            "{:<8}key choice among 1: {:.2} us, among 100: {:.2} us",
            alg.name(),
            one - parse,
            hundred - parse,
        );
    }
}

/// Microseconds per call of each: the fastest of many rounds, taken in turns so that all see the
/// same machine.
fn in_turns<const N: usize>(works: [&dyn Fn(); N]) -> [f64; N] {
    const ROUNDS: u32 = 400;
    const CALLS: u32 = 50;
    let mut best = [Duration::MAX; N];
    for _ in 0..ROUNDS {
        for (best, work) in best.iter_mut().zip(works) {
            let start = Instant::now();
            (0..CALLS).for_each(|_| work());
            *best = start.elapsed().min(*best);
        }
    }
    best.map(|time| time.as_secs_f64() * 1e6 / f64::from(CALLS))
}

//! When keys are fetched.

use jwt_core::{FetchState, Occasion, RefreshPlan, max_age};

const PLAN: RefreshPlan = RefreshPlan {
    refresh: 300_000,
    stale: 86_400_000,
    cooldown: 30_000,
    timeout: 5_000,
};
const NOW: u64 = 1_000_000;
const ME: u64 = 42;

fn fetched(max_age: Option<u64>) -> FetchState {
    let mut state = FetchState::default();
    let lease = state.start(NOW, &PLAN, ME);
    assert!(state.is_held(lease));
    state.succeed(max_age);
    state
}

#[test]
fn at_first_a_fetch_is_due() {
    let state = FetchState::default();
    assert!(state.may_start(NOW, &PLAN, Occasion::Due));
    assert!(state.may_start(NOW, &PLAN, Occasion::UnknownKey));
    assert!(!state.is_fetching(NOW, |_| true));
    assert_eq!(state.good(), 0);
    assert_eq!(state.retry_after(NOW, &PLAN), 1);
}

#[test]
fn the_next_one_is_due_after_refresh_or_as_the_answer_says_within_bounds() {
    for (max_age, after) in [
        (None, PLAN.refresh),
        (Some(0), PLAN.cooldown),
        (Some(1), PLAN.cooldown),
        (Some(30), PLAN.cooldown),
        (Some(100), 100_000),
        (Some(300), PLAN.refresh),
        (Some(86_400), PLAN.refresh),
        (Some(u64::MAX), PLAN.refresh),
    ] {
        let state = fetched(max_age);
        let due = NOW + after;
        assert_eq!(state.due(&PLAN), due, "{max_age:?}");
        assert!(!state.may_start(due - 1, &PLAN, Occasion::Due));
        assert!(state.may_start(due, &PLAN, Occasion::Due));
        assert_eq!(state.good(), NOW);
    }
}

#[test]
fn two_plans_may_share_what_is_known() {
    let quick = RefreshPlan {
        refresh: 2_000,
        cooldown: 1_000,
        ..PLAN
    };
    let state = fetched(Some(100));
    assert_eq!(state.due(&quick), NOW + quick.refresh);
    assert_eq!(state.due(&PLAN), NOW + 100_000);
}

#[test]
fn an_unknown_key_waits_for_the_cooldown_alone() {
    let mut state = fetched(None);
    let over = NOW + PLAN.cooldown;
    assert!(!state.may_start(over - 1, &PLAN, Occasion::UnknownKey));
    assert!(state.may_start(over, &PLAN, Occasion::UnknownKey));
    // Of a fetch that failed, too: a flood of made-up kids must not outrun the backoff.
    state.start(over, &PLAN, ME);
    state.fail(over + 10, 0);
    assert!(!state.may_start(over + PLAN.cooldown - 1, &PLAN, Occasion::UnknownKey));
    assert!(state.may_start(over + PLAN.cooldown, &PLAN, Occasion::UnknownKey));
}

#[test]
fn failures_are_retried_later_and_later_but_never_later_than_refresh() {
    let mut state = fetched(None);
    let mut now = NOW;
    let mut least = 1_000;
    for failure in 1..80_u64 {
        now = now.max(state.due(&PLAN));
        state.start(now, &PLAN, ME);
        for random in [0, 1, 499, u64::MAX] {
            let mut state = state;
            state.fail(now, random);
            let delay = state.due(&PLAN) - now;
            let most = (least + least / 2).min(PLAN.refresh);
            let range = least.min(PLAN.refresh)..=most;
            assert!(range.contains(&delay), "{failure}: {delay} in {range:?}");
            assert_eq!(state.failures(), failure);
        }
        state.fail(now, 7);
        least = (least * 2).min(1 << 40);
    }
    assert_eq!(state.good(), NOW, "the keys of the last good fetch stay");
    state.start(now, &PLAN, ME);
    state.succeed(None);
    assert_eq!(
        (state.failures(), state.due(&PLAN)),
        (0, now + PLAN.refresh)
    );
}

#[test]
fn jitter_spreads_the_retries() {
    let delays: std::collections::HashSet<u64> = (0..100)
        .map(|random| {
            let mut state = FetchState::default();
            state.start(NOW, &PLAN, ME);
            state.fail(NOW, random * 7919);
            state.due(&PLAN)
        })
        .collect();
    assert!(delays.len() > 50, "{}", delays.len());
}

#[test]
fn a_lease_ends_with_the_fetch_with_its_time_or_with_its_holder() {
    let mut state = FetchState::default();
    let lease = state.start(NOW, &PLAN, ME);
    assert!(state.is_fetching(NOW, |owner| owner == ME));
    assert!(
        !state.is_fetching(NOW, |owner| owner != ME),
        "the holder is gone"
    );
    assert!(state.is_fetching(NOW + PLAN.timeout, |_| true));
    assert!(!state.is_fetching(NOW + PLAN.timeout + 10_000, |_| true));
    let later = state.start(NOW + 20_000, &PLAN, ME + 1);
    assert!(!state.is_held(lease), "who comes too late changes nothing");
    assert!(state.is_held(later));
    let before = state.ended();
    state.succeed(None);
    assert!(!state.is_fetching(NOW + 20_000, |_| true));
    assert!(!state.is_held(later));
    assert_ne!(state.ended(), before);
}

#[test]
fn who_waits_is_told_for_how_long() {
    let mut state = FetchState::default();
    state.start(NOW, &PLAN, ME);
    state.fail(NOW, 0);
    state.start(NOW, &PLAN, ME);
    state.fail(NOW, 0);
    assert_eq!(state.retry_after(NOW, &PLAN), 2);
    assert_eq!(state.retry_after(NOW + 1_500, &PLAN), 1);
    assert_eq!(state.retry_after(NOW + 9_000, &PLAN), 1);
}

#[test]
fn any_numbers_are_a_state() {
    for words in [
        [0; FetchState::WORDS],
        [u64::MAX; FetchState::WORDS],
        [1; FetchState::WORDS],
    ] {
        let mut state = FetchState::from_words(words);
        assert_eq!(state.to_words(), words);
        for now in [1, NOW, u64::MAX] {
            state.may_start(now, &PLAN, Occasion::Due);
            state.retry_after(now, &PLAN);
            state.start(now, &PLAN, ME);
            state.fail(now, u64::MAX);
            state.start(now, &PLAN, ME);
            state.succeed(Some(u64::MAX));
        }
    }
}

#[test]
fn max_age_is_read_from_cache_control() {
    for (header, seconds) in [
        ("max-age=300", Some(300)),
        ("public, max-age=19800, must-revalidate", Some(19800)),
        ("Public,MAX-AGE=1", Some(1)),
        ("max-age = \"60\"", Some(60)),
        ("max-age=99999999999999999999999", Some(u64::MAX)),
        ("no-cache", None),
        ("", None),
        ("s-maxage=5", None),
        ("max-age=", None),
        ("max-age=-1", None),
        ("max-age=1.5", None),
        ("max-age", None),
    ] {
        assert_eq!(max_age(header), seconds, "{header}");
    }
}

//! When keys are fetched. All workers share one [`FetchState`] per source, and change it one at a
//! time. Times are milliseconds of one clock that never jumps, and never 0.

/// What is configured, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshPlan {
    /// Longest time between two fetches.
    pub refresh: u64,
    /// How long keys stay in force after the last fetch that succeeded.
    pub stale: u64,
    /// Shortest time between two fetches, but for those after a failure.
    pub cooldown: u64,
    /// Longest duration of a fetch.
    pub timeout: u64,
}

/// Why a fetch is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The time has come.
    Due,
    /// A token names a key that is not there.
    UnknownKey,
}

/// A fetch that started: who may end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    owner: u64,
    started: u64,
}

/// What is known of the fetches of one source. Facts alone: what follows from them depends on a plan,
/// and two issuers with one source may have two. All zeros: nothing yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchState {
    /// When the last one started.
    started: u64,
    /// When the last one started that succeeded.
    good: u64,
    /// How long its answer lasts, as it says itself; 0: it does not.
    lifetime: u64,
    /// How many have failed since.
    failures: u64,
    /// When the last of these ended.
    failed: u64,
    /// How long to wait after it.
    delay: u64,
    /// How many have ended.
    ended: u64,
    /// The process that fetches; 0: none does.
    owner: u64,
    /// Until when it may.
    leased_until: u64,
}

/// First delay after a failure; doubled with each further one.
const FIRST_RETRY: u64 = 1_000;

/// Doublings at most: more than any `refresh`.
const MOST_DOUBLINGS: u64 = 32;

/// What a lease lasts beyond the timeout of its fetch.
const LEASE_GRACE: u64 = 2_000;

impl FetchState {
    /// How many words [`FetchState::to_words`] gives.
    pub const WORDS: usize = 9;

    /// The state as numbers, for memory that processes share.
    pub fn to_words(self) -> [u64; Self::WORDS] {
        [
            self.started,
            self.good,
            self.lifetime,
            self.failures,
            self.failed,
            self.delay,
            self.ended,
            self.owner,
            self.leased_until,
        ]
    }

    /// The state of these numbers. Any will do.
    pub fn from_words(words: [u64; Self::WORDS]) -> Self {
        let [
            started,
            good,
            lifetime,
            failures,
            failed,
            delay,
            ended,
            owner,
            leased_until,
        ] = words;
        Self {
            started,
            good,
            lifetime,
            failures,
            failed,
            delay,
            ended,
            owner,
            leased_until,
        }
    }

    /// Is somebody fetching? A lease ends by itself, and with the process that holds it.
    pub fn is_fetching(&self, now: u64, is_alive: impl FnOnce(u64) -> bool) -> bool {
        self.owner != 0 && now < self.leased_until && is_alive(self.owner)
    }

    /// May a fetch start, were nobody fetching?
    pub fn may_start(&self, now: u64, plan: &RefreshPlan, occasion: Occasion) -> bool {
        match occasion {
            Occasion::Due => now >= self.due(plan),
            Occasion::UnknownKey => {
                self.started == 0 || now >= self.started.saturating_add(plan.cooldown)
            }
        }
    }

    /// When the next fetch is due.
    pub fn due(&self, plan: &RefreshPlan) -> u64 {
        if self.failures > 0 {
            return self.failed.saturating_add(self.delay.min(plan.refresh));
        }
        let lifetime = match self.lifetime {
            0 => plan.refresh,
            said => said.max(plan.cooldown).min(plan.refresh),
        };
        match self.good {
            0 => 0,
            good => good.saturating_add(lifetime),
        }
    }

    /// A fetch starts.
    pub fn start(&mut self, now: u64, plan: &RefreshPlan, owner: u64) -> Lease {
        self.started = now;
        self.owner = owner;
        self.leased_until = now.saturating_add(plan.timeout).saturating_add(LEASE_GRACE);
        Lease {
            owner,
            started: now,
        }
    }

    /// Is this the fetch under way? One that lost its lease changes nothing any more.
    pub fn is_held(&self, lease: Lease) -> bool {
        self.owner == lease.owner && self.started == lease.started
    }

    /// The fetch under way brought keys, or the word that they have not changed. `max_age` in
    /// seconds, as the answer says.
    pub fn succeed(&mut self, max_age: Option<u64>) {
        self.good = self.started;
        self.lifetime = max_age.map_or(0, |seconds| seconds.saturating_mul(1_000).max(1));
        self.failures = 0;
        self.end();
    }

    /// The fetch under way failed. The next one comes after twice the time, and up to half as much
    /// again by chance (`random`: any number).
    pub fn fail(&mut self, now: u64, random: u64) {
        let doublings = self.failures.min(MOST_DOUBLINGS);
        let delay = FIRST_RETRY.saturating_mul(1 << doublings);
        let jitter = random.checked_rem(delay / 2).unwrap_or(0);
        self.delay = delay.saturating_add(jitter);
        self.failed = now;
        self.failures = self.failures.saturating_add(1);
        self.end();
    }

    fn end(&mut self) {
        self.owner = 0;
        self.leased_until = 0;
        self.ended = self.ended.wrapping_add(1);
    }

    /// When the last fetch started that succeeded; 0: none did. Keys are in force for
    /// [`RefreshPlan::stale`] from then on.
    pub fn good(&self) -> u64 {
        self.good
    }

    /// How many fetches have failed since one succeeded.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// A number that changes whenever a fetch ends.
    pub fn ended(&self) -> u64 {
        self.ended
    }

    /// Seconds until it is worth asking again, at least 1.
    pub fn retry_after(&self, now: u64, plan: &RefreshPlan) -> u64 {
        let left = self.due(plan).saturating_sub(now);
        left.div_ceil(1_000).max(1)
    }
}

/// `max-age` of a Cache-Control header (RFC 9111 5.2.2.1), in seconds.
pub fn max_age(cache_control: &str) -> Option<u64> {
    cache_control.split(',').find_map(|directive| {
        let (name, value) = directive.trim().split_once('=')?;
        if !name.trim_end().eq_ignore_ascii_case("max-age") {
            return None;
        }
        let digits = value.trim().trim_matches('"');
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().unwrap_or(u64::MAX))
    })
}

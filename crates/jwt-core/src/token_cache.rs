//! Tokens whose signature was verified, least recently used out first.
//!
//! An entry speaks for the signature alone: whoever gets one checks time and policy again.

use crate::limits::MAX_CACHED_TOKEN_SIZE;
use crate::token::Token;
use crate::verifier::VerifyOptions;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::rc::Rc;

/// A bounded map from a token and what it was verified with to the verified token. It holds no
/// memory until the first entry.
pub struct TokenCache {
    max: usize,
    inactive: u64,
    key: HashKey,
    /// Positions in `entries` by hash. Of two entries with one hash the newer replaces the older,
    /// so that no input makes a chain that is walked.
    places: HashMap<u64, usize, BuildHasherDefault<AsItIs>>,
    entries: Vec<Entry>,
    newest: usize,
    oldest: usize,
}

struct Entry {
    hash: u64,
    token: Rc<Token>,
    with: VerifiedWith,
    /// The first second at which `exp` has passed.
    expires: u64,
    /// When it was put in or last found.
    used: u64,
    newer: usize,
    older: usize,
}

/// Position of no entry.
const NONE: usize = usize::MAX;

/// What a token was verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedWith {
    /// How.
    pub options: VerifyOptions,
    /// The ids of the key sets ([`crate::KeySet::id`]).
    pub key_sets: Box<[u64]>,
}

impl TokenCache {
    /// At most `max` entries; those not found for `inactive` seconds go.
    pub fn new(max: usize, inactive: Option<u64>) -> Self {
        Self {
            max,
            inactive: inactive.unwrap_or(u64::MAX),
            key: HashKey::random(),
            places: HashMap::default(),
            entries: Vec::new(),
            newest: NONE,
            oldest: NONE,
        }
    }

    /// The token of these bytes, if it is kept under the same `hint` and `holds` says that what it
    /// was verified with is what it would be verified with now. `now` in Unix seconds.
    ///
    /// The hint is a number that differs, mostly, where a token is verified with something else:
    /// entries of one token for several locations then don't drive each other out.
    pub fn get(
        &mut self,
        token: &[u8],
        hint: u64,
        now: u64,
        holds: impl FnOnce(&Token, &VerifiedWith) -> bool,
    ) -> Option<Rc<Token>> {
        let place = *self.places.get(&self.key.hash(token, hint)?)?;
        let entry = self.entries.get_mut(place)?;
        if entry.token.compact() != token || !holds(&entry.token, &entry.with) {
            return None;
        }
        if entry.expires <= now || is_idle(entry.used, self.inactive, now) {
            self.remove(place);
            return None;
        }
        entry.used = now;
        let token = Rc::clone(&entry.token);
        if self.newest != place {
            self.unlink(place);
            self.link_newest(place);
        }
        Some(token)
    }

    /// Keeps a token that [`crate::verify`] accepted. `now` in Unix seconds.
    ///
    /// # Errors
    /// Gives `with` back for a token that is not kept: its signature was not checked, it has
    /// expired, it is longer than [`MAX_CACHED_TOKEN_SIZE`], or there is no memory.
    pub fn put(
        &mut self,
        token: &Rc<Token>,
        hint: u64,
        now: u64,
        with: VerifiedWith,
    ) -> Result<(), VerifiedWith> {
        let expires = token.expires();
        if self.max == 0 || !token.is_verified() || expires <= now {
            return Err(with);
        }
        let Some(hash) = self.key.hash(token.compact(), hint) else {
            return Err(with);
        };
        self.remove_idle(now);
        let entry = Entry {
            hash,
            token: Rc::clone(token),
            with,
            expires,
            used: now,
            newer: NONE,
            older: NONE,
        };
        if let Some(place) = self.places.get(&hash) {
            self.replace(*place, entry);
        } else if self.entries.len() >= self.max {
            self.replace(self.oldest, entry);
        } else {
            if self.entries.try_reserve(1).is_err() || self.places.try_reserve(1).is_err() {
                return Err(entry.with);
            }
            self.append(entry);
        }
        Ok(())
    }

    /// How many tokens are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is none kept?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn append(&mut self, entry: Entry) {
        let place = self.entries.len();
        self.places.insert(entry.hash, place);
        self.entries.push(entry);
        self.link_newest(place);
    }

    fn replace(&mut self, place: usize, entry: Entry) {
        self.unlink(place);
        if let Some(slot) = self.entries.get_mut(place) {
            self.places.remove(&slot.hash);
            self.places.insert(entry.hash, place);
            *slot = entry;
            self.link_newest(place);
        }
    }

    fn remove_idle(&mut self, now: u64) {
        while let Some(entry) = self.entries.get(self.oldest)
            && is_idle(entry.used, self.inactive, now)
        {
            self.remove(self.oldest);
        }
    }

    /// Takes the entry out; the last one moves to its place.
    fn remove(&mut self, place: usize) {
        self.unlink(place);
        if place >= self.entries.len() {
            return;
        }
        let removed = self.entries.swap_remove(place);
        self.places.remove(&removed.hash);
        let Some(moved) = self.entries.get(place) else {
            return;
        };
        let (newer, older) = (moved.newer, moved.older);
        self.places.insert(moved.hash, place);
        self.join(newer, place);
        self.join(place, older);
    }

    fn unlink(&mut self, place: usize) {
        if let Some(entry) = self.entries.get(place) {
            self.join(entry.newer, entry.older);
        }
    }

    fn link_newest(&mut self, place: usize) {
        self.join(place, self.newest);
        self.join(NONE, place);
    }

    /// Makes `newer` and `older` neighbours; [`NONE`] stands beyond either end.
    fn join(&mut self, newer: usize, older: usize) {
        match self.entries.get_mut(newer) {
            Some(entry) => entry.older = older,
            None => self.newest = older,
        }
        match self.entries.get_mut(older) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = newer,
        }
    }
}

fn is_idle(used: u64, inactive: u64, now: u64) -> bool {
    now.saturating_sub(used) >= inactive
}

impl fmt::Debug for TokenCache {
    /// Without the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("max", &self.max)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Random per process: which tokens share a place cannot be known outside.
struct HashKey(u64, u64);

impl HashKey {
    fn random() -> Self {
        let random = RandomState::new();
        Self(random.hash_one(0), random.hash_one(1) | 1)
    }

    /// Signatures end a token, and those of different tokens differ: their last bytes are as good
    /// as all, and a keyed multiplication is enough for them, as no two entries share a hash. None
    /// for a token that is too short or too long to be kept.
    fn hash(&self, token: &[u8], hint: u64) -> Option<u64> {
        if token.len() > MAX_CACHED_TOKEN_SIZE {
            return None;
        }
        let (words, _) = token.last_chunk::<32>()?.as_chunks::<8>();
        let hash = words.iter().fold(self.0 ^ hint, |hash, word| {
            let mixed = u128::from(hash ^ u64::from_le_bytes(*word));
            let product = mixed.wrapping_mul(u128::from(self.1)); // of two 64-bit numbers: exact
            (product >> 64) as u64 ^ product as u64
        });
        Some(hash)
    }
}

/// Keys of `places` are hashes already.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Not called for a u64; sound for whatever is.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

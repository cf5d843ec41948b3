//! A set of keys, arranged so that finding a token's keys costs the same in sets of any size.

use crate::algorithm::Algorithm;
use crate::key::Bound;
use crate::limits::MAX_SIGNATURE_TRIES;
use crate::signature::VerifySignature;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// The keys of one file, parsed and bound to their algorithms. Immutable.
pub struct KeySet {
    id: u64,
    len: usize,
    kids: HashSet<Box<str>>,
    /// One per algorithm, in the table's order.
    shelves: Vec<Shelf>,
}

/// A key, and what it is called.
pub(crate) struct NamedKey {
    pub(crate) kid: Option<Box<str>>,
    pub(crate) verifier: Box<dyn VerifySignature>,
}

/// The keys of one algorithm.
#[derive(Default)]
struct Shelf {
    /// In the order of the file.
    keys: Vec<NamedKey>,
    /// Positions in `keys`.
    by_kid: HashMap<Box<str>, Vec<usize>>,
    without_kid: Vec<usize>,
}

impl Default for KeySet {
    fn default() -> Self {
        Self::new()
    }
}

impl KeySet {
    pub(crate) fn new() -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            len: 0,
            kids: HashSet::new(),
            shelves: Algorithm::ALL.iter().map(|_| Shelf::default()).collect(),
        }
    }

    pub(crate) fn add(&mut self, kid: Option<&str>, key: Bound) {
        for (algorithm, verifier) in key.verifiers {
            let Some(shelf) = self.shelves.get_mut(algorithm as usize) else {
                continue;
            };
            let position = shelf.keys.len();
            shelf.keys.push(NamedKey {
                kid: kid.map(Into::into),
                verifier,
            });
            match kid {
                Some(kid) => shelf.by_kid.entry(kid.into()).or_default().push(position),
                None => shelf.without_kid.push(position),
            }
        }
        if let Some(kid) = kid {
            self.kids.insert(kid.into());
        }
        self.len = self.len.saturating_add(1);
    }

    /// Unique per parse in this process, never 0: an identity for caches.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How many usable keys there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Is there no usable key?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn has_kid(&self, kid: &str) -> bool {
        self.kids.contains(kid)
    }

    /// The keys of exactly that `kid`.
    pub(crate) fn with_kid(
        &self,
        algorithm: Algorithm,
        kid: &str,
    ) -> impl Iterator<Item = &NamedKey> {
        let shelf = self.shelves.get(algorithm as usize);
        shelf.into_iter().flat_map(move |shelf| {
            let positions = shelf.by_kid.get(kid).map(Vec::as_slice);
            shelf.pick(positions.unwrap_or_default())
        })
    }

    /// The keys that have no `kid`.
    pub(crate) fn without_kid(&self, algorithm: Algorithm) -> impl Iterator<Item = &NamedKey> {
        let shelf = self.shelves.get(algorithm as usize);
        shelf
            .into_iter()
            .flat_map(|shelf| shelf.pick(&shelf.without_kid))
    }

    /// All keys, whatever their `kid`.
    pub(crate) fn any_kid(&self, algorithm: Algorithm) -> impl Iterator<Item = &NamedKey> {
        let shelf = self.shelves.get(algorithm as usize);
        shelf.into_iter().flat_map(|shelf| &shelf.keys)
    }

    /// An algorithm for which a token could have more candidates than are tried, and how many.
    pub(crate) fn crowded(&self) -> Option<(Algorithm, usize)> {
        Algorithm::ALL
            .into_iter()
            .zip(&self.shelves)
            .map(|(algorithm, shelf)| (algorithm, shelf.keys.len()))
            .find(|(_, candidates)| *candidates > MAX_SIGNATURE_TRIES)
    }
}

impl Shelf {
    fn pick<'a>(&'a self, positions: &'a [usize]) -> impl Iterator<Item = &'a NamedKey> {
        positions
            .iter()
            .filter_map(|position| self.keys.get(*position))
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet")
            .field("id", &self.id)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

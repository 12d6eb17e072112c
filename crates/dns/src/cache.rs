//! What is still good: answers, and links of the chain of trust.
//!
//! # Invariants
//! * At most [`ENTRIES_MAX`] entries: the one that ends soonest makes room.
//! * Each operation costs the logarithm of the size, however old the entries are.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mail_types::Timestamp;

/// What was learned, by key.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    state: Mutex<State<K, V>>,
}

#[derive(Debug)]
struct State<K, V> {
    entries: HashMap<K, Entry<V>>,
    by_end: BTreeSet<(Timestamp, K)>,
}

#[derive(Debug)]
struct Entry<V> {
    end: Timestamp,
    value: V,
}

impl<K: Clone + Eq + Hash + Ord, V: Clone> Cache<K, V> {
    /// What is known, and for how many seconds more.
    pub(crate) fn find(&self, key: &K, now: Timestamp) -> Option<(V, u32)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = state.entries.get(key)?;
        let left = entry.end.since(now);
        // More than anything may have left: the clock was put back.
        if entry.end <= now || left > Duration::from_secs(u64::from(LIFETIME_MAX)) {
            state.remove(key);
            return None;
        }
        Some((entry.value.clone(), left.as_secs() as u32))
    }

    /// Keeps a value for so many seconds.
    pub(crate) fn keep(&self, key: K, value: V, seconds: u32, now: Timestamp) {
        if seconds == 0 {
            return;
        }
        let end = now.plus(Duration::from_secs(u64::from(seconds.min(LIFETIME_MAX))));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.remove(&key);
        while state.entries.len() >= ENTRIES_MAX {
            let Some((_, soonest)) = state.by_end.pop_first() else { break };
            state.entries.remove(&soonest);
        }
        state.by_end.insert((end, key.clone()));
        state.entries.insert(key, Entry { end, value });
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self { state: Mutex::default() }
    }
}

impl<K, V> Default for State<K, V> {
    fn default() -> Self {
        Self { entries: HashMap::new(), by_end: BTreeSet::new() }
    }
}

impl<K: Clone + Eq + Hash + Ord, V> State<K, V> {
    fn remove(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_end.remove(&(entry.end, key.clone()));
        }
    }
}

/// Most entries kept.
pub(crate) const ENTRIES_MAX: usize = 20_000;
/// Longest time that something is kept (RFC 2181 allows 68 years).
const LIFETIME_MAX: u32 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn an_entry_ages_and_ends() {
        let cache = Cache::default();
        cache.keep(1, 'a', 60, at(0));
        assert_eq!(cache.find(&1, at(20)), Some(('a', 40)));
        assert_eq!(cache.find(&1, at(60)), None);
        assert_eq!(cache.find(&1, at(0)), None);
    }

    #[test]
    fn a_clock_that_is_put_back_ends_what_was_known() {
        let cache = Cache::default();
        cache.keep(1, 'a', 60, at(1_000_000));
        assert_eq!(cache.find(&1, at(999_990)), Some(('a', 70)));
        assert_eq!(cache.find(&1, at(0)), None);
    }

    #[test]
    fn the_soonest_end_makes_room() {
        let cache = Cache::default();
        for n in 0..=ENTRIES_MAX {
            let seconds = if n == 7 { 1 } else { 1_000 };
            cache.keep(n, (), seconds, at(0));
        }
        assert_eq!(cache.find(&7, at(0)), None);
        assert_eq!(cache.find(&ENTRIES_MAX, at(0)), Some(((), 1_000)));
        let state = cache.state.lock().unwrap();
        assert_eq!((state.entries.len(), state.by_end.len()), (ENTRIES_MAX, ENTRIES_MAX));
    }
}

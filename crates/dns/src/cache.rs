//! What is still good: answers, and links of the chain of trust.
//!
//! # Invariants
//! * At most [`limits::DNS_CACHE_ENTRIES`] entries of [`limits::DNS_CACHE_BYTES`] together: the one that ends soonest makes
//!   room.
//! * Each operation costs the logarithm of the size, however old the entries are.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mail_types::{Timestamp, limits};

/// What was learned, by key.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    state: Mutex<State<K, V>>,
}

#[derive(Debug)]
struct State<K, V> {
    entries: HashMap<K, Entry<V>>,
    by_end: BTreeSet<(Timestamp, K)>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    end: Timestamp,
    value: V,
    bytes: usize,
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

    /// Keeps a value, which takes about so many bytes, for so many seconds from now.
    pub(crate) fn keep(&self, key: K, value: V, bytes: usize, (seconds, now): (u32, Timestamp)) {
        let bytes = bytes + ENTRY_BYTES;
        if seconds == 0 || bytes > limits::DNS_CACHE_BYTES {
            return;
        }
        let end = now.plus(Duration::from_secs(u64::from(seconds.min(LIFETIME_MAX))));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.remove(&key);
        while state.entries.len() >= limits::DNS_CACHE_ENTRIES
            || state.bytes + bytes > limits::DNS_CACHE_BYTES
        {
            let Some((_, soonest)) = state.by_end.first().cloned() else { break };
            state.remove(&soonest);
        }
        state.by_end.insert((end, key.clone()));
        state.bytes += bytes;
        state.entries.insert(key, Entry { end, value, bytes });
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
        Self { entries: HashMap::new(), by_end: BTreeSet::new(), bytes: 0 }
    }
}

impl<K: Clone + Eq + Hash + Ord, V> State<K, V> {
    fn remove(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_end.remove(&(entry.end, key.clone()));
            self.bytes -= entry.bytes;
        }
    }
}

/// What an entry takes beside its value.
const ENTRY_BYTES: usize = 128;
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
        cache.keep(1, 'a', 1, (60, at(0)));
        assert_eq!(cache.find(&1, at(20)), Some(('a', 40)));
        assert_eq!(cache.find(&1, at(60)), None);
        assert_eq!(cache.find(&1, at(0)), None);
    }

    #[test]
    fn a_clock_that_is_put_back_ends_what_was_known() {
        let cache = Cache::default();
        cache.keep(1, 'a', 1, (60, at(1_000_000)));
        assert_eq!(cache.find(&1, at(999_990)), Some(('a', 70)));
        assert_eq!(cache.find(&1, at(0)), None);
    }

    #[test]
    fn the_soonest_end_makes_room() {
        let cache = Cache::default();
        for n in 0..=limits::DNS_CACHE_ENTRIES {
            let seconds = if n == 7 { 1 } else { 1_000 };
            cache.keep(n, (), 1, (seconds, at(0)));
        }
        assert_eq!(cache.find(&7, at(0)), None);
        assert_eq!(cache.find(&limits::DNS_CACHE_ENTRIES, at(0)), Some(((), 1_000)));
        let state = cache.state.lock().unwrap();
        assert_eq!(state.entries.len(), limits::DNS_CACHE_ENTRIES);
        assert_eq!(state.by_end.len(), limits::DNS_CACHE_ENTRIES);
    }

    #[test]
    fn large_values_are_few() {
        let cache = Cache::default();
        let large = limits::DNS_CACHE_BYTES / 10;
        for n in 0..30 {
            cache.keep(n, (), large, (1_000 - n, at(0)));
        }
        assert_eq!(
            (0..30).filter(|n| cache.find(n, at(0)).is_some()).collect::<Vec<_>>(),
            [0, 1, 2, 3, 4, 5, 6, 7, 29]
        );
        // The same key again takes no more; what is larger than everything is not kept.
        for _ in 0..30 {
            cache.keep(3, (), large, (2_000, at(0)));
        }
        cache.keep(99, (), limits::DNS_CACHE_BYTES, (1_000, at(0)));
        assert_eq!(cache.find(&99, at(0)), None);
        let state = cache.state.lock().unwrap();
        assert_eq!((state.entries.len(), state.bytes), (9, 9 * (large + ENTRY_BYTES)));
    }

    #[test]
    fn lifetimes_of_nothing_and_of_ages() {
        let cache = Cache::default();
        cache.keep(1, (), 1, (0, at(0)));
        assert_eq!(cache.find(&1, at(0)), None);
        cache.keep(2, (), 1, (u32::MAX, at(0)));
        assert_eq!(cache.find(&2, at(0)), Some(((), LIFETIME_MAX)));
        assert_eq!(cache.find(&2, at(i64::from(LIFETIME_MAX))), None);
    }
}

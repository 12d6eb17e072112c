//! Answers that are still good.
//!
//! # Invariants
//! * At most [`ENTRIES_MAX`] entries: the one that ends soonest makes room.
//! * Each operation costs the logarithm of the size, however old the entries are.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mail_types::Timestamp;
use mail_types::dns::{Answer, DnsFailure, RecordType};

/// A name in lower case and a type.
pub(crate) type Key = (Vec<u8>, RecordType);

/// Answers by question.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<Key, Entry>,
    by_end: BTreeSet<(Timestamp, Key)>,
}

#[derive(Debug)]
struct Entry {
    end: Timestamp,
    outcome: Result<Answer, DnsFailure>,
}

impl Cache {
    /// What is known; the answer's lifetime is what is left of it.
    pub(crate) fn find(&self, key: &Key, now: Timestamp) -> Option<Result<Answer, DnsFailure>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = state.entries.get(key)?;
        if entry.end <= now {
            state.remove(key);
            return None;
        }
        let left = entry.end.since(now).as_secs() as u32;
        Some(entry.outcome.clone().map(|answer| aged(answer, left)))
    }

    /// Keeps an outcome for so many seconds.
    pub(crate) fn keep(&self, key: Key, outcome: Result<Answer, DnsFailure>, seconds: u32, now: Timestamp) {
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
        state.entries.insert(key, Entry { end, outcome });
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }
}

impl State {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_end.remove(&(entry.end, key.clone()));
        }
    }
}

fn aged(mut answer: Answer, left: u32) -> Answer {
    answer.ttl = left;
    for record in &mut answer.records {
        record.ttl = record.ttl.min(left);
    }
    answer
}

/// Most answers kept.
pub(crate) const ENTRIES_MAX: usize = 20_000;
/// Longest time that an answer is kept (RFC 2181 allows 68 years).
const LIFETIME_MAX: u32 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> Key {
        (format!("n{n}.example").into_bytes(), RecordType::A)
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn an_answer_ages_and_ends() {
        let cache = Cache::default();
        cache.keep(key(1), Ok(Answer { ttl: 60, ..Answer::default() }), 60, at(0));
        assert_eq!(cache.find(&key(1), at(20)).unwrap().unwrap().ttl, 40);
        assert_eq!(cache.find(&key(1), at(60)), None);
        assert_eq!(cache.find(&key(1), at(0)), None);
    }

    #[test]
    fn the_soonest_end_makes_room() {
        let cache = Cache::default();
        for n in 0..=ENTRIES_MAX {
            let seconds = if n == 7 { 1 } else { 1_000 };
            cache.keep(key(n), Err(DnsFailure::NxDomain), seconds, at(0));
        }
        assert_eq!(cache.find(&key(7), at(0)), None);
        assert_eq!(cache.find(&key(ENTRIES_MAX), at(0)), Some(Err(DnsFailure::NxDomain)));
        let state = cache.state.lock().unwrap();
        assert_eq!((state.entries.len(), state.by_end.len()), (ENTRIES_MAX, ENTRIES_MAX));
    }
}

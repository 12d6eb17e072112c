//! Compiled forms of text that is only known at run time.
//!
//! # Invariants
//! * Bounded: the older half is dropped when a generation is full.
//! * Holds only what can be computed again.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use mail_types::limits;
use mail_types::quick_map::QuickMap;

use crate::expansion::Compiled;
use crate::parse::Parser;
use crate::regex::{CompileError, Flags, Regex};

/// Two generations: what is used again moves to the young one, and the old one is dropped when the young one is full.
struct Generations<V> {
    young: QuickMap<Box<[u8]>, V>,
    old: QuickMap<Box<[u8]>, V>,
}

impl<V: Clone> Generations<V> {
    fn new() -> Self {
        Self { young: QuickMap::default(), old: QuickMap::default() }
    }

    fn find(&mut self, text: &[u8]) -> Option<V> {
        if let Some(value) = self.young.get(text) {
            return Some(value.clone());
        }
        let (text, value) = self.old.remove_entry(text)?;
        self.store(text, value.clone());
        Some(value)
    }

    fn store(&mut self, text: impl Into<Box<[u8]>>, value: V) {
        if self.young.len() >= limits::EXPANSION_CACHE / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text.into(), value);
    }
}

/// A cache of the process.
type Cache<V> = LazyLock<Mutex<Generations<V>>>;

static CASEFUL: Cache<Regex> = LazyLock::new(|| Mutex::new(Generations::new()));
static CASELESS: Cache<Regex> = LazyLock::new(|| Mutex::new(Generations::new()));
static EXPANSIONS: Cache<Arc<Compiled>> = LazyLock::new(|| Mutex::new(Generations::new()));

/// Longer texts are compiled each time: they would make the cache's size depend on its content.
const LONGEST: usize = 4096;

fn lock<T>(cache: &Mutex<T>) -> MutexGuard<'_, T> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A compiled pattern.
pub(crate) fn regex(pattern: &[u8], flags: Flags) -> Result<Regex, CompileError> {
    let cache = if flags.caseless { &CASELESS } else { &CASEFUL };
    if let Some(found) = lock(cache).find(pattern) {
        return Ok(found);
    }
    let compiled = Regex::compile(pattern, flags)?;
    if pattern.len() <= LONGEST {
        lock(cache).store(pattern, compiled.clone());
    }
    Ok(compiled)
}

/// A compiled string; `depth` is how deep it may nest.
pub(crate) fn expansion(text: &[u8], depth: usize) -> Arc<Compiled> {
    if let Some(found) = lock(&EXPANSIONS).find(text).filter(|found| found.is_for_depth(depth)) {
        return found;
    }
    let compiled = Arc::new(Compiled::new(Parser::nowhere(text, depth)));
    if text.len() <= LONGEST {
        lock(&EXPANSIONS).store(text, Arc::clone(&compiled));
    }
    compiled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let mut cache = Generations::new();
        for number in 0..10 * limits::EXPANSION_CACHE {
            cache.store(number.to_string().into_bytes(), number);
            assert_eq!(cache.find(b"0"), Some(0));
        }
        assert!(cache.young.len() + cache.old.len() <= limits::EXPANSION_CACHE + 1);
    }

    #[test]
    fn a_text_that_nests_too_deeply_once_may_fit_elsewhere() {
        let text = b"${lc:${uc:a}} of the cache's test";
        let broken = |depth| !expansion(text, depth).is_sound();
        assert!(broken(2));
        assert!(!broken(10));
        assert!(Arc::ptr_eq(&expansion(text, 10), &expansion(text, 20)));
        assert!(broken(2));
    }
}

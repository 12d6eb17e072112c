//! Compiled forms of text that is only known at run time.
//!
//! # Invariants
//! * Bounded: the older half is dropped when a generation is full.
//! * Holds only what can be computed again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use mail_types::limits;

use crate::parse::Parser;
use crate::regex::{CompileError, Flags, Regex};

/// Two generations: what is used again moves to the young one, and the old one is dropped when the young one is full.
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash + Clone, V: Clone> Generations<K, V> {
    fn new() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }

    fn find(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let value = self.old.remove(key)?;
        self.store(key.clone(), value.clone());
        Some(value)
    }

    fn store(&mut self, key: K, value: V) {
        if self.young.len() >= limits::EXPANSION_CACHE / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

type Regexes = Generations<(Vec<u8>, Flags), Regex>;
type Parsed = Generations<(Vec<u8>, usize), Arc<crate::expansion::Compiled>>;

static REGEXES: LazyLock<Mutex<Regexes>> = LazyLock::new(|| Mutex::new(Generations::new()));
static EXPANSIONS: LazyLock<Mutex<Parsed>> = LazyLock::new(|| Mutex::new(Generations::new()));

/// Longer texts are compiled each time: they would make the cache's size depend on its content.
const LONGEST: usize = 4096;

fn lock<T>(cache: &Mutex<T>) -> MutexGuard<'_, T> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A compiled pattern.
pub(crate) fn regex(pattern: &[u8], flags: Flags) -> Result<Regex, CompileError> {
    let key = (pattern.to_vec(), flags);
    if let Some(found) = lock(&REGEXES).find(&key) {
        return Ok(found);
    }
    let compiled = Regex::compile(pattern, flags)?;
    if pattern.len() <= LONGEST {
        lock(&REGEXES).store(key, compiled.clone());
    }
    Ok(compiled)
}

/// A compiled string; `depth` is how deep it may nest.
pub(crate) fn expansion(text: &[u8], depth: usize) -> Arc<crate::expansion::Compiled> {
    let key = (text.to_vec(), depth);
    if let Some(found) = lock(&EXPANSIONS).find(&key) {
        return found;
    }
    let source = mail_types::diagnostic::SourceText::nowhere(text);
    let compiled = Arc::new(crate::expansion::Compiled::new(Parser::new(&source, depth)));
    if text.len() <= LONGEST {
        lock(&EXPANSIONS).store(key, Arc::clone(&compiled));
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
            cache.store(number, number);
            assert_eq!(cache.find(&0), Some(0));
        }
        assert!(cache.young.len() + cache.old.len() <= limits::EXPANSION_CACHE + 1);
    }
}

//! Lists whose text was born at run time, kept compiled.
//!
//! # Invariants
//! * Never more than [`limits::LIST_CACHE`] lists and [`limits::LIST_CACHE_BYTES`] bytes of their texts a generation,
//!   two generations at a time.
//!
//! # Security
//! Peers can make texts that are never seen again: they push each other out and cost nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use mail_types::limits;
use mail_types::value::{Taint, Value};

use super::ListKind;
use super::compile::Compiled;

/// A bounded cache of compiled lists.
#[derive(Debug, Default)]
pub struct ListCache {
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Key, Arc<Compiled>>,
    young_bytes: usize,
    old: HashMap<Key, Arc<Compiled>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    text: Arc<[u8]>,
    kind: ListKind,
    taint: Taint,
    lines: bool,
}

impl ListCache {
    /// The compiled form of a list's text.
    pub(crate) fn compile(&self, text: &Value, kind: ListKind) -> Arc<Compiled> {
        let key = Key { text: text.bytes().into(), kind, taint: text.taint().clone(), lines: false };
        self.obtain(key, |key| Compiled::new(&key.text, kind, &key.taint))
    }

    /// The compiled form of a file's text.
    pub(crate) fn compile_lines(&self, text: &[u8], kind: ListKind) -> Arc<Compiled> {
        let key = Key { text: text.into(), kind, taint: Taint::Clean, lines: true };
        self.obtain(key, |key| Compiled::of_lines(&key.text, kind))
    }

    fn obtain(&self, key: Key, compile: impl FnOnce(&Key) -> Compiled) -> Arc<Compiled> {
        if let Some(found) = self.lock().find(&key) {
            return found;
        }
        let compiled = Arc::new(compile(&key));
        self.lock().insert(key, Arc::clone(&compiled));
        compiled
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn find(&mut self, key: &Key) -> Option<Arc<Compiled>> {
        if let Some(found) = self.young.get(key) {
            return Some(Arc::clone(found));
        }
        let (key, found) = self.old.remove_entry(key)?;
        self.insert(key, Arc::clone(&found));
        Some(found)
    }

    fn insert(&mut self, key: Key, compiled: Arc<Compiled>) {
        if self.young.len() >= limits::LIST_CACHE
            || self.young_bytes + key.text.len() > limits::LIST_CACHE_BYTES
        {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += key.text.len();
        self.young.insert(key, compiled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let cache = ListCache::default();
        let kept = cache.compile(&Value::clean("kept"), ListKind::Domain);
        for number in 0..5 * limits::LIST_CACHE {
            cache.compile(&Value::clean(format!("list{number}")), ListKind::Domain);
            assert!(Arc::ptr_eq(&kept, &cache.compile(&Value::clean("kept"), ListKind::Domain)));
        }
        let generations = cache.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * limits::LIST_CACHE);
    }

    #[test]
    fn taint_and_kind_are_part_of_the_key() {
        let cache = ListCache::default();
        let clean = cache.compile(&Value::clean("a"), ListKind::Domain);
        let tainted = cache.compile(&Value::tainted("a"), ListKind::Domain);
        let local = cache.compile(&Value::clean("a"), ListKind::LocalPart);
        assert!(!Arc::ptr_eq(&clean, &tainted) && !Arc::ptr_eq(&clean, &local));
    }
}

//! Lists whose text was born at run time, kept compiled.
//!
//! # Invariants
//! * Never more than [`limits::LIST_CACHE`] lists and [`limits::LIST_CACHE_BYTES`] bytes of their texts a generation,
//!   two generations at a time.
//!
//! # Security
//! Peers can make texts that are never seen again: they push each other out and cost nothing else.

use std::sync::{Arc, Mutex, PoisonError};

use mail_types::limits;
use mail_types::quick_map::QuickMap;
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
    young: Generation,
    old: Generation,
}

/// The compiled forms of one text.
type Readings = Vec<(Reading, Arc<Compiled>)>;

/// Compiled lists by their text.
#[derive(Debug, Default)]
struct Generation {
    lists: QuickMap<Box<[u8]>, Readings>,
    count: usize,
    bytes: usize,
}

/// What the same text may be read as.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reading {
    kind: ListKind,
    taint: Taint,
    form: Form,
}

/// What makes an item of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Separators, as in any list.
    List,
    /// Each line is one.
    Lines,
    /// Separators; there are only plain items, regular expressions and lookups.
    Chain,
}

impl ListCache {
    /// The compiled form of a list's text.
    pub(crate) fn compile(&self, text: &Value, kind: ListKind) -> Arc<Compiled> {
        let reading = Reading { kind, taint: text.taint().clone(), form: Form::List };
        self.obtain(text.bytes(), reading, |reading| Compiled::new(text.bytes(), kind, &reading.taint))
    }

    /// The compiled form of what an `@@` lookup found.
    pub(crate) fn compile_chain(&self, text: &Value) -> Arc<Compiled> {
        let kind = ListKind::LocalPart;
        let reading = Reading { kind, taint: text.taint().clone(), form: Form::Chain };
        self.obtain(text.bytes(), reading, |reading| Compiled::of_chain(text.bytes(), &reading.taint))
    }

    /// The compiled form of a file's text.
    pub(crate) fn compile_lines(&self, text: &[u8], kind: ListKind) -> Arc<Compiled> {
        let reading = Reading { kind, taint: Taint::Clean, form: Form::Lines };
        self.obtain(text, reading, |_| Compiled::of_lines(text, kind))
    }

    fn obtain(
        &self,
        text: &[u8],
        reading: Reading,
        compile: impl FnOnce(&Reading) -> Compiled,
    ) -> Arc<Compiled> {
        if let Some(found) = self.lock().find(text, &reading) {
            return found;
        }
        let compiled = Arc::new(compile(&reading));
        self.lock().insert(text, reading, Arc::clone(&compiled));
        compiled
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn find(&mut self, text: &[u8], reading: &Reading) -> Option<Arc<Compiled>> {
        if let Some(found) = self.young.find(text, reading) {
            return Some(found);
        }
        let found = self.old.find(text, reading)?;
        self.insert(text, reading.clone(), Arc::clone(&found));
        Some(found)
    }

    fn insert(&mut self, text: &[u8], reading: Reading, compiled: Arc<Compiled>) {
        let young = &mut self.young;
        if young.count >= limits::LIST_CACHE || young.bytes + text.len() > limits::LIST_CACHE_BYTES {
            self.old = std::mem::take(young);
        }
        young.count += 1;
        young.bytes += text.len();
        match young.lists.get_mut(text) {
            Some(readings) => readings.push((reading, compiled)),
            None => drop(young.lists.insert(text.into(), vec![(reading, compiled)])),
        }
    }
}

impl Generation {
    fn find(&self, text: &[u8], reading: &Reading) -> Option<Arc<Compiled>> {
        let readings = self.lists.get(text)?;
        readings.iter().find(|(known, _)| known == reading).map(|(_, compiled)| Arc::clone(compiled))
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
        assert!(generations.young.count + generations.old.count <= 2 * limits::LIST_CACHE);
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

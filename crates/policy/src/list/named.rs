//! Named lists.
//!
//! # Invariants
//! * A named list is compiled once, when it is first reached; one with `$` in its text is expanded each time.
//! * Lists refer to each other by name, so they may be defined in any order, and handles form no cycles.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use expand::Expansion;
use mail_types::diagnostic::{Diagnostic, SourceText, Span};
use mail_types::suggest;
use mail_types::value::{Taint, Value};

use super::compile::Compiled;
use super::{ListCache, ListEnv, ListError, ListKind, ListMatch, MatchOptions, Subject, run};

/// All named lists of one configuration. A clone is another handle to the same lists.
#[derive(Clone, Default)]
pub struct NamedLists {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    table: RwLock<BTreeMap<ListKind, Kind>>,
    cache: ListCache,
}

/// The lists of one kind, by name.
#[derive(Default)]
struct Kind(BTreeMap<Vec<u8>, Arc<Definition>>);

struct Definition {
    list: NamedList,
    form: OnceLock<Form>,
}

/// How a list's text becomes items.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// It is always the same.
    Constant(Arc<Compiled>),
    /// It is expanded first.
    Expanded(Arc<Expansion>),
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
    /// `_cache`: Exim keeps results although the text holds `$`.
    pub cached: bool,
}

impl NamedLists {
    /// No lists yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a list; false when there is one of this kind and name.
    pub fn define(&self, kind: ListKind, name: &[u8], list: NamedList) -> bool {
        let mut table = self.shared.table.write().unwrap_or_else(PoisonError::into_inner);
        let lists = &mut table.entry(kind).or_default().0;
        if lists.contains_key(name) {
            return false;
        }
        lists.insert(name.to_vec(), Arc::new(Definition { list, form: OnceLock::new() }));
        true
    }

    /// Finds a list.
    pub fn find(&self, kind: ListKind, name: &[u8]) -> Option<NamedList> {
        self.definition(kind, name).map(|definition| definition.list.clone())
    }

    /// Whether there is such a list.
    pub fn has(&self, kind: ListKind, name: &[u8]) -> bool {
        self.definition(kind, name).is_some()
    }

    /// The list of a kind whose name is nearest to a misspelt one. Nothing is looked for among very many: each look costs a
    /// walk over all names.
    pub(crate) fn nearest(&self, kind: ListKind, wrong: &[u8]) -> Option<String> {
        const MANY: usize = 1_000;
        let table = self.shared.table.read().unwrap_or_else(PoisonError::into_inner);
        let lists = &table.get(&kind)?.0;
        let names = lists.keys().filter_map(|name| std::str::from_utf8(name).ok());
        let wrong = std::str::from_utf8(wrong).ok().filter(|_| lists.len() <= MANY)?;
        suggest::nearest(wrong, names).map(str::to_owned)
    }

    /// All lists of a kind by name.
    pub fn all(&self, kind: ListKind) -> Vec<(Vec<u8>, NamedList)> {
        let table = self.shared.table.read().unwrap_or_else(PoisonError::into_inner);
        let lists = table.get(&kind).into_iter().flat_map(|lists| &lists.0);
        lists.map(|(name, definition)| (name.clone(), definition.list.clone())).collect()
    }

    /// Compiles every list and tells what is wrong with them. Called when all are defined.
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for kind in [ListKind::Domain, ListKind::Host, ListKind::Address, ListKind::LocalPart] {
            for (name, list) in self.all(kind) {
                match self.form(kind, &name) {
                    Some(Form::Constant(compiled)) => found.extend(compiled.diagnostics(&list.text, self)),
                    Some(Form::Expanded(expansion)) => found.extend(expansion.diagnostics().iter().cloned()),
                    None => {}
                }
            }
        }
        found
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
        let compiled = self.shared.cache.compile(text, kind);
        run::find(&compiled, subject, options, self, env)
    }

    pub(crate) fn cache(&self) -> &ListCache {
        &self.shared.cache
    }

    /// The compiled form of a named list.
    pub(crate) fn form(&self, kind: ListKind, name: &[u8]) -> Option<Form> {
        let definition = self.definition(kind, name)?;
        Some(definition.form.get_or_init(|| Form::of(&definition.list.text, kind)).clone())
    }

    /// Whether matching a named list may wait for something outside.
    pub(crate) fn may_block(
        &self,
        kind: ListKind,
        name: &[u8],
        depth: usize,
        seen: &mut HashSet<(ListKind, Box<[u8]>)>,
    ) -> bool {
        match self.form(kind, name) {
            Some(Form::Constant(compiled)) => compiled.may_block(self, depth, seen),
            Some(Form::Expanded(_)) => true,
            None => false,
        }
    }

    /// Whether a match of a named list may leave a part of the subject in `$1`, as far as its text tells.
    pub(crate) fn captures(&self, kind: ListKind, name: &[u8], seen: &mut HashSet<Box<[u8]>>) -> bool {
        match self.form(kind, name) {
            Some(Form::Constant(compiled)) => compiled.captures(self, seen),
            Some(Form::Expanded(_)) | None => false,
        }
    }

    fn definition(&self, kind: ListKind, name: &[u8]) -> Option<Arc<Definition>> {
        let table = self.shared.table.read().unwrap_or_else(PoisonError::into_inner);
        table.get(&kind)?.0.get(name).cloned()
    }
}

impl Form {
    /// Compiles a list's text, or what expands to it.
    pub(crate) fn of(text: &SourceText, kind: ListKind) -> Self {
        let expansion = Expansion::parse(text);
        match expansion.constant() {
            Some(constant) => Self::Constant(Arc::new(Compiled::new(constant, kind, &Taint::Clean))),
            None => Self::Expanded(Arc::new(expansion)),
        }
    }
}

impl fmt::Debug for NamedLists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.shared.table.read().unwrap_or_else(PoisonError::into_inner);
        let names = table.iter().flat_map(|(kind, lists)| {
            lists.0.keys().map(move |name| (*kind, String::from_utf8_lossy(name).into_owned()))
        });
        f.debug_set().entries(names).finish()
    }
}

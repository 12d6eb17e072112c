//! The compiled form of a list's text.

use mail_types::diagnostic::{Diagnostic, SourceText};
use mail_types::value::Taint;

use super::{ListKind, NamedLists};

/// A list's items, ready for matching.
#[derive(Debug)]
pub(crate) struct Compiled {
    text: Vec<u8>,
}

impl Compiled {
    pub(crate) fn new(text: &[u8], _kind: ListKind, _taint: &Taint) -> Self {
        Self { text: text.to_vec() }
    }

    pub(crate) fn diagnostics(&self, _source: &SourceText, _named: &NamedLists) -> Vec<Diagnostic> {
        Vec::new()
    }

    pub(crate) fn may_block(&self, _named: &NamedLists, _depth: usize) -> bool {
        false
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

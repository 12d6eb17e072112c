//! The compiled form of an ACL.

use mail_types::diagnostic::{Diagnostic, SourceText, Span};

use crate::list::NamedLists;

/// What a statement does when its conditions hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `accept`.
    Accept,
    /// `defer`.
    Defer,
    /// `deny`.
    Deny,
    /// `discard`.
    Discard,
    /// `drop`.
    Drop,
    /// `require`.
    Require,
    /// `warn`.
    Warn,
}

/// A compiled ACL.
#[derive(Clone, Debug)]
pub struct Acl {
    name: Vec<u8>,
    span: Span,
}

impl Acl {
    /// Compiles an ACL from its logical lines. Errors are in the diagnostics; an ACL with errors must not be run.
    pub fn compile(
        name: &[u8],
        span: Span,
        lines: &[SourceText],
        lists: &NamedLists,
    ) -> (Self, Vec<Diagnostic>) {
        let _ = (lines, lists);
        (Self { name: name.to_vec(), span }, Vec::new())
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Where it is defined.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Whether a step may wait for something outside (lookups, files, commands).
    pub fn may_block(&self) -> bool {
        true
    }
}

//! An expandable string, compiled once.
//!
//! # Invariants
//! * [`Expansion::parse`] never fails: what Exim would only notice while expanding stays in the tree as a node that
//!   fails with Exim's text when evaluation reaches it.
//! * Evaluation never looks at the text again.
//!
//! # Compatibility
//! Exim specification, chapter "String expansions".

use std::sync::Arc;

use mail_types::diagnostic::{Diagnostic, SourceText};
use mail_types::limits;
use mail_types::trace::{self, Category};
use mail_types::value::{Taint, Value};

use crate::eval::{Machine, Mode};
use crate::flow::{self, Flow};
use crate::named::Named;
use crate::parse::{Parser, Until};
use crate::tree::Sequence;
use crate::{Env, EvalError};

/// The tree and what is known about it.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) tree: Sequence,
    diagnostics: Vec<Diagnostic>,
    may_block: bool,
    /// How deep the text was allowed to nest, and how much of that it left.
    depth: (usize, usize),
    pub(crate) named: Vec<Named>,
    #[cfg(test)]
    pub(crate) looked: usize,
}

impl Compiled {
    /// Reads the whole text of the parser.
    pub(crate) fn new(mut parser: Parser<'_>) -> Self {
        let allowed = parser.depth_left();
        let tree = parser.sequence(Until::End);
        Self {
            tree,
            depth: (allowed, parser.least_depth_left),
            diagnostics: parser.diagnostics,
            may_block: parser.may_block,
            named: parser.named.unwrap_or_default(),
            #[cfg(test)]
            looked: parser.looked.unwrap_or_default(),
        }
    }

    fn constant(&self) -> Option<&[u8]> {
        if self.tree.is_empty() { Some(b"") } else { self.tree.constant().map(Value::bytes) }
    }

    /// Whether reading the same text with this much depth would have given the same.
    pub(crate) fn is_for_depth(&self, depth: usize) -> bool {
        let (allowed, left) = self.depth;
        depth == allowed || (left > 0 && depth > allowed - left)
    }

    #[cfg(test)]
    pub(crate) fn is_sound(&self) -> bool {
        self.diagnostics.is_empty()
    }
}

/// A compiled string. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Expansion {
    source: SourceText,
    compiled: Arc<Compiled>,
}

impl Expansion {
    /// Compiles a text.
    pub fn parse(source: &SourceText) -> Self {
        let compiled = Arc::new(Compiled::new(Parser::new(source, limits::EXPANSION_DEPTH)));
        Self { source: source.clone(), compiled }
    }

    /// What is wrong with the text, as far as that can be told before it is used.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.compiled.diagnostics
    }

    /// The value, when it does not depend on anything.
    pub fn constant(&self) -> Option<&[u8]> {
        self.compiled.constant()
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &SourceText {
        &self.source
    }

    /// Whether evaluation may have to wait for something outside (files, lookups, commands, lists).
    pub fn may_block(&self) -> bool {
        self.compiled.may_block
    }

    /// Where untrusted values go, as far as the text alone tells.
    pub fn flow(&self) -> Flow {
        flow::follow(&self.compiled.tree, None)
    }

    /// The same, where something before the text gave `$1` and its like parts of an untrusted value.
    pub fn flow_with_captures_of(&self, captured: Option<flow::Source>) -> Flow {
        flow::follow(&self.compiled.tree, captured)
    }

    /// Expands.
    pub fn eval(&self, env: &mut dyn Env) -> Result<Value, EvalError> {
        let mut machine = Machine::new(env);
        let result = machine.sequence(&self.compiled.tree, Mode::Run);
        let result =
            result.map_err(|error| error.at(|| self.source.span_at(machine.failed_at.unwrap_or(0), 1)));
        if trace::on(Category::Expand) && self.constant().is_none() {
            tell(&self.source.bytes, &result);
        }
        result
    }
}

/// Expands a text that is not expected again: nothing is kept of its compiled form.
pub fn expand_once(text: &[u8], env: &mut dyn Env) -> Result<Value, EvalError> {
    let compiled = Compiled::new(Parser::nowhere(text, limits::EXPANSION_DEPTH));
    let result = Machine::new(env).sequence(&compiled.tree, Mode::Run);
    if trace::on(Category::Expand) && compiled.constant().is_none() {
        tell(text, &result);
    }
    result
}

/// Expands a text as [`expand_once`] does, and appends the value to `out`, part by part as the text is read. Where it
/// fails, what was appended before stays.
///
/// # Errors
/// As for any expansion.
pub fn expand_onto(text: &[u8], env: &mut dyn Env, out: &mut Vec<u8>) -> Result<(), EvalError> {
    if trace::on(Category::Expand) {
        out.extend_from_slice(expand_once(text, env)?.bytes());
        return Ok(());
    }
    let before = out.len();
    let mut machine = Machine::new(env);
    let mut result = Ok(());
    Parser::nowhere(text, limits::EXPANSION_DEPTH).top(|at, part| {
        result = machine.append(at, &part, out, before);
        result.is_ok()
    });
    result
}

fn tell(text: &[u8], result: &Result<Value, EvalError>) {
    let text = String::from_utf8_lossy(text);
    match result {
        Ok(value) => {
            let tainted = if *value.taint() == Taint::Clean { "" } else { " (tainted)" };
            trace::say(
                Category::Expand,
                format_args!("expanded: {text}\n  result: {}{tainted}", value.to_lossy()),
            );
        }
        Err(error) => trace::say(Category::Expand, format_args!("expanded: {text}\n  failed: {error}")),
    }
}

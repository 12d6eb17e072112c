//! An expandable string, compiled once.
//!
//! # Invariants
//! * [`Expansion::parse`] never fails: what Exim would only notice while expanding stays in the tree as a node that
//!   fails with Exim's text when evaluation reaches it.
//! * Evaluation never looks at the text again.
//!
//! # Compatibility
//! Exim specification, chapter "String expansions".

use mail_types::diagnostic::{Diagnostic, SourceText};
use mail_types::value::Value;

use crate::{Env, EvalError};

/// A compiled string. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Expansion {
    source: SourceText,
}

impl Expansion {
    /// Compiles a text.
    pub fn parse(source: &SourceText) -> Self {
        Self { source: source.clone() }
    }

    /// What is wrong with the text, as far as that can be told before it is used.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &[]
    }

    /// The value, when it does not depend on anything.
    pub fn constant(&self) -> Option<&[u8]> {
        let bytes = &self.source.bytes;
        (!bytes.iter().any(|byte| matches!(byte, b'$' | b'\\'))).then_some(bytes)
    }

    /// The text it was compiled from.
    pub fn source(&self) -> &SourceText {
        &self.source
    }

    /// Whether evaluation may have to wait for something outside (files, lookups, commands).
    pub fn may_block(&self) -> bool {
        self.constant().is_none()
    }

    /// Expands.
    pub fn eval(&self, _env: &mut dyn Env) -> Result<Value, EvalError> {
        match self.constant() {
            Some(bytes) => Ok(Value::clean(bytes)),
            None => Err(EvalError::failed("expansion is not available yet")),
        }
    }
}

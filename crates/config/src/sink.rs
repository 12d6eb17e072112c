//! Collecting findings, and Exim's layout for them.
//!
//! # Invariants
//! * At most [`limits::CONFIG_DIAGNOSTICS`] findings are kept; an error is never dropped in favour of a warning's memory:
//!   whether there was an error is counted apart.
//!
//! # Compatibility
//! The texts are what Exim 4.96 writes to the panic log and to stderr, without the timestamp.

use std::path::Path;

use mail_types::diagnostic::{Diagnostic, Severity};
use mail_types::limits;

/// `Exim configuration error in line N of FILE:` and the reason.
pub(crate) fn exim_in_line(path: &Path, line: u32, text: &str) -> String {
    format!("Exim configuration error in line {line} of {}:\n  {text}", path.display())
}

/// The same for a mistake that Exim gives no line for.
pub(crate) fn exim_unplaced(text: &str) -> String {
    format!("Exim configuration error:\n  {text}")
}

/// The same for a mistake of a driver instance.
pub(crate) fn exim_for(what: &str, text: &str) -> String {
    format!("Exim configuration error for {what}:\n  {text}")
}

/// The findings of one load.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    kept: Vec<Diagnostic>,
    dropped: Option<Diagnostic>,
    errors: usize,
    more: usize,
}

impl Sink {
    /// Keeps a finding and returns it for additions.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) -> &mut Diagnostic {
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        let room = self.has_room();
        // The first error is what Exim would print: it is kept whatever came before it.
        let first_error = diagnostic.severity == Severity::Error && self.errors == 1;
        if room || first_error {
            self.kept.push(diagnostic);
            let last = self.kept.len() - 1;
            return &mut self.kept[last];
        }
        self.more += 1;
        self.dropped.insert(diagnostic)
    }

    /// Whether a further finding would be kept.
    pub(crate) fn has_room(&self) -> bool {
        self.kept.len() < limits::CONFIG_DIAGNOSTICS
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    pub(crate) fn error_count(&self) -> usize {
        self.errors
    }

    /// Everything, with a last line when something was left off.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        if self.more > 0 {
            let text = format!("{} more findings are not shown", self.more);
            self.kept.push(Diagnostic::new(
                "config.more",
                Severity::Note,
                mail_types::diagnostic::Span::NOWHERE,
                text,
            ));
        }
        self.kept
    }
}

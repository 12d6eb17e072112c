//! The retry and rewrite sections: one rule a line, compiled by policy.
//!
//! # Compatibility
//! Spec 31, 32.

use mail_types::diagnostic::SourceText;
use policy::retry::RetryRules;
use policy::rewrite::RewriteRules;

use super::loader::{Loader, begins_section};
use crate::reader::Logical;

impl Loader<'_> {
    /// Reads the retry section; returns the line that begins the next.
    pub(crate) fn retry_section(&mut self) -> Option<Logical> {
        let (lines, sources, next) = self.rule_lines();
        let (rules, found) = RetryRules::compile(&sources, &self.context.lists);
        self.report_policy(found, &lines);
        self.sections.retry = rules;
        next
    }

    /// Reads the rewrite section; returns the line that begins the next.
    pub(crate) fn rewrite_section(&mut self) -> Option<Logical> {
        let (lines, sources, next) = self.rule_lines();
        let (rules, found) = RewriteRules::compile(&sources, &self.context.lists);
        self.report_policy(found, &lines);
        self.sections.rewrite = rules;
        next
    }

    fn rule_lines(&mut self) -> (Vec<Logical>, Vec<SourceText>, Option<Logical>) {
        let mut lines = Vec::new();
        let next = loop {
            match self.reader.next_line() {
                Some(line) if !begins_section(&line) => lines.push(line),
                other => break other,
            }
        };
        let sources = lines.iter().map(|line: &Logical| line.text.to_source()).collect();
        (lines, sources, next)
    }
}

//! The state of one load, and what every section needs of it.

use std::collections::HashSet;
use std::sync::Arc;

use mail_types::Severity;
use mail_types::diagnostic::{Diagnostic, Span};
use policy::acl::AclSet;
use policy::retry::RetryRules;
use policy::rewrite::RewriteRules;

use super::cursor::Cursor;
use super::value::{self, Context};
use crate::options::{Class, OptionSet, OptionValue, Slot, Table};
use crate::reader::text::Text;
use crate::reader::{LineReader, Logical};
use crate::snapshot::Instance;

/// The state of one load.
pub(crate) struct Loader<'a> {
    pub(crate) reader: LineReader<'a>,
    pub(crate) context: Context<'a>,
    pub(crate) strict: bool,
    /// Options that `hide` was given for: hidden in every instance of the driver.
    pub(crate) hidden: HashSet<(Class, &'static str)>,
    pub(crate) sections: Sections,
}

/// What the sections gave.
pub(crate) struct Sections {
    pub(crate) acls: AclSet,
    pub(crate) routers: Vec<Instance>,
    pub(crate) transports: Vec<Instance>,
    pub(crate) authenticators: Vec<Instance>,
    pub(crate) retry: RetryRules,
    pub(crate) rewrite: RewriteRules,
}

impl Loader<'_> {
    /// Gives an option that the configuration did not set a default of this host.
    pub(crate) fn set_default(&mut self, set: &mut OptionSet, name: &str, text: &[u8]) {
        let Some((part, index, def)) = set.position(name) else { return };
        let source = Text::plain(text, Span::NOWHERE);
        // A user that does not exist here leaves the option unset: a host without it can still check a configuration.
        let value =
            value::compile(def, &mut Cursor::new(&source), &mut self.context).map(|compiled| compiled.value);
        if let Some(slot) = set.slot_mut(part, index) {
            slot.value = value.unwrap_or(OptionValue::Unset);
            slot.text = Some(text.into());
        }
    }

    /// The slots of a table with their defaults.
    pub(crate) fn defaults(&mut self, table: &'static Table) -> Arc<[Slot]> {
        table
            .defs
            .iter()
            .map(|def| {
                let source = Text::plain(def.default.unwrap_or_default().as_bytes(), Span::NOWHERE);
                let compiled = def
                    .default
                    .and_then(|_| value::compile(def, &mut Cursor::new(&source), &mut self.context).ok())
                    .unwrap_or_else(|| value::unset(def));
                Slot {
                    value: compiled.value,
                    text: compiled.text,
                    more: Vec::new(),
                    span: None,
                    hidden: false,
                }
            })
            .collect()
    }

    /// Reports what policy found in a section. Errors get Exim's text with the line that it would name.
    pub(crate) fn report_policy(&mut self, found: Vec<Diagnostic>, lines: &[Logical]) {
        for mut finding in found {
            if finding.severity == Severity::Error {
                let place = lines
                    .iter()
                    .map(|line| line.place)
                    .find(|place| place.file == finding.span.file && place.line >= finding.span.line)
                    .unwrap_or_default();
                let text = finding.exim_text.take().unwrap_or_else(|| finding.message.clone());
                finding.exim_text = Some(self.reader.exim_at(place, &text));
                self.reader.report(finding);
            } else {
                self.broken(finding);
            }
        }
    }
}

/// True for `begin NAME`.
pub(crate) fn begins_section(line: &Logical) -> bool {
    line.text.bytes.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"begin "))
}

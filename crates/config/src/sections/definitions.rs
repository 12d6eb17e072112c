//! The main section: macros, named lists, options.
//!
//! # Compatibility
//! Spec 6.4, 10.6 (named lists), 14.

use mail_types::diagnostic::Span;
use policy::list::NamedList;

use super::cursor::Cursor;
use super::list_head::{ListHead, list_head};
use super::loader::{Loader, begins_section};
use super::option::Within;
use super::scan::{self, Fault};
use crate::options::{OptionSet, OptionValue};
use crate::reader::Logical;
use crate::reader::macros::{MacroFault, NAME_MAX, end_of_name};

impl Loader<'_> {
    /// Reads the main section; returns the line that begins the next.
    pub(crate) fn main_section(&mut self, main: &mut OptionSet) -> Option<Logical> {
        let next = loop {
            let Some(line) = self.reader.next_line() else { break None };
            let bytes = &line.text.bytes;
            if bytes[0].is_ascii_uppercase() {
                self.macro_line(&line);
            } else if begins_section(&line) {
                break Some(line);
            } else if let Some(head) = list_head(bytes) {
                self.list_line(&line, &head);
            } else {
                self.option_line(&line, main, Within::MAIN);
            }
        };
        self.check_lists(main);
        next
    }

    /// What is wrong with the lists of the main section, now that all named lists are known.
    fn check_lists(&mut self, main: &OptionSet) {
        for finding in self.context.lists.check() {
            self.broken(super::value::as_warning(finding));
        }
        for (_, slot) in main.iter().filter(|(_, slot)| slot.span.is_some()) {
            if let OptionValue::List(list) = &slot.value {
                let (_, found) = policy::list::List::compile(list.source(), list.kind(), &self.context.lists);
                for finding in found {
                    self.broken(super::value::as_warning(finding));
                }
            }
        }
    }

    /// `NAME = text` or `NAME == text`.
    pub(crate) fn macro_line(&mut self, line: &Logical) {
        if let Err(fault) = self.define_macro(line) {
            self.fault(line, fault);
        }
    }

    fn define_macro(&mut self, line: &Logical) -> Result<(), Fault> {
        let bytes = &line.text.bytes;
        let end = end_of_name(bytes, 0);
        let name = String::from_utf8_lossy(&bytes[..end]).into_owned();
        if end > NAME_MAX {
            let text = format!("macro name too long (maximum is {NAME_MAX} characters)");
            return Err(Fault::new("config.macro.name", text, (0, end)));
        }
        let mut cursor = Cursor::new(&line.text);
        cursor.at = end;
        cursor.skip_space();
        if !cursor.take(b'=') {
            let fault = Fault::new("config.macro.malformed", "malformed macro definition", (0, bytes.len()));
            return Err(
                fault.helped("a line of the main section that begins with a capital letter is NAME = text")
            );
        }
        let again = cursor.take(b'=');
        cursor.skip_space();
        let place = line.text.span_at(0, end);
        let outcome = self.reader.macros.define(&name, cursor.rest(), again, place);
        outcome.map_err(|fault| self.macro_fault(&name, fault, end))
    }

    fn macro_fault(&self, name: &str, fault: MacroFault, end: usize) -> Fault {
        let defined = |index: usize| self.reader.macros.entries().get(index).map(|entry| entry.defined);
        let (id, text, known) = match fault {
            MacroFault::AlreadyDefined => {
                let text =
                    format!("macro \"{name}\" is already defined (use \"==\" if you want to redefine it)");
                ("config.macro.repeated", text, self.reader.macros.find(name).and_then(defined))
            }
            MacroFault::NotDefined => {
                ("config.macro.undefined", format!("can't redefine an undefined macro \"{name}\""), None)
            }
            MacroFault::Contains(index) => {
                let inner = self.reader.macros.entries().get(index).map_or("", |entry| entry.name.as_str());
                let text = format!(
                    "\"{name}\" cannot be defined as a macro because previously defined macro \"{inner}\" is a substring"
                );
                ("config.macro.substring", text, defined(index))
            }
        };
        let help = known
            .filter(Span::is_somewhere)
            .map(|span| format!("the earlier definition is {}", self.reader.sources.told(span)));
        Fault { help, unplaced: true, ..Fault::new(id, text, (0, end)) }
    }

    /// `domainlist NAME = items` and its like.
    fn list_line(&mut self, line: &Logical, head: &ListHead) {
        if let Err(fault) = self.define_list(line, head) {
            self.fault(line, fault);
        }
    }

    fn define_list(&mut self, line: &Logical, head: &ListHead) -> Result<(), Fault> {
        let whole = (0, line.text.bytes.len());
        let mut cursor = Cursor::new(&line.text);
        cursor.at = head.after;
        let cached = cursor.rest().starts_with(b"_cache");
        cursor.at += if cached { "_cache".len() } else { 0 };
        if !cursor.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            let fault = Fault::new("config.list.malformed", "unrecognized configuration line", whole);
            return Err(fault.helped(format!("a named list is defined with {}list name = items", head.word)));
        }
        let name = cursor.loose_name();
        let at = (name.start, name.text.len());
        if !cursor.take(b'=') {
            return Err(Fault::new(
                "config.list.no_equals",
                format!("missing '=' after \"{}\"", name.text),
                at,
            ));
        }
        cursor.skip_space();
        let text = scan::string(&mut cursor, &name.text)?;
        let span = line.text.span_at(at.0, at.1.max(1));
        if let Some(known) = self.context.lists.find(head.kind, name.text.as_bytes()) {
            let text = format!("duplicate name \"{}\" for a named {} list", name.text, head.word);
            let told = self.reader.sources.told(known.span);
            return Err(
                Fault::new("config.list.repeated", text, at).helped(format!("it was first defined {told}"))
            );
        }
        let list = NamedList { text: text.to_source(), span, hidden: head.hidden, cached };
        self.context.lists.define(head.kind, name.text.as_bytes(), list);
        Ok(())
    }
}

//! Macros: definition, redefinition, replacement.
//!
//! # Invariants
//! * Replacement goes in order of definition; a macro's text is not searched for the macro itself nor for earlier ones.
//! * Cost does not grow with the number of macros but with the text: names are found through a table, by their lengths.
//!
//! # Security
//! Replacement can multiply text: a line is cut off at [`limits::CONFIG_LINE`], and the bytes that one load may search again
//! after a replacement are limited, so that no file keeps the reader busy for long.
//!
//! # Compatibility
//! Spec 6.4 to 6.9. The texts of errors are Exim's.

use std::collections::HashMap;
use std::sync::Arc;

use mail_types::diagnostic::Span;
use mail_types::limits;
use memchr::memmem;

use super::text::Text;

/// Longest macro name, as Exim has it.
pub(crate) const NAME_MAX: usize = 63;
/// Bytes that may be searched again because a macro was replaced, over one load.
const SEARCH_BUDGET: usize = 1 << 30;

/// Where a macro came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The program.
    Builtin,
    /// `-D`: nothing in the file changes it.
    CommandLine,
    /// The file.
    File,
}

/// One macro.
#[derive(Clone, Debug)]
pub(crate) struct Macro {
    pub(crate) name: String,
    pub(crate) value: Arc<[u8]>,
    pub(crate) origin: Origin,
    pub(crate) defined: Span,
}

/// Why a definition is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MacroFault {
    AlreadyDefined,
    NotDefined,
    Contains(usize),
}

/// Why a line could not be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplaceFault {
    LineTooLong,
    TooMuchWork,
}

/// A line after replacement.
pub(crate) struct Replaced {
    pub(crate) text: Text,
    /// Which macros were replaced in it, each with the place of its first use.
    pub(crate) used: Vec<(usize, Span)>,
}

/// All macros, in order of definition.
pub(crate) struct MacroTable {
    entries: Vec<Macro>,
    index: HashMap<Vec<u8>, usize>,
    lengths: Vec<usize>,
    /// First two bytes of every name, so that most text is passed over without a look into the index.
    heads: Vec<bool>,
    budget: usize,
}

impl MacroTable {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
            index: HashMap::new(),
            lengths: Vec::new(),
            heads: vec![false; 1 << 16],
            budget: SEARCH_BUDGET,
        }
    }

    pub(crate) fn entries(&self) -> &[Macro] {
        &self.entries
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.index.get(name.as_bytes()).copied()
    }

    /// Adds a macro that nothing forbids (built in, or from the command line). False when the name is taken.
    pub(crate) fn add(&mut self, name: &str, value: &[u8], origin: Origin) -> bool {
        if name.is_empty() || self.find(name).is_some() {
            return false;
        }
        self.insert(Macro { name: name.into(), value: value.into(), origin, defined: Span::NOWHERE });
        true
    }

    /// `NAME = value` or `NAME == value` in the file.
    pub(crate) fn define(
        &mut self,
        name: &str,
        value: &[u8],
        again: bool,
        place: Span,
    ) -> Result<(), MacroFault> {
        if let Some(known) = self.find(name) {
            let entry = &mut self.entries[known];
            return match (entry.origin, again) {
                (Origin::CommandLine, _) => Ok(()),
                (_, true) => {
                    entry.value = value.into();
                    entry.defined = place;
                    Ok(())
                }
                (_, false) => Err(MacroFault::AlreadyDefined),
            };
        }
        if let Some(inside) = self.first_in(name.as_bytes(), 0, 0) {
            return Err(MacroFault::Contains(inside));
        }
        if again {
            return Err(MacroFault::NotDefined);
        }
        self.insert(Macro { name: name.into(), value: value.into(), origin: Origin::File, defined: place });
        Ok(())
    }

    fn insert(&mut self, entry: Macro) {
        let name = entry.name.as_bytes().to_vec();
        if let Err(at) = self.lengths.binary_search(&name.len()) {
            self.lengths.insert(at, name.len());
        }
        match *name.as_slice() {
            [first] => (0..=255).for_each(|second| self.heads[head(first, second)] = true),
            [first, second, ..] => self.heads[head(first, second)] = true,
            [] => {}
        }
        self.index.insert(name, self.entries.len());
        self.entries.push(entry);
    }

    /// The first macro (in order of definition, from `from` on) whose name stands in `line` after `start`.
    fn first_in(&self, line: &[u8], start: usize, from: usize) -> Option<usize> {
        let mut best: Option<usize> = None;
        for at in start..line.len() {
            let second = line.get(at + 1).copied().unwrap_or(0);
            if !self.heads[head(line[at], second)] {
                continue;
            }
            for &len in &self.lengths {
                let Some(part) = line.get(at..at + len) else { break };
                if let Some(&found) = self.index.get(part)
                    && found >= from
                    && best.is_none_or(|known| found < known)
                {
                    best = Some(found);
                }
            }
        }
        best
    }

    /// Replaces every macro in a physical line. `start` is where searching begins: after the name, in a definition.
    pub(crate) fn replace(&mut self, line: Text, start: usize) -> Result<Replaced, ReplaceFault> {
        let mut out = Replaced { text: line, used: Vec::new() };
        let mut from = 0;
        while let Some(found) = self.first_in(&out.text.bytes, start, from) {
            let entry = &self.entries[found];
            let (text, place) = replace_one(&out.text, start, entry.name.as_bytes(), &entry.value)?;
            out.text = text;
            out.used.push((found, place));
            from = found + 1;
            self.budget = self.budget.checked_sub(out.text.bytes.len()).ok_or(ReplaceFault::TooMuchWork)?;
        }
        Ok(out)
    }
}

fn head(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// Replaces every occurrence of one name; also returns the place of the first.
fn replace_one(line: &Text, start: usize, name: &[u8], value: &[u8]) -> Result<(Text, Span), ReplaceFault> {
    let mut out = Text::default();
    let mut done = 0;
    let mut place = Span::NOWHERE;
    for at in memmem::find_iter(&line.bytes[start..], name) {
        let at = at + start;
        let here = line.span_at(at, name.len());
        if !place.is_somewhere() {
            place = here;
        }
        out.push_part(line, done..at);
        out.push_replacement(value, here);
        done = at + name.len();
        if out.bytes.len() > limits::CONFIG_LINE {
            return Err(ReplaceFault::LineTooLong);
        }
    }
    out.push_part(line, done..line.bytes.len());
    Ok((out, place))
}

/// Where replacement begins in a line: after the name when the line is `Name =`, else at its start.
pub(crate) fn replacement_start(line: &[u8]) -> usize {
    let first = line.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(line.len());
    if !line.get(first).is_some_and(u8::is_ascii_uppercase) {
        return 0;
    }
    let name_end = end_of_name(line, first);
    let next = line[name_end..].iter().find(|b| !b.is_ascii_whitespace());
    if next == Some(&b'=') { name_end } else { 0 }
}

/// The end of the letters, digits and underscores from `start` on.
pub(crate) fn end_of_name(line: &[u8], start: usize) -> usize {
    let rest = line.get(start..).unwrap_or_default();
    start + rest.iter().position(|b| !(b.is_ascii_alphanumeric() || *b == b'_')).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(macros: &[(&str, &str)], line: &str) -> String {
        let mut table = MacroTable::new();
        for (name, value) in macros {
            table.define(name, value.as_bytes(), false, Span::NOWHERE).unwrap();
        }
        let start = replacement_start(line.as_bytes());
        let out = table.replace(Text::plain(line.as_bytes(), Span::NOWHERE), start).ok().unwrap();
        String::from_utf8(out.text.bytes).unwrap()
    }

    // Each answer was seen from Exim 4.96 (`-bP smtp_banner`).
    #[test]
    fn replacement_goes_in_order_of_definition() {
        type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);
        let cases: &[Case] = &[
            (&[("AA", "one"), ("BB", "two")], "AA BB AABB xAA $AA AAx", "one two onetwo xone $one onex"),
            (&[("AA", "BB"), ("BB", "two")], "AA", "two"),
            (&[("LONGER", "2"), ("LONG", "1")], "LONGER LONG LO", "2 1 LO"),
            (&[("AAA", "1"), ("AA", "2")], "AAAA AAAAA", "1A 12"),
            (&[("AA", "x")], "AA = AA", "AA = x"),
            (&[("AA", "x")], "  AA == AA", "  AA == x"),
            (&[("AA", "x")], "AA b = AA", "x b = x"),
            (&[("A", "x")], "smtp = A", "smtp = x"),
        ];
        for (macros, line, want) in cases {
            assert_eq!(replaced(macros, line), *want, "{line}");
        }
    }

    #[test]
    fn definitions_are_checked() {
        let mut table = MacroTable::new();
        let mut define = |name, again| table.define(name, b"v", again, Span::NOWHERE);
        assert_eq!(define("AA", false), Ok(()));
        assert_eq!(define("AA", false), Err(MacroFault::AlreadyDefined));
        assert_eq!(define("AA", true), Ok(()));
        assert_eq!(define("XAAY", false), Err(MacroFault::Contains(0)));
        assert_eq!(define("BB", true), Err(MacroFault::NotDefined));
        assert_eq!(define("A", false), Ok(()));
    }

    #[test]
    fn the_command_line_wins() {
        let mut table = MacroTable::new();
        assert!(table.add("AA", b"first", Origin::CommandLine));
        for again in [false, true] {
            assert_eq!(table.define("AA", b"file", again, Span::NOWHERE), Ok(()));
        }
        assert_eq!(&*table.entries()[0].value, b"first");
    }

    #[test]
    fn text_that_multiplies_is_cut_off() {
        let mut table = MacroTable::new();
        // Each macro doubles the next one: 2^60 bytes without a limit.
        for n in 0..60 {
            let value = format!("M{:02}_M{:02}_", n + 1, n + 1);
            table.define(&format!("M{n:02}_"), value.as_bytes(), false, Span::NOWHERE).unwrap();
        }
        let out = table.replace(Text::plain(b"M00_", Span::NOWHERE), 0);
        assert_eq!(out.err(), Some(ReplaceFault::LineTooLong));
    }
}

//! The ACL section: names, and the lines of each ACL, which policy compiles.
//!
//! # Compatibility
//! Spec 44. A macro may be defined between two ACLs; its line ends the ACL before it. What follows the colon of a name is
//! passed over, so that a line like `accept : x` begins an ACL called `accept`.

use std::collections::HashMap;

use mail_types::diagnostic::{Diagnostic, SourceText, Span};
use policy::acl::Acl;

use super::loader::{Loader, begins_section};
use super::scan::Fault;
use crate::reader::Logical;
use crate::reader::macros::end_of_name;

/// An ACL being collected.
struct Pending {
    name: Vec<u8>,
    span: Span,
    lines: Vec<Logical>,
}

/// The end of an ACL's name, and where the text after its colon begins.
fn acl_name(line: &[u8]) -> Option<(usize, usize)> {
    if !line.first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let end = end_of_name(line, 0);
    let space = line[end..].len() - line[end..].trim_ascii_start().len();
    (line.get(end + space) == Some(&b':')).then_some((end, end + space + 1))
}

/// True for a macro definition.
pub(super) fn defines_macro(line: &[u8]) -> bool {
    line.first().is_some_and(u8::is_ascii_uppercase)
        && line[end_of_name(line, 0)..].trim_ascii_start().starts_with(b"=")
}

impl Loader<'_> {
    /// Reads the section; returns the line that begins the next.
    pub(crate) fn acl_section(&mut self) -> Option<Logical> {
        let mut pending: Option<Pending> = None;
        let mut seen: HashMap<Vec<u8>, Span> = HashMap::new();
        let next = loop {
            let Some(line) = self.reader.next_line() else { break None };
            if begins_section(&line) {
                break Some(line);
            }
            if defines_macro(&line.text.bytes) {
                self.finish_acl(pending.take());
                self.macro_line(&line);
            } else if let Some((end, after)) = acl_name(&line.text.bytes) {
                self.finish_acl(pending.take());
                pending = Some(self.begin_acl(line, end, after, &mut seen));
            } else if let Some(acl) = &mut pending {
                acl.lines.push(line);
            } else {
                let fault = Fault::new(
                    "config.acl.name",
                    "missing or malformed ACL name",
                    (0, line.text.bytes.len()),
                );
                self.fault(&line, fault.helped("an ACL begins with a line \"name:\""));
                // One report for all lines up to the next name.
                pending = Some(Pending { name: Vec::new(), span: Span::NOWHERE, lines: Vec::new() });
            }
        };
        self.finish_acl(pending);
        next
    }

    fn begin_acl(
        &mut self,
        line: Logical,
        end: usize,
        after: usize,
        seen: &mut HashMap<Vec<u8>, Span>,
    ) -> Pending {
        let name = line.text.bytes[..end].to_vec();
        let span = line.text.span_at(0, end);
        if let Some(first) = seen.get(&name) {
            let text = format!("there are two ACLs called \"{}\"", String::from_utf8_lossy(&name));
            let told = self.reader.sources.told(*first);
            let fault =
                Fault::new("config.acl.repeated", text, (0, end)).helped(format!("the first is {told}"));
            self.fault(&line, fault);
            return Pending { name: Vec::new(), span, lines: Vec::new() };
        }
        seen.insert(name.clone(), span);
        let rest = &line.text.bytes[after..];
        let skipped = rest.len() - rest.trim_ascii_start().len();
        if skipped < rest.len() {
            let at = line.text.span_at(after + skipped, rest.len() - skipped);
            let text = "what follows the name of an ACL on its line is not read";
            let found = Diagnostic::warning("config.acl.rest", at, text).labelled("not read");
            self.broken(found.note("Exim passes it over, too").helped("put it on a line of its own"));
        }
        Pending { name, span, lines: Vec::new() }
    }

    fn finish_acl(&mut self, pending: Option<Pending>) {
        let Some(acl) = pending.filter(|acl| !acl.name.is_empty()) else { return };
        let lines: Vec<SourceText> = acl.lines.iter().map(|line| line.text.to_source()).collect();
        let (compiled, found) = Acl::compile(&acl.name, acl.span, &lines, &self.context.lists);
        self.report_policy(found, &acl.lines);
        self.sections.acls.insert(compiled);
    }
}

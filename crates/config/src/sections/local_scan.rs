//! `begin local_scan`: options of a function that somebody wrote in C for Exim.
//!
//! # Compatibility
//! Specification, section "Configuration options for local_scan()". Such functions can't be loaded here, and their options are
//! known to nobody but them: each line is checked for its form and reported as one without effect (docs/compat.md). A build of
//! Exim without such options refuses the section.

use crate::reader::Logical;
use mail_types::diagnostic::Diagnostic;

use super::loader::{Loader, begins_section};
use super::scan::Fault;

impl Loader<'_> {
    /// Reads the section; the line that begins the next.
    pub(crate) fn local_scan_section(&mut self) -> Option<Logical> {
        loop {
            let line = self.reader.next_line()?;
            if begins_section(&line) {
                return Some(line);
            }
            self.local_scan_option(&line);
        }
    }

    fn local_scan_option(&mut self, line: &Logical) {
        let bytes = &line.text.bytes;
        let start = if bytes.starts_with(b"hide ") { 5 } else { 0 };
        let rest = bytes.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let begins = rest.first().is_some_and(u8::is_ascii_alphabetic);
        let after = rest.get(length..).unwrap_or_default().trim_ascii_start();
        if !begins || !(after.is_empty() || after.starts_with(b"=")) {
            let text = format!("option setting expected: {}", String::from_utf8_lossy(bytes));
            self.fault(line, Fault::new("config.option.expected", text, (0, bytes.len())));
            return;
        }
        let name = String::from_utf8_lossy(rest.get(..length).unwrap_or_default());
        let message = format!("option {name} has no effect: no local_scan() function can be loaded");
        let span = line.text.span_at(start, length);
        self.reader.report(Diagnostic::warning("config.local_scan.inert", span, message));
    }
}

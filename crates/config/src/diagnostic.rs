//! Findings as text: Exim's own words first, then the place with the line and a caret.
//!
//! ```text
//! Exim configuration error in line 2 of /etc/exim4/exim4.conf:
//!   main option "acl_smtp_rctp" unknown
//! error[config.option.unknown]: main option "acl_smtp_rctp" unknown
//!   --> /etc/exim4/exim4.conf:2:1
//!   |
//! 2 | acl_smtp_rctp = acl_check_rcpt
//!   | ^^^^^^^^^^^^^
//! help: there is an option acl_smtp_rcpt
//! ```
//!
//! # Invariants
//! * Pure: text out, no I/O. Control characters of the file are shown as escapes, so that a file can't drive a terminal.
//!
//! # Compatibility
//! [`exim_text`] gives the lines that Exim prints for the first error, without its timestamp.

use std::fmt::Write as _;

use mail_types::diagnostic::{Diagnostic, Severity, Span};

use crate::snapshot::Sources;

/// Longest part of a line that is shown.
const SHOWN: usize = 160;

/// What Exim prints for a configuration with these findings: the text of the first error. `None` when there is no error.
pub fn exim_text(findings: &[Diagnostic]) -> Option<&str> {
    findings
        .iter()
        .find(|finding| finding.severity == Severity::Error)
        .and_then(|finding| finding.exim_text.as_deref())
}

/// All findings, one after the other, with a blank line between them and a last line that counts them.
pub fn render_all(findings: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for finding in findings {
        out.push_str(&render(finding, sources));
        out.push('\n');
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors + warnings > 0 {
        let _ = writeln!(out, "{}, {}", plural(errors, "error"), plural(warnings, "warning"));
    }
    out
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// One finding.
pub fn render(finding: &Diagnostic, sources: &Sources) -> String {
    let mut out = String::new();
    // What Exim prints at load stands alone on its lines, so that scripts find it; what it would only say later does not.
    let at_load = finding.severity == Severity::Error;
    if let Some(exim) = finding.exim_text.as_ref().filter(|_| at_load) {
        let _ = writeln!(out, "{}", printable(exim));
    }
    let word = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let _ = writeln!(out, "{word}[{}]: {}", finding.id, printable(&finding.message));
    place(&mut out, finding.span, finding.label.as_deref(), sources);
    if let Some(exim) =
        finding.exim_text.as_ref().filter(|exim| !at_load && !finding.message.contains(exim.as_str()))
    {
        let _ = writeln!(out, "note: when it is used, Exim says: {}", printable(exim));
    }
    for note in &finding.notes {
        let _ = writeln!(out, "note: {}", printable(note));
    }
    for span in &finding.chain {
        let included = sources.files.iter().any(|file| file.included_at == Some(*span));
        let word =
            if included { "included from here" } else { "in the text of a macro that is defined here" };
        let _ = writeln!(out, "note: {word}");
        place(&mut out, *span, None, sources);
    }
    if let Some(help) = &finding.help {
        let _ = writeln!(out, "help: {}", printable(help));
    }
    out
}

/// The line of a span with a caret.
fn place(out: &mut String, span: Span, label: Option<&str>, sources: &Sources) {
    let Some(file) = sources.file(span.file).filter(|_| span.is_somewhere()) else { return };
    let _ = writeln!(out, "  --> {}:{}:{}", file.path.display(), span.line, span.column);
    let Some(line) = nth_line(&file.bytes, span.line) else { return };
    let column = (span.column as usize).saturating_sub(1).min(line.len());
    // A very long line is shown around the place.
    let from = column.saturating_sub(SHOWN / 2);
    let shown = &line[from..line.len().min(from + SHOWN)];
    let (before, rest) = shown.split_at((column - from).min(shown.len()));
    let (marked, after) = rest.split_at((span.len as usize).clamp(1, rest.len().max(1)).min(rest.len()));
    let [before, marked, after] = [before, marked, after].map(visible);
    let number = span.line.to_string();
    let margin = " ".repeat(number.len());
    let _ = writeln!(out, "{margin} |");
    let _ = writeln!(out, "{number} | {before}{marked}{after}");
    let carets = "^".repeat(marked.chars().count().max(1));
    let label = label.map(|text| format!(" {}", printable(text))).unwrap_or_default();
    let _ = writeln!(out, "{margin} | {}{carets}{label}", " ".repeat(before.chars().count()));
}

fn nth_line(bytes: &[u8], number: u32) -> Option<&[u8]> {
    let before = (number as usize).checked_sub(1)?;
    let start = match before.checked_sub(1) {
        None => 0,
        Some(ends) => memchr::memchr_iter(b'\n', bytes).nth(ends)? + 1,
    };
    let rest = &bytes[start..];
    Some(&rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())])
}

/// A part of a line: tabs become one space, control characters and broken UTF-8 become visible.
fn visible(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Text for a terminal: control characters other than the end of a line are escaped.
fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

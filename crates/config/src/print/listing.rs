//! `-bP config`: the configuration as it was parsed, inclusions resolved, comments removed.
//!
//! # Compatibility
//! Line for line as Exim 4.96 prints it, except for the version in the first line: logical lines, white space outside quotes
//! reduced to one space, indented by section (not with `-n`); a line `# N "FILE"` where the file changes.

use std::fmt::Write as _;

use super::{Asker, HIDDEN};
use crate::snapshot::Config;

/// The whole configuration.
pub(super) fn config(config: &Config, asker: Asker) -> String {
    let mut out = String::from("# Exim Configuration (4.99)\n");
    let mut files = Files { config, current: 0, seen: 1 };
    out.push_str(&files.marker(0, 1));
    let mut section = Section::Main;
    for line in &config.parsed {
        files.enter(line.files_open, &mut out);
        files.leave_to(line.file.0, &mut out);
        section = print_line(&line.bytes, section, asker, &mut out);
    }
    files.enter(config.sources.files.len(), &mut out);
    files.leave_to(0, &mut out);
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Main,
    /// Routers and their like, before the first name.
    Unnamed,
    /// The same after a name: options are below it.
    Named,
    /// Retry and rewrite.
    Rules,
}

fn print_line(line: &[u8], section: Section, asker: Asker, out: &mut String) -> Section {
    let text = squeezed(line);
    // Written in another way it begins a section all the same, but Exim shows it as any other line.
    if line.starts_with(b"begin ") {
        let _ = writeln!(out, "{}{text}", if asker.values_only { "" } else { "\n" });
        let rules = text[6..].trim().starts_with("re");
        return if rules { Section::Rules } else { Section::Unnamed };
    }
    let name = text.strip_suffix(':').map(str::trim_end);
    let names_instance = section != Section::Rules
        && name.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    let indent = match section {
        _ if asker.values_only => "",
        Section::Main => "",
        _ if names_instance => "\n  ",
        Section::Rules | Section::Unnamed => "  ",
        Section::Named => "    ",
    };
    out.push_str(indent);
    out.push_str(&if asker.admin { text } else { concealed(text) });
    out.push('\n');
    if names_instance { Section::Named } else { section }
}

/// For callers who are not administrators: macros and hidden values without their text.
fn concealed(text: String) -> String {
    let is_macro = text.starts_with(|c: char| c.is_ascii_uppercase()) && text.contains('=');
    if !is_macro && !text.starts_with("hide ") {
        return text;
    }
    match text.split_once('=') {
        Some((name, _)) => format!("{} = {HIDDEN}", name.trim_end()),
        None => text,
    }
}

/// White space outside double quotes becomes one space.
fn squeezed(line: &[u8]) -> String {
    let mut out = Vec::with_capacity(line.len());
    let mut quoted = false;
    let mut escaped = false;
    let mut space = false;
    for &byte in line {
        if !quoted && byte.is_ascii_whitespace() {
            space = true;
            continue;
        }
        if std::mem::take(&mut space) {
            out.push(b' ');
        }
        out.push(byte);
        quoted ^= byte == b'"' && !escaped;
        escaped = quoted && byte == b'\\' && !escaped;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Which file the lines are in.
struct Files<'a> {
    config: &'a Config,
    current: u16,
    seen: usize,
}

impl Files<'_> {
    fn marker(&self, file: u16, line: u32) -> String {
        match self.config.sources.files.get(usize::from(file)) {
            Some(source) => format!("# {line} \"{}\"\n", source.path.display()),
            None => String::new(),
        }
    }

    /// The file that includes another, and the line where.
    fn parent(&self, file: u16) -> Option<(u16, u32)> {
        let at = self.config.sources.files.get(usize::from(file))?.included_at?;
        Some((at.file.0, at.line))
    }

    /// Prints the markers of files that were opened since the line before.
    fn enter(&mut self, files_open: usize, out: &mut String) {
        while self.seen < files_open {
            let Ok(entered) = u16::try_from(self.seen) else { return };
            self.seen += 1;
            if let Some((parent, at)) = self.parent(entered) {
                self.leave_to(parent, out);
                out.push_str(&self.marker(parent, at));
                if !self.config.sources.files[usize::from(entered)].bytes.is_empty() {
                    out.push_str(&self.marker(entered, 1));
                }
            }
            self.current = entered;
        }
    }

    fn leave_to(&mut self, file: u16, out: &mut String) {
        while self.current != file {
            let Some((parent, at)) = self.parent(self.current) else { return };
            out.push_str(&self.marker(parent, at));
            self.current = parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_squeezed_outside_quotes() {
        let cases = [
            ("a   =  b", "a = b"),
            ("x = \"a   b\"  c", "x = \"a   b\" c"),
            ("x = \"a \\\"  b\"", "x = \"a \\\"  b\""),
            ("a \t b", "a b"),
        ];
        for (line, want) in cases {
            assert_eq!(squeezed(line.as_bytes()), want);
        }
    }

    #[test]
    fn others_see_no_macros_and_no_hidden_values() {
        assert_eq!(concealed("FOO = bar".into()), "FOO = <value not displayable>");
        assert_eq!(concealed("hide x = y".into()), "hide x = <value not displayable>");
        assert_eq!(concealed("x = FOO".into()), "x = FOO");
    }
}

//! From files to logical lines.
//!
//! Physical lines go through macro replacement, conditions and inclusion, then are joined where they end with a backslash.
//! What comes out is one [`Logical`] line at a time, each byte of which knows its place.
//!
//! # Invariants
//! * Cost is linear in the size of the files; each file is read once for each time it is included.
//! * A mistake is reported and the line skipped; reading goes on to the end.
//!
//! # Security
//! Depth and number of inclusions, the sum of the files' sizes and the length of a line are limited.
//!
//! # Compatibility
//! Spec 6.2, 6.3; the order of the steps is Exim's, and so are line numbers in messages: the number is that of the last
//! physical line read in the file that is open when the mistake is seen.

mod conditional;
pub(crate) mod macros;
pub(crate) mod text;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mail_types::diagnostic::{Diagnostic, FileId, Span};
use mail_types::{bytes, limits};

use crate::files::{ConfigFiles, FileFacts};
use crate::sink::{Sink, exim_in_line};
use crate::snapshot::{ParsedLine, SourceFile, Sources};
use conditional::{Conditions, Directive, directive};
use macros::{MacroTable, ReplaceFault, replacement_start};
use text::Text;

/// A file and a line number, as Exim's messages name them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: FileId,
    pub(crate) line: u32,
}

/// One logical line: no leading or trailing white space, never empty.
#[derive(Clone, Debug)]
pub(crate) struct Logical {
    pub(crate) text: Text,
    /// What Exim calls this line.
    pub(crate) place: Place,
}

/// A file being read.
struct Open {
    file: FileId,
    bytes: Arc<[u8]>,
    at: usize,
    line: u32,
}

/// One physical line after replacement, with white space stripped.
enum Physical {
    /// Text; true when it ended with a backslash (which is gone).
    Text(Text, bool),
    /// Nothing on it.
    Blank,
    /// A comment, a directive, or a line that is skipped.
    Passed,
    /// No more.
    End,
}

/// Reads logical lines.
pub(crate) struct LineReader<'a> {
    files: &'a dyn ConfigFiles,
    pub(crate) sources: Sources,
    pub(crate) macros: MacroTable,
    pub(crate) sink: Sink,
    stack: Vec<Open>,
    conditions: Conditions,
    bytes_left: u64,
    /// The main file's place after its end.
    last: Place,
    uses: HashMap<(FileId, u32, u32), Vec<usize>>,
    pub(crate) parsed: Vec<ParsedLine>,
}

impl<'a> LineReader<'a> {
    pub(crate) fn new(files: &'a dyn ConfigFiles, macros: MacroTable) -> Self {
        Self {
            files,
            sources: Sources::default(),
            macros,
            sink: Sink::default(),
            stack: Vec::new(),
            conditions: Conditions::default(),
            bytes_left: limits::CONFIG_FILE,
            last: Place::default(),
            uses: HashMap::new(),
            parsed: Vec::new(),
        }
    }

    /// Opens a file; its lines come before those of the files that are open.
    pub(crate) fn open(&mut self, path: &Path, included_at: Option<Span>) -> std::io::Result<FileFacts> {
        let content = self.files.read(path, self.bytes_left)?;
        self.bytes_left = self.bytes_left.saturating_sub(content.bytes.len() as u64);
        let file = u16::try_from(self.sources.files.len())
            .map_err(|_| std::io::Error::other("too many configuration files are included"))?;
        let bytes: Arc<[u8]> = content.bytes.into();
        self.sources.files.push(SourceFile { path: path.into(), bytes: Arc::clone(&bytes), included_at });
        self.stack.push(Open { file: FileId(file), bytes, at: 0, line: 0 });
        Ok(content.facts)
    }

    /// The place that Exim would name now.
    pub(crate) fn place(&self) -> Place {
        self.stack.last().map_or(self.last, |open| Place { file: open.file, line: open.line })
    }

    /// Exim's text for a mistake at a place.
    pub(crate) fn exim_at(&self, place: Place, text: &str) -> String {
        let path = self.sources.file(place.file).map(|file| file.path.as_path());
        exim_in_line(path.unwrap_or(Path::new("")), place.line, text)
    }

    /// Reports an error at a span, with Exim's text for the place.
    pub(crate) fn error(
        &mut self,
        id: &'static str,
        span: Span,
        place: Place,
        text: &str,
    ) -> &mut Diagnostic {
        let exim = self.exim_at(place, text);
        let diagnostic =
            Diagnostic::error(id, span, text.lines().map(str::trim).collect::<Vec<_>>().join(" ")).exim(exim);
        self.report(diagnostic)
    }

    /// Reports a finding, adding how its place was reached.
    pub(crate) fn report(&mut self, mut diagnostic: Diagnostic) -> &mut Diagnostic {
        self.chain(&mut diagnostic);
        self.sink.push(diagnostic)
    }

    /// The definitions of the macros whose text stands at a span, and the inclusions that lead to its file.
    fn chain(&self, diagnostic: &mut Diagnostic) {
        let span = diagnostic.span;
        for &used in self.uses.get(&(span.file, span.line, span.column)).into_iter().flatten() {
            if let Some(entry) = self.macros.entries().get(used)
                && entry.defined.is_somewhere()
            {
                diagnostic.chain.push(entry.defined);
            }
        }
        let mut file = span.is_somewhere().then_some(span.file);
        while let Some(at) = file.and_then(|id| self.sources.file(id)).and_then(|source| source.included_at) {
            diagnostic.chain.push(at);
            file = Some(at.file);
        }
    }

    /// The next logical line.
    pub(crate) fn next_line(&mut self) -> Option<Logical> {
        loop {
            let mut text = self.joined()?;
            let end = bytes::trim_end(&text.bytes).len();
            text.bytes.truncate(end);
            // A line that consisted of a backslash alone has nothing to say.
            if end > 0 {
                let place = self.place();
                let files_open = self.sources.files.len();
                let bytes = text.bytes.as_slice().into();
                self.parsed.push(ParsedLine { bytes, file: place.file, files_open });
                return Some(Logical { text, place });
            }
        }
    }

    /// Physical lines joined where they end with a backslash.
    fn joined(&mut self) -> Option<Text> {
        let mut text: Option<Text> = None;
        loop {
            match self.physical(text.is_some()) {
                Physical::Passed => {}
                Physical::Blank if text.is_none() => {}
                Physical::Blank | Physical::End => return text,
                Physical::Text(part, continues) => {
                    self.append(&mut text, part);
                    if !continues {
                        return text;
                    }
                }
            }
        }
    }

    fn append(&mut self, text: &mut Option<Text>, part: Text) {
        match text {
            None => *text = Some(part),
            Some(whole) if whole.bytes.len() + part.bytes.len() > limits::CONFIG_LINE => {
                let span = part.span();
                self.too_long(span);
            }
            Some(whole) => whole.push_part(&part, 0..part.bytes.len()),
        }
    }

    fn too_long(&mut self, span: Span) {
        let place = self.place();
        self.error("config.line.too_long", span, place, "configuration line is too long")
            .notes
            .push(format!("the limit is {} bytes", limits::CONFIG_LINE));
    }

    /// Reads a physical line; `joining` says that it continues one.
    fn physical(&mut self, joining: bool) -> Physical {
        let Some(raw) = self.raw_line() else { return Physical::End };
        let Some(mut text) = self.replaced(raw, joining) else { return Physical::Passed };
        let start = text.bytes.len() - bytes::trim_start(&text.bytes).len();
        if start > 0 {
            text = text.part(start..text.bytes.len());
        }
        let end = bytes::trim_end(&text.bytes).len();
        if end == 0 {
            return if self.conditions.skipping() { Physical::Passed } else { Physical::Blank };
        }
        if text.bytes[0] == b'#' {
            return Physical::Passed;
        }
        if text.bytes[0] == b'.' && self.dot_line(&text) {
            return Physical::Passed;
        }
        if self.conditions.skipping() {
            return Physical::Passed;
        }
        text.bytes.truncate(end);
        let continues = text.bytes.last() == Some(&b'\\');
        if continues {
            text.bytes.pop();
        }
        Physical::Text(text, continues)
    }

    /// The next physical line as it stands in the file, without its end.
    fn raw_line(&mut self) -> Option<Text> {
        while let Some(open) = self.stack.last_mut() {
            if open.at >= open.bytes.len() {
                self.last = Place { file: open.file, line: open.line };
                self.stack.pop();
                continue;
            }
            let rest = &open.bytes[open.at..];
            let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            open.at += len + 1;
            open.line += 1;
            let span = Span {
                file: open.file,
                line: open.line,
                column: 1,
                len: u32::try_from(len).unwrap_or(u32::MAX),
            };
            return Some(Text::plain(&rest[..len], span));
        }
        None
    }

    fn replaced(&mut self, raw: Text, joining: bool) -> Option<Text> {
        let span = raw.span();
        if raw.bytes.len() > limits::CONFIG_LINE {
            self.too_long(span);
            return None;
        }
        // `Name =` is a definition only where a line begins.
        let start = if joining { 0 } else { replacement_start(&raw.bytes) };
        match self.macros.replace(raw, start) {
            Ok(done) => {
                self.condition(&done.text, !done.used.is_empty());
                for (used, at) in done.used {
                    self.uses.entry((at.file, at.line, at.column)).or_default().push(used);
                }
                Some(done.text)
            }
            Err(ReplaceFault::LineTooLong) => {
                self.too_long(span);
                None
            }
            Err(ReplaceFault::TooMuchWork) => {
                let place = self.place();
                self.error("config.macro.too_much", span, place, "too much text comes out of macros");
                self.stack.clear();
                None
            }
        }
    }

    /// Follows a directive.
    fn condition(&mut self, line: &Text, defined: bool) {
        let start = line.bytes.len() - line.bytes.trim_ascii_start().len();
        let Some((found, word)) = directive(&line.bytes[start..]) else { return };
        let span = line.span_at(start, word.len());
        let place = self.place();
        if found == Directive::Ignored && !self.conditions.skipping() {
            self.report(
                Diagnostic::warning(
                    "config.condition.ignored",
                    span,
                    format!("this line is ignored: no space after {word}"),
                )
                .helped("a directive's word is followed by a space or by the end of the line"),
            );
        }
        if self.conditions.follow(found, defined, span).is_err() {
            self.error("config.condition.unmatched", span, place, &format!("{word} without matching .ifdef"));
        }
    }

    /// Lines that begin with a dot; false when the line is not the reader's.
    fn dot_line(&mut self, line: &Text) -> bool {
        if directive(&line.bytes).is_some() || self.conditions.skipping() {
            return true;
        }
        for (word, optional) in [(".include_if_exists", true), (".include", false)] {
            if let Some(rest) = line.bytes.strip_prefix(word.as_bytes())
                && rest.first().is_none_or(u8::is_ascii_whitespace)
            {
                self.include(line, word.len(), optional);
                return true;
            }
        }
        false
    }

    fn include(&mut self, line: &Text, from: usize, optional: bool) {
        let end = line.bytes.trim_ascii_end().len().max(from);
        let skipped = line.bytes[from..end].len() - line.bytes[from..end].trim_ascii_start().len();
        let start = from + skipped;
        let mut name = &line.bytes[start..end];
        if let [b'"', inner @ .., b'"'] = name {
            name = inner;
        }
        let span = line.span_at(start, end - start);
        let place = self.place();
        let shown = name.escape_ascii().to_string();
        let path = PathBuf::from(std::ffi::OsStr::from_bytes(name));
        if optional && !path.is_absolute() {
            let text = format!(".include specifies a non-absolute path \"{shown}\"");
            self.error("config.include.relative", span, place, &text);
            return;
        }
        if self.stack.len() > limits::CONFIG_INCLUDE_DEPTH {
            self.error("config.include.depth", span, place, "configuration files are included too deeply")
                .notes
                .push(format!("the limit is {} files", limits::CONFIG_INCLUDE_DEPTH));
            return;
        }
        self.open_included(&path, span, optional);
    }

    fn open_included(&mut self, path: &Path, span: Span, optional: bool) {
        let place = self.place();
        let whole = match self.sources.file(place.file).and_then(|source| source.path.parent()) {
            Some(parent) if !path.is_absolute() => parent.join(path),
            _ => path.to_path_buf(),
        };
        let Err(error) = self.open(&whole, Some(span)) else { return };
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename if optional => {}
            ErrorKind::IsADirectory => {
                self.report(Diagnostic::warning(
                    "config.include.directory",
                    span,
                    "a directory is included: it has no lines",
                ));
            }
            _ => {
                let text = format!("failed to open included configuration file {}", whole.display());
                self.error("config.include.unreadable", span, place, &text).notes.push(error.to_string());
            }
        }
    }

    /// True when the end was reached inside a condition that does not hold: a part of the file was not read.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.conditions.skipping()
    }

    /// To be called when no line is left: a condition that is still open.
    pub(crate) fn finish(&mut self) {
        if let Some(began) = self.conditions.open() {
            let place = self.last;
            let skipping = self.conditions.skipping();
            let error = self.error(
                "config.condition.unended",
                began,
                place,
                "Unexpected end of configuration file: .endif missing",
            );
            error.label = Some("this condition has no .endif".into());
            if skipping {
                error.notes.push("nothing from there to the end of the file was read".into());
            }
        }
    }
}

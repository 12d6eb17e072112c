//! What is wrong with a configuration, and where.
//!
//! # Invariants
//! * A diagnostic never decides anything: the caller looks at the severity.
//!
//! # Compatibility
//! `exim_text` holds the sentence that Exim prints for the same mistake, where it has one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A configuration file, by its number in the list of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileId(pub u16);

/// A stretch of one line of a configuration file. Lines and columns count from 1; line 0 means "nowhere".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// Which file.
    pub file: FileId,
    /// Which line.
    pub line: u32,
    /// Which byte of the line.
    pub column: u32,
    /// How many bytes.
    pub len: u32,
}

impl Span {
    /// No place in a file: text of the program's own, or of the command line.
    pub const NOWHERE: Self = Self { file: FileId(0), line: 0, column: 0, len: 0 };

    /// True when the span names a place.
    pub fn is_somewhere(&self) -> bool {
        self.line != 0
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// For information.
    Note,
    /// The configuration is usable.
    Warning,
    /// It is not.
    Error,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable dotted name, such as `config.option.unknown`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where.
    pub span: Span,
    /// What, in our words.
    pub message: String,
    /// What Exim would say.
    pub exim_text: Option<String>,
    /// What stands under the caret.
    pub label: Option<String>,
    /// More facts.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// The places that lead to `span` (includes, macros), innermost first.
    pub chain: Vec<Span>,
}

impl Diagnostic {
    /// A finding with the fields that every one has.
    pub fn new(id: &'static str, severity: Severity, span: Span, message: impl Into<String>) -> Self {
        Self {
            id,
            severity,
            span,
            message: message.into(),
            exim_text: None,
            label: None,
            notes: Vec::new(),
            help: None,
            chain: Vec::new(),
        }
    }

    /// An error.
    pub fn error(id: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(id, Severity::Error, span, message)
    }

    /// A warning.
    pub fn warning(id: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(id, Severity::Warning, span, message)
    }

    /// With Exim's sentence.
    #[must_use]
    pub fn exim(mut self, text: impl Into<String>) -> Self {
        self.exim_text = Some(text.into());
        self
    }

    /// With the words under the caret.
    #[must_use]
    pub fn labelled(mut self, text: impl Into<String>) -> Self {
        self.label = Some(text.into());
        self
    }

    /// With one more note.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// With advice.
    #[must_use]
    pub fn helped(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }
}

/// A logical line or an option's value, and where each byte of it came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceText {
    /// The text.
    pub bytes: Arc<[u8]>,
    /// Where its parts came from, by rising offset.
    pub segments: Vec<Segment>,
}

/// From `offset` up to the next segment, the text came from `span` on. A segment whose `verbatim` is false (a macro's
/// value, say) has the whole span as the origin of each of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First byte of the text that this is about.
    pub offset: usize,
    /// Where it stands in the file.
    pub span: Span,
    /// True when columns advance with the bytes.
    pub verbatim: bool,
}

impl SourceText {
    /// Text that stands in one place.
    pub fn plain(bytes: impl Into<Arc<[u8]>>, span: Span) -> Self {
        Self { bytes: bytes.into(), segments: vec![Segment { offset: 0, span, verbatim: true }] }
    }

    /// Text of the program's own.
    pub fn nowhere(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::plain(bytes, Span::NOWHERE)
    }

    /// Where `len` bytes from `offset` stand. What crosses a segment's end is cut there.
    pub fn span_at(&self, offset: usize, len: usize) -> Span {
        let after = self.segments.partition_point(|s| s.offset <= offset);
        let Some(segment) = after.checked_sub(1).and_then(|at| self.segments.get(at)) else {
            return Span::NOWHERE;
        };
        if !segment.verbatim || !segment.span.is_somewhere() {
            return segment.span;
        }
        let end = self.segments.get(after).map_or(self.bytes.len(), |next| next.offset);
        let into = u32::try_from(offset - segment.offset).unwrap_or(u32::MAX);
        let room = end.saturating_sub(offset);
        Span {
            column: segment.span.column.saturating_add(into),
            len: u32::try_from(len.min(room)).unwrap_or(u32::MAX),
            ..segment.span
        }
    }

    /// A part of the text with its origins.
    #[must_use]
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        let end = range.end.min(self.bytes.len());
        let start = range.start.min(end);
        let mut segments = Vec::new();
        let first = self.segments.partition_point(|s| s.offset <= start).saturating_sub(1);
        for segment in self.segments.get(first..).unwrap_or_default() {
            if segment.offset >= end && segment.offset > start {
                break;
            }
            let cut = start.saturating_sub(segment.offset);
            let mut span = segment.span;
            if segment.verbatim && span.is_somewhere() {
                let cut = u32::try_from(cut).unwrap_or(u32::MAX);
                span.column = span.column.saturating_add(cut);
                span.len = span.len.saturating_sub(cut);
            }
            segments.push(Segment {
                offset: segment.offset.saturating_sub(start),
                span,
                verbatim: segment.verbatim,
            });
        }
        Self { bytes: self.bytes[start..end].into(), segments }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(line: u32, column: u32, len: u32) -> Span {
        Span { file: FileId(0), line, column, len }
    }

    fn folded() -> SourceText {
        // "abc" on line 3 from column 5, a macro's value "XY" used at line 3 column 8, "def" on line 4 column 1.
        SourceText {
            bytes: (*b"abcXYdef").into(),
            segments: vec![
                Segment { offset: 0, span: span(3, 5, 3), verbatim: true },
                Segment { offset: 3, span: span(3, 8, 4), verbatim: false },
                Segment { offset: 5, span: span(4, 1, 3), verbatim: true },
            ],
        }
    }

    #[test]
    fn offsets_map_to_places() {
        let text = folded();
        assert_eq!(text.span_at(1, 1), span(3, 6, 1));
        assert_eq!(text.span_at(1, 99), span(3, 6, 2), "cut at the end of the segment");
        assert_eq!(text.span_at(4, 1), span(3, 8, 4), "the macro's use");
        assert_eq!(text.span_at(6, 2), span(4, 2, 2));
        assert_eq!(text.span_at(500, 2).line, 4, "past the end is the last place");
    }

    #[test]
    fn a_slice_keeps_its_places() {
        let text = folded();
        let part = text.slice(1..7);
        assert_eq!(&part.bytes[..], b"bcXYde");
        for offset in 0..6 {
            assert_eq!(part.span_at(offset, 1), text.span_at(offset + 1, 1), "offset {offset}");
        }
        assert_eq!(text.slice(5..8).span_at(0, 1), span(4, 1, 1));
        assert!(text.slice(50..80).bytes.is_empty());
    }

    #[test]
    fn text_from_nowhere_has_no_place() {
        assert_eq!(SourceText::nowhere(*b"abc").span_at(1, 1), Span::NOWHERE);
        assert_eq!(SourceText::default().span_at(0, 1), Span::NOWHERE);
    }
}

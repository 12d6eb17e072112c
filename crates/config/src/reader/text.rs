//! Text under construction that remembers where its bytes came from.
//!
//! # Invariants
//! * Segments have rising offsets and the first begins at 0 (unless the text is empty).

use std::ops::Range;

use mail_types::diagnostic::{Segment, SourceText, Span};

/// A line or value with its origins, growable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pub(crate) bytes: Vec<u8>,
    pub(crate) segments: Vec<Segment>,
}

impl Text {
    /// Text that stands in one place.
    pub(crate) fn plain(bytes: &[u8], span: Span) -> Self {
        Self { bytes: bytes.to_vec(), segments: vec![Segment { offset: 0, span, verbatim: true }] }
    }

    /// The segment that holds an offset.
    fn segment(&self, offset: usize) -> Option<(usize, Segment)> {
        let index = self.segments.partition_point(|s| s.offset <= offset).checked_sub(1)?;
        self.segments.get(index).map(|segment| (index, *segment))
    }

    /// Where `len` bytes from `offset` stand.
    pub(crate) fn span_at(&self, offset: usize, len: usize) -> Span {
        let Some((index, segment)) = self.segment(offset) else { return Span::NOWHERE };
        if !segment.verbatim || !segment.span.is_somewhere() {
            return segment.span;
        }
        let end = self.segments.get(index + 1).map_or(self.bytes.len(), |next| next.offset);
        Span {
            column: segment.span.column.saturating_add(clamp(offset - segment.offset)),
            len: clamp(len.min(end.saturating_sub(offset))),
            ..segment.span
        }
    }

    /// Appends a part of another text.
    pub(crate) fn push_part(&mut self, from: &Self, range: Range<usize>) {
        let end = range.end.min(from.bytes.len());
        let start = range.start.min(end);
        let base = self.bytes.len();
        if let Some((first, _)) = from.segment(start) {
            for segment in from.segments[first..].iter().take_while(|s| s.offset < end || s.offset <= start) {
                let cut = start.saturating_sub(segment.offset);
                let mut span = segment.span;
                if segment.verbatim && span.is_somewhere() {
                    span.column = span.column.saturating_add(clamp(cut));
                    span.len = span.len.saturating_sub(clamp(cut));
                }
                self.push_segment(base + segment.offset.max(start) - start, span, segment.verbatim);
            }
        }
        self.bytes.extend_from_slice(&from.bytes[start..end]);
    }

    /// Appends bytes that all come from one place (a macro's value).
    pub(crate) fn push_replacement(&mut self, bytes: &[u8], span: Span) {
        if !bytes.is_empty() {
            self.push_segment(self.bytes.len(), span, false);
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Appends one byte with its place.
    pub(crate) fn push_byte(&mut self, byte: u8, span: Span) {
        let continues = self.segments.last().is_some_and(|last| {
            last.verbatim
                && last.span.file == span.file
                && last.span.line == span.line
                && u64::from(last.span.column) + (self.bytes.len() - last.offset) as u64
                    == u64::from(span.column)
        });
        if !continues {
            self.push_segment(self.bytes.len(), span, true);
        }
        self.bytes.push(byte);
    }

    fn push_segment(&mut self, offset: usize, span: Span, verbatim: bool) {
        // A segment that turned out empty is replaced by what follows it.
        if self.segments.last().is_some_and(|last| last.offset == offset) {
            self.segments.pop();
        }
        self.segments.push(Segment { offset, span, verbatim });
    }

    /// A part as a text of its own.
    pub(crate) fn part(&self, range: Range<usize>) -> Self {
        let mut out = Self::default();
        out.push_part(self, range);
        out
    }

    /// For compiling.
    pub(crate) fn to_source(&self) -> SourceText {
        SourceText { bytes: self.bytes.as_slice().into(), segments: self.segments.clone() }
    }

    /// The whole text's place: its first line, as far as it goes there.
    pub(crate) fn span(&self) -> Span {
        self.span_at(0, self.bytes.len())
    }
}

fn clamp(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use mail_types::diagnostic::FileId;

    use super::*;

    fn span(line: u32, column: u32, len: u32) -> Span {
        Span { file: FileId(0), line, column, len }
    }

    #[test]
    fn parts_and_replacements_keep_their_places() {
        let line = Text::plain(b"smtp_banner = AA end", span(7, 3, 20));
        let mut out = Text::default();
        out.push_part(&line, 0..14);
        out.push_replacement(b"value", span(7, 17, 2));
        out.push_part(&line, 16..20);
        assert_eq!(out.bytes, b"smtp_banner = value end");
        assert_eq!(out.span_at(5, 2), span(7, 8, 2));
        assert_eq!(out.span_at(16, 1), span(7, 17, 2), "inside the macro: its use");
        assert_eq!(out.span_at(20, 3), span(7, 20, 3));
        let value = out.part(14..23);
        assert_eq!(value.span_at(6, 3), span(7, 20, 3));
    }

    #[test]
    fn an_empty_replacement_leaves_no_trace() {
        let line = Text::plain(b"aXb", span(1, 1, 3));
        let mut out = Text::default();
        out.push_part(&line, 0..1);
        out.push_replacement(b"", span(1, 2, 1));
        out.push_part(&line, 2..3);
        assert_eq!((out.bytes.as_slice(), out.span_at(1, 1)), (&b"ab"[..], span(1, 3, 1)));
    }
}

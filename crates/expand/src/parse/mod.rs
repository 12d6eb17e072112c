//! From text to tree, once.
//!
//! # Invariants
//! * The text is read from left to right. At the first syntax error parsing stops ([`Parser::stopped`]) and the error
//!   stays in the tree at its place.
//! * Nesting is bounded: deeper text becomes a part that fails.
//!
//! # Compatibility
//! Error texts are Exim's, as its own program gives them for the same text.

mod arguments;
mod branches;
pub(crate) mod escape;
mod name;

use mail_types::diagnostic::{Diagnostic, SourceText};
use mail_types::suggest::nearest;
use mail_types::value::Value;

pub(crate) use arguments::Arguments;
pub(crate) use branches::{Branches, Outcome};
pub(crate) use name::{unknown_after_def, unknown_in_braces, unknown_variable};

use crate::named::{Named, NamedKind};
use crate::tree::{Broken, Part, Sequence};

/// What Exim adds to complaints about braces after a header name that swallowed some.
pub(crate) const HEADER_HINT: &str = " - could be header name not terminated by colon";

/// The text still to be read, and what was noticed so far.
pub(crate) struct Parser<'t> {
    source: &'t SourceText,
    text: &'t [u8],
    /// Offset of the next byte.
    pub(crate) at: usize,
    depth_left: usize,
    /// A syntax error was met.
    pub(crate) stopped: bool,
    /// A header name without a colon holds a brace: braces may then seem to be missing.
    pub(crate) doubtful_header: bool,
    /// Evaluation may have to wait for something outside.
    pub(crate) may_block: bool,
    /// What is wrong, for the load.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Bytes that were looked at, where a test counts them.
    #[cfg(test)]
    pub(crate) looked: Option<usize>,
    /// The names that were met, where somebody asks for them.
    pub(crate) named: Option<Vec<Named>>,
}

/// How a sequence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// At the end of the text.
    End,
    /// Before a closing brace.
    Brace,
}

impl<'t> Parser<'t> {
    pub(crate) fn new(source: &'t SourceText, depth_left: usize) -> Self {
        Self {
            source,
            text: &source.bytes,
            at: 0,
            depth_left,
            stopped: false,
            doubtful_header: false,
            may_block: false,
            diagnostics: Vec::new(),
            #[cfg(test)]
            looked: None,
            named: None,
        }
    }

    /// Counts the bytes that a scan looks at, for tests.
    #[cfg(test)]
    pub(crate) fn look(&mut self, bytes: usize) {
        if let Some(looked) = &mut self.looked {
            *looked += bytes;
        }
    }

    /// Counts nothing: only tests do.
    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::needless_pass_by_ref_mut, reason = "the same form as for tests")]
    pub(crate) fn look(&mut self, _bytes: usize) {}

    /// Notes a name that ends here.
    pub(crate) fn note(&mut self, kind: NamedKind, name: &[u8]) {
        if let Some(named) = &mut self.named {
            named.push(Named { kind, name: String::from_utf8_lossy(name).into_owned(), end: self.at });
        }
    }

    /// The next byte.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// What is still unread.
    pub(crate) fn rest(&self) -> &'t [u8] {
        &self.text[self.at.min(self.text.len())..]
    }

    /// How much deeper the text may nest.
    pub(crate) fn depth_left(&self) -> usize {
        self.depth_left
    }

    /// All of the text.
    pub(crate) fn whole_text(&self) -> std::sync::Arc<[u8]> {
        std::sync::Arc::clone(&self.source.bytes)
    }

    /// What was read since `start`.
    pub(crate) fn text_from(&self, start: usize) -> &'t [u8] {
        let end = self.at.min(self.text.len());
        &self.text[start.min(end)..end]
    }

    /// Takes the next byte if it is this one.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.at += 1;
        }
        there
    }

    /// Steps over white space.
    pub(crate) fn skip_space(&mut self) {
        while self.peek().is_some_and(mail_types::bytes::is_space) {
            self.at += 1;
        }
    }

    /// Ends the parse with an error at the place where it was noticed.
    pub(crate) fn fail(&mut self, message: impl Into<String>) -> Broken {
        self.fail_from(self.at, message)
    }

    /// Ends the parse with an error about what was read since `start`.
    pub(crate) fn fail_from(&mut self, start: usize, message: impl Into<String>) -> Broken {
        let message = message.into();
        self.stopped = true;
        let start = start.min(self.text.len().saturating_sub(1));
        let span = self.source.span_at(start, self.at.saturating_sub(start).max(1));
        self.diagnostics.push(
            Diagnostic::warning("expand.syntax", span, format!("this string can't be expanded: {message}"))
                .exim(message.clone()),
        );
        Broken::new(message)
    }

    /// Adds the name that was perhaps meant to the error just reported.
    pub(crate) fn suggest(&mut self, wrong: &[u8], known: impl IntoIterator<Item = &'static str>) {
        let meant = std::str::from_utf8(wrong).ok().and_then(|wrong| nearest(wrong, known));
        if let (Some(meant), Some(error)) = (meant, self.diagnostics.last_mut()) {
            error.help = Some(format!("did you mean {meant}?"));
        }
    }

    /// Notes something that is known to fail, without ending the parse.
    pub(crate) fn warn(&mut self, id: &'static str, offset: usize, len: usize, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::warning(id, self.source.span_at(offset, len), message));
    }

    /// Reads parts up to the end or to a closing brace, which stays unread.
    pub(crate) fn sequence(&mut self, until: Until) -> Sequence {
        if self.depth_left == 0 {
            let broken = self.fail("expansion items are nested too deeply");
            let mut sequence = Sequence::default();
            sequence.parts.push((self.at, Part::Broken(broken)));
            return sequence;
        }
        self.depth_left -= 1;
        let sequence = self.parts(until, true);
        self.depth_left += 1;
        sequence
    }

    /// Reads text in which a dollar sign means nothing.
    pub(crate) fn plain_sequence(&mut self, until: Until) -> Sequence {
        self.parts(until, false)
    }

    fn parts(&mut self, until: Until, dollars: bool) -> Sequence {
        let mut sequence = Sequence::default();
        let mut literal = Vec::new();
        let mut literal_at = self.at;
        let mut last = None;
        while !self.stopped {
            let Some(byte) = self.peek() else {
                if until == Until::Brace {
                    let hint = if self.doubtful_header { HEADER_HINT } else { "" };
                    last = Some(Part::Broken(self.fail(format!("missing }} at end of string{hint}"))));
                }
                break;
            };
            match byte {
                b'}' if until == Until::Brace => break,
                b'\\' => match self.escape(&mut literal) {
                    Ok(()) => {}
                    Err(broken) => last = Some(Part::Broken(broken)),
                },
                b'$' if dollars => {
                    flush(&mut sequence, &mut literal, literal_at);
                    let at = self.at;
                    let part = self.dollar();
                    sequence.parts.push((at, part));
                    literal_at = self.at;
                }
                _ => self.literal_run(&mut literal, until, dollars),
            }
        }
        flush(&mut sequence, &mut literal, literal_at);
        if let Some(part) = last {
            sequence.parts.push((self.at, part));
        }
        sequence.finished()
    }

    fn literal_run(&mut self, literal: &mut Vec<u8>, until: Until, dollars: bool) {
        let rest = self.rest();
        let end = rest
            .iter()
            .position(|&byte| {
                byte == b'\\' || (byte == b'$' && dollars) || (byte == b'}' && until == Until::Brace)
            })
            .unwrap_or(rest.len());
        self.look(end + 1);
        literal.extend_from_slice(&rest[..end]);
        self.at += end;
    }

    /// Reads `{...}`; the opening brace is next.
    pub(crate) fn braced(&mut self) -> Sequence {
        self.at += 1;
        let sequence = self.sequence(Until::Brace);
        if !self.stopped {
            self.at += 1;
        }
        sequence
    }

    /// Reads `{...}` without looking at dollar signs; the opening brace is next.
    pub(crate) fn braced_plain(&mut self) -> Sequence {
        self.at += 1;
        let sequence = self.plain_sequence(Until::Brace);
        if !self.stopped {
            self.at += 1;
        }
        sequence
    }

    /// Runs a parser one level deeper, or fails when that is too deep.
    pub(crate) fn deeper<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> T,
        too_deep: impl FnOnce(Broken) -> T,
    ) -> T {
        if self.depth_left == 0 {
            let broken = self.fail("expansion items are nested too deeply");
            return too_deep(broken);
        }
        self.depth_left -= 1;
        let result = parse(self);
        self.depth_left += 1;
        result
    }
}

fn flush(sequence: &mut Sequence, literal: &mut Vec<u8>, at: usize) {
    if !literal.is_empty() {
        sequence.parts.push((at, Part::Literal(Value::clean(std::mem::take(literal)))));
    }
}

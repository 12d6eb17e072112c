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

use std::sync::Arc;

use mail_types::diagnostic::{Diagnostic, SourceText, Span};
use mail_types::suggest::nearest;
use mail_types::text::Text;
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
    text: &'t [u8],
    /// Where the text stands, if that is known.
    source: Option<&'t SourceText>,
    /// The text for parts that keep all of it.
    kept: Option<Arc<[u8]>>,
    /// Offset of the next byte.
    pub(crate) at: usize,
    depth_left: usize,
    /// The smallest value that `depth_left` had.
    pub(crate) least_depth_left: usize,
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

/// Bytes that end literal text, at least somewhere, and those of which names are made: a bit for each in [`MEANINGS`].
const BACKSLASH: u8 = 1;
const DOLLAR: u8 = 2;
const BRACE: u8 = 4;
const NAME: u8 = 8;

/// What each byte may mean: short runs are scanned fastest with one look a byte.
const MEANINGS: [u8; 256] = {
    let mut meanings = [0; 256];
    meanings[b'\\' as usize] = BACKSLASH;
    meanings[b'$' as usize] = DOLLAR;
    meanings[b'}' as usize] = BRACE;
    meanings[b'_' as usize] = NAME;
    let mut byte = 0;
    while byte < 128 {
        if (byte as u8).is_ascii_alphanumeric() {
            meanings[byte] = NAME;
        }
        byte += 1;
    }
    meanings
};

/// Whether names of variables and conditions may hold this byte.
#[inline]
pub(crate) fn is_of_name(byte: u8) -> bool {
    MEANINGS[usize::from(byte)] & NAME != 0
}

impl<'t> Parser<'t> {
    /// A parser of a text of the configuration.
    pub(crate) fn new(source: &'t SourceText, depth_left: usize) -> Self {
        Self { source: Some(source), ..Self::nowhere(&source.bytes, depth_left) }
    }

    /// A parser of a text that stands in no file.
    pub(crate) fn nowhere(text: &'t [u8], depth_left: usize) -> Self {
        Self {
            text,
            source: None,
            kept: None,
            at: 0,
            depth_left,
            least_depth_left: depth_left,
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
    pub(crate) fn whole_text(&mut self) -> Arc<[u8]> {
        let text = self.text;
        let source = self.source;
        let kept = || source.map_or_else(|| Arc::from(text), |source| Arc::clone(&source.bytes));
        Arc::clone(self.kept.get_or_insert_with(kept))
    }

    fn span_at(&self, offset: usize, len: usize) -> Span {
        self.source.map_or(Span::NOWHERE, |source| source.span_at(offset, len))
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
        let span = self.span_at(start, self.at.saturating_sub(start).max(1));
        self.diagnostics.push(
            Diagnostic::warning("expand.syntax", span, format!("this string can't be expanded: {message}"))
                .exim(message.clone()),
        );
        Broken::new(message)
    }

    /// Adds the name that was perhaps meant to the error just reported.
    pub(crate) fn suggest(&mut self, wrong: &[u8], known: impl IntoIterator<Item = &'static str>) {
        let meant = std::str::from_utf8(wrong).ok().and_then(|wrong| nearest(wrong, known));
        self.help(meant.map(|meant| format!("did you mean {meant}?")));
    }

    /// Says what to do about the error just reported.
    pub(crate) fn help(&mut self, help: Option<String>) {
        if let (Some(help), Some(error)) = (help, self.diagnostics.last_mut()) {
            error.help = Some(help);
        }
    }

    /// Notes something that is known to fail, without ending the parse.
    pub(crate) fn warn(&mut self, id: &'static str, offset: usize, len: usize, message: impl Into<String>) {
        let span = self.span_at(offset, len);
        self.diagnostics.push(Diagnostic::warning(id, span, message));
    }

    /// Reads parts up to the end or to a closing brace, which stays unread.
    pub(crate) fn sequence(&mut self, until: Until) -> Sequence {
        if self.depth_left == 0 {
            let broken = self.fail("expansion items are nested too deeply");
            let mut sequence = Sequence::default();
            sequence.push(self.at, Part::Broken(broken));
            return sequence;
        }
        self.depth_left -= 1;
        self.least_depth_left = self.least_depth_left.min(self.depth_left);
        let sequence = self.parts(until, true);
        self.depth_left += 1;
        sequence
    }

    /// Reads text in which a dollar sign means nothing.
    pub(crate) fn plain_sequence(&mut self, until: Until) -> Sequence {
        self.parts(until, false)
    }

    fn parts(&mut self, until: Until, dollars: bool) -> Sequence {
        let at = self.at;
        let literal = self.literal_run(until, dollars);
        // Most texts in braces are literal up to their end.
        if until == Until::Brace && self.peek() == Some(b'}') {
            return Sequence::literal(at, literal);
        }
        let mut sequence = Sequence::default();
        self.each_part(at, literal, (until, dollars), |at, part| {
            sequence.push(at, part);
            true
        });
        sequence.finished()
    }

    /// Reads the parts of the whole text, and hands over each before the next one is read, until `take` wants no more.
    pub(crate) fn top(&mut self, take: impl FnMut(usize, Part) -> bool) {
        self.depth_left -= 1;
        let at = self.at;
        let literal = self.literal_run(Until::End, true);
        self.each_part(at, literal, (Until::End, true), take);
        self.depth_left += 1;
    }

    /// Reads the parts that begin with this literal text, which is read already.
    fn each_part(
        &mut self,
        mut literal_at: usize,
        literal: &[u8],
        (until, dollars): (Until, bool),
        mut take: impl FnMut(usize, Part) -> bool,
    ) {
        let mut literal = Text::from(literal);
        while !self.stopped {
            let Some(byte) = self.peek() else {
                if until == Until::Brace {
                    let hint = if self.doubtful_header { HEADER_HINT } else { "" };
                    let broken = self.fail(format!("missing }} at end of string{hint}"));
                    if flush(&mut literal, literal_at, &mut take) {
                        take(self.at, Part::Broken(broken));
                    }
                    return;
                }
                break;
            };
            match byte {
                b'}' if until == Until::Brace => break,
                b'\\' => {
                    if let Err(broken) = self.escape(&mut literal) {
                        if flush(&mut literal, literal_at, &mut take) {
                            take(self.at, Part::Broken(broken));
                        }
                        return;
                    }
                }
                b'$' if dollars => {
                    if !flush(&mut literal, literal_at, &mut take) {
                        return;
                    }
                    let at = self.at;
                    let part = self.dollar();
                    if !take(at, part) {
                        return;
                    }
                    literal_at = self.at;
                }
                _ => literal.push(self.literal_run(until, dollars)),
            }
        }
        flush(&mut literal, literal_at, &mut take);
    }

    /// Reads bytes that stand for themselves.
    fn literal_run(&mut self, until: Until, dollars: bool) -> &'t [u8] {
        let dollar = if dollars { DOLLAR } else { 0 };
        let brace = if until == Until::Brace { BRACE } else { 0 };
        let special = BACKSLASH | dollar | brace;
        let rest = self.rest();
        let end = rest.iter().position(|&byte| MEANINGS[usize::from(byte)] & special != 0);
        let end = end.unwrap_or(rest.len());
        self.look(end + 1);
        self.at += end;
        &rest[..end]
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
        self.least_depth_left = self.least_depth_left.min(self.depth_left);
        let result = parse(self);
        self.depth_left += 1;
        result
    }
}

/// Hands over the literal text that was read; whether more is wanted.
fn flush(literal: &mut Text, at: usize, take: &mut impl FnMut(usize, Part) -> bool) -> bool {
    literal.bytes().is_empty() || take(at, Part::Literal(Value::clean(std::mem::take(literal))))
}

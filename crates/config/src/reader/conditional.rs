//! `.ifdef` and its relatives.
//!
//! # Invariants
//! * The stack is one for the whole configuration: Exim lets a condition begin in one file and end in another.
//!
//! # Compatibility
//! Spec 6.10, with two habits of Exim 4.96: a word must be followed by a space or the end of the line (else the whole line is
//! ignored), and a second `.else` or an `.elifdef` after `.else` is accepted.

use mail_types::diagnostic::Span;

/// One word that controls conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directive {
    /// `.ifdef` (true) or `.ifndef` (false).
    If(bool),
    /// `.elifdef` or `.elifndef`.
    ElseIf(bool),
    /// `.else`.
    Else,
    /// `.endif`.
    EndIf,
    /// Begins with one of the words but goes on: Exim passes over such a line.
    Ignored,
}

const WORDS: [(&str, Directive); 6] = [
    (".ifdef", Directive::If(true)),
    (".ifndef", Directive::If(false)),
    (".elifdef", Directive::ElseIf(true)),
    (".elifndef", Directive::ElseIf(false)),
    (".else", Directive::Else),
    (".endif", Directive::EndIf),
];

/// The directive that a line (without leading white space) begins with, and the word.
pub(crate) fn directive(line: &[u8]) -> Option<(Directive, &'static str)> {
    let (word, found) = WORDS.iter().find(|(word, _)| line.starts_with(word.as_bytes()))?;
    match line.get(word.len()) {
        None | Some(b' ' | b'\n') => Some((*found, word)),
        Some(_) => Some((Directive::Ignored, word)),
    }
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    /// The lines in force are read.
    reading: bool,
    /// A branch was taken, or the whole construct is skipped.
    settled: bool,
    began: Span,
}

/// The conditions that are open.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    frames: Vec<Frame>,
}

/// A word without its `.ifdef`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unmatched;

impl Conditions {
    /// True when lines are skipped.
    pub(crate) fn skipping(&self) -> bool {
        self.frames.last().is_some_and(|frame| !frame.reading)
    }

    /// Where the innermost open condition began.
    pub(crate) fn open(&self) -> Option<Span> {
        self.frames.last().map(|frame| frame.began)
    }

    /// Follows a directive; `defined` says whether a macro was replaced in its line.
    pub(crate) fn follow(
        &mut self,
        directive: Directive,
        defined: bool,
        place: Span,
    ) -> Result<(), Unmatched> {
        if let Directive::If(wanted) = directive {
            let outside = !self.skipping();
            let reading = outside && defined == wanted;
            self.frames.push(Frame { reading, settled: reading || !outside, began: place });
            return Ok(());
        }
        if directive == Directive::Ignored {
            return Ok(());
        }
        let frame = self.frames.last_mut().ok_or(Unmatched)?;
        match directive {
            Directive::ElseIf(wanted) => frame.take(defined == wanted),
            Directive::Else => frame.take(true),
            _ => {
                self.frames.pop();
            }
        }
        Ok(())
    }
}

impl Frame {
    fn take(&mut self, holds: bool) {
        self.reading = !self.settled && holds;
        self.settled |= self.reading;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the lines named by a letter are read; `+` after a word means that its macro is defined.
    fn read(script: &str) -> String {
        let mut conditions = Conditions::default();
        let mut out = String::new();
        for line in script.split_whitespace() {
            let word = line.trim_end_matches('+');
            match directive(word.as_bytes()) {
                Some((found, _)) => {
                    conditions.follow(found, line.ends_with('+'), Span::NOWHERE).unwrap();
                }
                None if !conditions.skipping() => out.push_str(line),
                None => {}
            }
        }
        assert_eq!(conditions.open(), None, "{script}");
        out
    }

    #[test]
    fn branches() {
        let cases = [
            (".ifdef+ a .else b .endif c", "ac"),
            (".ifdef a .else b .endif c", "bc"),
            (".ifndef a .endif", "a"),
            (".ifdef a .elifdef+ b .else c .endif", "b"),
            (".ifdef+ a .elifdef+ b .else c .endif", "a"),
            (".ifdef a .elifndef b .endif", "b"),
            (".ifdef a .ifdef+ b .else c .endif .else d .endif", "d"),
            (".ifdef a .else b .else c .endif", "b"),
            (".ifdef a .else b .elifndef c .endif", "b"),
            (".ifdef+ a .ifdef b .elifdef c .else d .endif e .endif", "ade"),
        ];
        for (script, want) in cases {
            assert_eq!(read(script), want, "{script}");
        }
    }

    #[test]
    fn words_end_with_a_space() {
        assert_eq!(directive(b".ifdef X"), Some((Directive::If(true), ".ifdef")));
        assert_eq!(directive(b".endif"), Some((Directive::EndIf, ".endif")));
        for ignored in [&b".ifdefX"[..], b".ifdef\tX", b".elsefoo", b".endiffoo"] {
            assert_eq!(
                directive(ignored).map(|d| d.0),
                Some(Directive::Ignored),
                "{}",
                ignored.escape_ascii()
            );
        }
        assert_eq!(directive(b".IFDEF X"), None);
        assert_eq!(directive(b".foo"), None);
    }

    #[test]
    fn a_word_alone_is_unmatched() {
        for line in [&b".else"[..], b".endif", b".elifdef X"] {
            let (found, _) = directive(line).unwrap();
            assert_eq!(Conditions::default().follow(found, false, Span::NOWHERE), Err(Unmatched));
        }
    }
}

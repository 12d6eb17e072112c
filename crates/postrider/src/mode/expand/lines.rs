//! Expansions from standard input, one a line; a line that ends with a backslash goes on with the next.
//!
//! # Invariants
//! * Answers are written before more input is waited for: whoever waits for one gets it.
//! * The output is that of one line after the other, whoever expanded which.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::Arc;

use ::expand::lookup::Moment;
use mta::context::Context;

use super::ahead::{Errand, Helpers};

/// Bytes of input that are asked for at first. As long as there is so much at once, more is asked for, because helpers
/// idle at the end of each piece.
const CHUNK: usize = 256 * 1024;

/// Most bytes of input that are asked for at once.
const LARGEST_CHUNK: usize = 8 * 1024 * 1024;

/// Fewer bytes of lines are not worth sharing with helpers.
const WORTH_SHARING: usize = 8 * 1024;

/// The size of what a helper gets at once, in bytes.
const PIECE: usize = 32 * 1024;

/// So many bytes of answers are written before more are made.
pub(super) const MANY_ANSWERS: usize = 1024 * 1024;

/// What is said when a line is answered, and at the beginning.
const PROMPT: &[u8] = b"> ";

/// Where lines are answered.
pub(super) struct Desk<'c, W> {
    pub(super) context: &'c mut Context,
    pub(super) helpers: Helpers,
    pub(super) output: W,
}

impl<W: Write> Desk<'_, W> {
    /// Answers all lines of the input.
    ///
    /// # Errors
    /// The input cannot be read, or the output not be written.
    pub(super) fn answer_all(&mut self, input: &mut impl Read) -> io::Result<()> {
        self.output.write_all(PROMPT)?;
        let mut held = Vec::new();
        let mut chunk = CHUNK;
        loop {
            self.output.flush()?;
            let known = held.len();
            let more = read(input, chunk, &mut held)?;
            if held.len() - known == chunk {
                chunk = (4 * chunk).min(LARGEST_CHUNK);
            }
            if !more && held.last().is_some_and(|&last| last != b'\n') {
                held.push(b'\n');
            }
            self.context.set_moment(Some(Moment::begin()));
            let end = known + ending_of_last(&held, known);
            self.answer_lines(&held[..end])?;
            held.drain(..end);
            if !more {
                self.output.write_all(b"\n")?;
                return self.output.flush();
            }
        }
    }

    /// Answers lines that are at hand: helpers work at pieces of them, whose answers are written in order. From a line on
    /// that they leave, the piece is answered here; what they did behind it counts where that line left nothing behind.
    fn answer_lines(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.len() < WORTH_SHARING {
            return self.answer_in_order(lines);
        }
        let (mut done, mut sent) = (0, 0);
        let mut scope = Arc::new(self.context.scope.clone());
        let mut pieces = VecDeque::new();
        while done < lines.len() {
            let Some(crew) = self.helpers.crew(self.context) else {
                return self.answer_in_order(&lines[done..]);
            };
            while sent < lines.len() && pieces.len() <= 2 * crew.count() {
                let end = sent + ending_of_first(&lines[sent..], PIECE.min(lines.len() - sent - 1));
                let (lines, moment) = (lines[sent..end].to_vec(), self.context.moment());
                pieces.push_back((end, crew.send(Errand { lines, scope: Arc::clone(&scope), moment })));
                sent = end;
            }
            let Some((end, piece)) = pieces.pop_front() else { break };
            if let Ok(ahead) = piece.recv() {
                self.output.write_all(&ahead.answers)?;
                done += ahead.answered;
            }
            self.answer_in_order(&lines[done..end])?;
            done = end;
            if self.context.scope != *scope {
                pieces.clear();
                sent = done;
                scope = Arc::new(self.context.scope.clone());
            }
        }
        Ok(())
    }

    fn answer_in_order(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut answers = Vec::with_capacity(lines.len());
        let mut lines = Lines::new(lines);
        while let Some(line) = lines.next() {
            answer(line, self.context, &mut answers);
            if answers.len() >= MANY_ANSWERS {
                self.output.write_all(&answers)?;
                answers.clear();
            }
        }
        self.output.write_all(&answers)
    }
}

/// Appends the answer to a line and the prompt for the next.
pub(super) fn answer(line: &[u8], context: &mut Context, out: &mut Vec<u8>) {
    super::answer(line, context, out);
    out.extend_from_slice(PROMPT);
}

/// Appends what is at hand; false at the end of the input.
fn read(input: &mut impl Read, chunk: usize, held: &mut Vec<u8>) -> io::Result<bool> {
    let known = held.len();
    held.resize(known + chunk, 0);
    let read = loop {
        match input.read(&mut held[known..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    held.truncate(known + *read.as_ref().unwrap_or(&0));
    Ok(read? > 0)
}

/// Lines of which each is complete, with those that it goes on with.
pub(super) struct Lines<'l> {
    bytes: &'l [u8],
    /// Where the next one begins.
    pub(super) at: usize,
    joined: Vec<u8>,
}

impl<'l> Lines<'l> {
    pub(super) fn new(lines: &'l [u8]) -> Self {
        Self { bytes: lines, at: 0, joined: Vec::new() }
    }

    /// The next line, without white space at its end.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        self.joined.clear();
        loop {
            let rest = &self.bytes[self.at..];
            let end = memchr::memchr(b'\n', rest)?;
            self.at += end + 1;
            let text = rest[..end].trim_ascii_end();
            let piece = if self.joined.is_empty() { text } else { text.trim_ascii_start() };
            match piece.strip_suffix(b"\\") {
                Some(piece) => self.joined.extend_from_slice(piece),
                None if self.joined.is_empty() => return Some(piece),
                None => {
                    self.joined.extend_from_slice(piece);
                    return Some(&self.joined);
                }
            }
        }
    }
}

/// Whether the line that ends at this newline goes on with the next.
fn goes_on(lines: &[u8], newline: usize) -> bool {
    let text = lines[..newline].iter().rev();
    text.take_while(|&&byte| byte != b'\n').find(|byte| !byte.is_ascii_whitespace()) == Some(&b'\\')
}

/// How many bytes from `from` on end with the last complete line.
fn ending_of_last(lines: &[u8], from: usize) -> usize {
    let ending = memchr::memrchr_iter(b'\n', &lines[from..]).find(|at| !goes_on(lines, from + at));
    ending.map_or(0, |at| at + 1)
}

/// Where the first line ends that is complete at or after `from`.
fn ending_of_first(lines: &[u8], from: usize) -> usize {
    let ending = memchr::memchr_iter(b'\n', &lines[from..]).find(|at| !goes_on(lines, from + at));
    ending.map_or(lines.len(), |at| from + at + 1)
}

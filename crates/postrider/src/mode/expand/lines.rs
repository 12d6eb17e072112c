//! Expansions from standard input, one a line; a line that ends with a backslash goes on with the next.
//!
//! # Invariants
//! * Answers are written before more input is waited for: whoever waits for one gets it.
//! * The output is that of one line after the other, whoever expanded which.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use ::expand::Scope;
use ::expand::lookup::Moment;
use mta::context::Context;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::ahead::{Ahead, Errand, Helpers};

/// Bytes of input that are asked for at once, and what a helper gets.
const PIECE: usize = 64 * 1024;

/// Fewer bytes of lines are not worth sharing with helpers.
const WORTH_SHARING: usize = 8 * 1024;

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

/// Lines whose answers are awaited, in their order.
struct Awaited {
    pieces: VecDeque<Piece>,
    /// What they find.
    scope: Arc<Scope>,
}

/// Complete lines, and where a helper will say what came of them, if one has them.
struct Piece {
    lines: Arc<Vec<u8>>,
    ahead: Option<Receiver<Ahead>>,
}

impl<W: Write> Desk<'_, W> {
    /// Answers all lines of the input. Helpers are at work while more is read.
    ///
    /// # Errors
    /// The input cannot be read, or the output not be written.
    pub(super) fn answer_all(&mut self, input: &mut File) -> io::Result<()> {
        self.output.write_all(PROMPT)?;
        let mut awaited = Awaited { pieces: VecDeque::new(), scope: Arc::new(self.context.scope.clone()) };
        let mut begun = Vec::new();
        let mut more = true;
        while more {
            if !is_at_hand(input) {
                self.collect(&mut awaited, 0)?;
                self.output.flush()?;
            }
            let lines;
            (lines, more) = read_lines(input, &mut begun)?;
            self.accept(lines, &mut awaited)?;
        }
        self.collect(&mut awaited, 0)?;
        self.output.write_all(b"\n")?;
        self.output.flush()
    }

    /// Has lines answered, after those that are awaited.
    fn accept(&mut self, lines: Vec<u8>, awaited: &mut Awaited) -> io::Result<()> {
        let Some(crew) = self.helpers.crew(self.context) else {
            self.collect(awaited, 0)?;
            return self.answer_in_order(&lines);
        };
        let most = 2 * crew.count();
        if awaited.pieces.is_empty() {
            if lines.len() < WORTH_SHARING {
                return self.answer_in_order(&lines);
            }
            if *awaited.scope != self.context.scope {
                awaited.scope = Arc::new(self.context.scope.clone());
            }
        }
        let mut piece = Piece { lines: Arc::new(lines), ahead: None };
        self.send(&mut piece, &awaited.scope);
        awaited.pieces.push_back(piece);
        self.collect(awaited, most)
    }

    /// Gives a piece to a helper, if there are any.
    fn send(&mut self, piece: &mut Piece, scope: &Arc<Scope>) {
        let (lines, scope) = (Arc::clone(&piece.lines), Arc::clone(scope));
        let crew = self.helpers.crew(self.context);
        piece.ahead = crew.map(|crew| crew.send(Errand { lines, scope, moment: Some(Moment::begin()) }));
    }

    /// Writes answers until those of no more than `most` pieces are awaited. From a line on that a helper leaves, the piece
    /// is answered here; what was done behind it counts where that line left nothing behind.
    fn collect(&mut self, awaited: &mut Awaited, most: usize) -> io::Result<()> {
        while awaited.pieces.len() > most {
            let Some(piece) = awaited.pieces.pop_front() else { break };
            let mut done = 0;
            if let Some(ahead) = piece.ahead.and_then(|ahead| ahead.recv().ok()) {
                self.output.write_all(&ahead.answers)?;
                done = ahead.answered;
            }
            self.answer_in_order(&piece.lines[done..])?;
            let same = *awaited.scope == self.context.scope;
            if !same {
                awaited.scope = Arc::new(self.context.scope.clone());
            }
            if !same || self.helpers.crew(self.context).is_none() {
                for piece in &mut awaited.pieces {
                    self.send(piece, &awaited.scope);
                }
            }
        }
        Ok(())
    }

    fn answer_in_order(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        self.context.set_moment(Some(Moment::begin()));
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

/// Whether the input can be read without a wait: more of it, or its end.
fn is_at_hand(input: &File) -> bool {
    let mut files = [PollFd::new(input, PollFlags::IN)];
    // Where the system does not say, whoever waits for answers gets them first.
    poll(&mut files, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
}

/// Reads once: the lines that are complete now, and whether more may come. `begun` is what was read of the next line.
fn read_lines(input: &mut File, begun: &mut Vec<u8>) -> io::Result<(Vec<u8>, bool)> {
    let mut lines = std::mem::take(begun);
    let known = lines.len();
    lines.resize(known + PIECE, 0);
    let read = loop {
        match input.read(&mut lines[known..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    lines.truncate(known + read);
    if read == 0 {
        if lines.last().is_some_and(|&last| last != b'\n') {
            lines.push(b'\n');
        }
        return Ok((lines, false));
    }
    let complete = ending_of_last(&lines, known);
    *begun = lines[complete..].to_vec();
    lines.truncate(complete);
    Ok((lines, true))
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

/// Where the last complete line ends that ends behind `from`; 0 where none does.
fn ending_of_last(lines: &[u8], from: usize) -> usize {
    let ending = memchr::memrchr_iter(b'\n', &lines[from..]).find(|at| !goes_on(lines, from + at));
    ending.map_or(0, |at| from + at + 1)
}

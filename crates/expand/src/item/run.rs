//! `run`: a command and its output.
//!
//! # Security
//! There is no shell. The name of the program must be clean; with `preexpand`, all of the text must be.
//!
//! # Failure
//! A command that cannot be started counts as one that ended with 127, as in a shell; one that is killed or takes too
//! long is a failure of the expansion.

use super::env::decide;
use crate::EvalError;
use crate::env::{Argument, Command};
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Slot, Taker, Visit};
use crate::parse::{Branches, Outcome, Parser, Until, escape};
use crate::tree::{Broken, Item, Sequence};
use mail_types::bytes::is_space;
use mail_types::limits;
use mail_types::value::Value;

#[derive(Debug)]
struct Run {
    words: Words,
    branches: Option<Branches>,
}

#[derive(Debug)]
enum Words {
    /// The text breaks off before the command is complete.
    Broken(Broken),
    /// Split first, then expanded.
    Split {
        /// The text of the command, for error messages.
        command: String,
        words: Vec<Word>,
    },
    /// Expanded first, then split.
    Whole(Sequence),
}

#[derive(Debug)]
struct Word {
    text: String,
    value: Sequence,
}

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    parser.may_block = true;
    let words = match read_options(parser) {
        Ok(false) => read_command(parser),
        Ok(true) => Words::Whole(parser.braced()),
        Err(broken) => Words::Broken(broken),
    };
    let branches = if parser.stopped { None } else { Some(Branches::parse(parser, "run")) };
    Box::new(Run { words, branches })
}

/// Reads `,preexpand` and stops before the opening brace.
fn read_options(parser: &mut Parser<'_>) -> Result<bool, Broken> {
    let mut whole = false;
    while parser.take(b',') {
        let start = parser.at;
        let option = parser.word(|byte| byte.is_ascii_alphanumeric());
        if option == b"preexpand" {
            whole = true;
            continue;
        }
        parser.at = start;
        parser.word(|byte| !matches!(byte, b',' | b'{' | b'}'));
        parser.at = parser.at.max(start + 1);
        let shown = String::from_utf8_lossy(parser.text_from(start)).trim_end().to_owned();
        return Err(parser.fail(format!("bad option '{shown}' for run")));
    }
    parser.skip_space();
    if parser.peek() == Some(b'{') {
        Ok(whole)
    } else {
        Err(parser.fail("missing '{' for command arg of run"))
    }
}

fn read_command(parser: &mut Parser<'_>) -> Words {
    parser.at += 1;
    let text = parser.rest();
    let Some(end) = command_end(text) else {
        parser.look(text.len());
        return Words::Broken(parser.fail("missing '}' closing command arg of run"));
    };
    parser.look(2 * end);
    parser.at += end + 1;
    let command = &text[..end];
    let words = split(command).into_iter().map(|word| read_word(parser, &word)).collect();
    Words::Split { command: String::from_utf8_lossy(command).into_owned(), words }
}

/// Each word is a text of its own: what is wrong in it is only found when the command is wanted.
fn read_word(parser: &mut Parser<'_>, text: &[u8]) -> Word {
    let mut inner = Parser::nowhere(text, parser.depth_left());
    inner.named = parser.named.take();
    let value = inner.sequence(Until::End);
    parser.named = inner.named;
    parser.least_depth_left = parser.least_depth_left.min(inner.least_depth_left);
    Word { text: String::from_utf8_lossy(text).into_owned(), value }
}

/// Where the closing brace stands; braces inside `${...}` are counted, those behind a backslash are not.
fn command_end(text: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0usize);
    loop {
        match text.get(at)? {
            b'\\' if text.get(at + 1) == Some(&b'N') => {
                let close = text[at + 2..].windows(2).position(|pair| pair == b"\\N")?;
                at += close + 3;
            }
            b'\\' => at += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            b'{' if depth > 0 || (at > 0 && text[at - 1] == b'$') => depth += 1,
            _ => {}
        }
        at += 1;
    }
}

/// Splits a command at white space. A word in double quotes has its escapes undone; one in single quotes has not.
fn split(command: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut rest = mail_types::bytes::trim_start(command);
    while let Some(&first) = rest.first() {
        let (word, used) = match first {
            b'"' => double_quoted(&rest[1..]),
            b'\'' => single_quoted(&rest[1..]),
            _ => bare(rest),
        };
        words.push(word);
        rest = mail_types::bytes::trim_start(&rest[used..]);
    }
    words
}

fn bare(text: &[u8]) -> (Vec<u8>, usize) {
    let end = text.iter().position(|&byte| is_space(byte)).unwrap_or(text.len());
    (text[..end].to_vec(), end)
}

fn single_quoted(text: &[u8]) -> (Vec<u8>, usize) {
    match text.iter().position(|&byte| byte == b'\'') {
        Some(end) => (text[..end].to_vec(), end + 2),
        None => (text.to_vec(), text.len() + 1),
    }
}

fn double_quoted(text: &[u8]) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => return (out, at + 2),
            b'\\' if at + 1 < text.len() => {
                let (byte, used) = escape::interpret(&text[at + 1..]);
                out.push(byte);
                at += 1 + used;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    (out, text.len() + 1)
}

impl Run {
    fn arguments(&self, machine: &mut Machine<'_>) -> Result<Vec<Argument>, EvalError> {
        match &self.words {
            Words::Broken(broken) => broken.raise(),
            Words::Split { command, words } => words
                .iter()
                .map(|word| {
                    let value = machine.sequence(&word.value, Mode::Run).map_err(|error| {
                        EvalError::failed(format!(
                            "Expansion of \"{}\" from command \"{command}\" in ${{run}} expansion failed: {error}",
                            word.text
                        ))
                    })?;
                    Ok(Argument(value))
                })
                .collect(),
            Words::Whole(text) => {
                let text = machine.sequence(text, Mode::Run)?;
                let taint = text.taint();
                let words = split(text.bytes());
                Ok(words.into_iter().map(|word| Argument(Value::new(word, taint.clone()))).collect())
            }
        }
    }

    /// Runs the command; `None` when it could not be started.
    fn output(&self, machine: &mut Machine<'_>) -> Result<(i32, Vec<u8>), EvalError> {
        let mut arguments = self.arguments(machine)?;
        if self.branches.is_none() || arguments.is_empty() {
            return Ok((NOT_STARTED, Vec::new()));
        }
        let Argument(program) = arguments.remove(0);
        let Ok(program) = program.require_clean("command") else {
            return Err(EvalError::failed("couldn't create child process: Operation not permitted"));
        };
        let timeout = machine.time_left()?.min(limits::EXPANSION_COMMAND);
        match machine.env.files().run(&Command { program, arguments }, timeout) {
            Ok(outcome) if outcome.status >= 256 => {
                Err(EvalError::failed(format!("command killed by signal {}", outcome.status - 256)))
            }
            Ok(outcome) => Ok((outcome.status, outcome.output)),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                Err(EvalError::failed("command timed out"))
            }
            Err(_) => Ok((NOT_STARTED, Vec::new())),
        }
    }
}

impl Item for Run {
    fn parts(&self, visit: Visit<'_>) {
        match &self.words {
            Words::Broken(_) => {}
            Words::Split { words, .. } => {
                for (at, word) in words.iter().enumerate() {
                    // Arguments may be tainted: there is no shell that could take them for more.
                    let role = if at == 0 { Role::TakenApart(Taker::Command) } else { Role::Inside };
                    visit(role, &word.value);
                }
                if let Some(word) = words.first() {
                    visit(Role::Clean(Slot::Value), &word.value);
                }
            }
            Words::Whole(text) => {
                visit(Role::Taken(Taker::Command), text);
                visit(Role::Clean(Slot::Value), text);
            }
        }
        if let Some(branches) = &self.branches {
            branches.parts(visit);
        }
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        if mode.is_skip() {
            match &self.words {
                Words::Broken(broken) => return broken.raise(),
                Words::Whole(text) => machine.sequence(text, Mode::Skip).map(|_| ())?,
                Words::Split { .. } => {}
            }
            return match &self.branches {
                Some(branches) => branches.eval(machine, Mode::Skip, &Outcome::No),
                None => Ok(Value::empty()),
            };
        }
        let (status, output) = self.output(machine)?;
        let Some(branches) = &self.branches else { return Ok(Value::empty()) };
        machine.env.scope().runrc = status;
        let output = Value::clean(output);
        if status == 0 {
            return decide(machine, branches, Some(output));
        }
        let saved = machine.env.scope().value.replace(output);
        let result = branches.eval(machine, Mode::Run, &Outcome::No);
        machine.env.scope().value = saved;
        result
    }
}

/// The status of a command that could not be started.
const NOT_STARTED: i32 = 127;

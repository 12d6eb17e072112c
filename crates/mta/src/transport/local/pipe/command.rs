//! The command of a pipe: splitting, expansion argument by argument, permission, search.
//!
//! # Invariants
//! * What an argument expands to never changes how many arguments there are.
//!
//! # Security
//! Every argument is clean when it leaves here, also where a shell will read it: text from a message can't become
//! part of a command.
//!
//! # Compatibility
//! Specification, "How the command is run". Texts observed with Exim 4.96; stricter with `use_shell`
//! (docs/compat.md).

use std::path::{Path, PathBuf};

use config::options::transport::pipe as options;
use expand::Expansion;
use mail_types::bytes::Printable;
use mail_types::diagnostic::{SourceText, Span};
use mail_types::outcome::Verdict;
use mail_types::value::{Clean, Value};

use super::super::Job;
use super::super::trouble::Trouble;

/// Most arguments that a command has.
const ARGUMENTS: usize = 10_000;

/// A command that may be run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// The program.
    pub(super) program: PathBuf,
    /// Its arguments, the name as called first.
    pub(super) arguments: Vec<Clean>,
    /// The line it comes from, for the log.
    pub(super) line: Vec<u8>,
}

/// Makes the command of a delivery.
pub(super) fn command(job: &mut Job<'_>) -> Result<Command, Trouble> {
    let set = &job.transport.options;
    let redirected = job.context.facts.address.address_pipe.clone();
    let own = set.get(options::COMMAND);
    let (line, expand) = match (&redirected, own) {
        (Some(pipe), None) => (strip_bar(pipe), false),
        (Some(pipe), Some(_)) if !set.get(options::FORCE_COMMAND) => (strip_bar(pipe), false),
        (_, Some(text)) => (Value::clean(&*text.source().bytes), true),
        (None, None) => {
            let text = format!("command missing for {} transport", job.transport.name);
            return Err(Trouble::new(0, text));
        }
    };
    if set.get(options::USE_SHELL) {
        return shell(job, &line, expand);
    }
    let arguments = arguments(job, &line, expand)?;
    let program = permitted(job, arguments.first().map_or(&b""[..], Clean::bytes))?;
    Ok(Command { program, arguments, line: line.into_bytes() })
}

fn strip_bar(pipe: &Value) -> Value {
    let text = pipe.bytes();
    let text = text.strip_prefix(b"|").unwrap_or(text).trim_ascii();
    Value::new(text, pipe.taint().clone())
}

/// The whole line, expanded as one, for `/bin/sh -c`.
fn shell(job: &mut Job<'_>, line: &Value, expand: bool) -> Result<Command, Trouble> {
    let whole = if expand { expanded(job, line.bytes(), line.bytes())? } else { line.clone() };
    let arguments = vec![Clean::literal(b"/bin/sh"), Clean::literal(b"-c"), clean(job, 2, &whole)?];
    Ok(Command { program: PathBuf::from("/bin/sh"), arguments, line: line.bytes().to_vec() })
}

fn arguments(job: &mut Job<'_>, line: &Value, expand: bool) -> Result<Vec<Clean>, Trouble> {
    let mut out = Vec::new();
    for word in split(line.bytes()) {
        if out.len() >= ARGUMENTS {
            let text = format!(
                "Too many arguments in command \"{}\" in {} transport",
                Printable::new(line.bytes()),
                job.transport.name
            );
            return Err(Trouble::new(0, text));
        }
        if word == b"$pipe_addresses" {
            for address in job.recipients() {
                // The administrator asked for the addresses as arguments by this very name.
                out.push(Clean::from_config(address));
            }
            continue;
        }
        if expand && word == b"$address_pipe" {
            let pipe = job.context.facts.address.address_pipe.clone().unwrap_or_else(Value::empty);
            for part in split(strip_bar(&pipe).bytes()) {
                let part = Value::new(part, pipe.taint().clone());
                out.push(clean(job, out.len(), &part)?);
            }
            continue;
        }
        let value =
            if expand { expanded(job, &word, line.bytes())? } else { Value::new(word, line.taint().clone()) };
        out.push(clean(job, out.len(), &value)?);
    }
    Ok(out)
}

fn expanded(job: &mut Job<'_>, text: &[u8], line: &[u8]) -> Result<Value, Trouble> {
    Expansion::parse(&SourceText::plain(text, Span::default())).eval(job.context).map_err(|error| {
        let (text, line) = (Printable::new(text), Printable::new(line));
        let transport = &job.transport.name;
        let words = format!(
            "Expansion of \"{text}\" from command \"{line}\" in {transport} transport failed: {}",
            error.message()
        );
        Trouble::setting(0, words)
    })
}

/// Only a clean argument may go on.
fn clean(job: &Job<'_>, number: usize, value: &Value) -> Result<Clean, Trouble> {
    if value.bytes().contains(&0) {
        return Err(refused(format!("NUL in arg {number} for {} transport command", job.transport.name)));
    }
    let what = format!("{} transport command", job.transport.name);
    value.require_clean(&what).map_err(|_tainted| {
        let shown = Printable::new(value.bytes());
        refused(format!("Tainted arg {number} for {what}: '{shown}'"))
    })
}

fn failing(text: impl Into<Vec<u8>>) -> Trouble {
    Trouble { verdict: Verdict::Fail, ..Trouble::new(0, text) }
}

/// A command that is not run; why, is no business of the sender's.
fn refused(text: impl Into<Vec<u8>>) -> Trouble {
    Trouble { user_message: Some(Vec::new()), ..failing(text) }
}

/// Words by blanks; one that begins with a quote goes to its end.
fn split(line: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii_start();
    while let Some(first) = rest.first() {
        let (word, left) = match first {
            b'\'' => {
                let body = &rest[1..];
                let end = body.iter().position(|b| *b == b'\'').unwrap_or(body.len());
                (body[..end].to_vec(), body.get(end + 1..).unwrap_or_default())
            }
            b'"' => double_quoted(&rest[1..]),
            _ => {
                let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                (rest[..end].to_vec(), &rest[end..])
            }
        };
        words.push(word);
        rest = left.trim_ascii_start();
    }
    words
}

/// The text up to the closing quote, escapes undone, and what follows it.
fn double_quoted(mut rest: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut word = Vec::new();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => break,
            b'\\' => {
                let Some((&escaped, after)) = rest.split_first() else { break };
                let (octet, used) = unescape(escaped, after);
                word.push(octet);
                rest = &after[used..];
            }
            _ => word.push(byte),
        }
    }
    (word, rest)
}

/// The octet of an escape, and how many further octets it used.
fn unescape(first: u8, rest: &[u8]) -> (u8, usize) {
    let digits = |rest: &[u8], most: usize, radix: u32| {
        let digit = |b: &u8| (*b as char).to_digit(radix);
        let used = rest.iter().take(most).take_while(|b| digit(b).is_some()).count();
        (rest[..used].iter().filter_map(digit).fold(0, |n, d| n * radix + d), used)
    };
    match first {
        b'b' => (8, 0),
        b'f' => (12, 0),
        b'n' => (b'\n', 0),
        b'r' => (b'\r', 0),
        b't' => (b'\t', 0),
        b'v' => (11, 0),
        b'x' => {
            let (value, used) = digits(rest, 2, 16);
            (value as u8, used)
        }
        b'0'..=b'7' => {
            let (value, used) = digits(rest, 2, 8);
            ((u32::from(first - b'0') * 8u32.pow(used as u32) + value) as u8, used)
        }
        other => (other, 0),
    }
}

/// The program of a command, if it may be run and is there.
fn permitted(job: &mut Job<'_>, name: &[u8]) -> Result<PathBuf, Trouble> {
    let restricted = job.transport.options.get(options::RESTRICT_TO_PATH);
    let transport = job.transport.name.clone();
    let shown = Printable::new(name).to_string();
    let listed = match job.optional(options::ALLOW_COMMANDS, "allow_commands")? {
        Some(list) => {
            let listed = items(list.bytes()).any(|item| item == name);
            if !listed && !restricted {
                return Err(refused(format!("\"{shown}\" command not permitted by {transport} transport")));
            }
            listed
        }
        None => false,
    };
    let has_slash = name.contains(&b'/');
    if restricted && has_slash && !listed {
        let text = format!(
            "\"/\" found in \"{shown}\" (command for {transport} transport) - failed for security reasons"
        );
        return Err(refused(text));
    }
    if name.first() == Some(&b'/') {
        return Ok(path_of(name).to_path_buf());
    }
    let path = job.optional(options::PATH, "path")?.map(Value::into_bytes).unwrap_or_default();
    let found = path.split(|b| *b == b':').filter(|directory| !directory.is_empty()).find_map(|directory| {
        let candidate = path_of(directory).join(path_of(name));
        candidate.is_file().then_some(candidate)
    });
    found
        .filter(|_| !name.is_empty())
        .ok_or_else(|| refused(format!("\"{shown}\" command not found for {transport} transport")))
}

fn items(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|b| *b == b':').map(<[u8]>::trim_ascii).filter(|item| !item.is_empty())
}

fn path_of(name: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let cases: [(&str, &[&str]); 8] = [
            ("/bin/x a  b\tc ", &["/bin/x", "a", "b", "c"]),
            ("x \"a b ${y} c\" 'p q' z", &["x", "a b ${y} c", "p q", "z"]),
            ("x a\"b c\"d", &["x", "a\"b", "c\"d"]),
            ("x \"a\\\"b\\\\c\\n\\x41\\101\"", &["x", "a\"b\\c\nAA"]),
            ("x '' \"\"", &["x", "", ""]),
            ("x \"open end", &["x", "open end"]),
            ("x 'open \\end", &["x", "open \\end"]),
            ("", &[]),
        ];
        for (line, want) in cases {
            let found: Vec<String> =
                split(line.as_bytes()).into_iter().map(|w| String::from_utf8(w).unwrap()).collect();
            assert_eq!(found, want, "{line}");
        }
    }
}

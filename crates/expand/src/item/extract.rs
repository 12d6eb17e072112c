//! `extract`: a field by its name or number, and the `json` forms.
//!
//! # Compatibility
//! Whether the first argument is a number decides how many follow; it may only be known at run time.

use std::sync::Arc;

use super::env::with_value;
use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Slot, Visit};
use crate::json;
use crate::parse::{Parser, escape};
use crate::tree::{Item, Sequence};
use mail_types::bytes::{is_space, trim};
use mail_types::value::Value;

const MOST: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Json { unquote: bool },
}

#[derive(Debug)]
struct Extract {
    form: Form,
    /// All arguments, each with its offset.
    groups: Vec<(usize, Sequence)>,
    end: End,
    /// The whole text of which it is a part, where an error may have to show it.
    text: Arc<[u8]>,
}

/// What follows the last argument, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The text breaks off inside an argument.
    Unfinished,
    /// The closing brace.
    Closed(usize),
    /// `fail` and the closing brace; where the word begins.
    Fail(usize),
    /// `fail` and something else: where the word begins, where the rest does.
    FailThen(usize, usize),
    /// Anything else.
    Other(usize),
}

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    parser.skip_space();
    let form = read_form(parser);
    let mut groups = Vec::new();
    while groups.len() < MOST && !parser.stopped {
        parser.skip_space();
        if parser.peek() != Some(b'{') {
            break;
        }
        groups.push((parser.at, parser.braced()));
    }
    let end = if parser.stopped { End::Unfinished } else { read_end(parser) };
    let is_usual = matches!(end, End::Closed(_)) && groups.len() < MOST;
    let text = if is_usual { Arc::default() } else { parser.whole_text() };
    Box::new(Extract { form, groups, end, text })
}

fn read_form(parser: &mut Parser<'_>) -> Form {
    for (word, unquote) in [(&b"jsons"[..], true), (b"json", false)] {
        let after = parser.rest().get(word.len()).copied();
        if parser.rest().starts_with(word) && after.is_some_and(|byte| byte == b'{' || is_space(byte)) {
            parser.at += word.len();
            return Form::Json { unquote };
        }
    }
    Form::Plain
}

fn read_end(parser: &mut Parser<'_>) -> End {
    parser.skip_space();
    let start = parser.at;
    if parser.take(b'}') {
        return End::Closed(start);
    }
    if parser.word(|byte| byte.is_ascii_alphabetic()) == b"fail" {
        parser.skip_space();
        if parser.take(b'}') {
            return End::Fail(start);
        }
        let rest = parser.at;
        parser.fail("syntax error in \"extract\" item");
        return End::FailThen(start, rest);
    }
    parser.at = start;
    parser.fail("syntax error in \"extract\" item");
    End::Other(start)
}

impl End {
    fn offset(self) -> usize {
        match self {
            Self::Unfinished => 0,
            Self::Closed(at) | Self::Fail(at) | Self::FailThen(at, _) | Self::Other(at) => at,
        }
    }
}

/// What is wanted: a field by number or by name.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Number(i64),
    Name(Vec<u8>),
}

impl Wanted {
    fn read(text: &[u8]) -> Result<Self, EvalError> {
        let text = trim(text);
        if text.is_empty() {
            return Err(EvalError::failed("first argument of \"extract\" must not be empty"));
        }
        let (negative, digits) = match text.strip_prefix(b"-") {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return Ok(Self::Name(text.to_vec()));
        }
        let size = digits
            .iter()
            .fold(0i64, |size, &digit| size.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
        Ok(Self::Number(if negative { -size } else { size }))
    }
}

impl Extract {
    fn argument(&self, machine: &mut Machine<'_>, number: usize, mode: Mode) -> Result<Value, EvalError> {
        match self.groups.get(number) {
            Some((_, sequence)) => machine.sequence(sequence, mode),
            None if self.end == End::Unfinished => Ok(Value::empty()),
            None => Err(EvalError::failed(format!("missing '{{' for arg {} of extract", number + 1))),
        }
    }

    /// In a skipped branch Exim walks over up to five arguments and a `fail`.
    fn walk(&self, machine: &mut Machine<'_>) -> Result<Value, EvalError> {
        for (_, sequence) in &self.groups {
            machine.sequence(sequence, Mode::Skip)?;
        }
        match self.end {
            End::Other(_) | End::FailThen(..) => Err(EvalError::failed("missing '}' closing extract")),
            End::Unfinished | End::Closed(_) | End::Fail(_) => Ok(Value::empty()),
        }
    }

    fn found(&self, wanted: &Wanted, values: &[Value]) -> Result<Option<Value>, EvalError> {
        let subject = &values[values.len() - 1];
        let field = match (self.form, wanted) {
            (Form::Json { unquote }, _) => Self::json(wanted, subject.bytes(), unquote)?,
            (Form::Plain, Wanted::Number(number)) => numbered(subject.bytes(), values[0].bytes(), *number),
            (Form::Plain, Wanted::Name(name)) => named(subject.bytes(), name),
        };
        Ok(field.map(|field| Value::new(field, subject.taint().clone())))
    }

    fn json(wanted: &Wanted, text: &[u8], unquote: bool) -> Result<Option<Vec<u8>>, EvalError> {
        let form = if unquote { "jsons" } else { "json" };
        let failed = |problem: String| EvalError::failed(format!("{problem} for extract {form}"));
        let field = match wanted {
            Wanted::Number(number) if *number <= 0 => {
                return Err(EvalError::failed("first argument of \"extract\" must be greater than zero"));
            }
            Wanted::Number(number) => {
                let elements = json::array_elements(text).map_err(failed)?;
                elements.into_iter().nth(usize::try_from(number - 1).unwrap_or(usize::MAX))
            }
            Wanted::Name(name) => json::object_member(text, name).map_err(failed)?,
        };
        match field {
            Some(value) if unquote => json::unquote(&value).map(Some).map_err(failed),
            field => Ok(field),
        }
    }

    /// The end of the item, once it is known where the branches begin.
    fn branches(
        &self,
        machine: &mut Machine<'_>,
        first: usize,
        found: Option<Value>,
    ) -> Result<Value, EvalError> {
        let (groups, end) = (self.groups.get(first..).unwrap_or_default(), self.end);
        let problem = |offset: usize, what: &str| {
            let rest = String::from_utf8_lossy(&self.text[offset.min(self.text.len())..]);
            EvalError::failed(format!(
                "curly-bracket problem in conditional yes/no parsing: {what}\n remaining string is '{rest}'"
            ))
        };
        let [(_, yes), rest @ ..] = groups else {
            return match end {
                End::Closed(_) | End::Unfinished => Ok(found.unwrap_or_default()),
                _ => Err(problem(end.offset(), "'yes' part did not start with '{'")),
            };
        };
        let succeeded = found.is_some();
        let taken =
            with_value(machine, found, |machine| machine.sequence(yes, Mode::Run.only_if(succeeded)))?;
        let taken = if succeeded { taken } else { Value::empty() };
        match (rest, end) {
            ([], End::Closed(_) | End::Unfinished) => Ok(taken),
            ([], End::Fail(_)) if succeeded => Ok(taken),
            ([], End::Fail(_)) => {
                Err(EvalError::Forced { message: "\"extract\" failed and \"fail\" requested".to_owned() })
            }
            ([], End::FailThen(_, rest)) if succeeded => Err(problem(rest, "did not close with '}'")),
            ([], End::FailThen(_, rest)) => Err(problem(rest, "did not close with '}' after forcedfail")),
            ([], End::Other(_)) => {
                Err(EvalError::failed("syntax error in \"extract\" item - \"fail\" expected"))
            }
            ([(_, no), more @ ..], end) => {
                let other = machine.sequence(no, Mode::Run.only_if(!succeeded))?;
                match (more, end) {
                    ([], End::Closed(_) | End::Unfinished) => Ok(if succeeded { taken } else { other }),
                    ([], end) => Err(problem(end.offset(), "did not close with '}'")),
                    ([(offset, _), ..], _) => Err(problem(*offset, "did not close with '}'")),
                }
            }
        }
    }
}

impl Item for Extract {
    fn parts(&self, visit: Visit<'_>) {
        let numbered = self.groups.first().and_then(|(_, key)| key.constant()).is_some_and(|key| {
            let digits = key.bytes().trim_ascii().strip_prefix(b"-").unwrap_or(key.bytes().trim_ascii());
            self.form == Form::Plain && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        });
        let text = if numbered { 2 } else { 1 };
        for (at, (_, value)) in self.groups.iter().enumerate() {
            let role = match at {
                _ if at > text || (at == text && self.groups.len() == text + 1) => Role::Value,
                _ if at == text => Role::Given(Slot::Value),
                _ => Role::Inside,
            };
            visit(role, value);
        }
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        if mode.is_skip() {
            return self.walk(machine);
        }
        let wanted = Wanted::read(self.argument(machine, 0, mode)?.bytes())?;
        let arguments = if self.form == Form::Plain && matches!(wanted, Wanted::Number(_)) { 3 } else { 2 };
        let mut values = Vec::with_capacity(2);
        for number in 1..arguments {
            values.push(self.argument(machine, number, mode)?);
        }
        if self.end == End::Unfinished && self.groups.len() < arguments {
            return Ok(Value::empty());
        }
        let found = self.found(&wanted, &values)?;
        self.branches(machine, arguments, found)
    }
}

/// Field `number`, counted from 1 or, negative, from the end; 0 is the whole text.
fn numbered(text: &[u8], separators: &[u8], number: i64) -> Option<Vec<u8>> {
    if number == 0 {
        return Some(text.to_vec());
    }
    let mut fields = text.split(|byte| separators.contains(byte));
    let place = usize::try_from(number.unsigned_abs() - 1).ok()?;
    let field = if number > 0 {
        fields.nth(place)
    } else {
        let all: Vec<&[u8]> = fields.collect();
        all.len().checked_sub(place + 1).map(|at| all[at])
    };
    field.map(<[u8]>::to_vec)
}

/// The value of `name` in `name=value name = "value" ...`, whatever the case of the name.
fn named(text: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut rest = mail_types::bytes::trim_start(text);
    while !rest.is_empty() {
        let end = rest.iter().position(|&byte| byte == b'=' || is_space(byte)).unwrap_or(rest.len());
        let key = &rest[..end];
        rest = mail_types::bytes::trim_start(&rest[end..]);
        if let Some(value) = rest.strip_prefix(b"=") {
            rest = mail_types::bytes::trim_start(value);
        }
        let (value, used) = field_value(rest);
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = mail_types::bytes::trim_start(&rest[used..]);
    }
    None
}

/// One value, in double quotes with escapes or up to white space.
fn field_value(text: &[u8]) -> (Vec<u8>, usize) {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|&byte| is_space(byte)).unwrap_or(text.len());
        return (text[..end].to_vec(), end);
    };
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = quoted.get(at) {
        match byte {
            b'"' => return (out, at + 2),
            b'\\' if at + 1 < quoted.len() => {
                let (byte, used) = escape::interpret(&quoted[at + 1..]);
                out.push(byte);
                at += 1 + used;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    (out, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_by_name() {
        let cases: [(&str, &str, Option<&str>); 8] = [
            ("a=1 b = 2", "b", Some("2")),
            ("a=1 B=2", "b", Some("2")),
            ("a b e f", "e", Some("f")),
            ("a = \"b e=\\\"f\\\"\" e=1", "e", Some("1")),
            ("e=\"f", "e", Some("f")),
            ("e=", "e", Some("")),
            ("e", "e", Some("")),
            ("", "e", None),
        ];
        for (text, name, want) in cases {
            let got = named(text.as_bytes(), name.as_bytes());
            assert_eq!(got.as_deref(), want.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn fields_by_number() {
        let text = b"x:42:99:& Mailer::/bin/bash";
        let cases: [(i64, Option<&str>); 6] =
            [(2, Some("42")), (-4, Some("99")), (5, Some("")), (7, None), (-7, None), (i64::MIN, None)];
        for (number, want) in cases {
            assert_eq!(numbered(text, b":", number).as_deref(), want.map(str::as_bytes), "{number}");
        }
    }
}

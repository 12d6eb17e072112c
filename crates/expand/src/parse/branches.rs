//! `{yes}{no}`, `{yes}fail`, `{yes}` or nothing: the end of every item that decides something.

use super::{HEADER_HINT, Parser};
use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Visit};
use crate::tree::{Broken, Sequence};
use mail_types::value::Value;

/// What to do in the two cases.
#[derive(Debug)]
pub(crate) struct Branches {
    item: &'static str,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// Nothing is given: the value, or nothing.
    Plain,
    /// The text is wrong before there is anything to expand.
    Broken(Broken),
    /// `{yes}` and what follows it.
    Given(Sequence, Otherwise),
}

#[derive(Debug)]
enum Otherwise {
    /// The text breaks off inside the first part.
    Unfinished,
    /// Nothing is given.
    Empty,
    /// `{no}`, and the error behind it.
    Text(Sequence, Option<Broken>),
    /// `fail`, and the errors behind it: after success, after failure.
    Fail(Option<(Broken, Broken)>),
    /// Neither.
    Broken(Broken),
}

/// What the item found out.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// It succeeded, with this value for a missing `{yes}`.
    Yes(Value),
    /// It failed.
    No,
}

impl Branches {
    /// Reads up to and including the brace that closes the item.
    pub(crate) fn parse(parser: &mut Parser<'_>, item: &'static str) -> Self {
        parser.skip_space();
        let form = if parser.take(b'}') {
            Form::Plain
        } else if parser.peek() == Some(b'{') {
            let yes = parser.braced();
            let otherwise =
                if parser.stopped { Otherwise::Unfinished } else { Otherwise::parse(parser, item) };
            Form::Given(yes, otherwise)
        } else {
            Form::Broken(bracket_problem(parser, "'yes' part did not start with '{'"))
        };
        Self { item, form }
    }

    /// True when skipping the item makes no checks here.
    pub(crate) fn is_quiet(&self) -> bool {
        match &self.form {
            Form::Plain => true,
            Form::Broken(_) => false,
            Form::Given(yes, otherwise) => yes.is_quiet() && otherwise.is_quiet(),
        }
    }

    /// True when there is `{yes}`: the value does not come from elsewhere.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self.form, Form::Given(..))
    }

    /// Shows `{yes}` and `{no}`: each may be the value.
    pub(crate) fn parts(&self, visit: Visit<'_>) {
        let Form::Given(yes, otherwise) = &self.form else { return };
        visit(Role::Value, yes);
        if let Otherwise::Text(no, _) = otherwise {
            visit(Role::Value, no);
        }
    }

    /// Expands the part that is wanted and walks over the other.
    pub(crate) fn eval(
        &self,
        machine: &mut Machine<'_>,
        mode: Mode,
        outcome: &Outcome,
    ) -> Result<Value, EvalError> {
        let succeeded = matches!(outcome, Outcome::Yes(_));
        let (yes, otherwise) = match &self.form {
            Form::Broken(broken) => return broken.raise(),
            Form::Plain => {
                return Ok(match outcome {
                    Outcome::Yes(value) if !mode.is_skip() => value.clone(),
                    _ => Value::empty(),
                });
            }
            Form::Given(yes, otherwise) => (yes, otherwise),
        };
        let wanted = succeeded && !mode.is_skip();
        let taken = choose(machine, yes, wanted)?;
        match otherwise {
            Otherwise::Unfinished | Otherwise::Empty => Ok(taken),
            Otherwise::Broken(broken) => broken.raise(),
            Otherwise::Text(no, broken) => {
                let other = choose(machine, no, !succeeded && !mode.is_skip())?;
                if let Some(broken) = broken {
                    return broken.raise();
                }
                Ok(if succeeded || mode.is_skip() { taken } else { other })
            }
            Otherwise::Fail(broken) => {
                let forced = !succeeded && !mode.is_skip();
                if let Some((after_yes, after_no)) = broken {
                    return if forced { after_no.raise() } else { after_yes.raise() };
                }
                if forced {
                    let message = format!("\"{}\" failed and \"fail\" requested", self.item);
                    return Err(EvalError::Forced { message });
                }
                Ok(taken)
            }
        }
    }
}

/// Expands a part that is wanted, walks over another.
fn choose(machine: &mut Machine<'_>, part: &Sequence, wanted: bool) -> Result<Value, EvalError> {
    if wanted { machine.sequence(part, Mode::Run) } else { machine.walk(part).map(|()| Value::empty()) }
}

impl Otherwise {
    fn is_quiet(&self) -> bool {
        match self {
            Self::Empty | Self::Fail(None) => true,
            Self::Text(no, None) => no.is_quiet(),
            _ => false,
        }
    }

    fn parse(parser: &mut Parser<'_>, item: &'static str) -> Self {
        parser.skip_space();
        match parser.peek() {
            Some(b'}') => {
                parser.at += 1;
                Self::Empty
            }
            Some(b'{') => {
                let no = parser.braced();
                if parser.stopped {
                    return Self::Text(no, None);
                }
                parser.skip_space();
                let broken = (!parser.take(b'}')).then(|| bracket_problem(parser, "did not close with '}'"));
                Self::Text(no, broken)
            }
            _ => Self::parse_fail(parser, item),
        }
    }

    fn parse_fail(parser: &mut Parser<'_>, item: &'static str) -> Self {
        let word = parser.word(|byte| byte.is_ascii_alphabetic()).to_vec();
        if word != b"fail" {
            return Self::Broken(parser.fail(format!("syntax error in \"{item}\" item - \"fail\" expected")));
        }
        parser.skip_space();
        if parser.take(b'}') {
            return Self::Fail(None);
        }
        let after_no = problem_text(parser, "did not close with '}' after forcedfail");
        let after_yes = bracket_problem(parser, "did not close with '}'");
        Self::Fail(Some((after_yes, Broken::new(after_no))))
    }
}

fn bracket_problem(parser: &mut Parser<'_>, what: &str) -> Broken {
    let text = problem_text(parser, what);
    parser.fail(text)
}

fn problem_text(parser: &Parser<'_>, what: &str) -> String {
    if parser.doubtful_header {
        return format!("missing or misplaced {{ or }}{HEADER_HINT}");
    }
    format!(
        "curly-bracket problem in conditional yes/no parsing: {what}\n remaining string is '{}'",
        String::from_utf8_lossy(parser.rest())
    )
}

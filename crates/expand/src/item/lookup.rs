//! `lookup`.

use super::env::decide;
use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Slot, Taker, Visit};
use crate::lookup::{LookupAnswer, LookupRequest, LookupSpec, LookupStyle};
use crate::parse::{Branches, Outcome, Parser};
use crate::tree::{Broken, Item, Sequence};
use mail_types::bytes::is_space;
use mail_types::value::Value;

#[derive(Debug)]
struct Lookup {
    key: Option<Sequence>,
    spec: LookupSpec,
    /// The file, or the query.
    argument: Result<Sequence, Broken>,
    branches: Option<Branches>,
}

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    parser.may_block = true;
    parser.skip_space();
    let key = (parser.peek() == Some(b'{')).then(|| parser.braced());
    if parser.stopped {
        return Box::new(Unknown { key, broken: None });
    }
    let spec = match read_spec(parser, key.is_some()) {
        Ok(spec) => spec,
        Err(broken) => return Box::new(Unknown { key, broken: Some(broken) }),
    };
    parser.skip_space();
    let argument = if parser.peek() == Some(b'{') {
        Ok(parser.braced())
    } else {
        Err(parser.fail("missing '{' for lookup file-or-query arg"))
    };
    let branches = if parser.stopped { None } else { Some(Branches::parse(parser, "lookup")) };
    Box::new(Lookup { key, spec, argument, branches })
}

fn read_spec(parser: &mut Parser<'_>, with_key: bool) -> Result<LookupSpec, Broken> {
    parser.skip_space();
    let start = parser.at;
    let text = parser.word(|byte| byte != b'{' && !is_space(byte));
    if !text.first().is_some_and(u8::is_ascii_alphanumeric) {
        return Err(parser.fail("missing lookup type"));
    }
    let spec = match LookupSpec::parse(text) {
        Ok(spec) => spec,
        Err(message) => {
            let broken = parser.fail_from(start, message);
            parser.help(LookupSpec::meant(text).map(|meant| format!("did you mean {meant}?")));
            return Err(broken);
        }
    };
    match (spec.style, with_key) {
        (LookupStyle::SingleKey, false) => {
            let name = spec.kind;
            Err(parser.fail(format!("missing {{key}} for single-key \"{name}\" lookup")))
        }
        (LookupStyle::Query, true) => Err(parser.fail(format!(
            "a single key was given for lookup type \"{}\", which is not a single-key lookup type",
            spec.kind
        ))),
        _ => Ok(spec),
    }
}

impl Lookup {
    fn search(&self, machine: &mut Machine<'_>) -> Result<LookupAnswer, EvalError> {
        let key = match &self.key {
            Some(key) => Some(machine.sequence(key, Mode::Run)?),
            None => None,
        };
        let argument = match &self.argument {
            Ok(argument) => machine.sequence(argument, Mode::Run)?,
            Err(broken) => return broken.raise(),
        };
        if self.branches.is_none() {
            return Ok(LookupAnswer::NotFound);
        }
        let (key, file) = match key {
            Some(key) => (key, Some(argument)),
            None => (argument, None),
        };
        machine.time_left()?;
        let request = LookupRequest { spec: &self.spec, key, file };
        machine.env.lookup(&request).map_err(|error| match error {
            EvalError::Defer { message } => {
                EvalError::defer(format!("lookup of \"{}\" gave DEFER: {message}", request.key.to_lossy()))
            }
            other => other,
        })
    }

    fn walk(&self, machine: &mut Machine<'_>) -> Result<Value, EvalError> {
        if let Some(key) = &self.key {
            machine.sequence(key, Mode::Skip)?;
        }
        match &self.argument {
            Ok(argument) => machine.sequence(argument, Mode::Skip)?,
            Err(broken) => return broken.raise(),
        };
        match &self.branches {
            Some(branches) => branches.eval(machine, Mode::Skip, &Outcome::No),
            None => Ok(Value::empty()),
        }
    }
}

impl Item for Lookup {
    fn parts(&self, visit: Visit<'_>) {
        if let Some(key) = &self.key {
            // The parts of a key that matched in part are as hostile as the key.
            visit(if self.spec.partial.is_some() { Role::Given(Slot::Captures) } else { Role::Inside }, key);
        }
        if let Ok(argument) = &self.argument {
            let role = match query_language(self.spec.kind) {
                _ if self.key.is_some() => Role::Taken(Taker::File),
                Some(language) => Role::Taken(Taker::Query(language)),
                None => Role::Inside,
            };
            visit(role, argument);
            visit(Role::Clean(Slot::Value), argument);
        }
        if let Some(branches) = &self.branches {
            branches.parts(visit);
        }
    }

    fn is_quiet(&self) -> bool {
        self.key.as_ref().is_none_or(Sequence::is_quiet)
            && self.argument.as_ref().is_ok_and(Sequence::is_quiet)
            && self.branches.as_ref().is_some_and(Branches::is_quiet)
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        if mode.is_skip() {
            return self.walk(machine);
        }
        let answer = self.search(machine)?;
        let Some(branches) = &self.branches else { return Ok(Value::empty()) };
        let saved = machine.env.scope().captures.clone();
        let found = match answer {
            LookupAnswer::NotFound => None,
            LookupAnswer::Found { data, captures } => {
                if let Some(parts) = captures {
                    let (wild, fixed) = *parts;
                    let captures = &mut machine.env.scope().captures;
                    captures.set(1, wild);
                    captures.set(2, fixed);
                }
                Some(data)
            }
        };
        let result = decide(machine, branches, found);
        machine.env.scope().captures = saved;
        result
    }
}

/// The word after `quote_` for the queries of a lookup type, where text in them needs quoting.
fn query_language(kind: &str) -> Option<&'static str> {
    const LANGUAGES: [&str; 8] = ["ibase", "ldap", "mysql", "nisplus", "oracle", "pgsql", "redis", "sqlite"];
    LANGUAGES
        .into_iter()
        .find(|language| kind == *language || (*language == "ldap" && kind.starts_with("ldap")))
}

/// The type is missing or not known.
#[derive(Debug)]
struct Unknown {
    key: Option<Sequence>,
    broken: Option<Broken>,
}

impl Item for Unknown {
    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        if let Some(key) = &self.key {
            machine.sequence(key, mode)?;
        }
        match &self.broken {
            Some(broken) => broken.raise(),
            None => Ok(Value::empty()),
        }
    }
}

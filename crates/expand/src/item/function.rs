//! Items that are functions of their arguments.

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Taker, Visit};
use crate::parse::{Arguments, Parser};
use crate::tree::Item;
use mail_types::value::Value;

/// What an item does with its arguments.
pub(super) type Run = fn(&mut Machine<'_>, &[Value]) -> Result<Value, EvalError>;

/// What an item checks in its arguments.
pub(super) type Check = fn(&[Value]) -> Result<(), EvalError>;

/// The name and shape of an item that is a function.
#[derive(Debug)]
pub(super) struct Definition {
    /// Exim's word.
    pub(super) name: &'static str,
    /// Fewest arguments.
    pub(super) least: usize,
    /// Most arguments.
    pub(super) most: usize,
    /// What it does.
    pub(super) run: Run,
    /// Checks that Exim makes even where it skips over the item; the arguments then hold literal text only.
    pub(super) check: Option<Check>,
}

#[derive(Debug)]
struct Function {
    definition: &'static Definition,
    arguments: Arguments,
}

/// Reads the arguments and the closing brace.
pub(super) fn parse(parser: &mut Parser<'_>, definition: &'static Definition) -> Box<dyn Item> {
    let arguments = Arguments::parse(parser, definition.name, definition.least, definition.most);
    Box::new(Function { definition, arguments })
}

impl Item for Function {
    fn parts(&self, visit: Visit<'_>) {
        for (at, value) in self.arguments.values.iter().enumerate() {
            let role = match self.definition.name {
                "readfile" if at == 0 => Role::Taken(Taker::File),
                // Numbers, digests and what others answer carry nothing of the arguments.
                "acl" | "dlfunc" | "hmac" | "nhash" | "perl" | "readfile" => Role::Inside,
                // Letters of `tr` are no text, whatever their origin.
                "prvs" | "tr" if at > 0 => Role::Inside,
                _ => Role::Value,
            };
            visit(role, value);
        }
    }

    fn is_quiet(&self) -> bool {
        self.definition.check.is_none() && self.arguments.is_quiet()
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let values = self.arguments.eval(machine, mode)?;
        if let Some(check) = self.definition.check {
            check(&values)?;
        }
        if mode.is_skip() { Ok(Value::empty()) } else { (self.definition.run)(machine, &values) }
    }
}

//! Operators: `${name:text}`. One file a family.
//!
//! # Compatibility
//! Exim specification, section "Expansion operators". Exim looks an operator up only after it has read the text.

mod address;
mod base;
mod case;
mod digest;
mod escape;
mod eval;
mod expand;
mod headerwrap;
mod ip;
mod list;
mod numbered;
mod quote;
mod randint;
mod rfc2047;
mod stat;
mod strlen;
mod time;
mod utf8;

use mail_types::value::Value;

use crate::eval::{Machine, Mode};
use crate::parse::Parser;
use crate::tree::{Item, Sequence};
use crate::unsupported::{self, Unsupported};
use crate::{EvalError, Settings};

/// What an operator works on.
pub(super) struct Call<'a> {
    /// The operator as it is written, with what follows an underscore.
    written: &'a str,
    /// What follows the underscore.
    suffix: Option<&'a str>,
    /// The expanded text.
    value: Value,
}

/// What an operator does.
#[derive(Debug)]
enum Run {
    /// It cannot fail and needs nothing but the text.
    Plain(fn(&Call<'_>) -> Value),
    /// It cannot fail; options change what it does.
    Optional(fn(&Settings, &Call<'_>) -> Value),
    /// It may refuse the text.
    Checked(fn(&Call<'_>) -> Result<Value, EvalError>),
    /// It asks the environment.
    Asking(fn(&mut Machine<'_>, &Call<'_>) -> Result<Value, EvalError>),
}

/// One operator.
#[derive(Debug)]
struct Definition {
    name: &'static str,
    run: Run,
    /// Evaluation may have to wait for something outside.
    may_block: bool,
}

const fn operator(name: &'static str, run: Run) -> Definition {
    Definition { name, run, may_block: false }
}

/// All operators, by the name before any underscore suffix.
static OPERATORS: [Definition; 57] = [
    operator("address", Run::Plain(address::address)),
    operator("addresses", Run::Asking(address::addresses)),
    operator("base32", Run::Checked(base::base32)),
    operator("base32d", Run::Checked(base::base32d)),
    operator("base62", Run::Checked(base::base62)),
    operator("base62d", Run::Checked(base::base62d)),
    operator("base64", Run::Plain(base::base64)),
    operator("base64d", Run::Checked(base::base64d)),
    operator("domain", Run::Plain(address::domain)),
    operator("escape", Run::Optional(escape::escape)),
    operator("escape8bit", Run::Plain(escape::escape8bit)),
    operator("eval", Run::Checked(eval::eval)),
    operator("eval10", Run::Checked(eval::eval10)),
    Definition { name: "expand", run: Run::Asking(expand::expand), may_block: true },
    operator("from_utf8", Run::Plain(utf8::from_utf8)),
    operator("h", Run::Checked(numbered::hash)),
    operator("hash", Run::Checked(numbered::hash)),
    operator("headerwrap", Run::Checked(headerwrap::headerwrap)),
    operator("hex2b64", Run::Checked(base::hex2b64)),
    operator("hexquote", Run::Plain(escape::hexquote)),
    operator("ipv6denorm", Run::Checked(ip::ipv6denorm)),
    operator("ipv6norm", Run::Checked(ip::ipv6norm)),
    operator("l", Run::Checked(numbered::length)),
    operator("lc", Run::Plain(case::lc)),
    operator("length", Run::Checked(numbered::length)),
    operator("listcount", Run::Asking(list::listcount)),
    operator("listnamed", Run::Asking(list::listnamed)),
    operator("local_part", Run::Plain(address::local_part)),
    operator("mask", Run::Checked(ip::mask)),
    operator("md5", Run::Plain(digest::md5)),
    operator("nh", Run::Checked(numbered::nhash)),
    operator("nhash", Run::Checked(numbered::nhash)),
    operator("quote", Run::Asking(quote::quote)),
    operator("quote_local_part", Run::Plain(quote::quote_local_part)),
    operator("randint", Run::Asking(randint::randint)),
    operator("reverse_ip", Run::Checked(ip::reverse_ip)),
    operator("rfc2047", Run::Optional(rfc2047::rfc2047)),
    operator("rfc2047d", Run::Optional(rfc2047::rfc2047d)),
    operator("rxquote", Run::Plain(escape::rxquote)),
    operator("s", Run::Checked(numbered::substr)),
    operator("sha1", Run::Plain(digest::sha1)),
    operator("sha2", Run::Checked(digest::sha2)),
    operator("sha256", Run::Plain(digest::sha256)),
    Definition { name: "stat", run: Run::Asking(stat::stat), may_block: true },
    operator("str2b64", Run::Plain(base::base64)),
    operator("strlen", Run::Plain(strlen::strlen)),
    operator("substr", Run::Checked(numbered::substr)),
    operator("time_eval", Run::Checked(time::time_eval)),
    operator("time_interval", Run::Checked(time::time_interval)),
    operator("uc", Run::Plain(case::uc)),
    operator("utf8clean", Run::Plain(utf8::utf8clean)),
    operator("xtextd", Run::Checked(escape::xtextd)),
    Definition { name: "sha3", run: Run::Checked(missing), may_block: false },
    Definition { name: "utf8_domain_from_alabel", run: Run::Checked(missing), may_block: false },
    Definition { name: "utf8_domain_to_alabel", run: Run::Checked(missing), may_block: false },
    Definition { name: "utf8_localpart_from_alabel", run: Run::Checked(missing), may_block: false },
    Definition { name: "utf8_localpart_to_alabel", run: Run::Checked(missing), may_block: false },
];

/// The names of the operators; those in [`unsupported`] fail.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    OPERATORS.iter().map(|definition| definition.name)
}

fn missing(call: &Call<'_>) -> Result<Value, EvalError> {
    let base = call.written.split_once('_').map_or(call.written, |(base, _)| base);
    let what = unsupported::operator(call.written).or_else(|| unsupported::operator(base));
    Err(EvalError::failed(what.map_or_else(String::new, Unsupported::message)))
}

#[derive(Debug)]
struct Applied {
    definition: &'static Definition,
    written: String,
    /// Where in `written` the suffix begins.
    suffix: Option<usize>,
    argument: Sequence,
}

/// The operator of this name, applied to an argument; or the argument and the error text.
pub(crate) fn find(
    parser: &mut Parser<'_>,
    name: &[u8],
    argument: Sequence,
    start: usize,
) -> Result<Box<dyn Item>, (Sequence, String)> {
    let written = String::from_utf8_lossy(name).into_owned();
    let by_name = |name: &str| OPERATORS.iter().find(|definition| definition.name == name);
    let found = by_name(&written).map(|definition| (definition, None)).or_else(|| {
        let (base, _) = written.split_once('_')?;
        by_name(base).map(|definition| (definition, Some(base.len() + 1)))
    });
    let Some((definition, suffix)) = found else {
        return Err((argument, format!("unknown expansion operator \"{written}\"")));
    };
    if let Some(what) = unsupported::operator(definition.name) {
        parser.warn(unsupported::DIAGNOSTIC, start, name.len(), what.message());
    }
    parser.may_block |= definition.may_block;
    Ok(Box::new(Applied { definition, written, suffix, argument }))
}

impl Item for Applied {
    fn is_quiet(&self) -> bool {
        self.argument.is_quiet()
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        if mode.is_skip() {
            return machine.walk(&self.argument).map(|()| Value::empty());
        }
        let value = machine.sequence(&self.argument, mode)?;
        let call = Call { written: &self.written, suffix: self.suffix.map(|at| &self.written[at..]), value };
        match self.definition.run {
            Run::Plain(run) => Ok(run(&call)),
            Run::Optional(run) => Ok(run(machine.env.settings(), &call)),
            Run::Checked(run) => run(&call),
            Run::Asking(run) => run(machine, &call),
        }
    }
}

impl Call<'_> {
    fn bytes(&self) -> &[u8] {
        self.value.bytes()
    }

    fn shown(&self) -> String {
        self.value.to_lossy()
    }

    /// A result that is made of the argument's text.
    fn derived(&self, bytes: impl Into<Vec<u8>>) -> Value {
        Value::new(bytes, self.value.taint().clone())
    }
}

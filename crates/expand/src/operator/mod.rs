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

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::parse::Parser;
use crate::tree::{Item, Sequence};
use crate::unsupported::{self, Unsupported};

/// What an operator works on.
pub(super) struct Call<'a> {
    /// The operator as it is written, with what follows an underscore.
    written: &'a str,
    /// What follows the underscore.
    suffix: Option<&'a str>,
    /// The expanded text.
    value: Value,
}

type Run = fn(&mut Machine<'_>, &Call<'_>) -> Result<Value, EvalError>;

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
    operator("address", address::address),
    operator("addresses", address::addresses),
    operator("base32", base::base32),
    operator("base32d", base::base32d),
    operator("base62", base::base62),
    operator("base62d", base::base62d),
    operator("base64", base::base64),
    operator("base64d", base::base64d),
    operator("domain", address::domain),
    operator("escape", escape::escape),
    operator("escape8bit", escape::escape8bit),
    operator("eval", eval::eval),
    operator("eval10", eval::eval10),
    Definition { name: "expand", run: expand::expand, may_block: true },
    operator("from_utf8", utf8::from_utf8),
    operator("h", numbered::hash),
    operator("hash", numbered::hash),
    operator("headerwrap", headerwrap::headerwrap),
    operator("hex2b64", base::hex2b64),
    operator("hexquote", escape::hexquote),
    operator("ipv6denorm", ip::ipv6denorm),
    operator("ipv6norm", ip::ipv6norm),
    operator("l", numbered::length),
    operator("lc", case::lc),
    operator("length", numbered::length),
    operator("listcount", list::listcount),
    operator("listnamed", list::listnamed),
    operator("local_part", address::local_part),
    operator("mask", ip::mask),
    operator("md5", digest::md5),
    operator("nh", numbered::nhash),
    operator("nhash", numbered::nhash),
    operator("quote", quote::quote),
    operator("quote_local_part", quote::quote_local_part),
    operator("randint", randint::randint),
    operator("reverse_ip", ip::reverse_ip),
    operator("rfc2047", rfc2047::rfc2047),
    operator("rfc2047d", rfc2047::rfc2047d),
    operator("rxquote", escape::rxquote),
    operator("s", numbered::substr),
    operator("sha1", digest::sha1),
    operator("sha2", digest::sha2),
    operator("sha256", digest::sha256),
    Definition { name: "stat", run: stat::stat, may_block: true },
    operator("str2b64", base::base64),
    operator("strlen", strlen::strlen),
    operator("substr", numbered::substr),
    operator("time_eval", time::time_eval),
    operator("time_interval", time::time_interval),
    operator("uc", case::uc),
    operator("utf8clean", utf8::utf8clean),
    operator("xtextd", escape::xtextd),
    Definition { name: "sha3", run: missing, may_block: false },
    Definition { name: "utf8_domain_from_alabel", run: missing, may_block: false },
    Definition { name: "utf8_domain_to_alabel", run: missing, may_block: false },
    Definition { name: "utf8_localpart_from_alabel", run: missing, may_block: false },
    Definition { name: "utf8_localpart_to_alabel", run: missing, may_block: false },
];

fn missing(_machine: &mut Machine<'_>, call: &Call<'_>) -> Result<Value, EvalError> {
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
    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let value = machine.sequence(&self.argument, mode)?;
        if mode.is_skip() {
            return Ok(Value::empty());
        }
        let call = Call { written: &self.written, suffix: self.suffix.map(|at| &self.written[at..]), value };
        (self.definition.run)(machine, &call)
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

//! Conditions: what `${if`, `${filter`, `forany` and their like test. One file a family.
//!
//! # Compatibility
//! Exim specification, section "Expansion conditions".

mod acl;
mod boolean;
mod combine;
mod crypteq;
mod def;
mod delivery;
mod exists;
mod forany;
mod inlist;
mod isip;
mod match_list;
mod numeric;
mod pattern;
mod string;

use mail_types::value::Value;

pub use boolean::{bool_lax, parse_bool};
pub(crate) use numeric::{Comparison, compare_numbers};
pub(crate) use string::Order;

use crate::EvalError;
use crate::env::ListKind;
use crate::eval::{Machine, Mode};
use crate::parse::Parser;
use crate::tree::{Broken, Condition, Sequence, Test};
use crate::unsupported;

/// Reads a condition, with any `!` before it.
pub(crate) fn parse(parser: &mut Parser<'_>) -> Condition {
    let mut negated = false;
    parser.skip_space();
    while parser.take(b'!') {
        negated = !negated;
        parser.skip_space();
    }
    let start = parser.at;
    let Some(name) = read_name(parser) else {
        parser.at = start;
        let shown = &parser.rest()[..parser.rest().len().min(16)];
        let text = format!("condition name expected, but found \"{}\"", String::from_utf8_lossy(shown));
        return Condition { negated, test: Box::new(parser.fail(text)) };
    };
    let test = parser.deeper(|parser| parse_named(parser, &name, start), |broken| Box::new(broken));
    Condition { negated, test }
}

/// Reads the name of a condition: a word or a comparison sign.
pub(crate) fn read_name(parser: &mut Parser<'_>) -> Option<String> {
    let name = match parser.peek()? {
        b'=' | b'<' | b'>' => {
            let first = parser.rest()[0];
            parser.at += 1;
            let mut name = String::from(char::from(first));
            if parser.take(b'=') {
                name.push('=');
            }
            name
        }
        byte if byte.is_ascii_alphanumeric() || byte == b'_' => {
            let word = parser.word(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            String::from_utf8_lossy(word).into_owned()
        }
        _ => return None,
    };
    Some(name)
}

/// Reads a condition; its name is read already.
type Parse = fn(&mut Parser<'_>) -> Box<dyn Test>;

/// The conditions that are words, but for the comparisons of [`Order`] and [`Comparison`].
static CONDITIONS: [(&str, Parse); 26] = [
    ("acl", acl::parse),
    ("and", |parser| combine::parse(parser, combine::Kind::And)),
    ("bool", |parser| boolean::parse(parser, boolean::Kind::Strict)),
    ("bool_lax", |parser| boolean::parse(parser, boolean::Kind::Lax)),
    ("crypteq", |parser| TwoStrings::parse(parser, "crypteq", Check::Crypted)),
    ("def", def::parse),
    ("exists", exists::parse),
    ("first_delivery", |_| Box::new(delivery::Delivery::First)),
    ("forall", |parser| forany::parse(parser, "forall", false, forany::Elements::List)),
    ("forall_json", |parser| forany::parse(parser, "forall_json", false, forany::JSON)),
    ("forall_jsons", |parser| forany::parse(parser, "forall_jsons", false, forany::JSON_STRINGS)),
    ("forany", |parser| forany::parse(parser, "forany", true, forany::Elements::List)),
    ("forany_json", |parser| forany::parse(parser, "forany_json", true, forany::JSON)),
    ("forany_jsons", |parser| forany::parse(parser, "forany_jsons", true, forany::JSON_STRINGS)),
    ("inlist", |parser| TwoStrings::parse(parser, "inlist", Check::InList { caseless: false })),
    ("inlisti", |parser| TwoStrings::parse(parser, "inlisti", Check::InList { caseless: true })),
    ("isip", |parser| isip::parse(parser, "isip", isip::Family::Any)),
    ("isip4", |parser| isip::parse(parser, "isip4", isip::Family::V4)),
    ("isip6", |parser| isip::parse(parser, "isip6", isip::Family::V6)),
    ("match", pattern::parse),
    ("match_address", |parser| match_list::parse(parser, "match_address", ListKind::Address)),
    ("match_domain", |parser| match_list::parse(parser, "match_domain", ListKind::Domain)),
    ("match_ip", |parser| match_list::parse(parser, "match_ip", ListKind::Host)),
    ("match_local_part", |parser| match_list::parse(parser, "match_local_part", ListKind::LocalPart)),
    ("or", |parser| combine::parse(parser, combine::Kind::Or)),
    ("queue_running", |_| Box::new(delivery::Delivery::QueueRunning)),
];

/// The names of the conditions that are read here; those in [`unsupported`] among them do not work in every form.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let words = CONDITIONS.iter().map(|(name, _)| *name);
    words.chain(Order::names()).chain(Comparison::names())
}

/// Whether there is a condition of this name.
pub(crate) fn is_known(name: &str) -> bool {
    names().any(|known| known == name) || unsupported::condition(name).is_some()
}

fn parse_named(parser: &mut Parser<'_>, name: &str, start: usize) -> Box<dyn Test> {
    if let Some(order) = Order::find(name) {
        return TwoStrings::parse(parser, order.name(), Check::Order(order));
    }
    if let Some(comparison) = Comparison::find(name) {
        return TwoStrings::parse(parser, comparison.name(), Check::Number(comparison));
    }
    match CONDITIONS.binary_search_by_key(&name, |(known, _)| known) {
        Ok(at) => CONDITIONS[at].1(parser),
        Err(_) => unsupported_or_unknown(parser, name, start),
    }
}

fn unsupported_or_unknown(parser: &mut Parser<'_>, name: &str, start: usize) -> Box<dyn Test> {
    match unsupported::condition(name) {
        None => Box::new(parser.fail(format!("unknown condition \"{name}\""))),
        Some(unsupported) => {
            parser.warn(unsupported::DIAGNOSTIC, start, name.len(), unsupported.message());
            unsupported::skip_condition(parser, unsupported)
        }
    }
}

/// Reads the one argument of a condition.
fn one_argument(parser: &mut Parser<'_>, name: &str) -> Result<Sequence, Broken> {
    parser.skip_space();
    if parser.peek() == Some(b'{') {
        Ok(parser.braced())
    } else {
        Err(parser.fail(format!("missing {{ after \"{name}\"")))
    }
}

/// What is done with the two strings of a condition.
#[derive(Debug, Clone, Copy)]
enum Check {
    Order(Order),
    Number(Comparison),
    InList { caseless: bool },
    Crypted,
}

/// A condition on two strings that are both expanded.
#[derive(Debug)]
struct TwoStrings {
    first: Sequence,
    second: Result<Sequence, Broken>,
    check: Check,
}

impl TwoStrings {
    fn parse(parser: &mut Parser<'_>, name: &'static str, check: Check) -> Box<dyn Test> {
        let first = match one_argument(parser, name) {
            Ok(first) => first,
            Err(broken) => return Box::new(broken),
        };
        let second = if parser.stopped { Ok(Sequence::default()) } else { second_argument(parser, name) };
        Box::new(Self { first, second, check })
    }
}

/// Reads the second argument of a condition that has two.
fn second_argument(parser: &mut Parser<'_>, name: &str) -> Result<Sequence, Broken> {
    parser.skip_space();
    if parser.peek() == Some(b'{') {
        Ok(parser.braced())
    } else {
        Err(parser.fail(format!("missing 2nd string in {{}} after \"{name}\"")))
    }
}

impl Test for TwoStrings {
    fn is_quiet(&self) -> bool {
        self.first.is_quiet() && self.second.as_ref().is_ok_and(Sequence::is_quiet)
    }

    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let first = machine.sequence(&self.first, mode)?;
        let second = match &self.second {
            Ok(second) => machine.sequence(second, mode)?,
            Err(broken) => return broken.raise(),
        };
        if mode.is_skip() {
            return Ok(false);
        }
        match self.check {
            Check::Order(order) => Ok(order.holds(first.bytes(), second.bytes())),
            Check::Number(comparison) => compare_numbers(comparison, first.bytes(), second.bytes()),
            Check::InList { caseless } => inlist::test(machine, &first, &second, caseless),
            Check::Crypted => crypteq::test(first.bytes(), second.bytes()),
        }
    }
}

/// A condition on one expanded string.
#[derive(Debug)]
struct OneString {
    argument: Result<Sequence, Broken>,
    check: fn(&mut Machine<'_>, Value) -> Result<bool, EvalError>,
}

impl OneString {
    fn parse(
        parser: &mut Parser<'_>,
        name: &str,
        check: fn(&mut Machine<'_>, Value) -> Result<bool, EvalError>,
    ) -> Box<dyn Test> {
        Box::new(Self { argument: one_argument(parser, name), check })
    }
}

impl Test for OneString {
    fn is_quiet(&self) -> bool {
        self.argument.as_ref().is_ok_and(Sequence::is_quiet)
    }

    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let value = match &self.argument {
            Ok(argument) => machine.sequence(argument, mode)?,
            Err(broken) => return broken.raise(),
        };
        if mode.is_skip() { Ok(false) } else { (self.check)(machine, value) }
    }
}

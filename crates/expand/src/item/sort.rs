//! `sort`: a list in the order of a comparison.
//!
//! # Compatibility
//! Each item goes before the first one that it compares true against: what Exim does, also where the comparison is not
//! an order.

use std::borrow::Cow;

use crate::EvalError;
use crate::condition::{self, Comparison, Order, compare_numbers};
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Visit};
use crate::list::{ListBuilder, ListItems};
use crate::parse::{Parser, Until};
use crate::tree::{Broken, Item, Sequence};
use mail_types::value::Value;

#[derive(Debug, Clone, Copy)]
enum Comparator {
    Order(Order),
    Number(Comparison),
}

#[derive(Debug)]
struct Sort {
    list: Sequence,
    comparator: Comparator,
    key: Sequence,
    /// The text of the key, for error messages.
    key_text: String,
    broken: Option<Broken>,
}

pub(super) fn parse(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    let mut list = Sequence::default();
    match read(parser, &mut list) {
        Ok((comparator, key, key_text, broken)) => Box::new(Sort { list, comparator, key, key_text, broken }),
        Err(broken) => Box::new(Unsortable { list, broken }),
    }
}

fn read(
    parser: &mut Parser<'_>,
    list: &mut Sequence,
) -> Result<(Comparator, Sequence, String, Option<Broken>), Option<Broken>> {
    open(parser, "list")?;
    *list = parser.braced();
    if parser.stopped {
        return Err(None);
    }
    open(parser, "comparator")?;
    let text = parser.braced_plain();
    if parser.stopped {
        return Err(Some(Broken::new("missing } at end of string")));
    }
    let comparator = comparator(parser, &text.literal_only())?;
    open(parser, "extractor")?;
    parser.at += 1;
    let start = parser.at;
    let key = parser.sequence(Until::Brace);
    let key_text = String::from_utf8_lossy(parser.text_from(start)).into_owned();
    if parser.stopped {
        return Ok((comparator, key, key_text, None));
    }
    parser.at += 1;
    let broken = (!parser.take(b'}')).then(|| parser.fail("missing } at end of \"sort\""));
    Ok((comparator, key, key_text, broken))
}

fn open(parser: &mut Parser<'_>, which: &str) -> Result<(), Option<Broken>> {
    parser.skip_space();
    if parser.peek() == Some(b'{') {
        Ok(())
    } else {
        Err(Some(parser.fail(format!("missing '{{' for {which} arg of sort"))))
    }
}

/// The comparator is read as the name of a condition.
fn comparator(parser: &mut Parser<'_>, text: &[u8]) -> Result<Comparator, Option<Broken>> {
    let mut inner = Parser::nowhere(text, 1);
    let Some(name) = condition::read_name(&mut inner) else {
        let shown = String::from_utf8_lossy(&text[..text.len().min(16)]).into_owned();
        return Err(Some(parser.fail(format!("condition name expected, but found \"{shown}\""))));
    };
    if let Some(order) = Order::find(name)
        && !name.starts_with("eq")
    {
        return Ok(Comparator::Order(order));
    }
    if let Some(comparison) = Comparison::find(name)
        && !name.starts_with('=')
    {
        return Ok(Comparator::Number(comparison));
    }
    // Exim fails without a text on a name that it does not know.
    let text = if condition::is_known(name) { "comparator not handled for sort" } else { "" };
    Err(Some(parser.fail(text)))
}

impl Comparator {
    /// A comparison that cannot be made counts as false.
    fn before(self, first: &[u8], second: &[u8]) -> bool {
        match self {
            Self::Order(order) => order.holds(first, second),
            Self::Number(comparison) => compare_numbers(comparison, first, second).unwrap_or(false),
        }
    }
}

impl Sort {
    fn sorted(&self, machine: &mut Machine<'_>, list: &Value) -> Result<Value, EvalError> {
        let items = ListItems::new(list.bytes());
        let separator = items.separator();
        let mut sorted: Vec<(Cow<'_, [u8]>, Value)> = Vec::new();
        for item in items {
            machine.env.scope().item = Some(Value::new(&*item, list.taint().clone()));
            let key = machine
                .sequence(&self.key, Mode::Run)
                .map_err(|error| error.retold(format!("field-extract in sort: \"{}\"", self.key_text)))?;
            let mut place = sorted.len();
            for (at, (_, other)) in sorted.iter().enumerate() {
                machine.step(0)?;
                if self.comparator.before(key.bytes(), other.bytes()) {
                    place = at;
                    break;
                }
            }
            sorted.insert(place, (item, key));
        }
        let mut out = ListBuilder::new(separator);
        for (item, _) in &sorted {
            out.push(item);
        }
        Ok(Value::new(out.into_bytes(), list.taint().clone()))
    }
}

impl Item for Sort {
    fn parts(&self, visit: Visit<'_>) {
        visit(Role::Value, &self.list);
        visit(Role::Inside, &self.key);
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let list = machine.operand(&self.list, mode)?;
        machine.sequence(&self.key, Mode::Skip)?;
        if let Some(broken) = &self.broken {
            return broken.raise();
        }
        if mode.is_skip() {
            return Ok(Value::empty());
        }
        let saved = machine.env.scope().item.take();
        let result = self.sorted(machine, &list);
        machine.env.scope().item = saved;
        result
    }
}

/// The text breaks off before the key.
#[derive(Debug)]
struct Unsortable {
    list: Sequence,
    broken: Option<Broken>,
}

impl Item for Unsortable {
    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let list = machine.sequence(&self.list, mode)?;
        match &self.broken {
            Some(broken) => broken.raise(),
            None => Ok(list),
        }
    }
}

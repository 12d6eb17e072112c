//! `prvs` and `prvscheck`: bounce address tags.
//!
//! # Security
//! Tags are compared in constant time; an expired or forged tag gives an empty `$prvscheck_result`.

use super::function::{self, Definition};
use crate::EvalError;
use crate::digest;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Visit};
use crate::parse::{Arguments, Parser};
use crate::tree::{Broken, Item};
use mail_types::value::Value;

/// Days for which a tag is good.
const LIFETIME_DAYS: i64 = 7;
const DAY: i64 = 86_400;

static PRVS: Definition = Definition {
    name: "prvs",
    least: 2,
    most: 3,
    run: |machine, values| {
        let address = values[0].bytes();
        let Some((local_part, domain)) = split(address) else {
            return Err(EvalError::failed("prvs first argument must be a qualified email address"));
        };
        let key_number = match values.get(2).map(Value::bytes) {
            None => b'0',
            Some([digit]) if digit.is_ascii_digit() => *digit,
            Some(_) => return Err(EvalError::failed("prvs third argument must be a single digit")),
        };
        let expires = (machine.env.clock().now().secs().div_euclid(DAY) + LIFETIME_DAYS).rem_euclid(1000);
        let stamp = format!("{}{expires:03}", char::from(key_number));
        let tag = signature(values[1].bytes(), stamp.as_bytes(), address);
        let mut out = Value::clean(format!("prvs={stamp}"));
        out.push_bytes(&tag);
        out.push_bytes(b"=");
        out.push_value(&Value::new([local_part, b"@", domain].concat(), values[0].taint().clone()));
        Ok(out)
    },
    check: None,
};

pub(super) fn parse_sign(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &PRVS)
}

fn split(address: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = address.iter().rposition(|&byte| byte == b'@')?;
    let (local_part, domain) = (&address[..at], &address[at + 1..]);
    (!local_part.is_empty() && !domain.is_empty()).then_some((local_part, domain))
}

/// The first three bytes of the keyed digest of the stamp and the address.
fn signature(secret: &[u8], stamp: &[u8], address: &[u8]) -> Vec<u8> {
    let mac = digest::hmac(digest::sha1, secret, &[stamp, address].concat());
    digest::hex_lower(&mac[..3])
}

/// The parts of `prvs=KDDDSSSSSS=local@domain`.
struct Tagged<'a> {
    stamp: &'a [u8],
    tag: &'a [u8],
    address: &'a [u8],
}

fn tagged(address: &[u8]) -> Option<Tagged<'_>> {
    let rest = address.get(..5).filter(|head| head.eq_ignore_ascii_case(b"prvs=")).map(|_| &address[5..])?;
    let (stamp, rest) = rest.split_at_checked(4)?;
    let (tag, rest) = rest.split_at_checked(6)?;
    let address = rest.strip_prefix(b"=")?;
    split(address)?;
    let well_formed = stamp.iter().all(u8::is_ascii_digit) && tag.iter().all(u8::is_ascii_hexdigit);
    well_formed.then_some(Tagged { stamp, tag, address })
}

#[derive(Debug)]
struct PrvsCheck {
    arguments: Arguments,
    /// What follows is not the closing brace: the texts for a tagged address and for another one.
    broken: Option<(Broken, Broken)>,
}

pub(super) fn parse_check(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    let mut arguments = Arguments::parse_open(parser, "prvscheck", 1, 3);
    let mut broken = None;
    if arguments.broken.is_none() && !parser.stopped {
        if arguments.values.len() < 2 {
            arguments.broken = Some(parser.fail("Not enough arguments for 'prvscheck' (min is 1)"));
        } else if !parser.take(b'}') {
            let (tagged, other) = if parser.peek() == Some(b'{') {
                let text = |most| format!("Too many arguments for 'prvscheck' (max is {most})");
                (text(1), text(2))
            } else {
                ("missing '}' after 'prvscheck'".to_owned(), "missing '}' after 'prvscheck'".to_owned())
            };
            broken = Some((parser.fail(tagged), Broken::new(other)));
        }
    }
    Box::new(PrvsCheck { arguments, broken })
}

impl PrvsCheck {
    fn argument(&self, machine: &mut Machine<'_>, number: usize, mode: Mode) -> Result<Value, EvalError> {
        match self.arguments.values.get(number) {
            Some(sequence) => machine.sequence(sequence, mode),
            None => Ok(Value::empty()),
        }
    }

    fn walk_rest(&self, machine: &mut Machine<'_>) -> Result<Value, EvalError> {
        self.argument(machine, 1, Mode::Skip)?;
        self.argument(machine, 2, Mode::Skip)?;
        if let Some(broken) = &self.arguments.broken {
            return broken.raise();
        }
        match &self.broken {
            Some((_, other)) => other.raise(),
            None => Ok(Value::empty()),
        }
    }

    fn check(
        &self,
        machine: &mut Machine<'_>,
        parts: &Tagged<'_>,
        subject: &Value,
    ) -> Result<Value, EvalError> {
        let address = Value::new(parts.address, subject.taint().clone());
        let scope = machine.env.scope();
        scope.prvscheck_address = Some(address.clone());
        scope.prvscheck_keynum = Some(Value::new(&parts.stamp[..1], subject.taint().clone()));
        let secret = self.argument(machine, 1, Mode::Run)?;
        if let Some(broken) = &self.arguments.broken {
            return broken.raise();
        }
        let valid = is_valid(machine, parts, secret.bytes());
        machine.env.scope().prvscheck_result = valid.then(|| Value::clean("1"));
        let text = self.argument(machine, 2, Mode::Run)?;
        if let Some((broken, _)) = &self.broken {
            return broken.raise();
        }
        Ok(if text.is_empty() { address } else { text })
    }
}

fn is_valid(machine: &Machine<'_>, parts: &Tagged<'_>, secret: &[u8]) -> bool {
    let want = signature(secret, parts.stamp, parts.address);
    let same = want.iter().zip(parts.tag).fold(0, |all, (a, b)| all | (a ^ b)) == 0;
    let today = machine.env.clock().now().secs().div_euclid(DAY).rem_euclid(1000);
    let expires = parts.stamp[1..].iter().fold(0i64, |day, &digit| day * 10 + i64::from(digit - b'0'));
    same && (expires - today).rem_euclid(1000) <= LIFETIME_DAYS
}

impl Item for PrvsCheck {
    fn parts(&self, visit: Visit<'_>) {
        for value in &self.arguments.values {
            visit(Role::Inside, value);
        }
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        let subject = self.argument(machine, 0, mode)?;
        if mode.is_skip() || self.arguments.values.is_empty() {
            return self.walk_rest(machine);
        }
        let Some(parts) = tagged(subject.bytes()) else {
            return self.walk_rest(machine);
        };
        let result = self.check(machine, &parts, &subject);
        let scope = machine.env.scope();
        scope.prvscheck_address = None;
        scope.prvscheck_keynum = None;
        result
    }
}

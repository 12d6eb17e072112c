//! `dnslists`: is the client (or a key) listed?
//!
//! A run asks one DNS question at a time and is told the answer; the ACL's caller performs the questions.
//!
//! # Compatibility
//! Spec section "Using DNS lists": items `domain[,domain][=addresses|&mask][/key…]`, `==`, `!=`, `!==`, `=&`; two domains mean
//! that the first decides quickly and the second gives the details; `+include_unknown`, `+exclude_unknown`, `+defer_unknown`.
//!
//! # Security
//! Answers outside 127.0.0.0/8 are not taken as listings.

use std::net::{IpAddr, Ipv4Addr};

use expand::Variable;
use mail_types::bytes::trim;
use mail_types::dns::{Answer, DnsFailure, RecordData, RecordType};
use mail_types::value::Value;

use super::{AclEffectAnswer, AclPlace, AclWorld, LogTargets};
use crate::list::split;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DnsListStep {
    Ask(Vec<u8>, RecordType),
    Listed,
    NotListed,
    Defer,
}

/// The state of one `dnslists` condition.
#[derive(Debug)]
pub(super) struct DnsListRun {
    items: Vec<Item>,
    item: usize,
    key: usize,
    stage: Stage,
    on_failure: OnFailure,
    /// A key of this item could not be looked up, and that is to defer.
    deferred: bool,
    /// The addresses of a match that waits for its text.
    found: Vec<Ipv4Addr>,
}

/// What was asked last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The addresses in the domain that decides.
    Check,
    /// The addresses in the domain that is named, where that is another one.
    Details,
    /// The text of a match.
    Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnFailure {
    NotListed,
    Listed,
    Defer,
}

#[derive(Debug)]
enum Item {
    Setting(OnFailure),
    List {
        /// The domain that is named; it is asked for the text.
        domain: Vec<u8>,
        /// The domain that is asked first, and to which the test applies.
        check: Vec<u8>,
        test: Test,
        keys: Vec<Key>,
    },
}

/// One thing that is looked for.
#[derive(Debug)]
struct Key {
    /// As it is shown.
    shown: Vec<u8>,
    /// As it is asked for: addresses turned round.
    asked: Vec<u8>,
}

/// What the addresses found must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Test {
    values: Vec<Ipv4Addr>,
    mask: bool,
    all: bool,
    negated: bool,
}

impl DnsListRun {
    /// Reads the condition's text.
    pub(super) fn parse(text: &Value, place: AclPlace, world: &mut dyn AclWorld) -> Result<Self, String> {
        let mut items = Vec::new();
        for item in split(text.bytes()) {
            let item = item.bytes;
            match item.as_slice() {
                b"" => {}
                b"+include_unknown" => items.push(Item::Setting(OnFailure::Listed)),
                b"+exclude_unknown" => items.push(Item::Setting(OnFailure::NotListed)),
                b"+defer_unknown" => items.push(Item::Setting(OnFailure::Defer)),
                _ if item.starts_with(b"+") => {
                    let line =
                        format!("unknown item in dnslist (ignored): {}", String::from_utf8_lossy(&item));
                    world.log(LogTargets::MAIN_AND_PANIC, line.as_bytes());
                }
                _ => items.push(Item::read(&item, place, world)?),
            }
        }
        Ok(Self {
            items,
            item: 0,
            key: 0,
            stage: Stage::Check,
            on_failure: OnFailure::NotListed,
            deferred: false,
            found: Vec::new(),
        })
    }

    /// Takes the answer to the last question, if there was one, and goes on.
    pub(super) fn go_on(&mut self, answer: Option<AclEffectAnswer>, world: &mut dyn AclWorld) -> DnsListStep {
        if let Some(AclEffectAnswer::Dns(answer)) = answer
            && let Some(step) = self.answered(answer, world)
        {
            return step;
        }
        loop {
            match self.items.get(self.item) {
                None => return DnsListStep::NotListed,
                Some(Item::Setting(how)) => {
                    self.on_failure = *how;
                    self.item += 1;
                }
                Some(Item::List { check, keys, .. }) => {
                    if let Some(key) = keys.get(self.key) {
                        self.stage = Stage::Check;
                        return DnsListStep::Ask(question(&key.asked, check), RecordType::A);
                    }
                    if self.deferred {
                        return DnsListStep::Defer;
                    }
                    self.item += 1;
                    self.key = 0;
                }
            }
        }
    }

    /// Looks at an answer; `None` means that the key is not listed there.
    fn answered(
        &mut self,
        answer: Result<Answer, DnsFailure>,
        world: &mut dyn AclWorld,
    ) -> Option<DnsListStep> {
        let Some(Item::List { domain, check, test, keys }) = self.items.get(self.item) else {
            return None;
        };
        let key = keys.get(self.key)?;
        if self.stage == Stage::Text {
            let text = answer.ok().and_then(|a| a.records.into_iter().find_map(|r| text_of(&r.data)));
            tell(domain, key, &self.found, text, world);
            return Some(DnsListStep::Listed);
        }
        let (asked, any) = (if self.stage == Stage::Check { check } else { domain }, Test::default());
        let test = if self.stage == Stage::Check { test } else { &any };
        let found = match answer {
            Ok(answer) => addresses(&answer),
            Err(failure) if !failure.is_temporary() => Vec::new(),
            Err(_) => {
                let how = self.on_failure;
                log_failure(&question(&key.asked, asked), how, world);
                self.deferred |= how == OnFailure::Defer;
                self.key += 1;
                return (how == OnFailure::Listed).then(|| {
                    world.set_variable(Variable::DnslistDomain, Some(Value::clean(domain.clone())));
                    DnsListStep::Listed
                });
            }
        };
        if !test.holds(&found) {
            self.key += 1;
            return None;
        }
        let question = question(&key.asked, domain);
        if self.stage == Stage::Check && domain != check {
            self.stage = Stage::Details;
            return Some(DnsListStep::Ask(question, RecordType::A));
        }
        self.stage = Stage::Text;
        self.found = found;
        Some(DnsListStep::Ask(question, RecordType::Txt))
    }
}

/// Sets the variables that tell of a match.
fn tell(domain: &[u8], key: &Key, found: &[Ipv4Addr], text: Option<Vec<u8>>, world: &mut dyn AclWorld) {
    let addresses: Vec<String> = found.iter().map(Ipv4Addr::to_string).collect();
    for (variable, value) in [
        (Variable::DnslistDomain, Some(Value::clean(domain))),
        (Variable::DnslistMatched, Some(Value::tainted(&*key.shown))),
        (Variable::DnslistValue, Some(Value::tainted(addresses.join(", ")))),
        (Variable::DnslistText, text.map(Value::tainted)),
    ] {
        world.set_variable(variable, value);
    }
}

fn log_failure(question: &[u8], how: OnFailure, world: &mut dyn AclWorld) {
    let what = match how {
        OnFailure::Listed => "assumed in list",
        OnFailure::NotListed => "assumed not in list",
        OnFailure::Defer => "returned DEFER",
    };
    let question = String::from_utf8_lossy(question);
    let line = format!("DNS list lookup defer (probably timeout) for {question}: {what}");
    world.log(LogTargets::MAIN, line.as_bytes());
}

impl Item {
    fn read(item: &[u8], place: AclPlace, world: &mut dyn AclWorld) -> Result<Self, String> {
        let (list, keys) = match item.iter().position(|b| *b == b'/') {
            Some(at) => (&item[..at], Some(&item[at + 1..])),
            None => (item, None),
        };
        let (domains, test) = Test::split(list)?;
        let mut domains = domains.split(|b| *b == b',').map(|d| trim(d).to_vec());
        let domain = domains.next().unwrap_or_default();
        let check = domains.next().unwrap_or_else(|| domain.clone());
        let keys = match keys {
            Some(keys) => {
                split(keys).map(|key| key.bytes).filter(|key| !key.is_empty()).map(Key::new).collect()
            }
            None if !place.is_smtp() => {
                let place = place.name();
                return Err(format!("cannot test auto-keyed dnslists condition in {place} ACL"));
            }
            None => {
                let address = world.variable(Variable::SenderHostAddress).ok().flatten();
                address
                    .filter(|address| !address.is_empty())
                    .map(|a| Key::new(a.into_bytes()))
                    .into_iter()
                    .collect()
            }
        };
        Ok(Self::List { domain, check, test, keys })
    }
}

impl Key {
    fn new(text: Vec<u8>) -> Self {
        let asked = reversed_if_address(&text);
        Self { shown: text, asked }
    }
}

impl Test {
    /// Splits `=`, `==`, `!=`, `!==`, `&`, `=&`, `!&`, `!=&` and the addresses off.
    fn split(text: &[u8]) -> Result<(&[u8], Self), String> {
        let Some(at) = text.iter().position(|b| matches!(b, b'=' | b'&')) else {
            return Ok((text, Self::default()));
        };
        let mut test = Self::default();
        let mut domains = &text[..at];
        if let Some(before) = domains.strip_suffix(b"!") {
            test.negated = true;
            domains = before;
        }
        let mut rest = &text[at..];
        for (sign, all, mask) in
            [(&b"=="[..], true, false), (b"=&", true, true), (b"=", false, false), (b"&", false, true)]
        {
            if let Some(after) = rest.strip_prefix(sign) {
                (test.all, test.mask, rest) = (all, mask, after);
                break;
            }
        }
        for value in rest.split(|b| *b == b',') {
            let value = String::from_utf8_lossy(trim(value)).into_owned();
            let address =
                value.parse().map_err(|_| format!("\"{value}\" in a DNS list is not an IPv4 address"))?;
            test.values.push(address);
        }
        Ok((domains, test))
    }

    /// Whether these answers count as a listing.
    fn holds(&self, found: &[Ipv4Addr]) -> bool {
        if found.is_empty() {
            return false;
        }
        if self.values.is_empty() {
            return true;
        }
        let fits = |address: &Ipv4Addr| {
            self.values.iter().any(|value| {
                if self.mask {
                    u32::from(*address) & u32::from(*value) == u32::from(*value)
                } else {
                    address == value
                }
            })
        };
        let held = if self.all { found.iter().all(fits) } else { found.iter().any(fits) };
        held != self.negated
    }
}

fn question(key: &[u8], domain: &[u8]) -> Vec<u8> {
    [key, b".", domain].concat()
}

fn addresses(answer: &Answer) -> Vec<Ipv4Addr> {
    let found = answer.records.iter().filter_map(|record| match &record.data {
        RecordData::A(address) => Some(*address),
        _ => None,
    });
    found.filter(Ipv4Addr::is_loopback).collect()
}

fn text_of(data: &RecordData) -> Option<Vec<u8>> {
    match data {
        RecordData::Txt(parts) => Some(parts.concat()),
        _ => None,
    }
}

/// An address as block lists want it: its parts in reverse order. Anything else stays as it is.
fn reversed_if_address(text: &[u8]) -> Vec<u8> {
    let Some(address) = std::str::from_utf8(text).ok().and_then(|t| t.parse::<IpAddr>().ok()) else {
        return text.to_vec();
    };
    let parts: Vec<String> = match address {
        IpAddr::V4(v4) => v4.octets().iter().rev().map(u8::to_string).collect(),
        IpAddr::V6(v6) => {
            let nibbles = v6.octets().into_iter().flat_map(|o| [o >> 4, o & 15]).collect::<Vec<_>>();
            nibbles.iter().rev().map(|n| format!("{n:x}")).collect()
        }
    };
    parts.join(".").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_on_addresses() {
        let found = [Ipv4Addr::new(127, 0, 0, 2), Ipv4Addr::new(127, 0, 0, 6)];
        for (text, expected) in [
            ("bl.example", true),
            ("bl.example=127.0.0.2", true),
            ("bl.example=127.0.0.3", false),
            ("bl.example==127.0.0.2", false),
            ("bl.example==127.0.0.2,127.0.0.6", true),
            ("bl.example!=127.0.0.3", true),
            ("bl.example!=127.0.0.2", false),
            ("bl.example&0.0.0.4", true),
            ("bl.example&0.0.0.1", false),
            ("bl.example!&0.0.0.1", true),
            ("bl.example=&0.0.0.4", false),
            ("bl.example=&0.0.0.2", true),
            ("bl.example!=&0.0.0.4", true),
            ("bl.example!==127.0.0.2", true),
            ("bl.example!==127.0.0.2,127.0.0.6", false),
        ] {
            let (domain, test) = Test::split(text.as_bytes()).unwrap();
            assert_eq!(domain, b"bl.example", "{text}");
            assert_eq!(test.holds(&found), expected, "{text}");
            assert!(!test.holds(&[]), "no answer is no listing: {text}");
        }
        assert!(Test::split(b"bl.example=x").is_err());
    }

    #[test]
    fn addresses_are_reversed() {
        assert_eq!(reversed_if_address(b"192.0.2.1"), b"1.2.0.192");
        assert!(reversed_if_address(b"2001:db8::1").starts_with(b"1.0.0.0."));
        assert_eq!(reversed_if_address(b"example.org"), b"example.org");
    }
}

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

use super::{AclEffectAnswer, AclWorld, LogTargets};
use crate::list::split;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DnsListStep {
    Ask(Vec<u8>, RecordType),
    Listed,
    NotListed,
    Defer(String),
}

/// The state of one `dnslists` condition.
#[derive(Debug)]
pub(super) struct DnsListRun {
    items: Vec<Item>,
    item: usize,
    key: usize,
    asked: Asked,
    on_failure: OnFailure,
    /// Addresses and the domain of a match that waits for its text.
    matched: Option<(Vec<Ipv4Addr>, Vec<u8>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    Address,
    Second,
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
    List { domain: Vec<u8>, details: Option<Vec<u8>>, test: Test, keys: Vec<Vec<u8>>, client: bool },
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
    pub(super) fn parse(text: &Value, world: &mut dyn AclWorld) -> Result<Self, String> {
        let mut items = Vec::new();
        for item in split(text.bytes()) {
            let item = item.bytes;
            match item.as_slice() {
                b"" => {}
                b"+include_unknown" => items.push(Item::Setting(OnFailure::Listed)),
                b"+exclude_unknown" => items.push(Item::Setting(OnFailure::NotListed)),
                b"+defer_unknown" => items.push(Item::Setting(OnFailure::Defer)),
                _ if item.starts_with(b"+") => {
                    let shown = String::from_utf8_lossy(&item);
                    return Err(format!("unknown item in dnslist \"{shown}\" (only +include_unknown, +exclude_unknown and +defer_unknown are known)"));
                }
                _ => items.push(Item::read(&item, world)?),
            }
        }
        Ok(Self { items, item: 0, key: 0, asked: Asked::Nothing, on_failure: OnFailure::NotListed, matched: None })
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
                Some(Item::List { domain, keys, .. }) => {
                    let Some(key) = keys.get(self.key) else {
                        self.item += 1;
                        self.key = 0;
                        continue;
                    };
                    self.asked = Asked::Address;
                    return DnsListStep::Ask(question(key, domain), RecordType::A);
                }
            }
        }
    }

    fn answered(&mut self, answer: Result<Answer, DnsFailure>, world: &mut dyn AclWorld) -> Option<DnsListStep> {
        let Some(Item::List { domain, details, test, keys, client }) = self.items.get(self.item) else { return None };
        let key = keys.get(self.key)?.clone();
        if self.asked == Asked::Text {
            let text = answer.ok().and_then(|a| a.records.into_iter().find_map(|r| text_of(&r.data)));
            let (addresses, domain) = self.matched.take()?;
            let shown: Vec<String> = addresses.iter().map(Ipv4Addr::to_string).collect();
            for (variable, value) in [
                (Variable::DnslistDomain, Some(Value::clean(domain))),
                (Variable::DnslistMatched, Some(Value::tainted(matched_key(&key, *client, world)))),
                (Variable::DnslistValue, Some(Value::tainted(shown.join(", ")))),
                (Variable::DnslistText, text.map(Value::tainted)),
            ] {
                world.set_variable(variable, value);
            }
            return Some(DnsListStep::Listed);
        }
        let found = match answer {
            Ok(answer) => addresses(&answer),
            Err(DnsFailure::NxDomain | DnsFailure::NoData) => Vec::new(),
            Err(_) => {
                let name = String::from_utf8_lossy(domain).into_owned();
                let line = format!("DNS list lookup defer (probably timeout) for {}: ", String::from_utf8_lossy(&question(&key, domain)));
                match self.on_failure {
                    OnFailure::Defer => {
                        return Some(DnsListStep::Defer(format!("DNS list lookup of {name} did not succeed")));
                    }
                    OnFailure::Listed => {
                        world.log(LogTargets::MAIN, format!("{line}assumed in list").as_bytes());
                        world.set_variable(Variable::DnslistDomain, Some(Value::clean(domain.clone())));
                        return Some(DnsListStep::Listed);
                    }
                    OnFailure::NotListed => {
                        world.log(LogTargets::MAIN, format!("{line}assumed not in list").as_bytes());
                        Vec::new()
                    }
                }
            }
        };
        // The first of two domains decides whether the second is asked at all; the test is the second's.
        let decides = self.asked == Asked::Second || details.is_none();
        let listed = if decides { test.holds(&found) } else { !found.is_empty() };
        if !listed {
            self.key += 1;
            return None;
        }
        let asked_domain = details.as_ref().filter(|_| self.asked == Asked::Second || !decides).unwrap_or(domain).clone();
        if !decides {
            self.asked = Asked::Second;
            return Some(DnsListStep::Ask(question(&key, &asked_domain), RecordType::A));
        }
        self.asked = Asked::Text;
        let step = DnsListStep::Ask(question(&key, &asked_domain), RecordType::Txt);
        self.matched = Some((found, asked_domain));
        Some(step)
    }
}

impl Item {
    fn read(item: &[u8], world: &mut dyn AclWorld) -> Result<Self, String> {
        let (list, keys) = match item.iter().position(|b| *b == b'/') {
            Some(at) => (&item[..at], Some(&item[at + 1..])),
            None => (item, None),
        };
        let (domains, test) = Test::split(list)?;
        let mut domains = domains.split(|b| *b == b',').map(|d| trim(d).to_vec());
        let domain = domains.next().filter(|d| !d.is_empty()).ok_or("a DNS list without a domain")?;
        let details = domains.next();
        // Written as «details,quick»: the one that is asked first stands last.
        let (domain, details) = match details {
            Some(quick) => (quick, Some(domain)),
            None => (domain, None),
        };
        let client = keys.is_none();
        let keys = match keys {
            Some(keys) => split(keys).map(|k| reversed_if_address(&k.bytes)).filter(|k| !k.is_empty()).collect(),
            None => {
                let address = world.variable(Variable::SenderHostAddress).ok().flatten();
                let address = address.map(Value::into_bytes).unwrap_or_default();
                if address.is_empty() { Vec::new() } else { vec![reversed_if_address(&address)] }
            }
        };
        Ok(Self::List { domain, details, test, keys, client })
    }
}

impl Test {
    /// Splits `=`, `==`, `!=`, `!==`, `&`, `=&`, `!&`, `!=&` and the addresses off.
    fn split(text: &[u8]) -> Result<(&[u8], Self), String> {
        let Some(at) = text.iter().position(|b| matches!(b, b'=' | b'&')) else { return Ok((text, Self::default())) };
        let mut test = Self::default();
        let mut domains = &text[..at];
        if let Some(before) = domains.strip_suffix(b"!") {
            test.negated = true;
            domains = before;
        }
        let mut rest = &text[at..];
        if let Some(after) = rest.strip_prefix(b"=") {
            rest = after;
        }
        match rest.first() {
            Some(b'=') => (test.all, rest) = (true, &rest[1..]),
            Some(b'&') => (test.mask, rest) = (true, &rest[1..]),
            _ => {}
        }
        if let Some(after) = rest.strip_prefix(b"&") {
            (test.mask, rest) = (true, after);
        }
        for value in rest.split(|b| *b == b',') {
            let value = String::from_utf8_lossy(trim(value)).into_owned();
            let address = value.parse().map_err(|_| format!("\"{value}\" in a DNS list is not an IPv4 address"))?;
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
            self.values.iter().any(|value| match self.mask {
                true => {
                    let (a, v) = (u32::from(*address), u32::from(*value));
                    a & v & 0x00ff_ffff == v & 0x00ff_ffff
                }
                false => address == value,
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

/// `$dnslist_matched`: the client's address, or the key as it was given.
fn matched_key(key: &[u8], client: bool, world: &mut dyn AclWorld) -> Vec<u8> {
    if client {
        let address = world.variable(Variable::SenderHostAddress).ok().flatten();
        return address.map(Value::into_bytes).unwrap_or_default();
    }
    key.to_vec()
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

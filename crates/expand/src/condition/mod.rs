//! Conditions: what `${if`, `${filter`, `forany` and their like test. One file a family.
//!
//! # Compatibility
//! Exim specification, section "Expansion conditions".

mod acl;
mod auth_daemon;
mod boolean;
mod combine;
mod crypteq;
mod def;
mod delivery;
mod exists;
mod forany;
mod inbound_srs;
mod inlist;
mod isip;
mod ldapauth;
mod match_list;
mod numeric;
mod pam;
mod pattern;
mod radius;
mod string;

use std::sync::LazyLock;

use mail_types::manual::Entry;
use mail_types::value::Value;

pub use boolean::{bool_lax, parse_bool};
pub(crate) use numeric::{Comparison, compare_numbers};
pub(crate) use string::Order;

use crate::EvalError;
use crate::env::ListKind;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Visit};
use crate::name_table::NameTable;
use crate::named::NamedKind;
use crate::parse::{Parser, is_of_name};
use crate::tree::{Broken, Condition, Sequence, Test};

/// Reads a condition, with any `!` before it.
pub(crate) fn parse(parser: &mut Parser<'_>) -> Condition {
    let mut negated = false;
    parser.skip_space();
    while parser.take(b'!') {
        parser.note(NamedKind::Condition, b"!");
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
    parser.note(NamedKind::Condition, name.as_bytes());
    let test = parser.deeper(|parser| parse_named(parser, name, start), |broken| Box::new(broken));
    Condition { negated, test }
}

/// Reads the name of a condition: a word or a comparison sign.
pub(crate) fn read_name<'t>(parser: &mut Parser<'t>) -> Option<&'t str> {
    let start = parser.at;
    match parser.peek()? {
        b'=' | b'<' | b'>' => {
            parser.at += 1;
            parser.take(b'=');
        }
        byte if is_of_name(byte) => {
            parser.word(is_of_name);
        }
        _ => return None,
    }
    std::str::from_utf8(parser.text_from(start)).ok()
}

/// What reads a condition; its name is read already, the last argument is where that began.
type Parse = fn(&mut Parser<'_>, &'static str, usize) -> Box<dyn Test>;

/// One condition.
struct Definition {
    entry: Entry,
    parse: Parse,
}

/// The table of conditions: what the manual says about each and what reads it.
macro_rules! conditions {
    ($( #[doc = $doc:literal] $(#[doc = $example:literal])+ $name:literal => $parse:expr; )*) => {
        static CONDITIONS: &[Definition] = &[ $( Definition {
            entry: Entry { name: $name, doc: $doc, examples: &[$($example),+] },
            parse: $parse,
        }, )* ];
    };
}

conditions! {
    /// The first number is smaller.
    /// `${if <{9}{10}{yes}{no}}`
    "<" => number;
    /// The first number is not bigger.
    /// `${if <={10}{10}{yes}{no}}`
    "<=" => number;
    /// Two numbers are equal; `K`, `M` and `G` multiply.
    /// `${if ={1K}{1024}{yes}{no}}`
    "=" => number;
    /// Two numbers are equal; `K`, `M` and `G` multiply.
    /// `${if =={010}{8}{yes}{no}}`
    "==" => number;
    /// The first number is bigger.
    /// `${if >{-1}{-2}{yes}{no}}`
    ">" => number;
    /// The first number is not smaller.
    /// `${if >={2}{3}{yes}{no}}`
    ">=" => number;
    /// An ACL accepts, with its arguments; `$value` is its message.
    /// `${if acl{{greeting}{Ann}}{$value}{no}}`
    "acl" => |parser, _, _| acl::parse(parser);
    /// All conditions of a row hold; the rest is not looked at after the first that does not.
    /// `${if and{{eq{a}{a}}{def:primary_hostname}}{yes}{no}}`
    "and" => |parser, _, _| combine::parse(parser, combine::Kind::And);
    /// The text says true: `yes`, `true` or a number other than 0; a text that is neither true nor false is an error.
    /// `${if bool{yes}{yes}{no}}`
    /// `${if bool{0}{yes}{no}}`
    /// `${if bool{maybe}{yes}{no}}`
    "bool" => |parser, _, _| boolean::parse(parser, boolean::Kind::Strict);
    /// The text says true as in a router's `condition`: anything but nothing, `0`, `no` and `false`.
    /// `${if bool_lax{maybe}{yes}{no}}`
    "bool_lax" => |parser, _, _| boolean::parse(parser, boolean::Kind::Lax);
    /// A text is the one that was encrypted, by crypt(3) or after `{md5}`, `{sha1}`, `{crypt}`, `{crypt16}`.
    /// `${if crypteq{secret}{\{md5\}5ebe2294ecd0e0f08eab7690d2a6ee69}{yes}{no}}`
    "crypteq" => |parser, name, _| TwoStrings::parse(parser, name, Check::Crypted);
    /// A variable is not empty, or a header line is there.
    /// `${if def:sender_host_address{yes}{no}}`
    /// `${if def:h_subject:{yes}{no}}`
    "def" => |parser, _, _| def::parse(parser);
    /// Two texts are the same.
    /// `${if eq{a}{A}{yes}{no}}`
    "eq" => order;
    /// Two texts are the same but for the case of letters.
    /// `${if eqi{a}{A}{yes}{no}}`
    "eqi" => order;
    /// A file is there.
    /// `${if exists{$config_dir/people}{yes}{no}}`
    "exists" => |parser, _, _| exists::parse(parser);
    /// This is the first attempt to deliver the message.
    /// `${if first_delivery{yes}{no}}`
    "first_delivery" => |_, _, _| Box::new(delivery::Delivery::First);
    /// A condition holds for every element of a list, as `$item`.
    /// `${if forall{1:2:3}{>{$item}{0}}{yes}{no}}`
    "forall" => |parser, name, _| forany::parse(parser, name, false, forany::Elements::List);
    /// A condition holds for every element of a JSON array.
    /// `${if forall_json{["a", "b"]}{match{$item}{a}}{yes}{no}}`
    "forall_json" => |parser, name, _| forany::parse(parser, name, false, forany::JSON);
    /// As `forall_json`, and strings come without their quotes.
    /// `${if forall_jsons{["a", "a"]}{eq{$item}{a}}{yes}{no}}`
    "forall_jsons" => |parser, name, _| forany::parse(parser, name, false, forany::JSON_STRINGS);
    /// A condition holds for some element of a list, as `$item`.
    /// `${if forany{1:2:3}{eq{$item}{2}}{yes}{no}}`
    "forany" => |parser, name, _| forany::parse(parser, name, true, forany::Elements::List);
    /// A condition holds for some element of a JSON array.
    /// `${if forany_json{[1, 2]}{eq{$item}{2}}{yes}{no}}`
    "forany_json" => |parser, name, _| forany::parse(parser, name, true, forany::JSON);
    /// As `forany_json`, and strings come without their quotes.
    /// `${if forany_jsons{["a", "b"]}{eq{$item}{b}}{yes}{no}}`
    "forany_jsons" => |parser, name, _| forany::parse(parser, name, true, forany::JSON_STRINGS);
    /// The first text is the same or comes later, byte by byte.
    /// `${if ge{b}{a}{yes}{no}}`
    "ge" => order;
    /// The first text is the same or comes later; case does not count.
    /// `${if gei{a}{A}{yes}{no}}`
    "gei" => order;
    /// The first text comes later.
    /// `${if gt{a}{B}{yes}{no}}`
    "gt" => order;
    /// The first text comes later; case does not count.
    /// `${if gti{a}{B}{yes}{no}}`
    "gti" => order;
    /// A local part is one that `${srs_encode` made with this secret; sets `$srs_recipient`.
    /// `${if inbound_srs{ann}{secret}{yes}{no}}`
    "inbound_srs" => |parser, name, _| inbound_srs::parse(parser, name);
    /// A text is an element of a list.
    /// `${if inlist{b}{a:b:c}{yes}{no}}`
    "inlist" => |parser, name, _| TwoStrings::parse(parser, name, Check::InList { caseless: false });
    /// A text is an element of a list; case does not count.
    /// `${if inlisti{B}{a:b:c}{yes}{no}}`
    "inlisti" => |parser, name, _| TwoStrings::parse(parser, name, Check::InList { caseless: true });
    /// A text is an IP address.
    /// `${if isip{192.0.2.1}{yes}{no}}`
    /// `${if isip{192.0.2.256}{yes}{no}}`
    "isip" => |parser, name, _| isip::parse(parser, name, isip::Family::Any);
    /// A text is an IPv4 address.
    /// `${if isip4{2001:db8::1}{yes}{no}}`
    "isip4" => |parser, name, _| isip::parse(parser, name, isip::Family::V4);
    /// A text is an IPv6 address.
    /// `${if isip6{2001:db8::1}{yes}{no}}`
    "isip6" => |parser, name, _| isip::parse(parser, name, isip::Family::V6);
    /// An LDAP server takes the user's name and password.
    /// in an authenticator: `server_condition = ${if ldapauth{user="uid=${quote_ldap_dn:$auth2},dc=example,dc=org" pass=${quote:$auth3} ldap://ldap.example.org/}{yes}{no}}`
    "ldapauth" => |parser, _, _| ldapauth::parse(parser);
    /// The first text is the same or comes earlier, byte by byte.
    /// `${if le{a}{a}{yes}{no}}`
    "le" => order;
    /// The first text is the same or comes earlier; case does not count.
    /// `${if lei{B}{a}{yes}{no}}`
    "lei" => order;
    /// The first text comes earlier.
    /// `${if lt{10}{9}{yes}{no}}`
    "lt" => order;
    /// The first text comes earlier; case does not count.
    /// `${if lti{a}{B}{yes}{no}}`
    "lti" => order;
    /// A regular expression matches; `$0`, `$1` and so on are its parts.
    /// `${if match{ann@example.org}{@(.*)}{$1}{no}}`
    "match" => |parser, _, _| pattern::parse(parser);
    /// An address is in an address list.
    /// `${if match_address{ann@example.org}{*@example.net : ann@*}{yes}{no}}`
    "match_address" => |parser, name, _| match_list::parse(parser, name, ListKind::Address);
    /// A domain is in a domain list.
    /// `${if match_domain{a.example.org}{+local_domains : *.example.org}{yes}{no}}`
    "match_domain" => |parser, name, _| match_list::parse(parser, name, ListKind::Domain);
    /// An IP address is in a host list.
    /// `${if match_ip{192.0.2.7}{192.0.2.0/24}{yes}{no}}`
    "match_ip" => |parser, name, _| match_list::parse(parser, name, ListKind::Host);
    /// A local part is in a local part list.
    /// `${if match_local_part{ann-lists}{^.*-lists\$}{yes}{no}}`
    "match_local_part" => |parser, name, _| match_list::parse(parser, name, ListKind::LocalPart);
    /// At least one condition of a row holds; the rest is not looked at after the first that does.
    /// `${if or{{eq{a}{b}}{eq{a}{a}}}{yes}{no}}`
    "or" => |parser, _, _| combine::parse(parser, combine::Kind::Or);
    /// PAM (service `exim`) takes a user's name and the answers to its questions.
    /// in an authenticator: `server_condition = ${if pam{$auth2:${sg{$auth3}{:}{::}}}{yes}{no}}`
    "pam" => |parser, _, _| pam::parse(parser);
    /// The old pwcheck daemon takes a user's name and password.
    /// in an authenticator: `server_condition = ${if pwcheck{$auth2:$auth3}{yes}{no}}`
    "pwcheck" => |parser, _, _| auth_daemon::parse_pwcheck(parser);
    /// A queue runner started this delivery.
    /// `${if queue_running{yes}{no}}`
    "queue_running" => |_, _, _| Box::new(delivery::Delivery::QueueRunning);
    /// A RADIUS server takes a user's name and password.
    /// in an authenticator: `server_condition = ${if radius{$auth2:$auth3}{yes}{no}}`
    "radius" => |parser, _, _| radius::parse(parser);
    /// Cyrus' saslauthd takes a user's name and password.
    /// in an authenticator: `server_condition = ${if saslauthd{{$auth2}{$auth3}}{yes}{no}}`
    "saslauthd" => |parser, _, _| auth_daemon::parse_saslauthd(parser);
}

/// What the manual says about each condition.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    CONDITIONS.iter().map(|definition| &definition.entry)
}

/// The names of the conditions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    entries().map(|entry| entry.name)
}

fn find(name: &str) -> Option<&'static Definition> {
    static BY_NAME: LazyLock<NameTable<&Definition>> = LazyLock::new(|| {
        NameTable::new(CONDITIONS.iter().map(|definition| (definition.entry.name, definition)))
    });
    BY_NAME.find(name.as_bytes())
}

/// Whether there is a condition of this name.
pub(crate) fn is_known(name: &str) -> bool {
    find(name).is_some()
}

fn parse_named(parser: &mut Parser<'_>, name: &str, start: usize) -> Box<dyn Test> {
    match find(name) {
        Some(definition) => (definition.parse)(parser, definition.entry.name, start),
        None => unknown(parser, name, start),
    }
}

fn unknown(parser: &mut Parser<'_>, name: &str, start: usize) -> Box<dyn Test> {
    let broken = parser.fail_from(start, format!("unknown condition \"{name}\""));
    parser.suggest(name.as_bytes(), names());
    Box::new(broken)
}

/// A comparison of texts.
fn order(parser: &mut Parser<'_>, name: &'static str, start: usize) -> Box<dyn Test> {
    match Order::find(name) {
        Some(order) => TwoStrings::parse(parser, name, Check::Order(order)),
        None => unknown(parser, name, start),
    }
}

/// A comparison of numbers.
fn number(parser: &mut Parser<'_>, name: &'static str, start: usize) -> Box<dyn Test> {
    match Comparison::find(name) {
        Some(comparison) => TwoStrings::parse(parser, name, Check::Number(comparison)),
        None => unknown(parser, name, start),
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
    fn parts(&self, visit: Visit<'_>) {
        visit(Role::Inside, &self.first);
        if let Ok(second) = &self.second {
            visit(Role::Inside, second);
        }
    }

    fn is_quiet(&self) -> bool {
        self.first.is_quiet() && self.second.as_ref().is_ok_and(Sequence::is_quiet)
    }

    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let first = machine.operand(&self.first, mode)?;
        if let (Check::Number(_), false) = (self.check, mode.is_skip()) {
            // Exim reads the first number before it looks at the second.
            crate::integer::parse(first.bytes()).map_err(EvalError::failed)?;
        }
        let second = match &self.second {
            Ok(second) => machine.operand(second, mode)?,
            Err(broken) => return broken.raise(),
        };
        if mode.is_skip() {
            return Ok(false);
        }
        match self.check {
            Check::Order(order) => Ok(order.holds(first.bytes(), second.bytes())),
            Check::Number(comparison) => compare_numbers(comparison, first.bytes(), second.bytes()),
            Check::InList { caseless } => inlist::test(machine, &first, &second, caseless),
            Check::Crypted => {
                machine.time_left()?;
                let mut result = Ok(false);
                machine.env.at_length(&mut || result = crypteq::test(first.bytes(), second.bytes()));
                result
            }
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
    fn parts(&self, visit: Visit<'_>) {
        if let Ok(argument) = &self.argument {
            visit(Role::Inside, argument);
        }
    }

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

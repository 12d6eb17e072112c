//! One condition or modifier, evaluated.
//!
//! # Invariants
//! * A part that waits keeps what it needs in [`Pending`]; asked again with the answer, it goes on from there.
//!
//! # Compatibility
//! Spec sections "ACL modifiers" and "ACL conditions". A forced expansion failure makes a condition or modifier as if it
//! were not there.

use std::net::IpAddr;

use expand::{EvalError, Expansion, Variable};
use mail_types::bytes::trim;
use mail_types::text::Text;
use mail_types::value::Value;

use super::condition::Kind;
use super::control::ControlError;
use super::dnslist::{DnsListRun, DnsListStep};
use super::parse::delay_error;
use super::run::{Said, Texts, expansion_failed};
use super::statement::{Argument, Part, SetVariable};
use super::verify::{Verify, VerifyError, VerifyOptions};
use super::{
    AclEffect, AclEffectAnswer, AclPlace, AclSet, AclWorld, AddedHeader, Control, FailedAddress, HeaderPlace,
    LogTargets, Verified, VerifyAddress, VerifyResult, VerifyRole,
};
use super::{header_check, told};
use crate::list::{
    HostSubject, ListEnv, ListError, ListKind, ListMatch, MatchOptions, NamesFrom, Subject, split,
};
use mail_types::interval;

/// How a part came out.
#[derive(Debug)]
pub(super) enum PartEnd {
    True,
    False,
    /// As if it were not there, negated or not: its expansion was forced to fail.
    Ignored,
    /// It cannot be known now; the text is for the log.
    Defer(Option<String>),
    /// The ACL is wrong.
    Error(String),
    Wait(AclEffect),
}

/// What a part that waits remembers.
#[derive(Debug)]
pub(super) enum Pending {
    Nothing,
    Delay,
    Address {
        request: VerifyAddress,
        options: VerifyOptions,
    },
    HeaderSender {
        options: VerifyOptions,
        rest: Vec<Value>,
        deferred: bool,
    },
    Host {
        defer_ok: bool,
    },
    /// A list of results, of which one may be the one that comes.
    Results(Value),
    Dns(Box<DnsListRun>),
}

/// Everything that testing a part needs of the run.
pub(super) struct Tester<'a> {
    pub(super) set: &'a AclSet,
    pub(super) place: AclPlace,
    pub(super) texts: &'a mut Texts,
    pub(super) said: &'a mut Said,
    pub(super) pending: &'a mut Pending,
    pub(super) reject_log: &'a mut LogTargets,
    pub(super) answer: Option<AclEffectAnswer>,
}

impl Tester<'_> {
    /// Evaluates a part, or goes on with it.
    pub(super) fn test(&mut self, part: &Part, world: &mut dyn AclWorld) -> PartEnd {
        if let Some(answer) = self.answer.take() {
            return self.resumed(answer, world);
        }
        if let Some(refusal) = part.row.refusal(self.place) {
            return PartEnd::Error(refusal);
        }
        let width = told::check(part);
        match &part.argument {
            Argument::Nothing => {
                self.texts.endpass = true;
                PartEnd::True
            }
            Argument::Call(..) => PartEnd::Error("an ACL was called in the place of a condition".into()),
            Argument::List(list) => {
                let kind = part.row.kind;
                in_list(kind, world, |subject, world| {
                    let found = list.matches(subject, world);
                    told::search(subject, &list.source().bytes, &found);
                    found
                })
            }
            Argument::ListText(text, kind) => self.list_text(part.row.kind, text, *kind, world),
            Argument::Set(variable, text) => with(text, world, |value, world| {
                told::value(width, text, &value);
                set(variable, value, world);
            }),
            Argument::Text(text) => match part.row.kind {
                Kind::Message => {
                    self.texts.message = Some(text.clone());
                    PartEnd::True
                }
                Kind::LogMessage => {
                    self.texts.log_message = Some(text.clone());
                    PartEnd::True
                }
                kind => match value_of(text, world) {
                    Ok(None) => PartEnd::Ignored,
                    Ok(Some(value)) => {
                        told::value(width, text, &value);
                        self.text(kind, &value, world)
                    }
                    Err(end) => end,
                },
            },
        }
    }

    fn list_text(
        &self,
        kind: Kind,
        text: &Expansion,
        list_kind: ListKind,
        world: &mut dyn AclWorld,
    ) -> PartEnd {
        // Where there is nothing to look for, nobody reads the list.
        if !matches!(kind, Kind::Hosts | Kind::DkimStatus) && subject(kind, world).is_none() {
            return PartEnd::False;
        }
        let list = match text.eval(world) {
            Ok(list) => list,
            // The subject is then not in the list, as the oracle has it.
            Err(EvalError::Forced { .. }) => return PartEnd::False,
            Err(error) => {
                let source = String::from_utf8_lossy(&text.source().bytes);
                let told = format!("failed to expand \"{source}\" while checking a list: {error}");
                world.log(LogTargets::MAIN_AND_PANIC, told.as_bytes());
                // What a lookup said stands in the line of the rejection, too.
                return PartEnd::Defer(matches!(error, EvalError::Defer { .. }).then(|| error.to_string()));
            }
        };
        let lists = self.set.lists();
        in_list(kind, world, |subject, world| {
            let found = lists.match_text(list_kind, subject, &list, MatchOptions::default(), world);
            told::search(subject, list.bytes(), &found);
            found
        })
    }

    fn text(&mut self, kind: Kind, value: &Value, world: &mut dyn AclWorld) -> PartEnd {
        match kind {
            Kind::AddHeader => {
                add_headers(value, world);
                PartEnd::True
            }
            Kind::RemoveHeader => {
                // Exim joins all such lists by colons: none has a separator of its own.
                let names = [b":", value.bytes()].concat();
                for name in split(&names).map(|item| item.bytes).filter(|name| !name.is_empty()) {
                    world.remove_header(Value::new(name, value.taint().clone()));
                }
                PartEnd::True
            }
            Kind::Condition => condition(value),
            Kind::Control => self.control(value, world),
            Kind::Delay => match interval::parse_duration(trim(value.bytes())) {
                None => PartEnd::Error(delay_error(value.bytes())),
                Some(time) if time.is_zero() => PartEnd::True,
                Some(time) => {
                    *self.pending = Pending::Delay;
                    PartEnd::Wait(AclEffect::Delay(time))
                }
            },
            Kind::Dnslists => match DnsListRun::parse(value, self.place, world) {
                Ok(run) => self.dns(run, None, world),
                Err(text) => PartEnd::Error(text),
            },
            Kind::LogRejectTarget => {
                let (targets, unknown) = LogTargets::parse(split(value.bytes()).map(|item| item.bytes));
                match unknown {
                    Some(name) => unknown_log("log_reject_target", &name, self.place, world),
                    None => *self.reject_log = targets,
                }
                PartEnd::True
            }
            Kind::LogWrite => {
                log_write(value, self.place, world);
                PartEnd::True
            }
            Kind::Queue if value.bytes().contains(&b'/') => {
                let name = value.to_lossy();
                PartEnd::Error(format!("Directory separator not permitted in queue name: '{name}'"))
            }
            Kind::Queue => {
                world.set_queue(value.clone());
                PartEnd::True
            }
            Kind::DmarcStatus => self.results(value, AclEffect::CheckDmarc),
            Kind::Spf => self.results(value, AclEffect::CheckSpf { guess: false }),
            Kind::SpfGuess => self.results(value, AclEffect::CheckSpf { guess: true }),
            Kind::Verify => self.verify(value, world),
            // `continue` only expands.
            _ => PartEnd::True,
        }
    }

    fn control(&self, value: &Value, world: &mut dyn AclWorld) -> PartEnd {
        match Control::parse(value, Some(self.place)) {
            Ok(control) => world.control(&control).map_or_else(PartEnd::Error, |()| PartEnd::True),
            Err(ControlError::Wrong(text) | ControlError::NotYet(text)) => PartEnd::Error(text),
        }
    }

    fn verify(&mut self, value: &Value, world: &mut dyn AclWorld) -> PartEnd {
        let test = match Verify::parse(value, Some(self.place)) {
            Ok(test) => test,
            Err(VerifyError::Wrong(text) | VerifyError::NotYet(text)) => return PartEnd::Error(text),
            Err(VerifyError::Callout(text)) => return PartEnd::Defer(Some(text)),
        };
        match test {
            Verify::Sender(None, options) => {
                let sender = fact(Variable::SenderAddress, world);
                if sender.is_empty() {
                    return PartEnd::True;
                }
                self.address(sender, VerifyRole::Sender, options)
            }
            Verify::Sender(Some(address), options) => self.address(address, VerifyRole::AsSender, options),
            Verify::Recipient(options) => {
                let mut address = fact(Variable::LocalPart, world);
                let domain = fact(Variable::Domain, world);
                if !domain.is_empty() {
                    address.push_bytes(b"@");
                    address.push_value(&domain);
                }
                self.address(address, VerifyRole::Recipient, options)
            }
            Verify::HeaderSender(options) => match header_check::senders(world) {
                Ok(senders) => self.header_sender(senders, options, false),
                Err(complaint) => self.complain(complaint),
            },
            Verify::HeaderSyntax => self.checked(header_check::syntax(world)),
            Verify::HeaderNamesAscii => self.checked(header_check::names_are_ascii(world)),
            Verify::NotBlind { case_insensitive } => {
                self.checked(header_check::not_blind(case_insensitive, world))
            }
            Verify::Arc(list) => {
                *self.pending = Pending::Results(list);
                PartEnd::Wait(AclEffect::VerifyArc)
            }
            Verify::Helo => {
                *self.pending = Pending::Host { defer_ok: false };
                PartEnd::Wait(AclEffect::VerifyHelo)
            }
            Verify::Csa(name) => {
                *self.pending = Pending::Host { defer_ok: false };
                PartEnd::Wait(AclEffect::VerifyCsa(name))
            }
            Verify::ReverseHostLookup { defer_ok } => {
                *self.pending = Pending::Host { defer_ok };
                PartEnd::Wait(AclEffect::VerifyHostName)
            }
            Verify::Certificate if fact(Variable::TlsInCertificateVerified, world).bytes() == b"1" => {
                PartEnd::True
            }
            Verify::Certificate => {
                self.said.complain(Some(Value::clean("no verified certificate")));
                PartEnd::False
            }
        }
    }

    /// `spf` and its like: the words that stand for true.
    fn results(&mut self, list: &Value, check: AclEffect) -> PartEnd {
        *self.pending = Pending::Results(list.clone());
        PartEnd::Wait(check)
    }

    /// A check of header lines: the complaint is for the log.
    fn checked(&mut self, checked: Result<(), String>) -> PartEnd {
        checked.map_or_else(|complaint| self.complain(complaint), |()| PartEnd::True)
    }

    fn complain(&mut self, complaint: impl Into<Text>) -> PartEnd {
        self.said.log = Some(Value::tainted(complaint));
        PartEnd::False
    }

    fn address(&mut self, address: Value, role: VerifyRole, options: VerifyOptions) -> PartEnd {
        let request = VerifyAddress { address, role, success_on_redirect: options.success_on_redirect };
        *self.pending = Pending::Address { request: request.clone(), options };
        PartEnd::Wait(AclEffect::VerifyAddress(request))
    }

    /// `verify = header_sender`: one address that verifies is enough.
    fn header_sender(&mut self, mut rest: Vec<Value>, options: VerifyOptions, deferred: bool) -> PartEnd {
        if rest.is_empty() {
            if !deferred {
                return self.complain("there is no valid sender in any header line");
            }
            self.said.log = Some(Value::clean("all attempts to verify a sender in a header line deferred"));
            return if options.defer_ok { PartEnd::True } else { PartEnd::Defer(None) };
        }
        let address = rest.remove(0);
        let role = VerifyRole::AsSender;
        let request = VerifyAddress { address, role, success_on_redirect: options.success_on_redirect };
        *self.pending = Pending::HeaderSender { options, rest, deferred };
        PartEnd::Wait(AclEffect::VerifyAddress(request))
    }

    fn resumed(&mut self, answer: AclEffectAnswer, world: &mut dyn AclWorld) -> PartEnd {
        let pending = std::mem::replace(self.pending, Pending::Nothing);
        match (pending, answer) {
            (Pending::Address { request, options }, AclEffectAnswer::Verified(verified)) => {
                self.verified(request, options, verified, world)
            }
            (Pending::HeaderSender { options, rest, deferred }, AclEffectAnswer::Verified(verified)) => {
                match verified.result {
                    VerifyResult::Ok => PartEnd::True,
                    result => self.header_sender(rest, options, deferred || result == VerifyResult::Defer),
                }
            }
            (Pending::Host { defer_ok }, AclEffectAnswer::Verified(verified)) => {
                if verified.result == VerifyResult::Ok || (verified.result == VerifyResult::Defer && defer_ok)
                {
                    return PartEnd::True;
                }
                if verified.user_message.is_some() {
                    world.set_variable(Variable::AclVerifyMessage, verified.user_message.clone());
                }
                if verified.user_message.is_some() {
                    self.said.complain(verified.user_message);
                }
                self.said.log = verified.log_message.or(self.said.log.take());
                if verified.result == VerifyResult::Defer { PartEnd::Defer(None) } else { PartEnd::False }
            }
            (Pending::Results(list), AclEffectAnswer::Result(word)) => {
                if is_listed(word, &list) {
                    PartEnd::True
                } else {
                    PartEnd::False
                }
            }
            (Pending::Dns(run), answer) => self.dns(*run, Some(answer), world),
            _ => PartEnd::True,
        }
    }

    fn verified(
        &mut self,
        request: VerifyAddress,
        options: VerifyOptions,
        verified: Verified,
        world: &mut dyn AclWorld,
    ) -> PartEnd {
        let (failure, data) = match request.role {
            VerifyRole::Recipient => (Variable::RecipientVerifyFailure, Variable::AddressData),
            VerifyRole::Sender | VerifyRole::AsSender => {
                (Variable::SenderVerifyFailure, Variable::SenderAddressData)
            }
        };
        world.set_variable(failure, verified.failure.map(Value::clean));
        if verified.address_data.is_some() || request.role != VerifyRole::Recipient {
            world.set_variable(data, verified.address_data);
        }
        let temporary = verified.result == VerifyResult::Defer;
        let passes = verified.result == VerifyResult::Ok || (temporary && options.defer_ok);
        match request.role {
            _ if verified.result == VerifyResult::Ok => {}
            VerifyRole::Recipient => {
                self.said.complain(verified.user_message.clone());
                self.said.log = verified.log_message.or(verified.user_message);
            }
            VerifyRole::Sender | VerifyRole::AsSender if passes => {}
            VerifyRole::Sender | VerifyRole::AsSender => {
                let text =
                    if temporary { "Could not complete sender verify" } else { "Sender verify failed" };
                self.said.complain(Some(Value::clean(text)));
                self.said.log = Some(Value::clean(text));
                self.said.failed_address = Some(FailedAddress {
                    role: request.role,
                    address: request.address,
                    user_message: verified.user_message,
                    no_details: options.no_details,
                });
            }
        }
        world.set_variable(Variable::AclVerifyMessage, self.said.user.clone().or(self.said.log.clone()));
        match (passes, temporary) {
            (true, _) => PartEnd::True,
            (false, true) => PartEnd::Defer(None),
            (false, false) => PartEnd::False,
        }
    }

    fn dns(
        &mut self,
        mut run: DnsListRun,
        answer: Option<AclEffectAnswer>,
        world: &mut dyn AclWorld,
    ) -> PartEnd {
        match run.go_on(answer, world) {
            DnsListStep::Ask(name, rtype) => {
                *self.pending = Pending::Dns(Box::new(run));
                PartEnd::Wait(AclEffect::Dns { name, rtype })
            }
            DnsListStep::Listed => PartEnd::True,
            DnsListStep::NotListed => PartEnd::False,
            DnsListStep::Defer => PartEnd::Defer(None),
        }
    }
}

/// The value of a text; `None` for a forced failure.
fn value_of(text: &Expansion, world: &mut dyn AclWorld) -> Result<Option<Value>, PartEnd> {
    match text.eval(world) {
        Ok(value) => Ok(Some(value)),
        Err(EvalError::Forced { .. }) => Ok(None),
        Err(error) => Err(failed(text, &error)),
    }
}

fn with(text: &Expansion, world: &mut dyn AclWorld, then: impl FnOnce(Value, &mut dyn AclWorld)) -> PartEnd {
    match value_of(text, world) {
        Ok(Some(value)) => {
            then(value, world);
            PartEnd::True
        }
        Ok(None) => PartEnd::Ignored,
        Err(end) => end,
    }
}

fn failed(text: &Expansion, error: &EvalError) -> PartEnd {
    let told = expansion_failed(text, error);
    match error {
        EvalError::Defer { .. } => PartEnd::Defer(Some(told)),
        _ => PartEnd::Error(told),
    }
}

fn fact(variable: Variable, world: &mut dyn AclWorld) -> Value {
    world.variable(variable).ok().flatten().unwrap_or_else(Value::empty)
}

fn set(variable: &SetVariable, value: Value, world: &mut dyn AclWorld) {
    match variable {
        SetVariable::Acl(scope, name) => world.set_acl_variable(*scope, name, value),
        SetVariable::Dkim(variable) => world.set_variable(*variable, Some(value)),
    }
}

/// Whether a result is in a list: the first word that speaks of it decides; `!` negates, `*` stands for all.
fn is_listed(result: &str, list: &Value) -> bool {
    let words = split(list.bytes());
    let mut words = words.map(|item| item.bytes);
    let decided = words.find_map(|word| match word.strip_prefix(b"!") {
        Some(other) => (trim(other) != result.as_bytes()).then_some(true),
        None => (word == result.as_bytes() || word == b"*").then_some(true),
    });
    decided.unwrap_or(false)
}

/// `condition`: Exim's idea of true and false; anything else defers.
fn condition(value: &Value) -> PartEnd {
    let text = trim(value.bytes()).to_ascii_lowercase();
    let digits = text.strip_prefix(b"-").unwrap_or(&text);
    let holds = match &text[..] {
        b"" | b"no" | b"false" => false,
        b"yes" | b"true" => true,
        _ if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => digits.iter().any(|b| *b != b'0'),
        _ => return PartEnd::Defer(Some(format!("invalid \"condition\" value \"{}\"", value.to_lossy()))),
    };
    if holds { PartEnd::True } else { PartEnd::False }
}

/// Looks the condition's subject up with `find`, and keeps what the match found.
fn in_list(
    kind: Kind,
    world: &mut dyn AclWorld,
    mut find: impl FnMut(Subject<'_>, &mut dyn ListEnv) -> Result<ListMatch, ListError>,
) -> PartEnd {
    let found = match kind {
        // After the runs of the DKIM ACL there is a status of each; one of them is enough.
        Kind::DkimStatus => {
            let status = Some(fact(Variable::DkimVerifyStatus, world)).filter(|status| !status.is_empty());
            let status = status.unwrap_or_else(|| Value::clean("none"));
            let mut found = Ok(ListMatch::default());
            for one in status.bytes().split(|byte| *byte == b':') {
                found = find(Subject::Text(one), world);
                if !matches!(&found, Ok(list) if !list.matched) {
                    break;
                }
            }
            found
        }
        Kind::Hosts => {
            let address = fact(Variable::SenderHostAddress, world);
            let address: Option<IpAddr> =
                std::str::from_utf8(address.bytes()).ok().and_then(|a| a.parse().ok());
            find(Subject::Host(HostSubject { address, names: NamesFrom::SenderHost }), world)
        }
        _ => {
            let Some(subject) = subject(kind, world) else { return PartEnd::False };
            find(Subject::Value(&subject), world)
        }
    };
    let found = match found {
        Ok(found) => found,
        // The panic log has the text; the line of the rejection goes without.
        Err(error) if error.wrong => {
            world.log(LogTargets::MAIN_AND_PANIC, error.message.as_bytes());
            return PartEnd::Defer(None);
        }
        Err(error) => return PartEnd::Defer(Some(error.message)),
    };
    let data = match kind {
        Kind::Domains => Some(Variable::DomainData),
        Kind::LocalParts => Some(Variable::LocalPartData),
        Kind::Hosts => Some(Variable::HostData),
        Kind::Senders => Some(Variable::SenderData),
        Kind::Recipients => Some(Variable::RecipientData),
        _ => None,
    };
    if let Some(variable) = data {
        world.set_variable(variable, found.value);
    }
    if found.matched { PartEnd::True } else { PartEnd::False }
}

/// What a list condition looks for; `None` when there is no such thing, which matches nothing.
fn subject(kind: Kind, world: &mut dyn AclWorld) -> Option<Value> {
    match kind {
        Kind::Domains => Some(fact(Variable::Domain, world)),
        Kind::LocalParts => Some(fact(Variable::LocalPart, world)),
        Kind::SenderDomains => Some(fact(Variable::SenderAddressDomain, world)),
        Kind::Senders => Some(fact(Variable::SenderAddress, world)),
        Kind::Recipients => {
            let mut address = fact(Variable::LocalPart, world);
            address.push_bytes(b"@");
            address.push_value(&fact(Variable::Domain, world));
            Some(address)
        }
        Kind::Authenticated => Some(fact(Variable::SenderHostAuthenticated, world)).filter(|v| !v.is_empty()),
        Kind::DkimSigners => Some(fact(Variable::DkimCurSigner, world)),
        Kind::Encrypted => suite(&fact(Variable::TlsInCipher, world)),
        _ => None,
    }
}

/// The name of the suite in `$tls_in_cipher`, where the version stands before it and the bits behind.
fn suite(cipher: &Value) -> Option<Value> {
    let mut parts = cipher.bytes().splitn(3, |byte| *byte == b':');
    parts.nth(1).map(|name| Value::clean(name.to_vec()))
}

/// `logwrite`: the text, perhaps after `:main,reject,panic:`.
fn log_write(value: &Value, place: AclPlace, world: &mut dyn AclWorld) {
    let whole = value.bytes();
    let Some(rest) = whole.strip_prefix(b":") else {
        return world.log(LogTargets::MAIN, mail_types::bytes::trim_start(whole));
    };
    match named_logs(rest) {
        Some((targets, text)) => world.log(targets, mail_types::bytes::trim_start(text)),
        None => unknown_log("logwrite", whole, place, world),
    }
}

/// The names of logs before a colon, each behind the other with a comma between, and the text behind the colon.
fn named_logs(mut rest: &[u8]) -> Option<(LogTargets, &[u8])> {
    let mut targets = LogTargets::NONE;
    loop {
        if let Some(text) = rest.strip_prefix(b":") {
            return Some((if targets == LogTargets::NONE { LogTargets::MAIN } else { targets }, text));
        }
        let (on, length) = match rest {
            [b'm', b'a', b'i', b'n', ..] => (&mut targets.main, 4),
            [b'r', b'e', b'j', b'e', b'c', b't', ..] => (&mut targets.reject, 6),
            [b'p', b'a', b'n', b'i', b'c', ..] => (&mut targets.panic, 5),
            _ => return None,
        };
        *on = true;
        rest = &rest[length..];
        rest = match rest.first() {
            Some(b',') => &rest[1..],
            Some(b':') => rest,
            _ => return None,
        };
    }
}

fn unknown_log(modifier: &str, shown: &[u8], place: AclPlace, world: &mut dyn AclWorld) {
    let shown = String::from_utf8_lossy(shown);
    let which = if modifier == "logwrite" { "log name in" } else { "log name" };
    let line = format!("unknown {which} \"{shown}\" in \"{modifier}\" in {} ACL", place.name());
    world.log(LogTargets::MAIN_AND_PANIC, line.as_bytes());
}

/// `add_header`, and `message` of `warn`: header lines, perhaps with the word for their place in front.
pub(super) fn add_headers(value: &Value, world: &mut dyn AclWorld) {
    let text = mail_types::bytes::trim_end(value.bytes());
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in text.split(|b| *b == b'\n') {
        match lines.last_mut() {
            Some(last) if line.first().is_some_and(|b| matches!(b, b' ' | b'\t')) => {
                last.push(b'\n');
                last.extend_from_slice(line);
            }
            _ => lines.push(line.to_vec()),
        }
    }
    for line in lines.into_iter().filter(|line| !trim(line).is_empty()) {
        let (place, line) = header_place(&line);
        let mut text = if is_header(line) { Vec::new() } else { b"X-ACL-Warn: ".to_vec() };
        text.extend_from_slice(line);
        text.push(b'\n');
        world.add_header(AddedHeader { place, text: Value::new(text, value.taint().clone()) });
    }
}

fn header_place(line: &[u8]) -> (HeaderPlace, &[u8]) {
    for (word, place) in [
        (&b":after_received:"[..], HeaderPlace::AfterReceived),
        (b":at_start_rfc:", HeaderPlace::AtStartRfc),
        (b":at_start:", HeaderPlace::AtStart),
        (b":at_end:", HeaderPlace::AtEnd),
    ] {
        let named = line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if let Some(rest) = line.get(word.len()..).filter(|_| named) {
            return (place, mail_types::bytes::trim_start(rest));
        }
    }
    (HeaderPlace::AtEnd, line)
}

/// Whether a line begins with a header field's name, be it empty, and its colon.
fn is_header(line: &[u8]) -> bool {
    let name = line.iter().take_while(|b| b.is_ascii_graphic() && **b != b':').count();
    line.get(name) == Some(&b':')
}

impl LogTargets {
    /// Reads names of logs; the first one that is none comes back.
    pub(crate) fn parse(names: impl Iterator<Item = Vec<u8>>) -> (Self, Option<Vec<u8>>) {
        let mut targets = Self::NONE;
        let mut unknown = None;
        for name in names.filter(|name| !name.is_empty()) {
            match &name[..] {
                b"main" => targets.main = true,
                b"reject" => targets.reject = true,
                b"panic" => targets.panic = true,
                _ => unknown = unknown.or(Some(name)),
            }
        }
        (targets, unknown)
    }
}

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
use mail_types::value::Value;

use super::condition::Kind;
use super::control::ControlError;
use super::dnslist::{DnsListRun, DnsListStep};
use super::header_check;
use super::parse::delay_error;
use super::run::Texts;
use super::statement::{Argument, Part, SetVariable};
use super::verify::{Verify, VerifyError, VerifyOptions};
use super::{
    AclEffect, AclEffectAnswer, AclPlace, AclSet, AclWorld, AddedHeader, Control, FailedAddress, HeaderPlace, LogTargets,
    Verified, VerifyAddress, VerifyResult, VerifyRole,
};
use crate::interval;
use crate::list::{HostSubject, ListEnv, ListError, ListKind, ListMatch, MatchOptions, NamesFrom, Subject};

/// How a part came out.
#[derive(Debug)]
pub(super) enum PartEnd {
    True,
    False,
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
    Address { request: VerifyAddress, options: VerifyOptions, rest: Vec<Value> },
    Host { defer_ok: bool },
    Dns(Box<DnsListRun>),
}

/// Everything that testing a part needs of the run.
pub(super) struct Tester<'a> {
    pub(super) set: &'a AclSet,
    pub(super) place: AclPlace,
    pub(super) texts: &'a mut Texts,
    pub(super) endpass: &'a mut bool,
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
        match &part.argument {
            Argument::Nothing => {
                *self.endpass = true;
                PartEnd::True
            }
            Argument::Call(..) => PartEnd::Error("an ACL was called in the place of a condition".into()),
            Argument::List(list) => {
                let kind = part.row.kind;
                in_list(kind, world, |subject, world| list.matches(subject, world))
            }
            Argument::ListText(text, kind) => self.list_text(part.row.kind, text, *kind, world),
            Argument::Set(variable, text) => with(text, world, |value, world| set(variable, value, world)),
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
                    Ok(None) => PartEnd::True,
                    Ok(Some(value)) => self.text(kind, &value, world),
                    Err(end) => end,
                },
            },
        }
    }

    fn list_text(&self, kind: Kind, text: &Expansion, list_kind: ListKind, world: &mut dyn AclWorld) -> PartEnd {
        let list = match text.eval(world) {
            Ok(list) => list,
            Err(EvalError::Forced { .. }) => return PartEnd::False,
            Err(error) => return expansion_failed(text, &error),
        };
        let lists = self.set.lists();
        in_list(kind, world, |subject, world| lists.match_text(list_kind, subject, &list, MatchOptions::default(), world))
    }

    fn text(&mut self, kind: Kind, value: &Value, world: &mut dyn AclWorld) -> PartEnd {
        match kind {
            Kind::AddHeader => {
                add_headers(value, world);
                PartEnd::True
            }
            Kind::RemoveHeader => {
                for name in value.bytes().split(|b| *b == b':').map(trim).filter(|n| !n.is_empty()) {
                    world.remove_header(Value::new(name, value.taint().clone()));
                }
                PartEnd::True
            }
            Kind::Condition => condition(value),
            Kind::Control => self.control(value, world),
            Kind::Delay => match interval::parse(trim(value.bytes())) {
                None => PartEnd::Error(delay_error(value.bytes())),
                Some(time) if time.is_zero() => PartEnd::True,
                Some(time) => {
                    *self.pending = Pending::Delay;
                    PartEnd::Wait(AclEffect::Delay(time))
                }
            },
            Kind::Dnslists => match DnsListRun::parse(value, world) {
                Ok(run) => self.dns(run, None, world),
                Err(text) => PartEnd::Error(text),
            },
            Kind::LogRejectTarget => match LogTargets::parse(value.bytes()) {
                Ok(targets) => {
                    *self.reject_log = targets;
                    PartEnd::True
                }
                Err(text) => PartEnd::Error(text),
            },
            Kind::LogWrite => {
                log_write(value, world);
                PartEnd::True
            }
            Kind::Queue => {
                world.set_queue(value.clone());
                PartEnd::True
            }
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
                self.address(sender, VerifyRole::Sender, options, Vec::new())
            }
            Verify::Sender(Some(address), options) => self.address(address, VerifyRole::AsSender, options, Vec::new()),
            Verify::Recipient(options) => {
                let mut address = fact(Variable::LocalPart, world);
                let domain = fact(Variable::Domain, world);
                if !domain.is_empty() {
                    address.push_bytes(b"@");
                    address.push_value(&domain);
                }
                self.address(address, VerifyRole::Recipient, options, Vec::new())
            }
            Verify::HeaderSender(options) => {
                let mut senders = header_check::senders(world).into_iter();
                let Some(first) = senders.next() else {
                    self.texts.found = None;
                    self.texts.found_log = Some(Value::clean("no From:, Sender:, or Reply-To: header line"));
                    return PartEnd::False;
                };
                self.address(first, VerifyRole::AsSender, options, senders.collect())
            }
            Verify::HeaderSyntax => self.checked(header_check::syntax(world), world),
            Verify::HeaderNamesAscii => self.checked(header_check::names_are_ascii(world), world),
            Verify::NotBlind { case_insensitive } => {
                self.checked(header_check::not_blind(case_insensitive, world), world)
            }
            Verify::Helo => {
                *self.pending = Pending::Host { defer_ok: false };
                PartEnd::Wait(AclEffect::VerifyHelo)
            }
            Verify::ReverseHostLookup { defer_ok } => {
                *self.pending = Pending::Host { defer_ok };
                PartEnd::Wait(AclEffect::VerifyHostName)
            }
            // Nothing is verified before there is TLS.
            Verify::Certificate => PartEnd::False,
        }
    }

    /// A check of header lines: the complaint is for the log, and for the peer where Exim tells it.
    fn checked(&mut self, checked: Result<(), String>, world: &mut dyn AclWorld) -> PartEnd {
        let Err(complaint) = checked else { return PartEnd::True };
        let complaint = Value::tainted(complaint);
        world.set_variable(Variable::AclVerifyMessage, Some(complaint.clone()));
        self.texts.found_log = Some(complaint);
        PartEnd::False
    }

    fn address(&mut self, address: Value, role: VerifyRole, options: VerifyOptions, rest: Vec<Value>) -> PartEnd {
        let request = VerifyAddress { address, role, success_on_redirect: options.success_on_redirect };
        *self.pending = Pending::Address { request: request.clone(), options, rest };
        PartEnd::Wait(AclEffect::VerifyAddress(request))
    }

    fn resumed(&mut self, answer: AclEffectAnswer, world: &mut dyn AclWorld) -> PartEnd {
        let pending = std::mem::replace(self.pending, Pending::Nothing);
        match (pending, answer) {
            (Pending::Address { request, options, rest }, AclEffectAnswer::Verified(verified)) => {
                self.verified(request, options, rest, verified, world)
            }
            (Pending::Host { defer_ok }, AclEffectAnswer::Verified(verified)) => match verified.result {
                VerifyResult::Ok => PartEnd::True,
                VerifyResult::Defer if defer_ok => PartEnd::True,
                VerifyResult::Defer => PartEnd::Defer(verified.log_message.map(|t| t.to_lossy())),
                VerifyResult::Fail => {
                    self.texts.found = verified.user_message.or(self.texts.found.take());
                    self.texts.found_log = verified.log_message.or(self.texts.found_log.take());
                    PartEnd::False
                }
            },
            (Pending::Dns(run), answer) => self.dns(*run, Some(answer), world),
            _ => PartEnd::True,
        }
    }

    fn verified(
        &mut self,
        request: VerifyAddress,
        options: VerifyOptions,
        mut rest: Vec<Value>,
        verified: Verified,
        world: &mut dyn AclWorld,
    ) -> PartEnd {
        let failure = match request.role {
            VerifyRole::Recipient => Variable::RecipientVerifyFailure,
            VerifyRole::Sender | VerifyRole::AsSender => Variable::SenderVerifyFailure,
        };
        world.set_variable(failure, verified.failure.map(|word| Value::clean(word)));
        if verified.result == VerifyResult::Ok || (verified.result == VerifyResult::Defer && options.defer_ok) {
            if let Some(data) = verified.address_data {
                let variable = match request.role {
                    VerifyRole::Recipient => Variable::AddressData,
                    VerifyRole::Sender | VerifyRole::AsSender => Variable::SenderAddressData,
                };
                world.set_variable(variable, Some(data));
            }
            if rest.is_empty() {
                return PartEnd::True;
            }
            let next = rest.remove(0);
            return self.address(next, request.role, options, rest);
        }
        let temporary = verified.result == VerifyResult::Defer;
        match request.role {
            VerifyRole::Recipient => {
                self.texts.found.clone_from(&verified.user_message);
                self.texts.found_log = verified.log_message.or(verified.user_message);
            }
            VerifyRole::Sender | VerifyRole::AsSender => {
                let text = if temporary { "Could not complete sender verify" } else { "Sender verify failed" };
                self.texts.found = Some(Value::clean(text));
                self.texts.found_log = None;
                self.texts.failed_address = Some(FailedAddress {
                    role: request.role,
                    address: request.address,
                    user_message: verified.user_message,
                    no_details: options.no_details,
                });
            }
        }
        world.set_variable(Variable::AclVerifyMessage, self.texts.found.clone());
        if temporary { PartEnd::Defer(self.texts.found_log.as_ref().map(Value::to_lossy)) } else { PartEnd::False }
    }

    fn dns(&mut self, mut run: DnsListRun, answer: Option<AclEffectAnswer>, world: &mut dyn AclWorld) -> PartEnd {
        match run.go_on(answer, world) {
            DnsListStep::Ask(name, rtype) => {
                *self.pending = Pending::Dns(Box::new(run));
                PartEnd::Wait(AclEffect::Dns { name, rtype })
            }
            DnsListStep::Listed => PartEnd::True,
            DnsListStep::NotListed => PartEnd::False,
            DnsListStep::Defer(text) => PartEnd::Defer(Some(text)),
        }
    }
}

/// The value of a text; `None` for a forced failure.
fn value_of(text: &Expansion, world: &mut dyn AclWorld) -> Result<Option<Value>, PartEnd> {
    match text.eval(world) {
        Ok(value) => Ok(Some(value)),
        Err(EvalError::Forced { .. }) => Ok(None),
        Err(error) => Err(expansion_failed(text, &error)),
    }
}

fn with(text: &Expansion, world: &mut dyn AclWorld, then: impl FnOnce(Value, &mut dyn AclWorld)) -> PartEnd {
    match value_of(text, world) {
        Ok(Some(value)) => {
            then(value, world);
            PartEnd::True
        }
        Ok(None) => PartEnd::True,
        Err(end) => end,
    }
}

fn expansion_failed(text: &Expansion, error: &EvalError) -> PartEnd {
    let source = String::from_utf8_lossy(&text.source().bytes);
    let told = format!("failed to expand ACL string \"{source}\": {error}");
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

/// `condition`: Exim's idea of true and false.
fn condition(value: &Value) -> PartEnd {
    let text = trim(value.bytes());
    let all_digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match text.to_ascii_lowercase().as_slice() {
        b"" | b"no" | b"false" => PartEnd::False,
        b"yes" | b"true" => PartEnd::True,
        _ if all_digits => {
            if text.iter().any(|b| *b != b'0') { PartEnd::True } else { PartEnd::False }
        }
        _ => PartEnd::Error(format!("invalid \"condition\" value \"{}\"", String::from_utf8_lossy(value.bytes()))),
    }
}

/// Looks the condition's subject up with `find`, and keeps what the match found.
fn in_list(
    kind: Kind,
    world: &mut dyn AclWorld,
    find: impl FnOnce(Subject<'_>, &mut dyn ListEnv) -> Result<ListMatch, ListError>,
) -> PartEnd {
    let found = match kind {
        Kind::Hosts => {
            let address = fact(Variable::SenderHostAddress, world);
            let address: Option<IpAddr> = std::str::from_utf8(address.bytes()).ok().and_then(|a| a.parse().ok());
            find(Subject::Host(HostSubject { address, names: NamesFrom::SenderHost }), world)
        }
        _ => {
            let Some(subject) = subject(kind, world) else { return PartEnd::False };
            find(Subject::Value(&subject), world)
        }
    };
    let found = match found {
        Ok(found) => found,
        Err(error) if error.wrong => return PartEnd::Error(error.message),
        Err(error) => return PartEnd::Defer(Some(error.message)),
    };
    let data = match kind {
        Kind::Domains => Some(Variable::DomainData),
        Kind::LocalParts => Some(Variable::LocalPartData),
        Kind::Hosts => Some(Variable::HostData),
        Kind::Senders | Kind::SenderDomains => Some(Variable::SenderData),
        Kind::Recipients => Some(Variable::RecipientData),
        _ => None,
    };
    if let Some(variable) = data.filter(|_| found.matched) {
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
        Kind::Encrypted => Some(fact(Variable::TlsInCipher, world)).filter(|v| !v.is_empty()),
        _ => None,
    }
}

/// `logwrite`: the text, perhaps after `:main,reject,panic:`.
fn log_write(value: &Value, world: &mut dyn AclWorld) {
    let text = value.bytes();
    let named = text.strip_prefix(b":").and_then(|rest| {
        let end = rest.iter().position(|b| *b == b':')?;
        Some((LogTargets::parse(&rest[..end]).ok()?, mail_types::bytes::trim_start(&rest[end + 1..])))
    });
    let (targets, text) = named.unwrap_or((LogTargets::MAIN, text));
    world.log(targets, text);
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
        if let Some(rest) = line.strip_prefix(word) {
            return (place, mail_types::bytes::trim_start(rest));
        }
    }
    (HeaderPlace::AtEnd, line)
}

/// Whether a line begins with a header field's name and its colon.
fn is_header(line: &[u8]) -> bool {
    let name = line.iter().take_while(|b| b.is_ascii_graphic() && **b != b':').count();
    name > 0 && line.get(name) == Some(&b':')
}

impl LogTargets {
    /// Reads `main,reject,panic`, in any order and number.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let mut targets = Self::NONE;
        for word in text.split(|b| *b == b',').map(trim).filter(|w| !w.is_empty()) {
            match word {
                b"main" => targets.main = true,
                b"reject" => targets.reject = true,
                b"panic" => targets.panic = true,
                other => {
                    let other = String::from_utf8_lossy(other);
                    return Err(format!("unknown log name \"{other}\" in \"log_reject_target\" modifier"));
                }
            }
        }
        Ok(targets)
    }
}

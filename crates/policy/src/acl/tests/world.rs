//! A world for ACLs under test: facts from a table, what was done is written down.

use std::collections::BTreeMap;
use std::sync::Arc;

use expand::env::{AclAnswer, Files, NamedList};
use expand::lookup::{Lookup, LookupAnswer, LookupRequest, LookupWorld};
use expand::variable::AclScope;
use expand::{BareEnv, Env, EvalError, HeaderForm, ListKind, Scope, Settings, Variable};
use mail_types::clock::{Clock, Entropy};
use mail_types::dns::{Answer, DnsFailure, Record, RecordData, RecordType, Resolve};
use mail_types::value::Value;

use crate::acl::{
    AclEffect, AclEffectAnswer, AclWorld, AddedHeader, Control, HeaderLine, LogTargets, Verified,
    VerifyResult, VerifyRole,
};
use crate::list::ListEnv;

pub(super) struct World {
    pub(super) bare: BareEnv,
    /// What was done, in words.
    pub(super) done: Vec<String>,
    pub(super) headers: Vec<HeaderLine>,
    pub(super) recipients: Vec<Vec<u8>>,
    /// Answers to DNS questions: `name` or `name TXT`.
    pub(super) zone: BTreeMap<String, Result<&'static str, DnsFailure>>,
}

struct Data;

impl Lookup for Data {
    fn lookup(
        &self,
        request: &LookupRequest<'_>,
        _world: &mut LookupWorld<'_>,
    ) -> Result<LookupAnswer, EvalError> {
        Ok(match request.key.bytes() {
            b"my.dom" => LookupAnswer::Found { data: Value::clean("domdat"), captures: None },
            b"1.2.3.4" => LookupAnswer::Found { data: Value::clean("hostdat"), captures: None },
            _ => LookupAnswer::NotFound,
        })
    }

    fn quote(&self, _: &str, _: &[u8], _: Option<&[u8]>) -> Option<Vec<u8>> {
        None
    }
}

impl World {
    /// The RCPT command that the oracle was given: from s@my.dom at 1.2.3.4 to user@my.dom.
    pub(super) fn new() -> Self {
        let mut bare = BareEnv::new();
        for (variable, value) in [
            (Variable::SenderAddress, "s@my.dom"),
            (Variable::SenderAddressDomain, "my.dom"),
            (Variable::LocalPart, "user"),
            (Variable::Domain, "my.dom"),
            (Variable::SenderHostAddress, "1.2.3.4"),
            (Variable::PrimaryHostname, "my.host"),
        ] {
            bare.variables.insert(variable, Value::tainted(value));
        }
        bare.lookups = Some(Arc::new(Data));
        Self {
            bare,
            done: Vec::new(),
            headers: Vec::new(),
            recipients: vec![b"user@my.dom".to_vec()],
            zone: BTreeMap::new(),
        }
    }

    pub(super) fn fact(&mut self, variable: Variable, value: &str) {
        self.bare.variables.insert(variable, Value::tainted(value));
    }

    fn verify(address: &[u8], role: VerifyRole) -> Verified {
        let (result, text) = match address {
            b"user@my.dom" | b"user2@my.dom" => (VerifyResult::Ok, None),
            b"failer@my.dom" => (VerifyResult::Fail, Some("gone away")),
            b"deferrer@my.dom" => (VerifyResult::Defer, Some("not now")),
            _ => (VerifyResult::Fail, Some("Unrouteable address")),
        };
        let failure = (result != VerifyResult::Ok).then_some("route");
        let address_data = (role == VerifyRole::Recipient).then(|| Value::clean("data"));
        Verified { result, user_message: text.map(Value::clean), log_message: None, address_data, failure }
    }

    fn ask(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        let name = String::from_utf8_lossy(name).into_owned();
        let key = if rtype == RecordType::Txt { format!("{name} TXT") } else { name };
        let values = self.zone.get(&key).cloned().unwrap_or(Err(DnsFailure::NxDomain))?;
        let record = |value: &str| Record {
            name: Vec::new(),
            rtype,
            ttl: 60,
            data: match rtype {
                RecordType::Txt => RecordData::Txt(vec![value.as_bytes().to_vec()]),
                _ => RecordData::A(value.parse().unwrap()),
            },
        };
        let records = match rtype {
            RecordType::Txt => vec![record(values)],
            _ => values.split(' ').map(record).collect(),
        };
        Ok(Answer { records, ..Answer::default() })
    }
}

impl Env for World {
    fn scope(&mut self) -> &mut Scope {
        self.bare.scope()
    }

    fn settings(&self) -> &Settings {
        self.bare.settings()
    }

    fn variable(&mut self, variable: Variable) -> Result<Option<Value>, EvalError> {
        self.bare.variable(variable)
    }

    fn acl_variable(&mut self, scope: AclScope, name: &[u8]) -> Option<Value> {
        self.bare.acl_variable(scope, name)
    }

    fn router_variable(&mut self, name: &[u8]) -> Option<Value> {
        self.bare.router_variable(name)
    }

    fn header(&mut self, name: &[u8], form: HeaderForm) -> Result<Option<Value>, EvalError> {
        self.bare.header(name, form)
    }

    fn match_list(&mut self, kind: ListKind, subject: &Value, list: &Value) -> Result<bool, EvalError> {
        self.bare.match_list(kind, subject, list)
    }

    fn named_list(&mut self, kind: Option<ListKind>, name: &[u8]) -> Option<NamedList> {
        self.bare.named_list(kind, name)
    }

    fn lookup(&mut self, request: &LookupRequest<'_>) -> Result<LookupAnswer, EvalError> {
        self.bare.lookup(request)
    }

    fn quote_lookup(&mut self, kind: &str, text: &[u8], options: Option<&[u8]>) -> Option<Vec<u8>> {
        self.bare.quote_lookup(kind, text, options)
    }

    fn acl(&mut self, name: &Value, arguments: &[Value]) -> Result<AclAnswer, EvalError> {
        self.bare.acl(name, arguments)
    }

    fn first_delivery(&self) -> bool {
        self.bare.first_delivery()
    }

    fn queue_running(&self) -> bool {
        self.bare.queue_running()
    }

    fn clock(&self) -> &dyn Clock {
        self.bare.clock()
    }

    fn entropy(&self) -> &dyn Entropy {
        self.bare.entropy()
    }

    fn resolver(&self) -> Option<&dyn Resolve> {
        None
    }

    fn files(&mut self) -> &mut dyn Files {
        self.bare.files()
    }
}

impl ListEnv for World {
    fn local_addresses(&mut self) -> Vec<std::net::IpAddr> {
        Vec::new()
    }
}

impl AclWorld for World {
    fn set_acl_variable(&mut self, scope: AclScope, name: &[u8], value: Value) {
        self.bare.acl_variables.insert((scope, name.to_vec()), value);
    }

    fn set_variable(&mut self, variable: Variable, value: Option<Value>) {
        match value {
            Some(value) => self.bare.variables.insert(variable, value),
            None => self.bare.variables.remove(&variable),
        };
    }

    fn add_header(&mut self, header: AddedHeader) {
        self.done.push(format!("add {:?} {}", header.place, header.text.to_lossy().trim_end()));
    }

    fn remove_header(&mut self, name: Value) {
        self.done.push(format!("remove {}", name.to_lossy()));
    }

    fn control(&mut self, control: &Control) -> Result<(), String> {
        self.done.push(format!("control {control:?}"));
        Ok(())
    }

    fn set_queue(&mut self, name: Value) {
        self.done.push(format!("queue {}", name.to_lossy()));
    }

    fn log(&mut self, targets: LogTargets, text: &[u8]) {
        let mut to = Vec::new();
        for (on, name) in [(targets.main, "main"), (targets.reject, "reject"), (targets.panic, "panic")] {
            if on {
                to.push(name);
            }
        }
        self.done.push(format!("{}: {}", to.join("+"), String::from_utf8_lossy(text)));
    }

    fn log_warning(&mut self, text: &[u8]) {
        self.done.push(format!("warning: {}", String::from_utf8_lossy(text)));
    }

    fn log_skipped_warning(&mut self, text: &[u8]) {
        self.done.push(format!("skipped: {}", String::from_utf8_lossy(text)));
    }

    fn header_lines(&mut self) -> Vec<HeaderLine> {
        self.headers.clone()
    }

    fn recipients(&mut self) -> Vec<Vec<u8>> {
        self.recipients.clone()
    }

    fn unqualified_allowed(&mut self) -> (bool, bool) {
        (false, false)
    }

    fn perform(&mut self, effect: &AclEffect) -> AclEffectAnswer {
        match effect {
            AclEffect::Delay(time) => {
                self.done.push(format!("delay {}", time.as_secs()));
                AclEffectAnswer::Done
            }
            AclEffect::Dns { name, rtype } => {
                self.done.push(format!("ask {} {rtype}", String::from_utf8_lossy(name)));
                AclEffectAnswer::Dns(self.ask(name, *rtype))
            }
            AclEffect::VerifyAddress(request) => {
                AclEffectAnswer::Verified(Self::verify(request.address.bytes(), request.role))
            }
            AclEffect::CheckDmarc => AclEffectAnswer::Result("quarantine"),
            AclEffect::CheckSpf { guess } => {
                self.done.push(if *guess { "guess".into() } else { "spf".into() });
                AclEffectAnswer::Result(if *guess { "neutral" } else { "softfail" })
            }
            AclEffect::VerifyArc => AclEffectAnswer::Result("pass"),
            AclEffect::VerifyCsa(_) => AclEffectAnswer::Verified(Verified::default()),
            AclEffect::VerifyHelo => {
                AclEffectAnswer::Verified(Verified { result: VerifyResult::Fail, ..Verified::default() })
            }
            AclEffect::VerifyHostName => AclEffectAnswer::Verified(Verified {
                result: VerifyResult::Fail,
                log_message: Some(Value::clean(NO_NAME)),
                ..Verified::default()
            }),
        }
    }
}

/// What the log is told when the client has no name.
pub(super) const NO_NAME: &str =
    "host lookup failed for reverse lookup check (failed to find host name from IP address)";

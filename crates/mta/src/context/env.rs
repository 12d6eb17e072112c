//! What expansions ask.

use std::sync::Arc;

use expand::env::{AclAnswer, Files, NamedList, PerlReply, PerlSay};
use expand::lookup::{LookupAnswer, LookupRequest, LookupStyle, LookupWorld};
use expand::variable::{AclScope, Variable};
use expand::{Env, EvalError, HeaderForm, ListKind, Scope, Settings};
use mail_types::clock::{Clock, Entropy};
use mail_types::dns::Resolve;
use mail_types::value::Value;
use policy::acl::{AclOutcome, AclPlace, AclRun};
use policy::list::{HostSubject, MatchOptions, NamesFrom, Subject};

use super::{Context, ahead, header, variable};
use crate::services::waiting;

impl Env for Context {
    fn scope(&mut self) -> &mut Scope {
        &mut self.scope
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn variable(&mut self, variable: Variable) -> Result<Option<Value>, EvalError> {
        variable::value(self, variable)
    }

    fn acl_variable(&mut self, scope: AclScope, name: &[u8]) -> Option<Value> {
        match scope {
            AclScope::Connection => self.facts.connection.acl_c.get(name).cloned(),
            AclScope::Message => self.facts.message.acl_m.get(name).cloned(),
        }
    }

    fn router_variable(&mut self, name: &[u8]) -> Option<Value> {
        self.facts.address.router_variables.get(name).cloned()
    }

    fn header(&mut self, name: &[u8], form: HeaderForm) -> Result<Option<Value>, EvalError> {
        Ok(header::named(self, name, form))
    }

    fn match_list(&mut self, kind: ListKind, subject: &Value, list: &Value) -> Result<bool, EvalError> {
        let lists = self.config.lists.clone();
        // Of a host only the address is known here (`match_ip`).
        let wanted = match kind {
            ListKind::Host => {
                let address = std::str::from_utf8(subject.bytes()).ok().and_then(|text| text.parse().ok());
                Subject::Host(HostSubject { address, names: NamesFrom::Nowhere })
            }
            _ => Subject::Value(subject),
        };
        let found = lists.match_text(kind, wanted, list, MatchOptions::default(), self)?;
        if found.matched || found.value.is_some() {
            self.scope.value = found.value;
        }
        Ok(found.matched)
    }

    fn named_list(&mut self, kind: Option<ListKind>, name: &[u8]) -> Option<NamedList> {
        const ORDER: [ListKind; 4] =
            [ListKind::Address, ListKind::Domain, ListKind::Host, ListKind::LocalPart];
        let only = kind.map(|kind| [kind]);
        let kinds = only.as_ref().map_or(&ORDER[..], |kind| &kind[..]);
        kinds.iter().find_map(|&kind| {
            let found = self.config.lists.find(kind, name)?;
            Some(NamedList { text: Value::clean(&*found.text.bytes), kind })
        })
    }

    fn lookup(&mut self, request: &LookupRequest<'_>) -> Result<LookupAnswer, EvalError> {
        // A query may be a statement that changes a database.
        if request.spec.style == LookupStyle::Query && !self.effect() {
            return Err(ahead::refused());
        }
        let services = Arc::clone(&self.services);
        let resolver = Arc::clone(self.blocking_dns());
        let mut world = LookupWorld {
            settings: &self.settings.lookups,
            resolver: Some(resolver.as_ref()),
            clock: services.clock.as_ref(),
            state: &mut self.lookup_state,
        };
        let answer = waiting(|| services.lookups.lookup(request, &mut world));
        for complaint in self.lookup_state.complaints.drain(..) {
            services.log.problem(None, complaint);
        }
        if request.spec.kind == "dnsdb" {
            self.facts.host.lookup_dnssec_authenticated = self.lookup_state.dnssec_authenticated;
        }
        self.tell_failed_lookups();
        answer
    }

    fn quote_lookup(&mut self, kind: &str, text: &[u8], options: Option<&[u8]>) -> Option<Vec<u8>> {
        self.services.lookups.quote(kind, text, options)
    }

    fn acl(&mut self, name: &Value, arguments: &[Value]) -> Result<AclAnswer, EvalError> {
        if !self.effect() {
            return Err(ahead::refused());
        }
        Ok(call_acl(self, name, arguments))
    }

    fn perl(&mut self, say: PerlSay) -> Result<PerlReply, EvalError> {
        if !self.effect() {
            return Err(ahead::refused());
        }
        waiting(|| super::perl::step(self, &say))
    }

    fn certificate(&mut self, variable: Variable) -> Option<Vec<u8>> {
        variable::certificate(self, variable)
    }

    fn certificate_field(&mut self, variable: Variable, field: &Value) -> Result<Option<Value>, EvalError> {
        let Some(der) = variable::certificate(self, variable) else { return Ok(None) };
        let found = tls::certificate::field(&der, field.bytes(), &self.zone).map_err(EvalError::failed)?;
        Ok(found.map(Value::tainted))
    }

    fn authentication_results(&mut self, server: &[u8]) -> Vec<u8> {
        sender_auth::authres::field(server, &self.method_results())
    }

    fn first_delivery(&self) -> bool {
        self.first_delivery
    }

    fn queue_running(&self) -> bool {
        self.queue_running
    }

    fn clock(&self) -> &dyn Clock {
        self.services.clock.as_ref()
    }

    fn entropy(&self) -> &dyn Entropy {
        self.services.entropy.as_ref()
    }

    fn resolver(&self) -> Option<&dyn Resolve> {
        Some(self.blocking_dns().as_ref())
    }

    fn resolver_was_asked(&mut self) {
        self.tell_failed_lookups();
    }

    fn at_length(&mut self, work: &mut dyn FnMut()) {
        waiting(work);
    }

    fn files(&mut self) -> &mut dyn Files {
        if self.effect() { &mut self.files } else { &mut self.no_files }
    }
}

/// `${acl{…}}` and the condition `acl`: run a named ACL to its end, here and now.
fn call_acl(context: &mut Context, name: &Value, arguments: &[Value]) -> AclAnswer {
    let place = context.wishes.place.unwrap_or(AclPlace::Delivery);
    let set = Arc::clone(&context.config.acls);
    let verdict = AclRun::of_text(&set, place, name.clone(), arguments.to_vec()).run(context);
    match verdict.outcome {
        AclOutcome::Accept => AclAnswer::Accept(verdict.user_message),
        AclOutcome::Deny => AclAnswer::Deny(verdict.user_message),
        AclOutcome::Defer => AclAnswer::Defer,
        AclOutcome::Discard => AclAnswer::Discard,
        AclOutcome::Drop => AclAnswer::Drop,
        AclOutcome::Error => AclAnswer::Error,
    }
}

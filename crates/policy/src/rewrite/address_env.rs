//! A world in which two variables have values of their own: `$local_part` and `$domain` of the address that is being
//! rewritten.

use expand::env::{AclAnswer, Files, NamedList, PerlReply, PerlSay};
use expand::lookup::{LookupAnswer, LookupRequest};
use expand::variable::AclScope;
use expand::{Env, EvalError, HeaderForm, ListKind, Scope, Settings, Variable};
use mail_types::clock::{Clock, Entropy};
use mail_types::dns::Resolve;
use mail_types::value::Value;

use crate::list::ListEnv;

/// The world with some variables changed.
pub(super) struct AddressEnv<'a> {
    inner: &'a mut dyn ListEnv,
    variables: [(Variable, Value); 2],
}

impl<'a> AddressEnv<'a> {
    pub(super) fn new(inner: &'a mut dyn ListEnv, variables: [(Variable, Value); 2]) -> Self {
        Self { inner, variables }
    }
}

impl Env for AddressEnv<'_> {
    fn scope(&mut self) -> &mut Scope {
        self.inner.scope()
    }

    fn settings(&self) -> &Settings {
        self.inner.settings()
    }

    fn variable(&mut self, variable: Variable) -> Result<Option<Value>, EvalError> {
        match self.variables.iter().find(|(changed, _)| *changed == variable) {
            Some((_, value)) => Ok(Some(value.clone())),
            None => self.inner.variable(variable),
        }
    }

    fn acl_variable(&mut self, scope: AclScope, name: &[u8]) -> Option<Value> {
        self.inner.acl_variable(scope, name)
    }

    fn router_variable(&mut self, name: &[u8]) -> Option<Value> {
        self.inner.router_variable(name)
    }

    fn header(&mut self, name: &[u8], form: HeaderForm) -> Result<Option<Value>, EvalError> {
        self.inner.header(name, form)
    }

    fn match_list(&mut self, kind: ListKind, subject: &Value, list: &Value) -> Result<bool, EvalError> {
        self.inner.match_list(kind, subject, list)
    }

    fn named_list(&mut self, kind: Option<ListKind>, name: &[u8]) -> Option<NamedList> {
        self.inner.named_list(kind, name)
    }

    fn lookup(&mut self, request: &LookupRequest<'_>) -> Result<LookupAnswer, EvalError> {
        self.inner.lookup(request)
    }

    fn quote_lookup(&mut self, kind: &str, text: &[u8], options: Option<&[u8]>) -> Option<Vec<u8>> {
        self.inner.quote_lookup(kind, text, options)
    }

    fn acl(&mut self, name: &Value, arguments: &[Value]) -> Result<AclAnswer, EvalError> {
        self.inner.acl(name, arguments)
    }

    fn perl(&mut self, say: PerlSay) -> Result<PerlReply, EvalError> {
        self.inner.perl(say)
    }

    fn certificate_field(&mut self, variable: Variable, field: &Value) -> Result<Option<Value>, EvalError> {
        self.inner.certificate_field(variable, field)
    }

    fn certificate(&mut self, variable: Variable) -> Option<Vec<u8>> {
        self.inner.certificate(variable)
    }

    fn first_delivery(&self) -> bool {
        self.inner.first_delivery()
    }

    fn queue_running(&self) -> bool {
        self.inner.queue_running()
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }

    fn entropy(&self) -> &dyn Entropy {
        self.inner.entropy()
    }

    fn resolver(&self) -> Option<&dyn Resolve> {
        self.inner.resolver()
    }

    fn resolver_was_asked(&mut self) {
        self.inner.resolver_was_asked();
    }

    fn files(&mut self) -> &mut dyn Files {
        self.inner.files()
    }
}

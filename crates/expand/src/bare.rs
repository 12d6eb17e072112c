//! An [`Env`] without a message and without a connection, for `-be`, for constants and for tests.
//!
//! # Invariants
//! * Whatever it was not given is unset: variables are empty, lists do not match, lookups and ACLs fail with a text.

use std::collections::BTreeMap;
use std::sync::Arc;

use mail_types::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use mail_types::dns::Resolve;
use mail_types::value::Value;

use crate::env::{AclAnswer, Env, Files, HeaderForm, ListKind, NamedList};
use crate::lookup::{Lookup, LookupAnswer, LookupRequest, LookupState, LookupWorld};
use crate::system::{SystemFiles, process_environment};
use crate::variable::{AclScope, Variable};
use crate::{EvalError, Scope, Settings};

/// Decides `match_domain` and its like; implemented on top of the list engine.
pub trait MatchList: Send + Sync {
    /// Whether the subject is in the list, whose text is already expanded.
    fn match_list(
        &self,
        kind: ListKind,
        subject: &Value,
        list: &Value,
        env: &mut dyn Env,
    ) -> Result<bool, EvalError>;
}

/// The environment; fields are set by whoever makes one.
pub struct BareEnv {
    /// Captures, `$item`, `$value` ...
    pub scope: Scope,
    /// Options.
    pub settings: Settings,
    /// Values of fixed variables.
    pub variables: BTreeMap<Variable, Value>,
    /// Values of `$acl_c...` and `$acl_m...`.
    pub acl_variables: BTreeMap<(AclScope, Vec<u8>), Value>,
    /// Values of `$r_...`.
    pub router_variables: BTreeMap<Vec<u8>, Value>,
    /// Named lists.
    pub named_lists: BTreeMap<(ListKind, Vec<u8>), NamedList>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// DNS.
    pub resolver: Option<Arc<dyn Resolve>>,
    /// Files and commands.
    pub files: Box<dyn Files + Send>,
    /// Lookups.
    pub lookups: Option<Arc<dyn Lookup>>,
    /// What lookups left behind.
    pub lookup_state: LookupState,
    /// Lists.
    pub lists: Option<Arc<dyn MatchList>>,
}

impl BareEnv {
    /// An environment with the system's clock, randomness, files and environment variables and nothing else.
    pub fn new() -> Self {
        Self {
            scope: Scope::default(),
            settings: Settings::default(),
            variables: BTreeMap::new(),
            acl_variables: BTreeMap::new(),
            router_variables: BTreeMap::new(),
            named_lists: BTreeMap::new(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            resolver: None,
            files: Box::new(SystemFiles::new(Arc::new(process_environment()))),
            lookups: None,
            lookup_state: LookupState::default(),
            lists: None,
        }
    }
}

impl Default for BareEnv {
    fn default() -> Self {
        Self::new()
    }
}

impl Env for BareEnv {
    fn scope(&mut self) -> &mut Scope {
        &mut self.scope
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn variable(&mut self, variable: Variable) -> Result<Option<Value>, EvalError> {
        Ok(self.variables.get(&variable).cloned())
    }

    fn acl_variable(&mut self, scope: AclScope, name: &[u8]) -> Option<Value> {
        self.acl_variables.get(&(scope, name.to_vec())).cloned()
    }

    fn router_variable(&mut self, name: &[u8]) -> Option<Value> {
        self.router_variables.get(name).cloned()
    }

    fn header(&mut self, _name: &[u8], _form: HeaderForm) -> Result<Option<Value>, EvalError> {
        Ok(None)
    }

    fn match_list(&mut self, kind: ListKind, subject: &Value, list: &Value) -> Result<bool, EvalError> {
        match self.lists.clone() {
            Some(lists) => lists.match_list(kind, subject, list, self),
            None => Err(EvalError::failed("no list matching is available here")),
        }
    }

    fn named_list(&mut self, kind: Option<ListKind>, name: &[u8]) -> Option<NamedList> {
        const ORDER: [ListKind; 4] =
            [ListKind::Address, ListKind::Domain, ListKind::Host, ListKind::LocalPart];
        let kinds = kind.map_or(ORDER.to_vec(), |kind| vec![kind]);
        kinds.into_iter().find_map(|kind| self.named_lists.get(&(kind, name.to_vec())).cloned())
    }

    fn lookup(&mut self, request: &LookupRequest<'_>) -> Result<LookupAnswer, EvalError> {
        match self.lookups.clone() {
            Some(lookups) => {
                let mut world = LookupWorld {
                    settings: &self.settings.lookups,
                    resolver: self.resolver.as_deref(),
                    clock: self.clock.as_ref(),
                    state: &mut self.lookup_state,
                };
                lookups.lookup(request, &mut world)
            }
            None => {
                Err(EvalError::failed(format!("lookup of type {} is not available here", request.spec.kind)))
            }
        }
    }

    fn quote_lookup(&mut self, kind: &str, text: &[u8], options: Option<&[u8]>) -> Option<Vec<u8>> {
        self.lookups.as_ref().and_then(|lookups| lookups.quote(kind, text, options))
    }

    fn acl(&mut self, _name: &Value, _arguments: &[Value]) -> Result<AclAnswer, EvalError> {
        Ok(AclAnswer::Error)
    }

    fn first_delivery(&self) -> bool {
        false
    }

    fn queue_running(&self) -> bool {
        false
    }

    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    fn resolver(&self) -> Option<&dyn Resolve> {
        self.resolver.as_deref()
    }

    fn files(&mut self) -> &mut dyn Files {
        self.files.as_mut()
    }
}

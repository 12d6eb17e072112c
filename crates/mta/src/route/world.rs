//! What the routers use of the world: expansions and lists, DNS, the password file, files as a user.
//!
//! Expansions and lists that cannot wait run where they are. Those that may wait run under a permit of a capped pool,
//! so that a slow database holds up as many routings as the pool allows and no more.
//!
//! # Invariants
//! * The facts of the address in the context are those of the address being routed, from `begin` to the end.
//!
//! # Failure
//! Something that cannot be asked is a temporary failure of the address.

use std::sync::Arc;

use config::options::kind::Domains;
use config::options::main;
use config::{Config, Opt, RouterInstance};
use expand::{EvalError, Expansion};
use mail_types::bytes::Printable;
use mail_types::dns::{Answer, DnsFailure, QueryOptions, RecordType};
use mail_types::value::Value;
use policy::list::{List, ListError, ListMatch, MatchOptions, Subject};

use super::RouteMode;

use super::outcome::{HeaderRewrite, RouteDeferral, RouteLog, SyntaxErrorNotice};
use crate::context::Context;
use crate::services::{Services, accounts};

/// The world of one routing.
pub(crate) struct World<'a> {
    pub(crate) context: &'a mut Context,
    pub(crate) mode: RouteMode,
    pub(crate) log: Vec<RouteLog>,
    pub(crate) rewrites: Vec<HeaderRewrite>,
    pub(crate) notices: Vec<SyntaxErrorNotice>,
}

impl<'a> World<'a> {
    pub(crate) fn new(context: &'a mut Context, mode: RouteMode) -> Self {
        Self { context, mode, log: Vec::new(), rewrites: Vec::new(), notices: Vec::new() }
    }

    /// The configuration of this piece of work.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.context.config)
    }

    /// What all stages share.
    pub(crate) fn services(&self) -> Arc<Services> {
        Arc::clone(&self.context.services)
    }

    /// A line for the main log.
    pub(crate) fn log(&mut self, text: impl Into<Vec<u8>>) {
        self.log.push(RouteLog { text: text.into(), panic: false });
    }

    /// A line for the main log and the panic log.
    pub(crate) fn log_panic(&mut self, text: impl Into<Vec<u8>>) {
        self.log.push(RouteLog { text: text.into(), panic: true });
    }

    /// Expands a text.
    pub(crate) async fn expand(&mut self, text: &Expansion) -> Result<Value, EvalError> {
        if let Some(constant) = text.constant() {
            return Ok(Value::clean(constant));
        }
        if !text.may_block() {
            return text.eval(self.context);
        }
        self.on_pool(|context| text.eval(context))
            .await
            .unwrap_or_else(|| Err(EvalError::defer("shutting down")))
    }

    /// Looks for a text in a list.
    pub(crate) async fn find(
        &mut self,
        list: &List,
        subject: &[u8],
        options: MatchOptions,
    ) -> Result<ListMatch, ListError> {
        if !list.may_block() {
            return list.matches_with(Subject::Text(subject), options, self.context);
        }
        self.on_pool(|context| list.matches_with(Subject::Text(subject), options, context))
            .await
            .unwrap_or_else(|| Err(ListError::defer("shutting down")))
    }

    /// Whether a domain is in the list of a router's option; false when it is unset, or no DNS server answered about an item.
    /// A list that can't tell otherwise makes the address wait.
    pub(crate) async fn option_has(
        &mut self,
        router: &RouterInstance,
        option: Opt<Domains>,
        domain: &[u8],
    ) -> Result<bool, RouteDeferral> {
        let Some(list) = router.options.get(option) else { return Ok(false) };
        match self.find(list, domain, MatchOptions::default()).await {
            Ok(found) => Ok(found.matched),
            Err(error) if error.unanswered => Ok(false),
            Err(error) => {
                let (name, option) = (&router.name, option.definition().name);
                self.log_panic(format!("failed to check \"{option}\" in {name} router: {error}"));
                Err(RouteDeferral::by(router, format!("{option} check lookup or other defer")))
            }
        }
    }

    /// Whether a domain is in the list of a main option that says how names are looked up. A list that can't tell has no say,
    /// and the panic log tells why.
    pub(crate) async fn main_has(&mut self, option: Opt<Domains>, domain: &[u8]) -> bool {
        let config = self.config();
        let Some(list) = config.main.get(option) else { return false };
        match self.find(list, domain, MatchOptions::default()).await {
            Ok(found) => found.matched,
            Err(error) => {
                if !error.unanswered {
                    self.log_panic(format!("failed to check \"{}\": {error}", option.definition().name));
                }
                false
            }
        }
    }

    /// Runs a job with the context where it may block.
    pub(crate) async fn on_pool<T, F>(&mut self, job: F) -> Option<T>
    where
        F: FnOnce(&mut Context) -> T,
    {
        self.context.on_pool(job).await
    }

    /// Asks the DNS; `dns_again_means_nonexist` turns temporary failures of a domain into "no such name".
    pub(crate) async fn query(
        &mut self,
        name: &[u8],
        rtype: RecordType,
        dnssec: bool,
    ) -> Result<Answer, DnsFailure> {
        let options = QueryOptions { dnssec, timed_by_caller: true, ..QueryOptions::default() };
        let began = self.services().clock.now();
        let answer = self.context.dns().query_with(name, rtype, &options).await;
        let shown = Printable::new(name);
        let limit = u128::try_from(self.config().main.get(main::SLOW_LOOKUP_LOG)).unwrap_or(0);
        let took = self.services().clock.now().since(began).as_millis();
        if limit > 0 && took > limit {
            self.log(format!("Long {rtype} lookup for '{shown}': {took} msec"));
        }
        match &answer {
            Err(DnsFailure::AliasLoop) => self.log(format!("CNAME loop for {shown} encountered")),
            Err(DnsFailure::Bogus(reason)) => {
                self.log(format!("DNSSEC validation failed for {shown} {rtype}: {reason}"));
            }
            _ => {}
        }
        self.context.tell_failed_lookups();
        match answer {
            Err(failure) if failure.is_temporary() => {
                let ends = Box::pin(self.main_has(main::DNS_AGAIN_MEANS_NONEXIST, name)).await;
                Err(if ends { DnsFailure::NxDomain } else { failure })
            }
            answer => answer,
        }
    }

    /// The account of a login name.
    pub(crate) async fn account(&mut self, name: &[u8]) -> Result<Option<accounts::Account>, String> {
        let name = name.to_vec();
        let finder = accounts::Finder::of(&self.config());
        self.blocking_file_job(move || finder.user(&name)).await
    }

    /// The number of a group.
    pub(crate) async fn group(&mut self, name: &[u8]) -> Result<Option<u32>, String> {
        let name = name.to_vec();
        let finder = accounts::Finder::of(&self.config());
        self.blocking_file_job(move || finder.group(&name)).await
    }

    async fn blocking_file_job<T>(&self, job: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        let services = self.services();
        services.pools.files.in_place(job).await.unwrap_or_else(|_| Err("shutting down".to_owned()))
    }
}

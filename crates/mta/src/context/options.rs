//! Reading options that need a context: lists that are matched, texts that are expanded.

use std::sync::Arc;

use config::Opt;
use config::options::kind::{Hosts, OptionType, Text};
use config::options::main;
use expand::{EvalError, Expansion};
use mail_types::trace;
use mail_types::value::Value;
use observe::Selector;
use policy::list::{List, ListError, Subject};

use super::Context;
use super::host_name::LookupOrder;

/// Shows what a driver's `debug_print` came to, or why it came to nothing.
pub(crate) fn debug_print(text: &Expansion, expanded: Result<Value, EvalError>) {
    match expanded {
        Ok(value) => {
            let shown = value.to_lossy();
            trace!(DebugPrint, "{}", shown.strip_suffix('\n').unwrap_or(&shown));
        }
        Err(error) => {
            let source = String::from_utf8_lossy(&text.source().bytes);
            trace!(DebugPrint, "failed to expand debug_output \"{source}\": {error}");
        }
    }
}

impl Context {
    /// `debug_print` of a transport that is about to run.
    pub(crate) async fn transport_debug_print(&mut self, name: &str) {
        if !trace::on(trace::Category::DebugPrint) {
            return;
        }
        let config = Arc::clone(&self.config);
        let Some(text) = config
            .transport(name)
            .and_then(|transport| transport.options.get(config::options::transport::generic::DEBUG_PRINT))
        else {
            return;
        };
        if let Some(expanded) = self.on_pool(|context| text.eval(context)).await {
            debug_print(text, expanded);
        }
    }

    /// Whether a subject is in a list option of the main section; an unset option matches nothing.
    pub fn matches_option<T>(&mut self, option: Opt<T>, subject: Subject<'_>) -> Result<bool, ListError>
    where
        T: for<'a> OptionType<Ref<'a> = Option<&'a List>>,
    {
        let config = Arc::clone(&self.config);
        let name = option.definition().name;
        match config.main.get(option) {
            Some(list) => {
                let found = list.matches(subject, self);
                policy::list::tell(subject, name, &list.source().bytes, &found);
                Ok(found?.matched)
            }
            None => {
                trace!(Lists, "{} in {name}? no (option unset)", subject.told());
                Ok(false)
            }
        }
    }

    /// Whether the connected host is in a host list option.
    pub fn sender_host_in(&mut self, option: Opt<Hosts>) -> Result<bool, ListError> {
        let subject = Subject::sender_host(self.facts.connection.sender_host_address);
        self.matches_option(option, subject)
    }

    /// The expanded value of a text option; none when it is unset or was forced to fail.
    pub fn expanded(&mut self, option: Opt<Text>) -> Result<Option<Value>, EvalError> {
        let config = Arc::clone(&self.config);
        match config.main.get(option) {
            Some(expansion) => self.eval(expansion),
            None => Ok(None),
        }
    }

    /// Expands; a forced failure is none.
    pub fn eval(&mut self, expansion: &Expansion) -> Result<Option<Value>, EvalError> {
        match expansion.eval(self) {
            Ok(value) => Ok(Some(value)),
            Err(EvalError::Forced { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Run something that may wait for files, name services or the network, under a permit of the pool for lookups.
    /// What waits there lets the runtime go on by itself; for work that is long in other ways there is
    /// [`crate::services::waiting`]. None when the program is shutting down.
    pub async fn on_pool<T>(&mut self, job: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let pool = self.services.pools.lookups.clone();
        pool.in_place(|| job(self)).await.ok()
    }

    /// Whether a log selector is on.
    pub fn logs(&self, selector: Selector) -> bool {
        self.services.log.has(selector)
    }

    /// Whether texts about the client show its port.
    pub fn log_ports(&self) -> bool {
        self.logs(Selector::IncomingPort)
    }

    /// `host_lookup_order`.
    pub fn host_lookup_order(&self) -> Vec<LookupOrder> {
        LookupOrder::parse(self.config.main.get(main::HOST_LOOKUP_ORDER))
    }
}

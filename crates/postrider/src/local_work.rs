//! What `as-user` and `local` children do: the flow's own code, in a process without a runtime.
//!
//! # Invariants
//! * The configuration is the parent's copy.
//! * Nothing here opens the spool, the logs or the hints: the child may not, and has no need to.

use std::fs::File;
use std::sync::Arc;

use config::Config;
use mta::context::Context;
use mta::context::facts::Facts;
use mta::deliver::{authorise, look};
use mta::services::Services;
use mta::services::local_agent::{AsUserReply, AsUserRequest, LocalReply, LocalRequest, RunAs};
use privsep::child::Work;

/// Work by one configuration.
pub(crate) struct LocalWork {
    config: Arc<Config>,
    services: Arc<Services>,
}

impl LocalWork {
    /// Work by `config`.
    pub(crate) fn new(config: Arc<Config>) -> Self {
        let services = crate::assembly::bare_services(&config);
        let work = Self { config, services };
        // What is read once for a process, like time zones, the parent has read before it forks.
        drop(work.context(Facts::default()));
        work
    }

    fn context(&self, facts: Facts) -> Context {
        Context::with_config(facts, Arc::clone(&self.config), Arc::clone(&self.services))
    }
}

impl Work for LocalWork {
    fn authorise(&self, request: &LocalRequest) -> Result<RunAs, String> {
        let mut facts = request.facts.clone();
        if let Some(first) = request.addresses.first() {
            facts.address = first.clone();
        }
        authorise(request, &self.config, &mut self.context(facts)).map_err(|refusal| refusal.to_string())
    }

    fn deliver(&self, request: LocalRequest, data: File) -> LocalReply {
        let mut context = self.context(request.facts.clone());
        mta::transport::local::run(&request, &mut context, &data)
    }

    fn read(&self, request: &AsUserRequest) -> AsUserReply {
        look(&request.what)
    }
}

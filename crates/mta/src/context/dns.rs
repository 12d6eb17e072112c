//! The DNS as a piece of work asks it, and the event `dns:fail`.
//!
//! # Invariants
//! * Where no `event_action` is set the shared resolver is asked, and nothing is written down.
//! * A lookup that failed is told of once, soon after it: when whoever asked has what he asked for.
//!
//! # Compatibility
//! Specification, chapter "Events": reason, name and type are `$event_data`. Debian's Exim is older than this event.

use std::sync::Arc;

use config::Config;
use config::options::transport::generic;
use mail_types::dns::{FailedLookups, Resolve};

use super::Context;
use super::event::{Happened, main_listens};
use crate::services::Services;

/// Resolvers that write down what fails.
pub(super) struct Noting {
    failed: Arc<FailedLookups>,
    resolver: Arc<dns::Resolver>,
    blocking: Option<Arc<dyn Resolve>>,
}

/// Resolvers for a new piece of work, where somebody listens.
pub(super) fn noting(config: &Config, services: &Services) -> Option<Noting> {
    let transport_listens = || config.transports.iter().any(|one| one.options.is_set(generic::EVENT_ACTION));
    if !main_listens(config) && !transport_listens() {
        return None;
    }
    let failed = Arc::new(FailedLookups::default());
    let resolver = Arc::new(services.resolver.noting(Some(Arc::clone(&failed))));
    let blocking = services.blocking_resolver.noting(&failed);
    Some(Noting { failed, resolver, blocking })
}

impl Context {
    /// The DNS, for asynchronous code. What fails is told of by [`Self::tell_failed_lookups`].
    pub(crate) fn dns(&self) -> Arc<dns::Resolver> {
        Arc::clone(self.dns.as_ref().map_or(&self.services.resolver, |noting| &noting.resolver))
    }

    /// The DNS, for code that may block. What fails is told of by [`Self::tell_failed_lookups`].
    pub(crate) fn blocking_dns(&self) -> &Arc<dyn Resolve> {
        let noting = self.dns.as_ref().and_then(|noting| noting.blocking.as_ref());
        noting.unwrap_or(&self.services.blocking_resolver)
    }

    /// Raises `dns:fail` for each lookup that failed since the last time.
    pub(crate) fn tell_failed_lookups(&mut self) {
        let Some(noting) = &self.dns else { return };
        for failed in noting.failed.take() {
            let happened = Happened::new("dns:fail", failed.to_string());
            let config = Arc::clone(&self.config);
            match self.event_transport.as_ref().map(|name| config.transport(name)) {
                Some(Some(transport)) => self.transport_event(transport, &happened),
                Some(None) | None => self.main_event(&happened),
            };
        }
    }
}

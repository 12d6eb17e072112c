//! Whether an address is routed at all in this attempt: held domains, queued domains, retry times of routing.
//!
//! # Compatibility
//! Options `hold_domains`, `queue_domains`; forced deliveries ask about none of them.

use config::options::main;
use policy::list::Subject;

use super::node::{NodeId, Trouble};
use super::retry;
use super::run::Run;
use crate::route::errno;

impl Run {
    /// Why an address is not routed now.
    pub(super) async fn held_back(&mut self, id: NodeId) -> Option<Trouble> {
        if self.kind.is_forced() {
            return None;
        }
        let domain = self.node(id).address.domain.clone();
        if self.domain_is_in(main::HOLD_DOMAINS, &domain).await {
            return Some(Trouble { errno: errno::HELD, ..Trouble::text("domain is held") });
        }
        if !self.kind.in_queue_run() {
            if self.domain_is_in(main::QUEUE_DOMAINS, &domain).await {
                return Some(Trouble {
                    errno: errno::QUEUE_DOMAIN,
                    ..Trouble::text("domain is in queue_domains")
                });
            }
            return None;
        }
        if retry::routing_must_wait(self, id).await {
            return Some(Trouble { errno: errno::ROUTE_RETRY, ..Trouble::text("retry time not reached") });
        }
        None
    }

    /// Whether a domain is in a domain list option; a list that can't tell counts as "no", and is logged.
    pub(super) async fn domain_is_in(
        &mut self,
        option: config::Opt<config::options::kind::Domains>,
        domain: &[u8],
    ) -> bool {
        if self.config.main.get(option).is_none() {
            return false;
        }
        let found =
            self.context.on_pool(|context| context.matches_option(option, Subject::Text(domain))).await;
        match found {
            Some(Ok(found)) => found,
            Some(Err(error)) => {
                self.services.log.problem(Some(&self.header.id), error.message);
                false
            }
            None => false,
        }
    }
}

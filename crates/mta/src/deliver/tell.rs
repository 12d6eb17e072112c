//! Events of a delivery: `msg:delivery`, `msg:fail:…`, `msg:complete`.
//!
//! # Compatibility
//! Specification, chapter "Events". As with the oracle: success is told of after its log line and failure before it; data
//! is said of remote deliveries only; `msg:complete` sees the host and the addresses of the last remote batch.

use mail_types::value::Value;
use observe::event::RemoteHost;

use super::node::{NodeId, Trouble};
use super::run::Run;
use crate::context::event::{Happened, main_listens, transport_listens};
use crate::context::facts::{AddressFacts, HostFacts};
use crate::transport::smtp::BatchReply;

impl Run {
    /// Tells the transport of an address.
    pub(super) fn tell_transport(
        &mut self,
        id: NodeId,
        name: &'static str,
        data: Vec<u8>,
        host: Option<&RemoteHost>,
    ) {
        let config = std::sync::Arc::clone(&self.config);
        let Some(assignment) = self.node(id).assignment.as_deref() else { return };
        let Some(transport) = config.transport(&assignment.transport) else { return };
        if !transport_listens(transport) {
            return;
        }
        let address = AddressFacts {
            router_name: Some(assignment.router.clone()),
            transport_name: Some(assignment.transport.clone()),
            ..assignment.facts.clone()
        };
        let host = host.map(facts_of_host).unwrap_or_default();
        self.seen_as((address, host), |context| {
            context.transport_event(transport, &Happened::new(name, data));
        });
    }

    /// An address failed: its transport hears of it, or the main section where no transport had it.
    pub(super) fn tell_of_failure(&mut self, id: NodeId, trouble: &Trouble) {
        let node = self.node(id);
        if trouble.router.is_none() && node.assignment.is_some() {
            let remote = node.assignment.as_deref().is_some_and(|assignment| self.is_remote(assignment));
            let data = if remote { trouble.message.clone() } else { Vec::new() };
            return self.tell_transport(id, "msg:fail:delivery", data, trouble.host.as_ref());
        }
        if !main_listens(&self.config) {
            return;
        }
        let address = AddressFacts {
            address: node.address.address.clone(),
            local_part: Some(Value::tainted(node.address.local_part.clone())),
            domain: Some(Value::tainted(node.address.domain.clone())),
            router_name: trouble.router.clone(),
            ..AddressFacts::default()
        };
        let happened = Happened::new("msg:fail:internal", trouble.message.clone());
        self.seen_as((address, HostFacts::default()), |context| {
            context.main_event(&happened);
        });
    }

    /// The message is dealt with.
    pub(super) fn tell_completed(&mut self) {
        if main_listens(&self.config) {
            let seen = self.last_batch.take().unwrap_or_default();
            self.seen_as(seen, |context| {
                context.main_event(&Happened::new("msg:complete", ""));
            });
        }
    }

    /// Keeps what a later event sees of a batch that was carried out.
    pub(super) fn note_batch(&mut self, ids: &[NodeId], reply: &BatchReply) {
        if !main_listens(&self.config) {
            return;
        }
        let assignments = ids.iter().filter_map(|id| self.node(*id).assignment.as_deref());
        let all: Vec<AddressFacts> = assignments.map(|assignment| assignment.facts.clone()).collect();
        let address =
            AddressFacts { router_name: None, transport_name: None, ..AddressFacts::of_batch(&all) };
        let host = reply.results.iter().find_map(|result| result.host.as_ref());
        self.last_batch = Some((address, host.map(facts_of_host).unwrap_or_default()));
    }

    fn seen_as(
        &mut self,
        (address, host): (AddressFacts, HostFacts),
        raise: impl FnOnce(&mut crate::context::Context),
    ) {
        let context = &mut self.context;
        let own = std::mem::replace(&mut context.facts.address, address);
        let own_host = std::mem::replace(&mut context.facts.host, host);
        raise(context);
        self.context.facts.address = own;
        self.context.facts.host = own_host;
    }
}

fn facts_of_host(host: &RemoteHost) -> HostFacts {
    HostFacts {
        name: Some(host.name.clone()),
        address: host.address,
        port: host.port,
        ..HostFacts::default()
    }
}

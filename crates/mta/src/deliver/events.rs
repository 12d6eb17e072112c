//! Log lines about addresses.
//!
//! # Compatibility
//! Specification section "Logging deliveries"; which fields show is `log_selector`'s affair.

use std::time::Duration;

use config::options::router::generic as router_options;
use config::options::transport::generic as transport_options;
use observe::event::{
    DeferReason, Deferred, Delivered, DeliveryKind, Failed, LogAddress, RemoteHost, Session,
};
use observe::{Event, Selector};

use super::node::{Node, Trouble};
use super::run::Run;
use crate::route::{AddressKind, errno};

/// What a delivery line tells beyond the address.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    pub(super) further: bool,
    pub(super) size: Option<u64>,
    pub(super) host: Option<RemoteHost>,
    pub(super) session: Option<Session>,
    pub(super) message: Option<Vec<u8>>,
    pub(super) local_name: Option<Vec<u8>>,
    pub(super) time: Option<Duration>,
    /// What a shadow transport did.
    pub(super) shadow: Option<Vec<u8>>,
}

impl Run {
    /// `=>` or `->`.
    pub(super) fn log_delivered(&self, node: &Node, delivery: Delivery) {
        let Some(assignment) = &node.assignment else { return };
        if self.is_silent(node, None) {
            return;
        }
        let mut address = self.shown_address(node, true);
        if let Some(name) = delivery.local_name {
            address.target = name;
        }
        let host_list = assignment.host_list.clone().map(|name| RemoteHost { name, ..RemoteHost::default() });
        self.log(Event::Delivered(Box::new(Delivered {
            kind: match (self.header.dont_deliver, delivery.further) {
                (true, _) => DeliveryKind::Suppressed,
                (false, true) => DeliveryKind::Further,
                (false, false) => DeliveryKind::First,
            },
            address,
            sender: self.header.sender.clone(),
            srs: node.srs_sender().map(<[u8]>::to_vec),
            return_path: Some(self.return_path(node)),
            router: Some(assignment.router.clone().into_bytes()),
            transport: Some(assignment.transport.clone().into_bytes()),
            size: delivery.size,
            host: delivery.host.or(host_list),
            session: delivery.session,
            queue: self.queue_name(),
            shadow: delivery.shadow,
            message: delivery.message,
            queue_time: Some(self.queue_time()),
            deliver_time: delivery.time,
        })));
    }

    /// `=> :blackhole:` and `=> /dev/null`: nothing was delivered, and that is right.
    pub(super) fn log_discarded(
        &self,
        node: &Node,
        target: Option<&[u8]>,
        router: &str,
        transport: Option<&str>,
    ) {
        let mut address = self.shown_address(node, true);
        if let Some(target) = target {
            address.original.get_or_insert_with(|| node.address.address.clone());
            address.target = target.to_vec();
        }
        self.log(Event::Delivered(Box::new(Delivered {
            address,
            sender: self.header.sender.clone(),
            router: Some(router.as_bytes().to_vec()),
            transport: transport.map(|name| name.as_bytes().to_vec()),
            queue: self.queue_name(),
            queue_time: Some(self.queue_time()),
            ..Delivered::default()
        })));
    }

    /// `**`.
    pub(super) fn log_failed(&self, node: &Node, trouble: &Trouble, time: Option<Duration>) {
        if self.is_silent(node, trouble.router.as_deref()) {
            return;
        }
        let assignment = node.assignment.as_deref();
        let router = trouble.router.as_deref().or(assignment.map(|assignment| assignment.router.as_str()));
        self.log(Event::Failed(Box::new(Failed {
            address: self.shown_address(node, false),
            sender: self.header.sender.clone(),
            return_path: assignment.map(|_| self.return_path(node)),
            router: router.map(|name| name.as_bytes().to_vec()),
            transport: assignment.map(|assignment| assignment.transport.clone().into_bytes()),
            host: trouble.host.clone(),
            tls: trouble.tls.clone(),
            errno_text: (trouble.errno > 0).then(|| crate::route::errno_text(trouble.errno)),
            message: trouble.message.clone(),
            deliver_time: time,
        })));
    }

    /// `** address: retry timeout exceeded`: neither router nor transport is to blame.
    pub(super) fn log_timed_out(&self, node: &Node, message: &[u8]) {
        self.log(Event::Failed(Box::new(Failed {
            address: self.shown_address(node, false),
            sender: self.header.sender.clone(),
            message: message.to_vec(),
            ..Failed::default()
        })));
    }

    /// `==`.
    pub(super) fn log_deferred(&self, node: &Node, trouble: &Trouble, time: Option<Duration>) {
        if self.is_silent(node, trouble.router.as_deref()) {
            return;
        }
        let assignment = node.assignment.as_deref();
        let router = trouble.router.as_deref().or(assignment.map(|assignment| assignment.router.as_str()));
        let reason = match trouble.errno {
            errno::ROUTE_RETRY | errno::QUEUE_DOMAIN => DeferReason::RoutingRetryTime,
            errno::LOCAL_RETRY | errno::HOST_RETRY | errno::LOCAL_ONLY | errno::TRANSPORT_RETRY => {
                DeferReason::RetryTime
            }
            _ => DeferReason::Delivery,
        };
        self.log(Event::Deferred(Box::new(Deferred {
            address: self.shown_address(node, false),
            router: router.map(|name| name.as_bytes().to_vec()),
            transport: assignment
                .filter(|assignment| !assignment.transport.is_empty())
                .map(|assignment| assignment.transport.clone().into_bytes()),
            reason,
            errno: trouble.errno,
            errno_text: (trouble.errno > 0).then(|| crate::route::errno_text(trouble.errno)),
            host: trouble.host.clone(),
            message: (!trouble.message.is_empty()).then(|| trouble.message.clone()),
            deliver_time: time,
            panic: trouble.panic,
        })));
    }

    /// `disable_logging`: of the transport for everything that it did, of a router for its own failures.
    fn is_silent(&self, node: &Node, router: Option<&str>) -> bool {
        if let Some(router) = router.and_then(|name| self.config.router(name)) {
            return router.options.get(router_options::DISABLE_LOGGING);
        }
        let transport = node.assignment.as_ref().and_then(|found| self.config.transport(&found.transport));
        transport.is_some_and(|transport| transport.options.get(transport_options::DISABLE_LOGGING))
    }

    /// The address with the ancestors that Exim shows: the nearest for files and pipes, all of them when asked.
    fn shown_address(&self, node: &Node, delivered: bool) -> LogAddress {
        // Successes of local deliveries show the local part alone; those to another host never do.
        let remote = node.assignment.as_deref().is_some_and(|assignment| self.is_remote(assignment));
        let mut address = node.log_address(delivered && !remote);
        if node.address.kind == AddressKind::Address && !self.services.log.has(Selector::AllParents) {
            address.parents.clear();
        }
        address
    }

    /// Writes an event about this message.
    pub(super) fn log(&self, event: impl Into<Event>) {
        self.services.log.message(&self.header.id, &event.into());
    }

    /// The return path that goes out with an address.
    pub(super) fn return_path(&self, node: &Node) -> Vec<u8> {
        node.errors_to().or_else(|| node.srs_sender()).unwrap_or(&self.header.sender).to_vec()
    }

    fn queue_time(&self) -> (Duration, Duration) {
        let now = self.services.clock.now();
        let received = self.header.received_time;
        let reception =
            self.header.received_time_complete.map_or(Duration::ZERO, |complete| complete.since(received));
        (now.since(received), reception)
    }

    fn queue_name(&self) -> Option<Vec<u8>> {
        let name = &self.context.facts.message.queue_name;
        (!name.is_empty()).then(|| name.clone())
    }
}

//! Deliveries to other hosts.
//!
//! # Invariants
//! * At most `remote_max_parallel` batches are under way.
//! * What a host takes is journalled at once, before anything else is said to that host, and before it is logged; only
//!   where nothing is left to do, the removal of the message follows instead.

use std::fs::File;
use std::future::Future;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use config::options::main;
use hints::RetryKey;
use mail_types::outcome::Verdict;
use observe::Event;
use observe::event::FrozenBy;
use tokio::sync::mpsc;

use super::events::Delivery;
use super::node::{NodeId, RetryItem, Trouble};
use super::plan::remote_waits_trouble;
use super::retry;
use super::run::Run;
use crate::context::Context;
use crate::transport::limits::Place;
use crate::transport::smtp::{
    self, Acceptance, AddressResult, Batch, BatchAddress, BatchReply, Journal, RetryChange,
};

/// A batch that has been carried out.
struct Finished {
    number: usize,
    transport: String,
    reply: BatchReply,
    time: Duration,
    /// Of `max_parallel`.
    _place: Option<Place>,
}

/// The batches of an attempt.
struct Batches {
    /// The addresses of each batch that has begun.
    ids: Vec<Vec<NodeId>>,
    under_way: Vec<Pin<Box<dyn Future<Output = Finished> + Send>>>,
    data: Arc<File>,
    journal: mpsc::Sender<Acceptance>,
    /// A delivery could not be written down: nothing more may begin.
    halted: bool,
}

/// What a batch has to say.
enum News {
    Accepted(Acceptance),
    Finished(Box<Finished>),
}

impl Run {
    /// Delivers the remote addresses.
    pub(super) async fn deliver_remote(&mut self, list: Vec<NodeId>) {
        let mut waiting = Vec::new();
        for id in list {
            if !self.wraps_mua() && self.remote_waits(id).await {
                self.defer(id, remote_waits_trouble(), None);
            } else {
                waiting.push(id);
            }
        }
        if waiting.is_empty() || !self.secure().await {
            return;
        }
        self.sort_remote(&mut waiting).await;
        let Some(data) = self.data_for_remote() else { return };
        let (journal, mut acceptances) = mpsc::channel(ACCEPTANCES);
        let mut batches = Batches { ids: Vec::new(), under_way: Vec::new(), data, journal, halted: false };
        loop {
            self.start_batches(&mut waiting, &mut batches).await;
            if batches.under_way.is_empty() {
                return;
            }
            match news(&mut batches.under_way, &mut acceptances).await {
                News::Accepted(first) => self.write_down(first, &mut acceptances, &mut batches).await,
                News::Finished(finished) => self.log_batch(*finished, &batches),
            }
        }
    }

    /// As many batches as may be under way.
    async fn start_batches(&mut self, waiting: &mut Vec<NodeId>, batches: &mut Batches) {
        let parallel = usize::try_from(self.config.main.get(main::REMOTE_MAX_PARALLEL)).unwrap_or(1).max(1);
        while !batches.halted && !waiting.is_empty() && batches.under_way.len() < parallel {
            let ids = self.remote_batch(waiting).await;
            let Some(place) = self.place_in_transport(&ids).await else { continue };
            batches.under_way.push(self.start(&ids, batches, place));
            batches.ids.push(ids);
        }
    }

    /// Makes durable what hosts have just taken, all that is known by now in one go, and lets the batches go on.
    async fn write_down(
        &mut self,
        first: Acceptance,
        further: &mut mpsc::Receiver<Acceptance>,
        batches: &mut Batches,
    ) {
        let mut acceptances = vec![first];
        while let Ok(next) = further.try_recv() {
            acceptances.push(next);
        }
        for acceptance in &acceptances {
            let ids = batches.ids.get(acceptance.batch).map(Vec::as_slice).unwrap_or_default();
            for id in acceptance.addresses.iter().filter_map(|at| ids.get(*at)) {
                self.delivered(*id);
            }
        }
        let written = self.secure().await;
        batches.halted |= !written;
        for acceptance in acceptances {
            // A batch that is gone has nothing to go on with.
            let _ = acceptance.written.send(written);
        }
    }

    fn data_for_remote(&self) -> Option<Arc<File>> {
        match self.data.duplicate() {
            Ok(descriptor) => Some(Arc::new(File::from(descriptor))),
            Err(error) => {
                self.services.log.problem(Some(&self.header.id), format!("cannot read the message: {error}"));
                None
            }
        }
    }

    fn start(
        &self,
        ids: &[NodeId],
        batches: &Batches,
        place: Option<Place>,
    ) -> Pin<Box<dyn Future<Output = Finished> + Send>> {
        let number = batches.ids.len();
        let batch = self.batch(ids, &batches.data, Journal::new(number, batches.journal.clone()));
        let facts = self.context.facts.clone();
        let context = Context::with_config(facts, Arc::clone(&self.config), Arc::clone(&self.services));
        let clock = Arc::clone(&self.services.clock);
        Box::pin(async move {
            let began = clock.now();
            let transport = batch.transport.clone();
            let reply = Box::pin(smtp::deliver(batch, context)).await;
            Finished { number, transport, reply, time: clock.now().since(began), _place: place }
        })
    }

    fn batch(&self, ids: &[NodeId], data: &Arc<File>, journal: Journal) -> Batch {
        let first = ids.first().and_then(|id| self.node(*id).assignment.as_deref());
        let address = |id: &NodeId| {
            let node = self.node(*id);
            let facts =
                node.assignment.as_ref().map(|assignment| assignment.facts.clone()).unwrap_or_default();
            BatchAddress {
                facts,
                notify: node.address.inherited.notify,
                orcpt: node.address.inherited.orcpt.clone(),
            }
        };
        Batch {
            transport: first.map(|assignment| assignment.transport.clone()).unwrap_or_default(),
            addresses: ids.iter().map(address).collect(),
            hosts: first.map(|assignment| assignment.hosts.clone()).unwrap_or_default(),
            fallback_hosts: first.and_then(|assignment| assignment.fallback_hosts.clone()),
            hosts_randomized: first.is_some_and(|assignment| assignment.hosts_randomized),
            return_path: ids.first().map(|id| self.return_path(self.node(*id))).unwrap_or_default(),
            headers_add: first.map(|assignment| assignment.headers_add.clone()).unwrap_or_default(),
            headers_remove: first.map(|assignment| assignment.headers_remove.clone()).unwrap_or_default(),
            data: Arc::clone(data),
            body_offset: self.data.body_start(),
            ignore_retry_times: self.kind.is_forced() || self.wraps_mua(),
            all_or_nobody: self.wraps_mua(),
            pretend: self.header.dont_deliver,
            journal,
        }
    }

    /// Forgets earlier deferrals of an address that has been delivered.
    fn forget_address(&self, id: NodeId) {
        let address = &self.node(id).address;
        let key = RetryKey::address_and_sender(&address.local_part, &address.domain, &self.header.sender);
        retry::forget(self, &key);
    }

    fn log_batch(&mut self, finished: Finished, batches: &Batches) {
        let Finished { number, transport, reply, time, .. } = finished;
        let ids = batches.ids.get(number).cloned().unwrap_or_default();
        self.note_batch(&ids, &reply);
        for line in reply.log_lines {
            self.log_text(line, false);
        }
        for error in reply.host_errors {
            self.log(Event::HostError(Box::new(error)));
        }
        let waits_for = if self.wraps_mua() { Vec::new() } else { reply.waits_for };
        for host in &waits_for {
            self.services.hints.add_waiting(transport.as_bytes(), host, &self.header.id);
        }
        for change in reply.retry.iter().filter(|change| change.failure.is_none()) {
            self.services.hints.remove_retry(&change.key);
        }
        let mut took: Vec<(Option<IpAddr>, u16)> = Vec::new();
        let mut results: Vec<_> = ids.into_iter().zip(reply.results).map(Some).collect();
        for at in reply.order.into_iter().chain(0..results.len()) {
            if let Some((id, result)) = results.get_mut(at).and_then(Option::take) {
                self.remote_result(id, result, &reply.retry, &mut took, time);
            }
        }
    }

    fn remote_result(
        &mut self,
        id: NodeId,
        result: AddressResult,
        changes: &[RetryChange],
        took: &mut Vec<(Option<IpAddr>, u16)>,
        time: Duration,
    ) {
        match result.verdict {
            Verdict::Accept | Verdict::Discard => {
                self.forget_address(id);
                let told = result.session.as_ref().and_then(|session| session.confirmation.clone());
                let host = result.host.clone();
                // What one transaction carried: to each host there was one.
                let at = host.as_ref().map_or((None, 0), |host| (host.address, host.port));
                let further = took.contains(&at);
                took.push(at);
                let delivery = Delivery {
                    further,
                    size: Some(result.size),
                    host: result.host,
                    session: result.session,
                    time: Some(time),
                    ..Delivery::default()
                };
                self.log_delivered(self.node(id), delivery);
                self.tell_transport(id, "msg:delivery", told.unwrap_or_default(), host.as_ref());
            }
            Verdict::Fail => self.fail(id, trouble(result), Some(time)),
            // There is no other time.
            _ if self.wraps_mua() => self.fail(id, trouble(result), Some(time)),
            Verdict::Defer | Verdict::Freeze => {
                if result.verdict == Verdict::Freeze {
                    self.freeze = Some(FrozenBy::Delivery(None));
                }
                let items = self.items_of(id, changes);
                self.node_mut(id).retry_items.extend(items);
                self.defer(id, trouble(result), Some(time));
            }
        }
    }

    /// The failures that keep an address waiting: one of its own, or else those of the hosts.
    fn items_of(&self, id: NodeId, changes: &[RetryChange]) -> Vec<RetryItem> {
        let address = &self.node(id).address;
        let own = [
            RetryKey::address_and_sender(&address.local_part, &address.domain, &self.header.sender),
            RetryKey::routing_address(&address.local_part, &address.domain),
        ];
        let item = |change: &RetryChange| {
            let failure = change.failure.as_ref()?;
            Some(RetryItem {
                key: change.key.clone(),
                subject: change.subject.clone(),
                alternate: Some(address.domain.clone()),
                error: failure.error.clone(),
                errno: failure.errno,
                more_errno: failure.more_errno,
                text: failure.text.clone(),
                about_message: change.key.as_bytes().ends_with(self.header.id.as_bytes()),
            })
        };
        let is_own = |change: &&RetryChange| own.contains(&change.key);
        let mut items: Vec<_> = changes.iter().filter(is_own).filter_map(item).collect();
        if items.is_empty() {
            let of_hosts = changes.iter().filter(|change| change.key.kind() == hints::RetryKind::Transport);
            items = of_hosts.filter_map(item).collect();
        }
        items
    }
}

fn trouble(result: AddressResult) -> Trouble {
    Trouble {
        router: None,
        errno: result.errno,
        more_errno: result.more_errno,
        message: result.message.unwrap_or_default(),
        user_message: result.user_message,
        output: None,
        host: result.host,
        tls: result.session.and_then(|session| session.tls),
        smtp_reply: result.smtp_reply,
        panic: result.panic,
    }
}

/// The next thing that happens: an acceptance before everything else, then the batch that began first.
async fn news(
    under_way: &mut Vec<Pin<Box<dyn Future<Output = Finished> + Send>>>,
    acceptances: &mut mpsc::Receiver<Acceptance>,
) -> News {
    poll_fn(|context| {
        if let Poll::Ready(Some(acceptance)) = acceptances.poll_recv(context) {
            return Poll::Ready(News::Accepted(acceptance));
        }
        for at in 0..under_way.len() {
            if let Poll::Ready(finished) = under_way[at].as_mut().poll(context) {
                drop(under_way.remove(at));
                return Poll::Ready(News::Finished(Box::new(finished)));
            }
        }
        Poll::Pending
    })
    .await
}

/// Acceptances that wait to be written down; a batch waits for its own, so more than `remote_max_parallel` never do.
const ACCEPTANCES: usize = 16;

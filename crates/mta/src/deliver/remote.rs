//! Deliveries to other hosts.
//!
//! # Invariants
//! * At most `remote_max_parallel` batches are under way.
//! * What a batch delivered is journalled before its lines are logged, and lines come in the order of the batches.

use std::fs::File;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use config::options::main;
use hints::RetryKey;
use mail_types::outcome::Verdict;
use observe::Event;
use observe::event::FrozenBy;

use super::events::Delivery;
use super::node::{NodeId, Trouble};
use super::plan::{all_of, remote_waits_trouble};
use super::retry::{self, Item};
use super::run::Run;
use crate::context::Context;
use crate::transport::smtp::{self, AddressResult, Batch, BatchAddress, BatchReply, RetryChange};

/// A batch that has been carried out.
struct Finished {
    ids: Vec<NodeId>,
    transport: String,
    reply: BatchReply,
    time: Duration,
}

impl Run {
    /// Delivers the remote addresses.
    pub(super) async fn deliver_remote(&mut self, list: Vec<NodeId>) {
        let mut waiting = Vec::new();
        for id in list {
            if self.remote_waits(id).await {
                self.defer(id, remote_waits_trouble(), None);
            } else {
                waiting.push(id);
            }
        }
        if waiting.is_empty() || !self.write_journal().await {
            return;
        }
        self.sort_remote(&mut waiting).await;
        let Some(data) = self.data_for_remote() else { return };
        let parallel = usize::try_from(self.config.main.get(main::REMOTE_MAX_PARALLEL)).unwrap_or(1).max(1);
        while !waiting.is_empty() {
            let mut group: Vec<Pin<Box<dyn Future<Output = Finished> + Send>>> = Vec::new();
            while group.len() < parallel && !waiting.is_empty() {
                let ids = self.remote_batch(&mut waiting).await;
                group.push(self.start(ids, &data));
            }
            let finished = all_of(group).await;
            if !self.record(finished).await {
                return;
            }
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

    fn start(&self, ids: Vec<NodeId>, data: &Arc<File>) -> Pin<Box<dyn Future<Output = Finished> + Send>> {
        let batch = self.batch(&ids, data);
        let facts = self.context.facts.clone();
        let context = Context::with_config(facts, Arc::clone(&self.config), Arc::clone(&self.services));
        let clock = Arc::clone(&self.services.clock);
        Box::pin(async move {
            let began = clock.now();
            let transport = batch.transport.clone();
            let reply = Box::pin(smtp::deliver(batch, context)).await;
            Finished { ids, transport, reply, time: clock.now().since(began) }
        })
    }

    fn batch(&self, ids: &[NodeId], data: &Arc<File>) -> Batch {
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
            ignore_retry_times: self.kind.is_forced(),
        }
    }

    /// Journals, then logs. False when nothing more may be delivered.
    async fn record(&mut self, finished: Vec<Finished>) -> bool {
        for batch in &finished {
            for (id, result) in batch.ids.iter().zip(&batch.reply.results) {
                if result.verdict == Verdict::Accept {
                    self.delivered(*id);
                    self.forget_address(*id);
                }
            }
        }
        let written = self.write_journal().await;
        for batch in finished {
            self.log_batch(batch);
        }
        written
    }

    /// Forgets earlier deferrals of an address that has been delivered.
    fn forget_address(&self, id: NodeId) {
        let address = &self.node(id).address;
        let key = RetryKey::address_and_sender(&address.local_part, &address.domain, &self.header.sender);
        retry::forget(self, &key);
    }

    fn log_batch(&mut self, batch: Finished) {
        let Finished { ids, transport, reply, time } = batch;
        for line in reply.log_lines {
            self.log_text(line, false);
        }
        for error in reply.host_errors {
            self.log(Event::HostError(Box::new(error)));
        }
        for host in &reply.waits_for {
            self.services.hints.add_waiting(transport.as_bytes(), host, &self.header.id);
        }
        for change in reply.retry.iter().filter(|change| change.failure.is_none()) {
            self.services.hints.remove_retry(&change.key);
        }
        let mut further = false;
        for (id, result) in ids.into_iter().zip(reply.results) {
            self.remote_result(id, result, &reply.retry, &mut further, time);
        }
    }

    fn remote_result(
        &mut self,
        id: NodeId,
        result: AddressResult,
        changes: &[RetryChange],
        further: &mut bool,
        time: Duration,
    ) {
        match result.verdict {
            Verdict::Accept | Verdict::Discard => {
                let delivery = Delivery {
                    further: std::mem::replace(further, true),
                    size: Some(result.size),
                    host: result.host,
                    session: result.session,
                    time: Some(time),
                    ..Delivery::default()
                };
                self.log_delivered(self.node(id), delivery);
            }
            Verdict::Fail => self.fail(id, trouble(result), Some(time)),
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
    fn items_of(&self, id: NodeId, changes: &[RetryChange]) -> Vec<Item> {
        let address = &self.node(id).address;
        let own = [
            RetryKey::address_and_sender(&address.local_part, &address.domain, &self.header.sender),
            RetryKey::routing_address(&address.local_part, &address.domain),
        ];
        let item = |change: &RetryChange| {
            let failure = change.failure.as_ref()?;
            Some(Item {
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
        user_message: None,
        output: None,
        host: result.host,
        smtp_reply: result.smtp_reply,
    }
}

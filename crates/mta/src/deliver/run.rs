//! What one attempt holds, and the bookkeeping of its addresses.
//!
//! # Invariants
//! * `header` is the envelope as it will be written back: what is done is added to its non-recipients at once.

use std::sync::Arc;

use config::Config;
use mail_types::Timestamp;
use mail_types::message_id::MessageId;
use observe::event::FrozenBy;
use observe::{Event, HeldMessageLog, Streams};
use spool::{DataFile, Header, LockedMessage};

use super::AttemptKind;
use super::node::{End, Node, NodeId, Trouble};
use crate::context::Context;
use crate::context::facts::{AddressFacts, HostFacts};
use crate::route::SyntaxErrorNotice;
use crate::services::Services;

/// One attempt under way.
pub(super) struct Run {
    pub(super) services: Arc<Services>,
    pub(super) config: Arc<Config>,
    pub(super) kind: AttemptKind,
    pub(super) header: Header,
    pub(super) context: Context,
    /// While there is nothing but the disk to wait for.
    pub(super) held_log: Option<HeldMessageLog>,
    /// Away only while a job on a pool works on it.
    pub(super) message: Option<Box<LockedMessage>>,
    pub(super) data: DataFile,
    pub(super) nodes: Vec<Node>,
    /// Keys of deliveries that are not durable yet.
    pub(super) unwritten: Vec<Vec<u8>>,
    pub(super) delivered: usize,
    /// The message is to be frozen at the end.
    pub(super) freeze: Option<FrozenBy>,
    pub(super) notices: Vec<SyntaxErrorNotice>,
    /// Addresses that failed, in the order in which they did.
    pub(super) failed: Vec<NodeId>,
    /// Output of commands that goes back to the sender although the delivery succeeded.
    pub(super) returned: Vec<(NodeId, Trouble)>,
    pub(super) made: Vec<MessageId>,
    /// The envelope differs from what is on disk in more than what the journal says.
    pub(super) dirty: bool,
    /// What variables say of the last remote batch, for the events that come after it.
    pub(super) last_batch: Option<(AddressFacts, HostFacts)>,
    /// The earliest retry time of an address that is left.
    pub(super) next_try: Option<Timestamp>,
    /// `mua_wrapper`: what whoever waits for this is told.
    pub(super) mua_failure: Option<String>,
}

impl Run {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0]
    }

    pub(super) fn all_nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// Adds an address.
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.nodes.len());
        if let Some(parent) = node.parent {
            self.node_mut(parent).waiting_for += 1;
        }
        self.nodes.push(node);
        id
    }

    /// An address has been delivered: remembered, to be written before the next delivery begins.
    pub(super) fn delivered(&mut self, id: NodeId) {
        self.delivered += 1;
        let keys = self.done(id);
        self.unwritten.extend(keys);
    }

    /// An address is dealt with, and so may be the ones it came from. Gives the keys of the address itself.
    pub(super) fn done(&mut self, id: NodeId) -> Vec<Vec<u8>> {
        let mut own = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next {
            self.node_mut(id).end = End::Done;
            let keys = self.keys(id);
            for key in &keys {
                self.header.nonrecipients.insert(key);
            }
            if own.is_empty() {
                own = keys;
            }
            let duplicates = std::mem::take(&mut self.node_mut(id).duplicates);
            for duplicate in duplicates {
                // One level: a duplicate never has duplicates of its own.
                self.settle_duplicate(duplicate);
            }
            next = self.one_less(id);
        }
        self.dirty = true;
        own
    }

    /// A failure has been reported: the address is dealt with, unless children of it are still on their way.
    pub(super) fn failed_is_reported(&mut self, id: NodeId) {
        self.node_mut(id).end = End::Open;
        let waiting_for = &mut self.node_mut(id).waiting_for;
        *waiting_for = waiting_for.saturating_sub(1);
        if *waiting_for == 0 {
            self.done(id);
        }
    }

    fn settle_duplicate(&mut self, id: NodeId) {
        let mut next = Some(id);
        while let Some(id) = next {
            self.node_mut(id).end = End::Done;
            for key in self.keys(id) {
                self.header.nonrecipients.insert(&key);
            }
            next = self.one_less(id);
        }
    }

    /// Tells the parent; the parent, when that was the last it waited for.
    fn one_less(&mut self, id: NodeId) -> Option<NodeId> {
        let parent = self.node(id).parent?;
        let waiting_for = &mut self.node_mut(parent).waiting_for;
        *waiting_for = waiting_for.saturating_sub(1);
        let complete = *waiting_for == 0 && matches!(self.node(parent).end, End::Open | End::Done);
        complete.then_some(parent)
    }

    /// A top-level address is remembered as it stands in the envelope, too.
    fn keys(&self, id: NodeId) -> Vec<Vec<u8>> {
        let node = self.node(id);
        let as_received = node.recipient.and_then(|index| self.header.recipients.get(index));
        let mut keys: Vec<_> = node.key().into_iter().collect();
        if let Some(recipient) = as_received
            && !keys.contains(&recipient.address)
        {
            keys.push(recipient.address.clone());
        }
        keys
    }

    /// Makes what was delivered durable, unless the message ends with it: then its removal is the next step, and says as
    /// much. False when nothing more may be delivered in this attempt.
    pub(super) async fn secure(&mut self) -> bool {
        self.is_over() || self.write_journal().await
    }

    /// Nothing is left to do but to remove the message.
    fn is_over(&self) -> bool {
        let done = |node: &Node| matches!(node.end, End::Done);
        self.freeze.is_none()
            && self.notices.is_empty()
            && self.returned.is_empty()
            && self.nodes.iter().all(done)
            && self.nobody_is_left()
    }

    /// Writes down what was delivered. An error means that nothing more may be delivered in this attempt.
    pub(super) async fn write_journal(&mut self) -> bool {
        if self.unwritten.is_empty() {
            return true;
        }
        let keys = std::mem::take(&mut self.unwritten);
        let result = self
            .with_message(move |message| {
                let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
                message.journal_append(&keys)
            })
            .await;
        match result {
            Some(Ok(())) => true,
            Some(Err(error)) => {
                self.services.log.problem(Some(&self.header.id), format!("failed to write journal: {error}"));
                false
            }
            None => false,
        }
    }

    /// Runs a job on the locked message, on the pool for the spool. None when the program is shutting down.
    pub(super) async fn with_message<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut LockedMessage) -> T + Send + 'static,
    ) -> Option<T> {
        let mut message = self.message.take()?;
        let pool = self.services.pools.spool.clone();
        let done = pool.run(move || {
            let result = job(&mut message);
            (message, result)
        });
        let (message, result) = done.await.ok()?;
        self.message = Some(message);
        Some(result)
    }

    /// A line of text for the main log, and the panic log if asked.
    pub(super) fn log_text(&self, text: Vec<u8>, panic: bool) {
        let streams = Streams { main: true, reject: false, panic };
        self.log(Event::Text { text, streams });
    }
}

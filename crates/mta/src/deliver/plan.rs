//! Routing all addresses of a message.
//!
//! # Invariants
//! * Addresses are routed generation by generation. What happens to them is applied, and logged, in Exim's order
//!   however many are routed at once.
//! * The number of addresses is bounded.
//!
//! # Compatibility
//! The order of lines in the log and of deliveries is Exim's: each generation is routed from its last address to its
//! first, and what was routed last is delivered first. Of several ways to the same delivery the one found last counts.

use std::collections::{HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use config::options::main;
use config::options::router::{dnslookup, manualroute};
use mail_message::address_field::{is_address_field, map_addresses};
use mail_types::address::{Address, ParseOptions};
use mail_types::limits;
use observe::event::FrozenBy;
use policy::list::Subject;

use super::AttemptKind;
use super::bounce;
use super::node::{End, Node, NodeId, Trouble};
use super::retry;
use super::run::Run;
use crate::context::Context;
use crate::route::{
    self, AddressKind, Ancestor, Assignment, Decision, HeaderRewrite, RouteAddress, RouteMode, RouteOutcome,
    Special, errno,
};

/// Addresses that are routed at once.
const AT_ONCE: usize = 20;

/// Addresses with a transport, in the order of delivery.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) local: Vec<NodeId>,
    pub(super) remote: Vec<NodeId>,
}

/// A plan that grows at its front.
#[derive(Default)]
struct Growing {
    local: VecDeque<NodeId>,
    remote: VecDeque<NodeId>,
}

impl Run {
    /// Routes every recipient that is left, and what comes of it.
    pub(super) async fn plan(&mut self) -> Plan {
        let mut growing = Growing::default();
        let mut new = self.top_level();
        while !new.is_empty() {
            let mut waiting = Vec::new();
            for id in std::mem::take(&mut new) {
                let id = self.percent_hack(id).await;
                if self.ready(id, &mut growing).await {
                    waiting.push(id);
                }
            }
            waiting.reverse();
            while !waiting.is_empty() {
                let window: Vec<_> = waiting.drain(..waiting.len().min(self.window())).collect();
                let outcomes = self.route_at_once(&window).await;
                for (id, mut outcome) in window.iter().zip(outcomes) {
                    let copied = copyable(&outcome);
                    for line in outcome.log.drain(..) {
                        self.log_text(line.text, line.panic);
                    }
                    self.notices.append(&mut outcome.notices);
                    bounce::notify_keepers(self).await;
                    self.apply(*id, outcome, &mut new, &mut growing);
                    if let Some(assignment) = copied {
                        self.copy_route(*id, &assignment, &mut waiting, &mut growing);
                    }
                }
            }
        }
        Plan {
            local: self.without_duplicates(growing.local),
            remote: self.without_duplicates(growing.remote),
        }
    }

    /// Why no address of this message is even routed; the log has the reason, the bounce does not tell it.
    fn hopeless(&self) -> Option<Trouble> {
        let text = if self.kind == AttemptKind::GiveUp {
            "delivery cancelled by administrator"
        } else if self.has_too_many_received() {
            "Too many \"Received\" headers - suspected mail loop"
        } else {
            return None;
        };
        Some(Trouble { user_message: Some(Vec::new()), ..Trouble::text(text) })
    }

    /// More `Received:` lines than `received_headers_max`: the message goes round in circles.
    fn has_too_many_received(&self) -> bool {
        let most = usize::try_from(self.config.main.get(main::RECEIVED_HEADERS_MAX)).unwrap_or(0);
        let is_received = |line: &&spool::HeaderLine| {
            line.text.len() >= 9 && line.text[..9].eq_ignore_ascii_case(b"received:")
        };
        self.header.live_headers().filter(is_received).count() > most
    }

    fn top_level(&mut self) -> Vec<NodeId> {
        let hopeless = self.hopeless();
        let mut new = Vec::new();
        for (index, recipient) in self.header.recipients.clone().iter().enumerate() {
            if self.header.nonrecipients.contains(&recipient.address) {
                continue;
            }
            let mut address = RouteAddress::new(&recipient.address);
            address.inherited.errors_to.clone_from(&recipient.errors_to);
            address.inherited.orcpt.clone_from(&recipient.orcpt);
            address.inherited.notify = u8::try_from(recipient.dsn_flags & 0xff).unwrap_or(0);
            let parent = recipient.parent.and_then(|parent| self.header.recipients.get(parent));
            address.parent = parent.map(|parent| one_time_parent(&parent.address));
            let id = self.add(Node::new(address, None, Some(index)));
            if let Some(trouble) = hopeless.clone().filter(|_| self.kind != AttemptKind::GiveUp) {
                self.fail(id, trouble, None);
            } else if let Some(trouble) = &hopeless {
                // Whoever gave it up has said so in the log.
                self.node_mut(id).end = End::Failed(trouble.clone());
                self.failed.push(id);
            } else {
                new.push(id);
            }
        }
        new
    }

    /// `percent_hack_domains`: `x%y` at such a domain is `x@y`, an address of its own.
    async fn percent_hack(&mut self, id: NodeId) -> NodeId {
        let address = &self.node(id).address;
        if address.kind != AddressKind::Address {
            return id;
        }
        let Some(percent) = address.local_part.iter().rposition(|byte| *byte == b'%') else { return id };
        let domain = address.domain.clone();
        if !self.domain_is_in(main::PERCENT_HACK_DOMAINS, &domain).await {
            return id;
        }
        let address = &self.node(id).address;
        let text = [&address.local_part[..percent], b"@", &address.local_part[percent + 1..]].concat();
        let child =
            address.child("", &address.local_part.to_ascii_lowercase(), &text, address.inherited.clone());
        self.add(Node::new(child, Some(id), None))
    }

    /// True when an address is to be routed. Pipes and files have their transport already.
    async fn ready(&mut self, id: NodeId, growing: &mut Growing) -> bool {
        let node = self.node(id);
        if !node.address.homonym && self.header.nonrecipients.contains(&node.address.unique) {
            self.done(id);
            return false;
        }
        if node.address.kind != AddressKind::Address {
            self.special(id, growing);
            return false;
        }
        if let Some(trouble) = self.held_back(id).await {
            self.defer(id, trouble, None);
            return false;
        }
        true
    }

    fn special(&mut self, id: NodeId, growing: &mut Growing) {
        match self.node_mut(id).address.special.take() {
            Some(Special::Assigned(assignment)) => {
                if self.node(id).address.address == b"/dev/null" {
                    let router = assignment.router.clone();
                    self.log_discarded(self.node(id), None, &router, Some("**bypassed**"));
                    self.delivered(id);
                    return;
                }
                self.node_mut(id).assignment = Some(assignment);
                growing.local.push_front(id);
            }
            Some(Special::Forbidden(assignment, text)) => {
                self.node_mut(id).assignment = Some(assignment);
                // The log says why; the bounce says only what was to be done, as Exim's does.
                let trouble = Trouble { user_message: Some(Vec::new()), ..Trouble::text(text) };
                self.fail(id, trouble, None);
            }
            Some(Special::Deferred(deferral)) => {
                let trouble = Trouble {
                    router: deferral.router,
                    errno: deferral.errno,
                    ..Trouble::text(deferral.message)
                };
                self.defer(id, trouble, None);
            }
            None => self.defer(id, Trouble::text("no transport"), None),
        }
    }

    /// With `same_domain_copy_routing` in use, one after the other: the next may not have to be routed at all.
    fn window(&self) -> usize {
        let copies = self.config.routers.iter().any(|router| {
            router.options.get(dnslookup::SAME_DOMAIN_COPY_ROUTING)
                || router.options.get(manualroute::SAME_DOMAIN_COPY_ROUTING)
        });
        if copies { 1 } else { AT_ONCE }
    }

    async fn route_at_once(&mut self, ids: &[NodeId]) -> Vec<RouteOutcome> {
        if let [only] = ids {
            let address = &self.nodes[only.0].address;
            return vec![route::route(address, RouteMode::Deliver, &mut self.context).await];
        }
        let mut routings: Vec<Pin<Box<dyn Future<Output = RouteOutcome> + Send>>> =
            Vec::with_capacity(ids.len());
        for id in ids {
            let address = self.node(*id).address.clone();
            let facts = self.context.facts.clone();
            let mut context =
                Context::with_config(facts, Arc::clone(&self.config), Arc::clone(&self.services));
            context.first_delivery = self.context.first_delivery;
            context.queue_running = self.context.queue_running;
            routings.push(Box::pin(
                async move { route::route(&address, RouteMode::Deliver, &mut context).await },
            ));
        }
        all_of(routings).await
    }

    /// What routing decided about an address.
    fn apply(&mut self, id: NodeId, outcome: RouteOutcome, new: &mut Vec<NodeId>, growing: &mut Growing) {
        for rewrite in &outcome.rewrites {
            self.rewrite_headers(rewrite);
        }
        let mut children = Vec::new();
        match outcome.decision {
            Decision::Assigned(assignment) => {
                retry::routed(self, id);
                if outcome.generated.is_empty() {
                    self.place(id, assignment, growing);
                } else {
                    self.place_seen_copy(id, assignment, growing);
                }
            }
            Decision::Redirected { .. } => retry::routed(self, id),
            Decision::Discarded { router } => {
                self.log_discarded(self.node(id), Some(b":blackhole:"), &router, None);
                self.delivered(id);
            }
            Decision::Failed(failure) => {
                if failure.errors_to.is_some() {
                    self.node_mut(id).address.inherited.errors_to = failure.errors_to;
                }
                let trouble = Trouble {
                    router: failure.router,
                    user_message: failure.user_message,
                    ..Trouble::text(failure.message)
                };
                self.fail(id, trouble, None);
            }
            Decision::Deferred(deferral) => {
                if deferral.freeze {
                    self.freeze = Some(FrozenBy::Delivery(None));
                }
                let item = retry::routing_item(self.node(id), &deferral);
                self.node_mut(id).retry_items.push(item);
                let trouble = Trouble {
                    router: deferral.router,
                    errno: deferral.errno,
                    user_message: deferral.user_message,
                    ..Trouble::text(deferral.message)
                };
                self.defer(id, trouble, None);
            }
        }
        let room = limits::RECIPIENTS.saturating_sub(self.nodes.len());
        let mut generated = outcome.generated;
        let itself = &self.node(id).address.address;
        if generated.last().is_some_and(|last| last.start_router.is_some() && last.address == *itself) {
            // `unseen`: the address itself goes on before what the router made of it.
            generated.rotate_right(1);
        }
        for address in generated.into_iter().take(room) {
            children.push(self.add(Node::new(address, Some(id), None)));
        }
        if matches!(self.node(id).end, End::Failed(_)) && !children.is_empty() {
            // The address itself counts as one more: it is done when it has been reported.
            self.node_mut(id).waiting_for += 1;
        }
        new.splice(0..0, children);
    }

    /// An `unseen` router took the address: this delivery is a child of it, as the copy that goes on is.
    fn place_seen_copy(&mut self, id: NodeId, assignment: Box<Assignment>, growing: &mut Growing) {
        let mut address = self.node(id).address.clone();
        address.unique = [address.unique.as_slice(), b"/", assignment.router.as_bytes()].concat();
        address.homonym = false;
        let delivered = self.header.nonrecipients.contains(&address.unique);
        let copy = self.add(Node::new(address, Some(id), None));
        if delivered {
            self.done(copy);
        } else {
            self.place(copy, assignment, growing);
        }
    }

    fn place(&mut self, id: NodeId, assignment: Box<Assignment>, growing: &mut Growing) {
        let remote = self.is_remote(&assignment);
        self.node_mut(id).assignment = Some(assignment);
        let key = self.node(id).key();
        if key.is_some_and(|key| self.header.nonrecipients.contains(&key)) {
            self.done(id);
            return;
        }
        if remote { growing.remote.push_front(id) } else { growing.local.push_front(id) }
    }

    pub(super) fn is_remote(&self, assignment: &Assignment) -> bool {
        self.config.transport(&assignment.transport).is_some_and(|transport| transport.driver == "smtp")
    }

    /// `same_domain_copy_routing`: addresses of the same domain that were still to be routed take the same route.
    fn copy_route(
        &mut self,
        from: NodeId,
        assignment: &Assignment,
        waiting: &mut Vec<NodeId>,
        growing: &mut Growing,
    ) {
        let domain = self.node(from).address.domain.clone();
        let (same, others): (Vec<_>, Vec<_>) = waiting.drain(..).partition(|id| {
            let address = &self.node(*id).address;
            address.domain == domain
                && address.start_router.is_none()
                && address.inherited.headers_add.is_empty()
        });
        *waiting = others;
        for id in same {
            let mut copy = Box::new(assignment.clone());
            let address = &self.node(id).address;
            let local_part = mail_types::value::Value::tainted(address.local_part.to_ascii_lowercase());
            copy.facts.address.clone_from(&address.address);
            copy.facts.recipient = Some(match address.original() {
                Some(original) => original.address.clone(),
                None => address.address.clone(),
            });
            copy.facts.original_local_part = Some(local_part.clone());
            copy.facts.local_part = Some(local_part);
            copy.errors_to.clone_from(&address.inherited.errors_to);
            copy.srs_sender.clone_from(&address.inherited.srs_sender);
            retry::routed(self, id);
            self.place(id, copy, growing);
        }
    }

    /// `remote_sort_domains`: addresses whose domains stand earlier in the list go first.
    pub(super) async fn sort_remote(&mut self, list: &mut [NodeId]) {
        let config = Arc::clone(&self.config);
        let Some(order) = config.main.get(main::REMOTE_SORT_DOMAINS) else { return };
        let mut ranks: HashMap<NodeId, usize> = HashMap::with_capacity(list.len());
        for id in list.iter() {
            let domain = self.node(*id).address.domain.clone();
            let found = self.context.on_pool(|context| order.matches(Subject::Text(&domain), context)).await;
            let rank = match found {
                Some(Ok(found)) if found.matched => found.item,
                _ => None,
            };
            ranks.insert(*id, rank.unwrap_or(usize::MAX));
        }
        list.sort_by_key(|id| ranks.get(id).copied().unwrap_or(usize::MAX));
    }

    /// Envelope-to: names another recipient whose delivery this is; a recipient that leads here twice stands there once.
    fn deliver_also_for(&mut self, original: NodeId, duplicate: NodeId) {
        let top = |mut id: NodeId| {
            while let Some(parent) = self.node(id).parent {
                id = parent;
            }
            id
        };
        let wanted = top(duplicate);
        let others = self.node(original).duplicates.iter().filter(|id| **id != duplicate);
        if top(original) == wanted || others.copied().any(|id| top(id) == wanted) {
            return;
        }
        let recipient = self.node(wanted).address.address.clone();
        if let Some(assignment) = &mut self.node_mut(original).assignment {
            assignment.facts.same_for.push(recipient);
        }
    }

    /// The same delivery asked for twice is one.
    fn without_duplicates(&mut self, list: VecDeque<NodeId>) -> Vec<NodeId> {
        let mut first: HashMap<Vec<u8>, NodeId> = HashMap::with_capacity(list.len());
        let mut kept = Vec::with_capacity(list.len());
        for id in list {
            let Some(key) = self.node(id).key() else { continue };
            match first.get(&key) {
                Some(original) => {
                    let original = *original;
                    self.node_mut(original).duplicates.push(id);
                    self.deliver_also_for(original, id);
                }
                None => {
                    first.insert(key, id);
                    kept.push(id);
                }
            }
        }
        kept
    }

    /// Ends an address as failed, and says so.
    pub(super) fn fail(&mut self, id: NodeId, trouble: Trouble, time: Option<std::time::Duration>) {
        self.tell_of_failure(id, &trouble);
        self.log_failed(self.node(id), &trouble, time);
        self.node_mut(id).end = End::Failed(trouble);
        self.failed.push(id);
    }

    /// Leaves an address for another time, and says so.
    pub(super) fn defer(&mut self, id: NodeId, trouble: Trouble, time: Option<std::time::Duration>) {
        self.log_deferred(self.node(id), &trouble, time);
        self.node_mut(id).end = End::Deferred(trouble);
    }

    /// A domain turned out to have a longer name: the header lines are to say so.
    fn rewrite_headers(&mut self, rewrite: &HeaderRewrite) {
        let parse = ParseOptions { allow_domain_literals: true, ..ParseOptions::default() };
        let mut changed = false;
        for line in &mut self.context.facts.message.headers {
            if !is_address_field(line.kind) {
                continue;
            }
            let text = map_addresses(line, parse, |address| {
                let same = address.domain.eq_ignore_ascii_case(&rewrite.from);
                same.then(|| Address::new(address.local_part.clone(), rewrite.to.clone()).to_bytes())
            });
            if let Some(text) = text {
                line.text = text;
                changed = true;
            }
        }
        if changed {
            self.dirty = true;
            let lines = self.context.facts.message.headers.iter();
            self.header.headers = lines
                .map(|line| spool::HeaderLine {
                    kind: spool::HeaderKind::from_letter(line.kind.letter()),
                    text: line.text.clone(),
                })
                .collect();
        }
    }

    /// `queue_smtp_domains`, `-odqs`: remote deliveries that wait for a queue run.
    pub(super) async fn remote_waits(&mut self, id: NodeId) -> bool {
        if self.kind.local_only() {
            return true;
        }
        if self.kind.is_forced() || self.kind.in_queue_run() {
            return false;
        }
        let domain = self.node(id).address.domain.clone();
        self.domain_is_in(main::QUEUE_SMTP_DOMAINS, &domain).await
    }
}

/// What `waits` says in the log.
pub(super) fn remote_waits_trouble() -> Trouble {
    Trouble { errno: errno::LOCAL_ONLY, ..Trouble::text("domain is in queue_smtp_domains") }
}

fn copyable(outcome: &RouteOutcome) -> Option<Assignment> {
    outcome.assignment().filter(|assignment| assignment.copy_routing && outcome.generated.is_empty()).cloned()
}

/// The address that a `one_time` redirection replaced: known from the envelope, by name only.
fn one_time_parent(address: &[u8]) -> Arc<Ancestor> {
    let parent = RouteAddress::new(address);
    parent.as_ancestor("", &parent.local_part.to_ascii_lowercase())
}

/// Runs futures at once on this task; results in the order of the futures.
pub(super) async fn all_of<T>(mut futures: Vec<Pin<Box<dyn Future<Output = T> + Send>>>) -> Vec<T> {
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut pending = false;
        for (future, result) in futures.iter_mut().zip(&mut results) {
            if result.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *result = Some(value),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    results.into_iter().flatten().collect()
}

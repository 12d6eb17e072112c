//! Which addresses are delivered together.
//!
//! # Compatibility
//! Specification chapter "Address batching in local transports"; for SMTP, addresses with the same hosts, sender and
//! header changes share one transaction, up to `max_rcpt`.

use std::sync::Arc;

use config::TransportInstance;
use config::options::postrider;
use config::options::transport::{generic, smtp};
use config::options::value::{FlagValue, NumberValue, OptionValue};

use mail_types::value::Value;
use policy::list::Subject;

use super::node::{Node, NodeId, Trouble};
use super::run::Run;
use crate::context::Context;
use crate::route::{Assignment, RouteHost, errno};
use crate::transport::limits::Place;

/// What a local transport says about batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    most: usize,
    /// An option refers to `$domain`: one domain a batch.
    by_domain: bool,
}

/// The domain whose MTA-STS policy counts for an address.
struct PolicyOf {
    /// The one whose hosts were looked up.
    domain: Option<Vec<u8>>,
    /// Whether `mta_sts_domains` names it, once somebody has asked.
    listed: Option<bool>,
}

impl Run {
    /// Takes the first address off the list, and those that go with it.
    pub(super) async fn local_batch(&mut self, list: &mut Vec<NodeId>) -> Vec<NodeId> {
        if list.is_empty() {
            return Vec::new();
        }
        let first = list.remove(0);
        let mut batch = vec![first];
        let Some(limits) = self.limits(first) else { return batch };
        let Some(key) = self.batch_id(first).await else { return batch };
        let mut at = 0;
        while at < list.len() && batch.len() < limits.most {
            let id = list[at];
            if self.goes_with(first, id, limits) && self.batch_id(id).await.as_ref() == Some(&key) {
                batch.push(list.remove(at));
            } else {
                at += 1;
            }
        }
        batch
    }

    /// None when addresses of this transport go one by one.
    fn limits(&self, id: NodeId) -> Option<Limits> {
        let transport = self.transport_of(id)?;
        let most = match transport.options.find("batch_max") {
            Some((_, slot)) => match slot.value {
                OptionValue::Integer(most) => usize::try_from(most).unwrap_or(1),
                _ => 1,
            },
            None => 1,
        };
        if most <= 1 || mentions(transport, b"local_part") {
            return None;
        }
        Some(Limits { most, by_domain: mentions(transport, b"domain") })
    }

    fn transport_of(&self, id: NodeId) -> Option<&TransportInstance> {
        self.config.transport(&self.node(id).assignment.as_ref()?.transport)
    }

    /// A place for a batch in its transport, where `max_parallel` counts them; the addresses wait where none is free. A
    /// number that cannot be told is no limit, as with Exim.
    pub(super) async fn place_in_transport(&mut self, ids: &[NodeId]) -> Option<Option<Place>> {
        let config = Arc::clone(&self.config);
        let assignment = ids.first().and_then(|id| self.node(*id).assignment.clone())?;
        let limit =
            config.transport(&assignment.transport).and_then(|it| it.options.get(generic::MAX_PARALLEL));
        let Some(text) = limit else { return Some(None) };
        self.context.facts.address = assignment.facts.clone();
        let most = self.evaluated(text).await.and_then(|value| number(value.bytes())).unwrap_or(0);
        if most == 0 {
            return Some(None);
        }
        let limits = &self.services.connections.limits;
        let place = limits.of_transport(&assignment.transport, most as u64);
        if place.is_none() {
            let text = "concurrency limit reached for transport";
            let trouble = Trouble { errno: errno::TRANSPORT_RETRY, ..Trouble::text(text) };
            for id in ids {
                self.defer(*id, trouble.clone(), None);
            }
        }
        place.map(Some)
    }

    async fn evaluated(&mut self, text: &expand::Expansion) -> Option<Value> {
        let text = text.clone();
        self.context.on_pool(move |context| text.eval(context)).await?.ok()
    }

    /// `batch_id` for an address, empty when there is none; none when it cannot be expanded.
    async fn batch_id(&mut self, id: NodeId) -> Option<Vec<u8>> {
        let transport = self.transport_of(id)?;
        let text = match transport.options.find("batch_id") {
            Some((_, slot)) => match &slot.value {
                OptionValue::Text(text) => text.clone(),
                _ => return Some(Vec::new()),
            },
            None => return Some(Vec::new()),
        };
        self.context.facts.address = self.node(id).assignment.as_ref()?.facts.clone();
        let value = self.context.on_pool(|context| text.eval(context)).await?;
        value.ok().map(Value::into_bytes)
    }

    fn goes_with(&self, first: NodeId, other: NodeId, limits: Limits) -> bool {
        let (first, other) = (self.node(first), self.node(other));
        let (Some(a), Some(b)) = (&first.assignment, &other.assignment) else { return false };
        same_carrying(a, b)
            && first.address.kind == other.address.kind
            && same_target(first, other)
            && a.user == b.user
            && a.host_list == b.host_list
            && a.hosts.first().map(|host| &host.name) == b.hosts.first().map(|host| &host.name)
            && (!limits.by_domain || first.address.domain == other.address.domain)
    }

    /// Takes the first remote address off the list, and those that go to the same hosts.
    pub(super) async fn remote_batch(&mut self, list: &mut Vec<NodeId>) -> Vec<NodeId> {
        if list.is_empty() {
            return Vec::new();
        }
        let first = list.remove(0);
        let mut batch = vec![first];
        let (most, several_domains) = self.smtp_limits(first).await;
        let mut policy = self.policy_of(first);
        let mut at = 0;
        while at < list.len() && (most == 0 || batch.len() < most) {
            if self.shares_connection(first, list[at], several_domains)
                && !self.parted_by_policy(&mut policy, list[at]).await
            {
                batch.push(list.remove(at));
            } else {
                at += 1;
            }
        }
        batch
    }

    /// `max_rcpt` and `multi_domain`. What cannot be expanded makes small batches, and loses nothing.
    async fn smtp_limits(&mut self, id: NodeId) -> (usize, bool) {
        let config = Arc::clone(&self.config);
        let Some(assignment) = &self.node(id).assignment else { return (1, false) };
        let Some(transport) = config.transport(&assignment.transport) else { return (1, false) };
        self.context.facts.address = assignment.facts.clone();
        let most = match transport.options.get(smtp::MAX_RCPT) {
            // Everybody in one transaction, or nobody.
            _ if self.wraps_mua() => 0,
            NumberValue::Fixed(most) => usize::try_from(*most).unwrap_or(0),
            NumberValue::Expanded(text) => {
                self.evaluated(text).await.and_then(|value| number(value.bytes())).unwrap_or(1)
            }
        };
        let several = match transport.options.get(smtp::MULTI_DOMAIN) {
            FlagValue::Fixed(on) => *on,
            FlagValue::Expanded(text) => {
                self.evaluated(text).await.is_some_and(|value| is_yes(value.bytes()))
            }
        };
        (most, several)
    }

    /// Whether an address, or the one with which a batch began, is for a domain whose MTA-STS policy may ask for what the
    /// other's does not.
    async fn parted_by_policy(&mut self, first: &mut PolicyOf, other: NodeId) -> bool {
        let other = self.policy_of(other);
        if first.domain == other.domain
            || self.wraps_mua()
            || self.config.main.get(postrider::MTA_STS_DOMAINS).is_none()
        {
            return false;
        }
        let of_first = match first.listed {
            Some(listed) => listed,
            None => {
                let listed = self.may_have_policy(first.domain.clone()).await;
                first.listed = Some(listed);
                listed
            }
        };
        of_first || self.may_have_policy(other.domain).await
    }

    fn policy_of(&self, id: NodeId) -> PolicyOf {
        let host = self.node(id).assignment.as_ref().and_then(|assignment| assignment.hosts.first());
        let source = host.and_then(|host| host.source.as_ref());
        PolicyOf { domain: source.map(|source| source.domain.to_ascii_lowercase()), listed: None }
    }

    /// Whether `mta_sts_domains` names a domain, or can't tell: such a message waits later on, that to others does not.
    async fn may_have_policy(&mut self, domain: Option<Vec<u8>>) -> bool {
        let Some(domain) = domain else { return false };
        let subject = move |context: &mut Context| {
            context.matches_option(postrider::MTA_STS_DOMAINS, Subject::Text(&domain))
        };
        !matches!(self.context.on_pool(subject).await, Some(Ok(false)))
    }

    fn shares_connection(&self, first: NodeId, other: NodeId, several_domains: bool) -> bool {
        let (first, other) = (self.node(first), self.node(other));
        let (Some(a), Some(b)) = (&first.assignment, &other.assignment) else { return false };
        same_carrying(a, b)
            && same_hosts(&a.hosts, &b.hosts)
            && a.fallback_hosts == b.fallback_hosts
            && (several_domains || first.address.domain == other.address.domain)
    }
}

fn number(text: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

fn is_yes(text: &[u8]) -> bool {
    text.eq_ignore_ascii_case(b"true") || text.eq_ignore_ascii_case(b"yes")
}

fn same_carrying(a: &Assignment, b: &Assignment) -> bool {
    a.transport == b.transport
        && a.errors_to == b.errors_to
        && a.srs_sender == b.srs_sender
        && a.headers_add == b.headers_add
        && a.headers_remove == b.headers_remove
}

/// Files and commands that a redirection named have to be the same ones.
fn same_target(a: &Node, b: &Node) -> bool {
    a.address.kind == crate::route::AddressKind::Address || a.address.address == b.address.address
}

/// The same hosts, known as well; those of one MX preference in any order.
fn same_hosts(a: &[RouteHost], b: &[RouteHost]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let key =
        |host: &RouteHost| (host.mx, host.name.clone(), host.address, host.port, host.dnssec, host.tls as u8);
    let sorted = |hosts: &[RouteHost]| {
        let mut keys: Vec<_> = hosts.iter().map(key).collect();
        if hosts.iter().all(|host| host.mx.is_some()) {
            keys.sort();
        }
        keys
    };
    sorted(a) == sorted(b)
}

/// Whether any option of a transport refers to a variable.
fn mentions(transport: &TransportInstance, variable: &[u8]) -> bool {
    let uses = |text: &[u8]| {
        [&b"$"[..], b"${"].iter().any(|dollar| {
            let wanted = [dollar, variable].concat();
            text.windows(wanted.len()).any(|window| window == wanted)
        })
    };
    transport.options.iter().any(|(_, slot)| slot.text.as_deref().is_some_and(uses))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, mx: Option<u16>) -> RouteHost {
        RouteHost { name: name.into(), mx, ..RouteHost::default() }
    }

    #[test]
    fn hosts_of_equal_preference_may_be_in_any_order() {
        let (a, b) = (host("a", Some(5)), host("b", Some(5)));
        assert!(same_hosts(&[a.clone(), b.clone()], &[b.clone(), a.clone()]));
        assert!(!same_hosts(std::slice::from_ref(&a), &[a.clone(), b]));
        // What DNSSEC vouches for under one domain it may not under another: DANE would be at the mercy of the first.
        let signed = RouteHost { dnssec: Some(true), ..a.clone() };
        assert!(!same_hosts(std::slice::from_ref(&a), &[signed]));
        let (c, d) = (host("c", None), host("d", None));
        assert!(!same_hosts(&[c.clone(), d.clone()], &[d, c]), "a list by hand is in its own order");
    }
}

//! The addresses of one attempt, as a tree.
//!
//! # Invariants
//! * A node has one end: done, failed or deferred. A node with children is done when all of them are.

use hints::RetryKey;
use observe::event::{LogAddress, RemoteHost};
use policy::retry::RetryError;

use crate::route::{Ancestor, Assignment, RouteAddress, errno};

/// Index of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) usize);

/// What is known about the trouble with an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The router, where routing was the trouble.
    pub(super) router: Option<String>,
    /// The number after `defer`.
    pub(super) errno: i32,
    /// More about the number, for retry rules.
    pub(super) more_errno: i32,
    /// Text for the log.
    pub(super) message: Vec<u8>,
    /// Text for the bounce, where it is another.
    pub(super) user_message: Option<Vec<u8>>,
    /// What a command wrote, to be sent back.
    pub(super) output: Option<Vec<u8>>,
    /// The host that said so.
    pub(super) host: Option<RemoteHost>,
    /// TLS of the session in which it said so.
    pub(super) tls: Option<observe::event::Tls>,
    /// Its reply.
    pub(super) smtp_reply: Option<Vec<u8>>,
    /// The panic log has the line about it as well.
    pub(super) panic: bool,
}

impl Trouble {
    /// Nothing but a text.
    pub(super) fn text(message: impl Into<Vec<u8>>) -> Self {
        Self { errno: errno::NONE, message: message.into(), ..Self::default() }
    }
}

/// How an address ended in this attempt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum End {
    /// Not yet, or waiting for its children.
    #[default]
    Open,
    /// Delivered, discarded, or all children done.
    Done,
    /// It will never be delivered.
    Failed(Trouble),
    /// Another time.
    Deferred(Trouble),
}

/// One address.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) address: RouteAddress,
    pub(super) parent: Option<NodeId>,
    /// The recipient in the envelope, for a top-level address.
    pub(super) recipient: Option<usize>,
    /// Children without an end.
    pub(super) waiting_for: usize,
    pub(super) assignment: Option<Box<Assignment>>,
    pub(super) end: End,
    /// The key is one of the transport's too (`address/transport`).
    pub(super) retry_items: Vec<RetryItem>,
    /// Addresses that are the same delivery.
    pub(super) duplicates: Vec<NodeId>,
}

impl Node {
    pub(super) fn new(address: RouteAddress, parent: Option<NodeId>, recipient: Option<usize>) -> Self {
        Self {
            address,
            parent,
            recipient,
            waiting_for: 0,
            assignment: None,
            end: End::Open,
            retry_items: Vec::new(),
            duplicates: Vec::new(),
        }
    }

    /// What the journal and the list of non-recipients hold once this address is done; none for a copy of an
    /// ancestor that never came to a transport.
    pub(super) fn key(&self) -> Option<Vec<u8>> {
        if !self.address.homonym {
            return Some(self.address.unique.clone());
        }
        let transport = &self.assignment.as_ref()?.transport;
        Some([self.address.unique.as_slice(), b"/", transport.as_bytes()].concat())
    }

    /// Where errors go: none for the sender.
    pub(super) fn errors_to(&self) -> Option<&[u8]> {
        match &self.assignment {
            Some(assignment) => assignment.errors_to.as_deref(),
            None => self.address.inherited.errors_to.as_deref(),
        }
    }

    /// The return path that `srs = forward` made, where no router said where errors go.
    pub(super) fn srs_sender(&self) -> Option<&[u8]> {
        let made = match &self.assignment {
            Some(assignment) => assignment.srs_sender.as_deref(),
            None => self.address.inherited.srs_sender.as_deref(),
        };
        made.filter(|_| self.errors_to().is_none())
    }

    /// The address as log lines show it; `delivered` where the line tells of a success.
    pub(super) fn log_address(&self, delivered: bool) -> LogAddress {
        let target = self.target(delivered);
        let chain: Vec<_> = Ancestor::chain(self.address.parent.as_ref()).collect();
        let (original, parents) = match chain.split_last() {
            Some((original, parents)) => {
                (original.address.clone(), parents.iter().map(|parent| parent.address.clone()).collect())
            }
            None => (self.address.address.clone(), Vec::new()),
        };
        let original = (!is_same(&original, &target)).then_some(original);
        LogAddress { target, parents, original }
    }

    /// Successes of local deliveries show the local part alone.
    fn target(&self, delivered: bool) -> Vec<u8> {
        if self.address.kind != crate::route::AddressKind::Address {
            return self.address.address.clone();
        }
        let mut target = Vec::new();
        let local = delivered && self.assignment.as_ref().is_some_and(|assignment| assignment.log_as_local);
        match &self.assignment {
            Some(assignment) => {
                let facts = &assignment.facts;
                // A local delivery names the mailbox, without what the router took off the address.
                let prefix = facts.local_part_prefix.as_ref().filter(|_| !local);
                let suffix = facts.local_part_suffix.as_ref().filter(|_| !local);
                for part in [prefix, facts.local_part.as_ref(), suffix].into_iter().flatten() {
                    target.extend_from_slice(part.bytes());
                }
            }
            None => target.extend_from_slice(&self.address.local_part.to_ascii_lowercase()),
        }
        if !local {
            target.push(b'@');
            target.extend_from_slice(&self.address.domain);
        }
        target
    }

    /// The address as bounces show it, the recipient in the envelope, and whether the address itself is hidden.
    pub(super) fn bounce_address(&self) -> (Vec<u8>, Vec<u8>, bool) {
        let original = match self.address.original() {
            Some(original) => original.address.clone(),
            None => self.address.address.clone(),
        };
        (self.address.address.clone(), original, self.address.inherited.hide_child)
    }
}

/// Whether two addresses differ in nothing but the case of their domains.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let split = |address: &[u8]| memchr::memrchr(b'@', address).unwrap_or(address.len());
    let ((one, of_one), (other, of_other)) = (one.split_at(split(one)), other.split_at(split(other)));
    one == other && of_one.eq_ignore_ascii_case(of_other)
}

/// One failure of an address, as hints remember it.
#[derive(Debug, Clone)]
pub(super) struct RetryItem {
    pub(super) key: RetryKey,
    /// What rules are matched against.
    pub(super) subject: Vec<u8>,
    /// Tried against each rule after that: the domain, for a host.
    pub(super) alternate: Option<Vec<u8>>,
    pub(super) error: RetryError,
    pub(super) errno: i32,
    pub(super) more_errno: i32,
    pub(super) text: Vec<u8>,
    /// The failure has to do with the message: the message's own age counts.
    pub(super) about_message: bool,
}

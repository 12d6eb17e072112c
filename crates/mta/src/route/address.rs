//! One address on its way through the routers, and the chain of addresses that it came from.
//!
//! # Invariants
//! * `unique` is what the journal, the list of non-recipients and the check for duplicates compare. Two deliveries
//!   that must both happen have different ones; the same delivery has the same one in every attempt.
//! * The chain of ancestors is as long as `limits::REDIRECT_DEPTH` allows and no longer.
//!
//! # Security
//! Addresses come from the network, from alias data and from users' files.
//!
//! # Compatibility
//! Keys are Exim's: `local@domain`; `/file:parent`, `|command:parent`; `address/router` for the copy that an `unseen`
//! router keeps; `address/transport` for a child that equals one of its ancestors.

use std::collections::BTreeMap;
use std::sync::Arc;

use mail_message::header::HeaderLine;
use mail_types::address::Address;
use mail_types::value::Value;

use super::outcome::{Assignment, RouteDeferral};
use crate::context::facts::SrsFacts;

/// What an address stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AddressKind {
    /// A mail address, to be routed.
    #[default]
    Address,
    /// `|command`, from a redirection.
    Pipe,
    /// `/file`, from a redirection.
    File,
    /// `/directory/`, from a redirection.
    Directory,
}

/// An address that a router turned into others.
#[derive(Debug, Clone)]
pub struct Ancestor {
    /// The address, as logs show it.
    pub address: Vec<u8>,
    /// Its key.
    pub unique: Vec<u8>,
    /// Local part as the router used it.
    pub local_part: Vec<u8>,
    /// Domain, in lower case.
    pub domain: Vec<u8>,
    /// The router that handled it.
    pub router: String,
    /// Where it came from in turn.
    pub parent: Option<Arc<Ancestor>>,
}

/// Data that an address collects on its way and hands to its children.
#[derive(Debug, Clone, Default)]
pub struct Inherited {
    /// `$address_data`.
    pub address_data: Option<Value>,
    /// `$r_…`, keyed by the whole name.
    pub router_variables: BTreeMap<Vec<u8>, Value>,
    /// Where errors go instead of to the sender (`errors_to`); empty: nowhere.
    pub errors_to: Option<Vec<u8>>,
    /// The return path that `srs = forward` made; errors of ours go to the sender all the same.
    pub srs_sender: Option<Vec<u8>>,
    /// What the router with `srs` found.
    pub srs: SrsFacts,
    /// Header lines that routers added, in order.
    pub headers_add: Vec<HeaderLine>,
    /// Header names that routers removed, unexpanded items of `headers_remove`.
    pub headers_remove: Vec<Vec<u8>>,
    /// `$self_hostname`.
    pub self_hostname: Option<Value>,
    /// Bounces do not name the address (`hide_child_in_errmsg`).
    pub hide_child: bool,
    /// The child replaces its top-level recipient when it has to wait (`one_time`).
    pub one_time: bool,
    /// ORCPT of the recipient.
    pub orcpt: Option<Vec<u8>>,
    /// NOTIFY of the recipient, as Exim's bits.
    pub notify: u8,
}

/// What a redirection decided about a pipe, a file or a directory.
#[derive(Debug, Clone)]
pub enum Special {
    /// Its transport is known.
    Assigned(Box<Assignment>),
    /// The router may not do this; the address fails with this text.
    Forbidden(Box<Assignment>, &'static str),
    /// The transport could not be found out.
    Deferred(RouteDeferral),
}

/// An address that is to be routed, or that a redirection assigned to a transport.
#[derive(Debug, Clone)]
pub struct RouteAddress {
    /// The address as logs show it: case, quotes and affixes kept.
    pub address: Vec<u8>,
    /// Local part without quotes, case and affixes kept.
    pub local_part: Vec<u8>,
    /// Domain, in lower case.
    pub domain: Vec<u8>,
    /// The key, see the module's invariants.
    pub unique: Vec<u8>,
    /// What it stands for.
    pub kind: AddressKind,
    /// Where it came from.
    pub parent: Option<Arc<Ancestor>>,
    /// True when an ancestor has the same key.
    pub homonym: bool,
    /// Name of the router to begin with.
    pub start_router: Option<String>,
    /// What it has collected.
    pub inherited: Inherited,
    /// For anything but a mail address: what the redirection decided.
    pub special: Option<Special>,
}

impl Ancestor {
    /// The ancestors from this one upwards.
    pub fn chain(first: Option<&Arc<Self>>) -> impl Iterator<Item = &Self> {
        std::iter::successors(first.map(Arc::as_ref), |a| a.parent.as_deref())
    }
}

impl RouteAddress {
    /// A top-level address (a recipient, an address to be verified or tested).
    pub fn new(address: &[u8]) -> Self {
        let parts = Address::split(address);
        Self {
            address: address.to_vec(),
            local_part: parts.unquoted_local_part(),
            domain: parts.lower_domain(),
            unique: unique_of(&parts),
            kind: AddressKind::Address,
            parent: None,
            homonym: false,
            start_router: None,
            inherited: Inherited::default(),
            special: None,
        }
    }

    /// A mail address that `self`, handled by `router`, gave rise to.
    #[must_use]
    pub fn child(&self, router: &str, local_part: &[u8], address: &[u8], inherited: Inherited) -> Self {
        let parent = self.as_ancestor(router, local_part);
        let mut child = Self { parent: Some(parent), inherited, ..Self::new(address) };
        child.homonym = Ancestor::chain(child.parent.as_ref()).any(|a| a.unique == child.unique);
        child
    }

    /// A pipe, a file or a directory that `self`, handled by `router`, was redirected to.
    #[must_use]
    pub fn special_child(
        &self,
        router: &str,
        local_part: &[u8],
        (kind, text): (AddressKind, &[u8]),
        special: Special,
    ) -> Self {
        let mut unique = text.to_vec();
        unique.push(b':');
        unique.extend_from_slice(&self.unique);
        Self {
            address: text.to_vec(),
            local_part: self.local_part.clone(),
            domain: self.domain.clone(),
            unique,
            kind,
            parent: Some(self.as_ancestor(router, local_part)),
            homonym: false,
            start_router: None,
            inherited: self.inherited.clone(),
            special: Some(special),
        }
    }

    /// The copy that goes on to further routers after an `unseen` one.
    #[must_use]
    pub fn unseen_copy(&self, router: &str, local_part: &[u8], next_router: &str) -> Self {
        let inherited =
            Inherited { headers_add: Vec::new(), headers_remove: Vec::new(), ..self.inherited.clone() };
        let mut copy = self.child(router, local_part, &self.address, inherited);
        copy.start_router = Some(next_router.to_owned());
        copy
    }

    /// The outermost ancestor: the recipient in the envelope.
    pub fn original(&self) -> Option<&Ancestor> {
        Ancestor::chain(self.parent.as_ref()).last()
    }

    /// How many addresses it has passed through.
    pub fn depth(&self) -> usize {
        Ancestor::chain(self.parent.as_ref()).count()
    }

    /// Whether an ancestor with the same address was handled by this router, or any ancestor at all.
    pub fn was_handled_by(&self, router: &str, any_address: bool) -> bool {
        Ancestor::chain(self.parent.as_ref())
            .any(|a| a.router == router && (any_address || same_address(&a.address, &self.address)))
    }

    /// This address as an ancestor of others.
    pub fn as_ancestor(&self, router: &str, local_part: &[u8]) -> Arc<Ancestor> {
        Arc::new(Ancestor {
            address: self.address.clone(),
            unique: self.unique.clone(),
            local_part: local_part.to_vec(),
            domain: self.domain.clone(),
            router: router.to_owned(),
            parent: self.parent.clone(),
        })
    }
}

/// Addresses are the same when the local parts are, letter by letter, and the domains but for case.
fn same_address(a: &[u8], b: &[u8]) -> bool {
    unique_of(&Address::split(a)) == unique_of(&Address::split(b))
}

fn unique_of(parts: &Address) -> Vec<u8> {
    Address::new(parts.local_part.clone(), parts.lower_domain()).to_bytes()
}

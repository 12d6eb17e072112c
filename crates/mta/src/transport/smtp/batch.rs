//! What a remote delivery is asked to do, and what it answers.
//!
//! # Invariants
//! * A reply has one result per address of its batch, in the same order.

use std::sync::Arc;

use hints::RetryKey;
use mail_message::header::HeaderLine;
use mail_types::outcome::Verdict;
use observe::event::RemoteHost;
use policy::retry::RetryError;
use tokio::sync::{mpsc, oneshot};

use crate::context::facts::AddressFacts;
use crate::route::RouteHost;

/// One run of the `smtp` transport: addresses that go to the same hosts with the same sender and header changes.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Name of the transport.
    pub transport: String,
    /// The addresses.
    pub addresses: Vec<BatchAddress>,
    /// The router's hosts, in order.
    pub hosts: Vec<RouteHost>,
    /// `fallback_hosts` of the router, as written.
    pub fallback_hosts: Option<Vec<u8>>,
    /// The router has put the hosts into random order.
    pub hosts_randomized: bool,
    /// The sender to send: the message's, or the router's `errors_to`.
    pub return_path: Vec<u8>,
    /// Header lines that routers added.
    pub headers_add: Vec<HeaderLine>,
    /// Header names that routers removed.
    pub headers_remove: Vec<Vec<u8>>,
    /// The message's content, and the octet at which the body begins.
    pub data: Arc<std::fs::File>,
    /// See `data`.
    pub body_offset: u64,
    /// Retry times of hosts do not count (`-qf`, `-M`).
    pub ignore_retry_times: bool,
    /// `mua_wrapper`: a refusal of one recipient is one of all, for good, and no fallback host is asked.
    pub all_or_nobody: bool,
    /// `-N`: nothing is sent, and everything counts as accepted.
    pub pretend: bool,
    /// Who writes down what a host has taken, before anything else happens on its connection.
    pub journal: Journal,
}

impl Batch {
    /// The domain that all addresses share, when they do.
    pub(super) fn only_domain(&self) -> Option<Vec<u8>> {
        let mut domains = self.addresses.iter().map(|address| address.facts.domain.as_ref());
        let first = domains.next()??;
        let same = domains.all(|other| other.is_some_and(|other| other.bytes() == first.bytes()));
        same.then(|| first.bytes().to_ascii_lowercase())
    }

    /// All domains that the mail is for, each once, as the DNS has them.
    pub(super) fn domains(&self) -> Vec<Vec<u8>> {
        let mut domains: Vec<Vec<u8>> = Vec::new();
        for domain in self.addresses.iter().filter_map(|address| address.facts.domain.as_ref()) {
            let domain = dns::a_labels(domain.bytes()).to_ascii_lowercase();
            if !domains.contains(&domain) {
                domains.push(domain);
            }
        }
        domains
    }
}

/// The way to whoever writes down deliveries.
#[derive(Debug, Clone)]
pub struct Journal {
    batch: usize,
    to: mpsc::Sender<Acceptance>,
}

/// Addresses of a batch for which a host has just said that it has the message.
#[derive(Debug)]
pub struct Acceptance {
    /// The number of the batch.
    pub batch: usize,
    /// Numbers of addresses in the batch.
    pub addresses: Vec<usize>,
    /// To be told when it is durable; false when it cannot be, so that nothing more may be delivered.
    pub written: oneshot::Sender<bool>,
}

impl Journal {
    /// For one batch of those that share a channel.
    pub fn new(batch: usize, to: mpsc::Sender<Acceptance>) -> Self {
        Self { batch, to }
    }

    /// Returns when the acceptance is durable, or false when it will not be.
    pub(super) async fn write(&self, addresses: Vec<usize>) -> bool {
        let (written, answer) = oneshot::channel();
        let acceptance = Acceptance { batch: self.batch, addresses, written };
        self.to.send(acceptance).await.is_ok() && answer.await.unwrap_or(false)
    }
}

/// One address of a batch.
#[derive(Debug, Clone)]
pub struct BatchAddress {
    /// What expansions see.
    pub facts: AddressFacts,
    /// RFC 3461 NOTIFY as Exim's bits: 1 never, 2 success, 4 failure, 8 delay.
    pub notify: u8,
    /// RFC 3461 ORCPT as sent.
    pub orcpt: Option<Vec<u8>>,
}

/// What became of a [`Batch`].
#[derive(Debug, Clone, Default)]
pub struct BatchReply {
    /// One result per address.
    pub results: Vec<AddressResult>,
    /// The numbers of the addresses in the order in which they are told of; those that are missing come after.
    pub order: Vec<usize>,
    /// Hosts that failed on the way: `HostError` lines for the log, in order.
    pub host_errors: Vec<observe::event::HostError>,
    /// Changes of the retry hints.
    pub retry: Vec<RetryChange>,
    /// Hosts that this message has to wait for: names for the wait hints.
    pub waits_for: Vec<Vec<u8>>,
    /// Further lines for the log (configuration trouble).
    pub log_lines: Vec<Vec<u8>>,
}

/// What became of one address.
#[derive(Debug, Clone)]
pub struct AddressResult {
    /// Accept (delivered), Defer, Fail or Freeze.
    pub verdict: Verdict,
    /// Exim's number, positive for the system's; 0 for none.
    pub errno: i32,
    /// More about the number, for retry rules.
    pub more_errno: i32,
    /// The error as retry rules name it.
    pub error: RetryError,
    /// Text for the log, and for the bounce where it has no text of its own.
    pub message: Option<Vec<u8>>,
    /// Text for the bounce alone; an empty one names the address and no reason.
    pub user_message: Option<Vec<u8>>,
    /// The host that decided.
    pub host: Option<RemoteHost>,
    /// The reply that refused, codes included.
    pub smtp_reply: Option<Vec<u8>>,
    /// What the session was like, once delivered; of a refusal, what TLS was.
    pub session: Option<observe::event::Session>,
    /// Octets sent.
    pub size: u64,
    /// The panic log has the line about it as well: a setting could not be expanded.
    pub panic: bool,
}

/// A change of the retry hints. The caller keeps the order: a later one of the same key wins.
#[derive(Debug, Clone)]
pub struct RetryChange {
    /// The record.
    pub key: RetryKey,
    /// What else retry rules are matched against: the host's name, or the domain.
    pub subject: Vec<u8>,
    /// The failure; none deletes the record.
    pub failure: Option<RetryFailure>,
}

/// A failure that is to be remembered.
#[derive(Debug, Clone)]
pub struct RetryFailure {
    /// As retry rules name it.
    pub error: RetryError,
    /// Exim's number.
    pub errno: i32,
    /// More about it.
    pub more_errno: i32,
    /// Text of the record.
    pub text: Vec<u8>,
}

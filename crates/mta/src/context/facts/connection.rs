//! Facts about where a message comes from: a TCP peer, a program on standard input, or this server itself.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mail_types::clock::Timestamp;
use mail_types::value::Value;
use serde::{Deserialize, Serialize};

use super::TlsFacts;

/// How mail reaches this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Origin {
    /// SMTP over a network connection.
    Tcp,
    /// SMTP on standard input and output (`-bs`).
    LocalSmtp,
    /// SMTP in batch form on standard input (`-bS`).
    BatchSmtp,
    /// A bare message on standard input (`-bm`, `-t`).
    LocalMessage,
    /// No input at all: a delivery, a queue run, an address test.
    #[default]
    Internal,
}

impl Origin {
    /// Whether the commands come as SMTP, in any of its three forms.
    pub fn is_smtp(self) -> bool {
        matches!(self, Self::Tcp | Self::LocalSmtp | Self::BatchSmtp)
    }

    /// "Locally-originated" as Exim means it: handed over on standard input.
    pub fn is_local(self) -> bool {
        matches!(self, Self::LocalSmtp | Self::BatchSmtp | Self::LocalMessage)
    }
}

/// Facts about a local caller that this program found out itself; the same facts from elsewhere are tainted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OwnFacts {
    /// `$sender_ident` is the caller's login name.
    pub ident: bool,
    /// `$authenticated_id` is.
    pub authenticated_id: bool,
    /// `$authenticated_sender` is made of it.
    pub authenticated_sender: bool,
}

/// The incoming connection or the local caller.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ConnectionFacts {
    /// The load has made a message of this connection wait (`queue_only_load_latch`).
    pub queued_by_load: bool,
    /// How mail reaches this process.
    pub origin: Origin,
    /// What of a local caller's facts is not from outside.
    pub own: OwnFacts,
    /// The client's and our address are what a trusted caller said (`-oMa`, `-oMi`), not a socket's.
    pub addresses_given: bool,
    /// The connection came from inetd, as standard input.
    pub via_inetd: bool,
    /// `$sender_host_address`; none for local callers without `-oMa`.
    pub sender_host_address: Option<IpAddr>,
    /// `$sender_host_port`.
    pub sender_host_port: u16,
    /// `$received_ip_address`: our end of the connection.
    pub received_ip_address: Option<IpAddr>,
    /// `$received_port`.
    pub received_port: u16,
    /// `$sender_host_name`, once a lookup has confirmed it.
    pub sender_host_name: Option<Vec<u8>>,
    /// Further confirmed names of the same host.
    pub sender_host_aliases: Vec<Vec<u8>>,
    /// `$host_lookup_failed`.
    pub host_lookup_failed: bool,
    /// `$host_lookup_deferred`.
    pub host_lookup_deferred: bool,
    /// Why `$host_lookup_failed` is 1.
    pub host_lookup_trouble: Option<String>,
    /// Whether a reverse lookup has been tried in this connection, and need not be again.
    pub host_lookup_done: bool,
    /// `$csa_status`.
    pub csa_status: Option<String>,
    /// `$sender_host_dnssec`.
    pub sender_host_dnssec: bool,
    /// `$sender_helo_name`.
    pub sender_helo_name: Option<Vec<u8>>,
    /// `$sender_helo_dnssec`.
    pub sender_helo_dnssec: bool,
    /// Whether the HELO name was found to be the client's own; none before it was checked.
    pub helo_verified: Option<bool>,
    /// `$sender_ident`: the answer of ident, the login of a local caller, or `-oMt`.
    pub sender_ident: Option<Vec<u8>>,
    /// `$sender_host_authenticated`: the name of the authenticator that succeeded.
    pub sender_host_authenticated: Option<Vec<u8>>,
    /// `$authenticated_id`.
    pub authenticated_id: Option<Vec<u8>>,
    /// `$authenticated_fail_id`.
    pub authenticated_fail_id: Option<Vec<u8>>,
    /// `$authentication_failed`.
    pub authentication_failed: bool,
    /// `$smtp_active_hostname`; the primary host name when empty.
    pub smtp_active_hostname: Vec<u8>,
    /// `$connection_id`.
    pub connection_id: String,
    /// When the connection was accepted.
    pub started_at: Timestamp,
    /// `$smtp_count_at_connection_start`.
    pub smtp_count_at_connection_start: u32,
    /// Whether the client greeted with EHLO.
    pub esmtp: bool,
    /// `$smtp_command`: the line being processed.
    pub smtp_command: Option<Vec<u8>>,
    /// `$smtp_command_argument`.
    pub smtp_command_argument: Vec<u8>,
    /// `$smtp_command_history`, oldest first.
    pub smtp_command_history: Vec<Vec<u8>>,
    /// `$smtp_notquit_reason`.
    pub smtp_notquit_reason: Option<String>,
    /// `$acl_c…`, keyed by what stands after `acl_c`.
    pub acl_c: BTreeMap<Vec<u8>, Value>,
    /// `$host_data` of a `hosts` condition.
    pub host_data: Option<Value>,
    /// The encrypted session.
    pub tls: Option<Box<TlsFacts>>,
}

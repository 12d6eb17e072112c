//! Facts about the remote host that a router chose or a transport talks to.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::TlsFacts;

/// One remote host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFacts {
    /// `$host`.
    pub name: Option<Vec<u8>>,
    /// `$host_address`.
    pub address: Option<IpAddr>,
    /// `$host_port`.
    pub port: u16,
    /// `$sending_ip_address`.
    pub sending_ip_address: Option<IpAddr>,
    /// `$sending_port`.
    pub sending_port: u16,
    /// `$lookup_dnssec_authenticated`: none when no lookup of the kind was done.
    pub lookup_dnssec_authenticated: Option<bool>,
    /// `$tls_out_tlsa_usage`.
    pub tlsa_usage: u8,
    /// The encrypted session with it.
    pub tls: Option<Box<TlsFacts>>,
}

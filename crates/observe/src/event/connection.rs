//! The two ends of a connection as log lines show them.

use std::net::{IpAddr, SocketAddr};

/// The other end of an incoming connection, or the local caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The name that was found for the address (`host_lookup`).
    pub name: Option<Vec<u8>>,
    /// What HELO or EHLO said.
    pub helo: Option<Vec<u8>>,
    /// The address; none for a local caller.
    pub address: Option<IpAddr>,
    /// The port there.
    pub port: u16,
    /// Our end.
    pub interface: Option<SocketAddr>,
    /// Ident, or the login name of a local caller.
    pub ident: Option<Vec<u8>>,
    /// The address is what a local caller said, not a socket's: lines about the connection itself name the caller.
    pub no_socket: bool,
    /// The connection came from inetd, as the program's standard input: lines about the connection itself say so.
    pub via_inetd: bool,
}

/// A host that we delivered to, or tried to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteHost {
    /// Its name as routed.
    pub name: Vec<u8>,
    /// Its address; none when it could not be found.
    pub address: Option<IpAddr>,
    /// The port there.
    pub port: u16,
    /// Our end, once connected.
    pub local: Option<SocketAddr>,
    /// The connection had carried another message before (`*`).
    pub reused: bool,
    /// The lookups on the way here were signed (`DS`).
    pub dnssec: bool,
}

/// The TLS session of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Protocol, cipher and bits in Exim's form.
    pub cipher: Option<Vec<u8>>,
    /// The session was resumed.
    pub resumed: bool,
    /// What became of the certificate: `yes`, `no`, `dane`.
    pub verified: Option<&'static str>,
    /// The peer's distinguished name.
    pub peer_dn: Option<Vec<u8>>,
    /// The server name that the client sent.
    pub sni: Option<Vec<u8>>,
}

/// SMTP authentication of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Auth {
    /// The authenticator's name.
    pub name: Vec<u8>,
    /// The identification that it set.
    pub id: Option<Vec<u8>>,
    /// The address of MAIL's AUTH argument.
    pub sender: Option<Vec<u8>>,
}

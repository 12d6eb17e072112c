//! Who a session is with, as far as is known before it begins.

use std::net::SocketAddr;

use crate::context::Context;
use crate::context::facts::{ConnectionFacts, Origin};
use crate::receive::Caller;
use crate::services::Arrival;
use crate::services::interfaces::is_on_connect_port;

/// The other end of a session.
#[derive(Debug, Clone)]
pub enum Client {
    /// A TCP peer.
    Tcp {
        /// The peer.
        peer: SocketAddr,
        /// Our end.
        local: SocketAddr,
        /// Connections that are open now, this one included; none outside of the daemon.
        count: Option<u32>,
    },
    /// A TCP peer whose connection inetd took, and handed over as standard input (`-bs`).
    Inetd {
        /// The peer.
        peer: SocketAddr,
        /// Our end.
        local: SocketAddr,
        /// `-od…`, for the messages of the session.
        arrival: Option<Arrival>,
    },
    /// A pipe that stands for a TCP peer (`-bh`): nobody can be said to speak too early on it.
    AsIf {
        /// The peer.
        peer: SocketAddr,
        /// Our end.
        local: SocketAddr,
    },
    /// A program on standard input and output (`-bs`).
    Local(Box<Caller>),
}

impl Client {
    /// The facts that a session begins with.
    pub(crate) fn facts(&self) -> ConnectionFacts {
        match self {
            Self::Tcp { peer, local, count } => ConnectionFacts {
                origin: Origin::Tcp,
                sender_host_address: Some(peer.ip().to_canonical()),
                sender_host_port: peer.port(),
                received_ip_address: Some(local.ip().to_canonical()),
                received_port: local.port(),
                smtp_count_at_connection_start: count.unwrap_or(0),
                ..ConnectionFacts::default()
            },
            Self::Inetd { peer, local, .. } => ConnectionFacts {
                via_inetd: true,
                ..Self::Tcp { peer: *peer, local: *local, count: None }.facts()
            },
            Self::AsIf { peer, local } => Self::Tcp { peer: *peer, local: *local, count: None }.facts(),
            Self::Local(caller) => caller.connection_facts(Origin::LocalSmtp),
        }
    }

    /// A socket of the Internet: what has arrived on it shows whether the client waits for our replies.
    pub(crate) fn is_tcp(&self) -> bool {
        matches!(self, Self::Tcp { .. } | Self::Inetd { .. })
    }

    /// TLS comes before the greeting: the port is one of `tls_on_connect_ports`, or `-tls-on-connect` was given. A port that
    /// a local caller names (`-oMi`) is none of ours.
    pub(crate) fn is_secured_at_once(&self, context: &Context) -> bool {
        match self {
            Self::Tcp { .. } | Self::Inetd { .. } => {
                context.services.process.tls_on_connect
                    || is_on_connect_port(&context.config, context.facts.connection.received_port)
            }
            Self::AsIf { .. } => false,
            Self::Local(caller) => caller.tls_on_connect,
        }
    }

    /// `-od…`, where it was given for the messages of this session.
    pub(crate) fn arrival(&self) -> Option<Arrival> {
        match self {
            Self::Inetd { arrival, .. } => *arrival,
            Self::Local(caller) => caller.arrival,
            Self::Tcp { .. } | Self::AsIf { .. } => None,
        }
    }

    /// The local caller, if it is one.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Tcp { .. } | Self::Inetd { .. } | Self::AsIf { .. } => None,
            Self::Local(caller) => Some(caller),
        }
    }
}

//! Names of records.
//!
//! # Compatibility
//! The text is that of Exim's databases: `T:host:address:port` for a host, `R:address` or `R:domain` for routing,
//! `R:address:<sender>` for an address that a host deferred, and so on.

use std::fmt;

use mail_types::MessageId;

/// Which of the two works a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RetryKind {
    /// Routing.
    Routing,
    /// Transport.
    Transport,
}

/// The key of a retry record.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RetryKey(Vec<u8>);

impl RetryKey {
    /// Longest key; a longer one has no record.
    pub const MAX: usize = 1_024;

    /// `R:domain`: routing a domain.
    pub fn routing_domain(domain: &[u8]) -> Self {
        Self::build(b"R:", &[domain])
    }

    /// `R:local@domain`: routing an address (`retry_use_local_part`).
    pub fn routing_address(local_part: &[u8], domain: &[u8]) -> Self {
        Self(join(b"R:", local_part, domain))
    }

    /// `T:local@domain`: a local delivery with `retry_use_local_part`.
    pub fn transport_address(local_part: &[u8], domain: &[u8]) -> Self {
        Self(join(b"T:", local_part, domain))
    }

    /// `T:domain`: a local delivery without it.
    pub fn transport_domain(domain: &[u8]) -> Self {
        Self::build(b"T:", &[domain])
    }

    /// `T:host:address` or `T:host:address:port`: a host; the port is named where it is not 25.
    pub fn host(name: &[u8], address: &[u8], port: Option<u16>) -> Self {
        let mut key = Self::build(b"T:", &[name, address]);
        if let Some(port) = port {
            key.0.extend_from_slice(format!(":{port}").as_bytes());
        }
        key
    }

    /// A host with one message: an error that concerns the message (4xx to MAIL or DATA).
    pub fn host_and_message(name: &[u8], address: &[u8], port: Option<u16>, id: &MessageId) -> Self {
        let mut key = Self::host(name, address, port);
        key.0.push(b':');
        key.0.extend_from_slice(id.as_bytes());
        key
    }

    /// `R:local@domain:<sender>`: an address that a host deferred, with the sender
    /// (`address_retry_include_sender`).
    pub fn address_and_sender(local_part: &[u8], domain: &[u8], sender: &[u8]) -> Self {
        let mut key = join(b"R:", local_part, domain);
        key.extend_from_slice(b":<");
        key.extend_from_slice(sender);
        key.push(b'>');
        Self(key)
    }

    /// Any text that Exim uses as a key.
    pub fn from_bytes(text: impl Into<Vec<u8>>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Routing or transport, by the letter at its start.
    pub fn kind(&self) -> RetryKind {
        if self.0.starts_with(b"R:") { RetryKind::Routing } else { RetryKind::Transport }
    }

    fn build(letter: &[u8], parts: &[&[u8]]) -> Self {
        let mut key = letter.to_vec();
        key.extend_from_slice(&parts.join(&b':'));
        Self(key)
    }
}

fn join(letter: &[u8], local_part: &[u8], domain: &[u8]) -> Vec<u8> {
    [letter, local_part, b"@", domain].concat()
}

impl fmt::Display for RetryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for RetryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

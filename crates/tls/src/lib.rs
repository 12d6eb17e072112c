//! TLS both ways: the adapter to rustls, certificates, verification, cipher names.
//!
//! A server reads a client's hello with [`Stream::hello`], chooses what to show for the name in it and goes on with
//! [`Stream::accept`]; a client upgrades with [`Stream::connect`]. Both end with an [`Established`] session: plain facts,
//! from which variables and log items are made. What is asked of a peer's certificate is a [`Requirement`].
//!
//! # Invariants
//! * No type of rustls, webpki or x509-parser stands in a public signature.
//! * A stream that failed to upgrade carries nothing any more, neither way.
//! * Nothing is read before a handshake is complete. A server may write before that, if it asks for it
//!   ([`Stream::accept_half`]).
//!
//! # Security
//! TLS 1.2 and 1.3 only; no renegotiation, no compression, no early data of clients (they do not exist in the library). ALPN without
//! a protocol of ours is refused. Octets that came in clear before the handshake never reach the session behind it: the
//! stream holds no buffer of its own, and its owner drops his.
//!
//! # Failure
//! A file that can't be read or understood is a [`TlsError`] that names it; a handshake that fails is a
//! [`HandshakeFault`] with the library's words.
//!
//! # Compatibility
//! Names and forms are those of Exim with OpenSSL (specification, chapter "Encrypted SMTP connections"); GnuTLS priority
//! strings are translated ([`cipher`]). `tls_dhparam` has no effect.
//!
//! # References
//! RFC 8446, RFC 5246, RFC 3207, RFC 7301 (ALPN), RFC 6066 (SNI, stapling), RFC 5280, RFC 7672 (DANE).

pub mod certificate;
pub mod cipher;
mod client;
pub mod client_hello;
mod dane;
mod error;
mod group;
mod identity;
mod key_schedule;
pub mod mta_sts;
pub mod ocsp;
pub mod policy;
mod proof_file;
mod remembered;
mod server;
mod session;
mod signature;
mod store;
mod stream;
mod trust;
mod verify;

#[cfg(test)]
mod tests;

pub use client::{Connector, ConnectorSettings};
pub use dane::{Associations, Tlsa};
pub use error::{Flaw, HandshakeFault, TlsError, Unverified};
pub use identity::Identity;
pub use proof_file::ProofFile;
pub use server::{Acceptor, AcceptorSettings, Hello, Tickets};
pub use session::{Established, Ocsp, Proof};
pub use store::{AcceptorRequest, AnchorSource, ConnectorRequest, Store};
pub use stream::{Alert, Stream};
pub use trust::{Anchors, Revocations};
pub use verify::{Requirement, Strictness};

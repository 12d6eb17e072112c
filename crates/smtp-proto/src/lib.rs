//! SMTP without sockets: server and client states, replies, dot and BDAT framing.
//!
//! Everything here is a function over bytes: the caller owns the socket, the
//! clock and the policy. The server ([`server::Session`]) turns input octets into
//! replies, decoded message content and [`server::Ask`]s; the answers come back
//! whenever the policy engine has them. The client ([`client`]) builds what is
//! sent and judges what is answered.
//!
//! # Invariants
//! * A message ends with CR LF `.` CR LF, or with the last octet of `BDAT ... LAST`; with nothing else.
//! * Exactly one value ([`server::ServerState`]) says how the next octet is read.
//! * At most one question is open at a time, and no input is consumed while it is.
//!
//! # Security
//! All input is hostile: every length is capped, every number is a checked parse.
//!
//! # Compatibility
//! Reply texts are Exim's; the specification's chapter "SMTP processing".
//!
//! # References
//! RFC 5321, RFC 3030 (CHUNKING), RFC 1870 (SIZE), RFC 2920 (PIPELINING),
//! RFC 3461 (DSN), RFC 6531 (SMTPUTF8), RFC 8689 (REQUIRETLS).

#![forbid(unsafe_code)]

pub mod client;
pub mod command;
pub mod content;
pub mod dot;
pub mod extension;
pub mod reply;
pub mod server;

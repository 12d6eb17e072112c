//! ARC: what a chain of forwarders says of a message, RFC 8617.
//!
//! # Security
//! Chains are hostile: [`mail_types::limits::ARC_SETS`] bounds them before any question to the DNS.
//!
//! # Compatibility
//! Exim's `verify = arc` and `arc_sign`; where Exim takes what the RFC refuses (missing tags, rsa-sha1, `h=` in a seal)
//! the RFC decides: docs/compat.md.

pub mod chain;
pub mod seal;
pub mod verify;

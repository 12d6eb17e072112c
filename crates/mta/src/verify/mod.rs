//! Verification of addresses, hosts and header lines.
//!
//! # Invariants
//! * What was found out about the client (its names, its HELO) is kept for the connection; what was found out about
//!   the sender is kept for the message; recipients are verified each time they are given.
//!
//! # Failure
//! What can't be decided now is a defer: the client hears 4xx.
//!
//! # Compatibility
//! Specification, sections "Access control lists": "ACL conditions" (`verify = …`) and "Address verification".
//! Callouts are a configuration error; docs/compat.md.

pub mod address;
pub mod arc;
pub mod csa;
pub mod dmarc;
mod dmarc_history;
mod dmarc_report;
pub mod helo;
pub mod reverse_host_lookup;
pub mod spf;

pub(crate) use dmarc_report::agreed_destinations;
pub use dmarc_report::dmarc_concluded;
pub(crate) use dmarc_report::report_body;

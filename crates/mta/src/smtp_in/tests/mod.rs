//! Sessions from banner to goodbye: a configuration, a dialogue, the log that it leaves.

mod acl;
mod arc;
mod events;
mod forwarder;
mod hostile;
mod limits;
mod message;
mod opendmarc;
mod plain;
mod sender_policies;
mod tls;
mod tls_early;
mod tls_hostile;
mod verify;

/// Accepts every recipient and routes nothing.
const OPEN: &str = "acl_smtp_rcpt = accept\nqueue_only\n";

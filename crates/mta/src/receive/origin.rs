//! Where a message comes from.

use super::caller::Caller;

/// Where a message comes from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A TCP peer.
    Remote,
    /// A program on this machine.
    Local(Box<Caller>),
}

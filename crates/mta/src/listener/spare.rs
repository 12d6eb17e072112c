//! Descriptors that connections do not get: one held for the moment when there are none left, and the last few of the
//! process, which the spool, logs and deliveries need for what was accepted.

use std::fs::File;
use std::os::fd::AsRawFd;

use rustix::process::{Resource, getrlimit};

/// How many descriptors connections leave to others, at most; a quarter of a small limit.
const RESERVE: u64 = 64;

/// Whether a connection holds one of the last descriptors. The system hands out the lowest number that is free.
pub(super) fn is_among_the_last(connection: &impl AsRawFd) -> bool {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return false };
    let number = u64::try_from(connection.as_raw_fd()).unwrap_or_default();
    number >= limit - RESERVE.min(limit / 4)
}

/// The spare descriptor.
pub(super) struct Spare(Option<File>);

impl Spare {
    pub(super) fn new() -> Self {
        Self(File::open("/dev/null").ok())
    }

    /// Close it, so that one connection can be accepted. False when there was none.
    pub(super) fn give_up(&mut self) -> bool {
        self.0.take().is_some()
    }

    /// Take one again, as soon as there is one.
    pub(super) fn take_again(&mut self) {
        if self.0.is_none() {
            self.0 = File::open("/dev/null").ok();
        }
    }
}

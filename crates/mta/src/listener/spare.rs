//! A descriptor held for the moment when there are none left.

use std::fs::File;

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

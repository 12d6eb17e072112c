//! One sender at a time, whichever process it is in.
//!
//! # Invariants
//! * A lock on a file of its own beside the store: the system takes it away when its holder ends, however it ends.
//!
//! # Security
//! The file has mode 0640, holds nothing, and is not opened through a symbolic link.

use std::os::fd::OwnedFd;

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;

use super::ReportStore;

/// Beside the store, with this ending.
const ENDING: &str = "sending";

/// The right to send reports, for as long as it is held.
#[derive(Debug)]
pub struct Alone {
    _file: OwnedFd,
}

impl ReportStore {
    /// Asks to be the only one who sends reports; nothing while somebody else does. The error is a text for the log.
    pub fn alone(&self) -> Result<Option<Alone>, String> {
        let store = self.path.as_ref().ok_or("there is no store of reports")?;
        let path = store.with_extension(ENDING);
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(told)?;
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file =
            rustix::fs::open(&path, flags, Mode::from_raw_mode(0o640)).map_err(|why| told(why.into()))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Alone { _file: file })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(why) => Err(told(why.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let directory = std::env::temp_dir().join(format!("postrider-reports-alone-{}", std::process::id()));
        let (one, other) = (ReportStore::new(&directory), ReportStore::new(&directory));
        let held = one.alone().unwrap().expect("nobody else");
        assert!(other.alone().unwrap().is_none() && one.alone().unwrap().is_none());
        drop(held);
        assert!(other.alone().unwrap().is_some());
        assert!(ReportStore::nowhere().alone().is_err());
        // A link leads nowhere.
        let file = directory.join("postrider-reports.sending");
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(directory.join("victim"), &file).unwrap();
        assert!(one.alone().is_err() && !directory.join("victim").exists());
        std::fs::remove_dir_all(&directory).unwrap();
    }
}

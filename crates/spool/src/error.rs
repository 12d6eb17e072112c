//! What can go wrong with the spool, whose fault it is, and what the peer may hear.
//!
//! # Invariants
//! * Nothing that goes wrong with the disk is the sender's fault: every reply is 4xx.
//! * A reply names no path.
//!
//! # References
//! RFC 5321 section 4.2.3: 452 for space, 451 for everything else.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use mail_types::Reply;
use spool_format::{DecodeError, EncodeError};

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpoolFault {
    /// The disk or the quota is full (ENOSPC, EDQUOT).
    NoSpace,
    /// Out of descriptors or memory (EMFILE, ENFILE, ENOMEM).
    NoResources,
    /// The disk failed or is read-only (EIO, EROFS and everything else).
    Disk,
    /// A spool file doesn't hold what it should.
    Damaged,
    /// The caller gave something that the format can't hold.
    Refused,
    /// The id is taken: by a file in the spool, or by somebody in this process.
    IdInUse,
}

/// An operation of the spool that failed.
#[derive(Debug)]
pub struct SpoolError {
    fault: SpoolFault,
    doing: &'static str,
    path: PathBuf,
    source: Option<io::Error>,
    detail: String,
}

impl SpoolError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let fault = classify(&source);
        Self { fault, doing, path: path.to_path_buf(), source: Some(source), detail: String::new() }
    }

    pub(crate) fn of(fault: SpoolFault, doing: &'static str, path: &Path, detail: impl Into<String>) -> Self {
        Self { fault, doing, path: path.to_path_buf(), source: None, detail: detail.into() }
    }

    pub(crate) fn damaged(path: &Path, error: &DecodeError) -> Self {
        Self::of(SpoolFault::Damaged, "reading", path, error.to_string())
    }

    pub(crate) fn refused(path: &Path, error: &EncodeError) -> Self {
        Self::of(SpoolFault::Refused, "writing", path, error.to_string())
    }

    /// Whose fault it is.
    pub fn fault(&self) -> SpoolFault {
        self.fault
    }

    /// The error of the operating system, where there was one.
    pub fn os_error(&self) -> Option<&io::Error> {
        self.source.as_ref()
    }

    /// The file or directory, relative to the spool directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True when trying the same later may help without anybody mending a file.
    pub fn is_temporary(&self) -> bool {
        !matches!(self.fault, SpoolFault::Damaged | SpoolFault::Refused)
    }

    /// What an SMTP client may hear.
    pub fn reply(&self) -> Reply {
        match self.fault {
            SpoolFault::NoSpace => Reply::new(452, "space shortage, please try later"),
            _ => Reply::new(451, "Temporary local problem - please try later"),
        }
    }
}

fn classify(error: &io::Error) -> SpoolFault {
    use rustix::io::Errno;
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOSPC | Errno::DQUOT) => SpoolFault::NoSpace,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => SpoolFault::NoResources,
        _ => SpoolFault::Disk,
    }
}

/// For the log: it names paths.
impl fmt::Display for SpoolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.doing, self.path.display())?;
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for SpoolError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn every_fault_of_the_disk_is_temporary_and_nameless_for_the_peer() {
        let cases = [
            (Errno::NOSPC, SpoolFault::NoSpace, 452),
            (Errno::DQUOT, SpoolFault::NoSpace, 452),
            (Errno::MFILE, SpoolFault::NoResources, 451),
            (Errno::NFILE, SpoolFault::NoResources, 451),
            (Errno::ROFS, SpoolFault::Disk, 451),
            (Errno::IO, SpoolFault::Disk, 451),
            (Errno::ACCESS, SpoolFault::Disk, 451),
        ];
        for (errno, fault, code) in cases {
            let error = SpoolError::io("writing", Path::new("input/secret-D"), errno.into());
            assert_eq!((error.fault(), error.reply().code, error.is_temporary()), (fault, code, true));
            assert!(error.to_string().contains("input/secret-D"));
            assert!(!String::from_utf8(error.reply().lines.concat()).unwrap().contains('/'));
        }
    }
}

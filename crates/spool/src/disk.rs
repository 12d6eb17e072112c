//! Every file-system call of the spool, as a trait.
//!
//! [`RealDisk`] is the kernel's file system below one directory. [`SimDisk`] keeps everything in memory, knows what
//! has been synced and what has not, and can stop after any call or fail any call: that is how the promises are tested.
//!
//! # Invariants
//! * Nothing else in this crate calls the file system.
//! * Paths are relative to the spool directory and were built by [`crate::layout`].

mod real;
mod sim;

use std::io;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::path::Path;

pub use real::RealDisk;
pub use sim::{SimDisk, Survivors};

/// How to open a file that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// For reading.
    Read,
    /// For reading and writing.
    ReadWrite,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Size in bytes.
    pub len: u64,
    /// Last change of the content, in seconds since the epoch.
    pub modified: i64,
    /// Which file it is, whatever its name.
    pub inode: u64,
    /// It is a directory.
    pub is_dir: bool,
}

/// Room on the spool's file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Free kilobytes for us.
    pub kilobytes: u64,
    /// Free inodes; nothing where the file system doesn't count them.
    pub inodes: Option<u64>,
}

/// What is called for each name in a directory.
pub type Visit<'a> = dyn FnMut(&[u8]) -> ControlFlow<()> + 'a;

/// A file system.
pub trait Disk: Send + Sync {
    /// Creates a file for reading and writing; fails when the name is taken.
    fn create_new(&self, path: &Path, mode: u32) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file; never follows a link.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>>;
    /// Renames; what had the new name is gone.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a name away.
    fn unlink(&self, path: &Path) -> io::Result<()>;
    /// Makes a directory.
    fn make_dir(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// True when [`Disk::sync_all`] is to be trusted here: it waits for the disk, and reports what went wrong.
    fn can_sync_all(&self) -> bool;
    /// Makes everything on the file system durable. It reports each error once, to whoever asks first.
    fn sync_all(&self) -> io::Result<()>;
    /// Makes all names of a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Calls for each name in a directory, `.` and `..` left out.
    fn list(&self, path: &Path, visit: &mut Visit<'_>) -> io::Result<()>;
    /// Looks at a name; never follows a link.
    fn stat(&self, path: &Path) -> io::Result<Stat>;
    /// Room that is left.
    fn space(&self) -> io::Result<Space>;
}

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Writes all of it at the end of what was written through this handle.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;
    /// Reads from a place; 0 is the end.
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Cuts the file off; what is appended next comes there.
    fn truncate(&self, len: u64) -> io::Result<()>;
    /// Says that [`DiskFile::sync`] comes soon, where that helps the system to write several files at once. Promises
    /// nothing.
    fn announce_sync(&self) {}
    /// Makes the content durable.
    fn sync(&self) -> io::Result<()>;
    /// Takes the write lock on the first `len` bytes; false when somebody else has it. It ends with the last
    /// descriptor of this opening.
    fn try_lock(&self, len: u64) -> io::Result<bool>;
    /// What is known of it.
    fn stat(&self) -> io::Result<Stat>;
    /// The descriptor, where there is one.
    fn descriptor(&self) -> Option<BorrowedFd<'_>>;
}

/// Reads a whole file, up to a limit.
pub(crate) fn read_all(file: &dyn DiskFile, limit: u64) -> io::Result<Vec<u8>> {
    let len = file.stat()?.len;
    if len > limit {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    let mut out = vec![0; len as usize];
    let mut done = 0;
    while done < out.len() {
        match file.read_at(&mut out[done..], done as u64)? {
            0 => break,
            count => done += count,
        }
    }
    out.truncate(done);
    Ok(out)
}

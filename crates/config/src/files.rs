//! The files and accounts that reading a configuration needs, as a trait.
//!
//! # Invariants
//! * Nothing else in this crate touches the file system or the user database.
//!
//! # Security
//! [`FileFacts`] come from the open descriptor, not from the path, so that what was checked is what was read.

use std::io;
use std::path::Path;

/// What is known about an open file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Type and permission bits.
    pub mode: u32,
    /// Device and inode: two paths with the same pair are the same file.
    pub identity: (u64, u64),
}

/// A file that was read whole.
#[derive(Clone, Debug)]
pub struct FileContent {
    /// Facts from the descriptor.
    pub facts: FileFacts,
    /// The content.
    pub bytes: Vec<u8>,
}

/// A user of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The login name.
    pub name: Vec<u8>,
    /// The number.
    pub uid: u32,
    /// The user's own group.
    pub gid: u32,
}

/// Files and accounts.
pub trait ConfigFiles {
    /// Reads a file, at most `limit` bytes (more is an error).
    fn read(&self, path: &Path, limit: u64) -> io::Result<FileContent>;

    /// The user of this name.
    fn user(&self, name: &[u8]) -> Option<Account>;

    /// The user of this number.
    fn user_by_id(&self, uid: u32) -> Option<Account>;

    /// The number of the group of this name.
    fn group(&self, name: &[u8]) -> Option<u32>;

    /// The name of the group of this number.
    fn group_name(&self, gid: u32) -> Option<Vec<u8>>;
}

//! The system's files and accounts, for [`ConfigFiles`].
//!
//! # Security
//! Files are opened without waiting (a FIFO in the place of a file can't hang the program) and their facts come from the
//! descriptor. Nothing is created or written.

use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::unistd::{Gid, Group, Uid, User};

use crate::files::{Account, ConfigFiles, FileContent, FileFacts};

/// The system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFiles;

impl ConfigFiles for SystemFiles {
    fn read(&self, path: &Path, limit: u64) -> io::Result<FileContent> {
        // A pipe is waited for, as by Exim: `-C <(program)` names one.
        let file = std::fs::File::open(path)?;
        let found = file.metadata()?;
        if found.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        let facts = FileFacts {
            uid: found.uid(),
            gid: found.gid(),
            mode: found.mode(),
            identity: (found.dev(), found.ino()),
        };
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the configuration is too large"));
        }
        Ok(FileContent { facts, bytes })
    }

    fn user(&self, name: &[u8]) -> Option<Account> {
        User::from_name(std::str::from_utf8(name).ok()?).ok()?.map(account)
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        User::from_uid(Uid::from_raw(uid)).ok()?.map(account)
    }

    fn group(&self, name: &[u8]) -> Option<u32> {
        Some(Group::from_name(std::str::from_utf8(name).ok()?).ok()??.gid.as_raw())
    }

    fn group_name(&self, gid: u32) -> Option<Vec<u8>> {
        Some(Group::from_gid(Gid::from_raw(gid)).ok()??.name.into_bytes())
    }
}

fn account(user: User) -> Account {
    Account { name: user.name.into_bytes(), uid: user.uid.as_raw(), gid: user.gid.as_raw() }
}

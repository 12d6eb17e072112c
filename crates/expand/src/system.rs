//! The system's own files and commands, for [`crate::Env`]s that have nothing better.
//!
//! # Security
//! Runs with the rights of the process. Paths and commands arrive as clean values.

use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use mail_types::value::Clean;

use crate::env::{Command, CommandOutcome, FileStatus, Files};

/// Files and commands of the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn status(&mut self, path: &Clean) -> io::Result<FileStatus> {
        let found = std::fs::metadata(path.as_path())?;
        Ok(FileStatus {
            mode: found.mode(),
            inode: found.ino(),
            device: found.dev(),
            links: found.nlink(),
            uid: found.uid(),
            gid: found.gid(),
            size: found.size(),
            atime: found.atime(),
            mtime: found.mtime(),
            ctime: found.ctime(),
        })
    }

    fn read(&mut self, path: &Clean, limit: usize) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        std::fs::File::open(path.as_path())?.take(limit as u64 + 1).read_to_end(&mut content)?;
        if content.len() > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "file is too large"));
        }
        Ok(content)
    }

    fn run(&mut self, _command: &Command, _timeout: Duration) -> io::Result<CommandOutcome> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    fn environment(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
        std::env::var_os(std::ffi::OsStr::from_bytes(name)).map(std::ffi::OsString::into_vec)
    }
}

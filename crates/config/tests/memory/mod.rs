//! A file system and a user database in memory, and loading from them.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use postrider_config as config;
use postrider_config::{
    Account, BuildDefaults, CommandLineMacro, ConfigFiles, Facts, FileContent, FileFacts, LoadRequest, Loaded,
};

/// Files by path.
#[derive(Default)]
pub(crate) struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

/// Users and groups that Debian's base system has, so that the oracle knows them too.
const ACCOUNTS: [(&str, u32, u32); 5] =
    [("root", 0, 0), ("mail", 8, 8), ("uucp", 10, 10), ("nobody", 65534, 65534), ("Debian-exim", 107, 114)];
const GROUPS: [(&str, u32); 6] =
    [("root", 0), ("mail", 8), ("uucp", 10), ("man", 12), ("adm", 4), ("Debian-exim", 114)];

impl Memory {
    /// With one file, `/t/test.conf`.
    pub(crate) fn with(text: impl Into<Vec<u8>>) -> Self {
        let mut memory = Self::default();
        memory.add("/t/test.conf", text);
        memory
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, path: &str, text: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), text.into());
    }

    /// Loads `/t/test.conf`.
    pub(crate) fn load(&self) -> Loaded {
        self.load_with(&[], false)
    }

    /// Loads with `-D` options, strictly or not.
    pub(crate) fn load_with(&self, macros: &[(&str, &str)], strict: bool) -> Loaded {
        let macros = macros
            .iter()
            .map(|(name, value)| CommandLineMacro { name: (*name).into(), value: value.as_bytes().to_vec() })
            .collect();
        config::load(&LoadRequest {
            candidates: vec!["/t/test.conf".into()],
            macros,
            files: self,
            build: BuildDefaults::default(),
            facts: Facts { hostname: "host.example".into(), ipv6: true, ..Facts::default() },
            strict,
        })
    }
}

impl ConfigFiles for Memory {
    fn read(&self, path: &Path, limit: u64) -> io::Result<FileContent> {
        let directory = self.files.keys().any(|file| file.parent() == Some(path));
        if directory {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let bytes = self.files.get(path).ok_or(io::ErrorKind::NotFound)?.clone();
        if bytes.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(FileContent { facts: FileFacts { uid: 0, gid: 0, mode: 0o100_644, identity: (1, 1) }, bytes })
    }

    fn user(&self, name: &[u8]) -> Option<Account> {
        let (name, uid, gid) = ACCOUNTS.iter().find(|account| account.0.as_bytes() == name)?;
        Some(Account { name: name.as_bytes().to_vec(), uid: *uid, gid: *gid })
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        self.user(ACCOUNTS.iter().find(|account| account.1 == uid)?.0.as_bytes())
    }

    fn group(&self, name: &[u8]) -> Option<u32> {
        Some(GROUPS.iter().find(|group| group.0.as_bytes() == name)?.1)
    }

    fn group_name(&self, gid: u32) -> Option<Vec<u8>> {
        Some(GROUPS.iter().find(|group| group.1 == gid)?.0.as_bytes().to_vec())
    }
}

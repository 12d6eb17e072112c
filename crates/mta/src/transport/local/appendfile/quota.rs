//! Quotas that the transport keeps itself.
//!
//! # Invariants
//! * Counting a directory looks at a bounded number of levels, follows no link, and never fails on what others put
//!   there.
//!
//! # Compatibility
//! Specification, options `quota`, `quota_filecount`, `quota_is_inclusive`, `quota_directory`, `quota_size_regex`,
//! `mailbox_size`, `mailbox_filecount`.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use config::options::transport::appendfile as options;
use expand::regex::{Flags, Regex};

use super::super::Job;
use super::super::expanded::parse_size;
use super::super::trouble::{QUOTA, Trouble, UNKNOWN};
use super::shown;

/// Levels of directories that count.
const LEVELS: usize = 16;

/// What a mailbox may hold and, where the configuration knows, what it holds.
#[derive(Debug, Default)]
pub(super) struct Limits {
    bytes: u64,
    files: u64,
    no_check: bool,
    inclusive: bool,
    known_size: Option<u64>,
    known_files: Option<u64>,
    directory: Option<PathBuf>,
    size_regex: Option<Regex>,
}

impl Limits {
    /// Expands the options.
    pub(super) fn of(job: &mut Job<'_>) -> Result<Self, Trouble> {
        let set = job.transport.options.clone();
        let mut limits = Self { inclusive: set.get(options::QUOTA_IS_INCLUSIVE), ..Self::default() };
        for (option, name, is_size) in
            [(options::QUOTA, "quota", true), (options::QUOTA_FILECOUNT, "quota_filecount", false)]
        {
            let Some(text) = set.get(option) else { continue };
            let value = job.setting(text)?;
            let Some((number, modifiers)) = parse_size(value.bytes()) else {
                let text = format!(
                    "malformed value \"{}\" for {name} in {} transport",
                    value.to_lossy(),
                    job.transport.name
                );
                return Err(Trouble::new(UNKNOWN, text));
            };
            limits.no_check |= modifiers.split(|b| *b == b'/').any(|word| word.trim_ascii() == b"no_check");
            *(if is_size { &mut limits.bytes } else { &mut limits.files }) = number;
        }
        if let Some(text) = set.get(options::MAILBOX_SIZE) {
            limits.known_size = Some(job.number(text, "mailbox_size")?);
        }
        if let Some(text) = set.get(options::MAILBOX_FILECOUNT) {
            limits.known_files = Some(job.number(text, "mailbox_filecount")?);
        }
        if let Some(text) = set.get(options::QUOTA_DIRECTORY) {
            let path = job.path(text)?;
            limits.directory = Some(job.clean_path(&path)?.as_path().to_path_buf());
        }
        if let Some(pattern) = set.get(options::QUOTA_SIZE_REGEX) {
            let regex = Regex::compile(pattern, Flags::default())
                .map_err(|error| Trouble::new(UNKNOWN, format!("quota_size_regex: {}", error.message)))?;
            limits.size_regex = Some(regex);
        }
        Ok(limits)
    }

    /// Whether a message may be appended to a file.
    pub(super) fn check_file(&self, has: u64, adds: u64, path: &Path) -> Result<(), Trouble> {
        self.check(self.known_size.unwrap_or(has), 0, adds, &shown(path))
    }

    /// Whether a message may go into a directory.
    pub(super) fn check_directory(
        &self,
        delivery: &Path,
        adds: u64,
        writing_to: &str,
    ) -> Result<(), Trouble> {
        if self.bytes == 0 && self.files == 0 {
            return Ok(());
        }
        let (mut size, mut files) = (self.known_size, self.known_files);
        if size.is_none() || (self.files > 0 && files.is_none()) {
            let counted = self.count(self.directory.as_deref().unwrap_or(delivery));
            size.get_or_insert(counted.0);
            files.get_or_insert(counted.1);
        }
        self.check(size.unwrap_or(0), files.unwrap_or(0), adds, writing_to)
    }

    fn check(&self, size: u64, files: u64, adds: u64, writing_to: &str) -> Result<(), Trouble> {
        let (more, one) = if self.inclusive { (adds, 1) } else { (0, 0) };
        let too_big = self.bytes > 0 && size.saturating_add(more) > self.bytes;
        let too_many = self.files > 0 && files + one > self.files;
        if self.no_check || !(too_big || too_many) {
            return Ok(());
        }
        let text = format!("mailbox is full (MTA-imposed quota exceeded while writing to {writing_to})");
        Err(Trouble::new(QUOTA, text))
    }

    /// Octets and files below a directory.
    fn count(&self, root: &Path) -> (u64, u64) {
        let mut waiting = vec![(root.to_path_buf(), 0)];
        let (mut size, mut files) = (0u64, 0u64);
        while let Some((directory, level)) = waiting.pop() {
            let Ok(entries) = std::fs::read_dir(&directory) else { continue };
            for entry in entries.flatten() {
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() && level < LEVELS {
                    waiting.push((entry.path(), level + 1));
                } else if kind.is_file() {
                    files += 1;
                    size = size.saturating_add(self.size_of(&entry));
                }
            }
        }
        (size, files)
    }

    fn size_of(&self, entry: &std::fs::DirEntry) -> u64 {
        let name = entry.file_name();
        if let Some(regex) = &self.size_regex
            && let Ok(Some(groups)) = regex.captures_at(name.as_bytes(), 0)
            && groups.count() > 1
            && let Some((size, _)) = parse_size(groups.text(name.as_bytes(), 1))
        {
            return size;
        }
        entry.metadata().map_or(0, |found| found.len() / found.nlink().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_below() {
        let root = std::env::temp_dir().join(format!("postrider-quota-{}", std::process::id()));
        std::fs::create_dir_all(root.join("new")).unwrap();
        std::fs::write(root.join("new/a"), b"12345").unwrap();
        std::fs::write(root.join("b,S=100"), b"1").unwrap();
        let plain = Limits { bytes: 10, inclusive: true, ..Limits::default() };
        assert_eq!(plain.count(&root), (6, 2));
        assert!(plain.check_directory(&root, 4, "x").is_ok());
        let trouble = plain.check_directory(&root, 5, "tmp/x").unwrap_err();
        let text = "mailbox is full (MTA-imposed quota exceeded while writing to tmp/x)";
        assert_eq!((trouble.errno, trouble.message.as_slice()), (QUOTA, text.as_bytes()));
        let by_name =
            Limits { size_regex: Regex::compile(b",S=(\\d+)", Flags::default()).ok(), ..Limits::default() };
        assert_eq!(by_name.count(&root), (105, 2));
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn inclusive_or_not() {
        let limits = Limits { bytes: 100, ..Limits::default() };
        assert!(limits.check_file(100, 50, Path::new("/x")).is_ok());
        assert!(limits.check_file(101, 50, Path::new("/x")).is_err());
        let inclusive = Limits { inclusive: true, ..limits };
        assert!(inclusive.check_file(60, 41, Path::new("/x")).is_err());
        let unchecked = Limits { no_check: true, ..inclusive };
        assert!(unchecked.check_file(60, 41, Path::new("/x")).is_ok());
    }
}

//! Parsed files, kept until they change.
//!
//! # Invariants
//! * What is used was parsed from the file as it is now, as far as device, inode, size and times tell.
//! * At most [`KEPT`] files are kept; the ones used longest ago go first.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use expand::EvalError;
use mail_types::value::Clean;

use crate::{Shared, cannot_open};

/// Files kept at once.
const KEPT: usize = 256;

/// Parsed files by name.
#[derive(Debug)]
pub(crate) struct FileCache<T> {
    kept: Mutex<HashMap<PathBuf, Kept<T>>>,
    /// Counts uses, so that the oldest can be told.
    uses: AtomicU64,
}

#[derive(Debug)]
struct Kept<T> {
    stamp: Stamp,
    content: Shared<T>,
    used: u64,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(status: &std::fs::Metadata) -> Self {
        Self {
            device: status.dev(),
            inode: status.ino(),
            size: status.size(),
            modified: (status.mtime(), status.mtime_nsec()),
            changed: (status.ctime(), status.ctime_nsec()),
        }
    }
}

impl<T> Default for FileCache<T> {
    fn default() -> Self {
        Self { kept: Mutex::default(), uses: AtomicU64::new(0) }
    }
}

impl<T> FileCache<T> {
    /// The file's content, parsed now or before.
    pub(crate) fn open(&self, path: &Clean, parse: impl Fn(&[u8]) -> T) -> Result<Shared<T>, EvalError> {
        let name = path.as_path();
        let status = std::fs::metadata(name).map_err(|e| cannot_open(path, "linear search", &e))?;
        let stamp = Stamp::of(&status);
        if let Some(content) = self.kept_as(name, stamp) {
            return Ok(content);
        }
        let (text, stamp) = read(path)?;
        let content = Arc::new(parse(&text));
        self.keep(name.to_path_buf(), stamp, Arc::clone(&content));
        Ok(content)
    }

    fn kept_as(&self, name: &std::path::Path, stamp: Stamp) -> Option<Shared<T>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get_mut(name).filter(|k| k.stamp == stamp)?;
        found.used = self.uses.fetch_add(1, Ordering::Relaxed);
        Some(Arc::clone(&found.content))
    }

    fn keep(&self, name: PathBuf, stamp: Stamp, content: Shared<T>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT
            && let Some(oldest) = kept.iter().min_by_key(|(_, k)| k.used).map(|(n, _)| n.clone())
        {
            kept.remove(&oldest);
        }
        let used = self.uses.fetch_add(1, Ordering::Relaxed);
        kept.insert(name, Kept { stamp, content, used });
    }
}

/// The whole file and its stamp, from one descriptor. A pipe in the place of a file does not hang.
fn read(path: &Clean) -> Result<(Vec<u8>, Stamp), EvalError> {
    let failed = |e: std::io::Error| cannot_open(path, "linear search", &e);
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let mut file = File::options().read(true).custom_flags(nonblock).open(path.as_path()).map_err(failed)?;
    let status = file.metadata().map_err(failed)?;
    if !status.is_file() {
        return Err(EvalError::failed(format!(
            "{} is not a regular file (lsearch lookup)",
            path.as_path().display()
        )));
    }
    let mut text = Vec::with_capacity(status.len() as usize);
    file.read_to_end(&mut text).map_err(failed)?;
    Ok((text, Stamp::of(&status)))
}

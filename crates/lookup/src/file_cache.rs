//! Files, opened or parsed once and kept until they change.
//!
//! # Invariants
//! * What is used was made from the file as it is now, or as it was in this [`Moment`], as far as device, inode, size and
//!   times tell.
//! * A cache keeps as many files as its user says; the ones used longest ago go first.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use expand::EvalError;
use expand::lookup::Moment;
use mail_types::limits;
use mail_types::quick_map::QuickMap;
use mail_types::value::Clean;

use crate::Shared;

/// Parsed files kept at once; they hold no descriptors.
pub(crate) const PARSED: usize = 256;

/// Content of files, by name.
#[derive(Debug)]
pub(crate) struct FileCache<T> {
    kept: Mutex<QuickMap<Box<[u8]>, Kept<T>>>,
    /// Counts uses, so that the oldest can be told.
    uses: AtomicU64,
}

#[derive(Debug)]
struct Kept<T> {
    stamp: Stamp,
    content: Shared<T>,
    used: u64,
    /// When it was compared with the file.
    compared: Option<Moment>,
}

/// How a file is taken from the cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// How many files the cache holds at most.
    pub most: usize,
    /// Within a moment a file is compared once.
    pub moment: Option<Moment>,
}

/// How a type tells that a file cannot be used.
pub(crate) type Complaint = fn(&Clean, &io::Error) -> EvalError;

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
    fn of(status: &Metadata) -> Self {
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
    /// What was made of the file, now or before.
    pub(crate) fn open(
        &self,
        path: &Clean,
        how: Opening,
        complaint: Complaint,
        make: impl FnOnce(File) -> Result<T, EvalError>,
    ) -> Result<Shared<T>, EvalError> {
        if let Some(content) =
            how.moment.and_then(|moment| self.kept(path, |kept| kept.compared == Some(moment)))
        {
            return Ok(content);
        }
        let name = path.as_path();
        let failed = |e: io::Error| complaint(path, &e);
        let stamp = Stamp::of(&std::fs::metadata(name).map_err(failed)?);
        let is_same = |kept: &mut Kept<T>| {
            let same = kept.stamp == stamp;
            if same {
                kept.compared = how.moment;
            }
            same
        };
        if let Some(content) = self.kept(path, is_same) {
            return Ok(content);
        }
        // A pipe in the place of a file does not hang.
        let nonblock = rustix::fs::OFlags::NONBLOCK.bits() as i32;
        let file = File::options().read(true).custom_flags(nonblock).open(name).map_err(failed)?;
        let status = file.metadata().map_err(failed)?;
        let content = Arc::new(make(file)?);
        self.keep(path, Stamp::of(&status), Arc::clone(&content), how);
        Ok(content)
    }

    fn kept(&self, path: &Clean, is_good: impl FnOnce(&mut Kept<T>) -> bool) -> Option<Shared<T>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get_mut(path.bytes())?;
        if !is_good(found) {
            return None;
        }
        found.used = self.uses.fetch_add(1, Ordering::Relaxed);
        Some(Arc::clone(&found.content))
    }

    fn keep(&self, path: &Clean, stamp: Stamp, content: Shared<T>, how: Opening) {
        let used = self.uses.fetch_add(1, Ordering::Relaxed);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let new = Kept { stamp, content, used, compared: how.moment };
        kept.insert(path.bytes().into(), new);
        while kept.len() > how.most {
            let oldest = kept.iter().min_by_key(|(_, k)| k.used).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            kept.remove(&oldest);
        }
    }
}

/// The whole text of a regular file.
pub(crate) fn whole(
    path: &Clean,
    mut file: File,
    kind: &str,
    complaint: Complaint,
) -> Result<Vec<u8>, EvalError> {
    let failed = |e: io::Error| complaint(path, &e);
    let status = file.metadata().map_err(failed)?;
    let name = path.as_path().display();
    if !status.is_file() {
        return Err(EvalError::failed(format!("{name} is not a regular file ({kind} lookup)")));
    }
    if status.len() > limits::LOOKUP_FILE {
        return Err(EvalError::failed(format!("{name} has more than {} bytes", limits::LOOKUP_FILE)));
    }
    let mut text = Vec::with_capacity(status.len() as usize);
    file.read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

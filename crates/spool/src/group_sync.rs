//! Syncs of directories, shared by all who wait for one.
//!
//! Whoever asks first becomes the leader and syncs; whoever asks meanwhile joins the next round, which one of them
//! leads. A sync that began after a rename covers it, so nobody returns before a sync that began after they asked.
//!
//! # Invariants
//! * A result belongs to one round; a later success never covers an earlier failure.
//!
//! # Failure
//! When a round fails, everybody in it gets the error.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::disk::Disk;

/// How often the disk was told to make things durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncCounts {
    /// Syncs of files.
    pub files: u64,
    /// Syncs of directories.
    pub directories: u64,
    /// Requests for a sync of a directory; more than `directories` where requests shared one.
    pub directory_requests: u64,
}

#[derive(Default)]
pub(crate) struct GroupSync {
    directories: Mutex<HashMap<PathBuf, Arc<Directory>>>,
    file_syncs: AtomicU64,
    directory_syncs: AtomicU64,
    requests: AtomicU64,
}

#[derive(Default)]
struct Directory {
    state: Mutex<Rounds>,
    changed: Condvar,
}

#[derive(Default)]
struct Rounds {
    leading: bool,
    next: Arc<Round>,
}

#[derive(Default)]
struct Round {
    /// Set once, under the directory's lock: nothing, or the error's number.
    result: Mutex<Option<Result<(), i32>>>,
}

impl GroupSync {
    /// Returns when a sync of the directory that began after this call is done.
    pub(crate) fn sync_dir(&self, disk: &dyn Disk, path: &Path) -> io::Result<()> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let directory = self.directory(path);
        let mut state = lock(&directory.state);
        let mine = Arc::clone(&state.next);
        loop {
            if let Some(result) = *lock(&mine.result) {
                return result.map_err(io::Error::from_raw_os_error);
            }
            if !state.leading {
                break;
            }
            state = directory.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.leading = true;
        state.next = Arc::default();
        drop(state);
        self.directory_syncs.fetch_add(1, Ordering::Relaxed);
        let result = disk.sync_dir(path);
        let shared = result.as_ref().copied().map_err(|error| error.raw_os_error().unwrap_or(EIO));
        let mut state = lock(&directory.state);
        *lock(&mine.result) = Some(shared);
        state.leading = false;
        directory.changed.notify_all();
        drop(state);
        result
    }

    /// Counts a sync of a file.
    pub(crate) fn count_file(&self) {
        self.file_syncs.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> SyncCounts {
        SyncCounts {
            files: self.file_syncs.load(Ordering::Relaxed),
            directories: self.directory_syncs.load(Ordering::Relaxed),
            directory_requests: self.requests.load(Ordering::Relaxed),
        }
    }

    fn directory(&self, path: &Path) -> Arc<Directory> {
        let mut directories = lock(&self.directories);
        if let Some(found) = directories.get(path) {
            return Arc::clone(found);
        }
        Arc::clone(directories.entry(path.to_path_buf()).or_default())
    }
}

/// For errors that have no number of their own.
const EIO: i32 = rustix::io::Errno::IO.raw_os_error();

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Access, DiskFile, SimDisk, Space, Stat, Visit};
    use rustix::io::Errno;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// A disk whose syncs wait for permission.
    struct GatedDisk {
        started: Mutex<Sender<()>>,
        permission: Mutex<Receiver<io::Result<()>>>,
    }

    impl Disk for GatedDisk {
        fn sync_dir(&self, _: &Path) -> io::Result<()> {
            lock(&self.started).send(()).unwrap();
            lock(&self.permission).recv().unwrap()
        }
        fn create_new(&self, _: &Path, _: u32) -> io::Result<Box<dyn DiskFile>> {
            unreachable!()
        }
        fn open(&self, _: &Path, _: Access) -> io::Result<Box<dyn DiskFile>> {
            unreachable!()
        }
        fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
            unreachable!()
        }
        fn unlink(&self, _: &Path) -> io::Result<()> {
            unreachable!()
        }
        fn make_dir(&self, _: &Path, _: u32) -> io::Result<()> {
            unreachable!()
        }
        fn list(&self, _: &Path, _: &mut Visit<'_>) -> io::Result<()> {
            unreachable!()
        }
        fn stat(&self, _: &Path) -> io::Result<Stat> {
            unreachable!()
        }
        fn space(&self) -> io::Result<Space> {
            unreachable!()
        }
    }

    /// One request leads; `late` more come while its sync runs. Gives the leader's result and theirs.
    fn rounds(late: u64, results: [io::Result<()>; 2]) -> (io::Result<()>, Vec<io::Result<()>>, SyncCounts) {
        let (started, started_here) = channel();
        let (allow, permission) = channel();
        let disk = GatedDisk { started: Mutex::new(started), permission: Mutex::new(permission) };
        let group = GroupSync::default();
        let path = Path::new("input");
        let [first_result, second_result] = results;
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| group.sync_dir(&disk, path));
            started_here.recv().unwrap();
            let followers: Vec<_> = (0..late).map(|_| scope.spawn(|| group.sync_dir(&disk, path))).collect();
            while group.counts().directory_requests < late + 1 {
                std::thread::yield_now();
            }
            // All have asked; give them the time to wait, which only makes the test stronger.
            let directory = group.directory(path);
            while Arc::strong_count(&lock(&directory.state).next) < late as usize + 1 {
                std::thread::yield_now();
            }
            allow.send(first_result).unwrap();
            allow.send(second_result).unwrap();
            let first = leader.join().unwrap();
            let others = followers.into_iter().map(|f| f.join().unwrap()).collect();
            (first, others, group.counts())
        })
    }

    #[test]
    fn late_comers_share_the_next_sync() {
        let (first, others, counts) = rounds(10, [Ok(()), Ok(())]);
        assert!(first.is_ok() && others.iter().all(Result::is_ok));
        assert_eq!(counts, SyncCounts { files: 0, directories: 2, directory_requests: 11 });
    }

    #[test]
    fn a_failure_reaches_its_round_and_no_other() {
        let (first, others, _) = rounds(5, [Ok(()), Err(Errno::IO.into())]);
        assert!(first.is_ok());
        assert!(others.iter().all(|r| r.as_ref().unwrap_err().raw_os_error() == Some(EIO)));
        let (first, others, _) = rounds(5, [Err(Errno::NOSPC.into()), Ok(())]);
        assert!(first.is_err() && others.iter().all(Result::is_ok));
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error_each_time() {
        let group = GroupSync::default();
        for _ in 0..2 {
            assert!(group.sync_dir(&SimDisk::new(), Path::new("nowhere")).is_err());
        }
    }
}

//! Syncs of directories, and of all files at once, shared by all who wait for one.
//!
//! Whoever asks first becomes the leader and syncs; whoever asks meanwhile joins the next round, which one of them
//! leads. A sync that began after a rename covers it, so nobody returns before a sync that began after they asked.
//!
//! Many files that wait at the same time are served by one sync of the whole file system, which costs the disk a fraction
//! of a sync each. Few files are synced one by one: whatever else is dirty on the file system doesn't hold them up.
//!
//! # Invariants
//! * A result belongs to one round; a later success never covers an earlier failure.
//! * A sync of the file system reports an error once. So each failure raises [`GroupSync::failures`], and who began to
//!   write before it asks for a sync of the own file, which knows its own errors.
//!
//! # Failure
//! When a round fails, everybody in it gets the error.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mail_types::Clock;

use crate::disk::{Disk, DiskFile};

/// How often the disk was told to make things durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncCounts {
    /// Syncs of files.
    pub files: u64,
    /// Syncs of directories.
    pub directories: u64,
    /// Syncs of the whole file system, each in place of several of files.
    pub filesystems: u64,
    /// Requests for a sync of a directory; more than `directories` where requests shared one.
    pub directory_requests: u64,
}

#[derive(Default)]
pub(crate) struct GroupSync {
    directories: Mutex<HashMap<PathBuf, Arc<Target>>>,
    everything: Target,
    /// How many want files synced just now.
    waiting: AtomicU64,
    failures: AtomicU64,
    /// Until when files are synced one by one, in microseconds since the epoch.
    avoid_until: AtomicI64,
    file_syncs: AtomicU64,
    filesystem_syncs: AtomicU64,
    directory_syncs: AtomicU64,
    requests: AtomicU64,
}

/// What a round of syncs is about.
#[derive(Default)]
struct Target {
    state: Mutex<Rounds>,
}

#[derive(Default)]
struct Rounds {
    leading: bool,
    next: Arc<Round>,
}

#[derive(Default)]
struct Round {
    /// Set once, under the target's lock: nothing, or the error's number.
    result: Mutex<Option<Result<(), i32>>>,
    /// Who is in this round waits here, with the target's lock: the end of another round wakes only the one who is to lead
    /// this one.
    changed: Condvar,
}

impl GroupSync {
    /// Returns when a sync of the directory that began after this call is done.
    pub(crate) fn sync_dir(&self, disk: &dyn Disk, path: &Path) -> io::Result<()> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.directory(path).round(|| {
            self.directory_syncs.fetch_add(1, Ordering::Relaxed);
            disk.sync_dir(path)
        })
    }

    /// Makes sets of files durable, the files of a message each: every file by itself, or, when at least `group_from`
    /// messages want that at once, here and elsewhere, the whole file system for all of them. With each set comes what
    /// [`GroupSync::failures`] said before its first byte was written.
    pub(crate) fn sync_sets<const N: usize>(
        &self,
        disk: &dyn Disk,
        clock: &dyn Clock,
        group_from: u64,
        sets: &[([&dyn DiskFile; N], u64)],
    ) -> Vec<io::Result<()>> {
        if sets.is_empty() {
            return Vec::new();
        }
        let waiting = Waiting::new(&self.waiting, sets.len() as u64);
        let avoid = self.avoid_until.load(Ordering::Relaxed) > clock.now().micros();
        let together = waiting.count >= group_from && !avoid && disk.can_sync_all();
        let together = together.then(|| self.everything.round(|| self.sync_all(disk, clock)));
        if together.is_none() {
            sets.iter().flat_map(|(files, _)| files).for_each(|file| file.announce_sync());
        }
        let result = |(files, failures): &([&dyn DiskFile; N], u64)| match &together {
            Some(Err(error)) => Err(io::Error::from_raw_os_error(error.raw_os_error().unwrap_or(EIO))),
            Some(Ok(())) if self.failures() == *failures => Ok(()),
            _ => files.iter().try_for_each(|file| {
                self.file_syncs.fetch_add(1, Ordering::Relaxed);
                file.sync()
            }),
        };
        sets.iter().map(result).collect()
    }

    /// How often a sync of the whole file system has failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::SeqCst)
    }

    fn sync_all(&self, disk: &dyn Disk, clock: &dyn Clock) -> io::Result<()> {
        self.filesystem_syncs.fetch_add(1, Ordering::Relaxed);
        let begun = clock.now();
        let result = disk.sync_all();
        if result.is_err() {
            self.failures.fetch_add(1, Ordering::SeqCst);
        }
        let ended = clock.now();
        if ended.since(begun) > SLOW {
            self.avoid_until.store(ended.plus(PAUSE).micros(), Ordering::Relaxed);
        }
        result
    }

    pub(crate) fn counts(&self) -> SyncCounts {
        SyncCounts {
            files: self.file_syncs.load(Ordering::Relaxed),
            directories: self.directory_syncs.load(Ordering::Relaxed),
            filesystems: self.filesystem_syncs.load(Ordering::Relaxed),
            directory_requests: self.requests.load(Ordering::Relaxed),
        }
    }

    fn directory(&self, path: &Path) -> Arc<Target> {
        let mut directories = lock(&self.directories);
        if let Some(found) = directories.get(path) {
            return Arc::clone(found);
        }
        Arc::clone(directories.entry(path.to_path_buf()).or_default())
    }
}

/// Some of those who want files synced; counted until dropped.
struct Waiting<'a> {
    all: &'a AtomicU64,
    own: u64,
    /// How many there are, these included.
    count: u64,
}

impl<'a> Waiting<'a> {
    fn new(all: &'a AtomicU64, own: u64) -> Self {
        Self { all, own, count: all.fetch_add(own, Ordering::Relaxed) + own }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Ordering::Relaxed);
    }
}

impl Target {
    /// Returns when a round that began after this call is done.
    fn round(&self, sync: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut state = lock(&self.state);
        let mine = Arc::clone(&state.next);
        loop {
            if let Some(result) = *lock(&mine.result) {
                return result.map_err(io::Error::from_raw_os_error);
            }
            if !state.leading {
                break;
            }
            state = mine.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.leading = true;
        state.next = Arc::default();
        drop(state);
        let result = sync();
        let shared = result.as_ref().copied().map_err(|error| error.raw_os_error().unwrap_or(EIO));
        let mut state = lock(&self.state);
        *lock(&mine.result) = Some(shared);
        state.leading = false;
        let next = Arc::clone(&state.next);
        drop(state);
        mine.changed.notify_all();
        next.changed.notify_one();
        result
    }
}

/// A sync of the file system that takes longer has other people's data to write, too …
const SLOW: Duration = Duration::from_millis(500);

/// … so for this long files are synced one by one.
const PAUSE: Duration = Duration::from_secs(30);

/// For errors that have no number of their own.
const EIO: i32 = rustix::io::Errno::IO.raw_os_error();

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Access, SimDisk, Space, Stat, Visit};
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
        fn can_sync_all(&self) -> bool {
            unreachable!()
        }
        fn sync_all(&self) -> io::Result<()> {
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
        assert_eq!(counts, SyncCounts { directories: 2, directory_requests: 11, ..SyncCounts::default() });
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

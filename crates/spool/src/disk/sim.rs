//! A disk in memory that knows what has been synced, for tests.
//!
//! # Invariants
//! * A name is durable after a sync of its directory, a content after a sync of its file, and not before.
//! * A sync that fails loses what it was to make durable, as Linux does: later syncs succeed and save nothing of it. A
//!   failed sync of everything is reported once there, and once more by each file that lost something.
//! * Every call counts. Once the power is off every call fails, until [`SimDisk::reboot`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mail_types::Entropy;
use mail_types::clock::SeededEntropy;
use rustix::io::Errno;

use super::{Access, Disk, DiskFile, Space, Stat, Visit};

/// What is left after the power went off. A real file system may keep any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survivors {
    /// Only what was synced.
    Synced,
    /// Everything, as when only the process was killed.
    Everything,
    /// All names, but only contents that were synced.
    Names,
    /// All contents, but only names that were synced.
    Contents,
    /// Each change that wasn't synced survives or not, as chance will have it; the number is the seed.
    Some(u64),
}

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Default)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    dirs: BTreeMap<PathBuf, Names>,
    contents: HashMap<u64, Content>,
    locked: HashMap<u64, u64>,
    last_number: u64,
    calls: u64,
    power_off_after: Option<u64>,
    fail: Option<(std::ops::Range<u64>, Errno)>,
    always_fail: Option<Errno>,
    now: i64,
    trace: Vec<String>,
}

#[derive(Clone, Default)]
struct Names {
    live: BTreeMap<Vec<u8>, u64>,
    synced: BTreeMap<Vec<u8>, u64>,
}

#[derive(Clone, Default)]
struct Content {
    live: Vec<u8>,
    synced: Vec<u8>,
    modified: i64,
    /// A sync failed: what was written is lost, and later syncs don't tell.
    lost: bool,
    /// The next sync of this file reports it.
    unreported: bool,
}

impl Names {
    /// Decides for each name that isn't durable whether its last change survived.
    fn settle(&mut self, keep: &mut dyn FnMut() -> bool) {
        let names: BTreeSet<Vec<u8>> = self.live.keys().chain(self.synced.keys()).cloned().collect();
        for name in names {
            let (live, synced) = (self.live.get(&name).copied(), self.synced.get(&name).copied());
            let survivor = if live == synced || keep() { live } else { synced };
            match survivor {
                Some(number) => {
                    self.live.insert(name.clone(), number);
                    self.synced.insert(name, number);
                }
                None => {
                    self.live.remove(&name);
                    self.synced.remove(&name);
                }
            }
        }
    }
}

impl Content {
    fn save(&mut self) {
        if !self.lost {
            self.synced.clone_from(&self.live);
        }
    }

    fn settle(&mut self, keep: bool) {
        if keep && !self.lost {
            self.synced.clone_from(&self.live);
        } else {
            self.live.clone_from(&self.synced);
        }
    }
}

/// The number that stands for a directory among the names of its parent.
const DIRECTORY: u64 = 0;

impl SimDisk {
    /// An empty disk.
    pub fn new() -> Self {
        let disk = Self::default();
        disk.state().dirs.insert(PathBuf::new(), Names::default());
        disk
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// The calls since the last reboot, by name, for a failing test's message.
    pub fn trace(&self) -> Vec<String> {
        self.state().trace.clone()
    }

    /// Turns the power off after this many more calls.
    pub fn power_off_after(&self, calls: u64) {
        let mut state = self.state();
        state.power_off_after = Some(state.calls + calls);
    }

    /// Fails one call: the one after this many more.
    pub fn fail_after(&self, calls: u64, error: Errno) {
        self.fail_some_after(calls, 1, error);
    }

    /// Fails so many calls in a row: those after this many more.
    pub fn fail_some_after(&self, calls: u64, count: u64, error: Errno) {
        let mut state = self.state();
        let first = state.calls + calls + 1;
        state.fail = Some((first..first + count, error));
    }

    /// Fails every call that changes something, until told otherwise.
    pub fn fail_changes(&self, error: Option<Errno>) {
        self.state().always_fail = error;
    }

    /// Sets the time that files get when they are changed.
    pub fn set_time(&self, now: i64) {
        self.state().now = now;
    }

    /// The disk after a power cut: locks are gone, and what wasn't synced, too.
    pub fn reboot(&self, survivors: Survivors) {
        let mut state = self.state();
        let mut chance = match survivors {
            Survivors::Some(seed) => Some(SeededEntropy::new(seed)),
            _ => None,
        };
        let mut keep_name = || match &mut chance {
            Some(chance) => chance.next_u64() & 1 == 1,
            None => matches!(survivors, Survivors::Everything | Survivors::Names),
        };
        for names in state.dirs.values_mut() {
            names.settle(&mut keep_name);
        }
        let mut chance = match survivors {
            Survivors::Some(seed) => Some(SeededEntropy::new(!seed)),
            _ => None,
        };
        let numbers: BTreeSet<u64> = state.contents.keys().copied().collect();
        for number in numbers {
            let keep = match &mut chance {
                Some(chance) => chance.next_u64() & 1 == 1,
                None => matches!(survivors, Survivors::Everything | Survivors::Contents),
            };
            if let Some(content) = state.contents.get_mut(&number) {
                content.settle(keep);
            }
        }
        state.forget_unreachable_dirs();
        state.locked.clear();
        state.power_off_after = None;
        state.fail = None;
        state.trace.clear();
    }

    /// The content of a file, whatever the power does.
    pub fn content(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        let number = state.lookup(path).ok()?;
        state.contents.get(&number).map(|content| content.live.clone())
    }

    /// All file names, whatever the power does.
    pub fn files(&self) -> Vec<PathBuf> {
        let state = self.state();
        let names = |(dir, names): (&PathBuf, &Names)| {
            let files = names.live.iter().filter(|(_, number)| **number != DIRECTORY);
            files.map(|(name, _)| dir.join(text(name))).collect::<Vec<_>>()
        };
        state.dirs.iter().flat_map(names).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call; fails it when its time has come.
    fn call(&self, what: &str, path: &Path, changes: bool) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        if state.power_off_after.is_some_and(|at| state.calls >= at) {
            return Err(Errno::IO.into());
        }
        state.calls += 1;
        let calls = state.calls;
        state.trace.push(format!("{calls} {what} {}", path.display()));
        if let Some((failing, error)) = &state.fail
            && failing.contains(&calls)
        {
            return Err((*error).into());
        }
        match state.always_fail {
            Some(error) if changes => Err(error.into()),
            _ => Ok(state),
        }
    }
}

impl State {
    fn split<'a>(&self, path: &'a Path) -> io::Result<(PathBuf, &'a [u8])> {
        use std::os::unix::ffi::OsStrExt;
        let name = path.file_name().ok_or(Errno::INVAL)?.as_bytes();
        let parent = path.parent().unwrap_or(Path::new("")).to_path_buf();
        if self.dirs.contains_key(&parent) { Ok((parent, name)) } else { Err(Errno::NOENT.into()) }
    }

    fn lookup(&self, path: &Path) -> io::Result<u64> {
        let (parent, name) = self.split(path)?;
        let found = self.dirs.get(&parent).and_then(|names| names.live.get(name));
        Ok(*found.ok_or(Errno::NOENT)?)
    }

    fn link(&mut self, path: &Path, number: u64) -> io::Result<()> {
        let (parent, name) = self.split(path)?;
        if let Some(names) = self.dirs.get_mut(&parent) {
            names.live.insert(name.to_vec(), number);
        }
        Ok(())
    }

    fn unlink(&mut self, path: &Path) -> io::Result<u64> {
        let (parent, name) = self.split(path)?;
        let removed = self.dirs.get_mut(&parent).and_then(|names| names.live.remove(name));
        Ok(removed.ok_or(Errno::NOENT)?)
    }

    fn forget_unreachable_dirs(&mut self) {
        let paths: Vec<PathBuf> =
            self.dirs.keys().filter(|path| !path.as_os_str().is_empty()).cloned().collect();
        let mut gone = HashSet::new();
        for path in paths {
            let orphan = path.parent().is_some_and(|parent| gone.contains(parent));
            if orphan || self.lookup(&path).is_err() {
                self.dirs.remove(&path);
                gone.insert(path);
            }
        }
    }
}

impl Disk for SimDisk {
    fn create_new(&self, path: &Path, _mode: u32) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.call("create", path, true)?;
        if state.lookup(path).is_ok() {
            return Err(Errno::EXIST.into());
        }
        state.last_number += 1;
        let number = state.last_number;
        state.link(path, number)?;
        let modified = state.now;
        state.contents.insert(number, Content { modified, ..Content::default() });
        Ok(Box::new(SimFile {
            disk: self.clone(),
            number,
            path: path.to_path_buf(),
            holder: number << 32 | state.calls,
        }))
    }

    fn open(&self, path: &Path, _access: Access) -> io::Result<Box<dyn DiskFile>> {
        let state = self.call("open", path, false)?;
        let number = state.lookup(path)?;
        if number == DIRECTORY {
            return Err(Errno::ISDIR.into());
        }
        Ok(Box::new(SimFile {
            disk: self.clone(),
            number,
            path: path.to_path_buf(),
            holder: number << 32 | state.calls,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.call("rename", from, true)?;
        state.split(to)?;
        let number = state.unlink(from)?;
        state.link(to, number)
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        self.call("unlink", path, true)?.unlink(path).map(|_| ())
    }

    fn make_dir(&self, path: &Path, _mode: u32) -> io::Result<()> {
        let mut state = self.call("mkdir", path, true)?;
        if state.lookup(path).is_ok() {
            return Err(Errno::EXIST.into());
        }
        state.link(path, DIRECTORY)?;
        state.dirs.insert(path.to_path_buf(), Names::default());
        Ok(())
    }

    fn can_sync_all(&self) -> bool {
        true
    }

    /// Contents only: that is what callers may rely on.
    fn sync_all(&self) -> io::Result<()> {
        let result = self.call("syncall", Path::new(""), true).map(|_| ());
        for content in self.state().contents.values_mut().filter(|content| content.live != content.synced) {
            if result.is_ok() {
                content.save();
            } else {
                (content.lost, content.unreported) = (true, true);
            }
        }
        result
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.call("syncdir", path, true)?;
        let names = state.dirs.get_mut(path).ok_or(Errno::NOENT)?;
        names.synced = names.live.clone();
        Ok(())
    }

    fn list(&self, path: &Path, visit: &mut Visit<'_>) -> io::Result<()> {
        let state = self.call("list", path, false)?;
        let names: Vec<Vec<u8>> = state.dirs.get(path).ok_or(Errno::NOENT)?.live.keys().cloned().collect();
        drop(state);
        for name in names {
            if visit(&name) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let state = self.call("stat", path, false)?;
        let inode = state.lookup(path)?;
        Ok(state.describe(inode))
    }

    fn space(&self) -> io::Result<Space> {
        let state = self.call("space", Path::new(""), false)?;
        let full = state.always_fail == Some(Errno::NOSPC);
        Ok(Space { kilobytes: if full { 0 } else { 1 << 30 }, inodes: Some(1 << 30) })
    }
}

impl State {
    fn describe(&self, inode: u64) -> Stat {
        let content = self.contents.get(&inode);
        Stat {
            len: content.map_or(0, |content| content.live.len() as u64),
            modified: content.map_or(0, |content| content.modified),
            inode,
            is_dir: inode == DIRECTORY,
        }
    }
}

struct SimFile {
    disk: SimDisk,
    number: u64,
    path: PathBuf,
    /// Tells this opening of the file from others.
    holder: u64,
}

impl SimFile {
    fn change(&self, what: &str, change: impl FnOnce(&mut Content)) -> io::Result<()> {
        let mut state = self.disk.call(what, &self.path, true)?;
        let now = state.now;
        let content = state.contents.get_mut(&self.number).ok_or(Errno::BADF)?;
        change(content);
        if what != "sync" {
            content.modified = now;
        }
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.change("write", |content| content.live.extend_from_slice(bytes))
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.call("read", &self.path, false)?;
        let content = state.contents.get(&self.number).ok_or(Errno::BADF)?;
        let rest = content.live.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.change("truncate", |content| content.live.truncate(len as usize))
    }

    fn sync(&self) -> io::Result<()> {
        let result = self.change("sync", Content::save);
        let mut state = self.disk.state();
        let content = state.contents.get_mut(&self.number).ok_or(Errno::BADF)?;
        content.lost |= result.is_err();
        if std::mem::take(&mut content.unreported) { Err(Errno::IO.into()) } else { result }
    }

    fn try_lock(&self, _len: u64) -> io::Result<bool> {
        let mut state = self.disk.call("lock", &self.path, false)?;
        let holder = *state.locked.entry(self.number).or_insert(self.holder);
        Ok(holder == self.holder)
    }

    fn stat(&self) -> io::Result<Stat> {
        Ok(self.disk.call("fstat", &self.path, false)?.describe(self.number))
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.locked.get(&self.number) == Some(&self.holder) {
            state.locked.remove(&self.number);
        }
    }
}

fn text(name: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(name))
}

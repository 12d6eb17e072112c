//! Locks on a mailbox: the lock file beside it, `fcntl` and `flock` on it.
//!
//! # Invariants
//! * A lock file that we made is removed when [`LockFile`] goes.
//! * A lock file is made by linking, which works over NFS.
//!
//! # Security
//! The hitching post is made with `O_EXCL`; a lock file of others is removed only when it is older than
//! `lockfile_timeout`.
//!
//! # Compatibility
//! Specification, "Operational details for appending". The fcntl lock belongs to the open file, so that it also
//! keeps deliveries of one process apart.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::options::transport::appendfile as options;
use mail_types::clock::Clock;
use nix::fcntl::{FcntlArg, fcntl};

use super::super::Job;
use super::super::trouble::{LOCK_FAILED, Trouble};
use super::shown;

/// What the options say about locks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Locks {
    pub(super) lock_file: bool,
    pub(super) fcntl: bool,
    pub(super) flock: bool,
    pub(super) retries: u64,
    pub(super) interval: Duration,
    pub(super) fcntl_timeout: Duration,
    pub(super) flock_timeout: Duration,
    mode: u32,
    timeout: Duration,
}

impl Locks {
    pub(super) fn of(job: &Job<'_>) -> Self {
        let set = &job.transport.options;
        let seconds = |value: i64| Duration::from_secs(u64::try_from(value).unwrap_or(0));
        Self {
            lock_file: set.get(options::USE_LOCKFILE).unwrap_or(true),
            fcntl: set.get(options::USE_FCNTL_LOCK).unwrap_or(true),
            flock: set.get(options::USE_FLOCK_LOCK),
            retries: u64::try_from(set.get(options::LOCK_RETRIES)).unwrap_or(0).max(1),
            interval: seconds(set.get(options::LOCK_INTERVAL)),
            fcntl_timeout: seconds(set.get(options::LOCK_FCNTL_TIMEOUT)),
            flock_timeout: seconds(set.get(options::LOCK_FLOCK_TIMEOUT)),
            mode: set.get(options::LOCKFILE_MODE),
            timeout: seconds(set.get(options::LOCKFILE_TIMEOUT)),
        }
    }

    /// How often locking the open file is tried.
    pub(super) fn attempts(&self) -> u64 {
        let timeout = self.fcntl_timeout.max(self.flock_timeout).as_secs();
        if timeout == 0 {
            return self.retries;
        }
        (self.retries * self.interval.as_secs()).div_ceil(timeout).max(1)
    }
}

/// Waits, without the clock of the tests: what is waited for is another program.
pub(super) fn pause(time: Duration) {
    let timeout = rustix::event::Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(time.subsec_nanos()),
    };
    // An interrupted wait is only shorter.
    let _ = rustix::event::poll(&mut [], Some(&timeout));
}

/// A lock file that is ours.
#[derive(Debug)]
pub(super) struct LockFile {
    path: PathBuf,
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // It may be gone already: somebody thought it stale.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl LockFile {
    /// Takes the lock file of a mailbox.
    pub(super) fn take(
        mailbox: &Path,
        locks: &Locks,
        host: &[u8],
        clock: &dyn Clock,
    ) -> Result<Self, Trouble> {
        let lock = with_suffix(mailbox, b".lock");
        let post = hitching_post(&lock, host, clock);
        for attempt in 1..=locks.retries {
            make_post(&post, locks.mode)?;
            let linked = std::fs::hard_link(&post, &lock).is_ok()
                // Over NFS the answer can be lost although the link was made.
                || std::fs::symlink_metadata(&post).is_ok_and(|found| found.nlink() == 2);
            let _ = std::fs::remove_file(&post);
            if linked {
                return Ok(Self { path: lock });
            }
            remove_when_stale(&lock, locks.timeout, clock);
            if attempt < locks.retries {
                pause(locks.interval);
            }
        }
        let text = format!("failed to lock mailbox {} (lock file)", shown(mailbox));
        Err(Trouble::new(LOCK_FAILED, text))
    }
}

fn make_post(post: &Path, mode: u32) -> Result<(), Trouble> {
    OpenOptions::new().write(true).create_new(true).mode(mode).open(post).map(drop).map_err(|error| {
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let text = format!("creating lock file hitching post {} (euid={uid} egid={gid})", shown(post));
        Trouble::system(&error, text)
    })
}

fn hitching_post(lock: &Path, host: &[u8], clock: &dyn Clock) -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering};
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let process = std::process::id().wrapping_add(SERIAL.fetch_add(1, Ordering::Relaxed) << 22);
    let mut suffix = b".".to_vec();
    suffix.extend(host.iter().filter(|b| b.is_ascii_graphic() && **b != b'/'));
    suffix.extend_from_slice(format!(".{:08x}.{process:08x}", clock.now().secs()).as_bytes());
    with_suffix(lock, &suffix)
}

fn with_suffix(path: &Path, suffix: &[u8]) -> PathBuf {
    let name = [path.as_os_str().as_bytes(), suffix].concat();
    PathBuf::from(std::ffi::OsString::from(std::ffi::OsStr::from_bytes(&name)))
}

fn remove_when_stale(lock: &Path, timeout: Duration, clock: &dyn Clock) {
    let Ok(found) = std::fs::symlink_metadata(lock) else { return };
    let age = clock.now().secs().saturating_sub(found.ctime());
    if timeout.as_secs() > 0 && age > i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX) {
        let _ = std::fs::remove_file(lock);
    }
}

/// Locks an open mailbox; false when somebody else holds it.
pub(super) fn lock_open(file: &File, locks: &Locks) -> io::Result<bool> {
    if locks.fcntl && !within(locks.fcntl_timeout, || fcntl_lock(file))? {
        return Ok(false);
    }
    if locks.flock && !within(locks.flock_timeout, || flock(file))? {
        return Ok(false);
    }
    Ok(true)
}

/// Tries until it succeeds or the time is over; once when there is no time.
fn within(limit: Duration, attempt: impl Fn() -> io::Result<bool>) -> io::Result<bool> {
    const STEP: Duration = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    loop {
        if attempt()? {
            return Ok(true);
        }
        if waited >= limit {
            return Ok(false);
        }
        pause(STEP);
        waited += STEP;
    }
}

fn fcntl_lock(file: &File) -> io::Result<bool> {
    let whole = nix::libc::flock {
        l_type: nix::libc::F_WRLCK as nix::libc::c_short,
        l_whence: nix::libc::SEEK_SET as nix::libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&whole)) {
        Ok(_) => Ok(true),
        Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn flock(file: &File) -> io::Result<bool> {
    match rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_types::clock::{FixedClock, Timestamp};

    const LOCKS: Locks = Locks {
        lock_file: true,
        fcntl: true,
        flock: true,
        retries: 2,
        interval: Duration::ZERO,
        fcntl_timeout: Duration::ZERO,
        flock_timeout: Duration::ZERO,
        mode: 0o600,
        timeout: Duration::from_mins(30),
    };

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("postrider-lock-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_lock_file_excludes_and_goes() {
        let mailbox = scratch("excludes");
        let clock = FixedClock::new(Timestamp::from_secs(1_800_000_000));
        let held = LockFile::take(&mailbox, &LOCKS, b"mx.test", &clock).unwrap();
        assert!(with_suffix(&mailbox, b".lock").exists());
        clock.set(Timestamp::from_secs(0));
        let trouble = LockFile::take(&mailbox, &LOCKS, b"mx.test", &clock).unwrap_err();
        assert_eq!(trouble.errno, LOCK_FAILED);
        assert!(String::from_utf8(trouble.message).unwrap().ends_with("(lock file)"));
        drop(held);
        assert!(!with_suffix(&mailbox, b".lock").exists());
    }

    #[test]
    fn a_stale_lock_file_is_removed() {
        let mailbox = scratch("stale");
        std::fs::write(with_suffix(&mailbox, b".lock"), b"").unwrap();
        let clock = FixedClock::new(Timestamp::from_secs(i64::from(u32::MAX)));
        LockFile::take(&mailbox, &LOCKS, b"mx.test", &clock).unwrap();
    }

    #[test]
    fn locks_of_one_process_exclude_each_other() {
        let path = scratch("open");
        let first = File::create(&path).unwrap();
        let second = OpenOptions::new().append(true).open(&path).unwrap();
        assert!(lock_open(&first, &LOCKS).unwrap());
        assert!(!lock_open(&second, &LOCKS).unwrap());
        drop(first);
        assert!(lock_open(&second, &LOCKS).unwrap());
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn attempts_with_a_timeout() {
        let locks = Locks { retries: 10, interval: Duration::from_secs(3), ..LOCKS };
        assert_eq!(locks.attempts(), 10);
        assert_eq!(Locks { fcntl_timeout: Duration::from_secs(7), ..locks }.attempts(), 5);
    }
}

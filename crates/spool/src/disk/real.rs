//! The kernel's file system below one directory.
//!
//! # Invariants
//! * Every name is resolved from the directory that was opened at the start.
//!
//! # Security
//! Links are not followed in the last component, and every descriptor closes on exec.
//!
//! # Compatibility
//! The lock is a write lock of `fcntl` on the first line of -D, as Exim's; ours belongs to the open file, not to the
//! process, so that no other close in this process drops it.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::fcntl::FcntlArg;
use nix::libc;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Access, Disk, DiskFile, Space, Stat, Visit};

/// The kernel's file system below one directory.
#[derive(Debug)]
pub struct RealDisk {
    root: OwnedFd,
    can_sync_all: bool,
}

impl RealDisk {
    /// Opens the spool directory.
    pub fn open(root: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(root, flags, Mode::empty())?;
        let can_sync_all = syncfs_reports_errors() && syncfs_reaches_the_disk(&root);
        Ok(Self { root, can_sync_all })
    }
}

impl Disk for RealDisk {
    fn create_new(&self, path: &Path, mode: u32) -> io::Result<Box<dyn DiskFile>> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(mode);
        let fd = rustix::fs::openat(&self.root, path, flags, mode)?;
        // The umask may have taken bits away that the group needs. Asking costs less than telling, which is a change.
        if Mode::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode) != mode {
            rustix::fs::fchmod(&fd, mode)?;
        }
        Ok(Box::new(RealFile { fd, end: AtomicU64::new(0) }))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        let flags = match access {
            Access::Read => OFlags::RDONLY,
            Access::ReadWrite => OFlags::RDWR,
        };
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let fd = rustix::fs::openat(&self.root, path, flags, Mode::empty())?;
        let stat = rustix::fs::fstat(&fd)?;
        if !FileType::from_raw_mode(stat.st_mode).is_file() {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        Ok(Box::new(RealFile { fd, end: AtomicU64::new(stat.st_size as u64) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.root, from, &self.root, to)?)
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.root, path, AtFlags::empty())?)
    }

    fn make_dir(&self, path: &Path, mode: u32) -> io::Result<()> {
        let mode = Mode::from_raw_mode(mode);
        rustix::fs::mkdirat(&self.root, path, mode)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = rustix::fs::openat(&self.root, path, flags, Mode::empty())?;
        Ok(rustix::fs::fchmod(made, mode)?)
    }

    fn can_sync_all(&self) -> bool {
        self.can_sync_all
    }

    fn sync_all(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.root)?)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::openat(&self.root, or_root(path), flags, Mode::empty())?;
        Ok(rustix::fs::fsync(dir)?)
    }

    fn list(&self, path: &Path, visit: &mut Visit<'_>) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut dir = Dir::new(rustix::fs::openat(&self.root, or_root(path), flags, Mode::empty())?)?;
        while let Some(entry) = dir.read() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." && visit(name) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        Ok(convert(&rustix::fs::statat(&self.root, path, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    fn space(&self) -> io::Result<Space> {
        let room = rustix::fs::fstatvfs(&self.root)?;
        Ok(Space {
            kilobytes: (u128::from(room.f_bavail) * u128::from(room.f_frsize) / 1024) as u64,
            inodes: (room.f_files > 0).then_some(room.f_favail),
        })
    }
}

/// Since Linux 5.8, `syncfs` reports errors of writing; before, it keeps silent about them.
fn syncfs_reports_errors() -> bool {
    let name = rustix::system::uname();
    let release = name.release().to_string_lossy().into_owned();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (5_u32, 8_u32)
}

/// Not so on network file systems, FUSE and layers over others: there only `fsync` is to be trusted.
fn syncfs_reaches_the_disk(root: &OwnedFd) -> bool {
    const EXT: u32 = 0xEF53;
    const XFS: u32 = 0x5846_5342;
    const BTRFS: u32 = 0x9123_683E;
    const F2FS: u32 = 0xF2F5_2010;
    rustix::fs::fstatfs(root).is_ok_and(|stat| [EXT, XFS, BTRFS, F2FS].contains(&(stat.f_type as u32)))
}

/// The empty path is the spool directory itself.
fn or_root(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

fn convert(stat: &rustix::fs::Stat) -> Stat {
    Stat {
        len: stat.st_size as u64,
        modified: stat.st_mtime,
        inode: stat.st_ino,
        is_dir: FileType::from_raw_mode(stat.st_mode).is_dir(),
    }
}

struct RealFile {
    fd: OwnedFd,
    /// Where the next bytes go.
    end: AtomicU64,
}

impl DiskFile for RealFile {
    fn append(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let at = self.end.load(Ordering::Relaxed);
            match rustix::io::pwrite(&self.fd, bytes, at) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero)),
                Ok(count) => {
                    bytes = bytes.get(count..).unwrap_or_default();
                    self.end.store(at + count as u64, Ordering::Relaxed);
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match rustix::io::pread(&self.fd, &mut *out, offset) {
                Err(Errno::INTR) => {}
                result => return Ok(result?),
            }
        }
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        rustix::fs::ftruncate(&self.fd, len)?;
        self.end.store(len, Ordering::Relaxed);
        Ok(())
    }

    fn announce_sync(&self) {
        // Of dirty pages this starts the writing. Their blocks are known to the file system then, so that the commit which
        // the first file of several waits for holds the others' too, and their own syncs find nothing left to do.
        let _ = rustix::fs::fadvise(&self.fd, 0, None, rustix::fs::Advice::DontNeed);
    }

    fn sync(&self) -> io::Result<()> {
        // Never again after an error: the kernel has thrown the pages away and would report success.
        Ok(rustix::fs::fsync(&self.fd)?)
    }

    fn try_lock(&self, len: u64) -> io::Result<bool> {
        let lock = libc::flock {
            l_type: libc::F_WRLCK as i16,
            l_whence: libc::SEEK_SET as i16,
            l_start: 0,
            l_len: len as i64,
            l_pid: 0,
        };
        match nix::fcntl::fcntl(&self.fd, FcntlArg::F_OFD_SETLK(&lock)) {
            Ok(_) => Ok(true),
            Err(nix::errno::Errno::EAGAIN | nix::errno::Errno::EACCES) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn stat(&self) -> io::Result<Stat> {
        Ok(convert(&rustix::fs::fstat(&self.fd)?))
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.fd.as_fd())
    }
}

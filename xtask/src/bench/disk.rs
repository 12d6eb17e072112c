//! A file system for one run: ext4 with a journal, new, in an image file on the real disk.
//!
//! Figures of runs can be compared only when each finds the same disk. On a used file system they can't: ext4 without a
//! journal, for one, walks past every inode that was deleted in the last minutes whenever it makes a file, so that each
//! run slows the next one down; and one sync of everything writes what others have left to be written.
//!
//! # Invariants
//! * The image's blocks are allocated, and it is read and written directly: what is synced here is on the real disk.
//! * The mount exists in the benchmark's own mount namespace only, and ends with this value.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Room for a run.
const BYTES: i64 = 2 << 30;

/// A mounted file system.
#[derive(Debug)]
pub(super) struct Disk {
    mounted_at: PathBuf,
}

impl Disk {
    /// Makes and mounts a new one below `place`.
    ///
    /// # Errors
    /// The image cannot be made, or `mkfs.ext4`, `losetup` or `mount` fails.
    pub(super) fn fresh(place: &Path) -> Result<Self, String> {
        let (image, mounted_at) = (place.join("disk.img"), place.join("disk"));
        allocate(&image).map_err(|e| format!("{}: {e}", image.display()))?;
        std::fs::create_dir_all(&mounted_at).map_err(|e| format!("{}: {e}", mounted_at.display()))?;
        let options = "nodiscard,lazy_itable_init=0,lazy_journal_init=0";
        command("mkfs.ext4", &["-q", "-F", "-O", "has_journal", "-E", options], &image)?;
        let device = command("losetup", &["--find", "--show", "--direct-io=on"], &image)?;
        let device = Path::new(device.trim());
        let mounted = command("mount", &[&device.to_string_lossy()], &mounted_at);
        // Of a mounted device this takes effect when it is unmounted.
        let detached = command("losetup", &["--detach"], device);
        mounted.and(detached)?;
        Ok(Self { mounted_at })
    }

    /// Where it is mounted.
    pub(super) fn path(&self) -> &Path {
        &self.mounted_at
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The servers' last processes may still be ending.
        for _ in 0..40 {
            if command("umount", &[], &self.mounted_at).is_ok() {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        drop(command("umount", &["--lazy"], &self.mounted_at));
    }
}

/// A file of the right size, all of its blocks taken.
fn allocate(image: &Path) -> Result<(), String> {
    let file =
        File::options().create(true).truncate(false).write(true).open(image).map_err(|e| e.to_string())?;
    nix::fcntl::fallocate(&file, nix::fcntl::FallocateFlags::empty(), 0, BYTES).map_err(|e| e.to_string())
}

fn command(program: &str, args: &[&str], path: &Path) -> Result<String, String> {
    let output =
        Command::new(program).args(args).arg(path).output().map_err(|e| format!("{program}: {e}"))?;
    if !output.status.success() {
        return Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

//! Appending to a mailbox file.
//!
//! # Invariants
//! * Nothing is written before all locks are held.
//! * A failed write leaves the file with the length and times that it had.
//!
//! # Failure
//! A full disk or quota cuts the file back and defers. A crash in the middle leaves a partial message, as with any
//! mailbox file; the delivery is repeated.

use std::fs::{File, FileTimes, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use config::options::transport::appendfile as options;
use mail_types::value::Clean;

use super::super::trouble::{EXIST_RACE, INODE_CHANGED, LOCK_FAILED, QUOTA, Trouble, UNKNOWN};
use super::super::{Done, Job, writer};
use super::checks::Rules;
use super::lock::{LockFile, Locks, lock_open, pause};
use super::{checks, comsat, directory, form, quota, shown};

/// How often a file may appear and vanish under our hands.
const RACES: usize = 10;
/// Octets collected before a write.
const BUFFER: usize = 128 * 1024;

/// Appends the message.
pub(super) fn deliver(job: &mut Job<'_>, path: &Clean) -> Result<Done, Trouble> {
    let path = path.as_path();
    let form = form(job, false)?;
    let what = format!("failed to expand headers_add or headers_remove while writing to {}", shown(path));
    let header = job.header(&what)?;
    let limits = quota::Limits::of(job)?;
    let (rules, locks) = (Rules::of(job), Locks::of(job));
    directory::make_parent(job, path)?;
    let host = job.context.primary_hostname().to_vec();
    let clock = std::sync::Arc::clone(&job.context.services.clock);
    let _lock_file =
        if locks.lock_file { Some(LockFile::take(path, &locks, &host, clock.as_ref())?) } else { None };
    let file = open_and_lock(job, path, &rules, &locks)?;
    let before =
        file.metadata().map_err(|error| Trouble::system(&error, format!("fstat of {}", shown(path))))?;
    if before.is_file() {
        limits.check_file(before.len(), job.context.facts.message.size.unwrap_or(0), path)?;
    }
    let size = append(&file, &before, job.message(&header), &form, path)?;
    if before.is_file() && job.transport.options.get(options::NOTIFY_COMSAT) {
        let user = job.context.facts.address.local_part.as_ref().map(|user| user.bytes().to_vec());
        comsat::notify(comsat::COMSAT, &user.unwrap_or_default(), before.len());
    }
    Ok(Done { size: Some(size), ..Done::default() })
}

fn append(
    file: &File,
    before: &Metadata,
    message: writer::Message<'_>,
    form: &writer::Form,
    path: &Path,
) -> Result<u64, Trouble> {
    let mut out = BufWriter::with_capacity(BUFFER, file);
    let written =
        writer::write(message, form, &mut out).and_then(|size| out.flush().map(|()| size)).and_then(|size| {
            if before.is_file() {
                file.sync_all()?;
            }
            Ok(size)
        });
    // What the buffer still holds after an error must not be written when it goes.
    let _ = out.into_parts();
    written.map_err(|error| {
        if before.is_file() {
            restore(file, before);
        }
        failed_write(&error, path)
    })
}

/// Gives a file its old length and times.
fn restore(file: &File, before: &Metadata) {
    let times = || -> io::Result<FileTimes> {
        Ok(FileTimes::new().set_accessed(before.accessed()?).set_modified(before.modified()?))
    };
    // When even this fails there is nothing left to do for the mailbox; the error of the write is reported.
    let _ = file.set_len(before.len());
    if let Ok(times) = times() {
        let _ = file.set_times(times);
    }
    let _ = file.sync_all();
}

/// Exim's words for a write that failed.
pub(super) fn failed_write(error: &io::Error, path: &Path) -> Trouble {
    let name = shown(path);
    if error.raw_os_error() == Some(rustix::io::Errno::DQUOT.raw_os_error()) {
        return Trouble::new(QUOTA, format!("mailbox is full (quota exceeded while writing to {name})"));
    }
    Trouble::system(error, format!("error while writing to {name}"))
}

/// Opens the mailbox, makes it if it is missing, and locks it.
fn open_and_lock(job: &Job<'_>, path: &Path, rules: &Rules, locks: &Locks) -> Result<File, Trouble> {
    let attempts = locks.attempts();
    for attempt in 1..=attempts {
        let file = open(job, path, rules)?;
        let is_regular = file.metadata().is_ok_and(|found| found.is_file());
        let locked = !is_regular
            || lock_open(&file, locks).map_err(|error| {
                Trouble::system(&error, format!("failed to lock mailbox {}", shown(path)))
            })?;
        if locked {
            return Ok(file);
        }
        drop(file);
        if attempt < attempts {
            pause(locks.interval);
        }
    }
    let text = format!("failed to lock mailbox {} (fcntl/flock)", shown(path));
    Err(Trouble::new(LOCK_FAILED, text))
}

fn open(job: &Job<'_>, path: &Path, rules: &Rules) -> Result<File, Trouble> {
    for _ in 0..RACES {
        let opened = match std::fs::symlink_metadata(path) {
            Ok(found) => open_existing(path, &found, rules)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => open_new(job, path, rules)?,
            Err(error) => return Err(Trouble::system(&error, format!("stat mailbox {}", shown(path)))),
        };
        if let Some(file) = opened {
            return Ok(file);
        }
    }
    let text = format!("mailbox {}: existence unclear", shown(path));
    Err(Trouble::new(EXIST_RACE, text).freezing())
}

/// None when the file vanished meanwhile.
fn open_existing(path: &Path, by_name: &Metadata, rules: &Rules) -> Result<Option<File>, Trouble> {
    let is_link = by_name.file_type().is_symlink();
    rules.check(path, by_name, is_link)?;
    let target = if is_link {
        match std::fs::metadata(path) {
            Ok(found) => {
                rules.check(path, &found, false)?;
                found
            }
            Err(error) => return Err(Trouble::system(&error, format!("stat mailbox {}", shown(path)))),
        }
    } else {
        by_name.clone()
    };
    let narrower = rules.narrower_mode(path, &target)?;
    let mut flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    if !rules.allow_symlink {
        flags |= rustix::fs::OFlags::NOFOLLOW;
    }
    let opened = OpenOptions::new().append(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Trouble::system(&error, format!("while opening mailbox {}", shown(path)))),
    };
    let open =
        file.metadata().map_err(|error| Trouble::system(&error, format!("fstat of {}", shown(path))))?;
    let same = (open.ino(), open.dev(), open.uid(), open.mode())
        == (target.ino(), target.dev(), target.uid(), target.mode());
    if !same {
        let text = format!("opened mailbox {} inode number changed", shown(path));
        return Err(Trouble::new(INODE_CHANGED, text).freezing());
    }
    if let Some(mode) = narrower {
        file.set_permissions(std::fs::Permissions::from_mode(mode)).map_err(|error| {
            Trouble::system(&error, format!("attempting to chmod mailbox {}", shown(path)))
        })?;
    }
    Ok(Some(file))
}

/// None when the file appeared meanwhile.
fn open_new(job: &Job<'_>, path: &Path, rules: &Rules) -> Result<Option<File>, Trouble> {
    if job.transport.options.get(options::FILE_MUST_EXIST) {
        let text = format!("mailbox {} does not exist, but file_must_exist is set", shown(path));
        return Err(Trouble::new(rustix::io::Errno::NOENT.raw_os_error(), text));
    }
    checks::may_create(job, path)?;
    match OpenOptions::new().append(true).create_new(true).mode(rules.mode).open(path) {
        Ok(file) => {
            file.set_permissions(std::fs::Permissions::from_mode(rules.mode))
                .map_err(|error| Trouble::system(&error, format!("chmod of mailbox {}", shown(path))))?;
            if let Some(parent) = path.parent() {
                directory::sync(parent)
                    .map_err(|error| Trouble::new(UNKNOWN, format!("fsync of directory: {error}")))?;
            }
            Ok(Some(file))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(Trouble::system(&error, format!("while creating mailbox {}", shown(path)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_restores_the_mailbox() {
        let path = std::env::temp_dir().join(format!("postrider-mailbox-{}", std::process::id()));
        std::fs::write(&path, b"old mail\n").unwrap();
        let file = OpenOptions::new().append(true).open(&path).unwrap();
        let before = file.metadata().unwrap();
        (&file).write_all(b"half a mess").unwrap();
        restore(&file, &before);
        assert_eq!(std::fs::read(&path).unwrap(), b"old mail\n");
        assert_eq!(file.metadata().unwrap().modified().unwrap(), before.modified().unwrap());
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn words_for_full_disks() {
        let path = Path::new("/var/mail/x");
        let full = io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error());
        let trouble = failed_write(&full, path);
        assert_eq!(
            (trouble.errno, trouble.message.as_slice()),
            (28, &b"error while writing to /var/mail/x"[..])
        );
        let quota = io::Error::from_raw_os_error(rustix::io::Errno::DQUOT.raw_os_error());
        assert_eq!(failed_write(&quota, path).errno, QUOTA);
    }
}

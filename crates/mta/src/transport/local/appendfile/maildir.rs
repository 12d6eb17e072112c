//! A new file for each message: Maildir, or a plain directory.
//!
//! # Invariants
//! * A message appears under its final name only when it is whole and on disk; the directory is synced after that.
//! * A name is never reused: both steps refuse an existing one.
//!
//! # Failure
//! The temporary file goes when anything fails.
//!
//! # Compatibility
//! Specification, "Maildir delivery" and "Non-special new file delivery"; names observed with Exim 4.96
//! (`1795363876.M579350P19309.mx.test,S=335`).

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::options::transport::appendfile as options;
use expand::regex::{Flags, Regex};
use mail_types::Timestamp;
use mail_types::value::{Clean, Value};
use rustix::io::Errno;

use super::super::trouble::{Trouble, UNKNOWN, words};
use super::super::{Done, Job, writer};
use super::{checks, directory, form, mailbox, quota, shown};

/// Names that are tried for one message.
const NAMES: u64 = 10_000;
/// Octets collected before a write: fewer than what the allocator takes from the system and gives back each time.
const BUFFER: usize = 32 * 1024;

/// Delivers into a directory.
pub(super) fn deliver(job: &mut Job<'_>, path: &Clean) -> Result<Done, Trouble> {
    let is_maildir = job.transport.options.get(options::MAILDIR_FORMAT);
    let top = path.as_path();
    let form = form(job, true)?;
    let limits = quota::Limits::of(job)?;
    prepare(job, top, is_maildir)?;
    let adds = job.context.facts.message.size.unwrap_or(0);
    let base = if is_maildir { top.join("tmp") } else { top.to_path_buf() };
    let mut temporary = Temporary::create(job, &base, is_maildir)?;
    let shown_name = if is_maildir { format!("tmp/{}", temporary.name) } else { shown(&temporary.path) };
    limits.check_directory(&counted(top), adds, &shown_name)?;
    let header =
        job.header(&format!("failed to expand headers_add or headers_remove while writing to {shown_name}"))?;
    let size = write(&temporary.file, job.message(&header), &form, &temporary.path)?;
    if is_maildir {
        let tag = tag(job, size)?;
        temporary.move_to_new(&top.join("new"), &tag)?;
    } else {
        let target = top.join(file_name(job, &temporary.file)?);
        temporary.move_to(&target)?;
        temporary.finished(top)?;
    }
    Ok(Done { size: Some(size), ..Done::default() })
}

/// Where quota counting starts: one level up for a maildir++ folder.
fn counted(top: &Path) -> PathBuf {
    match top.parent() {
        Some(parent) if top.join("maildirfolder").exists() => parent.to_path_buf(),
        _ => top.to_path_buf(),
    }
}

/// Makes what is missing: the directory, its three children, the maildir++ marker.
fn prepare(job: &Job<'_>, top: &Path, is_maildir: bool) -> Result<(), Trouble> {
    let set = &job.transport.options;
    let mode = set.get(options::DIRECTORY_MODE);
    ensure(job, top, top, mode)?;
    if !is_maildir {
        return Ok(());
    }
    for child in ["tmp", "new", "cur"] {
        ensure(job, &top.join(child), top, mode)?;
    }
    let Some(pattern) = set.get(options::MAILDIRFOLDER_CREATE_REGEX) else { return Ok(()) };
    let regex = Regex::compile(pattern, Flags::default()).map_err(|error| {
        Trouble::new(
            UNKNOWN,
            format!(
                "appendfile: regular expression error: {} while compiling maildirfolder_create_regex",
                error.message
            ),
        )
    })?;
    let marker = top.join("maildirfolder");
    if regex.is_match(top.as_os_str().as_bytes()).unwrap_or(false) && !marker.exists() {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&marker) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(Trouble::system(
                    &error,
                    format!("appendfile: failed to create maildirfolder file in {}", shown(top)),
                ));
            }
        }
    }
    Ok(())
}

fn ensure(job: &Job<'_>, path: &Path, top: &Path, mode: u32) -> Result<(), Trouble> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => return Err(Trouble::new(UNKNOWN, format!("{} is not a directory", shown(path)))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(Trouble::system(
                &error,
                format!("stat() error for {}: {}", shown(path), words(&error)),
            ));
        }
    }
    if !job.transport.options.get(options::CREATE_DIRECTORY) {
        let missing = io::Error::from_raw_os_error(Errno::NOENT.raw_os_error());
        return Err(Trouble::system(
            &missing,
            format!("stat() error for {}: {}", shown(path), words(&missing)),
        ));
    }
    checks::may_create(job, top)?;
    directory::make_all(path, mode).map_err(|error| {
        Trouble::system(&error, format!("mkdir() failed for {}: {}", shown(path), words(&error)))
    })
}

fn write(
    file: &File,
    message: writer::Message<'_>,
    form: &writer::Form,
    path: &Path,
) -> Result<u64, Trouble> {
    let mut out = BufWriter::with_capacity(BUFFER, file);
    let written = writer::write(message, form, &mut out).and_then(|size| out.flush().map(|()| size));
    let _ = out.into_parts();
    written
        .and_then(|size| file.sync_all().map(|()| size))
        .map_err(|error| mailbox::failed_write(&error, path))
}

/// The file while it is written. It is removed unless [`Temporary::finish`] gave it its name.
struct Temporary {
    path: PathBuf,
    name: String,
    time: Timestamp,
    host: String,
    file: File,
    finished: bool,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.finished {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Temporary {
    fn create(job: &Job<'_>, base: &Path, is_maildir: bool) -> Result<Self, Trouble> {
        let host = host_name(job.context.primary_hostname());
        let retries = u64::try_from(job.transport.options.get(options::MAILDIR_RETRIES)).unwrap_or(1).max(1);
        let mode = job.transport.options.get(options::MODE);
        let now = job.context.services.clock.now();
        let mut last = io::Error::from_raw_os_error(Errno::EXIST.raw_os_error());
        // Where the name is taken, the next microsecond's is tried: names of one process stay apart without waiting.
        for step in 0..retries.saturating_mul(NAMES) {
            let time = now.plus(Duration::from_micros(step));
            let name = if is_maildir {
                maildir_name(time, &host)
            } else {
                format!("temp.{}.{host}", maildir_name(time, ""))
            };
            let path = base.join(&name);
            match OpenOptions::new().write(true).create_new(true).mode(mode).open(&path) {
                Ok(file) => {
                    unmasked(&file, mode)
                        .map_err(|error| Trouble::system(&error, format!("chmod of {}", shown(&path))))?;
                    return Ok(Self { path, name, time, host, file, finished: false });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => {
                    return Err(Trouble::system(&error, format!("while creating file {}", shown(&path))));
                }
            }
        }
        Err(Trouble::system(&last, format!("failed to find a new name in {}", shown(base))))
    }

    /// Gives a maildir file its name in `new`. Where a tag makes it too long it goes without; where the name is
    /// taken, the next microsecond's is free.
    fn move_to_new(&mut self, new: &Path, tag: &[u8]) -> Result<(), Trouble> {
        let (mut tag, mut name) = (tag, self.name.clone());
        for step in 1..=NAMES {
            let target = new.join(std::ffi::OsStr::from_bytes(&[name.as_bytes(), tag].concat()));
            match self.move_to(&target) {
                Ok(()) => return self.finished(new),
                Err(trouble) if !tag.is_empty() && trouble.errno == Errno::NAMETOOLONG.raw_os_error() => {
                    tag = &[];
                }
                Err(trouble) if trouble.errno == Errno::EXIST.raw_os_error() && step < NAMES => {
                    name = maildir_name(self.time.plus(Duration::from_micros(step)), &self.host);
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Err(Trouble::new(Errno::EXIST.raw_os_error(), format!("failed to find a new name in {}", shown(new))))
    }

    fn move_to(&self, target: &Path) -> Result<(), Trouble> {
        rename(&self.path, target).map_err(|error| {
            Trouble::system(&error, format!("while renaming file {} as {}", shown(&self.path), shown(target)))
        })
    }

    /// The file has its name: it stays, and the name goes to disk.
    fn finished(&mut self, directory: &Path) -> Result<(), Trouble> {
        self.finished = true;
        directory::sync(directory)
            .map_err(|error| Trouble::system(&error, format!("fsync of directory {}", shown(directory))))
    }
}

/// Gives a new file the bits that the umask took away.
fn unmasked(file: &File, mode: u32) -> io::Result<()> {
    // Asking costs less than telling, which is a change.
    if file.metadata()?.permissions().mode() & 0o7777 == mode {
        return Ok(());
    }
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

/// Renames without replacing.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A file system without this flag: the link refuses an existing name.
        Err(Errno::INVAL | Errno::NOSYS) => {
            std::fs::hard_link(from, to)?;
            std::fs::remove_file(from)
        }
        result => result.map_err(Into::into),
    }
}

/// `seconds.MmicrosecondsPprocess.host`.
fn maildir_name(time: Timestamp, host: &str) -> String {
    let (seconds, micros) = (time.secs(), time.subsec_micros());
    let dot = if host.is_empty() { "" } else { "." };
    format!("{seconds}.M{micros}P{}{dot}{host}", std::process::id())
}

/// The host's name as a part of a file name.
fn host_name(host: &[u8]) -> String {
    let mut name = String::new();
    for &byte in host {
        match byte {
            b'/' => name.push_str("\\057"),
            b':' => name.push_str("\\072"),
            b'!'..=b'~' => name.push(byte as char),
            _ => {}
        }
    }
    name
}

/// `maildir_tag`, cleaned; `$message_size` is what was written.
fn tag(job: &mut Job<'_>, size: u64) -> Result<Vec<u8>, Trouble> {
    let before = job.context.facts.message.size.replace(size);
    let expanded = job.optional(options::MAILDIR_TAG, "maildir_tag for appendfile");
    job.context.facts.message.size = before;
    Ok(clean_tag(&expanded?.map(Value::into_bytes).unwrap_or_default()))
}

fn clean_tag(text: &[u8]) -> Vec<u8> {
    let printing: Vec<u8> =
        text.iter().copied().filter(|b| (b'!'..=b'~').contains(b) && *b != b'/').collect();
    match printing.first() {
        Some(first) if first.is_ascii_alphanumeric() => [b":", printing.as_slice()].concat(),
        _ => printing,
    }
}

/// `directory_file`, with `$inode`.
fn file_name(job: &mut Job<'_>, file: &File) -> Result<std::ffi::OsString, Trouble> {
    let inode = file.metadata().map_err(|error| Trouble::system(&error, "fstat of new file"))?.ino();
    job.context.facts.address.inode = Some(inode);
    let name = job.optional(options::DIRECTORY_FILE, "directory_file for appendfile");
    job.context.facts.address.inode = None;
    let name = name?.unwrap_or_else(Value::empty);
    let clean = job.clean_path(&name)?;
    if clean.bytes().is_empty() || clean.bytes().contains(&b'/') || clean.bytes().contains(&0) {
        let text = format!("directory_file for {} transport is no file name", job.transport.name);
        return Err(Trouble::new(UNKNOWN, text));
    }
    Ok(std::ffi::OsStr::from_bytes(clean.bytes()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let time = Timestamp::from_parts(1_795_363_876, 579_350);
        let want = format!("1795363876.M579350P{}.mx.test", std::process::id());
        assert_eq!(maildir_name(time, &host_name(b"mx.test")), want);
        assert_eq!(host_name(b"a/b:c\n"), "a\\057b\\072c");
    }

    #[test]
    fn tags() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b",S=335", b",S=335"),
            (b"", b""),
            (b"S=1", b":S=1"),
            (b"../x", b"..x"),
            (b" \n,a", b",a"),
            (b"2", b":2"),
        ];
        for (text, want) in cases {
            assert_eq!(clean_tag(text), want, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn an_existing_name_is_not_replaced() {
        let root = std::env::temp_dir().join(format!("postrider-maildir-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        let (from, to) = (root.join("from"), root.join("to"));
        std::fs::write(&from, b"new").unwrap();
        std::fs::write(&to, b"old").unwrap();
        assert!(rename(&from, &to).is_err());
        assert_eq!(std::fs::read(&to).unwrap(), b"old");
        std::fs::remove_file(&to).unwrap();
        rename(&from, &to).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"new");
        std::fs::remove_dir_all(&root).unwrap();
    }
}

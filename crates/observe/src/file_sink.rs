//! Logs in files, and to the system's logger where `log_file_path` names it.
//!
//! # Invariants
//! * A line is one `write` to a descriptor opened with `O_APPEND`; several processes may share a file.
//! * A file that was renamed or deleted is written to no longer than until the next line: its name is looked up before
//!   each line, as Exim does.
//!
//! # Security
//! Files are opened with `O_NOFOLLOW` and `O_CLOEXEC` and created with mode 0640; what is not a regular file is refused.
//! The directory belongs to the mail user: only that user's processes write here, never one of root's.
//!
//! # Failure
//! Errors are given back for the [`crate::Log`] to tell; a later line tries again from scratch.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use mail_types::zone::Zone;
use mail_types::{MessageId, Timestamp};
use rustix::fs::{Mode, OFlags};

use crate::log_path::LogPaths;
use crate::sink::{LogSink, Stream};
use crate::syslog::{Syslog, SyslogSettings};

/// Where the logs of single messages are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageLogDir {
    /// `<spool>/msglog`.
    pub directory: PathBuf,
    /// `split_spool_directory`.
    pub split: bool,
}

impl MessageLogDir {
    /// The file of one message.
    pub fn path(&self, id: &MessageId) -> PathBuf {
        let mut path = self.directory.clone();
        if self.split {
            path.push(char::from(id.split_letter()).to_string());
        }
        path.push(id.as_str());
        path
    }
}

/// Writes to the files that `log_file_path` names.
pub struct FileSink {
    paths: LogPaths,
    zone: Zone,
    message_logs: Option<MessageLogDir>,
    syslog: Option<Syslog>,
    /// Who writes only reads here: lines of several threads wait for each other in the kernel alone.
    open: [RwLock<Option<OpenLog>>; 3],
}

struct OpenLog {
    path: PathBuf,
    file: File,
    device: u64,
    inode: u64,
}

impl FileSink {
    /// Nothing is opened before the first line.
    pub fn new(paths: LogPaths, zone: Zone, message_logs: Option<MessageLogDir>) -> Self {
        let syslog = paths.wants_syslog().then(|| Syslog::new(SyslogSettings::default()));
        let open = [RwLock::new(None), RwLock::new(None), RwLock::new(None)];
        Self { paths, zone, message_logs, syslog, open }
    }

    /// How lines go to the system's logger, if they do.
    #[must_use]
    pub fn with_syslog(mut self, settings: SyslogSettings) -> Self {
        if self.syslog.is_some() {
            self.syslog = Some(Syslog::new(settings));
        }
        self
    }
}

impl LogSink for FileSink {
    fn write(&self, stream: Stream, time: Timestamp, line: &[u8]) -> io::Result<()> {
        let told = self.syslog.as_ref().map_or(Ok(()), |syslog| syslog.write(stream, time, &self.zone, line));
        // Beside files a logger that is away is no loss that anybody must hear of, as with Exim.
        if self.paths.wants_files() { self.write_file(stream, time, line) } else { told }
    }

    fn write_lesser_copy(&self, stream: Stream, time: Timestamp, line: &[u8]) -> io::Result<()> {
        match &self.syslog {
            Some(syslog) if !syslog.settings.duplication => self.write_file(stream, time, line),
            _ => self.write(stream, time, line),
        }
    }

    fn message_log(&self, id: &MessageId, line: &[u8]) -> io::Result<()> {
        let Some(directory) = &self.message_logs else { return Ok(()) };
        let file = append_to(&directory.path(id))?;
        write_line(&file, line)
    }
}

impl FileSink {
    fn write_file(&self, stream: Stream, time: Timestamp, line: &[u8]) -> io::Result<()> {
        if !self.paths.wants_files() {
            return Ok(());
        }
        let path = self.paths.path(stream, time, &self.zone);
        let slot = &self.open[stream as usize];
        let mut failed = None;
        if let Some(open) = &*slot.read().unwrap_or_else(PoisonError::into_inner)
            && open.is_still(&path)
        {
            match write_line(&open.file, line) {
                Ok(()) => return Ok(()),
                Err(error) => failed = Some(error),
            }
        }
        let mut slot = slot.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = failed {
            *slot = None;
            return Err(error);
        }
        if !slot.as_ref().is_some_and(|open| open.is_still(&path)) {
            *slot = None;
            *slot = Some(OpenLog::open(path)?);
        }
        let written = slot.as_ref().map_or(Ok(()), |open| write_line(&open.file, line));
        if written.is_err() {
            *slot = None;
        }
        written
    }
}

impl OpenLog {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = append_to(&path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} is not a regular file", path.display()),
            ));
        }
        Ok(Self { path, file, device: metadata.dev(), inode: metadata.ino() })
    }

    fn is_still(&self, path: &Path) -> bool {
        self.path == path
            && path
                .symlink_metadata()
                .is_ok_and(|metadata| metadata.dev() == self.device && metadata.ino() == self.inode)
    }
}

/// Opens for appending; makes the directory when it is missing.
fn append_to(path: &Path) -> io::Result<File> {
    match open_append(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(directory) = path.parent() {
                std::fs::DirBuilder::new().recursive(true).mode(0o750).create(directory)?;
            }
            open_append(path)
        }
        other => other,
    }
}

fn open_append(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::CLOEXEC
        | OFlags::NONBLOCK;
    rustix::fs::open(path, flags, Mode::from_raw_mode(0o640)).map(File::from).map_err(|error| {
        let mut text = OsString::from("\"");
        text.push(path);
        text.push("\": ");
        let error = io::Error::from(error);
        io::Error::new(error.kind(), format!("{}{error}", text.to_string_lossy()))
    })
}

/// One `write`; the rest of a short one follows, so that a full disk loses the end of a line and not its place.
fn write_line(file: &File, line: &[u8]) -> io::Result<()> {
    let mut rest = line;
    while !rest.is_empty() {
        match rustix::io::write(file, rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => rest = &rest[count..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("observe-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn sink(&self) -> FileSink {
            FileSink::new(LogPaths::in_directory(&self.0.join("log")), Zone::utc(), None)
        }

        fn read(&self, name: &str) -> String {
            std::fs::read_to_string(self.0.join("log").join(name)).unwrap_or_default()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn put(sink: &FileSink, line: &str) -> io::Result<()> {
        sink.write(Stream::Main, Timestamp::from_secs(0), format!("{line}\n").as_bytes())
    }

    #[test]
    fn a_rotated_log_is_left_at_once() {
        let scratch = Scratch::new("rotate");
        let sink = scratch.sink();
        put(&sink, "one").unwrap();
        std::fs::rename(scratch.0.join("log/mainlog"), scratch.0.join("log/mainlog.1")).unwrap();
        put(&sink, "two").unwrap();
        std::fs::remove_file(scratch.0.join("log/mainlog")).unwrap();
        put(&sink, "three").unwrap();
        assert_eq!(scratch.read("mainlog.1"), "one\n");
        assert_eq!(scratch.read("mainlog"), "three\n");
    }

    #[test]
    fn a_new_log_is_for_owner_and_group_only() {
        let scratch = Scratch::new("mode");
        put(&scratch.sink(), "x").unwrap();
        let mode = std::fs::metadata(scratch.0.join("log/mainlog")).unwrap().permissions().mode();
        assert_eq!(mode & 0o027, 0, "{mode:o}");
    }

    #[test]
    fn cve_2020_28007_a_symbolic_link_is_refused() {
        let scratch = Scratch::new("link");
        std::fs::create_dir(scratch.0.join("log")).unwrap();
        std::fs::write(scratch.0.join("victim"), "kept").unwrap();
        std::os::unix::fs::symlink(scratch.0.join("victim"), scratch.0.join("log/mainlog")).unwrap();
        assert!(put(&scratch.sink(), "x").is_err());
        assert_eq!(std::fs::read_to_string(scratch.0.join("victim")).unwrap(), "kept");
    }

    #[test]
    fn a_message_has_its_own_log() {
        let scratch = Scratch::new("msglog");
        let directory = MessageLogDir { directory: scratch.0.join("msglog"), split: true };
        let sink = FileSink::new(LogPaths::in_directory(&scratch.0), Zone::utc(), Some(directory));
        let id = MessageId::parse(b"1xV9TO-0003bX-0K").unwrap();
        sink.message_log(&id, b"one\n").unwrap();
        sink.message_log(&id, b"two\n").unwrap();
        assert_eq!(
            std::fs::read_to_string(scratch.0.join("msglog/O/1xV9TO-0003bX-0K")).unwrap(),
            "one\ntwo\n"
        );
    }
}

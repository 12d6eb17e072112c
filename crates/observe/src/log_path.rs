//! `log_file_path`: which files the logs are.
//!
//! # Compatibility
//! Specification sections "Where the logs are written" and "Datestamped log files": at most two items with colons
//! between, `%s`, `%D`, `%M`, `syslog`.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use mail_types::Timestamp;
use mail_types::zone::Zone;

use crate::sink::Stream;

/// The pattern of the logs' names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPaths {
    /// Empty where there are no files.
    pattern: Vec<u8>,
    /// `log_file_path` names syslog.
    syslog: bool,
}

impl LogPaths {
    /// Reads an expanded value of `log_file_path`. `default` takes the place of an empty item or value.
    pub fn parse(value: &[u8], default: &[u8]) -> Result<Self, LogPathError> {
        let mut syslog = false;
        let mut pattern: Option<Vec<u8>> = None;
        let items: Vec<&[u8]> = value.split(|byte| *byte == b':').map(mail_types::bytes::trim).collect();
        for item in items.iter().take(2) {
            match *item {
                b"syslog" => syslog = true,
                _ if pattern.is_some() => {}
                b"" => pattern = Some(default.to_vec()),
                path => pattern = Some(path.to_vec()),
            }
        }
        let Some(pattern) = pattern else { return Ok(Self { pattern: Vec::new(), syslog }) };
        if !pattern.starts_with(b"/") {
            return Err(LogPathError::NotAbsolute(pattern));
        }
        if !pattern.windows(2).any(|pair| pair == b"%s") {
            return Err(LogPathError::NoStream(pattern));
        }
        Ok(Self { pattern, syslog })
    }

    /// The logs of a directory by their usual names (`mainlog`, `rejectlog`, `paniclog`).
    pub fn in_directory(directory: &std::path::Path) -> Self {
        let mut pattern = directory.as_os_str().as_bytes().to_vec();
        pattern.extend_from_slice(b"/%slog");
        Self { pattern, syslog: false }
    }

    /// True when syslog is asked for.
    pub fn wants_syslog(&self) -> bool {
        self.syslog
    }

    /// True when there are files: always, but for `syslog` alone.
    pub fn wants_files(&self) -> bool {
        !self.pattern.is_empty()
    }

    /// The file of a log at a time.
    pub fn path(&self, stream: Stream, time: Timestamp, zone: &Zone) -> PathBuf {
        let date = |letter: u8| match (stream, letter) {
            (Stream::Panic, _) => String::new(),
            (_, b'D') => zone.day(time),
            _ => zone.month(time),
        };
        let mut out: Vec<u8> = Vec::with_capacity(self.pattern.len() + 8);
        let mut rest = &self.pattern[..];
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match (byte, after.first()) {
                (b'%', Some(b's')) => out.extend_from_slice(stream.name().as_bytes()),
                (b'%', Some(letter @ (b'D' | b'M'))) => {
                    out.extend_from_slice(date(*letter).as_bytes());
                    if stream == Stream::Panic {
                        rest = close_gap(&mut out, &after[1..]);
                        continue;
                    }
                }
                _ => {
                    out.push(byte);
                    continue;
                }
            }
            rest = &after[1..];
        }
        PathBuf::from(OsStr::from_bytes(&out))
    }

    /// True when the name changes with the date.
    pub fn is_dated(&self) -> bool {
        self.pattern.windows(2).any(|pair| pair == b"%D" || pair == b"%M")
    }
}

/// The panic log has no date: the punctuation beside it goes too.
fn close_gap<'a>(out: &mut Vec<u8>, rest: &'a [u8]) -> &'a [u8] {
    if out.last() == Some(&b'/') {
        match rest.split_first() {
            Some((byte, tail)) if !byte.is_ascii_alphanumeric() => tail,
            _ => rest,
        }
    } else {
        if out.last().is_some_and(|byte| !byte.is_ascii_alphanumeric()) {
            out.pop();
        }
        rest
    }
}

/// What is wrong with a value of `log_file_path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPathError {
    /// Not an absolute path.
    NotAbsolute(Vec<u8>),
    /// Without `%s`.
    NoStream(Vec<u8>),
}

impl fmt::Display for LogPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAbsolute(path) => {
                write!(f, "log_file_path \"{}\" is not an absolute path", path.escape_ascii())
            }
            Self::NoStream(path) => {
                write!(f, "log_file_path \"{}\" does not contain \"%s\"", path.escape_ascii())
            }
        }
    }
}

impl std::error::Error for LogPathError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(pattern: &str) -> Vec<String> {
        let paths = LogPaths::parse(pattern.as_bytes(), b"/var/spool/exim/log/%slog").unwrap();
        let time = Timestamp::from_secs(1_795_361_539);
        [Stream::Main, Stream::Reject, Stream::Panic]
            .map(|stream| paths.path(stream, time, &Zone::utc()).to_string_lossy().into_owned())
            .to_vec()
    }

    #[test]
    fn the_specifications_examples() {
        for (pattern, expected) in [
            (
                "/var/spool/exim/log/%slog-%D",
                ["log/mainlog-20261122", "log/rejectlog-20261122", "log/paniclog"],
            ),
            (
                "/var/log/exim-%s-%D.log",
                ["exim-main-20261122.log", "exim-reject-20261122.log", "exim-panic.log"],
            ),
            (
                "/var/spool/exim/log/%D-%slog",
                ["log/20261122-mainlog", "log/20261122-rejectlog", "log/paniclog"],
            ),
            ("/var/log/exim/%s.%M", ["exim/main.202611", "exim/reject.202611", "exim/panic"]),
            ("", ["log/mainlog", "log/rejectlog", "log/paniclog"]),
            (" syslog : /a/%s", ["/a/main", "/a/reject", "/a/panic"]),
            (": syslog", ["log/mainlog", "log/rejectlog", "log/paniclog"]),
        ] {
            for (name, end) in names(pattern).iter().zip(expected) {
                assert!(name.ends_with(end), "{pattern}: {name}");
            }
        }
    }

    #[test]
    fn syslog_alone_has_no_files() {
        let paths = LogPaths::parse(b"syslog", b"/x/%s").unwrap();
        assert!(paths.wants_syslog() && !paths.wants_files());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (value, complaint) in [
            ("relative%s", "log_file_path \"relative%s\" is not an absolute path"),
            ("/a/b", "log_file_path \"/a/b\" does not contain \"%s\""),
        ] {
            assert_eq!(LogPaths::parse(value.as_bytes(), b"/x/%s").unwrap_err().to_string(), complaint);
        }
    }
}

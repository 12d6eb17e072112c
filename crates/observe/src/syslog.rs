//! Logs to the system's logger.
//!
//! # Failure
//! A logger that is not there, or does not take a line, is an error for the [`crate::Log`] to tell; the next line tries
//! again.
//!
//! # Compatibility
//! Specification section "Logging to syslog": priorities, the facility's names, entries cut at newlines and after 870
//! octets with `[n\m]` and `[n/m]` in front. The line's own frame is that of RFC 3164.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use mail_types::Timestamp;
use mail_types::zone::Zone;

use crate::sink::Stream;

/// Where the logger listens.
const SOCKET: &str = "/dev/log";
/// Octets of an entry in one message.
const PIECE: usize = 870;

/// What the `syslog_...` options say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogSettings {
    /// `syslog_facility`: its number.
    pub facility: u8,
    /// `syslog_processname`.
    pub name: Vec<u8>,
    /// `syslog_pid`: process ids within lines stay.
    pub pid: bool,
    /// `syslog_timestamp`.
    pub timestamp: bool,
    /// `syslog_duplication`.
    pub duplication: bool,
}

impl Default for SyslogSettings {
    fn default() -> Self {
        Self { facility: 2, name: b"exim".to_vec(), pid: true, timestamp: true, duplication: true }
    }
}

/// The number of a facility's name; `None` when it is none of those that Exim knows.
pub fn facility(name: &[u8]) -> Option<u8> {
    Some(match name {
        b"user" => 1,
        b"mail" => 2,
        b"daemon" => 3,
        b"news" => 7,
        b"uucp" => 8,
        [b'l', b'o', b'c', b'a', b'l', digit @ b'0'..=b'7'] => 16 + (digit - b'0'),
        _ => return None,
    })
}

/// The way to the logger.
pub(crate) struct Syslog {
    pub(crate) settings: SyslogSettings,
    socket: PathBuf,
}

impl Syslog {
    pub(crate) fn new(settings: SyslogSettings) -> Self {
        Self { settings, socket: SOCKET.into() }
    }

    /// Sends an entry, in as many pieces as it takes.
    pub(crate) fn write(&self, stream: Stream, time: Timestamp, zone: &Zone, entry: &[u8]) -> io::Result<()> {
        let priority = match stream {
            Stream::Main => 6,
            Stream::Reject => 5,
            Stream::Panic => 1,
        };
        let socket = UnixDatagram::unbound()?;
        socket.connect(&self.socket)?;
        // `Sun Nov 22 19:00:00 2026` without its day of the week and its year.
        let inbox = zone.bsd_inbox(time);
        let when = inbox.get(4..19).unwrap_or_default();
        let mut front = format!("<{}>{when} ", self.settings.facility * 8 + priority).into_bytes();
        front.extend_from_slice(&self.settings.name);
        front.extend_from_slice(format!("[{}]: ", std::process::id()).as_bytes());
        for piece in pieces(&self.stripped(entry)) {
            socket.send(&[&front[..], &piece].concat())?;
        }
        Ok(())
    }

    /// The entry without what the options leave out.
    fn stripped(&self, entry: &[u8]) -> Vec<u8> {
        let (mut stamp, mut rest) = (Vec::new(), entry);
        // Date, time, perhaps a zone.
        for word in 0..3 {
            let end = rest.iter().position(|byte| *byte == b' ').map_or(rest.len(), |at| at + 1);
            if word == 2 && !(end == 6 && matches!(rest.first(), Some(b'+' | b'-'))) {
                break;
            }
            stamp.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
        if !self.settings.pid
            && let Some(inner) = rest.strip_prefix(b"[")
            && let Some(end) = inner.iter().position(|byte| *byte == b']')
            && inner[..end].iter().all(u8::is_ascii_digit)
        {
            rest = inner[end + 1..].strip_prefix(b" ").unwrap_or(&inner[end + 1..]);
        }
        if self.settings.timestamp { [&stamp, rest].concat() } else { rest.to_vec() }
    }
}

/// The messages that an entry makes.
fn pieces(entry: &[u8]) -> Vec<Vec<u8>> {
    let entry = entry.strip_suffix(b"\n").unwrap_or(entry);
    let lines: Vec<&[u8]> = entry.split(|byte| *byte == b'\n').collect();
    // What ends each piece decides the mark of it: a newline, or the length.
    let mut cut: Vec<(&[u8], u8)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let chunks: Vec<&[u8]> = if line.is_empty() { vec![&line[..]] } else { line.chunks(PIECE).collect() };
        for (n, chunk) in chunks.iter().enumerate() {
            let by_newline = n + 1 == chunks.len() && at + 1 < lines.len();
            cut.push((chunk, if by_newline { b'\\' } else { b'/' }));
        }
    }
    if let [(whole, _)] = cut.as_slice() {
        return vec![whole.to_vec()];
    }
    let count = cut.len();
    cut.iter()
        .enumerate()
        .map(|(at, (text, mark))| {
            [format!("[{}{}{count}] ", at + 1, char::from(*mark)).as_bytes(), text].concat()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(entry: &str) -> Vec<String> {
        pieces(entry.as_bytes()).iter().map(|piece| String::from_utf8_lossy(piece).into_owned()).collect()
    }

    #[test]
    fn entries_are_cut_at_newlines_and_at_their_length() {
        assert_eq!(text("one line\n"), ["one line"]);
        assert_eq!(text("a\nb\nc\n"), ["[1\\3] a", "[2\\3] b", "[3/3] c"]);
        let long = "x".repeat(900);
        assert_eq!(
            text(&format!("{long}\ny\n")),
            [
                format!("[1/3] {}", "x".repeat(870)),
                format!("[2\\3] {}", "x".repeat(30)),
                "[3/3] y".to_owned()
            ]
        );
    }

    #[test]
    fn what_options_leave_out() {
        let line = b"2026-11-22 19:00:00.123 +0100 [77] id <= a@b\n";
        let stripped = |pid, timestamp| {
            let settings = SyslogSettings { pid, timestamp, ..SyslogSettings::default() };
            String::from_utf8(Syslog::new(settings).stripped(line)).unwrap()
        };
        assert_eq!(stripped(true, true), "2026-11-22 19:00:00.123 +0100 [77] id <= a@b\n");
        assert_eq!(stripped(false, true), "2026-11-22 19:00:00.123 +0100 id <= a@b\n");
        assert_eq!(stripped(true, false), "[77] id <= a@b\n");
        assert_eq!(stripped(false, false), "id <= a@b\n");
    }

    #[test]
    fn the_logger_gets_priority_name_and_line() {
        let place = std::env::temp_dir().join(format!("postrider-syslog-{}", std::process::id()));
        let _ = std::fs::remove_file(&place);
        let logger = UnixDatagram::bind(&place).unwrap();
        let settings = SyslogSettings { name: b"mta".to_vec(), ..SyslogSettings::default() };
        let syslog = Syslog { settings, socket: place.clone() };
        let time = Timestamp::from_secs(1_795_361_539);
        syslog.write(Stream::Reject, time, &Zone::utc(), b"2026-11-22 15:32:19 no\n").unwrap();
        let mut buffer = [0; 2_000];
        let count = logger.recv(&mut buffer).unwrap();
        std::fs::remove_file(&place).unwrap();
        let expected = format!("<21>Nov 22 15:32:19 mta[{}]: 2026-11-22 15:32:19 no", std::process::id());
        assert_eq!(String::from_utf8_lossy(&buffer[..count]), expected);
        // Nobody listens any more.
        assert!(syslog.write(Stream::Main, time, &Zone::utc(), b"x\n").is_err());
    }

    #[test]
    fn facilities_by_name() {
        assert_eq!((facility(b"mail"), facility(b"local7"), facility(b"kern")), (Some(2), Some(23), None));
    }
}

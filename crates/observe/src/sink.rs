//! Where lines go.

use std::io;

use mail_types::{MessageId, Timestamp};

/// One of the three logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// The main log.
    Main,
    /// The reject log.
    Reject,
    /// The panic log.
    Panic,
}

impl Stream {
    /// What stands for `%s` in `log_file_path`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Reject => "reject",
            Self::Panic => "panic",
        }
    }
}

/// A place for lines. A line ends in a newline; a reject log entry may hold several lines.
pub trait LogSink: Send + Sync {
    /// Appends to one of the logs. `time` chooses the file where its name holds the date.
    fn write(&self, stream: Stream, time: Timestamp, line: &[u8]) -> io::Result<()>;

    /// As [`LogSink::write`], for an entry that a log of more weight gets too.
    fn write_lesser_copy(&self, stream: Stream, time: Timestamp, line: &[u8]) -> io::Result<()> {
        self.write(stream, time, line)
    }

    /// Appends to the log of one message.
    fn message_log(&self, id: &MessageId, line: &[u8]) -> io::Result<()>;
}

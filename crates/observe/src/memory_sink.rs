//! Logs kept in memory, for tests.

use std::io;
use std::sync::{Mutex, PoisonError};

use mail_types::{MessageId, Timestamp};

use crate::sink::{LogSink, Stream};

/// Keeps every line.
#[derive(Debug, Default)]
pub struct MemorySink {
    lines: Mutex<Vec<(Place, String)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Log(Stream),
    Message(MessageId),
}

impl MemorySink {
    /// The lines of the main log, without their newlines.
    pub fn main(&self) -> Vec<String> {
        self.lines_of(Place::Log(Stream::Main))
    }

    /// The lines of the reject log.
    pub fn reject(&self) -> Vec<String> {
        self.lines_of(Place::Log(Stream::Reject))
    }

    /// The lines of the panic log.
    pub fn panic(&self) -> Vec<String> {
        self.lines_of(Place::Log(Stream::Panic))
    }

    /// The lines of a message's own log.
    pub fn message(&self, id: &MessageId) -> Vec<String> {
        self.lines_of(Place::Message(*id))
    }

    /// Forgets all lines.
    pub fn clear(&self) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn lines_of(&self, place: Place) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| line.0 == place).map(|line| line.1.clone()).collect()
    }

    fn push(&self, place: Place, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend(text.lines().map(|line| (place, line.to_owned())));
    }
}

impl LogSink for MemorySink {
    fn write(&self, stream: Stream, _: Timestamp, line: &[u8]) -> io::Result<()> {
        self.push(Place::Log(stream), line);
        Ok(())
    }

    fn message_log(&self, id: &MessageId, line: &[u8]) -> io::Result<()> {
        self.push(Place::Message(*id), line);
        Ok(())
    }
}

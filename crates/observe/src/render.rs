//! Events as lines.
//!
//! Pure: an event and the selectors in, text out. The stamp, the process id and the message id are put before it by the
//! [`crate::Log`].
//!
//! # Invariants
//! * The text holds no newline that came from outside.
//!
//! # Compatibility
//! The lines are Exim's, byte by byte; the order of fields was taken from Debian's Exim with `log_selector = +all`.

mod delivery;
mod line;
mod message;
mod process;
mod reception;
mod smtp;

use crate::event::{Event, Streams};
use mail_types::log_selector::{Selector, Selectors};

pub use line::elapsed;

/// Makes lines of events.
#[derive(Clone, Copy, Debug)]
pub struct Renderer {
    selectors: Selectors,
    topbit: bool,
}

/// A line without its stamp, and where it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The text, without a newline at its end.
    pub text: Vec<u8>,
    /// The logs that get it.
    pub streams: Streams,
    /// Further lines for the reject log, each with its newline.
    pub reject_tail: Vec<u8>,
    /// What the message's own log gets.
    pub message_log: Option<MessageLogLine>,
}

/// A line of a message's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageLogLine {
    /// With the time before it.
    Stamped(Vec<u8>),
    /// As it is.
    Bare(Vec<u8>),
}

impl Rendered {
    fn main(text: Vec<u8>) -> Self {
        Self { text, streams: Streams::MAIN, ..Self::default() }
    }

    fn reject(text: Vec<u8>) -> Self {
        Self { text, streams: Streams::REJECT, ..Self::default() }
    }

    fn reject_only(text: Vec<u8>) -> Self {
        let streams = Streams { reject: true, ..Streams::NONE };
        Self { text, streams, ..Self::default() }
    }

    fn with_message_log(mut self, line: MessageLogLine) -> Self {
        self.message_log = Some(line);
        self
    }
}

impl Renderer {
    /// For these selectors; `topbit` is `print_topbitchars`.
    pub fn new(selectors: Selectors, topbit: bool) -> Self {
        Self { selectors, topbit }
    }

    /// The line of an event; none when no selector wants it.
    pub fn render(&self, event: &Event) -> Option<Rendered> {
        match event {
            Event::Received(received) => Some(self.received(received)),
            Event::Delivered(delivered) => Some(self.delivered(delivered)),
            Event::Failed(failed) => Some(self.failed(failed)),
            Event::Deferred(deferred) => self.deferred(deferred),
            Event::HostError(error) => Some(self.host_error(error)),
            Event::Message(event) => self.message(event),
            Event::Smtp(event) => self.smtp(event),
            Event::Process(event) => self.process(event),
            Event::Text { text, streams } => {
                let mut line = self.line();
                line.text(text);
                Some(Rendered { text: line.finish(), streams: *streams, ..Rendered::default() })
            }
            Event::Problem(text) => {
                let mut line = self.line();
                line.text(text);
                Some(Rendered { text: line.finish(), streams: Streams::PANIC, ..Rendered::default() })
            }
        }
    }

    fn has(&self, selector: Selector) -> bool {
        self.selectors.has(selector)
    }
}

#[cfg(test)]
mod tests;

//! How sending a report ends.

/// What became of a report at one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It has arrived there, or stands in our queue: the server's words, or the message's id.
    Sent(String),
    /// It never will: why.
    NotSent(String),
    /// It is tried again: why.
    Failed(String),
}

//! Where the files of a message are.
//!
//! `input/<id>-D` with the default queue, `<queue>/input/<id>-D` with a named one, and one directory more, named by the
//! sixth character of the id, when the spool is split.
//!
//! # Invariants
//! * Both layouts are read, whatever the option says; only the configured one is written.
//!
//! # Security
//! A path is built of a checked queue name and a checked message id, so none can lead elsewhere.
//!
//! # Compatibility
//! Specification sections "Spool files" and "Named queues"; option `split_spool_directory`.

use std::fmt;
use std::path::{Path, PathBuf};

use mail_types::MessageId;

/// The name of a queue; empty for the default one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueName(String);

impl QueueName {
    /// Checks a name: letters, digits, `-`, `_`, `+` and `.`, not at the beginning, and none of the spool's own names.
    pub fn parse(name: &[u8]) -> Result<Self, NotAQueueName> {
        let good = |b: &u8| b.is_ascii_alphanumeric() || b"-_+.".contains(b);
        let text = std::str::from_utf8(name).map_err(|_| NotAQueueName)?;
        let reserved = ["input", "msglog", "db", "log", "scan", DAMAGED];
        if name.len() > 200
            || name.first() == Some(&b'.')
            || !name.iter().all(good)
            || reserved.contains(&text)
        {
            return Err(NotAQueueName);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the queue that has no name.
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that can't name a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAQueueName;

impl fmt::Display for NotAQueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a name for a queue")
    }
}

impl std::error::Error for NotAQueueName {}

/// Where messages that can't be read are put aside.
pub(crate) const DAMAGED: &str = "damaged";

/// The files of a message, and some of their relatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `<id>-D`
    Data,
    /// `<id>-H`
    Header,
    /// `<id>-J`
    Journal,
    /// `hdr.<id>`, which becomes -H
    NewHeader,
}

impl Part {
    /// The file's name.
    pub(crate) fn name(self, id: &MessageId) -> String {
        match self {
            Self::Data => format!("{id}-D"),
            Self::Header => format!("{id}-H"),
            Self::Journal => format!("{id}-J"),
            Self::NewHeader => format!("hdr.{id}"),
        }
    }

    /// Which file of which message a name is.
    pub(crate) fn of_name(name: &[u8]) -> Option<(MessageId, Self)> {
        if let Some(rest) = name.strip_prefix(b"hdr.") {
            return Some((MessageId::parse(rest)?, Self::NewHeader));
        }
        let (id, part) = name.split_at_checked(name.len().checked_sub(2)?)?;
        let part = match part {
            b"-D" => Self::Data,
            b"-H" => Self::Header,
            b"-J" => Self::Journal,
            _ => return None,
        };
        Some((MessageId::parse(id)?, part))
    }
}

/// A directory that holds messages of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place(PathBuf);

impl Place {
    /// Of a message, in one of the two layouts.
    pub(crate) fn of(queue: &QueueName, id: &MessageId, split: bool) -> Self {
        let mut path = kind_dir(queue, "input");
        if split {
            path.push(char::from(id.split_letter()).to_string());
        }
        Self(path)
    }

    /// By its path.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The directory.
    pub(crate) fn dir(&self) -> &Path {
        &self.0
    }

    /// A file in it.
    pub(crate) fn file(&self, id: &MessageId, part: Part) -> PathBuf {
        self.0.join(part.name(id))
    }
}

/// `input` or `msglog` of a queue.
pub(crate) fn kind_dir(queue: &QueueName, kind: &str) -> PathBuf {
    if queue.is_default() { PathBuf::from(kind) } else { Path::new(queue.as_str()).join(kind) }
}

/// The message log of a message.
pub(crate) fn message_log(queue: &QueueName, id: &MessageId, split: bool) -> PathBuf {
    let mut path = kind_dir(queue, "msglog");
    if split {
        path.push(char::from(id.split_letter()).to_string());
    }
    path.push(id.as_str());
    path
}

/// The letters that may name a subdirectory of a split spool.
pub(crate) fn is_split_letter(name: &[u8]) -> bool {
    matches!(name, [letter] if letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_names_stay_below_the_spool() {
        for name in ["", "fast", "a-b_c.d+1"] {
            assert_eq!(QueueName::parse(name.as_bytes()).unwrap().as_str(), name);
        }
        for name in ["..", ".x", "a/b", "/", "a\0", "a\nb", "input", "msglog", "damaged", "\u{e4}"] {
            assert_eq!(QueueName::parse(name.as_bytes()), Err(NotAQueueName), "{name:?}");
        }
    }

    #[test]
    fn names_go_both_ways() {
        for text in ["1abcDE-000000ABCDE-01Fh", "1abcDE-00ABCD-Fh"] {
            let id: MessageId = text.parse().unwrap();
            for part in [Part::Data, Part::Header, Part::Journal, Part::NewHeader] {
                assert_eq!(Part::of_name(part.name(&id).as_bytes()), Some((id, part)));
            }
        }
        for name in ["", "-D", "x", "hdr.x", "1abcDE-00ABCD-Fh-K", "1abcDE-00ABCD-Fh.eml"] {
            assert_eq!(Part::of_name(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn places() {
        let id: MessageId = "1abcDE-00ABCD-Fh".parse().unwrap();
        let named = QueueName::parse(b"slow").unwrap();
        let default = QueueName::default();
        let path = |queue: &QueueName, split| Place::of(queue, &id, split).file(&id, Part::Data);
        assert_eq!(path(&default, false), Path::new("input/1abcDE-00ABCD-Fh-D"));
        assert_eq!(path(&default, true), Path::new("input/E/1abcDE-00ABCD-Fh-D"));
        assert_eq!(path(&named, true), Path::new("slow/input/E/1abcDE-00ABCD-Fh-D"));
        assert_eq!(message_log(&named, &id, false), Path::new("slow/msglog/1abcDE-00ABCD-Fh"));
    }
}

//! What a queue run was asked for: `-q…`, `-R`, `-S`.

use mail_types::MessageId;
use serde::{Deserialize, Serialize};

use crate::deliver::AttemptKind;

/// Which messages a run tries, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequest {
    /// `-qq`.
    pub two_stage: bool,
    /// `i`: only messages that have not been tried yet.
    pub first_only: bool,
    /// `f`: retry times do not count.
    pub force: bool,
    /// `ff`: frozen messages are thawed.
    pub thaw: bool,
    /// `l`: local deliveries only.
    pub local_only: bool,
    /// First message of a range.
    pub from: Option<MessageId>,
    /// Last message of a range.
    pub to: Option<MessageId>,
    /// `-R`.
    pub recipients: Option<Select>,
    /// `-S`.
    pub senders: Option<Select>,
}

impl RunRequest {
    /// How the messages are tried.
    pub fn kind(&self) -> AttemptKind {
        if self.thaw {
            AttemptKind::QueueRunForcedThaw
        } else if self.force {
            AttemptKind::QueueRunForced
        } else if self.local_only {
            AttemptKind::QueueRunLocalOnly
        } else {
            AttemptKind::QueueRun
        }
    }

    /// The options as the log shows them; empty for a plain run.
    pub fn options(&self) -> Vec<u8> {
        let mut letters = String::new();
        for (on, letter) in [
            (self.two_stage, 'q'),
            (self.first_only, 'i'),
            (self.force || self.thaw, 'f'),
            (self.thaw, 'f'),
            (self.local_only, 'l'),
        ] {
            if on {
                letters.push(letter);
            }
        }
        let mut words = Vec::new();
        if !letters.is_empty() {
            words.push(format!("-q{letters}").into_bytes());
        }
        for (option, select) in [("-R", &self.recipients), ("-S", &self.senders)] {
            if let Some(select) = select {
                words.push(option.as_bytes().to_vec());
                words.push(select.text.clone());
            }
        }
        words.join(&b' ')
    }

    pub(super) fn takes_id(&self, id: &MessageId) -> bool {
        self.from.is_none_or(|from| from <= *id) && self.to.is_none_or(|to| *id <= to)
    }
}

/// What an address must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Select {
    /// A text, or a pattern.
    pub text: Vec<u8>,
    /// It is a regular expression (`-Rr`, `-Sr`).
    pub regex: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_as_exim_logs_them() {
        let select = |text: &str| Some(Select { text: text.as_bytes().to_vec(), regex: false });
        for (request, text) in [
            (RunRequest::default(), ""),
            (RunRequest { thaw: true, ..RunRequest::default() }, "-qff"),
            (
                RunRequest {
                    first_only: true,
                    force: true,
                    thaw: true,
                    local_only: true,
                    ..RunRequest::default()
                },
                "-qiffl",
            ),
            (RunRequest { two_stage: true, force: true, ..RunRequest::default() }, "-qqf"),
            (RunRequest { recipients: select("refused"), ..RunRequest::default() }, "-R refused"),
            (
                RunRequest { recipients: select("refused"), thaw: true, ..RunRequest::default() },
                "-qff -R refused",
            ),
            (RunRequest { senders: select("q@x"), ..RunRequest::default() }, "-S q@x"),
        ] {
            assert_eq!(String::from_utf8(request.options()).unwrap(), text);
        }
    }
}

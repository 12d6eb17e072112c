//! Errors in a message of a local program, mailed back to its sender (`-oem`, `-oee`).
//!
//! # Compatibility
//! The texts, and how much of the message goes back, are the oracle's: all of its body, but for what follows the first
//! line that is longer than `bounce_return_size_limit`; the note about that limit stands there when the whole message is
//! larger. Nobody gets a copy (`errors_copy`).

use config::options::main;
use mail_message::address_field::BadRecipient;
use mail_types::message_id::MessageId;

use super::frame::Frame;
use super::{DsnError, submit};
use crate::context::Context;

/// What is wrong with a submitted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmissionError {
    /// An argument is no address.
    BadArgument {
        /// The argument.
        text: Vec<u8>,
        /// What is wrong with it.
        why: String,
    },
    /// Recipients in the header are no addresses.
    BadAddresses {
        /// What stands there.
        bad: Vec<BadRecipient>,
        /// The message goes to others.
        others: bool,
    },
    /// Nobody is to get it.
    NoRecipients,
    /// `message_size_limit`.
    TooBig {
        /// The limit.
        limit: u64,
    },
    /// `header_maxsize`.
    HeaderTooLong {
        /// The limit.
        limit: i64,
    },
    /// `header_line_maxsize`.
    HeaderLineTooLong {
        /// The limit.
        limit: i64,
    },
    /// An ACL refused it.
    ByAcl {
        /// What the ACL said.
        text: String,
    },
    /// `receive_timeout`.
    TimedOut,
    /// Something else.
    Other {
        /// What.
        text: String,
    },
}

/// The message as far as it is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Original {
    /// Header lines; none before they were read.
    pub header: Vec<Vec<u8>>,
    /// The body; none where the header itself was at fault.
    pub body: Option<Vec<u8>>,
    /// Octets that were read before the error showed.
    pub read: u64,
}

impl SubmissionError {
    /// As `-oep` prints it.
    pub fn printed(&self) -> String {
        match self {
            Self::BadArgument { text, why } => {
                format!("bad recipient address \"{}\": {why}", String::from_utf8_lossy(text))
            }
            Self::BadAddresses { bad, .. } => match bad.as_slice() {
                [only] => format!("invalid address:  {}", shown(only)),
                several => several
                    .iter()
                    .fold("invalid addresses:".to_owned(), |text, one| text + "\n  " + &shown(one)),
            },
            Self::NoRecipients => "no recipients in message".to_owned(),
            Self::TooBig { limit } => format!("message rejected: message too big (max={limit})"),
            Self::HeaderTooLong { limit } => {
                format!("message header longer than {limit} characters received: message not accepted")
            }
            Self::HeaderLineTooLong { limit } => {
                format!("message header line longer than {limit} characters received: message not accepted")
            }
            Self::ByAcl { text } => format!("message rejected by non-SMTP ACL: {text}"),
            Self::TimedOut => "timed out while reading - message abandoned".to_owned(),
            Self::Other { text } => text.clone(),
        }
    }

    /// What the ACL said, where it was an ACL.
    pub(crate) fn acl_text(&self) -> Option<&str> {
        if let Self::ByAcl { text } = self { Some(text) } else { None }
    }

    /// As the log has it when there is nobody to mail it to.
    pub(crate) fn logged(&self) -> String {
        let malformed = |text: &[u8], why: &str| {
            let text = String::from_utf8_lossy(text);
            format!("at least one malformed recipient address: {text} - {why}")
        };
        match self {
            Self::BadArgument { text, why } => malformed(text, why),
            Self::BadAddresses { bad, .. } => {
                bad.first().map_or_else(String::new, |one| malformed(&one.text, &one.message))
            }
            Self::NoRecipients => "no recipient addresses".to_owned(),
            Self::TooBig { limit } => format!("message too big (limit set to {limit})"),
            Self::HeaderTooLong { limit } => {
                format!("excessively long message header section read (more than {limit} characters)")
            }
            Self::HeaderLineTooLong { limit } => {
                format!("excessively long message header line read (more than {limit} characters)")
            }
            Self::ByAcl { text } => format!("rejected by non-SMTP ACL: {text}"),
            Self::TimedOut => "timed out".to_owned(),
            Self::Other { text } => text.clone(),
        }
    }

    /// What the subject adds, and the text that explains.
    fn explained(&self) -> (&'static str, String) {
        match self {
            Self::BadArgument { text, why } => (
                "malformed recipient address",
                format!(
                    "A message that you sent contained a recipient address that was incorrectly\n\
                     constructed:\n\n  {}  {why}\n\n\
                     The message has not been delivered to any recipients.\n",
                    String::from_utf8_lossy(text)
                ),
            ),
            Self::BadAddresses { bad, others } => ("malformed recipient address", ignored(bad, *others)),
            Self::NoRecipients => (
                "no recipient addresses",
                "A message that you sent contained no recipient addresses, and therefore no\n\
                 delivery could be attempted.\n"
                    .to_owned(),
            ),
            Self::TooBig { .. } => (
                "message too big",
                "A message that you sent was longer than the maximum size allowed on this\n\
                 system. It was not delivered to any recipients.\n"
                    .to_owned(),
            ),
            Self::HeaderTooLong { .. } => ("overlong header section", overlong("section")),
            Self::HeaderLineTooLong { .. } => ("overlong header line", overlong("line")),
            Self::ByAcl { text } => (
                "rejected by local scanning code",
                format!(
                    "A message that you sent was rejected by the local scanning code that\n\
                     checks incoming messages on this system. The following error was given:\n\n  {text}\n"
                ),
            ),
            Self::TimedOut => {
                ("message not accepted", "The message did not come to its end in time.\n".to_owned())
            }
            Self::Other { text } => (
                "message not accepted",
                format!("A message that you sent could not be accepted by this system:\n\n  {text}\n"),
            ),
        }
    }
}

fn overlong(what: &str) -> String {
    format!(
        "A message that you sent contained a header {what} that was excessively\n\
         long and could not be handled by the mail transmission software. The\n\
         message has not been delivered to any recipients.\n"
    )
}

fn ignored(bad: &[BadRecipient], others: bool) -> String {
    let mut text = "A message that you sent contained one or more recipient addresses that were\n\
                    incorrectly constructed:\n\n"
        .to_owned();
    for one in bad {
        text.push_str("  ");
        text.push_str(&shown(one));
        text.push('\n');
    }
    text.push_str(if bad.len() == 1 { "\nThis address has" } else { "\nThese addresses have" });
    text.push_str(if others {
        " been ignored. The other addresses in the message were\n\
         syntactically valid and have been passed on for an attempt at delivery.\n"
    } else {
        " been ignored. There were no other addresses in your\n\
         message, and so no attempt at delivery was possible.\n"
    });
    text
}

/// A broken address on one line.
fn shown(one: &BadRecipient) -> String {
    let text = String::from_utf8_lossy(&one.text).replace('\n', "\\n");
    format!("{text}: {}", one.message)
}

/// Mails the error to the message's sender. The error is for the log.
pub async fn submission_error(
    error: &SubmissionError,
    original: &Original,
    context: &mut Context,
) -> Result<MessageId, DsnError> {
    let sender = context.facts.message.sender_address.clone();
    let lines: Vec<&[u8]> = original.header.iter().map(Vec::as_slice).collect();
    let frame = Frame::about(&lines, context).await?;
    let (what, explanation) = error.explained();
    let mut header = Vec::new();
    if let Some(reply_to) = context.config.main.get(main::ERRORS_REPLY_TO) {
        header.extend_from_slice(b"Reply-To: ");
        header.extend_from_slice(reply_to);
        header.push(b'\n');
    }
    header.extend(frame.plain_header(&sender, &format!("Mail failure - {what}"), true));
    let body = vec![explanation.into_bytes(), returned(original, context)];
    let about = context.facts.message.id.filter(|_| !original.header.is_empty() && original.body.is_some());
    submit::submit(
        submit::Report { to: vec![sender], about, header, body, ..submit::Report::default() },
        context,
    )
    .await
}

/// The part of the report that shows the message.
fn returned(original: &Original, context: &Context) -> Vec<u8> {
    let options = &context.config.main;
    if !options.get(main::BOUNCE_RETURN_MESSAGE) {
        return Vec::new();
    }
    let limit = usize::try_from(options.get(main::BOUNCE_RETURN_SIZE_LIMIT)).unwrap_or(0);
    let with_body = options.get(main::BOUNCE_RETURN_BODY);
    let mut text = if !with_body {
        b"\n------ This is a copy of the headers that were received before the error\n       was detected.\n\n"
            .to_vec()
    } else if limit > 0 && original.read > limit as u64 {
        format!(
            "\n------ This is a copy of your message, including all the headers.\n\
             ------ No more than {limit} characters of the body are included.\n\n"
        )
        .into_bytes()
    } else {
        b"\n------ This is a copy of your message, including all the headers. ------\n\n".to_vec()
    };
    original.header.iter().for_each(|line| text.extend_from_slice(line));
    text.push(b'\n');
    for line in
        original.body.iter().filter(|_| with_body).flat_map(|body| body.split_inclusive(|b| *b == b'\n'))
    {
        if limit > 0 && line.len() > limit {
            text.extend_from_slice(&line[..limit]);
            text.push(b'\n');
            break;
        }
        text.extend_from_slice(line);
    }
    text
}

//! A message that cannot be accepted: what the peer hears, and the line in the log.
//!
//! # Failure
//! A spool that fails is 452 when it is full and 451 otherwise; content beyond a limit is 552.

use mail_types::outcome::Reply;
use observe::event::{RejectedMessage, SmtpNews, TooBig};

use super::body::SpoolFailure;
use super::incoming::ContentFault;
use crate::context::Context;

/// A message that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// For the peer.
    pub reply: Reply,
    /// The limit that the message's octets broke, if that is why.
    pub(crate) fault: Option<ContentFault>,
}

/// What the peer hears, and the log, when the spool fails.
pub(super) fn spool_trouble(failure: SpoolFailure, context: &Context) -> Refused {
    let reply = match &failure {
        SpoolFailure::Spool(error) => {
            context.log_problem(format!("spool: {error}"));
            error.reply()
        }
        SpoolFailure::ShuttingDown => Reply::new(421, "Service not available - closing connection"),
    };
    Refused { reply, fault: None }
}

/// What the peer hears, and the log, when the content is beyond a limit.
pub(super) fn content_fault(fault: &ContentFault, context: &Context) -> Refused {
    let from = context.peer_text();
    let reply = match fault {
        ContentFault::HeaderTooLarge { limit } => {
            context.log_abandoned(&format!(
                "ridiculously long message header received from {from} (more than {limit} characters): message abandoned"
            ));
            Reply::new(552, "Message header is ridiculously long")
        }
        ContentFault::HeaderLineTooLong { limit } => {
            context.log_abandoned(&format!(
                "overlong message header line received from {from} (more than {limit} characters): message abandoned"
            ));
            Reply::new(552, "A message header line is too long")
        }
        ContentFault::TooBig { limit } => {
            let facts = &context.facts.message;
            context.log_smtp(SmtpNews::TooBig(TooBig::Read {
                sender: facts.sender_address.clone(),
                read: facts.size.unwrap_or(0),
                max: *limit,
                rejected: RejectedMessage {
                    sender: facts.sender_address.clone(),
                    recipients: facts.recipients.iter().map(|found| found.address.clone()).collect(),
                    headers: facts
                        .headers
                        .iter()
                        .map(|line| (line.kind.letter(), line.text.clone()))
                        .collect(),
                },
            }));
            Reply::new(552, "Message size exceeds maximum permitted")
        }
    };
    Refused { reply, fault: Some(fault.clone()) }
}

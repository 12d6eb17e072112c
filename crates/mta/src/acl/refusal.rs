//! A refusal by an ACL: its log line, and the reply that is made of it.
//!
//! # Invariants
//! * A refusal is logged exactly once, with the sender verification that led to it, if one did.
//!
//! # Compatibility
//! The lines `rejected …` and `temporarily rejected …` of the specification's chapter "Log files".

use config::options::main;
use mail_types::outcome::Reply;
use observe::Streams;
use observe::event::{Rejected, RejectedMessage, Rejection, SmtpNews};
use policy::acl::{AclOutcome, AclVerdict, FailedAddress, VerifyRole};

use super::reply;
use crate::context::Context;

/// Log a refusal and make the reply of it. `code` is the one for a permanent refusal at this place.
pub(crate) fn refuse(verdict: &AclVerdict, what: Rejected, code: u16, context: &mut Context) -> Reply {
    let tells = context.config.main.get(main::SMTP_RETURN_ERROR_DETAILS);
    let mut refusal = reply::refusal(verdict, code, tells);
    if let Some(complaint) = refusal.complaint.take() {
        context.log_problem(complaint);
    }
    let temporary = matches!(verdict.outcome, AclOutcome::Defer | AclOutcome::Error);
    let details =
        verdict.failed_address.as_ref().and_then(|failed| sender_details(failed, temporary, context));
    if let Some(mut details) = details {
        details.append(&mut refusal.reply.lines);
        refusal.reply.lines = details;
    }
    log(verdict, what, temporary, refusal.corrected, context);
    if context.wishes.connection.no_multiline_responses {
        refusal.reply.lines.drain(..refusal.reply.lines.len().saturating_sub(1));
    }
    refusal.reply
}

/// The first refusal after a sender failed to verify says so: one log line, and lines in front of the reply.
fn sender_details(failed: &FailedAddress, temporary: bool, context: &mut Context) -> Option<Vec<Vec<u8>>> {
    if failed.role != VerifyRole::Sender || std::mem::replace(&mut context.wishes.sender_failure_told, true) {
        return None;
    }
    if failed.no_details {
        return None;
    }
    let address = failed.address.bytes();
    let told = failed.user_message.as_ref().map(|text| text.bytes().to_vec());
    context.log_smtp(SmtpNews::SenderVerifyFailed {
        sender: address.to_vec(),
        temporary,
        message: told.clone(),
    });
    if temporary && !context.config.main.get(main::SMTP_RETURN_ERROR_DETAILS) {
        return None;
    }
    let verb = if temporary { "Could not complete verification of" } else { "Verification failed for" };
    let mut lines = vec![[verb.as_bytes(), b" <", address, b">"].concat()];
    lines.extend(told.unwrap_or_default().split(|&byte| byte == b'\n').map(<[u8]>::to_vec));
    Some(lines)
}

fn log(verdict: &AclVerdict, what: Rejected, temporary: bool, corrected: Option<Vec<u8>>, context: &Context) {
    let text = verdict.log_message.as_ref().or(verdict.user_message.as_ref());
    // A text that is the peer's too is logged with the code that the peer was given.
    let shared = verdict.log_message.is_none() || verdict.log_message == verdict.user_message;
    let corrected = corrected.filter(|_| shared);
    let own = text.map(|text| text.bytes().to_vec()).filter(|text| !text.is_empty());
    let message = corrected.or(own);
    let after_mail = matches!(what, Rejected::Rcpt(_) | Rejected::AfterData | Rejected::NonSmtp);
    let with_message = matches!(what, Rejected::AfterData | Rejected::Dkim | Rejected::NonSmtp);
    let facts = &context.facts.message;
    let targets = verdict.reject_log;
    let rejection = Rejection {
        // Outside of SMTP there is no trying again: the log calls every refusal the same.
        temporary: temporary && what != Rejected::NonSmtp,
        what,
        sender: after_mail.then(|| facts.sender_address.clone()),
        auth: context.auth(),
        tls: context.tls(),
        policies: context.sender_auth.policies(),
        message,
        rejected: with_message.then(|| rejected_message(context)),
        streams: Streams { main: targets.main, reject: targets.reject, panic: targets.panic },
    };
    context.log_smtp(SmtpNews::Rejected(Box::new(rejection)));
}

/// Envelope and header of the message, for the reject log.
fn rejected_message(context: &Context) -> RejectedMessage {
    let facts = &context.facts.message;
    RejectedMessage {
        sender: facts.sender_address.clone(),
        recipients: facts.recipients.iter().map(|recipient| recipient.address.clone()).collect(),
        headers: facts.headers.iter().map(|line| (line.kind.letter(), line.text.clone())).collect(),
    }
}

/// What the log says of recipients that an ACL discarded.
pub(crate) fn discard_text(verdict: &AclVerdict) -> Option<Vec<u8>> {
    let text = verdict.log_message.as_ref().or(verdict.user_message.as_ref());
    text.map(|text| text.bytes().to_vec())
}

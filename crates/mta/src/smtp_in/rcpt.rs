//! RCPT: the recipient's syntax, the ACL, the list of recipients.
//!
//! # Security
//! The path is hostile; after `path` it is an address or refused. The protocol counts recipients.
//!
//! # Compatibility
//! Option `recipient_unqualified_hosts`. `discard` in the MAIL ACL discards every recipient, in the RCPT ACL the one.

use mail_types::address::Address;
use mail_types::value::Value;
use observe::event::{Rejected, SmtpNews};
use policy::acl::{AclOutcome, AclPlace, AclVerdict};
use smtp_proto::command::{Notify, RcptCommand};
use smtp_proto::server::Answer;
use tokio::io::{AsyncRead, AsyncWrite};

use super::mail::Whose;
use super::session::Session;
use crate::acl;
use crate::acl::reply;
use crate::context::facts::{AddressFacts, RecipientFacts};

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Answer [`smtp_proto::server::Ask::Rcpt`].
    pub(super) async fn rcpt(&mut self, command: RcptCommand) -> Answer {
        self.context.facts.message.rcpt_count += 1;
        let utf8 = self.context.facts.message.smtputf8;
        let recipient = match self.path(&command.path, Whose::Recipient, utf8).await {
            Ok(recipient) => recipient,
            Err(answer) => {
                self.context.facts.message.rcpt_fail_count += 1;
                return answer;
            }
        };
        if self.transaction.mail_discarded {
            self.discard(recipient, "MAIL", None);
            return Answer::Accept(None);
        }
        self.context.facts.address = checked_address(&recipient);
        let verdict = match self.run_acl(AclPlace::Rcpt).await {
            Some(verdict) => verdict,
            // Without an ACL nobody but a local program may send anywhere.
            None if self.client.caller().is_some() => {
                self.accept(recipient, &command);
                return Answer::Accept(None);
            }
            None => no_acl(),
        };
        self.obey_connection_controls();
        let answer = self.judge(&verdict, recipient, &command);
        self.context.facts.address = AddressFacts::default();
        answer
    }

    fn judge(&mut self, verdict: &AclVerdict, recipient: Vec<u8>, command: &RcptCommand) -> Answer {
        match verdict.outcome {
            AclOutcome::Accept => self.accept(recipient, command),
            AclOutcome::Discard => {
                self.discard(recipient, "RCPT", acl::discard_text(verdict));
            }
            _ => {
                let reply = acl::refuse(verdict, Rejected::Rcpt(recipient), 550, &mut self.context);
                let facts = &mut self.context.facts.message;
                if reply.is_temporary() {
                    facts.rcpt_defer_count += 1;
                } else {
                    facts.rcpt_fail_count += 1;
                }
                self.note_drop(verdict);
                return if acl::drops(verdict) { Answer::Close(reply) } else { Answer::Refuse(reply) };
            }
        }
        Answer::Accept(reply::acceptance(verdict, 250))
    }

    fn accept(&mut self, address: Vec<u8>, command: &RcptCommand) {
        self.context.facts.message.recipients.push(RecipientFacts {
            address,
            orcpt: command.orcpt.clone(),
            notify: command.notify.map_or(0, notify_bits),
            ..RecipientFacts::default()
        });
    }

    fn discard(&mut self, recipient: Vec<u8>, by: &'static str, message: Option<Vec<u8>>) {
        if by == "RCPT" {
            self.transaction.rcpt_discarded = true;
        }
        let sender = self.context.facts.message.sender_address.clone();
        self.context.log_smtp(SmtpNews::RcptDiscarded { sender, recipient, by, message });
    }
}

/// The facts of the address that an ACL checks: `$local_part` and `$domain` in lower case.
pub(super) fn checked_address(address: &[u8]) -> AddressFacts {
    let parts = Address::split(address);
    AddressFacts {
        address: address.to_vec(),
        local_part: Some(Value::tainted(parts.unquoted_local_part().to_ascii_lowercase())),
        domain: Some(Value::tainted(parts.lower_domain())),
        ..AddressFacts::default()
    }
}

/// What an unset `acl_smtp_rcpt` means.
pub(super) fn no_acl() -> AclVerdict {
    AclVerdict {
        outcome: AclOutcome::Deny,
        by_condition: false,
        user_message: None,
        log_message: None,
        reason: mail_types::outcome::Reason("acl.rcpt.no_acl"),
        at: None,
        reject_log: policy::acl::LogTargets::MAIN_AND_REJECT,
        failed_address: None,
    }
}

/// NOTIFY as Exim's bits.
fn notify_bits(notify: Notify) -> u8 {
    u8::from(notify.never) << 1
        | u8::from(notify.success) << 2
        | u8::from(notify.failure) << 3
        | u8::from(notify.delay) << 4
}

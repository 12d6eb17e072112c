//! VRFY, EXPN, ETRN.
//!
//! # Security
//! VRFY and EXPN tell strangers about addresses; the administrator decides with an ACL whether they do.
//!
//! # Compatibility
//! Specification, section "The VRFY and EXPN commands". ETRN is refused, whatever `acl_smtp_etrn` says; docs/compat.md.

use mail_types::outcome::Reply;
use mail_types::value::Value;
use observe::event::{Rejected, SmtpNews};
use policy::acl::{AclPlace, VerifyAddress, VerifyResult, VerifyRole};
use smtp_proto::server::Answer;
use tokio::io::{AsyncRead, AsyncWrite};

use super::mail::Whose;
use super::rcpt::checked_address;
use super::session::Session;
use crate::acl;
use crate::acl::reply;
use crate::context::facts::AddressFacts;
use crate::route::{self, Decision, RouteAddress, RouteMode};
use crate::verify::address;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Answer [`smtp_proto::server::Ask::Vrfy`].
    pub(super) async fn vrfy(&mut self, argument: Vec<u8>) -> Answer {
        let address = match self.path(&argument, Whose::Verified, false).await {
            Ok(address) => address,
            Err(answer) => return answer,
        };
        self.context.facts.address = checked_address(&address);
        let verdict = self.run_acl(AclPlace::Vrfy).await;
        self.context.facts.address = AddressFacts::default();
        let Some(verdict) = verdict else {
            return Answer::Accept(Some(Reply::new(252, "Administrative prohibition")));
        };
        if !acl::goes_on(&verdict) {
            let what = Rejected::Command([b"VRFY ", argument.as_slice()].concat());
            let reply = acl::refuse(&verdict, what, 252, &mut self.context);
            self.note_drop(&verdict);
            return if acl::drops(&verdict) { Answer::Close(reply) } else { Answer::Refuse(reply) };
        }
        Answer::Accept(Some(self.verify(argument, address).await))
    }

    async fn verify(&mut self, argument: Vec<u8>, address: Vec<u8>) -> Reply {
        let request = VerifyAddress {
            address: Value::tainted(address.clone()),
            role: VerifyRole::Recipient,
            success_on_redirect: false,
        };
        let verified = address::verify(&request, &mut self.context).await;
        let shown = [b"<", address.as_slice(), b"> "].concat();
        let text = |text: Option<Value>| text.map(Value::into_bytes).unwrap_or_default();
        match verified.result {
            VerifyResult::Ok => reply::lines(250, None, &[shown.as_slice(), b"is deliverable"].concat()),
            VerifyResult::Defer => {
                let why = text(verified.user_message.or(verified.log_message));
                reply::lines(451, None, &[shown, why].concat())
            }
            VerifyResult::Fail => {
                self.context.log_smtp(SmtpNews::VrfyFailed { address: argument });
                reply::lines(550, None, &[shown, text(verified.user_message)].concat())
            }
        }
    }

    /// Answer [`smtp_proto::server::Ask::Expn`].
    pub(super) async fn expn(&mut self, argument: Vec<u8>) -> Answer {
        let verdict = self.run_acl(AclPlace::Expn).await;
        let what = || Rejected::Command([b"EXPN ", argument.as_slice()].concat());
        match verdict {
            Some(verdict) if acl::goes_on(&verdict) => {}
            Some(verdict) => {
                let reply = acl::refuse(&verdict, what(), 550, &mut self.context);
                self.note_drop(&verdict);
                return if acl::drops(&verdict) { Answer::Close(reply) } else { Answer::Refuse(reply) };
            }
            None => {
                let denied = super::rcpt::no_acl();
                return Answer::Refuse(acl::refuse(&denied, what(), 550, &mut self.context));
            }
        }
        // EXPN is about this host's own lists: the argument is taken as it stands, as a local part of ours when it has
        // no domain.
        let mut address = argument;
        if !address.contains(&b'@') {
            address.push(b'@');
            address.extend_from_slice(self.context.qualify_recipient());
        }
        Answer::Accept(Some(self.expand(&address).await))
    }

    async fn expand(&mut self, address: &[u8]) -> Reply {
        let kept = std::mem::take(&mut self.context.facts.address);
        let wanted = RouteAddress::new(address);
        let outcome = Box::pin(route::route(&wanted, RouteMode::Expn, &mut self.context)).await;
        self.context.facts.address = kept;
        let text = |tail: &str| [address, tail.as_bytes()].concat();
        match outcome.decision {
            Decision::Assigned(_) => Reply::new(250, [b"<", address, b">"].concat()),
            Decision::Redirected { .. } if !outcome.generated.is_empty() => {
                let lines =
                    outcome.generated.iter().map(|child| [b"<", child.address.as_slice(), b">"].concat());
                Reply { code: 250, enhanced: None, lines: lines.collect() }
            }
            Decision::Redirected { .. } | Decision::Discarded { .. } => {
                Reply::new(250, [b"mail to <", address, b"> is discarded"].concat())
            }
            Decision::Failed(_) => Reply::new(553, text(" is undeliverable")),
            Decision::Deferred(_) => Reply::new(553, text(" cannot be resolved at this time")),
        }
    }

    /// Answer [`smtp_proto::server::Ask::Etrn`]: refused.
    pub(super) fn etrn(&mut self, argument: Vec<u8>) -> Answer {
        self.context.log_smtp(SmtpNews::Etrn { argument: argument.clone() });
        let what = Rejected::Command([b"ETRN ", argument.as_slice()].concat());
        Answer::Refuse(acl::refuse(&super::rcpt::no_acl(), what, 458, &mut self.context))
    }
}

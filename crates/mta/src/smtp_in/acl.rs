//! Running an ACL for a session: stepped, waited for, logged.
//!
//! # Invariants
//! * A refusal is logged exactly once, with the sender verification that led to it, if one did.
//!
//! # Compatibility
//! The lines `rejected …` and `temporarily rejected …` of the specification's chapter "Log files".

use std::sync::Arc;

use config::Opt;
use config::options::kind::Text;
use config::options::main;
use mail_types::outcome::{Reason, Reply};
use mail_types::value::Value;
use observe::Streams;
use observe::event::{Rejected, RejectedMessage, Rejection, SmtpNews};
use policy::acl::{
    AclEffect, AclEffectAnswer, AclOutcome, AclPlace, AclRun, AclStep, AclVerdict, FailedAddress, VerifyRole,
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::reply;
use super::session::Session;
use crate::acl::effect;
use crate::context::Context;

/// The option that names the ACL of a place.
fn option_of(place: AclPlace) -> Option<Opt<Text>> {
    Some(match place {
        AclPlace::Connect => main::ACL_SMTP_CONNECT,
        AclPlace::Helo => main::ACL_SMTP_HELO,
        AclPlace::Mail => main::ACL_SMTP_MAIL,
        AclPlace::Rcpt => main::ACL_SMTP_RCPT,
        AclPlace::Predata => main::ACL_SMTP_PREDATA,
        AclPlace::Data => main::ACL_SMTP_DATA,
        AclPlace::Dkim => main::ACL_SMTP_DKIM,
        AclPlace::Vrfy => main::ACL_SMTP_VRFY,
        AclPlace::Expn => main::ACL_SMTP_EXPN,
        AclPlace::Etrn => main::ACL_SMTP_ETRN,
        AclPlace::StartTls => main::ACL_SMTP_STARTTLS,
        AclPlace::Quit => main::ACL_SMTP_QUIT,
        AclPlace::NotQuit => main::ACL_SMTP_NOTQUIT,
        AclPlace::NotSmtp => main::ACL_NOT_SMTP,
        AclPlace::NotSmtpStart => main::ACL_NOT_SMTP_START,
        _ => return None,
    })
}

/// An ACL that is being run.
pub(crate) struct Running {
    run: AclRun,
}

/// Where running came to.
pub(crate) enum Came {
    /// To its end.
    Done(Box<AclVerdict>),
    /// To a delay, which the caller waits for.
    Delay(std::time::Duration),
}

impl Running {
    /// Begin the ACL of a place; none when the option is unset.
    pub(crate) fn begin(place: AclPlace, context: &mut Context) -> Option<Self> {
        let config = Arc::clone(&context.config);
        let expansion = config.main.get(option_of(place)?)?;
        context.wishes.place = Some(place);
        Some(Self { run: AclRun::of_option(&config.acls, place, expansion) })
    }

    /// Go on to the end or to a delay; everything else that must be awaited is awaited here.
    pub(crate) async fn go_on(&mut self, context: &mut Context) -> Came {
        loop {
            let run = &mut self.run;
            let step = if run.may_block() {
                context.on_pool(|context| run.step(context)).await
            } else {
                Some(run.step(context))
            };
            match step {
                Some(AclStep::Done(verdict)) => {
                    context.wishes.place = None;
                    return Came::Done(verdict);
                }
                Some(AclStep::Wait(AclEffect::Delay(time))) => return Came::Delay(time),
                Some(AclStep::Wait(wait)) => {
                    let answer = effect::perform(&wait, context).await;
                    self.run.resume(answer);
                }
                None => return Came::Done(Box::new(shutting_down())),
            }
        }
    }

    /// The delay is over.
    pub(crate) fn waited(&mut self) {
        self.run.resume(AclEffectAnswer::Done);
    }
}

/// Run the ACL of a place to its end; none when the option is unset.
pub(crate) async fn run(place: AclPlace, context: &mut Context) -> Option<AclVerdict> {
    let mut running = Running::begin(place, context)?;
    loop {
        match running.go_on(context).await {
            Came::Done(verdict) => return Some(*verdict),
            Came::Delay(time) => {
                tokio::time::sleep(time).await;
                running.waited();
            }
        }
    }
}

fn shutting_down() -> AclVerdict {
    AclVerdict {
        outcome: AclOutcome::Defer,
        by_condition: true,
        user_message: None,
        log_message: Some(Value::clean("shutting down")),
        reason: Reason("acl.shutting_down"),
        at: None,
        reject_log: policy::acl::LogTargets::MAIN_AND_REJECT,
        failed_address: None,
    }
}

/// Whether the command goes on after this verdict.
pub(crate) fn goes_on(verdict: &AclVerdict) -> bool {
    matches!(verdict.outcome, AclOutcome::Accept | AclOutcome::Discard)
}

/// The connection ends with this verdict.
pub(crate) fn drops(verdict: &AclVerdict) -> bool {
    verdict.outcome == AclOutcome::Drop
}

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
pub(crate) fn rejected_message(context: &Context) -> RejectedMessage {
    let facts = &context.facts.message;
    RejectedMessage {
        sender: facts.sender_address.clone(),
        recipients: facts.recipients.iter().map(|recipient| recipient.address.clone()).collect(),
        headers: facts.headers.iter().map(|line| (line.kind.letter(), line.text.clone())).collect(),
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Run the ACL of a place. What waits to be sent is sent before a delay, unless an ACL said otherwise; a delay
    /// ends early when the program is asked to stop.
    pub(super) async fn run_acl(&mut self, place: AclPlace) -> Option<AclVerdict> {
        let mut running = Running::begin(place, &mut self.context)?;
        loop {
            match running.go_on(&mut self.context).await {
                Came::Done(verdict) => return Some(*verdict),
                Came::Delay(time) => {
                    if !self.context.wishes.connection.no_delay_flush {
                        self.link.flush().await;
                    }
                    let mut shutdown = self.link.shutdown();
                    tokio::select! {
                        () = tokio::time::sleep(time) => {}
                        Ok(_) = shutdown.wait_for(|stop| *stop) => {}
                    }
                    running.waited();
                }
            }
        }
    }
}

/// What the log says of recipients that an ACL discarded.
pub(crate) fn discard_text(verdict: &AclVerdict) -> Option<Vec<u8>> {
    let text = verdict.log_message.as_ref().or(verdict.user_message.as_ref());
    text.map(|text| text.bytes().to_vec())
}

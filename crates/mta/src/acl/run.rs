//! Running the ACL of a place: stepped, and what it waits for awaited.
//!
//! # Failure
//! An ACL that cannot be run because the program ends is a temporary refusal.

use std::sync::Arc;
use std::time::Duration;

use config::Opt;
use config::options::kind::Text;
use config::options::main;
use mail_types::outcome::Reason;
use mail_types::value::Value;
use policy::acl::{AclEffect, AclEffectAnswer, AclOutcome, AclPlace, AclRun, AclStep, AclVerdict};

use super::effect;
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
    Delay(Duration),
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

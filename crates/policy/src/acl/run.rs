//! One evaluation of an ACL.

use std::sync::Arc;

use expand::Expansion;
use mail_types::outcome::Reason;
use mail_types::value::Value;

use super::{AclEffect, AclEffectAnswer, AclOutcome, AclPlace, AclSet, AclVerdict, AclWorld, LogTargets};

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AclStep {
    /// The end.
    Done(Box<AclVerdict>),
    /// Perform this, then [`AclRun::resume`].
    Wait(AclEffect),
}

/// The state of one evaluation.
#[derive(Debug)]
pub struct AclRun {
    set: Arc<AclSet>,
    place: AclPlace,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Option(Expansion),
    Text(Value, Vec<Value>),
}

impl AclRun {
    /// Runs what an `acl_...` option says; the option is expanded in the first step.
    pub fn of_option(set: &Arc<AclSet>, place: AclPlace, option: &Expansion) -> Self {
        Self { set: Arc::clone(set), place, source: Source::Option(option.clone()) }
    }

    /// Runs the ACL that a text means (a name, a file, or the text of an ACL), with `$acl_arg1` and so on.
    pub fn of_text(set: &Arc<AclSet>, place: AclPlace, text: Value, arguments: Vec<Value>) -> Self {
        Self { set: Arc::clone(set), place, source: Source::Text(text, arguments) }
    }

    /// Whether the next step may wait for something outside (lookups, files, commands), so that it belongs on the
    /// blocking pool.
    pub fn may_block(&self) -> bool {
        true
    }

    /// Goes on until the end or until something must be awaited.
    pub fn step(&mut self, world: &mut dyn AclWorld) -> AclStep {
        let _ = (&self.set, self.place, &self.source, world);
        AclStep::Done(Box::new(AclVerdict {
            outcome: AclOutcome::Error,
            user_message: None,
            log_message: None,
            reason: Reason("acl.error"),
            at: None,
            reject_log: LogTargets::MAIN_AND_REJECT,
            failed_address: None,
        }))
    }

    /// Takes the answer to the effect that the last step returned.
    pub fn resume(&mut self, answer: AclEffectAnswer) {
        let _ = answer;
    }

    /// Runs to the end, performing effects through the world: for `${acl`, where nothing can be awaited.
    pub fn run(mut self, world: &mut dyn AclWorld) -> AclVerdict {
        loop {
            match self.step(world) {
                AclStep::Done(verdict) => return *verdict,
                AclStep::Wait(effect) => {
                    let answer = world.perform(&effect);
                    self.resume(answer);
                }
            }
        }
    }
}

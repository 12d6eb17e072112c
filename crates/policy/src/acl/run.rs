//! One evaluation of an ACL.
//!
//! A run is a stack of frames, one for each ACL that is being read: the one that was asked for and those that `acl =`
//! conditions called. Stepping moves the top frame from part to part; a part that has to wait leaves its effect with
//! the caller and goes on when the answer is there.
//!
//! # Invariants
//! * The depth of calls is bounded by [`limits::ACL_DEPTH`].
//! * `$acl_arg1` and so on of a caller are put back when the called ACL ends.
//!
//! # Compatibility
//! Spec sections "ACL verbs", "Use of the control modifier", "ACL conditions": a condition that cannot be decided defers
//! under every verb but `warn`, which it skips.

use std::sync::Arc;

use expand::{EvalError, Expansion, Variable};
use mail_types::diagnostic::Span;
use mail_types::limits;
use mail_types::outcome::Reason;
use mail_types::value::Value;

use super::statement::{Argument, Part, Statement};
use super::evaluate::{PartEnd, Pending, Tester};
use super::{
    Acl, AclEffect, AclEffectAnswer, AclOutcome, AclPlace, AclSet, AclVerdict, AclWorld, FailedAddress, LogTargets, Verb,
};

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
    source: Option<Source>,
    frames: Vec<Frame>,
    waiting: Option<AclEffect>,
    answer: Option<AclEffectAnswer>,
    reject_log: LogTargets,
}

#[derive(Debug)]
enum Source {
    Option(Expansion),
    Text(Value, Vec<Value>),
}

/// One ACL being read.
#[derive(Debug)]
struct Frame {
    acl: Arc<Acl>,
    statement: usize,
    part: usize,
    endpass: bool,
    texts: Texts,
    pending: Pending,
    /// `$acl_arg1` … and `$acl_narg` of whoever called.
    callers_arguments: Vec<Option<Value>>,
}

/// What may be said about the outcome of a statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    /// `message`.
    pub(super) message: Option<Expansion>,
    /// `log_message`.
    pub(super) log_message: Option<Expansion>,
    /// What a verification, a list or a called ACL left for the peer.
    pub(super) found: Option<Value>,
    /// What it left for the log.
    pub(super) found_log: Option<Value>,
    /// The address that did not verify.
    pub(super) failed_address: Option<FailedAddress>,
}

/// How the conditions of a statement came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conditions {
    Held,
    Failed { drop: bool },
    Deferred,
    Discard,
}

const ARGUMENTS: [Variable; 10] = [
    Variable::AclNarg,
    Variable::AclArg1,
    Variable::AclArg2,
    Variable::AclArg3,
    Variable::AclArg4,
    Variable::AclArg5,
    Variable::AclArg6,
    Variable::AclArg7,
    Variable::AclArg8,
    Variable::AclArg9,
];

impl AclRun {
    /// Runs what an `acl_...` option says; the option is expanded in the first step.
    pub fn of_option(set: &Arc<AclSet>, place: AclPlace, option: &Expansion) -> Self {
        Self::new(set, place, Source::Option(option.clone()))
    }

    /// Runs the ACL that a text means (a name, a file, or the text of an ACL), with `$acl_arg1` and so on.
    pub fn of_text(set: &Arc<AclSet>, place: AclPlace, text: Value, arguments: Vec<Value>) -> Self {
        Self::new(set, place, Source::Text(text, arguments))
    }

    fn new(set: &Arc<AclSet>, place: AclPlace, source: Source) -> Self {
        Self {
            set: Arc::clone(set),
            place,
            source: Some(source),
            frames: Vec::new(),
            waiting: None,
            answer: None,
            reject_log: LogTargets::MAIN_AND_REJECT,
        }
    }

    /// Whether the next step may wait for something outside (lookups, files, commands), so that it belongs on the
    /// blocking pool.
    pub fn may_block(&self) -> bool {
        match &self.source {
            Some(Source::Option(option)) => match option.constant().and_then(|name| self.set.find(name)) {
                Some(acl) => acl.may_block(),
                None => true,
            },
            Some(Source::Text(..)) => true,
            None => self.frames.iter().any(|frame| frame.acl.may_block()),
        }
    }

    /// Goes on until the end or until something must be awaited.
    pub fn step(&mut self, world: &mut dyn AclWorld) -> AclStep {
        if self.answer.is_none()
            && let Some(effect) = &self.waiting
        {
            return AclStep::Wait(effect.clone());
        }
        self.waiting = None;
        if let Some(source) = self.source.take()
            && let Err(verdict) = self.begin(source, world)
        {
            return AclStep::Done(verdict);
        }
        loop {
            let Some(frame) = self.frames.last() else {
                return AclStep::Done(Box::new(self.error("an ACL run was stepped after its end".into())));
            };
            let Some(statement) = frame.acl.statements.get(frame.statement) else {
                if let Some(verdict) = self.implicit_deny(world) {
                    return AclStep::Done(verdict);
                }
                continue;
            };
            let statement = statement.clone();
            let ended = match statement.parts.get(frame.part) {
                None => self.conditions_end(Conditions::Held, &statement, world),
                Some(part) => match self.part(part, &statement, world) {
                    Ok(ended) => ended,
                    Err(effect) => {
                        self.waiting = Some(effect.clone());
                        return AclStep::Wait(effect);
                    }
                },
            };
            if let Some(verdict) = ended {
                self.frames.clear();
                return AclStep::Done(verdict);
            }
        }
    }

    /// Takes the answer to the effect that the last step returned.
    pub fn resume(&mut self, answer: AclEffectAnswer) {
        self.answer = Some(answer);
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

    fn begin(&mut self, source: Source, world: &mut dyn AclWorld) -> Result<(), Box<AclVerdict>> {
        let (text, arguments) = match source {
            Source::Text(text, arguments) => (text, arguments),
            Source::Option(option) => match option.eval(world) {
                Ok(text) => (text, Vec::new()),
                Err(EvalError::Forced { .. }) => return Err(Box::new(self.verdict(AclOutcome::Accept, "acl.accept", None))),
                Err(error) => {
                    let source = String::from_utf8_lossy(&option.source().bytes).into_owned();
                    return Err(Box::new(self.error(format!("failed to expand ACL string \"{source}\": {error}"))));
                }
            },
        };
        self.call(&text, arguments, world).map_err(|text| Box::new(self.error(text)))
    }

    /// Pushes the ACL that a text means.
    fn call(&mut self, text: &Value, arguments: Vec<Value>, world: &mut dyn AclWorld) -> Result<(), String> {
        if self.frames.len() >= limits::ACL_DEPTH {
            return Err(format!("ACL nested too deep: possible loop ({} levels)", limits::ACL_DEPTH));
        }
        let acl = self.set.resolve(text, world)?;
        let callers_arguments = ARGUMENTS.iter().map(|v| world.variable(*v).ok().flatten()).collect();
        let count = arguments.len();
        let mut given = arguments.into_iter();
        world.set_variable(Variable::AclNarg, Some(Value::clean(count.to_string())));
        for variable in &ARGUMENTS[1..] {
            world.set_variable(*variable, given.next());
        }
        self.frames.push(Frame {
            acl,
            statement: 0,
            part: 0,
            endpass: false,
            texts: Texts::default(),
            pending: Pending::Nothing,
            callers_arguments,
        });
        Ok(())
    }

    /// Evaluates one part; the inner result is the end of the run, if it is one.
    fn part(
        &mut self,
        part: &Part,
        statement: &Statement,
        world: &mut dyn AclWorld,
    ) -> Result<Option<Box<AclVerdict>>, AclEffect> {
        if let Argument::Call(name, arguments) = &part.argument {
            return Ok(self.called(name, arguments, world));
        }
        let answer = self.answer.take();
        let Some(frame) = self.frames.last_mut() else { return Ok(None) };
        let mut tester = Tester {
            set: &self.set,
            place: self.place,
            texts: &mut frame.texts,
            endpass: &mut frame.endpass,
            pending: &mut frame.pending,
            reject_log: &mut self.reject_log,
            answer,
        };
        let end = tester.test(part, world);
        if !matches!(end, PartEnd::Wait(_)) {
            frame.pending = Pending::Nothing;
        }
        let conditions = match (end, part.negated) {
            (PartEnd::Wait(effect), _) => return Err(effect),
            (PartEnd::True, false) | (PartEnd::False, true) => {
                frame.part += 1;
                return Ok(None);
            }
            (PartEnd::True, true) | (PartEnd::False, false) => Conditions::Failed { drop: false },
            (PartEnd::Defer(text), _) => {
                frame.texts.found_log = text.map(Value::clean).or(frame.texts.found_log.take());
                Conditions::Deferred
            }
            (PartEnd::Error(text), _) => return Ok(Some(Box::new(self.error(text)))),
        };
        Ok(self.conditions_end(conditions, statement, world))
    }

    fn called(&mut self, name: &Expansion, arguments: &[Expansion], world: &mut dyn AclWorld) -> Option<Box<AclVerdict>> {
        let expanded = |text: &Expansion, world: &mut dyn AclWorld| {
            text.eval(world).map_err(|error| {
                let source = String::from_utf8_lossy(&text.source().bytes).into_owned();
                format!("failed to expand ACL string \"{source}\": {error}")
            })
        };
        let found = expanded(name, world).and_then(|name| {
            let values = arguments.iter().map(|a| expanded(a, world)).collect::<Result<Vec<_>, _>>()?;
            self.call(&name, values, world)
        });
        found.err().map(|text| Box::new(self.error(text)))
    }

    /// What a verb makes of its conditions: the next statement, or the end of its ACL.
    fn conditions_end(
        &mut self,
        conditions: Conditions,
        statement: &Statement,
        world: &mut dyn AclWorld,
    ) -> Option<Box<AclVerdict>> {
        use Conditions::{Deferred, Discard, Failed, Held};
        let endpass = self.frames.last().is_some_and(|f| f.endpass);
        let refused = |drop| if drop { AclOutcome::Drop } else { AclOutcome::Deny };
        let outcome = match (statement.verb, conditions) {
            (Verb::Warn, held) => {
                self.warn(held, world);
                None
            }
            (_, Deferred) => Some(AclOutcome::Defer),
            (Verb::Accept | Verb::Discard, Discard) | (Verb::Discard, Held) => Some(AclOutcome::Discard),
            (verb, Discard) => {
                let verb = verb.name();
                return Some(Box::new(self.error(format!(
                    "nested ACL returned \"discard\" for \"{verb}\" command (only allowed with \"accept\" or \"discard\")"
                ))));
            }
            (Verb::Accept, Held) => Some(AclOutcome::Accept),
            (Verb::Accept | Verb::Discard, Failed { drop }) => endpass.then(|| refused(drop)),
            (Verb::Require, Failed { drop }) => Some(refused(drop)),
            (Verb::Defer, Held) => Some(AclOutcome::Defer),
            (Verb::Deny, Held) => Some(AclOutcome::Deny),
            (Verb::Drop, Held) => Some(AclOutcome::Drop),
            (Verb::Require, Held) | (Verb::Defer | Verb::Deny | Verb::Drop, Failed { .. }) => None,
        };
        match outcome {
            Some(outcome) => self.acl_end(outcome, Some(statement.span), world),
            None => {
                let frame = self.frames.last_mut()?;
                frame.statement += 1;
                frame.part = 0;
                frame.endpass = false;
                frame.texts = Texts::default();
                None
            }
        }
    }

    fn implicit_deny(&mut self, world: &mut dyn AclWorld) -> Option<Box<AclVerdict>> {
        if let Some(frame) = self.frames.last_mut() {
            frame.texts = Texts::default();
        }
        self.acl_end(AclOutcome::Deny, None, world)
    }

    /// The top ACL has ended: the run's verdict, or a condition of its caller.
    fn acl_end(&mut self, outcome: AclOutcome, at: Option<Span>, world: &mut dyn AclWorld) -> Option<Box<AclVerdict>> {
        let frame = self.frames.pop()?;
        let texts = frame.texts;
        let (user_message, log_message) = texts.told(world);
        for (variable, value) in ARGUMENTS.iter().zip(frame.callers_arguments) {
            world.set_variable(*variable, value);
        }
        let Some(caller) = self.frames.last_mut() else {
            let mut verdict = self.verdict(outcome, reason(outcome, at.is_some()), at);
            verdict.user_message = user_message;
            verdict.log_message = log_message;
            verdict.failed_address = texts.failed_address;
            return Some(Box::new(verdict));
        };
        caller.texts.found = user_message.or(caller.texts.found.take());
        caller.texts.found_log = log_message.or(caller.texts.found_log.take());
        caller.texts.failed_address = texts.failed_address.or(caller.texts.failed_address.take());
        let statement = caller.acl.statements.get(caller.statement)?.clone();
        let negated = statement.parts.get(caller.part).is_some_and(|p| p.negated);
        let conditions = match (outcome, negated) {
            (AclOutcome::Accept, false) | (AclOutcome::Deny | AclOutcome::Drop, true) => {
                caller.part += 1;
                return None;
            }
            (AclOutcome::Accept, true) | (AclOutcome::Deny, false) => Conditions::Failed { drop: false },
            (AclOutcome::Drop, false) => Conditions::Failed { drop: true },
            (AclOutcome::Discard, _) => Conditions::Discard,
            (AclOutcome::Defer | AclOutcome::Error, _) => Conditions::Deferred,
        };
        self.conditions_end(conditions, &statement, world)
    }

    /// `warn`: its texts go to the log and, in the old way, into the header.
    fn warn(&mut self, conditions: Conditions, world: &mut dyn AclWorld) {
        let Some(frame) = self.frames.last_mut() else { return };
        match conditions {
            Conditions::Held => {
                let texts = std::mem::take(&mut frame.texts);
                let asked = (texts.message.is_some(), texts.log_message.is_some());
                let (user, log) = texts.told(world);
                if let Some(text) = log.filter(|_| asked.1) {
                    world.log_warning(text.bytes());
                }
                if let Some(text) = user.filter(|_| asked.0) {
                    super::evaluate::add_headers(&text, world);
                }
            }
            Conditions::Deferred => {
                let why = frame.texts.found_log.as_ref().map(|t| format!(": {}", t.to_lossy())).unwrap_or_default();
                world.log_skipped_warning(format!("condition test deferred{why}").as_bytes());
            }
            Conditions::Failed { .. } | Conditions::Discard => {}
        }
    }

    fn verdict(&self, outcome: AclOutcome, reason: &'static str, at: Option<Span>) -> AclVerdict {
        AclVerdict {
            outcome,
            user_message: None,
            log_message: None,
            reason: Reason(reason),
            at,
            reject_log: self.reject_log,
            failed_address: None,
        }
    }

    /// The ACL is wrong: told to the log, not to the peer.
    fn error(&self, text: String) -> AclVerdict {
        let at = self.frames.last().and_then(|f| f.acl.statements.get(f.statement)).map(|s| s.span);
        AclVerdict { log_message: Some(Value::clean(text)), ..self.verdict(AclOutcome::Error, "acl.error", at) }
    }
}

impl Texts {
    /// The texts for the peer and for the log, expanded now.
    fn told(&self, world: &mut dyn AclWorld) -> (Option<Value>, Option<Value>) {
        let mut expand = |text: &Option<Expansion>, found: &Option<Value>, what: &str| {
            let Some(text) = text else { return found.clone() };
            world.set_variable(Variable::AclVerifyMessage, found.clone());
            let value = match text.eval(world) {
                Ok(value) => Some(value),
                Err(EvalError::Forced { .. }) => found.clone(),
                Err(error) => {
                    let told = format!("failed to expand ACL {what}: {error}");
                    world.log(LogTargets::MAIN_AND_PANIC, told.as_bytes());
                    found.clone()
                }
            };
            value.filter(|v| !v.is_empty())
        };
        let user = expand(&self.message, &self.found, "message");
        let found_log = self.found_log.clone().or_else(|| self.found.clone());
        let log = match &self.log_message {
            Some(_) => expand(&self.log_message, &found_log, "log message"),
            // A message of the administrator's stands in the log too, unless something else is known there.
            None => self.found_log.clone().filter(|_| self.message.is_none()),
        };
        (user, log)
    }
}

fn reason(outcome: AclOutcome, explicit: bool) -> &'static str {
    match outcome {
        AclOutcome::Accept => "acl.accept",
        AclOutcome::Discard => "acl.discard",
        AclOutcome::Defer => "acl.defer",
        AclOutcome::Deny if explicit => "acl.deny",
        AclOutcome::Deny => "acl.implicit_deny",
        AclOutcome::Drop => "acl.drop",
        AclOutcome::Error => "acl.error",
    }
}

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
use mail_types::trace;
use mail_types::value::Value;

use super::evaluate::{PartEnd, Pending, Tester};
use super::statement::{Argument, Part, Statement};
use super::{
    Acl, AclEffect, AclEffectAnswer, AclOutcome, AclPlace, AclSet, AclVerdict, AclWorld, FailedAddress,
    LogTargets, Verb,
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
    said: Said,
    /// A condition of the statement that decided could not be decided itself.
    by_condition: bool,
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
    texts: Texts,
    pending: Pending,
    /// `$acl_arg1` … and `$acl_narg` of whoever called.
    callers_arguments: Vec<Option<Value>>,
}

/// What the modifiers of a statement have set up so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    /// `message`.
    pub(super) message: Option<Expansion>,
    /// `log_message`.
    pub(super) log_message: Option<Expansion>,
    /// `endpass` was passed.
    pub(super) endpass: bool,
}

/// What conditions, called ACLs and messages have left to be said. It is forgotten when a statement begins, and
/// stands when the list ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// For the peer.
    pub(super) user: Option<Value>,
    /// For the log.
    pub(super) log: Option<Value>,
    /// `user` is the complaint of a verification: nothing that a client is accepted with.
    pub(super) complaint: bool,
    /// The address that did not verify.
    pub(super) failed_address: Option<FailedAddress>,
}

impl Said {
    /// A verification complained.
    pub(super) fn complain(&mut self, user: Option<Value>) {
        self.complaint = user.is_some();
        self.user = user;
    }
}

/// How the conditions of a statement came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conditions {
    Held,
    Failed { drop: bool },
    Deferred,
    Discard,
}

/// `$acl_narg` and `$acl_arg1` to `$acl_arg9`.
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
            said: Said::default(),
            by_condition: false,
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
            match self.go_on(world) {
                Ok(None) => {}
                Ok(Some(verdict)) => {
                    self.end_all(world);
                    return AclStep::Done(verdict);
                }
                Err(effect) => {
                    self.waiting = Some(effect.clone());
                    return AclStep::Wait(effect);
                }
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
                Err(EvalError::Forced { .. }) => {
                    return Err(Box::new(self.verdict(AclOutcome::Accept, "acl.accept", None)));
                }
                Err(error) => return Err(Box::new(self.error(Some(expansion_failed(&option, &error))))),
            },
        };
        self.call(&text, arguments, world).map_err(|text| Box::new(self.error(Some(text))))
    }

    /// Pushes the ACL that a text means.
    fn call(&mut self, text: &Value, arguments: Vec<Value>, world: &mut dyn AclWorld) -> Result<(), String> {
        if self.frames.len() > limits::ACL_DEPTH {
            return Err("ACL nested too deep: possible loop".into());
        }
        let Ok(clean) = text.require_clean("ACL") else {
            let line = format!("attempt to use tainted ACL text \"{}\"", text.to_lossy());
            world.log(LogTargets::MAIN_AND_PANIC, line.as_bytes());
            return Err("internal configuration error".into());
        };
        let acl = self.set.resolve(&clean, world)?;
        let callers_arguments = ARGUMENTS.iter().map(|v| world.variable(*v).ok().flatten()).collect();
        let count = arguments.len();
        let mut given = arguments.into_iter();
        world.set_variable(Variable::AclNarg, Some(Value::clean(count.to_string())));
        for variable in &ARGUMENTS[1..] {
            world.set_variable(*variable, given.next());
        }
        trace!(Acl, "using ACL \"{}\"", String::from_utf8_lossy(acl.name()));
        let pending = Pending::Nothing;
        self.frames.push(Frame {
            acl,
            statement: 0,
            part: 0,
            texts: Texts::default(),
            pending,
            callers_arguments,
        });
        Ok(())
    }

    /// One part, or the end of a statement or of a list; the inner result is the end of the run, if it is one.
    fn go_on(&mut self, world: &mut dyn AclWorld) -> Result<Option<Box<AclVerdict>>, AclEffect> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(Some(Box::new(self.error(Some("an ACL run was stepped after its end".into())))));
        };
        let acl = Arc::clone(&frame.acl);
        let Some(statement) = acl.statements.get(frame.statement) else {
            trace!(Acl, "end of ACL \"{}\": implicit DENY", String::from_utf8_lossy(acl.name()));
            return Ok(self.acl_end(AclOutcome::Deny, None, world));
        };
        let fresh = frame.part == 0 && self.answer.is_none();
        if fresh {
            trace!(Acl, "processing \"{}\" ({})", statement.verb.name(), trace::place(statement.span));
            frame.texts = Texts::default();
            self.said = Said::default();
            world.set_variable(Variable::AclVerifyMessage, None);
            if let Some(refusal) = statement.verb.refusal(self.place) {
                world.log(LogTargets::MAIN_AND_PANIC, refusal.as_bytes());
                return Ok(Some(Box::new(self.error(None))));
            }
        }
        match statement.parts.get(frame.part) {
            None => Ok(self.conditions_end(Conditions::Held, statement, world)),
            Some(part) => self.part(part, statement, world),
        }
    }

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
            said: &mut self.said,
            pending: &mut frame.pending,
            reject_log: &mut self.reject_log,
            answer,
        };
        let end = tester.test(part, world);
        let conditions = match (end, part.negated) {
            (PartEnd::Wait(effect), _) => return Err(effect),
            (PartEnd::True, false) | (PartEnd::False, true) | (PartEnd::Ignored, _) => {
                frame.part += 1;
                return Ok(None);
            }
            (PartEnd::True, true) | (PartEnd::False, false) => Conditions::Failed { drop: false },
            (PartEnd::Defer(text), _) => {
                if let Some(text) = text {
                    self.said.log = Some(Value::clean(text));
                }
                Conditions::Deferred
            }
            (PartEnd::Error(text), _) => return Ok(Some(Box::new(self.error(Some(text))))),
        };
        Ok(self.conditions_end(conditions, statement, world))
    }

    fn called(
        &mut self,
        name: &Expansion,
        arguments: &[Expansion],
        world: &mut dyn AclWorld,
    ) -> Option<Box<AclVerdict>> {
        let expanded = |text: &Expansion, world: &mut dyn AclWorld| {
            text.eval(world).map_err(|error| expansion_failed(text, &error))
        };
        let found = expanded(name, world).and_then(|name| {
            let values = arguments.iter().map(|a| expanded(a, world)).collect::<Result<Vec<_>, _>>()?;
            self.call(&name, values, world)
        });
        found.err().map(|text| Box::new(self.error(Some(text))))
    }

    /// What a verb makes of its conditions: the next statement, or the end of its ACL.
    fn conditions_end(
        &mut self,
        conditions: Conditions,
        statement: &Statement,
        world: &mut dyn AclWorld,
    ) -> Option<Box<AclVerdict>> {
        use Conditions::{Deferred, Discard, Failed, Held};
        let endpass = self.frames.last().is_some_and(|frame| frame.texts.endpass);
        self.tell_conditions(conditions, statement);
        let refused = |drop| if drop { AclOutcome::Drop } else { AclOutcome::Deny };
        // Whether the statement's own messages apply.
        let (outcome, speaks) = match (statement.verb, conditions) {
            (Verb::Warn, conditions) => {
                self.warn(conditions, world);
                (None, false)
            }
            (_, Deferred) => (Some(AclOutcome::Defer), false),
            (Verb::Accept | Verb::Discard, Discard) => (Some(AclOutcome::Discard), false),
            (verb, Discard) => {
                let verb = verb.name();
                return Some(Box::new(self.error(Some(format!(
                    "nested ACL returned \"discard\" for \"{verb}\" command (only allowed with \"accept\" or \"discard\")"
                )))));
            }
            // After endpass, messages are for refusals.
            (Verb::Accept, Held) => (Some(AclOutcome::Accept), !endpass),
            (Verb::Discard, Held) => (Some(AclOutcome::Discard), !endpass),
            (Verb::Accept | Verb::Discard, Failed { drop }) => (endpass.then(|| refused(drop)), true),
            (Verb::Require, Failed { drop }) => (Some(refused(drop)), true),
            (Verb::Defer, Held) => (Some(AclOutcome::Defer), true),
            (Verb::Deny, Held) => (Some(AclOutcome::Deny), true),
            (Verb::Drop, Held) => (Some(AclOutcome::Drop), true),
            (Verb::Require, Held) | (Verb::Defer | Verb::Deny | Verb::Drop, Failed { .. }) => (None, false),
        };
        if let Some(outcome) = outcome {
            let at_endpass = endpass
                && matches!(outcome, AclOutcome::Deny | AclOutcome::Drop)
                && matches!(statement.verb, Verb::Accept | Verb::Discard);
            self.tell_end(outcome, statement, at_endpass);
            if speaks {
                self.speak(world);
            }
            self.by_condition = conditions == Deferred;
            return self.acl_end(outcome, Some(statement), world);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.statement += 1;
            frame.part = 0;
        }
        None
    }

    fn tell_conditions(&self, conditions: Conditions, statement: &Statement) {
        let Some(frame) = self.frames.last() else { return };
        let what = match conditions {
            Conditions::Held => "succeeded",
            Conditions::Failed { .. } => "failed",
            Conditions::Deferred => "deferred",
            Conditions::Discard => "yielded \"discard\"",
        };
        let (verb, acl) = (statement.verb.name(), String::from_utf8_lossy(frame.acl.name()));
        trace!(Acl, "{verb}: condition test {what} in ACL \"{acl}\"");
    }

    fn tell_end(&self, outcome: AclOutcome, statement: &Statement, at_endpass: bool) {
        let Some(frame) = self.frames.last() else { return };
        if at_endpass {
            trace!(Acl, "{}: endpass encountered - denying access", statement.verb.name());
        } else {
            trace!(Acl, "end of ACL \"{}\": {}", String::from_utf8_lossy(frame.acl.name()), outcome.word());
        }
    }

    /// Expands the messages of the statement that decides.
    fn speak(&mut self, world: &mut dyn AclWorld) {
        let Some(frame) = self.frames.last_mut() else { return };
        let texts = std::mem::take(&mut frame.texts);
        if let Some(text) = texts.message
            && let Some(message) = expanded_message(&text, self.said.user.as_ref(), world)
        {
            self.said.user = Some(message);
            self.said.complaint = false;
        }
        if let Some(text) = texts.log_message
            && let Some(mut message) = expanded_message(&text, self.said.log.as_ref(), world)
        {
            if let Some(found) = &self.said.log {
                message.push_bytes(b": ");
                message.push_value(found);
            }
            self.said.log = Some(message);
        }
        if self.said.log.is_none() {
            self.said.log.clone_from(&self.said.user);
        }
    }

    /// The top ACL has ended: the run's verdict, or a condition of its caller.
    fn acl_end(
        &mut self,
        outcome: AclOutcome,
        by: Option<&Statement>,
        world: &mut dyn AclWorld,
    ) -> Option<Box<AclVerdict>> {
        let frame = self.frames.pop()?;
        put_back(frame.callers_arguments, world);
        let Some(caller) = self.frames.last_mut() else {
            return Some(Box::new(self.end(outcome, by)));
        };
        let acl = Arc::clone(&caller.acl);
        let statement = acl.statements.get(caller.statement)?;
        let negated = statement.parts.get(caller.part).is_some_and(|part| part.negated);
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
        self.conditions_end(conditions, statement, world)
    }

    /// The verdict of the whole run.
    fn end(&mut self, outcome: AclOutcome, by: Option<&Statement>) -> AclVerdict {
        let mut said = std::mem::take(&mut self.said);
        if outcome == AclOutcome::Accept && said.complaint {
            said = Said { failed_address: said.failed_address, ..Said::default() };
        }
        let mut verdict = self.verdict(outcome, reason(outcome, by.is_some()), by.map(|by| by.span));
        verdict.by_condition = self.by_condition;
        verdict.user_message = said.user;
        verdict.log_message = said.log;
        verdict.failed_address = said.failed_address;
        let quitting = matches!(self.place, AclPlace::Quit | AclPlace::NotQuit);
        if let Some(by) = by
            && quitting
            && outcome != AclOutcome::Accept
        {
            let verb = by.verb.name();
            let text = format!("QUIT or not-QUIT toplevel ACL may not fail ('{verb}' verb used incorrectly)");
            verdict.outcome = AclOutcome::Error;
            verdict.reason = Reason("acl.error");
            verdict.log_message = Some(Value::clean(text));
        }
        verdict
    }

    /// `warn`: its texts go to the log and, in the old way, into the header.
    fn warn(&mut self, conditions: Conditions, world: &mut dyn AclWorld) {
        let Some(frame) = self.frames.last_mut() else { return };
        match conditions {
            Conditions::Held => {
                let texts = std::mem::take(&mut frame.texts);
                if let Some(text) = texts.log_message
                    && let Some(line) = expanded_message(&text, self.said.log.as_ref(), world)
                {
                    world.log_warning(line.bytes());
                }
                if let Some(text) = texts.message
                    && let Some(header) = expanded_message(&text, self.said.user.as_ref(), world)
                {
                    super::evaluate::add_headers(&header, world);
                }
            }
            Conditions::Deferred => {
                let mut line = b"ACL \"warn\" statement skipped: condition test deferred".to_vec();
                if let Some(why) = self.said.log.as_ref().or(self.said.user.as_ref()) {
                    line.extend_from_slice(b": ");
                    line.extend_from_slice(why.bytes());
                }
                world.log_skipped_warning(&line);
            }
            Conditions::Failed { .. } | Conditions::Discard => {}
        }
    }

    fn verdict(&self, outcome: AclOutcome, reason: &'static str, at: Option<Span>) -> AclVerdict {
        AclVerdict {
            outcome,
            by_condition: false,
            user_message: None,
            log_message: None,
            reason: Reason(reason),
            at,
            reject_log: self.reject_log,
            failed_address: None,
        }
    }

    /// The ACL is wrong: told to the log, not to the peer.
    fn error(&self, text: Option<String>) -> AclVerdict {
        let at = self.frames.last().and_then(|f| f.acl.statements.get(f.statement)).map(|s| s.span);
        AclVerdict { log_message: text.map(Value::clean), ..self.verdict(AclOutcome::Error, "acl.error", at) }
    }

    /// After the verdict, arguments are as before the run, however deep it ended.
    fn end_all(&mut self, world: &mut dyn AclWorld) {
        for frame in self.frames.drain(..).rev() {
            put_back(frame.callers_arguments, world);
        }
    }
}

fn put_back(arguments: Vec<Option<Value>>, world: &mut dyn AclWorld) {
    for (variable, value) in ARGUMENTS.iter().zip(arguments) {
        world.set_variable(*variable, value);
    }
}

/// A message, with what was found before in `$acl_verify_message`; `None` when it is empty or can't be expanded.
fn expanded_message(text: &Expansion, found: Option<&Value>, world: &mut dyn AclWorld) -> Option<Value> {
    world.set_variable(Variable::AclVerifyMessage, found.cloned());
    let value = text.eval(world);
    world.set_variable(Variable::AclVerifyMessage, None);
    match value {
        Ok(value) => (!value.is_empty()).then_some(value),
        Err(EvalError::Forced { .. }) => None,
        Err(error) => {
            let source = String::from_utf8_lossy(&text.source().bytes);
            let line = format!("failed to expand ACL message \"{source}\": {error}");
            world.log(LogTargets::MAIN_AND_PANIC, line.as_bytes());
            None
        }
    }
}

/// Exim's text for an argument that can't be expanded.
pub(super) fn expansion_failed(text: &Expansion, error: &EvalError) -> String {
    let source = String::from_utf8_lossy(&text.source().bytes);
    format!("failed to expand ACL string \"{source}\": {error}")
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

//! Evaluation: walks the tree, asks the environment, keeps the bounds.
//!
//! # Invariants
//! * Steps, time, depth and the length of a result are bounded; exceeding a bound is a failure, never a panic.
//! * The time is looked at every [`limits::EXPANSION_STEPS_A_LOOK`] steps and before whatever may wait, which gets no
//!   more than is left. It begins with the first look: the steps before that one did not wait.
//! * A branch that is not taken has no effects: in [`Mode::Skip`] nothing of the environment is used. Exim still makes
//!   some checks there (numbers in arguments, regular expressions, names), and so do the items here.
//!
//! # Security
//! The tree depth is bounded by the parser; text that is expanded at run time gets what depth is left.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use mail_types::clock::Timestamp;
use mail_types::limits;
use mail_types::value::Value;

use crate::EvalError;
use crate::cache;
use crate::env::{Env, HeaderForm};
use crate::expansion::Compiled;
use crate::parse;
use crate::tree::{Part, Sequence};
use crate::variable::{AclScope, Variable, VariableName};

/// Whether a part is wanted or only walked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Its value is wanted.
    Run,
    /// It stands in a branch that is not taken.
    Skip,
}

impl Mode {
    /// Skip unless `wanted`; a skipped part has no wanted parts.
    pub(crate) fn only_if(self, wanted: bool) -> Self {
        if wanted { self } else { Self::Skip }
    }

    pub(crate) fn is_skip(self) -> bool {
        self == Self::Skip
    }
}

/// One evaluation under way.
pub(crate) struct Machine<'e> {
    /// The world.
    pub(crate) env: &'e mut dyn Env,
    /// Where in the text the innermost failing part stands.
    pub(crate) failed_at: Option<usize>,
    steps: usize,
    next_look: usize,
    began: Option<Timestamp>,
    depth: usize,
}

impl<'e> Machine<'e> {
    pub(crate) fn new(env: &'e mut dyn Env) -> Self {
        Self {
            env,
            failed_at: None,
            steps: 0,
            next_look: limits::EXPANSION_STEPS_A_LOOK,
            began: None,
            depth: 0,
        }
    }

    /// Counts work: `bytes` is the size of what was produced.
    #[inline]
    pub(crate) fn step(&mut self, bytes: usize) -> Result<(), EvalError> {
        bound(bytes)?;
        self.steps = self.steps.saturating_add(1 + bytes / 1024);
        if self.steps < self.next_look { Ok(()) } else { self.look() }
    }

    /// Looks at the bounds.
    #[cold]
    fn look(&mut self) -> Result<(), EvalError> {
        if self.steps > limits::EXPANSION_STEPS {
            return Err(EvalError::failed(format!(
                "an expansion takes more than {} steps",
                limits::EXPANSION_STEPS
            )));
        }
        self.next_look = (self.steps + limits::EXPANSION_STEPS_A_LOOK).min(limits::EXPANSION_STEPS);
        self.time_left().map(|_| ())
    }

    /// How long something may wait now. Where no time is left the expansion fails.
    pub(crate) fn time_left(&mut self) -> Result<Duration, EvalError> {
        let now = self.env.clock().now();
        let passed = now.since(*self.began.get_or_insert(now));
        match limits::EXPANSION_TIME.checked_sub(passed) {
            None | Some(Duration::ZERO) => {
                let seconds = limits::EXPANSION_TIME.as_secs();
                Err(EvalError::failed(format!("an expansion takes longer than {seconds} seconds")))
            }
            Some(left) => Ok(left),
        }
    }

    /// How much deeper text from run time may nest.
    pub(crate) fn depth_left(&self) -> usize {
        limits::EXPANSION_DEPTH.saturating_sub(self.depth)
    }

    /// Compiles a text that only run time knows. A tainted text is refused.
    pub(crate) fn run_time_text(&mut self, text: &Value) -> Result<Arc<Compiled>, EvalError> {
        if text.is_tainted() {
            let shown = text.to_lossy();
            return Err(EvalError::failed(format!("attempt to expand tainted string '{shown}'")));
        }
        Ok(cache::expansion(text.bytes(), self.depth_left()))
    }

    /// The value of such a text.
    pub(crate) fn compiled(&mut self, compiled: &Compiled) -> Result<Value, EvalError> {
        let outer = self.failed_at;
        let result = self.deeper(|machine| machine.sequence(&compiled.tree, Mode::Run));
        self.failed_at = outer;
        result
    }

    /// The value of a sequence.
    pub(crate) fn sequence(&mut self, sequence: &Sequence, mode: Mode) -> Result<Value, EvalError> {
        match sequence.parts() {
            [(_, Part::Literal(value))] => Ok(value.clone()),
            [(offset, part)] => self.only_part(*offset, part, mode),
            _ => self.deeper(|machine| machine.parts(sequence, mode)),
        }
    }

    /// The value of the part that is all there is. Results stay where they are made: to move them costs more than to look.
    fn only_part(&mut self, at: usize, part: &Part, mode: Mode) -> Result<Value, EvalError> {
        self.depth += 1;
        let mut result = self.placed(at, part, mode);
        self.depth -= 1;
        if let Ok(value) = &result {
            let (bytes, is_tainted) = (value.len(), value.is_tainted());
            if let Err(error) = self.step(bytes) {
                result = Err(error);
            } else if bytes == 0 && is_tainted {
                // Nothing from outside is nothing.
                result = Ok(Value::empty());
            }
        }
        result
    }

    /// The value of a sequence, which is not copied where the text itself is the value.
    pub(crate) fn operand<'s>(
        &mut self,
        sequence: &'s Sequence,
        mode: Mode,
    ) -> Result<Cow<'s, Value>, EvalError> {
        match sequence.constant() {
            Some(value) => Ok(Cow::Borrowed(value)),
            None => self.sequence(sequence, mode).map(Cow::Owned),
        }
    }

    /// Appends the value of a part to what came before it in the same text, of which there are `before` bytes.
    pub(crate) fn append(
        &mut self,
        at: usize,
        part: &Part,
        out: &mut Vec<u8>,
        before: usize,
    ) -> Result<(), EvalError> {
        if let Part::Literal(value) = part {
            self.step(value.len())?;
            out.extend_from_slice(value.bytes());
        } else {
            let value = self.deeper(|machine| machine.placed(at, part, Mode::Run))?;
            self.step(value.len())?;
            out.extend_from_slice(value.bytes());
        }
        bound(out.len() - before)
    }

    /// Makes the checks of a sequence in a branch that is not taken.
    pub(crate) fn walk(&mut self, sequence: &Sequence) -> Result<(), EvalError> {
        if sequence.is_quiet() { Ok(()) } else { self.sequence(sequence, Mode::Skip).map(|_| ()) }
    }

    /// Does something one level deeper in the tree.
    pub(crate) fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    fn parts(&mut self, sequence: &Sequence, mode: Mode) -> Result<Value, EvalError> {
        let mut out = Value::empty();
        for (offset, part) in sequence.parts() {
            if let (Part::Literal(value), false) = (part, out.is_empty()) {
                self.step(value.len())?;
                out.push_value(value);
                bound(out.len())?;
                continue;
            }
            let value = self.placed(*offset, part, mode)?;
            // What is appended counts, not what is there already: long results are no more work than short ones.
            self.step(value.len())?;
            if out.is_empty() && !value.is_empty() {
                out = value;
            } else {
                out.push_value(&value);
            }
            bound(out.len())?;
        }
        Ok(out)
    }

    /// The value of a part; where it fails, its place is noted.
    fn placed(&mut self, at: usize, part: &Part, mode: Mode) -> Result<Value, EvalError> {
        let result = self.part(part, mode);
        if result.is_err() {
            self.failed_at.get_or_insert(at);
        }
        result
    }

    fn part(&mut self, part: &Part, mode: Mode) -> Result<Value, EvalError> {
        match part {
            Part::Literal(value) => Ok(value.clone()),
            Part::Broken(broken) => broken.raise(),
            Part::Item(item) => item.eval(self, mode),
            Part::Variable { name, .. } if mode.is_skip() => {
                self.require_set(name, parse::unknown_variable)?;
                Ok(Value::empty())
            }
            _ if mode.is_skip() => Ok(Value::empty()),
            Part::Capture(number) => {
                Ok(self.env.scope().captures.number(*number).cloned().unwrap_or_default())
            }
            Part::Variable { name, braced } => self.insertion(name, *braced),
            Part::Header(form, name) => Ok(self.header(name, *form)?.unwrap_or_default()),
        }
    }

    fn insertion(&mut self, name: &VariableName, braced: bool) -> Result<Value, EvalError> {
        let unknown = if braced { parse::unknown_in_braces } else { parse::unknown_variable };
        self.require_set(name, unknown)?;
        Ok(self.variable_or(name, unknown)?.unwrap_or_default())
    }

    /// With `strict_acl_vars`, an ACL variable that was never set counts as unknown, even in a skipped branch.
    pub(crate) fn require_set(
        &mut self,
        name: &VariableName,
        unknown: fn(&[u8]) -> String,
    ) -> Result<(), EvalError> {
        let VariableName::Acl(scope, rest) = name else { return Ok(()) };
        if !self.env.settings().strict_acl_vars || self.env.acl_variable(*scope, rest).is_some() {
            return Ok(());
        }
        let prefix: &[u8] = if *scope == AclScope::Connection { b"acl_c" } else { b"acl_m" };
        let text = unknown(&[prefix, rest].concat());
        Err(EvalError::failed(format!("{text} (strict_acl_vars is set)")))
    }

    /// The value of a variable; `None` when it is unset.
    pub(crate) fn variable(&mut self, name: &VariableName) -> Result<Option<Value>, EvalError> {
        self.variable_or(name, parse::unknown_variable)
    }

    /// The same, with the words for one that there is not here.
    fn variable_or(
        &mut self,
        name: &VariableName,
        unknown: fn(&[u8]) -> String,
    ) -> Result<Option<Value>, EvalError> {
        match name {
            VariableName::Acl(scope, rest) => Ok(self.env.acl_variable(*scope, rest)),
            VariableName::Router(rest) => Ok(self.env.router_variable(rest)),
            VariableName::Fixed(variable) => {
                let scope = self.env.scope();
                match variable {
                    Variable::Item => Ok(scope.item.clone()),
                    Variable::Value => Ok(scope.value.clone()),
                    Variable::Runrc => Ok(Some(Value::clean(scope.runrc.to_string()))),
                    Variable::PrvscheckAddress => Ok(scope.prvscheck_address.clone()),
                    Variable::PrvscheckKeynum => Ok(scope.prvscheck_keynum.clone()),
                    Variable::PrvscheckResult => Ok(scope.prvscheck_result.clone()),
                    Variable::SrsRecipient if scope.srs_recipient.is_some() => {
                        Ok(scope.srs_recipient.clone())
                    }
                    other => {
                        let value = self.env.variable(*other)?;
                        if value.is_none() && other.is_filter_counter() {
                            return Err(EvalError::failed(unknown(other.name().as_bytes())));
                        }
                        Ok(value)
                    }
                }
            }
        }
    }

    /// A header field's value.
    pub(crate) fn header(&mut self, name: &[u8], form: HeaderForm) -> Result<Option<Value>, EvalError> {
        self.env.header(name, form)
    }
}

#[inline]
fn bound(bytes: usize) -> Result<(), EvalError> {
    if bytes <= limits::EXPANSION_RESULT { Ok(()) } else { Err(too_long()) }
}

#[cold]
fn too_long() -> EvalError {
    EvalError::failed(format!("the result of an expansion is longer than {} bytes", limits::EXPANSION_RESULT))
}

#[cfg(test)]
mod tests {
    use mail_types::diagnostic::SourceText;

    use super::*;
    use crate::BareEnv;
    use crate::parse::Parser;

    /// Steps of reading and of evaluating a text.
    fn work(text: &str) -> (usize, usize) {
        let source = SourceText::nowhere(text.as_bytes());
        let mut parser = Parser::new(&source, limits::EXPANSION_DEPTH);
        parser.looked = Some(0);
        let compiled = Compiled::new(parser);
        let mut env = BareEnv::new();
        let mut machine = Machine::new(&mut env);
        // Failing is as good as a value here.
        let _ = machine.sequence(&compiled.tree, Mode::Run);
        (compiled.looked, machine.steps)
    }

    /// Twenty times the text is about twenty times the work: 10 MB of it is bounded, whatever it holds.
    #[test]
    fn work_grows_with_the_text() {
        const PIECES: [&str; 15] = [
            "a",
            "}",
            "\\",
            "\\N",
            "\\Na\\N",
            "$h_x:",
            "$h_x{",
            "$primary_hostname ",
            "${lc:A}",
            "${if eq{a}{b}{c}{d}}",
            "${if and{{eq{a}{b}}{def:domain}}{c}{d}}",
            "${extract{1}{:}{a:b}}",
            "${extract{k}{k=v}{$value}{n}}",
            "${if pam{a}{b}{c}}",
            "${if eq{a}{a}{${lc:",
        ];
        for piece in PIECES {
            let (small_read, small_steps) = work(&piece.repeat(1_000));
            let (read, steps) = work(&piece.repeat(20_000));
            assert!(read <= 22 * (small_read + 1_000), "{piece}: {small_read} and {read}");
            assert!(steps <= 22 * (small_steps + 1_000), "{piece}: {small_steps} and {steps}");
        }
    }

    #[test]
    fn ten_megabytes_are_read_in_one_go() {
        for piece in ["${lc:", "${run{", "\\N", "abcdefghijklmno$1"] {
            let text = piece.repeat(10_000_000 / piece.len());
            let (read, _) = work(&text);
            assert!(read <= 2 * limits::EXPANSION_DEPTH * text.len(), "{piece}: {read}");
        }
    }
}

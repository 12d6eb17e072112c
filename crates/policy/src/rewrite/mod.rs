//! Address rewriting rules.
//!
//! # Invariants
//! * Rules apply in order, each to what the ones before it made. A result that is no address is not used.
//!
//! # Security
//! Addresses come from outside; what a replacement takes from them is tainted.
//!
//! # Failure
//! A pattern or a replacement that can't be expanded, or that makes no address, ends the rewriting: what earlier rules
//! made stands, and the text for the panic log goes to the caller.
//!
//! # Compatibility
//! Exim specification, chapter "Address rewriting".

mod address_env;
mod flags;
mod whole;

use expand::{Captures, Expansion, Variable};
use mail_types::address::{self, ParseOptions};
use mail_types::bytes::is_space;
use mail_types::diagnostic::{Diagnostic, SourceText, Span};
use mail_types::value::{Taint, Value};

use crate::list::{List, ListEnv, ListKind, MatchOptions, NamedLists, Subject};
use crate::rule_words::{Words, single_item};
use address_env::AddressEnv;
use flags::Flags;

/// How often a rule with flag `R` is applied again.
const REPEATS: usize = 10;

/// Where an address that may be rewritten stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressUse {
    /// The envelope sender (flag `F`).
    EnvelopeFrom,
    /// An envelope recipient (flag `T`).
    EnvelopeTo,
    /// The From: header (flag `f`).
    From,
    /// The To: header (flag `t`).
    To,
    /// The Cc: header (flag `c`).
    Cc,
    /// The Bcc: header (flag `b`).
    Bcc,
    /// The Reply-To: header (flag `r`).
    ReplyTo,
    /// The Sender: header (flag `s`).
    Sender,
    /// An SMTP argument, before it is checked (flag `S`).
    SmtpArgument,
}

impl AddressUse {
    fn is_header(self) -> bool {
        !matches!(self, Self::EnvelopeFrom | Self::EnvelopeTo | Self::SmtpArgument)
    }
}

/// All rewriting rules of a configuration or of a transport's `headers_rewrite`.
#[derive(Clone, Debug, Default)]
pub struct RewriteRules {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    span: Span,
    pattern: List,
    /// With flag `S`: the same for an SMTP argument, which need not be an address and is matched as it came.
    argument_pattern: Option<List>,
    replacement: Replacement,
    flags: Flags,
}

#[derive(Clone, Debug)]
enum Replacement {
    /// `*`: the address stays, and no further rule is looked at.
    Stop,
    Text(Expansion),
}

/// What became of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The new address; with `whole` a text with phrase and angle brackets.
    pub address: Value,
    /// Flag `w` of the last rule that applied, in a header: the whole item is replaced, phrase and comments included.
    pub whole: bool,
    /// The rules that applied, by number from 0.
    pub applied: Vec<usize>,
    /// Texts for the panic log.
    pub problems: Vec<String>,
}

/// A rewriting rule that could not be applied, where none before it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewriteError {
    /// Exim's text.
    pub message: String,
}

/// What one application of a rule came to.
enum Applied {
    /// The pattern does not match, or `fail` in the replacement.
    No {
        forced: bool,
    },
    Stop,
    New {
        address: Value,
        whole: bool,
    },
}

impl RewriteRules {
    /// Compiles the lines of the rewrite section.
    pub fn compile(lines: &[SourceText], lists: &NamedLists) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut rules = Vec::new();
        for line in lines {
            match Rule::parse(line, lists, &mut diagnostics) {
                Ok(rule) => rules.extend(rule),
                Err(text) => {
                    let span = line.span_at(0, line.bytes.len());
                    diagnostics.push(Diagnostic::error("rewrite.syntax", span, text.clone()).exim(text));
                }
            }
        }
        (Self { rules }, diagnostics)
    }

    /// Compiles the items of a transport's `headers_rewrite`, which can't be for envelopes.
    pub fn compile_for_transport(lines: &[SourceText], lists: &NamedLists) -> (Self, Vec<Diagnostic>) {
        let (rules, mut diagnostics) = Self::compile(lines, lists);
        for rule in rules.rules.iter().filter(|rule| rule.flags.name_the_envelope()) {
            let text = "rewrite rule specifies a non-header rewrite - not allowed at transport time -";
            diagnostics.push(Diagnostic::error("rewrite.transport", rule.span, text).exim(text));
        }
        (rules, diagnostics)
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether any rule is for this use.
    pub fn concerns(&self, usage: AddressUse) -> bool {
        self.rules.iter().any(|rule| rule.flags.are_for(usage))
    }

    /// Where the rule of this number is defined.
    pub fn span(&self, rule: usize) -> Option<Span> {
        self.rules.get(rule).map(|rule| rule.span)
    }

    /// Applies the rules to an address; `None` when it stays as it is.
    pub fn rewrite(
        &self,
        address: &Value,
        usage: AddressUse,
        env: &mut dyn ListEnv,
    ) -> Result<Option<Rewritten>, RewriteError> {
        let kept = env.scope().captures.clone();
        let mut state =
            Rewritten { address: address.clone(), whole: false, applied: Vec::new(), problems: Vec::new() };
        let ended = self.apply_all(&mut state, usage, env);
        env.scope().captures = kept;
        if let Err(message) = ended {
            if state.applied.is_empty() {
                return Err(RewriteError { message });
            }
            state.problems.push(message);
        }
        Ok((!state.applied.is_empty()).then_some(state))
    }

    fn apply_all(
        &self,
        state: &mut Rewritten,
        usage: AddressUse,
        env: &mut dyn ListEnv,
    ) -> Result<(), String> {
        for (number, rule) in self.rules.iter().enumerate() {
            if !rule.flags.are_for(usage) {
                continue;
            }
            let mut times = 0;
            loop {
                match rule.apply(state, usage, env)? {
                    Applied::Stop => return Ok(()),
                    Applied::No { forced } if (forced || times > 0) && rule.flags.quit => return Ok(()),
                    Applied::No { .. } => break,
                    Applied::New { address, whole } => {
                        state.address = address;
                        state.whole = whole;
                        state.applied.push(number);
                    }
                }
                times += 1;
                if !rule.flags.repeat {
                    break;
                }
                if times > REPEATS {
                    state.problems.push(format!("rewrite rule repeat ignored after {REPEATS} times"));
                    break;
                }
            }
            if times > 0 && rule.flags.quit {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Rule {
    fn parse(
        line: &SourceText,
        lists: &NamedLists,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Option<Self>, String> {
        let mut words = Words::new(line);
        let Some(pattern_text) = words.next() else {
            return Ok(None);
        };
        let replacement = words.next().ok_or("missing rewrite replacement string")?;
        let flags = Flags::parse(words.rest().0.iter().copied().filter(|b| !is_space(*b)))?;
        if flags.smtp && !(pattern_text.bytes.starts_with(b"^") || pattern_text.bytes.starts_with(b"\\N^")) {
            return Err("rewrite rule has the S flag but is not a regular expression".into());
        }
        let item = single_item(&pattern_text);
        let (pattern, found) = List::compile(&item, ListKind::Address, lists);
        diagnostics.extend(found);
        let argument_pattern = flags.smtp.then(|| List::compile(&item, ListKind::LocalPart, lists).0);
        let replacement = if &*replacement.bytes == b"*" {
            Replacement::Stop
        } else {
            let expansion = Expansion::parse(&replacement);
            diagnostics.extend(expansion.diagnostics().iter().cloned());
            Replacement::Text(expansion)
        };
        Ok(Some(Self {
            span: line.span_at(0, line.bytes.len()),
            pattern,
            argument_pattern,
            replacement,
            flags,
        }))
    }

    fn apply(
        &self,
        state: &mut Rewritten,
        usage: AddressUse,
        env: &mut dyn ListEnv,
    ) -> Result<Applied, String> {
        let subject = working_part(&state.address, state.whole);
        let argument = usage == AddressUse::SmtpArgument;
        let pattern = self.argument_pattern.as_ref().filter(|_| argument).unwrap_or(&self.pattern);
        // Letters of local parts matter in patterns.
        let options = MatchOptions { caseful: true };
        let found = match pattern.matches_with(Subject::Value(&subject), options, env) {
            Ok(found) => found,
            Err(error) => {
                // Exim tells the log and takes the rule for one that does not match.
                state.problems.push(error.message);
                return Ok(Applied::No { forced: false });
            }
        };
        if !found.matched {
            return Ok(Applied::No { forced: false });
        }
        let expansion = match &self.replacement {
            // For Exim the asterisk has its meaning for addresses only; here it is a text that is none.
            Replacement::Stop if argument => {
                return self.checked(state, &subject, Value::clean("*"), usage, env);
            }
            Replacement::Stop => return Ok(Applied::Stop),
            Replacement::Text(expansion) => expansion,
        };
        let mut captures = vec![subject.clone()];
        captures.extend(found.captures.into_iter().skip(1));
        env.scope().captures = Captures::new(captures);
        let expanded = if argument {
            expansion.eval(env)
        } else {
            let (local_part, domain) = parts(&subject);
            let mut env =
                AddressEnv::new(env, [(Variable::LocalPart, local_part), (Variable::Domain, domain)]);
            expansion.eval(&mut env)
        };
        match expanded {
            Ok(text) => self.checked(state, &subject, text, usage, env),
            Err(error) if error.is_forced() => Ok(Applied::No { forced: true }),
            Err(error) => {
                let text = String::from_utf8_lossy(&expansion.source().bytes);
                Err(format!("Expansion of {text} failed while rewriting: {error}"))
            }
        }
    }

    /// The replacement as an address.
    fn checked(
        &self,
        state: &Rewritten,
        subject: &Value,
        text: Value,
        usage: AddressUse,
        env: &mut dyn ListEnv,
    ) -> Result<Applied, String> {
        let null_is_fine = matches!(usage, AddressUse::EnvelopeFrom | AddressUse::SmtpArgument);
        let options = ParseOptions {
            allow_null: null_is_fine,
            allow_utf8: true,
            allow_domain_literals: true,
            ..ParseOptions::default()
        };
        let shown = |value: &Value| value.to_lossy();
        let (parsed, place) = address::parse_address(text.bytes(), options).map_err(|error| {
            format!(
                "Rewrite of {} yielded unparseable address: {error} in address {}",
                shown(subject),
                shown(&text)
            )
        })?;
        let qualified = parsed.is_qualified() || (parsed.is_null() && null_is_fine);
        if !qualified && !self.flags.qualify {
            return Err(format!(
                "Rewrite of {} yielded unqualified address \"{}\"",
                shown(subject),
                shown(&text)
            ));
        }
        let parsed = if qualified {
            parsed
        } else {
            let domain =
                env.variable(Variable::QualifyRecipient).map_err(|error| error.message().to_owned())?;
            parsed.qualified_with(domain.unwrap_or_default().bytes())
        };
        let address = Value::new(parsed.to_bytes(), text.taint().clone());
        if usage.is_header() && self.flags.whole {
            let address =
                whole::item(&text, place, &address, env).map_err(|error| error.message().to_owned())?;
            return Ok(Applied::New { address, whole: true });
        }
        if state.whole
            && let Ok((_, place)) = address::parse_address(state.address.bytes(), whole::OPTIONS)
        {
            return Ok(Applied::New { address: whole::with(&state.address, place, &address), whole: true });
        }
        Ok(Applied::New { address, whole: false })
    }
}

/// The address in what an earlier rule with flag `w` made.
fn working_part(text: &Value, whole: bool) -> Value {
    if !whole {
        return text.clone();
    }
    match address::parse_address(text.bytes(), whole::OPTIONS) {
        Ok((parsed, _)) => Value::new(parsed.to_bytes(), text.taint().clone()),
        Err(_) => text.clone(),
    }
}

/// Local part and domain of an address.
fn parts(address: &Value) -> (Value, Value) {
    let parsed = address::Address::split(address.bytes());
    let value = |bytes: Vec<u8>| {
        let taint: Taint = address.taint().clone();
        Value::new(bytes, taint)
    };
    (value(parsed.local_part), value(parsed.domain))
}

#[cfg(test)]
mod tests;

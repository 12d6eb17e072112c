//! From the lines of an ACL to its statements.
//!
//! # Compatibility
//! Specification, section "Format of an ACL". What Exim refuses when it reads the configuration is an error here, with
//! Exim's text; what it meets only when it runs the ACL is a warning. Features that are not there yet are errors.

use std::ops::Range;
use std::sync::Arc;

use expand::variable::AclScope;
use expand::{Expansion, Variable, unsupported};
use mail_types::bytes::{is_space, trim, trim_start};
use mail_types::diagnostic::{Diagnostic, SourceText, Span};
use mail_types::suggest::nearest;
use mail_types::value::Value;

use super::condition::{self, Kind, Row};
use super::control::ControlError;
use super::statement::{Argument, Part, SetVariable, Statement, Verb, list_kind};
use super::verify::{Verify, VerifyError};
use super::{Control, LogTargets};
use crate::list::{List, NamedLists, split};
use mail_types::interval;

/// What Exim puts before its text when it reads a configuration.
pub(crate) const PREFIX: &str = "error in ACL: ";

/// Most arguments of a called ACL.
const MAX_ARGUMENTS: usize = 9;

/// Reads all statements.
pub(crate) fn statements(
    lines: &[SourceText],
    lists: &NamedLists,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for line in lines {
        let start = line.bytes.iter().position(|b| !is_space(*b)).unwrap_or(line.bytes.len());
        let length = trim(&line.bytes).len();
        let line = line.slice(start..start + length);
        if line.bytes.is_empty() || line.bytes.first() == Some(&b'#') {
            continue;
        }
        if let Err(Wrong { text, help, at }) = one_line(&line, lists, &mut statements, diagnostics) {
            let span = line.span_at(at.start, at.len());
            let mut finding =
                Diagnostic::error("acl.syntax", span, text.clone()).exim(format!("{PREFIX}{text}"));
            finding.help = help;
            diagnostics.push(finding);
        }
    }
    statements
}

/// What is wrong with a line.
struct Wrong {
    /// Exim's text.
    text: String,
    help: Option<String>,
    at: Range<usize>,
}

impl Wrong {
    fn new(line: &SourceText, text: String) -> Self {
        Self { text, help: None, at: 0..line.bytes.len() }
    }

    /// About a word that is not known.
    fn word(text: String, at: Range<usize>, word: &[u8], known: impl Iterator<Item = &'static str>) -> Self {
        let word = String::from_utf8_lossy(word);
        let dead = unsupported::dead_product(&word).map(str::to_owned);
        let help = dead.or_else(|| nearest(&word, known).map(|meant| format!("did you mean {meant}?")));
        Self { text, help, at }
    }
}

/// Splits a text into logical lines: comments and blank lines dropped, continuation lines joined.
pub(crate) fn logical_lines(text: &[u8]) -> Vec<SourceText> {
    let mut lines = Vec::new();
    let mut pending: Option<Vec<u8>> = None;
    for line in text.split(|b| *b == b'\n') {
        let line = trim(line);
        if line.first() == Some(&b'#') || (line.is_empty() && pending.is_none()) {
            continue;
        }
        let mut whole = pending.take().unwrap_or_default();
        match line.strip_suffix(b"\\") {
            Some(part) => {
                whole.extend_from_slice(part);
                pending = Some(whole);
            }
            None => {
                whole.extend_from_slice(line);
                lines.push(SourceText::nowhere(whole));
            }
        }
    }
    lines.extend(pending.map(SourceText::nowhere));
    lines
}

fn one_line(
    line: &SourceText,
    lists: &NamedLists,
    statements: &mut Vec<Statement>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<(), Wrong> {
    let text: &[u8] = &line.bytes;
    let word = word(text);
    let mut at = 0;
    if let Some(verb) = Verb::find(word) {
        statements.push(Statement { verb, span: line.span_at(0, text.len()), parts: Vec::new() });
        at = word.len();
        at += text.len() - at - trim_start(&text[at..]).len();
        if text.get(at) == Some(&b':') {
            at += 1;
        }
        at += text.len() - at - trim_start(&text[at..]).len();
        if at == text.len() {
            return Ok(());
        }
    }
    let Some(statement) = statements.last_mut() else {
        let message = format!("unknown ACL verb \"{}\" in \"{}\"", lossy(word), lossy(text));
        return Err(Wrong::word(message, 0..word.len().max(1), word, Verb::names()));
    };
    let verb = statement.verb;
    let part = part(line, at, verb, lists, diagnostics)?;
    statement.parts.push(part);
    Ok(())
}

fn part(
    line: &SourceText,
    mut at: usize,
    verb: Verb,
    lists: &NamedLists,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Part, Wrong> {
    let text: &[u8] = &line.bytes;
    let wrong = |text| Wrong::new(line, text);
    let negated = text[at] == b'!';
    if negated {
        at += 1;
        at += text.len() - at - trim_start(&text[at..]).len();
    }
    let name = word(&text[at..]);
    let start = at;
    at += name.len();
    let row = condition::find(name)
        .filter(|_| text.get(at).is_none_or(|b| is_space(*b) || matches!(b, b'=' | b':')))
        .ok_or_else(|| {
            let message = format!("unknown ACL condition/modifier in \"{}\"", lossy(text));
            let verbs = Verb::names().filter(|_| start == 0);
            Wrong::word(message, start..at.max(start + 1), name, condition::names().chain(verbs))
        })?;
    if negated && row.modifier {
        return Err(wrong(format!("ACL error: negation is not allowed with \"{}\"", row.name)));
    }
    if row.kind == Kind::Endpass {
        if !matches!(verb, Verb::Accept | Verb::Discard) {
            return Err(wrong(format!("ACL error: \"endpass\" is not allowed with \"{}\"", verb.name())));
        }
        return Ok(Part { negated, row, argument: Argument::Nothing });
    }
    let set =
        if row.kind == Kind::Set { Some(set_variable(text, start, &mut at).map_err(wrong)?) } else { None };
    at += text.len() - at - trim_start(&text[at..]).len();
    if text.get(at) != Some(&b'=') {
        return Err(wrong(format!("\"=\" missing after ACL \"{}\" {}", row.name, row.word())));
    }
    at += 1;
    at += text.len() - at - trim_start(&text[at..]).len();
    let argument = line.slice(at..text.len());
    if row.kind == Kind::Later {
        let span = line.span_at(start, name.len());
        diagnostics
            .push(not_yet(span, format!("the ACL {} \"{}\" is not supported yet", row.word(), row.name)));
    }
    let argument = compile_argument(row, set, &argument, lists, diagnostics);
    Ok(Part { negated, row, argument })
}

fn compile_argument(
    row: &'static Row,
    set: Option<SetVariable>,
    text: &SourceText,
    lists: &NamedLists,
    diagnostics: &mut Vec<Diagnostic>,
) -> Argument {
    if let Some(kind) = list_kind(row.kind) {
        let (list, found) = List::compile(text, kind, lists);
        diagnostics.extend(found);
        return if list.is_constant() {
            Argument::List(Arc::new(list))
        } else {
            Argument::ListText(Expansion::parse(text), kind)
        };
    }
    if row.kind == Kind::Acl {
        let mut words = words(text).map(|word| Expansion::parse(&word)).take(1 + MAX_ARGUMENTS);
        let name = words.next().unwrap_or_else(|| Expansion::parse(text));
        return Argument::Call(name, words.collect());
    }
    let expansion = Expansion::parse(text);
    diagnostics.extend(expansion.diagnostics().iter().cloned());
    if let Some(constant) = expansion.constant() {
        let span = text.span_at(0, text.bytes.len());
        diagnostics.extend(check_constant(row.kind, constant, span));
    }
    match set {
        Some(variable) => Argument::Set(variable, expansion),
        None => Argument::Text(expansion),
    }
}

/// What Exim would find wrong when it runs the ACL.
fn check_constant(kind: Kind, text: &[u8], span: Span) -> Option<Diagnostic> {
    let value = Value::clean(text);
    let wrong = |text: String| Diagnostic::warning("acl.argument", span, text.clone()).exim(text);
    match kind {
        Kind::Control => match Control::parse(&value, None) {
            Ok(_) => None,
            Err(ControlError::Wrong(text)) => {
                let mut finding = wrong(text);
                finding.help = unsupported::dead_product(&lossy(value.bytes())).map(str::to_owned);
                Some(finding)
            }
            Err(ControlError::NotYet(text)) => Some(not_yet(span, text)),
        },
        Kind::Verify => match Verify::parse(&value, None) {
            Ok(_) => None,
            Err(VerifyError::Wrong(text)) => Some(wrong(text)),
            Err(VerifyError::NotYet(text)) => Some(not_yet(span, text)),
            Err(VerifyError::Callout(text)) => Some(Diagnostic::warning("acl.callout", span, text)),
        },
        Kind::Delay => interval::parse(text).is_none().then(|| wrong(delay_error(text))),
        Kind::LogRejectTarget => {
            let (_, unknown) = LogTargets::parse(split(text).map(|item| item.bytes));
            unknown
                .map(|name| wrong(format!("unknown log name \"{}\" in \"log_reject_target\"", lossy(&name))))
        }
        _ => None,
    }
}

/// Exim's text for a `delay` that is not a time.
pub(crate) fn delay_error(text: &[u8]) -> String {
    format!("syntax error in argument for \"delay\" modifier: \"{}\" is not a time value", lossy(text))
}

fn not_yet(span: Span, text: String) -> Diagnostic {
    Diagnostic::error("acl.unsupported", span, text)
}

/// The variable after `set`; `at` moves behind it.
fn set_variable(text: &[u8], start: usize, at: &mut usize) -> Result<SetVariable, String> {
    *at += text.len() - *at - trim_start(&text[*at..]).len();
    let rest = &text[*at..];
    let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let name = &rest[..length];
    let wrong = |why: &str| {
        let line = lossy(&text[start..]);
        Err(format!("invalid variable name after \"set\" in ACL modifier \"{line}\" ({why})"))
    };
    *at += length;
    match name {
        b"dkim_verify_status" => return Ok(SetVariable::Dkim(Variable::DkimVerifyStatus)),
        b"dkim_verify_reason" => return Ok(SetVariable::Dkim(Variable::DkimVerifyReason)),
        _ => {}
    }
    let scope = match name.strip_prefix(b"acl_").and_then(|rest| rest.first()) {
        Some(b'c') => AclScope::Connection,
        Some(b'm') => AclScope::Message,
        _ => return wrong("must start \"acl_c\" or \"acl_m\""),
    };
    let rest = &name[5..];
    if !rest.first().is_some_and(|b| b.is_ascii_digit() || *b == b'_') {
        return wrong("digit or underscore must follow acl_c or acl_m");
    }
    Ok(SetVariable::Acl(scope, rest.to_vec()))
}

/// The name at the start of a text: letters, digits and underscores, beginning with a letter.
fn word(text: &[u8]) -> &[u8] {
    if !text.first().is_some_and(u8::is_ascii_alphabetic) {
        return b"";
    }
    let end = text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    &text[..end]
}

/// The parts of a text between white space.
fn words(text: &SourceText) -> impl Iterator<Item = SourceText> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let bytes = &text.bytes;
        while bytes.get(at).is_some_and(|b| is_space(*b)) {
            at += 1;
        }
        let start = at;
        while bytes.get(at).is_some_and(|b| !is_space(*b)) {
            at += 1;
        }
        (at > start).then(|| text.slice(start..at))
    })
}

pub(crate) fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

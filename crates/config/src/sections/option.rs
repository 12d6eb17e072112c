//! One option line: finding the option, its value, and what setting it means.
//!
//! # Invariants
//! * A line that is wrong changes nothing.
//!
//! # Compatibility
//! Spec 6.11, 6.12. The order of the checks, and so which of several mistakes is named, is Exim's.

use mail_types::diagnostic::{Diagnostic, Span};

use super::cursor::{Cursor, Name};
use super::list_head::near_list_word;
use super::loader::Loader;
use super::scan::{self, Fault};
use super::value::{self, Compiled};
use crate::options::{Class, Effect, OptionDef, OptionKind, OptionSet, OptionValue};
use crate::reader::Logical;
use mail_types::suggest::nearest;

/// Where an option line stands.
#[derive(Clone, Copy)]
pub(crate) struct Within {
    pub(crate) class: Class,
    /// The instance has no driver yet, so that its private options are not known.
    pub(crate) driver_missing: bool,
    /// The instance's driver is unknown: its private options can't be checked.
    pub(crate) driver_unknown: bool,
}

impl Within {
    /// The main section.
    pub(crate) const MAIN: Self = Self { class: Class::Main, driver_missing: false, driver_unknown: false };
}

/// Options that are other names of the same setting.
fn other_name(name: &str) -> Option<&'static str> {
    match name {
        "daemon_smtp_port" => Some("daemon_smtp_ports"),
        "return_size_limit" => Some("bounce_return_size_limit"),
        "server_param" => Some("server_param1"),
        _ => None,
    }
}

/// The two flags behind `verify` and `fail_verify`.
fn pair(name: &str) -> [&'static str; 2] {
    if name == "verify" {
        ["verify_sender", "verify_recipient"]
    } else {
        ["fail_verify_sender", "fail_verify_recipient"]
    }
}

fn is_flag(kind: OptionKind) -> bool {
    matches!(kind, OptionKind::Flag | OptionKind::Tristate | OptionKind::FlagText | OptionKind::FlagPair)
}

fn may_repeat(kind: OptionKind) -> bool {
    matches!(kind, OptionKind::Lines | OptionKind::Conditions | OptionKind::Assignments)
}

/// The name on an option line.
pub(crate) struct Head {
    pub(crate) name: Name,
    hidden: bool,
    negated: bool,
    /// The name without `no_` or `not_`.
    bare: String,
}

pub(crate) fn head(cursor: &mut Cursor<'_>) -> Head {
    let mut name = cursor.name();
    let hidden = name.text == "hide";
    if hidden {
        name = cursor.name();
    }
    let shown = name.shown();
    let bare = shown.strip_prefix("no_").or_else(|| shown.strip_prefix("not_"));
    let negated = bare.is_some();
    let bare = bare.unwrap_or(shown).to_owned();
    Head { name, hidden, negated, bare }
}

impl Loader<'_> {
    /// Reports a fault of a line.
    pub(crate) fn fault(&mut self, line: &Logical, fault: Fault) -> &mut Diagnostic {
        let span =
            line.text.span_at(fault.at.0.min(line.text.bytes.len().saturating_sub(1)), fault.at.1.max(1));
        let diagnostic = if fault.unplaced {
            let exim = crate::sink::exim_unplaced(&fault.text);
            self.reader.report(Diagnostic::error(fault.id, span, fault.text).exim(exim))
        } else {
            self.reader.error(fault.id, span, line.place, &fault.text)
        };
        diagnostic.help = fault.help;
        diagnostic
    }

    /// Follows one option line.
    pub(crate) fn option_line(&mut self, line: &Logical, set: &mut OptionSet, within: Within) {
        let mut cursor = Cursor::new(&line.text);
        let head = head(&mut cursor);
        if head.name.text.is_empty() && !head.hidden {
            let text = format!("option setting expected: {}", String::from_utf8_lossy(&line.text.bytes));
            self.fault(line, Fault::new("config.option.expected", text, (0, line.text.bytes.len())));
            return;
        }
        let Some((part, index, def)) = set.position(&head.bare) else {
            self.unknown_option(line, &head, set, within);
            return;
        };
        if let Err(fault) = self.set_option(line, &mut cursor, &head, set, (part, index, def)) {
            self.fault(line, fault);
        }
    }

    fn set_option(
        &mut self,
        line: &Logical,
        cursor: &mut Cursor<'_>,
        head: &Head,
        set: &mut OptionSet,
        (part, index, def): (usize, usize, &'static OptionDef),
    ) -> Result<(), Fault> {
        let named = (head.name.start, head.name.text.len());
        let first = set.slot_at(part, index).and_then(|slot| slot.span);
        if let Some(first) = first.filter(|_| !may_repeat(def.kind)) {
            let text = format!("\"{}\" option set for the second time", head.name.shown());
            let fault = Fault::new("config.option.repeated", text, named);
            return Err(fault.helped(format!("it was first set {}", self.reader.sources.told(first))));
        }
        if head.negated && !is_flag(def.kind) {
            return Err(Fault::new(
                "config.option.negated",
                "negation prefix applied to a non-boolean option",
                named,
            ));
        }
        let compiled = if head.negated || (is_flag(def.kind) && cursor.peek() != Some(b'=')) {
            if !cursor.rest().is_empty() {
                return Err(scan::extra(cursor, &format!("boolean option {}", head.name.shown())));
            }
            value::plain_flag(!head.negated)
        } else {
            equals(cursor, head)?;
            value::compile(def, cursor, &mut self.context)?
        };
        let span = line.text.span_at(named.0, named.1);
        self.warn_inert(def, &compiled.value, compiled.text.as_deref(), span);
        if let Some(now) = other_name(def.name) {
            let message = format!("{} is an old name of {now}", def.name);
            let finding = Diagnostic::warning("config.option.old_name", span, message);
            self.reader.report(finding.helped(format!("write {now}")));
        }
        // Lists of the main section may name lists that are defined after them: they are checked at its end.
        if set.class() != Class::Main || !matches!(compiled.value, OptionValue::List(_)) {
            compiled.warnings.iter().cloned().for_each(|warning| self.broken(warning));
        }
        store(set, (part, index, def), compiled, span);
        if head.hidden {
            self.hidden.insert((set.class(), def.name));
            if let Some(slot) = set.slot_mut(part, index) {
                slot.hidden = true;
            }
        }
        Ok(())
    }

    /// A broken expansion or list: a warning, or an error when the caller asked for strictness.
    pub(crate) fn broken(&mut self, mut finding: Diagnostic) {
        if self.strict {
            finding.severity = mail_types::Severity::Error;
        }
        self.reader.report(finding);
    }

    fn warn_inert(&mut self, def: &OptionDef, value: &OptionValue, text: Option<&[u8]>, span: Span) {
        let Effect::Inert(why) = def.effect else { return };
        let same = match (value, def.default) {
            (OptionValue::Flag(crate::options::FlagValue::Fixed(on)), default) => {
                *on == (default == Some("true"))
            }
            (_, default) => {
                text.is_none_or(|text| text.is_empty() || Some(text) == default.map(str::as_bytes))
            }
        };
        if !same {
            let message = format!("option {} has no effect: {why}", def.name);
            self.reader.report(Diagnostic::warning("config.option.inert", span, message));
        }
    }

    fn unknown_option(&mut self, line: &Logical, head: &Head, set: &OptionSet, within: Within) {
        let shown = head.name.shown();
        let text = match within.class {
            Class::Main => format!("main option \"{shown}\" unknown"),
            _ if head.name.text.is_empty() => "unexpected end of line (data missing) after ".into(),
            _ if within.driver_unknown => return,
            _ if within.driver_missing => {
                format!(
                    "option \"{shown}\" unknown (\"driver\" must be specified before any private options)"
                )
            }
            _ => format!("option \"{shown}\" unknown"),
        };
        let mut fault = Fault::new("config.option.unknown", text, (head.name.start, head.name.text.len()));
        if let Some(dead) = expand::unsupported::dead_product(&head.bare) {
            fault = fault.helped(dead);
        } else if !self.reader.sink.has_room() {
            // Nobody will read the advice, and it costs more than the rest of the line.
        } else if let Some(name) = nearest(&head.bare, set.iter().map(|(def, _)| def.name)) {
            fault = fault.helped(format!("there is an option {name}"));
        } else if let Some(word) = near_list_word(&head.bare).filter(|_| within.class == Class::Main) {
            fault = fault.helped(format!("a named list is defined with {word} name = items"));
        } else if let Some(owner) = crate::options::owner_of(&head.bare, within.class) {
            fault = fault.helped(format!("{} is an option of {owner}", head.bare));
        }
        self.fault(line, fault);
    }
}

/// Puts a value into its slot, and into those of the other names of the setting.
fn store(
    set: &mut OptionSet,
    (part, index, def): (usize, usize, &'static OptionDef),
    compiled: Compiled,
    span: Span,
) {
    let others = match def.kind {
        OptionKind::FlagPair => pair(def.name).to_vec(),
        _ => other_name(def.name).into_iter().collect(),
    };
    for name in others {
        if let Some(slot) = set.find_mut(name) {
            // Only the name that was written counts as set: Exim lets the other be set after it.
            slot.value = compiled.value.clone();
            slot.text.clone_from(&compiled.text);
        }
    }
    let Some(slot) = set.slot_mut(part, index) else { return };
    if slot.span.is_some() {
        value::merge(&mut slot.value, compiled.value);
        slot.more.extend(compiled.text);
    } else {
        slot.value = compiled.value;
        slot.text = compiled.text;
        slot.span = Some(span);
    }
}

/// The equals sign of an option that needs a value.
fn equals(cursor: &mut Cursor<'_>, head: &Head) -> Result<(), Fault> {
    let name = head.name.shown();
    let end = cursor.text.bytes.len().saturating_sub(1);
    if cursor.rest().is_empty() {
        let text = format!("unexpected end of line (data missing) after {name}");
        return Err(
            Fault::new("config.option.no_value", text, (end, 1)).helped(format!("write {name} = value"))
        );
    }
    if !cursor.take(b'=') {
        let text = format!("missing \"=\" after {name}");
        return Err(Fault::new("config.option.no_equals", text, (cursor.at, cursor.rest().len())));
    }
    cursor.skip_space();
    Ok(())
}

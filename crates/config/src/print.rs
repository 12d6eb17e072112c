//! `-bP`: options, drivers, named lists, macros and the configuration itself as text.
//!
//! # Invariants
//! * What `hide` covers is shown to nobody but an administrator (a hidden named list not even to one, as in Exim).
//! * Unprintable bytes are shown as escapes.
//!
//! # Security
//! Macros are for administrators only: they hold passwords in many configurations.
//!
//! # Compatibility
//! Spec 5.2, `-bP`. Equal line for line to Exim 4.96 for options that both know; options that only one of the two has, and the
//! lines `*expand_...` that Exim prints for its own bookkeeping, differ.

mod listing;
pub mod number;

use std::fmt::Write as _;

use mail_types::bytes::{PrintOptions, push_printable};
use policy::list::ListKind;

use crate::options::{Class, FlagValue, OptionDef, OptionKind, OptionValue, Slot};
use crate::snapshot::{Config, Instance};

const HIDDEN: &str = "<value not displayable>";

/// Who asks, and how.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// The caller is an administrator.
    pub admin: bool,
    /// `-n`: values without names.
    pub values_only: bool,
}

/// What to print, and whether everything that was asked for exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// For the standard output.
    pub text: String,
    /// For the standard error.
    pub error: String,
    /// False makes the exit code 1.
    pub ok: bool,
}

/// Answers `-bP` with its arguments; none means all main options.
pub fn answer(config: &Config, words: &[&str], asker: Asker) -> Answer {
    let mut out = Answer { ok: true, ..Answer::default() };
    if words.is_empty() {
        out.text = main_options(config, asker);
    }
    if words.first() == Some(&"config") {
        // The oracle looks at nothing else then.
        out.text = listing::config(config, asker);
        return out;
    }
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        // The last word decides about the exit code, as in Exim.
        out.ok = true;
        match (Named::from_word(word), words.as_slice().first()) {
            (Some(named), Some(name)) => {
                words.next();
                named.print(config, name, asker, &mut out);
            }
            (None | Some(Named::Environment), _) => one_word(config, word, asker, &mut out),
            (Some(_), None) => fail(&mut out, &format!("{word} is not a known option")),
        }
    }
    out
}

/// Words that take the next word as a name.
enum Named {
    Instance(Class),
    Macro,
    /// It has no parts with names.
    Environment,
}

impl Named {
    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "router" => Self::Instance(Class::Router),
            "transport" => Self::Instance(Class::Transport),
            "authenticator" => Self::Instance(Class::Authenticator),
            "macro" => Self::Macro,
            "environment" => Self::Environment,
            _ => return None,
        })
    }

    fn print(self, config: &Config, name: &str, asker: Asker, out: &mut Answer) {
        match self {
            Self::Environment => fail(out, &format!("environment {name} not found")),
            Self::Macro if !asker.admin => denied(out),
            Self::Macro => match config.macros.iter().find(|(known, _)| known == name) {
                Some((known, text)) => macro_line(known, text, asker, &mut out.text),
                None => fail(out, &format!("macro {name} not found")),
            },
            Self::Instance(class) => {
                match instances(config, class).iter().find(|instance| instance.name == name) {
                    Some(instance) => instance_options(instance, asker, &mut out.text),
                    None => fail(out, &format!("{} {name} not found", class.word())),
                }
            }
        }
    }
}

fn fail(out: &mut Answer, line: &str) {
    out.text.push_str(line);
    out.text.push('\n');
    out.ok = false;
}

fn denied(out: &mut Answer) {
    out.error.push_str("exim: permission denied\n");
    out.ok = false;
}

fn instances(config: &Config, class: Class) -> &[Instance] {
    match class {
        Class::Router => &config.routers,
        Class::Transport => &config.transports,
        Class::Authenticator => &config.authenticators,
        Class::Main => &[],
    }
}

fn macro_line(name: &str, text: &[u8], asker: Asker, out: &mut String) {
    if !asker.values_only {
        out.push_str(name);
        out.push('=');
    }
    push_shown(out, text);
    out.push('\n');
}

fn one_word(config: &Config, word: &str, asker: Asker, out: &mut Answer) {
    match word {
        "all" => out.text.push_str(&main_options(config, asker)),
        "config_file" | "configure_file" => {
            out.text.push_str(&config.path.display().to_string());
            out.text.push('\n');
        }
        // Only as the first word it is answered.
        "config" => {}
        "environment" => {
            for (name, value) in config.environment.iter() {
                out.text.push_str(&String::from_utf8_lossy(name));
                if !asker.values_only {
                    out.text.push('=');
                    out.text.push_str(&String::from_utf8_lossy(value));
                }
                out.text.push('\n');
            }
        }
        "router_list" => names(&config.routers, &mut out.text),
        "transport_list" => names(&config.transports, &mut out.text),
        "authenticator_list" => names(&config.authenticators, &mut out.text),
        "routers" => all_instances(config, Class::Router, asker, &mut out.text),
        "transports" => all_instances(config, Class::Transport, asker, &mut out.text),
        "authenticators" => all_instances(config, Class::Authenticator, asker, &mut out.text),
        "macros" | "macro_list" if !asker.admin => denied(out),
        "macros" => {
            for (name, text) in &config.macros {
                macro_line(name, text, asker, &mut out.text);
            }
        }
        "macro_list" => {
            for (name, _) in &config.macros {
                let _ = writeln!(out.text, "{name}");
            }
        }
        "local_scan" => fail(out, "local_scan() options are not supported"),
        _ => match word.strip_prefix('+') {
            Some(name) => named_list(config, name, asker, out),
            None => main_option(config, word, asker, out),
        },
    }
}

fn names(instances: &[Instance], out: &mut String) {
    for instance in instances {
        out.push_str(&instance.name);
        out.push('\n');
    }
}

fn named_list(config: &Config, name: &str, asker: Asker, out: &mut Answer) {
    let kinds = [
        (ListKind::Address, "address"),
        (ListKind::Domain, "domain"),
        (ListKind::Host, "host"),
        (ListKind::LocalPart, "localpart"),
    ];
    let mut found = false;
    for (kind, word) in kinds {
        let Some(list) = config.lists.find(kind, name.as_bytes()) else { continue };
        found = true;
        if !asker.values_only {
            let _ = write!(out.text, "{word}list {name} = ");
        }
        if list.hidden {
            out.text.push_str(HIDDEN);
        } else {
            push_shown(&mut out.text, &list.text.bytes);
        }
        out.text.push('\n');
    }
    if !found {
        fail(out, &format!("no address, domain, host, or local part list called \"{name}\" exists"));
    }
}

fn main_option(config: &Config, name: &str, asker: Asker, out: &mut Answer) {
    match config.main.find(name) {
        Some((def, slot)) => option(def, slot, asker, &mut out.text),
        None => fail(out, &format!("{name} is not a known option")),
    }
}

/// Every main option. Other names of an option that has two are left out, as Exim does.
pub fn main_options(config: &Config, asker: Asker) -> String {
    let mut rows: Vec<_> = config
        .main
        .iter()
        .filter(|(def, _)| !matches!(def.name, "daemon_smtp_port" | "return_size_limit"))
        .collect();
    rows.sort_by_key(|(def, _)| def.name);
    let mut out = String::new();
    for (def, slot) in rows {
        option(def, slot, asker, &mut out);
    }
    out
}

fn all_instances(config: &Config, class: Class, asker: Asker, out: &mut String) {
    for instance in instances(config, class) {
        let _ = writeln!(out, "\n{} {}:", instance.name, class.word());
        instance_options(instance, asker, out);
    }
}

/// The options of an instance: the generic ones, then the driver's, each by name.
pub fn instance_options(instance: &Instance, asker: Asker, out: &mut String) {
    for table in instance.options.tables() {
        let mut defs: Vec<&OptionDef> = table.defs.iter().collect();
        defs.sort_by_key(|def| def.name);
        for def in defs.into_iter().filter(|def| def.kind != OptionKind::FlagPair) {
            if let Some((def, slot)) = instance.options.find(def.name) {
                option(def, slot, asker, out);
            }
        }
    }
}

/// One option.
fn option(def: &OptionDef, slot: &Slot, asker: Asker, out: &mut String) {
    let hidden = slot.hidden && !asker.admin;
    let flag = match &slot.value {
        OptionValue::Flag(FlagValue::Fixed(on)) => Some(*on),
        OptionValue::Unset if def.kind == OptionKind::Tristate => Some(false),
        _ => None,
    };
    match flag {
        Some(on) if !hidden => {
            if !on {
                out.push_str("no_");
            }
            out.push_str(def.name);
        }
        _ => {
            let text = shown_text(def, slot);
            if !asker.values_only {
                out.push_str(def.name);
                out.push_str(if text.is_empty() && bare_when_unset(def.kind) && !hidden {
                    " ="
                } else {
                    " = "
                });
            }
            if hidden {
                out.push_str(HIDDEN);
            } else {
                push_shown(out, &text);
            }
        }
    }
    out.push('\n');
}

/// Kinds for which Exim prints no space after the equals sign when nothing is set.
fn bare_when_unset(kind: OptionKind) -> bool {
    matches!(kind, OptionKind::Users | OptionKind::Groups | OptionKind::Fixed)
}

/// The text of an option, repeated settings joined as Exim joins them.
fn shown_text(def: &OptionDef, slot: &Slot) -> Vec<u8> {
    let mut text = slot.text.as_deref().unwrap_or_default().to_vec();
    if def.kind == OptionKind::Conditions {
        for more in &slot.more {
            text = [b"${if and{{bool_lax{", text.as_slice(), b"}}{bool_lax{", more, b"}}}}"].concat();
        }
        return text;
    }
    let separator = match (def.kind, def.name) {
        (OptionKind::Assignments, _) => b';',
        (OptionKind::Lines, "headers_add") => b'\n',
        (OptionKind::Lines, _) => b':',
        _ => return text,
    };
    let settings = slot.text.iter().chain(&slot.more);
    let items =
        settings.flat_map(|setting| items_of(setting, separator)).map(|item| doubled(&item, separator));
    items.collect::<Vec<_>>().join(&separator)
}

/// The items of a setting whose separator is `separator` unless it says otherwise.
fn items_of(setting: &[u8], separator: u8) -> Vec<Vec<u8>> {
    let own = setting.trim_ascii_start().starts_with(b"<");
    let text = if own { setting.to_vec() } else { [&[b'<', separator], setting].concat() };
    let items = policy::list::split(&text).map(|item| item.bytes);
    items.filter(|item| !item.is_empty()).collect()
}

/// An item in which the separator stands for itself.
fn doubled(item: &[u8], separator: u8) -> Vec<u8> {
    let parts: Vec<&[u8]> = item.split(|byte| *byte == separator).collect();
    parts.join(&[separator, separator][..])
}

/// Text as Exim prints it: escapes for what does not print, but backslashes as they are.
pub(crate) fn push_shown(out: &mut String, text: &[u8]) {
    for (at, part) in text.split(|b| *b == b'\\').enumerate() {
        if at > 0 {
            out.push('\\');
        }
        let mut shown = Vec::with_capacity(part.len());
        push_printable(&mut shown, part, PrintOptions::default());
        out.push_str(&String::from_utf8_lossy(&shown));
    }
}

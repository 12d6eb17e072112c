//! Untrusted values that would name a file, stand in a command, or reach a query unquoted.
//!
//! # Invariants
//! * Warnings only (errors where the caller is strict): the verdict on a configuration does not depend on this module.
//! * A warning is about a value that Exim refuses when it is used; what the text alone does not tell is not warned about.
//!
//! # Compatibility
//! Spec 9.9 (quoting), 11.5 (tainted variables), 26 and 29: since Exim 4.94 and 4.96 such values fail at run time.

use expand::Expansion;
use expand::Variable;
use expand::flow::{Source, Taker, Untrusted};
use mail_types::diagnostic::Diagnostic;

use crate::options::OptionSet;
use crate::sections::loader::Loader;
use crate::snapshot::Instance;

/// Options whose whole value names a file.
const FILES: [(&str, &str); 6] = [
    ("appendfile", "directory"),
    ("appendfile", "file"),
    ("autoreply", "file"),
    ("autoreply", "log"),
    ("autoreply", "once"),
    ("redirect", "file"),
];

/// Options whose whole value is a command. The empty name stands for every driver.
const COMMANDS: [(&str, &str); 4] =
    [("lmtp", "command"), ("pipe", "command"), ("queryprogram", "command"), ("", "transport_filter")];

/// Looks at every text of the options that the configuration sets.
pub(crate) fn all(loader: &mut Loader<'_>, main: &OptionSet) {
    let sections = &loader.sections;
    let instances = sections.routers.iter().chain(&sections.transports).chain(&sections.authenticators);
    let mut found: Vec<Diagnostic> = instances.flat_map(instance).collect();
    found.extend(of_set(main, ""));
    for finding in found {
        loader.broken(finding);
    }
}

fn instance(instance: &Instance) -> Vec<Diagnostic> {
    of_set(&instance.options, instance.driver)
}

fn of_set(set: &OptionSet, driver: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (def, slot) in set.iter().filter(|(_, slot)| slot.span.is_some()) {
        let is = |table: &[(&str, &str)]| {
            table.iter().any(|(owner, name)| *name == def.name && (owner.is_empty() || *owner == driver))
        };
        let taker = if is(&FILES) {
            Some(Taker::File)
        } else if is(&COMMANDS) {
            Some(Taker::Command)
        } else {
            None
        };
        for text in slot.value.texts() {
            text_flow(text, taker.as_ref(), &mut found);
        }
    }
    found
}

/// What a text hands over: the whole of it to `taker`, and parts of it to items inside.
pub(crate) fn text_flow(text: &Expansion, taker: Option<&Taker>, found: &mut Vec<Diagnostic>) {
    let flow = text.flow();
    if let Some(taker) = taker {
        found.extend(flow.result.iter().map(|value| finding(text, taker, value)));
    }
    for sink in &flow.sinks {
        found.extend(sink.values.iter().map(|value| finding(text, &sink.taker, value)));
    }
}

fn finding(text: &Expansion, taker: &Taker, value: &Untrusted) -> Diagnostic {
    let shown = value.source.shown();
    let span = text.source().span_at(value.at, value.len);
    let (id, would) = match taker {
        Taker::File => ("taint.file", "would name a file".to_owned()),
        Taker::Command => ("taint.command", "would stand in a command".to_owned()),
        Taker::Query(kind) => {
            ("taint.query", format!("would reach a {kind} query without being quoted for it"))
        }
    };
    let message = format!("{shown} is what somebody outside sent, and {would}");
    let why = match taker {
        Taker::Query(_) => "whoever sends it could change what the query does",
        Taker::File | Taker::Command => {
            "it is refused when it is used, as it is by Exim since versions 4.94 and 4.96"
        }
    };
    Diagnostic::warning(id, span, message).labelled("tainted").note(why).helped(advice(taker, value, &shown))
}

fn advice(taker: &Taker, value: &Untrusted, shown: &str) -> String {
    match (taker, &value.source) {
        (Taker::Query(kind), _) => format!("write ${{quote_{kind}:{shown}}}"),
        (_, Source::Variable(Variable::LocalPart)) => {
            "use $local_part_data: local_parts or check_local_user of the router sets it when it matches"
                .into()
        }
        (_, Source::Variable(Variable::Domain)) => {
            "use $domain_data: domains of the router sets it when it matches".into()
        }
        _ => "look it up first: what a file or a list gives for it is trusted".into(),
    }
}

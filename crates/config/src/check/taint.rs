//! Untrusted values that would name a file, stand in a command, or reach a query unquoted.
//!
//! # Invariants
//! * Warnings only (errors where the caller is strict): the verdict on a configuration does not depend on this module.
//! * A warning is about a value that Exim refuses when it is used; what the texts alone do not tell is not warned about.
//! * Variables of ACLs and routers count as untrusted where every assignment to them is.
//!
//! # Compatibility
//! Spec 9.9 (quoting), 11.5 (tainted variables), 26 and 29: since Exim 4.94 and 4.96 such values fail at run time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use expand::Expansion;
use expand::Variable;
use expand::flow::{self, Source, Taker, Untrusted};
use mail_types::diagnostic::Diagnostic;
use policy::acl::Acl;

use crate::options::{OptionSet, OptionValue};
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

/// Looks at every text of the options and ACLs of the configuration.
pub(crate) fn all(loader: &mut Loader<'_>, main: &OptionSet) {
    let sections = &loader.sections;
    let instances = || sections.routers.iter().chain(&sections.transports).chain(&sections.authenticators);
    let acls: Vec<_> =
        sections.acls.names().into_iter().filter_map(|name| sections.acls.find(name)).collect();
    let mut check = Check { set: set_variables(&acls, instances()), found: Vec::new() };
    for acl in &acls {
        acl.texts().for_each(|(text, captured)| check.text(text, None, captured));
    }
    for instance in instances() {
        check.options(&instance.options, instance.driver);
    }
    check.options(main, "");
    for finding in check.found {
        loader.broken(finding);
    }
}

/// Variables that ACLs and routers give nothing but untrusted values. One that gets a trusted or a quoted value anywhere
/// is left out: where it is used may come after that.
fn set_variables<'a>(acls: &[Arc<Acl>], instances: impl Iterator<Item = &'a Instance>) -> HashSet<Source> {
    let mut given: HashMap<Source, Vec<Vec<Untrusted>>> = HashMap::new();
    for (scope, name, text, captured) in acls.iter().flat_map(|acl| acl.assignments()) {
        let result = text.flow_with_captures_of(captured).result;
        given.entry(flow::set_by_acl(scope, name)).or_default().push(result);
    }
    for (_, slot) in instances.flat_map(|instance| instance.options.iter()) {
        let OptionValue::Assignments(all) = &slot.value else { continue };
        for (name, text) in all {
            let name = name.strip_prefix(b"r_").unwrap_or(name);
            given.entry(flow::set_by_router(name)).or_default().push(text.flow().result);
        }
    }
    let mut known: HashSet<Source> = HashSet::new();
    loop {
        let before = known.len();
        for (variable, values) in &given {
            let untrusted = |value: &Untrusted| value.quoted_for.is_none() && is_known(&known, &value.source);
            if values.iter().all(|value| value.iter().any(untrusted)) {
                known.insert(variable.clone());
            }
        }
        if known.len() == before {
            return known;
        }
    }
}

fn is_known(known: &HashSet<Source>, source: &Source) -> bool {
    !matches!(source, Source::Set(_)) || known.contains(source)
}

struct Check {
    /// Variables that hold untrusted values.
    set: HashSet<Source>,
    found: Vec<Diagnostic>,
}

impl Check {
    fn options(&mut self, set: &OptionSet, driver: &str) {
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
                self.text(text, taker.as_ref(), None);
            }
        }
    }

    /// What a text hands over: the whole of it to `taker`, and parts of it to items inside. `$1` is a part of `captured`.
    fn text(&mut self, text: &Expansion, taker: Option<&Taker>, captured: Option<Source>) {
        let flow = text.flow_with_captures_of(captured);
        let result = taker.into_iter().flat_map(|taker| flow.result.iter().map(move |value| (taker, value)));
        let inside = flow.sinks.iter().flat_map(|sink| sink.values.iter().map(|value| (&sink.taker, value)));
        for (taker, value) in result.chain(inside) {
            if is_known(&self.set, &value.source) {
                self.found.push(finding(text, taker, value));
            }
        }
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

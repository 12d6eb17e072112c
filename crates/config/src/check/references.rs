//! Names that refer to other parts of the configuration: ACLs, transports.
//!
//! Exim looks for them when it needs them; here a fixed name that leads nowhere is a warning at load.
//!
//! # Invariants
//! * Warnings only: the verdict on a configuration does not depend on this module.

use mail_types::diagnostic::{Diagnostic, Span};

use policy::acl::Verb;

use crate::options::{OptionSet, OptionValue};
use crate::sections::loader::Loader;
use mail_types::suggest::nearest;

/// Checks everything that can be checked without running anything.
pub(crate) fn all(loader: &mut Loader<'_>, main: &OptionSet) {
    let mut found = Vec::new();
    acls(loader, main, &mut found);
    transports(loader, &mut found);
    for finding in found {
        loader.broken(finding);
    }
}

/// A name that stands for itself: letters, digits and underscores.
fn fixed_name(value: &OptionValue) -> Option<String> {
    let bytes = match value {
        OptionValue::Text(text) => text.constant()?,
        OptionValue::Plain(text) => text,
        _ => return None,
    };
    let name = !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    name.then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// `acl_*` options: the text of an ACL, the name of a file, or the name of an ACL.
fn acls(loader: &Loader<'_>, main: &OptionSet, found: &mut Vec<Diagnostic>) {
    let names = loader.sections.acls.names();
    let names: Vec<&str> = names.into_iter().filter_map(|name| std::str::from_utf8(name).ok()).collect();
    for (def, slot) in main.iter().filter(|(def, slot)| def.name.starts_with("acl_") && slot.span.is_some()) {
        let Some(name) = fixed_name(&slot.value) else { continue };
        // An ACL may consist of one verb without conditions.
        if Verb::names().any(|verb| verb == name) || loader.sections.acls.find(name.as_bytes()).is_some() {
            continue;
        }
        let message = format!("{} names an ACL {name} that is not defined", def.name);
        let span = slot.span.unwrap_or(Span::NOWHERE);
        let mut finding = Diagnostic::warning("config.acl.undefined", span, message);
        finding.help = nearest(&name, names.iter().copied()).map(|meant| format!("there is an ACL {meant}"));
        found.push(finding);
    }
}

fn transports(loader: &Loader<'_>, found: &mut Vec<Diagnostic>) {
    let names: std::collections::HashSet<&str> =
        loader.sections.transports.iter().map(|transport| transport.name.as_str()).collect();
    let routers = loader.sections.routers.iter().flat_map(|instance| {
        let options: &[&str] = if instance.driver == "redirect" {
            &["transport", "file_transport", "pipe_transport", "directory_transport", "reply_transport"]
        } else {
            &["transport"]
        };
        options.iter().map(move |option| (instance, *option))
    });
    let shadows = loader.sections.transports.iter().map(|instance| (instance, "shadow_transport"));
    for (instance, option) in routers.chain(shadows) {
        let Some((_, slot)) = instance.options.find(option) else { continue };
        let Some(name) = slot.span.and_then(|_| fixed_name(&slot.value)) else { continue };
        if names.contains(name.as_str()) {
            continue;
        }
        let message =
            format!("{} {}: there is no transport {name}", instance.options.class().word(), instance.name);
        let mut finding =
            Diagnostic::warning("config.transport.undefined", slot.span.unwrap_or(Span::NOWHERE), message);
        finding.help = if found.len() < 50 {
            nearest(&name, names.iter().copied()).map(|n| format!("there is a transport {n}"))
        } else {
            None
        };
        found.push(finding);
    }
}

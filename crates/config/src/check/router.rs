//! Routers.

use mail_types::Severity;
use mail_types::diagnostic::Diagnostic;

use super::{Layout, Problem};
use crate::options::router::{generic, iplookup, manualroute, queryprogram, redirect};
use crate::options::{FlagValue, Opt, OptionSet, kind};
use crate::sections::loader::Loader;
use crate::sink::exim_unplaced;
use crate::snapshot::Instance;

/// What one instance must look like.
pub(super) fn check(router: &mut Instance) -> Result<(), Problem> {
    let set = &router.options;
    self_option(set)?;
    match router.driver {
        "redirect" => redirect(set)?,
        "manualroute" => manualroute(set)?,
        "queryprogram" => queryprogram(set)?,
        "iplookup" => iplookup(set)?,
        _ => {}
    }
    transport(router)
}

fn wrong(text: impl Into<String>) -> Problem {
    Problem::new(Layout::For, text)
}

fn plain(set: &OptionSet, option: Opt<kind::Plain>) -> &[u8] {
    set.get(option).unwrap_or_default()
}

fn self_option(set: &OptionSet) -> Result<(), Problem> {
    let value = plain(set, generic::SELF);
    let known = [&b"freeze"[..], b"defer", b"fail", b"pass", b"send"];
    if known.contains(&value) || value.starts_with(b"reroute:") {
        return Ok(());
    }
    let text = format!("{} is not valid for the self option", String::from_utf8_lossy(value));
    let help = "the values are freeze, defer, fail, pass, send, \"reroute: domain\" and \"reroute: rewrite: domain\"";
    Err(wrong(text).at(generic::SELF).helped(help))
}

/// Drivers that only give addresses over to a transport need one; those that make new addresses must not have one.
fn transport(router: &Instance) -> Result<(), Problem> {
    let set = &router.options;
    let given = set.is_set(generic::TRANSPORT);
    let text = match router.driver {
        "redirect" | "iplookup" if given => "a transport must not be defined for this router",
        "accept" | "dnslookup" | "ipliteral" if !given && !set.get(generic::VERIFY_ONLY) => {
            "a transport is required for this router"
        }
        _ => return Ok(()),
    };
    Err(Problem::new(Layout::Headed, text).at(generic::TRANSPORT))
}

fn redirect(set: &OptionSet) -> Result<(), Problem> {
    match (set.is_set(redirect::FILE), set.is_set(redirect::DATA)) {
        (false, false) => return Err(wrong("one of \"file\" or \"data\" must be specified")),
        (true, true) => {
            return Err(wrong("only one of \"file\" or \"data\" must be specified").at(redirect::FILE));
        }
        _ => {}
    }
    if set.get(redirect::ONE_TIME) {
        if !set.get(generic::HEADERS_ADD).is_empty() || !set.get(generic::HEADERS_REMOVE).is_empty() {
            let text = "\"headers_add\" and \"headers_remove\" are not permitted with \"one_time\"";
            return Err(wrong(text).at(redirect::ONE_TIME));
        }
        if !matches!(set.get(generic::UNSEEN), FlagValue::Fixed(false)) {
            return Err(wrong("\"unseen\" may not be used with \"one_time\"").at(generic::UNSEEN));
        }
    }
    if set.is_set(redirect::QUALIFY_DOMAIN) && set.get(redirect::QUALIFY_PRESERVE_DOMAIN) {
        let text = "only one of \"qualify_domain\" or \"qualify_preserve_domain\" must be set";
        return Err(wrong(text).at(redirect::QUALIFY_DOMAIN));
    }
    let srs = plain(set, redirect::SRS).to_ascii_lowercase();
    if set.is_set(redirect::SRS) && !matches!(&srs[..], b"forward" | b"reverse" | b"reverseandforward") {
        let text = format!("{} is not valid for the srs option", plain(set, redirect::SRS).escape_ascii());
        let help = "the values are forward, reverse and reverseandforward";
        return Err(wrong(text).at(redirect::SRS).helped(help));
    }
    if set.get(redirect::ALLOW_FILTER) && !set.get(generic::CHECK_LOCAL_USER) && !set.is_set(generic::USER) {
        let text = "\"user\" or \"check_local_user\" must be set with \"allow_filter\"";
        return Err(wrong(text).at(redirect::ALLOW_FILTER));
    }
    Ok(())
}

fn manualroute(set: &OptionSet) -> Result<(), Problem> {
    if set.is_set(manualroute::ROUTE_LIST) == set.is_set(manualroute::ROUTE_DATA) {
        let text = "route_list or route_data (but not both) must be specified";
        return Err(wrong(text).at(manualroute::ROUTE_DATA));
    }
    let choices = [
        (
            manualroute::HOST_FIND_FAILED,
            &[&b"defer"[..], b"decline", b"fail", b"freeze", b"ignore", b"pass"][..],
        ),
        (manualroute::HOST_ALL_IGNORED, &[&b"defer"[..], b"decline", b"fail", b"freeze", b"pass"][..]),
    ];
    for (option, known) in choices {
        if !known.contains(&plain(set, option)) {
            let text = format!("unrecognized setting for {} option", option.definition().name);
            return Err(wrong(text).at(option));
        }
    }
    Ok(())
}

fn queryprogram(set: &OptionSet) -> Result<(), Problem> {
    if !set.is_set(queryprogram::COMMAND) {
        return Err(wrong("a command specification is required"));
    }
    if !set.is_set(queryprogram::COMMAND_USER) {
        return Err(wrong("command_user must be specified"));
    }
    Ok(())
}

fn iplookup(set: &OptionSet) -> Result<(), Problem> {
    if !set.is_set(iplookup::PORT) {
        return Err(wrong("a port must be specified"));
    }
    if !set.is_set(iplookup::HOSTS) {
        return Err(wrong("a host list must be specified"));
    }
    if !matches!(plain(set, iplookup::PROTOCOL), b"udp" | b"tcp") {
        return Err(wrong("protocol not specified as udp or tcp").at(iplookup::PROTOCOL));
    }
    Ok(())
}

/// `pass_router` and `redirect_router` name routers; the first must stand further down.
pub(super) fn section_end(loader: &mut Loader<'_>) {
    let routers = std::mem::take(&mut loader.sections.routers);
    let order: std::collections::HashMap<&str, usize> =
        routers.iter().enumerate().map(|(at, router)| (router.name.as_str(), at)).collect();
    for (at, router) in routers.iter().enumerate() {
        for (option, must_follow) in [(generic::PASS_ROUTER, true), (generic::REDIRECT_ROUTER, false)] {
            let Some(name) = router.options.get(option) else { continue };
            let name = String::from_utf8_lossy(name);
            let text = match order.get(&*name) {
                None => format!("new_router \"{name}\" not found for \"{}\" router", router.name),
                Some(found) if must_follow && *found <= at => {
                    format!("new_router \"{name}\" does not follow \"{}\" router", router.name)
                }
                Some(_) => continue,
            };
            let exim = exim_unplaced(&text);
            let span = router.options.span(option).unwrap_or(router.span);
            let mut diagnostic =
                Diagnostic::new("config.router.unknown", Severity::Error, span, text).exim(exim);
            diagnostic.help = mail_types::suggest::nearest(&name, order.keys().copied())
                .map(|n| format!("there is a router {n}"));
            loader.reader.report(diagnostic);
        }
    }
    loader.sections.routers = routers;
}

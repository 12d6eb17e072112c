//! The examples of the manual that are configuration load, each in a configuration of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

mod memory;

use mail_types::Severity;
use mail_types::manual::{Entry, Place};
use memory::Memory;
use postrider_config::diagnostic::render_all;
use postrider_config::options::{Class, Effect, Table, tables};

/// A configuration that names what examples refer to, with an example in its place: in an instance of the driver whose
/// option it sets.
fn configuration(place: Place, example: &str, driver: &[&str]) -> String {
    let lists = "domainlist local_domains = @ : here.example\nhostlist relay_hosts = 192.0.2.0/24\n";
    // The ACL that an option names.
    let named = example.split(" = ").last().filter(|value| value.starts_with("acl_check_"));
    let named = named.map(|name| format!("{name}:\n  accept\n")).unwrap_or_default();
    let acls = format!("begin acl\ngreylist:\n  accept\n{named}acl:\n");
    let others = "final:\n  driver = accept\n  transport = local\nbegin transports\n\
                  local:\n  driver = smtp\narchive:\n  driver = smtp\n\
                  address_directory:\n  driver = smtp\naddress_file:\n  driver = smtp\n\
                  address_pipe:\n  driver = smtp\naddress_reply:\n  driver = smtp\n";
    let instance = instance(example, driver);
    // What the example of an option contradicts by default.
    let before = if example.starts_with("local_sender_retain") { "no_local_from_check\n" } else { "" };
    match place {
        Place::Main => format!("{lists}{before}{example}\n{acls}begin routers\n{others}"),
        Place::Acl => format!("{lists}{acls}  {example}\nbegin routers\n{others}"),
        Place::Router => format!("srs_secrets = secret\n{lists}{acls}begin routers\n{instance}{others}"),
        Place::Transport => format!("{lists}{acls}begin routers\n{others}{instance}"),
        _ => format!("{lists}{acls}begin routers\n{others}begin authenticators\n{instance}"),
    }
}

/// The instance of a driver that an example stands in, without what the example says itself or instead.
fn instance(example: &str, driver: &[&str]) -> String {
    const INSTEAD: [(&str, &str); 4] =
        [("file", "data"), ("directory", "file"), ("command", "socket"), ("route_data", "route_list")];
    let name = example.split(" = ").next().unwrap_or_default();
    let clashes = |other: &str| other == name || INSTEAD.contains(&(name, other));
    let kept = driver.iter().filter(|line| !clashes(line.split(" = ").next().unwrap_or_default()));
    let lines: Vec<String> = kept.map(|line| format!("  {line}\n")).collect();
    let lines = lines.concat();
    // Private options come after the driver's name.
    if name == "driver" {
        return format!("example:\n  {example}\n{lines}");
    }
    format!("example:\n{lines}  {example}\n")
}

/// The lines of the driver that has the option which an example sets.
fn driver_of(place: Place, example: &str) -> &'static [&'static str] {
    let name = example.split(" = ").next().unwrap_or_default();
    let has = |table: &&Table| place_of(table.class) == place && table.find(name).is_some();
    tables().find(has).map_or(&[], driver_lines)
}

/// The least lines with which a driver's instance can stand.
fn driver_lines(table: &Table) -> &'static [&'static str] {
    match (table.class, table.owner) {
        (Class::Main, _) => &[],
        (Class::Router, "dnslookup") => &["driver = dnslookup", "transport = local"],
        (Class::Router, "iplookup") => &["driver = iplookup", "hosts = 192.0.2.40", "port = 1234"],
        (Class::Router, "manualroute") => {
            &["driver = manualroute", "route_list = * mx.example.net", "transport = local"]
        }
        (Class::Router, "queryprogram") => {
            &["driver = queryprogram", "command = /bin/true", "command_user = nobody"]
        }
        (Class::Router, "redirect") => &["driver = redirect", "data = :blackhole:", "user = mail"],
        (Class::Router, _) => &["driver = accept", "transport = local"],
        (Class::Transport, "appendfile" | "generic") => {
            &["driver = appendfile", "file = /dev/null", "user = mail", "quota = 1G"]
        }
        (Class::Transport, "autoreply") => &["driver = autoreply", "user = mail"],
        (Class::Transport, "lmtp") => &["driver = lmtp", "socket = /run/lmtp", "user = mail"],
        (Class::Transport, "pipe") => &["driver = pipe", "command = /bin/true"],
        (Class::Transport, "queuefile") => &["driver = queuefile", "directory = /tmp"],
        (Class::Transport, _) => &["driver = smtp"],
        (Class::Authenticator, "cram_md5") => &["driver = cram_md5", "public_name = CRAM-MD5"],
        (Class::Authenticator, "cyrus_sasl") => &["driver = cyrus_sasl", "public_name = PLAIN"],
        (Class::Authenticator, "dovecot") => {
            &["driver = dovecot", "public_name = PLAIN", "server_socket = /run/auth"]
        }
        (Class::Authenticator, "external") => &["driver = external", "public_name = EXTERNAL"],
        (Class::Authenticator, "gsasl") => &["driver = gsasl", "public_name = SCRAM-SHA-1"],
        (Class::Authenticator, "heimdal_gssapi") => &["driver = heimdal_gssapi", "public_name = GSSAPI"],
        (Class::Authenticator, "spa") => {
            &["driver = spa", "public_name = NTLM", "client_username = ann", "client_password = secret"]
        }
        (Class::Authenticator, "tls") => &["driver = tls"],
        (Class::Authenticator, _) => &["driver = plaintext", "public_name = PLAIN"],
    }
}

fn place_of(class: Class) -> Place {
    match class {
        Class::Main => Place::Main,
        Class::Router => Place::Router,
        Class::Transport => Place::Transport,
        Class::Authenticator => Place::Authenticator,
    }
}

/// What is wrong with an example, if it does not load; with `works`, also what it is warned of.
fn complaint(text: &str, works: bool) -> Option<String> {
    let loaded = Memory::with(text).load();
    let errs = loaded.diagnostics.iter().any(|found| found.severity == Severity::Error);
    // An old name is shown in its own example.
    let expected = ["config.driver.inert", "config.option.old_name"];
    let mut warned = loaded.diagnostics.iter().filter(|found| !expected.contains(&found.id));
    let fine = loaded.config.is_some() && !errs && (!works || warned.next().is_none());
    (!fine).then(|| render_all(&loaded.diagnostics, &loaded.sources))
}

#[test]
fn every_example_of_an_option_loads() {
    let mut wrong = Vec::new();
    for table in tables() {
        for def in table.defs {
            for example in def.entry().examples(place_of(table.class)).unwrap() {
                let text = configuration(example.place, example.text, driver_lines(table));
                let works = def.effect == Effect::Live;
                wrong.extend(
                    complaint(&text, works).map(|why| format!("{}: {}\n{why}", table.owner, def.name)),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_other_example_that_is_configuration_loads() {
    use expand::manual::{Family, entries};
    use policy::manual::{LIST_ITEMS, Part, acl};

    let expansions =
        [Family::Items, Family::Operators, Family::Conditions, Family::Variables, Family::Lookups];
    let expansions = expansions.into_iter().flat_map(entries).map(|entry| (entry, Place::Expansion, false));
    let lists = LIST_ITEMS.iter().map(|entry| (entry, Place::Expansion, true));
    let parts = [Part::Verbs, Part::Conditions, Part::Modifiers, Part::Controls, Part::Verifications];
    let acls =
        parts.into_iter().flat_map(acl).filter(|(_, works)| *works).map(|(e, _)| (e, Place::Acl, true));
    let mut wrong = Vec::new();
    let all: Vec<(&Entry, Place, bool)> = expansions.chain(lists).chain(acls).collect();
    for (entry, place, works) in all {
        for example in entry.examples(place).unwrap() {
            if example.place == Place::Expansion {
                continue;
            }
            let text = configuration(example.place, example.text, driver_of(example.place, example.text));
            wrong.extend(complaint(&text, works).map(|why| format!("{}\n{why}", entry.name)));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

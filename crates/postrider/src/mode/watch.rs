//! `-d`, `-v`, and what `-bh` tells beside its dialogue: the decision trace on standard error.
//!
//! # Security
//! A trace may show database queries with passwords: `-d` is for administrators.
//!
//! # Compatibility
//! Spec 5.3. The selectors and the refusals are Exim's; lines about ACLs, lists and log entries have its form, the rest are
//! our own words.

use std::fmt::Write as _;
use std::io::Write as _;

use mail_types::trace::{self, Category, Selection};

use super::Start;
use crate::argv::Mode;

/// Switches the trace on as the command line asks. The error is the refusal.
pub(crate) fn begin(start: &Start<'_>, sources: &config::Sources) -> Result<(), String> {
    let files: Vec<String> = sources.files.iter().map(|file| file.path.display().to_string()).collect();
    trace::name_places(move |span| {
        let file = files.get(usize::from(span.file.0)).map_or("", String::as_str);
        format!("{file} {}", span.line)
    });
    let invocation = start.invocation;
    if let Some(text) = &invocation.debug {
        if !start.caller.admin {
            return Err("debugging permission denied".to_owned());
        }
        let selection = Selection::parse(text)?;
        let (pid, time) = (selection.has(Category::Pid), selection.has(Category::Timestamp));
        let zone = crate::assembly::zone(&start.config);
        trace::start(selection, move |_, line| {
            let mut front = String::new();
            if time {
                let now = mail_types::Clock::now(&mail_types::clock::SystemClock);
                front.push_str(zone.log(now).split(' ').nth(1).unwrap_or_default());
                front.push(' ');
            }
            if pid {
                // A String takes whatever is written to it.
                let _ = write!(front, "{:>5} ", std::process::id());
            }
            print(&format!("{front}{line}"));
        });
        mail_types::trace!(Verbose, "configuration file is {}", start.config.path.display());
        let role = |is, name: &str| format!("{}{name} user", if is { "" } else { "not " });
        mail_types::trace!(Verbose, "{}", role(start.caller.trusted, "trusted"));
        mail_types::trace!(Verbose, "{}", role(start.caller.admin, "admin"));
    } else if matches!(invocation.mode, Mode::HostTest { .. }) {
        host_test();
    } else if invocation.verbose && !matches!(invocation.mode, Mode::Verify { .. }) {
        trace::start(Selection::of(&[Category::Verbose, Category::DebugPrint]), |_, line| print(line));
    } else if invocation.mode == Mode::AddressTest || invocation.verbose {
        trace::start(Selection::of(&[Category::DebugPrint]), |_, line| print(line));
    }
    Ok(())
}

/// `-bh`: what is checked has `>>>` in front; a log line is one line.
fn host_test() {
    let categories = [
        Category::Acl,
        Category::Lists,
        Category::Dns,
        Category::Dnsbl,
        Category::HostLookup,
        Category::Verbose,
    ];
    trace::start(Selection::of(&categories), |category, line| match category {
        Category::Verbose => print(line),
        _ => print(&format!(">>> {line}")),
    });
}

fn print(line: &str) {
    // Nobody watches any more when this fails.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

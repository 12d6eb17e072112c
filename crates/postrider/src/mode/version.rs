//! `-bV`: version, what is built in, where the configuration is, and what it makes of it.
//!
//! # Compatibility
//! The lines have Exim's form; programs look for `Exim version` and for the lists of drivers.

use std::fmt::Write as _;
use std::process::ExitCode;

use config::builtin::{driver_works, macros};
use config::{Class, Loaded};

use crate::load;

/// Prints, and checks the configuration as a side effect; a broken one makes the exit code 1.
pub(crate) fn run(loaded: &Loaded, shed: bool) -> ExitCode {
    let mut out = String::new();
    let built = load::build();
    let version = env!("CARGO_PKG_VERSION");
    // Writing to a String cannot fail.
    let _ = writeln!(out, "Exim version 4.99 (Postrider {version})");
    let _ = writeln!(out, "Copyright (c) The Postrider authors, 2026; Apache-2.0 OR MIT");
    let _ = writeln!(out, "Support for:{}", having("_HAVE_"));
    let _ = writeln!(out, "Lookups (built-in):{}", listed(lookup::SERVED));
    let _ = writeln!(out, "Authenticators:{}", drivers(Class::Authenticator));
    let _ = writeln!(out, "Routers:{}", drivers(Class::Router));
    let _ = writeln!(out, "Transports:{}", drivers(Class::Transport));
    let _ = writeln!(out, "Fixed never_users: {}", built.fixed_never_users.join(":"));
    let _ = writeln!(out, "Configure owner: 0:0");
    let _ = writeln!(out, "Size of off_t: 8");
    let _ = writeln!(out, "Mail user: {}:{}", built.exim_user, built.exim_group);
    let _ = writeln!(out, "Spool directory: {}", built.spool_directory);
    let _ = writeln!(out, "Log file path: {}", built.log_file_path);
    let _ = writeln!(out, "Pid file: {}", built.pid_file_path);
    let _ = writeln!(out, "Trusted configurations: {}", config::trusted::TRUSTED_CONFIGS);
    let _ = writeln!(out, "Allowed macros: {}", config::trusted::ALLOWED_MACROS);
    let bit = if shed { "set on this file, and given up: it is not needed" } else { "not set, not needed" };
    let _ = writeln!(out, "Setuid bit: {bit}");
    if let Some(config) = &loaded.config {
        let _ = writeln!(out, "Configuration file search path is {}", load::SEARCH_PATH.join(":"));
        let _ = writeln!(out, "Configuration file is {}", config.path.display());
    }
    crate::say(out.as_bytes());
    load::tell(loaded);
    if loaded.config.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Features by the macros that a configuration can ask for.
fn having(prefix: &str) -> String {
    let mut names: Vec<String> = macros(&load::build().lookups)
        .into_iter()
        .filter_map(|(n, _)| n.strip_prefix(prefix).map(str::to_owned))
        .collect();
    names.sort();
    names.iter().fold(String::new(), |all, name| all + " " + name)
}

fn drivers(class: Class) -> String {
    let tables = config::options::drivers(class).iter().map(|table| table.owner);
    tables.filter(|owner| driver_works(class, owner)).fold(String::new(), |all, name| all + " " + name)
}

fn listed(names: &[&str]) -> String {
    names.iter().fold(String::new(), |all, name| all + " " + name)
}

//! One load, from the request to the snapshot.
//!
//! # Invariants
//! * There is a [`Config`] in the result exactly when there is no error among the findings.
//!
//! # Compatibility
//! Exim checks some main options after the main section and before the next one; see [`crate::check`].

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use expand::BareEnv;
use mail_types::diagnostic::{Diagnostic, Span};
use policy::acl::AclSet;
use policy::list::NamedLists;
use policy::retry::RetryRules;
use policy::rewrite::RewriteRules;

use crate::builtin;
use crate::check;
use crate::environment;
use crate::files::FileFacts;
use crate::options::{self, Class, OptionSet};
use crate::reader::macros::{MacroTable, Origin};
use crate::reader::{LineReader, Logical};
use crate::sections::loader::{Loader, Sections, begins_section};
use crate::sections::scan::Fault;
use crate::sections::value::Context;
use crate::snapshot::{Config, LoadRequest, Loaded};
use mail_types::suggest::nearest;

/// Names of sections; Exim takes each with and without an `s`, in any case.
const SECTIONS: [&str; 7] = ["acl", "authenticator", "local_scan", "retry", "rewrite", "router", "transport"];

/// Reads and compiles a configuration.
pub fn load(request: &LoadRequest<'_>) -> Loaded {
    let mut macros = MacroTable::new();
    for (name, text) in builtin::macros(&request.build.lookups) {
        macros.add(&name, text.as_bytes(), Origin::Builtin);
    }
    for defined in &request.macros {
        macros.add(&defined.name, &defined.value, Origin::CommandLine);
    }
    let lists = NamedLists::new();
    let mut loader = Loader {
        reader: LineReader::new(request.files, macros),
        context: Context { files: request.files, lists: lists.clone(), env: BareEnv::new() },
        strict: request.strict,
        hidden: HashSet::new(),
        sections: Sections {
            acls: AclSet::new(lists),
            routers: Vec::new(),
            transports: Vec::new(),
            authenticators: Vec::new(),
            retry: RetryRules::default(),
            rewrite: RewriteRules::default(),
        },
    };
    match loader.open_first(&request.candidates) {
        Some((path, facts)) => loader.run(request, path, facts),
        None => {
            Loaded { config: None, diagnostics: loader.reader.sink.finish(), sources: loader.reader.sources }
        }
    }
}

impl Loader<'_> {
    /// Opens the first candidate that exists.
    fn open_first(&mut self, candidates: &[PathBuf]) -> Option<(PathBuf, FileFacts)> {
        let shown = candidates.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":");
        let mut reason = std::io::Error::from(std::io::ErrorKind::NotFound);
        for path in candidates {
            match self.reader.open(path, None) {
                Ok(facts) => return Some((path.clone(), facts)),
                Err(error) => reason = error,
            }
            if reason.kind() != std::io::ErrorKind::NotFound {
                break;
            }
        }
        let message = match candidates {
            [_] if reason.kind() != std::io::ErrorKind::NotFound => {
                format!("failed to open configuration file {shown}: {}", strerror(&reason))
            }
            _ => format!("non-existent configuration file(s): {shown}"),
        };
        let exim = crate::sink::exim_unplaced(&message);
        self.reader.report(Diagnostic::error("config.file.unreadable", Span::NOWHERE, message).exim(exim));
        None
    }

    fn run(mut self, request: &LoadRequest<'_>, path: PathBuf, facts: FileFacts) -> Loaded {
        let mut main = self.main_defaults(request);
        let mut begin = self.main_section(&mut main);
        check::main::after_main(&mut self, &mut main, request);
        let mut seen: HashSet<&'static str> = HashSet::new();
        while let Some(line) = begin {
            begin = self.section(&line, &mut seen);
        }
        self.reader.finish();
        if !self.reader.is_cut_short() {
            check::references::all(&mut self, &main);
            check::sender_auth::secrets(&mut self, &main);
            check::values::active_hostname(&mut self, &main);
        }
        check::taint::all(&mut self, &main);
        self.hide();
        let environment = self.environment(&main, request);
        let errors = self.reader.sink.has_errors();
        let entries = self.reader.macros.entries();
        let macros = entries.iter().map(|entry| (entry.name.clone(), Arc::clone(&entry.value))).collect();
        let Sections { acls, routers, transports, authenticators, retry, rewrite } = self.sections;
        let config = (!errors).then(|| {
            Arc::new(Config {
                path,
                facts,
                command_line: request.macros.clone(),
                main,
                lists: self.context.lists,
                acls: Arc::new(acls),
                routers,
                transports,
                authenticators,
                retry,
                rewrite,
                macros,
                parsed: std::mem::take(&mut self.reader.parsed),
                sources: self.reader.sources.clone(),
                environment: Arc::new(environment),
            })
        });
        Loaded { config, diagnostics: self.reader.sink.finish(), sources: self.reader.sources }
    }

    fn environment(&mut self, main: &OptionSet, request: &LoadRequest<'_>) -> expand::system::Environment {
        let keep = main.get(options::main::KEEP_ENVIRONMENT);
        let span = main.span(options::main::KEEP_ENVIRONMENT).unwrap_or(Span::NOWHERE);
        if keep.iter().any(|item| environment::names_a_file(item)) {
            let text =
                "keep_environment takes names, *suffix and ^expression; files and lookups are not read";
            self.reader.report(Diagnostic::warning("config.main.environment", span, text));
        }
        let add = main.get(options::main::ADD_ENVIRONMENT);
        let zone = main.get(options::main::TIMEZONE).unwrap_or_default();
        let adjusted = environment::adjusted(keep, add, &request.facts.environment);
        let adjusted = adjusted.map(|adjusted| environment::in_zone(adjusted, zone));
        adjusted.unwrap_or_else(|text| {
            self.reader.report(Diagnostic::error("config.main.invalid", span, text.clone()).exim(text));
            expand::system::Environment::new()
        })
    }

    /// The main section's options before the file is read.
    fn main_defaults(&mut self, request: &LoadRequest<'_>) -> OptionSet {
        let tables = options::generic(Class::Main);
        let parts: Vec<_> = tables.iter().map(|table| (*table, self.defaults(table))).collect();
        let mut set = OptionSet::new(parts);
        let build = &request.build;
        let given = [
            ("exim_user", &build.exim_user),
            ("exim_group", &build.exim_group),
            ("exim_path", &build.exim_path),
            ("spool_directory", &build.spool_directory),
            ("log_file_path", &build.log_file_path),
            ("pid_file_path", &build.pid_file_path),
            ("primary_hostname", &request.facts.hostname),
        ];
        for (name, text) in given {
            self.set_default(&mut set, name, text.as_bytes());
        }
        set
    }

    /// Reads one section; returns the line that begins the next.
    fn section(&mut self, line: &Logical, seen: &mut HashSet<&'static str>) -> Option<Logical> {
        let given =
            String::from_utf8_lossy(line.text.bytes.get(6..).unwrap_or_default().trim_ascii()).into_owned();
        let lower = given.to_ascii_lowercase();
        let stem = lower.strip_suffix('s').unwrap_or(&lower);
        let at = (6, given.len());
        let Some(name) = SECTIONS.into_iter().find(|name| *name == stem) else {
            let text = format!("\"{given}\" is not a known configuration section name");
            let help = match stem {
                "test" => {
                    Some("the name is reserved for tests of the configuration in a later version".to_owned())
                }
                _ => nearest(stem, SECTIONS).map(|name| format!("there is a section {}", full_name(name))),
            };
            self.fault(line, Fault { help, ..Fault::new("config.section.unknown", text, at) });
            return self.skip_section();
        };
        if !seen.insert(name) {
            let text = format!("\"{}\" section is repeated in the configuration file", full_name(name));
            self.fault(line, Fault::new("config.section.repeated", text, at));
            return self.skip_section();
        }
        match name {
            "acl" => self.acl_section(),
            "router" => self.driver_section(Class::Router),
            "transport" => self.driver_section(Class::Transport),
            "authenticator" => self.driver_section(Class::Authenticator),
            "retry" => self.retry_section(),
            "rewrite" => self.rewrite_section(),
            _ => self.local_scan_section(),
        }
    }

    fn skip_section(&mut self) -> Option<Logical> {
        loop {
            let line = self.reader.next_line()?;
            if begins_section(&line) {
                return Some(line);
            }
        }
    }

    /// `hide` on a driver's option hides it in all instances of the driver.
    fn hide(&mut self) {
        let hidden = std::mem::take(&mut self.hidden);
        let sections = &mut self.sections;
        let instances =
            sections.routers.iter_mut().chain(&mut sections.transports).chain(&mut sections.authenticators);
        for instance in instances {
            for (class, name) in &hidden {
                if *class == instance.options.class()
                    && let Some(slot) = instance.options.find_mut(name)
                {
                    slot.hidden = true;
                }
            }
        }
    }
}

/// The section's name as Exim prints it.
fn full_name(stem: &str) -> String {
    match stem {
        "acl" | "local_scan" | "retry" | "rewrite" => stem.to_owned(),
        _ => format!("{stem}s"),
    }
}

/// The system's words for an error, without Rust's number.
fn strerror(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

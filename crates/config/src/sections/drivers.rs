//! The sections of routers, transports and authenticators.
//!
//! # Compatibility
//! Spec 6.23, 15, 24, 33. Each instance is checked when it ends, as Exim does.

use std::collections::HashMap;
use std::sync::Arc;

use mail_types::diagnostic::{Diagnostic, Span};

use super::acls::defines_macro;
use super::cursor::{Cursor, NAME_MAX};
use super::loader::{Loader, begins_section};
use super::option::{Within, head};
use super::scan::Fault;
use crate::builtin::driver_works;
use crate::check;
use crate::options::{self, Class, OptionSet, OptionValue, Slot, Table};
use crate::reader::Logical;
use crate::sink::exim_unplaced;
use crate::snapshot::Instance;
use mail_types::suggest::nearest;

/// An instance being read.
struct Pending {
    name: String,
    span: Span,
    options: OptionSet,
    driver: Option<&'static str>,
    /// Its driver is not known: reported already.
    unknown_driver: bool,
    /// Something else about it is wrong: what depends on several options is not checked any more.
    spoilt: bool,
}

/// The sections' defaults, compiled once.
struct Defaults {
    generic: OptionSet,
    private: HashMap<&'static str, Arc<[Slot]>>,
}

impl Loader<'_> {
    /// Reads a section; returns the line that begins the next.
    pub(crate) fn driver_section(&mut self, class: Class) -> Option<Logical> {
        let parts: Vec<_> =
            options::generic(class).iter().map(|table| (*table, self.defaults(table))).collect();
        let mut defaults = Defaults { generic: OptionSet::new(parts), private: HashMap::new() };
        let mut names: HashMap<String, Span> = HashMap::new();
        let mut pending: Option<Pending> = None;
        let mut nameless = false;
        let next = loop {
            let Some(line) = self.reader.next_line() else { break None };
            if begins_section(&line) {
                break Some(line);
            }
            if defines_macro(&line.text.bytes) {
                self.finish_instance(class, pending.take());
                self.macro_line(&line);
            } else if let Some((name, end)) = instance_name(&line) {
                self.finish_instance(class, pending.take());
                pending = Some(self.begin_instance(class, &line, name, end, (&mut names, &defaults)));
                nameless = false;
            } else if let Some(instance) = &mut pending {
                self.instance_line(class, &line, instance, &mut defaults);
            } else if !nameless {
                let text = format!("{} name missing", class.word());
                let fault = Fault::new("config.driver.no_name", text, (0, line.text.bytes.len()));
                self.fault(&line, fault.helped("an instance begins with a line \"name:\""));
                nameless = true;
            }
        };
        self.finish_instance(class, pending);
        check::section_end(self, class);
        next
    }

    fn begin_instance(
        &mut self,
        class: Class,
        line: &Logical,
        name: String,
        end: usize,
        (names, defaults): (&mut HashMap<String, Span>, &Defaults),
    ) -> Pending {
        let at = (0, name.len());
        let span = line.text.span_at(0, name.len());
        let mut spoilt = true;
        if name.len() > NAME_MAX {
            let shown = name.get(..NAME_MAX).unwrap_or(&name);
            let text =
                format!("exim item name too long (>{}), unable to use \"{shown}\" (truncated)", NAME_MAX + 1);
            self.fault(line, Fault::new("config.driver.name", text, at));
        } else if let Some(first) = names.get(&name) {
            let text = format!("there are two {}s called \"{name}\"", class.word());
            let help = format!("the first is {}", self.reader.sources.told(*first));
            let fault =
                Fault { unplaced: true, ..Fault::new("config.driver.repeated", text, at).helped(help) };
            self.fault(line, fault);
        } else if end < line.text.bytes.len() {
            let text = format!("extra characters follow driver name {name}");
            self.fault(line, Fault::new("config.driver.extra", text, (end, line.text.bytes.len() - end)));
        } else {
            spoilt = false;
        }
        names.entry(name.clone()).or_insert(span);
        Pending { name, span, options: defaults.generic.clone(), driver: None, unknown_driver: false, spoilt }
    }

    fn instance_line(
        &mut self,
        class: Class,
        line: &Logical,
        instance: &mut Pending,
        defaults: &mut Defaults,
    ) {
        let is_driver = head(&mut Cursor::new(&line.text)).name.text == "driver";
        let within = Within {
            class,
            driver_missing: instance.driver.is_none(),
            driver_unknown: instance.unknown_driver,
        };
        let before = self.reader.sink.error_count();
        self.option_line(line, &mut instance.options, within);
        if self.reader.sink.error_count() > before {
            instance.spoilt = true;
            instance.unknown_driver |= is_driver && instance.driver.is_none();
        } else if is_driver {
            self.choose_driver(class, line, instance, defaults);
        }
    }

    /// The `driver` option was set: adds the driver's own options.
    fn choose_driver(
        &mut self,
        class: Class,
        line: &Logical,
        instance: &mut Pending,
        defaults: &mut Defaults,
    ) {
        let given = match instance.options.find("driver").map(|(_, slot)| &slot.value) {
            Some(OptionValue::Plain(name)) => String::from_utf8_lossy(name).into_owned(),
            _ => String::new(),
        };
        let tables = options::drivers(class);
        let Some(table) = tables.iter().find(|table| table.owner == given) else {
            let word = class.word();
            let text = format!("{word} {}: cannot find {word} driver \"{given}\"", instance.name);
            let start = line.text.bytes.len().saturating_sub(given.len().max(1));
            let mut fault = Fault::new("config.driver.unknown", text, (start, given.len().max(1)));
            if let Some(name) = nearest(&given, tables.iter().map(|table| table.owner)) {
                fault = fault.helped(format!("there is a driver {name}"));
            }
            self.fault(line, fault);
            instance.unknown_driver = true;
            return;
        };
        if !driver_works(class, table.owner) {
            let span =
                instance.options.find("driver").and_then(|(_, slot)| slot.span).unwrap_or(instance.span);
            let message = format!(
                "{} {}: the driver {} is not implemented yet",
                class.word(),
                instance.name,
                table.owner
            );
            self.reader.report(Diagnostic::warning("config.driver.inert", span, message));
        }
        let slots = self.private_defaults(table, defaults);
        instance.options.add(table, slots);
        instance.driver = Some(table.owner);
    }

    fn private_defaults(&mut self, table: &'static Table, defaults: &mut Defaults) -> Arc<[Slot]> {
        if let Some(slots) = defaults.private.get(table.owner) {
            return slots.clone();
        }
        let slots = self.defaults(table);
        defaults.private.insert(table.owner, slots.clone());
        slots
    }

    fn finish_instance(&mut self, class: Class, pending: Option<Pending>) {
        let Some(instance) = pending else { return };
        let Some(driver) = instance.driver else {
            if !instance.unknown_driver {
                let text = format!("no driver defined for {} \"{}\"", class.word(), instance.name);
                let exim = exim_unplaced(&text);
                let mut diagnostic =
                    Diagnostic::error("config.driver.missing", instance.span, text).exim(exim);
                diagnostic.help = Some("each instance has a line \"driver = ...\"".into());
                self.reader.report(diagnostic);
            }
            return;
        };
        let spoilt = instance.spoilt;
        let mut instance =
            Instance { name: instance.name, driver, options: instance.options, span: instance.span };
        check::instance(self, class, &mut instance, spoilt);
        match class {
            Class::Router => self.sections.routers.push(instance),
            Class::Transport => self.sections.transports.push(instance),
            _ => self.sections.authenticators.push(instance),
        }
    }
}

/// The name on a line `name:`, and the offset after the colon and white space.
fn instance_name(line: &Logical) -> Option<(String, usize)> {
    let mut cursor = Cursor::new(&line.text);
    let name = cursor.name();
    if name.text.is_empty() || !cursor.take(b':') {
        return None;
    }
    cursor.skip_space();
    Some((name.text, cursor.at))
}

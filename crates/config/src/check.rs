//! Checks that look at more than one line: what Exim checks when a driver instance or a section ends.
//!
//! # Compatibility
//! Each text and each verdict was seen from Exim 4.96; spec 14, 15, 24, 33.

mod authenticator;
pub(crate) mod main;
pub(crate) mod references;
mod router;
pub(crate) mod sender_auth;
mod settle;
pub(crate) mod taint;
mod transport;
pub(crate) mod values;

use mail_types::diagnostic::Diagnostic;

use crate::options::{Class, Opt};
use crate::sections::loader::Loader;
use crate::sink::{exim_for, exim_unplaced};
use crate::snapshot::Instance;

/// Settles the defaults of an instance that has ended, and checks it unless it is `spoilt` already.
pub(crate) fn instance(loader: &mut Loader<'_>, class: Class, instance: &mut Instance, spoilt: bool) {
    settle::settle(class, instance, loader.context.files);
    if spoilt {
        return;
    }
    let found = match class {
        Class::Router => router::check(instance),
        Class::Transport => transport::check(instance),
        Class::Authenticator => authenticator::check(instance),
        Class::Main => Ok(()),
    };
    if let Err(problem) = found {
        let diagnostic = problem.into_diagnostic(class, instance);
        loader.reader.report(diagnostic);
    }
}

/// Checks a section that has ended.
pub(crate) fn section_end(loader: &mut Loader<'_>, class: Class) {
    match class {
        Class::Router => router::section_end(loader),
        Class::Authenticator => authenticator::section_end(loader),
        Class::Main | Class::Transport => {}
    }
}

/// How Exim lays out the message.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// `Exim configuration error for NAME CLASS:` and the text.
    For,
    /// `Exim configuration error:` and the text.
    Plain,
    /// The same, with a line `NAME CLASS:` before the text.
    Headed,
}

/// What is wrong with an instance.
#[derive(Debug)]
struct Problem {
    layout: Layout,
    text: String,
    /// The option to point at.
    option: Option<&'static str>,
    help: Option<String>,
}

impl Problem {
    fn new(layout: Layout, text: impl Into<String>) -> Self {
        Self { layout, text: text.into(), option: None, help: None }
    }

    /// Points at an option where it is set.
    fn at<T>(mut self, option: Opt<T>) -> Self {
        self.option = Some(option.definition().name);
        self
    }

    fn helped(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn into_diagnostic(self, class: Class, instance: &Instance) -> Diagnostic {
        let who = format!("{} {}", instance.name, class.word());
        let exim = match self.layout {
            Layout::For => exim_for(&who, &self.text),
            Layout::Plain => exim_unplaced(&self.text),
            Layout::Headed => exim_unplaced(&format!("{who}:\n  {}", self.text)),
        };
        let span = self
            .option
            .and_then(|name| instance.options.find(name))
            .and_then(|(_, slot)| slot.span)
            .unwrap_or(instance.span);
        let message =
            if self.text.contains(&instance.name) { self.text } else { format!("{who}: {}", self.text) };
        let mut diagnostic = Diagnostic::error("config.driver.invalid", span, message).exim(exim);
        diagnostic.help = self.help;
        diagnostic
    }
}

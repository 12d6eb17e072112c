//! Domain, host, address, local part and string lists.
//!
//! A list whose text has no `$` is compiled when the configuration is read: runs of plain names, `*suffix` names and
//! addresses become hash tables, regular expressions are compiled, the rest stays in order. A list with `$` is expanded
//! each time; what comes out is compiled through a bounded cache.
//!
//! # Invariants
//! * Left to right, first match decides; the sense of the last item decides when nothing matches. The tables keep
//!   this: a table stands for a run of items of one sense, and the earliest item of the run gives the value.
//!
//! # Security
//! Subjects are hostile. What a match leaves behind ([`ListMatch::value`]) is the list's own text or a lookup's data,
//! so it is clean when the list is; see the taint of the text for lists that were expanded.
//!
//! # Failure
//! What can't be decided is a [`ListError`]: callers defer.
//!
//! # Compatibility
//! Exim specification, chapter "Domain, host, address, and local part lists".

mod address;
mod cache;
mod compile;
mod entry;
mod files;
mod host;
mod named;
mod net;
mod run;
mod split;
mod table;
mod told;
mod world;

use std::collections::HashSet;
use std::fmt;
use std::net::IpAddr;

use expand::EvalError;
use mail_types::diagnostic::{Diagnostic, SourceText};
use mail_types::value::Value;

pub use cache::ListCache;
pub use expand::ListKind;
pub use named::{NamedList, NamedLists};
pub use net::Net;
pub use split::{Item, Items, quote, split};
pub use told::tell;
pub use world::{HostAddresses, HostNames, HostTrouble, ListEnv};

use named::Form;

/// A list of the configuration.
#[derive(Clone, Debug)]
pub struct List {
    source: SourceText,
    kind: ListKind,
    form: Form,
    named: NamedLists,
}

/// What is looked for in a list.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A domain, an address, a local part, a string; what a match captures of it is tainted.
    Text(&'a [u8]),
    /// The same, with a taint of its own.
    Value(&'a Value),
    /// A host.
    Host(HostSubject<'a>),
}

/// A host that is looked for in a host list.
#[derive(Clone, Copy, Debug)]
pub struct HostSubject<'a> {
    /// Its address; `None` for input that does not come over TCP/IP.
    pub address: Option<IpAddr>,
    /// Where its names come from.
    pub names: NamesFrom<'a>,
}

/// Where the names of a host come from.
#[derive(Clone, Copy, Debug)]
pub enum NamesFrom<'a> {
    /// The connected host: asked of [`ListEnv::sender_host_names`] when an item needs them.
    SenderHost,
    /// These.
    Given(&'a [&'a [u8]]),
    /// There are none to be had (`match_ip`).
    Nowhere,
}

/// How a match is done, where the kind of list leaves a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchOptions {
    /// Letters of a local part matter from the start (router option `caseful_local_part`), as after `+caseful`.
    pub caseful: bool,
}

/// The result of looking for a subject in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListMatch {
    /// Whether the subject is in the set.
    pub matched: bool,
    /// The value of the match: the item, or the data of a lookup; for `$domain_data` and its like. Absent when no
    /// item fitted; a negated item leaves its value too.
    pub value: Option<Value>,
    /// Offset in the list's text of the item that decided.
    pub item: Option<usize>,
    /// `$0`, `$1` and so on of the match. Domain and local part lists have put them into the scope already.
    pub captures: Vec<Value>,
}

/// Why it is not known whether a subject is in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListError {
    /// Exim's text.
    pub message: String,
    /// True when the list itself is wrong: Exim writes such texts to the panic log too.
    pub wrong: bool,
    /// True when a file that the list names cannot be read: Exim does not go on without it.
    pub unreadable: bool,
    /// True when no DNS server answered about an item.
    pub unanswered: bool,
}

impl List {
    /// Compiles the text of an option or a condition. Never fails: what is wrong is told when the item is reached,
    /// and in the diagnostics.
    pub fn compile(source: &SourceText, kind: ListKind, named: &NamedLists) -> (Self, Vec<Diagnostic>) {
        let form = Form::of(source, kind);
        let diagnostics = match &form {
            Form::Constant(compiled) => compiled.diagnostics(source, named),
            Form::Expanded(expansion) => expansion.diagnostics().to_vec(),
        };
        (Self { source: source.clone(), kind, form, named: named.clone() }, diagnostics)
    }

    /// The text as it stands in the configuration.
    pub fn source(&self) -> &SourceText {
        &self.source
    }

    /// What kind of list it is.
    pub fn kind(&self) -> ListKind {
        self.kind
    }

    /// True when the text holds no `$`: the list is the same each time.
    pub fn is_constant(&self) -> bool {
        matches!(self.form, Form::Constant(_))
    }

    /// True when matching may wait for something outside (files, lookups, DNS, expansions that do).
    pub fn may_block(&self) -> bool {
        match &self.form {
            Form::Constant(compiled) => compiled.may_block(&self.named, 0, &mut HashSet::new()),
            Form::Expanded(_) => true,
        }
    }

    /// True when a match may leave a part of the subject in `$1`, as far as the text tells.
    pub fn captures(&self) -> bool {
        matches!(&self.form, Form::Constant(compiled) if compiled.captures(&self.named, &mut HashSet::new()))
    }

    /// True when the list has no items at all (an empty setting).
    pub fn is_empty(&self) -> bool {
        matches!(&self.form, Form::Constant(compiled) if compiled.is_empty())
    }

    /// Looks for a subject.
    pub fn matches(&self, subject: Subject<'_>, env: &mut dyn ListEnv) -> Result<ListMatch, ListError> {
        self.matches_with(subject, MatchOptions::default(), env)
    }

    /// Looks for a subject, with options.
    pub fn matches_with(
        &self,
        subject: Subject<'_>,
        options: MatchOptions,
        env: &mut dyn ListEnv,
    ) -> Result<ListMatch, ListError> {
        match &self.form {
            Form::Constant(compiled) => run::find(compiled, subject, options, &self.named, env),
            Form::Expanded(expansion) => {
                let text = match expansion.eval(env) {
                    Ok(text) => text,
                    Err(EvalError::Forced { .. }) => return Ok(ListMatch::default()),
                    Err(error) => return Err(ListError::expansion(&self.source, &error)),
                };
                self.named.match_text(self.kind, subject, &text, options, env)
            }
        }
    }
}

impl ListError {
    /// Something outside did not answer.
    pub fn defer(message: impl Into<String>) -> Self {
        Self { message: message.into(), wrong: false, unreadable: false, unanswered: false }
    }

    /// No DNS server answered about an item.
    pub fn unanswered(message: impl Into<String>) -> Self {
        Self { unanswered: true, ..Self::defer(message) }
    }

    /// The list is wrong.
    pub fn wrong(message: impl Into<String>) -> Self {
        Self { wrong: true, ..Self::defer(message) }
    }

    /// A file of the list cannot be read.
    pub fn unreadable(message: impl Into<String>) -> Self {
        Self { unreadable: true, ..Self::wrong(message) }
    }

    fn expansion(source: &SourceText, error: &EvalError) -> Self {
        let text = String::from_utf8_lossy(&source.bytes);
        Self::wrong(format!("failed to expand \"{text}\" while checking a list: {error}"))
    }
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ListError {}

impl From<ListError> for EvalError {
    fn from(error: ListError) -> Self {
        Self::defer(error.message)
    }
}

impl From<EvalError> for ListError {
    fn from(error: EvalError) -> Self {
        Self::defer(error.message())
    }
}

impl<'a> Subject<'a> {
    /// The connected host.
    pub fn sender_host(address: Option<IpAddr>) -> Self {
        Self::Host(HostSubject { address, names: NamesFrom::SenderHost })
    }

    /// A host by address alone, as `match_ip` has it.
    pub fn address(address: Option<IpAddr>) -> Self {
        Self::Host(HostSubject { address, names: NamesFrom::Nowhere })
    }

    /// A host that routing found.
    pub fn host(names: &'a [&'a [u8]], address: Option<IpAddr>) -> Self {
        Self::Host(HostSubject { address, names: NamesFrom::Given(names) })
    }
}

#[cfg(test)]
mod tests;

//! The compiled form of a list's text: its items in order, and tables that stand for runs of plain ones.
//!
//! # Invariants
//! * The segments cover all entries, in order. A run never crosses an item of the other sense or one that is not plain.

use std::collections::HashSet;

use mail_types::diagnostic::{Diagnostic, SourceText};
use mail_types::limits;
use mail_types::value::{Taint, Value};

use super::entry::{Entry, Local, Pattern, Place, trim_start};
use super::split::{is_space, split};
use super::table::{MailboxTable, NameTable, NetTable};
use super::{ListKind, NamedLists};

/// A list's items, ready for matching.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) kind: ListKind,
    pub(crate) entries: Vec<Entry>,
    pub(crate) segments: Vec<Segment>,
    /// The taint of the text, which is the taint of the items.
    pub(crate) taint: Taint,
}

/// A run of entries.
#[derive(Debug)]
pub(crate) enum Segment {
    /// One entry that is matched on its own.
    One(usize),
    /// Plain names.
    Names(NameTable, Run),
    /// Plain addresses and domains of an address list.
    Mailboxes(MailboxTable, Run),
    /// Addresses and networks of a host list.
    Nets(NetTable),
}

/// The entries that a table stands for.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Which table an entry can go into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    None,
    Names,
    Mailboxes,
    Nets,
}

impl Compiled {
    /// Compiles a list.
    pub(crate) fn new(text: &[u8], kind: ListKind, taint: &Taint) -> Self {
        let mut caseful = false;
        let mut entries = Vec::new();
        for item in split(text) {
            let entry = Entry::parse(&item.bytes, item.offset, Place { kind, in_file: false, caseful });
            caseful |= matches!(entry.pattern, Pattern::Caseful);
            entries.push(entry);
        }
        Self::of_entries(entries, kind, taint)
    }

    /// Compiles the local parts that an `@@` lookup found: they name no lists and files.
    pub(crate) fn of_chain(text: &[u8], taint: &Taint) -> Self {
        let place = Place { kind: ListKind::LocalPart, in_file: true, caseful: false };
        let entries = split(text).map(|item| Entry::parse(&item.bytes, item.offset, place)).collect();
        Self::of_entries(entries, ListKind::LocalPart, taint)
    }

    /// Compiles the lines of a file.
    pub(crate) fn of_lines(text: &[u8], kind: ListKind) -> Self {
        let place = Place { kind, in_file: true, caseful: false };
        let mut entries = Vec::new();
        let mut offset = 0;
        for line in text.split(|b| *b == b'\n') {
            let item = mail_types::bytes::trim(without_comment(line, kind));
            if !item.is_empty() {
                entries.push(Entry::parse(item, offset, place));
            }
            offset += line.len() + 1;
        }
        Self::of_entries(entries, kind, &Taint::Clean)
    }

    fn of_entries(entries: Vec<Entry>, kind: ListKind, taint: &Taint) -> Self {
        let mut segments = Vec::new();
        let mut at = 0;
        while at < entries.len() {
            let table = table_for(&entries[at], kind);
            let mut end = at + 1;
            if table != Table::None {
                let negated = entries[at].negated;
                while end < entries.len()
                    && entries[end].negated == negated
                    && table_for(&entries[end], kind) == table
                {
                    end += 1;
                }
            }
            segments.push(segment(&entries, table, Run { start: at, end }));
            at = end;
        }
        Self { kind, entries, segments, taint: taint.clone() }
    }

    /// The value of an entry that matched.
    pub(crate) fn value(&self, entry: &Entry) -> Value {
        Value::new(&*entry.text, self.taint.clone())
    }

    /// The sense of the last item: what holds when nothing matched.
    pub(crate) fn ends_negated(&self) -> bool {
        self.entries.last().is_some_and(|entry| entry.negated)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether matching may wait for something outside. The names of named lists that were looked at are in `seen`: each
    /// is looked at once, however often it is named.
    pub(crate) fn may_block(
        &self,
        named: &NamedLists,
        depth: usize,
        seen: &mut HashSet<(ListKind, Box<[u8]>)>,
    ) -> bool {
        self.entries.iter().any(|entry| match &entry.pattern {
            Pattern::Named(name) => {
                depth >= limits::LIST_DEPTH
                    || (seen.insert((self.kind, name.clone()))
                        && named.may_block(self.kind, name, depth + 1, seen))
            }
            Pattern::Mailbox { domain, .. } if matches!(**domain, Pattern::Named(_)) => true,
            // Names of hosts come from the DNS.
            Pattern::Exact(_) | Pattern::Suffix(_) | Pattern::Regex(_) | Pattern::PrimaryHostname => {
                self.kind == ListKind::Host
                    && !matches!(&entry.pattern, Pattern::Suffix(rest) if rest.is_empty())
            }
            pattern => pattern.may_block(),
        })
    }

    /// Whether a match may leave a part of the subject in `$1`. Names of named lists are put into `seen`.
    pub(crate) fn captures(&self, named: &NamedLists, seen: &mut HashSet<Box<[u8]>>) -> bool {
        self.entries.iter().filter(|entry| !entry.negated).any(|entry| match &entry.pattern {
            Pattern::Suffix(_) | Pattern::Regex(_) => true,
            Pattern::Named(name) => {
                seen.len() < limits::LIST_DEPTH
                    && seen.insert(name.clone())
                    && named.captures(self.kind, name, seen)
            }
            _ => false,
        })
    }

    /// What is wrong with the items, as far as that shows before they are used. Exim finds these at run time only.
    pub(crate) fn diagnostics(&self, source: &SourceText, named: &NamedLists) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for entry in &self.entries {
            let span = || source.span_at(entry.offset, entry.text.len());
            let mut wrong = |pattern: &Pattern, kind: ListKind| match pattern {
                Pattern::Wrong(message) => {
                    let text = format!("this list item fails when it is reached: {message}");
                    let mut finding =
                        Diagnostic::warning("list.item.wrong", span(), text).exim(message.to_string());
                    finding.help = entry.meant().map(|meant| format!("did you mean {meant}?"));
                    found.push(finding);
                }
                Pattern::Named(name) if !named.has(kind, name) => {
                    let message = unknown_list(kind, name);
                    let mut finding =
                        Diagnostic::warning("list.named.unknown", span(), message.clone()).exim(message);
                    finding.help = named.nearest(kind, name).map(|meant| format!("there is a list {meant}"));
                    found.push(finding);
                }
                _ => {}
            };
            match &entry.pattern {
                Pattern::Mailbox { domain, .. } => wrong(domain, ListKind::Domain),
                pattern => wrong(pattern, self.kind),
            }
        }
        found
    }
}

/// Exim's text for a named list that does not exist.
pub(crate) fn unknown_list(kind: ListKind, name: &[u8]) -> String {
    format!("unknown named {} list \"+{}\"", kind_word(kind), String::from_utf8_lossy(name))
}

fn kind_word(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Domain => "domain",
        ListKind::Host => "host",
        ListKind::Address => "address",
        ListKind::LocalPart => "local part",
        ListKind::String => "string",
    }
}

fn table_for(entry: &Entry, kind: ListKind) -> Table {
    if entry.caseful {
        return Table::None;
    }
    match (kind, &entry.pattern) {
        (ListKind::Host, Pattern::Net(_)) => Table::Nets,
        (ListKind::Host, _) => Table::None,
        (ListKind::Address, Pattern::AnyMailbox(domain)) if is_plain(domain) => Table::Mailboxes,
        (ListKind::Address, Pattern::Mailbox { other: true, .. }) => Table::None,
        (ListKind::Address, Pattern::Mailbox { local: Local::Exact(_), domain, .. })
            if matches!(**domain, Pattern::Exact(_)) =>
        {
            Table::Mailboxes
        }
        (ListKind::Address, Pattern::Mailbox { local: Local::Suffix(suffix), domain, .. })
            if suffix.is_empty() && is_plain(domain) =>
        {
            Table::Mailboxes
        }
        (ListKind::Address, _) => Table::None,
        (_, pattern) if is_plain(pattern) => Table::Names,
        _ => Table::None,
    }
}

fn is_plain(pattern: &Pattern) -> bool {
    matches!(pattern, Pattern::Exact(_) | Pattern::Suffix(_))
}

fn segment(entries: &[Entry], table: Table, run: Run) -> Segment {
    let range = run.start..run.end;
    match table {
        Table::None => Segment::One(run.start),
        Table::Names => {
            let mut names = NameTable::default();
            for at in range {
                add_name(&mut names, &entries[at].pattern, at as u32);
            }
            Segment::Names(names, run)
        }
        Table::Mailboxes => {
            let mut mailboxes = MailboxTable::default();
            for at in range {
                match &entries[at].pattern {
                    Pattern::Mailbox { local: Local::Exact(local), domain_text, .. } => {
                        mailboxes.add_whole(local, trim_start(domain_text), at as u32);
                    }
                    Pattern::Mailbox { domain, .. } | Pattern::AnyMailbox(domain) => {
                        add_name(mailboxes.domains(), domain, at as u32);
                    }
                    _ => {}
                }
            }
            Segment::Mailboxes(mailboxes, run)
        }
        Table::Nets => {
            let mut nets = NetTable::default();
            for at in range {
                if let Pattern::Net(net) = entries[at].pattern {
                    nets.add(net, at as u32);
                }
            }
            Segment::Nets(nets)
        }
    }
}

fn add_name(names: &mut NameTable, pattern: &Pattern, at: u32) {
    match pattern {
        Pattern::Exact(name) => names.add_exact(name, at),
        Pattern::Suffix(suffix) => names.add_suffix(suffix, at),
        _ => {}
    }
}

/// A line without its comment. Local parts may hold `#`, so there it counts only after white space.
fn without_comment(line: &[u8], kind: ListKind) -> &[u8] {
    let anywhere = matches!(kind, ListKind::Domain | ListKind::Host | ListKind::String);
    let end = memchr::memchr_iter(b'#', line).find(|&at| anywhere || at == 0 || is_space(line[at - 1]));
    &line[..end.unwrap_or(line.len())]
}

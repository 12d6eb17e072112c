//! Looking for a subject in a compiled list.
//!
//! # Invariants
//! * Left to right; the first item that matches decides; when none does, the sense of the last one.
//! * Lists that name lists go as deep as [`limits::LIST_DEPTH`] and no deeper.

use std::sync::Arc;

use expand::lookup::{LookupAnswer, LookupRequest, LookupStyle};
use expand::regex::Regex;
use expand::{Captures, EvalError, Expansion, Variable};
use mail_types::limits;
use mail_types::value::Value;

use super::compile::{Compiled, Run, Segment, unknown_list};
use super::entry::{Entry, HostFlag, LookupItem, Pattern};
use super::host::HostPolicy;
use super::named::Form;
use super::{HostSubject, ListEnv, ListError, ListKind, ListMatch, MatchOptions, NamedLists, Subject};

/// One search, with what it needs of the world.
pub(crate) struct Search<'a> {
    pub(crate) named: &'a NamedLists,
    pub(crate) env: &'a mut dyn ListEnv,
    pub(crate) options: MatchOptions,
    /// The search is part of an address's: it leaves no captures behind.
    pub(crate) inner: bool,
    depth: usize,
    /// How many named lists were looked at.
    visits: usize,
    /// The value of the last item that fitted, where a named list said no by it: it stands unless a later item fits.
    pub(crate) left: Option<Value>,
    /// An item ended the search whatever its sense: its host could not be found out.
    ended: bool,
}

/// What came of one item.
pub(crate) enum Hit {
    /// It does not match.
    Miss,
    /// It matches.
    Match { value: Option<Value>, captures: Vec<Value> },
    /// The search ends here, whatever the sense of the item.
    End(bool),
}

/// The subject, prepared for comparisons.
pub(crate) enum Prepared<'a> {
    Name(Name<'a>),
    Address(Mailbox<'a>),
    Host(HostSubject<'a>),
}

/// A domain, a local part, a string.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    pub(crate) value: &'a Value,
    pub(crate) lower: &'a Value,
}

/// An address.
#[derive(Clone, Copy)]
pub(crate) struct Mailbox<'a> {
    /// As given, but for the domain, which is in lower case.
    pub(crate) value: &'a Value,
    pub(crate) lower: &'a Value,
    /// Where the last `@` is.
    pub(crate) at: Option<usize>,
}

/// How far a scan came: what holds when nothing matches.
struct Ending {
    negated: bool,
}

/// Looks for a subject.
pub(crate) fn find(
    list: &Compiled,
    subject: Subject<'_>,
    options: MatchOptions,
    named: &NamedLists,
    env: &mut dyn ListEnv,
) -> Result<ListMatch, ListError> {
    Search { named, env, options, inner: false, depth: 0, visits: 0, left: None, ended: false }
        .subject(list, subject)
}

impl Search<'_> {
    /// Prepares the subject and scans.
    pub(crate) fn subject(&mut self, list: &Compiled, subject: Subject<'_>) -> Result<ListMatch, ListError> {
        match subject {
            Subject::Host(host) => self.scan(list, &Prepared::Host(host)),
            Subject::Text(text) => self.subject(list, Subject::Value(&Value::tainted(text))),
            Subject::Value(value) if list.kind == ListKind::Address => {
                let at = memchr::memrchr(b'@', value.bytes());
                let mut bytes = value.bytes().to_vec();
                bytes[at.unwrap_or(0)..].make_ascii_lowercase();
                let value = Value::new(bytes, value.taint().clone());
                let lower = lower_case(&value);
                self.scan(list, &Prepared::Address(Mailbox { value: &value, lower: &lower, at }))
            }
            Subject::Value(value) => {
                let lower = lower_case(value);
                self.scan(list, &Prepared::Name(Name { value, lower: &lower }))
            }
        }
    }

    pub(crate) fn scan(&mut self, list: &Compiled, subject: &Prepared<'_>) -> Result<ListMatch, ListError> {
        let mut ending = Ending { negated: list.ends_negated() };
        let mut policy = HostPolicy::default();
        for segment in &list.segments {
            let found = match segment {
                Segment::One(at) => self.one(list, &list.entries[*at], subject, &mut policy, &mut ending)?,
                segment => self.run(list, segment, subject)?,
            };
            if let Some(found) = found {
                return Ok(found);
            }
        }
        Ok(ListMatch { matched: ending.negated, value: self.left.take(), ..ListMatch::default() })
    }

    /// A run of plain items: asked of its table, or one by one where letters matter.
    fn run(
        &mut self,
        list: &Compiled,
        segment: &Segment,
        subject: &Prepared<'_>,
    ) -> Result<Option<ListMatch>, ListError> {
        self.compared(list.kind);
        let hit = match (segment, subject) {
            (Segment::Names(_, run), Prepared::Name(_)) if self.caseful(list.kind) => {
                return self.one_by_one(list, run, subject);
            }
            (Segment::Names(table, _), Prepared::Name(name)) => table.find(name.lower.bytes()),
            (Segment::Mailboxes(_, run), Prepared::Address(_)) if self.caseful(list.kind) => {
                return self.one_by_one(list, run, subject);
            }
            (Segment::Mailboxes(table, _), Prepared::Address(mailbox)) => {
                mailbox.at.and_then(|at| table.find(mailbox.lower.bytes(), &mailbox.lower.bytes()[at + 1..]))
            }
            (Segment::Nets(table), Prepared::Host(host)) => {
                host.address.and_then(|address| table.find(address.to_canonical()))
            }
            _ => None,
        };
        let Some(entry) = hit.map(|at| &list.entries[at as usize]) else {
            return Ok(None);
        };
        // The table says which item; the item says what it captured.
        let hit = match subject {
            Prepared::Host(_) => Hit::Match { value: None, captures: Vec::new() },
            _ => self.entry(list, entry, subject)?,
        };
        Ok(self.found(list, entry, hit))
    }

    fn one_by_one(
        &mut self,
        list: &Compiled,
        run: &Run,
        subject: &Prepared<'_>,
    ) -> Result<Option<ListMatch>, ListError> {
        for entry in &list.entries[run.start..run.end] {
            let hit = self.entry(list, entry, subject)?;
            if let Some(found) = self.found(list, entry, hit) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn one(
        &mut self,
        list: &Compiled,
        entry: &Entry,
        subject: &Prepared<'_>,
        policy: &mut HostPolicy,
        ending: &mut Ending,
    ) -> Result<Option<ListMatch>, ListError> {
        let hit = match &entry.pattern {
            Pattern::Caseful => Hit::Miss,
            Pattern::HostFlag(flag) => {
                policy.set(*flag);
                Hit::Miss
            }
            Pattern::Wrong(message) => return Err(ListError::wrong(&**message)),
            Pattern::File(path) => return self.file(list, entry, path, subject, ending),
            Pattern::Named(name) => self.named_list(list.kind, name, subject)?,
            _ => {
                self.compared(list.kind);
                match subject {
                    Prepared::Host(host) => self.host(list, entry, *host, *policy)?,
                    _ => self.entry(list, entry, subject)?,
                }
            }
        };
        Ok(self.found(list, entry, hit))
    }

    /// Each line of a file is an item; the file's exclamation mark turns the sense of every one.
    fn file(
        &mut self,
        list: &Compiled,
        entry: &Entry,
        path: &[u8],
        subject: &Prepared<'_>,
        ending: &mut Ending,
    ) -> Result<Option<ListMatch>, ListError> {
        let path = Value::new(path, list.taint.clone());
        let lines = super::files::read(&path, list.kind, self.named, self.env)?;
        let last = list.entries.last().is_some_and(|last| last.offset == entry.offset);
        let mut policy = HostPolicy::default();
        let mut inner = Ending { negated: false };
        for line in &lines.entries {
            let hit = self.one(&lines, line, subject, &mut policy, &mut inner)?;
            if let Some(mut found) = hit {
                // What is not known is not turned round.
                found.matched ^= entry.negated && !self.ended;
                if found.matched && found.value.is_none() && list.kind == ListKind::Host {
                    found.value = Some(lines.value(line));
                }
                found.item = Some(entry.offset);
                return Ok(Some(found));
            }
        }
        if last && !lines.is_empty() {
            ending.negated = lines.ends_negated() ^ entry.negated;
        }
        Ok(None)
    }

    pub(crate) fn named_list(
        &mut self,
        kind: ListKind,
        name: &[u8],
        subject: &Prepared<'_>,
    ) -> Result<Hit, ListError> {
        let Some(form) = self.named.form(kind, name) else {
            return Err(ListError::wrong(unknown_list(kind, name)));
        };
        if self.depth >= limits::LIST_DEPTH {
            let name = String::from_utf8_lossy(name);
            return Err(ListError::wrong(format!("named lists are nested too deeply at \"+{name}\"")));
        }
        self.visits += 1;
        if self.visits > limits::LIST_VISITS {
            return Err(ListError::wrong("named lists name each other too often".to_owned()));
        }
        self.depth += 1;
        let compiled = match form {
            Form::Constant(compiled) => Some(compiled),
            Form::Expanded(expansion) => match self.expanded(kind, &expansion, subject) {
                Ok(text) => Some(self.compiled(&text, kind)),
                Err(error) if error.is_forced() => None,
                Err(error) => return Err(ListError::expansion(expansion.source(), &error)),
            },
        };
        let found = match compiled {
            Some(compiled) => self.scan(&compiled, subject)?,
            None => ListMatch::default(),
        };
        self.depth -= 1;
        if found.matched {
            // A list that matched by the sense of its last item tells nothing; its own name is no value.
            let value = if kind == ListKind::Host {
                found.value
            } else {
                found.value.or_else(|| Some(Value::empty()))
            };
            return Ok(Hit::Match { value, captures: found.captures });
        }
        self.left = found.value;
        Ok(Hit::Miss)
    }

    /// Expands a named list; where there is no other `$domain`, a domain list sees its subject in it.
    fn expanded(
        &mut self,
        kind: ListKind,
        expansion: &Expansion,
        subject: &Prepared<'_>,
    ) -> Result<Value, EvalError> {
        let (ListKind::Domain, Prepared::Name(name)) = (kind, subject) else {
            return expansion.eval(self.env);
        };
        let outer = self.env.scope().list_domain.replace(name.lower.clone());
        let text = expansion.eval(self.env);
        self.env.scope().list_domain = outer;
        text
    }

    /// A list whose text was born just now.
    pub(crate) fn compiled(&self, text: &Value, kind: ListKind) -> Arc<Compiled> {
        self.named.cache().compile(text, kind)
    }

    /// An item against a subject that is not a host.
    fn entry(&mut self, list: &Compiled, entry: &Entry, subject: &Prepared<'_>) -> Result<Hit, ListError> {
        let caseful = entry.caseful || self.caseful(list.kind);
        match subject {
            Prepared::Name(name) => self.name(list, &entry.pattern, *name, caseful),
            Prepared::Address(mailbox) => self.mailbox(list, entry, *mailbox, caseful),
            Prepared::Host(host) => self.host(list, entry, *host, HostPolicy::default()),
        }
    }

    /// A pattern for names.
    pub(crate) fn name(
        &mut self,
        list: &Compiled,
        pattern: &Pattern,
        name: Name<'_>,
        caseful: bool,
    ) -> Result<Hit, ListError> {
        let subject = if caseful { name.value } else { name.lower };
        let bytes = subject.bytes();
        Ok(match pattern {
            Pattern::Empty if bytes.is_empty() => matched(vec![subject.clone()]),
            Pattern::Exact(text) if same(bytes, text, caseful) => matched(vec![subject.clone()]),
            Pattern::Suffix(text) => match suffix(bytes, text, caseful) {
                Some(wild) => matched(vec![subject.clone(), part(subject, wild)]),
                None => Hit::Miss,
            },
            Pattern::Regex(regexes) => {
                let regex = if caseful {
                    regexes.caseful.as_ref().unwrap_or(&regexes.caseless)
                } else {
                    &regexes.caseless
                };
                // The pattern says whether letters matter, so it sees them as they came.
                regex_hit(regex, name.value)?
            }
            Pattern::PrimaryHostname => {
                let primary = self.primary_hostname()?;
                if primary.bytes().eq_ignore_ascii_case(bytes) {
                    Hit::Match { value: Some(primary), captures: vec![subject.clone()] }
                } else {
                    Hit::Miss
                }
            }
            Pattern::LocalAddress => self.address_literal(bytes),
            Pattern::Mx(mx) => self.mx(mx, bytes)?,
            Pattern::Lookup(item) => self.lookup(list, item, subject)?,
            Pattern::Wrong(message) => return Err(ListError::wrong(&**message)),
            _ => Hit::Miss,
        })
    }

    /// A lookup with the subject as the key.
    pub(crate) fn lookup(
        &mut self,
        list: &Compiled,
        item: &LookupItem,
        key: &Value,
    ) -> Result<Hit, ListError> {
        let data = Value::new(&*item.data, list.taint.clone());
        let request = match item.spec.style {
            LookupStyle::SingleKey => LookupRequest { spec: &item.spec, key: key.clone(), file: Some(data) },
            LookupStyle::Query => LookupRequest { spec: &item.spec, key: data, file: None },
        };
        Ok(match self.env.lookup(&request)? {
            LookupAnswer::Found { data, captures } => {
                let mut all = vec![key.clone()];
                if let Some(parts) = captures {
                    let (wild, fixed) = *parts;
                    all.extend([wild, fixed]);
                }
                Hit::Match { value: Some(data), captures: all }
            }
            LookupAnswer::NotFound => Hit::Miss,
        })
    }

    pub(crate) fn primary_hostname(&mut self) -> Result<Value, ListError> {
        Ok(self.env.variable(Variable::PrimaryHostname)?.unwrap_or_default())
    }

    /// A domain or local part that is held against an item ends what `$1` was before, whether it fits or not.
    fn compared(&mut self, kind: ListKind) {
        if matches!(kind, ListKind::Domain | ListKind::LocalPart) && !self.inner {
            self.forget_captures();
        }
    }

    pub(crate) fn forget_captures(&mut self) {
        self.env.scope().captures = Captures::default();
    }

    fn caseful(&self, kind: ListKind) -> bool {
        self.options.caseful && matches!(kind, ListKind::LocalPart | ListKind::Address)
    }

    /// Turns what an item said into what the list says.
    fn found(&mut self, list: &Compiled, entry: &Entry, hit: Hit) -> Option<ListMatch> {
        let item = Some(entry.offset);
        let (value, captures) = match hit {
            Hit::Miss => return None,
            Hit::End(matched) => {
                self.ended = true;
                return Some(ListMatch { matched, item, ..ListMatch::default() });
            }
            Hit::Match { value, captures } => (value, captures),
        };
        let value = match (value, list.kind) {
            (Some(value), _) => Some(value),
            // A host list tells nothing but a lookup's data.
            (None, ListKind::Host) => None,
            (None, _) => Some(list.value(entry)),
        };
        if matches!(list.kind, ListKind::Domain | ListKind::LocalPart) && !self.inner && !captures.is_empty()
        {
            self.env.scope().captures = Captures::new(captures.clone());
        }
        Some(ListMatch { matched: !entry.negated, value, item, captures })
    }
}

impl HostPolicy {
    fn set(&mut self, flag: HostFlag) {
        match flag {
            HostFlag::IncludeUnknown => self.unknown = Some(true),
            HostFlag::IgnoreUnknown => self.unknown = Some(false),
            HostFlag::IncludeDefer => self.defer = Some(true),
            HostFlag::IgnoreDefer => self.defer = Some(false),
        }
    }
}

fn matched(captures: Vec<Value>) -> Hit {
    Hit::Match { value: None, captures }
}

pub(crate) fn lower_case(value: &Value) -> Value {
    if value.bytes().iter().any(u8::is_ascii_uppercase) {
        Value::new(value.bytes().to_ascii_lowercase(), value.taint().clone())
    } else {
        value.clone()
    }
}

/// A part of a value, from its start, with its taint.
pub(crate) fn part(of: &Value, length: usize) -> Value {
    Value::new(&of.bytes()[..length], of.taint().clone())
}

pub(crate) fn same(a: &[u8], b: &[u8], caseful: bool) -> bool {
    if caseful { a == b } else { a.eq_ignore_ascii_case(b) }
}

/// How long the part before a suffix is.
pub(crate) fn suffix(text: &[u8], suffix: &[u8], caseful: bool) -> Option<usize> {
    let wild = text.len().checked_sub(suffix.len())?;
    same(&text[wild..], suffix, caseful).then_some(wild)
}

/// `$0` of a list's regular expression is the whole subject, whatever part of it fitted.
pub(crate) fn regex_hit(regex: &Regex, subject: &Value) -> Result<Hit, ListError> {
    let found = regex.captures_at(subject.bytes(), 0).map_err(|error| {
        let pattern = String::from_utf8_lossy(regex.pattern());
        ListError::defer(format!("regular expression \"{pattern}\" could not be matched: {}", error.message))
    })?;
    Ok(match found {
        None => Hit::Miss,
        Some(groups) => {
            matched(
                std::iter::once(subject.clone())
                    .chain((1..groups.count()).map(|group| {
                        Value::new(groups.text(subject.bytes(), group), subject.taint().clone())
                    }))
                    .collect(),
            )
        }
    })
}

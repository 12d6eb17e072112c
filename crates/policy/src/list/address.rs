//! Items of address lists.
//!
//! # Invariants
//! * The empty address matches only what the specification lists: the empty item, regular expressions, lookups.
//! * A chain of `@@` lookups is at most [`CHAIN`] long.
//!
//! # Compatibility
//! Specification, section "Address lists". The value of a match is the pattern with the domain's own value in it
//! (`*@` and a lookup's data).

use mail_types::bytes::trim;
use mail_types::value::Value;

use super::ListKind;
use super::compile::Compiled;
use super::entry::{Entry, Local, LookupItem, Pattern};
use super::run::{Hit, Mailbox, Name, Prepared, Search, part, regex_hit, same, suffix};
use super::{ListError, Subject};

/// Longest chain of `>key` references, Exim's own number.
const CHAIN: usize = 50;

impl Search<'_> {
    /// An item against an address.
    pub(crate) fn mailbox(
        &mut self,
        list: &Compiled,
        entry: &Entry,
        subject: Mailbox<'_>,
        caseful: bool,
    ) -> Result<Hit, ListError> {
        let address = if caseful { subject.value } else { subject.lower };
        if subject.at.is_none() && !address.is_empty() && !matches!(entry.pattern, Pattern::Wrong(_)) {
            // What is no address matches nothing, whatever a regular expression or a lookup may say.
            return Ok(Hit::Miss);
        }
        match &entry.pattern {
            Pattern::Empty => {
                return Ok(if address.is_empty() {
                    Hit::Match { value: None, captures: vec![address.clone()] }
                } else {
                    Hit::Miss
                });
            }
            Pattern::Regex(regexes) => {
                self.forget_captures();
                let regex = if caseful {
                    regexes.caseful.as_ref().unwrap_or(&regexes.caseless)
                } else {
                    &regexes.caseless
                };
                return Ok(match regex_hit(regex, address)? {
                    // The value of a regular expression is nothing in address lists.
                    Hit::Match { captures, .. } => Hit::Match { value: Some(Value::empty()), captures },
                    other => other,
                });
            }
            Pattern::Lookup(item) => {
                self.forget_captures();
                return self.lookup(list, item, address);
            }
            Pattern::Wrong(message) => return Err(ListError::wrong(&**message)),
            _ => {}
        }
        let Some(at) = subject.at else {
            return Ok(Hit::Miss);
        };
        let domain = Value::new(&subject.lower.bytes()[at + 1..], address.taint().clone());
        match &entry.pattern {
            Pattern::ByDomain(item) => {
                self.by_domain(list, (item, &entry.text), &part(address, at), &domain, caseful)
            }
            Pattern::AnyMailbox(pattern) => {
                self.forget_captures();
                let hit = self.name(list, pattern, Name { value: &domain, lower: &domain }, caseful)?;
                Ok(with_value(list, hit, address, b"", &entry.text, Vec::new()))
            }
            Pattern::Mailbox { local, other, domain: pattern, domain_text } => {
                let Some(captures) = local_part(local, address, at, caseful) else {
                    return Ok(Hit::Miss);
                };
                // The domain is held against the item.
                self.forget_captures();
                let hit = match (self.mailbox_domain(list, pattern, &domain, caseful)?, other) {
                    (Hit::Miss, true) => Hit::Match { value: None, captures: Vec::new() },
                    (Hit::Match { .. }, true) => Hit::Miss,
                    // `local@` without anything is no domain at all, not even the empty one.
                    (_, false) if domain_text.is_empty() => Hit::Miss,
                    (hit, _) => hit,
                };
                let local = &entry.text[..entry.text.len() - domain_text.len() - 1];
                Ok(with_value(list, hit, address, local, domain_text, captures))
            }
            _ => Ok(Hit::Miss),
        }
    }

    fn mailbox_domain(
        &mut self,
        list: &Compiled,
        pattern: &Pattern,
        domain: &Value,
        caseful: bool,
    ) -> Result<Hit, ListError> {
        let name = Name { value: domain, lower: domain };
        let inner = std::mem::replace(&mut self.inner, true);
        let hit = match pattern {
            Pattern::Named(named) => self.named_list(ListKind::Domain, named, &Prepared::Name(name)),
            Pattern::File(path) => self.domain_file(list, path, name),
            pattern => self.name(list, pattern, name, caseful),
        };
        self.inner = inner;
        hit
    }

    /// `local@/file`: the domains stand in a file.
    fn domain_file(&mut self, list: &Compiled, path: &[u8], domain: Name<'_>) -> Result<Hit, ListError> {
        let path = Value::new(path, list.taint.clone());
        let lines = super::files::read(&path, ListKind::Domain, self.named, self.env)?;
        let found = self.scan(&lines, &Prepared::Name(domain))?;
        Ok(if found.matched {
            Hit::Match { value: found.value, captures: found.captures }
        } else {
            Hit::Miss
        })
    }

    /// `@@lookup`: the domain's data is a list of local parts, whose last item may send on to another key.
    fn by_domain(
        &mut self,
        list: &Compiled,
        (item, text): (&LookupItem, &[u8]),
        local_part: &Value,
        domain: &Value,
        caseful: bool,
    ) -> Result<Hit, ListError> {
        let mut key = domain.clone();
        for _ in 0..CHAIN {
            let Hit::Match { value: Some(data), .. } = self.lookup(list, item, &key)? else {
                return Ok(Hit::Miss);
            };
            let (items, next) = split_chain(&data);
            let locals = self.named.cache().compile_chain(&items);
            let (options, inner) = (self.options, self.inner);
            self.options.caseful |= caseful;
            self.inner = true;
            let found = self.subject(&locals, Subject::Value(local_part));
            (self.options, self.inner) = (options, inner);
            let found = found?;
            // The sense of the last item says nothing about those that none of them fits.
            if found.item.is_none() {
                let Some(next) = next else { return Ok(Hit::Miss) };
                key = next;
                continue;
            }
            if found.matched {
                return Ok(Hit::Match { value: found.value, captures: Vec::new() });
            }
            self.left = found.value;
            return Ok(Hit::Miss);
        }
        Err(ListError::wrong(format!(
            "Loop detected in lookup of local part of {}@{} in {}",
            local_part.to_lossy(),
            domain.to_lossy(),
            String::from_utf8_lossy(text)
        )))
    }
}

/// The local part of a `local@domain` item; the captures of a match: the whole address and what `*` stood for.
fn local_part(local: &Local, address: &Value, at: usize, caseful: bool) -> Option<Vec<Value>> {
    let subject = &address.bytes()[..at];
    match local {
        Local::Exact(text) => same(subject, text, caseful).then(Vec::new),
        Local::Suffix(text) => suffix(subject, text, caseful).map(|wild| vec![part(address, wild)]),
    }
}

/// Builds the value and the captures of an address from those of its domain.
fn with_value(
    list: &Compiled,
    hit: Hit,
    address: &Value,
    local: &[u8],
    domain_text: &[u8],
    wild: Vec<Value>,
) -> Hit {
    let Hit::Match { value, captures } = hit else {
        return hit;
    };
    let mut whole = Value::new(local, list.taint.clone());
    whole.push_bytes(b"@");
    match value {
        Some(domain) => whole.push_value(&domain),
        None => whole.push_bytes(domain_text),
    }
    let mut all = vec![address.clone()];
    all.extend(wild);
    all.extend(captures.into_iter().skip(1));
    Hit::Match { value: Some(whole), captures: all }
}

/// Splits a final `>key` off the data of an `@@` lookup.
fn split_chain(data: &Value) -> (Value, Option<Value>) {
    // Whatever the separator of the list is, Exim looks behind the last colon.
    let last = memchr::memrchr(b':', data.bytes()).map_or(0, |colon| colon + 1);
    let Some(key) = trim(&data.bytes()[last..]).strip_prefix(b">") else {
        return (data.clone(), None);
    };
    (part(data, last), Some(Value::new(trim(key), data.taint().clone())))
}

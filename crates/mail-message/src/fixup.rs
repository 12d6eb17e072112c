//! What Exim does to the header of a message it receives.
//!
//! [`fix_up`] removes the fields that only a final delivery may add and, for messages that are ours to repair
//! (from a local process, or in submission mode), completes Message-ID, From, Sender and Date. The caller adds the
//! Received line in front and qualifies addresses ([`crate::address_field::qualify`]) afterwards.
//!
//! # Invariants
//! * Nothing is thrown away: a removed field stays in the list as [`HeaderType::Old`].
//! * A message from elsewhere loses at most the three fields that options name.
//!
//! # Security
//! The header is hostile, the caller's login and name are not ours either: what is written is one line each.
//!
//! # Compatibility
//! Specification, chapter "Message processing". The order in which fields are added was observed with Exim 4.96.

use mail_types::address::{Address, ParseOptions, addresses_of_header};

use crate::header::{HeaderLine, HeaderType};
use crate::phrase::fix_phrase;

/// Where a message came from, as far as fix-ups care.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin<'a> {
    /// Over TCP, not in submission mode.
    Remote,
    /// By a local process (`-bm`, `-t`, `-bs`).
    Local(LocalCaller<'a>),
    /// Over TCP with `control = submission`.
    Submission(Submission<'a>),
}

/// Who called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LocalCaller<'a> {
    /// The login name.
    pub login: &'a [u8],
    /// The full name (from the password file, or `-F`); may be empty.
    pub name: &'a [u8],
    /// The message is the caller's own; a trusted caller who names a sender passes on somebody else's.
    pub own: bool,
    /// A trusted user.
    pub trusted: bool,
    /// The message came by `-bs`: a From that is only the login name is left alone.
    pub smtp: bool,
}

/// What `control = submission` said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Submission<'a> {
    /// `$authenticated_id`; empty when there is none.
    pub authenticated_id: &'a [u8],
    /// `domain=`; `Some(b"")` when it was given empty.
    pub domain: Option<&'a [u8]>,
    /// `name=`; may be empty.
    pub name: &'a [u8],
    /// `sender_retain`.
    pub sender_retain: bool,
}

/// The options that steer fix-ups, and the texts they need.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// `return_path_remove`.
    pub return_path_remove: bool,
    /// `delivery_date_remove`.
    pub delivery_date_remove: bool,
    /// `envelope_to_remove`.
    pub envelope_to_remove: bool,
    /// `local_from_check`.
    pub local_from_check: bool,
    /// `local_from_prefix`.
    pub local_from_prefix: Option<&'a [u8]>,
    /// `local_from_suffix`.
    pub local_from_suffix: Option<&'a [u8]>,
    /// `local_sender_retain`.
    pub local_sender_retain: bool,
    /// `control = suppress_local_fixups`.
    pub suppress_local_fixups: bool,
    /// `-t`: Bcc goes.
    pub extract_recipients: bool,
    /// `qualify_domain`.
    pub qualify_domain: &'a [u8],
    /// What a new Message-ID has between its angle brackets.
    pub message_id: &'a [u8],
    /// The current time in RFC 5322 form.
    pub date: &'a [u8],
    /// How addresses are read.
    pub parse: ParseOptions,
}

/// What [`fix_up`] found and decided.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FixedUp {
    /// The envelope sender that a created Sender line brings with it (submission mode).
    pub new_sender: Option<Vec<u8>>,
    /// There are Resent- fields.
    pub resent: bool,
}

/// Repairs a header. `sender` is the envelope's; empty for a bounce.
pub fn fix_up(
    headers: &mut Vec<HeaderLine>,
    origin: Origin<'_>,
    sender: &[u8],
    settings: &Settings<'_>,
) -> FixedUp {
    let resent = is_resent(headers);
    let prefix: &[u8] = if resent { b"Resent-" } else { b"" };
    remove_final_fields(headers, settings);
    let ours = !settings.suppress_local_fixups && origin != Origin::Remote;
    if settings.extract_recipients {
        let name: &[u8] = if resent { b"Resent-Bcc" } else { b"Bcc" };
        retire(headers, |line| has_name(line, name));
    }
    let mut fixed = FixedUp { new_sender: None, resent };
    if !ours {
        return fixed;
    }
    if drops_sender(origin, settings) {
        retire(headers, |line| has_name(line, &[prefix, b"Sender"].concat()));
    }
    if let Origin::Local(caller) = origin
        && !caller.smtp
    {
        complete_login_only(headers, caller, prefix, settings);
    }
    if !headers.iter().any(|l| l.kind != HeaderType::Old && has_name(l, &[prefix, b"Message-Id"].concat())) {
        let text = [prefix, b"Message-Id: <", settings.message_id, b">"].concat();
        add(headers, HeaderType::MessageId, text, resent);
    }
    add_from(headers, origin, sender, prefix, settings);
    fixed.new_sender = add_sender(headers, origin, prefix, settings);
    if !headers.iter().any(|l| has_name(l, &[prefix, b"Date"].concat())) {
        add(headers, HeaderType::Other, [prefix, b"Date: ", settings.date].concat(), resent);
    }
    fixed
}

/// Whether the header holds any of the Resent- fields that RFC 5322 names.
pub fn is_resent(headers: &[HeaderLine]) -> bool {
    const NAMES: [&[u8]; 7] = [
        b"Resent-Date",
        b"Resent-From",
        b"Resent-Sender",
        b"Resent-To",
        b"Resent-Cc",
        b"Resent-Bcc",
        b"Resent-Message-Id",
    ];
    headers.iter().any(|line| NAMES.iter().any(|name| has_name(line, name)))
}

/// The Message-ID that log lines show: of the Resent- field when there is one; without blanks around it.
pub fn logged_message_id(headers: &[HeaderLine]) -> Option<&[u8]> {
    let of = |name: &[u8]| {
        let line = headers.iter().find(|l| l.kind == HeaderType::MessageId && has_name(l, name))?;
        Some(line.body().trim_ascii())
    };
    of(b"Resent-Message-Id").or_else(|| of(b"Message-Id"))
}

fn has_name(line: &HeaderLine, name: &[u8]) -> bool {
    line.name().eq_ignore_ascii_case(name)
}

fn retire(headers: &mut [HeaderLine], which: impl Fn(&HeaderLine) -> bool) {
    for line in headers.iter_mut().filter(|l| which(l)) {
        line.kind = HeaderType::Old;
    }
}

/// Adds a field: at the end, or in front of all when it is one of the Resent- set.
fn add(headers: &mut Vec<HeaderLine>, kind: HeaderType, mut text: Vec<u8>, in_front: bool) {
    for byte in &mut text {
        if matches!(*byte, b'\n' | b'\r' | 0) {
            *byte = b' ';
        }
    }
    text.push(b'\n');
    let line = HeaderLine { kind, text };
    if in_front { headers.insert(0, line) } else { headers.push(line) }
}

fn remove_final_fields(headers: &mut [HeaderLine], settings: &Settings<'_>) {
    for (remove, name) in [
        (settings.return_path_remove, &b"Return-path"[..]),
        (settings.delivery_date_remove, b"Delivery-date"),
        (settings.envelope_to_remove, b"Envelope-to"),
    ] {
        if remove {
            retire(headers, |line| has_name(line, name));
        }
    }
}

fn drops_sender(origin: Origin<'_>, settings: &Settings<'_>) -> bool {
    match origin {
        Origin::Remote => false,
        Origin::Local(caller) => !caller.trusted && !settings.local_sender_retain,
        Origin::Submission(submission) => !submission.sender_retain,
    }
}

/// Sendmail's habit: a From that is nothing but the caller's login name gets the full name and the domain.
fn complete_login_only(
    headers: &mut Vec<HeaderLine>,
    caller: LocalCaller<'_>,
    prefix: &[u8],
    settings: &Settings<'_>,
) {
    let name = [prefix, b"From"].concat();
    let is_bare = |line: &HeaderLine| {
        line.kind == HeaderType::From
            && has_name(line, &name)
            && line.body().trim_ascii().eq_ignore_ascii_case(caller.login)
    };
    if headers.iter().any(is_bare) {
        retire(headers, is_bare);
        let address = Address::new(caller.login, settings.qualify_domain).to_bytes();
        add(headers, HeaderType::From, named(&name, caller.name, &address), false);
    }
}

fn named(field: &[u8], name: &[u8], address: &[u8]) -> Vec<u8> {
    if name.is_empty() {
        return [field, b": ", address].concat();
    }
    [field, b": ", fix_phrase(name).as_slice(), b" <", address, b">"].concat()
}

/// The address that an authenticated submitter stands for.
fn submitter(submission: Submission<'_>, settings: &Settings<'_>) -> Option<Vec<u8>> {
    let id = submission.authenticated_id;
    if id.is_empty() {
        return None;
    }
    Some(match submission.domain {
        None => Address::new(id, settings.qualify_domain).to_bytes(),
        Some(b"") => id.to_vec(),
        Some(domain) => Address::new(id, domain).to_bytes(),
    })
}

fn add_from(
    headers: &mut Vec<HeaderLine>,
    origin: Origin<'_>,
    sender: &[u8],
    prefix: &[u8],
    settings: &Settings<'_>,
) {
    let field = [prefix, b"From"].concat();
    if headers.iter().any(|l| l.kind == HeaderType::From && has_name(l, &field)) {
        return;
    }
    let text = match origin {
        Origin::Remote => return,
        Origin::Local(caller) => {
            let own = Address::new(caller.login, settings.qualify_domain).to_bytes();
            let address = match sender {
                b"" if !caller.own => return,
                b"" => own.as_slice(),
                given => given,
            };
            named(&field, caller.name, address)
        }
        Origin::Submission(submission) => {
            let found =
                if sender.is_empty() { submitter(submission, settings) } else { Some(sender.to_vec()) };
            let Some(address) = found else { return };
            named(&field, submission.name, &address)
        }
    };
    add(headers, HeaderType::From, text, false);
}

/// Adds Sender when From does not show who really sent it; gives the sender that goes with it.
fn add_sender(
    headers: &mut Vec<HeaderLine>,
    origin: Origin<'_>,
    prefix: &[u8],
    settings: &Settings<'_>,
) -> Option<Vec<u8>> {
    let (address, name, submission) = match origin {
        Origin::Local(caller) if !caller.trusted && settings.local_from_check => {
            (Address::new(caller.login, settings.qualify_domain).to_bytes(), caller.name, false)
        }
        Origin::Submission(submission) if !submission.sender_retain => {
            (submitter(submission, settings)?, submission.name, true)
        }
        _ => return None,
    };
    let from = [prefix, b"From"].concat();
    let shown = headers.iter().find(|l| l.kind == HeaderType::From && has_name(l, &from));
    let new_sender = submission.then(|| address.clone());
    if shown.is_some_and(|line| shows(line, &address, settings)) {
        return new_sender;
    }
    add(headers, HeaderType::Sender, named(&[prefix, b"Sender"].concat(), name, &address), false);
    new_sender
}

/// Whether a From line holds exactly the address, prefix and suffix of its local part aside.
fn shows(line: &HeaderLine, address: &[u8], settings: &Settings<'_>) -> bool {
    let found = addresses_of_header(line.body(), settings.parse);
    let [only] = found.as_slice() else { return false };
    let Ok(shown) = &only.address else { return false };
    let wanted = Address::split(address);
    let domain = if shown.domain.is_empty() { settings.qualify_domain } else { shown.domain.as_slice() };
    if !domain.eq_ignore_ascii_case(&wanted.domain) {
        return false;
    }
    let mut local = shown.local_part.as_slice();
    if local == wanted.local_part {
        return true;
    }
    if let Some(prefix) = settings.local_from_prefix {
        local = strip_affix(local, prefix, true).unwrap_or(local);
    }
    if let Some(suffix) = settings.local_from_suffix {
        local = strip_affix(local, suffix, false).unwrap_or(local);
    }
    local == wanted.local_part
}

/// Takes a prefix (or suffix) off; a `*` at its outer end stands for any text.
fn strip_affix<'a>(local: &'a [u8], affix: &[u8], at_start: bool) -> Option<&'a [u8]> {
    if at_start {
        let Some(rest) = affix.strip_prefix(b"*") else { return local.strip_prefix(affix) };
        let at = memchr::memmem::find(local, rest)?;
        return Some(&local[at + rest.len()..]);
    }
    let Some(rest) = affix.strip_suffix(b"*") else { return local.strip_suffix(affix) };
    memchr::memmem::rfind(local, rest).map(|at| &local[..at])
}

#[cfg(test)]
mod tests;

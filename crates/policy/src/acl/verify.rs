//! `verify`: the tests, where each is permitted, and their options.
//!
//! # Compatibility
//! Specification, sections "ACL conditions" and "Address verification"; the texts are those of Exim's own messages.
//! Callouts are read and refused when they are reached: until there are callouts, such a condition defers.

use mail_types::manual::Entry;
use mail_types::value::Value;

use super::AclPlace::{self, *};
use super::Places;
use super::parse::lossy;
use mail_types::interval;

/// One test of `verify`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verify {
    /// `arc`, with the states of a chain that will do.
    Arc(Value),
    /// `sender`; with `sender=` the address.
    Sender(Option<Value>, VerifyOptions),
    /// `recipient`.
    Recipient(VerifyOptions),
    /// `header_sender`.
    HeaderSender(VerifyOptions),
    /// `header_syntax`.
    HeaderSyntax,
    /// `header_names_ascii`.
    HeaderNamesAscii,
    /// `not_blind`.
    NotBlind { case_insensitive: bool },
    /// `helo`.
    Helo,
    /// `reverse_host_lookup`.
    ReverseHostLookup { defer_ok: bool },
    /// `certificate`.
    Certificate,
    /// `csa`: of this name, or of the client's.
    Csa(Option<Value>),
}

/// Options of `verify = sender`, `recipient` and `header_sender`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// `/defer_ok`.
    pub defer_ok: bool,
    /// `/no_details`.
    pub no_details: bool,
    /// `/success_on_redirect`.
    pub success_on_redirect: bool,
}

/// What is wrong with a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VerifyError {
    /// Exim's text.
    Wrong(String),
    /// It is Exim's, and not there yet.
    NotYet(String),
    /// It asks for a callout.
    Callout(String),
}

impl VerifyError {
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Wrong(text) | Self::NotYet(text) | Self::Callout(text) => text,
        }
    }
}

/// How the options of a test are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// One item: a list of words.
    Words,
    Nothing,
    Address,
    NotBlind,
    ReverseHostLookup,
}

struct Row {
    /// What the manual says.
    entry: Entry,
    name: &'static str,
    reads: Reads,
    places: Places,
}

const MESSAGE_AT_HAND: Places = Places::of(&[Data, NotSmtp, Mime, Dkim, NotSmtpMime, Prdr, Quit, NotQuit]);
const SENDER_KNOWN: Places = Places::of(&[Mail, Rcpt, Predata, Mime, NotSmtp, Data, Prdr, NotSmtpMime, Dkim]);

/// The table of tests: what the manual says about each, how its options are read, and where it may be used.
macro_rules! tests {
    ($( #[doc = $doc:literal] $(#[doc = $example:literal])+ $name:literal => $reads:expr, $places:expr; )*) => {
        static TABLE: &[Row] = &[ $( Row {
            entry: Entry { name: $name, doc: $doc, examples: &[$($example),+] },
            name: $name,
            reads: $reads,
            places: $places,
        }, )* ];
    };
}

tests! {
    /// The ARC chain of the message has one of these results.
    /// `warn verify = arc/pass`
    "arc" => Reads::Words, Places::of(&[Data]);
    /// The client's certificate was verified.
    /// `accept verify = certificate`
    "certificate" => Reads::Nothing, Places::ALL;
    /// Client SMTP authorization of the client's name allows it.
    /// `deny !verify = csa`
    /// `deny !verify = csa/$sender_host_address`
    "csa" => Reads::Words, Places::ALL;
    /// The names of the header lines are printing ASCII.
    /// `deny !verify = header_names_ascii`
    "header_names_ascii" => Reads::Nothing, MESSAGE_AT_HAND;
    /// One of the header's senders can be verified.
    /// `require verify = header_sender`
    "header_sender" => Reads::Address, MESSAGE_AT_HAND;
    /// The addresses in the header are written rightly.
    /// `require verify = header_syntax`
    "header_syntax" => Reads::Nothing, MESSAGE_AT_HAND;
    /// The name in HELO is the client's.
    /// `require verify = helo`
    "helo" => Reads::Nothing, Places::ALL;
    /// Every recipient stands in the header.
    /// `deny !verify = not_blind/case_insensitive`
    "not_blind" => Reads::NotBlind, MESSAGE_AT_HAND;
    /// The recipient can be routed.
    /// `require verify = recipient/defer_ok`
    "recipient" => Reads::Address, Places::of(&[Rcpt]);
    /// The client's address has a name that has the address.
    /// `require verify = reverse_host_lookup`
    "reverse_host_lookup" => Reads::ReverseHostLookup, Places::ALL;
    /// The sender can be routed.
    /// `require verify = sender/no_details`
    /// `require verify = sender=postmaster@$sender_address_domain`
    "sender" => Reads::Address, SENDER_KNOWN;
}

/// What the manual says about each test, and whether it is there yet.
pub(crate) fn entries() -> Vec<(&'static Entry, bool)> {
    TABLE.iter().map(|row| (&row.entry, true)).collect()
}

impl Verify {
    /// Reads a test. Without a place only the text is checked.
    pub(crate) fn parse(text: &Value, place: Option<AclPlace>) -> Result<Self, VerifyError> {
        let bytes = text.bytes();
        let mut items = Items { text: bytes, at: 0 };
        let first = items.next().unwrap_or_default();
        let (name, address) = match first.iter().position(|b| *b == b'=') {
            Some(at) => (trim(&first[..at]), Some(trim(&first[at + 1..]))),
            None => (trim(&first), None),
        };
        let unknown = || VerifyError::Wrong(format!("{EXPECTED} \"verify {}\"", lossy(bytes)));
        let row = TABLE
            .iter()
            .find(|row| {
                row.name.as_bytes().eq_ignore_ascii_case(name) && (address.is_none() || row.name == "sender")
            })
            .ok_or_else(unknown)?;
        if let Some(place) = place
            && !row.places.contains(place)
        {
            return Err(VerifyError::Wrong(format!(
                "cannot verify {} in ACL for {}",
                row.name,
                place.name()
            )));
        }
        let options = Options::read(row.reads, items, bytes)?;
        Ok(match row.name {
            "arc" => Self::Arc(Value::clean(options.words.unwrap_or_else(|| ARC_STATES.into()))),
            "sender" => Self::Sender(
                address.map(|address| Value::new(address, text.taint().clone())),
                options.address,
            ),
            "recipient" => Self::Recipient(options.address),
            "header_sender" => Self::HeaderSender(options.address),
            "header_syntax" => Self::HeaderSyntax,
            "header_names_ascii" => Self::HeaderNamesAscii,
            "not_blind" => Self::NotBlind { case_insensitive: options.case_insensitive },
            "helo" => Self::Helo,
            "certificate" => Self::Certificate,
            "csa" => Self::Csa(options.words.map(|name| Value::new(name, text.taint().clone()))),
            _ => Self::ReverseHostLookup { defer_ok: options.address.defer_ok },
        })
    }
}

/// The states that will do where `verify = arc` names none: a message without a chain is no failure.
const ARC_STATES: &str = "none:pass";

#[derive(Default)]
struct Options {
    address: VerifyOptions,
    words: Option<Vec<u8>>,
    case_insensitive: bool,
}

impl Options {
    fn read(reads: Reads, items: Items<'_>, whole: &[u8]) -> Result<Self, VerifyError> {
        let mut options = Self::default();
        let mut callout = false;
        for item in items {
            let item = trim(&item);
            match (reads, item) {
                (Reads::Words, words) => options.words = Some(words.to_vec()),
                (Reads::Nothing, _) => {
                    let whole = lossy(whole);
                    return Err(VerifyError::Wrong(format!(
                        "unexpected '/' found in \"{whole}\" (this verify item has no options)"
                    )));
                }
                // Exim looks for one word there and takes no notice of any other.
                (Reads::ReverseHostLookup, option) => options.address.defer_ok |= option == b"defer_ok",
                (Reads::NotBlind, b"case_insensitive") => options.case_insensitive = true,
                (Reads::Address, b"defer_ok") => options.address.defer_ok = true,
                (Reads::Address, b"no_details") => options.address.no_details = true,
                (Reads::Address, b"success_on_redirect") => options.address.success_on_redirect = true,
                // Old spellings; without a callout they change nothing.
                (Reads::Address, b"callout_defer_ok") => {}
                (Reads::Address, b"check_postmaster") => callout = true,
                (Reads::Address, option) if option.starts_with(b"callout") => {
                    check_callout(option, whole)?;
                    callout = true;
                }
                (Reads::Address, option) if option == b"quota" || option.starts_with(b"quota=") => {
                    return Err(VerifyError::NotYet("verify = recipient/quota is not supported yet".into()));
                }
                (_, option) => return Err(unknown_option(option, whole)),
            }
        }
        if callout {
            Err(VerifyError::Callout(format!("verify callout is not supported yet (\"{}\")", lossy(whole))))
        } else {
            Ok(options)
        }
    }
}

/// Checks `callout=time,word,word=time`.
fn check_callout(option: &[u8], whole: &[u8]) -> Result<(), VerifyError> {
    let bad_time =
        || VerifyError::Wrong(format!("bad time value in ACL condition \"verify {}\"", lossy(whole)));
    let rest = match option.strip_prefix(b"callout") {
        Some(b"") => return Ok(()),
        Some(rest) => trim(rest),
        None => return Err(unknown_option(option, whole)),
    };
    let Some(rest) = rest.strip_prefix(b"=") else {
        return Err(unknown_option(option, whole));
    };
    for word in rest.split(|b| *b == b',') {
        let word = trim(word);
        let (name, value) = match word.iter().position(|b| *b == b'=') {
            Some(at) => (trim(&word[..at]), Some(trim(&word[at + 1..]))),
            None => (word, None),
        };
        let timed = matches!(name, b"connect" | b"maxwait");
        let known = matches!(
            name,
            b"defer_ok"
                | b"fullpostmaster"
                | b"hold"
                | b"mailfrom"
                | b"no_cache"
                | b"postmaster"
                | b"postmaster_mailfrom"
                | b"random"
                | b"use_postmaster"
                | b"use_sender"
                | b"use_tptsender"
        );
        match (known, timed, value) {
            (true, _, _) => {}
            (_, true, Some(value)) if interval::parse(value).is_some() => {}
            (_, false, None) if interval::parse(name).is_some() => {}
            _ => return Err(bad_time()),
        }
    }
    Ok(())
}

fn unknown_option(option: &[u8], whole: &[u8]) -> VerifyError {
    VerifyError::Wrong(format!(
        "unknown option \"{}\" in ACL condition \"verify {}\"",
        lossy(option),
        lossy(whole)
    ))
}

/// The parts of a text between slashes; a doubled slash stands for one.
struct Items<'a> {
    text: &'a [u8],
    at: usize,
}

impl Iterator for Items<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.at > self.text.len() {
            return None;
        }
        let mut item = Vec::new();
        while self.at < self.text.len() {
            let here = self.text[self.at];
            if here == b'/' {
                if self.text.get(self.at + 1) != Some(&b'/') {
                    break;
                }
                self.at += 1;
            }
            item.push(here);
            self.at += 1;
        }
        self.at += 1;
        Some(item)
    }
}

fn trim(text: &[u8]) -> &[u8] {
    mail_types::bytes::trim(text)
}

const EXPECTED: &str = "expected \"sender[=address]\", \"recipient\", \"helo\", \"header_syntax\", \"header_sender\", \
                        \"header_names_ascii\" or \"reverse_host_lookup\" at start of ACL condition";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, place: AclPlace) -> Result<Verify, String> {
        Verify::parse(&Value::clean(text), Some(place)).map_err(|error| error.text().to_owned())
    }

    #[test]
    fn tests_with_options() {
        let all = VerifyOptions { defer_ok: true, no_details: true, success_on_redirect: true };
        let cases = [
            ("sender", Rcpt, Verify::Sender(None, VerifyOptions::default())),
            ("SENDER", Mail, Verify::Sender(None, VerifyOptions::default())),
            (
                "sender = a@b/defer_ok",
                Rcpt,
                Verify::Sender(
                    Some(Value::clean("a@b")),
                    VerifyOptions { defer_ok: true, ..VerifyOptions::default() },
                ),
            ),
            ("sender=a//b@c", Rcpt, Verify::Sender(Some(Value::clean("a/b@c")), VerifyOptions::default())),
            ("recipient/success_on_redirect/defer_ok/no_details", Rcpt, Verify::Recipient(all)),
            ("helo", Connect, Verify::Helo),
            ("csa", Connect, Verify::Csa(None)),
            ("CSA / mail.example ", Rcpt, Verify::Csa(Some(Value::clean("mail.example")))),
            ("reverse_host_lookup/foo", Rcpt, Verify::ReverseHostLookup { defer_ok: false }),
            ("reverse_host_lookup/defer_ok", Rcpt, Verify::ReverseHostLookup { defer_ok: true }),
            ("not_blind/case_insensitive", Data, Verify::NotBlind { case_insensitive: true }),
            ("header_syntax", NotSmtp, Verify::HeaderSyntax),
        ];
        for (text, place, want) in cases {
            assert_eq!(parse(text, place), Ok(want), "{text}");
        }
    }

    #[test]
    fn wrong_tests_are_told_in_exims_words() {
        let cases = [
            ("foo", Rcpt, format!("{EXPECTED} \"verify foo\"")),
            ("", Rcpt, format!("{EXPECTED} \"verify \"")),
            ("recipient=foo", Rcpt, format!("{EXPECTED} \"verify recipient=foo\"")),
            ("sender x", Rcpt, format!("{EXPECTED} \"verify sender x\"")),
            ("sender/foo", Rcpt, "unknown option \"foo\" in ACL condition \"verify sender/foo\"".into()),
            (
                "not_blind/foo",
                Data,
                "unknown option \"foo\" in ACL condition \"verify not_blind/foo\"".into(),
            ),
            (
                "helo/foo",
                Rcpt,
                "unexpected '/' found in \"helo/foo\" (this verify item has no options)".into(),
            ),
            ("header_syntax", Rcpt, "cannot verify header_syntax in ACL for RCPT".into()),
            ("sender", Helo, "cannot verify sender in ACL for EHLO or HELO".into()),
            ("recipient", Vrfy, "cannot verify recipient in ACL for VRFY".into()),
            (
                "recipient/callout=foo",
                Rcpt,
                "bad time value in ACL condition \"verify recipient/callout=foo\"".into(),
            ),
            (
                "recipient/callout=10s,defer_ok,connect=x",
                Rcpt,
                "bad time value in ACL condition \"verify recipient/callout=10s,defer_ok,connect=x\"".into(),
            ),
            (
                "sender/callout=10s",
                Rcpt,
                "verify callout is not supported yet (\"sender/callout=10s\")".into(),
            ),
        ];
        for (text, place, want) in cases {
            assert_eq!(parse(text, place), Err(want), "{text}");
        }
    }
}

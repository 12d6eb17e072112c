//! The text of a redirection, cut into items.
//!
//! # Invariants
//! * Linear, without recursion; included files are named here and read by the caller.
//!
//! # Security
//! The text is a user's, or comes from a lookup with parts of the address in it. Whether it may name files and
//! commands is for the caller to say.
//!
//! # Compatibility
//! Specification section "Items in a non-filter redirection list". As in Debian's Exim the text of `:fail:` and
//! `:defer:` is all that follows, and addresses before `:fail:` stay in force.

use mail_types::address::{Address, ParseOptions, find_address_end, parse_address};

/// One item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// An address; true when a backslash stood before it.
    Address(Address, bool),
    /// `|command`.
    Pipe(Vec<u8>),
    /// `/file` or `/directory/`.
    File(Vec<u8>),
    /// `:include:path`.
    Include(Vec<u8>),
    /// `:blackhole:`.
    Blackhole,
    /// `:fail:` and its text.
    Fail(Vec<u8>),
    /// `:defer:` and its text.
    Defer(Vec<u8>),
}

/// Something that is no item, in Exim's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ItemError(pub(super) String);

/// Walks over the items of one text.
pub(super) struct Items<'a> {
    rest: &'a [u8],
}

impl<'a> Items<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// Everything from here on, for messages about an item that is not permitted.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Skips what stands between items: white space, commas, comments.
    pub(super) fn skip_blank(&mut self) {
        loop {
            let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
            let start = self.rest.iter().position(|byte| !blank(byte)).unwrap_or(self.rest.len());
            self.rest = &self.rest[start..];
            if !self.rest.starts_with(b"#") {
                return;
            }
            let end = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
            self.rest = &self.rest[end..];
        }
    }
}

impl Iterator for Items<'_> {
    type Item = Result<Item, ItemError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.skip_blank();
            if self.rest.is_empty() {
                return None;
            }
            if let Some((word, after)) = special(self.rest) {
                match word.to_ascii_lowercase().as_slice() {
                    b"blackhole" => return Some(Ok(Item::Blackhole)),
                    b"fail" => return Some(Ok(Item::Fail(self.take_all(after)))),
                    b"defer" => return Some(Ok(Item::Defer(self.take_all(after)))),
                    b"unknown" => {
                        self.rest = after;
                        continue;
                    }
                    _ => {}
                }
            }
            let text = self.take_item();
            if let Some(item) = parse(text) {
                return Some(item);
            }
        }
    }
}

impl<'a> Items<'a> {
    fn take_all(&mut self, text: &'a [u8]) -> Vec<u8> {
        self.rest = b"";
        text.trim_ascii().to_vec()
    }

    fn take_item(&mut self) -> &'a [u8] {
        let line = self.rest.iter().position(|byte| *byte == b'\n').unwrap_or(self.rest.len());
        let end = find_address_end(&self.rest[..line]).min(line);
        let item = self.rest[..end].trim_ascii();
        self.rest = &self.rest[end..];
        item
    }
}

/// `:word:` at the beginning, a quotation mark before it or not; the word and what follows.
fn special(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"\"").unwrap_or(text).strip_prefix(b":")?;
    let end = inner.iter().position(|byte| !byte.is_ascii_alphabetic())?;
    let after = inner[end..].strip_prefix(b":")?;
    Some((&inner[..end], after))
}

/// One item's text; none for one that counts for nothing (`""`, a comment).
fn parse(text: &[u8]) -> Option<Result<Item, ItemError>> {
    let dequoted = dequote(text);
    let inner = dequoted.as_deref().unwrap_or(text).trim_ascii();
    if let Some((word, path)) = special(inner)
        && word.eq_ignore_ascii_case(b"include")
    {
        return Some(Ok(Item::Include(path.trim_ascii().to_vec())));
    }
    let (address_text, backslash) = match inner.strip_prefix(b"\\") {
        Some(rest) => (rest, true),
        None => (inner, false),
    };
    let options = ParseOptions { allow_domain_literals: true, ..ParseOptions::default() };
    let parsed = parse_address(address_text, options).map(|(address, _)| address);
    let is_special = matches!(inner.first(), Some(b'|' | b'/'));
    match parsed {
        Ok(address) if is_special && !address.is_qualified() => Some(Ok(pipe_or_file(inner))),
        Ok(address) => Some(Ok(Item::Address(address, backslash))),
        Err(_) if is_special => Some(Ok(pipe_or_file(inner))),
        Err(error) if error.message == "empty address" => None,
        Err(error) => {
            let shown = String::from_utf8_lossy(text);
            Some(Err(ItemError(format!("{} in \"{shown}\"", error.message))))
        }
    }
}

fn pipe_or_file(text: &[u8]) -> Item {
    if text.starts_with(b"|") { Item::Pipe(text.to_vec()) } else { Item::File(text.to_vec()) }
}

/// The inside of an item that is one quoted string.
fn dequote(text: &[u8]) -> Option<Vec<u8>> {
    let inner = text.strip_prefix(b"\"")?;
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return (at + 1 == inner.len()).then_some(out),
            b'\\' => out.push(bytes.next().map_or(b'\\', |(_, escaped)| *escaped)),
            other => out.push(*other),
        }
    }
    None
}

/// Which kind of filter a text is, if it is one.
pub(super) fn filter_kind(text: &[u8]) -> Option<&'static str> {
    let rest = text.strip_prefix(b"#")?.trim_ascii_start();
    [("Exim", &b"exim"[..]), ("Sieve", b"sieve")].into_iter().find_map(|(kind, word)| {
        let head = rest.get(..word.len())?;
        let tail = rest[word.len()..].trim_ascii_start();
        let is_filter = head.eq_ignore_ascii_case(word)
            && rest.get(word.len()).is_some_and(u8::is_ascii_whitespace)
            && tail.get(..6).is_some_and(|tail| tail.eq_ignore_ascii_case(b"filter"));
        is_filter.then_some(kind)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> Vec<String> {
        Items::new(text.as_bytes())
            .map(|item| match item {
                Ok(Item::Address(address, backslash)) => {
                    format!(
                        "{}{}",
                        if backslash { "\\" } else { "" },
                        String::from_utf8_lossy(&address.to_bytes())
                    )
                }
                Ok(other) => {
                    let (word, text) = match &other {
                        Item::Pipe(t) => ("pipe ", t.clone()),
                        Item::File(t) => ("file ", t.clone()),
                        Item::Include(t) => ("include ", t.clone()),
                        Item::Fail(t) => ("fail ", t.clone()),
                        Item::Defer(t) => ("defer ", t.clone()),
                        _ => ("blackhole", Vec::new()),
                    };
                    format!("{word}{}", String::from_utf8_lossy(&text))
                }
                Err(ItemError(text)) => format!("! {text}"),
            })
            .take(20)
            .collect()
    }

    #[test]
    fn lists_of_addresses() {
        assert_eq!(
            show("bob, alice\n# c, d\ncarol,# note\n\\dave,,, x@y.example ,"),
            ["bob", "alice", "carol", "\\dave", "x@y.example"]
        );
        assert_eq!(show("Bob B <bob@local.example>"), ["bob@local.example"]);
        assert!(show("").is_empty());
        assert!(show("# only a comment\n").is_empty());
    }

    #[test]
    fn files_pipes_and_addresses_that_look_like_them() {
        assert_eq!(
            show(
                "/var/mail/x, \"|/bin/cmd a,b\", |/bin/cat -n, |foo@mx.example, /s=x/o=y/@mx.example, /dir/"
            ),
            [
                "file /var/mail/x",
                "pipe |/bin/cmd a,b",
                "pipe |/bin/cat -n",
                "|foo@mx.example",
                "/s=x/o=y/@mx.example",
                "file /dir/"
            ]
        );
    }

    #[test]
    fn special_items() {
        assert_eq!(show("bob, :fail: gone, alice"), ["bob", "fail gone, alice"]);
        assert_eq!(show(":defer: later"), ["defer later"]);
        assert_eq!(show(":unknown:, bob"), ["bob"]);
        assert_eq!(show(":include:/a/b\ncarol"), ["include /a/b", "carol"]);
        assert_eq!(show("bob, :BLACKHOLE:")[..2], ["bob", "blackhole"]);
        assert_eq!(
            show("bob, \":fail: quoted text\""),
            ["bob", "fail quoted text\""],
            "as the oracle has it"
        );
    }

    #[test]
    fn filters_are_told_by_their_first_line() {
        for (text, kind) in [
            ("# Exim filter\nfinish", Some("Exim")),
            ("#Exim filter", Some("Exim")),
            ("#   SIEVE   Filter\n", Some("Sieve")),
            ("# Exim is fine", None),
            ("# Eximfilter", None),
            ("bob", None),
        ] {
            assert_eq!(filter_kind(text.as_bytes()), kind, "{text}");
        }
    }
}

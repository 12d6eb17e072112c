//! Files of keys and data, one entry a line: `lsearch`, and the reader of its relatives.
//!
//! # Compatibility
//! Spec section "Single-key lookup types", `lsearch`: a key ends at a colon or white space; it may be quoted, with
//! escapes; a line that begins with white space continues the data after one space; lines that begin with `#` and empty
//! lines are nowhere; keys are compared without regard to case, and the first entry counts.

use mail_types::bytes::to_lower;
use mail_types::quick_map::QuickMap;
use mail_types::text::Text;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The key, unquoted.
    pub key: Vec<u8>,
    /// What stands between the key and the data.
    pub gap: Vec<u8>,
    /// The data, its lines joined.
    pub data: Vec<u8>,
}

impl Entry {
    /// What the search returns: the data, or with `ret=full` the whole line.
    pub(crate) fn value(&self, full: bool) -> Text {
        if full {
            [&self.key[..], &self.gap, &self.data].concat().into()
        } else {
            self.data.as_slice().into()
        }
    }
}

/// An `lsearch` file, indexed.
#[derive(Debug)]
pub(crate) struct LinearFile {
    entries: QuickMap<Vec<u8>, Entry>,
}

impl LinearFile {
    /// Reads the text.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let mut entries = QuickMap::default();
        for entry in entries_of(text) {
            entries.entry(to_lower(&entry.key)).or_insert(entry);
        }
        Self { entries }
    }

    /// The entry of a key.
    pub(crate) fn find(&self, key: &[u8]) -> Option<&Entry> {
        if key.iter().any(u8::is_ascii_uppercase) {
            return self.entries.get(&to_lower(key));
        }
        self.entries.get(key)
    }
}

/// All entries in order.
pub(crate) fn entries_of(text: &[u8]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.split(|c| *c == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = &line[..line.iter().position(|c| *c == 0).unwrap_or(line.len())];
        if line.first() == Some(&b'#') || line.trim_ascii().is_empty() {
            continue;
        }
        if line[0].is_ascii_whitespace() {
            if let Some(last) = entries.last_mut() {
                last.data.push(b' ');
                last.data.extend_from_slice(line.trim_ascii());
            }
            continue;
        }
        let (key, rest) = split_key(line);
        let behind = rest.trim_ascii_start();
        let data = behind.strip_prefix(b":").unwrap_or(behind).trim_ascii_start();
        let gap = rest[..rest.len() - data.len()].to_vec();
        entries.push(Entry { key, gap, data: data.trim_ascii_end().to_vec() });
    }
    entries
}

/// The key, unquoted, and what stands behind it.
fn split_key(line: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(quoted) = line.strip_prefix(b"\"") else {
        let end = line.iter().position(|c| *c == b':' || c.is_ascii_whitespace()).unwrap_or(line.len());
        return (line[..end].to_vec(), &line[end..]);
    };
    let mut key = Vec::new();
    let mut at = 0;
    while let Some(byte) = quoted.get(at) {
        match byte {
            b'"' => return (key, &quoted[at + 1..]),
            b'\\' => {
                let (value, used) = escape(&quoted[at + 1..]);
                key.extend(value);
                at += 1 + used;
            }
            other => {
                key.push(*other);
                at += 1;
            }
        }
    }
    (key, &[])
}

/// What an escape stands for (after its backslash), and how many bytes it took.
fn escape(rest: &[u8]) -> (Option<u8>, usize) {
    let Some(first) = rest.first() else { return (Some(b'\\'), 0) };
    match first {
        b'n' => (Some(b'\n'), 1),
        b'r' => (Some(b'\r'), 1),
        b't' => (Some(b'\t'), 1),
        b'b' => (Some(8), 1),
        b'f' => (Some(12), 1),
        b'v' => (Some(11), 1),
        b'0'..=b'7' => {
            let digits = rest.iter().take(3).take_while(|c| matches!(c, b'0'..=b'7')).count();
            let value = rest[..digits].iter().fold(0u32, |n, c| n * 8 + u32::from(c - b'0'));
            (Some(value as u8), digits)
        }
        b'x' => {
            let digits = rest[1..].iter().take(2).take_while(|c| c.is_ascii_hexdigit()).count();
            let hex = std::str::from_utf8(&rest[1..=digits]).unwrap_or_default();
            (Some(u8::from_str_radix(hex, 16).unwrap_or_default()), 1 + digits)
        }
        other => (Some(*other), 1),
    }
}

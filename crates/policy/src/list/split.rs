//! Splitting a list into its items, by Exim's rules.
//!
//! The separator is a colon unless the list starts with `<` and another one; a doubled separator stands for
//! itself; white space around an item is dropped. An empty item in front or in the middle counts, one at the
//! end does not (`:` is a list of one empty item, the empty string a list of none).
//!
//! # Compatibility
//! Exim spec 6.20 to 6.22.

/// The items of one list, in order, each with its offset in the list's text.
pub struct Items<'a> {
    text: &'a [u8],
    at: usize,
    separator: u8,
    finished: bool,
}

/// One item: its bytes (doubled separators already single) and where it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The item without surrounding white space.
    pub bytes: Vec<u8>,
    /// Offset of its first byte in the text that was split.
    pub offset: usize,
}

/// Splits `text` as a list.
pub fn split(text: &[u8]) -> Items<'_> {
    // The angle bracket counts only as the very first byte.
    let (at, separator) = match text {
        [b'<', c, ..] if c.is_ascii_punctuation() || c.is_ascii_control() => (2, *c),
        _ => (0, b':'),
    };
    Items { text, at, separator, finished: false }
}

impl Items<'_> {
    /// The separator in force.
    pub fn separator(&self) -> u8 {
        self.separator
    }
}

impl Iterator for Items<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if self.finished {
            return None;
        }
        let start = self.skip_item_space(self.at);
        if start >= self.text.len() {
            self.finished = true;
            return None;
        }
        let mut bytes = Vec::new();
        let mut at = start;
        while at < self.text.len() {
            let here = self.text[at];
            if here == self.separator {
                if !self.separator.is_ascii_control() && self.text.get(at + 1) == Some(&self.separator) {
                    at += 1;
                } else {
                    break;
                }
            }
            bytes.push(here);
            at += 1;
        }
        self.at = at + 1;
        trim_end(&mut bytes);
        Some(Item { bytes, offset: start })
    }
}

impl Items<'_> {
    fn skip_item_space(&self, mut at: usize) -> usize {
        while at < self.text.len() && is_space(self.text[at]) && self.text[at] != self.separator {
            at += 1;
        }
        at
    }
}

/// Puts `item` into list form: separators inside it are doubled.
pub fn quote(item: &[u8], separator: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(item.len());
    for &b in item {
        if b == separator {
            out.push(b);
        }
        out.push(b);
    }
    out
}

fn trim_end(bytes: &mut Vec<u8>) {
    while bytes.last().is_some_and(|&b| is_space(b)) {
        bytes.pop();
    }
}

pub(crate) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<String> {
        split(text.as_bytes()).map(|i| String::from_utf8(i.bytes).unwrap()).collect()
    }

    #[test]
    fn separators_spaces_and_doubling() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("   ", &[]),
            (":", &[""]),
            ("a:b", &["a", "b"]),
            (" a : b : ", &["a", "b"]),
            ("a::b", &["a:b"]),
            ("a: :b", &["a", "", "b"]),
            (":a", &["", "a"]),
            ("<; a ; b:c", &["a", "b:c"]),
            ("<; ::1 ; fe80::/10", &["::1", "fe80::/10"]),
            ("3ffe::ffff::836f::::/48", &["3ffe:ffff:836f::/48"]),
            ("a:b:", &["a", "b"]),
            ("a b : c", &["a b", "c"]),
            ("<a bac", &["<a bac"]),
            (" <; a ; b", &["<; a ; b"]),
            ("<\n c\n b ", &["c", "b"]),
        ];
        for (text, want) in cases {
            assert_eq!(items(text), *want, "{text:?}");
        }
    }

    #[test]
    fn quoting_survives_splitting() {
        assert_eq!(items(&String::from_utf8(quote(b"a:b::c", b':')).unwrap()), ["a:b::c"]);
    }
}

//! Lists in the text: separators, doubled separators, empty items.
//!
//! # Compatibility
//! Exim specification, section "Changing list separators". A leading `<x` sets the separator when `x` is punctuation or
//! a control character; a doubled separator stands for itself, except for control characters.

use std::borrow::Cow;

use mail_types::bytes::is_space;

/// The items of a list, one after the other.
#[derive(Debug, Clone)]
pub struct ListItems<'a> {
    rest: &'a [u8],
    separator: u8,
}

impl<'a> ListItems<'a> {
    /// Reads the separator setting, if there is one.
    pub fn new(text: &'a [u8]) -> Self {
        let start = skip_space(text, None);
        match start {
            [b'<'] => Self { rest: b"", separator: b':' },
            [b'<', separator, rest @ ..]
                if separator.is_ascii_punctuation() || separator.is_ascii_control() =>
            {
                Self { rest: skip_space(rest, Some(*separator)), separator: *separator }
            }
            _ => Self { rest: start, separator: b':' },
        }
    }

    /// A list whose separator is known already.
    pub fn with_separator(text: &'a [u8], separator: u8) -> Self {
        Self { rest: text, separator }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The separator.
    pub fn separator(&self) -> u8 {
        self.separator
    }
}

impl<'a> Iterator for ListItems<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Cow<'a, [u8]>> {
        let mut text = skip_space(self.rest, Some(self.separator));
        if text.is_empty() {
            self.rest = text;
            return None;
        }
        let doubling = !self.separator.is_ascii_control();
        let mut item = Cow::Borrowed(&b""[..]);
        loop {
            let end = memchr::memchr(self.separator, text).unwrap_or(text.len());
            let (piece, behind) = (&text[..end], text.get(end + 1..));
            text = behind.unwrap_or_default();
            let doubled = doubling && text.first() == Some(&self.separator);
            if doubled || !item.is_empty() {
                item.to_mut().extend_from_slice(piece);
            } else {
                item = Cow::Borrowed(piece);
            }
            if !doubled {
                break;
            }
            item.to_mut().push(self.separator);
            text = &text[1..];
        }
        self.rest = text;
        let keep = item.iter().rposition(|&byte| !is_space(byte)).map_or(0, |last| last + 1);
        match &mut item {
            Cow::Borrowed(item) => *item = &item[..keep],
            Cow::Owned(item) => item.truncate(keep),
        }
        Some(item)
    }
}

/// White space before an item goes, but a separator that is white space itself stays.
fn skip_space(text: &[u8], separator: Option<u8>) -> &[u8] {
    let start =
        text.iter().position(|&byte| !is_space(byte) || Some(byte) == separator).unwrap_or(text.len());
    &text[start..]
}

/// A list that is being built, with separators in items doubled.
#[derive(Debug)]
pub struct ListBuilder {
    separator: u8,
    text: Vec<u8>,
    items: usize,
}

impl ListBuilder {
    /// An empty list.
    pub fn new(separator: u8) -> Self {
        Self { separator, text: Vec::with_capacity(64), items: 0 }
    }

    /// Appends an item. From the second item on, one that is empty or begins with the separator gets a space before
    /// it, so that it is not read as a doubled separator.
    pub fn push(&mut self, item: &[u8]) {
        if self.items > 0 {
            self.text.push(self.separator);
            if item.first().is_none_or(|&first| first == self.separator) {
                self.text.push(b' ');
            }
        }
        self.items += 1;
        push_doubled(&mut self.text, item, self.separator);
    }

    /// Length so far.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// True when there is no text yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text of the list.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text
    }
}

/// The text with each separator doubled.
pub fn doubled(text: &[u8], separator: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    push_doubled(&mut out, text, separator);
    out
}

fn push_doubled(out: &mut Vec<u8>, text: &[u8], separator: u8) {
    for (number, piece) in text.split(|&byte| byte == separator).enumerate() {
        if number > 0 {
            out.extend([separator, separator]);
        }
        out.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<String> {
        ListItems::new(text.as_bytes()).map(|item| String::from_utf8(item.into_owned()).unwrap()).collect()
    }

    #[test]
    fn items_of_lists() {
        let cases: [(&str, &[&str]); 13] = [
            ("", &[]),
            (" ", &[]),
            ("<", &[]),
            (":", &[""]),
            ("a:b", &["a", "b"]),
            ("a:b:", &["a", "b"]),
            ("a:::b", &["a:", "b"]),
            (" a : : b ", &["a", "", "b"]),
            ("<; a;;b; ;c;", &["a;b", "", "c"]),
            ("<\n a\n\nb", &["a", "", "b"]),
            ("< xay", &["< xay"]),
            ("<;", &[]),
            ("a ::b", &["a :b"]),
        ];
        for (text, want) in cases {
            assert_eq!(items(text), want, "{text:?}");
        }
    }

    #[test]
    fn built_lists_read_back() {
        let mut list = ListBuilder::new(b':');
        for item in ["a", "", ":b", "c:"] {
            list.push(item.as_bytes());
        }
        let text = String::from_utf8(list.into_bytes()).unwrap();
        assert_eq!(text, "a: : ::b:c::");
        assert_eq!(items(&text), ["a", "", ":b", "c:"]);
    }
}

//! Lists of `tag=value`: DKIM-Signature and ARC fields, DKIM key records, DMARC records.
//!
//! # Invariants
//! * A value holds no semicolon; white space around names and values is gone, white space inside a value is kept.
//! * A tag occurs once: a list with a repeated tag is an error, as the RFC has it.
//!
//! # Security
//! The text is hostile. Nothing is copied; the number of tags is limited by [`mail_types::limits::TAG_LIST_TAGS`].
//!
//! # References
//! RFC 6376 section 3.2, RFC 8616 section 4 (octets above 127 may stand in values), RFC 7489 section 6.4.

use std::fmt;

use mail_types::limits;

/// A parsed list, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagList<'a> {
    tags: Vec<Tag<'a>>,
}

/// One `name=value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// As written: names are case-sensitive.
    pub name: &'a [u8],
    /// Without white space at its ends; may be empty.
    pub value: &'a [u8],
}

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagListError {
    /// A name that is no name.
    BadName,
    /// A control character in a value.
    BadValue,
    /// A tag that occurs twice.
    Duplicate(Vec<u8>),
    /// A piece without `=`, also an empty one that is not the last.
    NoEquals,
    /// More tags than [`limits::TAG_LIST_TAGS`].
    TooMany,
}

impl<'a> TagList<'a> {
    /// Parses a whole list. A last semicolon may follow the last tag; a text of white space is a list without tags.
    pub fn parse(text: &'a [u8]) -> Result<Self, TagListError> {
        let mut tags: Vec<Tag<'a>> = Vec::new();
        let mut pieces = text.split(|byte| *byte == b';').peekable();
        while let Some(piece) = pieces.next() {
            let piece = trim(piece);
            if piece.is_empty() && pieces.peek().is_none() {
                break;
            }
            let tag = Tag::parse(piece)?;
            if tags.iter().any(|known| known.name == tag.name) {
                return Err(TagListError::Duplicate(tag.name.to_vec()));
            }
            if tags.len() == limits::TAG_LIST_TAGS {
                return Err(TagListError::TooMany);
            }
            tags.push(tag);
        }
        Ok(Self { tags })
    }

    /// The value of a tag.
    pub fn value(&self, name: &str) -> Option<&'a [u8]> {
        self.tags.iter().find(|tag| tag.name == name.as_bytes()).map(|tag| tag.value)
    }

    /// The first tag, which some formats fix (`v=DMARC1`, `v=DKIM1`, `i=` of ARC).
    pub fn first(&self) -> Option<Tag<'a>> {
        self.tags.first().copied()
    }

    /// All tags in their order.
    pub fn iter(&self) -> impl Iterator<Item = Tag<'a>> + '_ {
        self.tags.iter().copied()
    }

    /// True when there is no tag at all.
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }
}

impl<'a> Tag<'a> {
    fn parse(piece: &'a [u8]) -> Result<Self, TagListError> {
        let equals = piece.iter().position(|byte| *byte == b'=').ok_or(TagListError::NoEquals)?;
        let (name, value) = (trim(&piece[..equals]), trim(&piece[equals + 1..]));
        let well_named = name.first().is_some_and(u8::is_ascii_alphabetic)
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if !well_named {
            return Err(TagListError::BadName);
        }
        if value.iter().any(|byte| !is_value_octet(*byte)) {
            return Err(TagListError::BadValue);
        }
        Ok(Self { name, value })
    }
}

impl fmt::Display for TagListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName => f.write_str("a tag without a proper name"),
            Self::BadValue => f.write_str("a control character in a value"),
            Self::Duplicate(name) => {
                write!(f, "tag \"{}\" occurs twice", String::from_utf8_lossy(name).escape_debug())
            }
            Self::NoEquals => f.write_str("a piece without \"=\""),
            Self::TooMany => f.write_str("too many tags"),
        }
    }
}

impl std::error::Error for TagListError {}

fn is_value_octet(byte: u8) -> bool {
    byte > 0x7f || matches!(byte, 0x21..=0x7e) || is_folding_space(byte)
}

/// White space that folding may put between words.
pub(crate) fn is_folding_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The text without folding white space at its ends.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let Some(start) = text.iter().position(|byte| !is_folding_space(*byte)) else { return &[] };
    let end = text.iter().rposition(|byte| !is_folding_space(*byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(String, String)> {
        let list = TagList::parse(text.as_bytes()).unwrap();
        list.iter()
            .map(|tag| {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                (text(tag.name), text(tag.value))
            })
            .collect()
    }

    #[test]
    fn lists_that_are_well_formed() {
        let cases: [(&str, &[(&str, &str)]); 8] = [
            ("", &[]),
            (" \r\n\t ", &[]),
            ("v=DKIM1", &[("v", "DKIM1")]),
            ("v=1; a=rsa-sha256;", &[("v", "1"), ("a", "rsa-sha256")]),
            (" v = 1 ;\r\n\tb = AB\r\n CD ; \r\n", &[("v", "1"), ("b", "AB\r\n CD")]),
            ("p=", &[("p", "")]),
            ("p=;t=s", &[("p", ""), ("t", "s")]),
            ("x_1=a=b; X_1=\u{e9}", &[("x_1", "a=b"), ("X_1", "\u{e9}")]),
        ];
        for (text, want) in cases {
            let want: Vec<_> = want.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(shown(text), want, "{text:?}");
        }
    }

    #[test]
    fn lists_that_are_not() {
        let cases = [
            (";", TagListError::NoEquals),
            ("v=1;;a=b", TagListError::NoEquals),
            ("v=1; a", TagListError::NoEquals),
            ("=1", TagListError::BadName),
            ("1v=1", TagListError::BadName),
            ("v 1=1", TagListError::BadName),
            ("v-1=1", TagListError::BadName),
            ("v=a\0b", TagListError::BadValue),
            ("v=a\x7f", TagListError::BadValue),
            ("v=1; b=2; v=1", TagListError::Duplicate(b"v".to_vec())),
        ];
        for (text, want) in cases {
            assert_eq!(TagList::parse(text.as_bytes()), Err(want), "{text:?}");
        }
    }

    #[test]
    fn names_are_case_sensitive() {
        let list = TagList::parse(b"V=1; v=2").unwrap();
        assert_eq!(
            (list.value("V"), list.value("v"), list.value("x")),
            (Some(&b"1"[..]), Some(&b"2"[..]), None)
        );
        assert_eq!(list.first().map(|tag| tag.name), Some(&b"V"[..]));
    }

    #[test]
    fn the_number_of_tags_is_bounded() {
        let list = |count: usize| (0..count).map(|n| format!("t{n}=1")).collect::<Vec<_>>().join(";");
        assert!(TagList::parse(list(limits::TAG_LIST_TAGS).as_bytes()).is_ok());
        assert_eq!(TagList::parse(list(limits::TAG_LIST_TAGS + 1).as_bytes()), Err(TagListError::TooMany));
        assert_eq!(TagList::parse(list(100_000).as_bytes()), Err(TagListError::TooMany));
    }
}

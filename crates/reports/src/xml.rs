//! XML, as far as reports need it: elements and text, in and out.
//!
//! # Invariants
//! * Reading never looks ahead, keeps nothing but the text at hand, and ends with the input.
//!
//! # Security
//! There are no entities but the five of XML itself and numbers of characters; a document type is refused, so nothing can
//! be defined that would grow. Depth is bounded by [`limits::REPORT_XML_DEPTH`].
//!
//! # Compatibility
//! Attributes are passed over, prefixes of names are dropped, octets that are no UTF-8 are replaced.

use mail_types::limits;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// `<name ...>`; the name without its prefix.
    Open(&'a [u8]),
    /// Text between tags, entities resolved.
    Text(String),
    /// `</name>`, or the end of `<name/>`.
    Close,
}

/// A document that is being read.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// The names of the open elements, as they stand in their tags.
    open: Vec<&'a [u8]>,
    /// The last tag was `<name/>`: its end comes next.
    empty: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { rest: text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text), open: Vec::new(), empty: false }
    }

    /// The next event; nothing at the end of the document.
    pub(crate) fn next_event(&mut self) -> Result<Option<Event<'a>>, &'static str> {
        if std::mem::take(&mut self.empty) {
            self.open.pop();
            return Ok(Some(Event::Close));
        }
        loop {
            if self.rest.is_empty() {
                return if self.open.is_empty() { Ok(None) } else { Err("an element has no end") };
            }
            let Some(inside) = self.rest.strip_prefix(b"<") else {
                let end = memchr::memchr(b'<', self.rest).unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                if self.open.is_empty() {
                    if text.trim_ascii().is_empty() {
                        continue;
                    }
                    return Err("text outside of the document");
                }
                return resolved(text).map(|text| Some(Event::Text(text)));
            };
            if let Some(comment) = inside.strip_prefix(b"!--") {
                self.rest = after(comment, b"-->").ok_or("a comment has no end")?.1;
            } else if let Some(instruction) = inside.strip_prefix(b"?") {
                self.rest = after(instruction, b"?>").ok_or("an instruction has no end")?.1;
            } else if let Some(data) = inside.strip_prefix(b"![CDATA[") {
                let (text, rest) = after(data, b"]]>").ok_or("a CDATA section has no end")?;
                self.rest = rest;
                if self.open.is_empty() {
                    return Err("text outside of the document");
                }
                return Ok(Some(Event::Text(String::from_utf8_lossy(text).into_owned())));
            } else if inside.starts_with(b"!") {
                return Err("it has a document type");
            } else {
                return self.tag(inside).map(Some);
            }
        }
    }

    fn tag(&mut self, inside: &'a [u8]) -> Result<Event<'a>, &'static str> {
        let end = tag_end(inside).ok_or("a tag has no end")?;
        let (tag, rest) = (&inside[..end], &inside[end + 1..]);
        self.rest = rest;
        if let Some(name) = tag.strip_prefix(b"/") {
            return match self.open.pop() {
                Some(open) if open == name.trim_ascii_end() => Ok(Event::Close),
                _ => Err("an end tag without its start tag"),
            };
        }
        let (tag, empty) = match tag.strip_suffix(b"/") {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name = tag.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let good =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | 0x80..);
        if name.is_empty() || !name.iter().all(good) {
            return Err("a tag without a name");
        }
        if self.open.len() >= limits::REPORT_XML_DEPTH {
            return Err("its elements are nested too deeply");
        }
        self.open.push(name);
        self.empty = empty;
        let local = name.iter().rposition(|byte| *byte == b':').map_or(name, |at| &name[at + 1..]);
        Ok(Event::Open(local))
    }
}

/// Where a tag ends: `>` within quotes is part of an attribute.
fn tag_end(inside: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in inside.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn after<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::find(text, mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// Text with its entities resolved.
fn resolved(text: &[u8]) -> Result<String, &'static str> {
    let text = String::from_utf8_lossy(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let entity = &rest[at + 1..];
        let end = entity.find(';').ok_or("an entity has no end")?;
        out.push(character(&entity[..end]).ok_or("an entity that is not known")?);
        rest = &entity[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn character(entity: &str) -> Option<char> {
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = entity.strip_prefix('#')?;
            let number = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(number).filter(|letter| *letter != '\0')?
        }
    })
}

/// A document that is being written, one element a line.
#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) out: String,
    open: Vec<&'static str>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    pub(crate) fn open(&mut self, name: &'static str) {
        self.indent();
        self.out.extend(["<", name, ">\n"]);
        self.open.push(name);
    }

    pub(crate) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.out.extend(["</", name, ">\n"]);
        }
    }

    /// `<name>text</name>`
    pub(crate) fn element(&mut self, name: &str, text: &str) {
        self.indent();
        self.out.extend(["<", name, ">"]);
        for letter in text.chars() {
            match letter {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                // Characters that XML 1.0 has no place for.
                letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                    self.out.push(' ');
                }
                letter => self.out.push(letter),
            }
        }
        self.out.extend(["</", name, ">\n"]);
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.open.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> Result<String, &'static str> {
        let mut reader = Reader::new(text.as_bytes());
        let mut shown = String::new();
        while let Some(event) = reader.next_event()? {
            match event {
                Event::Open(name) => shown += &["+", &String::from_utf8_lossy(name), " "].concat(),
                Event::Text(text) => shown += &[&format!("{text:?}"), " "].concat(),
                Event::Close => shown.push_str("- "),
            }
        }
        Ok(shown)
    }

    #[test]
    fn documents() {
        let deep = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        for (text, want) in [
            ("<?xml version='1.0'?><!-- <x> --><a>b</a>\n", Ok("+a \"b\" - ")),
            ("\u{feff}<n:a k='>' l=\"'/>\"><b/><c d='' /></n:a>", Ok("+a +b - +c - - ")),
            ("<a>1 &lt;&gt;&amp;&quot;&apos;&#65;&#x42;</a>", Ok("+a \"1 <>&\\\"'AB\" - ")),
            ("<a><![CDATA[<&x;>]]></a>", Ok("+a \"<&x;>\" - ")),
            ("", Ok("")),
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", Err("it has a document type")),
            ("<a>&b;</a>", Err("an entity that is not known")),
            ("<a>&#0;</a>", Err("an entity that is not known")),
            ("<a>&lt</a>", Err("an entity has no end")),
            ("<a>", Err("an element has no end")),
            ("<a></b>", Err("an end tag without its start tag")),
            ("</a>", Err("an end tag without its start tag")),
            ("<a", Err("a tag has no end")),
            ("<a b='>", Err("a tag has no end")),
            ("< a/>", Err("a tag without a name")),
            ("x<a/>", Err("text outside of the document")),
            ("<![CDATA[x]]>", Err("text outside of the document")),
            ("<!-- x", Err("a comment has no end")),
            ("<?x", Err("an instruction has no end")),
            ("<a><![CDATA[", Err("a CDATA section has no end")),
        ] {
            assert_eq!(events(text), want.map(str::to_owned), "{text}");
        }
        assert!(events(&deep(limits::REPORT_XML_DEPTH)).is_ok());
        assert_eq!(events(&deep(limits::REPORT_XML_DEPTH + 1)), Err("its elements are nested too deeply"));
    }
}

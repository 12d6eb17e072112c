//! Header lines that ACLs add and remove.
//!
//! # Compatibility
//! Modifiers `add_header` (with its places) and `remove_header`; removed lines stay in the -H file as deleted ones.
//! A line that an earlier ACL added can be removed by a later one; removal comes first within one ACL.

use expand::regex::{Flags, Regex};
use mail_message::header::{HeaderLine, HeaderType};
use mail_types::value::Value;
use policy::acl::{AddedHeader, HeaderPlace};

use crate::context::Context;

/// Apply what ACLs have asked for so far, and forget it.
pub(super) fn apply(context: &mut Context) {
    let removed = std::mem::take(&mut context.wishes.removed_headers);
    let added = std::mem::take(&mut context.wishes.added_headers);
    let headers = &mut context.facts.message.headers;
    for name in &removed {
        remove(name, headers);
    }
    for header in added {
        add(header, headers);
    }
}

/// What `remove_header` says.
enum Which {
    Name(Vec<u8>),
    Pattern(Regex),
}

impl Which {
    /// A pattern that does not compile removes nothing; the ACL has told about it.
    fn parse(text: &[u8]) -> Option<Self> {
        if text.starts_with(b"^") {
            return Regex::compile(text, Flags { caseless: true }).ok().map(Self::Pattern);
        }
        Some(Self::Name(text.trim_ascii().to_vec()))
    }

    fn matches(&self, field: &[u8]) -> bool {
        match self {
            Self::Name(name) => field.eq_ignore_ascii_case(name),
            Self::Pattern(regex) => regex.is_match(field).unwrap_or(false),
        }
    }
}

fn remove(name: &Value, headers: &mut [HeaderLine]) {
    let Some(which) = Which::parse(name.bytes()) else { return };
    for line in headers.iter_mut().filter(|line| line.kind != HeaderType::Old) {
        if which.matches(line.name()) {
            line.kind = HeaderType::Old;
        }
    }
}

fn add(header: AddedHeader, headers: &mut Vec<HeaderLine>) {
    let mut text = header.text.into_bytes();
    if text.last() != Some(&b'\n') {
        text.push(b'\n');
    }
    let line = HeaderLine::new(text);
    let at = match header.place {
        HeaderPlace::AtEnd => headers.len(),
        HeaderPlace::AtStart => 0,
        HeaderPlace::AfterReceived => after_received(headers),
        HeaderPlace::AtStartRfc => before_first_own(headers),
    };
    headers.insert(at, line);
}

/// After the first block of Received: lines; in front of all when there is none.
fn after_received(headers: &[HeaderLine]) -> usize {
    let first = headers.iter().position(|line| line.kind == HeaderType::Received).unwrap_or(0);
    first + headers[first..].iter().take_while(|line| line.kind == HeaderType::Received).count()
}

/// Before the first line that is neither Received: nor Resent-something:.
fn before_first_own(headers: &[HeaderLine]) -> usize {
    let start = headers.iter().position(|line| line.kind == HeaderType::Received).unwrap_or(0);
    let passed = headers[start..].iter().take_while(|line| {
        line.kind == HeaderType::Received
            || line.name().get(..7).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"resent-"))
    });
    start + passed.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(lines: &[&str]) -> Vec<HeaderLine> {
        lines.iter().map(|line| HeaderLine::new(format!("{line}\n"))).collect()
    }

    fn shown(headers: &[HeaderLine]) -> Vec<String> {
        let live = headers.iter().filter(|line| line.kind != HeaderType::Old);
        live.map(|line| String::from_utf8_lossy(&line.text).trim_end().to_owned()).collect()
    }

    #[test]
    fn places_are_the_oracles() {
        let mut headers = header(&["Received: ours", "Received: theirs", "Subject: addh", "From: a@b"]);
        for (place, text) in [
            (HeaderPlace::AtEnd, "X-A: b"),
            (HeaderPlace::AtStart, "X-S: 1"),
            (HeaderPlace::AfterReceived, "X-R: 1"),
            (HeaderPlace::AtStartRfc, "X-RFC: 1"),
        ] {
            add(AddedHeader { place, text: Value::clean(text) }, &mut headers);
        }
        assert_eq!(
            shown(&headers),
            [
                "X-S: 1",
                "Received: ours",
                "Received: theirs",
                "X-RFC: 1",
                "X-R: 1",
                "Subject: addh",
                "From: a@b",
                "X-A: b"
            ]
        );
    }

    #[test]
    fn removal_by_name_and_by_pattern() {
        let mut headers = header(&["X-Foo: 1", "x-foo: 2", "X-Bar: 3", "Subject: s"]);
        remove(&Value::clean("X-FOO"), &mut headers);
        assert_eq!(shown(&headers), ["X-Bar: 3", "Subject: s"]);
        remove(&Value::clean("^x-"), &mut headers);
        assert_eq!(shown(&headers), ["Subject: s"]);
        remove(&Value::clean("^("), &mut headers);
        assert_eq!(shown(&headers), ["Subject: s"]);
    }
}

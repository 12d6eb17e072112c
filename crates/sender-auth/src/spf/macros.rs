//! The macros of domain specifications and explanations.
//!
//! # Invariants
//! * The result of an expansion is bounded, however often a record repeats a long macro.
//!
//! # Security
//! Both the text with the macros and what they stand for come from the sender.
//!
//! # References
//! RFC 7208 section 7.

use std::io::Write as _;
use std::net::IpAddr;

/// Which macro letters a text may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// Those of domain specifications.
    Domain,
    /// Those of explanations, which may hold spaces, too.
    Explanation,
}

/// A piece of a text with macros.
enum Piece<'a> {
    Literal(&'a [u8]),
    Expand(Macro<'a>),
}

/// `%{letter digits r delimiters}`
#[derive(Clone, Copy, Debug)]
pub(super) struct Macro<'a> {
    /// The letter in lower case.
    pub(super) letter: u8,
    /// An upper-case letter asks for URL escapes.
    escape: bool,
    /// How many parts are kept, from the right; 0 keeps all.
    keep: usize,
    reverse: bool,
    /// Empty means the dot.
    delimiters: &'a [u8],
}

/// What each letter stands for.
pub(super) trait Values {
    /// Appends the value of a macro letter.
    fn push_value(&mut self, letter: u8, out: &mut Vec<u8>);
}

/// True when the text is made of literals and well-formed macros.
pub(super) fn is_valid(text: &[u8], letters: Letters) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        match next(rest, letters) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// True when a valid text has a macro for the sender's local part: `s` or `l`.
pub(super) fn names_local_part(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((piece, after)) = next(rest, Letters::Domain) {
        if matches!(piece, Piece::Expand(wanted) if matches!(wanted.letter, b's' | b'l')) {
            return true;
        }
        rest = after;
    }
    false
}

/// True when the last thing in a valid text is a macro.
pub(super) fn ends_in_macro(text: &[u8]) -> bool {
    let (mut rest, mut last) = (text, false);
    while let Some((piece, after)) = next(rest, Letters::Domain) {
        // `%%` and its like are macros for the grammar; they come as literals that were not written so.
        last = matches!(piece, Piece::Expand(_)) || rest.first() == Some(&b'%');
        rest = after;
    }
    last
}

/// Expands a text into `out`, which is emptied first. Nothing when the text is malformed.
///
/// Of a result longer than `most` bytes the head is lost: a domain is cut to its last labels anyway.
pub(super) fn expand(
    text: &[u8],
    letters: Letters,
    values: &mut impl Values,
    out: &mut Vec<u8>,
    most: usize,
) -> Option<()> {
    out.clear();
    let (mut rest, mut value) = (text, Vec::new());
    while !rest.is_empty() {
        let (piece, after) = next(rest, letters)?;
        rest = after;
        match piece {
            Piece::Literal(literal) => out.extend_from_slice(literal),
            Piece::Expand(wanted) => {
                value.clear();
                values.push_value(wanted.letter, &mut value);
                wanted.push(&value, out);
            }
        }
        if out.len() > most {
            out.drain(..out.len() - most);
        }
    }
    Some(())
}

/// The first piece and what follows it.
fn next(text: &[u8], letters: Letters) -> Option<(Piece<'_>, &[u8])> {
    if text.first()? != &b'%' {
        let space = letters == Letters::Explanation;
        let literal = |byte: &u8| matches!(byte, 0x21..=0x24 | 0x26..=0x7e) || (space && *byte == b' ');
        let end = text.iter().position(|byte| !literal(byte)).unwrap_or(text.len());
        return (end > 0).then(|| (Piece::Literal(&text[..end]), &text[end..]));
    }
    let literal: &[u8] = match text.get(1)? {
        b'%' => b"%",
        b'_' => b" ",
        b'-' => b"%20",
        b'{' => {
            let end = text.iter().position(|byte| *byte == b'}')?;
            return Some((Piece::Expand(parse(&text[2..end], letters)?), &text[end + 1..]));
        }
        _ => return None,
    };
    Some((Piece::Literal(literal), &text[2..]))
}

/// What stands between the braces.
fn parse(text: &[u8], letters: Letters) -> Option<Macro<'_>> {
    let (first, rest) = text.split_first()?;
    let letter = first.to_ascii_lowercase();
    match letter {
        b's' | b'l' | b'o' | b'd' | b'i' | b'p' | b'v' | b'h' => {}
        b'c' | b'r' | b't' if letters == Letters::Explanation => {}
        _ => return None,
    }
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let keep = match &rest[..digits] {
        [] => 0,
        // More parts than any value has are all parts.
        digits => match digits
            .iter()
            .fold(0usize, |n, digit| n.saturating_mul(10).saturating_add(usize::from(digit - b'0')))
        {
            0 => return None,
            keep => keep,
        },
    };
    let rest = &rest[digits..];
    let (reverse, delimiters) = match rest.split_first() {
        Some((b'r' | b'R', after)) => (true, after),
        _ => (false, rest),
    };
    let known = |byte: &u8| matches!(byte, b'.' | b'-' | b'+' | b',' | b'/' | b'_' | b'=');
    delimiters.iter().all(known).then_some(Macro {
        letter,
        escape: first.is_ascii_uppercase(),
        keep,
        reverse,
        delimiters,
    })
}

impl Macro<'_> {
    /// Cuts the value into its parts and appends those that are kept, with dots between.
    fn push(&self, value: &[u8], out: &mut Vec<u8>) {
        let whole = self.keep == 0 && !self.reverse && self.delimiters.is_empty();
        if whole {
            return self.push_part(value, out);
        }
        let is_end = |byte: &u8| match self.delimiters {
            [] => *byte == b'.',
            some => some.contains(byte),
        };
        let keep = if self.keep == 0 { usize::MAX } else { self.keep };
        if self.reverse {
            // The last parts of the reversed list are the first of the list.
            let count = value.split(is_end).count().min(keep);
            let end = value.iter().enumerate().filter(|(_, byte)| is_end(byte)).nth(count - 1);
            let kept = &value[..end.map_or(value.len(), |(at, _)| at)];
            self.push_joined(kept.rsplit(is_end), out);
        } else {
            let start = value.iter().enumerate().rev().filter(|(_, byte)| is_end(byte)).nth(keep - 1);
            let kept = &value[start.map_or(0, |(at, _)| at + 1)..];
            self.push_joined(kept.split(is_end), out);
        }
    }

    fn push_joined<'v>(&self, parts: impl Iterator<Item = &'v [u8]>, out: &mut Vec<u8>) {
        for (number, part) in parts.enumerate() {
            if number > 0 {
                out.push(b'.');
            }
            self.push_part(part, out);
        }
    }

    fn push_part(&self, part: &[u8], out: &mut Vec<u8>) {
        if self.escape { push_escaped(part, out) } else { out.extend_from_slice(part) }
    }
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
pub(super) fn push_escaped(text: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte);
        } else {
            out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// The address as `%{i}` has it: IPv6 as 32 hexadecimal digits with dots between, in capitals as the test suite wants them.
pub(super) fn push_dotted(ip: IpAddr, out: &mut Vec<u8>) {
    match ip {
        IpAddr::V4(ip) => {
            // Writing into a Vec can't fail.
            let _ = write!(out, "{ip}");
        }
        IpAddr::V6(ip) => {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            for (number, byte) in ip.octets().into_iter().enumerate() {
                if number > 0 {
                    out.push(b'.');
                }
                out.extend([HEX[usize::from(byte >> 4)], b'.', HEX[usize::from(byte & 15)]]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7208 section 7.4.
    struct Example;

    impl Values for Example {
        fn push_value(&mut self, letter: u8, out: &mut Vec<u8>) {
            out.extend_from_slice(match letter {
                b's' => b"strong-bad@email.example.com",
                b'l' => b"strong-bad",
                b'o' | b'd' => b"email.example.com",
                b'i' => b"192.0.2.3",
                b'v' => b"in-addr",
                _ => b"?",
            });
        }
    }

    #[test]
    fn the_examples_of_the_rfc() {
        for (text, want) in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d3}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l}", "strong-bad"),
            ("%{l-}", "strong.bad"),
            ("%{lr}", "strong-bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
            ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
            ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
            ("%{S}%%%_%-", "strong-bad%40email.example.com% %20"),
        ] {
            let mut out = Vec::new();
            expand(text.as_bytes(), Letters::Domain, &mut Example, &mut out, 512).unwrap();
            assert_eq!(String::from_utf8_lossy(&out), want, "{text}");
        }
    }

    #[test]
    fn malformed_macros() {
        for text in ["%", "%a", "%{", "%{}", "%{x}", "%{d0}", "%{dr2}", "%{d~}", "%{c}", "%{d", "a b", "\x7f"]
        {
            assert!(!is_valid(text.as_bytes(), Letters::Domain), "{text}");
        }
        assert!(is_valid(b"see %{c}, %{R} at %{t}", Letters::Explanation));
    }

    #[test]
    fn what_a_text_ends_in() {
        for (text, want) in [("%{d}", true), ("x%%", true), ("%{d}.com", false), ("x}", false), ("", false)] {
            assert_eq!(ends_in_macro(text.as_bytes()), want, "{text}");
        }
    }

    #[test]
    fn a_long_result_keeps_its_tail() {
        let mut out = Vec::new();
        let text = "%{o}.".repeat(1_000) + "end.example";
        expand(text.as_bytes(), Letters::Domain, &mut Example, &mut out, 100).unwrap();
        assert_eq!(out.len(), 100);
        assert!(out.ends_with(b"email.example.com.end.example"));
    }

    #[test]
    fn addresses_with_dots() {
        let mut out = Vec::new();
        push_dotted("2001:db8::cb01".parse().unwrap(), &mut out);
        let want = "2.0.0.1.0.D.B.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.C.B.0.1";
        assert_eq!(String::from_utf8_lossy(&out), want);
    }
}

//! RFC 2047 encoded words in header text.
//!
//! # Invariants
//! * Linear in the length of the text; what is not a sound encoded word stays as it is.
//! * A zero octet in decoded text becomes `?`.
//!
//! # Security
//! Decoded text can hold any octet, line breaks included. It is for matching and showing, never for protocol lines.
//!
//! # Compatibility
//! Specification, `$header_…` and `${rfc2047d:`: blanks between two encoded words vanish. The oracle: a word in a
//! character set that is not known stays as its octets, and so does the rest of a word that can't be translated.
//!
//! # References
//! RFC 2047.

use crate::charset::{Charset, translate};

/// Longest encoded word that counts as one when lengths are checked (RFC 2047 section 2).
const WORD: usize = 75;

/// What became of a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text with its words decoded.
    pub text: Vec<u8>,
    /// The character set of the last word that stayed as it was, because it or the one asked for is not known.
    pub untranslated: Option<Vec<u8>>,
}

/// The text with its encoded words decoded, each translated to `charset` where one is given.
pub fn decode(text: &[u8], charset: Option<&[u8]>, check_length: bool) -> Decoded {
    let mut out = Vec::with_capacity(text.len());
    let mut untranslated = None;
    let mut rest = text;
    let mut after_word = false;
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        let Some((word, after)) = Word::parse(&rest[at..], check_length) else {
            out.extend_from_slice(&rest[..at + 2]);
            rest = &rest[at + 2..];
            after_word = false;
            continue;
        };
        let between = &rest[..at];
        if !(after_word && between.iter().all(u8::is_ascii_whitespace)) {
            out.extend_from_slice(between);
        }
        if !word.translate(charset, &mut out) {
            untranslated = Some(word.charset.to_vec());
        }
        rest = after;
        after_word = true;
    }
    out.extend_from_slice(rest);
    for octet in &mut out {
        if *octet == 0 {
            *octet = b'?';
        }
    }
    Decoded { text: out, untranslated }
}

struct Word<'a> {
    charset: &'a [u8],
    octets: Vec<u8>,
}

impl<'a> Word<'a> {
    /// The encoded word that begins the text, and what follows it.
    fn parse(text: &'a [u8], check_length: bool) -> Option<(Self, &'a [u8])> {
        let inner = text.strip_prefix(b"=?")?;
        let mut marks = memchr::memchr_iter(b'?', inner);
        let (first, second) = (marks.next()?, marks.next()?);
        let encoded = &inner[second + 1..];
        let end = memchr::memmem::find(encoded, b"?=")?;
        let length = 2 + second + 1 + end + 2;
        if check_length && length > WORD {
            return None;
        }
        let charset = &inner[..first];
        let encoded = &encoded[..end];
        let octets = match &inner[first + 1..second] {
            b"B" | b"b" => base64(encoded)?,
            b"Q" | b"q" => quoted(encoded)?,
            _ => return None,
        };
        Some((Self { charset, octets }, &text[length..]))
    }

    /// Appends the word's text; whether that is in the wanted character set.
    fn translate(&self, wanted: Option<&[u8]>, out: &mut Vec<u8>) -> bool {
        let Some(wanted) = wanted.filter(|wanted| !wanted.eq_ignore_ascii_case(self.charset)) else {
            out.extend_from_slice(&self.octets);
            return true;
        };
        let known = Charset::named(self.charset).zip(Charset::named(wanted));
        match &known {
            Some((from, to)) => translate(&self.octets, from, to, out),
            None => out.extend_from_slice(&self.octets),
        }
        known.is_some()
    }
}

fn quoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut octets = text.iter();
    while let Some(&octet) = octets.next() {
        out.push(match octet {
            b'_' => b' ',
            b'=' => hex(*octets.next()?)? << 4 | hex(*octets.next()?)?,
            b' ' | b'\t' | b'\n' => return None,
            other => other,
        });
    }
    Some(out)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn base64(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let text = text.strip_suffix(b"=").map_or(text, |text| text.strip_suffix(b"=").unwrap_or(text));
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for &octet in text {
        let value = match octet {
            b'A'..=b'Z' => octet - b'A',
            b'a'..=b'z' => octet - b'a' + 26,
            b'0'..=b'9' => octet - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // Six left-over bits are half an octet: not base64.
    (count < 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str, charset: &str) -> String {
        let decoded = decode(text.as_bytes(), Some(charset.as_bytes()), true);
        decoded.text.escape_ascii().to_string()
    }

    #[test]
    fn words_are_decoded_and_translated() {
        let table = [
            ("plain", "plain"),
            ("=?utf-8?q?caf=C3=A9?= =?utf-8?b?eA==?=  \n  more", "caf\\xc3\\xa9x  \\n  more"),
            ("a =?ISO-8859-1?Q?b=E9_c?= d", "a b\\xc3\\xa9 c d"),
            ("=?iso-8859-15?q?=A4?=", "\\xe2\\x82\\xac"),
            ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
            ("=??q?a?=", "a"),
            ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
            ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
            ("=?utf-8?q?=4?= =?", "=?utf-8?q?=4?= =?"),
            ("=?utf-8?q?=00?=", "?"),
        ];
        for (text, expected) in table {
            assert_eq!(decoded(text, "UTF-8"), expected, "{text}");
        }
        assert_eq!(decoded("=?utf-8?q?caf=C3=A9_=E2=82=AC?=", "iso-8859-1"), r"caf\xe9 \xe2\x82\xac");
    }

    #[test]
    fn a_word_in_an_unknown_character_set_stays_and_is_told() {
        let odd = b"=?x-odd?q?=E9?= =?iso-8859-1?q?=E9?= =?utf-8*de?q?=E9?=";
        let expected =
            Decoded { text: b"\xe9\xc3\xa9\xe9".to_vec(), untranslated: Some(b"utf-8*de".to_vec()) };
        assert_eq!(decode(odd, Some(b"UTF-8"), true), expected);
        assert_eq!(decode(b"=?utf-8?q?a?=", Some(b"x-odd"), true).untranslated, Some(b"utf-8".to_vec()));
        let same = Decoded { text: b"a".to_vec(), untranslated: None };
        assert_eq!(decode(b"=?x-odd?q?a?=", Some(b"X-Odd"), true), same, "nothing to translate");
        let bytes = Decoded { text: b"\xe9".to_vec(), untranslated: None };
        assert_eq!(decode(b"=?iso-8859-1?q?=E9?=", None, true), bytes, "no translation was asked for");
    }

    #[test]
    fn long_words_count_only_where_lengths_are_not_checked() {
        let word = format!("=?utf-8?q?{}?=", "a".repeat(80));
        assert_eq!(decode(word.as_bytes(), None, true).text, word.as_bytes());
        assert_eq!(decode(word.as_bytes(), None, false).text, "a".repeat(80).into_bytes());
    }
}

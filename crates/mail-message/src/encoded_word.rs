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
//! Specification, `$header_…` and `${rfc2047d:`: blanks between two encoded words vanish; a word in a character set
//! that cannot be translated makes the whole text come out without translation.
//!
//! # References
//! RFC 2047.

/// Longest encoded word that counts as one when lengths are checked (RFC 2047 section 2).
const WORD: usize = 75;

/// The text with its encoded words decoded; translated to `charset` where one is given and every word's own is known.
pub fn decode(text: &[u8], charset: Option<&[u8]>, check_length: bool) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut translated = Vec::with_capacity(text.len());
    let mut translatable = charset.is_some_and(is_utf8);
    let mut rest = text;
    let mut after_word = false;
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        let Some((word, after)) = Word::parse(&rest[at..], check_length) else {
            plain.extend_from_slice(&rest[..at + 2]);
            translated.extend_from_slice(&rest[..at + 2]);
            rest = &rest[at + 2..];
            after_word = false;
            continue;
        };
        let between = &rest[..at];
        if !(after_word && between.iter().all(u8::is_ascii_whitespace)) {
            plain.extend_from_slice(between);
            translated.extend_from_slice(between);
        }
        match word.to_utf8() {
            Some(text) => translated.extend_from_slice(&text),
            None => translatable = false,
        }
        plain.extend_from_slice(&word.octets);
        rest = after;
        after_word = true;
    }
    plain.extend_from_slice(rest);
    translated.extend_from_slice(rest);
    let mut out = if translatable { translated } else { plain };
    for octet in &mut out {
        if *octet == 0 {
            *octet = b'?';
        }
    }
    out
}

fn is_utf8(charset: &[u8]) -> bool {
    charset.eq_ignore_ascii_case(b"utf-8") || charset.eq_ignore_ascii_case(b"utf8")
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
        // RFC 2231 adds a language after a star.
        let charset = inner[..first].split(|&octet| octet == b'*').next()?;
        let encoded = &encoded[..end];
        let octets = match &inner[first + 1..second] {
            b"B" | b"b" => base64(encoded)?,
            b"Q" | b"q" => quoted(encoded)?,
            _ => return None,
        };
        let sound = !charset.is_empty() && charset.iter().all(u8::is_ascii_graphic);
        sound.then(|| (Self { charset, octets }, &text[length..]))
    }

    fn to_utf8(&self) -> Option<Vec<u8>> {
        match self.charset.to_ascii_lowercase().as_slice() {
            b"utf-8" | b"utf8" | b"us-ascii" | b"ascii" => Some(self.octets.clone()),
            b"iso-8859-1" | b"latin1" => {
                let text: String = self.octets.iter().map(|&octet| char::from(octet)).collect();
                Some(text.into_bytes())
            }
            b"iso-8859-15" | b"latin9" => {
                Some(self.octets.iter().map(|&octet| latin9(octet)).collect::<String>().into_bytes())
            }
            _ => None,
        }
    }
}

/// ISO 8859-15 is ISO 8859-1 but for eight characters.
fn latin9(octet: u8) -> char {
    match octet {
        0xa4 => '\u{20ac}',
        0xa6 => '\u{160}',
        0xa8 => '\u{161}',
        0xb4 => '\u{17d}',
        0xb8 => '\u{17e}',
        0xbc => '\u{152}',
        0xbd => '\u{153}',
        0xbe => '\u{178}',
        other => char::from(other),
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

    #[test]
    fn words_are_decoded_and_translated() {
        let table: [(&str, &str); 9] = [
            ("plain", "plain"),
            ("=?utf-8?q?caf=C3=A9?= =?utf-8?b?eA==?=  \n  more", "caf\u{e9}x  \n  more"),
            ("a =?ISO-8859-1?Q?b=E9_c?= d", "a b\u{e9} c d"),
            ("=?iso-8859-15?q?=A4?=", "\u{20ac}"),
            ("=?utf-8?q?a?= b =?utf-8*en?q?c?=", "a b c"),
            ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
            ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
            ("=?utf-8?q?=4?= =?", "=?utf-8?q?=4?= =?"),
            ("=?utf-8?q?=00?=", "?"),
        ];
        for (text, expected) in table {
            assert_eq!(
                String::from_utf8_lossy(&decode(text.as_bytes(), Some(b"UTF-8"), true)),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn an_unknown_character_set_stops_translation() {
        assert_eq!(decode(b"=?x-odd?q?=E9?= =?iso-8859-1?q?=E9?=", Some(b"UTF-8"), true), b"\xe9\xe9");
        assert_eq!(decode(b"=?iso-8859-1?q?=E9?=", None, true), b"\xe9", "no translation was asked for");
    }

    #[test]
    fn long_words_count_only_where_lengths_are_not_checked() {
        let word = format!("=?utf-8?q?{}?=", "a".repeat(80));
        assert_eq!(decode(word.as_bytes(), None, true), word.as_bytes());
        assert_eq!(decode(word.as_bytes(), None, false), "a".repeat(80).into_bytes());
    }
}

//! Translation of text from one character set to another: the one place where `encoding_rs` is used.
//!
//! # Invariants
//! * Linear in the length of the text. Whatever can't be translated, and all that follows it, comes out as it was.
//!
//! # Compatibility
//! The oracle's `iconv` (the C library's): the names that it knows where encoding_rs has the set, its stop at the
//! first character that is broken or has no place in the other set, its C1 controls in ISO 8859, none in windows-125x,
//! UTF-16 that is little-endian without a mark and written with one. What `//` adds to a name is passed over.
//!
//! # References
//! RFC 2152 (UTF-7), RFC 2781 (UTF-16); the Encoding Standard, by encoding_rs.

mod unicode;

use encoding_rs::{Decoder, DecoderResult, Encoder, EncoderResult, Encoding};

use unicode::{Utf7, Wide};

/// A character set that text can be translated from and to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Ascii,
    Latin1,
    Utf7,
    /// UTF-16 or UTF-32.
    Wide(Wide),
    Table(&'static Encoding, C1),
}

/// What the octets 0x80 to 0x9F of a table are, where it differs from encoding_rs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum C1 {
    /// Part of the table.
    Kept,
    /// Controls (ISO 8859).
    Controls,
    /// Those the table leaves to controls are no characters.
    Absent,
}

/// Names that encoding_rs lacks, and those it takes for another set.
const NAMES: [(&str, &str); 23] = [
    ("8859_1", "iso-8859-1"),
    ("big5hkscs", "big5"),
    ("cp819", "iso-8859-1"),
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
    ("csisolatin1", "iso-8859-1"),
    ("eucjp", "euc-jp"),
    ("euckr", "euc-kr"),
    ("iso-ir-100", "iso-8859-1"),
    ("iso8859-1", "iso-8859-1"),
    ("iso88591", "iso-8859-1"),
    ("iso_8859-1", "iso-8859-1"),
    ("iso_8859-1:1987", "iso-8859-1"),
    ("l1", "iso-8859-1"),
    ("latin1", "iso-8859-1"),
    ("latin-9", "iso-8859-15"),
    ("latin9", "iso-8859-15"),
    ("ms932", "shift_jis"),
    ("tis620", "tis-620"),
    ("ucs-2", "utf-16"),
    ("unicode", "utf-16"),
];

impl Charset {
    /// The set of this name, if it is known. An empty name is ASCII, what the C library's default locale has.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        let name = memchr::memmem::find(name, b"//").map_or(name, |at| &name[..at]);
        let name = String::from_utf8(name.to_ascii_lowercase()).ok()?;
        let name = NAMES.iter().find(|(other, _)| *other == name).map_or(name.as_str(), |(_, usual)| *usual);
        Some(match name {
            "" | "us-ascii" | "ascii" | "us" | "ansi_x3.4-1968" | "iso646-us" | "646" => Self::Ascii,
            "iso-8859-1" => Self::Latin1,
            "utf-7" | "utf7" => Self::Utf7,
            _ => match Wide::named(name) {
                Some(wide) => Self::Wide(wide),
                None => Self::table(name)?,
            },
        })
    }

    fn table(name: &str) -> Option<Self> {
        let encoding = Encoding::for_label_no_replacement(name.as_bytes())?;
        let usable = encoding.output_encoding() == encoding && encoding != encoding_rs::X_USER_DEFINED;
        let iso = name.contains("8859") || name.starts_with("latin") || name == "l5";
        let c1 = match encoding.name() {
            "windows-1254" | "windows-874" if iso => C1::Controls,
            own if own.starts_with("windows-") => C1::Absent,
            _ => C1::Kept,
        };
        usable.then_some(Self::Table(encoding, c1))
    }
}

/// Appends the text in the other set; from the first octet that can't be translated on, the octets as they are.
pub(crate) fn translate(octets: &[u8], from: &Charset, to: &Charset, out: &mut Vec<u8>) {
    let mut source = Source::new(*from);
    let mut sink = Sink::new(*to, out);
    let mut chars = String::new();
    let (mut translated, mut sound) = (0, true);
    for (at, &octet) in octets.iter().enumerate() {
        chars.clear();
        if !source.push(octet, &mut chars) {
            // The C library has taken UTF-7's digits by then; of other sets it gives back what makes no character.
            translated = if matches!(source, Source::Utf7(_)) { at } else { translated };
            sound = false;
        } else if !chars.is_empty() {
            sound = sink.push(&chars);
            translated = if sound { at + 1 } else { translated };
        }
        if !sound {
            break;
        }
    }
    if sound && source.is_complete() {
        translated = octets.len();
    }
    sink.finish();
    out.extend_from_slice(&octets[translated..]);
}

/// Octets to characters, one octet at a time.
enum Source {
    Ascii,
    Latin1,
    Utf7(unicode::Utf7Reader),
    Wide(unicode::WideReader),
    Table(Decoder, C1),
}

impl Source {
    fn new(charset: Charset) -> Self {
        match charset {
            Charset::Ascii => Self::Ascii,
            Charset::Latin1 => Self::Latin1,
            Charset::Utf7 => Self::Utf7(Utf7::reader()),
            Charset::Wide(wide) => Self::Wide(wide.reader()),
            Charset::Table(encoding, c1) => Self::Table(encoding.new_decoder_without_bom_handling(), c1),
        }
    }

    /// Takes an octet; false where the text is broken.
    fn push(&mut self, octet: u8, out: &mut String) -> bool {
        match self {
            Self::Ascii if !octet.is_ascii() => return false,
            Self::Ascii | Self::Latin1 => out.push(char::from(octet)),
            Self::Utf7(reader) => return reader.push(octet, out),
            Self::Wide(reader) => return reader.push(octet, out),
            Self::Table(_, C1::Controls) if matches!(octet, 0x80..=0x9f) => out.push(char::from(octet)),
            Self::Table(decoder, c1) => {
                let mut room = [0; 16];
                let (result, _, written) =
                    decoder.decode_to_utf8_without_replacement(&[octet], &mut room, false);
                let text = String::from_utf8_lossy(&room[..written]);
                out.push_str(&text);
                return result == DecoderResult::InputEmpty
                    && !(*c1 == C1::Absent && text.chars().any(is_c1));
            }
        }
        true
    }

    /// Whether the text may end here: what gave no character yet is no part of one, but a mark or a shift.
    fn is_complete(&mut self) -> bool {
        match self {
            Self::Utf7(reader) => reader.is_complete(),
            Self::Wide(reader) => reader.is_complete(),
            Self::Table(decoder, _) => {
                let (result, _, written) =
                    decoder.decode_to_utf8_without_replacement(&[], &mut [0; 16], true);
                result == DecoderResult::InputEmpty && written == 0
            }
            Self::Ascii | Self::Latin1 => true,
        }
    }
}

/// Characters to octets.
struct Sink<'a> {
    form: Form,
    out: &'a mut Vec<u8>,
}

enum Form {
    /// Characters below this bound are octets.
    Low(u32),
    Utf7(Utf7),
    Wide(unicode::WideWriter),
    Utf8,
    Table(Encoder, C1),
}

impl<'a> Sink<'a> {
    fn new(charset: Charset, out: &'a mut Vec<u8>) -> Self {
        let form = match charset {
            Charset::Ascii => Form::Low(0x80),
            Charset::Latin1 => Form::Low(0x100),
            Charset::Utf7 => Form::Utf7(Utf7::default()),
            Charset::Wide(wide) => Form::Wide(wide.writer()),
            Charset::Table(encoding, _) if encoding == encoding_rs::UTF_8 => Form::Utf8,
            Charset::Table(encoding, c1) => Form::Table(encoding.new_encoder(), c1),
        };
        Self { form, out }
    }

    /// Writes characters; false where one has no place in the set (nothing of it is written then).
    fn push(&mut self, chars: &str) -> bool {
        match &mut self.form {
            Form::Low(bound) => {
                let octets: Option<Vec<u8>> = chars.chars().map(|char| below(char, *bound)).collect();
                let Some(octets) = octets else { return false };
                self.out.extend_from_slice(&octets);
                true
            }
            Form::Utf7(writer) => {
                writer.push(chars, self.out);
                true
            }
            Form::Wide(writer) => writer.push(chars, self.out),
            Form::Utf8 => {
                self.out.extend_from_slice(chars.as_bytes());
                true
            }
            Form::Table(encoder, c1) => table_push(encoder, *c1, chars, self.out),
        }
    }

    /// Back to the set's first state.
    fn finish(&mut self) {
        match &mut self.form {
            Form::Table(encoder, _) => {
                let mut room = [0; 16];
                let (_, _, written) = encoder.encode_from_utf8_without_replacement("", &mut room, true);
                self.out.extend_from_slice(&room[..written]);
            }
            Form::Utf7(writer) => writer.finish(self.out),
            Form::Low(_) | Form::Wide(_) | Form::Utf8 => {}
        }
    }
}

fn table_push(encoder: &mut Encoder, c1: C1, chars: &str, out: &mut Vec<u8>) -> bool {
    if chars.chars().any(is_c1) {
        let octets: Option<Vec<u8>> = chars.chars().map(|char| below(char, 0x100)).collect();
        match octets {
            Some(octets) if c1 == C1::Controls => out.extend_from_slice(&octets),
            _ if c1 != C1::Kept => return false,
            _ => return table_write(encoder, c1, chars, out),
        }
        return true;
    }
    table_write(encoder, c1, chars, out)
}

fn table_write(encoder: &mut Encoder, c1: C1, chars: &str, out: &mut Vec<u8>) -> bool {
    let mut room = [0; 32];
    let (result, _, written) = encoder.encode_from_utf8_without_replacement(chars, &mut room, false);
    let octets = &room[..written];
    let absent = c1 == C1::Controls && octets.iter().any(|octet| matches!(octet, 0x80..=0x9f));
    let sound = result == EncoderResult::InputEmpty && !absent;
    if sound {
        out.extend_from_slice(octets);
    }
    sound
}

fn below(char: char, bound: u32) -> Option<u8> {
    let value = u32::from(char);
    if value < bound { u8::try_from(value).ok() } else { None }
}

fn is_c1(char: char) -> bool {
    matches!(char, '\u{80}'..='\u{9f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(octets: &[u8], from: &str, to: &str) -> String {
        let (from, to) = (Charset::named(from.as_bytes()).unwrap(), Charset::named(to.as_bytes()).unwrap());
        let mut out = Vec::new();
        translate(octets, &from, &to, &mut out);
        out.escape_ascii().to_string()
    }

    /// Answers of the oracle (the C library's iconv).
    #[test]
    fn text_is_translated_up_to_what_cannot_be() {
        let table: [(&[u8], &str, &str, &str); 25] = [
            (b"caf\xe9", "iso-8859-1", "utf-8", "caf\u{e9}"),
            (b"\x80", "latin1", "utf-8", "\u{80}"),
            (b"\xf0\xd2\xc9", "KOI8-R", "utf-8", "\u{41f}\u{440}\u{438}"),
            (b"\x83e\x83X\x83g", "shift_jis", "utf-8", "\u{30c6}\u{30b9}\u{30c8}"),
            (b"\xd6\xd0\xce\xc4", "gb2312", "utf-8", "\u{4e2d}\u{6587}"),
            (b"\xa4\xa4\xa4\xe5", "big5", "utf-8", "\u{4e2d}\u{6587}"),
            (b"\x1b$BF|K\\\x1b(B", "iso-2022-jp", "utf-8", "\u{65e5}\u{672c}"),
            (b"\xc0\x81x", "windows-1252", "utf-8", "\u{c0}\\x81x"),
            (b"\x80\xdd", "iso-8859-9", "utf-8", "\u{80}\u{130}"),
            (b"\xa1", "tis-620", "utf-8", "\u{e01}"),
            (b"caf\xe9x", "us-ascii", "utf-8", "caf\\xe9x"),
            (b"\xe9\xc3\xa9", "utf-8", "iso-8859-1", "\\xe9\\xc3\\xa9"),
            (b"caf\xc3\xa9", "utf-8", "iso-8859-1", "caf\\xe9"),
            (b"\xe2\x82\xac", "utf-8", "koi8-r", "\\xe2\\x82\\xac"),
            (b"\x80\xdd", "iso-8859-9", "iso-8859-1", "\\x80\\xdd"),
            (b"\0a\0b", "utf-16be", "utf-8", "ab"),
            (b"\xfe\xff\0a", "utf-16", "utf-8", "a"),
            (b"\0a\0b", "utf-16", "utf-8", "\u{6100}\u{6200}"),
            (b"\xd8\0", "utf-16be", "utf-8", "\\xd8\\x00"),
            (b"a", "utf-16", "utf-8", "a"),
            (b"\0\0\0a", "utf-32be", "utf-8", "a"),
            (b"ab", "utf-8", "utf-16", "\\xff\\xfea\\x00b\\x00"),
            (b"caf\xe9z", "utf-8", "utf-16", "\\xff\\xfec\\x00a\\x00f\\x00\\xe9z"),
            (b"a+AKM-b+-c", "utf-7", "utf-8", "a\u{a3}b+c"),
            (b"a+AKMz+ZeVnLIqe-", "utf-7", "iso-8859-1", "a\\xa3z+ZeVnLIqe-"),
        ];
        for (octets, from, to, expected) in table {
            let expected: String = expected
                .chars()
                .map(|char| {
                    if char.is_ascii() {
                        char.to_string()
                    } else {
                        char.to_string().as_bytes().escape_ascii().to_string()
                    }
                })
                .collect();
            assert_eq!(translated(octets, from, to), expected, "{from} to {to}: {}", octets.escape_ascii());
        }
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        let text = "a \u{e9} +- \u{20ac} ~ \u{1f600}.";
        for name in ["utf-7", "utf-8", "utf-16", "utf-16be", "utf-16le", "utf-32", "utf-32le", "gb18030"] {
            let charset = Charset::named(name.as_bytes()).unwrap();
            let utf8 = Charset::named(b"utf8").unwrap();
            let (mut there, mut back) = (Vec::new(), Vec::new());
            translate(text.as_bytes(), &utf8, &charset, &mut there);
            translate(&there, &charset, &utf8, &mut back);
            assert_eq!(String::from_utf8_lossy(&back), text, "{name}");
        }
    }

    #[test]
    fn names_are_those_of_the_c_library_and_of_the_standard() {
        for name in [
            "",
            "Latin1",
            "UTF8",
            "utf-8//IGNORE",
            "cp1251",
            "EUC-KR",
            "ks_c_5601-1987",
            "x-sjis",
            "macintosh",
        ] {
            assert!(Charset::named(name.as_bytes()).is_some(), "{name}");
        }
        for name in ["x-odd", "utf-8*de", "no such", "replacement", "x-user-defined", "iso-2022-kr"] {
            assert_eq!(Charset::named(name.as_bytes()), None, "{name}");
        }
        assert_eq!(Charset::named(b"\xff"), None);
    }
}

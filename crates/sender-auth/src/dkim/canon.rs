//! Header fields put in order for hashing, and the choice of fields that a signature covers.
//!
//! # Invariants
//! * A field comes in as it stands in a header: name, colon, body, its line end included; LF and CR LF are the same.
//!
//! # References
//! RFC 6376 sections 3.4.1, 3.4.2, 3.7, 5.4.2.

use std::collections::HashMap;

use super::Canon;
use crate::tag_list::is_folding_space;

/// A field's name as written, without the white space before the colon.
pub(crate) fn field_name(field: &[u8]) -> &[u8] {
    let colon = memchr::memchr(b':', field).unwrap_or(field.len());
    field[..colon].trim_ascii_end()
}

/// What follows the colon.
pub(crate) fn field_body(field: &[u8]) -> &[u8] {
    memchr::memchr(b':', field).map_or(&[], |colon| &field[colon + 1..])
}

/// Appends the canonical form of a field, with its CR LF.
pub(crate) fn push_field(field: &[u8], canon: Canon, out: &mut Vec<u8>) {
    push_open_field(field, canon, out);
    out.extend_from_slice(b"\r\n");
}

/// Appends the canonical form of a field without its last line end: the form of the signature's own field.
pub(crate) fn push_open_field(field: &[u8], canon: Canon, out: &mut Vec<u8>) {
    let field = without_line_end(field);
    match canon {
        Canon::Simple => {
            let mut rest = field;
            while let Some(at) = memchr::memchr(b'\n', rest) {
                let line = &rest[..at];
                out.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                out.extend_from_slice(b"\r\n");
                rest = &rest[at + 1..];
            }
            out.extend_from_slice(rest);
        }
        Canon::Relaxed => {
            out.extend(field_name(field).iter().map(u8::to_ascii_lowercase));
            out.push(b':');
            let start = out.len();
            let mut blank = false;
            let body = field_body(field);
            for (at, byte) in body.iter().enumerate() {
                // A CR that ends no line is content, and so not white space.
                let lone_cr = *byte == b'\r' && body.get(at + 1) != Some(&b'\n');
                if is_folding_space(*byte) && !lone_cr {
                    blank = true;
                    continue;
                }
                if blank && out.len() > start {
                    out.push(b' ');
                }
                blank = false;
                out.push(*byte);
            }
        }
    }
}

fn without_line_end(field: &[u8]) -> &[u8] {
    let field = field.strip_suffix(b"\n").unwrap_or(field);
    field.strip_suffix(b"\r").unwrap_or(field)
}

/// Chooses fields by name, the last one of a name first; a name asked for more often than it occurs gives nothing.
pub(crate) struct FieldChooser<'a> {
    by_name: HashMap<Vec<u8>, Vec<&'a [u8]>>,
}

impl<'a> FieldChooser<'a> {
    /// A chooser over the fields of a message, topmost first.
    pub(crate) fn new(fields: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut by_name: HashMap<Vec<u8>, Vec<&'a [u8]>> = HashMap::new();
        for field in fields {
            by_name.entry(field_name(field).to_ascii_lowercase()).or_default().push(field);
        }
        Self { by_name }
    }

    /// The fields that a list of names covers, in the order in which they are hashed.
    pub(crate) fn choose<'n>(&self, names: impl Iterator<Item = &'n [u8]>) -> Vec<&'a [u8]> {
        let mut taken: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut chosen = Vec::new();
        for name in names {
            let name = name.to_ascii_lowercase();
            let Some(fields) = self.by_name.get(&name) else { continue };
            let count = taken.entry(name).or_default();
            *count += 1;
            if let Some(at) = fields.len().checked_sub(*count) {
                chosen.push(fields[at]);
            }
        }
        chosen
    }
}

/// The text of a signature field with the value of its `b=` taken out, as it is hashed.
///
/// RFC 6376 section 3.7: all of the value, white space around it included, up to the semicolon or the end.
pub(crate) fn without_signature(field: &[u8]) -> Vec<u8> {
    let body_at = field.len() - field_body(field).len();
    let mut out = field[..body_at].to_vec();
    let end = without_line_end(field).len();
    for (index, piece) in field[body_at..end.max(body_at)].split(|byte| *byte == b';').enumerate() {
        if index > 0 {
            out.push(b';');
        }
        let equals = memchr::memchr(b'=', piece).unwrap_or(piece.len());
        if crate::tag_list::trim(&piece[..equals]) == b"b" {
            out.extend_from_slice(&piece[..piece.len().min(equals + 1)]);
        } else {
            out.extend_from_slice(piece);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(field: &str, canon: Canon) -> String {
        let mut out = Vec::new();
        push_field(field.as_bytes(), canon, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_of_rfc6376_section_3_4_5() {
        assert_eq!(shown("A: X\r\n", Canon::Relaxed), "a:X\r\n");
        assert_eq!(shown("B : Y\t\r\n\tZ  \r\n", Canon::Relaxed), "b:Y Z\r\n");
        assert_eq!(shown("A: X\r\n", Canon::Simple), "A: X\r\n");
        assert_eq!(shown("B : Y\t\r\n\tZ  \r\n", Canon::Simple), "B : Y\t\r\n\tZ  \r\n");
    }

    #[test]
    fn both_line_ends_are_the_same() {
        for canon in [Canon::Simple, Canon::Relaxed] {
            for field in ["B : Y\t\n\tZ  \n", "Subject:\n", "X: \n \n y\n", "Empty:\n \n"] {
                let wire = field.replace('\n', "\r\n");
                assert_eq!(shown(field, canon), shown(&wire, canon));
            }
        }
    }

    #[test]
    fn odd_fields() {
        assert_eq!(shown("X:\n", Canon::Relaxed), "x:\r\n");
        assert_eq!(shown("X: \n \n y\n", Canon::Relaxed), "x:y\r\n");
        assert_eq!(shown("no colon\n", Canon::Relaxed), "no colon:\r\n");
        assert_eq!(shown("X: a:b\n", Canon::Simple), "X: a:b\r\n");
        assert_eq!(shown("X: a\rb\n", Canon::Relaxed), "x:a\rb\r\n");
    }

    #[test]
    fn fields_are_chosen_from_the_bottom() {
        let fields = ["A: 1\n", "B: x\n", "a: 2\n", "A : 3\n"];
        let chooser = FieldChooser::new(fields.iter().map(|field| field.as_bytes()));
        let names: [&[u8]; 6] = [b"a", b"c", b"A", b"b", b"a", b"a"];
        let chosen = chooser.choose(names.into_iter());
        assert_eq!(chosen, [&b"A : 3\n"[..], b"a: 2\n", b"B: x\n", b"A: 1\n"]);
    }

    #[test]
    fn the_signature_is_taken_out_and_nothing_else() {
        let cases = [
            ("S: v=1; b=AB CD; x=b=1\n", "S: v=1; b=; x=b=1"),
            ("S: b=\r\n AB\r\n CD\r\n", "S: b="),
            ("S: bh=1;\n b = AB ;h=x\n", "S: bh=1;\n b =;h=x"),
            ("S: b=1", "S: b="),
            ("S:", "S:"),
            ("S", "S"),
        ];
        for (field, want) in cases {
            assert_eq!(String::from_utf8(without_signature(field.as_bytes())).unwrap(), want, "{field:?}");
        }
    }
}

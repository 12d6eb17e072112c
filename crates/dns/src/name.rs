//! Domain names between text and wire.
//!
//! In text a name has no final dot; a dot or a backslash within a label has a backslash before it, bytes that don't
//! print are `\ddd`, as in zone files. A name in UTF-8 is asked for by its A-labels.

use std::borrow::Cow;

use domain::base::Name;
use domain::base::name::ToName;
use mail_types::dns::DnsFailure;
use mail_types::limits;

/// The name that the DNS knows a name in UTF-8 by: its labels in ASCII (rfc5890). One that can't be written so is left as it
/// is.
pub fn a_labels(name: &[u8]) -> Cow<'_, [u8]> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    match idna::domain_to_ascii_cow(name, idna::AsciiDenyList::EMPTY) {
        Ok(ascii) => Cow::Owned(ascii.into_owned().into_bytes()),
        Err(_) => Cow::Borrowed(name),
    }
}

/// Reads a name from text.
pub(crate) fn parse(text: &[u8]) -> Result<Name<Vec<u8>>, DnsFailure> {
    parse_ascii(&a_labels(text))
}

fn parse_ascii(text: &[u8]) -> Result<Name<Vec<u8>>, DnsFailure> {
    let text = text.strip_suffix(b".").filter(|rest| !rest.ends_with(b"\\")).unwrap_or(text);
    let mut wire: Vec<u8> = Vec::with_capacity(text.len() + 2);
    if !text.is_empty() {
        let mut label: Vec<u8> = Vec::new();
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'.' => push_label(&mut wire, &mut label)?,
                b'\\' => label.push(unescape(&mut rest)?),
                _ => label.push(byte),
            }
        }
        push_label(&mut wire, &mut label)?;
    }
    wire.push(0);
    Name::from_octets(wire).map_err(|_| DnsFailure::BadName)
}

fn push_label(wire: &mut Vec<u8>, label: &mut Vec<u8>) -> Result<(), DnsFailure> {
    let fits =
        !label.is_empty() && label.len() <= limits::DOMAIN_LABEL && wire.len() + label.len() < limits::DOMAIN;
    if !fits {
        return Err(DnsFailure::BadName);
    }
    wire.push(label.len() as u8);
    wire.append(label);
    Ok(())
}

fn unescape(rest: &mut &[u8]) -> Result<u8, DnsFailure> {
    let (byte, used) = match *rest {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', ..] => {
            let number = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
            (u8::try_from(number).map_err(|_| DnsFailure::BadName)?, 3)
        }
        [byte, ..] => (*byte, 1),
        [] => return Err(DnsFailure::BadName),
    };
    *rest = &rest[used..];
    Ok(byte)
}

/// Writes a name as text. Letters keep their case.
pub(crate) fn to_text(name: &impl ToName) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.iter_labels().filter(|label| !label.is_root()) {
        if !out.is_empty() {
            out.push(b'.');
        }
        for &byte in label.as_slice() {
            match byte {
                b'.' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                b'!'..=b'~' => out.push(byte),
                _ => out.extend_from_slice(format!("\\{byte:03}").as_bytes()),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for (text, again) in [
            ("example.com", "example.com"),
            ("Example.COM.", "Example.COM"),
            ("", ""),
            (".", ""),
            ("a\\.b.c", "a\\.b.c"),
            ("a\\046b.c", "a\\.b.c"),
            ("\\000x.y", "\\000x.y"),
            ("a\\\\.b", "a\\\\.b"),
            ("_25._tcp.mx.example", "_25._tcp.mx.example"),
            ("_x.B\u{fc}cher.example.", "_x.xn--bcher-kva.example"),
        ] {
            assert_eq!(to_text(&parse(text.as_bytes()).unwrap()), again.as_bytes(), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long_label = [b'x'; 64];
        let long_name = [&[b'x'; 63][..]; 5].join(&b'.');
        for text in [&b"a..b"[..], b".a", b"a\\", b"a\\256b", &long_label, &long_name] {
            assert_eq!(parse(text), Err(DnsFailure::BadName), "{}", text.escape_ascii());
        }
    }
}

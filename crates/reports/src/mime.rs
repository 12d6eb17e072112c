//! The parts of a message, as far as it takes to find an attachment.
//!
//! # Invariants
//! * At most [`limits::REPORT_MIME_PARTS`] parts are looked at, however they are nested; nothing recurses.
//!
//! # Security
//! Messages are hostile. What is no MIME at all is one part of text.
//!
//! # References
//! RFC 2045, RFC 2046 section 5.1.

use mail_types::{base64, limits};

/// A part that holds no parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its type, in lower case, without parameters.
    pub(crate) kind: Vec<u8>,
    /// Its content, decoded.
    pub(crate) content: Vec<u8>,
}

/// All parts of a message that hold no parts themselves.
pub(crate) fn parts(message: &[u8]) -> Vec<Part> {
    let mut found = Vec::new();
    let mut waiting = vec![message];
    let mut seen = 0;
    while let Some(part) = waiting.pop() {
        seen += 1;
        if seen > limits::REPORT_MIME_PARTS {
            break;
        }
        let (header, body) = divide(part);
        let kind = field(header, b"content-type").unwrap_or_else(|| b"text/plain".to_vec());
        let word =
            kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        match parameter(&kind, b"boundary").filter(|_| word.starts_with(b"multipart/")) {
            Some(boundary) => {
                let inside = between(body, &boundary);
                // Taken from the end of the list: the first comes first.
                waiting.extend(inside.into_iter().rev());
            }
            None if word == b"message/rfc822" => waiting.push(body),
            None => {
                let coding = field(header, b"content-transfer-encoding").unwrap_or_default();
                let content = decoded(body, coding.trim_ascii());
                found.push(Part { kind: word, content });
            }
        }
    }
    found
}

/// Header and body; the blank line belongs to neither.
fn divide(part: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in part.split_inclusive(|byte| *byte == b'\n') {
        let next = at + line.len();
        if line.trim_ascii().is_empty() {
            return (&part[..at], &part[next..]);
        }
        at = next;
    }
    (part, b"")
}

/// The value of the first field of a name, unfolded.
fn field(header: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut value: Option<Vec<u8>> = None;
    for line in header.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match &mut value {
            Some(value) if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) => {
                value.extend_from_slice(line);
            }
            Some(_) => break,
            None => {
                let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
                if line[..colon].trim_ascii_end().eq_ignore_ascii_case(name) {
                    value = Some(line[colon + 1..].trim_ascii_start().to_vec());
                }
            }
        }
    }
    value
}

/// The value of a parameter (`; name=value`, `; name="value"`).
fn parameter(value: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut rest = value;
    loop {
        rest = &rest[rest.iter().position(|byte| *byte == b';')? + 1..];
        let text = rest.trim_ascii_start();
        let Some(equals) = text.iter().position(|byte| *byte == b'=') else { continue };
        if !text[..equals].trim_ascii_end().eq_ignore_ascii_case(name) {
            continue;
        }
        let text = text[equals + 1..].trim_ascii_start();
        let value = match text.strip_prefix(b"\"") {
            Some(quoted) => &quoted[..quoted.iter().position(|byte| *byte == b'"')?],
            None => {
                let is_end = |byte: &u8| *byte == b';' || byte.is_ascii_whitespace();
                &text[..text.iter().position(is_end).unwrap_or(text.len())]
            }
        };
        return (!value.is_empty()).then(|| value.to_vec());
    }
}

/// What stands between the lines with the boundary.
fn between<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let (mut begin, mut at) = (None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let here = at;
        at += line.len();
        let Some(rest) = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary)) else {
            continue;
        };
        let closes = rest.starts_with(b"--");
        if !closes && !rest.trim_ascii().is_empty() {
            continue;
        }
        if let Some(begin) = begin.take() {
            found.push(&body[begin..here]);
        }
        if closes || found.len() >= limits::REPORT_MIME_PARTS {
            return found;
        }
        begin = Some(at);
    }
    found.extend(begin.map(|begin| &body[begin..]));
    found
}

fn decoded(body: &[u8], coding: &[u8]) -> Vec<u8> {
    if coding.eq_ignore_ascii_case(b"base64") {
        // As lenient as mail has to be: what is no digit is passed over.
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let mut digits: Vec<u8> = body.iter().copied().filter(is_digit).collect();
        while !digits.len().is_multiple_of(4) {
            digits.push(b'=');
        }
        return base64::decode(&digits).unwrap_or_default();
    }
    if coding.eq_ignore_ascii_case(b"quoted-printable") {
        return unquoted(body);
    }
    body.to_vec()
}

fn unquoted(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'=' {
            out.push(byte);
        } else if let Some(after) = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n")) {
            rest = after;
        } else if let Some(octet) =
            after.get(..2).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok())
        {
            out.push(octet);
            rest = &after[2..];
        } else {
            out.push(byte);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str) -> Vec<(String, String)> {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        parts(message.as_bytes()).iter().map(|part| (text(&part.kind), text(&part.content))).collect()
    }

    #[test]
    fn parts_of_messages() {
        let nested = "Subject: x\nContent-Type: multipart/mixed;\n\tboundary=\"=_a\"\n\npreamble\n--=_a\n\nplain\n--=_a\n\
            Content-Type: message/rfc822\n\ncontent-type: multipart/report; report-type=x; boundary=b; c=d\n\n\
            --b\nContent-Type: Application/GZIP\nContent-Transfer-Encoding: Base64\n\nZm9v\nYmE=\n--b--\nafter\n--=_a--\n";
        for (message, want) in [
            (nested, vec![("text/plain", "plain\n"), ("application/gzip", "fooba")]),
            ("a: b\r\n\r\nbody", vec![("text/plain", "body")]),
            (
                "Content-Type: text/xml\nContent-Transfer-Encoding: quoted-printable\n\n=3Ca=\n/=3e=x",
                vec![("text/xml", "<a/>=x")],
            ),
            ("Content-Type: multipart/mixed\n\nx", vec![("multipart/mixed", "x")]),
            ("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nopen", vec![("text/plain", "open")]),
            ("", vec![("text/plain", "")]),
        ] {
            let want: Vec<_> =
                want.iter().map(|(kind, text)| ((*kind).to_owned(), (*text).to_owned())).collect();
            assert_eq!(shown(message), want, "{message}");
        }
    }

    #[test]
    fn nests_and_crowds_end() {
        let many = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(10_000));
        assert!(parts(many.as_bytes()).len() <= limits::REPORT_MIME_PARTS);
        let deep = "Content-Type: message/rfc822\n\n".repeat(10_000);
        assert!(parts(deep.as_bytes()).is_empty());
    }
}

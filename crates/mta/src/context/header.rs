//! `$h_…`, `$rh_…`, `$bh_…`, `$lh_…`, `$message_headers`.
//!
//! # Invariants
//! * Lines of type `*` (replaced or deleted) are not seen.
//!
//! # Security
//! Header text is from outside: every answer is tainted. The joined text of one name is capped.
//!
//! # Compatibility
//! Specification, `$header_…` in section "Expansion items"; joining and trimming follow the oracle.

use expand::HeaderForm;
use mail_message::address_field::is_address_field;
use mail_message::header::{HeaderLine, HeaderType};
use mail_types::value::Value;

use super::Context;

/// Exim joins the lines of one name up to this many bytes.
const JOINED_LIMIT: usize = 64 * 1024;

/// All lines of one name; none when there is no such line.
pub(crate) fn named(context: &Context, name: &[u8], form: HeaderForm) -> Option<Value> {
    let mut joined: Option<Vec<u8>> = None;
    for line in lines(context) {
        let Some(body) = body_of(line, name) else { continue };
        let so_far = joined.get_or_insert_with(Vec::new);
        append(so_far, body, line.kind, form);
        if so_far.len() >= JOINED_LIMIT {
            so_far.truncate(JOINED_LIMIT);
            break;
        }
    }
    joined.map(|text| Value::tainted(decoded(context, text, form)))
}

/// The whole header; none before there is one.
pub(super) fn all(context: &Context, form: HeaderForm) -> Option<Value> {
    let mut text = Vec::new();
    for line in lines(context) {
        if form == HeaderForm::Raw {
            text.extend_from_slice(&line.text);
            continue;
        }
        if !text.is_empty() {
            text.push(b'\n');
        }
        text.extend_from_slice(line.text.trim_ascii_end());
    }
    // The oracle decodes the whole header's words and translates none of them.
    let form = if form == HeaderForm::Decoded { HeaderForm::Bytes } else { form };
    if text.is_empty() { None } else { Some(Value::tainted(decoded(context, text, form))) }
}

fn lines(context: &Context) -> impl Iterator<Item = &HeaderLine> {
    context.facts.message.headers.iter().filter(|line| line.kind != HeaderType::Old)
}

/// The text after the colon, its newline included, if the line has this name.
pub(crate) fn body_of<'a>(line: &'a HeaderLine, name: &[u8]) -> Option<&'a [u8]> {
    let colon = line.text.iter().position(|&byte| byte == b':')?;
    line.text[..colon].trim_ascii_end().eq_ignore_ascii_case(name).then(|| &line.text[colon + 1..])
}

fn append(joined: &mut Vec<u8>, body: &[u8], kind: HeaderType, form: HeaderForm) {
    match form {
        HeaderForm::Raw => joined.extend_from_slice(body),
        HeaderForm::List => {
            if !joined.is_empty() {
                joined.push(b':');
            }
            for &byte in body.strip_suffix(b"\n").unwrap_or(body) {
                joined.push(byte);
                if byte == b':' {
                    joined.push(b':');
                }
            }
        }
        HeaderForm::Bytes | HeaderForm::Decoded => {
            let body = body.trim_ascii();
            if body.is_empty() {
                return;
            }
            if !joined.is_empty() {
                joined.extend_from_slice(if is_address_field(kind) { b",\n" } else { b"\n" });
            }
            joined.extend_from_slice(body);
        }
    }
}

fn decoded(context: &Context, text: Vec<u8>, form: HeaderForm) -> Vec<u8> {
    let charset: Option<&[u8]> = match form {
        HeaderForm::Raw | HeaderForm::List => return text,
        HeaderForm::Bytes => None,
        HeaderForm::Decoded => Some(&context.settings.headers_charset),
    };
    mail_message::encoded_word::decode(&text, charset, context.settings.check_rfc2047_length).text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::bare_context;

    fn with_header(lines: &[&str]) -> Context {
        let mut context = bare_context();
        context.facts.message.headers = lines
            .iter()
            .map(|line| HeaderLine {
                kind: HeaderType::of_name(line.split(':').next().unwrap_or_default().as_bytes()),
                text: format!("{line}\n").into_bytes(),
            })
            .collect();
        context
    }

    #[test]
    fn the_four_forms() {
        let context = with_header(&[
            "Subject:   =?utf-8?q?caf=C3=A9?= =?utf-8?b?eA==?=  \n  more\t ",
            "X-A: one:two\n cont",
            "X-A:three ",
            "To: a@b.c,\n  d@e",
            "To: \"x, y\" <e@f>",
            "X-Empty: ",
        ]);
        let table = [
            ("subject", HeaderForm::Decoded, "caf\u{e9}x  \n  more"),
            ("Subject", HeaderForm::Raw, "   =?utf-8?q?caf=C3=A9?= =?utf-8?b?eA==?=  \n  more\t \n"),
            ("x-a", HeaderForm::Decoded, "one:two\n cont\nthree"),
            ("x-a", HeaderForm::Raw, " one:two\n cont\nthree \n"),
            ("x-a", HeaderForm::List, " one::two\n cont:three "),
            ("to", HeaderForm::Decoded, "a@b.c,\n  d@e,\n\"x, y\" <e@f>"),
            ("to", HeaderForm::List, " a@b.c,\n  d@e: \"x, y\" <e@f>"),
            ("x-empty", HeaderForm::Decoded, ""),
        ];
        for (name, form, expected) in table {
            let found = named(&context, name.as_bytes(), form);
            assert_eq!(found.expect(name).to_lossy(), expected, "{name} {form:?}");
        }
        assert_eq!(named(&context, b"none", HeaderForm::Decoded), None);
    }

    #[test]
    fn deleted_lines_are_not_seen() {
        let mut context = with_header(&["X-A: one"]);
        context.facts.message.headers[0].kind = HeaderType::Old;
        assert_eq!(named(&context, b"x-a", HeaderForm::Raw), None);
        assert_eq!(all(&context, HeaderForm::Raw), None);
    }

    #[test]
    fn the_whole_header() {
        let context = with_header(&["X-A: one  ", "X-B:"]);
        let show = |form| all(&context, form).map(|value| value.to_lossy());
        assert_eq!(show(HeaderForm::Raw).as_deref(), Some("X-A: one  \nX-B:\n"));
        assert_eq!(show(HeaderForm::Decoded).as_deref(), Some("X-A: one\nX-B:"));
    }
}

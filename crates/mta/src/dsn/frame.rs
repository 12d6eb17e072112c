//! What all reports about a message share: From:, References:, the boundary.
//!
//! # Compatibility
//! References: holds the ids of the original's References:, or of its In-Reply-To: without one, then its own. Of more
//! than twelve the first and the last eleven are kept, as Exim does.

use config::options::main;
use mail_message::bounce::{Report, boundary};
use mail_types::bytes::trim;
use mail_types::value::Value;
use spool::Header;

use super::DsnError;
use crate::context::Context;

/// The common part of a report.
pub(super) struct Frame {
    from: Vec<u8>,
    references: Option<Vec<u8>>,
    pub(super) boundary: Vec<u8>,
}

impl Frame {
    pub(super) async fn new(header: &Header, context: &mut Context) -> Result<Self, DsnError> {
        let lines: Vec<&[u8]> = header.live_headers().map(|line| line.text.as_slice()).collect();
        Self::about(&lines, context).await
    }

    /// The frame of a report about a message with these header lines.
    pub(super) async fn about(lines: &[&[u8]], context: &mut Context) -> Result<Self, DsnError> {
        let references = references(lines);
        let expanded = context.on_pool(|context| context.expanded(main::DSN_FROM)).await;
        let expanded = expanded.ok_or_else(|| DsnError::new("shutting down"))?;
        let from = match expanded {
            Ok(value) => value.map(Value::into_bytes).unwrap_or_default(),
            Err(error) => {
                context
                    .log_problem(format!("Failed to expand dsn_from (using default): {}", error.message()));
                [b"Mail Delivery System <Mailer-Daemon@", context.qualify_domain(), b">"].concat()
            }
        };
        let seconds = context.services.clock.now().secs();
        let random = context.services.entropy.next_u64() as u32;
        Ok(Self { from, references, boundary: boundary(seconds, random) })
    }

    pub(super) fn report<'a>(
        &'a self,
        to: &'a [u8],
        with_body: bool,
        header: &'a Header,
        context: &'a Context,
    ) -> Report<'a> {
        Report {
            from: &self.from,
            to,
            reply_to: context.config.main.get(main::ERRORS_REPLY_TO),
            references: self.references.as_deref(),
            hostname: context.primary_hostname(),
            boundary: &self.boundary,
            envid: header.dsn_envid.as_ref().map(Value::bytes),
            with_body,
        }
    }

    /// `References:` with its value, when there is one.
    pub(super) fn references_line(&self) -> Vec<u8> {
        match &self.references {
            Some(references) => {
                let mut out = b"References: ".to_vec();
                out.extend(references.iter().map(|byte| if byte.is_ascii_control() { b'?' } else { *byte }));
                out.push(b'\n');
                out
            }
            None => Vec::new(),
        }
    }

    /// The header lines of a notice in plain text.
    pub(super) fn plain_header(&self, to: &[u8], subject: &str, with_references: bool) -> Vec<u8> {
        let references = self.references.as_deref().filter(|_| with_references).unwrap_or_default();
        let mut out = Vec::new();
        for (name, value) in [
            ("Auto-Submitted", &b"auto-replied"[..]),
            ("From", &self.from),
            ("To", to),
            ("References", references),
            ("Subject", subject.as_bytes()),
        ] {
            if !value.is_empty() {
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b": ");
                out.extend(value.iter().map(|byte| if byte.is_ascii_control() { b'?' } else { *byte }));
                out.push(b'\n');
            }
        }
        out
    }
}

/// The text of the first header line of a name, unfolded.
pub(super) fn field(header: &Header, name: &[u8]) -> Option<Vec<u8>> {
    header.live_headers().find_map(|line| value_of(&line.text, name))
}

/// What a header line says, unfolded, when it has this name.
fn value_of(line: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let ours = trim(&line[..colon]).eq_ignore_ascii_case(name);
    ours.then(|| trim(&line[colon + 1..]).iter().filter(|byte| **byte != b'\n').copied().collect())
}

fn references(lines: &[&[u8]]) -> Option<Vec<u8>> {
    let field = |name: &[u8]| lines.iter().find_map(|line| value_of(line, name));
    let earlier = field(b"references").or_else(|| field(b"in-reply-to")).unwrap_or_default();
    let mut ids = message_ids(&earlier);
    if ids.len() > KEPT {
        ids.drain(1..=ids.len() - KEPT);
    }
    ids.extend(field(b"message-id"));
    (!ids.is_empty()).then(|| ids.join(&b' '))
}

/// The ids in a header's text; quoted strings and comments are passed over.
fn message_ids(text: &[u8]) -> Vec<Vec<u8>> {
    let mut ids = Vec::new();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let length = match byte {
            b'"' => after.iter().position(|byte| *byte == b'"'),
            b'(' => after.iter().position(|byte| *byte == b')'),
            b'<' => after.iter().position(|byte| *byte == b'>'),
            _ => {
                rest = after;
                continue;
            }
        };
        let Some(length) = length else { break };
        if byte == b'<' {
            ids.push(rest[..length + 2].to_vec());
        }
        rest = &after[length + 1..];
    }
    ids
}

/// Ids of earlier messages that are kept.
const KEPT: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Option<String> {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        references(&lines).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn references_as_the_oracle_makes_them() {
        let long: String = (1..=20).map(|n| ["<r", &n.to_string(), "@a>\n "].concat()).collect();
        let kept =
            "<r1@a> <r11@a> <r12@a> <r13@a> <r14@a> <r15@a> <r16@a> <r17@a> <r18@a> <r19@a> <r20@a> <last@a>";
        for (lines, expected) in [
            (vec![], None),
            (
                vec!["Message-ID: <o@x>\n", "References: <r1@a>\n\t<r2@b>\n", "In-Reply-To: <i@c>\n"],
                Some("<r1@a> <r2@b> <o@x>".to_owned()),
            ),
            (vec!["Message-ID: <o@x>\n", "In-Reply-To: <i@c>\n"], Some("<i@c> <o@x>".to_owned())),
            (
                vec!["Message-ID: (c) <o@x> foo\n", "References: \"abc <x@y>\" <bad\n"],
                Some("(c) <o@x> foo".to_owned()),
            ),
            (
                vec!["Message-ID: <o@x>\n", &format!("References: {long}<last@a>\n")],
                Some(format!("{kept} <o@x>")),
            ),
        ] {
            assert_eq!(of(&lines), expected, "{lines:?}");
        }
    }
}

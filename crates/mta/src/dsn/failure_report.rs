//! DMARC failure reports: a multipart/report to those who asked for it.
//!
//! # Compatibility
//! With `dmarc_forensic_sender` that text is From: and its address the envelope's sender; without it From: is `dsn_from`'s
//! and the sender is null.
//!
//! # References
//! RFC 5965 section 2; RFC 7489 section 7.3.

use mail_types::address::{ParseOptions, parse_address};
use mail_types::message_id::MessageId;
use sender_auth::dmarc::DmarcOutcome;

use super::frame::Frame;
use super::{DsnError, submit};
use crate::context::Context;

/// One report to one destination.
#[derive(Debug, Clone)]
pub struct FailureReport {
    /// `dmarc_forensic_sender`; empty without.
    pub sender: Vec<u8>,
    /// The destination.
    pub to: Vec<u8>,
    /// What became of the message.
    pub delivery: &'static str,
}

/// Makes a report and queues it.
pub async fn failure_report(
    report: FailureReport,
    outcome: &DmarcOutcome,
    context: &mut Context,
) -> Result<MessageId, DsnError> {
    let frame = Frame::about(&[], context).await?;
    let author = String::from_utf8_lossy(&outcome.author).into_owned();
    let mut header = frame.plain_header(&report.to, &format!("DMARC failure report for {author}"), false);
    let mut envelope = Vec::new();
    if !report.sender.is_empty() {
        header = with_from(&header, &report.sender);
        let options = ParseOptions { allow_domain_literals: true, ..ParseOptions::default() };
        if let Ok((address, _)) = parse_address(&report.sender, options) {
            envelope = address.qualified_with(context.qualify_domain()).to_bytes();
        }
    }
    header.extend_from_slice(
        b"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report;\n\tboundary=\"",
    );
    header.extend_from_slice(&frame.boundary);
    header.extend_from_slice(b"\"\n");
    let body = crate::verify::report_body(outcome, report.delivery, &frame.boundary, context);
    let request = submit::Report {
        sender: envelope,
        to: vec![report.to],
        header,
        body: vec![body],
        ..submit::Report::default()
    };
    submit::submit(request, context).await
}

/// The header with another From:.
fn with_from(header: &[u8], from: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len() + from.len());
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"From:") {
            out.extend_from_slice(b"From: ");
            out.extend(from.iter().map(|byte| if byte.is_ascii_control() { b'?' } else { *byte }));
            out.push(b'\n');
        } else {
            out.extend_from_slice(line);
        }
    }
    out
}

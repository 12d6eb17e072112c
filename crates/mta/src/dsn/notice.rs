//! Notices in plain text: of frozen messages (`freeze_tell`) and of broken lists (`syntax_errors_to`).

use mail_types::bytes::{PrintOptions, push_printable};
use mail_types::message_id::MessageId;
use spool::Header;

use super::frame::Frame;
use super::{DsnError, ReportedAddress, copies, submit};
use crate::context::Context;
use crate::route::SyntaxErrorNotice;

/// Tells administrators of a message that was frozen. `to` is the text of `freeze_tell`.
pub async fn freeze_notice(
    to: &[u8],
    reasons: Vec<ReportedAddress>,
    header: &Header,
    context: &mut Context,
) -> Result<MessageId, DsnError> {
    let frame = Frame::new(header, context).await?;
    let mut text = format!("Message {} has been frozen", header.id).into_bytes();
    text.extend_from_slice(if header.sender.is_empty() { b" (delivery error message).\n" } else { b".\n" });
    text.extend_from_slice(b"The sender is <");
    push_text(&mut text, &header.sender);
    text.extend_from_slice(b">.\n\n");
    if !reasons.is_empty() {
        text.extend_from_slice(b"The following address(es) have yet to be delivered:\n");
        for one in &reasons {
            text.extend_from_slice(b"  ");
            push_text(&mut text, &one.address);
            text.extend_from_slice(b": ");
            push_text(&mut text, &one.error);
            text.push(b'\n');
        }
    }
    let recipients = copies::addresses_in(to, context);
    let lines = frame.plain_header(to, "Message frozen", true);
    let report = submit::Report {
        requiretls: false,
        sender: Vec::new(),
        to: recipients,
        about: Some(header.id),
        header: lines,
        body: vec![text],
    };
    submit::submit(report, context).await
}

/// Tells the keeper of a redirection list what is wrong with it. As with Exim, `References:` comes after the header and
/// is the first line of the text.
pub async fn syntax_error_notice(
    notice: &SyntaxErrorNotice,
    header: &Header,
    context: &mut Context,
) -> Result<MessageId, DsnError> {
    let frame = Frame::new(header, context).await?;
    let mut text = frame.references_line();
    if let Some(own) = &notice.text {
        text.extend_from_slice(own);
        text.extend_from_slice(b"\n\n");
    }
    text.extend_from_slice(b"The ");
    push_text(&mut text, notice.router.as_bytes());
    text.extend_from_slice(b" router encountered the following error(s):\n\n");
    for error in &notice.errors {
        // `what is wrong in "item"`: the item has a line of its own.
        const IN: &[u8] = b" in \"";
        let (what, item) = match error.windows(IN.len()).position(|window| window == IN) {
            Some(at) => (&error[..at], &error[at + IN.len() - 1..]),
            None => (error.as_slice(), &b""[..]),
        };
        text.extend_from_slice(b"  ");
        push_text(&mut text, what);
        if !item.is_empty() {
            text.extend_from_slice(b" in the address\n  ");
            push_text(&mut text, item);
        }
        text.extend_from_slice(b"\n\n");
    }
    text.extend_from_slice(if notice.others {
        b"Other addresses were processed normally.\n"
    } else {
        b"No valid addresses were generated.\n"
    });
    let recipients = copies::addresses_in(&notice.to, context);
    let lines = frame.plain_header(&notice.to, "error(s) in forwarding or filtering", false);
    let report = submit::Report {
        requiretls: false,
        sender: Vec::new(),
        to: recipients,
        about: Some(header.id),
        header: lines,
        body: vec![text],
    };
    submit::submit_while_routing(report, context).await
}

/// Text from outside on one line.
fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        if byte.is_ascii_control() {
            push_printable(out, &[byte], PrintOptions::default());
        } else {
            out.push(byte);
        }
    }
}

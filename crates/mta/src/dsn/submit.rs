//! Hands a report in as a local message of the mail user's.

use mail_types::message_id::MessageId;
use tokio::io::AsyncReadExt as _;

use super::DsnError;
use crate::context::Context;
use crate::local_submission::{ErrorMode, MessageRequest, message};
use crate::receive::Caller;

/// A report, ready to go.
#[derive(Default)]
pub(crate) struct Report {
    /// The envelope's sender; empty for none.
    pub(crate) sender: Vec<u8>,
    /// The recipients.
    pub(crate) to: Vec<Vec<u8>>,
    /// The message that it is about.
    pub(crate) about: Option<MessageId>,
    /// The message that it is about came with REQUIRETLS.
    pub(crate) requiretls: bool,
    /// Header lines.
    pub(crate) header: Vec<u8>,
    /// Everything after the blank line, piece by piece.
    pub(crate) body: Vec<Vec<u8>>,
}

/// Queues a report; the id that comes back is on disk.
pub(crate) async fn submit(report: Report, context: &Context) -> Result<MessageId, DsnError> {
    let login = context.services.process.exim_user.clone();
    submit_as(login, report, context).await
}

/// As [`submit`], for what is found while addresses are routed: Exim routes as root, unless it may not.
pub(super) async fn submit_while_routing(report: Report, context: &Context) -> Result<MessageId, DsnError> {
    let process = &context.services.process;
    let dropped = context.config.main.get(config::options::main::DELIVER_DROP_PRIVILEGE);
    let login = if dropped { process.exim_user.clone() } else { b"root".to_vec() };
    submit_as(login, report, context).await
}

async fn submit_as(login: Vec<u8>, report: Report, context: &Context) -> Result<MessageId, DsnError> {
    let services = context.services.clone();
    let request = MessageRequest {
        caller: Caller { login, sender: Some(report.sender), ..mail_user(context) },
        arguments: report.to,
        bounce_of: report.about,
        local_error: true,
        requiretls: report.requiretls,
        errors: ErrorMode::Mail,
        ..MessageRequest::default()
    };
    let body = report.body.concat();
    let mut input = report.header.as_slice().chain(&b"\n"[..]).chain(body.as_slice());
    let submitted = message(&mut input, request, services).await;
    submitted.id.ok_or_else(|| DsnError::new(submitted.why))
}

/// The program itself as a submitter: the user that it runs as, with the null sender.
fn mail_user(context: &Context) -> Caller {
    let process = &context.services.process;
    Caller {
        uid: process.exim_uid,
        gid: process.exim_gid,
        login: process.exim_user.clone(),
        trusted: true,
        sender: Some(Vec::new()),
        ..Caller::default()
    }
}

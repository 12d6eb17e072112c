//! Delay warnings.

use config::options::main;
use mail_message::bounce::{Custom, Warning, delay_words, tail};
use mail_types::message_id::MessageId;
use spool::{DataFile, Header};

use super::frame::{Frame, field};
use super::original::{self, Body};
use super::template::Template;
use super::{DsnError, ReportedAddress, ShownHost, WarningRequest, notify, submit};
use crate::context::Context;

/// Queues a delay warning for the addresses whose sender wants to hear of delays; none when nobody does.
pub async fn warning(
    request: WarningRequest,
    header: &Header,
    data: &DataFile,
    context: &mut Context,
) -> Result<Option<MessageId>, DsnError> {
    let WarningRequest { to, mut addresses, queue_time } = request;
    addresses.retain(|address| address.wants(notify::DELAY));
    if addresses.is_empty() {
        return Ok(None);
    }
    context.facts.message.warn_message_delay = Some(delay_words(queue_time).into_bytes());
    context.facts.message.warn_message_recipients = Some(to.clone());
    let template = Template::read(main::WARN_MESSAGE_FILE, "final", context).await;
    let frame = Frame::new(header, context).await?;
    let (subject, date) = (field(header, b"subject"), field(header, b"date"));
    let hosts: Vec<Option<ShownHost>> = addresses.iter().map(ReportedAddress::shown_host).collect();
    let shown: Vec<_> = addresses.iter().zip(&hosts).map(|(one, host)| one.shown(host.as_ref())).collect();
    let text = Warning {
        report: frame.report(&to, false, header, context),
        delayed: &shown,
        other_sender: (to != header.sender).then_some(header.sender.as_slice()),
        message_id: header.id.as_bytes(),
        subject: subject.as_deref(),
        date: date.as_deref(),
        queue_time,
        custom: Custom { header: &template.header, opening: &template.opening, closing: &template.closing },
    };
    let (lines, start) = text.head();
    let copy = original::copy(Body::NotWanted, header, data, context).await?;
    let body = vec![start, copy, tail(&frame.boundary)];
    let report = submit::Report {
        to: vec![to],
        about: Some(header.id),
        requiretls: header.requiretls,
        header: lines,
        body,
        ..submit::Report::default()
    };
    context.facts.message.warn_message_delay = None;
    context.facts.message.warn_message_recipients = None;
    submit::submit(report, context).await.map(Some)
}

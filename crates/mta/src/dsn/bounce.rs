//! Bounces.

use config::options::main;
use mail_message::bounce::{Bounce, Custom, tail};
use mail_types::message_id::MessageId;
use observe::event::MessageEvent;
use spool::{DataFile, Header};

use super::frame::Frame;
use super::original::{self, Body};
use super::template::Template;
use super::{BounceRequest, DsnError, ReportedAddress, ShownHost, copies, notify, submit};
use crate::context::Context;

/// Queues a bounce for the addresses whose sender wants to hear of failures; none when nobody does.
pub async fn bounce(
    request: BounceRequest,
    header: &Header,
    data: &DataFile,
    context: &mut Context,
) -> Result<Option<MessageId>, DsnError> {
    let (failed, silent): (Vec<_>, Vec<_>) =
        request.addresses.into_iter().partition(|address| address.wants(notify::FAILURE));
    for address in silent {
        let text =
            [&address.address[..], b": error ignored: RFC 3461 DSN, failure notify not requested"].concat();
        context.services.log.message(&header.id, &MessageEvent::ErrorIgnored(text).into());
    }
    if failed.is_empty() {
        return Ok(None);
    }
    context.facts.message.bounce_recipient = Some(request.to.clone());
    let template = Template::read(main::BOUNCE_MESSAGE_FILE, "generated text", context).await;
    let body = Body::of_bounce(header, data, context);
    let frame = Frame::new(header, context).await?;
    let parts = Parts { failed: &failed, to: &request.to, other_sender: request.other_sender.as_deref() };
    let (lines, start) = parts.text(&frame, &template, (body, header), context);
    let to = request.to.clone();
    let copies = context.on_pool(move |context| copies::of_bounce(&to, context)).await.unwrap_or_default();
    let mut recipients = vec![request.to];
    recipients.extend(copies);
    let report = submit::Report {
        sender: Vec::new(),
        to: recipients,
        about: Some(header.id),
        // rfc8689#5
        requiretls: header.requiretls,
        header: lines,
        body: vec![start, original::copy(body, header, data, context).await?, tail(&frame.boundary)],
    };
    context.facts.message.bounce_recipient = None;
    submit::submit(report, context).await.map(Some)
}

/// What the text of a bounce is made of.
struct Parts<'a> {
    failed: &'a [ReportedAddress],
    to: &'a [u8],
    other_sender: Option<&'a [u8]>,
}

impl Parts<'_> {
    fn text(
        &self,
        frame: &Frame,
        template: &Template,
        original: (Body, &Header),
        context: &Context,
    ) -> (Vec<u8>, Vec<u8>) {
        let hosts: Vec<Option<ShownHost>> = self.failed.iter().map(ReportedAddress::shown_host).collect();
        let shown: Vec<_> =
            self.failed.iter().zip(&hosts).map(|(one, host)| one.shown(host.as_ref())).collect();
        let bounce = Bounce {
            report: frame.report(self.to, original.0 == Body::Returned, original.1, context),
            failed: &shown,
            other_sender: self.other_sender,
            extra_text: context.config.main.get(main::BOUNCE_MESSAGE_TEXT),
            custom: Custom {
                header: &template.header,
                opening: &template.opening,
                closing: &template.closing,
            },
        };
        bounce.head()
    }
}

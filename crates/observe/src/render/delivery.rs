//! `=>`, `->`, `>>`, `*>`, `**`, `==`.

use super::line::Line;
use super::{MessageLogLine, Rendered, Renderer};
use crate::event::{
    DeferReason, Deferred, Delivered, DeliveryKind, Failed, HostError, LogAddress, Pipelining, Session,
};
use mail_types::log_selector::Selector;

impl Renderer {
    pub(super) fn delivered(&self, delivered: &Delivered) -> Rendered {
        let mut line = self.line();
        line.push(match delivered.kind {
            DeliveryKind::First => "=> ",
            DeliveryKind::Further => "-> ",
            DeliveryKind::Cutthrough => ">> ",
            DeliveryKind::Suppressed => "*> ",
        });
        self.address(&mut line, &delivered.address);
        if delivered.transport.is_none() {
            // Nothing was delivered (`:blackhole:`, `seen finish`): the router is all there is to say.
            Self::drivers(&mut line, delivered.router.as_deref(), None);
            return Rendered::main(line.finish());
        }
        if let Some(sender) = &delivered.srs {
            line.bracketed(" SRS=", sender);
        }
        self.sender(&mut line, &delivered.sender, delivered.return_path.as_deref());
        Self::drivers(&mut line, delivered.router.as_deref(), delivered.transport.as_deref());
        if let Some(size) = delivered.size
            && self.has(Selector::DeliverySize)
        {
            line.push(&format!(" S={size}"));
        }
        if let Some(host) = &delivered.host {
            self.remote_host(&mut line, host, true);
        }
        if let Some(session) = &delivered.session {
            self.session(&mut line, session);
        }
        let confirmation = delivered.session.as_ref().and_then(|session| session.confirmation.as_ref());
        if let Some(text) = confirmation.or(delivered.message.as_ref())
            && self.has(Selector::SmtpConfirmation)
        {
            line.push(" C=\"");
            // The lines of a reply are joined before the whole is quoted.
            line.quoted(&text.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&br"\n"[..]));
            line.push("\"");
        }
        if let Some(shadow) = &delivered.shadow {
            line.push(" ST=").text(shadow);
        }
        if let Some(queue) = &delivered.queue {
            line.push(" Q=").text(queue);
        }
        if let Some(times) = delivered.queue_time
            && self.has(Selector::QueueTime)
        {
            self.queue_time(&mut line, times);
        }
        self.deliver_time(&mut line, delivered.deliver_time);
        let rendered = Rendered::main(line.finish());
        match &delivered.transport {
            Some(transport) => {
                let mut own = self.line();
                let whole = delivered.address.original.as_ref().filter(|_| delivered.host.is_none());
                own.text(whole.unwrap_or(&delivered.address.target)).push(": ").text(transport);
                own.push(" transport succeeded");
                rendered.with_message_log(MessageLogLine::Stamped(own.finish()))
            }
            None => rendered,
        }
    }

    pub(super) fn failed(&self, failed: &Failed) -> Rendered {
        let mut line = self.line();
        self.address(&mut line, &failed.address);
        self.sender(&mut line, &failed.sender, failed.return_path.as_deref());
        Self::drivers(&mut line, failed.router.as_deref(), failed.transport.as_deref());
        if let Some(host) = &failed.host {
            self.remote_host(&mut line, host, false);
        }
        self.tls(&mut line, failed.tls.as_ref(), false);
        if let Some(text) = &failed.errno_text {
            line.push(": ").push(text);
        }
        if !failed.message.is_empty() {
            line.push(": ").text(&failed.message);
        }
        self.deliver_time(&mut line, failed.deliver_time);
        let tail = line.finish();
        let mut own = if failed.router.is_none() { b"routing failed for ".to_vec() } else { Vec::new() };
        own.extend_from_slice(&tail);
        let text = [b"** ", &tail[..]].concat();
        Rendered::main(text).with_message_log(MessageLogLine::Stamped(own))
    }

    pub(super) fn deferred(&self, deferred: &Deferred) -> Option<Rendered> {
        if deferred.reason != DeferReason::Delivery && !self.has(Selector::RetryDefer) {
            return None;
        }
        let mut line = self.line();
        self.address(&mut line, &deferred.address);
        Self::drivers(&mut line, deferred.router.as_deref(), deferred.transport.as_deref());
        if deferred.reason == DeferReason::RoutingRetryTime {
            line.push(" routing");
        }
        line.push(&format!(" defer ({})", deferred.errno));
        if let Some(text) = deferred.errno_text.as_ref().filter(|_| deferred.errno > 0) {
            line.push(": ").push(text);
        }
        if let Some(host) = &deferred.host {
            self.remote_host(&mut line, host, false);
        }
        self.deliver_time(&mut line, deferred.deliver_time);
        if let Some(message) = deferred.message.as_ref().filter(|message| !message.is_empty()) {
            line.push(": ").text(message);
        }
        let tail = line.finish();
        let text = [b"== ", &tail[..]].concat();
        let mut rendered = Rendered::main(text).with_message_log(MessageLogLine::Stamped(tail));
        rendered.streams.panic = deferred.panic;
        Some(rendered)
    }

    pub(super) fn host_error(&self, error: &HostError) -> Rendered {
        let mut line = self.line();
        line.push("H=").text(&error.host.name);
        if let Some(address) = error.host.address {
            line.push(&format!(" [{address}]"));
            if self.has(Selector::OutgoingPort) {
                line.push(&format!(":{}", error.host.port));
            }
        }
        line.push(if error.plain { " " } else { ": " }).text(&error.message);
        let text = line.finish();
        Rendered::main(text.clone()).with_message_log(MessageLogLine::Stamped(text))
    }

    /// `target (parents) <original>`.
    fn address(&self, line: &mut Line, address: &LogAddress) {
        line.text(&address.target);
        let shown = if self.has(Selector::AllParents) { address.parents.len() } else { 1 };
        for parent in address.parents.iter().take(shown) {
            line.push(" (").text(parent).push(")");
        }
        if let Some(original) = &address.original {
            line.bracketed(" ", original);
        }
    }

    fn sender(&self, line: &mut Line, sender: &[u8], return_path: Option<&[u8]>) {
        if self.has(Selector::SenderOnDelivery) {
            line.bracketed(" F=", sender);
        }
        if let Some(path) = return_path
            && self.has(Selector::ReturnPathOnDelivery)
        {
            line.bracketed(" P=", path);
        }
    }

    fn drivers(line: &mut Line, router: Option<&[u8]>, transport: Option<&[u8]>) {
        if let Some(router) = router {
            line.push(" R=").text(router);
        }
        if let Some(transport) = transport {
            line.push(" T=").text(transport);
        }
    }

    fn session(&self, line: &mut Line, session: &Session) {
        if let Some(proxy) = &session.proxy
            && self.has(Selector::Proxy)
        {
            line.push(" PRX=").text(proxy);
        }
        self.tls(line, session.tls.as_ref(), false);
        self.auth(line, session.auth.as_ref());
        if session.pipelining == Pipelining::Used && self.has(Selector::Pipelining) {
            line.push(if session.early_pipe { " L*" } else { " L" });
        }
        if !session.startup.is_empty() && self.has(Selector::ProtocolDetail) {
            line.push(" PS=").push(&session.startup);
        }
        if session.prdr {
            line.push(" PRDR");
        }
        if session.chunking {
            line.push(" K");
        }
    }
}

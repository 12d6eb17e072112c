//! `<=` and `(=`.

use super::line::{Line, elapsed};
use super::{MessageLogLine, Rendered, Renderer};
use crate::event::{BodyType, Pipelining, Received, SenderPolicies};
use mail_types::log_selector::Selector;

impl Renderer {
    pub(super) fn received(&self, received: &Received) -> Rendered {
        let mut line = self.line();
        line.push(if received.fake_reject { "(= " } else { "<= " });
        self.arrival(&mut line, received);
        let mut own = self.line();
        own.push("Received from ");
        self.arrival(&mut own, received);
        if self.has(Selector::ReceivedSender) {
            line.bracketed(" from ", &received.raw_sender);
        }
        if self.has(Selector::ReceivedRecipients) && !received.recipients.is_empty() {
            line.push(" for");
            for recipient in &received.recipients {
                line.push(" ").text(recipient);
            }
        }
        Rendered::main(line.finish()).with_message_log(MessageLogLine::Stamped(own.finish()))
    }

    fn arrival(&self, line: &mut Line, received: &Received) {
        if received.sender.is_empty() {
            line.push("<>");
        } else {
            line.text(&received.sender);
        }
        if let Some(id) = received.bounce_of {
            line.push(" R=").push(id.as_str());
        }
        self.host_and_ident(line, &received.peer);
        if !received.protocol.is_empty() {
            line.push(" P=").text(&received.protocol);
        }
        self.offers(line, received);
        self.tls(line, received.tls.as_ref(), true);
        self.auth(line, received.auth.as_ref());
        if received.prdr {
            line.push(" PRDR");
        }
        if let Some(proxy) = &received.proxy
            && self.has(Selector::Proxy)
        {
            line.push(" PRX=").text(proxy);
        }
        if received.chunking {
            line.push(" K");
        }
        line.push(&format!(" S={}", received.size));
        if self.has(Selector::EightBitMime) {
            line.push(match received.body {
                BodyType::None => " M8S=0",
                BodyType::SevenBit => " M8S=7",
                BodyType::EightBitMime => " M8S=8",
            });
        }
        if received.dnssec && self.has(Selector::Dnssec) {
            line.push(" DS");
        }
        if let Some(queue) = &received.queue {
            line.push(" Q=").text(queue);
        }
        if self.has(Selector::ReceiveTime) {
            line.push(" RT=").push(&elapsed(received.receive_time, self.has(Selector::Millisec)));
        }
        self.headers(line, received);
    }

    /// `SPF=`, `DMARC=`: in full, or the bare tag for a good result.
    pub(super) fn policies(&self, line: &mut Line, policies: SenderPolicies) {
        let tags = [
            (" SPF", policies.spf, "pass", Selector::Spf, Selector::SpfVerbose),
            (" DMARC", policies.dmarc, "accept", Selector::Dmarc, Selector::DmarcVerbose),
        ];
        for (tag, result, good, brief, verbose) in tags {
            let Some(result) = result else { continue };
            if self.has(verbose) {
                line.push(tag).push("=").push(result);
            } else if result == good && self.has(brief) {
                line.push(tag);
            }
        }
    }

    fn offers(&self, line: &mut Line, received: &Received) {
        if !self.has(Selector::Pipelining) {
            return;
        }
        if received.pipelining == Pipelining::No {
            return;
        }
        line.push(" L");
        if let Some(used) = received.early_pipe {
            line.push(if used { "*" } else { "." });
        }
        if received.pipelining == Pipelining::Offered {
            line.push("-");
        }
    }

    fn headers(&self, line: &mut Line, received: &Received) {
        if let Some(id) = &received.message_id_header {
            if received.message_id_created {
                if self.has(Selector::MsgIdCreated) {
                    line.push(" id*=").printable(id);
                }
            } else if self.has(Selector::MsgId) {
                line.push(" id=").printable(id);
            }
        }
        if let Some(domain) = &received.dkim
            && self.has(Selector::Dkim)
        {
            line.push(" DKIM=").text(domain);
        }
        self.policies(line, received.policies);
        if received.arc {
            line.push(" ARC");
        }
        if let Some(subject) = &received.subject
            && self.has(Selector::Subject)
        {
            line.push(" T=\"");
            line.quoted(subject);
            line.push("\"");
        }
    }
}

//! Incoming SMTP sessions.

use super::line::{Line, elapsed};
use super::{Rendered, Renderer};
use crate::event::{Dropped, Peer, Rejected, RejectedMessage, Rejection, SmtpEvent, SmtpNews, TooBig};
use mail_types::log_selector::Selector;

impl Renderer {
    pub(super) fn smtp(&self, event: &SmtpEvent) -> Option<Rendered> {
        if selector_of(&event.news).is_some_and(|selector| !self.has(selector)) {
            return None;
        }
        Some(match &event.news {
            SmtpNews::Dropped(dropped) => Rendered::reject(self.dropped(&event.peer, dropped)),
            SmtpNews::SyncGreeting { .. } | SmtpNews::SyncCommand { .. } => {
                Rendered::reject(self.synchronization(event))
            }
            SmtpNews::Rejected(rejection) => self.rejected(&event.peer, rejection),
            SmtpNews::TooBig(big) => self.too_big(&event.peer, big),
            SmtpNews::HeloInvalid { .. }
            | SmtpNews::HeloNotVerified { .. }
            | SmtpNews::TooManyMessages
            | SmtpNews::NoHelo
            | SmtpNews::RcptDiscarded { .. }
            | SmtpNews::SenderVerifyFailed { .. }
            | SmtpNews::TooManyRecipients { .. } => Rendered::reject(self.refusal(event)),
            SmtpNews::Unqualified { .. } if self.has(Selector::SmtpSyntaxError) => {
                Rendered::reject(self.refusal(event))
            }
            SmtpNews::Unqualified { .. } => Rendered::reject_only(self.refusal(event)),
            SmtpNews::Opened { .. }
            | SmtpNews::Refused { .. }
            | SmtpNews::HostRejected { .. }
            | SmtpNews::Closed { .. }
            | SmtpNews::Lost { .. }
            | SmtpNews::UnexpectedDisconnection { .. }
            | SmtpNews::LostWhileReading { .. }
            | SmtpNews::ResetAfterQuit
            | SmtpNews::CommandTimeout
            | SmtpNews::DataTimeout { .. }
            | SmtpNews::NoMail { .. } => Rendered::main(self.session_state(event)),
            SmtpNews::IncompleteTransaction { .. }
            | SmtpNews::SyntaxError { .. }
            | SmtpNews::ProtocolError { .. }
            | SmtpNews::Warning { .. }
            | SmtpNews::VrfyFailed { .. }
            | SmtpNews::Etrn { .. }
            | SmtpNews::HostLookupFailed { .. }
            | SmtpNews::NoHostAddress { .. }
            | SmtpNews::WarnSkipped { .. }
            | SmtpNews::TlsError { .. } => Rendered::main(self.remark(event)),
        })
    }

    fn session_state(&self, event: &SmtpEvent) -> Vec<u8> {
        let mut line = self.line();
        let peer = &event.peer;
        match &event.news {
            SmtpNews::Opened { count } => {
                line.push("SMTP connection from ");
                self.connection(&mut line, peer);
                if let Some(count) = count {
                    line.push(&format!(" (TCP/IP connection count = {count})"));
                }
            }
            SmtpNews::Refused { reason } => {
                line.push("Connection from ");
                self.connection(&mut line, peer);
                line.push(" refused: ").text(reason);
            }
            SmtpNews::HostRejected { option } => {
                line.push("refused connection from ");
                self.caller(&mut line, peer);
                line.push(" (").push(option).push(")");
            }
            SmtpNews::Closed { how } => {
                line.push("SMTP connection from ");
                self.connection(&mut line, peer);
                line.push(" closed ").push(how);
            }
            SmtpNews::Lost { error, duration } => {
                line.push("SMTP connection from ");
                self.connection(&mut line, peer);
                line.push(" lost");
                lost_error(&mut line, error.as_deref());
                line.push(" D=").push(&elapsed(*duration, self.has(Selector::Millisec)));
            }
            SmtpNews::UnexpectedDisconnection { error, duration } => {
                let what = if peer.address.is_some() { "disconnection" } else { "EOF" };
                line.push("unexpected ").push(what).push(" while reading SMTP command from ");
                self.caller(&mut line, peer);
                lost_error(&mut line, error.as_deref());
                line.push(" D=").push(&elapsed(*duration, self.has(Selector::Millisec)));
            }
            SmtpNews::LostWhileReading { stage } => {
                line.push("SMTP connection from ");
                self.connection(&mut line, peer);
                line.push(" lost while reading message data");
                if let Some(stage) = stage {
                    line.push(" (").push(stage).push(")");
                }
            }
            SmtpNews::ResetAfterQuit => {
                line.push("SMTP connection from ");
                self.connection(&mut line, peer);
                line.push(" was reset straight after QUIT");
            }
            SmtpNews::CommandTimeout => {
                line.push("SMTP command timeout on connection from ");
                self.caller(&mut line, peer);
            }
            SmtpNews::DataTimeout { sender } => {
                line.push("SMTP data timeout (message abandoned) on connection from ");
                self.full_host(&mut line, peer);
                line.bracketed(" F=", sender);
            }
            SmtpNews::NoMail { duration, commands, more, auth, tls } => {
                line.push("no MAIL in SMTP connection from ");
                self.caller(&mut line, peer);
                line.push(" D=").push(&elapsed(*duration, self.has(Selector::Millisec)));
                self.auth(&mut line, auth.as_ref());
                self.tls(&mut line, tls.as_ref(), true);
                if !commands.is_empty() {
                    line.push(if *more { " C=..." } else { " C=" });
                    list(&mut line, commands, ",");
                }
            }
            _ => {}
        }
        line.finish()
    }

    fn remark(&self, event: &SmtpEvent) -> Vec<u8> {
        let mut line = self.line();
        let peer = &event.peer;
        match &event.news {
            SmtpNews::IncompleteTransaction { cause, sender, recipients } => {
                self.identity(&mut line, peer);
                line.push("incomplete transaction (").push(cause).push(")").bracketed(" from ", sender);
                if !recipients.is_empty() {
                    line.push(" for ");
                    list(&mut line, recipients, " ");
                }
            }
            SmtpNews::SyntaxError { command, problem } => {
                line.push("SMTP syntax error in \"").printable(command).push("\"");
                self.host_and_ident(&mut line, peer);
                line.push(" ").text(problem);
            }
            SmtpNews::ProtocolError { command, problem } => {
                line.push("SMTP protocol error in \"").printable(command).push("\"");
                self.host_and_ident(&mut line, peer);
                line.push(" ").text(problem);
            }
            SmtpNews::Warning { text } => {
                self.identity(&mut line, peer);
                line.push("Warning: ").printable(text);
            }
            SmtpNews::VrfyFailed { address } => {
                line.push("VRFY failed for ").printable(address);
                self.host_and_ident(&mut line, peer);
            }
            SmtpNews::Etrn { argument } => {
                line.push("ETRN ").printable(argument).push(" received from ");
                self.caller(&mut line, peer);
            }
            SmtpNews::HostLookupFailed { text } => {
                line.text(text);
            }
            SmtpNews::NoHostAddress { name } => {
                line.push("no IP address found for host ").printable(name);
                if peer.address.is_some() {
                    line.push(" (during SMTP connection from ");
                    self.connection(&mut line, peer);
                    line.push(")");
                }
            }
            SmtpNews::WarnSkipped { text } => {
                self.identity(&mut line, peer);
                line.push("Warning: ACL \"warn\" statement skipped: ").text(text);
            }
            SmtpNews::TlsError { step, reason } => {
                line.push("TLS error on connection from ");
                self.connection(&mut line, peer);
                let step = if step.is_empty() { String::new() } else { format!("({step}): ") };
                line.push(" ").push(&step).text(reason);
            }
            _ => {}
        }
        line.finish()
    }

    fn refusal(&self, event: &SmtpEvent) -> Vec<u8> {
        let mut line = self.line();
        let peer = &event.peer;
        match &event.news {
            SmtpNews::HeloInvalid { verb, argument } => {
                line.push("rejected ").push(verb).push(" from ");
                self.caller(&mut line, peer);
                line.push(": syntactically invalid argument(s): ");
                if argument.is_empty() {
                    line.push("(no argument given)");
                } else {
                    line.printable(argument);
                }
            }
            SmtpNews::HeloNotVerified { command, temporary } => {
                line.push(if *temporary { "temporarily rejected \"" } else { "rejected \"" });
                line.printable(command).push("\" from ");
                self.caller(&mut line, peer);
            }
            SmtpNews::TooManyMessages => {
                line.push("rejected MAIL command");
                self.host_and_ident(&mut line, peer);
                line.push(": too many messages in one connection");
            }
            SmtpNews::NoHelo => {
                line.push("rejected MAIL from ");
                self.caller(&mut line, peer);
                line.push(": no HELO/EHLO given");
            }
            SmtpNews::RcptDiscarded { sender, recipient, by, message } => {
                self.identity(&mut line, peer);
                line.bracketed("F=", sender).bracketed(" RCPT ", recipient);
                line.push(": discarded by ").push(by).push(" ACL");
                if let Some(message) = message {
                    line.push(": ").text(first_line(message));
                }
            }
            SmtpNews::SenderVerifyFailed { sender, temporary, message } => {
                self.identity(&mut line, peer);
                line.push(if *temporary { "sender verify defer for " } else { "sender verify fail for " });
                line.bracketed("", sender);
                if let Some(message) = message {
                    line.push(": ").text(message);
                }
            }
            SmtpNews::Unqualified { which, address } => {
                line.push("unqualified ").push(which).bracketed(" rejected: ", address);
                self.host_and_ident(&mut line, peer);
            }
            SmtpNews::TooManyRecipients { sender, temporary } => {
                line.push(if *temporary {
                    "too many recipients: excess temporarily rejected: sender="
                } else {
                    "too many recipients: message rejected: sender="
                });
                line.bracketed("", sender);
                self.host_and_ident(&mut line, peer);
            }
            _ => {}
        }
        line.finish()
    }

    fn dropped(&self, peer: &Peer, dropped: &Dropped) -> Vec<u8> {
        let mut line = self.line();
        line.push("SMTP call from ");
        self.caller(&mut line, peer);
        line.push(" dropped: ");
        match dropped {
            Dropped::UnknownCommands { last } => {
                line.push("too many unrecognized commands (last was \"").printable(last).push("\")");
            }
            Dropped::NonmailCommands { last } => {
                line.push("too many nonmail commands (last was \"").printable(last).push("\")");
            }
            Dropped::SynprotErrors { last, commands } => {
                line.push("too many syntax or protocol errors (last command was \"")
                    .printable(last)
                    .push("\", ");
                if commands.is_empty() {
                    line.push("NULL)");
                } else {
                    line.push(" C=");
                    list(&mut line, commands, ",");
                    line.push(")");
                }
            }
        }
        line.finish()
    }

    fn synchronization(&self, event: &SmtpEvent) -> Vec<u8> {
        let mut line = self.line();
        line.push("SMTP protocol synchronization error (");
        match &event.news {
            SmtpNews::SyncCommand { command, input, pipelining_advertised } => {
                line.push("next input sent too soon: pipelining was");
                line.push(if *pipelining_advertised { "" } else { " not" });
                line.push(" advertised): rejected \"").printable(command).push("\"");
                self.host_and_ident(&mut line, &event.peer);
                line.push(" next input=\"").printable(input).push("\"");
            }
            SmtpNews::SyncGreeting { input } => {
                line.push("input sent without waiting for greeting): rejected connection from");
                self.host_and_ident(&mut line, &event.peer);
                line.push(" input=\"").printable(input).push("\"");
            }
            _ => {}
        }
        line.finish()
    }

    fn rejected(&self, peer: &Peer, rejection: &Rejection) -> Rendered {
        let mut line = self.line();
        if rejection.what != Rejected::NonSmtp {
            self.identity(&mut line, peer);
        }
        self.rejection_details(&mut line, rejection);
        if let Some(sender) = &rejection.sender {
            line.bracketed("F=", sender).push(" ");
        }
        line.push(if rejection.temporary { "temporarily rejected " } else { "rejected " });
        match &rejection.what {
            Rejected::Connection => line.push("connection in \"connect\" ACL"),
            Rejected::Helo(name) => line.push("EHLO or HELO ").printable(name),
            Rejected::Mail(address) => line.bracketed("MAIL ", address),
            Rejected::Rcpt(address) => line.bracketed("RCPT ", address),
            Rejected::Data => line.push("DATA"),
            Rejected::AfterData => line.push("after DATA"),
            Rejected::Dkim => line.push("DKIM "),
            Rejected::Command(command) => line.printable(command),
            Rejected::NonSmtp => line.push("by non-SMTP ACL"),
            Rejected::Other(text) => line.text(text),
        };
        if let Some(message) = &rejection.message {
            line.push(": ").text(first_line(message));
        }
        let mut rendered = Rendered { streams: rejection.streams, ..Rendered::reject(line.finish()) };
        if let Some(message) = &rejection.rejected {
            rendered.reject_tail = self.reject_tail(message);
        }
        rendered
    }

    fn rejection_details(&self, line: &mut Line, rejection: &Rejection) {
        let mut details = self.line();
        self.tls(&mut details, rejection.tls.as_ref(), true);
        self.auth(&mut details, rejection.auth.as_ref());
        self.policies(&mut details, rejection.policies);
        let details = details.finish();
        if let Some(details) = details.strip_prefix(b" ") {
            line.text(details).push(" ");
        }
    }

    fn too_big(&self, peer: &Peer, big: &TooBig) -> Rendered {
        let mut line = self.line();
        match big {
            TooBig::Announced { sender, size, max } => {
                line.bracketed("rejected MAIL FROM:", sender);
                self.host_and_ident(&mut line, peer);
                line.push(&format!(": message too big: size={size} max={max}"));
                Rendered::reject(line.finish())
            }
            TooBig::Read { sender, read, max, rejected } => {
                line.bracketed("rejected from ", sender);
                if peer.address.is_some() {
                    line.push(" H=");
                    self.full_host(&mut line, peer);
                }
                if let Some(ident) = &peer.ident {
                    line.push(" U=").text(ident);
                }
                line.push(&format!(": message too big: read={read} max={max}"));
                let mut rendered = Rendered::reject(line.finish());
                rendered.reject_tail = self.reject_tail(rejected);
                rendered
            }
        }
    }

    /// Envelope and header as the reject log shows them.
    fn reject_tail(&self, message: &RejectedMessage) -> Vec<u8> {
        if !self.has(Selector::RejectedHeader) {
            return Vec::new();
        }
        let mut line = self.line();
        line.bracketed("Envelope-from: ", &message.sender).push("\n");
        for (number, recipient) in message.recipients.iter().enumerate() {
            line.bracketed(if number == 0 { "Envelope-to: " } else { "    " }, recipient).push("\n");
        }
        let mut out = line.finish();
        for (kind, text) in &message.headers {
            out.extend_from_slice(&[*kind, b' ']);
            push_header(&mut out, text);
        }
        out
    }

    /// `H=… U=… ` at the start of a line.
    fn identity(&self, line: &mut Line, peer: &Peer) {
        let mut words = self.line();
        self.host_and_ident(&mut words, peer);
        let words = words.finish();
        if let Some(words) = words.strip_prefix(b" ") {
            line.text(words).push(" ");
        }
    }
}

/// The name of `log_selector` that a line depends on; none for lines that are always written.
fn selector_of(news: &SmtpNews) -> Option<Selector> {
    Some(match news {
        SmtpNews::Opened { .. } | SmtpNews::Closed { .. } => Selector::SmtpConnection,
        SmtpNews::Refused { .. } | SmtpNews::HostRejected { .. } => Selector::ConnectionReject,
        SmtpNews::Lost { .. } | SmtpNews::UnexpectedDisconnection { .. } | SmtpNews::CommandTimeout => {
            Selector::LostIncomingConnection
        }
        SmtpNews::ResetAfterQuit => Selector::ProtocolDetail,
        SmtpNews::NoMail { .. } => Selector::SmtpNoMail,
        SmtpNews::IncompleteTransaction { .. } => Selector::SmtpIncompleteTransaction,
        SmtpNews::SyntaxError { .. } => Selector::SmtpSyntaxError,
        SmtpNews::ProtocolError { .. } => Selector::SmtpProtocolError,
        SmtpNews::Rejected(rejection) if rejection.what == Rejected::Connection => Selector::ConnectionReject,
        SmtpNews::SenderVerifyFailed { .. } => Selector::SenderVerifyFail,
        SmtpNews::TooBig(TooBig::Announced { .. }) => Selector::SizeReject,
        SmtpNews::Etrn { .. } => Selector::Etrn,
        SmtpNews::HostLookupFailed { .. } | SmtpNews::NoHostAddress { .. } => Selector::HostLookupFailed,
        SmtpNews::WarnSkipped { .. } => Selector::AclWarnSkipped,
        _ => return None,
    })
}

/// A header with its continuation lines; other control bytes are escaped. A continuation begins with white space, so
/// that it can't pass for a line of the log.
fn push_header(out: &mut Vec<u8>, text: &[u8]) {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for (number, piece) in text.split(|byte| *byte == b'\n').enumerate() {
        if number > 0 && !piece.first().is_some_and(|byte| *byte == b' ' || *byte == b'\t') {
            out.extend_from_slice(b"  ");
        }
        for &byte in piece {
            if byte == b'\t' || byte >= b' ' && byte != 0x7f {
                out.push(byte);
            } else {
                mail_types::bytes::push_printable(out, &[byte], mail_types::bytes::PrintOptions::default());
            }
        }
        out.push(b'\n');
    }
}

fn lost_error(line: &mut Line, error: Option<&str>) {
    if let Some(error) = error {
        line.push(&format!(" (error: {error})"));
    }
}

fn list(line: &mut Line, items: &[Vec<u8>], separator: &str) {
    for (number, item) in items.iter().enumerate() {
        line.push(if number == 0 { "" } else { separator }).text(item);
    }
}

/// A `log_message` or `message` of several lines shows its first one.
fn first_line(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').next().unwrap_or(text)
}

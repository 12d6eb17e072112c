//! What the peer did wrong, as log lines.

use observe::Selector;
use observe::event::{Dropped, SmtpNews, TooBig};
use smtp_proto::server::{MessagePart, PeerFault};
use tokio::io::{AsyncRead, AsyncWrite};

use super::session::Session;
use crate::context::event::Happened;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Log what a step found wrong.
    pub(super) fn log_fault(&mut self, fault: PeerFault) {
        match fault {
            PeerFault::ConnectionLost { within } => {
                self.lost_within = within;
                self.log_lost(within);
            }
            PeerFault::IncompleteTransaction { reason: "connection lost" } => {
                self.lost_in_transaction = true;
                if let Some(news) = self.news(fault) {
                    self.context.log_smtp(news);
                }
            }
            PeerFault::MailBeforeHello => {
                self.any_mail = true;
                self.context.log_smtp(SmtpNews::NoHelo);
            }
            PeerFault::TooManyUnknown { command } => {
                self.thrown_out = true;
                self.context.log_smtp(SmtpNews::Dropped(Dropped::UnknownCommands { last: command }));
            }
            PeerFault::Timeout { within } => {
                let sender = self.context.facts.message.sender_address.clone();
                let news = match within {
                    Some(_) => SmtpNews::DataTimeout { sender },
                    None => SmtpNews::CommandTimeout,
                };
                self.context.log_smtp(news);
            }
            other => {
                self.tell_of(&other);
                if let Some(news) = self.news(other) {
                    self.context.log_smtp(news);
                }
            }
        }
    }

    /// The events that 4.99 added for errors of the client.
    fn tell_of(&mut self, fault: &PeerFault) {
        let (name, text) = match fault {
            PeerFault::Protocol { text, .. } => ("smtp:fail:protocol", text),
            PeerFault::Syntax { text, .. } => ("smtp:fail:syntax", text),
            _ => return,
        };
        self.context.main_event(&Happened::new(name, text.clone()));
    }

    fn log_lost(&mut self, within: Option<MessagePart>) {
        let duration = self.context.services.clock.now().since(self.context.facts.connection.started_at);
        let news = match within {
            Some(MessagePart::Header) => {
                let any = self.incoming.as_ref().is_some_and(|incoming| incoming.size() > 0);
                SmtpNews::LostWhileReading { stage: Some(if any { "after header" } else { "header" }) }
            }
            Some(MessagePart::Body) => SmtpNews::LostWhileReading { stage: None },
            None if self.lost_in_transaction => {
                SmtpNews::UnexpectedDisconnection { error: self.lost_error.take(), duration }
            }
            None => {
                if !self.context.logs(Selector::SmtpConnection) {
                    return;
                }
                SmtpNews::Lost { error: self.lost_error.take(), duration }
            }
        };
        self.context.log_smtp(news);
    }

    fn news(&self, fault: PeerFault) -> Option<SmtpNews> {
        let facts = &self.context.facts.message;
        let sender = facts.sender_address.clone();
        Some(match fault {
            PeerFault::CommandTooLong { limit } => SmtpNews::SyntaxError {
                command: Vec::new(),
                problem: format!("command line longer than {limit} octets").into_bytes(),
            },
            PeerFault::IncompleteTransaction { reason } => SmtpNews::IncompleteTransaction {
                cause: reason,
                sender,
                recipients: facts.recipients.iter().map(|recipient| recipient.address.clone()).collect(),
            },
            PeerFault::MessageTooBig { path, size, max } => {
                SmtpNews::TooBig(TooBig::Announced { sender: bare(path), size, max })
            }
            PeerFault::Protocol { command, text } => SmtpNews::ProtocolError { command, problem: text },
            PeerFault::Syntax { command, text } => SmtpNews::SyntaxError { command, problem: text },
            PeerFault::Synchronization { command: None, next_input, .. } => {
                SmtpNews::SyncGreeting { input: next_input }
            }
            PeerFault::Synchronization { command: Some(command), next_input, pipelining_advertised } => {
                SmtpNews::SyncCommand { command, input: next_input, pipelining_advertised }
            }
            PeerFault::TooManyMessages => SmtpNews::TooManyMessages,
            PeerFault::TooManyNonMail { verb } => SmtpNews::Dropped(Dropped::NonmailCommands { last: verb }),
            PeerFault::TooManyRecipients { rejected } => {
                SmtpNews::TooManyRecipients { sender, temporary: !rejected }
            }
            PeerFault::TooManySyntaxErrors { command } => {
                SmtpNews::Dropped(Dropped::SynprotErrors { last: command, commands: self.shown_history() })
            }
            _ => return None,
        })
    }

    /// The commands so far; dots stand for those that are no longer remembered.
    fn shown_history(&self) -> Vec<Vec<u8>> {
        let (mut commands, more) = self.history();
        if more && let Some(first) = commands.first_mut() {
            first.splice(..0, *b"...");
        }
        commands
    }
}

/// A path without its angle brackets.
fn bare(path: Vec<u8>) -> Vec<u8> {
    match path.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")) {
        Some(inner) => inner.to_vec(),
        None => path,
    }
}

//! One session: the loop between the stream, the protocol and the answers.

use std::sync::Arc;
use std::time::Duration;

use mail_types::clock::Timestamp;
use observe::Selector;
use observe::event::SmtpNews;
use smtp_proto::command::{Verb, split};
use smtp_proto::server::{Answer, Ask, Event, MessagePart, Output, Session as Protocol};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;

use super::client::Client;
use super::link::{Arrived, Link};
use super::parameters;
use crate::context::Context;
use crate::context::facts::Facts;
use crate::receive::Incoming;
use crate::services::Services;
use crate::services::panic_guard::guarded;

/// Commands that `$smtp_command_history` and the log remember.
const HISTORY_LIMIT: usize = 20;

/// An error of the system without the number that Rust adds.
fn system_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    /// After QUIT, or the client or we closed the connection.
    Closed {
        /// Messages that were accepted.
        messages: u32,
        /// The client went away without QUIT, or broke the protocol too often: `-bs` exits with 1. What an ACL drops and
        /// who sends too many unknown commands has been answered; without TLS at the beginning nobody was heard.
        abnormal: bool,
    },
    /// A defect of this program.
    Panicked,
}

/// Serve one client to the end of its session.
pub async fn session<S>(
    stream: &mut S,
    client: Client,
    services: Arc<Services>,
    shutdown: watch::Receiver<bool>,
) -> SessionEnd
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let end = guarded(async {
        let mut session = Session::new(stream, client, Arc::clone(&services), shutdown);
        session.run().await
    })
    .await;
    match end {
        Ok(end) => end,
        Err(text) => {
            services.log.problem(None, format!("SMTP session ended by a defect: {text}"));
            let goodbye = b"421 Temporary local problem - please try later\r\n";
            // The client may be gone; there is nobody to tell then.
            let _ = tokio::time::timeout(Duration::from_secs(5), stream.write_all(goodbye)).await;
            SessionEnd::Panicked
        }
    }
}

/// The state of one session.
pub(super) struct Session<'s, S> {
    pub(super) link: Link<'s, S>,
    pub(super) client: Client,
    pub(super) context: Context,
    pub(super) protocol: Protocol,
    /// The message that is being received.
    pub(super) incoming: Option<Incoming>,
    /// What belongs to the transaction and not to the message's facts.
    pub(super) transaction: Transaction,
    /// Why the session is to end without QUIT, once that is known.
    pub(super) abnormal: bool,
    /// MAIL was given in this session.
    pub(super) any_mail: bool,
    /// Where the connection was lost, when that was within a message.
    pub(super) lost_within: Option<MessagePart>,
    /// The connection was lost within a transaction, between commands.
    pub(super) lost_in_transaction: bool,
    /// The system's words about a connection that was lost.
    pub(super) lost_error: Option<String>,
    pub(super) dropped: bool,
    /// Too many unknown commands: the session has ended as if by QUIT.
    pub(super) thrown_out: bool,
    /// The server's side of TLS, between the question and the handshake.
    pub(super) tls_prepared: Option<super::starttls::Prepared>,
    /// The client may be greeted, and has not done its side of the handshake yet.
    pub(super) tls_half: Option<super::starttls::HalfDone>,
    /// TLS began with the connection, not by STARTTLS.
    pub(super) tls_at_once: bool,
    /// The client was sent away instead of greeted.
    turned_away: bool,
    /// QUIT was said.
    pub(super) has_quit: bool,
    history_full: bool,
}

/// One transaction.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    /// The sender before rewriting.
    pub(super) raw_sender: Vec<u8>,
    /// The MAIL ACL said `discard`.
    pub(super) mail_discarded: bool,
    /// The RCPT ACL discarded a recipient.
    pub(super) rcpt_discarded: bool,
    /// The content came in BDAT chunks.
    pub(super) chunking: bool,
    /// `RET=` as Exim's number.
    pub(super) dsn_ret: i64,
    /// `ENVID=`.
    pub(super) dsn_envid: Option<Vec<u8>>,
    /// `BODY=`, `SIZE=` and the rest are in the facts.
    pub(super) began: Option<Timestamp>,
}

impl<'s, S: AsyncRead + AsyncWrite + Unpin> Session<'s, S> {
    fn new(
        stream: &'s mut S,
        client: Client,
        services: Arc<Services>,
        shutdown: watch::Receiver<bool>,
    ) -> Self {
        let mut connection = client.facts();
        connection.started_at = services.clock.now();
        let facts = Facts { connection, ..Facts::default() };
        let mut context = Context::new(facts, services);
        let mut link = Link::new(stream, shutdown);
        link.timeout = parameters::receive_timeout(&mut context);
        let protocol = Protocol::new(parameters::protocol(&mut context, &client));
        Self {
            link,
            client,
            context,
            protocol,
            incoming: None,
            transaction: Transaction::default(),
            abnormal: false,
            any_mail: false,
            lost_within: None,
            lost_in_transaction: false,
            lost_error: None,
            dropped: false,
            thrown_out: false,
            tls_prepared: None,
            tls_half: None,
            tls_at_once: false,
            turned_away: false,
            has_quit: false,
            history_full: false,
        }
    }

    async fn run(&mut self) -> SessionEnd {
        let mut out = Output::default();
        self.set_protocol_word(false);
        self.announce();
        if self.client.is_secured_at_once(&self.context) && !Box::pin(self.secure_from_the_start()).await {
            return SessionEnd::Closed { messages: 0, abnormal: false };
        }
        self.step(Event::Octets, &mut out).await;
        if !Box::pin(self.end_handshake()).await {
            return SessionEnd::Closed { messages: 0, abnormal: false };
        }
        while !self.protocol.is_closed() && !self.context.services.queue.ends_session() {
            let content = self.protocol.is_reading_content();
            let event = match self.link.read(content).await {
                Arrived::Octets => Event::Octets,
                Arrived::End(error) => {
                    self.log_tls_end();
                    self.lost_error = error.map(|error| system_words(&error));
                    Event::Eof
                }
                Arrived::Timeout => Event::Timeout,
                Arrived::Shutdown => Event::Shutdown,
            };
            self.step(event, &mut out).await;
        }
        self.link.flush().await;
        self.link.say_goodbye().await;
        let secured = self.context.facts.connection.tls.is_some();
        if self.has_quit
            && secured
            && self.context.logs(Selector::ProtocolDetail)
            && self.link.was_reset().await
        {
            self.context.log_smtp(SmtpNews::ResetAfterQuit);
        }
        self.finish()
    }

    /// Give the protocol an event, then whatever is in the buffer, until it needs more.
    async fn step(&mut self, event: Event, out: &mut Output) {
        let mut event = event;
        loop {
            if !self.protocol.is_reading_content() {
                // Whether the client spoke too early shows only in what has arrived.
                self.link.poll_available().await;
            }
            out.clear();
            // An answer lets the session go on with what the buffer holds, whether or not it used any of it itself.
            let answered = matches!(event, Event::Answer(_));
            self.protocol.step(event, self.link.input(), out);
            let progress = answered || out.consumed > 0;
            self.take(out).await;
            if self.context.services.queue.ends_session() {
                return;
            }
            if out.handshake && !Box::pin(self.handshake_after_reply()).await {
                event = Event::Eof;
                continue;
            }
            let Some(ask) = out.ask.take() else {
                if !progress || self.protocol.is_closed() {
                    return;
                }
                event = Event::Octets;
                continue;
            };
            event = Event::Answer(self.answer(ask).await);
        }
    }

    /// The 220 goes out, then the handshake.
    async fn handshake_after_reply(&mut self) -> bool {
        self.link.flush().await;
        self.shake_hands().await
    }

    /// Act on what a step produced, all but its question.
    async fn take(&mut self, out: &mut Output) {
        if out.consumed > 0 && out.content.is_empty() && !self.protocol.is_reading_content() {
            let line = self.link.input()[..out.consumed].trim_ascii_end().to_vec();
            self.remember(line);
        }
        self.link.consume(out.consumed);
        for fault in out.faults.drain(..) {
            self.log_fault(fault);
        }
        self.link.queue(&out.replies);
        if self.link.wants_flush() {
            self.link.flush().await;
        }
        if !out.content.is_empty()
            && let Some(incoming) = &mut self.incoming
        {
            incoming.push(&out.content, &mut self.context).await;
        }
        if self.incoming.is_some() && !self.protocol.is_in_transaction() {
            self.incoming = None;
        }
    }

    /// Keep a command for `$smtp_command` and the history.
    fn remember(&mut self, line: Vec<u8>) {
        let (verb, argument) = split(&line);
        let word = line.split(|&byte| byte == b' ').next().unwrap_or_default().to_ascii_uppercase();
        let facts = &mut self.context.facts.connection;
        facts.smtp_command_argument = argument.to_vec();
        if verb != Verb::Unknown {
            if facts.smtp_command_history.len() == HISTORY_LIMIT {
                facts.smtp_command_history.remove(0);
                self.history_full = true;
            }
            facts.smtp_command_history.push(word);
        }
        facts.smtp_command = Some(line);
    }

    async fn answer(&mut self, ask: Ask) -> Answer {
        // One big future per kind of question, each on the heap: an idle session carries none of them.
        match ask {
            Ask::Connect => {
                let answer = Box::pin(self.connect()).await;
                self.turned_away = matches!(answer, Answer::Close(_));
                answer
            }
            Ask::Hello { kind, argument } => Box::pin(self.hello(kind, argument)).await,
            Ask::Mail(command) => Box::pin(self.mail(command)).await,
            Ask::Rcpt(command) => Box::pin(self.rcpt(command)).await,
            Ask::Predata => Box::pin(self.predata()).await,
            Ask::EndOfData => Box::pin(self.end_of_data()).await,
            Ask::Vrfy(argument) => Box::pin(self.vrfy(argument)).await,
            Ask::Expn(argument) => Box::pin(self.expn(argument)).await,
            Ask::Etrn(argument) => self.etrn(argument),
            Ask::StartTls => Box::pin(self.starttls()).await,
            Ask::Secure => Box::pin(self.secure()).await,
            Ask::Quit => Box::pin(self.on_quit()).await,
            Ask::NotQuit(reason) => Box::pin(self.not_quit(reason)).await,
        }
    }

    fn finish(&mut self) -> SessionEnd {
        let context = &self.context;
        let duration = context.services.clock.now().since(context.facts.connection.started_at);
        if !self.any_mail && !self.turned_away {
            context.log_smtp(SmtpNews::NoMail {
                duration,
                commands: context.facts.connection.smtp_command_history.clone(),
                more: self.history_full,
                auth: context.auth(),
                tls: context.tls(),
            });
        }
        SessionEnd::Closed { messages: self.protocol.messages(), abnormal: self.abnormal }
    }

    /// The commands so far, and whether there were more than are remembered.
    pub(super) fn history(&self) -> (Vec<Vec<u8>>, bool) {
        (self.context.facts.connection.smtp_command_history.clone(), self.history_full)
    }

    /// Forget the transaction: a new one begins, or this one is over.
    pub(super) fn reset_transaction(&mut self) {
        self.transaction = Transaction::default();
        self.incoming = None;
        self.context.reset_message();
    }
}

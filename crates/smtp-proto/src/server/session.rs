//! A session: its state, its counters, and the step that drives it.
//!
//! # Invariants
//! * A step consumes one command, or content; never anything while an ask is open.
//! * The state is moved by value: what a state owns can't be reached from another.
//!
//! # Security
//! Nothing is buffered here. A command line that is too long is skipped to its end and refused.

use super::state::{Pending, ServerState};
use super::{Answer, Ask, HelloKind, NotQuitReason, Parameters, PeerFault};
use super::{answer_step, command_step};
use crate::extension::Extensions;
use crate::reply::{write, write_text};

/// What happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// The buffer may hold new octets.
    Octets,
    /// The open ask was answered.
    Answer(Answer),
    /// The peer closed its side.
    Eof,
    /// `smtp_receive_timeout` passed without octets.
    Timeout,
    /// The program is asked to stop.
    Shutdown,
}

/// What a step produced. The caller keeps one and clears it between steps.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Output {
    /// Octets of the buffer that were used.
    pub consumed: usize,
    /// Wire form of what must be sent to the peer, in order. It may wait while the buffer holds more input
    /// (PIPELINING), but must be out before the caller waits for octets or works on the ask.
    pub replies: Vec<u8>,
    /// Message content in spool form: LF line ends, dots unstuffed.
    pub content: Vec<u8>,
    /// The question to answer before the session goes on.
    pub ask: Option<Ask>,
    /// What the peer did wrong in this step, for the log.
    pub faults: Vec<PeerFault>,
    /// The replies once out, what else was read is to be thrown away and the TLS handshake done; then
    /// [`Session::secured`] is called, or the connection closed.
    pub handshake: bool,
}

impl Output {
    /// Ready for the next step; keeps the allocations.
    pub fn clear(&mut self) {
        self.consumed = 0;
        self.replies.clear();
        self.content.clear();
        self.ask = None;
        self.faults.clear();
        self.handshake = false;
    }
}

/// What lives as long as the connection.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) parameters: Parameters,
    pub(super) hello: Option<HelloKind>,
    pub(super) extensions: Extensions,
    pub(super) pending: Option<Pending>,
    /// The client sent more before it had the reply to MAIL or RCPT.
    pub(super) pipelined: bool,
    /// The rest of a command line that is too long is being skipped.
    pub(super) skipping_line: bool,
    pub(super) last_was_rcpt: bool,
    pub(super) last_mail_rejected: bool,
    pub(super) rejections: Rejections,
    synprot_errors: u32,
    unknown_commands: u32,
    nonmail: u32,
    pub(super) mail_commands: u32,
    messages: u32,
    /// One RSET and one hello between messages are not counted as non-mail.
    pub(super) free_rset: bool,
    pub(super) free_hello: bool,
}

/// The texts with which RCPT commands were refused, as far as Exim repeats them after DATA.
#[derive(Debug, Default)]
pub(super) struct Rejections {
    text: Option<Vec<u8>>,
    differ: bool,
}

impl Rejections {
    pub(super) fn add(&mut self, text: Vec<u8>) {
        match &self.text {
            None => self.text = Some(text),
            Some(first) if *first != text => self.differ = true,
            Some(_) => {}
        }
    }

    /// The text that all refusals shared.
    fn shared(&self) -> Option<&[u8]> {
        if self.differ { None } else { self.text.as_deref() }
    }
}

/// One SMTP session, server side.
#[derive(Debug)]
pub struct Session {
    state: ServerState,
    core: Core,
}

impl Session {
    /// A session before its greeting. The first [`Session::step`] (with [`Event::Octets`]) asks [`Ask::Connect`].
    pub fn new(parameters: Parameters) -> Self {
        let core = Core {
            parameters,
            hello: None,
            extensions: Extensions::default(),
            pending: None,
            skipping_line: false,
            last_was_rcpt: false,
            pipelined: false,
            last_mail_rejected: false,
            rejections: Rejections::default(),
            synprot_errors: 0,
            unknown_commands: 0,
            nonmail: 0,
            mail_commands: 0,
            messages: 0,
            free_rset: true,
            free_hello: true,
        };
        Self { state: ServerState::Greeting, core }
    }

    /// Takes an event together with the octets read and not yet consumed.
    pub fn step(&mut self, event: Event, buffer: &[u8], out: &mut Output) {
        let state = std::mem::replace(&mut self.state, ServerState::Closing);
        let core = &mut self.core;
        self.state = match event {
            Event::Octets if core.pending.is_some() => state,
            Event::Octets => state.on_octets(buffer, core, out),
            Event::Answer(answer) => match core.pending.take() {
                Some(pending) => state.on_answer(pending, answer, buffer, core, out),
                None => state,
            },
            Event::Eof => state.on_eof(core, out),
            Event::Timeout => state.on_timeout(core, out),
            Event::Shutdown => state.on_shutdown(core, out),
        };
    }

    /// The connection is to be closed once the replies are out and the open ask is answered.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, ServerState::Closing) && self.core.pending.is_none()
    }

    /// Message content is being read (its timeout is the data timeout).
    pub fn is_reading_content(&self) -> bool {
        self.state.is_reading_content()
    }

    /// A MAIL command was accepted and its transaction is open.
    pub fn is_in_transaction(&self) -> bool {
        self.state.is_in_transaction()
    }

    /// Whether PIPELINING was offered, and whether the client made use of it.
    pub fn pipelining(&self) -> (bool, bool) {
        (self.core.pipelining_advertised(), self.core.pipelined)
    }

    /// Messages accepted so far on this connection.
    pub fn messages(&self) -> u32 {
        self.core.messages
    }

    /// The stream is encrypted now: what the client said before counts for nothing (RFC 3207 section 4.2), unless
    /// `keep_hello` (`tls_remember_esmtp`).
    pub fn secured(&mut self, keep_hello: bool) {
        let core = &mut self.core;
        if !keep_hello {
            core.hello = None;
            core.extensions = Extensions::default();
        }
        core.extensions.starttls = false;
        core.last_was_rcpt = false;
        core.last_mail_rejected = false;
        core.expect_message();
    }

    /// The hello that holds.
    pub fn hello(&self) -> Option<HelloKind> {
        self.core.hello
    }

    /// Changes the parameters, for options that are expanded late or that an ACL may change.
    pub fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.core.parameters
    }
}

impl Core {
    pub(super) fn pipelining_advertised(&self) -> bool {
        self.hello == Some(HelloKind::Ehlo) && self.extensions.pipelining
    }

    pub(super) fn ask(&mut self, ask: Ask, pending: Pending, out: &mut Output) {
        self.pending = Some(pending);
        out.ask = Some(ask);
    }

    /// A new transaction may begin: the uncounted RSET and hello are there again.
    pub(super) fn expect_message(&mut self) {
        self.free_rset = true;
        self.free_hello = true;
        self.rejections = Rejections::default();
    }

    pub(super) fn count_message(&mut self) {
        self.messages = self.messages.saturating_add(1);
    }

    /// Counts a non-mail command; true when it is one too many and the session ends.
    pub(super) fn count_nonmail(&mut self) -> bool {
        self.nonmail = self.nonmail.saturating_add(1);
        self.parameters.max_nonmail.is_some_and(|max| self.nonmail > max)
    }

    /// Counts an unknown command; true when it is one too many.
    pub(super) fn count_unknown(&mut self) -> bool {
        self.unknown_commands = self.unknown_commands.saturating_add(1);
        self.unknown_commands > self.parameters.max_unknown_commands
    }

    /// Counts a syntax or protocol error; true when it is one too many.
    pub(super) fn count_synprot(&mut self) -> bool {
        self.synprot_errors = self.synprot_errors.saturating_add(1);
        self.synprot_errors > self.parameters.max_synprot_errors
    }

    /// Ends the session by our own will.
    pub(super) fn close(&mut self, reason: NotQuitReason, out: &mut Output) -> ServerState {
        self.ask(Ask::NotQuit(reason), Pending::NotQuit, out);
        ServerState::Closing
    }

    /// The lines that go before `503 valid RCPT command must precede DATA`.
    pub(super) fn write_rejections(&self, out: &mut Output) {
        if let Some(text) = self.rejections.shared() {
            for line in [&b"All RCPT commands were rejected with this error:"[..]]
                .into_iter()
                .chain(text.split(|b| *b == b'\n'))
            {
                out.replies.extend_from_slice(b"503-");
                out.replies.extend(line.iter().map(|b| if matches!(b, b'\r' | 0) { b' ' } else { *b }));
                out.replies.extend_from_slice(b"\r\n");
            }
        }
    }
}

impl ServerState {
    fn on_octets(self, buffer: &[u8], core: &mut Core, out: &mut Output) -> Self {
        match self {
            Self::Greeting => {
                core.ask(Ask::Connect, Pending::Connect, out);
                Self::Greeting
            }
            Self::Data(data) => data.on_octets(buffer, core, out),
            Self::Chunk(chunk) if chunk.is_reading() => chunk.on_octets(buffer, core, out),
            Self::Skip(skip) => skip.on_octets(buffer, out),
            Self::Closing => {
                out.consumed = buffer.len();
                Self::Closing
            }
            Self::Ready(_) | Self::Envelope(_) | Self::Chunk(_) => {
                command_step::on_line(self, buffer, core, out)
            }
        }
    }

    fn on_eof(self, core: &mut Core, out: &mut Output) -> Self {
        if matches!(self, Self::Closing) {
            core.pending = None;
            return self;
        }
        if matches!(self, Self::Envelope(_)) {
            out.faults.push(PeerFault::IncompleteTransaction { reason: "connection lost" });
        }
        out.faults.push(PeerFault::ConnectionLost { within: self.message_part() });
        core.close(NotQuitReason::ConnectionLost, out)
    }

    fn on_timeout(self, core: &mut Core, out: &mut Output) -> Self {
        let host = core.parameters.hostname.as_slice();
        let within = self.message_part();
        let text = match within {
            Some(_) => [host, b" SMTP incoming data timeout - closing connection."].concat(),
            None => [host, b": SMTP command timeout - closing connection"].concat(),
        };
        write_text(421, &text, &mut out.replies);
        if matches!(self, Self::Envelope(_)) {
            out.faults.push(PeerFault::IncompleteTransaction { reason: "command timeout" });
        }
        let fault = PeerFault::Timeout { within };
        let reason = fault.notquit_reason().unwrap_or(NotQuitReason::CommandTimeout);
        out.faults.push(fault);
        core.close(reason, out)
    }

    fn on_shutdown(self, core: &mut Core, out: &mut Output) -> Self {
        let host = core.parameters.hostname.as_slice();
        let text = [host, b": Service not available - closing connection"].concat();
        write_text(421, &text, &mut out.replies);
        if matches!(self, Self::Envelope(_)) {
            out.faults.push(PeerFault::IncompleteTransaction { reason: "421" });
        }
        core.close(NotQuitReason::SignalExit, out)
    }

    /// Takes an answer that ends the session, or leaves it to the state.
    fn on_answer(
        self,
        pending: Pending,
        answer: Answer,
        buffer: &[u8],
        core: &mut Core,
        out: &mut Output,
    ) -> Self {
        if matches!(pending, Pending::NotQuit) {
            if let Answer::Close(reply) = &answer {
                write(reply, &mut out.replies);
            }
            return Self::Closing;
        }
        if let Answer::Close(reply) = &answer {
            write(reply, &mut out.replies);
            if matches!(pending, Pending::Quit) {
                return Self::Closing;
            }
            return core.close(NotQuitReason::AclDrop, out);
        }
        answer_step::on_answer(self, pending, answer, buffer, core, out)
    }
}

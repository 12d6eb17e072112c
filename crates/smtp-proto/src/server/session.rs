//! A session: its state, its counters, and the step that drives it.

use super::{Answer, Ask, NotQuitReason, Parameters, PeerFault};

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
    /// Wire form of what must be sent to the peer, in order, before the ask is worked on.
    pub replies: Vec<u8>,
    /// Message content in spool form: LF line ends, dots unstuffed.
    pub content: Vec<u8>,
    /// The question to answer before the session goes on.
    pub ask: Option<Ask>,
    /// What the peer did wrong in this step, for the log.
    pub faults: Vec<PeerFault>,
    /// The replies may wait for more (PIPELINING); false: flush now.
    pub may_delay: bool,
}

impl Output {
    /// Ready for the next step; keeps the allocations.
    pub fn clear(&mut self) {
        self.consumed = 0;
        self.replies.clear();
        self.content.clear();
        self.ask = None;
        self.faults.clear();
        self.may_delay = false;
    }
}

/// Counters and parameters that live as long as the connection.
#[derive(Debug)]
struct Counters {
    synprot_errors: u32,
    unknown_commands: u32,
    nonmail: u32,
    messages: u32,
}

/// Where a session stands; each state owns what only it needs.
#[derive(Debug)]
pub enum ServerState {
    /// Nothing was said yet.
    Greeting,
    /// The session is over.
    Closing,
}

/// One SMTP session, server side.
#[derive(Debug)]
pub struct Session {
    state: ServerState,
    parameters: Parameters,
    counters: Counters,
    ended: Option<NotQuitReason>,
}

impl Session {
    /// A session before its greeting. The first [`Session::step`] (with [`Event::Octets`]) asks [`Ask::Connect`].
    pub fn new(parameters: Parameters) -> Self {
        let counters = Counters { synprot_errors: 0, unknown_commands: 0, nonmail: 0, messages: 0 };
        Self { state: ServerState::Greeting, parameters, counters, ended: None }
    }

    /// Takes an event together with the octets read and not yet consumed.
    pub fn step(&mut self, event: Event, buffer: &[u8], out: &mut Output) {
        if matches!(event, Event::Eof | Event::Timeout | Event::Shutdown) {
            self.state = ServerState::Closing;
        }
        out.consumed = buffer.len().min(self.parameters.command_line_limit);
    }

    /// The connection is to be closed once the replies are out.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, ServerState::Closing)
    }

    /// Content is being read (the data timeout applies, not the command timeout).
    pub fn is_reading_content(&self) -> bool {
        false
    }

    /// Messages accepted so far on this connection.
    pub fn messages(&self) -> u32 {
        self.counters.messages + self.counters.nonmail.saturating_sub(self.counters.nonmail)
    }

    /// Changes the parameters, for options that an ACL may change (`control = enforce_sync` ...).
    pub fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    /// Why the session ended, when it did so without QUIT.
    pub fn ended(&self) -> Option<NotQuitReason> {
        self.ended
    }
}

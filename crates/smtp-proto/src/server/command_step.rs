//! Command lines: their place, their syntax, and what they ask.
//!
//! # Compatibility
//! The order of the checks and every text were observed with Exim 4.96: first the synchronisation, then the
//! count of non-mail commands, then the command's own place and syntax, then policy.
//!
//! # References
//! RFC 5321 section 4.1.4 (order of commands); RFC 2920 section 3.1 (which commands may be pipelined).

use super::session::{Core, Output};
use super::state::{Chunk, Envelope, Pending, Ready, ServerState, Skip};
use super::{Ask, HelloKind, NotQuitReason, PeerFault};
use crate::command::{self, ChunkError, ChunkHeader, MailCommand, RcptCommand, Recognised, Verb};
use crate::reply::{write, write_text};
use mail_types::outcome::Reply;

/// Octets of unexpected input that a fault keeps for the log.
pub(super) const NEXT_INPUT_SHOWN: usize = 150;

/// A command line taken from the buffer.
struct Line<'a> {
    text: &'a [u8],
    verb: Verb,
    argument: &'a [u8],
}

/// Takes one command line, if the buffer holds a whole one.
pub(super) fn on_line(state: ServerState, buffer: &[u8], core: &mut Core, out: &mut Output) -> ServerState {
    let limit = core.parameters.command_line_limit;
    let Some(end) = memchr::memchr(b'\n', buffer) else {
        if core.skipping_line || buffer.len() > limit + 1 {
            core.skipping_line = true;
            out.consumed = buffer.len();
        }
        return state;
    };
    out.consumed = end + 1;
    let text = buffer[..end].strip_suffix(b"\r").unwrap_or(&buffer[..end]);
    let rest = &buffer[end + 1..];
    if std::mem::take(&mut core.skipping_line) || text.len() > limit {
        out.faults.push(PeerFault::CommandTooLong { limit });
        return unknown(state, b"", core, out);
    }
    if text.contains(&0) {
        let line = Line { text, verb: Verb::Unknown, argument: text };
        return syntax_error(state, &line, b"NUL characters are not allowed in SMTP commands", core, out);
    }
    let (verb, argument) = command::split(text);
    let line = Line { text, verb, argument };
    if !rest.is_empty() && must_wait_for_reply(verb, core) {
        return not_synchronised(&state, &line, rest, core, out);
    }
    core.pipelined |= !rest.is_empty() && matches!(verb, Verb::Mail | Verb::Rcpt);
    if is_counted(verb, core) && core.count_nonmail() {
        return too_many_nonmail(&line, core, out);
    }
    // A RCPT that no MAIL went before is an error of its own, not one of a pipeline.
    let within_envelope = matches!(state, ServerState::Envelope(_));
    let state = match state {
        ServerState::Chunk(chunk) => between_chunks(chunk, &line, core, out),
        other => on_command(other, &line, core, out),
    };
    core.last_was_rcpt = verb == Verb::Rcpt && (within_envelope || core.last_mail_rejected);
    if !matches!(verb, Verb::Rcpt | Verb::Mail) {
        core.last_mail_rejected = false;
    }
    state
}

/// Whether a client must have waited for the reply to this command before it sent more.
fn must_wait_for_reply(verb: Verb, core: &Core) -> bool {
    if !core.parameters.enforce_sync {
        return false;
    }
    let pipelined = core.pipelining_advertised();
    match verb {
        Verb::Auth | Verb::Bdat | Verb::Help | Verb::Quit => false,
        Verb::Mail | Verb::Rcpt => !pipelined,
        Verb::StartTls => true,
        _ if core.parameters.early_pipelining => false,
        Verb::Rset => !pipelined,
        _ => true,
    }
}

fn not_synchronised(
    state: &ServerState,
    line: &Line<'_>,
    rest: &[u8],
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    if matches!(state, ServerState::Envelope(_)) {
        out.faults.push(PeerFault::IncompleteTransaction { reason: "sync failure" });
    }
    out.faults.push(PeerFault::Synchronization {
        command: Some(line.text.to_vec()),
        next_input: rest[..rest.len().min(NEXT_INPUT_SHOWN)].to_vec(),
        pipelining_advertised: core.pipelining_advertised(),
    });
    write_text(554, b"SMTP synchronization error", &mut out.replies);
    core.close(NotQuitReason::SynchronizationError, out)
}

/// Whether a command counts as a non-mail command; uses up the free ones.
fn is_counted(verb: Verb, core: &mut Core) -> bool {
    match verb {
        Verb::Mail | Verb::Rcpt | Verb::Data | Verb::Bdat | Verb::Quit => false,
        Verb::Rset => !std::mem::take(&mut core.free_rset),
        Verb::Helo | Verb::Ehlo => !std::mem::take(&mut core.free_hello),
        _ => true,
    }
}

fn too_many_nonmail(line: &Line<'_>, core: &mut Core, out: &mut Output) -> ServerState {
    let verb = line.text.split(|b| *b == b' ').next().unwrap_or_default();
    out.faults.push(PeerFault::TooManyNonMail { verb: verb.to_vec() });
    write_text(554, b"Too many nonmail commands", &mut out.replies);
    core.close(NotQuitReason::BadCommands, out)
}

/// A command while the chunks of a message are not complete.
fn between_chunks(mut chunk: Chunk, line: &Line<'_>, core: &mut Core, out: &mut Output) -> ServerState {
    match line.verb {
        Verb::Rset | Verb::Quit => on_command(ServerState::Chunk(chunk), line, core, out),
        Verb::Bdat => match ChunkHeader::parse(line.argument) {
            Ok(header) if chunk.broken => {
                let state =
                    protocol_error(ServerState::Chunk(chunk), line, b"only RSET accepted now", core, out);
                Skip::then(header.size, state)
            }
            Ok(header) => chunk.begin(header, core, out),
            Err(error) => bad_chunk(ServerState::Chunk(chunk), error, line, core, out),
        },
        _ => {
            let text: &[u8] = if chunk.broken {
                b"only RSET accepted now"
            } else {
                b"only BDAT permissible after non-LAST BDAT"
            };
            chunk.broken = true;
            protocol_error(ServerState::Chunk(chunk), line, text, core, out)
        }
    }
}

fn on_command(state: ServerState, line: &Line<'_>, core: &mut Core, out: &mut Output) -> ServerState {
    match line.verb {
        Verb::Helo => hello(state, HelloKind::Helo, line, core, out),
        Verb::Ehlo => hello(state, HelloKind::Ehlo, line, core, out),
        Verb::Mail => mail(state, line, core, out),
        Verb::Rcpt => rcpt(state, line, core, out),
        Verb::Data => data(state, line, core, out),
        Verb::Bdat => bdat(state, line, core, out),
        Verb::Rset | Verb::Quit | Verb::StartTls if !line.argument.is_empty() => {
            syntax_error(state, line, b"unexpected argument data", core, out)
        }
        Verb::Rset => {
            abandon(&state, "RSET", out);
            core.expect_message();
            core.free_rset = false;
            write_text(250, b"Reset OK", &mut out.replies);
            ServerState::Ready(Ready::new())
        }
        Verb::Noop => {
            write_text(250, b"OK", &mut out.replies);
            state
        }
        Verb::Help => {
            help(core, out);
            state
        }
        Verb::Quit => {
            abandon(&state, "QUIT", out);
            core.ask(Ask::Quit, Pending::Quit, out);
            state
        }
        Verb::Vrfy => plain(state, Ask::Vrfy(line.argument.to_vec()), line, core, out),
        Verb::Expn => plain(state, Ask::Expn(line.argument.to_vec()), line, core, out),
        Verb::Etrn if matches!(state, ServerState::Envelope(_)) => {
            protocol_error(state, line, b"ETRN is not permitted inside a transaction", core, out)
        }
        Verb::Etrn => plain(state, Ask::Etrn(line.argument.to_vec()), line, core, out),
        Verb::Auth => protocol_error(state, line, b"AUTH command used when not advertised", core, out),
        Verb::StartTls if core.extensions.starttls => {
            core.ask(Ask::StartTls, Pending::StartTls, out);
            state
        }
        Verb::StartTls => {
            protocol_error(state, line, b"STARTTLS command used when not advertised", core, out)
        }
        Verb::Unknown => unknown(state, line.text, core, out),
    }
}

pub(super) fn abandon(state: &ServerState, reason: &'static str, out: &mut Output) {
    if matches!(state, ServerState::Envelope(_) | ServerState::Chunk(_)) {
        out.faults.push(PeerFault::IncompleteTransaction { reason });
    }
}

fn plain(state: ServerState, ask: Ask, line: &Line<'_>, core: &mut Core, out: &mut Output) -> ServerState {
    core.ask(ask, Pending::Plain { line: line.text.to_vec() }, out);
    state
}

fn help(core: &Core, out: &mut Output) {
    let mut words = b"AUTH".to_vec();
    if core.extensions.starttls {
        words.extend_from_slice(b" STARTTLS");
    }
    words.extend_from_slice(b" HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP");
    for word in &core.parameters.commands_by_acl {
        words.push(b' ');
        words.extend_from_slice(word.as_bytes());
    }
    write(
        &Reply { code: 214, enhanced: None, lines: vec![b"Commands supported:".to_vec(), words] },
        &mut out.replies,
    );
}

fn hello(
    state: ServerState,
    kind: HelloKind,
    line: &Line<'_>,
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    let pending = Pending::Hello { kind, line: line.text.to_vec() };
    core.ask(Ask::Hello { kind, argument: line.argument.to_vec() }, pending, out);
    state
}

fn mail(state: ServerState, line: &Line<'_>, core: &mut Core, out: &mut Output) -> ServerState {
    if core.parameters.require_hello && core.hello.is_none() {
        out.faults.push(PeerFault::MailBeforeHello);
        write_text(503, b"HELO or EHLO required", &mut out.replies);
        return state;
    }
    if !matches!(state, ServerState::Ready(_)) {
        return protocol_error(state, line, b"sender already given", core, out);
    }
    core.last_mail_rejected = true;
    if line.argument.is_empty() {
        return syntax_error(state, line, b"MAIL must have an address operand", core, out);
    }
    let max = core.parameters.max_per_connection;
    if max > 0 && core.mail_commands >= max {
        out.faults.push(PeerFault::TooManyMessages);
        write_text(421, b"too many messages in this connection", &mut out.replies);
        return state;
    }
    core.mail_commands = core.mail_commands.saturating_add(1);
    let command = match MailCommand::parse(line.argument, recognised(core)) {
        Ok(command) => command,
        Err(text) => return syntax_error(state, line, text.as_bytes(), core, out),
    };
    let limit = core.parameters.message_size_limit;
    if let Some(size) = command.size
        && limit > 0
        && size > limit
    {
        out.faults.push(PeerFault::MessageTooBig { path: command.path, size, max: limit });
        write_text(552, b"Message size exceeds maximum permitted", &mut out.replies);
        return state;
    }
    core.rejections = super::session::Rejections::default();
    core.ask(Ask::Mail(command), Pending::Mail { line: line.text.to_vec() }, out);
    state
}

fn recognised(core: &Core) -> Recognised {
    Recognised {
        esmtp: core.hello == Some(HelloKind::Ehlo),
        dsn: core.extensions.dsn,
        smtputf8: core.extensions.smtputf8,
        requiretls: core.extensions.requiretls,
    }
}

fn rcpt(state: ServerState, line: &Line<'_>, core: &mut Core, out: &mut Output) -> ServerState {
    let ServerState::Envelope(mut envelope) = state else {
        let text = b"sender not yet given";
        core.rejections.add([b"503 ", text.as_slice()].concat());
        // The client sent it before it could know that MAIL was refused: no error of its own.
        if core.last_mail_rejected && core.pipelining_advertised() {
            write_text(503, text, &mut out.replies);
            return state;
        }
        return protocol_error(state, line, text, core, out);
    };
    if line.argument.is_empty() {
        core.rejections.add(b"501 RCPT must have an address operand".to_vec());
        return syntax_error(
            ServerState::Envelope(envelope),
            line,
            b"RCPT must have an address operand",
            core,
            out,
        );
    }
    let command = match RcptCommand::parse(line.argument, recognised(core)) {
        Ok(command) => command,
        Err(text) => return syntax_error(ServerState::Envelope(envelope), line, text.as_bytes(), core, out),
    };
    let max = core.parameters.recipients_max;
    if max > 0 && envelope.recipients_seen >= max {
        let rejected = core.parameters.recipients_max_reject;
        if !std::mem::replace(&mut envelope.too_many, true) {
            out.faults.push(PeerFault::TooManyRecipients { rejected });
        }
        core.rejections.add(b"too many recipients".to_vec());
        write_text(if rejected { 552 } else { 452 }, b"too many recipients", &mut out.replies);
        return ServerState::Envelope(envelope);
    }
    core.ask(Ask::Rcpt(command), Pending::Rcpt { line: line.text.to_vec() }, out);
    ServerState::Envelope(envelope)
}

fn data(state: ServerState, line: &Line<'_>, core: &mut Core, out: &mut Output) -> ServerState {
    if !line.argument.is_empty() {
        return syntax_error(state, line, b"unexpected argument data", core, out);
    }
    match state {
        ServerState::Envelope(envelope) if envelope.recipients_accepted > 0 => {
            begin(envelope, None, core, out)
        }
        other => no_recipients(other, "DATA", line, core, out),
    }
}

fn bdat(state: ServerState, line: &Line<'_>, core: &mut Core, out: &mut Output) -> ServerState {
    let header = match ChunkHeader::parse(line.argument) {
        Ok(header) => header,
        Err(_) if !core.extensions.chunking => return chunking_not_advertised(state, line, core, out),
        Err(error) => return bad_chunk(state, error, line, core, out),
    };
    if core.hello != Some(HelloKind::Ehlo) || !core.extensions.chunking {
        let next = chunking_not_advertised(state, line, core, out);
        return Skip::then(header.size, next);
    }
    match state {
        ServerState::Envelope(envelope) if envelope.recipients_accepted > 0 => {
            begin(envelope, Some(header), core, out)
        }
        other => {
            let next = no_recipients(other, "BDAT", line, core, out);
            Skip::then(header.size, next)
        }
    }
}

fn chunking_not_advertised(
    state: ServerState,
    line: &Line<'_>,
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    protocol_error(state, line, b"BDAT command used when CHUNKING not advertised", core, out)
}

/// A BDAT without a usable size. Where octets of unknown count follow, they can't be told from commands: the end.
fn bad_chunk(
    state: ServerState,
    error: ChunkError,
    line: &Line<'_>,
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    let next = syntax_error(state, line, b"missing size for BDAT command", core, out);
    if error == ChunkError::Missing || matches!(next, ServerState::Closing) {
        return next;
    }
    core.close(NotQuitReason::BadCommands, out)
}

/// DATA or BDAT with recipients: `recipients_max_reject`, then policy.
fn begin(envelope: Envelope, chunk: Option<ChunkHeader>, core: &mut Core, out: &mut Output) -> ServerState {
    if envelope.too_many && core.parameters.recipients_max_reject {
        write_text(554, b"Too many recipients", &mut out.replies);
        let size = chunk.map_or(0, |header| header.size);
        return Skip::then(size, ServerState::Envelope(envelope));
    }
    core.ask(Ask::Predata, Pending::Predata { chunk }, out);
    ServerState::Envelope(envelope)
}

fn no_recipients(
    state: ServerState,
    verb: &str,
    line: &Line<'_>,
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    core.write_rejections(out);
    if core.last_was_rcpt && core.pipelining_advertised() {
        let text = format!("Valid RCPT command must precede {verb}");
        write_text(503, text.as_bytes(), &mut out.replies);
        return state;
    }
    let text = format!("valid RCPT command must precede {verb}");
    protocol_error(state, line, text.as_bytes(), core, out)
}

fn unknown(state: ServerState, line: &[u8], core: &mut Core, out: &mut Output) -> ServerState {
    out.faults.push(PeerFault::Syntax { command: line.to_vec(), text: b"unrecognized command".to_vec() });
    if core.count_unknown() {
        out.faults.push(PeerFault::TooManyUnknown { command: line.to_vec() });
        write_text(500, b"Too many unrecognized commands", &mut out.replies);
        return core.close(NotQuitReason::BadCommands, out);
    }
    counted_error(state, 500, line, b"unrecognized command", core, out)
}

fn syntax_error(
    state: ServerState,
    line: &Line<'_>,
    text: &[u8],
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    out.faults.push(PeerFault::Syntax { command: line.text.to_vec(), text: text.to_vec() });
    counted_error(state, 501, line.text, text, core, out)
}

fn protocol_error(
    state: ServerState,
    line: &Line<'_>,
    text: &[u8],
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    out.faults.push(PeerFault::Protocol { command: line.text.to_vec(), text: text.to_vec() });
    counted_error(state, 503, line.text, text, core, out)
}

/// The reply to a syntax or protocol error; the end of the session when it is one too many.
pub(super) fn counted_error(
    state: ServerState,
    code: u16,
    line: &[u8],
    text: &[u8],
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    if !core.count_synprot() {
        write_text(code, text, &mut out.replies);
        return state;
    }
    let lines = vec![text.to_vec(), b"Too many syntax or protocol errors".to_vec()];
    write(&Reply { code, enhanced: None, lines }, &mut out.replies);
    out.faults.push(PeerFault::TooManySyntaxErrors { command: line.to_vec() });
    core.close(NotQuitReason::BadCommands, out)
}

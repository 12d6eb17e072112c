//! The answers to what was asked: the replies they make and the states they lead to.
//!
//! # Invariants
//! * Whatever the answer, octets that a BDAT announced are read or skipped before the next command.
//!
//! # Compatibility
//! Reply texts observed with Exim 4.96.

use super::command_step::{NEXT_INPUT_SHOWN, abandon, counted_error};
use super::session::{Core, Output, Rejections};
use super::state::{Envelope, Pending, Ready, ServerState, Skip};
use super::{Answer, Ask, HelloKind, NotQuitReason, PeerFault};
use crate::command::ChunkHeader;
use crate::extension::Extensions;
use crate::reply::{write, write_text};
use mail_types::outcome::Reply;

/// Takes the answer to the open ask; [`Answer::Close`] was handled before.
pub(super) fn on_answer(
    state: ServerState,
    pending: Pending,
    answer: Answer,
    buffer: &[u8],
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    match pending {
        Pending::Connect => connected(answer, buffer, core, out),
        Pending::Hello { kind, line } => greeted(state, kind, &line, answer, core, out),
        Pending::Mail { line } => sender_judged(state, &line, answer, core, out),
        Pending::Rcpt { line } => recipient_judged(state, &line, answer, core, out),
        Pending::Predata { chunk } => predata_judged(state, chunk, answer, core, out),
        Pending::EndOfData => message_judged(&state, answer, core, out),
        Pending::Plain { line } => {
            match answer {
                Answer::Syntax { text, .. } => return counted_error(state, 501, &line, &text, core, out),
                Answer::Accept(Some(reply)) | Answer::Refuse(reply) => write(&reply, &mut out.replies),
                _ => write_text(250, b"OK", &mut out.replies),
            }
            state
        }
        Pending::StartTls => match answer {
            Answer::Accept(_) => {
                abandon(&state, "STARTTLS", out);
                core.ask(Ask::Secure, Pending::Secure, out);
                ServerState::Ready(Ready::new())
            }
            refused => {
                refuse(refused, out);
                state
            }
        },
        Pending::Secure => {
            match answer {
                Answer::Accept(_) => {
                    write_text(220, b"TLS go ahead", &mut out.replies);
                    out.handshake = true;
                }
                refused => refuse(refused, out),
            }
            state
        }
        Pending::Quit => {
            match answer {
                Answer::Accept(Some(reply)) | Answer::Refuse(reply) => write(&reply, &mut out.replies),
                _ => {
                    let text = [core.parameters.hostname.as_slice(), b" closing connection"].concat();
                    write_text(221, &text, &mut out.replies);
                }
            }
            ServerState::Closing
        }
        Pending::NotQuit => ServerState::Closing,
    }
}

fn refuse(answer: Answer, out: &mut Output) {
    match answer {
        Answer::Refuse(reply) => write(&reply, &mut out.replies),
        _ => write_text(454, b"TLS currently unavailable", &mut out.replies),
    }
}

fn connected(answer: Answer, buffer: &[u8], core: &mut Core, out: &mut Output) -> ServerState {
    let reply = match answer {
        Answer::Refuse(reply) => {
            write(&reply, &mut out.replies);
            return core.close(NotQuitReason::AclDrop, out);
        }
        Answer::Accept(Some(reply)) => reply,
        _ => Reply::new(220, [core.parameters.hostname.as_slice(), b" ESMTP"].concat()),
    };
    // Input before the banner: spam ware, unless early pipelining was offered.
    if !buffer.is_empty() && core.parameters.enforce_sync && !core.parameters.early_pipelining {
        out.faults.push(PeerFault::Synchronization {
            command: None,
            next_input: buffer[..buffer.len().min(NEXT_INPUT_SHOWN)].to_vec(),
            pipelining_advertised: false,
        });
        write_text(554, b"SMTP synchronization error", &mut out.replies);
        return core.close(NotQuitReason::SynchronizationError, out);
    }
    write(&reply, &mut out.replies);
    ServerState::Ready(Ready::new())
}

fn greeted(
    state: ServerState,
    kind: HelloKind,
    line: &[u8],
    answer: Answer,
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    let (mut lines, extensions) = match answer {
        Answer::Hello { greeting, extensions } => (greeting, extensions),
        Answer::Syntax { text, .. } => {
            write_text(501, &text, &mut out.replies);
            if core.count_synprot() {
                out.faults.push(PeerFault::TooManySyntaxErrors { command: line.to_vec() });
                return core.close(NotQuitReason::BadCommands, out);
            }
            return state;
        }
        Answer::Refuse(reply) => {
            write(&reply, &mut out.replies);
            return state;
        }
        Answer::Accept(Some(reply)) => (reply.lines, Extensions::default()),
        Answer::Accept(None) | Answer::Close(_) => {
            (vec![core.parameters.hostname.clone()], Extensions::default())
        }
    };
    abandon(&state, kind.word(), out);
    core.hello = Some(kind);
    core.extensions = extensions;
    core.rejections = Rejections::default();
    if kind == HelloKind::Ehlo {
        lines.extend(core.extensions.lines());
    }
    write(&Reply { code: 250, enhanced: None, lines }, &mut out.replies);
    ServerState::Ready(Ready::new())
}

fn sender_judged(
    state: ServerState,
    line: &[u8],
    answer: Answer,
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    match answer {
        Answer::Accept(reply) => {
            write(&reply.unwrap_or_else(|| Reply::new(250, "OK")), &mut out.replies);
            core.last_mail_rejected = false;
            ServerState::Envelope(Envelope::default())
        }
        Answer::Syntax { text, problem } => {
            out.faults.push(PeerFault::Syntax { command: line.to_vec(), text: problem });
            counted_error(state, 501, line, &text, core, out)
        }
        Answer::Refuse(reply) | Answer::Close(reply) => {
            write(&reply, &mut out.replies);
            state
        }
        Answer::Hello { .. } => state,
    }
}

fn recipient_judged(
    state: ServerState,
    line: &[u8],
    answer: Answer,
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    let ServerState::Envelope(mut envelope) = state else { return state };
    match answer {
        Answer::Accept(reply) => {
            write(&reply.unwrap_or_else(|| Reply::new(250, "Accepted")), &mut out.replies);
            envelope.recipients_seen = envelope.recipients_seen.saturating_add(1);
            envelope.recipients_accepted = envelope.recipients_accepted.saturating_add(1);
        }
        Answer::Syntax { text, problem } => {
            out.faults.push(PeerFault::Syntax { command: line.to_vec(), text: problem });
            core.rejections.add([b"501 ", text.as_slice()].concat());
            return counted_error(ServerState::Envelope(envelope), 501, line, &text, core, out);
        }
        Answer::Refuse(reply) | Answer::Close(reply) => {
            envelope.recipients_seen = envelope.recipients_seen.saturating_add(1);
            core.rejections.add(reply.lines.join(&b'\n'));
            write(&reply, &mut out.replies);
        }
        Answer::Hello { .. } => {}
    }
    ServerState::Envelope(envelope)
}

fn predata_judged(
    state: ServerState,
    chunk: Option<ChunkHeader>,
    answer: Answer,
    core: &mut Core,
    out: &mut Output,
) -> ServerState {
    let ServerState::Envelope(envelope) = state else { return state };
    if let Answer::Refuse(reply) = answer {
        write(&reply, &mut out.replies);
        return Skip::then(chunk.map_or(0, |header| header.size), ServerState::Envelope(envelope));
    }
    let mode = core.parameters.line_mode;
    match chunk {
        Some(header) => match envelope.begin_chunks() {
            Some(chunks) => chunks.begin(header, core, out),
            None => ServerState::Ready(Ready::new()),
        },
        None => match envelope.begin_data(mode) {
            Some(data) => {
                let go_on = || Reply::new(354, "Enter message, ending with \".\" on a line by itself");
                let reply = if let Answer::Accept(Some(reply)) = answer { reply } else { go_on() };
                write(&reply, &mut out.replies);
                ServerState::Data(data)
            }
            None => ServerState::Ready(Ready::new()),
        },
    }
}

fn message_judged(state: &ServerState, answer: Answer, core: &mut Core, out: &mut Output) -> ServerState {
    match answer {
        Answer::Accept(reply) => {
            if let ServerState::Chunk(chunk) = state {
                let text = format!("250- {} byte chunk, total {}\r\n", chunk.header.size, chunk.total());
                out.replies.extend_from_slice(text.as_bytes());
            }
            write(&reply.unwrap_or_else(|| Reply::new(250, "OK")), &mut out.replies);
            core.count_message();
        }
        Answer::Refuse(reply) | Answer::Close(reply) => write(&reply, &mut out.replies),
        Answer::Syntax { text, .. } => write_text(550, &text, &mut out.replies),
        Answer::Hello { .. } => {
            write_text(451, b"Temporary local problem - please try later", &mut out.replies);
        }
    }
    core.expect_message();
    ServerState::Ready(Ready::new())
}

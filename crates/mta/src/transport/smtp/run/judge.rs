//! What a host's answers mean: for each address, for the host, and for the connection.
//!
//! # Invariants
//! * An address has its end from the answer to its own RCPT and to the data, never from a neighbour's.
//! * What is remembered follows from [`Fault::concerns`] alone.

use mail_types::outcome::Verdict;
use observe::event::{Pipelining, RemoteHost, Session};
use smtp_proto::client::{Delivered, Stage};

use super::super::batch::AddressResult;
use super::super::connection::Connection;
use super::super::connections::Key;
use super::super::dialogue::Carried;
use super::super::fault::{Concerns, Fault};
use super::super::hosts::Candidate;
use super::super::settings::Settings;
use super::retry::host_key;
use super::{Run, result, system_words};
use crate::context::log_lines;

impl Run<'_> {
    #[expect(clippy::too_many_arguments, reason = "what was tried, how it ended, and what is left of it")]
    pub(super) fn judge(
        &mut self,
        host: &Candidate,
        shown: &RemoteHost,
        mut connection: Connection,
        key: Key,
        pending: &[usize],
        carried: Carried,
        settings: &Settings,
    ) -> Option<Connection> {
        self.last_deferral = None;
        let session = Session {
            pipelining: match (connection.offered.pipelining, connection.offered.esmtp) {
                (true, _) => Pipelining::Used,
                _ => Pipelining::No,
            },
            chunking: carried.chunked,
            startup: connection.startup.clone(),
            tls: connection.tls.as_deref().map(log_lines::tls),
            ..Session::default()
        };
        let mut about_message: Option<Fault> = None;
        let mut any = false;
        self.halted |= !carried.journalled;
        for (number, at) in pending.iter().enumerate() {
            let Some(end) = carried.outcome.recipients.get(number) else { continue };
            match &end.delivered {
                Delivered::Yes(reply) => {
                    any = true;
                    let confirmation = Some(reply.text());
                    let session = Session { confirmation, ..session.clone() };
                    self.results[*at] = Some(AddressResult {
                        host: Some(shown.clone()),
                        session: Some(session),
                        size: carried.written,
                        ..result(Verdict::Accept, 0, None)
                    });
                    self.delivered(*at);
                }
                Delivered::Refused(stage, reply) => {
                    let mut fault = Fault::refused(*stage, &carried.words(*stage, false), reply, host.route);
                    if self.batch.all_or_nobody {
                        fault.verdict = Verdict::Fail;
                        fault.log_host = false;
                    }
                    self.settle(*at, &fault, shown);
                    if let Some(result) = &mut self.results[*at] {
                        result.session = Some(session.clone());
                    }
                    if fault.concerns == Concerns::Recipient {
                        self.remember_recipient(*at, &fault, shown, settings);
                        self.recipient_deferred(*at, &fault, shown);
                    }
                    if fault.concerns == Concerns::Message {
                        about_message = Some(fault);
                    }
                }
                Delivered::Undecided => {}
            }
        }
        if let Some(fault) = about_message {
            self.note_host(&fault, shown);
            self.remember(host, &fault, shown, settings);
            self.message_deferred(pending.first().copied(), &fault);
        } else if carried.broken.is_none() {
            let key = host_key(host, settings);
            self.clear(key, &host.name);
        }
        if let Some((link, stage)) = &carried.broken {
            let fault = Fault::lost(link, &carried.words(*stage, true), Some(*stage), host.route);
            self.say_tls_fault(&mut connection, host);
            self.listen_to_end(&mut connection);
            drop(connection);
            self.connection_lost(host, shown, &fault, *stage, pending, settings);
            return None;
        }
        connection.messages += u64::from(any);
        connection.needs_reset = carried.outcome.needs_reset;
        let more = settings.max_messages == 0 || connection.messages < settings.max_messages;
        let may_go_on = more && (connection.tls.is_none() || key.tls.keeps);
        if any && may_go_on {
            self.listen_to_end(&mut connection);
            let message = self.context.facts.message.id;
            self.context.services.connections.keep(key, message, connection);
            None
        } else {
            Some(connection)
        }
    }

    /// The connection was lost with addresses undecided.
    fn connection_lost(
        &mut self,
        host: &Candidate,
        shown: &RemoteHost,
        fault: &Fault,
        stage: Stage,
        pending: &[usize],
        settings: &Settings,
    ) {
        let decided = |result: &Option<AddressResult>| {
            result.as_ref().is_some_and(|result| matches!(result.verdict, Verdict::Accept | Verdict::Fail))
        };
        let open: Vec<usize> = pending.iter().copied().filter(|at| !decided(&self.results[*at])).collect();
        if let (Concerns::Recipient, Stage::Rcpt(number)) = (fault.concerns, stage) {
            for at in open {
                self.settle(at, fault, shown);
                if pending.get(number) == Some(&at) {
                    self.remember_recipient(at, fault, shown, settings);
                }
            }
            return;
        }
        self.host_failed(host, shown, fault, &open, settings);
    }

    /// A host that failed for all of these addresses.
    pub(super) fn host_failed(
        &mut self,
        host: &Candidate,
        shown: &RemoteHost,
        fault: &Fault,
        addresses: &[usize],
        settings: &Settings,
    ) {
        self.note_host(fault, shown);
        self.host_deferred(addresses.first().copied(), fault);
        for at in addresses {
            self.settle(*at, fault, shown);
        }
        self.remember(host, fault, shown, settings);
        if fault.concerns == Concerns::Host && !self.reply.waits_for.contains(&host.name) {
            self.reply.waits_for.push(host.name.clone());
        }
    }

    pub(super) fn settle(&mut self, at: usize, fault: &Fault, shown: &RemoteHost) {
        self.results[at] = Some(AddressResult {
            verdict: fault.verdict,
            errno: fault.errno,
            more_errno: fault.more_errno,
            error: fault.error.clone(),
            message: fault.text.clone(),
            user_message: None,
            // Where the number says all (a refused connection), Exim's line names no host.
            host: (fault.names_host && fault.text.is_some()).then(|| shown.clone()),
            smtp_reply: fault.reply.clone(),
            session: None,
            size: 0,
            panic: false,
        });
    }

    fn note_host(&mut self, fault: &Fault, shown: &RemoteHost) {
        if !fault.log_host {
            return;
        }
        let system = (fault.errno > 0).then(|| system_words(fault.errno));
        let (message, plain) = match (&fault.text, system) {
            (Some(text), Some(words)) => ([text.as_slice(), b": ", words.as_bytes()].concat(), false),
            (Some(text), None) => (text.clone(), false),
            (None, None) if fault.errno == Fault::EVENT => {
                (b"Event requests alternate response".to_vec(), true)
            }
            (None, words) => (words.unwrap_or_default().into_bytes(), true),
        };
        self.say_host_error(shown, message, plain);
    }
}

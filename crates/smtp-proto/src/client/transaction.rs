//! One message to its recipients over a session that is ready.
//!
//! # Invariants
//! * `awaiting` holds the commands that were sent and not answered, in order; a reply answers the first.
//! * Content is offered to a server only when it accepted a recipient.
//!
//! # Compatibility
//! With PIPELINING, MAIL, all RCPT and DATA go out at once, as Exim sends them; with CHUNKING the content follows
//! the replies to RCPT.

use std::collections::VecDeque;

use super::handshake::{Protocol, one_line};
use crate::command::{Notify, Ret};
use crate::content::Framing;
use crate::extension::Capabilities;
use crate::reply::PeerReply;

/// The sender's command.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MailFrom {
    /// The sender without angle brackets; empty for a bounce.
    pub sender: Vec<u8>,
    /// `SIZE=`, when it shall be sent and the server offers it.
    pub size: Option<u64>,
    /// The message has octets over 127: `BODY=8BITMIME` where offered.
    pub eight_bit: bool,
    /// `SMTPUTF8` where offered.
    pub smtputf8: bool,
    /// `REQUIRETLS` where offered.
    pub requiretls: bool,
    /// `RET=` where DSN is offered.
    pub ret: Option<Ret>,
    /// `ENVID=` where DSN is offered.
    pub envid: Option<Vec<u8>>,
}

/// A recipient's command.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Recipient {
    /// The address without angle brackets.
    pub address: Vec<u8>,
    /// `NOTIFY=` where DSN is offered.
    pub notify: Option<Notify>,
    /// `ORCPT=` where DSN is offered.
    pub orcpt: Option<Vec<u8>>,
}

/// A point of the transaction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO` of the recipient with this number.
    Rcpt(usize),
    /// `DATA`.
    Data,
    /// The end of the content.
    EndOfData,
}

/// How the content goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Content {
    /// After DATA.
    Dot,
    /// In BDAT chunks.
    Chunks,
}

impl Content {
    /// The framing for [`crate::dot::Encoder`].
    pub fn framing(self) -> Framing {
        match self {
            Self::Dot => Framing::Dot,
            Self::Chunks => Framing::Counted,
        }
    }
}

/// What to do next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Feed the next reply.
    Wait,
    /// Send this, then feed the next reply.
    Send(Vec<u8>),
    /// Send the content, then feed the next reply.
    SendContent(Content),
    /// The transaction is over: [`Transaction::into_outcome`].
    Done,
}

/// How a message ended at its recipients.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Delivered {
    /// The final reply accepted it.
    Yes(PeerReply),
    /// Refused, at this stage. [`Stage::Mail`] and [`Stage::Data`] refusals hold for all recipients.
    Refused(Stage, PeerReply),
    /// No reply decided it (the caller knows why the session ended).
    Undecided,
}

/// One recipient's end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecipientOutcome {
    /// What became of it.
    pub delivered: Delivered,
    /// The server had accepted its RCPT.
    pub accepted: bool,
}

/// The end of a transaction.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TransactionOutcome {
    /// By recipient, in order.
    pub recipients: Vec<RecipientOutcome>,
    /// The server still has an open transaction: send RSET before the next MAIL.
    pub needs_reset: bool,
}

/// A transaction under way.
#[derive(Clone, Debug)]
pub struct Transaction {
    protocol: Protocol,
    pipelining: bool,
    content: Content,
    mail_line: Vec<u8>,
    rcpt_lines: Vec<Vec<u8>>,
    outcomes: Vec<RecipientOutcome>,
    awaiting: VecDeque<Stage>,
    mail_accepted: bool,
    message_refused: bool,
    content_sent: bool,
    lmtp_next: usize,
    /// A refusal of one recipient is one of all; the content waits until all are known to be accepted.
    all_or_nobody: bool,
}

impl Transaction {
    /// Starts: what to send first. `content` is [`Content::Chunks`] only where the server offers CHUNKING.
    pub fn begin(
        protocol: Protocol,
        offered: &Capabilities,
        content: Content,
        mail: &MailFrom,
        recipients: &[Recipient],
    ) -> (Self, Vec<u8>) {
        Self::start((protocol, content), offered, mail, recipients, false)
    }

    /// As [`Transaction::begin`], for a message that goes to all recipients or to nobody (`mua_wrapper`).
    pub fn begin_for_all(
        protocol: Protocol,
        offered: &Capabilities,
        content: Content,
        mail: &MailFrom,
        recipients: &[Recipient],
    ) -> (Self, Vec<u8>) {
        Self::start((protocol, content), offered, mail, recipients, true)
    }

    fn start(
        (protocol, content): (Protocol, Content),
        offered: &Capabilities,
        mail: &MailFrom,
        recipients: &[Recipient],
        all_or_nobody: bool,
    ) -> (Self, Vec<u8>) {
        let rcpt_lines: Vec<Vec<u8>> = recipients.iter().map(|r| rcpt_line(r, offered)).collect();
        let undecided = RecipientOutcome { delivered: Delivered::Undecided, accepted: false };
        let mut transaction = Self {
            protocol,
            pipelining: offered.pipelining,
            content,
            mail_line: mail_line(mail, offered),
            outcomes: vec![undecided; rcpt_lines.len()],
            rcpt_lines,
            awaiting: VecDeque::new(),
            mail_accepted: false,
            message_refused: false,
            content_sent: false,
            lmtp_next: 0,
            all_or_nobody,
        };
        let mut out = Vec::new();
        transaction.push(Stage::Mail, &mut out);
        if transaction.pipelining {
            for number in 0..transaction.rcpt_lines.len() {
                transaction.push(Stage::Rcpt(number), &mut out);
            }
            if content == Content::Dot && !all_or_nobody {
                transaction.push(Stage::Data, &mut out);
            }
        }
        (transaction, out)
    }

    /// The stage whose reply is awaited.
    pub fn stage(&self) -> Stage {
        self.awaiting.front().copied().unwrap_or(Stage::EndOfData)
    }

    /// The stage in the words of Exim's errors: the command line, `DATA`, or `end of data`.
    pub fn words(&self, stage: Stage) -> Vec<u8> {
        match stage {
            Stage::Mail => self.mail_line.clone(),
            Stage::Rcpt(number) => self.rcpt_lines.get(number).cloned().unwrap_or_default(),
            Stage::Data => b"DATA".to_vec(),
            Stage::EndOfData => b"end of data".to_vec(),
        }
    }

    /// Whether the stage's command was sent before earlier replies came (Exim says `pipelined` then).
    pub fn is_pipelined(&self, stage: Stage) -> bool {
        self.pipelining && (stage != Stage::EndOfData || self.content == Content::Chunks)
    }

    /// The content was sent whole; a lost connection now leaves the outcome unknown.
    pub fn content_was_sent(&self) -> bool {
        self.content_sent
    }

    /// Takes the next reply.
    pub fn on_reply(&mut self, reply: PeerReply) -> Step {
        match self.awaiting.pop_front() {
            Some(Stage::Mail) => {
                self.mail_accepted = reply.is_success();
                if !self.mail_accepted {
                    self.refuse_all(Stage::Mail, &reply);
                }
                self.after_envelope()
            }
            Some(Stage::Rcpt(number)) => {
                self.on_rcpt_reply(number, reply);
                self.after_envelope()
            }
            Some(Stage::Data) => self.on_data_reply(&reply),
            Some(Stage::EndOfData) => self.on_final_reply(reply),
            None => Step::Done,
        }
    }

    /// What became of the recipients.
    pub fn into_outcome(self) -> TransactionOutcome {
        let needs_reset = self.mail_accepted && !self.content_sent;
        TransactionOutcome { recipients: self.outcomes, needs_reset }
    }

    /// Recipients for whom the server has taken the message so far, by their numbers, in ascending order.
    pub fn delivered(&self) -> impl Iterator<Item = usize> {
        let taken = |outcome: &RecipientOutcome| matches!(outcome.delivered, Delivered::Yes(_));
        self.outcomes.iter().enumerate().filter(move |(_, outcome)| taken(outcome)).map(|(number, _)| number)
    }

    fn on_rcpt_reply(&mut self, number: usize, reply: PeerReply) {
        let Some(outcome) = self.outcomes.get_mut(number) else { return };
        if self.message_refused {
            return;
        }
        if reply.is_success() {
            outcome.accepted = true;
        } else {
            outcome.delivered = Delivered::Refused(Stage::Rcpt(number), reply);
        }
    }

    /// After a reply to MAIL or RCPT.
    fn after_envelope(&mut self) -> Step {
        if !self.awaiting.is_empty() {
            return Step::Wait;
        }
        if !self.mail_accepted {
            return Step::Done;
        }
        let mut out = Vec::new();
        if !self.pipelining
            && let Some(number) = self.next_rcpt()
        {
            self.push(Stage::Rcpt(number), &mut out);
            return Step::Send(out);
        }
        if self.all_or_nobody {
            self.one_refusal_is_everybodys();
        }
        if !self.any_accepted() {
            return Step::Done;
        }
        match self.content {
            Content::Chunks => self.send_content(),
            Content::Dot => {
                self.push(Stage::Data, &mut out);
                Step::Send(out)
            }
        }
    }

    /// Those whom the server would take share the first refusal of another.
    fn one_refusal_is_everybodys(&mut self) {
        let refusal = self.outcomes.iter().find_map(|outcome| match &outcome.delivered {
            Delivered::Refused(stage, reply) => Some((*stage, reply.clone())),
            _ => None,
        });
        if let Some((stage, reply)) = refusal {
            self.refuse_all(stage, &reply);
        }
    }

    fn on_data_reply(&mut self, reply: &PeerReply) -> Step {
        if !reply.is_intermediate() {
            if self.any_accepted() {
                self.refuse_all(Stage::Data, reply);
            }
            return Step::Done;
        }
        if self.any_accepted() {
            return self.send_content();
        }
        // A pipelined DATA was accepted although no recipient was: an empty message ends it.
        self.content_sent = true;
        self.message_refused = true;
        self.awaiting.push_back(Stage::EndOfData);
        Step::Send(b".\r\n".to_vec())
    }

    fn send_content(&mut self) -> Step {
        self.content_sent = true;
        let replies = match self.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => self.outcomes.iter().filter(|o| o.accepted).count(),
        };
        self.awaiting.extend(std::iter::repeat_n(Stage::EndOfData, replies));
        Step::SendContent(self.content)
    }

    fn on_final_reply(&mut self, reply: PeerReply) -> Step {
        let judge = |reply: PeerReply| {
            if reply.is_success() {
                Delivered::Yes(reply)
            } else {
                Delivered::Refused(Stage::EndOfData, reply)
            }
        };
        if self.message_refused {
            return Step::Done;
        }
        match self.protocol {
            Protocol::Smtp => {
                for outcome in self.outcomes.iter_mut().filter(|o| o.accepted) {
                    outcome.delivered = judge(reply.clone());
                }
            }
            Protocol::Lmtp => {
                let from = self.lmtp_next;
                let next = self.outcomes.iter_mut().enumerate().skip(from).find(|(_, o)| o.accepted);
                if let Some((number, outcome)) = next {
                    self.lmtp_next = number + 1;
                    outcome.delivered = judge(reply);
                }
            }
        }
        if self.awaiting.is_empty() { Step::Done } else { Step::Wait }
    }

    fn refuse_all(&mut self, stage: Stage, reply: &PeerReply) {
        self.message_refused = true;
        for outcome in &mut self.outcomes {
            if outcome.delivered == Delivered::Undecided {
                outcome.delivered = Delivered::Refused(stage, reply.clone());
            }
        }
    }

    fn any_accepted(&self) -> bool {
        !self.message_refused && self.outcomes.iter().any(|o| o.accepted)
    }

    /// The next recipient to be named where commands go one by one.
    fn next_rcpt(&self) -> Option<usize> {
        self.outcomes.iter().position(|o| !o.accepted && o.delivered == Delivered::Undecided)
    }

    fn push(&mut self, stage: Stage, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.words(stage));
        out.extend_from_slice(b"\r\n");
        self.awaiting.push_back(stage);
    }
}

/// The command line before a chunk of `size` octets.
pub fn bdat(size: usize, last: bool) -> Vec<u8> {
    format!("BDAT {size}{}\r\n", if last { " LAST" } else { "" }).into_bytes()
}

fn mail_line(mail: &MailFrom, offered: &Capabilities) -> Vec<u8> {
    let mut line = [b"MAIL FROM:<", one_line(&mail.sender).as_slice(), b">"].concat();
    if let Some(size) = mail.size
        && offered.size.is_some()
    {
        line.extend_from_slice(format!(" SIZE={size}").as_bytes());
    }
    if mail.eight_bit && offered.eight_bit_mime {
        line.extend_from_slice(b" BODY=8BITMIME");
    }
    if mail.smtputf8 && offered.smtputf8 {
        line.extend_from_slice(b" SMTPUTF8");
    }
    if mail.requiretls && offered.requiretls {
        line.extend_from_slice(b" REQUIRETLS");
    }
    if offered.dsn {
        if let Some(ret) = mail.ret {
            line.extend_from_slice(if ret == Ret::Full { b" RET=FULL" } else { b" RET=HDRS" });
        }
        if let Some(envid) = &mail.envid {
            line.extend_from_slice(b" ENVID=");
            line.extend_from_slice(&one_line(envid));
        }
    }
    line
}

fn rcpt_line(recipient: &Recipient, offered: &Capabilities) -> Vec<u8> {
    let mut line = [b"RCPT TO:<", one_line(&recipient.address).as_slice(), b">"].concat();
    if !offered.dsn {
        return line;
    }
    if let Some(notify) = recipient.notify {
        let words: Vec<&str> = [
            (notify.never, "NEVER"),
            (notify.success, "SUCCESS"),
            (notify.failure, "FAILURE"),
            (notify.delay, "DELAY"),
        ]
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, word)| *word)
        .collect();
        if !words.is_empty() {
            line.extend_from_slice(format!(" NOTIFY={}", words.join(",")).as_bytes());
        }
    }
    if let Some(orcpt) = &recipient.orcpt {
        line.extend_from_slice(b" ORCPT=");
        line.extend_from_slice(&one_line(orcpt));
    }
    line
}

#[cfg(test)]
mod tests;

//! MAIL: the sender's syntax, space on the disk, the ACL.
//!
//! # Security
//! The path is hostile; after `sender` it is an address or refused.
//!
//! # Compatibility
//! Options `sender_unqualified_hosts`, `check_spool_space`, `check_spool_inodes`, `check_log_space`,
//! `check_log_inodes`, `smtp_check_spool_space`. The ACL sees
//! the address before the rewriting rules of the envelope, which are applied when the message is received.

use std::path::Path;

use config::options::main;
use mail_types::address::{Address, ParseOptions, parse_path};
use mail_types::outcome::Reply;
use observe::event::{Rejected, SmtpNews};
use policy::acl::{AclOutcome, AclPlace};
use smtp_proto::command::{Body, MailCommand, Ret};
use smtp_proto::server::Answer;
use tokio::io::{AsyncRead, AsyncWrite};

use super::connect::unavailable;
use super::session::Session;
use crate::acl;
use crate::acl::reply;
use crate::context::Context;
use crate::context::variable::room;
use crate::receive::rewriting;

/// Bytes in the unit of `check_spool_space`.
const KIB: i64 = 1024;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Answer [`smtp_proto::server::Ask::Mail`].
    pub(super) async fn mail(&mut self, command: MailCommand) -> Answer {
        self.any_mail = true;
        self.reset_transaction();
        let sender = match self.path(&command.path, Whose::Sender, command.smtputf8).await {
            Ok(sender) => sender,
            Err(answer) => return answer,
        };
        if let Some(refusal) = self.no_space(command.size) {
            return Answer::Refuse(refusal);
        }
        self.begin_transaction(&command, sender);
        let verdict = self.run_acl(AclPlace::Mail).await;
        self.obey_connection_controls();
        let Some(verdict) = verdict else { return Answer::Accept(None) };
        if !acl::goes_on(&verdict) {
            let shown = self.context.facts.message.sender_address.clone();
            let reply = acl::refuse(&verdict, Rejected::Mail(shown), 550, &mut self.context);
            self.note_drop(&verdict);
            let dropped = acl::drops(&verdict);
            self.reset_transaction();
            return if dropped { Answer::Close(reply) } else { Answer::Refuse(reply) };
        }
        self.transaction.mail_discarded = verdict.outcome == AclOutcome::Discard;
        Answer::Accept(reply::acceptance(&verdict, 250))
    }

    fn begin_transaction(&mut self, command: &MailCommand, sender: Vec<u8>) {
        let now = self.context.services.clock.now();
        let facts = &mut self.context.facts.message;
        facts.sender_set = true;
        facts.size = command.size;
        facts.smtputf8 = command.smtputf8;
        facts.requiretls = command.requiretls;
        facts.body_8bitmime = match command.body {
            Some(Body::EightBitMime) => 8,
            Some(Body::SevenBit) => 7,
            None => 0,
        };
        self.transaction.dsn_ret = match command.ret {
            Some(Ret::Headers) => 1,
            Some(Ret::Full) => 2,
            None => 0,
        };
        self.transaction.dsn_envid.clone_from(&command.envid);
        self.transaction.began = Some(now);
        self.transaction.raw_sender.clone_from(&sender);
        self.context.facts.message.sender_address = match self.client.caller() {
            Some(caller) if !caller.may_set_sender(&sender, &mut self.context) => {
                caller.own_address(&self.context)
            }
            _ => sender,
        };
    }

    /// The address of a path, or the refusal of it.
    pub(super) async fn path(&mut self, path: &[u8], whose: Whose, utf8: bool) -> Result<Vec<u8>, Answer> {
        let text = match rewriting::smtp_argument(path, &mut self.context).await {
            Ok(text) => text,
            Err(error) => {
                self.context.log_problem(error);
                return Err(unavailable());
            }
        };
        let options = parse_options(&self.context, whose, utf8);
        let address = parse_path(&text, options).map_err(|error| {
            let problem = error.message.into_bytes();
            match whose {
                // VRFY is answered, and neither counted nor logged.
                Whose::Verified => Answer::Refuse(Reply::new(501, problem)),
                _ => Answer::Syntax { text: [&text, &b": "[..], &problem].concat(), problem },
            }
        })?;
        if address.is_qualified() || address.is_null() {
            return Ok(address.to_bytes());
        }
        self.qualify(address, &text, whose)
    }

    fn qualify(&mut self, address: Address, text: &[u8], whose: Whose) -> Result<Vec<u8>, Answer> {
        let context = &self.context;
        let postmaster = whose != Whose::Sender && address.local_part.eq_ignore_ascii_case(b"postmaster");
        let (allowed, domain) = match whose {
            Whose::Sender => (context.allow_unqualified_sender, context.qualify_domain()),
            Whose::Recipient | Whose::Verified => {
                (context.allow_unqualified_recipient || postmaster, context.qualify_recipient())
            }
        };
        if allowed {
            return Ok(address.qualified_with(domain).to_bytes());
        }
        let address = address.to_bytes();
        context.log_smtp(SmtpNews::Unqualified { which: whose.word(), address });
        let tail = format!(": {} address must contain a domain", whose.role());
        Err(Answer::Refuse(Reply::new(501, [text, tail.as_bytes()].concat())))
    }

    /// The refusal when a disk is too full for another message.
    fn no_space(&mut self, announced: Option<u64>) -> Option<Reply> {
        let options = &self.context.config.main;
        let announced = if options.get(main::SMTP_CHECK_SPOOL_SPACE) { announced.unwrap_or(0) } else { 0 };
        let for_spool = Minimum::new(
            options.get(main::CHECK_SPOOL_SPACE).saturating_add(i64::try_from(announced).unwrap_or(i64::MAX)),
            options.get(main::CHECK_SPOOL_INODES),
        );
        let for_log = Minimum::new(options.get(main::CHECK_LOG_SPACE), options.get(main::CHECK_LOG_INODES));
        if for_spool.is_nothing() && for_log.is_nothing() {
            return None;
        }
        // Two calls that take a microsecond each: handing them to a pool costs more than waiting for them.
        let process = &self.context.services.process;
        if for_spool.is_met(&process.spool_directory) && for_log.is_met(&process.log_directory) {
            return None;
        }
        self.context.log_problem("space shortage on the spool's or the log's file system: MAIL refused");
        Some(Reply::new(452, "space shortage, please try later"))
    }
}

/// What `check_spool_space`, `check_spool_inodes` and their likes for the log ask for.
#[derive(Debug, Clone, Copy)]
struct Minimum {
    kib: i64,
    inodes: i64,
}

impl Minimum {
    /// `bytes` as the options hold it, although Exim reads a bare number there as kilobytes.
    fn new(bytes: i64, inodes: i64) -> Self {
        let kib = bytes.max(0) / KIB + i64::from(bytes.max(0) % KIB > 0);
        Self { kib, inodes: inodes.max(0) }
    }

    fn is_nothing(self) -> bool {
        self.kib == 0 && self.inodes == 0
    }

    /// Blocks on the file system. One that does not tell, or does not count inodes, is taken to have enough: the commit
    /// finds out.
    fn is_met(self, directory: &Path) -> bool {
        let enough = |free: i64, wanted: i64| free < 0 || free >= wanted;
        let (kib, inodes) = room(directory);
        enough(kib, self.kib) && enough(inodes, self.inodes)
    }
}

/// Whose address a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// MAIL.
    Sender,
    /// RCPT.
    Recipient,
    /// VRFY.
    Verified,
}

impl Whose {
    fn word(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Verified => "verify",
        }
    }

    fn role(self) -> &'static str {
        if self == Self::Sender { "sender" } else { "recipient" }
    }
}

fn parse_options(context: &Context, whose: Whose, utf8: bool) -> ParseOptions {
    let options = &context.config.main;
    ParseOptions {
        allow_null: whose == Whose::Sender,
        allow_utf8: utf8 || options.get(main::ALLOW_UTF8_DOMAINS),
        allow_domain_literals: options.get(main::ALLOW_DOMAIN_LITERALS),
        strip_trailing_dot: options.get(main::STRIP_TRAILING_DOT),
        strip_excess_angle_brackets: options.get(main::STRIP_EXCESS_ANGLE_BRACKETS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_megabytes_are_ten_megabytes() {
        let minimum = Minimum::new(10 << 20, 100);
        assert_eq!((minimum.kib, minimum.inodes), (10_240, 100));
        assert_eq!(Minimum::new(1, 0).kib, 1);
        assert!(Minimum::new(-1, -1).is_nothing());
    }
}

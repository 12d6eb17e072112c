//! DATA and BDAT: the ACLs before and after the content, the commit, the final reply.
//!
//! # Invariants
//! * The positive reply is made from an accepted message only.
//!
//! # Compatibility
//! ACLs `acl_smtp_predata` and `acl_smtp_data`; `fakereject` and `fakedefer` keep the message and say otherwise.

use config::options::main;
use mail_message::reader::FromLineTest;
use mail_types::outcome::Reply;
use observe::event::{Pipelining, Rejected};
use policy::acl::{AclOutcome, AclPlace};
use smtp_proto::server::Answer;
use tokio::io::{AsyncRead, AsyncWrite};

use super::dkim::Signed;
use super::session::Session;
use crate::acl;
use crate::acl::reply;
use crate::receive::{Arriving, BeginError, CommitOrder, Discarded, Incoming, Origin};

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Answer [`smtp_proto::server::Ask::Predata`].
    pub(super) async fn predata(&mut self) -> Answer {
        self.set_originator();
        let command = self.context.facts.connection.smtp_command.as_deref().unwrap_or_default();
        self.transaction.chunking = command.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT"));
        if let Some(verdict) = self.run_acl(AclPlace::Predata).await {
            self.obey_connection_controls();
            if !acl::goes_on(&verdict) {
                let reply = acl::refuse(&verdict, Rejected::Data, 550, &mut self.context);
                self.note_drop(&verdict);
                return if acl::drops(&verdict) { Answer::Close(reply) } else { Answer::Refuse(reply) };
            }
        }
        self.protocol_word();
        let limit = super::parameters::message_size_limit(&mut self.context);
        let from_line = self.test_of_from_line().await;
        match Incoming::begin(&mut self.context, limit, from_line).await {
            Ok(incoming) => {
                let incoming = incoming.verifying();
                let wire = self.transaction.chunking && self.context.config.main.get(main::SPOOL_WIREFORMAT);
                self.incoming = Some(if wire { incoming.in_wire_form() } else { incoming });
                Answer::Accept(None)
            }
            Err(error) => self.cannot_begin(error),
        }
    }

    /// An envelope "From " line may begin the message: `ignore_fromline_hosts`, `ignore_fromline_local`.
    async fn test_of_from_line(&mut self) -> Option<FromLineTest> {
        let ignored = match self.client.caller() {
            Some(_) => self.context.config.main.get(main::IGNORE_FROMLINE_LOCAL),
            None if self.context.config.main.is_set(main::IGNORE_FROMLINE_HOSTS) => {
                let found =
                    self.context.on_pool(|context| context.sender_host_in(main::IGNORE_FROMLINE_HOSTS)).await;
                matches!(found, Some(Ok(true)))
            }
            None => false,
        };
        if ignored { crate::receive::from_line_test(&self.context.config) } else { None }
    }

    fn cannot_begin(&mut self, error: BeginError) -> Answer {
        match error {
            BeginError::Spool(error) => {
                self.context.log_problem(format!("spool: {error}"));
                Answer::Refuse(error.reply())
            }
            BeginError::QueueName => {
                self.context.log_problem("an ACL named a queue that cannot be one");
                Answer::Refuse(Reply::new(451, "Temporary local problem - please try later"))
            }
            BeginError::ShuttingDown => super::connect::unavailable(),
        }
    }

    /// Who the -H file says has submitted the message.
    fn set_originator(&mut self) {
        let process = &self.context.services.process;
        let (uid, gid, login) = match self.client.caller() {
            Some(caller) => (caller.uid, caller.gid, caller.login.clone()),
            None => (process.exim_uid, process.exim_gid, process.exim_user.clone()),
        };
        let facts = &mut self.context.facts.message;
        facts.originator_uid = uid;
        facts.originator_gid = gid;
        facts.originator_login = login;
    }

    /// `utf8` in front of the protocol's name for an international message.
    fn protocol_word(&mut self) {
        let facts = &mut self.context.facts.message;
        if facts.smtputf8
            && let Some(word) = &mut facts.received_protocol
            && !word.starts_with(b"utf8")
        {
            word.splice(..0, *b"utf8");
        }
    }

    /// Answer [`smtp_proto::server::Ask::EndOfData`].
    pub(super) async fn end_of_data(&mut self) -> Answer {
        let Some(incoming) = self.incoming.take() else {
            return super::connect::unavailable();
        };
        let answer = self.accept_message(incoming).await;
        // `utf8` belonged to this message only.
        if let Some(word) = &mut self.context.facts.message.received_protocol
            && word.starts_with(b"utf8")
        {
            word.drain(..4);
        }
        self.reset_transaction();
        answer
    }

    async fn accept_message(&mut self, incoming: Incoming) -> Answer {
        let origin = match self.client.caller() {
            Some(caller) => Origin::Local(Box::new(caller.clone())),
            None => Origin::Remote,
        };
        let arriving = match Arriving::new(incoming, &origin, &mut self.context).await {
            Ok(arriving) => arriving,
            Err(refused) => return refusal(refused.reply),
        };
        let (mut own_text, mut discard_text) = (None, None);
        let mut discarded = self.discarded_before();
        match self.dkim().await {
            Signed::Accepted => {}
            Signed::Discarded(text) => {
                discarded = Some(Discarded::ByDkim);
                discard_text = text;
            }
            Signed::Refused(answer) => return answer,
        }
        let verdict = match discarded {
            Some(Discarded::ByDkim) => None,
            _ => self.run_acl(AclPlace::Data).await,
        };
        crate::verify::dmarc_concluded(verdict.as_ref(), &mut self.context).await;
        if let Some(verdict) = verdict {
            self.obey_connection_controls();
            match verdict.outcome {
                AclOutcome::Accept => own_text = reply::acceptance(&verdict, 250),
                AclOutcome::Discard => {
                    discarded = Some(Discarded::ByData);
                    discard_text = acl::discard_text(&verdict);
                }
                _ => {
                    let reply = acl::refuse(&verdict, Rejected::AfterData, 550, &mut self.context);
                    self.note_drop(&verdict);
                    // As the oracle has it: here, and only here, a drop makes `-bs` end with 1.
                    self.abnormal |= acl::drops(&verdict);
                    return if acl::drops(&verdict) { Answer::Close(reply) } else { Answer::Refuse(reply) };
                }
            }
        }
        let order = CommitOrder {
            raw_sender: std::mem::take(&mut self.transaction.raw_sender),
            chunking: self.transaction.chunking,
            pipelining: self.pipelining(),
            dsn_ret: self.transaction.dsn_ret,
            dsn_envid: self.transaction.dsn_envid.take(),
            discard_text,
            arrival: self.client.arrival(),
            messages_before: self.protocol.messages(),
            ..CommitOrder::default()
        };
        match arriving.commit(order, discarded, &mut self.context).await {
            Ok(accepted) => self.accepted(accepted.id, own_text),
            Err(refused) => refusal(refused.reply),
        }
    }

    /// How PIPELINING stands. What lies ready on standard input shows nothing of how its writer waits.
    fn pipelining(&self) -> Pipelining {
        match self.protocol.pipelining() {
            (false, _) => Pipelining::No,
            (true, true) if self.client.is_tcp() => Pipelining::Used,
            (true, _) => Pipelining::Offered,
        }
    }

    /// The ACL that discarded every recipient, if none is left.
    fn discarded_before(&self) -> Option<Discarded> {
        if !self.context.facts.message.recipients.is_empty() {
            return None;
        }
        Some(if self.transaction.mail_discarded { Discarded::ByMail } else { Discarded::ByRcpt })
    }

    fn accepted(&mut self, id: mail_types::message_id::MessageId, own_text: Option<Reply>) -> Answer {
        let wishes = &self.context.wishes.message;
        if let Some(fake) = &wishes.fake_reject {
            return Answer::Refuse(reply::lines(550, None, &reply::wrap(fake.bytes())));
        }
        if let Some(fake) = &wishes.fake_defer {
            return Answer::Refuse(reply::lines(450, None, &reply::wrap(fake.bytes())));
        }
        Answer::Accept(Some(own_text.unwrap_or_else(|| Reply::new(250, format!("OK id={id}")))))
    }
}

fn refusal(reply: Reply) -> Answer {
    if reply.code == 421 { Answer::Close(reply) } else { Answer::Refuse(reply) }
}

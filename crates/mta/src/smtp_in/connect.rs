//! A connection came in: host checks, the connect ACL, the banner.
//!
//! # Compatibility
//! Options `host_lookup`, `host_reject_connection`, `smtp_accept_max_nonmail_hosts`, `smtp_banner`,
//! `smtp_active_hostname`; the order of the checks is the oracle's.

use config::options::main;
use mail_types::outcome::Reply;
use observe::event::{Peer, Rejected, SmtpEvent, SmtpNews};
use observe::{Event, Selector};
use policy::acl::AclPlace;
use policy::list::ListError;
use smtp_proto::server::Answer;
use tokio::io::{AsyncRead, AsyncWrite};

use super::client::Client;
use super::session::Session;
use crate::acl;
use crate::acl::reply;
use crate::context::Context;
use crate::context::facts::Origin;

/// What the lists about hosts say of a client.
struct HostChecks {
    rejected: bool,
    counts_nonmail: bool,
    requires_hello: bool,
    unqualified_sender: bool,
    unqualified_recipient: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Log that a session begins on standard input, before anything is said; of others the listener has told.
    pub(super) fn announce(&self) {
        let news = SmtpNews::Opened { count: None };
        match &self.client {
            // Whom a trusted caller stands for (-oMa) is not looked at yet.
            Client::Local(caller) => {
                let peer = Peer { ident: Some(caller.login.clone()), ..Peer::default() };
                self.context.services.log.write(&Event::Smtp(Box::new(SmtpEvent { peer, news })));
            }
            Client::Inetd { .. } => self.context.log_smtp(news),
            Client::Tcp { .. } | Client::AsIf { .. } => {}
        }
    }

    /// Answer [`smtp_proto::server::Ask::Connect`].
    pub(super) async fn connect(&mut self) -> Answer {
        if let Err(answer) = self.active_hostname().await {
            return answer;
        }
        if self.context.facts.connection.origin == Origin::Tcp {
            if let Err(answer) = self.check_host().await {
                return answer;
            }
        } else {
            let counted =
                self.context.on_pool(|c| c.sender_host_in(main::SMTP_ACCEPT_MAX_NONMAIL_HOSTS)).await;
            if !matches!(counted, Some(Ok(true))) {
                self.protocol.parameters_mut().max_nonmail = None;
            }
            self.context.allow_unqualified_sender = true;
            self.context.allow_unqualified_recipient = true;
        }
        if let Some(verdict) = self.run_acl(AclPlace::Connect).await {
            self.obey_connection_controls();
            if !acl::goes_on(&verdict) {
                let reply = acl::refuse(&verdict, Rejected::Connection, 550, &mut self.context);
                self.note_drop(&verdict);
                return Answer::Close(reply);
            }
            if let Some(greeting) = reply::acceptance(&verdict, 220) {
                return Answer::Accept(Some(greeting));
            }
        }
        self.banner().await
    }

    async fn active_hostname(&mut self) -> Result<(), Answer> {
        let expanded = self.context.on_pool(|context| context.expanded(main::SMTP_ACTIVE_HOSTNAME)).await;
        match expanded {
            Some(Ok(Some(name))) if !name.is_empty() => {
                self.protocol.parameters_mut().hostname = name.bytes().to_vec();
                self.context.facts.connection.smtp_active_hostname = name.into_bytes();
                Ok(())
            }
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => {
                self.context
                    .log_problem(format!("failed to expand \"smtp_active_hostname\": {}", error.message()));
                Err(unavailable())
            }
            None => Err(unavailable()),
        }
    }

    async fn check_host(&mut self) -> Result<(), Answer> {
        let checked = self.context.on_pool(host_checks).await;
        let checks = match checked {
            Some(Ok(checks)) => checks,
            Some(Err(error)) => {
                self.context.log_problem(error.message);
                return Err(unavailable());
            }
            None => return Err(unavailable()),
        };
        if checks.rejected {
            self.context.log_smtp(SmtpNews::HostRejected { option: "host_reject_connection" });
            return Err(Answer::Close(Reply::new(554, "SMTP service not available")));
        }
        let parameters = self.protocol.parameters_mut();
        parameters.require_hello = checks.requires_hello;
        if !checks.counts_nonmail {
            parameters.max_nonmail = None;
        }
        self.context.allow_unqualified_sender = checks.unqualified_sender;
        self.context.allow_unqualified_recipient = checks.unqualified_recipient;
        Ok(())
    }

    async fn banner(&mut self) -> Answer {
        let expanded = self.context.on_pool(|context| context.expanded(main::SMTP_BANNER)).await;
        match expanded {
            Some(Ok(text)) => {
                let text = text.map(mail_types::value::Value::into_bytes).unwrap_or_default();
                Answer::Accept(Some(reply::lines(220, None, text.trim_ascii_end())))
            }
            Some(Err(error)) => {
                self.context.log_problem(format!("expansion of \"smtp_banner\" failed: {}", error.message()));
                unavailable()
            }
            None => unavailable(),
        }
    }

    /// Hand the controls that the protocol obeys to it.
    pub(super) fn obey_connection_controls(&mut self) {
        if let Some(enforce) = self.context.wishes.connection.enforce_sync {
            // Standard input that is no socket is never looked at: all of it may be there from the beginning.
            self.protocol.parameters_mut().enforce_sync = enforce && self.client.is_tcp();
        }
    }

    /// An ACL said `drop`: the log says so.
    pub(super) fn note_drop(&mut self, verdict: &policy::acl::AclVerdict) {
        if acl::drops(verdict) {
            self.dropped = true;
            if self.context.logs(Selector::SmtpConnection) {
                self.context.log_smtp(SmtpNews::Closed { how: "by DROP in ACL" });
            }
        }
    }
}

fn host_checks(context: &mut Context) -> Result<HostChecks, ListError> {
    // A list that cannot be decided now asks for no name.
    let looks_up = match context.sender_host_in(main::HOST_LOOKUP) {
        Err(error) if error.wrong => return Err(error),
        decided => decided.unwrap_or(false),
    };
    if looks_up {
        context.look_up_sender_host_name();
    }
    Ok(HostChecks {
        rejected: context.sender_host_in(main::HOST_REJECT_CONNECTION)?,
        counts_nonmail: context.sender_host_in(main::SMTP_ACCEPT_MAX_NONMAIL_HOSTS)?,
        requires_hello: context.sender_host_in(main::HOSTS_REQUIRE_HELO)?,
        unqualified_sender: context.sender_host_in(main::SENDER_UNQUALIFIED_HOSTS)?,
        unqualified_recipient: context.sender_host_in(main::RECIPIENT_UNQUALIFIED_HOSTS)?,
    })
}

/// The session cannot go on for a reason of ours.
pub(super) fn unavailable() -> Answer {
    Answer::Close(Reply::new(421, "Temporary local problem - please try later"))
}

//! From a host to a connection that can carry mail: TCP, banner, hello, TLS.
//!
//! # Invariants
//! * What the plan for the host asks for was had, or there is no connection.
//!
//! # Failure
//! Where TLS fails and is not required, another connection is opened and the message goes out in clear.

use std::time::Duration;

use config::options::transport::smtp as options;
use mail_types::value::Value;
use smtp_proto::client::Handshake;

use super::super::connection::{Connection, GreetError};
use super::super::connections::Key;
use super::super::fault::{Fault, Link};
use super::super::hosts::Candidate;
use super::super::secure::{Plan, TlsFailure, Wish, dane_failed, unencrypted};
use super::super::settings::{Settings, expanded};
use super::super::tls_report::Trouble;
use super::Run;
use crate::context::Context;
use crate::context::facts::TlsFacts;
use crate::services::waiting;

impl Run<'_> {
    pub(super) async fn connect(
        &mut self,
        host: &Candidate,
        key: &Key,
        settings: &Settings,
    ) -> Result<Connection, Fault> {
        let avoid_esmtp = self.host_in(options::HOSTS_AVOID_ESMTP, host);
        self.context.facts.host.tls = None;
        (self.tls_trouble, self.local) = (None, None);
        let limit = settings.command_timeout;
        let mut connection = self.open(host, key, settings).await?;
        if key.tls.at_once
            && let Err(why) = self.secure(&mut connection, host, key, limit).await
        {
            self.note_dane(key, &why, host);
            self.listen_to_end(&mut connection);
            return Err(Fault::tls_failed(&why.words, true, host.route));
        }
        let greeted = self.greet(&mut connection, key, avoid_esmtp, settings).await;
        connection = self.greeted(connection, greeted, host).await?;
        if !key.tls.at_once {
            connection = self.upgrade(connection, host, key, avoid_esmtp, settings).await?;
        }
        self.context.facts.host.tls.clone_from(&connection.tls);
        if self.host_in(options::HOSTS_AVOID_PIPELINING, host) {
            connection.offered.pipelining = false;
        }
        if connection.offered.chunking && !self.host_in(options::HOSTS_TRY_CHUNKING, host) {
            connection.offered.chunking = false;
        }
        Ok(connection)
    }

    async fn open(&mut self, host: &Candidate, key: &Key, settings: &Settings) -> Result<Connection, Fault> {
        if self.raise("tcp:connect", "").is_some() {
            return Err(Fault::forbidden(host.route));
        }
        let mut connection = Connection::open(key.endpoint, settings.connect_timeout, settings.keepalive)
            .await
            .map_err(|error| Fault::connecting(&error, host.route))?;
        self.listen_to_end(&mut connection);
        self.local = connection.local.map(|local| local.ip());
        Ok(connection)
    }

    /// Banner and hello. The error comes with the words of the stage.
    async fn greet(
        &mut self,
        connection: &mut Connection,
        key: &Key,
        avoid_esmtp: bool,
        settings: &Settings,
    ) -> Result<(), GreetError> {
        let handshake = Handshake::new(settings.protocol, &key.helo, avoid_esmtp);
        self.greet_with(connection, handshake, settings.command_timeout).await
    }

    /// Hello again, once the session is encrypted.
    async fn greet_again(
        &mut self,
        connection: &mut Connection,
        key: &Key,
        settings: &Settings,
    ) -> Result<(), GreetError> {
        let (handshake, line) = Handshake::again(settings.protocol, &key.helo);
        connection.hello(&handshake, &line, settings.command_timeout).await?;
        self.greet_with(connection, handshake, settings.command_timeout).await
    }

    async fn greet_with(
        &mut self,
        connection: &mut Connection,
        mut handshake: Handshake,
        limit: Duration,
    ) -> Result<(), GreetError> {
        loop {
            let heard = connection.greeting(&mut handshake, limit).await?;
            match &heard.after {
                None => {
                    if let Some(why) = self.raise("smtp:connect", heard.text) {
                        return Err(GreetError::Unwelcome(why));
                    }
                }
                // HELO has no list of extensions to look at.
                Some(command) if command.starts_with(b"HELO") => {}
                Some(_) => drop(self.raise("smtp:ehlo", heard.text)),
            }
            let Some(line) = heard.next else { return Ok(()) };
            connection.hello(&handshake, &line, limit).await?;
        }
    }

    async fn greeted(
        &mut self,
        mut connection: Connection,
        greeted: Result<(), GreetError>,
        host: &Candidate,
    ) -> Result<Connection, Fault> {
        match greeted {
            Ok(()) => Ok(connection),
            Err(GreetError::Lost(link, words)) => {
                self.say_tls_fault(&mut connection, host);
                Err(Fault::lost(&link, &words, None, host.route))
            }
            Err(GreetError::Refused(after, reply)) => {
                self.part(connection).await;
                Err(Fault::session(&reply, after.as_deref(), host.route))
            }
            Err(GreetError::Unwelcome(why)) => {
                self.part(connection).await;
                Err(Fault::unwelcome(&why, host.route))
            }
        }
    }

    /// STARTTLS, as far as the plan wants it; the same connection or, after a failure, another one in clear.
    async fn upgrade(
        &mut self,
        mut connection: Connection,
        host: &Candidate,
        key: &Key,
        avoid_esmtp: bool,
        settings: &Settings,
    ) -> Result<Connection, Fault> {
        let (plan, limit, route) = (&key.tls, settings.command_timeout, host.route);
        let must = plan.wish == Wish::Must;
        if plan.wish == Wish::Never || !connection.offered.starttls {
            self.tls_trouble = (plan.wish != Wish::Never).then_some(Trouble::NotOffered);
            return if must {
                self.promised_by_tlsa("starttls-not-supported");
                self.part(connection).await;
                Err(Fault::tls_required("the server did not offer TLS support", route))
            } else {
                Ok(connection)
            };
        }
        if plan.avoided {
            self.part(connection).await;
            return Err(Fault::tls_required("an attempt to start TLS failed", route));
        }
        let reply = connection.starttls(limit).await;
        let reply = reply.map_err(|link| Fault::lost(&link, b"STARTTLS", None, route))?;
        if !reply.is_success() {
            self.tls_trouble = Some(Trouble::NotOffered);
            let in_clear = reply.is_permanent() || plan.clear_after_failure;
            if !must && in_clear {
                return Ok(connection);
            }
            // As the oracle has it: where TLSA records ask for TLS, what passes is the host's own word.
            let passes = plan.request.dane.is_some() && !reply.is_permanent();
            if must && !passes {
                self.promised_by_tlsa("validation-failure");
            }
            self.part(connection).await;
            return Err(if must && !passes {
                Fault::tls_required("an attempt to start TLS failed", route)
            } else {
                Fault::session(&reply, Some(b"STARTTLS"), route)
            });
        }
        let why = match self.secure(&mut connection, host, key, limit).await {
            Ok(()) => match self.greet_again(&mut connection, key, settings).await {
                // With TLS 1.3 a client learns that its certificate is refused after its own handshake is done.
                Err(GreetError::Lost(Link::Closed | Link::Failed(..), _)) => {
                    self.say_tls_fault(&mut connection, host);
                    let why = TlsFailure::of_protocol("error on first read");
                    self.tls_trouble = Some(Trouble::Handshake(why.clone()));
                    why
                }
                greeted => return self.greeted(connection, greeted, host).await,
            },
            Err(why) => why,
        };
        if must || !plan.clear_after_failure {
            self.note_dane(key, &why, host);
            self.listen_to_end(&mut connection);
            return Err(Fault::tls_failed(&why.words, must, route));
        }
        self.listen_to_end(&mut connection);
        drop(connection);
        let fault = Fault::tls_failed(&why.words, false, route);
        let first = self.pending().first().copied();
        self.host_deferred(first, &fault);
        self.say(unencrypted(&why.words, &host.name, host.address));
        self.context.facts.host.tls = None;
        let mut connection = self.open(host, key, settings).await?;
        let greeted = self.greet(&mut connection, key, avoid_esmtp, settings).await;
        self.greeted(connection, greeted, host).await
    }

    /// A session with a host that TLS ended, and not the host.
    pub(super) fn say_tls_fault(&mut self, connection: &mut Connection, host: &Candidate) {
        if let Some(why) = connection.take_tls_fault() {
            let name = String::from_utf8_lossy(&host.name);
            let line = format!("H={name} [{}] TLS error on connection (recv): {why}", host.address);
            self.say(line.into_bytes());
        }
    }

    /// The handshake. The error is what the log says.
    async fn secure(
        &mut self,
        connection: &mut Connection,
        host: &Candidate,
        key: &Key,
        limit: Duration,
    ) -> Result<(), TlsFailure> {
        let secured = self.handshake(connection, host, key, limit).await;
        if let Err(why) = &secured {
            self.tls_trouble = Some(Trouble::Handshake(why.clone()));
        }
        secured
    }

    async fn handshake(
        &mut self,
        connection: &mut Connection,
        host: &Candidate,
        key: &Key,
        limit: Duration,
    ) -> Result<(), TlsFailure> {
        let plan = &key.tls;
        self.context.facts.host.tlsa_usage = plan.tlsa_usage();
        let mut request = plan.request.clone();
        request.site = self.site_of(plan, &connection.hello_reply)?;
        let connector = match self.context.services.tls.kept_connector(&request) {
            Some(kept) => kept,
            None => {
                let made = |context: &mut Context| waiting(|| context.services.tls.connector(&request));
                match self.context.on_pool(made).await {
                    Some(made) => {
                        let unusable = |error| TlsFailure::ours(format!("(cert/key setup): {error}"));
                        let made = made.map_err(unusable)?;
                        let option = format!("tls_require_ciphers in {} transport", self.transport.name);
                        self.context.tell_left_out(&option, made.dropped());
                        made
                    }
                    None => return Err(TlsFailure::ours("the program is stopping")),
                }
            }
        };
        let session = connection.secure(&connector, plan.sni.as_deref(), host.address, limit).await?;
        self.show_chain(&session.chain)?;
        if plan.needs_alpn && session.alpn.is_none() {
            return Err(TlsFailure::of_protocol(
                "(SSL_connect): the server chose no ALPN protocol, and hosts_require_alpn asks for it",
            ));
        }
        self.tls_trouble = session.verify_error.clone().map(Trouble::Certificate);
        let facts = TlsFacts::of(&session, plan.request.resumption);
        self.context.facts.host.tls = Some(Box::new(facts.clone()));
        connection.tls = Some(Box::new(facts));
        Ok(())
    }

    /// `host_name_extract`: which of the servers behind one name this is, where its answer to EHLO tells. Asked for
    /// where sessions may be resumed, as it decides with which of them.
    fn site_of(&mut self, plan: &Plan, hello_reply: &[u8]) -> Result<Vec<u8>, TlsFailure> {
        let option = options::HOST_NAME_EXTRACT;
        let Some(source) = self.transport.options.get(option).filter(|_| plan.request.resumption) else {
            return Ok(Vec::new());
        };
        let scope = std::mem::take(&mut self.context.scope);
        self.context.scope.item = Some(Value::tainted(hello_reply.to_vec()));
        let name = waiting(|| expanded(source, option.definition().name, self.transport, self.context));
        self.context.scope = scope;
        let name = name.map_err(|error| TlsFailure::ours(error.0))?;
        Ok(name.map(Value::into_bytes).unwrap_or_default())
    }

    /// Tells of a host whose TLSA records promise TLS, which is not to be had.
    fn promised_by_tlsa(&mut self, why: &'static str) {
        if self.has_tlsa {
            self.raise("dane:fail", why);
        }
    }

    fn note_dane(&mut self, key: &Key, why: &TlsFailure, host: &Candidate) {
        if key.tls.request.dane.is_some() {
            self.say(dane_failed(&why.words, &host.name, host.address));
            self.raise("dane:fail", "validation-failure");
        }
    }
}

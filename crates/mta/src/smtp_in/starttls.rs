//! STARTTLS, and TLS from the first octet: whether, with what, and what the session knows afterwards.
//!
//! # Security
//! What was read in clear and not yet used is thrown away before the handshake, and so is all that the client said: a
//! secured session begins anew (RFC 3207 section 4.2). A failed handshake ends the connection; nothing goes on in clear.
//! The server name that the client sends is tainted. A client that is greeted early (`tls_early_banner_hosts`) is not listened to
//! before its side of the handshake is done.
//!
//! # Failure
//! Certificates are made ready before the client hears 220, so that a server that has none says 454 and goes on.
//!
//! # Compatibility
//! Specification, chapter "Encrypted SMTP connections". The options named there are expanded again for the server name
//! when `tls_certificate` mentions it. The words of a failed handshake are those of our library.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use config::Opt;
use config::options::kind::OptionType;
use config::options::main;
use expand::Expansion;
use expand::list::ListItems;
use mail_types::bytes::Printable;
use mail_types::limits;
use mail_types::outcome::Reply;
use mail_types::value::Value;
use observe::event::{Event, Rejected, SmtpNews, Streams};
use policy::acl::AclPlace;
use policy::list::ListError;
use smtp_proto::server::Answer;
use tls::{
    Acceptor, AcceptorRequest, Alert, AnchorSource, Established, HandshakeFault, ProofFile, Strictness,
    TlsError,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::session::Session;
use crate::acl;
use crate::context::Context;
use crate::context::event::{Happened, main_listens};
use crate::context::facts::TlsFacts;
use crate::services::waiting;

/// A server's side made ready.
pub(super) struct Prepared {
    acceptor: Acceptor,
    /// Sessions may be resumed (`tls_resumption_hosts`).
    tickets: bool,
    /// The options want to know the server name first.
    by_name: bool,
    /// The banner need not wait for the client's side of the handshake (`tls_early_banner_hosts`).
    early: bool,
}

/// A handshake of which our side is done, so that the client may be greeted; [`Session::end_handshake`] is to come.
#[derive(Clone, Copy)]
pub(super) struct HalfDone {
    tickets: bool,
    /// What is left of the time for the whole.
    left: Duration,
}

/// How far a handshake has come.
enum Shaken {
    /// To its end.
    Whole,
    /// To where we may speak; `tickets` as in [`Prepared`].
    Half { tickets: bool },
    /// Nowhere, and the log says why.
    Failed,
}

/// Why TLS is not to be had.
enum Unavailable {
    /// An option's list or expansion.
    Option(String),
    /// What it names can't be used.
    Settings(TlsError),
}

impl From<ListError> for Unavailable {
    fn from(error: ListError) -> Self {
        Self::Option(error.message)
    }
}

impl From<TlsError> for Unavailable {
    fn from(error: TlsError) -> Self {
        Self::Settings(error)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Answer [`smtp_proto::server::Ask::StartTls`].
    pub(super) async fn starttls(&mut self) -> Answer {
        let Some(verdict) = self.run_acl(AclPlace::StartTls).await else { return Answer::Accept(None) };
        if acl::goes_on(&verdict) {
            return Answer::Accept(None);
        }
        let what = Rejected::Command(b"STARTTLS".to_vec());
        let reply = acl::refuse(&verdict, what, 550, &mut self.context);
        self.note_drop(&verdict);
        if acl::drops(&verdict) { Answer::Close(reply) } else { Answer::Refuse(reply) }
    }

    /// Answer [`smtp_proto::server::Ask::Secure`].
    pub(super) async fn secure(&mut self) -> Answer {
        self.reset_transaction();
        match self.prepare(false).await {
            Some(prepared) => {
                self.tls_prepared = Some(prepared);
                Answer::Accept(None)
            }
            None => Answer::Refuse(Reply::new(454, "TLS currently unavailable")),
        }
    }

    /// The client heard 220: shake hands. False when the connection is of no use any more.
    pub(super) async fn shake_hands(&mut self) -> bool {
        let Some(prepared) = self.tls_prepared.take() else { return false };
        self.link.forget_input();
        let (limit, _) = self.handshake_limit();
        let began = Instant::now();
        let mut shutdown = self.link.shutdown();
        let shaken = tokio::select! {
            shaken = tokio::time::timeout(limit, Box::pin(self.handshake(prepared))) => shaken,
            // The client is told nothing: there is no way to tell it.
            Ok(_) = shutdown.wait_for(|stop| *stop) => Ok(Shaken::Failed),
        };
        match shaken {
            Ok(Shaken::Whole) => {}
            Ok(Shaken::Half { tickets }) => {
                self.tls_half = Some(HalfDone { tickets, left: limit.saturating_sub(began.elapsed()) });
            }
            Ok(Shaken::Failed) => return false,
            Err(_elapsed) => return self.handshake_took_too_long(),
        }
        let keep = self.context.config.main.get(main::TLS_REMEMBER_ESMTP);
        self.protocol.secured(keep);
        let facts = &mut self.context.facts.connection;
        // What is remembered is the protocol, not the name.
        facts.sender_helo_name = None;
        facts.helo_verified = None;
        if !keep {
            facts.esmtp = false;
        }
        facts.sender_host_authenticated = None;
        facts.authenticated_id = None;
        if !self.tls_at_once {
            self.set_protocol_word(facts_say_esmtp(&self.context));
        }
        true
    }

    /// TLS from the first octet, on a port of `tls_on_connect_ports`. False when there is nobody to serve.
    pub(super) async fn secure_from_the_start(&mut self) -> bool {
        let early = self.may_be_greeted_early().await;
        let Some(prepared) = self.prepare(early).await else { return false };
        self.tls_prepared = Some(prepared);
        // The greeting's ACL sees the word that holds before any hello.
        self.tls_at_once = true;
        self.shake_hands().await
    }

    /// Send the greeting, or what was said instead of one, and hear the client's side of a handshake that is half done.
    /// False when the connection is of no use any more.
    pub(super) async fn end_handshake(&mut self) -> bool {
        let Some(half) = self.tls_half.take() else { return true };
        let mut shutdown = self.link.shutdown();
        let link = &mut self.link;
        let ending = Box::pin(async {
            link.flush().await;
            link.stream().finish().await
        });
        let ended = tokio::select! {
            ended = tokio::time::timeout(half.left, ending) => ended,
            Ok(_) = shutdown.wait_for(|stop| *stop) => return false,
        };
        match ended {
            Ok(Ok(session)) => self.shaken(&session, half.tickets),
            // What was known of the session is nothing: there is none.
            Ok(Err(fault)) => {
                self.context.facts.connection.tls = None;
                self.failed(&fault)
            }
            Err(_elapsed) => {
                self.context.facts.connection.tls = None;
                self.handshake_took_too_long()
            }
        }
    }

    /// How long the whole handshake may take, and what says so.
    fn handshake_limit(&self) -> (Duration, &'static str) {
        let most = Duration::from_secs(limits::TLS_HANDSHAKE_SECS);
        match self.link.timeout {
            Some(limit) if limit <= most => (limit, "smtp_receive_timeout"),
            _ => (most, "tls_handshake_secs"),
        }
    }

    fn handshake_took_too_long(&mut self) -> bool {
        let (limit, name) = self.handshake_limit();
        let reason = format!("timed out (limit {name}: {}s)", limit.as_secs());
        self.log_tls_error("SSL_accept", &reason);
        false
    }

    async fn handshake(&mut self, prepared: Prepared) -> Shaken {
        let hello = match self.link.stream().hello().await {
            Ok(hello) => hello,
            Err(fault) => return self.not_shaken(&fault),
        };
        if hello.alpn.is_empty() && self.must_offer_alpn().await {
            self.log_tls_error("SSL_accept", "no ALPN offered, and hosts_require_alpn asks for it");
            self.link.stream().turn_away(Alert::NoApplicationProtocol).await;
            return Shaken::Failed;
        }
        let mut prepared = prepared;
        if let Some(name) = hello.sni {
            let (by_name, early) = (prepared.by_name, prepared.early);
            let facts = TlsFacts { sni: Some(name.into_bytes()), ..TlsFacts::default() };
            self.context.facts.connection.tls = Some(Box::new(facts));
            let again = if by_name { self.prepare(early).await } else { Some(prepared) };
            self.context.facts.connection.tls = None;
            let Some(again) = again else {
                self.link.stream().turn_away(Alert::InternalError).await;
                return Shaken::Failed;
            };
            prepared = again;
        }
        let Prepared { acceptor, tickets, .. } = prepared;
        let stream = self.link.stream();
        let accepted =
            if prepared.early { stream.accept_half(&acceptor).await } else { stream.accept(&acceptor).await };
        match accepted {
            Ok(session) if self.link.stream().is_half_secured() => {
                // Nothing of the client is among it.
                self.context.facts.connection.tls = Some(Box::new(TlsFacts::of(&session, tickets)));
                Shaken::Half { tickets }
            }
            Ok(session) if self.shaken(&session, tickets) => Shaken::Whole,
            Ok(_) => Shaken::Failed,
            Err(fault) => self.not_shaken(&fault),
        }
    }

    /// A handshake has come to its end: whether the session goes on.
    fn shaken(&mut self, session: &Established, tickets: bool) -> bool {
        if let Err(why) = self.show_chain(&session.chain) {
            self.log_tls_error("SSL_accept", &why);
            return false;
        }
        self.context.facts.connection.tls = Some(Box::new(TlsFacts::of(session, tickets)));
        true
    }

    fn not_shaken(&mut self, fault: &HandshakeFault) -> Shaken {
        self.failed(fault);
        Shaken::Failed
    }

    async fn may_be_greeted_early(&mut self) -> bool {
        match self.context.on_pool(|context| context.sender_host_in(main::TLS_EARLY_BANNER_HOSTS)).await {
            Some(Ok(listed)) => listed,
            // The usual order is never wrong.
            Some(Err(error)) => {
                self.context.log_problem(error.message);
                false
            }
            None => false,
        }
    }

    async fn must_offer_alpn(&mut self) -> bool {
        match self.context.on_pool(|context| context.sender_host_in(main::HOSTS_REQUIRE_ALPN)).await {
            Some(Ok(listed)) => listed,
            // Nothing depends on it but the client's good manners.
            Some(Err(error)) => {
                self.context.log_problem(format!("failed to check \"hosts_require_alpn\": {error}"));
                false
            }
            None => false,
        }
    }

    /// Each certificate of the client's, the issuers first, to whoever listens. An error is what was said against one.
    fn show_chain(&mut self, chain: &[Vec<u8>]) -> Result<(), String> {
        if !main_listens(&self.context.config) {
            return Ok(());
        }
        for (depth, certificate) in chain.iter().enumerate().rev() {
            self.context.facts.connection.tls = Some(Box::new(TlsFacts::showing(certificate)));
            let said = self.context.main_event(&Happened::new("tls:cert", depth.to_string()));
            self.context.facts.connection.tls = None;
            if let Some(why) = said {
                let why = Printable::new(&why).to_string();
                let text = format!("SSL verify denied by event-action: depth={depth}: {why}").into_bytes();
                self.context.log_event(&Event::Text { text, streams: Streams::MAIN });
                return Err(format!("certificate verification failed: denied by event-action: {why}"));
            }
        }
        Ok(())
    }

    fn failed(&mut self, fault: &HandshakeFault) -> bool {
        self.log_tls_error("SSL_accept", &fault.to_string());
        false
    }

    fn log_tls_error(&mut self, step: &'static str, reason: &str) {
        let told = if step.is_empty() { reason.to_owned() } else { format!("({step}): {reason}") };
        self.context.main_event(&Happened::new("tls:fail:connect", told));
        self.context.log_smtp(SmtpNews::TlsError { step, reason: reason.as_bytes().to_vec() });
    }

    /// A session that TLS ended: garbage, or a connection that was cut.
    pub(super) fn log_tls_end(&mut self) {
        if let Some(reason) = self.link.stream().take_fault() {
            self.context.log_smtp(SmtpNews::TlsError { step: "recv", reason: reason.into_bytes() });
        }
    }

    /// Expand the options and read the files; none when that failed, which is in the log then.
    async fn prepare(&mut self, early: bool) -> Option<Prepared> {
        match self.context.on_pool(|context| prepare(context, early)).await? {
            Ok(prepared) => Some(prepared),
            Err(Unavailable::Settings(why)) => {
                self.log_tls_error("cert/key setup", &why.to_string());
                None
            }
            Err(Unavailable::Option(why)) => {
                self.context.log_problem(why);
                self.log_tls_error("", "Internal error");
                None
            }
        }
    }
}

fn facts_say_esmtp(context: &Context) -> bool {
    context.facts.connection.esmtp
}

fn prepare(context: &mut Context, early: bool) -> Result<Prepared, Unavailable> {
    let request = AcceptorRequest { early, ..request(context)? };
    let by_name = context.config.main.get(main::TLS_CERTIFICATE).is_some_and(mentions_the_server_name);
    let tickets = request.resumption;
    // Moving the runtime to another thread costs as much as half a handshake: for reading files alone.
    let acceptor = match context.services.tls.kept_acceptor(&request) {
        Some(kept) => kept,
        None => {
            let made = waiting(|| context.services.tls.acceptor(&request))?;
            context.tell_left_out("tls_require_ciphers", made.dropped());
            context.tell_left_out("tls_eccurve", made.unknown_curves());
            context.tell_unsent_proofs(made.unsent_proofs());
            made
        }
    };
    Ok(Prepared { acceptor, tickets, by_name, early })
}

fn mentions_the_server_name(option: &Expansion) -> bool {
    let text = &option.source().bytes;
    [&b"tls_in_sni"[..], b"tls_sni"].iter().any(|name| memchr::memmem::find(text, name).is_some())
}

fn request(context: &mut Context) -> Result<AcceptorRequest, Unavailable> {
    let certificates = paths(main::TLS_CERTIFICATE, context)?;
    let keys = paths(main::TLS_PRIVATEKEY, context)?;
    let client = if context.sender_host_in(main::TLS_VERIFY_HOSTS)? {
        Strictness::Require
    } else if context.sender_host_in(main::TLS_TRY_VERIFY_HOSTS)? {
        Strictness::Try
    } else {
        Strictness::Ignore
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let identities = certificates.iter().enumerate().map(|(at, certificate)| {
        // A key that is not named stands in the file of its certificate.
        (certificate.clone(), keys.get(at).unwrap_or(certificate).clone())
    });
    Ok(AcceptorRequest {
        identities: identities.collect(),
        own_name: text(context.primary_hostname().to_vec()),
        proofs: ProofFile::listed(paths(main::TLS_OCSP_FILE, context)?),
        client,
        anchors: AnchorSource::of(paths(main::TLS_VERIFY_CERTIFICATES, context)?.into_iter().next()),
        revocations: paths(main::TLS_CRL, context)?.into_iter().next(),
        ciphers: text(one(main::TLS_REQUIRE_CIPHERS, context)?.into_bytes()),
        curves: curves(context)?,
        alpn: items(main::TLS_ALPN, context)?,
        resumption: context.sender_host_in(main::TLS_RESUMPTION_HOSTS)?,
        early: false,
    })
}

fn path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

/// An option's expanded text; empty when it is unset or was forced to fail.
fn one<T>(option: Opt<T>, context: &mut Context) -> Result<Value, Unavailable>
where
    T: for<'a> OptionType<Ref<'a> = Option<&'a Expansion>> + 'static,
{
    let config = Arc::clone(&context.config);
    let Some(expansion) = config.main.get(option) else { return Ok(Value::empty()) };
    let name = option.definition().name;
    match context.eval(expansion) {
        Ok(value) => Ok(value.unwrap_or_else(Value::empty)),
        Err(error) => Err(Unavailable::Option(format!("expansion of {name} failed: {}", error.message()))),
    }
}

/// The items of an option that is a list.
fn items<T>(option: Opt<T>, context: &mut Context) -> Result<Vec<Vec<u8>>, Unavailable>
where
    T: for<'a> OptionType<Ref<'a> = Option<&'a Expansion>> + 'static,
{
    let list = one(option, context)?;
    Ok(ListItems::new(list.bytes()).filter(|item| !item.is_empty()).map(Cow::into_owned).collect())
}

/// The items of `tls_eccurve`; nothing where it leaves the choice to us.
fn curves(context: &mut Context) -> Result<Option<Vec<String>>, Unavailable> {
    let items = items(main::TLS_ECCURVE, context)?;
    let items = items.iter().map(|item| String::from_utf8_lossy(item).into_owned());
    Ok(Some(items.collect()).filter(|items: &Vec<String>| items != &["auto"]))
}

/// The files that a list names.
fn paths<T>(option: Opt<T>, context: &mut Context) -> Result<Vec<PathBuf>, Unavailable>
where
    T: for<'a> OptionType<Ref<'a> = Option<&'a Expansion>> + 'static,
{
    let list = one(option, context)?;
    let name = option.definition().name;
    let list = list.require_clean(name).map_err(|error| Unavailable::Option(error.to_string()))?;
    Ok(ListItems::new(list.bytes())
        .filter(|item| !item.is_empty())
        .map(|item| path(item.into_owned()))
        .collect())
}

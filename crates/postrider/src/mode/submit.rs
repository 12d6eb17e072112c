//! `-bm`, `-t`, addresses, and `-bs`: mail from a local program.
//!
//! The message is taken in by this program when it may write the spool (root, the mail user, or the owner of a spool
//! of his own named by `-C`); otherwise it is handed to the running server.
//!
//! # Failure
//! Without a server an ordinary user's message is refused with a text that says what is missing; it was never accepted.
//!
//! # Compatibility
//! Spec 5.1, 5.2 and chapter 49.

use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;

use config::Config;
use config::options::main;
use mail_types::MessageId;
use mta::local_submission::{ErrorMode, MessageRequest, batch, message, smtp};
use mta::receive::{Caller, CallerRequest, HostFields};
use mta::services::{Arrival, Services};
use mta::smtp_in::Client;
use tokio::sync::watch;

use super::Start;
use super::inetd::{self, Connection};
use crate::argv::{DeliveryMode, Mode, Origin};
use crate::assembly::{self, Parts};
use crate::delivery::{Foreground, deliver_all};
use crate::process::{self, Job, Seat};

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>) -> ExitCode {
    let connection = inetd::connection(start);
    if let Some(refusal) = connection.as_ref().and_then(|connection| inetd::refusal(start, connection)) {
        crate::say_error(refusal);
        return ExitCode::FAILURE;
    }
    if connection.is_none() && super::server_socket::is_needed(start) {
        return super::server_socket::submit(start);
    }
    process::run(Arc::clone(&start.config), &Submission { start, connection }, false)
}

struct Submission<'a> {
    start: &'a Start<'a>,
    /// From inetd.
    connection: Option<Connection>,
}

impl Job for Submission<'_> {
    fn run(&self, config: Arc<Config>, seat: Seat) -> u8 {
        match crate::runtime() {
            Ok(runtime) => {
                let code = runtime.block_on(self.take(config, &seat));
                // A caller who has said QUIT may keep his side open: nobody reads it to its end.
                runtime.shutdown_background();
                code
            }
            Err(e) => {
                crate::say_error(&format!("cannot start: {e}"));
                1
            }
        }
    }
}

impl Submission<'_> {
    async fn take(&self, config: Arc<Config>, seat: &Seat) -> u8 {
        let waker = Arc::new(Foreground::new());
        let parts = Parts {
            local_agent: seat.local_agent(),
            queue: Arc::clone(&waker) as _,
            daemon: false,
            timeouts: self.start.invocation.timeouts(),
            tls_on_connect: self.start.invocation.tls_on_connect,
        };
        let services = match assembly::services(&config, parts) {
            Ok(services) => services,
            Err(reason) => {
                crate::say_error(&reason);
                return 1;
            }
        };
        if self.connection.is_none() {
            services.log.echo_problems();
        }
        seat.attach(&services);
        let how = self.start.invocation.delivery.unwrap_or(DeliveryMode::Background);
        let wraps_mua = config.main.get(main::MUA_WRAPPER);
        waker.attach(&services, how == DeliveryMode::Foreground || wraps_mua);
        let code = match &self.connection {
            Some(connection) => self.serve(connection, &services).await,
            None => self.hear(&services).await,
        };
        let code = match waker.failure() {
            Some(failure) => {
                crate::say_error_as_is(&failure);
                1
            }
            None => code,
        };
        let left = waker.take();
        self.background(left, seat, &services, code).await;
        services.connections.close().await;
        services.hints.flush(crate::HINTS_FLUSH);
        code
    }

    /// Takes in what the caller says.
    async fn hear(&self, services: &Arc<Services>) -> u8 {
        let caller = match Caller::identify(caller_request(self.start), services).await {
            Ok(caller) => caller,
            Err(reason) => {
                crate::say_error(&reason);
                return 1;
            }
        };
        match self.start.invocation.mode {
            Mode::Smtp => self.session(caller, services).await,
            Mode::BatchedSmtp => self.batch(caller, services).await,
            _ => self.message(caller, services).await,
        }
    }

    /// Serves a connection that inetd took.
    async fn serve(&self, connection: &Connection, services: &Arc<Services>) -> u8 {
        let mut streams = match connection.streams() {
            Ok(streams) => streams,
            Err(e) => {
                services.log.problem(None, format!("cannot use the connection on standard input: {e}"));
                return 1;
            }
        };
        let Connection { peer, local, .. } = *connection;
        let client = Client::Inetd { peer, local, arrival: self.start.invocation.delivery.map(arrival) };
        let (_keep, shutdown) = watch::channel(false);
        smtp(&mut streams, client, Arc::clone(services), shutdown).await
    }

    async fn session(&self, caller: Caller, services: &Arc<Services>) -> u8 {
        let mut stream = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
        let (_keep, shutdown) = watch::channel(false);
        smtp(&mut stream, Client::Local(Box::new(caller)), Arc::clone(services), shutdown).await
    }

    async fn batch(&self, caller: Caller, services: &Arc<Services>) -> u8 {
        let host = HostFields { protocol: Some(b"local-bsmtp".to_vec()), ..HostFields::default() };
        let host =
            HostFields { protocol: caller.host.protocol.clone().or(host.protocol), ..caller.host.clone() };
        let request = self.request(Caller { host, ..caller });
        let batched = batch(&mut tokio::io::stdin(), request, Arc::clone(services)).await;
        if !batched.report.is_empty() {
            crate::say_error_as_is(batched.report.trim_end_matches('\n'));
        }
        crate::say(batched.output.as_bytes());
        batched.exit_code
    }

    async fn message(&self, caller: Caller, services: &Arc<Services>) -> u8 {
        let request = self.request(caller);
        let submitted = message(&mut tokio::io::stdin(), request, Arc::clone(services)).await;
        if !submitted.error.is_empty() {
            crate::say_error(&submitted.error);
        }
        submitted.exit_code
    }

    fn request(&self, caller: Caller) -> MessageRequest {
        let invocation = self.start.invocation;
        MessageRequest {
            requiretls: false,
            caller,
            arguments: invocation.operands.clone(),
            extract_recipients: invocation.extract_recipients,
            dot_ends: !invocation.dot_is_data,
            arrival: invocation.delivery.map(arrival),
            dont_deliver: invocation.pretend,
            bounce_of: invocation.origin.message_reference.as_deref().and_then(MessageId::parse),
            suppress_local_fixups: invocation.no_qualify,
            body_type: 0,
            errors: if self.start.config.main.get(main::MUA_WRAPPER) {
                // No message is ever made of an error.
                ErrorMode::Print
            } else {
                invocation.errors.unwrap_or(ErrorMode::Mail)
            },
            local_error: false,
        }
    }

    /// First deliveries that nobody waits for: the running server does them, or this process after its caller has gone.
    async fn background(&self, ids: Vec<MessageId>, seat: &Seat, services: &Arc<Services>, code: u8) {
        if ids.is_empty() || super::server_socket::tell_of(self.start, &ids).await {
            return;
        }
        match seat {
            Seat::Worker(agent) if agent.detach(code).is_ok() => {
                crate::close_standard_streams();
                deliver_all(ids, services).await;
            }
            Seat::Worker(_) => deliver_all(ids, services).await,
            Seat::Alone(_) => {
                if let Err(e) = super::act::deliver_detached(self.start.invocation, &self.start.config, &ids)
                {
                    services.log.problem(None, format!("cannot start a delivery in the background: {e}"));
                }
            }
        }
    }
}

/// What is known about the caller.
pub(super) fn caller_request(start: &Start<'_>) -> CallerRequest {
    let invocation = start.invocation;
    let groups = nix::unistd::getgroups().unwrap_or_default();
    CallerRequest {
        uid: start.caller.uid,
        gid: start.caller.gid,
        groups: groups.into_iter().map(nix::unistd::Gid::as_raw).collect(),
        full_name: invocation.sender_name.clone(),
        sender: invocation.sender.clone(),
        no_qualify: invocation.no_qualify,
        host: host_fields(&invocation.origin),
        arrival: invocation.delivery.map(arrival),
        tls_on_connect: invocation.tls_on_connect,
    }
}

/// When a message that arrives is to be tried, by `-od…`.
fn arrival(mode: DeliveryMode) -> Arrival {
    match mode {
        DeliveryMode::Background | DeliveryMode::Foreground => Arrival::Deliver,
        DeliveryMode::Queue => Arrival::Queue,
        DeliveryMode::QueueSmtp => Arrival::QueueRemote,
    }
}

/// `-oM…` as the flow wants it.
pub(crate) fn host_fields(origin: &Origin) -> HostFields {
    HostFields {
        address: origin.host_address.as_deref().and_then(address_and_port),
        authenticator: origin.authenticator.clone(),
        authenticated_id: origin.authenticated_id.clone(),
        authenticated_sender: origin.authenticated_sender.clone(),
        interface: origin.interface.as_deref().and_then(address_and_port),
        protocol: origin.protocol.clone(),
        name: origin.host_name.clone(),
        ident: origin.ident.clone(),
    }
}

/// An address, or an address and a port in one of Exim's forms: `192.0.2.1.25`, `[192.0.2.1]:25`, `2001:db8::1.25`.
pub(crate) fn address_and_port(text: &[u8]) -> Option<(IpAddr, u16)> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if let Ok(address) = text.parse() {
        return Some((address, 0));
    }
    if let Some((address, port)) = text.strip_prefix('[').and_then(|t| t.split_once("]:")) {
        return Some((address.parse().ok()?, port.parse().ok()?));
    }
    let (address, port) = text.rsplit_once('.')?;
    Some((address.parse().ok()?, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_and_without_ports() {
        for (text, expected) in [
            ("192.0.2.1", Some(("192.0.2.1", 0))),
            ("192.0.2.1.25", Some(("192.0.2.1", 25))),
            ("[2001:db8::1]:26", Some(("2001:db8::1", 26))),
            ("2001:db8::1.27", Some(("2001:db8::1", 27))),
            ("nonsense", None),
            ("192.0.2.1.99999", None),
        ] {
            let expected = expected.map(|(a, p)| (a.parse().unwrap(), p));
            assert_eq!(address_and_port(text.as_bytes()), expected, "{text}");
        }
    }
}

//! A run: hosts one after the other until every address has an end.
//!
//! # Invariants
//! * An address that a host accepted or refused for good is not shown to another host.
//! * What is remembered for the retry hints follows from [`super::fault::Concerns`] alone.
//!
//! # Failure
//! A run that is dropped half way leaves at most one message at one host undecided; it is repeated.
//!
//! # Compatibility
//! Specification, "Errors in outgoing SMTP" and "Retry configuration".

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use config::TransportInstance;
use config::options::transport::{generic, smtp as options};
use mail_types::outcome::Verdict;
use mail_types::value::Value;
use observe::event::{RemoteHost, Session};
use policy::retry::RetryError;
use smtp_proto::client::{Content, MailFrom, Recipient, Stage};

use super::batch::{AddressResult, Batch, BatchReply};
use super::connection::Connection;
use super::dialogue::{Carried, Message, carry};
use super::fault::Fault;
use super::hosts::{Candidate, NoHosts, candidates, fallback};
use super::settings::{Misconfigured, Settings, expanded};
use super::sign;
use super::tls_report::Trouble;
use crate::context::Context;
use crate::context::event::transport_listens;
use crate::route::errno;
use crate::services::waiting;
use crate::transport::mta_sts::Renewal;
use crate::transport::{outgoing, rcpt_address};

mod events;
mod explain;

mod judge;
mod open;
mod retry;
mod way;

pub(super) use events::Farewell;
pub use explain::{Explained, explain};
use way::{Approach, Taken, Way};

/// Carries out one run.
pub async fn deliver(batch: Batch, context: Context) -> BatchReply {
    Box::pin(carry_out(batch, context)).await
}

async fn carry_out(batch: Batch, mut context: Context) -> BatchReply {
    let config = Arc::clone(&context.config);
    let mut reply = BatchReply::default();
    let Some(transport) = config.transport(&batch.transport) else {
        let text = format!("{} transport: no such transport in the configuration", batch.transport);
        reply.results = vec![
            result(Verdict::Defer, errno::BAD_TRANSPORT, Some(text.into_bytes()));
            batch.addresses.len()
        ];
        return reply;
    };
    if let Some(first) = batch.addresses.first() {
        context.facts.address = first.facts.clone();
    }
    context.facts.address.transport_name = Some(transport.name.clone());
    context.event_transport = Some(transport.name.clone());
    context.facts.message.return_path = Some(batch.return_path.clone());
    context.transport_debug_print(&transport.name).await;
    let mut run = Run {
        results: vec![None; batch.addresses.len()],
        batch: &batch,
        transport,
        context: &mut context,
        reply,
        skipped: 0,
        expired: 0,
        after_cutoff: Vec::new(),
        tried_since: false,
        taken: 0,
        halted: false,
        order: (0..batch.addresses.len()).collect(),
        listens: transport_listens(transport),
        deferral_told: false,
        more_hosts: false,
        last_deferral: None,
        tried: 0,
        no_requiretls: 0,
        unvouched: 0,
        unsigned: Arc::default(),
        tls_trouble: None,
        local: None,
        has_tlsa: false,
        renewal: Renewal::Beside,
    };
    run.all().await;
    run.finish()
}

struct Run<'a> {
    batch: &'a Batch,
    transport: &'a TransportInstance,
    context: &'a mut Context,
    /// The latest word on each address; final ones are Accept and Fail.
    results: Vec<Option<AddressResult>>,
    reply: BatchReply,
    /// Hosts left out because their time had not come.
    skipped: usize,
    /// Of these, hosts that have been failing too long.
    expired: usize,
    /// Those of them that were last tried before the message came.
    after_cutoff: Vec<Candidate>,
    /// With `delay_after_cutoff` off: all were tried since then.
    tried_since: bool,
    /// Hosts of `serialize_hosts` to which another connection is open.
    taken: usize,
    /// A delivery could not be written down: no further one may begin.
    halted: bool,
    /// The addresses, in the order in which they are sent and told of.
    order: Vec<usize>,
    /// The transport has an `event_action`.
    listens: bool,
    /// An event of a deferral was raised.
    deferral_told: bool,
    /// Other hosts come after the one that is tried now.
    more_hosts: bool,
    /// The last failure of a host, or of the message at one, while no later host made up for it: whose, text and number.
    last_deferral: Option<(usize, (Vec<u8>, i32))>,
    /// Hosts that were tried.
    tried: usize,
    /// Of these, hosts that can't keep the promise of REQUIRETLS …
    no_requiretls: usize,
    /// … as nobody vouches for them.
    unvouched: usize,
    /// The header before it was signed.
    unsigned: Arc<Vec<u8>>,
    /// What was not as it should be about TLS with the host that is tried.
    tls_trouble: Option<Trouble>,
    /// Our address in the last connection.
    local: Option<IpAddr>,
    /// The host that is tried has TLSA records.
    has_tlsa: bool,
    /// Whether kept MTA-STS policies are made new on the way.
    renewal: Renewal,
}

impl Run<'_> {
    async fn all(&mut self) {
        let settings = match self.prepare() {
            Ok(settings) => settings,
            Err(refusal) => return self.everywhere(&refusal),
        };
        let hosts = match candidates(self.batch, self.transport, self.context).await {
            Ok(hosts) => hosts,
            Err(nobody) => return self.everywhere(&nobody.into_result(&self.transport.name)),
        };
        // Where the header speaks of the host or of TLS with it, it is made anew once there is a session.
        if let Some(first) = hosts.first() {
            self.look_at(first, &settings);
        }
        let mut message = match self.message(&settings) {
            Ok(message) => message,
            Err(refusal) => return self.everywhere(&refusal),
        };
        self.unsigned = Arc::clone(&message.header);
        if let Err(refusal) = self.sign(&mut message).await {
            return self.everywhere(&refusal);
        }
        self.try_hosts(hosts, &message, &settings).await;
        self.try_after_cutoff(&message, &settings).await;
        if self.halted || self.batch.all_or_nobody || self.pending().is_empty() {
            return self.tell_of_deferral();
        }
        if let Ok(hosts) = fallback(self.batch, self.transport, self.context).await
            && !hosts.is_empty()
        {
            // They were put aside one before the other.
            let left = self.pending();
            self.order.retain(|at| !left.contains(at));
            self.order.extend(left.into_iter().rev());
            self.try_hosts(hosts, &message, &settings).await;
        }
        // Where nobody keeps the promise, waiting would not help (rfc8689#4.2.1).
        if self.no_requiretls > 0 && self.no_requiretls == self.tried && self.skipped + self.taken == 0 {
            let why: &[u8] = match self.no_requiretls - self.unvouched {
                0 => b"REQUIRETLS: neither DNSSEC nor MTA-STS vouches for the host",
                offers if offers == self.tried => b"REQUIRETLS: none of the hosts offers it",
                _ => b"REQUIRETLS: none of the hosts offers it, or nobody vouches for the host",
            };
            self.everywhere(&result(Verdict::Fail, errno::NONE, Some(why.to_vec())));
        }
        self.tell_of_deferral();
    }

    /// Options, and refusals that concern the message whatever the host.
    fn prepare(&mut self) -> Result<Settings, Box<AddressResult>> {
        let transport = self.transport;
        let settings = Settings::of(transport, self.context).map_err(misconfigured)?;
        let size = self.context.facts.message.size.unwrap_or(0);
        if let Some(text) = transport.options.get(generic::MESSAGE_SIZE_LIMIT) {
            let limit =
                expanded(text, "message_size_limit", transport, self.context).map_err(misconfigured)?;
            let limit =
                limit.as_ref().and_then(|value| super::super::local::size(value.bytes())).unwrap_or(0);
            if limit > 0 && size > limit {
                let text = format!("message is too big (transport limit = {limit})");
                let refusal = result(Verdict::Fail, 0, Some(text.into_bytes()));
                return Err(Box::new(AddressResult { user_message: Some(Vec::new()), ..refusal }));
            }
        }
        if settings.line_limit > 0 && self.context.facts.message.body.max_line > settings.line_limit {
            let text = b"message has lines too long for transport".to_vec();
            return Err(Box::new(result(Verdict::Fail, 0, Some(text))));
        }
        Ok(settings)
    }

    /// What is sent, whatever the host.
    fn message(&mut self, settings: &Settings) -> Result<Message, Box<AddressResult>> {
        let return_path = match self.transport.options.get(generic::RETURN_PATH) {
            Some(text) => {
                expanded(text, "return_path", self.transport, self.context).map_err(misconfigured)?
            }
            None => None,
        };
        let return_path = return_path.map_or_else(|| self.batch.return_path.clone(), Value::into_bytes);
        let recipients = outgoing::envelope_recipients(self.batch.addresses.iter().map(|a| {
            let own = a.facts.recipient.as_ref().unwrap_or(&a.facts.address);
            (own.clone(), &a.facts)
        }));
        let envelope = outgoing::Envelope {
            headers_add: &self.batch.headers_add,
            headers_remove: &self.batch.headers_remove,
            return_path: &return_path,
            recipients: &recipients,
        };
        let header = outgoing::header(self.transport, envelope, self.context).map_err(|trouble| {
            let words = format!("failed to expand headers_add or headers_remove: {}", trouble.0);
            Box::new(AddressResult {
                errno: outgoing::HeaderTrouble::NUMBER,
                ..*misconfigured(Misconfigured(words))
            })
        })?;
        let facts = &self.context.facts.message;
        let affixes = self.transport.options.get(generic::RCPT_INCLUDE_AFFIXES);
        Ok(Message {
            mail: MailFrom {
                sender: return_path,
                size: settings.size_addition.map(|more| {
                    // Each line end may become CRLF.
                    facts.size.unwrap_or(0).saturating_add(facts.linecount).saturating_add(more)
                }),
                eight_bit: facts.body_8bitmime == 8,
                smtputf8: facts.smtputf8,
                requiretls: facts.requiretls,
                ret: None,
                envid: None,
            },
            recipients: self
                .batch
                .addresses
                .iter()
                .map(|a| Recipient {
                    address: rcpt_address(&a.facts, affixes),
                    notify: None,
                    orcpt: a.orcpt.clone(),
                })
                .collect(),
            numbers: (0..self.batch.addresses.len()).collect(),
            journal: self.batch.journal.clone(),
            header: Arc::new(header),
            data: Arc::clone(&self.batch.data),
            body_offset: self.batch.body_offset,
            all_or_nobody: self.batch.all_or_nobody,
        })
    }

    /// Puts signatures on top of the header.
    async fn sign(&mut self, message: &mut Message) -> Result<(), Box<AddressResult>> {
        let transport = self.transport;
        if !sign::is_wanted(transport) {
            return Ok(());
        }
        let (header, data) = (Arc::clone(&message.header), Arc::clone(&message.data));
        let body_offset = message.body_offset;
        let signed = self.context.on_pool(|context| {
            let wire = context.facts.message.body.wire;
            let unsigned = sign::Unsigned { header: &header, data: &data, body_offset, wire };
            waiting(|| sign::fields(transport, &unsigned, context))
        });
        let waits = match signed.await {
            Some(Ok(fields)) if fields.is_empty() => return Ok(()),
            Some(Ok(mut fields)) => {
                fields.extend_from_slice(&header);
                message.header = Arc::new(fields);
                return Ok(());
            }
            Some(Err(waits)) => waits,
            None => sign::MustWait(Some("shutting down".into())),
        };
        let text = waits.0.map(String::into_bytes);
        Err(Box::new(result(Verdict::Defer, rustix::io::Errno::ACCESS.raw_os_error(), text)))
    }

    /// As [`Self::message_here`]; none when that ended it for all addresses.
    async fn message_or_end<'a>(
        &mut self,
        message: &'a Message,
        settings: &Settings,
    ) -> Option<Cow<'a, Message>> {
        match self.message_here(message, settings).await {
            Ok(own) => Some(own),
            Err(refusal) => {
                self.everywhere(&refusal);
                None
            }
        }
    }

    /// The message for the host with which there is a session now.
    async fn message_here<'a>(
        &mut self,
        message: &'a Message,
        settings: &Settings,
    ) -> Result<Cow<'a, Message>, Box<AddressResult>> {
        if !outgoing::adds_what_varies(self.transport) {
            return Ok(Cow::Borrowed(message));
        }
        let mut own = self.message(settings)?;
        if own.header == self.unsigned {
            return Ok(Cow::Borrowed(message));
        }
        self.sign(&mut own).await?;
        Ok(Cow::Owned(own))
    }

    async fn try_hosts(&mut self, hosts: Vec<Candidate>, message: &Message, settings: &Settings) {
        let (mut tried, mut seen) = (0, 0);
        let mut hosts = hosts.into_iter();
        while let Some(host) = hosts.next() {
            self.more_hosts = hosts.len() > 0;
            let enough = tried >= settings.max_tries || seen >= settings.hard_limit;
            if self.halted || enough || self.pending().is_empty() {
                return;
            }
            seen += 1;
            if !self.batch.ignore_retry_times && self.must_wait(&host, settings) {
                self.skipped += 1;
                continue;
            }
            let reached = usize::from(self.try_host(&host, message, settings).await);
            tried += reached;
            self.tried += reached;
        }
    }

    /// `delay_after_cutoff = false`: where all hosts have been failing for too long, those that were not tried since the
    /// message came are tried now.
    async fn try_after_cutoff(&mut self, message: &Message, settings: &Settings) {
        let all_expired = self.skipped > 0 && self.expired == self.skipped;
        if !all_expired
            || self.transport.options.get(options::DELAY_AFTER_CUTOFF)
            || self.pending().is_empty()
        {
            return;
        }
        let hosts = std::mem::take(&mut self.after_cutoff);
        self.tried_since = hosts.is_empty();
        for host in hosts {
            if self.halted || self.pending().is_empty() {
                return;
            }
            self.try_host(&host, message, settings).await;
        }
    }

    /// Addresses without a final end.
    fn pending(&self) -> Vec<usize> {
        let is_open = |result: &Option<AddressResult>| {
            result.as_ref().is_none_or(|result| !matches!(result.verdict, Verdict::Accept | Verdict::Fail))
        };
        self.order.iter().copied().filter(|at| is_open(&self.results[*at])).collect()
    }

    /// Makes a host the one that the variables speak of; gives its port.
    fn look_at(&mut self, host: &Candidate, settings: &Settings) -> u16 {
        let port = host.port.unwrap_or(settings.port);
        let facts = &mut self.context.facts.host;
        facts.name = Some(host.name.clone());
        facts.lookup_dnssec_authenticated = host.authenticated;
        facts.address = Some(host.address);
        facts.port = port;
        port
    }

    /// One host: connect, or use an open connection; send; judge. False when it is left out this time.
    async fn try_host(&mut self, host: &Candidate, message: &Message, settings: &Settings) -> bool {
        let port = self.look_at(host, settings);
        let shown = RemoteHost {
            name: host.name.clone(),
            address: Some(host.address),
            port,
            local: None,
            reused: false,
            dnssec: host.dnssec,
        };
        if self.batch.pretend {
            self.pretend(&shown).await;
            return true;
        }
        let pending = self.pending();
        let Some(Approach { key, watches, bound }) = self.approach(host, &shown, &pending, settings).await
        else {
            return true;
        };
        let places = loop {
            match self.way_to(host, &key).await {
                Err(Taken) => {
                    self.taken += 1;
                    return false;
                }
                Ok(Way::New(places)) => break places,
                Ok(Way::Open(mut connection)) => {
                    self.context.facts.host.tlsa_usage = key.tls.tlsa_usage();
                    self.context.facts.host.tls.clone_from(&connection.tls);
                    if self.lacks(&connection, host, &shown, message, settings) {
                        self.part(*connection).await;
                        return true;
                    }
                    let Some(own) = self.message_or_end(message, settings).await else { return true };
                    let carried = self.send_over(&mut connection, &own, &pending, settings).await;
                    // A server may close an idle connection at any time: that says nothing about the host.
                    let stale = matches!(&carried.broken, Some((_, Stage::Mail)));
                    if !stale {
                        let shown = RemoteHost { reused: true, local: connection.local, ..shown };
                        let done = self.judge(host, &shown, *connection, key, &pending, carried, settings);
                        if let Some(done) = done {
                            self.part(done).await;
                        }
                        return true;
                    }
                }
            }
        };
        let mut connection = match self.connect_watched(host, &key, watches, settings).await {
            Ok(connection) => connection.holding(places),
            Err(fault) => {
                let fault = if bound { fault.of_message_alone() } else { fault };
                self.host_failed(host, &shown, &fault, &pending, settings);
                return true;
            }
        };
        let shown = RemoteHost { local: connection.local, ..shown };
        if self.lacks(&connection, host, &shown, message, settings) {
            self.part(connection).await;
            return true;
        }
        let Some(own) = self.message_or_end(message, settings).await else {
            self.part(connection).await;
            return true;
        };
        let carried = self.send_over(&mut connection, &own, &pending, settings).await;
        let done = self.judge(host, &shown, connection, key, &pending, carried, settings);
        if let Some(done) = done {
            self.part(done).await;
        }
        true
    }

    /// Whether a host lacks an extension without which it does not get the message, which is settled then. A connection that
    /// carried other messages is no different.
    fn lacks(
        &mut self,
        connection: &Connection,
        host: &Candidate,
        shown: &RemoteHost,
        message: &Message,
        settings: &Settings,
    ) -> bool {
        if message.mail.smtputf8 && !connection.offered.smtputf8 {
            let text = b"utf8 support required but not offered for forwarding".to_vec();
            let shown = RemoteHost { local: connection.local, ..shown.clone() };
            let refusal = AddressResult { host: Some(shown), ..result(Verdict::Fail, 0, Some(text)) };
            self.everywhere(&refusal);
            return true;
        }
        // rfc8689#4.2.1; a bounce goes on without the promise (section 5).
        if message.mail.requiretls && !connection.offered.requiretls && !message.mail.sender.is_empty() {
            self.promise_not_kept("REQUIRETLS is not offered by the host", host, shown, settings);
            return true;
        }
        false
    }

    /// REQUIRETLS keeps the message from a host; other messages may go there.
    fn promise_not_kept(&mut self, why: &str, host: &Candidate, shown: &RemoteHost, settings: &Settings) {
        self.no_requiretls += 1;
        let fault = Fault::policy_unknown(why, host.route).of_message_alone();
        let pending = self.pending();
        self.host_failed(host, shown, &fault, &pending, settings);
    }

    /// `-N`: the host would have taken everything.
    async fn pretend(&mut self, shown: &RemoteHost) {
        let pending = self.pending();
        self.halted |= !self.batch.journal.write(pending.clone()).await;
        for at in pending {
            let confirmation = Some(b"delivery bypassed by -N option".to_vec());
            self.results[at] = Some(AddressResult {
                host: Some(shown.clone()),
                session: Some(Session { confirmation, ..Session::default() }),
                ..result(Verdict::Accept, 0, None)
            });
        }
    }

    async fn send_over(
        &mut self,
        connection: &mut Connection,
        message: &Message,
        pending: &[usize],
        settings: &Settings,
    ) -> Carried {
        let content = if connection.offered.chunking { Content::Chunks } else { Content::Dot };
        let recipients = pending.iter().map(|at| message.recipients[*at].clone()).collect();
        let part = Message { recipients, numbers: pending.to_vec(), ..message.clone() };
        if std::mem::take(&mut connection.needs_reset)
            && let Err(link) = reset(connection, settings).await
        {
            let mut carried = carry_nothing(connection, &part, content, settings);
            carried.broken = Some((link, Stage::Mail));
            return carried;
        }
        carry(connection, settings.protocol, content, &part, settings).await
    }

    /// The same end for every address that has none.
    fn everywhere(&mut self, end: &AddressResult) {
        for at in self.pending() {
            self.results[at] = Some(end.clone());
        }
    }

    fn finish(mut self) -> BatchReply {
        self.reply.order = std::mem::take(&mut self.order);
        let results = std::mem::take(&mut self.results).into_iter().enumerate();
        self.reply.results = results.map(|(at, result)| result.unwrap_or_else(|| self.nobody(at))).collect();
        self.reply
    }

    /// The end of an address for which no host was tried.
    fn nobody(&self, at: usize) -> AddressResult {
        let domain = self.batch.addresses.get(at).and_then(|a| a.facts.domain.as_ref());
        let domain = domain.map(Value::to_lossy).unwrap_or_default();
        if self.halted {
            return result(Verdict::Defer, errno::NONE, Some(b"the journal cannot be written".to_vec()));
        }
        if self.skipped > 0 && self.expired == self.skipped {
            let why = if self.tried_since {
                "and were last tried after this message arrived"
            } else {
                "(and retry time not reached)"
            };
            let text = format!("all hosts for '{domain}' have been failing for a long time {why}");
            return result(Verdict::Fail, errno::HOST_RETRY, Some(text.into_bytes()));
        }
        let why = if self.taken > 0 {
            "connection limit reached for all hosts"
        } else {
            "retry time not reached for any host"
        };
        let text = format!("{why} for '{domain}'");
        result(Verdict::Defer, errno::HOST_RETRY, Some(text.into_bytes()))
    }
}

impl NoHosts {
    fn into_result(self, transport: &str) -> AddressResult {
        match self {
            Self::Misconfigured(wrong) => *misconfigured(wrong),
            Self::Deferred(text) => result(Verdict::Defer, errno::UNKNOWN_HOST, Some(text.into_bytes())),
            Self::None => {
                let text = format!("{transport} transport called with no hosts set");
                result(Verdict::Defer, errno::NONE, Some(text.into_bytes()))
            }
        }
    }
}

async fn reset(connection: &mut Connection, settings: &Settings) -> Result<(), super::fault::Link> {
    connection.send(b"RSET\r\n", settings.command_timeout).await?;
    connection.reply(settings.command_timeout).await.map(drop)
}

/// A transaction that never began.
fn carry_nothing(
    connection: &Connection,
    message: &Message,
    content: Content,
    settings: &Settings,
) -> Carried {
    let (transaction, _) = smtp_proto::client::Transaction::begin(
        settings.protocol,
        &connection.offered,
        content,
        &message.mail,
        &message.recipients,
    );
    let outcome = transaction.clone().into_outcome();
    Carried { outcome, transaction, broken: None, written: 0, chunked: false, journalled: true }
}

fn misconfigured(wrong: Misconfigured) -> Box<AddressResult> {
    let text = Some(wrong.0.into_bytes());
    Box::new(AddressResult { panic: true, ..result(Verdict::Defer, errno::NONE, text) })
}

fn result(verdict: Verdict, errno: i32, message: Option<Vec<u8>>) -> AddressResult {
    AddressResult {
        verdict,
        errno,
        more_errno: 0,
        error: RetryError::Other,
        message,
        user_message: None,
        host: None,
        smtp_reply: None,
        session: None,
        size: 0,
        panic: false,
    }
}

fn system_words(number: i32) -> String {
    crate::transport::local::system_words(&std::io::Error::from_raw_os_error(number))
}

//! What would be asked of the hosts of a domain, and whether they have it: for `postrider tls-policy`.
//!
//! # Invariants
//! * The same functions decide and connect that carry mail; no message is sent, nothing is remembered of failures, and a
//!   policy that is kept is not fetched anew.

use std::fmt::Write as _;
use std::sync::Arc;

use mail_types::bytes::Printable;
use mail_types::dns::{QueryOptions, RecordData, RecordType};
use mail_types::zone::Zone;
use tls::Tlsa;
use tls::mta_sts::Policy;
use tls::policy::{Action, Dane, MtaSts};

use super::super::batch::{Batch, BatchAddress, BatchReply, Journal};
use super::super::demand::{tlsa_bases, tlsa_name};
use super::super::hosts::{Candidate, candidates};
use super::super::settings::Settings;
use super::Run;
use crate::context::Context;
use crate::context::facts::AddressFacts;
use crate::route::RouteHost;
use crate::transport::mta_sts::{self, Keeping, Renewal};

/// What there is to say, and how it would end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// Lines.
    pub text: String,
    /// 0: a host can be used; 1: mail would wait; 2: it would come back.
    pub exit_code: u8,
}

/// Explains what a transport asks of hosts that a router found for an address. Connects to them.
pub async fn explain(
    transport: &str,
    hosts: Vec<RouteHost>,
    address: AddressFacts,
    context: &mut Context,
) -> Explained {
    let config = Arc::clone(&context.config);
    let mut said = Explained { exit_code: 1, ..Explained::default() };
    let Some(instance) = config.transport(transport).filter(|instance| instance.driver == "smtp") else {
        let _ = writeln!(said.text, "{transport} is no smtp transport: TLS policy is none of its business");
        said.exit_code = 2;
        return said;
    };
    let Ok(nothing) = std::fs::File::open("/dev/null") else { return said };
    context.facts.address = address.clone();
    let batch = of_one(transport, address, hosts, nothing);
    let settings = match Settings::of(instance, context) {
        Ok(settings) => settings,
        Err(wrong) => {
            let _ = writeln!(said.text, "{}", wrong.0);
            return said;
        }
    };
    let found = candidates(&batch, instance, context).await;
    let domain = found.as_ref().ok().and_then(|found| found.first()?.policy_domain().map(<[u8]>::to_vec));
    if let Some(domain) = domain.or_else(|| batch.only_domain()) {
        domain_policy(&domain, context, &mut said.text).await;
    }
    let found = match found {
        Ok(found) => found,
        Err(nobody) => {
            let why = nobody.into_result(transport).message.unwrap_or_default();
            let _ = writeln!(said.text, "no host: {}", Printable::new(&why));
            return said;
        }
    };
    let mut run = Run {
        results: vec![None],
        batch: &batch,
        transport: instance,
        context,
        reply: BatchReply::default(),
        skipped: 0,
        expired: 0,
        after_cutoff: Vec::new(),
        tried_since: false,
        taken: 0,
        halted: false,
        order: vec![0],
        listens: false,
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
        renewal: Renewal::Never,
    };
    for host in found.iter().take(settings.hard_limit) {
        let end = run.explain_host(host, &settings, &mut said.text).await;
        match end {
            End::Usable => said.exit_code = 0,
            End::Fails if said.exit_code == 1 => said.exit_code = 2,
            End::Fails | End::Waits => {}
        }
    }
    run.context.services.connections.close().await;
    said
}

/// A batch of one address and no message.
fn of_one(transport: &str, address: AddressFacts, hosts: Vec<RouteHost>, nothing: std::fs::File) -> Batch {
    let (journal, _nobody) = tokio::sync::mpsc::channel(1);
    Batch {
        transport: transport.to_owned(),
        addresses: vec![BatchAddress { facts: address, notify: 0, orcpt: None }],
        hosts,
        fallback_hosts: None,
        hosts_randomized: false,
        return_path: Vec::new(),
        headers_add: Vec::new(),
        headers_remove: Vec::new(),
        data: Arc::new(nothing),
        body_offset: 0,
        ignore_retry_times: true,
        all_or_nobody: false,
        pretend: false,
        journal: Journal::new(0, journal),
    }
}

/// How a host ended.
enum End {
    Usable,
    Waits,
    Fails,
}

async fn domain_policy(domain: &[u8], context: &Context, text: &mut String) {
    let known = mta_sts::find(domain, Renewal::Never, &context.dns(), &context.services).await;
    let _ = write!(text, "domain {}\n  MTA-STS: ", Printable::new(domain));
    let from = |policy: &Policy| match known.kept {
        Some(Keeping { since, until, .. }) => {
            let shown = |time| Zone::utc().rfc5322(time);
            format!("kept since {}, holds until {}", shown(since), shown(until))
        }
        None => format!("fetched, for {} seconds", policy.max_age),
    };
    let _ = match (&known.policy, &known.trouble) {
        (Some(policy), _) => {
            let hosts: Vec<String> =
                policy.mx.iter().map(|mx| String::from_utf8_lossy(mx).into_owned()).collect();
            let mode = format!("{:?}", policy.mode).to_lowercase();
            writeln!(text, "{mode}, {}, hosts {}", from(policy), hosts.join(" "))
        }
        (None, Some(trouble)) => writeln!(text, "{}", trouble.words),
        (None, None) => writeln!(text, "no policy"),
    };
    if known.kept.is_some_and(|kept| kept.changed) {
        text.push_str("  (the domain announces another policy: a delivery fetches it)\n");
    }
    if context.config.main.get(config::options::postrider::MTA_STS_DOMAINS).is_none() {
        text.push_str("  (mta_sts_domains is not set: no policy counts)\n");
    }
}

impl Run<'_> {
    async fn explain_host(&mut self, host: &Candidate, settings: &Settings, text: &mut String) -> End {
        let port = host.port.unwrap_or(settings.port);
        let name = Printable::new(&host.name);
        let _ = writeln!(text, "host {name} [{}] port {port}", host.address);
        let secure = if host.dnssec { "secure" } else { "not secure" };
        let _ = writeln!(text, "  DNSSEC: the way to it is {secure}");
        self.context.facts.host.name = Some(host.name.clone());
        self.context.facts.host.address = Some(host.address);
        self.context.facts.host.port = port;
        let demand = match self.demand(host, port, settings).await {
            Ok(demand) => demand,
            Err(wrong) => {
                let _ = writeln!(text, "  undecided: {}", wrong.0);
                return End::Waits;
            }
        };
        self.tell_records(host, port, text).await;
        let dane = match &demand.inputs.dane {
            Dane::NotAsked => "not asked for",
            Dane::InsecureHost => "nothing is believed of a host found without DNSSEC",
            Dane::Nothing => "no signed TLSA records",
            Dane::Failed => "the TLSA records can't be looked up now, or are forged",
            Dane::Unusable => "TLSA records, none of which can be used",
            Dane::Usable(_) => "usable TLSA records",
        };
        let policy = match demand.inputs.mta_sts {
            MtaSts::NotAsked => "not asked for",
            MtaSts::Nothing => "no policy in force",
            MtaSts::Testing { listed: true } => "listed, by a policy that only tests",
            MtaSts::Testing { listed: false } => "not listed, by a policy that only tests",
            MtaSts::Enforced { listed: true } => "listed",
            MtaSts::Enforced { listed: false } => "not listed",
        };
        let (what, why) = (what_is_done(&demand.decision.action), demand.decision.reason);
        let _ = writeln!(text, "  DANE: {dane}\n  MTA-STS: {policy}\n  decision: {what}, because of: {why}");
        let asked = tls::policy::Inputs { requiretls: true, bounce: false, ..demand.inputs.clone() };
        let asked = tls::policy::decide(&asked, &String::from_utf8_lossy(&host.name));
        let (what, why) = (what_is_done(&asked.action), asked.reason);
        let _ = writeln!(text, "  decision for a message with REQUIRETLS: {what}, because of: {why}");
        match &demand.decision.action {
            Action::Defer(_) => End::Waits,
            Action::Fail(_) => End::Fails,
            action => self.explain_session(host, port, settings, action, text).await,
        }
    }

    async fn tell_records(&self, host: &Candidate, port: u16, text: &mut String) {
        let resolver = &self.context.services.resolver;
        for base in tlsa_bases(resolver, host).await.unwrap_or_default() {
            self.tell_records_of(base, port, text).await;
        }
    }

    async fn tell_records_of(&self, base: &[u8], port: u16, text: &mut String) {
        let name = tlsa_name(base, port);
        let resolver = &self.context.services.resolver;
        let Ok(answer) = resolver.query_with(&name, RecordType::Tlsa, &QueryOptions::DNSSEC).await else {
            return;
        };
        let records: Vec<Tlsa<'_>> = answer.records.iter().filter_map(|record| tlsa(&record.data)).collect();
        let security = format!("{:?}", answer.security).to_lowercase();
        for record in &records {
            let Tlsa { usage, selector, matching, association } = record;
            let hex = association.iter().take(8).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            let use_of_it = match record.flaw() {
                Some(flaw) => format!(", can't be used: {flaw}"),
                None if is_outdone(record, &records) => ", a stronger digest counts".to_owned(),
                None => String::new(),
            };
            let owner = Printable::new(&name);
            let _ =
                writeln!(text, "  {owner} TLSA {usage} {selector} {matching} {hex}… ({security}{use_of_it})");
        }
    }

    async fn explain_session(
        &mut self,
        host: &Candidate,
        port: u16,
        settings: &Settings,
        action: &Action,
        text: &mut String,
    ) -> End {
        let key = match self.key(host, port, settings, action) {
            Ok(key) => key,
            Err(refusal) => {
                let why = refusal.message.unwrap_or_default();
                let _ = writeln!(text, "  session: {}", Printable::new(&why));
                return End::Waits;
            }
        };
        let connection = match self.connect(host, &key, settings).await {
            Ok(connection) => connection,
            Err(fault) => {
                let why = fault.text.unwrap_or_else(|| super::system_words(fault.errno).into_bytes());
                let _ = writeln!(text, "  session: {}", Printable::new(&why));
                return End::Waits;
            }
        };
        for line in std::mem::take(&mut self.reply.log_lines) {
            let _ = writeln!(text, "  note: {}", Printable::new(&line));
        }
        let _ = match connection.tls.as_deref() {
            Some(session) => {
                let verified = match (session.certificate_verified, session.dane) {
                    (true, true) => "verified by TLSA records",
                    (true, false) => "verified",
                    (false, _) => "not verified",
                };
                let subject = session.peer_dn.as_deref().unwrap_or(b"(none)");
                let (cipher, subject) = (Printable::new(&session.cipher), Printable::new(subject));
                writeln!(text, "  session: {cipher}, certificate {subject} {verified}")
            }
            None => writeln!(text, "  session: in clear"),
        };
        let offered = if connection.offered.requiretls { "offered" } else { "not offered" };
        let _ = writeln!(text, "  REQUIRETLS: {offered}");
        self.context.services.connections.part(connection);
        End::Usable
    }
}

fn tlsa(data: &RecordData) -> Option<Tlsa<'_>> {
    match data {
        RecordData::Tlsa { usage, selector, matching, association } => {
            Some(Tlsa { usage: *usage, selector: *selector, matching: *matching, association })
        }
        _ => None,
    }
}

/// Whether another digest of the same kind counts in place of a usable record.
fn is_outdone(record: &Tlsa<'_>, all: &[Tlsa<'_>]) -> bool {
    let same = |other: &&Tlsa<'_>| (other.usage, other.selector) == (record.usage, record.selector);
    let usable = all.iter().filter(|other| other.flaw().is_none());
    record.matching != 0 && usable.filter(same).any(|other| other.matching > record.matching)
}

fn what_is_done(action: &Action) -> String {
    match action {
        Action::Clear => "speak in clear".to_owned(),
        Action::Try => "encrypt where that is offered".to_owned(),
        Action::Encrypt => "encrypt, or do without the host".to_owned(),
        Action::EncryptByDane(_) => "encrypt, with a certificate that fits a TLSA record".to_owned(),
        Action::EncryptByName => {
            "encrypt, with a certificate for the host's name from a known authority".to_owned()
        }
        Action::Defer(why) => format!("wait ({why})"),
        Action::Fail(why) => format!("give up ({why})"),
    }
}

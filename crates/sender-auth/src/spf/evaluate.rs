//! `check_host()`: a record's terms against the client.
//!
//! # Invariants
//! * `include` and `redirect` count as lookups, so that the limit on lookups also bounds the nesting.
//! * The client's names (`ptr`, `%{p}`) are asked for once in an evaluation.
//!
//! # Security
//! At most 1 + 10 records, 10 × 10 hosts of mail exchangers, 1 + 10 names of the client and 1 explanation are asked for.
//!
//! # References
//! RFC 7208 sections 4 to 7.

use std::borrow::Cow;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mail_types::dns::{Answer, DnsFailure, RecordData, RecordType, Resolve};
use mail_types::limits;

use crate::alabel::a_labels;

use super::macros::{self, Letters, Values};
use super::record::{Directive, Mechanism, Prefix, Record, is_spf};
use super::{SpfIdentity, SpfOutcome, SpfProblem, SpfQuery, SpfVerdict};

/// Checks a sender, with a record of our own instead of the domain's where one is given.
pub(super) fn run(query: &SpfQuery<'_>, dns: &dyn Resolve, guess: Option<&[u8]>) -> SpfOutcome {
    let identity = if query.sender.is_empty() { SpfIdentity::Helo } else { SpfIdentity::MailFrom };
    let (local, given) = split_sender(query);
    // What the DNS is asked, and what macros say, has A-labels (RFC 8616 section 4).
    let (domain, helo) = (a_labels(given), a_labels(query.helo));
    let sender = [local, b"@", &domain].concat();
    let query = &SpfQuery { helo: &helo, ..*query };
    let mut evaluation = Evaluation {
        query,
        dns,
        ip: query.ip.to_canonical(),
        sender: &sender,
        local: &sender[..local.len()],
        lookups: 0,
        voids: 0,
        names: None,
        explanation: None,
        matched: false,
    };
    let domain = domain.strip_suffix(b".").unwrap_or(&domain);
    let checked = match guess {
        Some(text) if is_domain(domain) => evaluation.record(domain, text, true),
        _ => evaluation.domain(domain, true),
    };
    let explanation = evaluation.explanation.take();
    let (verdict, problem) = match checked {
        Ok(verdict) => (verdict, None),
        Err(Stop::Temporary(name)) => (SpfVerdict::TempError, Some(SpfProblem::Dns(name))),
        Err(Stop::Permanent(problem)) => (SpfVerdict::PermError, Some(problem)),
    };
    let smtp_comment = evaluation.smtp_comment(verdict, domain, explanation.as_deref());
    SpfOutcome {
        verdict,
        identity,
        domain: given.strip_suffix(b".").unwrap_or(given).to_vec(),
        sender: [local, b"@", given].concat(),
        explanation,
        smtp_comment,
        problem,
        guessed: guess.is_some(),
        localhost: false,
    }
}

/// The outcome for a client that is this host.
pub(super) fn localhost(query: &SpfQuery<'_>) -> SpfOutcome {
    let (local, domain) = split_sender(query);
    SpfOutcome {
        verdict: SpfVerdict::Pass,
        identity: if query.sender.is_empty() { SpfIdentity::Helo } else { SpfIdentity::MailFrom },
        domain: domain.to_vec(),
        sender: [local, b"@", domain].concat(),
        explanation: None,
        smtp_comment: Vec::new(),
        problem: None,
        guessed: false,
        localhost: true,
    }
}

/// Stands for a template that is malformed.
const TEMPLATE: &[u8] = b"Please%_see%_http://www.openspf.org/Why?id=%{S}&ip=%{C}&receiver=%{R}";

/// Local part and domain of what is checked; `postmaster` stands where there is no local part (section 4.3).
fn split_sender<'a>(query: &SpfQuery<'a>) -> (&'a [u8], &'a [u8]) {
    if query.sender.is_empty() {
        return (b"postmaster", query.helo);
    }
    match query.sender.iter().rposition(|byte| *byte == b'@') {
        Some(0) => (b"postmaster", &query.sender[1..]),
        Some(at) => (&query.sender[..at], &query.sender[at + 1..]),
        None => (b"postmaster", query.sender),
    }
}

/// Several labels, none empty or too long (section 4.3).
fn is_domain(name: &[u8]) -> bool {
    let mut labels = 0;
    let fits = name.split(|byte| *byte == b'.').all(|label| {
        labels += 1;
        !label.is_empty() && label.len() <= limits::DOMAIN_LABEL
    });
    fits && labels > 1 && name.len() <= NAME_MAX && name[0] != b'['
}

/// The longest name that a question can hold (section 7.3).
const NAME_MAX: usize = 253;

/// Why an evaluation ends without a result.
enum Stop {
    Temporary(Vec<u8>),
    Permanent(SpfProblem),
}

struct Evaluation<'a> {
    query: &'a SpfQuery<'a>,
    dns: &'a dyn Resolve,
    ip: IpAddr,
    sender: &'a [u8],
    local: &'a [u8],
    lookups: usize,
    voids: usize,
    /// The client's names that lead back to it; not asked for yet.
    names: Option<Vec<Vec<u8>>>,
    explanation: Option<Vec<u8>>,
    /// A directive decided, rather than the end of the record.
    matched: bool,
}

impl Evaluation<'_> {
    /// `check_host()` for a domain. `outermost` is false inside `include`, whose explanations are not used.
    fn domain(&mut self, domain: &[u8], outermost: bool) -> Result<SpfVerdict, Stop> {
        if !is_domain(domain) {
            return Ok(SpfVerdict::None);
        }
        let answer = match self.dns.query(domain, RecordType::Txt) {
            Ok(answer) => answer,
            Err(failure) if failure.is_temporary() => return Err(Stop::Temporary(domain.to_vec())),
            Err(_) => return Ok(SpfVerdict::None),
        };
        let mut records = texts(&answer).filter(|text| is_spf(text));
        let Some(record) = records.next() else { return Ok(SpfVerdict::None) };
        if records.next().is_some() {
            return Err(Stop::Permanent(SpfProblem::SeveralRecords(domain.to_vec())));
        }
        self.record(domain, &record, outermost)
    }

    fn record(&mut self, domain: &[u8], text: &[u8], outermost: bool) -> Result<SpfVerdict, Stop> {
        let record = Record::parse(text).map_err(|term| {
            Stop::Permanent(SpfProblem::Syntax { domain: domain.to_vec(), term: term.to_vec() })
        })?;
        for directive in record.directives() {
            if self.matches(domain, &directive)? {
                if directive.qualifier == SpfVerdict::Fail && outermost {
                    self.explanation = record.exp.and_then(|spec| self.explain(domain, spec));
                }
                self.matched = true;
                return Ok(directive.qualifier);
            }
        }
        self.matched = false;
        let redirect = record.redirect.filter(|spec| !self.never_matches(spec));
        let Some(spec) = redirect else { return Ok(SpfVerdict::Neutral) };
        self.count_lookup()?;
        let target = self.target(spec, domain);
        match self.domain(&target, outermost)? {
            SpfVerdict::None => Err(Stop::Permanent(SpfProblem::NoRecord(target))),
            verdict => Ok(verdict),
        }
    }

    /// RFC 8616 section 4: a local part that is not ASCII is no label, so a term that is about it matches nothing.
    fn never_matches(&self, spec: &[u8]) -> bool {
        !self.local.is_ascii() && macros::names_local_part(spec)
    }

    fn matches(&mut self, domain: &[u8], directive: &Directive<'_>) -> Result<bool, Stop> {
        if directive.mechanism.target().is_some_and(|spec| self.never_matches(spec)) {
            self.count_lookup()?;
            return Ok(false);
        }
        Ok(match directive.mechanism {
            Mechanism::All => true,
            Mechanism::Ip4(network, bits) => {
                matches!(self.ip, IpAddr::V4(ip) if same_network_v4(ip, network, bits))
            }
            Mechanism::Ip6(network, bits) => {
                matches!(self.ip, IpAddr::V6(ip) if same_network_v6(ip, network, bits))
            }
            Mechanism::A(spec, prefix) => {
                self.count_lookup()?;
                let name = self.target_or_domain(spec, domain);
                self.host_matches(&name, prefix, true)?
            }
            Mechanism::Mx(spec, prefix) => {
                self.count_lookup()?;
                let name = self.target_or_domain(spec, domain);
                self.exchanger_matches(&name, prefix)?
            }
            Mechanism::Include(spec) => {
                self.count_lookup()?;
                let target = self.target(spec, domain);
                match self.domain(&target, false)? {
                    SpfVerdict::Pass => true,
                    SpfVerdict::None => return Err(Stop::Permanent(SpfProblem::NoRecord(target))),
                    _ => false,
                }
            }
            Mechanism::Exists(spec) => {
                self.count_lookup()?;
                let name = self.target(spec, domain);
                // Always A, also for clients with IPv6 (section 5.7).
                self.ask(&name, RecordType::A, true)?.is_some()
            }
            Mechanism::Ptr(spec) => {
                self.count_lookup()?;
                let name = self.target_or_domain(spec, domain);
                self.client_names().iter().any(|found| is_within(found, &name))
            }
        })
    }

    /// True when one of a host's addresses is in the client's network.
    fn host_matches(&mut self, name: &[u8], prefix: Prefix, counts: bool) -> Result<bool, Stop> {
        let Some(answer) = self.ask(name, self.address_type(), counts)? else { return Ok(false) };
        Ok(answer.records.iter().any(|record| match (&record.data, self.ip) {
            (RecordData::A(address), IpAddr::V4(ip)) => same_network_v4(ip, *address, prefix.v4),
            (RecordData::Aaaa(address), IpAddr::V6(ip)) => same_network_v6(ip, *address, prefix.v6),
            _ => false,
        }))
    }

    fn exchanger_matches(&mut self, name: &[u8], prefix: Prefix) -> Result<bool, Stop> {
        let Some(answer) = self.ask(name, RecordType::Mx, true)? else { return Ok(false) };
        let exchangers = answer.records.iter().filter_map(|record| match &record.data {
            RecordData::Mx { exchange, .. } => Some(exchange),
            _ => None,
        });
        for (number, exchange) in exchangers.enumerate() {
            if number == limits::SPF_NAMES {
                return Err(Stop::Permanent(SpfProblem::TooManyNames(name.to_vec())));
            }
            // The limit on void lookups is about terms (section 4.6.4): hosts of a list, of which a dual-stack site has
            // many without the client's kind of address, don't count.
            if !exchange.is_empty() && self.host_matches(exchange, prefix, false)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks for a term; nothing where the name or the record is not there.
    fn ask(&mut self, name: &[u8], rtype: RecordType, counts: bool) -> Result<Option<Answer>, Stop> {
        match self.dns.query(name, rtype) {
            Ok(answer) => Ok(Some(answer)),
            Err(failure) if failure.is_temporary() => Err(Stop::Temporary(name.to_vec())),
            Err(DnsFailure::BadName) => Ok(None),
            Err(_) => {
                self.voids += usize::from(counts);
                if self.voids > limits::SPF_VOID_LOOKUPS {
                    return Err(Stop::Permanent(SpfProblem::TooManyVoidLookups));
                }
                Ok(None)
            }
        }
    }

    fn count_lookup(&mut self) -> Result<(), Stop> {
        self.lookups += 1;
        if self.lookups > limits::SPF_LOOKUPS {
            return Err(Stop::Permanent(SpfProblem::TooManyLookups));
        }
        Ok(())
    }

    fn address_type(&self) -> RecordType {
        if self.ip.is_ipv4() { RecordType::A } else { RecordType::Aaaa }
    }

    /// The client's names that have its address among theirs (section 5.5). A failure of the DNS hides a name only.
    fn client_names(&mut self) -> &[Vec<u8>] {
        if self.names.is_none() {
            let mut reverse = Vec::with_capacity(REVERSE_NAME);
            self.push_reverse_name(&mut reverse);
            let answer = self.dns.query(&reverse, RecordType::Ptr).unwrap_or_default();
            let names = answer.records.into_iter().filter_map(|record| match record.data {
                RecordData::Ptr(name) => Some(name),
                _ => None,
            });
            let rtype = self.address_type();
            let leads_back = |name: &Vec<u8>| {
                let answer = self.dns.query(name, rtype).unwrap_or_default();
                answer.records.iter().any(|record| match record.data {
                    RecordData::A(address) => self.ip == IpAddr::V4(address),
                    RecordData::Aaaa(address) => self.ip == IpAddr::V6(address),
                    _ => false,
                })
            };
            let found = names.take(limits::SPF_NAMES).filter(leads_back).collect();
            self.names = Some(found);
        }
        self.names.as_deref().unwrap_or_default()
    }

    fn push_reverse_name(&self, out: &mut Vec<u8>) {
        match self.ip {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                // Writing into a Vec can't fail.
                let _ = write!(out, "{d}.{c}.{b}.{a}.in-addr.arpa");
            }
            IpAddr::V6(_) => {
                macros::push_dotted(self.ip, out);
                out.reverse();
                out.extend_from_slice(b".ip6.arpa");
            }
        }
    }

    fn target_or_domain<'d>(&mut self, spec: Option<&[u8]>, domain: &'d [u8]) -> Cow<'d, [u8]> {
        match spec {
            None => Cow::Borrowed(domain),
            Some(spec) => Cow::Owned(self.target(spec, domain)),
        }
    }

    /// Expands a domain specification; a name that is too long loses labels from the left (section 7.3).
    fn target(&mut self, spec: &[u8], domain: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(limits::DOMAIN);
        let mut values = InDomain { evaluation: self, domain };
        // Parsing has seen that the text is good.
        let _ = macros::expand(spec, Letters::Domain, &mut values, &mut out, limits::SPF_MACRO_TEXT);
        if out.last() == Some(&b'.') {
            out.pop();
        }
        while out.len() > NAME_MAX {
            let Some(dot) = out.iter().position(|byte| *byte == b'.') else { break };
            out.drain(..=dot);
        }
        out
    }

    /// What a refusal may say: the domain owner's words or the template's, and what decided.
    fn smtp_comment(&mut self, verdict: SpfVerdict, domain: &[u8], explanation: Option<&[u8]>) -> Vec<u8> {
        if !matches!(verdict, SpfVerdict::Fail | SpfVerdict::SoftFail | SpfVerdict::Neutral) {
            return Vec::new();
        }
        let mut out = Vec::new();
        match explanation {
            Some(text) => out.extend_from_slice(text),
            None => {
                let most = limits::SPF_MACRO_TEXT;
                let template = self.query.template;
                let mut values = InDomain { evaluation: self, domain };
                let mut expand =
                    |text| macros::expand(text, Letters::Explanation, &mut values, &mut out, most);
                let _ = expand(template).or_else(|| expand(TEMPLATE));
            }
        }
        out.extend_from_slice(b" : Reason: ");
        out.extend_from_slice(if self.matched { b"mechanism" } else { b"default" });
        out
    }

    /// The domain owner's words; nothing when anything is wrong with them (section 6.2).
    fn explain(&mut self, domain: &[u8], spec: &[u8]) -> Option<Vec<u8>> {
        if self.never_matches(spec) {
            return None;
        }
        let name = self.target(spec, domain);
        let answer = self.dns.query(&name, RecordType::Txt).ok()?;
        let mut texts = texts(&answer);
        let text = texts.next()?;
        if texts.next().is_some() || !text.is_ascii() {
            return None;
        }
        let mut out = Vec::with_capacity(text.len());
        let mut values = InDomain { evaluation: self, domain };
        macros::expand(&text, Letters::Explanation, &mut values, &mut out, limits::SPF_MACRO_TEXT)?;
        // A sender may bring bytes that an explanation may not hold.
        let fits = out.len() < limits::SPF_MACRO_TEXT && out.iter().all(|byte| matches!(byte, b' '..=b'~'));
        fits.then_some(out)
    }
}

/// The reverse name of an IPv6 address.
const REVERSE_NAME: usize = 72;

/// Macros in the record of one domain.
struct InDomain<'e, 'q, 'd> {
    evaluation: &'e mut Evaluation<'q>,
    domain: &'d [u8],
}

impl Values for InDomain<'_, '_, '_> {
    fn push_value(&mut self, letter: u8, out: &mut Vec<u8>) {
        let evaluation = &mut *self.evaluation;
        let sender_domain = &evaluation.sender[evaluation.local.len() + 1..];
        match letter {
            b's' => out.extend_from_slice(evaluation.sender),
            b'l' => out.extend_from_slice(evaluation.local),
            b'o' => out.extend_from_slice(sender_domain),
            b'd' => out.extend_from_slice(self.domain),
            b'i' => macros::push_dotted(evaluation.ip, out),
            b'p' => out.extend_from_slice(best_name(evaluation.client_names(), self.domain)),
            b'v' => out.extend_from_slice(if evaluation.ip.is_ipv4() { b"in-addr" } else { b"ip6" }),
            b'h' => out.extend_from_slice(evaluation.query.helo),
            b'r' => out.extend_from_slice(evaluation.query.receiver),
            // Writing into a Vec can't fail.
            b'c' => drop(write!(out, "{}", evaluation.ip)),
            b't' => drop(write!(out, "{}", evaluation.query.now)),
            // The parser lets no other letter through.
            _ => {}
        }
    }
}

/// The domain itself, else a name below it, else any (section 7.3).
fn best_name<'n>(names: &'n [Vec<u8>], domain: &[u8]) -> &'n [u8] {
    let itself = names.iter().find(|name| name.eq_ignore_ascii_case(domain));
    let below = || names.iter().find(|name| is_within(name, domain));
    itself.or_else(below).or_else(|| names.first()).map_or(b"unknown", |name| name)
}

/// True for the domain and for names below it.
fn is_within(name: &[u8], domain: &[u8]) -> bool {
    let Some(head) = name.len().checked_sub(domain.len()) else { return false };
    name[head..].eq_ignore_ascii_case(domain) && (head == 0 || name[head - 1] == b'.')
}

/// The text records of an answer, each with its strings joined (section 3.3).
fn texts(answer: &Answer) -> impl Iterator<Item = Cow<'_, [u8]>> {
    answer.records.iter().filter_map(|record| match &record.data {
        RecordData::Txt(strings) => Some(match &strings[..] {
            [one] => Cow::Borrowed(&one[..]),
            several => Cow::Owned(several.concat()),
        }),
        _ => None,
    })
}

fn same_network_v4(a: Ipv4Addr, b: Ipv4Addr, bits: u8) -> bool {
    let differ = u32::from(a) ^ u32::from(b);
    bits == 0 || differ >> (32 - u32::from(bits.min(32))) == 0
}

fn same_network_v6(a: Ipv6Addr, b: Ipv6Addr, bits: u8) -> bool {
    let differ = u128::from(a) ^ u128::from(b);
    bits == 0 || differ >> (128 - u32::from(bits.min(128))) == 0
}

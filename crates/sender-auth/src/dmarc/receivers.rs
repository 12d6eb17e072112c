//! Who gets reports: those whom a policy's record names, as far as they want them.
//!
//! # Invariants
//! * A destination outside the organization of the policy's domain counts only if it says in the DNS that it wants these
//!   reports. Where it names another address for them, this one is in the same domain.
//! * At most as many are taken, and asked about, as [`Wanted::limit`] says.
//!
//! # Security
//! The addresses, and the records that agree, come from the DNS of others.
//!
//! # References
//! RFC 7489 section 7.1.

use mail_types::dns::{DnsFailure, RecordData, RecordType, Resolve};
use mail_types::limits;

use super::discovery::Walker;
use super::{AlignmentMode, DmarcRecord, Mode, ReportUri, is_dmarc};

/// Which reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those of `rua`.
    Aggregate,
    /// Those of `ruf`.
    Failure,
}

impl Wanted {
    /// How many destinations are taken.
    pub fn limit(self) -> usize {
        match self {
            Self::Aggregate => limits::DMARC_REPORT_URIS,
            Self::Failure => limits::DMARC_FAILURE_REPORTS,
        }
    }
}

/// What came of asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// Destinations that may be written to, each once.
    pub uris: Vec<ReportUri>,
    /// Those about which nothing is known now.
    pub unknown: Vec<ReportUri>,
}

/// What a domain elsewhere says.
enum Consent {
    No,
    AsAsked,
    /// To these addresses.
    Instead(Vec<ReportUri>),
    /// The DNS does not answer.
    Unknown,
}

/// Of the destinations that the record of a domain names those that may be written to.
pub fn agreed(
    uris: &[ReportUri],
    wanted: Wanted,
    policy_domain: &[u8],
    mode: Mode<'_>,
    dns: &dyn Resolve,
) -> Agreed {
    let mut walker = Walker::new(mode, dns);
    let mut found = Agreed::default();
    for uri in uris.iter().take(wanted.limit()) {
        let Some(domain) = domain_of(uri) else { continue };
        let consent = match walker.aligned(policy_domain, &domain, AlignmentMode::Relaxed) {
            Ok(true) => Consent::AsAsked,
            Ok(false) => consent(policy_domain, &domain, wanted, dns),
            Err(_temporary) => Consent::Unknown,
        };
        let chosen = match consent {
            Consent::No => continue,
            Consent::Unknown => {
                found.unknown.push(uri.clone());
                continue;
            }
            Consent::AsAsked => vec![uri.clone()],
            Consent::Instead(others) => others,
        };
        for uri in chosen {
            if found.uris.len() < wanted.limit()
                && found.uris.iter().all(|known| known.address != uri.address)
            {
                found.uris.push(uri);
            }
        }
    }
    found
}

fn domain_of(uri: &ReportUri) -> Option<Vec<u8>> {
    let at = uri.address.iter().rposition(|byte| *byte == b'@')?;
    Some(uri.address[at + 1..].to_ascii_lowercase())
}

/// Whether a domain elsewhere takes the reports of a policy's domain.
fn consent(policy_domain: &[u8], destination: &[u8], wanted: Wanted, dns: &dyn Resolve) -> Consent {
    let name = [policy_domain, b"._report._dmarc.", destination].concat();
    let answer = match dns.query(&name, RecordType::Txt) {
        Ok(answer) => answer,
        Err(DnsFailure::NxDomain | DnsFailure::NoData | DnsFailure::BadName) => return Consent::No,
        Err(_) => return Consent::Unknown,
    };
    let texts = answer.records.iter().filter_map(|record| match &record.data {
        RecordData::Txt(strings) => Some(strings.concat()).filter(|text| is_dmarc(text)),
        _ => None,
    });
    let texts: Vec<Vec<u8>> = texts.collect();
    if texts.is_empty() {
        return Consent::No;
    }
    let instead = texts.iter().map(|text| DmarcRecord::destinations(text, wanted));
    match instead.into_iter().find(|uris| !uris.is_empty()) {
        None => Consent::AsAsked,
        // The same domain, lest it sends reports on to somebody who has not agreed.
        Some(uris) => Consent::Instead(
            uris.into_iter().filter(|uri| domain_of(uri).as_deref() == Some(destination)).collect(),
        ),
    }
}

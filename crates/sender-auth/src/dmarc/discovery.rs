//! Where a domain's policy stands, and which domains belong together.
//!
//! # Invariants
//! * A name is asked for once in a check.
//!
//! # References
//! RFC 7489 sections 3.2 and 6.6.3; RFC 9989 section 4.10.

use std::collections::HashMap;

use mail_types::dns::{DnsFailure, RecordData, RecordType, Resolve};
use mail_types::limits;

use crate::alabel::a_labels;

use super::record::{AlignmentMode, DmarcRecord, Policy, PublicSuffix, is_dmarc};
use super::{Mode, SuffixRules};

/// The DNS failed.
#[derive(Debug)]
pub(super) struct Temporary;

/// A policy that applies to a domain.
pub(super) struct Found {
    /// Where the record stands.
    pub(super) domain: Vec<u8>,
    pub(super) record: DmarcRecord,
    /// What it says about the domain asked for.
    pub(super) policy: Policy,
}

/// Finds policies and organizations.
pub(super) struct Walker<'a> {
    mode: Mode<'a>,
    dns: &'a dyn Resolve,
    records: HashMap<Vec<u8>, Option<DmarcRecord>>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(mode: Mode<'a>, dns: &'a dyn Resolve) -> Self {
        Self { mode, dns, records: HashMap::new() }
    }

    /// The policy of an author's domain.
    pub(super) fn policy(&mut self, author: &[u8]) -> Result<Option<Found>, Temporary> {
        if let Some(record) = self.record(author)? {
            return Ok(Some(Found { domain: author.to_vec(), policy: record.policy, record }));
        }
        let organization = match self.mode {
            Mode::SuffixList(rules) => organization(rules, author).to_vec(),
            Mode::TreeWalk => match self.walk(author)? {
                Some(walked) => walked.policy_domain,
                None => return Ok(None),
            },
        };
        if organization == author {
            return Ok(None);
        }
        let Some(record) = self.record(&organization)? else { return Ok(None) };
        let policy = self.policy_of_subdomain(author, &record)?;
        Ok(Some(Found { domain: organization, policy, record }))
    }

    fn policy_of_subdomain(&self, author: &[u8], record: &DmarcRecord) -> Result<Policy, Temporary> {
        let subdomain = record.subdomain_policy.unwrap_or(record.policy);
        match (self.mode, record.nonexistent_policy) {
            (Mode::TreeWalk, Some(policy)) if !self.exists(author)? => Ok(policy),
            _ => Ok(subdomain),
        }
    }

    /// False when there is no such name (RFC 9989 section 3.2.13).
    fn exists(&self, domain: &[u8]) -> Result<bool, Temporary> {
        match self.dns.query(domain, RecordType::A) {
            Err(DnsFailure::NxDomain) => Ok(false),
            Err(failure) if failure.is_temporary() => Err(Temporary),
            _ => Ok(true),
        }
    }

    /// Whether an authenticated domain is the author's, or of the same organization.
    pub(super) fn aligned(
        &mut self,
        author: &[u8],
        domain: &[u8],
        how: AlignmentMode,
    ) -> Result<bool, Temporary> {
        let domain = a_labels(domain.strip_suffix(b".").unwrap_or(domain)).to_ascii_lowercase();
        if domain == author {
            return Ok(true);
        }
        // Domains of one organization have their last labels in common.
        if how == AlignmentMode::Strict || last_label(&domain) != last_label(author) {
            return Ok(false);
        }
        match self.mode {
            Mode::SuffixList(rules) => Ok(organization(rules, author) == organization(rules, &domain)),
            Mode::TreeWalk => {
                let of_author = self.walk(author)?.map(|walked| walked.organization);
                let of_domain = self.walk(&domain)?.map(|walked| walked.organization);
                Ok(of_author.is_some() && of_author == of_domain)
            }
        }
    }

    /// Asks the parents of a domain from below (RFC 9989 section 4.10).
    fn walk(&mut self, domain: &[u8]) -> Result<Option<Walked>, Temporary> {
        let mut last: Option<Walked> = None;
        for name in names_to_ask(domain) {
            let Some(record) = self.record(name)? else { continue };
            match record.public_suffix {
                PublicSuffix::No => {
                    return Ok(Some(Walked { organization: name.to_vec(), policy_domain: name.to_vec() }));
                }
                // A public suffix itself is its own organization; above others stands the one label below it.
                PublicSuffix::Yes => {
                    let organization = one_label_below(name, domain).to_vec();
                    let lower = last.map(|walked| walked.policy_domain);
                    let policy_domain =
                        lower.filter(|lower| *lower == organization).unwrap_or_else(|| name.to_vec());
                    return Ok(Some(Walked { organization, policy_domain }));
                }
                // The one with the fewest labels counts.
                PublicSuffix::Unknown => {
                    last = Some(Walked { organization: name.to_vec(), policy_domain: name.to_vec() });
                }
            }
        }
        Ok(last)
    }

    /// The one record of a name (RFC 7489 section 6.6.3).
    fn record(&mut self, domain: &[u8]) -> Result<Option<DmarcRecord>, Temporary> {
        if let Some(known) = self.records.get(domain) {
            return Ok(known.clone());
        }
        let answer = match self.dns.query(&[b"_dmarc.", domain].concat(), RecordType::Txt) {
            Ok(answer) => answer,
            Err(failure) if failure.is_temporary() => return Err(Temporary),
            Err(_) => {
                self.records.insert(domain.to_vec(), None);
                return Ok(None);
            }
        };
        let texts = answer.records.iter().filter_map(|record| match &record.data {
            RecordData::Txt(strings) => Some(strings.concat()),
            _ => None,
        });
        let mut texts = texts.filter(|text| is_dmarc(text));
        let record = match (texts.next(), texts.next()) {
            (Some(text), None) => DmarcRecord::parse(&text),
            _ => None,
        };
        self.records.insert(domain.to_vec(), record.clone());
        Ok(record)
    }
}

/// What a walk found.
struct Walked {
    organization: Vec<u8>,
    /// Where the policy for the domain that was asked for stands.
    policy_domain: Vec<u8>,
}

/// The organizational domain; a public suffix is its own.
fn organization<'d>(rules: &dyn SuffixRules, domain: &'d [u8]) -> &'d [u8] {
    rules.registered(domain).unwrap_or(domain)
}

fn last_label(domain: &[u8]) -> &[u8] {
    domain.rsplit(|byte| *byte == b'.').next().unwrap_or_default()
}

/// The domain, then its parents up to the top; of a long name the middle is left out.
fn names_to_ask(domain: &[u8]) -> impl Iterator<Item = &[u8]> {
    let labels = domain.split(|byte| *byte == b'.').count();
    let first_parent = (labels - 1).min(limits::DMARC_TREE_WALK - 1);
    let parents = (1..=first_parent).rev().map(move |count| tail(domain, count));
    std::iter::once(domain).chain(parents)
}

/// The last `count` labels.
fn tail(domain: &[u8], count: usize) -> &[u8] {
    let dot = domain.iter().enumerate().rev().filter(|(_, byte)| **byte == b'.').nth(count - 1);
    &domain[dot.map_or(0, |(at, _)| at + 1)..]
}

/// The name on the way from a parent down to a domain, one label below the parent; the parent itself if it is the domain.
fn one_label_below<'d>(parent: &[u8], domain: &'d [u8]) -> &'d [u8] {
    let labels = parent.split(|byte| *byte == b'.').count();
    if parent.len() >= domain.len() { domain } else { tail(domain, labels + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_walk() {
        let names = |domain: &'static str| -> Vec<String> {
            names_to_ask(domain.as_bytes()).map(|name| String::from_utf8(name.to_vec()).unwrap()).collect()
        };
        assert_eq!(
            names("a.mail.example.com"),
            ["a.mail.example.com", "mail.example.com", "example.com", "com"]
        );
        assert_eq!(names("com"), ["com"]);
        // The RFC's own example: ten labels, eight questions.
        let long = names("a.b.c.d.e.f.g.h.i.j.mail.example.com");
        assert_eq!(long.len(), 8);
        assert_eq!(long[1], "g.h.i.j.mail.example.com");
        assert_eq!(long[7], "com");
    }

    #[test]
    fn below_a_public_suffix() {
        for (parent, domain, want) in [
            ("com", "a.example.com", "example.com"),
            ("co.uk", "x.y.co.uk", "y.co.uk"),
            ("com", "com", "com"),
        ] {
            assert_eq!(one_label_below(parent.as_bytes(), domain.as_bytes()), want.as_bytes());
        }
    }
}

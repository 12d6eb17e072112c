//! An answer with what DNSSEC says of it.
//!
//! # Invariants
//! * Of an answer that came by aliases the least secure part counts.
//! * That there is no record is believed only as far as it was proven.
//!
//! # References
//! RFC 4035 section 5, RFC 6672 section 5.3 (DNAME), RFC 6840 section 4.

use std::sync::Arc;

use domain::base::name::ToName as _;
use domain::base::{Name, Rtype};
use mail_types::dns::{Answer, DnsFailure, QueryOptions, Record, Security};
use mail_types::limits;

use super::chain::{BOGUS_SECONDS, Session, Trust};
use super::{Examined, Looked, Resolver};
use crate::name;
use crate::validate::anchor::TrustAnchors;
use crate::validate::denial::{Denial, Proof};
use crate::validate::{DnsName, Finding, Reason, RrSet, Sections, last_labels, shown, signature};
use crate::wire::{Question, Response, ResponseKind};

/// What is not there.
#[derive(Clone, Copy)]
enum Missing {
    Name,
    Records,
}

/// The way so far.
struct Way {
    /// The name that the aliases have led to.
    name: DnsName,
    rtype: Rtype,
    finding: Finding,
    ttl: u32,
    hops: usize,
}

impl Resolver {
    /// Asks, follows aliases, and judges each part. What can't be right is asked of the other servers too: one may have
    /// been lied to, or take signatures out.
    pub(super) async fn follow_validated(
        &self,
        question: Question,
        anchors: Arc<TrustAnchors>,
        options: &QueryOptions,
    ) -> Looked {
        let servers = self.inner.config.servers.len().max(1);
        let preferred = self.inner.links.preferred();
        let mut refused = None;
        for turn in 0..servers.min(limits::DNSSEC_SERVERS) {
            let first = (preferred + turn) % servers;
            let now = self.inner.clock.now();
            let mut session = Session::new(Arc::clone(&anchors), options, now).asking(first, turn);
            let looked = self.follow_from(&question, &mut session).await;
            if !session.stripped && looked.examined.security != Security::Bogus {
                if turn > 0 {
                    self.inner.links.prefer(first);
                }
                return looked;
            }
            refused.get_or_insert(looked);
        }
        refused.unwrap_or_else(|| Looked { examined: Examined::failed(DnsFailure::Unreachable), seconds: 0 })
    }

    async fn follow_from(&self, question: &Question, session: &mut Session<'_>) -> Looked {
        let mut way = Way {
            name: question.name.to_canonical_name(),
            rtype: Rtype::from_int(question.rtype.code()),
            finding: Finding::Secure,
            ttl: u32::MAX,
            hops: 0,
        };
        loop {
            match self.one_response(&mut way, session).await {
                Ok(Some(outcome)) => return outcome,
                Ok(None) => {}
                Err(failure) => return Looked { examined: Examined::failed(failure), seconds: 0 },
            }
        }
    }

    /// Asks once; none when the aliases lead on.
    async fn one_response(
        &self,
        way: &mut Way,
        session: &mut Session<'_>,
    ) -> Result<Option<Looked>, DnsFailure> {
        let response = self.fetch(&way.name, way.rtype, session).await?;
        let trusted = self.is_trusted(&response);
        let mut moved = false;
        loop {
            let sections = &response.sections;
            let here = RrSet::find(&sections.answer, &way.name, way.rtype);
            let alias = RrSet::find(&sections.answer, &way.name, Rtype::CNAME);
            let Some(set) = here.or(alias) else { break };
            let vouching = if here.is_none() { source_of_alias(set, &sections.answer) } else { set };
            if !trusted {
                let (finding, ttl) = self.judge(vouching, sections, session).await?;
                way.take(finding);
                way.ttl = way.ttl.min(ttl);
            }
            way.ttl = way.ttl.min(set.ttl);
            if let Finding::Bogus(reason) = &way.finding {
                return Ok(Some(forged(reason)));
            }
            if here.is_some() {
                return Ok(Some(found(way, set, &response)));
            }
            way.follow(set)?;
            moved = true;
        }
        if moved && response.kind == ResponseKind::NoError && response.negative_ttl.is_none() {
            return Ok(None);
        }
        let missing = if response.kind == ResponseKind::NxDomain { Missing::Name } else { Missing::Records };
        if !trusted {
            let (finding, ttl) = self.judge_absence(way, missing, &response.sections, session).await?;
            way.take(finding);
            way.ttl = way.ttl.min(ttl);
        }
        if let Finding::Bogus(reason) = &way.finding {
            return Ok(Some(forged(reason)));
        }
        let failure = match missing {
            Missing::Name => DnsFailure::NxDomain,
            Missing::Records => DnsFailure::NoData,
        };
        let seconds = response.negative_ttl.unwrap_or(0).min(way.ttl);
        Ok(Some(looked(Err(failure), seconds, &way.finding)))
    }

    /// What a set of an answer is, and the seconds that this holds.
    async fn judge(
        &self,
        set: &RrSet,
        sections: &Sections,
        session: &mut Session<'_>,
    ) -> Result<(Finding, u32), DnsFailure> {
        let what = || format!("{} {}", shown(&set.owner), set.rtype);
        let signer = set.signer().cloned();
        let zone = match self.zone_signing(signer.as_ref(), &set.owner, set.rtype, session).await? {
            Trust::Secure(zone) => zone,
            other => return Ok((without_keys(other), set.ttl)),
        };
        if signer.as_ref() != Some(&zone.apex) {
            let apex = shown(&zone.apex);
            let reason = match signer {
                Some(signer) => format!("{} is signed by {}, its zone is {apex}", what(), shown(&signer)),
                None => format!("no signature of {} by its zone {apex}", what()),
            };
            return Ok((Finding::bogus(reason), 0));
        }
        let now = self.inner.clock.now();
        let checked = match signature::check(set, &zone, now, &mut session.effort) {
            Ok(checked) => checked,
            Err(reason) => return Ok((Finding::Bogus(reason), 0)),
        };
        let Some(labels) = checked.wildcard else { return Ok((Finding::Secure, checked.ttl)) };
        let effort = &mut session.effort;
        let denial = Denial::gather(&sections.authority, &zone, now, effort);
        let proof = denial.no_closer(&set.owner, labels, effort);
        Ok((proven(proof), checked.ttl.min(denial.ttl)))
    }

    /// The zone whose keys a signature is to be checked with. Who signed is only what the message says: a zone above the
    /// trust anchor that is next to the records has no say about them.
    async fn zone_signing(
        &self,
        signer: Option<&DnsName>,
        owner: &DnsName,
        rtype: Rtype,
        session: &mut Session<'_>,
    ) -> Result<Trust, DnsFailure> {
        let own = place(owner, rtype);
        let below_anchor =
            |signer: &&DnsName| session.anchors.above(&own).is_some_and(|(apex, _)| signer.ends_with(apex));
        let zone = signer.filter(below_anchor).unwrap_or(&own).clone();
        self.zone_of(&zone, session).await
    }

    /// What can be said of there being nothing, and the seconds that this holds.
    async fn judge_absence(
        &self,
        way: &Way,
        missing: Missing,
        sections: &Sections,
        session: &mut Session<'_>,
    ) -> Result<(Finding, u32), DnsFailure> {
        let proofs = sections.authority.iter().filter(|set| matches!(set.rtype, Rtype::NSEC | Rtype::NSEC3));
        let signer = proofs.filter_map(RrSet::signer).find(|signer| way.name.ends_with(*signer)).cloned();
        let zone = match self.zone_signing(signer.as_ref(), &way.name, way.rtype, session).await? {
            Trust::Secure(zone) => zone,
            other => return Ok((without_keys(other), u32::MAX)),
        };
        if signer.as_ref() != Some(&zone.apex) {
            let (name, apex) = (shown(&way.name), shown(&zone.apex));
            let what = match missing {
                Missing::Name => "there is no such name".to_owned(),
                Missing::Records => format!("there is no {} record", way.rtype),
            };
            let reason = format!("{name}: no proof that {what} from its zone {apex}");
            return Ok((Finding::bogus(reason), 0));
        }
        let now = self.inner.clock.now();
        let effort = &mut session.effort;
        let denial = Denial::gather(&sections.authority, &zone, now, effort);
        let proof = match missing {
            Missing::Name => denial.no_name(&way.name, effort),
            Missing::Records => denial.no_data(&way.name, way.rtype, effort),
        };
        // The SOA record, which is not looked at, could say anything.
        Ok((proven(proof), denial.ttl))
    }
}

impl Way {
    fn take(&mut self, finding: Finding) {
        self.finding = std::mem::replace(&mut self.finding, Finding::Secure).and(finding);
    }

    fn follow(&mut self, alias: &RrSet) -> Result<(), DnsFailure> {
        self.hops += 1;
        if self.hops > limits::DNS_CNAMES || alias.data.len() != 1 {
            return Err(DnsFailure::AliasLoop);
        }
        let target = alias.data.first().and_then(|data| Name::from_octets(&data[..]).ok());
        self.name = target.ok_or(DnsFailure::Malformed)?.to_canonical_name();
        Ok(())
    }
}

/// The set whose signature counts for an alias: a DNAME makes aliases that have none of their own (rfc6672#5.3.1).
fn source_of_alias<'a>(alias: &'a RrSet, answer: &'a [RrSet]) -> &'a RrSet {
    if !alias.signatures.is_empty() {
        return alias;
    }
    let makes_it = |dname: &&RrSet| dname.rtype == Rtype::DNAME && made_alias(dname, alias).is_some();
    answer.iter().find(makes_it).unwrap_or(alias)
}

/// The name above the alias's, put in place of the DNAME's, gives the target.
fn made_alias(dname: &RrSet, alias: &RrSet) -> Option<()> {
    let (kept, below) = (dname.owner.as_slice(), alias.owner.as_slice());
    let in_it = alias.owner.ends_with(&dname.owner) && alias.owner != dname.owner;
    let ([new_end], [target]) = (&dname.data[..], &alias.data[..]) else { return None };
    let made = [&below[..below.len() - kept.len()], new_end].concat();
    (in_it && made.eq_ignore_ascii_case(target)).then_some(())
}

/// Where an unsigned set or its absence belongs: DS records belong to the zone above.
fn place(name: &DnsName, rtype: Rtype) -> DnsName {
    if rtype == Rtype::DS { last_labels(name, name.label_count() - 1) } else { name.clone() }
}

fn without_keys(trust: Trust) -> Finding {
    match trust {
        Trust::Secure(_) => Finding::Secure,
        Trust::Insecure(reason) => Finding::Insecure(reason),
        Trust::Bogus(reason) => Finding::Bogus(reason),
        Trust::Indeterminate(reason) => Finding::Indeterminate(reason),
    }
}

fn proven(proof: Result<Proof, Reason>) -> Finding {
    match proof {
        Ok(Proof::Proven) => Finding::Secure,
        Ok(Proof::Open(reason)) => Finding::Insecure(reason),
        Err(reason) => Finding::Bogus(reason),
    }
}

fn forged(reason: &Reason) -> Looked {
    looked(Err(DnsFailure::Bogus(reason.clone())), BOGUS_SECONDS, &Finding::Bogus(reason.clone()))
}

fn looked(outcome: Result<Answer, DnsFailure>, seconds: u32, finding: &Finding) -> Looked {
    let (security, reason) = finding.as_security();
    Looked { examined: Examined { outcome, security, reason }, seconds }
}

/// The records of a set that was judged, as the message has them.
fn found(way: &Way, set: &RrSet, response: &Response) -> Looked {
    let canonical_name = name::to_text(&way.name);
    let code = way.rtype.to_int();
    let wanted =
        |record: &&Record| record.rtype.code() == code && record.name.eq_ignore_ascii_case(&canonical_name);
    let records: Vec<Record> = response.records.iter().filter(wanted).cloned().collect();
    if records.len() != set.received {
        // The judgement was about others.
        return Looked { examined: Examined::failed(DnsFailure::Malformed), seconds: 0 };
    }
    let (security, security_reason) = way.finding.as_security();
    let ttl = records.iter().map(|record| record.ttl).min().unwrap_or(0).min(way.ttl);
    let answer = Answer { records, security, security_reason, ttl, canonical_name };
    looked(Ok(answer), ttl, &way.finding)
}

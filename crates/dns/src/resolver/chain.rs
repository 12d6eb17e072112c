//! From the trust anchor down to the zone that a name is in.
//!
//! Each step asks for the DS records of the next longer name and, where there are some, for the keys of the zone there.
//! What a step found is kept as long as the records on the way hold, so that a warm chain costs nothing.
//!
//! # Failure
//! A server that does not answer leaves the question open: the failure goes to the asker. One that has never given the
//! anchor's own keys with their signatures can't be used for DNSSEC: everything is indeterminate then. Once it has, an
//! answer without them is a forgery.
//!
//! # References
//! RFC 4035 sections 4.2, 4.7 and 5.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use domain::base::Rtype;
use mail_types::dns::{DnsFailure, QueryOptions, RecordType};
use mail_types::{Timestamp, limits, trace};

use super::Resolver;
use crate::cache::Cache;
use crate::exchange;
use crate::validate::anchor::TrustAnchors;
use crate::validate::delegation::{self, Delegation};
use crate::validate::keys::{Ds, Zone};
use crate::validate::vouched;
use crate::validate::{DnsName, Effort, Reason, RrSet, last_labels, shown};
use crate::wire::{Question, Response};

/// What is known of names on the way.
#[derive(Debug, Default)]
pub(super) struct Links {
    known: Cache<DnsName, Link>,
    /// The servers have given a trust anchor's keys with their signatures.
    passes_signatures: AtomicBool,
    /// The server that has given good answers where another had none.
    preferred: AtomicUsize,
}

/// What a name on the way is.
#[derive(Clone, Debug)]
enum Link {
    /// The zone above goes on.
    NotCut,
    /// There is no such name.
    NoSuchName,
    /// A zone begins here.
    Zone(Trust),
}

/// What can be said of a zone.
#[derive(Clone, Debug)]
pub(super) enum Trust {
    /// These are its keys.
    Secure(Arc<Zone>),
    /// It is not signed.
    Insecure(Reason),
    /// Its keys are not those that the zone above vouches for.
    Bogus(Reason),
    /// There is no way to it.
    Indeterminate(Reason),
}

/// One question's way through the DNS.
pub(super) struct Session<'a> {
    pub(super) anchors: Arc<TrustAnchors>,
    pub(super) options: &'a QueryOptions,
    pub(super) effort: Effort,
    began: Timestamp,
    /// The server that is asked first.
    pub(super) first: usize,
    /// How many servers have been asked for the same before, in vain.
    turn: usize,
    /// The servers take signatures out.
    pub(super) stripped: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(anchors: Arc<TrustAnchors>, options: &'a QueryOptions, began: Timestamp) -> Self {
        Self { anchors, options, effort: Effort::default(), began, first: 0, turn: 0, stripped: false }
    }

    /// The same for one server first, after so many others.
    pub(super) fn asking(self, first: usize, turn: usize) -> Self {
        Self { first, turn, ..self }
    }

    /// Whether what is known still needs no other server's word.
    fn takes(&self, known: &Link) -> bool {
        let doubtful = matches!(known, Link::Zone(Trust::Bogus(_) | Trust::Indeterminate(_)));
        self.turn == 0 || !doubtful
    }
}

impl Link {
    /// About so much memory.
    fn bytes(&self) -> usize {
        match self {
            Self::NotCut | Self::NoSuchName => 0,
            Self::Zone(Trust::Secure(zone)) => {
                zone.keys.iter().map(|key| size_of_val(key) + key.record.len()).sum()
            }
            Self::Zone(Trust::Insecure(why) | Trust::Bogus(why) | Trust::Indeterminate(why)) => why.len(),
        }
    }
}

impl Links {
    pub(super) fn clear(&self) {
        self.known.clear();
    }

    /// The server to ask first.
    pub(super) fn preferred(&self) -> usize {
        self.preferred.load(Ordering::Relaxed)
    }

    pub(super) fn prefer(&self, server: usize) {
        self.preferred.store(server, Ordering::Relaxed);
        trace!(Dns, "DNSSEC: name server {} is asked first from now on", server + 1);
    }
}

impl Resolver {
    /// The zone that a name is in, as far down as it is known to be signed.
    pub(super) async fn zone_of(
        &self,
        name: &DnsName,
        session: &mut Session<'_>,
    ) -> Result<Trust, DnsFailure> {
        let all = Arc::clone(&session.anchors);
        let Some((apex, anchors)) = all.above(name) else {
            let reason = format!("there is no trust anchor above {}", shown(name));
            return Ok(Trust::Indeterminate(reason.into()));
        };
        if anchors.is_empty() {
            return Ok(Trust::Indeterminate(all_revoked(apex)));
        }
        let mut trust = self.anchored(apex, anchors, session).await?;
        for labels in apex.label_count() + 1..=name.label_count() {
            let Trust::Secure(zone) = &trust else { break };
            let below = last_labels(name, labels);
            match self.link(&below, zone, session).await? {
                Link::NotCut => {}
                Link::NoSuchName => break,
                Link::Zone(next) => trust = next,
            }
        }
        Ok(trust)
    }

    /// The zone of a trust anchor.
    async fn anchored(
        &self,
        apex: &DnsName,
        anchors: &[Ds],
        session: &mut Session<'_>,
    ) -> Result<Trust, DnsFailure> {
        let Links { known, passes_signatures, .. } = &self.inner.links;
        let now = self.inner.clock.now();
        if let Some((link, _)) = known.find(apex, now)
            && session.takes(&link)
            && let Link::Zone(trust) = link
        {
            session.stripped |= matches!(&trust, Trust::Indeterminate(reason) if *reason == stripped(apex));
            return Ok(trust);
        }
        let seen = passes_signatures.load(Ordering::Relaxed);
        let (trust, seconds) = match self.fetch(apex, Rtype::DNSKEY, session).await {
            Ok(response) => match RrSet::find(&response.sections.answer, apex, Rtype::DNSKEY) {
                Some(set) if seen || !set.signatures.is_empty() => {
                    match vouched::high_zone(set, anchors, now, &mut session.effort) {
                        Ok((mut zone, ttl)) => {
                            zone.is_trust_point = true;
                            passes_signatures.store(true, Ordering::Relaxed);
                            (Trust::Secure(Arc::new(zone)), ttl)
                        }
                        Err(reason) => (Trust::Bogus(reason), BOGUS_SECONDS),
                    }
                }
                _ if seen => {
                    (Trust::Bogus(format!("no signed keys of {}", shown(apex)).into()), BOGUS_SECONDS)
                }
                _ => {
                    session.stripped = true;
                    (Trust::Indeterminate(stripped(apex)), STRIPPED_SECONDS)
                }
            },
            Err(failure) if seen => return Err(failure),
            Err(failure) => (unreachable(apex, &failure), UNREACHABLE_SECONDS),
        };
        note(apex, &trust);
        self.keep_link(apex, Link::Zone(trust.clone()), seconds, session);
        Ok(trust)
    }

    /// What the next longer name is, asked of the zone above it.
    async fn link(
        &self,
        name: &DnsName,
        parent: &Zone,
        session: &mut Session<'_>,
    ) -> Result<Link, DnsFailure> {
        let known = &self.inner.links.known;
        let kept = known.find(name, self.inner.clock.now());
        if let Some((link, _)) = kept.filter(|(link, _)| session.takes(link)) {
            return Ok(link);
        }
        let response = self.fetch(name, Rtype::DS, session).await?;
        let now = self.inner.clock.now();
        let read = delegation::read(name, parent, &response.sections, now, &mut session.effort);
        let (link, seconds) = match read {
            Ok((Delegation::Signed(ds), ttl)) => {
                let (trust, keys_ttl) = self.keys_below(name, &ds, parent, session).await?;
                (Link::Zone(trust), ttl.min(keys_ttl))
            }
            Ok((Delegation::Unsigned(reason), ttl)) => (Link::Zone(Trust::Insecure(reason)), ttl),
            Ok((Delegation::NotCut, ttl)) => (Link::NotCut, ttl),
            Ok((Delegation::NoSuchName, ttl)) => (Link::NoSuchName, ttl),
            Err(reason) => (Link::Zone(Trust::Bogus(reason)), BOGUS_SECONDS),
        };
        if let Link::Zone(trust) = &link {
            note(name, trust);
        }
        self.keep_link(name, link.clone(), seconds, session);
        Ok(link)
    }

    /// What was proven from other anchors than those of now is not kept.
    fn keep_link(&self, name: &DnsName, link: Link, seconds: u32, session: &Session<'_>) {
        if Arc::ptr_eq(&session.anchors, &self.anchors()) {
            let bytes = name.len() + link.bytes();
            self.inner.links.known.keep(name.clone(), link, bytes, (seconds, self.inner.clock.now()));
        }
    }

    /// The keys that DS records vouch for.
    async fn keys_below(
        &self,
        name: &DnsName,
        ds: &[Ds],
        parent: &Zone,
        session: &mut Session<'_>,
    ) -> Result<(Trust, u32), DnsFailure> {
        let response = self.fetch(name, Rtype::DNSKEY, session).await?;
        let now = self.inner.clock.now();
        let Some(set) = RrSet::find(&response.sections.answer, name, Rtype::DNSKEY) else {
            let reason = format!("{} has a DS record and no keys", shown(name));
            return Ok((Trust::Bogus(reason.into()), BOGUS_SECONDS));
        };
        let judge = if parent.is_trust_point { vouched::high_zone } else { vouched::zone };
        Ok(match judge(set, ds, now, &mut session.effort) {
            Ok((zone, ttl)) => (Trust::Secure(Arc::new(zone)), ttl),
            Err(reason) => (Trust::Bogus(reason), BOGUS_SECONDS),
        })
    }

    /// Asks for records with all that proves them.
    pub(super) async fn fetch(
        &self,
        name: &DnsName,
        rtype: Rtype,
        session: &mut Session<'_>,
    ) -> Result<Response, DnsFailure> {
        session.effort.ask().map_err(DnsFailure::Bogus)?;
        let patience = Duration::from_secs(limits::DNSSEC_LOOKUP_SECS);
        if self.inner.clock.now().since(session.began) > patience {
            return Err(DnsFailure::Timeout);
        }
        let question = Question { name: name.clone(), rtype: RecordType::from_code(rtype.to_int()) };
        let inner = &self.inner;
        exchange::ask(&question, Some(session.first), &inner.config, session.options, &*inner.entropy).await
    }
}

fn all_revoked(apex: &DnsName) -> Reason {
    format!("all trust anchors of {} have been revoked (rfc5011#5)", shown(apex)).into()
}

fn stripped(apex: &DnsName) -> Reason {
    format!("the name servers do not pass signatures on (asked for the keys of {})", shown(apex)).into()
}

fn unreachable(apex: &DnsName, failure: &DnsFailure) -> Trust {
    let apex = shown(apex);
    Trust::Indeterminate(format!("the name servers do not give the keys of {apex}: {failure}").into())
}

fn note(name: &DnsName, trust: &Trust) {
    let (word, reason) = match trust {
        Trust::Secure(_) => ("secure", "".into()),
        Trust::Insecure(reason) => ("insecure: ", Arc::clone(reason)),
        Trust::Bogus(reason) => ("bogus: ", Arc::clone(reason)),
        Trust::Indeterminate(reason) => ("indeterminate: ", Arc::clone(reason)),
    };
    trace!(Dns, "DNSSEC: zone {} is {word}{reason}", shown(name));
}

/// rfc4035#4.7: what failed may be mended soon.
pub(super) const BOGUS_SECONDS: u32 = 60;
/// Servers that don't pass signatures on are not likely to begin now.
const STRIPPED_SECONDS: u32 = 300;
const UNREACHABLE_SECONDS: u32 = 60;

//! MTA-STS: the policy of the domain that mail is for, kept between deliveries.
//!
//! # Invariants
//! * Nothing is asked for a domain that is not in `mta_sts_domains`.
//! * A kept policy answers at once: a newer one is fetched while the delivery goes on.
//! * Without a kept policy a delivery waits for one fetch, whose time is bounded; after a failure nobody fetches again
//!   for a while.
//!
//! # Failure
//! A policy that can't be had is none; one that is kept counts until its time is over. The reason is told for the log.
//!
//! # Compatibility
//! Exim has no MTA-STS; off unless `mta_sts_domains` is set.
//!
//! # References
//! RFC 8461 section 5.

mod fetch;

use std::path::Path;
use std::sync::{Arc, PoisonError};

use mail_types::clock::Timestamp;
use mail_types::dns::{RecordData, RecordType};
use observe::event::{Event, Streams};
use tls::mta_sts::{Mode, Policy, announced};

use crate::services::Services;

/// Seconds after a failed fetch in which nobody tries again (rfc8461#3.3).
const PATIENCE_SECS: i64 = 300;

/// Seconds after which a policy is made new, if half its time is not shorter.
const RENEWED_SECS: i64 = 86_400;

/// What is known of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Its policy.
    pub policy: Option<Policy>,
    /// The id that its record announces.
    pub id: Option<Vec<u8>>,
    /// The policy was kept from an earlier delivery.
    pub kept: Option<Keeping>,
    /// Why there is none, where its record promises one.
    pub trouble: Option<Trouble>,
}

/// How long a kept policy counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// When it was fetched.
    pub since: Timestamp,
    /// When its time is over (`max_age`).
    pub until: Timestamp,
    /// The domain announces another one.
    pub changed: bool,
}

/// Why a policy can't be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What failed.
    pub stage: Stage,
    /// The same in words.
    pub words: String,
}

/// What failed on the way to a policy, as reports to its domain tell it (rfc8460#4.3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The server could not be asked, or did not answer as it should.
    Fetch,
    /// Its certificate is not good.
    Certificate,
    /// What it gave out is no policy.
    Policy,
}

impl Stage {
    /// The octet that stands for it in hints.
    fn mark(self) -> u8 {
        match self {
            Self::Fetch => b'f',
            Self::Certificate => b'c',
            Self::Policy => b'p',
        }
    }
}

impl Trouble {
    fn fetching(words: impl Into<String>) -> Self {
        Self { stage: Stage::Fetch, words: words.into() }
    }

    /// As it is kept for those who come next: a mark and the words.
    fn to_hint(&self) -> Vec<u8> {
        [&[self.stage.mark()], self.words.as_bytes()].concat()
    }

    fn of_hint(hint: &[u8]) -> Self {
        let (mark, words) = hint.split_first().unwrap_or((&b'f', b""));
        let stages = [Stage::Fetch, Stage::Certificate, Stage::Policy];
        let stage = stages.into_iter().find(|stage| stage.mark() == *mark).unwrap_or(Stage::Fetch);
        Self { stage, words: String::from_utf8_lossy(words).into_owned() }
    }
}

/// A policy that was kept: when, under which id, and its text.
struct Kept {
    since: Timestamp,
    id: Vec<u8>,
    policy: Policy,
}

/// Whether a policy that is kept and is not the newest any more is fetched anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Beside whatever goes on.
    Beside,
    /// Not now: somebody only looks.
    Never,
}

/// Finds the policy of a domain; `resolver` is asked whether there is one.
pub async fn find(
    domain: &[u8],
    renewal: Renewal,
    resolver: &dns::Resolver,
    services: &Arc<Services>,
) -> Known {
    let Some(domain) = policy_domain(domain) else { return Known::default() };
    let now = services.clock.now();
    let kept = kept(&domain, now, services);
    let id = announcement(&domain, resolver).await;
    match (kept, id) {
        (Some(kept), id) => {
            let changed = id.as_ref().is_some_and(|id| *id != kept.id);
            // rfc8461#10.2: a policy is made new once a day, lest somebody who can prevent it once outlasts it.
            let half = i64::from(kept.policy.max_age) / 2;
            let old = now.secs().saturating_sub(kept.since.secs()) > half.min(RENEWED_SECS);
            if renewal == Renewal::Beside && id.is_some() && (changed || old) {
                renew(domain, id.clone().unwrap_or_default(), services);
            }
            let until = kept.since.secs().saturating_add(i64::from(kept.policy.max_age));
            let keeping = Keeping { since: kept.since, until: Timestamp::from_secs(until), changed };
            Known { policy: Some(kept.policy), id, kept: Some(keeping), trouble: None }
        }
        (None, None) => Known::default(),
        (None, Some(id)) => match fetch_once(&domain, &id, services).await {
            Ok(policy) => Known { policy: Some(policy), id: Some(id), kept: None, trouble: None },
            Err(why) => {
                let words = format!("MTA-STS policy of {domain} can't be had: {}", why.words);
                Known { policy: None, id: Some(id), kept: None, trouble: Some(Trouble { words, ..why }) }
            }
        },
    }
}

/// Has these services know of the policy of a domain what those know whose hints are in `directory`, which is only read.
///
/// # Errors
/// The hints are there and can't be read.
pub fn recall(domain: &[u8], directory: &Path, services: &Services) -> Result<(), String> {
    let Some(domain) = policy_domain(domain) else { return Ok(()) };
    let key = key(&domain);
    if let Some((time, record)) = hints::stored_record(directory, &key)? {
        services.hints.set_misc(&key, time, &record);
    }
    Ok(())
}

/// The domain as the DNS and certificates name it.
fn policy_domain(domain: &[u8]) -> Option<String> {
    let domain = dns::a_labels(domain);
    let domain = std::str::from_utf8(&domain).ok()?.to_ascii_lowercase();
    // rfc8461#3.4: addresses have no policies.
    let is_name =
        !domain.is_empty() && !domain.starts_with('[') && domain.parse::<std::net::IpAddr>().is_err();
    is_name.then(|| domain.strip_suffix('.').map(str::to_owned).unwrap_or(domain))
}

async fn announcement(domain: &str, resolver: &dns::Resolver) -> Option<Vec<u8>> {
    let name = format!("_mta-sts.{domain}");
    let answer = resolver.query(name.as_bytes(), RecordType::Txt).await.ok()?;
    let texts: Vec<Vec<u8>> = answer
        .records
        .iter()
        .filter_map(|record| match &record.data {
            RecordData::Txt(strings) => Some(strings.concat()),
            _ => None,
        })
        .collect();
    announced(texts.iter().map(Vec::as_slice))
}

/// Fetches a policy for a delivery that waits for it; those who come meanwhile wait for the same one.
async fn fetch_once(domain: &str, id: &[u8], services: &Services) -> Result<Policy, Trouble> {
    let all = || services.mta_sts.fetching.lock().unwrap_or_else(PoisonError::into_inner);
    let turn = Arc::clone(all().entry(domain.to_owned()).or_default());
    let mine = turn.lock().await;
    let fetched = match (kept(domain, services.clock.now(), services), failed_lately(domain, services)) {
        (Some(kept), _) => Ok(kept.policy),
        (None, Some(why)) => Err(Trouble { words: format!("{} (tried a moment ago)", why.words), ..why }),
        (None, None) => fetch_and_keep(domain, id, services).await,
    };
    drop(mine);
    let mut all = all();
    // The map's own and this one: nobody waits any more.
    if Arc::strong_count(&turn) <= 2 {
        all.remove(domain);
    }
    fetched
}

/// Why a fetch failed that was tried a moment ago.
fn failed_lately(domain: &str, services: &Services) -> Option<Trouble> {
    let now = services.clock.now();
    let lately = |time: Timestamp| (0..PATIENCE_SECS).contains(&now.secs().saturating_sub(time.secs()));
    let (_, why) = services.hints.misc(&failure_key(domain)).filter(|(time, _)| lately(*time))?;
    Some(Trouble::of_hint(&why))
}

async fn fetch_and_keep(domain: &str, id: &[u8], services: &Services) -> Result<Policy, Trouble> {
    let now = services.clock.now();
    let fetched = fetch::policy(domain, services).await;
    let read = fetched.and_then(|text| {
        let nonsense =
            |why| Trouble { stage: Stage::Policy, words: format!("the policy makes no sense: {why}") };
        let policy = Policy::parse(&text).map_err(nonsense)?;
        Ok((text, policy))
    });
    match read {
        Ok((text, policy)) => {
            services.hints.set_misc(&key(domain), now, &[id, b"\n", &text].concat());
            Ok(policy)
        }
        Err(why) => {
            services.hints.set_misc(&failure_key(domain), now, &why.to_hint());
            Err(why)
        }
    }
}

/// Fetches a newer policy while others go on; one fetch a domain.
fn renew(domain: String, id: Vec<u8>, services: &Arc<Services>) {
    // That has been told of, once.
    if failed_lately(&domain, services).is_some() {
        return;
    }
    let begins = {
        let mut renewing = services.mta_sts.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        renewing.insert(domain.clone())
    };
    if !begins {
        return;
    }
    let services = Arc::clone(services);
    tokio::spawn(async move {
        // What fails is tried again by a later delivery; the kept policy counts until then.
        if let Err(why) = fetch_and_keep(&domain, &id, &services).await {
            let text =
                format!("MTA-STS policy of {domain} can't be renewed, the old one counts on: {}", why.words);
            services.log.write(&Event::Text { text: text.into_bytes(), streams: Streams::MAIN });
        }
        services.mta_sts.renewing.lock().unwrap_or_else(PoisonError::into_inner).remove(&domain);
    });
}

fn kept(domain: &str, now: Timestamp, services: &Services) -> Option<Kept> {
    let (since, record) = services.hints.misc(&key(domain))?;
    let end = record.iter().position(|byte| *byte == b'\n')?;
    let policy = Policy::parse(&record[end + 1..]).ok()?;
    let age = now.secs().saturating_sub(since.secs());
    // A clock that went back makes it no older.
    let current = age < i64::from(policy.max_age);
    current.then(|| Kept { since, id: record[..end].to_vec(), policy })
}

fn key(domain: &str) -> Vec<u8> {
    format!("mta-sts:{domain}").into_bytes()
}

fn failure_key(domain: &str) -> Vec<u8> {
    format!("mta-sts-failed:{domain}").into_bytes()
}

impl Known {
    /// What the policy says of a host, for the decision.
    pub fn of_host(&self, host: &[u8]) -> tls::policy::MtaSts {
        use tls::policy::MtaSts;
        match &self.policy {
            Some(policy) if policy.mode == Mode::Enforce => MtaSts::Enforced { listed: policy.lists(host) },
            Some(policy) if policy.mode == Mode::Testing => MtaSts::Testing { listed: policy.lists(host) },
            _ => MtaSts::Nothing,
        }
    }
}

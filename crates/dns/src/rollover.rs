//! Trust anchors that follow their zone when it changes its keys.
//!
//! A zone announces a new key long before it signs with it, signed by the keys that are trusted already. Whoever has seen
//! it there for thirty days trusts it too, so that a thief of one key can't bring in another unnoticed. A key that is to
//! be trusted no more says so itself, by a bit of its own record.
//!
//! Everything here computes: the keys of a zone as they were received go in, what changed comes out. Who asks for them is
//! in `resolver::follow`; `text` has the form on disk, `file` the place.
//!
//! # Invariants
//! * A key becomes an anchor only out of a set that an anchor had signed, twice, with the hold-down time between.
//! * What was revoked never comes back, configured or not.
//! * A key that is missing stays an anchor: only its own revocation ends that.
//!
//! # Security
//! The keys come from the network. At most [`limits::DNSSEC_ANCHORS`] of a zone are remembered.
//!
//! # References
//! RFC 5011 (section 4 has the states, section 2.3 the intervals).

mod file;
mod text;

pub use file::AnchorsFile;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use mail_types::zone::zulu;
use mail_types::{Timestamp, limits};

use crate::validate::anchor::TrustAnchors;
use crate::validate::keys::{Ds, Key, Zone};
use crate::validate::vouched;
use crate::validate::{DnsName, Effort, Reason, RrSet, crypto, shown, signature};

/// What is known of the keys of each trust point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollover {
    points: BTreeMap<DnsName, TrustPoint>,
}

/// A zone with trust anchors.
#[derive(Clone, Debug, PartialEq, Eq)]
struct TrustPoint {
    configured: Vec<Ds>,
    keys: Vec<FollowedKey>,
    /// When its keys were last seen, signed by an anchor.
    checked: Option<Timestamp>,
    /// When they are to be asked for next.
    due: Timestamp,
}

/// A key that was seen in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FollowedKey {
    /// As it was before a revocation.
    key: Key,
    state: State,
    since: Timestamp,
    /// The end of its hold-down time, in the states that have one.
    until: Timestamp,
    /// On trial: digests of the anchors that had signed the set in which it was first seen.
    vouchers: Vec<Vec<u8>>,
}

/// Where a key is on its way (rfc5011#4.2; "Start" is a key that nobody has seen).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// New; not trusted before its time is over.
    AddPend,
    /// An anchor.
    Valid,
    /// An anchor that its zone doesn't have any more.
    Missing,
    /// Never to be trusted again.
    Revoked,
    /// The same, long ago.
    Removed,
}

/// Something that became of a key; for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    zone: String,
    tag: u16,
    algorithm: u8,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Seen for the first time; trusted from this time on if it is still there.
    OnTrial(Timestamp),
    /// It was gone before its time was over.
    TrialEnded,
    /// So were, revoked, all that had vouched for it.
    VouchersRevoked,
    /// Seen for the first time, and the configuration vouches for it.
    Known,
    /// From now on an anchor.
    Trusted,
    Missing,
    Returned,
    Revoked,
    Removed,
    /// There are too many keys already.
    Ignored,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { zone, tag, algorithm, what } = self;
        write!(f, "DNSSEC trust anchor of {zone}, key {tag} (algorithm {algorithm}): ")?;
        match what {
            What::OnTrial(until) => write!(f, "new, will be trusted after {}", zulu(*until)),
            What::TrialEnded => f.write_str("gone before it was trusted, forgotten"),
            What::VouchersRevoked => f.write_str("all keys that announced it have been revoked, forgotten"),
            What::Known => f.write_str("seen, trusted as configured"),
            What::Trusted => f.write_str("trusted from now on"),
            What::Missing => f.write_str("missing among the zone's keys, still trusted"),
            What::Returned => f.write_str("there again"),
            What::Revoked => f.write_str("revoked, never to be trusted again"),
            What::Removed => f.write_str("revoked long ago, put away"),
            What::Ignored => {
                write!(f, "ignored, {} keys are being followed already", limits::DNSSEC_ANCHORS)
            }
        }
    }
}

/// rfc5011#2.4.1.
const ADD_HOLD_DOWN: Duration = Duration::from_hours(30 * 24);
/// rfc5011#2.4.2.
const REMOVE_HOLD_DOWN: Duration = Duration::from_hours(30 * 24);
const HOUR: u32 = 3_600;
const DAY: u32 = 24 * HOUR;

impl Rollover {
    /// From the configured anchors, with nothing seen yet; asks at once.
    pub fn new(configured: &TrustAnchors) -> Self {
        let point = |(zone, ds): (&DnsName, &Vec<Ds>)| (zone.clone(), TrustPoint::new(ds.clone()));
        Self { points: configured.zones().iter().map(point).collect() }
    }

    /// What is to be trusted now.
    pub fn anchors(&self) -> TrustAnchors {
        TrustAnchors::of_zones(
            self.points.iter().map(|(zone, point)| (zone.clone(), point.anchors(zone))).collect(),
        )
    }

    /// When the next zone is to be asked for its keys.
    pub fn due(&self) -> Timestamp {
        self.points.values().map(|point| point.due).min().unwrap_or_default()
    }

    /// Whether a zone's keys have ever been seen as they should be.
    pub fn has_seen_keys(&self) -> bool {
        self.points.values().any(|point| point.checked.is_some())
    }

    /// The zones that are to be asked now.
    pub(crate) fn zones_due(&self, now: Timestamp) -> Vec<DnsName> {
        let due = self.points.iter().filter(|(_, point)| point.due <= now);
        due.map(|(zone, _)| zone.clone()).collect()
    }

    /// Nobody has given a zone's keys.
    pub(crate) fn unanswered(&mut self, zone: &DnsName, now: Timestamp) {
        if let Some(point) = self.points.get_mut(zone) {
            point.due = now.plus(Duration::from_secs(u64::from(HOUR)));
        }
    }

    /// Takes the keys of a zone as they were received. The error is why they say nothing new: no anchor has signed them.
    pub(crate) fn observe(&mut self, set: &RrSet, now: Timestamp) -> (Vec<Change>, Result<(), Reason>) {
        let zone = &set.owner;
        let Some(point) = self.points.get_mut(zone) else { return (Vec::new(), Ok(())) };
        let mut changes = point.take_revocations(set, now);
        let times = Times::of(set, now);
        let anchors = point.anchors(zone);
        if anchors.is_empty() {
            point.due = now.plus(times.retry());
            return (changes, Err(format!("all trust anchors of {} have been revoked", shown(zone)).into()));
        }
        match vouched::high_zone(set, &anchors, now, &mut Effort::default()) {
            Ok(_) => {
                let vouchers = signers(set, &anchors, now);
                changes.extend(point.take_keys(set, times, &vouchers, now));
                point.checked = Some(now);
                point.due = now.plus(times.refresh());
                (changes, Ok(()))
            }
            Err(reason) => {
                point.due = now.plus(times.retry());
                (changes, Err(reason))
            }
        }
    }

    /// For people: each zone and each key.
    pub fn describe(&self) -> String {
        let mut out = String::new();
        for (zone, point) in &self.points {
            point.describe(zone, &mut out);
        }
        out
    }
}

/// What the intervals are reckoned from, in seconds.
#[derive(Clone, Copy)]
struct Times {
    original_ttl: u32,
    /// Until the first signature ends.
    left: u32,
}

impl Times {
    fn of(set: &RrSet, now: Timestamp) -> Self {
        let own = || set.signatures.iter().filter(|signature| signature.signer == set.owner);
        let until = |end: u32| u32::try_from(end.wrapping_sub(now.secs() as u32).cast_signed()).unwrap_or(0);
        Self {
            original_ttl: own().map(|signature| signature.original_ttl).min().unwrap_or(set.ttl),
            left: own().map(|signature| until(signature.expiration)).min().unwrap_or(0),
        }
    }

    /// rfc5011#2.3: queryInterval.
    fn refresh(self) -> Duration {
        let seconds = (15 * DAY).min(self.original_ttl / 2).min(self.left / 2).max(HOUR);
        Duration::from_secs(u64::from(seconds))
    }

    /// rfc5011#2.3: retryTime.
    fn retry(self) -> Duration {
        let seconds = DAY.min(self.original_ttl / 10).min(self.left / 10).max(HOUR);
        Duration::from_secs(u64::from(seconds))
    }

    /// rfc5011#2.4.1: thirty days, or as long as the keys may be kept.
    fn add_hold_down(self) -> Duration {
        ADD_HOLD_DOWN.max(Duration::from_secs(u64::from(self.original_ttl)))
    }
}

/// Digests of the anchors that have signed a set of keys.
fn signers(set: &RrSet, anchors: &[Ds], now: Timestamp) -> Vec<Vec<u8>> {
    let keys = set.data.iter().filter_map(|record| Key::read(record));
    let anchors = keys.filter(|key| anchors.iter().any(|ds| key.is_vouched_for(ds, &set.owner)));
    let signed = |key: &Key| {
        let alone = Zone { apex: set.owner.clone(), is_trust_point: false, keys: vec![key.clone()] };
        signature::check(set, &alone, now, &mut Effort::default()).is_ok()
    };
    let signers = anchors.take(limits::DNSSEC_ANCHORS).filter(signed);
    signers.filter_map(|key| key.ds(&set.owner)).map(|ds| ds.digest).collect()
}

impl TrustPoint {
    /// The configured anchors that were not revoked, and the keys that became anchors.
    fn anchors(&self, zone: &DnsName) -> Vec<Ds> {
        let lost = |ds: &&Ds| {
            self.keys.iter().any(|known| known.state.is_lost() && known.key.is_vouched_for(ds, zone))
        };
        let mut anchors: Vec<Ds> = self.configured.iter().filter(|ds| !lost(ds)).cloned().collect();
        for known in self.keys.iter().filter(|known| known.state.is_trusted()) {
            if let Some(ds) = known.key.ds(zone).filter(|ds| !anchors.contains(ds)) {
                anchors.push(ds);
            }
        }
        anchors
    }

    /// rfc5011#2.1: an anchor that has signed the set in which it stands revoked is none any more, whoever else signed.
    fn take_revocations(&mut self, set: &RrSet, now: Timestamp) -> Vec<Change> {
        let zone = &set.owner;
        let mut changes = Vec::new();
        for record in &set.data {
            let Some(revoked) = Key::read_revoked(record) else { continue };
            let key = revoked.before_revocation();
            let at = self.keys.iter().position(|known| known.key == key);
            let is_anchor = match at {
                Some(at) => self.keys[at].state.is_trusted(),
                None => self.is_configured(&key, zone),
            };
            let alone = Zone { apex: zone.clone(), is_trust_point: false, keys: vec![revoked.clone()] };
            if !is_anchor || signature::check(set, &alone, now, &mut Effort::default()).is_err() {
                continue;
            }
            changes.push(Change::new(zone, &key, What::Revoked));
            let until = now.plus(REMOVE_HOLD_DOWN);
            let lost = FollowedKey { key, state: State::Revoked, since: now, until, vouchers: Vec::new() };
            match at {
                Some(at) => self.keys[at] = lost,
                None => self.keys.push(lost),
            }
        }
        if !changes.is_empty() {
            changes.extend(self.end_trials(zone));
        }
        changes
    }

    /// rfc5011#2.2: a key that only revoked ones have announced is as good as never seen.
    fn end_trials(&mut self, zone: &DnsName) -> Vec<Change> {
        let lost = self.keys.iter().filter(|known| known.state.is_lost());
        let lost: Vec<Vec<u8>> = lost.filter_map(|known| known.key.ds(zone)).map(|ds| ds.digest).collect();
        let mut changes = Vec::new();
        self.keys.retain(|known| {
            let on_trial = known.state == State::AddPend && !known.vouchers.is_empty();
            let ends = on_trial && known.vouchers.iter().all(|voucher| lost.contains(voucher));
            if ends {
                changes.push(Change::new(zone, &known.key, What::VouchersRevoked));
            }
            !ends
        });
        changes
    }

    /// rfc5011#4: what a set of keys that an anchor has signed makes of each key.
    fn take_keys(&mut self, set: &RrSet, times: Times, vouchers: &[Vec<u8>], now: Timestamp) -> Vec<Change> {
        let zone = &set.owner;
        let of_set = set.data.iter().filter_map(|record| Key::read(record));
        let mut present: Vec<Key> =
            of_set.filter(|key| key.entry && crypto::is_supported(key.algorithm)).collect();
        present.sort_by_key(|key| !self.is_configured(key, zone));
        let mut changes = Vec::new();
        self.keys.retain_mut(|known| {
            let next = known.next(present.contains(&known.key), now);
            if let Some(what) = next {
                changes.push(Change::new(zone, &known.key, what));
            }
            next != Some(What::TrialEnded)
        });
        for key in present {
            if self.keys.iter().any(|known| known.key == key) {
                continue;
            }
            let configured = self.is_configured(&key, zone);
            // An anchor that is configured has its place in any case.
            if !configured && !self.has_room(zone) {
                changes.push(Change::new(zone, &key, What::Ignored));
                continue;
            }
            let until = now.plus(times.add_hold_down());
            let (state, what) =
                if configured { (State::Valid, What::Known) } else { (State::AddPend, What::OnTrial(until)) };
            changes.push(Change::new(zone, &key, what));
            let vouchers = if configured { Vec::new() } else { vouchers.to_vec() };
            self.keys.push(FollowedKey { key, state, since: now, until, vouchers });
        }
        changes
    }

    fn is_configured(&self, key: &Key, zone: &DnsName) -> bool {
        self.configured.iter().any(|ds| key.is_vouched_for(ds, zone))
    }

    /// Room for one more key; one that was put away and that nobody asks for makes some.
    fn has_room(&mut self, zone: &DnsName) -> bool {
        if self.keys.len() >= limits::DNSSEC_ANCHORS {
            let useless =
                |known: &FollowedKey| known.state == State::Removed && !self.is_configured(&known.key, zone);
            if let Some(at) = self.keys.iter().position(useless) {
                self.keys.remove(at);
            }
        }
        self.keys.len() < limits::DNSSEC_ANCHORS
    }

    fn describe(&self, zone: &DnsName, out: &mut String) {
        use fmt::Write as _;
        let checked = self.checked.map_or_else(|| "never".to_owned(), zulu);
        let _ = writeln!(
            out,
            "trust point {}: keys last seen {checked}, next asked for {}",
            shown(zone),
            if self.due == Timestamp::default() { "at once".to_owned() } else { zulu(self.due) }
        );
        for known in &self.keys {
            let FollowedKey { key, state, since, until, .. } = known;
            let (since, until) = (zulu(*since), zulu(*until));
            let _ = match state {
                State::AddPend => writeln!(
                    out,
                    "  key {} algorithm {}: on trial since {since}, to be trusted after {until}",
                    key.tag, key.algorithm
                ),
                _ => writeln!(
                    out,
                    "  key {} algorithm {}: {} since {since}",
                    key.tag,
                    key.algorithm,
                    state.word()
                ),
            };
        }
        let seen = |ds: &&Ds| self.keys.iter().any(|known| known.key.is_vouched_for(ds, zone));
        for ds in self.configured.iter().filter(|ds| !seen(ds)) {
            let _ = writeln!(out, "  key {} algorithm {}: configured, not seen yet", ds.tag, ds.algorithm);
        }
        if self.anchors(zone).is_empty() {
            let _ = writeln!(out, "  nothing is trusted: all anchors have been revoked");
        }
    }
}

impl FollowedKey {
    /// What becomes of the key when the zone's keys were seen, with it or without.
    fn next(&mut self, present: bool, now: Timestamp) -> Option<What> {
        let (state, what) = match (self.state, present) {
            (State::AddPend, false) => return Some(What::TrialEnded),
            (State::AddPend, true) if now >= self.until => (State::Valid, What::Trusted),
            (State::Valid, false) => (State::Missing, What::Missing),
            (State::Missing, true) => (State::Valid, What::Returned),
            (State::Revoked, _) if now >= self.until => (State::Removed, What::Removed),
            _ => return None,
        };
        self.state = state;
        self.since = now;
        self.vouchers.clear();
        Some(what)
    }
}

impl State {
    const ALL: [Self; 5] = [Self::AddPend, Self::Valid, Self::Missing, Self::Revoked, Self::Removed];

    fn word(self) -> &'static str {
        match self {
            Self::AddPend => "pending",
            Self::Valid => "valid",
            Self::Missing => "missing",
            Self::Revoked => "revoked",
            Self::Removed => "removed",
        }
    }

    fn is_trusted(self) -> bool {
        matches!(self, Self::Valid | Self::Missing)
    }

    fn is_lost(self) -> bool {
        matches!(self, Self::Revoked | Self::Removed)
    }
}

impl Change {
    fn new(zone: &DnsName, key: &Key, what: What) -> Self {
        Self { zone: shown(zone), tag: key.tag, algorithm: key.algorithm, what }
    }
}

#[cfg(test)]
mod tests;

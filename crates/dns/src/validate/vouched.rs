//! From DS records, or trust anchors, to the keys of the zone that they vouch for.
//!
//! # References
//! RFC 4035 section 5.2.

use domain::base::Rtype;
use mail_types::{Timestamp, limits};

use super::crypto;
use super::keys::{Ds, Key, Zone};
use super::signature::{self, Checked};
use super::{Effort, Reason, RrSet, shown};

/// The keys of a zone, if one that a DS record (or a trust anchor) vouches for has signed them all. Gives the seconds
/// that this holds.
pub(crate) fn zone(
    set: &RrSet,
    vouchers: &[Ds],
    now: Timestamp,
    effort: &mut Effort,
) -> Result<(Zone, u32), Reason> {
    let trusted = vouched_keys(set, vouchers)?;
    let Checked { ttl, .. } = signature::check(set, &trusted, now, effort)?;
    let all = set.data.iter().filter_map(|record| Key::read(record));
    let keys = all.filter(|key| crypto::is_supported(key.algorithm)).collect();
    Ok((Zone { apex: set.owner.clone(), is_trust_point: false, keys }, ttl))
}

/// The same for a zone so high up that a mistake of its own in time is less likely than one of this machine's clock.
pub(crate) fn high_zone(
    set: &RrSet,
    vouchers: &[Ds],
    now: Timestamp,
    effort: &mut Effort,
) -> Result<(Zone, u32), Reason> {
    zone(set, vouchers, now, effort).map_err(|reason| {
        let trusted = vouched_keys(set, vouchers).ok();
        trusted.and_then(|zone| signature::wrong_clock(set, &zone, now, effort)).unwrap_or(reason)
    })
}

/// The keys of a zone that a DS record or an anchor vouches for.
fn vouched_keys(set: &RrSet, vouchers: &[Ds]) -> Result<Zone, Reason> {
    let apex = &set.owner;
    debug_assert_eq!(set.rtype, Rtype::DNSKEY);
    let all: Vec<Key> = set.data.iter().filter_map(|record| Key::read(record)).collect();
    let vouched = |key: &&Key| vouchers.iter().any(|ds| ds.is_supported() && key.is_vouched_for(ds, apex));
    let entries: Vec<Key> = all.iter().filter(vouched).take(ENTRIES_MAX).cloned().collect();
    if entries.is_empty() {
        let tags: Vec<_> = vouchers.iter().take(4).map(|ds| ds.tag.to_string()).collect();
        return Err(format!("no key of {} fits its DS (key tag {})", shown(apex), tags.join(", ")).into());
    }
    Ok(Zone { apex: apex.clone(), is_trust_point: false, keys: entries })
}

/// Keys that DS records may vouch for at a time (a rollover has two).
const ENTRIES_MAX: usize = 2 * limits::DNSSEC_KEYS_PER_TAG;

//! Whether a set was signed by its zone.
//!
//! # Security
//! Tries are counted by [`Effort`]; of keys that share a tag at most [`limits::DNSSEC_KEYS_PER_TAG`] are tried.
//!
//! # References
//! RFC 4035 section 5.3, RFC 4034 section 3.1.8.1 (what is signed).

use domain::base::name::ToName as _;
use mail_types::zone::zulu;
use mail_types::{Timestamp, limits};

use super::keys::Zone;
use super::set::Signature;
use super::{Effort, Reason, RrSet, crypto, shown, window};

/// A set that was signed rightly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Seconds that the set may be kept: neither longer than its zone meant, nor than the signature holds.
    pub(crate) ttl: u32,
    /// The set was made from a wildcard below so many labels: it must be shown that there is nothing closer.
    pub(crate) wildcard: Option<u8>,
}

/// Finds a good signature.
pub(crate) fn check(
    set: &RrSet,
    zone: &Zone,
    now: Timestamp,
    effort: &mut Effort,
) -> Result<Checked, Reason> {
    let what = || format!("{} {}", shown(&set.owner), set.rtype);
    if !set.may_be_signed_by(&zone.apex) {
        return Err(format!("{} is not in the zone {}", what(), shown(&zone.apex)).into());
    }
    let mut why = None;
    for signature in set.signatures.iter().filter(|signature| signature.signer == zone.apex) {
        match check_one(set, signature, zone, now, effort) {
            Ok(checked) => return Ok(checked),
            Err(Refusal::Enough(reason)) => return Err(reason),
            Err(Refusal::Wrong(reason)) => {
                why.get_or_insert_with(|| {
                    format!("signature of {} by key {}: {reason}", what(), signature.key_tag)
                });
            }
        }
    }
    let unsigned = || format!("no signature of {} by its zone {}", what(), shown(&zone.apex));
    Err(why.unwrap_or_else(unsigned).into())
}

/// What to say of a set that was signed rightly, for another time: all its signatures miss this moment to the same side.
/// (Who replays an old answer looks the same: the set stays refused.)
pub(crate) fn wrong_clock(set: &RrSet, zone: &Zone, now: Timestamp, effort: &mut Effort) -> Option<Reason> {
    let mut side = None;
    let mut windows = Vec::new();
    for signature in set.signatures.iter().filter(|signature| signature.signer == zone.apex) {
        let (early, from, window) = window::missed(signature, now)?;
        if *side.get_or_insert(early) != early {
            return None;
        }
        windows.push((signature, from, window));
    }
    let (_, _, window) = windows.into_iter().find(|(signature, from, _)| {
        let alone = RrSet { signatures: vec![(*signature).clone()], ..set.clone() };
        check(&alone, zone, *from, effort).is_ok()
    })?;
    let (owner, rtype, now) = (shown(&set.owner), set.rtype, zulu(now));
    Some(
        format!(
            "this machine's clock is probably wrong: it says {now}, and {owner} {rtype} is signed {window}"
        )
        .into(),
    )
}

enum Refusal {
    /// This signature doesn't count.
    Wrong(Reason),
    /// No more tries.
    Enough(Reason),
}

fn check_one(
    set: &RrSet,
    signature: &Signature,
    zone: &Zone,
    now: Timestamp,
    effort: &mut Effort,
) -> Result<Checked, Refusal> {
    let wrong = |text: &str| Refusal::Wrong(text.into());
    let labels = set.owner.rrsig_label_count();
    if signature.labels > labels {
        return Err(wrong("made for a longer name"));
    }
    if !crypto::is_supported(signature.algorithm) {
        return Err(Refusal::Wrong(format!("algorithm {} is not supported", signature.algorithm).into()));
    }
    window::check(signature, now).map_err(Refusal::Wrong)?;
    let fits = |key: &&super::keys::Key| key.tag == signature.key_tag && key.algorithm == signature.algorithm;
    let data = signed_data(set, signature, labels);
    let mut tried = false;
    for key in zone.keys.iter().filter(fits).take(limits::DNSSEC_KEYS_PER_TAG) {
        effort.check().map_err(Refusal::Enough)?;
        tried = true;
        if crypto::verify(signature.algorithm, key.material(), &data, &signature.bytes) {
            let ttl = set.ttl.min(signature.original_ttl).min(window::left(signature, now));
            let wildcard = (signature.labels < labels).then_some(signature.labels);
            return Ok(Checked { ttl, wildcard });
        }
        effort.failed().map_err(Refusal::Enough)?;
    }
    if zone.keys.iter().filter(fits).count() > limits::DNSSEC_KEYS_PER_TAG {
        let most = limits::DNSSEC_KEYS_PER_TAG;
        return Err(Refusal::Wrong(format!("more than {most} keys share its tag").into()));
    }
    Err(wrong(if tried { "does not fit the data" } else { "there is no such key" }))
}

/// rfc4034#3.1.8.1: the signature's own fields, then each record under the name that was signed.
fn signed_data(set: &RrSet, signature: &Signature, labels: u8) -> Vec<u8> {
    let mut owner = Vec::new();
    if signature.labels < labels {
        owner.extend_from_slice(b"\x01*");
    }
    let skip = set.owner.label_count() - 1 - usize::from(signature.labels);
    // A name that is a wildcard itself keeps its `*`.
    let skip = if signature.labels == labels { 0 } else { skip };
    for label in set.owner.iter().skip(skip) {
        owner.push(label.len() as u8);
        owner.extend_from_slice(label.as_slice());
    }
    let mut data = signature.prefix.clone();
    for record in &set.data {
        data.extend_from_slice(&owner);
        data.extend_from_slice(&set.rtype.to_int().to_be_bytes());
        data.extend_from_slice(&[0, 1]);
        data.extend_from_slice(&signature.original_ttl.to_be_bytes());
        data.extend_from_slice(&(record.len() as u16).to_be_bytes());
        data.extend_from_slice(record);
    }
    data
}

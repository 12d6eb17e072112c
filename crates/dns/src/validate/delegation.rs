//! From a zone to the one below it.

use domain::base::Rtype;
use mail_types::Timestamp;

use super::denial::{Denial, NoDs};
use super::keys::{Ds, Zone};
use super::{DnsName, Effort, Reason, RrSet, Sections, crypto, shown, signature};

/// What a zone says of a name in it when asked for its DS records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delegation {
    /// A signed zone begins here; DS records that we can follow.
    Signed(Vec<Ds>),
    /// An unsigned zone begins here, or one whose algorithms we can't follow.
    Unsigned(Reason),
    /// The zone goes on.
    NotCut,
    /// There is no such name.
    NoSuchName,
}

/// Reads the answer to a question for the DS records of a name. Gives the seconds that this holds.
pub(crate) fn read(
    name: &DnsName,
    parent: &Zone,
    sections: &Sections,
    now: Timestamp,
    effort: &mut Effort,
) -> Result<(Delegation, u32), Reason> {
    if let Some(set) = RrSet::find(&sections.answer, name, Rtype::DS) {
        let checked = match signature::check(set, parent, now, effort) {
            Ok(checked) => checked,
            // Right below the root or another trust point.
            Err(reason) if parent.is_trust_point => {
                return Err(signature::wrong_clock(set, parent, now, effort).unwrap_or(reason));
            }
            Err(reason) => return Err(reason),
        };
        let all: Vec<Ds> = set.data.iter().filter_map(|record| Ds::read(record)).collect();
        let mut known: Vec<Ds> = all.iter().filter(|ds| ds.is_supported()).cloned().collect();
        if known.iter().any(|ds| ds.digest_type != crypto::SHA1) {
            // rfc4509#3: or a digest that can be forged one day would do for a zone that has better ones.
            known.retain(|ds| ds.digest_type != crypto::SHA1);
        }
        if known.is_empty() {
            let algorithms: Vec<_> =
                all.iter().map(|ds| format!("{}/{}", ds.algorithm, ds.digest_type)).collect();
            let reason = format!(
                "{} is signed with nothing that is supported (algorithm/digest {})",
                shown(name),
                algorithms.join(", ")
            );
            return Ok((Delegation::Unsigned(reason.into()), checked.ttl));
        }
        return Ok((Delegation::Signed(known), checked.ttl));
    }
    if let Some(set) = RrSet::find(&sections.answer, name, Rtype::CNAME) {
        // An alias has no other records: no zone begins here.
        let checked = signature::check(set, parent, now, effort)?;
        return Ok((Delegation::NotCut, checked.ttl));
    }
    let denial = Denial::gather(&sections.authority, parent, now, effort);
    let found = match denial.no_ds(name, effort)? {
        NoDs::Unsigned(reason) => Delegation::Unsigned(reason),
        NoDs::NotCut => Delegation::NotCut,
        NoDs::NoSuchName => Delegation::NoSuchName,
    };
    Ok((found, denial.ttl))
}

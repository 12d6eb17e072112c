//! Proofs that something is not there.
//!
//! # Invariants
//! * Only records whose signature was checked take part.
//!
//! # References
//! RFC 4035 section 5.4, RFC 5155 section 8, RFC 6840 section 4, RFC 9276 section 3.2.

use domain::base::Rtype;
use domain::rdata::dnssec::RtypeBitmap;
use mail_types::Timestamp;

use super::keys::Zone;
use super::nsec::{Nsec, is_delegation, last_labels, wildcard_below};
use super::nsec3::{Closest, Nsec3, Nsec3Chain};
use super::{DnsName, Effort, Reason, RrSet, shown, signature};

/// The records of one zone about what isn't there.
#[derive(Debug)]
pub(crate) struct Denial<'a> {
    zone: &'a Zone,
    nsec: Vec<Nsec>,
    nsec3: Nsec3Chain,
    /// Why a record was left out.
    refused: Option<Reason>,
    /// Seconds that the proof holds.
    pub(crate) ttl: u32,
}

/// How good a proof is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It is not there.
    Proven,
    /// The zone leaves it open on purpose: as good as unsigned.
    Open(Reason),
}

/// What is not there when there is no DS record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoDs {
    /// An unsigned zone begins here, or may begin here.
    Unsigned(Reason),
    /// The name is one of the zone's own.
    NotCut,
    /// The name is not there, and nothing below it.
    NoSuchName,
}

impl<'a> Denial<'a> {
    /// Checks and takes the NSEC and NSEC3 records of an authority section.
    pub(crate) fn gather(authority: &[RrSet], zone: &'a Zone, now: Timestamp, effort: &mut Effort) -> Self {
        let mut denial = Self::empty(zone);
        let ours = |set: &&RrSet| matches!(set.rtype, Rtype::NSEC | Rtype::NSEC3);
        for set in authority.iter().filter(ours).take(RECORDS_MAX) {
            match signature::check(set, zone, now, effort) {
                Ok(checked) if checked.wildcard.is_none() => {
                    denial.ttl = denial.ttl.min(checked.ttl);
                    denial.take(set);
                }
                Ok(_) => {
                    denial.refused = Some(format!("{} is made from a wildcard", shown(&set.owner)).into());
                }
                Err(reason) => denial.refused = Some(reason),
            }
        }
        denial
    }

    /// Takes the records whatever their signatures: for seeing what hostile ones do.
    pub(crate) fn believing(authority: &[RrSet], zone: &'a Zone) -> Self {
        let mut denial = Self::empty(zone);
        for set in authority {
            denial.take(set);
        }
        denial
    }

    fn empty(zone: &'a Zone) -> Self {
        Self { zone, nsec: Vec::new(), nsec3: Nsec3Chain::default(), refused: None, ttl: u32::MAX }
    }

    fn take(&mut self, set: &RrSet) {
        match set.rtype {
            Rtype::NSEC => self.nsec.extend(Nsec::read(set)),
            Rtype::NSEC3 => {
                if let Some(record) = Nsec3::read(set, &self.zone.apex) {
                    self.nsec3.push(record);
                }
            }
            _ => {}
        }
    }

    /// There is no such name, and no wildcard that would make it.
    pub(crate) fn no_name(&self, name: &DnsName, effort: &mut Effort) -> Result<Proof, Reason> {
        if let Some(reason) = self.nsec3.too_costly() {
            return Ok(Proof::Open(reason));
        }
        if let Some(cover) = self.nsec_cover(name)
            && !cover.next.ends_with(name)
            && let Some(wildcard) = wildcard_below(&cover.closest_encloser(name))
            && self.nsec_cover(&wildcard).is_some()
        {
            return Ok(Proof::Proven);
        }
        if let Some(closest) = self.nsec3.closest(name, &self.zone.apex, effort)?
            && let Some(wildcard) = wildcard_below(&closest.encloser)
            && let Some(cover) = self.nsec3.cover(&wildcard, effort)?
        {
            return Ok(opt_out(closest.cover.opt_out || cover.opt_out));
        }
        Err(self.unproven(name, "no proof that there is no such name"))
    }

    /// The name is there (itself or by a wildcard) without records of this type.
    pub(crate) fn no_data(&self, name: &DnsName, rtype: Rtype, effort: &mut Effort) -> Result<Proof, Reason> {
        if let Some(reason) = self.nsec3.too_costly() {
            return Ok(Proof::Open(reason));
        }
        if self.nsec.iter().any(|nsec| nsec.owner == *name && lacks(&nsec.types, rtype, name)) {
            return Ok(Proof::Proven);
        }
        if let Some(cover) = self.nsec_cover(name) {
            if cover.shows_empty_nonterminal(name, &self.zone.apex) {
                return Ok(Proof::Proven);
            }
            let wildcard = wildcard_below(&cover.closest_encloser(name));
            let of_wildcard = self.nsec.iter().find(|nsec| Some(&nsec.owner) == wildcard.as_ref());
            if of_wildcard.is_some_and(|nsec| lacks(&nsec.types, rtype, &nsec.owner)) {
                return Ok(Proof::Proven);
            }
        }
        if let Some(proof) = self.no_data_by_hash(name, rtype, effort)? {
            return Ok(proof);
        }
        Err(self.unproven(name, &format!("no proof that there is no {rtype} record")))
    }

    fn no_data_by_hash(
        &self,
        name: &DnsName,
        rtype: Rtype,
        effort: &mut Effort,
    ) -> Result<Option<Proof>, Reason> {
        if self.nsec3.is_empty() {
            return Ok(None);
        }
        if let Some(record) = self.nsec3.of_name(name, effort)? {
            return Ok(lacks(&record.types, rtype, name).then_some(Proof::Proven));
        }
        let Some(Closest { encloser, cover }) = self.nsec3.closest(name, &self.zone.apex, effort)? else {
            return Ok(None);
        };
        let Some(wildcard) = wildcard_below(&encloser) else { return Ok(None) };
        match self.nsec3.of_name(&wildcard, effort)? {
            Some(record) if lacks(&record.types, rtype, &wildcard) => Ok(Some(opt_out(cover.opt_out))),
            Some(_) => Ok(None),
            // rfc5155#6: an unsigned delegation may be left out of the chain; what is below it nobody has signed.
            None => Ok(cover.opt_out.then(|| opt_out(true))),
        }
    }

    /// An answer came from the wildcard below so many labels: there is nothing closer to the name.
    pub(crate) fn no_closer(&self, name: &DnsName, labels: u8, effort: &mut Effort) -> Result<Proof, Reason> {
        if let Some(reason) = self.nsec3.too_costly() {
            return Ok(Proof::Open(reason));
        }
        let encloser = last_labels(name, usize::from(labels) + 1);
        let covered = self.nsec_cover(name);
        if covered.is_some_and(|nsec| encloser.ends_with(&nsec.closest_encloser(name))) {
            return Ok(Proof::Proven);
        }
        let next_closer = last_labels(name, usize::from(labels) + 2);
        if !self.nsec3.is_empty()
            && let Some(cover) = self.nsec3.cover(&next_closer, effort)?
        {
            return Ok(opt_out(cover.opt_out));
        }
        Err(self.unproven(name, "no proof that there is nothing closer than the wildcard"))
    }

    /// There is no DS record: is there an unsigned zone, or no zone at all?
    pub(crate) fn no_ds(&self, name: &DnsName, effort: &mut Effort) -> Result<NoDs, Reason> {
        if let Some(reason) = self.nsec3.too_costly() {
            return Ok(NoDs::Unsigned(reason));
        }
        if let Some(nsec) = self.nsec.iter().find(|nsec| nsec.owner == *name) {
            return self.at_name(&nsec.types, name);
        }
        if let Some(cover) = self.nsec_cover(name) {
            return Ok(if cover.next.ends_with(name) { NoDs::NotCut } else { NoDs::NoSuchName });
        }
        if !self.nsec3.is_empty() {
            if let Some(record) = self.nsec3.of_name(name, effort)? {
                return self.at_name(&record.types, name);
            }
            if let Some(closest) = self.nsec3.closest(name, &self.zone.apex, effort)? {
                return Ok(if closest.cover.opt_out {
                    NoDs::Unsigned(format!("{} is within an NSEC3 opt-out range", shown(name)).into())
                } else {
                    NoDs::NoSuchName
                });
            }
        }
        Err(self.unproven(name, "no proof that there is no DS record"))
    }

    /// What the types at a name say when there is no DS record.
    fn at_name(&self, types: &RtypeBitmap<Vec<u8>>, name: &DnsName) -> Result<NoDs, Reason> {
        if types.contains(Rtype::DS) || types.contains(Rtype::SOA) {
            return Err(self.unproven(name, "no proof that there is no DS record"));
        }
        if types.contains(Rtype::NS) {
            return Ok(NoDs::Unsigned(format!("{} is delegated without DS", shown(name)).into()));
        }
        Ok(NoDs::NotCut)
    }

    fn nsec_cover(&self, name: &DnsName) -> Option<&Nsec> {
        self.nsec.iter().find(|nsec| nsec.covers(name, &self.zone.apex))
    }

    fn unproven(&self, name: &DnsName, what: &str) -> Reason {
        let zone = shown(&self.zone.apex);
        match &self.refused {
            Some(reason) => format!("{}: {what}: {reason}", shown(name)).into(),
            None => format!("{}: {what} from its zone {zone}", shown(name)).into(),
        }
    }
}

/// Whether the types of a name show that it has no records of one type, as its own zone says.
fn lacks(types: &RtypeBitmap<Vec<u8>>, rtype: Rtype, name: &DnsName) -> bool {
    // rfc6840#4.1 and 4.3: the parent's record at a delegation speaks for DS only, the child's for all else.
    let speaks = if rtype == Rtype::DS {
        name.is_root() || !types.contains(Rtype::SOA)
    } else {
        !is_delegation(types)
    };
    speaks && !types.contains(rtype) && !types.contains(Rtype::CNAME)
}

fn opt_out(open: bool) -> Proof {
    if open { Proof::Open("within an NSEC3 opt-out range".into()) } else { Proof::Proven }
}

/// Records of a proof that are looked at: the most that an honest server sends is four.
const RECORDS_MAX: usize = 16;

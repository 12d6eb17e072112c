//! Zones that are signed in memory, and the answers that an honest server gives from them.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

pub(crate) const A: u16 = 1;
pub(crate) const NS: u16 = 2;
pub(crate) const CNAME: u16 = 5;
pub(crate) const SOA: u16 = 6;
pub(crate) const DS: u16 = 43;
pub(crate) const RRSIG: u16 = 46;
pub(crate) const NSEC: u16 = 47;
pub(crate) const DNSKEY: u16 = 48;

/// A record; names are text without the final dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rec {
    pub(crate) owner: String,
    pub(crate) rtype: u16,
    pub(crate) data: Vec<u8>,
}

/// What a server says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) rcode: u8,
    pub(crate) truncated: bool,
    /// AD is set.
    pub(crate) authentic: bool,
    /// Neither AA nor RA is set.
    pub(crate) lame: bool,
    pub(crate) answer: Vec<Rec>,
    /// Behind the answer: records of another class (how many), then these.
    pub(crate) behind: (usize, Vec<Rec>),
    pub(crate) authority: Vec<Rec>,
}

/// A zone with one Ed25519 key.
pub(crate) struct Zone {
    pub(crate) apex: &'static str,
    key: Ed25519KeyPair,
    records: Vec<Rec>,
    /// Keys beside the one that signs.
    pub(crate) more_keys: Vec<Vec<u8>>,
    /// The second octet of the flags of the one that signs.
    pub(crate) flags: u8,
}

/// Until when, from when: 2026 and 2037.
const FROM: u32 = 1_767_225_600;
const TO: u32 = 2_114_380_800;

impl Zone {
    pub(crate) fn new(apex: &'static str) -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("randomness");
        let key = Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("its own form");
        let mut zone = Self { apex, key, records: Vec::new(), more_keys: Vec::new(), flags: 1 };
        zone.push(apex, NS, wire("ns.test"));
        let soa = [wire("ns.test"), wire("hm.test"), [0, 0, 1, 0].repeat(5)].concat();
        zone.push(apex, SOA, soa);
        zone
    }

    pub(crate) fn push(&mut self, owner: &str, rtype: u16, data: Vec<u8>) {
        self.records.push(Rec { owner: owner.into(), rtype, data });
    }

    /// The DNSKEY record that signs.
    pub(crate) fn key_record(&self) -> Vec<u8> {
        [&[1, self.flags, 3, 15], self.key.public_key().as_ref()].concat()
    }

    /// The DS record for it.
    pub(crate) fn ds(&self) -> Vec<u8> {
        let record = self.key_record();
        let hash = digest(&SHA256, &[wire(self.apex), record.clone()].concat());
        [&tag(&record).to_be_bytes()[..], &[15, 2], hash.as_ref()].concat()
    }

    /// A set with its signature.
    pub(crate) fn signed(&self, owner: &str, rtype: u16, data: Vec<Vec<u8>>) -> Vec<Rec> {
        self.signed_for(owner, rtype, data, Times::USUAL)
    }

    fn signed_for(&self, owner: &str, rtype: u16, mut data: Vec<Vec<u8>>, times: Times) -> Vec<Rec> {
        data.sort();
        let signature = sign((&self.key, &self.key_record()), self.apex, (owner, rtype), &data, times);
        let mut out: Vec<Rec> =
            data.into_iter().map(|data| Rec { owner: owner.into(), rtype, data }).collect();
        out.push(signature);
        out
    }

    /// The records of an honest reply, signed for another time.
    pub(crate) fn answer_for(&self, owner: &str, rtype: u16, honest: &Reply, times: Times) -> Vec<Rec> {
        let mut records: Vec<Rec> =
            honest.answer.iter().filter(|record| record.rtype == rtype).cloned().collect();
        let data: Vec<Vec<u8>> = records.iter().map(|record| record.data.clone()).collect();
        records.push(sign((&self.key, &self.key_record()), self.apex, (owner, rtype), &data, times));
        records
    }

    /// A signed NSEC record.
    pub(crate) fn nsec(&self, owner: &str, next: &str, types: &[u16]) -> Vec<Rec> {
        self.nsec_for(owner, next, types, Times::USUAL)
    }

    /// The same for other times.
    pub(crate) fn nsec_for(&self, owner: &str, next: &str, types: &[u16], times: Times) -> Vec<Rec> {
        let mut bits = [0; 32];
        for rtype in types {
            bits[usize::from(rtype / 8)] |= 0x80 >> (rtype % 8);
        }
        let data = [wire(next), vec![0, 32], bits.to_vec()].concat();
        self.signed_for(owner, NSEC, vec![data], times)
    }

    fn of(&self, owner: &str, rtype: u16) -> Vec<Vec<u8>> {
        if rtype == DNSKEY && owner == self.apex {
            return [vec![self.key_record()], self.more_keys.clone()].concat();
        }
        let ours = |record: &&Rec| record.owner == owner && record.rtype == rtype;
        self.records.iter().filter(ours).map(|record| record.data.clone()).collect()
    }

    /// The honest answer of this zone.
    pub(crate) fn answer(&self, name: &str, rtype: u16) -> Reply {
        let found = self.of(name, rtype);
        if !found.is_empty() {
            return Reply { answer: self.signed(name, rtype, found), ..Reply::default() };
        }
        let alias = self.of(name, CNAME);
        if !alias.is_empty() {
            return Reply { answer: self.signed(name, CNAME, alias), ..Reply::default() };
        }
        let mut types: Vec<u16> =
            self.records.iter().filter(|record| record.owner == name).map(|record| record.rtype).collect();
        let soa = self.signed(self.apex, SOA, self.of(self.apex, SOA));
        if types.is_empty() {
            let covers_all = self.nsec(self.apex, self.apex, &[NS, SOA, RRSIG, NSEC, DNSKEY]);
            return Reply { rcode: 3, authority: [soa, covers_all].concat(), ..Reply::default() };
        }
        types.extend([RRSIG, NSEC]);
        Reply { authority: [soa, self.nsec(name, self.apex, &types)].concat(), ..Reply::default() }
    }
}

/// When a signature holds, and how long the records do.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) ttl: u32,
}

impl Times {
    pub(crate) const USUAL: Self = Self { from: FROM, to: TO, ttl: 300 };
}

/// The signature of sorted records by a key, given with its DNSKEY record.
pub(crate) fn sign(
    (pair, record): (&Ed25519KeyPair, &[u8]),
    apex: &str,
    (owner, rtype): (&str, u16),
    data: &[Vec<u8>],
    times: Times,
) -> Rec {
    // rfc4034#3.1.3: without the asterisk of a wildcard.
    let labels = owner.split('.').filter(|label| !matches!(*label, "" | "*")).count() as u8;
    let mut signed = rtype.to_be_bytes().to_vec();
    signed.extend_from_slice(&[15, labels]);
    for number in [times.ttl, times.to, times.from] {
        signed.extend_from_slice(&number.to_be_bytes());
    }
    signed.extend_from_slice(&tag(record).to_be_bytes());
    signed.extend_from_slice(&wire(apex));
    let prefix = signed.clone();
    for one in data {
        signed.extend_from_slice(&wire(owner));
        signed.extend_from_slice(&rtype.to_be_bytes());
        signed.extend_from_slice(&[0, 1]);
        signed.extend_from_slice(&times.ttl.to_be_bytes());
        signed.extend_from_slice(&(one.len() as u16).to_be_bytes());
        signed.extend_from_slice(one);
    }
    Rec { owner: owner.into(), rtype: RRSIG, data: [&prefix[..], pair.sign(&signed).as_ref()].concat() }
}

/// A name in wire form.
pub(crate) fn wire(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        out.push(label.len() as u8);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out
}

/// rfc4034#appendix-B.
pub(crate) fn tag(record: &[u8]) -> u16 {
    let sum: u32 = record.chunks(2).map(|pair| u32::from(pair[0]) * 256 + u32::from(pair[1])).sum();
    (sum + (sum >> 16)) as u16
}

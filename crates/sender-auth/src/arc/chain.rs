//! The ARC sets of a header, and what is wrong with their shape.
//!
//! # Invariants
//! * [`Chain::sets`] are the instances 1, 2, 3 … without a gap, each whole.
//!
//! # References
//! RFC 8617 sections 4.1, 4.2 and 5.2, steps 1 to 3.

use mail_types::limits;

use crate::base64;
use crate::dkim::canon::{field_body, field_name};
use crate::dkim::crypto::{Hash, KeyType};
use crate::dkim::signature::{Role, Signature, algorithm, is_domain};
use crate::tag_list::{TagList, trim};

/// The three fields of one hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArcSet {
    /// ARC-Authentication-Results, the whole field.
    pub results: Vec<u8>,
    /// ARC-Message-Signature.
    pub message: Signature,
    /// ARC-Seal.
    pub seal: Seal,
}

/// An ARC-Seal field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The whole field.
    pub field: Vec<u8>,
    /// `a=`, the first half.
    pub key_type: KeyType,
    /// `d=`.
    pub domain: Vec<u8>,
    /// `s=`.
    pub selector: Vec<u8>,
    /// `cv=`.
    pub cv: ChainState,
    /// `b=`.
    pub signature: Vec<u8>,
}

/// What is said of a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChainState {
    /// There is no chain.
    #[default]
    None,
    /// It is broken.
    Fail,
    /// It holds.
    Pass,
}

impl ChainState {
    /// The word of `cv=` and of `$arc_state`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Fail => "fail",
            Self::Pass => "pass",
        }
    }

    /// The state with this name.
    pub fn by_name(name: &[u8]) -> Option<Self> {
        [Self::None, Self::Fail, Self::Pass]
            .into_iter()
            .find(|state| name.eq_ignore_ascii_case(state.name().as_bytes()))
    }
}

/// The sets of a header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// From instance 1 upwards; as many as could be read.
    pub sets: Vec<ArcSet>,
    /// The greatest instance that any field names.
    pub greatest: u32,
    /// `d=` of each instance's seal up to the greatest; none where it cannot be read.
    pub domains: Vec<Option<Vec<u8>>>,
    /// Why the chain is broken by its shape alone.
    pub fault: Option<String>,
}

/// The fields of one instance, as they were found.
#[derive(Clone, Copy, Default)]
struct Found<'a> {
    results: Option<&'a [u8]>,
    message: Option<&'a [u8]>,
    seal: Option<&'a [u8]>,
}

const RESULTS: &[u8] = b"arc-authentication-results";
const MESSAGE: &[u8] = b"arc-message-signature";
const SEAL: &[u8] = b"arc-seal";

impl Chain {
    /// Reads a header, topmost field first.
    pub fn read(header: &[&[u8]]) -> Self {
        let mut found: Vec<Found<'_>> = Vec::new();
        let mut fault = None;
        for field in header {
            let name = field_name(field).to_ascii_lowercase();
            let known = [RESULTS, MESSAGE, SEAL].contains(&name.as_slice());
            if !known || fault.is_some() {
                continue;
            }
            fault = place(field, &name, &mut found).err();
        }
        let greatest = found.len() as u32;
        let mut chain = Self { greatest, fault, ..Self::default() };
        let seals = found.iter().map(|found| found.seal.and_then(|field| parse_seal(field).ok()));
        chain.domains = seals.map(|seal| seal.map(|seal| seal.domain)).collect();
        if chain.fault.is_some() {
            return chain;
        }
        for (index, fields) in found.iter().enumerate() {
            match ArcSet::parse(*fields, index as u32 + 1) {
                Ok(set) => chain.sets.push(set),
                Err(text) => {
                    chain.fault = Some(text);
                    break;
                }
            }
        }
        chain
    }

    /// True when the header has no ARC field.
    pub fn is_empty(&self) -> bool {
        self.greatest == 0 && self.fault.is_none()
    }
}

/// Puts a field where its instance belongs.
fn place<'a>(field: &'a [u8], name: &[u8], found: &mut Vec<Found<'a>>) -> Result<(), String> {
    let instance = instance_of(field, name).ok_or("a field without a proper instance")?;
    if instance as usize > limits::ARC_SETS {
        return Err("too many sets".into());
    }
    if found.len() < instance as usize {
        found.resize(instance as usize, Found::default());
    }
    let set = &mut found[instance as usize - 1];
    let place = match name {
        RESULTS => &mut set.results,
        MESSAGE => &mut set.message,
        _ => &mut set.seal,
    };
    if place.replace(field).is_some() {
        return Err(format!("two fields of a kind in set {instance}"));
    }
    Ok(())
}

/// `i=`: of the results it is what stands before the first semicolon.
fn instance_of(field: &[u8], name: &[u8]) -> Option<u32> {
    let body = field_body(field);
    let value = if name == RESULTS {
        let first = body.split(|byte| *byte == b';').next()?;
        let equals = memchr::memchr(b'=', first)?;
        (trim(&first[..equals]) == b"i").then(|| trim(&first[equals + 1..]))?
    } else {
        let piece = body.split(|byte| *byte == b';').find_map(|piece| {
            let equals = memchr::memchr(b'=', piece)?;
            (trim(&piece[..equals]) == b"i").then(|| trim(&piece[equals + 1..]))
        });
        piece?
    };
    let digits = value.iter().all(u8::is_ascii_digit) && (1..=4).contains(&value.len());
    let number = std::str::from_utf8(value).ok().filter(|_| digits)?.parse().ok()?;
    (number > 0).then_some(number)
}

impl ArcSet {
    fn parse(found: Found<'_>, instance: u32) -> Result<Self, String> {
        let Found { results: Some(results), message: Some(message), seal: Some(seal) } = found else {
            return Err(format!("set {instance} is not complete"));
        };
        let message =
            Signature::parse_as(Role::ArcMessage, message).filter(|signature| signature.hash == Hash::Sha256);
        let message = message.ok_or_else(|| format!("message signature {instance} cannot be used"))?;
        let version = TagList::parse(field_body(&message.field)).is_ok_and(|tags| tags.value("v").is_some());
        let signs_seals = message.header_names.iter().any(|name| name.eq_ignore_ascii_case(SEAL));
        if message.fault.is_some() || version || signs_seals {
            return Err(format!("message signature {instance} is not well-formed"));
        }
        let seal = parse_seal(seal).map_err(|text| format!("seal {instance} {text}"))?;
        let expected = if instance == 1 { seal.cv == ChainState::None } else { seal.cv != ChainState::None };
        if !expected {
            return Err(format!("seal {instance} has cv={}", seal.cv.name()));
        }
        Ok(Self { results: results.to_vec(), message, seal })
    }
}

fn parse_seal(field: &[u8]) -> Result<Seal, &'static str> {
    const WRONG: &str = "is not well-formed";
    if field.len() > limits::DKIM_FIELD {
        return Err(WRONG);
    }
    let tags = TagList::parse(field_body(field)).map_err(|_| WRONG)?;
    // RFC 8617 section 4.1.3: h= is not allowed; bh=, v= and c= have no place in a seal either.
    if ["h", "bh", "v"].iter().any(|name| tags.value(name).is_some()) {
        return Err("has tags that a seal must not have");
    }
    let (key_type, hash) = tags.value("a").and_then(algorithm).ok_or(WRONG)?;
    let name = |tag| tags.value(tag).filter(|text| is_domain(text)).map(<[u8]>::to_vec);
    let signature = tags.value("b").and_then(base64::decode).filter(|octets| !octets.is_empty());
    match (name("d"), name("s"), tags.value("cv").and_then(ChainState::by_name), signature) {
        (Some(domain), Some(selector), Some(cv), Some(signature)) if hash == Hash::Sha256 => {
            Ok(Seal { field: field.to_vec(), key_type, domain, selector, cv, signature })
        }
        _ => Err(WRONG),
    }
}

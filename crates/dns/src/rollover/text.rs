//! The state of the trust anchors as lines of text.
//!
//! `zone NAME CONFIGURED CHECKED DUE` begins a trust point: a digest of the configured anchors, and two times in seconds
//! since 1970 (`-` for never); `key STATE SINCE UNTIL FLAGS PROTOCOL ALGORITHM BASE64` is a key of it, the last four
//! fields as in a DNSKEY record; `by DIGEST` behind one that is on trial is an anchor that had signed it. `;` begins a comment.
//!
//! # Invariants
//! * Anchors that are configured otherwise than when the file was written begin anew; what was revoked stays so.

use std::fmt::Write as _;

use domain::utils::base64;
use mail_types::{Timestamp, limits};

use super::{FollowedKey, Rollover, State, TrustPoint};
use crate::name;
use crate::validate::anchor::TrustAnchors;
use crate::validate::keys::{Ds, Key};
use crate::validate::{DnsName, crypto, shown};

const HEAD: &str = "\
; DNSSEC trust anchors as the daemon follows them (RFC 5011); nobody else writes here.
; `postrider trust-anchors` shows them. Without this file following begins anew from what is configured.
version 1
";

impl Rollover {
    /// As a file.
    pub fn to_text(&self) -> String {
        let mut out = HEAD.to_owned();
        for (zone, point) in &self.points {
            let digest = fingerprint(&point.configured);
            let checked = point.checked.map_or_else(|| "-".to_owned(), |time| time.secs().to_string());
            let _ = writeln!(out, "zone {} {digest} {checked} {}", shown(zone), point.due.secs());
            for FollowedKey { key, state, since, until, vouchers } in &point.keys {
                let (word, since, until) = (state.word(), since.secs(), until.secs());
                let (flags, protocol) = key.flags_and_protocol();
                let material = base64::encode_string(key.material());
                let algorithm = key.algorithm;
                let _ = writeln!(out, "key {word} {since} {until} {flags} {protocol} {algorithm} {material}");
                for voucher in vouchers {
                    let _ = writeln!(out, "by {}", base64::encode_string(voucher));
                }
            }
        }
        out
    }

    /// From a file, for these configured anchors. The error names the line.
    pub fn read(text: &[u8], configured: &TrustAnchors) -> Result<Self, String> {
        let mut rollover = Self::new(configured);
        let mut place = None;
        let mut version = false;
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let told = |what: &str| format!("line {}: {what}", number + 1);
            let line = std::str::from_utf8(line).map_err(|_| told("not text"))?;
            let line = line.split(';').next().unwrap_or_default();
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            match &words[..] {
                [] => {}
                ["version", "1"] => version = true,
                _ if !version => return Err(told("another version")),
                ["zone", zone, digest, checked, due] => {
                    let zone = zone_name(zone).ok_or_else(|| told("not a zone"))?;
                    place = Some(rollover.begin_zone(zone, digest, (checked, due)).map_err(told)?);
                }
                ["key", state, since, until, record @ ..] => {
                    let (zone, same) = place.as_ref().ok_or_else(|| told("a key of no zone"))?;
                    let key = followed(state, (since, until), record).map_err(told)?;
                    rollover.add(zone, *same, key).map_err(told)?;
                }
                ["by", digest] => {
                    let (zone, _) = place.as_ref().ok_or_else(|| told("a digest of no key"))?;
                    let digest = base64::decode(digest).map_err(|_| told("not base64"))?;
                    rollover.vouched_for(zone, digest).map_err(told)?;
                }
                _ => return Err(told("makes no sense")),
            }
        }
        if version { Ok(rollover) } else { Err("empty".to_owned()) }
    }

    /// Gives the zone, and whether it is configured as it was.
    fn begin_zone(
        &mut self,
        zone: DnsName,
        digest: &str,
        (checked, due): (&str, &str),
    ) -> Result<(DnsName, bool), &'static str> {
        let (checked, due) = (if checked == "-" { None } else { Some(time(checked)?) }, time(due)?);
        let Some(point) = self.points.get_mut(&zone) else { return Ok((zone, false)) };
        let same = fingerprint(&point.configured) == digest;
        if same {
            point.checked = checked;
            point.due = due;
        }
        Ok((zone, same))
    }

    fn add(&mut self, zone: &DnsName, same: bool, key: FollowedKey) -> Result<(), &'static str> {
        let Some(point) = self.points.get_mut(zone).filter(|_| same || key.state.is_lost()) else {
            return Ok(());
        };
        if point.keys.len() >= limits::DNSSEC_ANCHORS + point.configured.len() {
            return Err("too many keys");
        }
        point.keys.push(key);
        Ok(())
    }

    /// The last key of a zone has one more voucher.
    fn vouched_for(&mut self, zone: &DnsName, digest: Vec<u8>) -> Result<(), &'static str> {
        let Some(known) = self.points.get_mut(zone).and_then(|point| point.keys.last_mut()) else {
            return Ok(());
        };
        if known.state == State::AddPend {
            if known.vouchers.len() >= limits::DNSSEC_ANCHORS {
                return Err("too many vouchers");
            }
            known.vouchers.push(digest);
        }
        Ok(())
    }
}

impl TrustPoint {
    /// As it was before anything was seen.
    pub(super) fn new(configured: Vec<Ds>) -> Self {
        Self { configured, keys: Vec::new(), checked: None, due: Timestamp::default() }
    }
}

fn zone_name(text: &str) -> Option<DnsName> {
    let mut zone = name::parse(text.as_bytes()).ok()?;
    zone.make_canonical();
    Some(zone)
}

fn followed(state: &str, (since, until): (&str, &str), record: &[&str]) -> Result<FollowedKey, &'static str> {
    let state = State::ALL.into_iter().find(|known| known.word() == state).ok_or("no such state")?;
    let [flags, protocol, algorithm, material] = record else { return Err("not a key") };
    let flags: u16 = flags.parse().map_err(|_| "not flags")?;
    let protocol: u8 = protocol.parse().map_err(|_| "not a protocol")?;
    let algorithm: u8 = algorithm.parse().map_err(|_| "not an algorithm")?;
    let material: Vec<u8> = base64::decode(material).map_err(|_| "not base64")?;
    let record = [&flags.to_be_bytes()[..], &[protocol, algorithm], &material].concat();
    let key = Key::read(&record).ok_or("the key signs no zone")?;
    Ok(FollowedKey { key, state, since: time(since)?, until: time(until)?, vouchers: Vec::new() })
}

fn time(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map(Timestamp::from_secs).map_err(|_| "not a time")
}

/// Tells sets of configured anchors apart.
fn fingerprint(anchors: &[Ds]) -> String {
    const SHA256: u8 = 2;
    let mut all: Vec<Vec<u8>> = anchors.iter().map(Ds::record).collect();
    all.sort();
    let digest = crypto::key_digest(SHA256, &all.concat()).unwrap_or_default();
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

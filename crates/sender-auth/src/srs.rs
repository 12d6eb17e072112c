//! The sender rewriting scheme with SRS0 and SRS1, as libsrs_alt and `postsrsd` speak it.
//!
//! `SRS0=hash=TT=domain=local@forwarder` carries a sender through its first forwarder. A forwarder that meets such an
//! address does not wrap it again but keeps it: `SRS1=hash=first-forwarder==hash=TT=domain=local@forwarder`.
//!
//! # Invariants
//! * What [`Rewriter::reverse`] accepts was made with one of the secrets, and is not older than allowed.
//!
//! # Security
//! Hashes are compared in constant time and without regard to case, since some hosts fold local parts.
//!
//! # Compatibility
//! The hash is HMAC-SHA1 over the lower-case fields, in base64; the separator after `SRS0` may be `=`, `+` or `-`.
//!
//! # References
//! Shevek, "The Sender Rewriting Scheme" (2004); the manual page of postsrsd(8).

use aws_lc_rs::hmac;

/// The digits of a day, 32 to the place.
const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Days that two digits tell apart.
const DAYS: i64 = 1024;
/// Characters of base64.
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The longest hash that is of use: 160 bits in base64.
const HASH_MAX: usize = 27;

/// How addresses are rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The first one signs; all are good when an address comes back.
    pub secrets: Vec<Vec<u8>>,
    /// Days for which an address is good.
    pub max_age: u32,
    /// Characters of a hash that is made.
    pub hash_length: usize,
    /// Characters that a hash must have at least.
    pub hash_min: usize,
    /// Addresses carry a hash.
    pub use_hash: bool,
    /// Addresses carry the day.
    pub use_timestamp: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            max_age: 31,
            hash_length: 6,
            hash_min: 6,
            use_hash: true,
            use_timestamp: true,
        }
    }
}

impl Settings {
    /// Reads `secret:maxage:hashlength:usetimestamp:usehash`; what is left out keeps its value. The error is a text.
    pub fn configure(mut self, text: &str) -> Result<Self, String> {
        let mut fields = text.split(':').map(str::trim);
        if let Some(secret) = fields.next().filter(|secret| !secret.is_empty()) {
            self.secrets = vec![secret.as_bytes().to_vec()];
        }
        let number = |field: Option<&str>, name: &str| match field.filter(|field| !field.is_empty()) {
            None => Ok(None),
            Some(field) => {
                field.parse::<u32>().map(Some).map_err(|_| format!("srs_config: \"{field}\" is no {name}"))
            }
        };
        if let Some(age) = number(fields.next(), "number of days")? {
            self.max_age = age;
        }
        if let Some(length) = number(fields.next(), "hash length")? {
            self.hash_length = length as usize;
            self.hash_min = length as usize;
        }
        if let Some(stamp) = flag(fields.next())? {
            self.use_timestamp = stamp;
        }
        if let Some(hash) = flag(fields.next())? {
            self.use_hash = hash;
        }
        match fields.next() {
            Some(field) => Err(format!("srs_config: \"{field}\" is one field too many")),
            None => Ok(self),
        }
    }
}

/// A flag of `srs_config`, as a number or as a word; an empty field says nothing.
fn flag(field: Option<&str>) -> Result<Option<bool>, String> {
    match field.unwrap_or_default().to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "yes" | "true" => Ok(Some(true)),
        "no" | "false" => Ok(Some(false)),
        number => match number.parse::<u32>() {
            Ok(number) => Ok(Some(number != 0)),
            Err(_) => Err(format!("srs_config: \"{number}\" is no flag")),
        },
    }
}

/// Why an address does not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrsFault {
    /// It is no rewritten address.
    NotRewritten,
    /// It says that it is one and has not the form.
    Malformed,
    /// The hash is missing, too short or wrong.
    BadHash,
    /// It is too old, or from the future.
    Expired,
    /// There is no secret to make or check hashes with.
    NoSecret,
    /// The sender has no domain.
    NoDomain,
}

impl SrsFault {
    /// `$srs_status`.
    pub fn text(self) -> &'static str {
        match self {
            Self::NotRewritten => "not an SRS address",
            Self::Malformed => "malformed SRS address",
            Self::BadHash => "hash invalid",
            Self::Expired => "timestamp expired",
            Self::NoSecret => "no secret set",
            Self::NoDomain => "sender has no domain",
        }
    }
}

/// A sender that a database keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What to keep it under.
    pub key: Vec<u8>,
    /// The rewritten address.
    pub address: Vec<u8>,
}

/// Rewrites addresses and brings them back.
#[derive(Clone, Debug)]
pub struct Rewriter {
    settings: Settings,
    keys: Vec<hmac::Key>,
}

impl Rewriter {
    /// With these settings.
    pub fn new(settings: Settings) -> Self {
        let key = |secret: &Vec<u8>| hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
        let keys = settings.secrets.iter().map(key).collect();
        Self { settings, keys }
    }

    /// The return path for a message that is forwarded by `forwarder`; `day` counts from 1970. Addresses of the forwarder
    /// itself stay as they are.
    pub fn forward(&self, sender: &[u8], forwarder: &[u8], day: i64) -> Result<Vec<u8>, SrsFault> {
        let at = sender.iter().rposition(|byte| *byte == b'@').ok_or(SrsFault::NoDomain)?;
        let (local, domain) = (&sender[..at], &sender[at + 1..]);
        // A domain with the separator in it could not be found again.
        if local.is_empty() || domain.is_empty() || domain.contains(&b'=') {
            return Err(SrsFault::NoDomain);
        }
        if domain.eq_ignore_ascii_case(forwarder) {
            return Ok(sender.to_vec());
        }
        let local = match scheme(local) {
            // Another forwarder's SRS1: its first forwarder stays, the hash is ours.
            Some((Scheme::One, rest)) => {
                let Some((_, rest)) = self.split_hash(rest) else { return Err(SrsFault::Malformed) };
                let (first, kept) = split(rest, b'=').ok_or(SrsFault::Malformed)?;
                if first.is_empty() || !kept.first().is_some_and(|byte| b"=+-".contains(byte)) {
                    return Err(SrsFault::Malformed);
                }
                self.wrapped(first, kept)?
            }
            // What follows `SRS0` is kept with its separator, which the first forwarder will look for.
            Some((Scheme::Zero, _)) => self.wrapped(domain, &local[4..])?,
            None => self.fresh(local, domain, day)?,
        };
        Ok([&local[..], b"@", forwarder].concat())
    }

    fn fresh(&self, local: &[u8], domain: &[u8], day: i64) -> Result<Vec<u8>, SrsFault> {
        let mut out = b"SRS0=".to_vec();
        let stamp = stamp(day);
        let stamp: &[u8] = if self.settings.use_timestamp { &stamp } else { b"" };
        self.push_hash(&[stamp, domain, local], &mut out)?;
        for field in [stamp, domain] {
            if !field.is_empty() {
                out.extend_from_slice(field);
                out.push(b'=');
            }
        }
        out.extend_from_slice(local);
        Ok(out)
    }

    fn wrapped(&self, first: &[u8], kept: &[u8]) -> Result<Vec<u8>, SrsFault> {
        let mut out = b"SRS1=".to_vec();
        self.push_hash(&[first, kept], &mut out)?;
        out.extend_from_slice(first);
        out.push(b'=');
        out.extend_from_slice(kept);
        Ok(out)
    }

    /// The address that a local part stands for: the sender of an SRS0, the SRS0 address of an SRS1.
    pub fn reverse(&self, local: &[u8], day: i64) -> Result<Vec<u8>, SrsFault> {
        match scheme(local).ok_or(SrsFault::NotRewritten)? {
            (Scheme::Zero, rest) => {
                let (hash, rest) = self.split_hash(rest).ok_or(SrsFault::Malformed)?;
                let (stamp, rest) = if self.settings.use_timestamp {
                    split(rest, b'=').ok_or(SrsFault::Malformed)?
                } else {
                    (&b""[..], rest)
                };
                let (domain, local) = split(rest, b'=').ok_or(SrsFault::Malformed)?;
                if domain.is_empty() || local.is_empty() {
                    return Err(SrsFault::Malformed);
                }
                self.check_hash(hash, &[stamp, domain, local])?;
                if self.settings.use_timestamp {
                    self.check_age(stamp, day)?;
                }
                Ok([local, b"@", domain].concat())
            }
            (Scheme::One, rest) => {
                let (hash, rest) = self.split_hash(rest).ok_or(SrsFault::Malformed)?;
                let (first, kept) = split(rest, b'=').ok_or(SrsFault::Malformed)?;
                if first.is_empty() || !kept.first().is_some_and(|byte| b"=+-".contains(byte)) {
                    return Err(SrsFault::Malformed);
                }
                self.check_hash(hash, &[first, kept])?;
                Ok([b"SRS0", kept, b"@", first].concat())
            }
        }
    }

    /// The key under which a database keeps a sender, the same for all messages of a day: routing a message again must
    /// not fill the database. 26 characters that survive folding of case.
    pub fn database_key(&self, sender: &[u8], day: i64) -> Result<Vec<u8>, SrsFault> {
        let secret = self.keys.first().ok_or(SrsFault::NoSecret)?;
        let mut context = hmac::Context::with_key(secret);
        context.update(&stamp(day));
        context.update(sender);
        let tag = context.sign();
        // 26 × 5 bits of the 160.
        let digit = |at: usize| {
            let bit = at * 5;
            let pair = tag.as_ref().get(bit / 8..).unwrap_or_default();
            let word = u16::from(*pair.first().unwrap_or(&0)) << 8 | u16::from(*pair.get(1).unwrap_or(&0));
            DIGITS[usize::from(word >> (11 - bit % 8)) & 31]
        };
        Ok((0..26).map(digit).collect())
    }

    /// The return path for a sender that a database keeps: `SRS0=hash=TT=key@forwarder`. None where no database is
    /// needed: the address is another forwarder's, or the forwarder's own, and [`Self::forward`] keeps it.
    pub fn forward_key(&self, sender: &[u8], forwarder: &[u8], day: i64) -> Result<Option<Kept>, SrsFault> {
        let at = sender.iter().rposition(|byte| *byte == b'@').ok_or(SrsFault::NoDomain)?;
        if scheme(&sender[..at]).is_some() || sender[at + 1..].eq_ignore_ascii_case(forwarder) {
            return Ok(None);
        }
        let key = self.database_key(sender, day)?;
        let mut out = b"SRS0=".to_vec();
        let stamp = stamp(day);
        let stamp: &[u8] = if self.settings.use_timestamp { &stamp } else { b"" };
        self.push_hash(&[stamp, &key], &mut out)?;
        if !stamp.is_empty() {
            out.extend_from_slice(stamp);
            out.push(b'=');
        }
        out.extend_from_slice(&key);
        Ok(Some(Kept { key, address: [&out[..], b"@", forwarder].concat() }))
    }

    /// The key of an address that [`Self::forward_key`] made; none for one that holds its sender itself.
    pub fn reverse_key(&self, local: &[u8], day: i64) -> Result<Option<Vec<u8>>, SrsFault> {
        let (Scheme::Zero, rest) = scheme(local).ok_or(SrsFault::NotRewritten)? else { return Ok(None) };
        let (hash, rest) = self.split_hash(rest).ok_or(SrsFault::Malformed)?;
        let (stamp, key) = if self.settings.use_timestamp {
            split(rest, b'=').ok_or(SrsFault::Malformed)?
        } else {
            (&b""[..], rest)
        };
        if key.contains(&b'=') {
            return Ok(None);
        }
        if key.is_empty() {
            return Err(SrsFault::Malformed);
        }
        self.check_hash(hash, &[stamp, key])?;
        if self.settings.use_timestamp {
            self.check_age(stamp, day)?;
        }
        Ok(Some(key.to_ascii_uppercase()))
    }

    /// The hash in front, where there is one.
    fn split_hash<'l>(&self, rest: &'l [u8]) -> Option<(&'l [u8], &'l [u8])> {
        if self.settings.use_hash { split(rest, b'=') } else { Some((b"", rest)) }
    }

    fn push_hash(&self, fields: &[&[u8]], out: &mut Vec<u8>) -> Result<(), SrsFault> {
        if self.settings.use_hash {
            let key = self.keys.first().ok_or(SrsFault::NoSecret)?;
            let hash = hash(key, fields);
            out.extend_from_slice(&hash[..self.settings.hash_length.clamp(1, HASH_MAX)]);
            out.push(b'=');
        }
        Ok(())
    }

    fn check_hash(&self, given: &[u8], fields: &[&[u8]]) -> Result<(), SrsFault> {
        if !self.settings.use_hash {
            return Ok(());
        }
        if self.keys.is_empty() {
            return Err(SrsFault::NoSecret);
        }
        if given.len() < self.settings.hash_min.max(1) || given.len() > HASH_MAX {
            return Err(SrsFault::BadHash);
        }
        let good = self.keys.iter().any(|key| same(given, &hash(key, fields)[..given.len()]));
        if good { Ok(()) } else { Err(SrsFault::BadHash) }
    }

    fn check_age(&self, stamp: &[u8], day: i64) -> Result<(), SrsFault> {
        let mut then = 0;
        for byte in stamp {
            let digit = DIGITS.iter().position(|known| *known == byte.to_ascii_uppercase());
            then = (then * 32 + digit.ok_or(SrsFault::Malformed)? as i64) % DAYS;
        }
        let age = (day - then).rem_euclid(DAYS);
        if age <= i64::from(self.settings.max_age) { Ok(()) } else { Err(SrsFault::Expired) }
    }
}

/// Which form a local part has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Zero,
    One,
}

/// The form, and what follows its separator.
fn scheme(local: &[u8]) -> Option<(Scheme, &[u8])> {
    let (head, rest) = local.split_at_checked(5)?;
    let scheme = match head[..4].to_ascii_uppercase().as_slice() {
        b"SRS0" => Scheme::Zero,
        b"SRS1" => Scheme::One,
        _ => return None,
    };
    b"=+-".contains(&head[4]).then_some((scheme, rest))
}

fn split(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == separator)?;
    Some((&text[..at], &text[at + 1..]))
}

fn stamp(day: i64) -> [u8; 2] {
    let day = day.rem_euclid(DAYS) as usize;
    [DIGITS[day >> 5], DIGITS[day & 31]]
}

/// The fields in lower case under a key, in base64.
fn hash(key: &hmac::Key, fields: &[&[u8]]) -> [u8; HASH_MAX] {
    let mut context = hmac::Context::with_key(key);
    for field in fields {
        context.update(&field.to_ascii_lowercase());
    }
    let tag = context.sign();
    let mut out = [b'A'; HASH_MAX];
    for (at, character) in out.iter_mut().enumerate() {
        // Six bits from bit 6 × at on.
        let bit = at * 6;
        let pair = tag.as_ref().get(bit / 8..).unwrap_or_default();
        let word = u16::from(*pair.first().unwrap_or(&0)) << 8 | u16::from(*pair.get(1).unwrap_or(&0));
        *character = BASE64[usize::from(word >> (10 - bit % 8)) & 63];
    }
    out
}

/// Compares without regard to case, in a time that does not depend on where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differ = |(a, b): (&u8, &u8)| a.to_ascii_lowercase() ^ b.to_ascii_lowercase();
    a.len() == b.len() && a.iter().zip(b).map(differ).fold(0, |all, one| all | one) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 20_779;

    fn rewriter(change: impl FnOnce(&mut Settings)) -> Rewriter {
        let mut settings =
            Settings { secrets: vec![b"first".to_vec(), b"old".to_vec()], ..Settings::default() };
        change(&mut settings);
        Rewriter::new(settings)
    }

    fn text(bytes: Result<Vec<u8>, SrsFault>) -> Result<String, SrsFault> {
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    fn local(address: &str) -> &[u8] {
        address.rsplit_once('@').unwrap().0.as_bytes()
    }

    #[test]
    fn there_and_back_over_three_forwarders() {
        let rewriter = rewriter(|_| {});
        let zero = text(rewriter.forward(b"User@Example.org", b"f1.example", DAY)).unwrap();
        assert!(zero.starts_with("SRS0=") && zero.ends_with("=Example.org=User@f1.example"), "{zero}");
        let one = text(rewriter.forward(zero.as_bytes(), b"f2.example", DAY)).unwrap();
        assert!(one.starts_with("SRS1=") && one.contains("=f1.example=="), "{one}");
        let other = text(rewriter.forward(one.as_bytes(), b"f3.example", DAY)).unwrap();
        assert!(other.starts_with("SRS1=") && other.ends_with("@f3.example"), "{other}");
        assert_eq!(local(&one), local(&other));
        assert_eq!(text(rewriter.reverse(local(&other), DAY)).unwrap(), zero);
        assert_eq!(text(rewriter.reverse(local(&zero), DAY)).unwrap(), "User@Example.org");
        let own = rewriter.forward(b"me@f1.example", b"F1.example", DAY);
        assert_eq!(text(own).unwrap(), "me@f1.example");
    }

    #[test]
    fn what_could_not_come_back_is_not_forwarded() {
        for (sender, fault) in [
            ("user@x=y", SrsFault::NoDomain),
            ("user", SrsFault::NoDomain),
            ("@x", SrsFault::NoDomain),
            ("SRS1=abc==x@f0.example", SrsFault::Malformed),
            ("SRS1=abc=f1=x@f0.example", SrsFault::Malformed),
        ] {
            assert_eq!(
                text(rewriter(|_| {}).forward(sender.as_bytes(), b"f.example", DAY)),
                Err(fault),
                "{sender}"
            );
        }
    }

    #[test]
    fn separators_of_others_are_kept() {
        let rewriter = rewriter(|_| {});
        for sender in ["SRS0+abcdef+AB+x=user@f1.example", "srs0-abcdef=AB=x=user@f1.example"] {
            let one = text(rewriter.forward(sender.as_bytes(), b"f2.example", DAY)).unwrap();
            let back = text(rewriter.reverse(local(&one), DAY)).unwrap();
            assert_eq!(back[4..], sender[4..]);
        }
    }

    #[test]
    fn tampering_age_secrets_and_case() {
        let made = text(rewriter(|_| {}).forward(b"user@example.org", b"f.example", DAY)).unwrap();
        let made = local(&made).to_vec();
        let old = rewriter(|settings| settings.secrets = vec![b"new".to_vec(), b"first".to_vec()]);
        let stranger = rewriter(|settings| settings.secrets = vec![b"new".to_vec()]);
        let none = rewriter(|settings| settings.secrets.clear());
        let good = Ok("user@example.org".to_owned());
        for (rewriter, local, day, want) in [
            (rewriter(|_| {}), made.clone(), DAY, good.clone()),
            (rewriter(|_| {}), made.clone(), DAY + 31, good.clone()),
            (rewriter(|_| {}), made.clone(), DAY + 32, Err(SrsFault::Expired)),
            (rewriter(|_| {}), made.clone(), DAY - 1, Err(SrsFault::Expired)),
            (rewriter(|settings| settings.max_age = 2), made.clone(), DAY + 3, Err(SrsFault::Expired)),
            (old, made.clone(), DAY, good.clone()),
            (stranger, made.clone(), DAY, Err(SrsFault::BadHash)),
            (none, made.clone(), DAY, Err(SrsFault::NoSecret)),
            (rewriter(|_| {}), made.to_ascii_lowercase(), DAY, good.clone()),
            (rewriter(|settings| settings.hash_min = 7), made.clone(), DAY, Err(SrsFault::BadHash)),
            (rewriter(|settings| settings.hash_length = 20), made.clone(), DAY, good),
            (rewriter(|_| {}), b"user".to_vec(), DAY, Err(SrsFault::NotRewritten)),
            (rewriter(|_| {}), b"SRS0=user".to_vec(), DAY, Err(SrsFault::Malformed)),
            (rewriter(|_| {}), b"SRS0=abcdef=AB==user".to_vec(), DAY, Err(SrsFault::Malformed)),
            (rewriter(|_| {}), b"SRS1=abcdef=f1=user".to_vec(), DAY, Err(SrsFault::Malformed)),
            (rewriter(|_| {}), b"SRS1=abcdef=f1==user".to_vec(), DAY, Err(SrsFault::BadHash)),
        ] {
            assert_eq!(text(rewriter.reverse(&local, day)), want, "{}", String::from_utf8_lossy(&local));
        }
        for at in 5..made.len() {
            let mut tampered = made.clone();
            tampered[at] = if tampered[at].eq_ignore_ascii_case(&b'z') { b'y' } else { b'z' };
            assert!(rewriter(|_| {}).reverse(&tampered, DAY).is_err(), "{at}");
        }
    }

    #[test]
    fn without_hash_and_without_timestamp() {
        for (hash, stamp, want) in [
            (false, true, "SRS0=UL=example.org=user@f.example"),
            (false, false, "SRS0=example.org=user@f.example"),
        ] {
            let rewriter = rewriter(|settings| {
                settings.use_hash = hash;
                settings.use_timestamp = stamp;
            });
            let made =
                text(rewriter.forward(b"user@example.org", b"f.example", 20_480 + 20 * 32 + 11)).unwrap();
            assert_eq!(made, want);
            let back = rewriter.reverse(local(&made), 20_480 + 20 * 32 + 12);
            assert_eq!(text(back).unwrap(), "user@example.org");
        }
        let rewriter = rewriter(|settings| settings.use_timestamp = false);
        let made = text(rewriter.forward(b"user@example.org", b"f.example", DAY)).unwrap();
        assert_eq!(text(rewriter.reverse(local(&made), DAY + 500)).unwrap(), "user@example.org");
    }

    #[test]
    fn senders_that_a_database_keeps() {
        let rewriter = rewriter(|_| {});
        let Kept { key, address: made } =
            rewriter.forward_key(b"user@example.org", b"f.example", DAY).unwrap().unwrap();
        assert_eq!(key.len(), 26);
        let made = String::from_utf8(made).unwrap();
        assert!(made.starts_with("SRS0=") && made.ends_with("@f.example"), "{made}");
        let back = |local: &[u8], day| rewriter.reverse_key(local, day);
        assert_eq!(back(local(&made), DAY), Ok(Some(key.clone())));
        assert_eq!(back(&local(&made).to_ascii_lowercase(), DAY + 31), Ok(Some(key.clone())));
        assert_eq!(back(local(&made), DAY + 32), Err(SrsFault::Expired));
        let forged = made.replacen(&made[5..11], "zzzzzz", 1);
        assert_eq!(back(local(&forged), DAY), Err(SrsFault::BadHash));
        assert_eq!(back(b"user", DAY), Err(SrsFault::NotRewritten));
        // What holds its sender itself is not looked for in a database.
        let plain = text(rewriter.forward(b"user@example.org", b"f.example", DAY)).unwrap();
        assert_eq!(back(local(&plain), DAY), Ok(None));
        assert_eq!(rewriter.forward_key(plain.as_bytes(), b"f2.example", DAY), Ok(None));
        assert_eq!(rewriter.forward_key(b"me@F.example", b"f.example", DAY), Ok(None));
        // The same sender on the same day has the same key, others have others.
        assert_eq!(rewriter.database_key(b"user@example.org", DAY), Ok(key.clone()));
        assert_ne!(rewriter.database_key(b"user@example.org", DAY + 1), Ok(key.clone()));
        assert_ne!(rewriter.database_key(b"user2@example.org", DAY), Ok(key));
    }

    #[test]
    fn configured_by_a_string() {
        let settings = Settings::default().configure("s3cret:21:4:0:1").unwrap();
        assert_eq!(settings.secrets, [b"s3cret".to_vec()]);
        assert_eq!((settings.max_age, settings.hash_length, settings.hash_min), (21, 4, 4));
        assert!(!settings.use_timestamp && settings.use_hash);
        assert_eq!(Settings::default().configure("x::8").unwrap().max_age, 31);
        let settings = Settings::default().configure("secret:21:4:yes:no").unwrap();
        assert!(settings.use_timestamp && !settings.use_hash);
        assert!(Settings::default().configure("x:1:2:maybe").is_err());
        assert!(Settings::default().configure("x:y").is_err());
        assert!(Settings::default().configure("x:1:2:1:1:1").is_err());
    }
}

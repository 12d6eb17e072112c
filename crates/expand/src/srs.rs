//! The sender rewriting scheme, in the form of `${srs_encode` and `inbound_srs`: SRS0 only.
//!
//! `SRS0=HHHH=TT=domain=local@forwarder`: HHHH are four hexadecimal digits of a digest of the address with a secret, TT
//! the day in two letters.
//!
//! # Security
//! An address with a wrong digest, or of a day that is too long ago, is none of ours. The digest is short, as Exim made
//! it: it keeps out backscatter, not an attacker with patience.
//!
//! # Compatibility
//! Spec section "SRS (Sender Rewriting Scheme)"; equal to the oracle's byte for byte.

use mail_types::address::{ParseOptions, parse_address, unquote};

use crate::digest;

/// The digits of a day, 32 to the place.
const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Days that the two letters tell apart.
const DAYS: i64 = 1024;
/// How old an address may be.
const AGE_MAX: i64 = 10;
/// Digits of the digest.
const TAG: usize = 4;

const OPTIONS: ParseOptions = ParseOptions {
    allow_null: false,
    allow_utf8: true,
    allow_domain_literals: true,
    strip_trailing_dot: false,
    strip_excess_angle_brackets: false,
};

/// The return path for a message that is forwarded; `day` counts from 1970. The error is the parser's text.
pub(crate) fn encode(secret: &[u8], return_path: &[u8], domain: &[u8], day: i64) -> Result<Vec<u8>, String> {
    if return_path.is_empty() {
        return Ok(Vec::new());
    }
    let (address, _) = parse_address(return_path, OPTIONS).map_err(|error| error.to_string())?;
    let day = day.rem_euclid(DAYS) as usize;
    let stamp = [DIGITS[day >> 5], DIGITS[day & 31]];
    let tag = tag(secret, &address.to_bytes());
    let local_part =
        [b"SRS0=", &tag[..], b"=", &stamp, b"=", &address.domain, b"=", &unquote(&address.local_part)]
            .concat();
    Ok([&quoted_where_needed(&local_part)[..], b"@", domain].concat())
}

/// The parts of a local part in the scheme's form.
struct Parts<'a> {
    tag: &'a [u8],
    stamp: &'a [u8],
    domain: &'a [u8],
    local_part: &'a [u8],
}

/// Whether a local part has the scheme's form.
pub(crate) fn is_encoded(local_part: &[u8]) -> bool {
    parts(local_part).is_some()
}

/// The address in a local part that was made here with this secret and is not too old; in lower case, as Exim has it.
pub(crate) fn decode(local_part: &[u8], secret: &[u8], day: i64) -> Option<Vec<u8>> {
    let parts = parts(local_part)?;
    let digit = |byte: u8| DIGITS.iter().position(|known| *known == byte);
    let then = (digit(parts.stamp[0])? << 5) + digit(parts.stamp[1])?;
    if (day - then as i64).rem_euclid(DAYS) > AGE_MAX {
        return None;
    }
    let address =
        [&quoted_where_needed(parts.local_part)[..], b"@", parts.domain].concat().to_ascii_lowercase();
    same(parts.tag, &tag(secret, &address)).then_some(address)
}

fn parts(local_part: &[u8]) -> Option<Parts<'_>> {
    let head = local_part.get(..5)?;
    if !head.eq_ignore_ascii_case(b"SRS0=") {
        return None;
    }
    let mut fields = local_part[5..].splitn(4, |byte| *byte == b'=');
    let parts = Parts {
        tag: fields.next()?,
        stamp: fields.next()?,
        domain: fields.next()?,
        local_part: fields.next()?,
    };
    let is_digit = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'2'..=b'7');
    let formed = !parts.tag.is_empty() && parts.stamp.len() == 2 && parts.stamp.iter().all(is_digit);
    formed.then_some(parts)
}

fn tag(secret: &[u8], address: &[u8]) -> Vec<u8> {
    let mut tag = digest::hex_lower(&digest::hmac(digest::md5, secret, &address.to_ascii_lowercase()));
    tag.truncate(TAG);
    tag
}

/// Compares in a time that does not depend on where the first difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

fn quoted_where_needed(local_part: &[u8]) -> Vec<u8> {
    let plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80 || b"!#$%&'*+-/=?^_`{|}~.".contains(byte);
    let dots = local_part.split(|byte| *byte == b'.').any(<[u8]>::is_empty);
    if local_part.is_empty() || (local_part.iter().all(plain) && !dots) {
        return local_part.to_vec();
    }
    let mut out = vec![b'"'];
    for &byte in local_part {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22, on which the oracle made these.
    const DAY: i64 = 20_779;

    #[test]
    fn the_oracles_addresses() {
        for (return_path, want) in [
            ("user@example.org", "SRS0=fbad=jl=example.org=user@forward.example"),
            ("User@Example.ORG", "SRS0=fbad=jl=Example.ORG=User@forward.example"),
            ("user", "SRS0=0cf4=jl==user@forward.example"),
            ("\"us er\"@example.org", "\"SRS0=c7c9=jl=example.org=us er\"@forward.example"),
            ("", ""),
        ] {
            let got = encode(b"secret", return_path.as_bytes(), b"forward.example", DAY).unwrap();
            assert_eq!(String::from_utf8(got).unwrap(), want);
        }
    }

    #[test]
    fn round_trips_and_tampering() {
        for address in ["user@example.org", "a=b@c.example", "\"us er\"@example.org", "\"a\\\"b\"@c.d"] {
            let encoded = encode(b"k", address.as_bytes(), b"f.example", DAY).unwrap();
            let local_part = unquote(encoded.strip_suffix(b"@f.example").unwrap());
            let decoded = |local_part: &[u8], secret: &[u8], day| {
                decode(local_part, secret, day).map(|found| String::from_utf8(found).unwrap())
            };
            for (day, good) in [(DAY - 1, false), (DAY, true), (DAY + 10, true), (DAY + 11, false)] {
                assert_eq!(decoded(&local_part, b"k", day).as_deref(), good.then_some(address), "{day}");
            }
            assert_eq!(decoded(&local_part, b"other", DAY), None);
            for at in 5..local_part.len() {
                let mut tampered = local_part.clone();
                tampered[at] = if tampered[at] == b'z' { b'y' } else { b'z' };
                // Another day of the last ten is no tampering that the digest knows of.
                assert!(decoded(&tampered, b"k", DAY).is_none() || (10..12).contains(&at), "{at}");
            }
        }
    }

    #[test]
    fn forms() {
        for (local_part, want) in [
            ("srs0=abcd=AB=x=user", true),
            ("SRS0=a=ab=x=user=more", true),
            ("SRS0=abcd=AB==", true),
            ("SRS0==AB=x=user", false),
            ("SRS0=abcd=ABC=x=user", false),
            ("SRS0=abcd=11=x=user", false),
            ("SRS0+abcd+AB=x=user", false),
            ("SRS1=abcd=x==abcd=AB=y=user", false),
            ("SRS0=abcd=AB=x", false),
            ("user", false),
            ("", false),
        ] {
            assert_eq!(is_encoded(local_part.as_bytes()), want, "{local_part}");
        }
    }
}

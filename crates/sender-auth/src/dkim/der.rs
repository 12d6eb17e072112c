//! The few structures around keys: enough of DER to find a key in its envelope and to measure it.
//!
//! # Security
//! Keys come from the DNS. Nothing recurses, lengths are checked against the text.
//!
//! # References
//! RFC 8017 appendix A.1, RFC 5280 section 4.1 (`SubjectPublicKeyInfo`), RFC 5958, RFC 8410.

/// Object identifier of RSA keys (1.2.840.113549.1.1.1), its content octets.
pub(super) const RSA_ENCRYPTION: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
/// Object identifier of Ed25519 keys (1.3.101.112), its content octets.
pub(super) const ED25519: &[u8] = b"\x2b\x65\x70";

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// The key inside a `SubjectPublicKeyInfo` of this algorithm.
pub(super) fn public_key_of<'a>(octets: &'a [u8], algorithm: &[u8]) -> Option<&'a [u8]> {
    let (info, rest) = element(octets, SEQUENCE)?;
    let (identifier, info) = element(info, SEQUENCE)?;
    let (found, _) = element(identifier, OBJECT)?;
    let (bits, more) = element(info, BIT_STRING)?;
    let (unused, key) = bits.split_first()?;
    (rest.is_empty() && more.is_empty() && found == algorithm && *unused == 0).then_some(key)
}

/// The key inside a `PrivateKeyInfo` (PKCS#8) of this algorithm.
pub(super) fn private_key_of<'a>(octets: &'a [u8], algorithm: &[u8]) -> Option<&'a [u8]> {
    let (info, _) = element(octets, SEQUENCE)?;
    let (_version, info) = element(info, INTEGER)?;
    let (identifier, info) = element(info, SEQUENCE)?;
    let (found, _) = element(identifier, OBJECT)?;
    let (key, _) = element(info, OCTET_STRING)?;
    (found == algorithm).then_some(key)
}

/// Bits of the modulus of an `RSAPublicKey`.
pub(super) fn rsa_modulus_bits(octets: &[u8]) -> Option<u32> {
    let (key, rest) = element(octets, SEQUENCE)?;
    let (modulus, key) = element(key, INTEGER)?;
    let (exponent, key) = element(key, INTEGER)?;
    if !rest.is_empty() || !key.is_empty() || exponent.is_empty() {
        return None;
    }
    bits(modulus)
}

/// Bits of the modulus of an `RSAPrivateKey`.
pub(super) fn rsa_private_modulus_bits(octets: &[u8]) -> Option<u32> {
    let (key, _) = element(octets, SEQUENCE)?;
    let (_version, key) = element(key, INTEGER)?;
    let (modulus, _) = element(key, INTEGER)?;
    bits(modulus)
}

/// An `RSAPublicKey` of a modulus and an exponent, inside a `SubjectPublicKeyInfo`.
pub(super) fn rsa_public_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    public_key_info(&put(SEQUENCE, &[put_integer(modulus), put_integer(exponent)].concat()))
}

/// A `SubjectPublicKeyInfo` around an `RSAPublicKey`.
pub(super) fn public_key_info(key: &[u8]) -> Vec<u8> {
    let identifier = put(SEQUENCE, &[put(OBJECT, RSA_ENCRYPTION), vec![0x05, 0x00]].concat());
    let bit_string = put(BIT_STRING, &[&[0u8][..], key].concat());
    put(SEQUENCE, &[identifier, bit_string].concat())
}

/// Bits of a positive integer.
fn bits(integer: &[u8]) -> Option<u32> {
    if integer.first()? & 0x80 != 0 {
        return None;
    }
    let zeros = integer.iter().take_while(|byte| **byte == 0).count();
    let digits = &integer[zeros..];
    let top = digits.first()?;
    u32::try_from(digits.len()).ok()?.checked_mul(8)?.checked_sub(top.leading_zeros())
}

/// The content of the element at the start, if it has this tag, and what follows it.
fn element(octets: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = octets.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        long @ 0x81..=0x83 => {
            let count = usize::from(long & 0x7f);
            let digits = rest.get(..count)?;
            let length = digits.iter().fold(0usize, |sum, digit| sum << 8 | usize::from(*digit));
            (length, &rest[count..])
        }
        _ => return None,
    };
    (*found == tag && rest.len() >= length).then(|| rest.split_at(length))
}

fn put_integer(digits: &[u8]) -> Vec<u8> {
    if digits.first().is_some_and(|top| top & 0x80 != 0) {
        return put(INTEGER, &[&[0u8][..], digits].concat());
    }
    put(INTEGER, digits)
}

fn put(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    match length {
        0..=0x7f => out.push(length as u8),
        0x80..=0xff => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_found() {
        let modulus = [0xc1u8; 128];
        let info = rsa_public_key(&modulus, &[1, 0, 1]);
        let key = public_key_of(&info, RSA_ENCRYPTION).unwrap();
        assert_eq!(rsa_modulus_bits(key), Some(1024));
        assert_eq!(public_key_of(&info, ED25519), None);
        assert_eq!(rsa_modulus_bits(&info), None);
    }

    #[test]
    fn broken_structures_are_nothing() {
        let info = rsa_public_key(&[0xc1u8; 128], &[1, 0, 1]);
        for end in 0..info.len() {
            assert_eq!(public_key_of(&info[..end], RSA_ENCRYPTION), None, "{end}");
        }
        for text in [&b""[..], b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x30\x83\xff\xff\xff"] {
            assert_eq!(public_key_of(text, RSA_ENCRYPTION), None);
            assert_eq!(rsa_modulus_bits(text), None);
            assert_eq!(private_key_of(text, ED25519), None);
        }
    }

    #[test]
    fn a_negative_or_zero_modulus_has_no_bits() {
        assert_eq!(bits(&[0x80]), None);
        assert_eq!(bits(&[0]), None);
        assert_eq!(bits(&[0, 0x80]), Some(8));
        assert_eq!(bits(&[1]), Some(1));
    }
}

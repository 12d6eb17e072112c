//! The primitives: signatures, digests of keys, hashes of names.
//!
//! The only module of the crate that names aws-lc-rs.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

/// RSA with SHA-256 (rfc5702).
pub(crate) const RSASHA256: u8 = 8;
/// RSA with SHA-512 (rfc5702).
pub(crate) const RSASHA512: u8 = 10;
/// ECDSA on P-256 with SHA-256 (rfc6605).
pub(crate) const ECDSAP256SHA256: u8 = 13;
/// ECDSA on P-384 with SHA-384 (rfc6605).
pub(crate) const ECDSAP384SHA384: u8 = 14;
/// Ed25519 (rfc8080).
pub(crate) const ED25519_ALGORITHM: u8 = 15;

/// Good enough where a zone has nothing better (rfc4509#3): who can make another key with the same digest is not known.
pub(crate) const SHA1: u8 = 1;
const SHA256: u8 = 2;
const SHA384: u8 = 4;

/// Whether signatures of an algorithm count.
pub(crate) fn is_supported(algorithm: u8) -> bool {
    matches!(algorithm, RSASHA256 | RSASHA512 | ECDSAP256SHA256 | ECDSAP384SHA384 | ED25519_ALGORITHM)
}

/// Whether digests of a type count.
pub(crate) fn is_digest_supported(digest_type: u8) -> bool {
    matches!(digest_type, SHA1 | SHA256 | SHA384)
}

/// Whether a signature over the data was made with the key, which is in the form of a DNSKEY record.
pub(crate) fn verify(algorithm: u8, key: &[u8], data: &[u8], signature: &[u8]) -> bool {
    match algorithm {
        RSASHA256 => rsa(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, key, data, signature),
        RSASHA512 => rsa(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, key, data, signature),
        ECDSAP256SHA256 => plain(&ECDSA_P256_SHA256_FIXED, &point(key), data, signature),
        ECDSAP384SHA384 => plain(&ECDSA_P384_SHA384_FIXED, &point(key), data, signature),
        ED25519_ALGORITHM => plain(&ED25519, key, data, signature),
        _ => false,
    }
}

/// The digest of a key in a DS record; none for a type that doesn't count.
pub(crate) fn key_digest(digest_type: u8, data: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match digest_type {
        SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        SHA256 => &digest::SHA256,
        SHA384 => &digest::SHA384,
        _ => return None,
    };
    Some(digest::digest(algorithm, data).as_ref().to_vec())
}

/// The hash of a name in wire form (rfc5155#5).
pub(crate) fn nsec3_hash(name: &[u8], salt: &[u8], iterations: u16) -> Vec<u8> {
    let once = |data: &[u8]| {
        let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
        context.update(data);
        context.update(salt);
        context.finish()
    };
    let mut hash = once(name);
    for _ in 0..iterations {
        hash = once(hash.as_ref());
    }
    hash.as_ref().to_vec()
}

fn plain(
    algorithm: &'static (dyn VerificationAlgorithm + Sync),
    key: &[u8],
    data: &[u8],
    signature: &[u8],
) -> bool {
    UnparsedPublicKey::new(algorithm, key).verify(data, signature).is_ok()
}

/// rfc6605#4: the coordinates alone; the library wants the mark of an uncompressed point before them.
fn point(key: &[u8]) -> Vec<u8> {
    [&[4], key].concat()
}

/// rfc3110#2: the length of the exponent in one byte, or in two behind a zero.
fn rsa(parameters: &RsaParameters, key: &[u8], data: &[u8], signature: &[u8]) -> bool {
    let (length, rest) = match *key {
        [0, high, low, ref rest @ ..] => (usize::from(u16::from_be_bytes([high, low])), rest),
        [length, ref rest @ ..] => (usize::from(length), rest),
        [] => return false,
    };
    let Some((e, n)) = rest.split_at_checked(length) else { return false };
    RsaPublicKeyComponents { n: without_zeros(n), e: without_zeros(e) }
        .verify(parameters, data, signature)
        .is_ok()
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// rfc5155#appendix-A: `H(example) = 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom`, salt aabbccdd, 12 iterations.
    #[test]
    fn the_hash_of_the_rfc() {
        let hash = nsec3_hash(b"\x07example\x00", &hex("aabbccdd"), 12);
        assert_eq!(crate::validate::nsec3::base32hex(&hash), b"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom");
    }

    #[test]
    fn keys_that_are_none_verify_nothing() {
        for algorithm in 0..=255 {
            for key in [&b""[..], b"\x00", b"\x00\xff\xff", b"\x03\x01\x00\x01", &[1; 32], &[0; 65]] {
                assert!(!verify(algorithm, key, b"data", &[1; 64]), "{algorithm}");
            }
        }
    }
}

//! Digests: the only place where the hash crates are named.

use ::sha1::Sha1;
use md5::{Digest, Md5};
use sha2::{Sha256, Sha384, Sha512};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

/// The lengths of SHA-2 that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sha2 {
    Bits256,
    Bits384,
    Bits512,
}

/// MD5.
pub(crate) fn md5(data: &[u8]) -> Vec<u8> {
    Md5::digest(data).to_vec()
}

/// SHA-1.
pub(crate) fn sha1(data: &[u8]) -> Vec<u8> {
    Sha1::digest(data).to_vec()
}

/// SHA-2.
pub(crate) fn sha2(data: &[u8], length: Sha2) -> Vec<u8> {
    match length {
        Sha2::Bits256 => Sha256::digest(data).to_vec(),
        Sha2::Bits384 => Sha384::digest(data).to_vec(),
        Sha2::Bits512 => Sha512::digest(data).to_vec(),
    }
}

/// The lengths of SHA-3 that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sha3 {
    Bits224,
    Bits256,
    Bits384,
    Bits512,
}

/// SHA-3.
pub(crate) fn sha3(data: &[u8], length: Sha3) -> Vec<u8> {
    match length {
        Sha3::Bits224 => Sha3_224::digest(data).to_vec(),
        Sha3::Bits256 => Sha3_256::digest(data).to_vec(),
        Sha3::Bits384 => Sha3_384::digest(data).to_vec(),
        Sha3::Bits512 => Sha3_512::digest(data).to_vec(),
    }
}

/// A keyed digest after RFC 2104, for hashes with blocks of 64 bytes.
pub(crate) fn hmac(hash: fn(&[u8]) -> Vec<u8>, secret: &[u8], data: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut key = [0; BLOCK];
    if secret.len() > BLOCK {
        let short = hash(secret);
        key[..short.len()].copy_from_slice(&short);
    } else {
        key[..secret.len()].copy_from_slice(secret);
    }
    let round = |pad: u8, data: &[u8]| {
        let mut text = Vec::with_capacity(BLOCK + data.len());
        text.extend(key.iter().map(|byte| byte ^ pad));
        text.extend_from_slice(data);
        hash(&text)
    };
    round(0x5c, &round(0x36, data))
}

/// Hexadecimal with small letters.
pub(crate) fn hex_lower(bytes: &[u8]) -> Vec<u8> {
    hex(bytes, b"0123456789abcdef")
}

/// Hexadecimal with capital letters.
pub(crate) fn hex_upper(bytes: &[u8]) -> Vec<u8> {
    hex(bytes, b"0123456789ABCDEF")
}

fn hex(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 * bytes.len());
    for byte in bytes {
        out.extend([digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2202, cases 1, 2 and 6 (a key longer than the block).
    #[test]
    fn rfc2202_vectors() {
        let long = [0xaa; 80];
        let cases: [(&[u8], &[u8], &str, &str); 3] = [
            (
                &[0x0b; 16],
                b"Hi There",
                "9294727a3638bb1c13f48ef8158bfc9d",
                "675b0b3a1b4ddf4e124872da6c2f632bfed957e9",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "750c783e6ab0b503eaa86e310a5db738",
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
            ),
            (
                &long,
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112",
            ),
        ];
        for (key, data, with_md5, with_sha1) in cases {
            assert_eq!(hex_lower(&hmac(md5, key, data)), with_md5.as_bytes());
            assert_eq!(hex_lower(&hmac(sha1, key, data)), with_sha1.as_bytes());
        }
    }
}

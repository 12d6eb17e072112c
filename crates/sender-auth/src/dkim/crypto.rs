//! Hashes and signatures: the only place where the cryptographic libraries are named.
//!
//! # Security
//! Public keys and signatures are hostile. The size of a key is limited by [`limits::DKIM_KEY_BITS`] before any
//! arithmetic is done with it. Keys under 2048 bits sign through a second library, because the first refuses them.
//!
//! # References
//! RFC 8017 section 8.2 (RSASSA-PKCS1-v1_5), RFC 8463 (Ed25519 over the SHA-256 of the data), RFC 8301 (key sizes).

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, KeyPair, ParsedPublicKey, UnparsedPublicKey};
use mail_types::limits;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;

use super::der;
use crate::base64;

/// A hash function of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// `sha1`: RFC 8301 forbids it; there for what Exim's options can ask for.
    Sha1,
    /// `sha256`.
    Sha256,
    /// `sha512`: in no RFC; Exim offers it.
    Sha512,
}

impl Hash {
    /// The hash with this name.
    pub fn by_name(name: &[u8]) -> Option<Self> {
        match name {
            b"sha1" => Some(Self::Sha1),
            b"sha256" => Some(Self::Sha256),
            b"sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// Its name in `a=` and `h=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The `DigestInfo` in front of the hash, RFC 8017 section 9.2.
    fn digest_info(self) -> &'static [u8] {
        match self {
            Self::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
            Self::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
            Self::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
        }
    }

    /// Octets of its result.
    pub fn octets(self) -> usize {
        self.algorithm().output_len()
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// The kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// `ed25519`.
    Ed25519,
    /// `rsa`.
    Rsa,
}

impl KeyType {
    /// The kind with this name.
    pub fn by_name(name: &[u8]) -> Option<Self> {
        match name {
            b"rsa" => Some(Self::Rsa),
            b"ed25519" => Some(Self::Ed25519),
            _ => None,
        }
    }

    /// Its name in `a=` and `k=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Rsa => "rsa",
        }
    }
}

/// A hash in the making.
#[derive(Clone)]
pub(crate) struct Digest(digest::Context);

impl Digest {
    pub(crate) fn new(hash: Hash) -> Self {
        Self(digest::Context::new(hash.algorithm()))
    }

    pub(crate) fn update(&mut self, text: &[u8]) {
        self.0.update(text);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }

    /// True when `signature` was made over what was hashed with the private half of this key.
    pub(crate) fn verifies(self, key: &PublicKey, signature: &[u8]) -> bool {
        key.verifies_digest(&self.0.finish(), signature)
    }
}

/// A public key that can be verified with.
#[derive(Clone, Debug)]
pub struct PublicKey {
    kind: KeyType,
    /// RSA: the `RSAPublicKey` structure. Ed25519: the 32 octets.
    octets: Vec<u8>,
    bits: u32,
    /// As the library wants it, for SHA-256 if that matters; none where it refuses the key.
    parsed: Option<ParsedPublicKey>,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.octets) == (other.kind, &other.octets)
    }
}

impl Eq for PublicKey {}

/// Why the octets of `p=` are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Not the structure that a key of this kind has.
    Malformed,
    /// More than [`limits::DKIM_KEY_BITS`].
    TooLarge,
}

impl PublicKey {
    /// A key from the octets of `p=`: for RSA a `SubjectPublicKeyInfo` or, as older documents had it, a bare
    /// `RSAPublicKey`; for Ed25519 the 32 octets of RFC 8463 or, as drafts of it had it, a `SubjectPublicKeyInfo`.
    pub fn parse(kind: KeyType, octets: &[u8]) -> Result<Self, KeyError> {
        match kind {
            KeyType::Ed25519 => {
                let raw = match octets.len() {
                    32 => octets,
                    _ => der::public_key_of(octets, der::ED25519).ok_or(KeyError::Malformed)?,
                };
                if raw.len() != 32 {
                    return Err(KeyError::Malformed);
                }
                let parsed = ParsedPublicKey::new(&signature::ED25519, raw).ok();
                Ok(Self { kind, octets: raw.to_vec(), bits: 256, parsed })
            }
            KeyType::Rsa => {
                let key = der::public_key_of(octets, der::RSA_ENCRYPTION).unwrap_or(octets);
                let bits = der::rsa_modulus_bits(key).ok_or(KeyError::Malformed)?;
                if bits > limits::DKIM_KEY_BITS {
                    return Err(KeyError::TooLarge);
                }
                let parsed = ParsedPublicKey::new(rsa_parameters(Hash::Sha256), key).ok();
                Ok(Self { kind, octets: key.to_vec(), bits, parsed })
            }
        }
    }

    /// Bits of the modulus; 256 for Ed25519.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The kind.
    pub fn kind(&self) -> KeyType {
        self.kind
    }

    /// True when `signature` was made over `data` with the private half of this key. Always false for RSA keys under
    /// 1024 bits, which RFC 8301 forbids.
    pub fn verifies(&self, hash: Hash, data: &[u8], signature: &[u8]) -> bool {
        self.verifies_digest(&digest::digest(hash.algorithm(), data), signature)
    }

    fn verifies_digest(&self, hashed: &digest::Digest, signature: &[u8]) -> bool {
        match (self.kind, &self.parsed) {
            (KeyType::Ed25519, Some(key)) => key.verify_sig(hashed.as_ref(), signature).is_ok(),
            (KeyType::Rsa, Some(key)) if hashed.algorithm() == &digest::SHA256 => {
                key.verify_digest_sig(hashed, signature).is_ok()
            }
            (KeyType::Rsa, Some(_)) => {
                let hash = if hashed.algorithm() == &digest::SHA512 { Hash::Sha512 } else { Hash::Sha1 };
                let key = UnparsedPublicKey::new(rsa_parameters(hash), &self.octets);
                key.verify_digest(hashed, signature).is_ok()
            }
            (_, None) => false,
        }
    }
}

fn rsa_parameters(hash: Hash) -> &'static signature::RsaParameters {
    match hash {
        Hash::Sha1 => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        Hash::Sha512 => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
    }
}

/// A private key that signs.
pub struct PrivateKey {
    inner: Inner,
}

enum Inner {
    Ed25519(Box<signature::Ed25519KeyPair>),
    Rsa(Box<signature::RsaKeyPair>),
    /// Shorter than what the first library loads.
    ShortRsa(Box<rsa::RsaPrivateKey>),
}

/// Why a text is no private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateKeyError {
    /// No PEM block with a private key, or its base 64 is broken.
    NotPem,
    /// The block is encrypted.
    Encrypted,
    /// A structure that is no RSA and no Ed25519 key, or one that contradicts itself.
    Malformed,
    /// More than [`limits::DKIM_KEY_BITS`].
    TooLarge,
}

impl std::fmt::Display for PrivateKeyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotPem => "no PEM private key found",
            Self::Encrypted => "the private key is encrypted",
            Self::Malformed => "not an RSA or Ed25519 private key",
            Self::TooLarge => "the private key is too large",
        })
    }
}

impl std::error::Error for PrivateKeyError {}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrivateKey").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

impl PrivateKey {
    /// A key from the text of a PEM file, to sign with this hash: `RSA PRIVATE KEY` (PKCS#1) or `PRIVATE KEY` (PKCS#8,
    /// RSA or Ed25519).
    pub fn from_pem(text: &[u8], hash: Hash) -> Result<Self, PrivateKeyError> {
        let (label, octets) = pem_block(text)?;
        match label {
            b"RSA PRIVATE KEY" => Self::rsa(&octets, hash),
            _ if der::private_key_of(&octets, der::ED25519).is_some() => {
                let pair = signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(&octets)
                    .map_err(|_| PrivateKeyError::Malformed)?;
                Ok(Self { inner: Inner::Ed25519(Box::new(pair)) })
            }
            _ => {
                let inner = der::private_key_of(&octets, der::RSA_ENCRYPTION);
                Self::rsa(inner.ok_or(PrivateKeyError::Malformed)?, hash)
            }
        }
    }

    /// A key from an `RSAPrivateKey` structure.
    fn rsa(octets: &[u8], hash: Hash) -> Result<Self, PrivateKeyError> {
        let bits = der::rsa_private_modulus_bits(octets).ok_or(PrivateKeyError::Malformed)?;
        if bits > limits::DKIM_KEY_BITS {
            return Err(PrivateKeyError::TooLarge);
        }
        // The first library neither loads short keys nor signs with SHA-1.
        if bits >= 2048
            && hash != Hash::Sha1
            && let Ok(pair) = signature::RsaKeyPair::from_der(octets)
        {
            return Ok(Self { inner: Inner::Rsa(Box::new(pair)) });
        }
        let key = rsa::RsaPrivateKey::from_pkcs1_der(octets).map_err(|_| PrivateKeyError::Malformed)?;
        Ok(Self { inner: Inner::ShortRsa(Box::new(key)) })
    }

    /// The kind.
    pub fn kind(&self) -> KeyType {
        match self.inner {
            Inner::Ed25519(_) => KeyType::Ed25519,
            Inner::Rsa(_) | Inner::ShortRsa(_) => KeyType::Rsa,
        }
    }

    /// Octets of a signature.
    pub fn signature_octets(&self) -> usize {
        match &self.inner {
            Inner::Ed25519(_) => 64,
            Inner::Rsa(pair) => pair.public_modulus_len(),
            Inner::ShortRsa(key) => key.size(),
        }
    }

    /// Signs `data`. The same key and data give the same signature. `None` when the library fails.
    pub fn sign(&self, hash: Hash, data: &[u8]) -> Option<Vec<u8>> {
        let hashed = || digest::digest(hash.algorithm(), data);
        match &self.inner {
            Inner::Ed25519(pair) => Some(pair.sign(hashed().as_ref()).as_ref().to_vec()),
            Inner::Rsa(pair) => {
                let encoding: &dyn signature::RsaEncoding = match hash {
                    Hash::Sha1 => return None,
                    Hash::Sha256 => &signature::RSA_PKCS1_SHA256,
                    Hash::Sha512 => &signature::RSA_PKCS1_SHA512,
                };
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &SystemRandom::new(), data, &mut out).ok()?;
                Some(out)
            }
            Inner::ShortRsa(key) => {
                let scheme = rsa::Pkcs1v15Sign {
                    hash_len: Some(hash.algorithm().output_len()),
                    prefix: hash.digest_info().into(),
                };
                key.sign(scheme, hashed().as_ref()).ok()
            }
        }
    }

    /// The public half, as `p=` of a key record has it before base 64.
    pub fn public_octets(&self) -> Vec<u8> {
        match &self.inner {
            Inner::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Inner::Rsa(pair) => der::public_key_info(pair.public_key().as_ref()),
            Inner::ShortRsa(key) => der::rsa_public_key(&key.n().to_bytes_be(), &key.e().to_bytes_be()),
        }
    }
}

/// The first block of a PEM text that is a private key: label and octets.
fn pem_block(text: &[u8]) -> Result<(&[u8], Vec<u8>), PrivateKeyError> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, BEGIN) {
        rest = &rest[at + BEGIN.len()..];
        let end = memchr::memmem::find(rest, b"-----").ok_or(PrivateKeyError::NotPem)?;
        let label = &rest[..end];
        let body = &rest[end + 5..];
        let stop = memchr::memmem::find(body, b"-----END ").ok_or(PrivateKeyError::NotPem)?;
        let body = &body[..stop];
        if label == b"ENCRYPTED PRIVATE KEY" || memchr::memmem::find(body, b"ENCRYPTED").is_some() {
            return Err(PrivateKeyError::Encrypted);
        }
        if label.ends_with(b"PRIVATE KEY") {
            return Ok((label, base64::decode(body).ok_or(PrivateKeyError::NotPem)?));
        }
        rest = &rest[end + 5 + stop..];
    }
    Err(PrivateKeyError::NotPem)
}

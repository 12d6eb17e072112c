//! The key schedule of TLS 1.3, on HMAC keys that are made once.
//!
//! A handshake expands each of its secrets into several keys. The library's own adapter begins with the secret's
//! HKDF-Extract each time, and with both paddings of the HMAC key: eight blocks of the hash for a key that needs two. With
//! SHA-384 that was two fifths of the instructions of a resumed handshake.
//!
//! # Security
//! Hash and HMAC are the cryptographic library's, as before; it wipes its contexts. Only their order is decided here, by
//! rustls' own HKDF.
//!
//! # References
//! RFC 8446 section 7.1, RFC 5869, RFC 2104.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use rustls::crypto::hmac::{Hmac, Key, Tag};
use rustls::crypto::tls13::{Hkdf, HkdfUsingHmac};
use rustls::{CipherSuiteCommon, SupportedCipherSuite, Tls13CipherSuite};

/// HMAC with a hash.
struct Keyed(hmac::Algorithm);

/// A key whose paddings are hashed already.
struct Prepared(hmac::Key);

impl Hmac for Keyed {
    fn with_key(&self, key: &[u8]) -> Box<dyn Key> {
        Box::new(Prepared(hmac::Key::new(self.0, key)))
    }

    fn hash_output_len(&self) -> usize {
        self.0.digest_algorithm().output_len()
    }
}

impl Key for Prepared {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(first);
        for part in middle {
            context.update(part);
        }
        context.update(last);
        Tag::new(context.sign().as_ref())
    }

    fn tag_len(&self) -> usize {
        self.0.algorithm().digest_algorithm().output_len()
    }
}

static WITH_SHA256: HkdfUsingHmac<'static> = HkdfUsingHmac(&Keyed(hmac::HMAC_SHA256));
static WITH_SHA384: HkdfUsingHmac<'static> = HkdfUsingHmac(&Keyed(hmac::HMAC_SHA384));

/// The same suite with this key schedule; suites of TLS 1.2 have another one and stay as they are.
pub(crate) fn scheduled(suite: SupportedCipherSuite) -> SupportedCipherSuite {
    static SUITES: LazyLock<Vec<Tls13CipherSuite>> = LazyLock::new(|| {
        rustls::crypto::aws_lc_rs::ALL_CIPHER_SUITES
            .iter()
            .filter_map(|suite| with_schedule(*suite))
            .collect()
    });
    let own = SUITES.iter().find(|own| own.common.suite == suite.suite());
    own.map_or(suite, SupportedCipherSuite::Tls13)
}

fn with_schedule(suite: SupportedCipherSuite) -> Option<Tls13CipherSuite> {
    let suite = suite.tls13()?;
    let hkdf: &'static dyn Hkdf = match suite.common.hash_provider.output_len() {
        32 => &WITH_SHA256,
        48 => &WITH_SHA384,
        _ => return None,
    };
    let CipherSuiteCommon { suite: name, hash_provider, confidentiality_limit } = suite.common;
    let common = CipherSuiteCommon { suite: name, hash_provider, confidentiality_limit };
    Some(Tls13CipherSuite { common, hkdf_provider: hkdf, aead_alg: suite.aead_alg, quic: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, case 2.
    #[test]
    fn hmac_vectors() {
        let cases = [
            (hmac::HMAC_SHA256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                hmac::HMAC_SHA384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
        ];
        for (algorithm, want) in cases {
            let key = Keyed(algorithm).with_key(b"Jefe");
            for _ in 0..2 {
                let tag = key.sign_concat(b"what do ", &[b"ya want ", b"for "], b"nothing?");
                let shown: String =
                    tag.as_ref().iter().fold(String::new(), |all, byte| all + &format!("{byte:02x}"));
                assert_eq!(shown, want);
                assert_eq!(key.tag_len(), tag.as_ref().len());
            }
        }
    }

    #[test]
    fn keys_are_those_of_the_librarys_own_schedule() {
        for suite in rustls::crypto::aws_lc_rs::ALL_CIPHER_SUITES {
            let own = scheduled(*suite);
            assert_eq!(own.suite(), suite.suite());
            let (Some(suite), Some(own)) = (suite.tls13(), own.tls13()) else { continue };
            assert!(!std::ptr::eq(suite, own));
            for salt in [None, Some(&b"salt"[..])] {
                let pair = [suite, own].map(|suite| suite.hkdf_provider.extract_from_secret(salt, b"secret"));
                let blocks = pair.each_ref().map(|secret| secret.expand_block(&[b"a label", b" and more"]));
                assert_eq!(blocks[0].as_ref(), blocks[1].as_ref());
                let texts = pair.each_ref().map(|secret| {
                    let mut text = [0; 100];
                    secret.expand_slice(&[b"key"], &mut text).unwrap();
                    text
                });
                assert_eq!(texts[0], texts[1]);
                let signed =
                    [suite, own].map(|suite| suite.hkdf_provider.hmac_sign(&blocks[0], b"transcript"));
                assert_eq!(signed[0].as_ref(), signed[1].as_ref());
            }
        }
    }
}

//! The same work by mail-auth.

use std::borrow::Borrow;
use std::hash::Hash;
use std::hint::black_box;
use std::sync::Arc;

use mail_auth::common::cache::NoCache;
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256};
use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::dkim::DkimSigner;
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer};

use crate::{Key, best};

/// A cache that holds one key, whatever it is asked for.
struct OneKey(Arc<DomainKey>);

impl<K> ResolverCache<K, Txt> for OneKey {
    fn get<Q>(&self, _: &Q) -> Option<Txt>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        Some(Txt::DomainKey(Arc::clone(&self.0)))
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: K, _: Txt, _: std::time::Instant) {}
}

type Asked<'a, P> = Parameters<
    'a,
    P,
    OneKey,
    NoCache<Box<str>, mail_auth::RecordSet<mail_auth::MX>>,
    NoCache<Box<str>, mail_auth::RecordSet<std::net::Ipv4Addr>>,
    NoCache<Box<str>, mail_auth::RecordSet<std::net::Ipv6Addr>>,
    NoCache<std::net::IpAddr, mail_auth::RecordSet<Box<str>>>,
>;

fn asked<'a, P>(params: P, cache: &'a OneKey) -> Asked<'a, P> {
    Parameters {
        params,
        cache_txt: Some(cache),
        cache_mx: None,
        cache_ptr: None,
        cache_ipv4: None,
        cache_ipv6: None,
    }
}

fn setting(key: &Key) -> (tokio::runtime::Runtime, MessageAuthenticator, OneKey) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let authenticator =
        runtime.block_on(async { MessageAuthenticator::new_cloudflare().expect("a resolver") });
    let record = DomainKey::parse(key.record.as_bytes()).expect("a record");
    (runtime, authenticator, OneKey(Arc::new(record)))
}

pub(crate) fn verify(message: &[u8], key: &Key, rounds: usize) -> f64 {
    let (runtime, authenticator, cache) = setting(key);
    best(rounds, || {
        runtime.block_on(async {
            let parsed = AuthenticatedMessage::parse(message).expect("a message");
            let results = authenticator.verify_dkim(asked(&parsed, &cache)).await;
            assert_eq!(results[0].result(), &DkimResult::Pass);
        });
    })
}

pub(crate) fn arc(message: &[u8], key: &Key, rounds: usize) -> f64 {
    let (runtime, authenticator, cache) = setting(key);
    best(rounds, || {
        runtime.block_on(async {
            let parsed = AuthenticatedMessage::parse(message).expect("a message");
            let result = authenticator.verify_arc(asked(&parsed, &cache)).await;
            assert_eq!(result.result(), &DkimResult::Pass);
        });
    })
}

pub(crate) fn sign(message: &[u8], key: &Key, rounds: usize) -> f64 {
    const NAMES: [&str; 7] = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"];
    if key.file == "ed25519" {
        let octets: Vec<u8> = decode(&key.pem);
        let signer =
            DkimSigner::from_key(Ed25519Key::from_pkcs8_maybe_unchecked_der(&octets).expect("a key"));
        let signer = signer.domain("example.org").selector("sel").headers(NAMES);
        return best(rounds, || {
            black_box(signer.sign(message).expect("it signs"));
        });
    }
    let der = PrivatePkcs1KeyDer::from_pem_slice(key.pem.as_bytes()).expect("a key");
    let signer =
        DkimSigner::from_key(RsaKey::<Sha256>::from_key_der(PrivateKeyDer::Pkcs1(der)).expect("a key"));
    let signer = signer.domain("example.org").selector("sel").headers(NAMES);
    best(rounds, || {
        black_box(signer.sign(message).expect("it signs"));
    })
}

fn decode(pem: &str) -> Vec<u8> {
    rustls_pki_types::PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
        .expect("a key")
        .secret_pkcs8_der()
        .to_vec()
}

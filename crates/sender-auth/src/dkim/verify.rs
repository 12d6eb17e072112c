//! Verifying a message's signatures.
//!
//! # Invariants
//! * Signatures are looked at in the order of the administrator's hashes, then of his key types, then of the header, as
//!   the oracle does.
//! * A signature of a hash or key type that is not wanted is as if it were not there.
//! * One DNS question for each selector and domain.
//!
//! # Security
//! Every field is hostile: a message with more than [`limits::DKIM_SIGNATURES`] of them is taken as unsigned.
//!
//! # Compatibility
//! Options `dkim_verify_hashes`, `dkim_verify_keytypes`, `dkim_verify_min_keysizes`, `dkim_verify_minimal`; the words of
//! `$dkim_verify_status`, `$dkim_verify_reason` and of the log.
//!
//! # References
//! RFC 6376 section 6.

use std::sync::{Arc, OnceLock};

use mail_types::dns::Resolve;
use mail_types::limits;

use super::body::{BodyForm, BodyHashes};
use super::canon::{FieldChooser, field_name, push_field, push_open_field, without_signature};
use super::crypto::{Hash, KeyError, KeyType, PublicKey};
use super::key_record::{KeyRecord, KeyRecordError};
use super::signature::{Fault, Signature};

/// What the administrator lets pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Hashes, the preferred first.
    pub hashes: Vec<Hash>,
    /// Key types, the preferred first.
    pub key_types: Vec<KeyType>,
    /// The least bits of a key.
    pub min_bits: Vec<(KeyType, u32)>,
    /// Stop at the first signature that passes.
    pub minimal: bool,
}

impl Default for Policy {
    /// Exim's defaults.
    fn default() -> Self {
        Self {
            hashes: vec![Hash::Sha256, Hash::Sha512],
            key_types: vec![KeyType::Ed25519, KeyType::Rsa],
            min_bits: vec![(KeyType::Rsa, 1024), (KeyType::Ed25519, 250)],
            minimal: false,
        }
    }
}

impl Policy {
    /// Whether a key is large enough.
    pub(crate) fn allows(&self, key: &PublicKey) -> Result<(), Verdict> {
        let least = self.min_bits.iter().find(|(kind, _)| *kind == key.kind()).map_or(0, |(_, bits)| *bits);
        if key.bits() < least { Err(Verdict::KeyTooShort) } else { Ok(()) }
    }
}

/// The header of a message that is to be verified once its body has passed by.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    fields: Vec<Vec<u8>>,
    signatures: Vec<Signature>,
    policy: Policy,
    /// More signatures than [`limits::DKIM_SIGNATURES`].
    pub excess: bool,
}

/// What came out for one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureResult {
    /// The signature.
    pub signature: Signature,
    /// The verdict.
    pub verdict: Verdict,
    /// Its key record, once it was fetched and could be read.
    pub key: Option<KeyRecord>,
    /// Bits of the key, once it was loaded; 0 before.
    pub key_bits: u32,
}

/// The verdict over a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The body is not the one that was signed.
    BodyHash,
    /// The field itself is wrong.
    Fault(Fault),
    /// The key record does not let this hash be used.
    HashForbidden,
    /// `p=` is no key, is empty (revoked), or is of another type.
    KeyMalformed,
    /// There is no key record.
    KeyMissing,
    /// The key is not for subdomains, and the identity is in one.
    KeyNoSubdomains,
    /// The key record cannot be read.
    KeySyntax,
    /// The DNS does not answer.
    KeyTemporary,
    /// The key is smaller than the administrator wants.
    KeyTooShort,
    /// Another signature had passed already (`dkim_verify_minimal`).
    NotVerified,
    /// It verifies.
    Pass,
    /// The signature does not fit the header and the key.
    Signature,
}

impl Verdict {
    /// `$dkim_verify_status`.
    pub fn status(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NotVerified => "none",
            Self::BodyHash | Self::HashForbidden | Self::KeyTooShort | Self::Signature => "fail",
            _ => "invalid",
        }
    }

    /// `$dkim_verify_reason`; empty where Exim has no word.
    pub fn reason(self) -> &'static str {
        match self {
            Self::BodyHash => "bodyhash_mismatch",
            Self::KeyMalformed => "pubkey_der_syntax",
            Self::KeyMissing | Self::KeyTemporary | Self::Fault(Fault::Query) => "pubkey_unavailable",
            Self::KeySyntax => "pubkey_dns_syntax",
            Self::KeyTooShort => "pubkey_too_short",
            Self::Signature => "signature_incorrect",
            Self::NotVerified => "",
            // Ours: Exim does not check these.
            Self::Fault(Fault::FromNotSigned) => "from_not_signed",
            Self::Fault(Fault::Identity) => "identity_mismatch",
            Self::KeyNoSubdomains => "pubkey_no_subdomains",
            Self::Fault(Fault::Tag | Fault::Version | Fault::TooMany) | Self::HashForbidden | Self::Pass => {
                ""
            }
        }
    }

    /// The words in brackets at the end of a `dkim_verbose` line.
    pub fn log_text(self) -> &'static str {
        match self {
            Self::NotVerified => "not verified",
            Self::Pass => "verification succeeded",
            Self::BodyHash => "verification failed - body hash mismatch (body probably modified in transit)",
            Self::HashForbidden => "verification failed - unspecified reason",
            Self::KeyTooShort => "verification failed - signature invalid (key too short)",
            Self::Signature => {
                "verification failed - signature did not verify (headers probably modified in transit)"
            }
            Self::Fault(Fault::Query) | Self::KeyMissing | Self::KeyTemporary => {
                "invalid - public key record (currently?) unavailable"
            }
            Self::KeyMalformed | Self::KeySyntax => "invalid - syntax error in public key record",
            Self::Fault(Fault::Tag) => "invalid - signature tag missing or invalid",
            Self::Fault(Fault::TooMany) => "invalid - too many different body hashes",
            Self::Fault(Fault::Version) => "invalid - unsupported DKIM version",
            Self::Fault(Fault::FromNotSigned) => "invalid - From: header not signed",
            Self::Fault(Fault::Identity) => "invalid - identity not within the signing domain",
            Self::KeyNoSubdomains => "invalid - key not for identities in subdomains",
        }
    }

    /// The lines that the log gets before anything else.
    pub fn log_notes(self, signature: &Signature) -> Vec<Vec<u8>> {
        let import = || {
            let selector = signature.selector.as_deref().unwrap_or_default();
            [b"DKIM: d=", signature.domain.as_slice(), b" s=", selector, b" [failed key import]"].concat()
        };
        match self {
            Self::KeyMissing | Self::KeyTemporary | Self::KeySyntax | Self::Fault(Fault::Query) => {
                vec![import()]
            }
            Self::KeyMalformed => {
                vec![import(), b"DKIM: validation error: ASN1 parser: Error in TAG.".to_vec()]
            }
            Self::Signature if signature.key_type == KeyType::Rsa => {
                vec![b"DKIM: validation error: Public key signature verification has failed.".to_vec()]
            }
            _ => Vec::new(),
        }
    }
}

impl SignatureResult {
    /// True when the trouble may be gone later.
    pub fn is_temporary(&self) -> bool {
        self.verdict == Verdict::KeyTemporary
    }
}

impl Verifier {
    /// Looks at a header, topmost field first, each field in spool form.
    pub fn new(header: &[&[u8]], policy: &Policy) -> Self {
        let named = |field: &&&[u8]| field_name(field).eq_ignore_ascii_case(b"dkim-signature");
        let count = header.iter().filter(named).count();
        if count == 0 || count > limits::DKIM_SIGNATURES {
            return Self { excess: count > 0, policy: policy.clone(), ..Self::default() };
        }
        let rank = |signature: &Signature| {
            let hash = policy.hashes.iter().position(|hash| *hash == signature.hash)?;
            Some((hash, policy.key_types.iter().position(|kind| *kind == signature.key_type)?))
        };
        let mut signatures: Vec<Signature> =
            header.iter().filter(named).filter_map(|f| Signature::parse(f)).collect();
        signatures.retain(|signature| rank(signature).is_some());
        signatures.sort_by_key(rank);
        let fields =
            if signatures.is_empty() { Vec::new() } else { header.iter().map(|f| f.to_vec()).collect() };
        Self { fields, signatures, policy: policy.clone(), excess: false }
    }

    /// The hashes of the body that will be wanted.
    pub fn body_forms(&self) -> impl Iterator<Item = BodyForm> + '_ {
        self.signatures.iter().filter(|signature| signature.fault.is_none()).map(Signature::body_form)
    }

    /// True when there is nothing to verify.
    pub fn is_idle(&self) -> bool {
        self.signatures.is_empty()
    }

    /// Decides about every signature; asks the DNS, and so may take its time.
    pub fn verify(self, hashes: &BodyHashes, dns: &dyn Resolve) -> Vec<SignatureResult> {
        let Self { fields, signatures, policy, .. } = self;
        let chooser = FieldChooser::new(fields.iter().map(Vec::as_slice));
        let mut keys = KeyStore::new(dns);
        let mut enough = false;
        let judged = signatures.into_iter().map(|signature| {
            if enough {
                return SignatureResult { signature, verdict: Verdict::NotVerified, key: None, key_bits: 0 };
            }
            let result = judge(signature, hashes, &chooser, &policy, &mut keys);
            enough = policy.minimal && result.verdict == Verdict::Pass;
            result
        });
        judged.collect()
    }
}

/// The key records of one message, each asked for once.
pub(crate) struct KeyStore<'a> {
    dns: &'a dyn Resolve,
    known: KnownKeys,
}

/// The key records that were asked for.
#[derive(Clone, Default)]
pub(crate) struct KnownKeys(Vec<Arc<KnownKey>>);

impl KnownKeys {
    /// The key of a selector and a domain.
    pub(crate) fn find(&self, selector: &[u8], domain: &[u8]) -> Option<Arc<KnownKey>> {
        let same = |key: &&Arc<KnownKey>| {
            key.selector.eq_ignore_ascii_case(selector) && key.domain.eq_ignore_ascii_case(domain)
        };
        self.0.iter().find(same).map(Arc::clone)
    }
}

/// A key record that was asked for, and the key in it once that was wanted.
pub(crate) struct KnownKey {
    selector: Vec<u8>,
    domain: Vec<u8>,
    record: Result<KeyRecord, KeyRecordError>,
    public: OnceLock<Result<PublicKey, KeyError>>,
}

impl KnownKey {
    /// The record, or the verdict without one.
    pub(crate) fn record(&self) -> Result<&KeyRecord, Verdict> {
        self.record.as_ref().map_err(|error| match error {
            KeyRecordError::Missing => Verdict::KeyMissing,
            KeyRecordError::Syntax => Verdict::KeySyntax,
            KeyRecordError::Temporary => Verdict::KeyTemporary,
        })
    }

    /// The public key for this type; the verdict when there is none.
    pub(crate) fn public_key(&self, kind: KeyType) -> Result<&PublicKey, Verdict> {
        let record = self.record()?;
        if record.key_type != Some(kind) {
            return Err(Verdict::KeyMalformed);
        }
        let public = self.public.get_or_init(|| PublicKey::parse(kind, &record.key));
        public.as_ref().map_err(|error| match error {
            KeyError::Malformed | KeyError::TooLarge => Verdict::KeyMalformed,
        })
    }
}

impl<'a> KeyStore<'a> {
    pub(crate) fn new(dns: &'a dyn Resolve) -> Self {
        Self { dns, known: KnownKeys::default() }
    }

    /// The key of a selector and a domain.
    pub(crate) fn fetch(&mut self, selector: &[u8], domain: &[u8]) -> Arc<KnownKey> {
        if let Some(key) = self.known.find(selector, domain) {
            return key;
        }
        let (selector, domain) = (selector.to_ascii_lowercase(), domain.to_ascii_lowercase());
        let record = KeyRecord::fetch(&selector, &domain, self.dns);
        let key = Arc::new(KnownKey { selector, domain, record, public: OnceLock::new() });
        self.known.0.push(Arc::clone(&key));
        key
    }

    /// What was asked for until now.
    pub(crate) fn into_known(self) -> KnownKeys {
        self.known
    }
}

/// Everything that can be said of one signature once the body has passed by.
fn judge(
    signature: Signature,
    hashes: &BodyHashes,
    chooser: &FieldChooser<'_>,
    policy: &Policy,
    keys: &mut KeyStore<'_>,
) -> SignatureResult {
    let mut found = None;
    let verdict = examine(&signature, hashes, chooser, policy, |selector, domain| {
        Arc::clone(found.insert(keys.fetch(selector, domain)))
    });
    let key = found.as_ref().and_then(|known| known.record.as_ref().ok().cloned());
    let public = found.as_ref().and_then(|known| known.public.get()?.as_ref().ok());
    let key_bits = public.map_or(0, PublicKey::bits);
    SignatureResult { signature, verdict: verdict.err().unwrap_or(Verdict::Pass), key, key_bits }
}

/// Whether a signature verifies. ARC's message signatures are examined here, too.
pub(crate) fn examine(
    signature: &Signature,
    hashes: &BodyHashes,
    chooser: &FieldChooser<'_>,
    policy: &Policy,
    fetch: impl FnOnce(&[u8], &[u8]) -> Arc<KnownKey>,
) -> Result<(), Verdict> {
    body_matches(signature, hashes)?;
    let known = fetch(signature.selector.as_deref().unwrap_or_default(), &signature.domain);
    let key = known.public_key(signature.key_type)?;
    let record = known.record()?;
    policy.allows(key)?;
    if !record.allows(signature.hash) {
        return Err(Verdict::HashForbidden);
    }
    if record.no_subdomains && signature.is_for_subdomain() {
        return Err(Verdict::KeyNoSubdomains);
    }
    let data = signed_data(signature, chooser);
    if key.verifies(signature.hash, &data, &signature.signature) { Ok(()) } else { Err(Verdict::Signature) }
}

/// What can be said of a signature without its key: it is whole, and the body is the one that was signed.
pub(crate) fn body_matches(signature: &Signature, hashes: &BodyHashes) -> Result<(), Verdict> {
    if let Some(fault) = signature.fault {
        return Err(Verdict::Fault(fault));
    }
    let body = hashes.hash(signature.body_form()).ok_or(Verdict::Fault(Fault::TooMany))?;
    if !body.long_enough || body.octets != signature.body_hash {
        return Err(Verdict::BodyHash);
    }
    Ok(())
}

/// What a signature is over: the chosen fields, and its own without `b=`.
fn signed_data(signature: &Signature, chooser: &FieldChooser<'_>) -> Vec<u8> {
    let mut data = Vec::with_capacity(2048);
    for field in chooser.choose(signature.header_names.iter().map(Vec::as_slice)) {
        push_field(field, signature.header_canon, &mut data);
    }
    push_open_field(&without_signature(&signature.field), signature.header_canon, &mut data);
    data
}

//! Verifying a chain.
//!
//! # Invariants
//! * The chain holds only if its shape is right, the newest message signature verifies, and every seal does.
//! * Older message signatures say how far back the message is unchanged; they never break the chain. They are verified
//!   when that is asked for: their keys are at hand then, so that nobody waits for the DNS.
//!
//! # Compatibility
//! `$arc_state`, `$arc_state_reason`, `$arc_domains`, `$arc_oldest_pass`. The reasons are words of ours.
//!
//! # References
//! RFC 8617 section 5.2.

use std::sync::{Arc, OnceLock};

use mail_types::dns::Resolve;

use super::chain::{ArcSet, Chain, ChainState, Seal};
use crate::dkim::Canon;
use crate::dkim::body::{BodyForm, BodyHashes};
use crate::dkim::canon::{FieldChooser, field_body, push_field, push_open_field, without_signature};
use crate::dkim::crypto::{Digest, Hash};
use crate::dkim::verify::{KeyStore, KnownKeys, Policy, Verdict, body_matches, examine};

/// A chain that is to be verified once the body has passed by.
#[derive(Clone, Debug, Default)]
pub struct ArcVerifier {
    message: Arc<Message>,
}

#[derive(Debug, Default)]
struct Message {
    fields: Vec<Vec<u8>>,
    chain: Chain,
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct ArcResult {
    /// `$arc_state`.
    pub state: ChainState,
    /// `$arc_state_reason`: why it failed.
    pub reason: Option<String>,
    /// `$arc_domains`: the sealing domain of each instance; none for one that cannot be read.
    pub domains: Vec<Option<Vec<u8>>>,
    /// The greatest instance.
    pub instance: u32,
    /// The results that the first member of the chain recorded: the body of its field; empty without a whole chain.
    pub first_results: Vec<u8>,
    /// It failed because the DNS does not answer now.
    pub temporary: bool,
    /// What the older message signatures are verified with; none where the newest does not verify.
    pub(crate) older: Option<Arc<Older>>,
}

/// The message signatures below the newest, which verified.
pub(crate) struct Older {
    message: Arc<Message>,
    hashes: BodyHashes,
    keys: KnownKeys,
    policy: Policy,
    oldest: OnceLock<u32>,
}

impl std::fmt::Debug for Older {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Older").field("oldest", &self.oldest).finish_non_exhaustive()
    }
}

impl Older {
    fn oldest(&self) -> u32 {
        let sets = &self.message.chain.sets;
        let chooser = self.message.chooser();
        let verifies = |set: &&ArcSet| {
            let Some(key) =
                self.keys.find(set.message.selector.as_deref().unwrap_or_default(), &set.message.domain)
            else {
                return false;
            };
            examine(&set.message, &self.hashes, &chooser, &self.policy, |_, _| key).is_ok()
        };
        let older = sets.iter().rev().skip(1).take_while(verifies).count();
        (sets.len() - older) as u32
    }
}

impl ArcResult {
    /// `$arc_oldest_pass`: the lowest instance down to which every message signature verifies; 0 when the newest does not.
    /// Verifies the older ones when it is first called; asks no DNS.
    pub fn oldest_pass(&self) -> u32 {
        self.older.as_ref().map_or(0, |older| *older.oldest.get_or_init(|| older.oldest()))
    }
}

impl Message {
    fn chooser(&self) -> FieldChooser<'_> {
        FieldChooser::new(self.fields.iter().map(Vec::as_slice))
    }
}

impl ArcVerifier {
    /// Looks at a header, topmost field first, each field in spool form.
    pub fn new(header: &[&[u8]]) -> Self {
        let chain = Chain::read(header);
        let fields =
            if chain.sets.is_empty() { Vec::new() } else { header.iter().map(|f| f.to_vec()).collect() };
        Self { message: Arc::new(Message { fields, chain }) }
    }

    /// True when the message carries no ARC field.
    pub fn is_idle(&self) -> bool {
        self.message.chain.is_empty()
    }

    /// The hashes of the body that will be wanted.
    pub fn body_forms(&self) -> impl Iterator<Item = BodyForm> + '_ {
        let wanted = if self.message.chain.fault.is_some() { 0 } else { self.message.chain.sets.len() };
        self.message.chain.sets[..wanted].iter().rev().map(|set| set.message.body_form())
    }

    /// Decides; asks the DNS. `policy` says which keys are too small; ARC knows SHA-256 alone.
    pub fn verify(&self, hashes: &BodyHashes, dns: &dyn Resolve, policy: &Policy) -> ArcResult {
        let mut result = ArcResult {
            domains: self.message.chain.domains.clone(),
            instance: self.message.chain.greatest,
            first_results: self
                .message
                .chain
                .sets
                .first()
                .map_or_else(Vec::new, |set| field_body(&set.results).to_vec()),
            ..ArcResult::default()
        };
        if self.message.chain.is_empty() {
            return result;
        }
        match self.examine(hashes, dns, policy, &mut result) {
            Ok(()) => result.state = ChainState::Pass,
            Err(failure) => {
                result.state = ChainState::Fail;
                result.reason = Some(failure.text);
                result.temporary = failure.temporary;
            }
        }
        result
    }

    fn examine(
        &self,
        hashes: &BodyHashes,
        dns: &dyn Resolve,
        policy: &Policy,
        result: &mut ArcResult,
    ) -> Result<(), Failure> {
        if let Some(fault) = &self.message.chain.fault {
            return Err(Failure { text: fault.clone(), temporary: false });
        }
        let sets = &self.message.chain.sets;
        for (index, set) in sets.iter().enumerate().rev() {
            if set.seal.cv == ChainState::Fail {
                return Err(Failure {
                    text: format!("seal {} says that the chain failed", index + 1),
                    temporary: false,
                });
            }
        }
        let mut keys = KeyStore::new(dns);
        if let Some((newest, older)) = sets.split_last() {
            let fetch = |selector: &[u8], domain: &[u8]| keys.fetch(selector, domain);
            examine(&newest.message, hashes, &self.message.chooser(), policy, fetch).map_err(|verdict| {
                let text = format!("message signature {}: {}", sets.len(), verdict.log_text());
                Failure { text, temporary: verdict == Verdict::KeyTemporary }
            })?;
            for set in older.iter().rev().take_while(|set| body_matches(&set.message, hashes).is_ok()) {
                keys.fetch(set.message.selector.as_deref().unwrap_or_default(), &set.message.domain);
            }
        }
        let sealed = self.sealed();
        let mut verdicts = sets.iter().zip(sealed).enumerate().rev().map(|(index, (set, sealed))| {
            seal(&set.seal, sealed, policy, &mut keys).map_err(|verdict| Failure {
                text: format!("seal {}: {}", index + 1, verdict.log_text()),
                temporary: verdict == Verdict::KeyTemporary,
            })
        });
        let holds = verdicts.by_ref().find(Result::is_err).unwrap_or(Ok(()));
        drop(verdicts);
        result.older = Some(Arc::new(Older {
            message: Arc::clone(&self.message),
            hashes: hashes.clone(),
            keys: keys.into_known(),
            policy: policy.clone(),
            oldest: OnceLock::new(),
        }));
        holds
    }

    /// RFC 8617 section 5.1.1: what each seal is over, hashed: the sets up to its own, in order, its own signature left out.
    /// Each field is put in order and hashed once, whatever the number of sets.
    fn sealed(&self) -> Vec<Digest> {
        let mut before = Digest::new(Hash::Sha256);
        let mut text = Vec::with_capacity(4096);
        let sealed = self.message.chain.sets.iter().map(|set| {
            text.clear();
            push_field(&set.results, Canon::Relaxed, &mut text);
            push_field(&set.message.field, Canon::Relaxed, &mut text);
            before.update(&text);
            let mut own = before.clone();
            text.clear();
            push_open_field(&without_signature(&set.seal.field), Canon::Relaxed, &mut text);
            own.update(&text);
            text.clear();
            push_field(&set.seal.field, Canon::Relaxed, &mut text);
            before.update(&text);
            own
        });
        sealed.collect()
    }
}

/// Whether a seal verifies over what it is over.
fn seal(seal: &Seal, sealed: Digest, policy: &Policy, keys: &mut KeyStore<'_>) -> Result<(), Verdict> {
    let known = keys.fetch(&seal.selector, &seal.domain);
    let key = known.public_key(seal.key_type)?;
    policy.allows(key)?;
    if !known.record()?.allows(Hash::Sha256) {
        return Err(Verdict::HashForbidden);
    }
    if sealed.verifies(key, &seal.signature) { Ok(()) } else { Err(Verdict::Signature) }
}

struct Failure {
    text: String,
    temporary: bool,
}

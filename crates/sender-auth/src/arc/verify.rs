//! Verifying a chain.
//!
//! # Invariants
//! * The chain holds only if its shape is right, the newest message signature verifies, and every seal does.
//! * Older message signatures say how far back the message is unchanged; they never break the chain.
//!
//! # Compatibility
//! `$arc_state`, `$arc_state_reason`, `$arc_domains`, `$arc_oldest_pass`. The reasons are words of ours.
//!
//! # References
//! RFC 8617 section 5.2.

use mail_types::dns::Resolve;

use super::chain::{Chain, ChainState, Seal};
use crate::dkim::Canon;
use crate::dkim::body::{BodyForm, BodyHashes};
use crate::dkim::canon::{FieldChooser, field_body, push_field, push_open_field, without_signature};
use crate::dkim::crypto::Hash;
use crate::dkim::key_record::KeyRecordError;
use crate::dkim::signature::Signature;
use crate::dkim::verify::{KeyStore, Policy, Verdict, judge, public_key};

/// A chain that is to be verified once the body has passed by.
#[derive(Clone, Debug, Default)]
pub struct ArcVerifier {
    fields: Vec<Vec<u8>>,
    chain: Chain,
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArcResult {
    /// `$arc_state`.
    pub state: ChainState,
    /// `$arc_state_reason`: why it failed.
    pub reason: Option<String>,
    /// `$arc_domains`: the sealing domain of each instance; none for one that cannot be read.
    pub domains: Vec<Option<Vec<u8>>>,
    /// `$arc_oldest_pass`: the lowest instance down to which every message signature verifies; 0 when the newest does not.
    pub oldest_pass: u32,
    /// The greatest instance.
    pub instance: u32,
    /// The results that the first member of the chain recorded: the body of its field; empty without a whole chain.
    pub first_results: Vec<u8>,
    /// It failed because the DNS does not answer now.
    pub temporary: bool,
}

impl ArcVerifier {
    /// Looks at a header, topmost field first, each field in spool form.
    pub fn new(header: &[&[u8]]) -> Self {
        let chain = Chain::read(header);
        let fields =
            if chain.sets.is_empty() { Vec::new() } else { header.iter().map(|f| f.to_vec()).collect() };
        Self { fields, chain }
    }

    /// True when the message carries no ARC field.
    pub fn is_idle(&self) -> bool {
        self.chain.is_empty()
    }

    /// The hashes of the body that will be wanted.
    pub fn body_forms(&self) -> impl Iterator<Item = BodyForm> + '_ {
        let wanted = if self.chain.fault.is_some() { 0 } else { self.chain.sets.len() };
        self.chain.sets[..wanted].iter().rev().map(|set| set.message.body_form())
    }

    /// Decides; asks the DNS. `policy` says which keys are too small; ARC knows SHA-256 alone.
    pub fn verify(&self, hashes: &BodyHashes, dns: &dyn Resolve, policy: &Policy) -> ArcResult {
        let mut result = ArcResult {
            domains: self.chain.domains.clone(),
            instance: self.chain.greatest,
            first_results: self
                .chain
                .sets
                .first()
                .map_or_else(Vec::new, |set| field_body(&set.results).to_vec()),
            ..ArcResult::default()
        };
        if self.chain.is_empty() {
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
        if let Some(fault) = &self.chain.fault {
            return Err(Failure { text: fault.clone(), temporary: false });
        }
        let sets = &self.chain.sets;
        for (index, set) in sets.iter().enumerate().rev() {
            if set.seal.cv == ChainState::Fail {
                return Err(Failure {
                    text: format!("seal {} says that the chain failed", index + 1),
                    temporary: false,
                });
            }
        }
        let chooser = FieldChooser::new(self.fields.iter().map(Vec::as_slice));
        let mut keys = KeyStore::new(dns);
        for (index, set) in sets.iter().enumerate().rev() {
            // i= is the instance here, not an identity.
            let signature = Signature { identity: None, ..set.message.clone() };
            let verdict = judge(signature, hashes, &chooser, policy, &mut keys).verdict;
            if verdict != Verdict::Pass {
                if index + 1 == sets.len() {
                    let text = format!("message signature {}: {}", index + 1, verdict.log_text());
                    return Err(Failure { text, temporary: verdict == Verdict::KeyTemporary });
                }
                break;
            }
            result.oldest_pass = index as u32 + 1;
        }
        for instance in (1..=sets.len()).rev() {
            self.seal(instance, policy, &mut keys)?;
        }
        Ok(())
    }

    fn seal(&self, instance: usize, policy: &Policy, keys: &mut KeyStore<'_>) -> Result<(), Failure> {
        let seal = &self.chain.sets[instance - 1].seal;
        let failed = |text: &str, temporary| Failure { text: format!("seal {instance}: {text}"), temporary };
        let fetched = keys.fetch(&seal.selector, &seal.domain);
        let record = fetched.as_ref().as_ref().map_err(|error| match error {
            KeyRecordError::Temporary => failed(Verdict::KeyTemporary.log_text(), true),
            KeyRecordError::Missing => failed(Verdict::KeyMissing.log_text(), false),
            KeyRecordError::Syntax => failed(Verdict::KeySyntax.log_text(), false),
        })?;
        let key = public_key(record, seal.key_type).map_err(|verdict| failed(verdict.log_text(), false))?;
        let least = policy.min_bits.iter().find(|(kind, _)| *kind == key.kind()).map_or(0, |(_, bits)| *bits);
        if key.bits() < least {
            return Err(failed(Verdict::KeyTooShort.log_text(), false));
        }
        if !record.allows(Hash::Sha256) {
            return Err(failed(Verdict::HashForbidden.log_text(), false));
        }
        let data = self.sealed_data(instance, seal);
        if key.verifies(Hash::Sha256, &data, &seal.signature) {
            return Ok(());
        }
        Err(failed(Verdict::Signature.log_text(), false))
    }

    /// RFC 8617 section 5.1.1: the sets up to this one, in order, the seal's own signature left out.
    fn sealed_data(&self, instance: usize, seal: &Seal) -> Vec<u8> {
        let mut data = Vec::with_capacity(4096);
        for set in &self.chain.sets[..instance - 1] {
            for field in [&set.results, &set.message.field, &set.seal.field] {
                push_field(field, Canon::Relaxed, &mut data);
            }
        }
        let own = &self.chain.sets[instance - 1];
        push_field(&own.results, Canon::Relaxed, &mut data);
        push_field(&own.message.field, Canon::Relaxed, &mut data);
        push_open_field(&without_signature(&seal.field), Canon::Relaxed, &mut data);
        data
    }
}

struct Failure {
    text: String,
    temporary: bool,
}

//! What is known of a message's signatures: first what arrived, then the verdicts, then what the DKIM ACL made of them.
//!
//! # Invariants
//! * It belongs to one message and goes with it.
//! * `$dkim_verify_status` is one signature's while the DKIM ACL runs, and the list of all its runs afterwards.
//!
//! # Compatibility
//! Specification, "Verifying DKIM signatures in incoming mail".

use config::Config;
use config::options::main;
use sender_auth::arc::chain::ChainState;
use sender_auth::arc::verify::{ArcResult, ArcVerifier};
use sender_auth::authres::MethodResult;
use sender_auth::dkim::body::BodyHashes;
use sender_auth::dkim::crypto::{Hash, KeyType};
use sender_auth::dkim::signature::Fault;
use sender_auth::dkim::verify::{Policy, SignatureResult, Verdict, Verifier};

/// Signatures of the message in hand.
#[derive(Debug, Default)]
pub(crate) struct DkimState {
    /// The header's signatures and the body's hashes, until they are verified.
    pub(crate) arrived: Option<(Verifier, BodyHashes)>,
    /// The verdicts, in the order in which the ACL is called.
    pub(crate) results: Vec<SignatureResult>,
    /// `$dkim_cur_signer`.
    pub(crate) cur_signer: Option<Vec<u8>>,
    /// The signature that the variables speak of, an index of `results`.
    pub(crate) current: Option<usize>,
    /// `$dkim_verify_status`.
    pub(crate) status: Option<Vec<u8>>,
    /// `$dkim_verify_reason`.
    pub(crate) reason: Option<Vec<u8>>,
    /// The domain of the latest signature that passed, for the arrival line.
    pub(crate) passed: Option<Vec<u8>>,
    /// `$dkim_domain` and `$dkim_selector` while a message is signed.
    pub(crate) signing: Option<(Vec<u8>, Vec<u8>)>,
}

/// The ARC chain of the message in hand.
#[derive(Debug, Default)]
pub(crate) struct ArcState {
    /// The header's chain and the body's hashes, until it is verified.
    pub(crate) arrived: Option<(ArcVerifier, BodyHashes)>,
    /// What `verify = arc` found.
    pub(crate) result: Option<ArcResult>,
}

impl DkimState {
    /// `$dkim_signers`: the domain of each signature, and its identity if it has one.
    pub(crate) fn signers(&self) -> Vec<&[u8]> {
        let both = self.results.iter().map(|result| &result.signature).flat_map(|signature| {
            let identity = signature.identity.as_deref().filter(|identity| !identity.is_empty());
            [Some(signature.domain.as_slice()), identity]
        });
        both.flatten().collect()
    }

    /// The signatures that a signer of the option stands for.
    pub(crate) fn of_signer(&self, signer: &[u8]) -> Vec<usize> {
        let is_of = |result: &SignatureResult| {
            let signature = &result.signature;
            let identity = signature.identity.as_deref();
            signature.domain.eq_ignore_ascii_case(signer)
                || identity.is_some_and(|identity| identity.eq_ignore_ascii_case(signer))
        };
        (0..self.results.len()).filter(|index| is_of(&self.results[*index])).collect()
    }

    /// Points the variables at a signature, or at none.
    pub(crate) fn select(&mut self, index: Option<usize>) {
        self.current = index;
        let verdict = index.and_then(|index| self.results.get(index)).map(|result| result.verdict);
        let (status, reason) = verdict.map_or(("none", ""), |verdict| (verdict.status(), verdict.reason()));
        self.status = Some(status.into());
        self.reason = Some(reason.into());
    }

    /// The line of a signature for the log (`dkim_verbose`); what the ACL changed is in it.
    pub(crate) fn verbose_line(&self, index: usize) -> Option<Vec<u8>> {
        let result = self.results.get(index)?;
        let signature = &result.signature;
        let mut line = b"DKIM: d=".to_vec();
        line.extend_from_slice(&signature.domain);
        line.extend_from_slice(b" s=");
        line.extend_from_slice(signature.selector.as_deref().unwrap_or(b"<UNSET>"));
        let (header, body) = (signature.header_canon.name(), signature.body_canon.name());
        let bits = signature.signature.len() * 8;
        line.extend_from_slice(format!(" c={header}/{body} a={} b={bits}", signature.algorithm()).as_bytes());
        if let Some(identity) = &signature.identity {
            line.extend_from_slice(b" i=");
            line.extend_from_slice(identity);
        }
        for (tag, value) in [("t", signature.created), ("x", signature.expires), ("l", signature.body_length)]
        {
            if let Some(value) = value {
                line.extend_from_slice(format!(" {tag}={value}").as_bytes());
            }
        }
        line.extend_from_slice(b" [");
        line.extend_from_slice(&self.changed_text(index, result.verdict));
        line.push(b']');
        Some(line)
    }

    fn changed_text(&self, index: usize, verdict: Verdict) -> Vec<u8> {
        let own = (verdict.status().as_bytes(), verdict.reason().as_bytes());
        match (&self.status, &self.reason) {
            (Some(status), Some(reason)) if self.current == Some(index) && own != (status, reason) => {
                [status.as_slice(), b" - ", reason].concat()
            }
            _ => verdict.log_text().into(),
        }
    }
}

/// What a signature came to, as Authentication-Results and reports say it, and more about that.
pub(crate) fn verdict_word(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Pass => ("pass", ""),
        Verdict::BodyHash => ("fail", "body hash mismatch; body probably modified in transit"),
        Verdict::Signature => ("fail", "signature did not verify; headers probably modified in transit"),
        Verdict::KeyTooShort | Verdict::HashForbidden => ("policy", "key or hash not acceptable"),
        Verdict::KeyTemporary => ("temperror", "pubkey unavailable"),
        Verdict::KeyMissing | Verdict::Fault(Fault::Query) => ("permerror", "no public key"),
        Verdict::KeyMalformed | Verdict::KeySyntax => ("neutral", "public key record import problem"),
        Verdict::Fault(Fault::Tag) => ("neutral", "signature tag missing or invalid"),
        Verdict::Fault(Fault::Version) => ("neutral", "unsupported version"),
        Verdict::Fault(Fault::TooMany) | Verdict::NotVerified => ("neutral", "not verified"),
        Verdict::Fault(Fault::FromNotSigned) => ("permerror", "From: not signed"),
        Verdict::Fault(Fault::Identity) => ("permerror", "identity not within the signing domain"),
        Verdict::KeyNoSubdomains => ("permerror", "key not for identities in subdomains"),
    }
}

/// A signature in Authentication-Results.
pub(crate) fn method_result(result: &SignatureResult) -> MethodResult {
    let (word, comment) = verdict_word(result.verdict);
    let signature = &result.signature;
    let mut method =
        MethodResult::new("dkim", word).comment(comment).property("header.d", signature.domain.clone());
    if let Some(identity) = signature.identity.as_ref().filter(|identity| !identity.is_empty()) {
        method = method.property("header.i", identity.clone());
    }
    if let Some(selector) = &signature.selector {
        method = method.property("header.s", selector.clone());
    }
    method = method.property("header.a", signature.algorithm());
    let start: Vec<u8> = signature.signature_start();
    if start.is_empty() { method } else { method.property("header.b", start) }
}

/// A chain in Authentication-Results.
pub(crate) fn chain_result(result: &ArcResult) -> MethodResult {
    let method = MethodResult::new("arc", result.state.name());
    if result.state == ChainState::None {
        return method;
    }
    let method = method.comment(format!("i={}", result.instance));
    let method = match &result.reason {
        Some(reason) => method.reason(reason.clone()),
        None => method,
    };
    method.property("header.oldest-pass", result.oldest_pass().to_string())
}

/// What the options let pass.
pub(crate) fn policy(config: &Config) -> Policy {
    let options = &config.main;
    let names =
        |items: &[Vec<u8>]| -> Vec<Vec<u8>> { items.iter().map(|item| item.to_ascii_lowercase()).collect() };
    let sizes = options.get(main::DKIM_VERIFY_MIN_KEYSIZES).join(&b' ');
    Policy {
        hashes: names(options.get(main::DKIM_VERIFY_HASHES))
            .iter()
            .filter_map(|n| Hash::by_name(n))
            .collect(),
        key_types: names(options.get(main::DKIM_VERIFY_KEYTYPES))
            .iter()
            .filter_map(|n| KeyType::by_name(n))
            .collect(),
        min_bits: sizes.split(u8::is_ascii_whitespace).filter_map(min_size).collect(),
        minimal: options.get(main::DKIM_VERIFY_MINIMAL),
    }
}

/// `rsa=1024`.
fn min_size(item: &[u8]) -> Option<(KeyType, u32)> {
    let equals = item.iter().position(|byte| *byte == b'=')?;
    let bits = std::str::from_utf8(&item[equals + 1..]).ok()?.parse().ok()?;
    Some((KeyType::by_name(&item[..equals])?, bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_sizes_of_keys() {
        assert_eq!(min_size(b"rsa=1024"), Some((KeyType::Rsa, 1024)));
        assert_eq!(min_size(b"ed25519=250"), Some((KeyType::Ed25519, 250)));
        for text in ["", "rsa", "rsa=", "rsa=-1", "dsa=1", "=1"] {
            assert_eq!(min_size(text.as_bytes()), None, "{text}");
        }
    }
}

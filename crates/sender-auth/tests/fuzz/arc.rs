//! Any header as a chain: it ends, and a chain that holds has whole sets; sealing gives exactly one more.

use mail_types::dns::{Answer, DnsFailure, RecordType, Resolve};
use mail_types::limits;
use sender_auth::arc::chain::{Chain, ChainState};
use sender_auth::arc::verify::ArcVerifier;
use sender_auth::dkim::body::BodyHasher;
use sender_auth::dkim::verify::Policy;

struct Nothing;

impl Resolve for Nothing {
    fn query(&self, _name: &[u8], _rtype: RecordType) -> Result<Answer, DnsFailure> {
        Err(DnsFailure::NxDomain)
    }
}

/// The target.
pub(crate) fn run(input: &[u8]) {
    let fields: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
    let chain = Chain::read(&fields);
    assert!(chain.sets.len() <= limits::ARC_SETS && chain.domains.len() == chain.greatest as usize);
    let verifier = ArcVerifier::new(&fields);
    let mut hasher = BodyHasher::new(verifier.body_forms());
    hasher.feed(b"body\n");
    let result = verifier.verify(&hasher.finish(), &Nothing, &Policy::default());
    assert_ne!(result.state, ChainState::Pass);
    assert_eq!(result.state == ChainState::Fail, result.reason.is_some());
}

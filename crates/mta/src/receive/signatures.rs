//! Signatures while the message arrives: the header is looked at once, the body is hashed as it goes to the disk.
//!
//! # Compatibility
//! Control `dkim_disable_verify`; local submissions that are not SMTP have no signatures looked at.

use mail_message::header::HeaderLine;
use observe::{Event, Streams};
use sender_auth::arc::verify::ArcVerifier;
use sender_auth::dkim::body::BodyHasher;
use sender_auth::dkim::verify::Verifier;

use crate::context::{Context, dkim};

/// Signatures and chain that wait for the body.
pub(super) struct Signatures {
    verifier: Option<Verifier>,
    chain: ArcVerifier,
    hasher: BodyHasher,
}

impl Signatures {
    /// Looks at a header that has just become complete. None when the message carries nothing to verify.
    pub(super) fn begin(header: &[HeaderLine], context: &Context) -> Option<Self> {
        let fields: Vec<&[u8]> = header.iter().map(|line| line.text.as_slice()).collect();
        let wanted = !context.wishes.message.dkim_disable_verify;
        let verifier = wanted.then(|| Verifier::new(&fields, &dkim::policy(&context.config)));
        if verifier.as_ref().is_some_and(|verifier| verifier.excess) {
            let text = b"DKIM: validation error: EXCESS_SIGS".to_vec();
            context.log_event(&Event::Text { text, streams: Streams::MAIN });
        }
        let verifier = verifier.filter(|verifier| verifier.excess || !verifier.is_idle());
        let chain = ArcVerifier::new(&fields);
        if verifier.is_none() && chain.is_idle() {
            return None;
        }
        let forms = verifier.iter().flat_map(Verifier::body_forms).chain(chain.body_forms());
        let hasher = BodyHasher::new(forms);
        Some(Self { verifier, chain, hasher })
    }

    /// The next octets of the body, in spool form.
    pub(super) fn feed(&mut self, octets: &[u8]) {
        if !self.hasher.is_idle() {
            self.hasher.feed(octets);
        }
    }

    /// The body has ended: what was found is the context's.
    pub(super) fn finish(self, context: &mut Context) {
        let hashes = self.hasher.finish();
        if !self.chain.is_idle() {
            context.arc.arrived = Some((self.chain, hashes.clone()));
        }
        context.dkim.arrived = self.verifier.map(|verifier| (verifier, hashes));
    }
}

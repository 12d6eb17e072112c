//! Any body, cut anywhere: the hashes do not depend on the cuts.

use sender_auth::dkim::Canon;
use sender_auth::dkim::body::{BodyForm, BodyHasher};
use sender_auth::dkim::crypto::Hash;

/// The target.
pub(crate) fn run(input: &[u8]) {
    let Some((cut, body)) = input.split_first() else { return };
    let form = |canon, length| BodyForm { canon, hash: Hash::Sha256, length };
    let forms = [
        form(Canon::Simple, None),
        form(Canon::Relaxed, None),
        form(Canon::Simple, Some(u64::from(*cut))),
        form(Canon::Relaxed, Some(u64::from(*cut))),
    ];
    let mut whole = BodyHasher::new(forms);
    whole.feed(body);
    let whole = whole.finish();
    let mut pieces = BodyHasher::new(forms);
    for piece in body.chunks(usize::from(*cut).max(1)) {
        pieces.feed(piece);
    }
    let pieces = pieces.finish();
    for form in forms {
        assert_eq!(whole.hash(form), pieces.hash(form));
    }
}

//! Any Authentication-Results field, read and as the basis of a set: comments and quotes give no results, and what is made of
//! a reading is read as it was.

use sender_auth::authres::{MethodResult, field, results};

/// The target.
pub(crate) fn run(input: &[u8]) {
    let pieces = input.split(|byte| *byte == b';').count();
    let found: Vec<_> = results(input).collect();
    assert!(found.len() < pieces.max(2));
    let quoted =
        [b"me; (", &input.iter().filter(|b| !b"()\\\"".contains(b)).copied().collect::<Vec<_>>()[..], b")"]
            .concat();
    assert_eq!(results(&quoted).count(), 0, "a comment holds no results");
    for result in found {
        let value = result.property(b"header.d").unwrap_or_default();
        let made = MethodResult::new("dkim", "pass").property("header.d", value);
        let text = field(b"me", &[made.reason(result.result.as_slice())]);
        assert_eq!(text.split(|byte| *byte == b'\n').count(), 2);
        let again: Vec<_> = results(&text).collect();
        assert_eq!(again.len(), 1, "{}", text.escape_ascii());
        assert_eq!((again[0].method.as_slice(), again[0].result.as_slice()), (&b"dkim"[..], &b"pass"[..]));
        let kept: Vec<u8> =
            value.iter().copied().filter(|byte| !byte.is_ascii_control() || *byte == b'\t').collect();
        assert_eq!(again[0].property(b"header.d"), Some(kept.as_slice()), "{}", text.escape_ascii());
    }
}

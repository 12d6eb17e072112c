//! Files of trust anchors: the administrator's, and the one in which their rollover is kept.

use dns::{Rollover, TrustAnchors};

/// Gives one input to both readers.
pub(crate) fn run(data: &[u8]) {
    let _ = findings(data);
}

/// What was found: the anchors, or the line that is none; and what is known of their keys.
pub(crate) fn findings(data: &[u8]) -> String {
    let anchors = TrustAnchors::parse(data);
    let configured = anchors.clone().unwrap_or_else(|_| TrustAnchors::root());
    let kept = Rollover::read(data, &configured);
    if let Ok(kept) = &kept {
        // What is written is what is read.
        let again = Rollover::read(kept.to_text().as_bytes(), &configured);
        assert_eq!(again.as_ref().map(Rollover::to_text), Ok(kept.to_text()));
    }
    let anchors =
        anchors.map(|anchors| Rollover::new(&anchors).describe()).map_err(|error| error.to_string());
    format!("{anchors:?} {:?}", kept.map(|kept| kept.describe()))
}

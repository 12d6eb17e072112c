//! Any local part and any sender: what was rewritten comes back as it was, and what was not rewritten does not.

use sender_auth::srs::{Rewriter, Settings};

const DAY: i64 = 20_000;

/// The target.
pub(crate) fn run(data: &[u8]) {
    let settings = Settings { secrets: vec![b"secret".to_vec()], ..Settings::default() };
    let rewriter = Rewriter::new(settings);
    let stranger = Rewriter::new(Settings { secrets: vec![b"other".to_vec()], ..Settings::default() });
    // Nobody guesses a hash of six characters here.
    assert!(stranger.reverse(data, DAY).is_err());
    let Ok(made) = rewriter.forward(data, b"forwarder.example", DAY) else { return };
    if made == data {
        return;
    }
    let local = made.strip_suffix(b"@forwarder.example").expect("the forwarder's domain");
    let back = rewriter.reverse(local, DAY).expect("our own address");
    if local.starts_with(b"SRS0") {
        assert_eq!(back, data);
    } else {
        assert!(back.starts_with(b"SRS0"));
    }
    assert!(stranger.reverse(local, DAY).is_err());
}

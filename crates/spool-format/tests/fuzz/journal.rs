//! Any bytes as a -J file: the entries that are read are written again as the same entries.
//!
//! What a crash left of a last line is no entry, and changes none of those before it.

use spool_format::journal::{entries, push_entry};

/// Gives one input to it.
pub(crate) fn run(file: &[u8]) {
    let read: Vec<&[u8]> = entries(file).collect();
    let mut written = Vec::new();
    for entry in &read {
        assert!(!entry.is_empty() && !entry.contains(&b'\n'), "an entry is one line");
        let before = written.len();
        match push_entry(&mut written, entry) {
            Ok(()) => {}
            Err(_) => {
                assert!(entry.contains(&0), "only a zero byte is refused: {}", entry.escape_ascii());
                assert_eq!(written.len(), before, "nothing is left of an entry that is refused");
            }
        }
    }
    let kept: Vec<&[u8]> = read.iter().copied().filter(|entry| !entry.contains(&0)).collect();
    assert_eq!(entries(&written).collect::<Vec<_>>(), kept);
    written.extend_from_slice(b"half a li");
    assert_eq!(entries(&written).collect::<Vec<_>>(), kept, "half a line is no entry");
}

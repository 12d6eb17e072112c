//! An LMDB file that anybody may have written: no panic, no endless search, and what is found stands in the file.

/// Gives one input to it.
pub(crate) fn run(data: &[u8]) {
    for key in [&b"k1"[..], b"", b"key77", b"long"] {
        if let Ok(Some(value)) = lookup::lmdb::find(data, key) {
            assert!(value.is_empty() || data.windows(value.len()).any(|window| window == value));
        }
    }
}

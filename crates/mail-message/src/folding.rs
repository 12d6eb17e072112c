//! Folding and unfolding of header fields.

/// The body of a field on one line: continuations joined, LF removed.
pub fn unfold(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|b| *b != b'\n').collect()
}

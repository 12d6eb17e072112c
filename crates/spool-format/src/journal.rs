//! The lines of a -J file: one delivered address each.
//!
//! # Invariants
//! * Only whole lines count: what a crash left of the last one is no entry.

use crate::EncodeError;

/// Appends the line for one delivered address.
pub fn push_entry(out: &mut Vec<u8>, address: &[u8]) -> Result<(), EncodeError> {
    if address.iter().any(|b| matches!(b, b'\n' | b'\0')) {
        return Err(EncodeError { field: "journal", what: "an address with a newline or a zero byte" });
    }
    out.extend_from_slice(address);
    out.push(b'\n');
    Ok(())
}

/// The addresses of a journal.
pub fn entries(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = memchr::memrchr(b'\n', bytes).map_or(&b""[..], |end| &bytes[..end]);
    whole.split(|b| *b == b'\n').filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        let mut file = Vec::new();
        push_entry(&mut file, b"a@x.example").unwrap();
        push_entry(&mut file, b"|/bin/cmd:b@y.example").unwrap();
        assert_eq!(entries(&file).collect::<Vec<_>>(), [&b"a@x.example"[..], b"|/bin/cmd:b@y.example"]);
    }

    #[test]
    fn half_a_line_is_no_entry() {
        assert_eq!(entries(b"a@x\nb@").collect::<Vec<_>>(), [b"a@x"]);
        assert_eq!(entries(b"a@x").count(), 0);
        assert_eq!(entries(b"").count(), 0);
        assert_eq!(entries(b"\n\na\n").count(), 1);
    }

    #[test]
    fn an_entry_is_one_line() {
        assert!(push_entry(&mut Vec::new(), b"a\nb").is_err());
    }
}

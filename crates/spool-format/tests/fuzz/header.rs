//! Any bytes as a -H file: what is read and written again is the same header.
//!
//! Writing may refuse a header that was read (a zero byte in a field); it may not write another one.

use spool_format::Header;

/// Gives one input to it.
pub(crate) fn run(file: &[u8]) {
    let Ok(header) = Header::decode(file) else { return };
    let Ok(written) = header.encode() else { return };
    let again = Header::decode(&written);
    assert_eq!(again.as_ref(), Ok(&header), "written as {}", written.escape_ascii());
    assert_eq!(header.encode(), Ok(written), "the same header is written in the same way");
}

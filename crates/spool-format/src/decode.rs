//! Reads a -H file.
use crate::{DecodeError, Header};

impl Header {
    /// Reads the bytes of a -H file.
    pub fn decode(_bytes: &[u8]) -> Result<Self, DecodeError> {
        Err(DecodeError { what: "cannot be read yet", offset: 0 })
    }
}

//! Writes a -H file.
use crate::{EncodeError, Header};

impl Header {
    /// The bytes of the -H file.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        Err(EncodeError { field: "header", what: "cannot be written yet" })
    }
}

//! Header fields that hold addresses.

use crate::header::HeaderType;

/// Fields whose addresses are qualified and rewritten.
pub fn is_address_field(kind: HeaderType) -> bool {
    matches!(
        kind,
        HeaderType::Bcc
            | HeaderType::Cc
            | HeaderType::From
            | HeaderType::ReplyTo
            | HeaderType::Sender
            | HeaderType::To
    )
}

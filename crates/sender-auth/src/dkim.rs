//! DKIM: signatures over messages, RFC 6376 with RFC 8301 and RFC 8463.
//!
//! Verifying takes three steps, so that a message is read once, as it arrives: [`verify::Verifier::new`] looks at the
//! header, [`body::BodyHasher`] is fed the body, [`verify::Verifier::verify`] asks the DNS and decides. Signing is the
//! same without the DNS: [`sign`].
//!
//! # Security
//! Everything is hostile: counts and sizes have names in [`mail_types::limits`]; a signature that breaks one is invalid.
//!
//! # Compatibility
//! Specification, section "DKIM": the words of `$dkim_verify_status` and `$dkim_verify_reason`, the order in which
//! signatures are looked at. Where Exim is laxer than the RFC the RFC decides: docs/compat.md.

pub mod body;
pub(crate) mod canon;
pub mod crypto;
mod der;
pub mod key_record;
pub mod sign;
pub mod signature;
pub mod verify;

/// How a text is put in order before it is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Canon {
    /// White space may be folded differently.
    Relaxed,
    /// As it is.
    Simple,
}

impl Canon {
    /// The name in `c=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relaxed => "relaxed",
            Self::Simple => "simple",
        }
    }

    /// The one with this name.
    pub fn by_name(name: &[u8]) -> Option<Self> {
        match name {
            b"relaxed" => Some(Self::Relaxed),
            b"simple" => Some(Self::Simple),
            _ => None,
        }
    }
}

//! DNSSEC: what can be said of an answer, given the keys of its zone.
//!
//! Everything in this folder computes: what was received goes in, a finding comes out. Who asks which question next is
//! in `resolver::chain` (from the trust anchor down to a zone) and `resolver::validated` (along an answer).
//!
//! # Invariants
//! * Nothing is secure by default: a finding of "secure" comes from a signature that was checked, with a key that the
//!   trust anchor leads to.
//! * Each finding that is not "secure" says why.
//! * The work that one question may cause is bounded: see [`Effort`].
//!
//! # Compatibility
//! Algorithms 8, 10, 13, 14 and 15; zones that have only other keys are insecure (rfc4035#5.2), and so are those of
//! RSASHA1 (rfc9905#2).
//!
//! # References
//! RFC 4033 to 4035, RFC 5155 (NSEC3), RFC 6840 (corrections), RFC 6672 (DNAME), RFC 9276 (NSEC3 iterations), RFC 9905
//! (SHA-1).

pub(crate) mod anchor;
pub(crate) mod crypto;
pub(crate) mod delegation;
pub(crate) mod denial;
mod effort;
pub(crate) mod keys;
mod nsec;
mod nsec3;
mod set;
pub(crate) mod signature;
pub(crate) mod vouched;
mod window;

use std::sync::Arc;

use domain::base::Name;
use mail_types::dns::Security;

pub(crate) use effort::Effort;
pub(crate) use nsec::last_labels;
pub(crate) use set::{RrSet, Sections};

/// A name in lower case, in wire form.
pub(crate) type DnsName = Name<Vec<u8>>;

/// Why something is as it is, for the administrator.
pub(crate) type Reason = Arc<str>;

/// What DNSSEC says of records or of their absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Signed and good.
    Secure,
    /// Provably not signed.
    Insecure(Reason),
    /// Must be signed, and isn't rightly.
    Bogus(Reason),
    /// Nobody can say.
    Indeterminate(Reason),
}

impl Finding {
    pub(crate) fn bogus(reason: impl Into<Reason>) -> Self {
        Self::Bogus(reason.into())
    }

    /// The same in the words of the rest of the program.
    pub(crate) fn as_security(&self) -> (Security, Option<Reason>) {
        match self {
            Self::Secure => (Security::Secure, None),
            Self::Insecure(reason) => (Security::Insecure, Some(reason.clone())),
            Self::Bogus(reason) => (Security::Bogus, Some(reason.clone())),
            Self::Indeterminate(reason) => (Security::Indeterminate, Some(reason.clone())),
        }
    }

    /// Of the parts of an answer the worst counts.
    pub(crate) fn and(self, other: Self) -> Self {
        let rank = |finding: &Self| match finding {
            Self::Secure => 0,
            Self::Insecure(_) => 1,
            Self::Indeterminate(_) => 2,
            Self::Bogus(_) => 3,
        };
        if rank(&other) > rank(&self) { other } else { self }
    }
}

/// A name for a message: with its final dot for the root alone.
pub(crate) fn shown(name: &DnsName) -> String {
    if name.is_root() {
        return ".".to_owned();
    }
    String::from_utf8_lossy(&crate::name::to_text(name)).into_owned()
}

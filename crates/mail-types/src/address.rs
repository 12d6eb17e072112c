//! Mail addresses, parsed as Exim parses them.
//!
//! # Invariants
//! * Both parts keep their spelling (quotes, case); comparisons of domains use [`Address::lower_domain`].
//! * An [`Address`] with an empty domain is unqualified; one with an empty local part too is the null sender.
//!
//! # Security
//! Every input here comes from outside. The parser is linear and does not recurse.
//!
//! # Compatibility
//! Errors have Exim's words. Accepted beyond RFC 5321 as Exim does: comments, phrases, groups in header lines.
//!
//! # References
//! RFC 5321 section 4.1.2, RFC 5322 section 3.4, RFC 6531.

mod parse;

pub use parse::{
    AddressError, HeaderAddress, ParseOptions, addresses_of_header, find_address_end, parse_address,
    parse_path,
};

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// As written, with its quotes.
    pub local_part: Vec<u8>,
    /// As written; empty when the address is unqualified.
    pub domain: Vec<u8>,
}

impl Address {
    /// From its two parts.
    pub fn new(local_part: impl Into<Vec<u8>>, domain: impl Into<Vec<u8>>) -> Self {
        Self { local_part: local_part.into(), domain: domain.into() }
    }

    /// Cuts a text that is known to be an address (from our own spool, say) at its last `@`.
    pub fn split(text: &[u8]) -> Self {
        match text.iter().rposition(|b| *b == b'@') {
            Some(at) => Self::new(&text[..at], &text[at + 1..]),
            None => Self::new(text, ""),
        }
    }

    /// True for the null sender `<>`.
    pub fn is_null(&self) -> bool {
        self.local_part.is_empty() && self.domain.is_empty()
    }

    /// True when there is a domain.
    pub fn is_qualified(&self) -> bool {
        !self.domain.is_empty()
    }

    /// `local@domain`, or the local part alone.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.local_part.len() + 1 + self.domain.len());
        out.extend_from_slice(&self.local_part);
        if self.is_qualified() {
            out.push(b'@');
            out.extend_from_slice(&self.domain);
        }
        out
    }

    /// The domain in lower case (ASCII letters).
    pub fn lower_domain(&self) -> Vec<u8> {
        self.domain.to_ascii_lowercase()
    }

    /// The local part without its quotes and backslashes: what `$local_part` shows.
    pub fn unquoted_local_part(&self) -> Vec<u8> {
        unquote(&self.local_part)
    }

    /// With this domain if it has none.
    #[must_use]
    pub fn qualified_with(mut self, domain: &[u8]) -> Self {
        if self.domain.is_empty() && !self.local_part.is_empty() {
            self.domain = domain.to_vec();
        }
        self
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

/// A local part as it stands in an address: in quotes where it needs them.
pub fn quote_local_part(local_part: &[u8]) -> Cow<'_, [u8]> {
    let atom = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(byte);
    let ends = local_part.first() == Some(&b'.') || local_part.last() == Some(&b'.');
    if !local_part.is_empty() && !ends && local_part.iter().all(atom) {
        return Cow::Borrowed(local_part);
    }
    let mut out = vec![b'"'];
    for &byte in local_part {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
    Cow::Owned(out)
}

/// Takes the quotes and the backslashes away.
pub fn unquote(local_part: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(local_part.len());
    let mut bytes = local_part.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'"' => {}
            b'\\' => out.extend(bytes.next()),
            _ => out.push(byte),
        }
    }
    out
}

//! Domains of internationalized mail in the form that the DNS knows.
//!
//! # Security
//! What is no name by IDNA's rules stays as it is: it equals nothing but itself, and the DNS has no such name.
//!
//! # References
//! RFC 8616; UTS 46.

use std::borrow::Cow;

/// A domain with A-labels for its U-labels.
pub(crate) fn a_labels(domain: &[u8]) -> Cow<'_, [u8]> {
    if domain.is_ascii() {
        return Cow::Borrowed(domain);
    }
    match idna::domain_to_ascii_cow(domain, idna::AsciiDenyList::EMPTY) {
        Ok(ascii) => Cow::Owned(ascii.into_owned().into_bytes()),
        Err(_) => Cow::Borrowed(domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for (domain, want) in [
            ("b.Example", "b.Example"),
            ("Bücher.example", "xn--bcher-kva.example"),
            ("sel._domainkey.bücher.example", "sel._domainkey.xn--bcher-kva.example"),
            ("", ""),
        ] {
            assert_eq!(a_labels(domain.as_bytes()), want.as_bytes());
        }
        assert_eq!(&*a_labels(b"\xff.example"), b"\xff.example");
    }
}

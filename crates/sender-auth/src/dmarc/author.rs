//! Whose message this is: the domains in From fields.
//!
//! # Security
//! The fields are hostile. Several fields, groups and addresses without a domain are looked at, so that a message can't
//! show one author to the reader and another to this check.
//!
//! # References
//! RFC 7489 section 6.6.1; RFC 5322 section 3.6.2.

use crate::alabel::a_labels;
use mail_types::address::{ParseOptions, addresses_of_header};

const OPTIONS: ParseOptions = ParseOptions {
    allow_null: false,
    allow_utf8: true,
    allow_domain_literals: true,
    strip_trailing_dot: true,
    strip_excess_angle_brackets: false,
};

/// The different domains of the addresses in all From fields, with A-labels, in lower case, each once. `bodies` are the fields without
/// name and colon. An address that can't be read, or that has no domain, is an empty domain.
pub fn author_domains<'a>(bodies: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut domains: Vec<Vec<u8>> = Vec::new();
    for body in bodies {
        for item in addresses_of_header(body, OPTIONS) {
            let domain = item.address.map(|address| address.domain).unwrap_or_default();
            let domain = a_labels(&domain).to_ascii_lowercase();
            let domain = if domain.starts_with(b"[") { Vec::new() } else { domain };
            if !domains.contains(&domain) {
                domains.push(domain);
            }
        }
    }
    // Without any domain there is none; next to a good one an address that can't be read hides nothing.
    domains.retain(|domain| !domain.is_empty());
    domains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors() {
        for (fields, want) in [
            (&["a@b.example"][..], &["b.example"][..]),
            (&["Ann <a@B.Example>"], &["b.example"]),
            (&["a@Bücher.example, a@xn--bcher-kva.example"], &["xn--bcher-kva.example"]),
            (&["a@b.example, c@b.example"], &["b.example"]),
            (&["a@b.example, c@d.example"], &["b.example", "d.example"]),
            (&["a@b.example", "c@d.example"], &["b.example", "d.example"]),
            (&["\"x@y.example\" <a@b.example>"], &["b.example"]),
            (&["group: a@b.example, c@d.example;"], &["b.example", "d.example"]),
            (&["a@b.example (c@d.example)"], &["b.example"]),
            (&["nobody"], &[]),
            (&["a@[192.0.2.1]"], &[]),
            (&[""], &[]),
            (&[], &[]),
        ] {
            let got = author_domains(fields.iter().map(|field| field.as_bytes()));
            let got: Vec<String> = got.into_iter().map(|domain| String::from_utf8(domain).unwrap()).collect();
            assert_eq!(got, want, "{fields:?}");
        }
    }
}

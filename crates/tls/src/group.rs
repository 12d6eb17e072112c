//! Groups of the key exchange: their names, and `tls_eccurve`.
//!
//! # Compatibility
//! OpenSSL's names of a curve, in any case of letters, and GnuTLS's of its groups mean the same. Curves that do not exist
//! here (`secp521r1`, `X448`, Brainpool's) choose nothing and are told of.
//!
//! # References
//! The specification on `tls_eccurve`; the manual of GnuTLS 3.7, section "Priority strings"; SSL_CTX_set1_groups(3).

/// A group of ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// IANA's number.
    pub(crate) id: u16,
    /// GnuTLS's name, without the word before it.
    gnutls: &'static str,
    /// OpenSSL's names.
    openssl: &'static [&'static str],
}

/// Every group there is, the best first.
pub(crate) const GROUPS: [Group; 4] = [
    Group { id: 0x11ec, gnutls: "X25519-MLKEM768", openssl: &["X25519MLKEM768"] },
    Group { id: 0x001d, gnutls: "X25519", openssl: &["X25519"] },
    Group { id: 0x0017, gnutls: "SECP256R1", openssl: &["prime256v1", "P-256", "secp256r1"] },
    Group { id: 0x0018, gnutls: "SECP384R1", openssl: &["secp384r1", "P-384"] },
];

/// The numbers of all of them.
pub(crate) fn all() -> Vec<u16> {
    GROUPS.iter().map(|group| group.id).collect()
}

/// The group of a word like `GROUP-X25519` or `CURVE-X25519`, without its first part.
pub(crate) fn by_gnutls_name(name: &str) -> Option<u16> {
    GROUPS.iter().find(|group| group.gnutls == name).map(|group| group.id)
}

/// Reads the items of `tls_eccurve`: the groups in that order, and the items that name none of ours. `auto` names all.
pub(crate) fn curves(items: &[String]) -> (Vec<u16>, Vec<String>) {
    let (mut groups, mut unknown) = (Vec::new(), Vec::new());
    for item in items {
        let named = |group: &&Group| group.openssl.iter().any(|name| name.eq_ignore_ascii_case(item));
        if item.eq_ignore_ascii_case("auto") {
            groups.extend(all());
        } else if let Some(group) = GROUPS.iter().find(named) {
            groups.push(group.id);
        } else {
            unknown.push(item.clone());
        }
    }
    let mut once = Vec::new();
    for group in groups {
        if !once.contains(&group) {
            once.push(group);
        }
    }
    (once, unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_by_their_names() {
        let table: [(&[&str], &[u16], &[&str]); 6] = [
            (&["auto"], &[0x11ec, 0x1d, 0x17, 0x18], &[]),
            (&["prime256v1"], &[0x17], &[]),
            (&["P-384", "x25519", "secp384r1"], &[0x18, 0x1d], &[]),
            (&["secp521r1", "P-256"], &[0x17], &["secp521r1"]),
            (&["X448"], &[], &["X448"]),
            (&[], &[], &[]),
        ];
        for (items, groups, unknown) in table {
            let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
            let (chosen, told) = curves(&items);
            assert_eq!(chosen, groups, "{items:?}");
            assert_eq!(told, unknown, "{items:?}");
        }
    }
}

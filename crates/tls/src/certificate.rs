//! What a certificate says, as far as sessions need it.
//!
//! # Compatibility
//! Distinguished names are written as OpenSSL writes them on one line: `/C=NL/O=Some/CN=mx.example`.

mod field;

pub use field::field;

use x509_parser::der_parser::asn1_rs::Any;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

use crate::error::Unverified;

/// The subject of a certificate (DER); none when it can't be read.
pub fn distinguished_name(der: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(one_line(certificate.subject()))
}

/// The key of a certificate as it stands in it (DER of SubjectPublicKeyInfo); none when it can't be read.
pub fn public_key(der: &[u8]) -> Option<&[u8]> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(certificate.tbs_certificate.subject_pki.raw)
}

/// Whether a certificate names itself as its issuer.
pub(crate) fn is_self_issued(der: &[u8]) -> bool {
    X509Certificate::from_der(der).is_ok_and(|(_, certificate)| {
        certificate.tbs_certificate.subject.as_raw() == certificate.tbs_certificate.issuer.as_raw()
    })
}

/// Whether a certificate is valid at a time (seconds since 1970).
pub(crate) fn is_current(der: &[u8], now: i64) -> Result<(), Unverified> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return Err(Unverified::untrusted("certificate can't be read"));
    };
    let validity = certificate.validity();
    if now < validity.not_before.timestamp() {
        return Err(Unverified::untrusted("certificate is not yet valid"));
    }
    if now > validity.not_after.timestamp() {
        return Err(Unverified::expired());
    }
    Ok(())
}

fn one_line(name: &X509Name<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    let attributes = name.iter_rdn().flat_map(|set| set.iter().enumerate());
    for (at, attribute) in attributes {
        // Several attributes that are one element of the name.
        line.push(if at == 0 { b'/' } else { b'+' });
        let oid = attribute.attr_type().to_id_string();
        let known = SHORT_NAMES.iter().find(|(number, _)| *number == oid);
        line.extend_from_slice(known.map_or(oid.as_bytes(), |(_, short)| short.as_bytes()));
        line.push(b'=');
        escape(attribute.attr_value(), &mut line);
    }
    line
}

/// Octets that are not printable ASCII are written as `\xHH`, and what stands between elements behind a backslash.
fn escape(value: &Any<'_>, line: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in value.data {
        if (b' '..=b'~').contains(&byte) {
            if matches!(byte, b'/' | b'+') {
                line.push(b'\\');
            }
            line.push(byte);
        } else {
            line.extend_from_slice(&[b'\\', b'x', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// The short names of the attributes that certificates use.
const SHORT_NAMES: [(&str, &str); 14] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.42", "GN"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// As `openssl x509 -subject -nameopt compat` shows it.
    #[test]
    fn names_are_openssls() {
        let name = distinguished_name(include_bytes!("certificate/samples/names.der")).unwrap();
        let want =
            r"/C=NL+O=multi/CN=a\+b\/c=d\eq/OU=\xE6\x97\xA5\xE6\x9C\xAC/emailAddress=a@b.example/2.3.4.5=odd";
        assert_eq!(String::from_utf8(name).unwrap(), want);
    }
}

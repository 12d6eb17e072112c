//! The fields of a certificate that `${certextract` tells.
//!
//! # Security
//! Certificates are hostile: what can't be read is a fault, nothing panics, and text comes out as it stands in them.
//!
//! # Compatibility
//! Specification, `${certextract` in section "Expansion items"; forms are those of the oracle, which is built with
//! GnuTLS: distinguished names from left to right, its names of attributes and signatures.
//!
//! # References
//! RFC 5280, RFC 4514 (names), RFC 8410 (EdDSA).

use mail_types::clock::Timestamp;
use mail_types::zone::Zone;
use x509_parser::der_parser::asn1_rs::Any;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::time::ASN1Time;

/// The field that a selector (`subject,CN,>;`) names of a certificate (DER); none when the certificate lacks it. Times
/// are told in `zone`. An error is Exim's text.
pub fn field(der: &[u8], selector: &[u8], zone: &Zone) -> Result<Option<Vec<u8>>, String> {
    let mut words = selector.split(|&byte| byte == b',');
    let name = words.next().unwrap_or_default().trim_ascii();
    let rest = Modifiers::of(words);
    let known = ["version", "serial_number", "subject", "issuer", "notbefore", "notafter", "sig_algorithm"];
    let listed = ["signature", "subj_altname", "ocsp_uri", "crl_uri"];
    let Some(name) = known.iter().chain(&listed).find(|known| known.as_bytes() == name) else {
        return Err(format!("bad field selector \"{}\" for certextract", String::from_utf8_lossy(name)));
    };
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|_| "the certificate can't be read".to_owned())?;
    let body = &certificate.tbs_certificate;
    let found = match *name {
        "version" => (body.version.0 + 1).to_string().into_bytes(),
        "serial_number" => serial_number(certificate.raw_serial()),
        "subject" => return Ok(distinguished_name(&body.subject, &rest)),
        "issuer" => return Ok(distinguished_name(&body.issuer, &rest)),
        "notbefore" => time(&body.validity.not_before, &rest, zone),
        "notafter" => time(&body.validity.not_after, &rest, zone),
        "sig_algorithm" => signature_algorithm(&certificate),
        "signature" => certificate
            .signature_value
            .data
            .iter()
            .map(|octet| hex(&[*octet]))
            .collect::<Vec<_>>()
            .join(&b' '),
        "subj_altname" => return Ok(alternative_names(&certificate, &rest)),
        "ocsp_uri" => return Ok(rest.list(ocsp(&certificate))),
        _ => return Ok(rest.list(revocation_lists(&certificate))),
    };
    Ok(Some(found))
}

/// What follows the field's name.
struct Modifiers {
    separator: u8,
    tag: Option<Vec<u8>>,
}

impl Modifiers {
    fn of<'a>(words: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut found = Self { separator: b'\n', tag: None };
        for word in words {
            match word {
                [b'>', separator, ..] => found.separator = *separator,
                _ => found.tag = Some(word.to_vec()),
            }
        }
        found
    }

    /// The items as a list; none of no items.
    fn list(&self, items: impl IntoIterator<Item = Vec<u8>>) -> Option<Vec<u8>> {
        let mut list: Option<Vec<u8>> = None;
        for item in items {
            let list = match &mut list {
                Some(list) => {
                    list.push(self.separator);
                    list
                }
                None => list.insert(Vec::new()),
            };
            for octet in item {
                list.push(octet);
                if octet == self.separator {
                    list.push(octet);
                }
            }
        }
        list
    }
}

/// Without the zeros that it begins with.
fn serial_number(octets: &[u8]) -> Vec<u8> {
    let digits = hex(octets);
    let first = digits.iter().position(|&digit| digit != b'0');
    first.map_or_else(|| b"0".to_vec(), |first| digits[first..].to_vec())
}

fn hex(octets: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    octets.iter().flat_map(|octet| [octet >> 4, octet & 15]).map(|digit| DIGITS[usize::from(digit)]).collect()
}

/// With `int` as the only modifier, seconds since 1970.
fn time(time: &ASN1Time, modifiers: &Modifiers, zone: &Zone) -> Vec<u8> {
    let secs = time.timestamp();
    if modifiers.tag.as_deref() == Some(b"int") {
        return secs.to_string().into_bytes();
    }
    zone.certificate(Timestamp::from_secs(secs)).into_bytes()
}

/// A name in RFC 4514's escapes, or the elements of one type in it. The oracle cuts the name at its commas, whether they
/// stand within an element or not in front of a `+`, and undoes the escapes of commas alone.
fn distinguished_name(name: &X509Name<'_>, modifiers: &Modifiers) -> Option<Vec<u8>> {
    let elements: Vec<Vec<u8>> =
        name.iter_rdn().map(|rdn| rdn.iter().map(element).collect::<Vec<_>>().join(&b'+')).collect();
    if elements.is_empty() {
        return None;
    }
    if modifiers.tag.is_none() && modifiers.separator == b'\n' {
        return Some(elements.join(&b','));
    }
    let bare = elements.iter().map(|element| without_escaped_commas(element));
    match &modifiers.tag {
        None => modifiers.list(bare),
        Some(tag) => modifiers.list(bare.filter_map(|element| {
            Some(element.strip_prefix(tag.trim_ascii_start())?.strip_prefix(b"=")?.to_vec())
        })),
    }
}

fn without_escaped_commas(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut octets = text.iter().copied().peekable();
    while let Some(octet) = octets.next() {
        if octet != b'\\' || octets.peek() != Some(&b',') {
            out.push(octet);
        }
    }
    out
}

fn element(attribute: &x509_parser::x509::AttributeTypeAndValue<'_>) -> Vec<u8> {
    let oid = attribute.attr_type().to_id_string();
    let known = ATTRIBUTES.iter().find(|(number, _)| *number == oid);
    let mut text = known.map_or(oid.as_bytes(), |(_, name)| name.as_bytes()).to_vec();
    text.push(b'=');
    let value = attribute.attr_value();
    match known {
        Some(_) => escape(value.data, &mut text),
        None => {
            text.push(b'#');
            text.extend_from_slice(&hex(&der(value)));
        }
    }
    text
}

/// A value with its head, as it stands in the certificate.
fn der(value: &Any<'_>) -> Vec<u8> {
    let length = value.data.len().to_be_bytes();
    let significant = &length[length.iter().take_while(|octet| **octet == 0).count()..];
    let mut out = vec![u8::try_from(value.tag().0 & 0x1f).unwrap_or(0)];
    match significant {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(0));
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(value.data);
    out
}

/// The escapes of RFC 4514, section 2.4.
fn escape(value: &[u8], out: &mut Vec<u8>) {
    let last = value.len().saturating_sub(1);
    for (at, &octet) in value.iter().enumerate() {
        let edge = octet == b' ' && (at == 0 || at == last) || octet == b'#' && at == 0;
        if edge || b",+\"\\<>;".contains(&octet) {
            out.push(b'\\');
        }
        out.push(octet);
    }
}

fn signature_algorithm(certificate: &X509Certificate<'_>) -> Vec<u8> {
    let algorithm = &certificate.signature_algorithm;
    let oid = algorithm.algorithm.to_id_string();
    if let Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) = SignatureAlgorithm::try_from(algorithm) {
        let hash = parameters.hash_algorithm_oid().to_id_string();
        let hash = HASHES.iter().find(|(number, _)| *number == hash).map_or(hash.as_str(), |(_, name)| *name);
        return format!("RSA-PSS-{hash}").into_bytes();
    }
    let known = SIGNATURES.iter().find(|(number, _)| *number == oid);
    known.map_or(oid.as_bytes(), |(_, name)| name.as_bytes()).to_vec()
}

/// Addresses and names of directories are left out, as in Exim.
fn alternative_names(certificate: &X509Certificate<'_>, modifiers: &Modifiers) -> Option<Vec<u8>> {
    let extension = certificate.subject_alternative_name().ok()??;
    let wanted = match modifiers.tag.as_deref() {
        Some(b"dns") => Some("DNS"),
        Some(b"uri") => Some("URI"),
        Some(b"mail") => Some("MAIL"),
        _ => None,
    };
    let names = extension.value.general_names.iter().filter_map(|name| {
        let (tag, text) = match name {
            GeneralName::DNSName(name) => ("DNS", name),
            GeneralName::URI(uri) => ("URI", uri),
            GeneralName::RFC822Name(address) => ("MAIL", address),
            _ => return None,
        };
        match wanted {
            Some(wanted) => (tag == wanted).then(|| text.as_bytes().to_vec()),
            None => Some(format!("{tag}={text}").into_bytes()),
        }
    });
    modifiers.list(names)
}

fn ocsp(certificate: &X509Certificate<'_>) -> Vec<Vec<u8>> {
    const OCSP: &str = "1.3.6.1.5.5.7.48.1";
    let accesses =
        certificate.extensions().iter().filter_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityInfoAccess(access) => Some(&access.accessdescs),
            _ => None,
        });
    accesses
        .flatten()
        .filter(|access| access.access_method.to_id_string() == OCSP)
        .filter_map(|access| text_of(&access.access_location))
        .collect()
}

fn revocation_lists(certificate: &X509Certificate<'_>) -> Vec<Vec<u8>> {
    let points = certificate.extensions().iter().filter_map(|extension| match extension.parsed_extension() {
        ParsedExtension::CRLDistributionPoints(points) => Some(&points.points),
        _ => None,
    });
    let names = points.flatten().filter_map(|point| match &point.distribution_point {
        Some(DistributionPointName::FullName(names)) => Some(names),
        _ => None,
    });
    names.flatten().filter_map(text_of).collect()
}

fn text_of(name: &GeneralName<'_>) -> Option<Vec<u8>> {
    match name {
        GeneralName::URI(text) | GeneralName::DNSName(text) | GeneralName::RFC822Name(text) => {
            Some(text.as_bytes().to_vec())
        }
        _ => None,
    }
}

/// GnuTLS's names of the attributes of distinguished names.
const ATTRIBUTES: [(&str, &str); 24] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "sn"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.20", "telephoneNumber"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "givenName"),
    ("2.5.4.43", "initials"),
    ("2.5.4.44", "generationQualifier"),
    ("2.5.4.45", "x500UniqueIdentifier"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.65", "pseudonym"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "EMAIL"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionOfIncorporationCountryName"),
];

const HASHES: [(&str, &str); 4] = [
    ("1.3.14.3.2.26", "SHA1"),
    ("2.16.840.1.101.3.4.2.1", "SHA256"),
    ("2.16.840.1.101.3.4.2.2", "SHA384"),
    ("2.16.840.1.101.3.4.2.3", "SHA512"),
];

/// GnuTLS's names of signatures.
const SIGNATURES: [(&str, &str); 14] = [
    ("1.2.840.113549.1.1.4", "RSA-MD5"),
    ("1.2.840.113549.1.1.5", "RSA-SHA1"),
    ("1.2.840.113549.1.1.11", "RSA-SHA256"),
    ("1.2.840.113549.1.1.12", "RSA-SHA384"),
    ("1.2.840.113549.1.1.13", "RSA-SHA512"),
    ("1.2.840.113549.1.1.14", "RSA-SHA224"),
    ("1.2.840.10045.4.1", "ECDSA-SHA1"),
    ("1.2.840.10045.4.3.1", "ECDSA-SHA224"),
    ("1.2.840.10045.4.3.2", "ECDSA-SHA256"),
    ("1.2.840.10045.4.3.3", "ECDSA-SHA384"),
    ("1.2.840.10045.4.3.4", "ECDSA-SHA512"),
    ("1.2.840.10040.4.3", "DSA-SHA1"),
    ("1.3.101.112", "EdDSA-Ed25519"),
    ("1.3.101.113", "EdDSA-Ed448"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: [(&str, &[u8]); 6] = [
        ("rich", include_bytes!("samples/rich.der")),
        ("lists", include_bytes!("samples/lists.der")),
        ("ecdsa", include_bytes!("samples/ecdsa.der")),
        ("ed448", include_bytes!("samples/ed448.der")),
        ("pss", include_bytes!("samples/pss.der")),
        ("nameless", include_bytes!("samples/nameless.der")),
    ];

    fn sample(name: &str) -> &'static [u8] {
        SAMPLES.iter().find(|(known, _)| *known == name).unwrap().1
    }

    #[test]
    fn fields_are_told_as_the_oracle_tells_them() {
        let rows = include_str!("samples/oracle.tsv").lines().filter(|line| !line.starts_with('#'));
        for row in rows {
            let [name, selector, expected] = row.splitn(3, '\t').collect::<Vec<_>>().try_into().unwrap();
            let found = field(sample(name), selector.as_bytes(), &Zone::utc()).unwrap();
            let found = found.unwrap_or_else(|| b"NONE".to_vec());
            assert_eq!(String::from_utf8_lossy(&found).replace('\n', "\\n"), expected, "{name} {selector}");
        }
    }

    #[test]
    fn times_are_told_in_the_zone_of_the_configuration() {
        let found = field(sample("rich"), b"notafter", &Zone::named(b"Europe/Berlin")).unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&found), "Feb  8 23:05:25 2035 CET");
    }

    #[test]
    fn certificates_of_responders_are_listed() {
        let found = field(sample("rich"), b"ocsp_uri,>;", &Zone::utc()).unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&found), "http://ocsp.example/1;http://ocsp.example/2");
        assert_eq!(field(sample("ecdsa"), b"ocsp_uri", &Zone::utc()), Ok(None));
    }

    #[test]
    fn a_name_without_elements_is_none() {
        assert_eq!(field(sample("nameless"), b"subject", &Zone::utc()), Ok(None));
    }

    #[test]
    fn unknown_fields_and_broken_certificates_are_faults() {
        for (selector, text) in [("nosuch", "nosuch"), ("", ""), ("Subject,CN", "Subject"), (",version", "")]
        {
            let expected = Err(format!("bad field selector \"{text}\" for certextract"));
            assert_eq!(field(sample("rich"), selector.as_bytes(), &Zone::utc()), expected);
        }
        let whole = sample("rich");
        for end in 0..whole.len() {
            assert!(field(&whole[..end], b"subject", &Zone::utc()).is_err(), "{end} octets");
        }
    }
}

//! Reports of others, in whatever form they come: JSON or XML, packed or not, attached to a message or not.
//!
//! # Invariants
//! * A file gives all the reports that are in it, or the reason why it has none.
//!
//! # Security
//! All input is hostile: see the crate.

use mail_types::limits;

use crate::packed::{gunzip, is_gzip, is_zip, unzip};
use crate::{Feedback, TlsReport, mime};

/// A report that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// About TLS.
    Tls(TlsReport),
    /// About DMARC.
    Dmarc(Box<Feedback>),
}

/// Finds the reports in a file.
///
/// # Errors
/// Why there is none.
pub fn read(input: &[u8]) -> Result<Vec<Found>, String> {
    if input.len() as u64 > limits::REPORT_FILE {
        return Err("it is too long".to_owned());
    }
    if let Some(found) = document(input) {
        return found.map(|found| vec![found]);
    }
    let mut reports = Vec::new();
    let mut trouble = None;
    for part in mime::parts(input) {
        match document(&part.content) {
            Some(Ok(found)) => reports.push(found),
            // HTML and text for people are no documents; what says that it is a report has to be one.
            Some(Err(why)) if says_report(&part.kind) => trouble = Some(why),
            _ => {}
        }
    }
    match (reports.is_empty(), trouble) {
        (false, _) => Ok(reports),
        (true, Some(why)) => Err(why),
        (true, None) => Err("there is no report in it".to_owned()),
    }
}

fn says_report(kind: &[u8]) -> bool {
    !kind.starts_with(b"text/") || kind == b"text/xml"
}

/// Reads one report, unpacking it first; nothing when it does not look like one.
fn document(octets: &[u8]) -> Option<Result<Found, String>> {
    let unpacked = if is_gzip(octets) {
        Some(gunzip(octets))
    } else if is_zip(octets) {
        Some(unzip(octets))
    } else {
        None
    };
    let unpacked = match unpacked {
        None => None,
        Some(Ok(text)) => Some(text),
        Some(Err(why)) => return Some(Err(why.to_owned())),
    };
    let was_packed = unpacked.is_some();
    let text = unpacked.as_deref().unwrap_or(octets);
    let start = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    match start.first() {
        Some(b'{') => Some(TlsReport::read(text).map(Found::Tls)),
        Some(b'<') => Some(Feedback::read(text).map(|report| Found::Dmarc(Box::new(report)))),
        _ if was_packed => Some(Err("what is packed is neither JSON nor XML".to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::gzip;

    const JSON: &[u8] = include_bytes!("../tests/fixtures/rfc8460-appendix-b.json");
    const XML: &[u8] = include_bytes!("../tests/fixtures/peer-aggregate.xml");

    fn mail(kind: &str, content: &[u8]) -> Vec<u8> {
        let coded = mail_types::base64::encode(content);
        let head = format!(
            "From: a@b\r\nContent-Type: multipart/mixed; boundary=\"x\"\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<html>\r\n\
             --x\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        );
        [head.as_bytes(), &coded, b"\r\n--x--\r\n"].concat()
    }

    #[test]
    fn both_kinds_in_every_wrapping() {
        let tls = Found::Tls(TlsReport::read(JSON).unwrap());
        let dmarc = Found::Dmarc(Box::new(Feedback::read(XML).unwrap()));
        for (input, want) in [
            (JSON.to_vec(), &tls),
            (gzip(JSON), &tls),
            (mail("application/tlsrpt+gzip", &gzip(JSON)), &tls),
            (mail("application/tlsrpt+json", JSON), &tls),
            (XML.to_vec(), &dmarc),
            (gzip(XML), &dmarc),
            (mail("application/gzip", &gzip(XML)), &dmarc),
            ([b"Content-Type: message/rfc822\n\n", &mail("text/xml", XML)[..]].concat(), &dmarc),
        ] {
            assert_eq!(read(&input).as_deref(), Ok(std::slice::from_ref(want)));
        }
    }

    /// The form of RFC 9990: a namespace (here with a prefix), and elements that RFC 7489 does not have.
    #[test]
    fn newer_and_odd_forms() {
        let newer = "<?xml version=\"1.0\"?><d:feedback xmlns:d=\"urn:ietf:params:xml:ns:dmarc-2.0\"><d:report_metadata>\
            <d:org_name>New</d:org_name><d:report_id>7</d:report_id><d:generator>x 1.0</d:generator>\
            <d:error>late</d:error></d:report_metadata><d:policy_published><d:domain>a.example</d:domain>\
            <d:discovery_method>treewalk</d:discovery_method><d:p>reject</d:p><d:sp>none</d:sp><d:np>reject</d:np>\
            <d:testing>y</d:testing></d:policy_published><d:extension><x><domain>no</domain></x></d:extension>\
            <d:record><d:row><d:source_ip>::1</d:source_ip><d:count>2</d:count><d:policy_evaluated>\
            <d:disposition>pass</d:disposition><d:dkim>pass</d:dkim><d:spf>fail</d:spf>\
            <d:reason><d:type>policy_test_mode</d:type></d:reason></d:policy_evaluated></d:row></d:record></d:feedback>";
        let [Found::Dmarc(report)] = &read(newer.as_bytes()).unwrap()[..] else { panic!("a report") };
        let policy = &report.policy;
        assert_eq!(
            [&policy.domain, &policy.np, &policy.testing, &policy.discovery_method],
            ["a.example", "reject", "y", "treewalk"]
        );
        assert_eq!(report.records[0].reasons[0].kind, "policy_test_mode");
        let shown = report.to_string();
        assert!(
            shown.contains("  policy  a.example p=reject sp=none np=reject testing=y\n  note    late\n"),
            "{shown}"
        );
        // A namespace that nobody knows, a byte order mark, octets that are no UTF-8, and numbers that are none.
        let odd =
            b"\xef\xbb\xbf \n<feedback xmlns='urn:wrong'><report_metadata><org_name>M\xfcller</org_name>\
            <report_id>1</report_id><date_range><begin>soon</begin></date_range></report_metadata>\
            <record><row><count>many</count></row></record></feedback>";
        let [Found::Dmarc(report)] = &read(odd).unwrap()[..] else { panic!("a report") };
        assert_eq!((report.org_name.as_str(), report.begin), ("M\u{fffd}ller", 0));
        assert_eq!(report.records[0].count, 0);
    }

    #[test]
    fn hostile_files_end() {
        let huge = vec![b' '; usize::try_from(limits::REPORT_FILE).unwrap() + 1];
        let bomb = gzip(&vec![b' '; limits::REPORT_TEXT + 1]);
        let deep = "<feedback>".repeat(10_000).into_bytes();
        let open = format!("{{\"policies\":{}", "[".repeat(100_000)).into_bytes();
        let rows = ["<feedback>", &"<record/>".repeat(limits::REPORT_ROWS + 1), "</feedback>"].concat();
        // What a bomb unpacks to is not unpacked again.
        let twice = gzip(&gzip(XML));
        for (input, want) in [
            (huge, "it is too long"),
            (bomb, "it is too long once unpacked"),
            (deep, "its elements are nested too deeply"),
            (rows.into_bytes(), "it has too many rows"),
            (twice, "what is packed is neither JSON nor XML"),
        ] {
            assert_eq!(read(&input), Err(want.to_owned()));
        }
        assert!(read(&open).unwrap_err().starts_with("it is no TLS report: "));
    }

    #[test]
    fn what_is_no_report() {
        for (input, want) in [
            (b"".to_vec(), "there is no report in it"),
            (b"Subject: x\n\nhello".to_vec(), "there is no report in it"),
            (gzip(b"hello"), "what is packed is neither JSON nor XML"),
            (b"<html/>".to_vec(), "it is no DMARC report"),
            (b"<feedback/>".to_vec(), "it is no DMARC report: neither a policy nor an id"),
            (b"<!DOCTYPE x><feedback/>".to_vec(), "it has a document type"),
            (mail("application/gzip", &gzip(b"<a>")), "it is no DMARC report"),
            (mail("application/gzip", &gzip(XML)[..40]), "the packed data is damaged"),
        ] {
            assert_eq!(read(&input), Err(want.to_owned()));
        }
    }
}

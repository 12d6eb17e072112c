//! Failure reports: who wants one, and what it says.
//!
//! # Invariants
//! * A line of a report is one line, whatever the message says.
//!
//! # Security
//! All parts of a report come from a message that failed; the addresses from the author domain's DNS.
//!
//! # References
//! RFC 7489 section 7.3; RFC 6591; RFC 5965.

use std::net::IpAddr;

use mail_types::dns::Resolve;
use mail_types::limits;

use super::receivers::{Wanted, agreed};
use super::{DmarcOutcome, Mode};

/// The addresses of `ruf` that may be written to. Whoever can't be asked now gets nothing.
pub fn destinations(outcome: &DmarcOutcome, mode: Mode<'_>, dns: &dyn Resolve) -> Vec<Vec<u8>> {
    let Some(record) = &outcome.record else { return Vec::new() };
    let agreed = agreed(&record.forensic, Wanted::Failure, &outcome.used_domain, mode, dns);
    agreed.uris.into_iter().map(|uri| uri.address).collect()
}

/// One signature that did not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedSignature {
    /// `d=`.
    pub domain: Vec<u8>,
    /// `s=`.
    pub selector: Vec<u8>,
    /// `i=`, where there is one.
    pub identity: Option<Vec<u8>>,
}

/// What a report is about.
#[derive(Clone, Debug)]
pub struct Incident<'a> {
    /// The name of this host.
    pub reporter: &'a [u8],
    /// The program, for `User-Agent:`.
    pub agent: &'a str,
    /// When the message came, as header lines show times.
    pub arrival: &'a str,
    /// The client.
    pub source: Option<IpAddr>,
    /// The envelope's sender.
    pub mail_from: &'a [u8],
    /// The envelope's recipients.
    pub recipients: &'a [Vec<u8>],
    /// Authentication-Results, the whole field.
    pub results: &'a [u8],
    /// What became of the message: `delivered`, `reject`, `other`.
    pub delivery: &'a str,
    /// The check.
    pub outcome: &'a DmarcOutcome,
    /// Signatures that did not verify.
    pub signatures: &'a [FailedSignature],
    /// The header's fields.
    pub header: &'a [&'a [u8]],
}

impl Incident<'_> {
    /// The report's body, a multipart/report of three parts (RFC 5965 section 2), with LF.
    pub fn body(&self, boundary: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(4096);
        part(&mut out, boundary, "text/plain; charset=us-ascii");
        out.extend_from_slice(b"This is an authentication failure report for an email message");
        if let Some(source) = self.source {
            out.extend_from_slice(format!(" received from {source}").as_bytes());
        }
        out.extend_from_slice(format!("\non {}. It says that it is from ", self.arrival).as_bytes());
        out.extend(one_line(&self.outcome.author));
        out.extend_from_slice(
            b",\nand no aligned SPF or DKIM result stands behind that as its DMARC policy asks.\n\n",
        );
        part(&mut out, boundary, "message/feedback-report");
        self.feedback(&mut out);
        out.push(b'\n');
        part(&mut out, boundary, "text/rfc822-headers; charset=utf-8\nContent-Transfer-Encoding: 8bit");
        let mut left = limits::DMARC_FAILURE_HEADER;
        for field in self.header {
            let Some(rest) = left.checked_sub(field.len()) else { break };
            left = rest;
            out.extend(field.iter().filter(|byte| !matches!(byte, b'\r' | 0)));
        }
        out.extend_from_slice(&[b"\n--", boundary, b"--\n"].concat());
        out
    }

    fn feedback(&self, out: &mut Vec<u8>) {
        let outcome = self.outcome;
        line(out, "Feedback-Type", b"auth-failure");
        line(out, "User-Agent", self.agent.as_bytes());
        line(out, "Version", b"1");
        line(out, "Original-Mail-From", &[b"<", self.mail_from, b">"].concat());
        for recipient in self.recipients.iter().take(limits::DMARC_FAILURE_REPORTS) {
            line(out, "Original-Rcpt-To", &[b"<", &recipient[..], b">"].concat());
        }
        line(out, "Arrival-Date", self.arrival.as_bytes());
        line(out, "Reporting-MTA", &[b"dns; ", self.reporter].concat());
        if let Some(source) = self.source {
            line(out, "Source-IP", source.to_string().as_bytes());
        }
        line(out, "Reported-Domain", &outcome.author);
        let results = self.results.strip_prefix(b"Authentication-Results:").unwrap_or(self.results);
        line(out, "Authentication-Results", results);
        line(out, "Delivery-Result", self.delivery.as_bytes());
        line(out, "Auth-Failure", b"dmarc");
        let aligned: &[u8] = match (outcome.dkim_aligned, outcome.spf_aligned) {
            (true, true) => b"dkim, spf",
            (true, false) => b"dkim",
            (false, true) => b"spf",
            (false, false) => b"none",
        };
        line(out, "Identity-Alignment", aligned);
        if let [signature] = self.signatures {
            line(out, "DKIM-Domain", &signature.domain);
            line(out, "DKIM-Selector", &signature.selector);
            if let Some(identity) = &signature.identity {
                line(out, "DKIM-Identity", identity);
            }
        }
    }
}

fn part(out: &mut Vec<u8>, boundary: &[u8], kind: &str) {
    out.extend_from_slice(&[b"--", boundary, b"\nContent-Type: ", kind.as_bytes(), b"\n\n"].concat());
}

/// `Name: value` on one line.
fn line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend(one_line(value.trim_ascii()));
    out.push(b'\n');
}

/// White space is a space, other control characters are question marks.
fn one_line(value: &[u8]) -> impl Iterator<Item = u8> + '_ {
    value.iter().map(|byte| match byte {
        b'\t' | b'\n' | b'\r' => b' ',
        byte if byte.is_ascii_control() => b'?',
        byte => *byte,
    })
}

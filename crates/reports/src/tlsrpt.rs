//! TLSRPT: the record that asks for reports, and the report in JSON.
//!
//! # Invariants
//! * A destination is an address on one line, or a host, a port and a path without white space and control characters.
//!
//! # Security
//! The record comes from somebody's DNS, the report from somebody's mail.
//!
//! # Compatibility
//! `mx-host` is read as a list and as a single text: RFC 8460 shows the latter, its erratum 8070 the former, which is
//! what is written. Members that are missing in a report that is read are empty.
//!
//! # References
//! RFC 8460 sections 3 (record), 4.3 (results), 4.4 (report).

use std::fmt;

use mail_types::zone::zulu;
use mail_types::{Timestamp, limits};
use serde::{Deserialize, Deserializer, Serialize};

use crate::Period;

/// Where reports are sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// An address.
    Mail(Vec<u8>),
    /// A place that takes a POST.
    Https(Place),
}

/// A place at a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The server's name, in lower case.
    pub host: String,
    /// Its port, where one is named.
    pub port: Option<u16>,
    /// What to ask for, with its query.
    pub path: String,
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(address) => write!(f, "mailto:{}", String::from_utf8_lossy(address)),
            Self::Https(Place { host, port: None, path }) => write!(f, "https://{host}{path}"),
            Self::Https(Place { host, port: Some(port), path }) => write!(f, "https://{host}:{port}{path}"),
        }
    }
}

/// The destinations that the TXT records of `_smtp._tls.DOMAIN` name: none unless exactly one record is TLSRPT's
/// (rfc8460#3).
pub fn destinations<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Vec<Destination> {
    let mut ours = records.into_iter().filter_map(fields);
    let (Some(fields), None) = (ours.next(), ours.next()) else { return Vec::new() };
    let rua = fields.split(|byte| *byte == b';').find_map(|field| field.trim_ascii().strip_prefix(b"rua="));
    let uris = rua.unwrap_or_default().split(|byte| *byte == b',');
    uris.take(limits::TLSRPT_URIS).filter_map(|uri| destination(uri.trim_ascii())).collect()
}

/// What follows the version of a record.
fn fields(record: &[u8]) -> Option<&[u8]> {
    let rest = record.strip_prefix(b"v=TLSRPTv1")?.trim_ascii_start().strip_prefix(b";")?;
    (record.len() <= limits::TLSRPT_RECORD).then_some(rest)
}

fn destination(uri: &[u8]) -> Option<Destination> {
    let colon = uri.iter().position(|byte| *byte == b':')?;
    let (scheme, rest) = (&uri[..colon], &uri[colon + 1..]);
    if scheme.eq_ignore_ascii_case(b"mailto") {
        let address = unescaped(rest.split(|byte| *byte == b'?').next().unwrap_or_default())?;
        let at = address.iter().rposition(|byte| *byte == b'@')?;
        let good = at > 0
            && at + 1 < address.len()
            && address.len() <= limits::ADDRESS
            && address.iter().all(|byte| byte.is_ascii_graphic() && !b"<>()\",;:\\".contains(byte));
        return good.then_some(Destination::Mail(address));
    }
    if !scheme.eq_ignore_ascii_case(b"https") {
        return None;
    }
    let rest = std::str::from_utf8(rest.strip_prefix(b"//")?).ok()?;
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port > 0)?)),
        None => (authority, None),
    };
    let host = host.to_ascii_lowercase();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let good = !host.is_empty() && host.len() <= limits::DOMAIN && host.bytes().all(is_name);
    let good = good && path.bytes().all(|byte| byte.is_ascii_graphic());
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    good.then_some(Destination::Https(Place { host, port, path }))
}

/// Decodes `%XX`.
fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut pieces = text.split(|byte| *byte == b'%');
    let mut out = pieces.next()?.to_vec();
    for piece in pieces {
        let digits = std::str::from_utf8(piece.get(..2)?).ok()?;
        out.push(u8::from_str_radix(digits, 16).ok()?);
        out.extend_from_slice(&piece[2..]);
    }
    Some(out)
}

/// A report (rfc8460#4.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct TlsReport {
    /// Who reports.
    pub organization_name: String,
    /// What time it is about.
    pub date_range: DateRange,
    /// Whom to ask about it.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "text")]
    pub contact_info: String,
    /// What makes it the one it is.
    pub report_id: String,
    /// What happened, for each policy.
    pub policies: Vec<PolicyReport>,
}

/// The time that a report is about, as RFC 3339 writes times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct DateRange {
    /// The first moment.
    pub start_datetime: String,
    /// The last one.
    pub end_datetime: String,
}

impl From<Period> for DateRange {
    fn from(period: Period) -> Self {
        Self { start_datetime: rfc3339(period.begin), end_datetime: rfc3339(period.last_second()) }
    }
}

/// `2026-11-22T15:09:30Z`
fn rfc3339(time: Timestamp) -> String {
    let digits = zulu(time);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    format!("{year}-{month}-{day}T{}:{}:{}Z", part(8, 10), part(10, 12), part(12, 14))
}

/// What happened under one policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct PolicyReport {
    /// Which policy.
    pub policy: PolicyDescription,
    /// How often it went well and ill.
    pub summary: Summary,
    /// What went ill.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub failure_details: Vec<FailureDetails>,
}

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct PolicyDescription {
    /// `tlsa`, `sts` or `no-policy-found`.
    pub policy_type: String,
    /// Its lines: of an MTA-STS policy, or TLSA records.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "texts")]
    pub policy_string: Vec<String>,
    /// The domain whose it is.
    pub policy_domain: String,
    /// Patterns of hosts of an MTA-STS policy.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "texts")]
    pub mx_host: Vec<String>,
}

/// Sessions, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Summary {
    /// Those that were encrypted as the policy wants it.
    pub total_successful_session_count: u64,
    /// The others.
    pub total_failure_session_count: u64,
}

/// One way in which sessions failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct FailureDetails {
    /// One of [`ResultType`]'s words.
    pub result_type: String,
    /// Our address.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "text")]
    pub sending_mta_ip: String,
    /// The host that was to be spoken to.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "text")]
    pub receiving_mx_hostname: String,
    /// What it called itself.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "text")]
    pub receiving_mx_helo: String,
    /// Its address.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "text")]
    pub receiving_ip: String,
    /// How often.
    pub failed_session_count: u64,
    /// Where more can be read.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "text")]
    pub additional_information: String,
    /// The words of the TLS library.
    #[serde(skip_serializing_if = "String::is_empty", deserialize_with = "text")]
    pub failure_reason_code: String,
}

/// What can be wrong (rfc8460#4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResultType {
    /// The host does not offer STARTTLS.
    StarttlsNotSupported,
    /// The certificate is for another name.
    CertificateHostMismatch,
    /// It has expired.
    CertificateExpired,
    /// Nobody whom we trust vouches for it.
    CertificateNotTrusted,
    /// TLS failed in another way.
    ValidationFailure,
    /// TLSA records that can't be used, or that no certificate fits.
    TlsaInvalid,
    /// The DNS answer is bogus.
    DnssecInvalid,
    /// DANE is required here, and there are no records for it.
    DaneRequired,
    /// The MTA-STS policy could not be fetched.
    StsPolicyFetchError,
    /// It makes no sense.
    StsPolicyInvalid,
    /// It is served with a certificate that is not good.
    StsWebpkiInvalid,
}

impl ResultType {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::StarttlsNotSupported => "starttls-not-supported",
            Self::CertificateHostMismatch => "certificate-host-mismatch",
            Self::CertificateExpired => "certificate-expired",
            Self::CertificateNotTrusted => "certificate-not-trusted",
            Self::ValidationFailure => "validation-failure",
            Self::TlsaInvalid => "tlsa-invalid",
            Self::DnssecInvalid => "dnssec-invalid",
            Self::DaneRequired => "dane-required",
            Self::StsPolicyFetchError => "sts-policy-fetch-error",
            Self::StsPolicyInvalid => "sts-policy-invalid",
            Self::StsWebpkiInvalid => "sts-webpki-invalid",
        }
    }
}

impl TlsReport {
    /// Reads a report.
    ///
    /// # Errors
    /// It is no JSON of this form, or has too many rows.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let report: Self =
            serde_json::from_slice(json).map_err(|error| format!("it is no TLS report: {error}"))?;
        let rows: usize = report.policies.iter().map(|policy| 1 + policy.failure_details.len()).sum();
        if rows > limits::REPORT_ROWS {
            return Err("it has too many rows".to_owned());
        }
        if report.policies.is_empty() && report.report_id.is_empty() {
            return Err("it is no TLS report: neither policies nor an id".to_owned());
        }
        Ok(report)
    }

    /// The report in JSON.
    pub fn to_json(&self) -> Vec<u8> {
        // Texts and numbers have a form in JSON.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }
}

/// `null` is an empty text.
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// `null` is an empty list.
fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<FailureDetails>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A list, one text, or `null`.
fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        Many(Vec<String>),
        One(String),
        Null,
    }
    Ok(match OneOrMany::deserialize(from)? {
        OneOrMany::Many(texts) => texts,
        OneOrMany::One(text) if text.is_empty() => Vec::new(),
        OneOrMany::One(text) => vec![text],
        OneOrMany::Null => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(records: &[&str]) -> String {
        let found = destinations(records.iter().map(|record| record.as_bytes()));
        found.iter().map(Destination::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn records() {
        let long = format!("v=TLSRPTv1; rua=mailto:a@b; x={}", "y".repeat(limits::TLSRPT_RECORD));
        for (records, want) in [
            // The two of RFC 8460 section 3.1.
            (&["v=TLSRPTv1;rua=mailto:reports@example.com"][..], "mailto:reports@example.com"),
            (
                &["v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt"],
                "https://reporting.example.com/v1/tlsrpt",
            ),
            (
                &["v=TLSRPTv1 ; x=y;\trua= mailto:a%2Cb@c , HTTPS://Host.Example:8443 ; z=1;"],
                "https://host.example:8443/",
            ),
            (&["v=TLSRPTv1; rua=mailto:a@b,mailto:c@d?subject=x"], "mailto:a@b mailto:c@d"),
            (&["v=TLSRPTv1; rua=https://h?q=1#f"], "https://h/?q=1"),
            (&["v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@b"], "mailto:a@b"),
            (&["v=TLSRPTv1; rua=mailto:a@b", "v=TLSRPTv1; rua=mailto:a@b"], ""),
            (&[&["x"; 50][..], &["v=TLSRPTv1; rua=mailto:a@b"]].concat(), "mailto:a@b"),
            (&["v=TLSRPTv1"], ""),
            (&["v=TLSRPTv12; rua=mailto:a@b"], ""),
            (&["V=TLSRPTv1; rua=mailto:a@b"], ""),
            (&[" v=TLSRPTv1; rua=mailto:a@b"], ""),
            (
                &["v=TLSRPTv1; rua=http://h/,ftp://h,mailto:a,mailto:@b,mailto:a@,mailto:a%0ab@c,mailto:%4"],
                "",
            ),
            (&["v=TLSRPTv1; rua=https://u@h/,https:///x,https://h:0/,https://h:x/,https://h/\u{e9}"], ""),
            (&[&long], ""),
            (&[], ""),
        ] {
            assert_eq!(asked(records), want, "{records:?}");
        }
    }

    #[test]
    fn times_of_a_day() {
        let day = Period::day_of(Timestamp::from_secs(1_459_500_000));
        let range = DateRange::from(day);
        assert_eq!(range.start_datetime, "2016-04-01T00:00:00Z");
        assert_eq!(range.end_datetime, "2016-04-01T23:59:59Z");
    }

    /// The example of RFC 8460 appendix B, member by member.
    #[test]
    fn the_example_of_the_rfc_is_read_whole() {
        let report = TlsReport::read(include_bytes!("../tests/fixtures/rfc8460-appendix-b.json")).unwrap();
        assert_eq!(report.organization_name, "Company-X");
        assert_eq!(report.date_range, Period::day_of(Timestamp::from_secs(1_459_500_000)).into());
        assert_eq!(report.contact_info, "sts-reporting@company-x.example");
        assert_eq!(report.report_id, "5065427c-23d3-47ca-b6e0-946ea0e8c4be");
        let [policy] = report.policies.as_slice() else { panic!("one policy") };
        let lines = ["version: STSv1", "mode: testing", "mx: *.mail.company-y.example", "max_age: 86400"];
        assert_eq!(
            policy.policy,
            PolicyDescription {
                policy_type: "sts".to_owned(),
                policy_string: lines.map(str::to_owned).to_vec(),
                policy_domain: "company-y.example".to_owned(),
                mx_host: vec!["*.mail.company-y.example".to_owned()],
            }
        );
        assert_eq!(policy.summary.total_successful_session_count, 5326);
        assert_eq!(policy.summary.total_failure_session_count, 303);
        let [expired, no_tls, failed] = policy.failure_details.as_slice() else { panic!("three failures") };
        assert_eq!(expired.result_type, ResultType::CertificateExpired.word());
        assert_eq!(expired.sending_mta_ip, "2001:db8:abcd:0012::1");
        assert_eq!(expired.receiving_mx_hostname, "mx1.mail.company-y.example");
        assert_eq!(expired.failed_session_count, 100);
        assert_eq!(no_tls.result_type, ResultType::StarttlsNotSupported.word());
        assert_eq!(no_tls.receiving_ip, "203.0.113.56");
        assert_eq!(no_tls.failed_session_count, 200);
        assert!(no_tls.additional_information.starts_with("https://reports.company-x.example/report_info"));
        assert_eq!(failed.result_type, ResultType::ValidationFailure.word());
        assert_eq!(failed.failure_reason_code, "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED");
        assert_eq!(failed.receiving_mx_hostname, "mx-backup.mail.company-y.example");
        assert_eq!(failed.failed_session_count, 3);
        let again = TlsReport::read(&report.to_json()).unwrap();
        assert_eq!(again, report);
    }

    #[test]
    fn other_peoples_forms() {
        let one = br#"{"report-id":"x","contact-info":null,"policies":[{"policy":{"policy-type":"sts","mx-host":"a"},
            "failure-details":null,"unknown":{"a":[1]}}]}"#;
        let report = TlsReport::read(one).unwrap();
        assert_eq!(report.policies[0].policy.mx_host, ["a"]);
        assert_eq!(report.contact_info, "");
        for bad in
            ["", "[]", "{}", "{\"a\":1}", "{\"report-id\":1}", "{\"report-id\":\"x\"", &"[".repeat(100_000)]
        {
            assert!(TlsReport::read(bad.as_bytes()).is_err(), "{bad:.20}");
        }
    }
}

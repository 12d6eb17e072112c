//! DMARC aggregate reports: the document of RFC 7489 appendix C, written and read.
//!
//! # Invariants
//! * What is written is valid by the schema of appendix C, whatever texts it is made of.
//!
//! # Security
//! Reports that are read are hostile: rows are bounded by [`limits::REPORT_ROWS`], the rest by the reader of XML.
//!
//! # Compatibility
//! Written in the form of RFC 7489, without a namespace, as everybody does and reads; whatever namespace a report has, it is
//! read. Of RFC 9990's further elements `np`, `testing` and `discovery_method` are read, others passed over. IPv6
//! addresses are written out in full: the pattern of the schema knows no other form.
//!
//! # References
//! RFC 7489 section 7.2 and appendix C; RFC 9990 appendix A.

use std::net::IpAddr;

use mail_types::{Timestamp, limits};

use crate::Period;
use crate::xml::{Event, Reader, Writer};

/// A report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// Who reports.
    pub org_name: String,
    /// Whom to ask about it.
    pub email: String,
    /// Where more can be read.
    pub extra_contact_info: String,
    /// What makes it the one it is.
    pub report_id: String,
    /// Seconds since the epoch.
    pub begin: i64,
    /// Seconds since the epoch; the last one.
    pub end: i64,
    /// What went wrong while it was made.
    pub errors: Vec<String>,
    /// The domain's policy.
    pub policy: PolicyPublished,
    /// The rows.
    pub records: Vec<Record>,
}

/// A policy, in the words of its record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyPublished {
    /// Where it stands.
    pub domain: String,
    /// `r` or `s`.
    pub adkim: String,
    /// `r` or `s`.
    pub aspf: String,
    /// What is asked for.
    pub p: String,
    /// The same for subdomains.
    pub sp: String,
    /// The same for names that do not exist; only read.
    pub np: String,
    /// To how many of a hundred messages it applies.
    pub pct: String,
    /// When failure reports are wanted.
    pub fo: String,
    /// `y` where the policy is only tried out (RFC 9990); only read.
    pub testing: String,
    /// How the policy was found, `psl` or `treewalk` (RFC 9990); only read.
    pub discovery_method: String,
}

/// A row: messages that are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Who sent them.
    pub source_ip: String,
    /// How many.
    pub count: u64,
    /// `none`, `quarantine`, `reject`.
    pub disposition: String,
    /// `pass` or `fail`, aligned.
    pub dkim: String,
    /// `pass` or `fail`, aligned.
    pub spf: String,
    /// Why something else was done than the policy says.
    pub reasons: Vec<OverrideReason>,
    /// The recipients' domain.
    pub envelope_to: String,
    /// The envelope sender's domain.
    pub envelope_from: String,
    /// The author's domain.
    pub header_from: String,
    /// What DKIM said by itself.
    pub dkim_results: Vec<DkimResult>,
    /// What SPF said by itself.
    pub spf_results: Vec<SpfResult>,
}

/// Why a policy was not applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverrideReason {
    /// `forwarded`, `sampled_out`, `trusted_forwarder`, `mailing_list`, `local_policy`, `other`.
    pub kind: String,
    /// More about it.
    pub comment: String,
}

/// A signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DkimResult {
    /// `d=`
    pub domain: String,
    /// `s=`
    pub selector: String,
    /// `pass`, `fail` ….
    pub result: String,
    /// More about it.
    pub human_result: String,
}

/// A check of SPF.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpfResult {
    /// The domain that was checked.
    pub domain: String,
    /// `mfrom` or `helo`.
    pub scope: String,
    /// `pass`, `fail` ….
    pub result: String,
}

const POLICIES: [&str; 3] = ["none", "quarantine", "reject"];
const ALIGNED: [&str; 2] = ["fail", "pass"];
const REASONS: [&str; 6] =
    ["other", "forwarded", "sampled_out", "trusted_forwarder", "mailing_list", "local_policy"];
const DKIM: [&str; 7] = ["none", "pass", "fail", "policy", "neutral", "temperror", "permerror"];
const SPF: [&str; 7] = ["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"];

/// The word, if it is one of those that the schema has; else the first of these.
fn one_of<'a>(words: &[&'a str], word: &str) -> &'a str {
    words.iter().find(|known| **known == word).or(words.first()).copied().unwrap_or_default()
}

impl Feedback {
    /// The time that it is about.
    pub fn set_period(&mut self, period: Period) {
        (self.begin, self.end) = (period.begin.secs(), period.last_second().secs());
    }

    /// The first and the last moment.
    pub fn moments(&self) -> (Timestamp, Timestamp) {
        (Timestamp::from_secs(self.begin), Timestamp::from_secs(self.end))
    }

    /// The report in XML.
    pub fn to_xml(&self) -> Vec<u8> {
        let mut xml = Writer::new();
        xml.open("feedback");
        xml.element("version", "1.0");
        xml.open("report_metadata");
        xml.element("org_name", &self.org_name);
        xml.element("email", &self.email);
        optional(&mut xml, "extra_contact_info", &self.extra_contact_info);
        xml.element("report_id", &self.report_id);
        xml.open("date_range");
        xml.element("begin", &self.begin.to_string());
        xml.element("end", &self.end.to_string());
        xml.close();
        for error in &self.errors {
            xml.element("error", error);
        }
        xml.close();
        self.policy.write(&mut xml);
        for record in &self.records {
            record.write(&mut xml);
        }
        xml.close();
        xml.out.into_bytes()
    }

    /// Reads a report.
    ///
    /// # Errors
    /// It is no XML, is no report, or has too many rows.
    pub fn read(xml: &[u8]) -> Result<Self, String> {
        let mut reader = Reader::new(xml);
        let mut report = Self::default();
        let mut path: Vec<String> = Vec::new();
        let mut text = String::new();
        while let Some(event) = reader.next_event()? {
            match event {
                Event::Open(name) => {
                    path.push(String::from_utf8_lossy(name).into_owned());
                    text.clear();
                    let names: Vec<&str> = path.iter().map(String::as_str).collect();
                    report.begin_of(&names)?;
                }
                Event::Text(more) => text.push_str(&more),
                Event::Close => {
                    let names: Vec<&str> = path.iter().map(String::as_str).collect();
                    report.end_of(&names, text.trim());
                    text.clear();
                    path.pop();
                }
            }
        }
        if report.policy.domain.is_empty() && report.report_id.is_empty() {
            return Err("it is no DMARC report: neither a policy nor an id".to_owned());
        }
        Ok(report)
    }

    fn begin_of(&mut self, path: &[&str]) -> Result<(), &'static str> {
        let full =
            |length: usize| if length < limits::REPORT_ROWS { Ok(()) } else { Err("it has too many rows") };
        match path {
            ["feedback"] => {}
            [_] => return Err("it is no DMARC report"),
            ["feedback", "record"] => {
                full(self.records.len())?;
                self.records.push(Record::default());
            }
            ["feedback", "record", inside @ ..] => {
                let Some(record) = self.records.last_mut() else { return Ok(()) };
                let rows = record.reasons.len() + record.dkim_results.len() + record.spf_results.len();
                match inside {
                    ["row", "policy_evaluated", "reason"] => record.reasons.push(OverrideReason::default()),
                    ["auth_results", "dkim"] => record.dkim_results.push(DkimResult::default()),
                    ["auth_results", "spf"] => record.spf_results.push(SpfResult::default()),
                    _ => return Ok(()),
                }
                full(rows)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn end_of(&mut self, path: &[&str], text: &str) {
        let text = || text.to_owned();
        let number = || text().parse().unwrap_or_default();
        match path {
            ["feedback", "report_metadata", inside @ ..] => match inside {
                ["org_name"] => self.org_name = text(),
                ["email"] => self.email = text(),
                ["extra_contact_info"] => self.extra_contact_info = text(),
                ["report_id"] => self.report_id = text(),
                ["date_range", "begin"] => self.begin = number(),
                ["date_range", "end"] => self.end = number(),
                ["error"] if self.errors.len() < limits::REPORT_ROWS => self.errors.push(text()),
                _ => {}
            },
            ["feedback", "policy_published", name] => {
                let policy = &mut self.policy;
                let place = match *name {
                    "domain" => &mut policy.domain,
                    "adkim" => &mut policy.adkim,
                    "aspf" => &mut policy.aspf,
                    "p" => &mut policy.p,
                    "sp" => &mut policy.sp,
                    "np" => &mut policy.np,
                    "pct" => &mut policy.pct,
                    "fo" => &mut policy.fo,
                    "testing" => &mut policy.testing,
                    "discovery_method" => &mut policy.discovery_method,
                    _ => return,
                };
                *place = text();
            }
            ["feedback", "record", inside @ ..] => {
                if let Some(record) = self.records.last_mut() {
                    record.end_of(inside, text());
                }
            }
            _ => {}
        }
    }
}

impl PolicyPublished {
    fn write(&self, xml: &mut Writer) {
        let mode = |word: &str| if word == "s" { "s" } else { "r" };
        xml.open("policy_published");
        xml.element("domain", &self.domain);
        xml.element("adkim", mode(&self.adkim));
        xml.element("aspf", mode(&self.aspf));
        let p = one_of(&POLICIES, &self.p);
        xml.element("p", p);
        // What holds for subdomains without `sp`.
        xml.element("sp", if self.sp.is_empty() { p } else { one_of(&POLICIES, &self.sp) });
        xml.element("pct", &self.pct.parse::<u8>().unwrap_or(100).to_string());
        xml.element("fo", if self.fo.is_empty() { "0" } else { &self.fo });
        xml.close();
    }
}

impl Record {
    fn write(&self, xml: &mut Writer) {
        xml.open("record");
        xml.open("row");
        xml.element("source_ip", &written_out(&self.source_ip));
        xml.element("count", &self.count.to_string());
        xml.open("policy_evaluated");
        xml.element("disposition", one_of(&POLICIES, &self.disposition));
        xml.element("dkim", one_of(&ALIGNED, &self.dkim));
        xml.element("spf", one_of(&ALIGNED, &self.spf));
        for reason in &self.reasons {
            xml.open("reason");
            xml.element("type", one_of(&REASONS, &reason.kind));
            optional(xml, "comment", &reason.comment);
            xml.close();
        }
        xml.close();
        xml.close();
        xml.open("identifiers");
        optional(xml, "envelope_to", &self.envelope_to);
        xml.element("envelope_from", &self.envelope_from);
        xml.element("header_from", &self.header_from);
        xml.close();
        self.write_results(xml);
        xml.close();
    }

    fn write_results(&self, xml: &mut Writer) {
        xml.open("auth_results");
        for signature in &self.dkim_results {
            xml.open("dkim");
            xml.element("domain", &signature.domain);
            optional(xml, "selector", &signature.selector);
            xml.element("result", one_of(&DKIM, &signature.result));
            optional(xml, "human_result", &signature.human_result);
            xml.close();
        }
        // The schema wants at least one.
        let unchecked = [SpfResult { domain: self.envelope_from.clone(), ..SpfResult::default() }];
        let results = if self.spf_results.is_empty() { &unchecked[..] } else { &self.spf_results };
        for checked in results {
            xml.open("spf");
            xml.element("domain", &checked.domain);
            xml.element("scope", if checked.scope == "helo" { "helo" } else { "mfrom" });
            xml.element("result", one_of(&SPF, &checked.result));
            xml.close();
        }
        xml.close();
    }

    fn end_of(&mut self, inside: &[&str], text: String) {
        let place = match inside {
            ["row", "source_ip"] => &mut self.source_ip,
            ["row", "count"] => {
                self.count = text.parse().unwrap_or_default();
                return;
            }
            ["row", "policy_evaluated", "disposition"] => &mut self.disposition,
            ["row", "policy_evaluated", "dkim"] => &mut self.dkim,
            ["row", "policy_evaluated", "spf"] => &mut self.spf,
            ["row", "policy_evaluated", "reason", name] => {
                let Some(reason) = self.reasons.last_mut() else { return };
                match *name {
                    "type" => &mut reason.kind,
                    "comment" => &mut reason.comment,
                    _ => return,
                }
            }
            ["identifiers", "envelope_to"] => &mut self.envelope_to,
            ["identifiers", "envelope_from"] => &mut self.envelope_from,
            ["identifiers", "header_from"] => &mut self.header_from,
            ["auth_results", "dkim", name] => {
                let Some(signature) = self.dkim_results.last_mut() else { return };
                match *name {
                    "domain" => &mut signature.domain,
                    "selector" => &mut signature.selector,
                    "result" => &mut signature.result,
                    "human_result" => &mut signature.human_result,
                    _ => return,
                }
            }
            ["auth_results", "spf", name] => {
                let Some(checked) = self.spf_results.last_mut() else { return };
                match *name {
                    "domain" => &mut checked.domain,
                    "scope" => &mut checked.scope,
                    "result" => &mut checked.result,
                    _ => return,
                }
            }
            _ => return,
        };
        *place = text;
    }
}

fn optional(xml: &mut Writer, name: &str, text: &str) {
    if !text.is_empty() {
        xml.element(name, text);
    }
}

/// An address in the one form that the schema has for it. What is no address (a message of a local user) is the host itself.
fn written_out(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => address.segments().map(|group| format!("{group:x}")).join(":"),
        Err(_) => "127.0.0.1".to_owned(),
    }
}

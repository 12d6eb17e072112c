//! Reports in a few lines for people.
//!
//! # Security
//! Texts come from others: control characters become question marks.

use std::collections::BTreeMap;
use std::fmt;

use mail_types::zone::Zone;

use crate::ingest::Found;
use crate::{Feedback, TlsReport};

/// Rows that are shown one by one.
const ROWS: usize = 25;

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls(report) => report.fmt(f),
            Self::Dmarc(report) => report.fmt(f),
        }
    }
}

impl fmt::Display for TlsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "TLS report {}", Plain(&self.report_id))?;
        writeln!(f, "  from    {} {}", Plain(&self.organization_name), Plain(&self.contact_info))?;
        let range = &self.date_range;
        writeln!(f, "  about   {} to {}", Plain(&range.start_datetime), Plain(&range.end_datetime))?;
        for policy in &self.policies {
            let (of, summary) = (&policy.policy, policy.summary);
            let (good, bad) = (summary.total_successful_session_count, summary.total_failure_session_count);
            let (domain, kind) = (Plain(&of.policy_domain), Plain(&of.policy_type));
            writeln!(f, "  policy  {domain} ({kind}): {good} sessions good, {bad} failed")?;
            for failure in policy.failure_details.iter().take(ROWS) {
                let (kind, host) = (Plain(&failure.result_type), Plain(&failure.receiving_mx_hostname));
                write!(f, "    {} x {kind} {host}", failure.failed_session_count)?;
                for more in [&failure.receiving_ip, &failure.failure_reason_code] {
                    if !more.is_empty() {
                        write!(f, " ({})", Plain(more))?;
                    }
                }
                writeln!(f)?;
            }
            more(f, policy.failure_details.len())?;
        }
        Ok(())
    }
}

impl fmt::Display for Feedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "DMARC report {}", Plain(&self.report_id))?;
        writeln!(f, "  from    {} {}", Plain(&self.org_name), Plain(&self.email))?;
        let (begin, end) = self.moments();
        let zone = Zone::utc();
        writeln!(f, "  about   {} to {} UTC", zone.log(begin), zone.log(end))?;
        let policy = &self.policy;
        write!(f, "  policy  {} p={} sp={}", Plain(&policy.domain), Plain(&policy.p), Plain(&policy.sp))?;
        for (name, value, usual) in
            [("np", &policy.np, ""), ("pct", &policy.pct, "100"), ("testing", &policy.testing, "n")]
        {
            if !value.is_empty() && value != usual {
                write!(f, " {name}={}", Plain(value))?;
            }
        }
        writeln!(f)?;
        for note in self.errors.iter().take(ROWS) {
            writeln!(f, "  note    {}", Plain(note))?;
        }
        let count = |good: fn(&crate::aggregate::Record) -> bool| -> u64 {
            self.records
                .iter()
                .filter(|record| good(record))
                .fold(0, |sum, record| sum.saturating_add(record.count))
        };
        let all = count(|_| true);
        let aligned = count(|record| record.dkim == "pass" || record.spf == "pass");
        writeln!(f, "  messages {all}, of these {aligned} aligned, {} not", all - aligned)?;
        let mut done: BTreeMap<&str, u64> = BTreeMap::new();
        for record in &self.records {
            let sum = done.entry(&record.disposition).or_default();
            *sum = sum.saturating_add(record.count);
        }
        for (disposition, count) in done {
            writeln!(f, "  disposition {}: {count}", Plain(disposition))?;
        }
        for record in self.records.iter().take(ROWS) {
            let (ip, from) = (Plain(&record.source_ip), Plain(&record.header_from));
            let (dkim, spf) = (Plain(&record.dkim), Plain(&record.spf));
            write!(f, "    {} x {ip} {from} dkim={dkim} spf={spf}", record.count)?;
            for reason in record.reasons.iter().take(ROWS) {
                write!(f, " {} ({})", Plain(&reason.kind), Plain(&reason.comment))?;
            }
            writeln!(f)?;
        }
        more(f, self.records.len())
    }
}

fn more(f: &mut fmt::Formatter<'_>, rows: usize) -> fmt::Result {
    match rows.saturating_sub(ROWS) {
        0 => Ok(()),
        left => writeln!(f, "    and {left} rows more"),
    }
}

/// A text without control characters, cut where it gets long.
struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for letter in self.0.chars().take(LONGEST) {
            f.write_char(if letter.is_control() { '?' } else { letter })?;
        }
        Ok(())
    }
}

/// Letters of a text that are shown.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_in_lines() {
        let tls = TlsReport::read(include_bytes!("../tests/fixtures/rfc8460-appendix-b.json")).unwrap();
        assert_eq!(
            tls.to_string(),
            "TLS report 5065427c-23d3-47ca-b6e0-946ea0e8c4be\n\
             \x20 from    Company-X sts-reporting@company-x.example\n\
             \x20 about   2016-04-01T00:00:00Z to 2016-04-01T23:59:59Z\n\
             \x20 policy  company-y.example (sts): 5326 sessions good, 303 failed\n\
             \x20   100 x certificate-expired mx1.mail.company-y.example\n\
             \x20   200 x starttls-not-supported mx2.mail.company-y.example (203.0.113.56)\n\
             \x20   3 x validation-failure mx-backup.mail.company-y.example (203.0.113.58) \
             (X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED)\n"
        );
        let dmarc = Feedback::read(include_bytes!("../tests/fixtures/peer-aggregate.xml")).unwrap();
        assert_eq!(
            dmarc.to_string(),
            "DMARC report 3v98abbp8ya9n3va8yr8oa3ya\n\
             \x20 from    Receiver & Sons reports@receiver.example\n\
             \x20 about   2016-04-07 03:33:20 to 2016-04-08 03:33:19 UTC\n\
             \x20 policy  sender.example p=quarantine sp=none np=reject\n\
             \x20 messages 125, of these 123 aligned, 2 not\n\
             \x20 disposition none: 2\n\
             \x20 disposition pass: 123\n\
             \x20   123 x 192.0.2.123 sender.example dkim=pass spf=fail\n\
             \x20   2 x 2001:db8::7 news.sender.example dkim=fail spf=fail mailing_list (known list)\n"
        );
    }

    #[test]
    fn texts_stay_on_their_lines() {
        let report = TlsReport { report_id: format!("a\nb\x1b{}", "c".repeat(1000)), ..TlsReport::default() };
        let shown = report.to_string();
        assert!(shown.starts_with("TLS report a?b?c") && shown.len() < 400);
    }
}

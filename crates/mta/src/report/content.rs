//! What a report says: from rows of the store to JSON or XML.
//!
//! # Invariants
//! * The same rows give the same report, id included.

use hints::{ReportRow, ReportStore};
use mail_types::limits;
use reports::aggregate::{DkimResult, OverrideReason, PolicyPublished, Record, SpfResult};
use reports::mail::Kind;
use reports::{Feedback, Period, TlsReport};

use super::settings::Settings;

/// A report, ready to be shown or sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which report.
    pub kind: Kind,
    /// The domain that it is about.
    pub domain: String,
    /// The day that it is about.
    pub period: Period,
    /// Its id.
    pub id: String,
    /// The report itself.
    pub content: Vec<u8>,
    /// It in a few lines for people.
    pub summary: String,
    /// For DMARC: the domain's record, as far as reports are concerned.
    pub record: String,
}

impl Report {
    /// Makes the report of a domain about a day; nothing where there is nothing to tell. Blocks on the store.
    ///
    /// # Errors
    /// The store fails.
    pub fn of(
        kind: Kind,
        domain: &str,
        period: Period,
        settings: &Settings,
        store: &ReportStore,
    ) -> Result<Option<Self>, String> {
        let day = mail_types::zone::Zone::utc().day(period.begin);
        // Other hosts may submit for the same domain: who gets two reports with one id drops one (rfc8460#5.3).
        let [about, submitter] = [domain, &settings.domain].map(reports::file_word);
        let id = format!("{day}.{}.{about}.{}@{submitter}", kind.word(), settings.host);
        let report = Self {
            kind,
            domain: domain.to_owned(),
            period,
            id,
            content: Vec::new(),
            summary: String::new(),
            record: String::new(),
        };
        match kind {
            Kind::Tls => report.about_tls(settings, store),
            Kind::Dmarc => report.about_dmarc(settings, store),
        }
    }

    /// The name of the packed file.
    pub fn file_name(&self, settings: &Settings) -> String {
        self.period.file_name(&settings.domain, &self.domain, &settings.host, self.kind.extension())
    }

    fn about_tls(self, settings: &Settings, store: &ReportStore) -> Result<Option<Self>, String> {
        let policies = store.tls_policies(&self.domain, self.period)?;
        if policies.is_empty() {
            return Ok(None);
        }
        let report = TlsReport {
            organization_name: settings.organization.clone(),
            date_range: self.period.into(),
            contact_info: String::from_utf8_lossy(&settings.address).into_owned(),
            report_id: self.id.clone(),
            policies,
        };
        Ok(Some(Self { content: report.to_json(), summary: report.to_string(), ..self }))
    }

    fn about_dmarc(self, settings: &Settings, store: &ReportStore) -> Result<Option<Self>, String> {
        let domains = store.dmarc_domains(self.period)?;
        let Some((_, record)) = domains.into_iter().find(|(domain, _)| *domain == self.domain) else {
            return Ok(None);
        };
        let mut rows = store.dmarc_rows(&self.domain, self.period)?;
        let left_out = rows.len().saturating_sub(limits::REPORT_ROWS_SENT);
        rows.truncate(limits::REPORT_ROWS_SENT);
        let policy = published(&self.domain, &record);
        let mut report = Feedback {
            org_name: settings.organization.clone(),
            email: String::from_utf8_lossy(&settings.address).into_owned(),
            report_id: self.id.clone(),
            records: rows.into_iter().map(|row| row_of(row, &policy)).collect(),
            policy,
            ..Feedback::default()
        };
        report.set_period(self.period);
        if left_out > 0 {
            report.errors.push(format!("{left_out} rows are left out"));
        }
        Ok(Some(Self { content: report.to_xml(), summary: report.to_string(), record, ..self }))
    }
}

/// The policy from the form that the store keeps: `p=reject; sp=none; …`.
fn published(domain: &str, record: &str) -> PolicyPublished {
    let tag = |name: &str| {
        let mut tags = record.split(';').filter_map(|tag| tag.trim().split_once('='));
        tags.find(|(tag, _)| *tag == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    PolicyPublished {
        domain: domain.to_owned(),
        adkim: tag("adkim"),
        aspf: tag("aspf"),
        p: tag("p"),
        sp: tag("sp"),
        np: tag("np"),
        pct: tag("pct"),
        fo: tag("fo"),
        ..PolicyPublished::default()
    }
}

fn row_of(row: ReportRow, policy: &PolicyPublished) -> Record {
    let ReportRow { count, result } = row;
    let word = |aligned: bool| if aligned { "pass" } else { "fail" }.to_owned();
    let mut reasons = Vec::new();
    let failed = !result.dkim_aligned && !result.spf_aligned;
    if !result.override_reason.is_empty() {
        // RFC 8617 section 7.2.2: a chain that explains a failure is a policy of the receiver's own.
        reasons.push(OverrideReason { kind: "local_policy".to_owned(), comment: result.override_reason });
    } else if failed
        && result.author == policy.domain
        && policy.pct != "100"
        && result.disposition != policy.p
    {
        reasons.push(OverrideReason { kind: "sampled_out".to_owned(), comment: String::new() });
    }
    let (dkim, spf): (Vec<_>, Vec<_>) = result.auth.into_iter().partition(|one| one.method == "dkim");
    Record {
        source_ip: result.source,
        count,
        disposition: result.disposition,
        dkim: word(result.dkim_aligned),
        spf: word(result.spf_aligned),
        reasons,
        envelope_to: String::new(),
        envelope_from: result.mail_from,
        header_from: result.author,
        dkim_results: dkim
            .into_iter()
            .map(|one| DkimResult {
                domain: one.domain,
                selector: one.selector,
                result: one.result,
                human_result: String::new(),
            })
            .collect(),
        spf_results: spf
            .into_iter()
            .map(|one| SpfResult { domain: one.domain, scope: one.selector, result: one.result })
            .collect(),
    }
}

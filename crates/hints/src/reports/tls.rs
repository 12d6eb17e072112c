//! Results of TLS sessions, counted as they come: sessions of a day that are alike are one row.
//!
//! # References
//! RFC 8460 section 4.

use std::collections::BTreeMap;

use mail_types::{Timestamp, limits};
use reports::Period;
use reports::tlsrpt::{FailureDetails, PolicyDescription, PolicyReport};
use rusqlite::params;

use super::ReportStore;

/// A session, or an attempt at one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSession {
    /// When it was.
    pub at: Timestamp,
    /// The domain that mail was for: its record says who wants to know.
    pub domain: String,
    /// The policy that counted.
    pub policy: PolicyDescription,
    /// What went wrong; nothing for a good session. Its count does not matter.
    pub failure: Option<FailureDetails>,
}

impl ReportStore {
    /// Counts a session. The error is a text for the log.
    pub fn add_tls(&self, session: &TlsSession) -> Result<(), String> {
        let day = Period::day_of(session.at).begin.secs();
        let policy = json(&session.policy);
        let failure = session.failure.as_ref();
        let failure = failure.map(|failure| FailureDetails { failed_session_count: 0, ..failure.clone() });
        let failure = failure.as_ref().map(json).unwrap_or_default();
        self.with(|sqlite| {
            let mut statement = sqlite.prepare_cached(
                "INSERT INTO tls_session (day, domain, policy, failure, sessions) VALUES (?1, ?2, ?3, ?4, 1) \
                 ON CONFLICT DO UPDATE SET sessions = sessions + 1",
            )?;
            statement.execute(params![day, session.domain, policy, failure]).map(drop)
        })
    }

    /// The domains that there were sessions for in a time.
    pub fn tls_domains(&self, period: Period) -> Result<Vec<String>, String> {
        self.with(|sqlite| {
            let mut statement = sqlite.prepare_cached(
                "SELECT DISTINCT domain FROM tls_session WHERE day >= ?1 AND day < ?2 ORDER BY domain",
            )?;
            let rows = statement.query_map([period.begin.secs(), period.end.secs()], |row| row.get(0))?;
            rows.collect()
        })
    }

    /// What a domain's report says: the policies that were met, each with its sessions.
    pub fn tls_policies(&self, domain: &str, period: Period) -> Result<Vec<PolicyReport>, String> {
        let rows: Vec<(String, String, i64)> = self.with(|sqlite| {
            let mut statement = sqlite.prepare_cached(
                "SELECT policy, failure, sum(sessions) FROM tls_session WHERE domain = ?1 AND day >= ?2 AND day < ?3 \
                 GROUP BY policy, failure ORDER BY policy, sum(sessions) DESC, failure LIMIT ?4",
            )?;
            let most = limits::REPORT_ROWS_SENT as i64;
            let rows = statement
                .query_map(params![domain, period.begin.secs(), period.end.secs(), most], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
            rows.collect()
        })?;
        let mut policies: BTreeMap<String, PolicyReport> = BTreeMap::new();
        for (policy, failure, sessions) in rows {
            let sessions = sessions.unsigned_abs();
            let report = policies.entry(policy).or_insert_with_key(|policy| PolicyReport {
                policy: serde_json::from_str(policy).unwrap_or_default(),
                ..PolicyReport::default()
            });
            if failure.is_empty() {
                report.summary.total_successful_session_count += sessions;
                continue;
            }
            report.summary.total_failure_session_count += sessions;
            let details: FailureDetails = serde_json::from_str(&failure).unwrap_or_default();
            report.failure_details.push(FailureDetails { failed_session_count: sessions, ..details });
        }
        Ok(policies.into_values().collect())
    }
}

/// What is alike has the same text.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_counted_by_day_domain_policy_and_failure() {
        let directory = std::env::temp_dir().join(format!("postrider-tls-sessions-{}", std::process::id()));
        let store = ReportStore::new(&directory);
        let other = ReportStore::new(&directory);
        let policy = |kind: &str| PolicyDescription {
            policy_type: kind.to_owned(),
            policy_domain: "a.example".to_owned(),
            ..PolicyDescription::default()
        };
        let failure = |host: &str| FailureDetails {
            result_type: "certificate-expired".to_owned(),
            receiving_mx_hostname: host.to_owned(),
            ..FailureDetails::default()
        };
        let add = |store: &ReportStore, at: i64, kind: &str, failure: Option<FailureDetails>| {
            let at = Timestamp::from_secs(at);
            let session = TlsSession { at, domain: "a.example".to_owned(), policy: policy(kind), failure };
            store.add_tls(&session).unwrap();
        };
        add(&store, 10, "sts", None);
        add(&other, 20, "sts", None);
        add(&store, 86_399, "sts", Some(failure("mx1")));
        add(&store, 30, "sts", Some(failure("mx2")));
        add(&other, 31, "sts", Some(failure("mx2")));
        add(&store, 40, "tlsa", None);
        add(&store, 86_400, "sts", None);
        let day = Period::day_of(Timestamp::from_secs(0));
        assert_eq!(store.tls_domains(day).unwrap(), ["a.example"]);
        let [sts, tlsa] = &other.tls_policies("a.example", day).unwrap()[..] else { panic!("two policies") };
        assert_eq!((&sts.policy, &tlsa.policy), (&policy("sts"), &policy("tlsa")));
        assert_eq!(
            (sts.summary.total_successful_session_count, sts.summary.total_failure_session_count),
            (2, 3)
        );
        let counted = |host, count| FailureDetails { failed_session_count: count, ..failure(host) };
        assert_eq!(sts.failure_details, [counted("mx2", 2), counted("mx1", 1)]);
        assert_eq!(store.tls_policies("b.example", day).unwrap(), []);
        store.forget_before(day.end).unwrap();
        assert!(store.tls_domains(day).unwrap().is_empty());
        assert_eq!(store.tls_domains(Period::day_of(day.end)).unwrap().len(), 1);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}

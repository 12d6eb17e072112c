//! DMARC results of messages, as aggregate reports need them: a row is one message; what a report shows is made of rows by
//! counting those that are alike.
//!
//! # Invariants
//! * A message is one transaction.
//!
//! # References
//! RFC 7489 section 7.2 and appendix C.

use mail_types::Timestamp;
use reports::Period;
use rusqlite::params;

use super::ReportStore;

/// One authentication result of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthResult {
    /// `dkim` or `spf`.
    pub method: &'static str,
    /// The domain that was checked.
    pub domain: String,
    /// The selector of a signature; for SPF `mfrom` or `helo`.
    pub selector: String,
    /// `pass`, `fail` ….
    pub result: String,
}

/// What is kept of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DmarcResult {
    /// When it was checked.
    pub received: Timestamp,
    /// Its id.
    pub message: String,
    /// The client's address.
    pub source: String,
    /// The author's domain.
    pub author: String,
    /// The domain of the envelope's sender.
    pub mail_from: String,
    /// Where the record stands.
    pub policy_domain: String,
    /// The published policy: `p=reject; sp=none; adkim=r; aspf=r; pct=100; fo=0; rua=mailto:…`.
    pub record: String,
    /// `none`, `quarantine`, `reject`.
    pub disposition: String,
    /// An aligned signature verified.
    pub dkim_aligned: bool,
    /// SPF passed, aligned.
    pub spf_aligned: bool,
    /// Why the policy was not applied; empty otherwise.
    pub override_reason: String,
    /// What DKIM and SPF said by themselves.
    pub auth: Vec<AuthResult>,
}

/// Messages that are alike, as a row of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRow {
    /// How many.
    pub count: u64,
    /// What they have in common; `received` is the first's, `message` is empty.
    pub result: DmarcResult,
}

impl ReportStore {
    /// Keeps a result. The error is a text for the log.
    pub fn add_dmarc(&self, result: &DmarcResult) -> Result<(), String> {
        self.with(|sqlite| {
            let mut statement = sqlite.prepare_cached(
                "INSERT INTO result (received, message, source, author, mail_from, policy_domain, record, disposition, \
                 dkim, spf, override_reason, auth) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?;
            statement
                .execute(params![
                    result.received.secs(),
                    result.message,
                    result.source,
                    result.author,
                    result.mail_from,
                    result.policy_domain,
                    result.record,
                    result.disposition,
                    pass(result.dkim_aligned),
                    pass(result.spf_aligned),
                    result.override_reason,
                    auth_text(&result.auth),
                ])
                .map(drop)
        })
    }

    /// The domains that results were kept for in a time, each with the policy that was published last.
    pub fn dmarc_domains(&self, period: Period) -> Result<Vec<(String, String)>, String> {
        self.with(|sqlite| {
            let mut statement = sqlite.prepare_cached(
                "SELECT policy_domain, record, max(number) FROM result WHERE received >= ?1 AND received < ?2 \
                 GROUP BY policy_domain ORDER BY policy_domain",
            )?;
            let rows =
                statement.query_map([period.begin.secs(), period.end.secs()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    /// The rows of a domain's report: what is alike is counted.
    pub fn dmarc_rows(&self, domain: &str, period: Period) -> Result<Vec<ReportRow>, String> {
        self.with(|sqlite| {
            let mut statement = sqlite.prepare_cached(
                "SELECT count(*), min(received), source, author, mail_from, policy_domain, record, disposition, dkim, spf, \
                 override_reason, auth FROM result WHERE policy_domain = ?1 AND received >= ?2 AND received < ?3 \
                 GROUP BY source, author, mail_from, record, disposition, dkim, spf, override_reason, auth \
                 ORDER BY min(number)",
            )?;
            let rows = statement.query_map(params![domain, period.begin.secs(), period.end.secs()], report_row)?;
            rows.collect()
        })
    }
}

fn report_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<ReportRow> {
    let aligned = |text: String| text == "pass";
    let auth: String = row.get(11)?;
    Ok(ReportRow {
        count: row.get::<_, i64>(0)?.unsigned_abs(),
        result: DmarcResult {
            received: Timestamp::from_secs(row.get(1)?),
            message: String::new(),
            source: row.get(2)?,
            author: row.get(3)?,
            mail_from: row.get(4)?,
            policy_domain: row.get(5)?,
            record: row.get(6)?,
            disposition: row.get(7)?,
            dkim_aligned: aligned(row.get(8)?),
            spf_aligned: aligned(row.get(9)?),
            override_reason: row.get(10)?,
            auth: auth.lines().filter_map(auth_of).collect(),
        },
    })
}

fn pass(aligned: bool) -> &'static str {
    if aligned { "pass" } else { "fail" }
}

/// A line for each result; white space, which domains and selectors have none of, parts the words.
fn auth_text(results: &[AuthResult]) -> String {
    let word = |text: &str| {
        if text.is_empty() || text.contains(char::is_whitespace) { "-".to_owned() } else { text.to_owned() }
    };
    let line = |one: &AuthResult| {
        format!("{} {} {} {}\n", one.method, word(&one.domain), word(&one.selector), word(&one.result))
    };
    results.iter().map(line).collect()
}

fn auth_of(line: &str) -> Option<AuthResult> {
    let mut words = line.split(' ');
    let method = match words.next()? {
        "dkim" => "dkim",
        "spf" => "spf",
        _ => return None,
    };
    let mut word = || words.next().map(|word| if word == "-" { String::new() } else { word.to_owned() });
    Some(AuthResult { method, domain: word()?, selector: word()?, result: word()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(source: &str, at: i64) -> DmarcResult {
        DmarcResult {
            received: Timestamp::from_secs(at),
            message: format!("id{at}"),
            source: source.to_owned(),
            author: "a.example".to_owned(),
            mail_from: "m.example".to_owned(),
            policy_domain: "a.example".to_owned(),
            record: "p=reject; rua=mailto:x@a.example".to_owned(),
            disposition: "reject".to_owned(),
            auth: vec![
                AuthResult {
                    method: "dkim",
                    domain: "d.example".to_owned(),
                    selector: "s".to_owned(),
                    result: "fail".to_owned(),
                },
                AuthResult {
                    method: "spf",
                    domain: "m.example".to_owned(),
                    selector: String::new(),
                    result: "softfail".to_owned(),
                },
            ],
            ..DmarcResult::default()
        }
    }

    #[test]
    fn what_is_alike_is_one_row_of_a_report() {
        let directory = std::env::temp_dir().join(format!("postrider-dmarc-results-{}", std::process::id()));
        let store = ReportStore::new(&directory);
        let other = ReportStore::new(&directory);
        for (store, source, at) in [
            (&store, "192.0.2.1", 100),
            (&other, "192.0.2.1", 150),
            (&store, "192.0.2.2", 160),
            (&store, "192.0.2.1", 300),
        ] {
            store.add_dmarc(&result(source, at)).unwrap();
        }
        let time = Timestamp::from_secs;
        let within = |begin, end| Period { begin: time(begin), end: time(end) };
        let rows = other.dmarc_rows("a.example", within(100, 200)).unwrap();
        let wanted = |count, source, at| ReportRow {
            count,
            result: DmarcResult { message: String::new(), ..result(source, at) },
        };
        assert_eq!(rows, [wanted(2, "192.0.2.1", 100), wanted(1, "192.0.2.2", 160)]);
        assert_eq!(
            store.dmarc_domains(within(0, 1000)).unwrap(),
            [("a.example".to_owned(), "p=reject; rua=mailto:x@a.example".to_owned())]
        );
        store.forget_before(time(200)).unwrap();
        assert_eq!(store.dmarc_rows("a.example", within(0, 1000)).unwrap().len(), 1);
        // The file may be deleted while others have it open.
        std::fs::remove_dir_all(&directory).unwrap();
        store.add_dmarc(&result("192.0.2.9", 400)).unwrap();
        assert_eq!(other.dmarc_rows("a.example", within(0, 1000)).unwrap().len(), 1);
        assert!(ReportStore::nowhere().add_dmarc(&result("x", 1)).is_err());
        std::fs::remove_dir_all(&directory).unwrap();
    }
}

//! Reports that were sent, and those that could not be.

use mail_types::Timestamp;
use reports::mail::Kind;
use rusqlite::params;

use super::ReportStore;

/// One report to one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending<'a> {
    /// Which report.
    pub kind: Kind,
    /// The domain that it is about.
    pub domain: &'a str,
    /// The first moment that it is about.
    pub begin: Timestamp,
    /// Where it goes: a URI.
    pub destination: &'a str,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentReport {
    /// Where it went: a URI.
    pub destination: String,
    /// It has arrived, or stands in our queue.
    pub done: bool,
    /// How often it was tried.
    pub tries: u32,
    /// When it was tried last.
    pub last: Timestamp,
    /// What came back: a message id, an answer, an error.
    pub said: String,
}

impl ReportStore {
    /// Writes down that a report is to go to a destination, before it is tried; what is known of it stays.
    pub fn expect_sent(&self, sending: Sending<'_>) -> Result<(), String> {
        self.with(|sqlite| {
            let mut statement = sqlite.prepare_cached(
                "INSERT INTO sent (kind, domain, day, destination, done, tries, last, said) \
                 VALUES (?1, ?2, ?3, ?4, 0, 0, 0, '') ON CONFLICT DO NOTHING",
            )?;
            let Sending { kind, domain, begin, destination } = sending;
            statement.execute(params![kind.word(), domain, begin.secs(), destination]).map(drop)
        })
    }

    /// Remembers an attempt; the error of `result` is why it failed.
    pub fn note_sent(
        &self,
        sending: Sending<'_>,
        now: Timestamp,
        result: &Result<String, String>,
    ) -> Result<(), String> {
        let (done, said) = match result {
            Ok(said) => (1, said),
            Err(why) => (0, why),
        };
        self.with(|sqlite| {
            let mut statement = sqlite.prepare_cached(
                "INSERT INTO sent (kind, domain, day, destination, done, tries, last, said) \
                 VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7) \
                 ON CONFLICT DO UPDATE SET done = ?5, tries = tries + 1, last = ?6, said = ?7",
            )?;
            let Sending { kind, domain, begin, destination } = sending;
            statement
                .execute(params![kind.word(), domain, begin.secs(), destination, done, now.secs(), said])
                .map(drop)
        })
    }

    /// What became of the report about a domain that begins at a time, for each destination it was sent to.
    pub fn sent(&self, kind: Kind, domain: &str, begin: Timestamp) -> Result<Vec<SentReport>, String> {
        self.with(|sqlite| {
            let mut statement = sqlite.prepare_cached(
                "SELECT destination, done, tries, last, said FROM sent WHERE kind = ?1 AND domain = ?2 AND day = ?3 \
                 ORDER BY destination",
            )?;
            let rows = statement.query_map(params![kind.word(), domain, begin.secs()], |row| {
                Ok(SentReport {
                    destination: row.get(0)?,
                    done: row.get(1)?,
                    tries: row.get(2)?,
                    last: Timestamp::from_secs(row.get(3)?),
                    said: row.get(4)?,
                })
            })?;
            rows.collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_until_one_succeeds() {
        let directory = std::env::temp_dir().join(format!("postrider-sent-{}", std::process::id()));
        let store = ReportStore::new(&directory);
        let begin = Timestamp::from_secs(86_400);
        let sending =
            Sending { kind: Kind::Tls, domain: "a.example", begin, destination: "mailto:x@a.example" };
        store.note_sent(sending, Timestamp::from_secs(1), &Err("no answer".to_owned())).unwrap();
        let row = |done, tries, last, said: &str| SentReport {
            destination: "mailto:x@a.example".to_owned(),
            done,
            tries,
            last: Timestamp::from_secs(last),
            said: said.to_owned(),
        };
        assert_eq!(store.sent(Kind::Tls, "a.example", begin).unwrap(), [row(false, 1, 1, "no answer")]);
        store.expect_sent(sending).unwrap();
        store.note_sent(sending, Timestamp::from_secs(2), &Ok("id".to_owned())).unwrap();
        store.expect_sent(Sending { domain: "b.example", ..sending }).unwrap();
        assert_eq!(store.sent(Kind::Tls, "b.example", begin).unwrap(), [row(false, 0, 0, "")]);
        // Another opening of the same file: a restart.
        let again = ReportStore::new(&directory);
        assert_eq!(again.sent(Kind::Tls, "a.example", begin).unwrap(), [row(true, 2, 2, "id")]);
        assert_eq!(again.sent(Kind::Dmarc, "a.example", begin).unwrap(), []);
        store.forget_before(Timestamp::from_secs(86_401)).unwrap();
        assert_eq!(again.sent(Kind::Tls, "a.example", begin).unwrap(), []);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}

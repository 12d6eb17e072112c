//! What is remembered, and how it is written down.
//!
//! Records are one line of text: numbers with spaces between, then the text of the error. `sqlite3` shows them as they are.
//!
//! # Invariants
//! * `decode` takes back what `encode` wrote and answers nothing for all else.
//!
//! # Security
//! A record may have been forged or torn: each field is checked, none is a length or an index.

use mail_types::Timestamp;

/// A retry record: what an earlier attempt at an address or a host came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryRecord {
    /// When the first failure of an unbroken series was.
    pub first_failed: Timestamp,
    /// When it was last tried.
    pub last_try: Timestamp,
    /// When it may be tried next.
    pub next_try: Timestamp,
    /// The retry rule's last cutoff had passed at the last failure.
    pub expired: bool,
    /// The error's number: the system's when positive, Exim's own kind when negative.
    pub basic_errno: i32,
    /// More about it: whether the host came from an MX record, an SMTP code, a quota's age.
    pub more_errno: i32,
    /// The error's text.
    pub text: Vec<u8>,
}

impl RetryRecord {
    /// Longest text that is kept.
    pub const TEXT_MAX: usize = 2_048;

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut line = format!(
            "{} {} {} {} {} {} ",
            self.first_failed.micros(),
            self.last_try.micros(),
            self.next_try.micros(),
            u8::from(self.expired),
            self.basic_errno,
            self.more_errno
        )
        .into_bytes();
        line.extend_from_slice(&self.text[..self.text.len().min(Self::TEXT_MAX)]);
        line
    }

    pub(crate) fn decode(line: &[u8]) -> Option<Self> {
        let mut fields = line.splitn(7, |byte| *byte == b' ');
        let record = Self {
            first_failed: time(fields.next()?)?,
            last_try: time(fields.next()?)?,
            next_try: time(fields.next()?)?,
            expired: match fields.next()? {
                b"0" => false,
                b"1" => true,
                _ => return None,
            },
            basic_errno: i32::try_from(number(fields.next()?)?).ok()?,
            more_errno: i32::try_from(number(fields.next()?)?).ok()?,
            text: fields.next()?.to_vec(),
        };
        let sound = record.first_failed <= record.last_try && record.text.len() <= Self::TEXT_MAX;
        sound.then_some(record)
    }
}

/// What a callout came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalloutResult {
    /// Nothing known.
    Unknown,
    /// It was accepted.
    Accept,
    /// It was refused.
    Reject,
    /// The server refused `MAIL FROM:<>`.
    RejectMailNull,
}

impl CalloutResult {
    const ALL: [(Self, &'static [u8]); 4] = [
        (Self::Unknown, b"unknown"),
        (Self::Accept, b"accept"),
        (Self::Reject, b"reject"),
        (Self::RejectMailNull, b"reject-mail-null"),
    ];

    fn word(self) -> &'static [u8] {
        Self::ALL.iter().find(|row| row.0 == self).map_or(b"unknown", |row| row.1)
    }

    fn from_word(word: &[u8]) -> Option<Self> {
        Self::ALL.iter().find(|row| row.1 == word).map(|row| row.0)
    }
}

/// A callout record, for a domain or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalloutRecord {
    /// When it was learnt.
    pub time: Timestamp,
    /// What became of it.
    pub result: CalloutResult,
    /// What a random local part came to, and when, for a domain.
    pub random: Option<(CalloutResult, Timestamp)>,
    /// What the postmaster's address came to, and when, for a domain.
    pub postmaster: Option<(CalloutResult, Timestamp)>,
}

impl CalloutRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut line = Vec::new();
        for (result, at) in [
            (self.result, self.time),
            self.random.unwrap_or((CalloutResult::Unknown, Timestamp(0))),
            self.postmaster.unwrap_or((CalloutResult::Unknown, Timestamp(0))),
        ] {
            line.extend_from_slice(result.word());
            line.extend_from_slice(format!(" {} ", at.micros()).as_bytes());
        }
        line.pop();
        line
    }

    pub(crate) fn decode(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b' ');
        let mut pair = || Some((CalloutResult::from_word(fields.next()?)?, time(fields.next()?)?));
        let (result, at) = pair()?;
        let (random, postmaster) = (pair()?, pair()?);
        let known = |pair: (CalloutResult, Timestamp)| (pair.1 > Timestamp(0)).then_some(pair);
        Some(Self { time: at, result, random: known(random), postmaster: known(postmaster) })
    }
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A time between the epoch and the year 9999.
fn time(text: &[u8]) -> Option<Timestamp> {
    let time = Timestamp(number(text)?);
    (0..=253_402_300_799).contains(&time.secs()).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> RetryRecord {
        RetryRecord {
            first_failed: Timestamp::from_secs(100),
            last_try: Timestamp::from_secs(200),
            next_try: Timestamp::from_secs(300),
            expired: true,
            basic_errno: -45,
            more_errno: 12_865,
            text: b"H=mx.example [192.0.2.1]: 450 \xff no".to_vec(),
        }
    }

    #[test]
    fn a_retry_record_comes_back() {
        assert_eq!(RetryRecord::decode(&record().encode()), Some(record()));
        let silent = RetryRecord { text: Vec::new(), ..record() };
        assert_eq!(RetryRecord::decode(&silent.encode()), Some(silent));
    }

    #[test]
    fn what_cannot_be_true_is_nothing() {
        for line in [
            "",
            "1",
            "1 2 3 0 0",
            "1 2 3 2 0 0 x",
            "5 2 3 0 0 0 x",
            "-5 2 3 0 0 0 x",
            "1 2 x 0 0 0 x",
            "1 2 3 0 99999999999 0 x",
            "1 2 9223372036854775807 0 0 0 x",
        ] {
            assert_eq!(RetryRecord::decode(line.as_bytes()), None, "{line}");
        }
        let long = [&b"1 2 3 0 0 0 "[..], &[b'x'; RetryRecord::TEXT_MAX + 1]].concat();
        assert_eq!(RetryRecord::decode(&long), None);
    }

    #[test]
    fn a_long_text_is_cut() {
        let record = RetryRecord { text: vec![b'x'; 9_000], ..record() };
        assert_eq!(RetryRecord::decode(&record.encode()).unwrap().text.len(), RetryRecord::TEXT_MAX);
    }

    #[test]
    fn a_callout_record_comes_back() {
        for record in [
            CalloutRecord {
                time: Timestamp(5),
                result: CalloutResult::RejectMailNull,
                random: None,
                postmaster: None,
            },
            CalloutRecord {
                time: Timestamp(5),
                result: CalloutResult::Accept,
                random: Some((CalloutResult::Accept, Timestamp(7))),
                postmaster: Some((CalloutResult::Reject, Timestamp(9))),
            },
        ] {
            assert_eq!(CalloutRecord::decode(&record.encode()), Some(record));
        }
        assert_eq!(CalloutRecord::decode(b"accept 5 unknown"), None);
    }
}

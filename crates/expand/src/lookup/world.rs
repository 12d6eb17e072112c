//! What a lookup sees of the world, and what it leaves behind.
//!
//! # Invariants
//! * A state belongs to one session, one delivery attempt or one command, like Exim's cache to one process. It is
//!   emptied where a message ends.
//! * Files are compared with what is kept of them at each use, or once a [`Moment`] where the user of the state says that
//!   nothing of its own happens in between.
//! * Only what was found, or certainly is not there, is kept; a temporary failure is asked again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mail_types::clock::{Clock, Timestamp};
use mail_types::dns::Resolve;
use mail_types::limits;

use super::{LookupAnswer, LookupRequest};

/// Options of the main section that lookups depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupSettings {
    /// `lookup_open_max`: files that are kept open.
    pub open_max: usize,
    /// `sqlite_dbfile`; empty when unset.
    pub sqlite_dbfile: Vec<u8>,
    /// `sqlite_lock_timeout`.
    pub sqlite_lock_timeout: Duration,
    /// The items of `ldap_default_servers`.
    pub ldap_default_servers: Vec<Vec<u8>>,
    /// `ldap_start_tls`.
    pub ldap_start_tls: bool,
    /// `dns_csa_search_limit`: how many parents are asked for a CSA record.
    pub csa_search_limit: usize,
}

impl Default for LookupSettings {
    fn default() -> Self {
        Self {
            open_max: 25,
            sqlite_dbfile: Vec::new(),
            sqlite_lock_timeout: Duration::from_secs(5),
            ldap_default_servers: Vec::new(),
            ldap_start_tls: false,
            csa_search_limit: 5,
        }
    }
}

/// What lookups leave behind for the next ones.
#[derive(Debug, Default)]
pub struct LookupState {
    /// Answers of query-style lookups.
    kept: HashMap<CacheKey, Kept>,
    /// `$lookup_dnssec_authenticated`; none when DNSSEC was not asked.
    pub dnssec_authenticated: Option<bool>,
    /// Lines for the log: what an administrator should mend.
    pub complaints: Vec<String>,
    /// The moment of the lookups that follow; none: each is its own.
    pub moment: Option<Moment>,
}

/// A stretch of work that takes files to stand still: a row of questions that came together is answered as if they were
/// asked at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(u64);

impl Moment {
    /// One that begins now.
    pub fn begin() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CacheKey {
    kind: &'static str,
    options: Vec<Vec<u8>>,
    file: Vec<u8>,
    query: Vec<u8>,
}

#[derive(Debug)]
struct Kept {
    answer: LookupAnswer,
    until: Option<Timestamp>,
}

impl CacheKey {
    fn of(request: &LookupRequest<'_>) -> Self {
        Self {
            kind: request.spec.kind,
            options: request.spec.options.iter().filter(|o| **o != b"cache=no_rd").cloned().collect(),
            file: request.file.as_ref().map(|file| file.bytes().to_vec()).unwrap_or_default(),
            query: request.key.bytes().to_vec(),
        }
    }
}

impl LookupState {
    /// An answer that is still good; `cache=no_rd` asks anew each time.
    pub fn kept(&self, request: &LookupRequest<'_>, now: Timestamp) -> Option<LookupAnswer> {
        if request.spec.option("cache") == Some(b"no_rd") {
            return None;
        }
        let kept = self.kept.get(&CacheKey::of(request))?;
        kept.until.is_none_or(|until| now < until).then(|| kept.answer.clone())
    }

    /// Keeps an answer, until that time or as long as the state.
    pub fn keep(&mut self, request: &LookupRequest<'_>, answer: &LookupAnswer, until: Option<Timestamp>) {
        if self.kept.len() >= limits::LOOKUP_CACHE {
            self.kept.clear();
        }
        self.kept.insert(CacheKey::of(request), Kept { answer: answer.clone(), until });
    }

    /// Forgets the answers of a type: something was changed there.
    pub fn forget(&mut self, kind: &str) {
        self.kept.retain(|key, _| key.kind != kind);
    }
}

/// The world of one lookup.
pub struct LookupWorld<'a> {
    /// Options.
    pub settings: &'a LookupSettings,
    /// DNS, where there is some.
    pub resolver: Option<&'a dyn Resolve>,
    /// Time.
    pub clock: &'a dyn Clock,
    /// What stays.
    pub state: &'a mut LookupState,
}

#[cfg(test)]
mod tests {
    use mail_types::value::Value;

    use super::*;
    use crate::lookup::LookupSpec;

    fn request<'a>(spec: &'a LookupSpec, query: &str) -> LookupRequest<'a> {
        LookupRequest { spec, key: Value::clean(query), file: None }
    }

    #[test]
    fn answers_are_kept_by_type_options_and_query_until_their_time() {
        let plain = LookupSpec::parse(b"sqlite").unwrap();
        let other = LookupSpec::parse(b"sqlite,file=/x").unwrap();
        let anew = LookupSpec::parse(b"sqlite,cache=no_rd").unwrap();
        let mut state = LookupState::default();
        let now = Timestamp::from_secs(100);
        state.keep(&request(&plain, "q"), &LookupAnswer::NotFound, Some(Timestamp::from_secs(110)));
        assert_eq!(state.kept(&request(&plain, "q"), now), Some(LookupAnswer::NotFound));
        assert_eq!(state.kept(&request(&plain, "r"), now), None, "another query");
        assert_eq!(state.kept(&request(&other, "q"), now), None, "another option");
        assert_eq!(state.kept(&request(&anew, "q"), now), None, "cache=no_rd does not read");
        assert_eq!(state.kept(&request(&plain, "q"), Timestamp::from_secs(110)), None, "too old");
        state.keep(&request(&anew, "s"), &LookupAnswer::NotFound, None);
        assert_eq!(state.kept(&request(&plain, "s"), now), Some(LookupAnswer::NotFound), "but it writes");
        state.forget("sqlite");
        assert_eq!(state.kept(&request(&plain, "s"), now), None);
    }
}

//! DMARC: does the author's domain stand behind this message, and what does it want done if not?
//!
//! [`author_domains`] finds the author's domain, [`check`] looks its policy up and compares what SPF and DKIM
//! authenticated.
//!
//! # Invariants
//! * Nothing that the DNS failed to say counts as a pass.
//! * The questions of one check are bounded: two with a public suffix list; with the tree walk
//!   [`limits::DMARC_TREE_WALK`] for the author and for each authenticated domain. A message has at most
//!   [`limits::DMARC_AUTHORS`] authors' domains.
//!
//! # Security
//! The author's domain, the authenticated domains and all records are hostile.
//!
//! # Compatibility
//! The status words are those of the condition `dmarc_status`. [`Mode::SuffixList`] is what Exim does (RFC 7489);
//! [`Mode::TreeWalk`] is Postrider's own.
//!
//! # References
//! RFC 7489; RFC 9989 (tree walk, `np`, `psd`, `t`); RFC 6591 and RFC 9991 (failure reports).

mod author;
mod discovery;
pub mod failure;
mod override_by_arc;
pub mod receivers;
mod record;

use mail_types::dns::Resolve;
use mail_types::limits;

use crate::spf::SpfVerdict;

pub use author::author_domains;
pub use override_by_arc::vouched_for;
pub use record::{AlignmentMode, DmarcRecord, FailureOptions, Policy, PublicSuffix, ReportUri, is_dmarc};

/// A public suffix list.
pub trait SuffixRules {
    /// The public suffix of a domain and one label more; nothing for a public suffix.
    fn registered<'a>(&self, domain: &'a [u8]) -> Option<&'a [u8]>;
}

/// How the organization of a domain is found.
#[derive(Clone, Copy)]
pub enum Mode<'a> {
    /// RFC 7489: by a public suffix list.
    SuffixList(&'a dyn SuffixRules),
    /// RFC 9989: by the records of the domain's parents.
    TreeWalk,
}

/// What DKIM says of one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedBy<'a> {
    /// `d=`.
    pub domain: &'a [u8],
    /// It verified.
    pub passed: bool,
    /// It could not be checked now.
    pub temporary: bool,
}

/// What was authenticated.
#[derive(Clone, Copy)]
pub struct Authenticated<'a> {
    /// The domains of the From field, as [`author_domains`] finds them.
    pub authors: &'a [Vec<u8>],
    /// The domain that SPF checked and its result; nothing when SPF did not run.
    pub spf: Option<(&'a [u8], SpfVerdict)>,
    /// The signatures.
    pub dkim: &'a [SignedBy<'a>],
    /// A random number below 100, for `pct`.
    pub roll: u8,
}

/// The words of `dmarc_status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DmarcStatus {
    /// An aligned identifier was authenticated.
    Accept,
    /// None was, and the domain wants such messages refused.
    Reject,
    /// None was, and the domain wants such messages treated as suspicious.
    Quarantine,
    /// None was, and the domain wants nothing done.
    None,
    /// The domain has no policy.
    NoRecord,
    /// There is no author's domain.
    NoFrom,
    /// The DNS failed.
    TempError,
    /// Not checked.
    #[default]
    Off,
}

impl DmarcStatus {
    /// `$dmarc_status`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Quarantine => "quarantine",
            Self::None => "none",
            Self::NoRecord => "norecord",
            Self::NoFrom => "nofrom",
            Self::TempError => "temperror",
            Self::Off => "off",
        }
    }

    /// `$dmarc_status_text`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Accept => "Accept",
            Self::Reject => "Reject",
            Self::Quarantine => "Quarantine",
            Self::None => "None, Accept",
            Self::NoRecord => "No policy found",
            Self::NoFrom => "No From: domain found",
            Self::TempError => "Temporary failure of the DNS",
            Self::Off => "Not checked",
        }
    }

    /// An outcome of which nothing else is known.
    pub fn into_outcome(self) -> DmarcOutcome {
        DmarcOutcome { status: self, ..DmarcOutcome::default() }
    }

    /// The word in Authentication-Results (RFC 7489 section 11.2); nothing where there is nothing to say.
    pub fn auth_result(self) -> Option<&'static str> {
        match self {
            Self::Accept => Some("pass"),
            Self::Reject | Self::Quarantine | Self::None => Some("fail"),
            Self::NoRecord => Some("none"),
            Self::NoFrom => Some("permerror"),
            Self::TempError => Some("temperror"),
            Self::Off => None,
        }
    }
}

/// What a check came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DmarcOutcome {
    /// The result.
    pub status: DmarcStatus,
    /// The author's domain; empty without one.
    pub author: Vec<u8>,
    /// Where the record stands (`$dmarc_used_domain`); empty without one.
    pub used_domain: Vec<u8>,
    /// The policy that applies to the author's domain, before `pct` and `t`.
    pub policy: Option<Policy>,
    /// An aligned domain passed SPF.
    pub spf_aligned: bool,
    /// An aligned domain's signature verified.
    pub dkim_aligned: bool,
    /// The record.
    pub record: Option<DmarcRecord>,
    /// Why the policy was not applied, in the words of an aggregate report; the status is `accept` then.
    pub overridden: Option<String>,
}

impl DmarcOutcome {
    /// Whether the domain wants a failure report about this message (`fo`). `dkim_failed` and `spf_failed` say that a
    /// mechanism failed by itself, aligned or not.
    pub fn wants_failure_report(&self, dkim_failed: bool, spf_failed: bool) -> bool {
        let Some(record) = &self.record else { return false };
        let options = record.failures;
        let all = !self.spf_aligned && !self.dkim_aligned;
        let any = !self.spf_aligned || !self.dkim_aligned;
        !record.forensic.is_empty()
            && ((options.all_failed && all)
                || (options.any_failed && any)
                || (options.dkim && dkim_failed)
                || (options.spf && spf_failed))
    }
}

/// Checks a message. Where its authors have several domains each is checked, and the strictest policy among the checks that
/// fail applies (RFC 7489 section 6.6.1).
pub fn check(message: &Authenticated<'_>, mode: Mode<'_>, dns: &dyn Resolve) -> DmarcOutcome {
    if message.authors.len() > limits::DMARC_AUTHORS {
        return DmarcStatus::NoFrom.into_outcome();
    }
    let mut walker = discovery::Walker::new(mode, dns);
    let outcomes = message.authors.iter().map(|author| check_author(author, message, mode, &mut walker));
    // Of equals the first author's.
    outcomes
        .reduce(|first, next| if strictness(next.status) > strictness(first.status) { next } else { first })
        .unwrap_or_else(|| DmarcStatus::NoFrom.into_outcome())
}

/// Which of two authors' results counts: what fails before what cannot be told, and that before what does not fail.
fn strictness(status: DmarcStatus) -> u8 {
    match status {
        DmarcStatus::Reject => 6,
        // It might have been a rejection.
        DmarcStatus::TempError => 5,
        DmarcStatus::Quarantine => 4,
        DmarcStatus::None => 3,
        DmarcStatus::NoRecord => 2,
        DmarcStatus::Accept => 1,
        DmarcStatus::NoFrom | DmarcStatus::Off => 0,
    }
}

fn check_author(
    author: &[u8],
    message: &Authenticated<'_>,
    mode: Mode<'_>,
    walker: &mut discovery::Walker<'_>,
) -> DmarcOutcome {
    let mut outcome = DmarcOutcome { author: author.to_vec(), ..DmarcOutcome::default() };
    let found = match walker.policy(author) {
        Ok(Some(found)) => found,
        Ok(None) => return DmarcOutcome { status: DmarcStatus::NoRecord, ..outcome },
        Err(discovery::Temporary) => return DmarcOutcome { status: DmarcStatus::TempError, ..outcome },
    };
    outcome.used_domain = found.domain;
    outcome.policy = Some(found.policy);
    let mut later = false;
    let record = found.record;
    if let Some((domain, verdict)) = message.spf {
        if verdict == SpfVerdict::Pass {
            match walker.aligned(author, domain, record.aspf) {
                Ok(aligned) => outcome.spf_aligned = aligned,
                Err(discovery::Temporary) => later = true,
            }
        }
        later |= verdict == SpfVerdict::TempError;
    }
    for signed in message.dkim {
        if signed.passed && !outcome.dkim_aligned {
            match walker.aligned(author, signed.domain, record.adkim) {
                Ok(aligned) => outcome.dkim_aligned |= aligned,
                Err(discovery::Temporary) => later = true,
            }
        }
        later |= signed.temporary;
    }
    outcome.status = if outcome.spf_aligned || outcome.dkim_aligned {
        DmarcStatus::Accept
    } else if later {
        // What could not be checked might have passed (RFC 7489 section 6.6.2, step 5).
        DmarcStatus::TempError
    } else {
        applied(found.policy, &record, mode, message.roll)
    };
    outcome.record = Some(record);
    outcome
}

/// What the policy comes to when a domain only tries it out.
fn applied(policy: Policy, record: &DmarcRecord, mode: Mode<'_>, roll: u8) -> DmarcStatus {
    let weaker = match mode {
        // RFC 7489 section 6.6.4.
        Mode::SuffixList(_) => roll >= record.percent,
        // RFC 9989 section 4.7 has `t` instead of `pct`.
        Mode::TreeWalk => record.testing,
    };
    match if weaker { policy.weaker() } else { policy } {
        Policy::None => DmarcStatus::None,
        Policy::Quarantine => DmarcStatus::Quarantine,
        Policy::Reject => DmarcStatus::Reject,
    }
}

//! A failure that a trusted chain of ARC sets explains.
//!
//! # Invariants
//! * Only a chain that holds, and that nobody outside the list has sealed, changes a result.
//!
//! # Security
//! The first results are the words of the first sealer; they count because each sealer is trusted by the administrator.
//!
//! # References
//! RFC 8617 section 7.2.1; RFC 7489 section 6.7.

use super::{DmarcOutcome, DmarcStatus};
use crate::arc::chain::ChainState;
use crate::arc::verify::ArcResult;
use crate::authres::results;

/// Makes `accept` of a failure where the chain was sealed by trusted domains alone, and the first of them saw the author's
/// domain pass. The outcome then says so in `overridden`; true when it was changed.
pub fn vouched_for(
    outcome: &mut DmarcOutcome,
    chain: &ArcResult,
    mut trusted: impl FnMut(&[u8]) -> bool,
) -> bool {
    let failed = matches!(outcome.status, DmarcStatus::Reject | DmarcStatus::Quarantine | DmarcStatus::None);
    if !failed || chain.state != ChainState::Pass || chain.domains.is_empty() {
        return false;
    }
    if !chain.domains.iter().all(|domain| domain.as_ref().is_some_and(|domain| trusted(domain))) {
        return false;
    }
    let passed = results(&chain.first_results).any(|result| {
        result.method.eq_ignore_ascii_case(b"dmarc")
            && result.result.eq_ignore_ascii_case(b"pass")
            && result.property(b"header.from").is_some_and(|from| from.eq_ignore_ascii_case(&outcome.author))
    });
    if passed {
        let sealers = chain.domains.iter().enumerate().rev().map(|(instance, domain)| {
            let domain = String::from_utf8_lossy(domain.as_deref().unwrap_or_default());
            format!(" as[{}].d={domain}", instance + 1)
        });
        outcome.overridden = Some(format!("arc=pass{}", sealers.collect::<String>()));
        outcome.status = DmarcStatus::Accept;
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(status: DmarcStatus, state: ChainState, domains: &[&str], first: &str) -> Option<String> {
        let mut outcome = DmarcOutcome { author: b"a.example".to_vec(), ..status.into_outcome() };
        let chain = ArcResult {
            state,
            domains: domains
                .iter()
                .map(|domain| (!domain.is_empty()).then(|| domain.as_bytes().to_vec()))
                .collect(),
            first_results: first.as_bytes().to_vec(),
            ..ArcResult::default()
        };
        let said = vouched_for(&mut outcome, &chain, |domain| domain.ends_with(b".trusted"));
        assert_eq!(said, outcome.overridden.is_some());
        assert_eq!(said, outcome.status == DmarcStatus::Accept && status != DmarcStatus::Accept);
        outcome.overridden
    }

    #[test]
    fn who_is_believed() {
        use ChainState::{Fail, None as Absent, Pass};
        let good = " i=1; x.trusted; spf=pass smtp.mailfrom=b; dmarc=pass (p=reject) header.from=A.example";
        let two = Some("arc=pass as[2].d=y.trusted as[1].d=x.trusted".to_owned());
        assert_eq!(changed(DmarcStatus::Reject, Pass, &["x.trusted", "y.trusted"], good), two);
        assert!(changed(DmarcStatus::Quarantine, Pass, &["x.trusted"], good).is_some());
        for (status, state, domains, first) in [
            (DmarcStatus::Reject, Fail, &["x.trusted"][..], good),
            (DmarcStatus::Reject, Absent, &[], ""),
            (DmarcStatus::Reject, Pass, &["x.trusted", "evil"], good),
            (DmarcStatus::Reject, Pass, &["x.trusted", ""], good),
            (DmarcStatus::Accept, Pass, &["x.trusted"], good),
            (DmarcStatus::TempError, Pass, &["x.trusted"], good),
            (DmarcStatus::NoRecord, Pass, &["x.trusted"], good),
            (DmarcStatus::Reject, Pass, &["x.trusted"], " i=1; x.trusted; dmarc=fail header.from=a.example"),
            (DmarcStatus::Reject, Pass, &["x.trusted"], " i=1; x.trusted; dmarc=pass header.from=b.example"),
            (
                DmarcStatus::Reject,
                Pass,
                &["x.trusted"],
                " i=1; x.trusted; spf=pass (dmarc=pass header.from=a.example)",
            ),
            (
                DmarcStatus::Reject,
                Pass,
                &["x.trusted"],
                " i=1; x.trusted; spf=\"; dmarc=pass header.from=a.example\"",
            ),
            (DmarcStatus::Reject, Pass, &["x.trusted"], ""),
        ] {
            assert_eq!(
                changed(status, state, domains, first),
                None,
                "{status:?} {state:?} {domains:?} {first}"
            );
        }
    }
}

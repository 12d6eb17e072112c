//! Asking zones with trust anchors for their keys, so that the anchors follow them.
//!
//! # Failure
//! A server that gives no keys, or keys that no anchor has signed, changes nothing; the next one is asked, then again
//! later.
//!
//! # References
//! RFC 5011 section 2.3 (active refresh).

use domain::base::Rtype;
use mail_types::dns::QueryOptions;

use super::Resolver;
use super::chain::Session;
use crate::rollover::{Change, Rollover};
use crate::validate::{DnsName, Reason, RrSet, shown};

/// What a look at the zones brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// What became of keys.
    pub changes: Vec<Change>,
    /// The zones whose keys could not be had, or were not signed by an anchor, and why.
    pub troubles: Vec<String>,
}

impl Resolver {
    /// Asks each zone whose time has come for its keys; what follows from them is in force at once.
    pub async fn follow_anchors(&self, rollover: &mut Rollover) -> Followed {
        let mut followed = Followed::default();
        for zone in rollover.zones_due(self.inner.clock.now()) {
            if let Err(reason) = self.follow_zone(&zone, rollover, &mut followed.changes).await {
                followed.troubles.push(format!("DNSSEC trust anchors of {}: {reason}", shown(&zone)));
            }
        }
        self.trust(rollover.anchors());
        followed
    }

    async fn follow_zone(
        &self,
        zone: &DnsName,
        rollover: &mut Rollover,
        changes: &mut Vec<Change>,
    ) -> Result<(), Reason> {
        let options = QueryOptions::DNSSEC;
        let mut why: Option<Reason> = None;
        for first in 0..self.inner.config.servers.len() {
            let now = self.inner.clock.now();
            let mut session = Session::new(self.anchors(), &options, now).asking(first, 0);
            let reason = match self.fetch(zone, Rtype::DNSKEY, &mut session).await {
                Ok(response) => match RrSet::find(&response.sections.answer, zone, Rtype::DNSKEY) {
                    Some(set) => {
                        let (seen, outcome) = rollover.observe(set, self.inner.clock.now());
                        changes.extend(seen);
                        match outcome {
                            Ok(()) => return Ok(()),
                            Err(reason) => reason,
                        }
                    }
                    None => "the name servers give no keys".into(),
                },
                Err(failure) => failure.to_string().into(),
            };
            why.get_or_insert(reason);
        }
        let now = self.inner.clock.now();
        if rollover.zones_due(now).contains(zone) {
            rollover.unanswered(zone, now);
        }
        Err(why.unwrap_or_else(|| "there is no name server".into()))
    }
}

//! The hosts of a domain by SRV records, which go before MX records where `check_srv` names services.
//!
//! # Invariants
//! * Hosts are in the order of priority; among equals chance decides, by their weights (RFC 2782).
//!
//! # Security
//! Everything here came from the DNS. The number of hosts is capped. Hosts of the service `smtp-tls` never hear of a
//! message in clear.
//!
//! # Compatibility
//! Specification, "The dnslookup router"; `smtp-tls` as draft-nurpmeso-smtp-tls-srv-00 has it: another port than 25 means
//! TLS before the banner, port 25 a STARTTLS that must not be missing.
//!
//! # References
//! RFC 2782.

use config::RouterInstance;
use mail_types::clock::Entropy;
use mail_types::dns::{Answer, DnsFailure, RecordData, RecordType, Security};
use mail_types::limits;

use super::hosts;
use super::mx::{Found, Search, Tally, one_target};
use super::outcome::{HostSource, HostTls, RouteHost};
use super::state::State;

/// The service whose hosts are promised to have TLS.
const SECURE: &[u8] = b"smtp-tls";

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Service {
    priority: u16,
    weight: u16,
    port: u16,
    target: Vec<u8>,
}

/// Looks for the hosts of a domain under the names of services, one after the other. None when there are no records, so
/// that MX records are to be looked for.
pub(crate) async fn find(
    state: &mut State<'_>,
    router: &RouterInstance,
    domain: &[u8],
    services: &[Vec<u8>],
    (search, failure_is_none): (Search, bool),
) -> Option<Found> {
    for service in services {
        let name = [b"_", service.as_slice(), b"._tcp.", domain].concat();
        match state.world.query(&name, RecordType::Srv, search.dnssec.requested).await {
            Ok(answer) if !search.dnssec.accepts(&answer) && !failure_is_none => {
                return Some(Found::Insecure);
            }
            Ok(answer) if !search.dnssec.accepts(&answer) => {}
            Ok(answer) => {
                if let Some(found) = from_records(state, router, domain, &answer, (service, search)).await {
                    return Some(found);
                }
            }
            Err(DnsFailure::NxDomain | DnsFailure::NoData | DnsFailure::BadName) => {}
            Err(_) if failure_is_none => {}
            Err(_) => return Some(Found::Again),
        }
    }
    None
}

async fn from_records(
    state: &mut State<'_>,
    router: &RouterInstance,
    domain: &[u8],
    answer: &Answer,
    (service, search): (&[u8], Search),
) -> Option<Found> {
    let records = records(answer);
    if records.is_empty() {
        return None;
    }
    if records.iter().all(|record| record.target.is_empty()) {
        return Some(Found::NullMx);
    }
    let entropy = std::sync::Arc::clone(&state.world.services().entropy);
    let mut records = in_order(records, entropy.as_ref());
    records.truncate(limits::HOSTS_PER_ADDRESS);
    let secure = search.dnssec.requested.then_some(answer.security == Security::Secure);
    let mut tally = Tally::of_services();
    for record in records {
        let tls = match (service == SECURE, record.port) {
            (false, _) => HostTls::AsConfigured,
            (true, 25) => HostTls::StartTls,
            (true, _) => HostTls::AtOnce,
        };
        let pattern = RouteHost {
            source: Some(HostSource { domain: domain.to_vec(), name: record.target.clone() }),
            name: record.target,
            address: None,
            port: Some(record.port),
            mx: Some(record.priority),
            sort_key: hosts::sort_key(entropy.as_ref()),
            dnssec: secure,
            tls,
            alias: None,
        };
        one_target(state, router, pattern, search, &mut tally).await;
    }
    Some(tally.verdict())
}

fn records(answer: &Answer) -> Vec<Service> {
    let service = |data: &RecordData| match data {
        RecordData::Srv { priority, weight, port, target } => {
            let target = target.strip_suffix(b".").unwrap_or(target).to_ascii_lowercase();
            Some(Service { priority: *priority, weight: *weight, port: *port, target })
        }
        _ => None,
    };
    answer.records.iter().filter_map(|record| service(&record.data)).collect()
}

/// The order of RFC 2782: by priority; of those of one priority each next one is drawn, with its weight as its chance.
fn in_order(mut records: Vec<Service>, entropy: &dyn Entropy) -> Vec<Service> {
    // Those without weight stand first, so that they have a chance when the sum that is drawn is 0.
    records.sort_by_key(|record| (record.priority, record.weight != 0));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let equals = records.iter().take_while(|record| record.priority == first.priority).count();
        let total: u64 = records[..equals].iter().map(|record| u64::from(record.weight)).sum();
        let drawn = entropy.next_u64() % (total + 1);
        let mut sum = 0;
        let at = records[..equals].iter().position(|record| {
            sum += u64::from(record.weight);
            sum >= drawn
        });
        ordered.push(records.remove(at.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use mail_types::clock::SeededEntropy;

    use super::*;

    fn service(priority: u16, weight: u16, target: &str) -> Service {
        Service { priority, weight, port: 25, target: target.into() }
    }

    #[test]
    fn priorities_first_then_chance_by_weight() {
        let entropy = SeededEntropy::new(1);
        let all = [
            service(20, 0, "last"),
            service(10, 30, "thirty"),
            service(10, 70, "seventy"),
            service(10, 0, "none"),
        ];
        let mut first: HashMap<Vec<u8>, u32> = HashMap::new();
        for _ in 0..10_000 {
            let order = in_order(all.to_vec(), &entropy);
            assert_eq!(order.len(), 4);
            assert_eq!(order[3].target, b"last");
            *first.entry(order[0].target.clone()).or_default() += 1;
        }
        let share = |name: &str| first.get(name.as_bytes()).copied().unwrap_or(0);
        assert!((2_800..3_200).contains(&share("thirty")), "{first:?}");
        assert!((6_700..7_100).contains(&share("seventy")), "{first:?}");
        assert!((50..200).contains(&share("none")), "one of 101: {first:?}");
    }
}

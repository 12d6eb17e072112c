//! The way of an answer through the crate without a network: for the fuzz target and for looking at captured messages.
//!
//! # Security
//! Nothing in here decides about mail: the keys are believed as they come.

use domain::base::Message;
use domain::base::iana::Rtype;
use domain::base::name::ToName as _;
use mail_types::Timestamp;
use mail_types::dns::RecordType;

use crate::validate::denial::Denial;
use crate::validate::keys::{Key, Zone};
use crate::validate::{DnsName, Effort, RrSet, delegation, shown, signature};
use crate::wire::{self, Edns, Question, Response};

/// What two messages say, a line each finding: the first one has the keys of a zone, the second one an answer of it.
/// Nothing when one of them can't be read.
pub fn judge(keys: &[u8], answer: &[u8], now: Timestamp) -> Vec<String> {
    let Some((_, keys)) = read(keys) else { return Vec::new() };
    let Some((name, answer)) = read(answer) else { return Vec::new() };
    let set = keys.sections.answer.iter().find(|set| set.rtype == Rtype::DNSKEY);
    let Some(set) = set else { return Vec::new() };
    let zone = Zone {
        apex: set.owner.clone(),
        is_trust_point: false,
        keys: set.data.iter().filter_map(|record| Key::read(record)).collect(),
    };
    let mut effort = Effort::default();
    let mut lines = vec![format!("{} records", answer.records.len())];
    for set in answer.sections.answer.iter().chain(&answer.sections.authority) {
        let checked = signature::check(set, &zone, now, &mut effort);
        lines.push(format!("{} {}: {checked:?}", shown(&set.owner), set.rtype));
    }
    let delegation = delegation::read(&name, &zone, &answer.sections, now, &mut effort);
    lines.push(format!("delegation: {delegation:?}"));
    let checked = Denial::gather(&answer.sections.authority, &zone, now, &mut effort);
    lines.extend(absences("checked", &checked, &name, &answer.sections.answer));
    let unchecked = Denial::believing(&answer.sections.authority, &zone);
    lines.extend(absences("unchecked", &unchecked, &name, &answer.sections.answer));
    lines
}

fn absences(word: &str, denial: &Denial<'_>, name: &DnsName, answer: &[RrSet]) -> Vec<String> {
    let mut effort = Effort::default();
    let labels = answer.iter().flat_map(|set| &set.signatures).map(|signature| signature.labels).min();
    vec![
        format!("{word} no name: {:?}", denial.no_name(name, &mut effort)),
        format!("{word} no MX: {:?}", denial.no_data(name, Rtype::MX, &mut effort)),
        format!("{word} no DS: {:?}", denial.no_ds(name, &mut effort)),
        format!("{word} nothing closer: {:?}", denial.no_closer(name, labels.unwrap_or(0), &mut effort)),
    ]
}

fn read(bytes: &[u8]) -> Option<(DnsName, Response)> {
    let message = Message::from_octets(bytes).ok()?;
    let asked = message.sole_question().ok()?;
    let name: DnsName = asked.qname().to_canonical_name();
    let question = Question { name: name.clone(), rtype: RecordType::from_code(asked.qtype().to_int()) };
    let edns = Edns { enabled: true, dnssec_ok: true };
    let response = wire::response(bytes, message.header().id(), &question, edns).ok()?;
    Some((name, response))
}

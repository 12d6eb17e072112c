//! Reverse lookups against a resolver that answers from a table.

use mail_types::dns::{Answer, DnsFailure, Record};

use super::*;

/// Names and what they answer.
struct Table(Vec<Row>);

/// A name, a type, and what is answered.
struct Row(&'static str, RecordType, Result<Vec<RecordData>, DnsFailure>);

impl Resolve for Table {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        let row = self.0.iter().find(|row| row.0.as_bytes() == name && row.1 == rtype);
        let data = row.map_or(Err(DnsFailure::NxDomain), |row| row.2.clone())?;
        let record = |data| Record { name: name.to_vec(), rtype, ttl: 60, data };
        Ok(Answer { records: data.into_iter().map(record).collect(), ..Answer::default() })
    }
}

fn client() -> IpAddr {
    IpAddr::from([192, 0, 2, 7])
}

fn ptr(name: &str) -> RecordData {
    RecordData::Ptr(name.as_bytes().to_vec())
}

fn a(last: u8) -> RecordData {
    RecordData::A([192, 0, 2, last].into())
}

const REVERSE: &str = "7.2.0.192.in-addr.arpa";

fn by_dns(rows: Vec<Row>) -> Found {
    find(client(), Vec::new(), &Table(rows), &[LookupOrder::ByDns], true)
}

#[test]
fn a_name_counts_when_it_leads_back() {
    let found = by_dns(vec![
        Row(REVERSE, RecordType::Ptr, Ok(vec![ptr("Mail.Example."), ptr("liar.example")])),
        Row("mail.example", RecordType::A, Ok(vec![a(1), a(7)])),
        Row("liar.example", RecordType::A, Ok(vec![a(8)])),
    ]);
    assert_eq!(found, Found::Names { names: vec![b"mail.example".to_vec()], secure: false });
}

#[test]
fn names_that_do_not_lead_back() {
    let found = by_dns(vec![
        Row(REVERSE, RecordType::Ptr, Ok(vec![ptr("liar.example")])),
        Row("liar.example", RecordType::A, Ok(vec![a(8)])),
    ]);
    assert_eq!(found, Found::Mismatch { names: vec![b"liar.example".to_vec()] });
}

#[test]
fn nothing_is_known_while_one_name_can_not_be_asked_about() {
    for (names, want) in [
        (["good.example", "broken.example"], Found::Deferred),
        (["broken.example", "good.example"], Found::Deferred),
        (
            ["gone.example", "good.example"],
            Found::Names { names: vec![b"good.example".to_vec()], secure: false },
        ),
    ] {
        let found = by_dns(vec![
            Row(REVERSE, RecordType::Ptr, Ok(names.map(ptr).to_vec())),
            Row("good.example", RecordType::A, Ok(vec![a(7)])),
            Row("broken.example", RecordType::A, Err(DnsFailure::Timeout)),
        ]);
        assert_eq!(found, want, "{names:?}");
    }
}

#[test]
fn no_name_and_no_answer_differ() {
    assert_eq!(by_dns(vec![]), Found::NoName);
    assert_eq!(by_dns(vec![Row(REVERSE, RecordType::Ptr, Err(DnsFailure::ServFail))]), Found::Deferred);
}

#[test]
fn names_with_bytes_that_no_host_has_are_dropped() {
    let found = by_dns(vec![Row(REVERSE, RecordType::Ptr, Ok(vec![ptr("a b"), ptr("x\ny"), ptr("")]))]);
    assert_eq!(found, Found::NoName);
}

#[test]
fn the_hosts_file_answers_where_it_is_asked() {
    let file = || vec![b"box.example".to_vec(), b"box".to_vec()];
    let both = [LookupOrder::ByDns, LookupOrder::ByAddr];
    // The names of the file, too, must lead back in the DNS.
    let row = || vec![Row("box.example", RecordType::A, Ok(vec![a(7)]))];
    let found = find(client(), file(), &Table(row()), &both, true);
    assert_eq!(found, Found::Names { names: vec![b"box.example".to_vec()], secure: false });
    assert_eq!(find(client(), file(), &Table(vec![]), &both, true), Found::Mismatch { names: file() });
    assert_eq!(find(client(), file(), &Table(row()), &[LookupOrder::ByDns], true), Found::NoName);
}

#[test]
fn reverse_names() {
    assert_eq!(reverse_name(client()), REVERSE);
    let v6 = "2001:db8::12".parse().expect("an address");
    let expected = "2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
    assert_eq!(reverse_name(v6), expected);
}

#[test]
fn the_order_option() {
    let order = LookupOrder::parse(&[b" byaddr".to_vec(), b"nonsense".to_vec(), b"bydns".to_vec()]);
    assert_eq!(order, [LookupOrder::ByAddr, LookupOrder::ByDns]);
}

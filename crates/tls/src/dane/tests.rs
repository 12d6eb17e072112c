//! Records of every kind against chains that fit and chains that do not.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::*;

const NOW: u64 = 1_700_000_000;
const HOST: &str = "mx.example";

fn at(params: &mut CertificateParams, from: u64, until: u64) {
    let time = |seconds: u64| std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    params.not_before = time(from).into();
    params.not_after = time(until).into();
}

fn authority(name: &str, until: u64) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    at(&mut params, NOW - 1000, until);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn server(name: &str, issuer: &CertifiedIssuer<'static, KeyPair>, until: u64) -> Vec<u8> {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    at(&mut params, NOW - 1000, until);
    params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().to_vec()
}

fn data(selector: u8, matching: u8, der: &[u8]) -> Vec<u8> {
    let part = if selector == 0 { der } else { public_key(der).unwrap() };
    match matching {
        0 => part.to_vec(),
        1 => digest(&SHA256, part).as_ref().to_vec(),
        _ => digest(&SHA512, part).as_ref().to_vec(),
    }
}

/// `(usage, selector, matching, certificate)`
fn of(records: &[(u8, u8, u8, &[u8])]) -> Option<Associations> {
    let data: Vec<Vec<u8>> = records.iter().map(|(_, s, m, der)| data(*s, *m, der)).collect();
    let records = records.iter().zip(&data).map(|((usage, selector, matching, _), association)| Tlsa {
        usage: *usage,
        selector: *selector,
        matching: *matching,
        association,
    });
    Associations::usable(records, vec![HOST.to_owned()])
}

#[test]
fn every_selector_and_matching_of_usages_2_and_3() {
    let ca = authority("one", NOW + 1000);
    let other = authority("two", NOW + 1000);
    let good = server(HOST, &ca, NOW + 1000);
    let expired = server(HOST, &ca, NOW - 1);
    let misnamed = server("other.example", &ca, NOW + 1000);
    let stranger = server(HOST, &other, NOW + 1000);
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    at(&mut params, NOW - 1000, NOW + 1000);
    let selfmade = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
    for selector in [0, 1] {
        for matching in [0, 1, 2] {
            let case = format!("selector {selector} matching {matching}");
            // Names and dates don't count with usage 3.
            for certificate in [&good, &expired, &misnamed] {
                let records = of(&[(3, selector, matching, certificate)]).unwrap();
                assert_eq!(records.judge(&[certificate, ca.der()], NOW), Ok(()), "3 {case}");
                assert_eq!(records.usages(), 8);
            }
            let records = of(&[(3, selector, matching, &stranger)]).unwrap();
            let none = Err(Unverified::untrusted("no TLSA record matches the certificates shown"));
            assert_eq!(records.judge(&[&good, ca.der()], NOW), none, "3 {case}");
            // The record of the authority is no record of the server.
            let records = of(&[(3, selector, matching, ca.der())]).unwrap();
            assert_eq!(records.judge(&[&good, ca.der()], NOW), none, "3 {case}");

            let records = of(&[(2, selector, matching, ca.der())]).unwrap();
            assert_eq!(records.usages(), 4);
            assert_eq!(records.judge(&[&good, ca.der()], NOW), Ok(()), "2 {case}");
            assert_eq!(records.judge(&[&expired, ca.der()], NOW), Err(Unverified::expired()), "2 {case}");
            assert_eq!(
                records.judge(&[&misnamed, ca.der()], NOW),
                Err(Unverified::misnamed(&["mx.example".to_owned()])),
                "2 {case}"
            );
            // Not sent: only a record that holds the authority itself does without.
            let alone = records.judge(&[&good], NOW);
            assert_eq!(alone.is_ok(), matching == 0, "2 {case}: {alone:?}");
            assert!(records.judge(&[&stranger, ca.der()], NOW).is_err(), "2 {case}");
            // Usage 2 is for what stands above the server's own certificate, also if that has signed itself.
            for shown in [&good, &selfmade] {
                let own = of(&[(2, selector, matching, shown)]).unwrap();
                assert!(own.judge(&[shown, ca.der()], NOW).is_err(), "2 {case}");
                assert!(own.judge(&[shown, shown], NOW).is_err(), "2 {case}");
            }
        }
    }
}

#[test]
fn an_authority_that_has_expired_vouches_for_nobody() {
    let ca = authority("old", NOW - 1);
    let good = server(HOST, &ca, NOW + 1000);
    let records = of(&[(2, 0, 1, ca.der())]).unwrap();
    assert_eq!(records.judge(&[&good, ca.der()], NOW), Err(Unverified::expired()));
}

#[test]
fn an_authority_in_the_middle_is_enough() {
    let root = authority("root", NOW + 1000);
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "middle");
    at(&mut params, NOW - 1000, NOW + 1000);
    let middle = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &root).unwrap();
    let good = server(HOST, &middle, NOW + 1000);
    for (authority, chain) in [
        (middle.der(), vec![good.as_slice(), middle.der()]),
        (root.der(), vec![good.as_slice(), middle.der(), root.der()]),
    ] {
        let records = of(&[(2, 1, 1, authority)]).unwrap();
        assert_eq!(records.judge(&chain, NOW), Ok(()));
    }
    let records = of(&[(2, 1, 1, root.der())]).unwrap();
    assert!(records.judge(&[&good, middle.der()], NOW).is_err(), "the authority was not sent");
    // The bare key of an authority stands for it.
    assert_eq!(of(&[(2, 1, 0, root.der())]).unwrap().judge(&[&good, middle.der()], NOW), Ok(()));
}

/// rfc7672#3.2.3: the common name counts where there is no other, and `*` is the whole of a first label.
#[test]
fn common_names() {
    let ca = authority("one", NOW + 1000);
    let certificate = |common: &[&str], others: Vec<rcgen::SanType>| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (nth, name) in common.iter().enumerate() {
            // By its number it is there beside the same by its name.
            let by_number = rcgen::DnType::CustomDnType(vec![2, 5, 4, 3]);
            let kind = if nth + 1 == common.len() { rcgen::DnType::CommonName } else { by_number };
            params.distinguished_name.push(kind, *name);
        }
        params.subject_alt_names = others;
        at(&mut params, NOW - 1000, NOW + 1000);
        params.signed_by(&KeyPair::generate().unwrap(), &ca).unwrap().der().to_vec()
    };
    let host = |name: &str| rcgen::SanType::DnsName(name.try_into().unwrap());
    let address = || rcgen::SanType::IpAddress([192, 0, 2, 1].into());
    for (common, others, good) in [
        (&["mx.example"][..], vec![], true),
        (&["MX.Example"], vec![], true),
        (&["mx.example"], vec![address()], true),
        (&["mx.example"], vec![host("other.example")], false),
        (&["other.example"], vec![host("mx.example")], true),
        (&["other.example"], vec![], false),
        (&["example"], vec![], false),
        (&[""], vec![], false),
        (&[], vec![], false),
        // `mx.deep.example` is the second name of the set.
        (&["*.deep.example"], vec![], true),
        (&["*.DEEP.example"], vec![], true),
        (&["*.example"], vec![], false),
        (&["m*.deep.example"], vec![], false),
        (&["*"], vec![], false),
        (&["*.*.example"], vec![], false),
        (&["mx.*.example"], vec![], false),
        // The last one is the most specific.
        (&["mx.example", "other.example"], vec![], false),
        (&["other.example", "mx.example"], vec![], true),
    ] {
        let shown = certificate(common, others.clone());
        let key = data(1, 1, ca.der());
        let record = Tlsa { usage: 2, selector: 1, matching: 1, association: &key };
        let names = vec![HOST.to_owned(), "mx.deep.example".to_owned()];
        let records = Associations::usable([record], names).unwrap();
        assert_eq!(records.judge(&[&shown, ca.der()], NOW).is_ok(), good, "{common:?} {others:?}");
    }
}

#[test]
fn mixed_and_rolled_sets() {
    let (ca, other) = (authority("one", NOW + 1000), authority("two", NOW + 1000));
    let (good, next) = (server(HOST, &ca, NOW + 1000), server(HOST, &other, NOW + 1000));
    let rolled = of(&[(3, 1, 1, &next), (3, 1, 1, &good)]).unwrap();
    assert_eq!(rolled.judge(&[&good], NOW), Ok(()));
    let mixed = of(&[(2, 1, 1, other.der()), (3, 1, 1, &good)]).unwrap();
    assert_eq!((mixed.usages(), mixed.judge(&[&good], NOW)), (12, Ok(())));
    let mixed = of(&[(3, 1, 1, &next), (2, 1, 1, ca.der())]).unwrap();
    assert_eq!(mixed.judge(&[&good, ca.der()], NOW), Ok(()));
    // Those that can't be used stand beside one that can.
    let beside = of(&[(0, 0, 1, &next), (1, 1, 2, &next), (3, 0, 1, &good)]).unwrap();
    assert_eq!((beside.usages(), beside.judge(&[&good], NOW)), (8, Ok(())));
}

#[test]
fn of_several_digests_the_strongest_counts() {
    let ca = authority("one", NOW + 1000);
    let (good, next) = (server(HOST, &ca, NOW + 1000), server(HOST, &ca, NOW + 1000));
    // SHA-512 speaks of another certificate: SHA-256 of ours does not help (rfc7671#9).
    let agile = of(&[(3, 1, 1, &good), (3, 1, 2, &next)]).unwrap();
    assert!(agile.judge(&[&good], NOW).is_err());
    assert_eq!(agile.judge(&[&next], NOW), Ok(()));
    // Another selector is another set, and the full value always counts.
    assert_eq!(of(&[(3, 0, 1, &good), (3, 1, 2, &next)]).unwrap().judge(&[&good], NOW), Ok(()));
    assert_eq!(of(&[(3, 1, 0, &good), (3, 1, 2, &next)]).unwrap().judge(&[&good], NOW), Ok(()));
}

#[test]
fn what_cannot_be_used() {
    let long = [1; 64];
    for (usage, selector, matching, size) in [
        (0, 0, 1, 32),
        (1, 1, 1, 32),
        (4, 1, 1, 32),
        (255, 1, 1, 32),
        (3, 2, 1, 32),
        (3, 1, 3, 32),
        (3, 1, 1, 31),
        (3, 1, 1, 33),
        (3, 1, 2, 32),
        (3, 1, 0, 0),
        (3, 0, 0, 40),
        (2, 1, 0, 40),
    ] {
        let record = Tlsa { usage, selector, matching, association: &long[..size] };
        assert_eq!(Associations::usable([record], Vec::new()), None, "{record:?}");
    }
    assert_eq!(Associations::usable([], Vec::new()), None);
    let record = Tlsa { usage: 3, selector: 1, matching: 1, association: &long[..32] };
    let usable = Associations::usable([record], Vec::new()).unwrap();
    assert_eq!(usable.judge(&[], NOW), Err(Unverified::untrusted("no certificate was shown")));
    assert!(usable.judge(&[b"rubbish"], NOW).is_err());
    assert!(usable.judge(&[b"rubbish", b""], NOW).is_err());
}

//! Whatever stands in a header is read back as it was, or refused: over all bytes.

use mail_types::value::QuotedFor;
use mail_types::{MessageId, Taint, Timestamp, Value};
use postrider_spool_format::{
    AclScope, AclVariable, BodyCounts, Header, HeaderKind, HeaderLine, HostPort, Recipient, Spam, Tls,
    UnknownLine, Utf8Downcast,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Any bytes, with those that matter to the format more often.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let special = || proptest::sample::select(b"\r -()[:,.#<>@\\19YNX".to_vec());
    let fits = |byte: u8| if matches!(byte, b'\n' | b'\0' | b']') { b'\r' } else { byte };
    let byte = prop_oneof![any::<u8>().prop_map(fits), special(), b'a'..=b'z'];
    let refused = prop_oneof![Just(b'\n'), Just(b'\0'), Just(b']'), special()];
    // Few with bytes that are refused: with many, hardly a header would be written at all.
    prop_oneof![100 => vec(byte, 0..24), 1 => vec(refused, 0..24)]
}

fn value() -> impl Strategy<Value = Value> {
    let quoted = "[a-z(]{0,6}".prop_map(|name| Taint::Quoted(QuotedFor::new(&name)));
    let taint = prop_oneof![3 => Just(Taint::Clean), 3 => Just(Taint::Tainted), 1 => quoted];
    (bytes(), taint).prop_map(|(bytes, taint)| Value::new(bytes, taint))
}

fn host_port() -> impl Strategy<Value = HostPort> {
    (value(), any::<u16>()).prop_map(|(address, port)| HostPort { address, port })
}

fn recipient() -> impl Strategy<Value = Recipient> {
    let parent = option::of(0..9_usize);
    let text = || option::of(bytes().prop_filter("a length of zero means none", |b| !b.is_empty()));
    (bytes(), text(), parent, text(), any::<i8>()).prop_map(|(address, errors_to, parent, orcpt, flags)| {
        Recipient { address, errors_to, parent, orcpt, dsn_flags: i64::from(flags) }
    })
}

fn header_line() -> impl Strategy<Value = HeaderLine> {
    let newline = prop_oneof![20 => Just(&b"\n"[..]), 1 => Just(&b""[..])];
    let letter = prop_oneof![40 => proptest::sample::select(b" BCFIPRST*x\n".to_vec()), 1 => any::<u8>()];
    (letter, bytes(), newline).prop_map(|(letter, text, newline)| HeaderLine {
        kind: HeaderKind::from_letter(letter),
        text: [&text[..], newline].concat(),
    })
}

fn acl_variable() -> impl Strategy<Value = AclVariable> {
    let scope = prop_oneof![Just(AclScope::Connection), Just(AclScope::Message)];
    (scope, bytes(), value()).prop_map(|(scope, name, value)| AclVariable { scope, name, value })
}

fn unknown() -> impl Strategy<Value = UnknownLine> {
    let known =
        proptest::sample::select(vec!["-local", "-frozen ", "-frozen 1", "--local", "-ident x", "-aclc x 1"]);
    let text = prop_oneof![
        1 => bytes(),
        30 => bytes().prop_map(|bytes| [&b"-"[..], &bytes].concat()),
        1 => known.prop_map(|text| text.as_bytes().to_vec()),
    ];
    (0..48_u8, text).prop_map(|(after, text)| UnknownLine { after, text })
}

type Texts = Vec<Option<Value>>;

fn texts() -> impl Strategy<Value = Texts> {
    vec(option::weighted(0.2, value()), 21)
}

fn flags() -> impl Strategy<Value = Vec<bool>> {
    vec(any::<bool>(), 14)
}

fn numbers() -> impl Strategy<Value = Vec<Option<i64>>> {
    vec(option::of(any::<i64>()), 9)
}

prop_compose! {
    fn header()(
        long in any::<bool>(),
        login in bytes(),
        sender in bytes(),
        micros in -1_000_000_i64..4_000_000_000_000_000,
        texts in texts(),
        flags in flags(),
        numbers in numbers(),
        hosts in vec(option::of(host_port()), 2),
        lists in (vec(acl_variable(), 0..3), vec(unknown(), 0..3), vec(bytes(), 0..6)),
        recipients in vec(recipient(), 0..4),
        headers in vec(header_line(), 0..4),
    ) -> Header {
        let id = if long { MessageId::long(1, 2, 3) } else { MessageId::short(1, 2, 3) };
        let mut header = Header::new(id, sender, Timestamp(micros));
        header.login = login;
        header.acl_variables = lists.0;
        header.unknown = lists.1;
        header.nonrecipients = lists.2.iter().map(|address| &address[..]).collect();
        header.recipients = recipients;
        header.headers = headers;
        fill_texts(&mut header, texts);
        fill_flags(&mut header, &flags);
        fill_numbers(&mut header, &numbers);
        let mut hosts = hosts.into_iter();
        header.host_address = hosts.next().flatten();
        header.interface_address = hosts.next().flatten();
        header
    }
}

fn fill_texts(header: &mut Header, texts: Texts) {
    let mut texts = texts.into_iter();
    let mut next = || texts.next().flatten();
    header.helo_name = next();
    header.host_name = next();
    header.host_auth = next();
    header.host_auth_pubname = next();
    header.auth_id = next();
    header.auth_sender = next();
    header.active_hostname = next();
    header.ident = next();
    header.received_protocol = next();
    header.local_scan = next();
    header.dsn_envid = next();
    header.spam = Spam { bar: next(), score: next(), score_int: next() };
    header.tls = Tls {
        cipher: next(),
        peercert: next(),
        peerdn: next(),
        sni: next(),
        ourcert: next(),
        resumption: next(),
        version: next(),
        ..Tls::default()
    };
}

fn fill_flags(header: &mut Header, flags: &[bool]) {
    header.received_time_usec = flags[0];
    header.deliver_firsttime = flags[1];
    header.manual_thaw = flags[2];
    header.dont_deliver = flags[3];
    header.host_lookup_failed = flags[4];
    header.host_lookup_deferred = flags[5];
    header.spool_file_wireformat = flags[6];
    header.allow_unqualified_recipient = flags[7];
    header.allow_unqualified_sender = flags[8];
    header.local = flags[9];
    header.localerror = flags[10];
    header.sender_set_untrusted = flags[11];
    header.tls.certificate_verified = flags[12];
    header.smtputf8 = flags[13];
    header.utf8_downcast = match (flags[0], flags[1]) {
        (false, _) => Utf8Downcast::No,
        (true, false) => Utf8Downcast::Always,
        (true, true) => Utf8Downcast::IfNeeded,
    };
    if !header.received_time_usec {
        header.received_time = Timestamp::from_secs(header.received_time.secs());
    }
}

fn fill_numbers(header: &mut Header, numbers: &[Option<i64>]) {
    header.uid = numbers[0].unwrap_or_default();
    header.gid = numbers[1].unwrap_or_default();
    header.warning_count = numbers[2].unwrap_or_default();
    header.frozen = numbers[3];
    header.received_time_complete = numbers[4].map(|n| Timestamp(n / 1000));
    header.body =
        BodyCounts { lines: numbers[5], zeros: numbers[6].unwrap_or_default(), longest_line: numbers[7] };
    header.tls.ocsp = numbers[8];
    header.dsn_ret = numbers[8].unwrap_or_default();
}

/// Unknown lines come back in the order of the file, behind the known line that is there.
fn sorted_unknown(header: &Header) -> Vec<Vec<u8>> {
    let mut lines: Vec<_> = header.unknown.iter().collect();
    lines.sort_by_key(|line| line.after);
    lines.into_iter().map(|line| line.text.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_header_comes_back_or_is_refused(header in header()) {
        if let Ok(file) = header.encode() {
            let mut back = Header::decode(&file).expect("what was written is read");
            let unknown: Vec<_> = back.unknown.iter().map(|line| line.text.clone()).collect();
            prop_assert_eq!(unknown, sorted_unknown(&header));
            prop_assert_eq!(back.encode().expect("again").escape_ascii().to_string(), file.escape_ascii().to_string());
            back.unknown.clone_from(&header.unknown);
            prop_assert_eq!(back, header);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..200), lines in vec(bytes(), 0..12)) {
        let _ = Header::decode(&bytes);
        let start = b"1abcDE-00ABCD-Fh-H\nroot 0 0\n<>\n1 0\n";
        let _ = Header::decode(&[&start[..], &bytes].concat());
        let _ = Header::decode(&[&start[..], &lines.join(&b'\n')].concat());
    }
}

/// Each byte in each field, alone: it comes back as it is or the header is refused.
#[test]
fn every_byte_in_every_field() {
    let plain = || Header::new(MessageId::long(1, 2, 3), "a@b.example", Timestamp(1_000_000));
    type Put = fn(&mut Header, &[u8]);
    let fields: [(&str, Put); 12] = [
        ("sender", |h, b| h.sender = b.to_vec()),
        ("login", |h, b| h.login = b.to_vec()),
        ("helo_name", |h, b| h.helo_name = Some(Value::tainted(b))),
        ("auth_sender", |h, b| h.auth_sender = Some(Value::tainted(b))),
        ("ident", |h, b| h.ident = Some(Value::clean(b))),
        ("dsn_envid", |h, b| h.dsn_envid = Some(Value::clean(b))),
        ("tls_peerdn", |h, b| h.tls.peerdn = Some(Value::tainted(b))),
        ("recipient", |h, b| h.recipients = vec![Recipient::new(b)]),
        ("orcpt", |h, b| h.recipients = vec![Recipient { orcpt: Some(b.to_vec()), ..Recipient::new("a@b") }]),
        ("errors_to", |h, b| {
            h.recipients = vec![Recipient { errors_to: Some(b.to_vec()), ..Recipient::new("a@b") }];
        }),
        ("nonrecipient", |h, b| {
            h.nonrecipients.insert(b);
        }),
        ("acl variable", |h, b| {
            let value = Value::tainted(b);
            h.acl_variables = vec![AclVariable { scope: AclScope::Message, name: b"0".to_vec(), value }];
        }),
    ];
    for (field, put) in fields {
        let mut refused = Vec::new();
        for byte in 0..=255 {
            let mut header = plain();
            put(&mut header, &[b'x', byte, b'-', b'l', b'o', b'c', b'a', b'l']);
            match header.encode() {
                Ok(file) => {
                    assert_eq!(Header::decode(&file).as_ref(), Ok(&header), "{field} with byte {byte}");
                }
                Err(_) => refused.push(byte),
            }
        }
        let want: &[u8] = if field == "acl variable" { b"" } else { b"\0\n" };
        assert_eq!(refused, want, "{field}");
    }
}

/// The lines of the option block may stand in any order, twice, or with a value that we would not write.
#[test]
fn a_block_that_exim_would_not_write_comes_back_as_it_was_read() {
    let blocks = [
        "-frozen 5\n-new a\n-host_lookup_failed\n-ident x\n-new b\n-frozen 6\n-new c\n",
        "-new a\n-body_zerocount 0\n-new b\n-dsn_ret 0\n-new c\n",
        "-body_zerocount 3\n-body_zerocount 0\n-new a\n",
        "-host_address [192.0.2.1]:5\n-host_address [192.0.2.1\n-new a\n",
        "-received_time_complete 1.000001\n-received_time_complete never\n-new a\n",
    ];
    for block in blocks {
        let file = format!("1abcDE-00ABCD-Fh-H\nroot 0 0\n<>\n1 0\n{block}XX\n0\n\n");
        let header = Header::decode(file.as_bytes()).unwrap();
        let written = header.encode().unwrap();
        assert_eq!(Header::decode(&written).as_ref(), Ok(&header), "{block}");
        assert_eq!(header.encode(), Ok(written), "{block}");
    }
}

#[test]
fn a_damaged_second_line_does_not_undo_the_first() {
    let block = "-host_address [192.0.2.1]:5\n-host_address [192.0.2.1\n";
    let file = format!("1abcDE-00ABCD-Fh-H\nroot 0 0\n<>\n1 0\n{block}XX\n0\n\n");
    let header = Header::decode(file.as_bytes()).unwrap();
    assert_eq!(header.host_address, Some(HostPort { address: Value::clean("192.0.2.1"), port: 5 }));
}

#[test]
fn cve_2020_28021_a_newline_in_a_decoded_parameter_adds_no_line() {
    let mut header = Header::new(MessageId::long(1, 2, 3), "a@b.example", Timestamp(1_000_000));
    header.auth_sender = Some(Value::tainted("x@y\n-local"));
    assert!(header.encode().is_err());
}

#[test]
fn cve_2020_28026_a_long_orcpt_is_kept_whole() {
    let mut header = Header::new(MessageId::long(1, 2, 3), "a@b.example", Timestamp(1_000_000));
    let orcpt = [&b"rfc822;"[..], &vec![b'x'; 100_000]].concat();
    header.recipients = vec![Recipient { orcpt: Some(orcpt), dsn_flags: 4, ..Recipient::new("a@b") }];
    let file = header.encode().unwrap();
    assert_eq!(Header::decode(&file), Ok(header.clone()));
    header.recipients[0].orcpt = Some(b"rfc822;x\n0".to_vec());
    assert!(header.encode().is_err());
}

#[test]
fn counts_that_lie_cost_no_memory() {
    let start = "1abcDE-00ABCD-Fh-H\nroot 0 0\n<>\n1 0\n";
    for rest in ["-aclc x 99999999999\nabc\n", "XX\n99999999\n", "XX\n1\na@b\n\n99999999999  X\n", "XX\n-1\n"]
    {
        assert!(Header::decode(format!("{start}{rest}").as_bytes()).is_err(), "{rest:?}");
    }
}

//! Files that Debian's Exim 4.96 wrote come back byte for byte.
//!
//! `every-line.H` was written by Exim after it had read a file with every line that it knows, so it also shows their
//! order. The others come from sessions with ACL variables, DSN parameters, TLS, CHUNKING, SMTPUTF8, rewriting, `one_time`
//! redirection and deferred deliveries.

use std::path::PathBuf;

use mail_types::{Taint, Timestamp, Value};
use postrider_spool_format::{AclScope, Header, HeaderKind, HostPort, NonRecipients, Utf8Downcast, data};

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn decoded(name: &str) -> Header {
    Header::decode(&fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

use HeaderKind::{Bcc, Cc, From, MessageId, Old, Other, Received, ReplyTo, Sender, To};

const HEADERS: [&str; 10] = [
    "alias-deferred.H",
    "bdat-smtputf8.H",
    "every-line.H",
    "frozen.H",
    "one-time-deferred.H",
    "resent-ipv6.H",
    "smtp-1.H",
    "smtp-2.H",
    "smtp-3.H",
    "tls.H",
];

#[test]
fn headers_come_back_byte_for_byte() {
    for name in HEADERS.into_iter().chain(["thawed.H"]) {
        let header = decoded(name);
        let encoded = header.encode().unwrap();
        assert_eq!(encoded.escape_ascii().to_string(), fixture(name).escape_ascii().to_string(), "{name}");
        assert_eq!(Header::decode(&encoded).unwrap(), header, "{name}");
    }
}

#[test]
fn only_lines_for_debugging_are_unknown() {
    for name in HEADERS {
        let unknown: Vec<_> = decoded(name).unknown.into_iter().map(|line| line.text).collect();
        let want: &[&[u8]] =
            if name == "every-line.H" { &[b"-debug_selector 0x12", b"-debuglog_name xx"] } else { &[] };
        assert_eq!(unknown, want, "{name}");
    }
}

#[test]
fn the_envelope_of_an_smtp_message() {
    let header = decoded("smtp-1.H");
    assert_eq!((&header.login[..], header.uid, header.gid), (&b"root"[..], 0, 0));
    assert_eq!(header.sender, b"a@b.example");
    assert!(header.received_time_usec && header.deliver_firsttime);
    assert!(header.received_time_complete.unwrap() > header.received_time);
    assert_eq!(header.helo_name, Some(Value::tainted("client.example")));
    assert_eq!(header.host_address, Some(HostPort { address: Value::tainted("192.0.2.7"), port: 4321 }));
    assert_eq!(header.interface_address, Some(HostPort { address: Value::tainted("192.0.2.1"), port: 25 }));
    assert_eq!(header.received_protocol, Some(Value::clean("esmtpa")));
    assert_eq!(header.dsn_envid, Some(Value::clean("abc+2B12")));
    assert_eq!(header.dsn_ret, 2);
    assert_eq!((header.body.lines, header.body.zeros, header.body.longest_line), (Some(2), 1, Some(37)));
    let recipients: Vec<_> = header.recipients.iter().map(|r| (&r.address[..], r.dsn_flags)).collect();
    let want: [(&[u8], i64); 3] =
        [(b"joe@oracle.test", 12), (b"\"quoted x\"@Oracle.test", 2), (b"bare@oracle.test", 0)];
    assert_eq!(recipients, want);
    assert_eq!(header.recipients[0].orcpt.as_deref(), Some(&b"rfc822;joe+2B@oracle.test"[..]));
    assert!(header.allow_unqualified_recipient && header.allow_unqualified_sender);
}

#[test]
fn acl_variables_keep_their_taint_and_their_newlines() {
    let header = decoded("smtp-1.H");
    let variable = |name: &str| header.acl_variables.iter().find(|v| v.name == name.as_bytes()).unwrap();
    assert_eq!(variable("_name").value, Value::tainted("192.0.2.7 tainted"));
    assert_eq!((variable("_name").scope, variable("_t").scope), (AclScope::Connection, AclScope::Message));
    assert_eq!(variable("_empty").value, Value::clean(""));
    assert_eq!(variable("_long").value.bytes().split(|b| *b == b'\n').count(), 4);
    let Taint::Quoted(quoted) = variable("9").value.taint() else { panic!("{:?}", variable("9")) };
    assert_eq!(quoted.lookup(), "mysql");
}

#[test]
fn header_lines_have_kinds() {
    let kinds: Vec<_> = decoded("smtp-1.H").headers.iter().map(|line| line.kind).collect();
    assert_eq!(kinds, [Received, From, To, Cc, Bcc, ReplyTo, Sender, Other, MessageId, Other, Other]);
    let header = decoded("tls.H");
    assert_eq!(header.headers.iter().filter(|line| line.kind == Old).count(), 2);
    assert!(header.live_headers().all(|line| !line.text.starts_with(b"X-rewrote-sender")));
    for name in HEADERS {
        for line in decoded(name).live_headers() {
            let colon = line.text.iter().position(|b| *b == b':').unwrap();
            assert_eq!(
                HeaderKind::of_name(&line.text[..colon]),
                line.kind,
                "{name}: {}",
                line.text.escape_ascii()
            );
        }
    }
}

#[test]
fn one_time_children_and_delivered_addresses() {
    let header = decoded("one-time-deferred.H");
    let child = &header.recipients[4];
    assert_eq!((&child.address[..], child.parent), (&b"defer2@oracle.test"[..], Some(0)));
    assert_eq!(child.errors_to.as_deref(), Some(&b"owner@oracle.test"[..]));
    assert_eq!(header.nonrecipients.len(), 7);
    let pending: Vec<_> = header.pending().map(|r| &r.address[..]).collect();
    assert_eq!(pending, [&b"alias@oracle.test"[..], b"defer1@oracle.test", b"defer2@oracle.test"]);
    assert!(!header.deliver_firsttime);
}

#[test]
fn the_tree_grows_as_exims() {
    // The order in which Exim delivered them.
    let order = ["ok1", "ok2", "ok0", "ok9", "ok5"].map(|local| format!("{local}@oracle.test"));
    let tree: NonRecipients = order.iter().map(String::as_bytes).collect();
    assert_eq!(tree.branches(), decoded("alias-deferred.H").nonrecipients.branches());
}

#[test]
fn states() {
    assert_eq!(decoded("frozen.H").frozen, Some(1_795_362_592));
    assert!(decoded("thawed.H").manual_thaw);
    assert!(decoded("smtp-2.H").sender.is_empty());
    let bdat = decoded("bdat-smtputf8.H");
    assert!(bdat.spool_file_wireformat && bdat.smtputf8 && bdat.body.lines.is_none());
    assert_eq!(bdat.utf8_downcast, Utf8Downcast::Always);
    assert_eq!(decoded("every-line.H").utf8_downcast, Utf8Downcast::IfNeeded);
    assert!(decoded("tls.H").tls.certificate_verified);
    assert_eq!(decoded("frozen.H").received_time, Timestamp(1_795_362_592_562_105));
}

#[test]
fn data_files_begin_with_their_name() {
    for name in ["bdat-smtputf8", "smtp-1", "smtp-2", "smtp-3"] {
        let header = decoded(&format!("{name}.H"));
        assert_eq!(data::check_prefix(&fixture(&format!("{name}.D")), &header.id), Ok(()), "{name}");
    }
}

#[test]
fn a_cut_or_changed_file_is_an_error_or_another_header_but_no_panic() {
    for name in HEADERS {
        let file = fixture(name);
        let whole = decoded(name);
        for end in 0..file.len() {
            // Cut between two header lines it is a valid, shorter file.
            if let Ok(cut) = Header::decode(&file[..end]) {
                assert!(cut.headers.len() < whole.headers.len(), "{name} cut at {end}");
            }
        }
        for at in 0..file.len().min(1500) {
            for byte in [0, b'\n', b' ', b'-', b'9', 0xff] {
                let mut changed = file.clone();
                changed[at] = byte;
                let _ = Header::decode(&changed);
            }
        }
    }
}

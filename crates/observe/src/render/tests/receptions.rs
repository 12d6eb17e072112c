//! `<=`.

use std::time::Duration;

use mail_types::MessageId;
use mail_types::log_selector::Selectors;

use super::{all, bytes, default, line, own};
use crate::event::{Auth, BodyType, Event, Peer, Pipelining, Received, SenderPolicies, Tls};

pub(super) fn peer(helo: &str, port: u16) -> Peer {
    Peer {
        helo: Some(bytes(helo)).filter(|helo| !helo.is_empty()),
        address: Some("127.0.0.1".parse().unwrap()),
        port,
        interface: Some("127.0.0.1:2599".parse().unwrap()),
        ..Peer::default()
    }
}

fn arrival() -> Received {
    Received {
        sender: bytes("s@x.test"),
        raw_sender: bytes("s@x.test"),
        peer: peer("a.b", 39_700),
        protocol: bytes("esmtp"),
        pipelining: Pipelining::Offered,
        early_pipe: Some(false),
        size: 249,
        body: BodyType::EightBitMime,
        receive_time: Duration::from_micros(1_900),
        message_id_header: Some(bytes("m1@x")),
        subject: Some("hi \u{e9} there".as_bytes().to_vec()),
        recipients: vec![bytes("user@local.test"), bytes("alias@local.test")],
        ..Received::default()
    }
}

fn event(received: Received) -> Event {
    Event::Received(Box::new(received))
}

#[test]
fn a_message_by_smtp() {
    let event = event(arrival());
    assert_eq!(
        all(&event),
        "<= s@x.test H=(a.b) [127.0.0.1]:39700 I=[127.0.0.1]:2599 P=esmtp L.- S=249 M8S=8 RT=0.001s id=m1@x \
         T=\"hi \\303\\251 there\" from <s@x.test> for user@local.test alias@local.test"
    );
    assert_eq!(default(&event).unwrap(), "<= s@x.test H=(a.b) [127.0.0.1] P=esmtp S=249 id=m1@x");
    assert_eq!(
        own(&event).unwrap(),
        "Received from s@x.test H=(a.b) [127.0.0.1]:39700 I=[127.0.0.1]:2599 P=esmtp L.- S=249 M8S=8 RT=0.001s \
         id=m1@x T=\"hi \\303\\251 there\""
    );
}

#[test]
fn what_sender_policies_came_to() {
    let good = SenderPolicies { spf: Some("pass"), dmarc: Some("accept") };
    let bad = SenderPolicies { spf: Some("softfail"), dmarc: Some("reject") };
    for (selectors, policies, want) in [
        ("", good, ""),
        ("+spf +dmarc", good, " SPF DMARC"),
        ("+spf +dmarc", bad, ""),
        ("+spf_verbose", bad, " SPF=softfail"),
        ("+spf +spf_verbose +dmarc_verbose", good, " SPF=pass DMARC=accept"),
        ("+dmarc_verbose", SenderPolicies::default(), ""),
    ] {
        let event = event(Received { policies, ..arrival() });
        let got = line(Selectors::parse(selectors.as_bytes()).unwrap(), &event).unwrap();
        assert_eq!(
            got,
            format!("<= s@x.test H=(a.b) [127.0.0.1] P=esmtp S=249 id=m1@x{want}"),
            "{selectors}"
        );
    }
}

#[test]
fn a_bounce_by_pipe() {
    let event = event(Received {
        sender: Vec::new(),
        raw_sender: Vec::new(),
        bounce_of: MessageId::parse(b"1xV9TO-0003bX-0K"),
        peer: Peer { ident: Some(bytes("Debian-exim")), ..Peer::default() },
        protocol: bytes("local"),
        pipelining: Pipelining::No,
        early_pipe: None,
        size: 1_664,
        body: BodyType::None,
        receive_time: Duration::from_micros(300),
        message_id_header: Some(bytes("E1xV9TO-0003bc-0Z@mx.test.example")),
        message_id_created: true,
        subject: Some(bytes("Mail delivery failed: returning message to sender")),
        recipients: vec![bytes("s@x.test")],
        ..Received::default()
    });
    assert_eq!(
        all(&event),
        "<= <> R=1xV9TO-0003bX-0K U=Debian-exim P=local S=1664 M8S=0 RT=0.000s \
         id*=E1xV9TO-0003bc-0Z@mx.test.example T=\"Mail delivery failed: returning message to sender\" from <> \
         for s@x.test"
    );
    assert_eq!(default(&event).unwrap(), "<= <> R=1xV9TO-0003bX-0K U=Debian-exim P=local S=1664");
}

#[test]
fn chunking_and_pipelining_marks() {
    for (pipelining, early, mark) in [
        (Pipelining::Offered, None, " L- "),
        (Pipelining::Used, None, " L "),
        (Pipelining::Offered, Some(false), " L.- "),
        (Pipelining::Used, Some(true), " L* "),
        (Pipelining::No, None, " "),
    ] {
        let received = Received { pipelining, early_pipe: early, chunking: true, ..arrival() };
        assert!(all(&event(received)).contains(&format!(" P=esmtp{mark}K S=249")), "{mark}");
    }
}

#[test]
fn names_of_the_peer() {
    for (name, helo, text) in [
        (Some("mx.b"), Some("mx.b"), "H=mx.b [127.0.0.1]"),
        (Some("mx.b"), Some("MX.B"), "H=mx.b [127.0.0.1]"),
        (Some("mx.b"), Some("other"), "H=mx.b (other) [127.0.0.1]"),
        (None, Some("[127.0.0.1]"), "H=([127.0.0.1]) [127.0.0.1]"),
        (None, None, "H=[127.0.0.1]"),
    ] {
        let peer =
            Peer { name: name.map(bytes), helo: helo.map(bytes), ident: Some(bytes("jim")), ..peer("", 1) };
        let line = default(&event(Received { peer, ..arrival() })).unwrap();
        assert!(line.starts_with(&format!("<= s@x.test {text} U=jim P=esmtp ")), "{line}");
    }
}

#[test]
fn tls_and_authentication() {
    let received = Received {
        tls: Some(Tls {
            cipher: Some(bytes("TLS1.3:TLS_AES_256_GCM_SHA384:256")),
            resumed: true,
            verified: Some("no"),
            peer_dn: Some(bytes("CN=\u{e9}")),
            sni: Some(bytes("mx.test")),
        }),
        auth: Some(Auth { name: bytes("plain"), id: Some(bytes("jim")), sender: Some(bytes("j@x")) }),
        ..arrival()
    };
    let event = event(received);
    assert!(
        all(&event).contains(
            " L.- X=TLS1.3:TLS_AES_256_GCM_SHA384:256* CV=no DN=\"CN=\\303\\251\" SNI=mx.test A=plain:jim:j@x S="
        ),
        "{}",
        all(&event)
    );
    assert!(
        default(&event)
            .unwrap()
            .contains(" P=esmtp X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no A=plain:jim S=")
    );
}

#[test]
fn outside_text_cannot_begin_a_line() {
    let received = Received {
        sender: bytes("a\nb@x"),
        subject: Some(bytes("a\\b \"q\"\r\n2026-01-01 00:00:00 forged\t.")),
        message_id_header: Some(bytes("x\ny\"")),
        ..arrival()
    };
    let line = all(&event(received));
    assert!(line.starts_with("<= a\\nb@x ") && line.contains(" id=x\\ny\" "), "{line}");
    assert!(line.contains("T=\"a\\\\b \\\"q\\\"\\r\\n2026-01-01 00:00:00 forged\t.\""), "{line}");
}

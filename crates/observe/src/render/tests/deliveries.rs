//! `=>`, `**`, `==`.

use std::time::Duration;

use super::{all, bytes, default, own};
use crate::event::{
    DeferReason, Deferred, Delivered, DeliveryKind, Event, Failed, HostError, LogAddress, Pipelining,
    RemoteHost, Session,
};

fn sink() -> RemoteHost {
    RemoteHost {
        name: bytes("127.0.0.1"),
        address: Some("127.0.0.1".parse().unwrap()),
        port: 2_598,
        local: Some("127.0.0.1:58450".parse().unwrap()),
        ..RemoteHost::default()
    }
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn to(target: &str) -> LogAddress {
    LogAddress { target: bytes(target), ..LogAddress::default() }
}

fn remote() -> Delivered {
    Delivered {
        address: to("a@sink.test"),
        sender: bytes("s@x.test"),
        return_path: Some(bytes("s@x.test")),
        router: Some(bytes("rs")),
        transport: Some(bytes("smtpsink")),
        size: Some(286),
        host: Some(sink()),
        session: Some(Session {
            pipelining: Pipelining::Used,
            startup: "ese".to_owned(),
            confirmation: Some(bytes("250 OK id=abc \"quoted\" \\x")),
            ..Session::default()
        }),
        queue_time: Some((millis(62), millis(0))),
        deliver_time: Some(millis(46)),
        ..Delivered::default()
    }
}

#[test]
fn a_remote_delivery() {
    let event = Event::Delivered(Box::new(remote()));
    assert_eq!(
        all(&event),
        "=> a@sink.test F=<s@x.test> P=<s@x.test> R=rs T=smtpsink S=286 H=127.0.0.1 [127.0.0.1]:2598 \
         I=[127.0.0.1]:58450 L PS=ese C=\"250 OK id=abc \\\"quoted\\\" \\\\x\" QT=0.062s DT=0.046s"
    );
    assert_eq!(
        default(&event).unwrap(),
        "=> a@sink.test R=rs T=smtpsink H=127.0.0.1 [127.0.0.1] C=\"250 OK id=abc \\\"quoted\\\" \\\\x\""
    );
    let further = Delivered {
        kind: DeliveryKind::Further,
        host: Some(RemoteHost { reused: true, ..sink() }),
        ..remote()
    };
    let line = default(&Event::Delivered(Box::new(further))).unwrap();
    assert!(line.starts_with("-> a@sink.test R=rs T=smtpsink H=127.0.0.1 [127.0.0.1]* C="), "{line}");
}

#[test]
fn local_deliveries() {
    let local = Delivered {
        address: LogAddress {
            original: Some(bytes("alias2@local.test")),
            parents: vec![bytes("alias@local.test")],
            ..to("user")
        },
        sender: bytes("q@x.test"),
        return_path: Some(bytes("q@x.test")),
        router: Some(bytes("loc")),
        transport: Some(bytes("md")),
        size: Some(247),
        queue_time: Some((Duration::from_millis(7_100), millis(0))),
        deliver_time: Some(millis(3)),
        ..Delivered::default()
    };
    let event = Event::Delivered(Box::new(local.clone()));
    assert_eq!(
        all(&event),
        "=> user (alias@local.test) <alias2@local.test> F=<q@x.test> P=<q@x.test> R=loc T=md S=247 QT=7s DT=0.003s"
    );
    assert_eq!(default(&event).unwrap(), "=> user (alias@local.test) <alias2@local.test> R=loc T=md");
    let suppressed = Delivered { kind: DeliveryKind::Suppressed, ..local };
    assert!(default(&Event::Delivered(Box::new(suppressed))).unwrap().starts_with("*> user ("));
}

#[test]
fn a_black_hole_says_nothing_more() {
    let event = Event::Delivered(Box::new(Delivered {
        address: LogAddress { original: Some(bytes("hole@local.test")), ..to(":blackhole:") },
        router: Some(bytes("bh")),
        queue_time: Some((millis(9), millis(0))),
        deliver_time: Some(millis(1)),
        ..Delivered::default()
    }));
    assert_eq!(all(&event), "=> :blackhole: <hole@local.test> R=bh");
}

#[test]
fn failures() {
    let routing = Event::Failed(Box::new(Failed {
        address: to("u4@local.test"),
        sender: bytes("s@x.test"),
        message: bytes("Unrouteable address"),
        deliver_time: Some(millis(0)),
        ..Failed::default()
    }));
    assert_eq!(all(&routing), "** u4@local.test F=<s@x.test>: Unrouteable address DT=0.000s");
    assert_eq!(default(&routing).unwrap(), "** u4@local.test: Unrouteable address");
    assert_eq!(
        own(&routing).unwrap(),
        "routing failed for u4@local.test F=<s@x.test>: Unrouteable address DT=0.000s"
    );
    let remote = Event::Failed(Box::new(Failed {
        address: to("rfail@sink.test"),
        sender: bytes("s@x.test"),
        return_path: Some(bytes("s@x.test")),
        router: Some(bytes("rs")),
        transport: Some(bytes("smtpsink")),
        host: Some(sink()),
        message: bytes(
            "SMTP error from remote mail server after RCPT TO:<rfail@sink.test>: 550-no such\n550 user",
        ),
        deliver_time: Some(millis(0)),
        ..Failed::default()
    }));
    assert_eq!(
        all(&remote),
        "** rfail@sink.test F=<s@x.test> P=<s@x.test> R=rs T=smtpsink H=127.0.0.1 [127.0.0.1]:2598 \
         I=[127.0.0.1]:58450: SMTP error from remote mail server after RCPT TO:<rfail@sink.test>: \
         550-no such\\n550 user DT=0.000s"
    );
}

#[test]
fn deferrals() {
    let greylisted = Event::Deferred(Box::new(Deferred {
        address: to("rdef@sink.test"),
        router: Some(bytes("rs")),
        transport: Some(bytes("smtpsink")),
        errno: -44,
        host: Some(sink()),
        message: Some(bytes(
            "SMTP error from remote mail server after RCPT TO:<rdef@sink.test>: 451 4.2.1 greylisted",
        )),
        deliver_time: Some(millis(0)),
        ..Deferred::default()
    }));
    assert_eq!(
        all(&greylisted),
        "== rdef@sink.test R=rs T=smtpsink defer (-44) H=127.0.0.1 [127.0.0.1]:2598 I=[127.0.0.1]:58450 DT=0.000s: \
         SMTP error from remote mail server after RCPT TO:<rdef@sink.test>: 451 4.2.1 greylisted"
    );
    let refused = Event::Deferred(Box::new(Deferred {
        address: to("a@refused.test"),
        router: Some(bytes("rf")),
        transport: Some(bytes("smtpref")),
        errno: 111,
        errno_text: Some("Connection refused".to_owned()),
        deliver_time: Some(millis(0)),
        ..Deferred::default()
    }));
    assert_eq!(all(&refused), "== a@refused.test R=rf T=smtpref defer (111): Connection refused DT=0.000s");
    assert_eq!(
        own(&refused).unwrap(),
        "a@refused.test R=rf T=smtpref defer (111): Connection refused DT=0.000s"
    );
    let waiting = Event::Deferred(Box::new(Deferred {
        address: to("rdef@sink.test"),
        reason: DeferReason::RoutingRetryTime,
        errno: -52,
        message: Some(bytes("retry time not reached")),
        deliver_time: Some(millis(0)),
        ..Deferred::default()
    }));
    assert_eq!(all(&waiting), "== rdef@sink.test routing defer (-52) DT=0.000s: retry time not reached");
}

#[test]
fn hosts_that_failed() {
    let refused = Event::HostError(Box::new(HostError {
        host: RemoteHost { port: 2, ..sink() },
        message: bytes("Connection refused"),
        plain: true,
    }));
    assert_eq!(all(&refused), "H=127.0.0.1 [127.0.0.1]:2 Connection refused");
    let mail = Event::HostError(Box::new(HostError {
        host: sink(),
        message: bytes(
            "SMTP error from remote mail server after pipelined MAIL FROM:<m@x.test> SIZE=1342: 450 mail no",
        ),
        plain: false,
    }));
    assert_eq!(
        default(&mail).unwrap(),
        "H=127.0.0.1 [127.0.0.1]: SMTP error from remote mail server after pipelined MAIL FROM:<m@x.test> \
         SIZE=1342: 450 mail no"
    );
}

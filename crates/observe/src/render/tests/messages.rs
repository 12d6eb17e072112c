//! States of messages, and the program itself.

use std::time::Duration;

use mail_types::MessageId;

use super::{all, bytes, default, own, streams};
use crate::event::{Event, FrozenBy, ListenOn, Listening, MessageEvent, ProcessEvent, Streams};
use crate::render::elapsed;

#[test]
fn states_of_a_message() {
    let root = || bytes("root");
    for (event, line) in [
        (MessageEvent::Completed(Some((Duration::from_millis(59), Duration::ZERO))), "Completed QT=0.059s"),
        (
            MessageEvent::DiscardedByAcl { acl: "MAIL", message: None },
            "=> blackhole (MAIL ACL discarded recipients)",
        ),
        (
            MessageEvent::DiscardedByAcl { acl: "DATA", message: Some(b"thrown away".to_vec()) },
            "=> blackhole (DATA ACL discarded recipients): thrown away",
        ),
        (MessageEvent::Frozen(FrozenBy::Acl), "frozen by ACL"),
        (MessageEvent::Frozen(FrozenBy::User(root())), "frozen by root"),
        (MessageEvent::Frozen(FrozenBy::DeliveryError), "Frozen (delivery error message)"),
        (MessageEvent::Frozen(FrozenBy::Delivery(None)), "Frozen"),
        (
            MessageEvent::Frozen(FrozenBy::BounceNotWritten { status: 1, to: bytes("s@x.test") }),
            "Process failed (1) when writing error message to s@x.test (frozen)",
        ),
        (MessageEvent::IsFrozen, "Message is frozen"),
        (
            MessageEvent::SpoolLocked { id: MessageId::parse(b"1xVAjr-0007qi-0q").unwrap() },
            "Spool file for 1xVAjr-0007qi-0q is locked (another process is handling this message)",
        ),
        (MessageEvent::UnfrozenBy(root()), "unfrozen by root"),
        (MessageEvent::UnfrozenByForce, "Unfrozen by forced delivery"),
        (MessageEvent::CancelledBy(root()), "cancelled by root"),
        (MessageEvent::RemovedBy(root()), "removed by root"),
        (
            MessageEvent::MarkedDelivered { address: bytes("b@refused.test"), by: root() },
            "address <b@refused.test> marked delivered by root",
        ),
        (
            MessageEvent::SenderChanged { to: bytes("new@x.test"), by: root() },
            "sender address changed to <new@x.test> by root",
        ),
        (
            MessageEvent::RecipientAdded { address: bytes("add@x.test"), by: root() },
            "recipient <add@x.test> added by root",
        ),
        (
            MessageEvent::DataFileNotFound { file: bytes("1xV9TO-0003bX-0K-D") },
            "Spool file 1xV9TO-0003bX-0K-D not found",
        ),
    ] {
        assert_eq!(all(&Event::Message(event)), line);
    }
    let completed = Event::Message(MessageEvent::Completed(Some((Duration::ZERO, Duration::ZERO))));
    assert_eq!(default(&completed).unwrap(), "Completed");
    let frozen = Event::Message(MessageEvent::Frozen(FrozenBy::DeliveryError));
    assert_eq!(own(&frozen).unwrap(), "*** Frozen (delivery error message)");
}

#[test]
fn queue_runs_and_the_daemon() {
    let run = |options: &str, queue: Option<&str>| {
        all(&Event::Process(ProcessEvent::QueueRunStarted {
            pid: 30_908,
            options: bytes(options),
            queue: queue.map(bytes),
        }))
    };
    assert_eq!(run("", None), "Start queue run: pid=30908");
    assert_eq!(run("-qff -R refused", None), "Start queue run: pid=30908 -qff -R refused");
    let any = |port, families| ListenOn::Any { port, families };
    let one = ListenOn::Address { address: "127.0.0.1".parse().unwrap(), ports: vec![2_501, 2_502] };
    for (interval, listening, tail) in [
        (
            None,
            Listening { smtp: vec![any(2_501, "IPv6 and IPv4")], smtps: vec![] },
            "no queue runs, listening for SMTP on port 2501 (IPv6 and IPv4)",
        ),
        (
            Some(600),
            Listening { smtp: vec![any(2_501, "IPv6 and IPv4")], smtps: vec![any(2_502, "IPv6 and IPv4")] },
            "-q10m, listening for SMTP on port 2501 (IPv6 and IPv4) and for SMTPS on port 2502 (IPv6 and IPv4)",
        ),
        (
            Some(600),
            Listening { smtp: vec![], smtps: vec![any(2_501, "IPv4")] },
            "-q10m, listening for SMTPS on port 2501 (IPv4)",
        ),
        (
            None,
            Listening { smtp: vec![one], smtps: vec![] },
            "no queue runs, listening for SMTP on [127.0.0.1]:{2501,2502}",
        ),
    ] {
        let event = ProcessEvent::DaemonStarted {
            version: "4.96",
            pid: 18_043,
            queue_interval: interval,
            listening: Some(listening),
        };
        assert_eq!(all(&Event::Process(event)), format!("exim 4.96 daemon started: pid=18043, {tail}"));
    }
}

#[test]
fn the_rest_of_the_program() {
    let arguments =
        ProcessEvent::Arguments { cwd: bytes("/tmp"), args: ["exim4", "-f", "", "a b"].map(bytes).to_vec() };
    assert_eq!(all(&arguments.clone().into()), "cwd=/tmp 4 args: exim4 -f \"\" \"a b\"");
    assert_eq!(default(&arguments.into()), None);
    let again = |again| ProcessEvent::BindFailed {
        port: 2_501,
        address: Ok("::1".parse().unwrap()),
        problem: "Address already in use".to_owned(),
        again,
    };
    assert_eq!(
        all(&again(Some((30, 9))).into()),
        "socket bind() to port 2501 for address ::1 failed: Address already in use: waiting 30s before trying again \
         (9 more tries)"
    );
    assert_eq!(streams(&again(None).into()), Streams::PANIC);
    let warning = ProcessEvent::Warning(vec![bytes("No server certificate"), bytes("Suggested action: x")]);
    assert_eq!(all(&warning.into()), "Warning: No server certificate\n Suggested action: x");
}

#[test]
fn lengths_of_time() {
    for (millis, text) in [(4_999, "4.999s"), (5_000, "5s"), (85_300, "1m25s")] {
        assert_eq!(elapsed(Duration::from_millis(millis), true), text);
    }
    assert_eq!(elapsed(Duration::from_millis(4_999), false), "4s");
}

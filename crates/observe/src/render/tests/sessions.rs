//! SMTP sessions.

use std::time::Duration;

use super::receptions::peer;
use super::{all, bytes, default, streams};
use crate::event::{
    Auth, Dropped, Event, Peer, Rejected, RejectedMessage, Rejection, SenderPolicies, SmtpEvent, SmtpNews,
    Streams, Tls, TooBig,
};
use crate::render::Renderer;
use mail_types::log_selector::Selectors;

fn session(news: SmtpNews) -> Event {
    Event::Smtp(Box::new(SmtpEvent { peer: peer("mx.b", 39_758), news }))
}

fn before_helo(news: SmtpNews) -> Event {
    Event::Smtp(Box::new(SmtpEvent { peer: peer("", 39_758), news }))
}

fn by_pipe(news: SmtpNews) -> Event {
    let peer = Peer { ident: Some(bytes("root")), ..Peer::default() };
    Event::Smtp(Box::new(SmtpEvent { peer, news }))
}

fn by_inetd(news: SmtpNews) -> Event {
    Event::Smtp(Box::new(SmtpEvent { peer: Peer { via_inetd: true, ..peer("mx.b", 39_758) }, news }))
}

fn rejection(what: Rejected, sender: Option<&str>, message: Option<&str>) -> Rejection {
    Rejection {
        what,
        temporary: false,
        sender: sender.map(bytes),
        auth: None,
        tls: None,
        policies: SenderPolicies::default(),
        message: message.map(bytes),
        rejected: None,
        streams: Streams::REJECT,
    }
}

fn rejected(what: Rejected, sender: Option<&str>, message: Option<&str>) -> SmtpNews {
    SmtpNews::Rejected(Box::new(rejection(what, sender, message)))
}

const FROM: &str = "(mx.b) [127.0.0.1]:39758 I=[127.0.0.1]:2599";

#[test]
fn the_course_of_a_connection() {
    let d = Duration::from_micros(200);
    for (event, line) in [
        (
            before_helo(SmtpNews::Opened { count: Some(1) }),
            "SMTP connection from [127.0.0.1]:39758 I=[127.0.0.1]:2599 (TCP/IP connection count = 1)".to_owned(),
        ),
        (by_pipe(SmtpNews::Opened { count: None }), "SMTP connection from root".to_owned()),
        (by_pipe(SmtpNews::Closed { how: "by QUIT" }), "SMTP connection from root closed by QUIT".to_owned()),
        (
            before_helo(SmtpNews::Refused { reason: bytes("too many connections from that IP address") }),
            "Connection from [127.0.0.1]:39758 I=[127.0.0.1]:2599 refused: too many connections from that IP address"
                .to_owned(),
        ),
        (session(SmtpNews::Closed { how: "by DROP in ACL" }), format!("SMTP connection from {FROM} closed by DROP in ACL")),
        (session(SmtpNews::Lost { error: None, duration: d }), format!("SMTP connection from {FROM} lost D=0.000s")),
        (
            session(SmtpNews::Lost { error: Some("Connection reset by peer".into()), duration: d }),
            format!("SMTP connection from {FROM} lost (error: Connection reset by peer) D=0.000s"),
        ),
        (
            session(SmtpNews::UnexpectedDisconnection { error: None, duration: d }),
            format!("unexpected disconnection while reading SMTP command from {FROM} D=0.000s"),
        ),
        (
            session(SmtpNews::LostWhileReading { stage: Some("header") }),
            format!("SMTP connection from {FROM} lost while reading message data (header)"),
        ),
        (
            session(SmtpNews::ResetAfterQuit),
            format!("SMTP connection from {FROM} was reset straight after QUIT"),
        ),
        (session(SmtpNews::CommandTimeout), format!("SMTP command timeout on connection from {FROM}")),
        (
            session(SmtpNews::DataTimeout { sender: bytes("s@x.test") }),
            "SMTP data timeout (message abandoned) on connection from (mx.b) [127.0.0.1]:39758 F=<s@x.test>".to_owned(),
        ),
        (
            session(SmtpNews::NoMail {
                duration: Duration::from_millis(201),
                commands: ["HELO", "VRFY", "QUIT"].map(bytes).to_vec(),
                more: false,
                auth: None,
                tls: None,
            }),
            format!("no MAIL in SMTP connection from {FROM} D=0.201s C=HELO,VRFY,QUIT"),
        ),
        (
            session(SmtpNews::IncompleteTransaction {
                cause: "RSET",
                sender: bytes("s@x.test"),
                recipients: ["u@local.test", "v@local.test"].map(bytes).to_vec(),
            }),
            format!("H={FROM} incomplete transaction (RSET) from <s@x.test> for u@local.test v@local.test"),
        ),
    ] {
        assert_eq!(all(&event), line);
        assert_eq!(streams(&event), Streams::MAIN, "{line}");
    }
    assert_eq!(default(&session(SmtpNews::Closed { how: "by QUIT" })), None);
    assert!(default(&session(SmtpNews::CommandTimeout)).is_some());
    assert_eq!(default(&session(SmtpNews::ResetAfterQuit)), None);
}

#[test]
fn errors_of_the_client() {
    let syntax = |command: &[u8], problem: &str| SmtpNews::SyntaxError {
        command: command.to_vec(),
        problem: bytes(problem),
    };
    for (event, line) in [
        (
            session(syntax("FOO \u{e9}\\ \t\x01z".as_bytes(), "unrecognized command")),
            format!("SMTP syntax error in \"FOO \\303\\251\\ \t\\001z\" H={FROM} unrecognized command"),
        ),
        (by_pipe(syntax(b"FOO", "unrecognized command")), "SMTP syntax error in \"FOO\" U=root unrecognized command".to_owned()),
        (
            session(SmtpNews::ProtocolError { command: bytes("RCPT TO:<x"), problem: bytes("sender not yet given") }),
            format!("SMTP protocol error in \"RCPT TO:<x\" H={FROM} sender not yet given"),
        ),
        (
            session(SmtpNews::Dropped(Dropped::UnknownCommands { last: bytes("QUX") })),
            format!("SMTP call from {FROM} dropped: too many unrecognized commands (last was \"QUX\")"),
        ),
        (
            session(SmtpNews::Dropped(Dropped::NonmailCommands { last: bytes("NOOP") })),
            format!("SMTP call from {FROM} dropped: too many nonmail commands (last was \"NOOP\")"),
        ),
        (
            session(SmtpNews::Dropped(Dropped::SynprotErrors {
                last: bytes("RCPT TO:<x"),
                commands: ["HELO", "MAIL", "RCPT"].map(bytes).to_vec(),
            })),
            format!(
                "SMTP call from {FROM} dropped: too many syntax or protocol errors (last command was \"RCPT TO:<x\",  \
                 C=HELO,MAIL,RCPT)"
            ),
        ),
        (
            before_helo(SmtpNews::SyncGreeting { input: bytes("HELO a\r\nMAIL FROM:<a@b>\r\n") }),
            "SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from \
             H=[127.0.0.1]:39758 I=[127.0.0.1]:2599 input=\"HELO a\\r\\nMAIL FROM:<a@b>\\r\\n\""
                .to_owned(),
        ),
        (
            before_helo(SmtpNews::SyncCommand {
                command: bytes("HELO a"),
                input: bytes("GET / HTTP/1.0\r\n"),
                pipelining_advertised: false,
            }),
            "SMTP protocol synchronization error (next input sent too soon: pipelining was not advertised): rejected \
             \"HELO a\" H=[127.0.0.1]:39758 I=[127.0.0.1]:2599 next input=\"GET / HTTP/1.0\\r\\n\""
                .to_owned(),
        ),
        (
            before_helo(SmtpNews::HeloInvalid { verb: "EHLO", argument: bytes("bad$$char") }),
            "rejected EHLO from [127.0.0.1]:39758 I=[127.0.0.1]:2599: syntactically invalid argument(s): bad$$char"
                .to_owned(),
        ),
        (
            before_helo(SmtpNews::HeloInvalid { verb: "HELO", argument: Vec::new() }),
            "rejected HELO from [127.0.0.1]:39758 I=[127.0.0.1]:2599: syntactically invalid argument(s): \
             (no argument given)"
                .to_owned(),
        ),
        (
            before_helo(SmtpNews::NoHelo),
            "rejected MAIL from [127.0.0.1]:39758 I=[127.0.0.1]:2599: no HELO/EHLO given".to_owned(),
        ),
        (
            session(SmtpNews::Unqualified { which: "recipient", address: bytes("unq") }),
            format!("unqualified recipient rejected: <unq> H={FROM}"),
        ),
        (
            session(SmtpNews::TooManyRecipients { sender: bytes("s@x.test"), temporary: true }),
            format!("too many recipients: excess temporarily rejected: sender=<s@x.test> H={FROM}"),
        ),
        (
            session(SmtpNews::TooBig(TooBig::Announced { sender: bytes("s@x.test"), size: 99_999, max: 2_000 })),
            format!("rejected MAIL FROM:<s@x.test> H={FROM}: message too big: size=99999 max=2000"),
        ),
    ] {
        assert_eq!(all(&event), line);
    }
}

#[test]
fn connections_with_more_to_tell() {
    for (event, line) in [
        (
            session(SmtpNews::NoMail {
                duration: Duration::from_millis(201),
                commands: vec![bytes("EHLO")],
                more: false,
                auth: Some(Auth { name: bytes("p"), id: Some(bytes("u")), sender: None }),
                tls: Some(Tls {
                    cipher: Some(bytes("TLS1.3:x:256")),
                    verified: Some("no"),
                    ..Tls::default()
                }),
            }),
            format!("no MAIL in SMTP connection from {FROM} D=0.201s A=p:u X=TLS1.3:x:256 CV=no C=EHLO"),
        ),
        (
            by_inetd(SmtpNews::Opened { count: None }),
            "SMTP connection from (mx.b) [127.0.0.1]:39758 (via inetd)".to_owned(),
        ),
        (
            by_inetd(SmtpNews::Closed { how: "by QUIT" }),
            "SMTP connection from (mx.b) [127.0.0.1]:39758 (via inetd) closed by QUIT".to_owned(),
        ),
        (
            by_inetd(SmtpNews::HostRejected { option: "host_reject_connection" }),
            format!("refused connection from {FROM} (host_reject_connection)"),
        ),
    ] {
        assert_eq!(all(&event), line);
    }
}

#[test]
fn refusals_of_acls() {
    let from = Some("warn@x.test");
    let temporary = Rejection {
        temporary: true,
        ..rejection(Rejected::Rcpt(bytes("defer@local.test")), from, Some("defer rcpt"))
    };
    for (news, line) in [
        (
            rejected(Rejected::Helo(bytes("bad.helo")), None, Some("bad helo")),
            "rejected EHLO or HELO bad.helo: bad helo",
        ),
        (
            rejected(Rejected::Mail(bytes("bad@x.test")), None, Some("bad sender")),
            "rejected MAIL <bad@x.test>: bad sender",
        ),
        (
            rejected(Rejected::Rcpt(bytes("multi@local.test")), from, Some("line one\nline two")),
            "F=<warn@x.test> rejected RCPT <multi@local.test>: line one",
        ),
        (
            SmtpNews::Rejected(Box::new(temporary)),
            "F=<warn@x.test> temporarily rejected RCPT <defer@local.test>: defer rcpt",
        ),
        (rejected(Rejected::Data, None, None), "rejected DATA"),
        (
            rejected(Rejected::Command(bytes("VRFY foo@bar")), None, Some("no vrfy")),
            "rejected VRFY foo@bar: no vrfy",
        ),
        (
            SmtpNews::RcptDiscarded {
                by: "RCPT",
                sender: bytes("s@x.test"),
                recipient: bytes("d@local.test"),
                message: Some(bytes("discarded")),
            },
            "F=<s@x.test> RCPT <d@local.test>: discarded by RCPT ACL: discarded",
        ),
        (
            SmtpNews::SenderVerifyFailed {
                sender: bytes("warn@x.test"),
                temporary: false,
                message: Some(bytes("Unrouteable address")),
            },
            "sender verify fail for <warn@x.test>: Unrouteable address",
        ),
    ] {
        let event = session(news);
        assert_eq!(all(&event), format!("H={FROM} {line}"));
        assert_eq!(streams(&event), Streams::REJECT, "{line}");
    }
    let connect = before_helo(rejected(Rejected::Connection, None, Some("conn denied")));
    assert_eq!(
        all(&connect),
        "H=[127.0.0.1]:39758 I=[127.0.0.1]:2599 rejected connection in \"connect\" ACL: conn denied"
    );
    let warning = session(SmtpNews::Warning { text: bytes("warned here") });
    assert_eq!(all(&warning), format!("H={FROM} Warning: warned here"));
    assert_eq!(streams(&warning), Streams::MAIN);
    assert_eq!(
        all(&by_pipe(rejected(Rejected::Mail(bytes("bad@x.test")), None, Some("bad sender")))),
        "U=root rejected MAIL <bad@x.test>: bad sender"
    );
    let not_smtp = by_pipe(rejected(Rejected::NonSmtp, Some("nots@x.test"), Some("not smtp denied")));
    assert_eq!(all(&not_smtp), "F=<nots@x.test> rejected by non-SMTP ACL: not smtp denied");
}

#[test]
fn the_header_of_a_refused_message() {
    let mut refusal = rejection(Rejected::AfterData, Some("data@x.test"), Some("data denied"));
    refusal.rejected = Some(RejectedMessage {
        sender: bytes("data@x.test"),
        recipients: ["user@local.test", "user2@local.test"].map(bytes).to_vec(),
        headers: vec![
            (b'P', bytes("Received: from [127.0.0.1]\n\tby mx.test.example with smtp\n")),
            (b'F', bytes("From: <a@b>\n")),
            (b' ', bytes("Subject: z\n  fold\x01\n2026-11-22 forged\n")),
        ],
    });
    let event = session(SmtpNews::Rejected(Box::new(refusal)));
    let rendered = Renderer::new(Selectors::default(), false).render(&event).unwrap();
    assert_eq!(
        String::from_utf8(rendered.text).unwrap(),
        "H=(mx.b) [127.0.0.1] F=<data@x.test> rejected after DATA: data denied"
    );
    assert_eq!(
        String::from_utf8(rendered.reject_tail).unwrap(),
        "Envelope-from: <data@x.test>\nEnvelope-to: <user@local.test>\n    <user2@local.test>\n\
         P Received: from [127.0.0.1]\n\tby mx.test.example with smtp\nF From: <a@b>\n  Subject: z\n  fold\\001\n  \
         2026-11-22 forged\n"
    );
    let without = Selectors::parse(b"-rejected_header").unwrap();
    assert!(Renderer::new(without, false).render(&event).unwrap().reject_tail.is_empty());
}

//! Reports as Debian's Exim 4.96 wrote them about the same messages.

use mail_types::message_id::MessageId;
use spool::{Header, HeaderKind, HeaderLine, LockOutcome, LockedMessage, Recipient};

use super::*;
use crate::context::Context;
use crate::context::facts::Facts;
use crate::testing::{Bench, NOW};

/// A message from sender@test.example in the spool, with a body.
fn original(bench: &Bench, sender: &str, body: &str) -> Box<LockedMessage> {
    let spool = &bench.services.spool;
    let id = spool.allocate_id().unwrap();
    let mut writer = spool.begin(id).unwrap();
    writer.write(body.as_bytes()).unwrap();
    let mut header = Header::new(id, sender, NOW);
    header.recipients = vec![Recipient::new("fail@test.example")];
    header.body.longest_line = Some(70);
    header.headers =
        ["Subject: s1\n", "From: a@b\n", "Message-Id: <m1@x>\n", "Date: Sun, 22 Nov 2026 16:22:16 +0000\n"]
            .map(|line| HeaderLine { kind: HeaderKind::Other, text: line.as_bytes().to_vec() })
            .to_vec();
    drop(spool.commit(writer, header).unwrap());
    match spool.lock(&id).unwrap() {
        LockOutcome::Locked(message) => message,
        _ => panic!("the message is there and nobody else's"),
    }
}

fn context(bench: &Bench, message: &LockedMessage) -> Context {
    let mut facts = Facts::default();
    facts.message.id = Some(message.id());
    facts.message.sender_address = message.header().sender.clone();
    Context::new(facts, bench.services.clone())
}

fn failed(address: &str, error: &str) -> ReportedAddress {
    ReportedAddress {
        address: address.as_bytes().to_vec(),
        original: address.as_bytes().to_vec(),
        error: error.as_bytes().to_vec(),
        ..ReportedAddress::default()
    }
}

fn to(address: &str, addresses: Vec<ReportedAddress>) -> BounceRequest {
    BounceRequest { to: address.as_bytes().to_vec(), other_sender: None, addresses }
}

/// A message of the spool as one text, with its recipients in front; ids and the boundary by name.
fn text_of(bench: &Bench, id: MessageId, about: MessageId) -> String {
    let spool = &bench.services.spool;
    let header = spool.read_header(&id).unwrap().unwrap();
    let data = spool.open_data(&id).unwrap().unwrap();
    let to = |one: &Recipient| format!("to {}\n", String::from_utf8_lossy(&one.address));
    let mut text: String = header.recipients.iter().map(to).collect::<Vec<_>>().concat();
    assert_eq!(header.sender, b"");
    for line in header.live_headers() {
        text.push_str(&String::from_utf8_lossy(&line.text));
    }
    text.push('\n');
    std::io::Read::read_to_string(&mut data.reader(), &mut text).unwrap();
    if let Some(at) = text.find("boundary=") {
        let boundary = text[at + 9..].lines().next().unwrap().to_owned();
        text = text.replace(&boundary, "BOUNDARY");
    }
    text.replace(id.as_str(), "NEW").replace(about.as_str(), "OLD")
}

async fn bounce_text(configuration: &str, request: BounceRequest, body: &str) -> (String, Bench) {
    let bench = Bench::new(configuration);
    let message = original(&bench, "sender@test.example", body);
    let mut context = context(&bench, &message);
    let id = bounce(request, message.header(), message.data_file(), &mut context).await.unwrap().unwrap();
    let text = text_of(&bench, id, message.id());
    (text, bench)
}

const ACCEPT: &str = "acl_not_smtp = ok\nbegin acl\nok:\n accept\n";

#[tokio::test]
async fn a_bounce_is_the_oracles() {
    let request = to("sender@test.example", vec![failed("fail@test.example", "Unrouteable address")]);
    let (text, bench) = bounce_text("errors_reply_to = rt@x\n", request, "line1\nline2\n").await;
    assert_eq!(
        text,
        "to sender@test.example\n\
         Received: from mail-user by mx.test.example with local (Exim 4.99)\n\
         \tid NEW\n\tfor sender@test.example;\n\tSun, 22 Nov 2026 15:00:00 +0000\n\
         X-Failed-Recipients: fail@test.example\n\
         Reply-To: rt@x\n\
         Auto-Submitted: auto-replied\n\
         From: Mail Delivery System <Mailer-Daemon@test.example>\n\
         To: sender@test.example\n\
         References: <m1@x>\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=BOUNDARY\n\
         MIME-Version: 1.0\n\
         Subject: Mail delivery failed: returning message to sender\n\
         Message-Id: <ENEW@mx.test.example>\n\
         Date: Sun, 22 Nov 2026 15:00:00 +0000\n\
         \n\
         --BOUNDARY\n\
         Content-type: text/plain; charset=us-ascii\n\
         \n\
         This message was created automatically by mail delivery software.\n\
         \n\
         A message that you sent could not be delivered to one or more of its\n\
         recipients. This is a permanent error. The following address(es) failed:\n\
         \n\
         \x20 fail@test.example\n\
         \x20   Unrouteable address\n\
         \n\
         --BOUNDARY\n\
         Content-type: message/delivery-status\n\
         \n\
         Reporting-MTA: dns; mx.test.example\n\
         \n\
         Action: failed\n\
         Final-Recipient: rfc822;fail@test.example\n\
         Status: 5.0.0\n\
         \n\
         --BOUNDARY\n\
         Content-type: message/rfc822\n\
         \n\
         Return-path: <sender@test.example>\n\
         Subject: s1\n\
         From: a@b\n\
         Message-Id: <m1@x>\n\
         Date: Sun, 22 Nov 2026 16:22:16 +0000\n\
         \n\
         line1\n\
         line2\n\
         \n\
         --BOUNDARY--\n\
         "
    );
    let log = bench.main_log();
    assert!(
        log.iter().any(|line| line.contains(" <= <> R=") && line.contains(" U=mail-user P=local S=")),
        "{log:?}"
    );
}

#[tokio::test]
async fn what_goes_back_with_it() {
    let long = "x\n".repeat(60_000);
    let limited =
        "X-Exim-DSN-Information: Due to administrative limits only headers are returned\n\n\n--BOUNDARY--";
    for (configuration, body, end) in [
        ("", "b\n", "+0000\n\nb\n\n--BOUNDARY--"),
        ("no_bounce_return_message\n", "b\n", "+0000\n\nb\n\n--BOUNDARY--"),
        ("no_bounce_return_body\n", "b\n", "+0000\n\n\n--BOUNDARY--"),
        ("", long.as_str(), limited),
        ("bounce_return_linesize_limit = 69\n", "b\n", limited),
        ("bounce_return_linesize_limit = 70\n", "b\n", "+0000\n\nb\n\n--BOUNDARY--"),
    ] {
        let request = to("sender@test.example", vec![failed("f@x", "e")]);
        let (text, _bench) = bounce_text(configuration, request, body).await;
        assert!(text.trim_end().ends_with(end), "{configuration}: …{}", &text[text.len() - 200..]);
    }
}

#[tokio::test]
async fn copies_go_to_whom_the_first_matching_item_names() {
    let request = || to("sender@test.example", vec![failed("f@x", "e")]);
    let option =
        "errors_copy = other@x : sender@* copy, $local_part-log@y.example : *@test.example never@x\n";
    let (text, _bench) = bounce_text(option, request(), "b\n").await;
    assert!(
        text.starts_with("to sender@test.example\nto copy@test.example\nto sender-log@y.example\nReceived: "),
        "{text}"
    );
    assert!(
        text.contains("\nTo: sender@test.example\n") && !text.to_lowercase().contains("\nbcc:"),
        "{text}"
    );
}

#[tokio::test]
async fn templates_take_the_place_of_texts() {
    let bench = Bench::new("");
    let file = bench.directory().join("template");
    std::fs::write(
        &file,
        "Subject: custom $bounce_recipient $sender_address\nX-Foo: bar\n****\n$nonexist\n****\nPipe intro\n****\n",
    )
    .unwrap();
    let option = format!("bounce_message_file = {}\n", file.display());
    let output =
        ReportedAddress { output: Some(b"out1\n".to_vec()), ..failed("pipe@x", "local delivery failed") };
    let (text, told) = bounce_text(&option, to("keeper@test.example", vec![output]), "b\n").await;
    assert!(
        text.contains("\nSubject: custom keeper@test.example sender@test.example\nX-Foo: bar\n"),
        "{text}"
    );
    assert!(text.contains("\n\nPipe intro\n\n------ pipe@x ------\n\nout1\n"), "{text}");
    assert!(text.contains("This message was created automatically"), "{text}");
    let panic = told.panic_log().join("\n");
    assert!(
        panic.contains(
            "Failed to expand string from bounce_message_file or warn_message_file (intro): unknown variable name \
             \"nonexist\""
        ),
        "{panic}"
    );
    let request = to("sender@test.example", vec![failed("f@x", "e")]);
    let (text, told) = bounce_text("bounce_message_file = /nonexistent/file\n", request, "b\n").await;
    assert!(text.contains("Subject: Mail delivery failed: returning message to sender\n"));
    let panic = told.panic_log().join("\n");
    let complaint = "Failed to open /nonexistent/file for error message texts: No such file or directory";
    assert!(panic.ends_with(complaint), "{panic}");
}

#[tokio::test]
async fn a_body_in_wire_form_goes_back_with_plain_line_ends() {
    let bench = Bench::new("");
    let message = original(&bench, "sender@test.example", "one\r\ntwo\r\n");
    let mut header = message.header().clone();
    header.spool_file_wireformat = true;
    let mut context = context(&bench, &message);
    let request = to("sender@test.example", vec![failed("f@x", "e")]);
    let made = bounce(request, &header, message.data_file(), &mut context).await.unwrap().unwrap();
    let text = text_of(&bench, made, message.id());
    assert!(text.contains("\none\ntwo\n"), "{}", text.escape_debug());
}

#[tokio::test]
async fn who_asked_not_to_hear_of_failures_does_not() {
    let bench = Bench::new("");
    let message = original(&bench, "sender@test.example", "b\n");
    let mut context = context(&bench, &message);
    let never = ReportedAddress { notify: 2, ..failed("errto@x", "e") };
    let delay_only = ReportedAddress { notify: 16, ..failed("later@x", "e") };
    let request = to("sender@test.example", vec![never.clone(), delay_only]);
    let made = bounce(request, message.header(), message.data_file(), &mut context).await.unwrap();
    assert_eq!(made, None);
    let line = format!("{} errto@x: error ignored: RFC 3461 DSN, failure notify not requested", message.id());
    assert_eq!(bench.main_log()[0], line);
    let request = to("sender@test.example", vec![never, ReportedAddress { notify: 8, ..failed("f@x", "e") }]);
    let made = bounce(request, message.header(), message.data_file(), &mut context).await.unwrap().unwrap();
    let text = text_of(&bench, made, message.id());
    assert!(text.contains("X-Failed-Recipients: f@x\n") && !text.contains("errto@x"), "{text}");
}

#[tokio::test]
async fn a_warning_is_the_oracles() {
    let bench = Bench::new("");
    let message = original(&bench, "keeper@test.example", "line1\n");
    let mut context = context(&bench, &message);
    let request = WarningRequest {
        to: b"keeper@test.example".to_vec(),
        addresses: vec![failed("dfr@test.example", "later please")],
        queue_time: 90_000,
    };
    let id = warning(request, message.header(), message.data_file(), &mut context).await.unwrap().unwrap();
    let text = text_of(&bench, id, message.id());
    let tail = "Subject: Warning: message OLD delayed 25 hours\n\
         Message-Id: <ENEW@mx.test.example>\n\
         Date: Sun, 22 Nov 2026 15:00:00 +0000\n\
         \n\
         --BOUNDARY\n\
         Content-type: text/plain; charset=us-ascii\n\
         \n\
         This message was created automatically by mail delivery software.\n\
         A message that you sent has not yet been delivered to one or more of its\n\
         recipients after more than 25 hours on the queue on mx.test.example.\n\
         \n\
         The message identifier is:     OLD\n\
         The subject of the message is: s1\n\
         The date of the message is:    Sun, 22 Nov 2026 16:22:16 +0000\n\
         \n\
         The address to which the message has not yet been delivered is:\n\
         \n\
         \x20 dfr@test.example\n\
         \x20   Delay reason: later please\n\
         \n\
         No action is required on your part. Delivery attempts will continue for\n\
         some time, and this warning may be repeated at intervals if the message\n\
         remains undelivered. Eventually the mail delivery software will give up,\n\
         and when that happens, the message will be returned to you.\n\
         \n\
         --BOUNDARY\n\
         Content-type: message/delivery-status\n\
         \n\
         Reporting-MTA: dns; mx.test.example\n\
         \n\
         Action: delayed\n\
         Final-Recipient: rfc822;dfr@test.example\n\
         Status: 4.0.0\n\
         \n\
         --BOUNDARY\n\
         Content-type: text/rfc822-headers\n\
         \n\
         Return-path: <keeper@test.example>\n\
         Subject: s1\n\
         From: a@b\n\
         Message-Id: <m1@x>\n\
         Date: Sun, 22 Nov 2026 16:22:16 +0000\n\
         \n\
         \n\
         --BOUNDARY--\n\
         ";
    assert!(text.ends_with(tail), "{text}");
}

#[tokio::test]
async fn notices_to_people() {
    let bench = Bench::new(ACCEPT);
    let message = original(&bench, "", "b\n");
    let mut context = context(&bench, &message);
    let reasons = vec![failed("fail@x", "Unrouteable address"), failed("dfr@x", "later\nplease")];
    let id =
        freeze_notice(b"keeper : copy@test.example", reasons, message.header(), &mut context).await.unwrap();
    let text = text_of(&bench, id, message.id());
    assert!(text.starts_with("to copy@test.example\n"), "{text}");
    assert!(
        text.contains("\nTo: keeper : copy@test.example\nReferences: <m1@x>\nSubject: Message frozen\n"),
        "{text}"
    );
    assert!(
        text.ends_with(
            "\n\nMessage OLD has been frozen (delivery error message).\nThe sender is <>.\n\n\
             The following address(es) have yet to be delivered:\n  fail@x: Unrouteable address\n  \
             dfr@x: later\\nplease\n"
        ),
        "{text}"
    );
    let notice = crate::route::SyntaxErrorNotice {
        router: "syn".to_owned(),
        to: b"keeper@test.example".to_vec(),
        text: Some(b"your list is\nbroken".to_vec()),
        errors: vec![b"missing or malformed local part in \"a b c\"".to_vec()],
        others: true,
    };
    let id = syntax_error_notice(&notice, message.header(), &mut context).await.unwrap();
    let text = text_of(&bench, id, message.id());
    assert!(
        text.ends_with(
            "\n\nReferences: <m1@x>\nyour list is\nbroken\n\n\
             The syn router encountered the following error(s):\n\n  \
             missing or malformed local part in the address\n  \"a b c\"\n\n\
             Other addresses were processed normally.\n"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn a_report_that_the_acl_refuses_is_an_error() {
    let bench = Bench::new("acl_not_smtp = no\nbegin acl\nno:\n deny message = not today\n");
    let message = original(&bench, "sender@test.example", "b\n");
    let mut context = context(&bench, &message);
    let request = to("sender@test.example", vec![failed("f@x", "e")]);
    let error = bounce(request, message.header(), message.data_file(), &mut context).await.unwrap_err();
    assert_eq!(error.to_string(), "message rejected by non-SMTP ACL: not today");
}

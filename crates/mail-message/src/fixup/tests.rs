//! Fields that fix-ups add, move and change, beside what Exim makes of the same header.

use super::*;
use crate::reader::HeaderReader;

const PARSE: ParseOptions = ParseOptions {
    allow_null: false,
    allow_utf8: false,
    allow_domain_literals: false,
    strip_trailing_dot: false,
    strip_excess_angle_brackets: false,
};

const SETTINGS: Settings<'_> = Settings {
    return_path_remove: true,
    delivery_date_remove: true,
    envelope_to_remove: true,
    local_from_check: true,
    local_from_prefix: None,
    local_from_suffix: None,
    local_sender_retain: false,
    suppress_local_fixups: false,
    extract_recipients: false,
    qualify_domain: b"q.test",
    message_id: b"ID@mx.test",
    date: b"DATE",
    parse: PARSE,
};

const ANN: LocalCaller<'_> =
    LocalCaller { login: b"ann", name: b"Ann Other, x", own: true, trusted: false, smtp: false };

fn run(header: &str, origin: Origin<'_>, sender: &str, settings: Settings<'_>) -> (String, FixedUp) {
    let mut reader = HeaderReader::new(crate::header::Limits::default());
    reader.push(header.as_bytes()).unwrap();
    let mut lines = reader.finish().unwrap().0.lines;
    let fixed = fix_up(&mut lines, origin, sender.as_bytes(), &settings);
    let text = |l: &HeaderLine| {
        format!("{}{}", l.kind.letter() as char, String::from_utf8_lossy(&l.text).trim_end())
    };
    (lines.iter().map(text).collect::<Vec<_>>().join("|"), fixed)
}

#[test]
fn local_messages_are_completed_as_by_exim() {
    let root = LocalCaller { login: b"root", name: b"root", own: true, trusted: true, smtp: false };
    let cases = [
        (
            root,
            "root@q.test",
            "To: x\nSubject: hi\n",
            "TTo: x| Subject: hi|IMessage-Id: <ID@mx.test>|FFrom: root <root@q.test>| Date: DATE",
        ),
        (
            root,
            "root@q.test",
            "From: foo@bar\nDate: xx\nMessage-ID: <1@2>\nReturn-path: <x>\nDelivery-date: f\nEnvelope-to: b\nSender: ss\n",
            "FFrom: foo@bar| Date: xx|IMessage-ID: <1@2>|*Return-path: <x>|*Delivery-date: f|*Envelope-to: b|SSender: ss",
        ),
        (
            ANN,
            "ann@q.test",
            "From: foo@bar\nTo: x\nSender: ss\n",
            "FFrom: foo@bar|TTo: x|*Sender: ss|IMessage-Id: <ID@mx.test>|SSender: \"Ann Other, x\" <ann@q.test>| Date: DATE",
        ),
        (
            ANN,
            "ann@q.test",
            "From: ann\nTo: x\n",
            "*From: ann|TTo: x|FFrom: \"Ann Other, x\" <ann@q.test>|IMessage-Id: <ID@mx.test>| Date: DATE",
        ),
        (
            ANN,
            "ann@q.test",
            "From: Ann <ann@q.test>\nTo: x\n",
            "FFrom: Ann <ann@q.test>|TTo: x|IMessage-Id: <ID@mx.test>| Date: DATE",
        ),
        (
            ANN,
            "ann@q.test",
            "From: foo@bar\nTo: x\nResent-To: y\nSender: ss\n",
            " Resent-Date: DATE|IResent-Message-Id: <ID@mx.test>|FFrom: foo@bar|TTo: x|TResent-To: y|SSender: ss|FResent-From: \"Ann Other, x\" <ann@q.test>",
        ),
        (
            ANN,
            "other@b.c",
            "To: x\n",
            "TTo: x|IMessage-Id: <ID@mx.test>|FFrom: \"Ann Other, x\" <other@b.c>|SSender: \"Ann Other, x\" <ann@q.test>| Date: DATE",
        ),
        (
            ANN,
            "",
            "To: x\n",
            "TTo: x|IMessage-Id: <ID@mx.test>|FFrom: \"Ann Other, x\" <ann@q.test>| Date: DATE",
        ),
    ];
    for (caller, sender, header, want) in cases {
        assert_eq!(run(header, Origin::Local(caller), sender, SETTINGS).0, want, "{header}");
    }
}

#[test]
fn bcc_goes_with_t() {
    let settings = Settings { extract_recipients: true, ..SETTINGS };
    let header = "Subject: x\nBcc: hid@x.y\nBcc:\nFrom: ann@q.test\nDate: d\nMessage-Id: <1@2>\n";
    let kept = " Subject: x|*Bcc: hid@x.y|*Bcc:|FFrom: ann@q.test| Date: d|IMessage-Id: <1@2>";
    assert_eq!(run(header, Origin::Local(ANN), "", settings).0, kept);
    let (text, _) = run("Bcc: a\nResent-Bcc: b\n", Origin::Remote, "", settings);
    assert_eq!(text, "BBcc: a|*Resent-Bcc: b");
}

#[test]
fn remote_messages_keep_their_gaps() {
    assert_eq!(run("To: x\nSender: y\n", Origin::Remote, "a@b", SETTINGS).0, "TTo: x|SSender: y");
    let settings = Settings { suppress_local_fixups: true, ..SETTINGS };
    assert_eq!(run("To: x\nSender: y\n", Origin::Local(ANN), "a@b", settings).0, "TTo: x|SSender: y");
}

#[test]
fn submission_mode() {
    let submission = Submission { authenticated_id: b"", domain: None, name: b"", sender_retain: false };
    let (text, fixed) = run("To: x\n", Origin::Submission(submission), "s@b.c", SETTINGS);
    assert_eq!(text, "TTo: x|IMessage-Id: <ID@mx.test>|FFrom: s@b.c| Date: DATE");
    assert_eq!(fixed, FixedUp { new_sender: None, resent: false });
    let (text, _) = run("To: x\n", Origin::Submission(submission), "", SETTINGS);
    assert_eq!(text, "TTo: x|IMessage-Id: <ID@mx.test>| Date: DATE");

    let known =
        Submission { authenticated_id: b"bigegg", domain: Some(b"w.test"), name: b"H. Dumpty", ..submission };
    let (text, fixed) = run("From: other@x\nSender: z\n", Origin::Submission(known), "s@b.c", SETTINGS);
    let want = "FFrom: other@x|*Sender: z|IMessage-Id: <ID@mx.test>|SSender: \"H. Dumpty\" <bigegg@w.test>| Date: DATE";
    assert_eq!(text, want);
    assert_eq!(fixed.new_sender.unwrap(), b"bigegg@w.test");
    let whole = Submission { authenticated_id: b"b@w.test", domain: Some(b""), name: b"", ..submission };
    let (text, _) = run("From: b@w.test\n", Origin::Submission(whole), "s@b.c", SETTINGS);
    assert_eq!(text, "FFrom: b@w.test|IMessage-Id: <ID@mx.test>| Date: DATE");

    let retained = Submission { sender_retain: true, ..known };
    let (text, fixed) = run("From: other@x\nSender: z\n", Origin::Submission(retained), "s@b.c", SETTINGS);
    assert_eq!(text, "FFrom: other@x|SSender: z|IMessage-Id: <ID@mx.test>| Date: DATE");
    assert_eq!(fixed.new_sender, None);
}

#[test]
fn prefixes_and_suffixes_of_the_local_part() {
    let settings = Settings { local_from_prefix: Some(b"*-"), local_from_suffix: Some(b"+*"), ..SETTINGS };
    for (from, sender_added) in [
        ("ann@q.test", false),
        ("x-y-ann@q.test", true),
        ("x-ann@q.test", false),
        ("ann+list@q.test", false),
        ("x-ann+list@Q.Test", false),
        ("bob@q.test", true),
        ("ann@other", true),
        ("ann@q.test, b@c", true),
    ] {
        let (text, _) = run(&format!("From: {from}\n"), Origin::Local(ANN), "", settings);
        assert_eq!(text.contains("SSender:"), sender_added, "{from}");
    }
}

#[test]
fn injected_line_breaks_do_not_survive() {
    let caller = LocalCaller { name: b"A\nEvil: yes\r", ..ANN };
    let (text, _) = run("To: x\n", Origin::Local(caller), "", SETTINGS);
    assert!(text.contains("FFrom: A Evil: yes") || text.contains("FFrom: \"A Evil: yes"), "{text}");
}

#[test]
fn message_id_for_the_log() {
    let lines = [
        HeaderLine { kind: HeaderType::MessageId, text: b"Message-ID:  <1@2> \n".to_vec() },
        HeaderLine { kind: HeaderType::MessageId, text: b"Resent-message-id: <3@4>\n".to_vec() },
    ];
    assert_eq!(logged_message_id(&lines[..1]), Some(&b"<1@2>"[..]));
    assert_eq!(logged_message_id(&lines), Some(&b"<3@4>"[..]));
    assert_eq!(logged_message_id(&[]), None);
}

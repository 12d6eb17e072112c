//! Bounces as they are written, field by field.

use super::*;

const REPORT: Report<'_> = Report {
    from: b"Mail Delivery System <Mailer-Daemon@q.test>",
    to: b"s@q.test",
    reply_to: None,
    references: Some(b"<E1@mx.test>"),
    hostname: b"mx.test",
    boundary: b"B",
    envid: None,
    with_body: true,
};

fn failed<'a>(address: &'a str, error: &'a str) -> Address<'a> {
    Address {
        address: address.as_bytes(),
        original: address.as_bytes(),
        error: error.as_bytes(),
        ..Address::default()
    }
}

fn bounce<'a>(failed: &'a [Address<'a>]) -> Bounce<'a> {
    Bounce { report: REPORT, failed, other_sender: None, extra_text: None, custom: Custom::default() }
}

fn shown((header, body): (Vec<u8>, Vec<u8>)) -> String {
    format!("{}\n{}", String::from_utf8(header).unwrap(), String::from_utf8(body).unwrap())
}

/// What Exim 4.96 sent for a redirected remote failure and a local one.
#[test]
fn a_bounce_as_exim_writes_it() {
    let remote = Address {
        address: b"bad@rem.test",
        original: b"x@alias.test",
        host: Some((b"127.0.0.1", b"127.0.0.1")),
        error: b"SMTP error from remote mail server after RCPT TO:<bad@rem.test>: 550-no such\n550 user here",
        smtp_reply: Some(b"550-no such\n550 user here"),
        ..Address::default()
    };
    let all = [
        remote,
        failed("a1@fail.test", "no such person here"),
        failed("a2@fail.test", "no such person here"),
    ];
    let want = "\
X-Failed-Recipients: bad@rem.test,
  a1@fail.test,
  a2@fail.test
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@q.test>
To: s@q.test
References: <E1@mx.test>
Content-Type: multipart/report; report-type=delivery-status; boundary=B
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender

--B
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  bad@rem.test
    (generated from x@alias.test)
    host 127.0.0.1 [127.0.0.1]
    SMTP error from remote mail server after RCPT TO:<bad@rem.test>:
    550-no such
    550 user here
  a1@fail.test
    no such person here
  a2@fail.test
    no such person here

--B
Content-type: message/delivery-status

Reporting-MTA: dns; mx.test

Action: failed
Final-Recipient: rfc822;a2@fail.test
Status: 5.0.0

Action: failed
Final-Recipient: rfc822;a1@fail.test
Status: 5.0.0

Action: failed
Final-Recipient: rfc822;x@alias.test
Status: 5.0.0
Remote-MTA: dns; 127.0.0.1
Diagnostic-Code: smtp; 550-no such
 550 user here

--B
Content-type: message/rfc822

";
    assert_eq!(shown(bounce(&all).head()), want);
    assert_eq!(tail(b"B"), b"\n--B--\n");
}

#[test]
fn output_of_pipes_is_returned() {
    let pipe = Address { output: Some(b"some output\n"), ..failed("c@pipe.test", "local delivery failed") };
    let all = [pipe, failed("a@fail.test", "x"), failed("b@y.test", "Unrouteable address")];
    let text = shown(bounce(&all).head());
    let want = "    Unrouteable address\n\nThe following text was generated during the delivery attempt:\n\n\
                ------ c@pipe.test ------\n\nsome output\n\n--B\n";
    assert!(text.contains(want), "{text}");
    let order: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("Final-Recipient: rfc822;")).collect();
    assert_eq!(order, ["c@pipe.test", "b@y.test", "a@fail.test"]);
}

#[test]
fn a_warning_as_exim_writes_it() {
    let remote = Address {
        host: Some((b"127.0.0.1", b"127.0.0.1")),
        smtp_reply: Some(b"451 later"),
        ..failed("tmp@rem.test", "SMTP error from remote mail server after RCPT TO:<tmp@rem.test>: 451 later")
    };
    let warning = Warning {
        report: Report { with_body: false, ..REPORT },
        delayed: &[remote, failed("a1@defer.test", "come back later")],
        other_sender: None,
        message_id: b"1xV9yW-0007FV-0k",
        subject: Some(b"orig"),
        date: Some(b"DATE"),
        queue_time: 2,
        custom: Custom::default(),
    };
    let text = shown(warning.head());
    let want = "\
Subject: Warning: message 1xV9yW-0007FV-0k delayed 0 minutes

--B
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.
A message that you sent has not yet been delivered to one or more of its
recipients after more than 0 minutes on the queue on mx.test.

The message identifier is:     1xV9yW-0007FV-0k
The subject of the message is: orig
The date of the message is:    DATE

The addresses to which the message has not yet been delivered are:

  tmp@rem.test
    host 127.0.0.1 [127.0.0.1]
    Delay reason: SMTP error from remote mail server after RCPT TO:<tmp@rem.test>:
    451 later
  a1@defer.test
    Delay reason: come back later

No action is required on your part. Delivery attempts will continue for
some time, and this warning may be repeated at intervals if the message
remains undelivered. Eventually the mail delivery software will give up,
and when that happens, the message will be returned to you.

--B
Content-type: message/delivery-status

Reporting-MTA: dns; mx.test

Action: delayed
Final-Recipient: rfc822;tmp@rem.test
Status: 4.0.0
Remote-MTA: dns; 127.0.0.1
Diagnostic-Code: smtp; 451 later

Action: delayed
Final-Recipient: rfc822;a1@defer.test
Status: 4.0.0

--B
Content-type: text/rfc822-headers

";
    assert!(text.ends_with(want), "{text}");
}

#[test]
fn peers_cannot_add_fields() {
    let evil = Address {
        error: b"x\r\nAction: delivered\n--B",
        smtp_reply: Some(b"550 a\rAction: delivered\n\x1b[2J"),
        ..failed("a\nEvil: 1@x", "")
    };
    let text = shown(bounce(&[evil]).head());
    assert!(
        !text.contains("\nAction: delivered") && !text.contains("\nEvil") && !text.contains('\x1b'),
        "{text}"
    );
    assert_eq!(text.matches("\n--B\n").count(), 3, "{text}");
}

#[test]
fn words_for_delays() {
    for (seconds, words) in [(0, "0 minutes"), (7199, "119 minutes"), (7200, "2 hours"), (86_400, "24 hours")]
    {
        assert_eq!(delay_words(seconds), words);
    }
    assert_eq!(boundary(17, 0x8000_0001), b"17-eximdsn-1");
}

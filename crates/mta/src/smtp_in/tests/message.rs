//! What is done to a message's header, and what a broken message hears.

use super::OPEN;
use crate::testing::{Bench, Dialogue};

async fn send(bench: &Bench, lines: &str) -> String {
    let mut client = Dialogue::connect(bench);
    client.follow("S: 220 …\nC: EHLO x\nS: 250-…\nC: MAIL FROM:<s@old.example>\nS: 250 OK").await;
    client.follow("C: RCPT TO:<r@old.example>\nS: 250 Accepted\nC: DATA\nS: 354 …").await;
    client.send(lines.replace('\n', "\r\n") + ".\r\n").await;
    let reply = client.reply().await;
    client.follow("C: QUIT\nS: 221 …").await;
    reply
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_message_from_the_network_is_left_alone_but_for_three_fields() {
    let bench = Bench::new(OPEN);
    let reply = send(
        &bench,
        "Return-path: <x@y>\nReceived: theirs\nEnvelope-to: a@b\nFrom: unqualified\nDelivery-date: today\n\nbody\n",
    )
    .await;
    assert!(reply.starts_with("250 OK id="), "{reply}");
    let (header, _) = bench.only_message();
    let lines = header.split("\n\n").last().expect("the header follows a blank line");
    assert!(lines.contains("* Return-path: <x@y>\n"), "{lines}");
    assert!(lines.contains("* Envelope-to: a@b\n") && lines.contains("* Delivery-date: today\n"), "{lines}");
    assert!(lines.contains("F From: unqualified\n"), "{lines}");
    assert!(!lines.contains("Message-Id") && !lines.contains("  Date:"), "{lines}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn limits_of_content() {
    let bench = Bench::new(&format!(
        "{OPEN}message_size_limit = 1000\nheader_maxsize = 600\nheader_line_maxsize = 300\n"
    ));
    let table = [
        (format!("Subject: {}\n\nbody\n", "x".repeat(320)), "552 A message header line is too long"),
        (
            format!(
                "{}\nbody\n",
                "X-A: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n".repeat(14)
            ),
            "552 Message header is ridiculously long",
        ),
        (
            format!("Subject: big\n\n{}", "zzzzzzzzz\n".repeat(120)),
            "552 Message size exceeds maximum permitted",
        ),
    ];
    for (message, expected) in table {
        assert_eq!(send(&bench, &message).await, expected);
    }
    assert_eq!(bench.spool_files(), Vec::<String>::new(), "nothing is left behind");
    let log = bench.main_log();
    assert_eq!(
        log[..2],
        [
            "overlong message header line received from (x) [192.0.2.7] (more than 300 characters): message abandoned",
            "ridiculously long message header received from (x) [192.0.2.7] (more than 600 characters): message abandoned",
        ]
    );
    assert!(
        log[2].ends_with(
            "rejected from <s@old.example> H=(x) [192.0.2.7]: message too big: read=1214 max=1000"
        ),
        "{log:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_large_body_goes_through_in_pieces() {
    let bench = Bench::new(OPEN);
    let line = format!("{}\n", "0123456789".repeat(6));
    let body = line.repeat(5000);
    let reply = send(&bench, &format!("Subject: big\n\n{body}")).await;
    assert!(reply.starts_with("250 OK id="), "{reply}");
    let (header, data) = bench.only_message();
    assert!(data.ends_with(&body) && data.lines().count() == 5001);
    assert!(header.contains("-body_linecount 5000\n"), "{header}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_connection_ends_within_a_message() {
    let bench = Bench::new(OPEN);
    for (sent, stage) in [("", " (header)"), ("Subject: x\r\n", " (after header)"), ("a: b\r\n\r\nbody", "")]
    {
        let mut client = Dialogue::connect(&bench);
        client.follow("S: 220 …\nC: EHLO x\nS: 250-…\nC: MAIL FROM:<s@old.example>\nS: 250 OK").await;
        client.follow("C: RCPT TO:<r@old.example>\nS: 250 Accepted\nC: DATA\nS: 354 …").await;
        client.send(sent).await;
        client.close().await;
        let expected = format!("SMTP connection from (x) [192.0.2.7] lost while reading message data{stage}");
        assert!(bench.main_log().contains(&expected), "{:?}", bench.main_log());
    }
    assert_eq!(bench.spool_files(), Vec::<String>::new());
}

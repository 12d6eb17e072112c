//! Without policy: greetings, commands, errors of syntax and order.

use super::OPEN;
use crate::smtp_in::SessionEnd;
use crate::testing::{Bench, Dialogue};

const DATE: &str = "Sun, 22 Nov 2026 15:00:00 +0000";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_message_from_banner_to_quit() {
    let bench = Bench::new(OPEN);
    let mut client = Dialogue::connect(&bench);
    assert_eq!(client.reply().await, format!("220 mx.test.example ESMTP Exim 4.99 {DATE}"));
    client
        .follow(
            "C: EHLO client.example
             S: 250-mx.test.example Hello client.example [192.0.2.7]|250-SIZE 52428800|250-8BITMIME|250-PIPELINING|250-CHUNKING|250-STARTTLS|250-SMTPUTF8|250 HELP
             C: MAIL FROM:<a@client.example> SIZE=100
             S: 250 OK
             C: RCPT TO:<b@test.example>
             S: 250 Accepted
             C: DATA
             S: 354 Enter message, ending with \".\" on a line by itself
             C: Subject: hello
             C:
             C: ..a dot
             C: .
             S: 250 OK id=…
             C: QUIT
             S: 221 mx.test.example closing connection",
        )
        .await;
    assert_eq!(client.closed().await, SessionEnd::Closed { messages: 1, abnormal: false });
    let (header, data) = bench.only_message();
    let id =
        data.lines().next().expect("the first line is the file's name").trim_end_matches("-D").to_owned();
    assert_eq!(data, format!("{id}-D\n.a dot\n"));
    assert!(
        header.contains("\n<a@client.example>\n") && header.contains("\n1\nb@test.example\n"),
        "{header}"
    );
    assert!(
        header.contains("-received_protocol esmtp\n-body_linecount 1\n-max_received_linelength 14\n"),
        "{header}"
    );
    assert!(
        header.ends_with(&format!(
            "P Received: from [192.0.2.7] (helo=client.example)\n\tby mx.test.example with esmtp (Exim 4.99)\n\t\
             (envelope-from <a@client.example>)\n\tid {id}\n\tfor b@test.example;\n\t{DATE}\n015  Subject: hello\n"
        )),
        "{header}"
    );
    assert_eq!(
        bench.main_log(),
        [format!("{id} <= a@client.example H=(client.example) [192.0.2.7] P=esmtp S=233")]
    );
    assert_eq!(bench.queue.all().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn helo_and_its_errors() {
    let bench = Bench::new(OPEN);
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: NOOP
             S: 250 OK
             C: HELP
             S: 214-Commands supported:|214 …
             C: HELO a_b
             S: 501 Syntactically invalid HELO argument(s)
             C: EHLO
             S: 501 Syntactically invalid EHLO argument(s)
             C: MAIL FROM:<a@b.example>
             S: 503 HELO or EHLO required
             C: HELO [192.0.2.7]
             S: 250 mx.test.example Hello [192.0.2.7] [192.0.2.7]
             C: MAIL FROM:<a@b.example>
             S: 250 OK
             C: RSET
             S: 250 Reset OK",
        )
        .await;
    assert_eq!(client.close().await, SessionEnd::Closed { messages: 0, abnormal: true });
    assert_eq!(
        bench.main_log(),
        [
            "rejected HELO from [192.0.2.7]: syntactically invalid argument(s): a_b",
            "rejected EHLO from [192.0.2.7]: syntactically invalid argument(s): (no argument given)",
            "rejected MAIL from [192.0.2.7]: no HELO/EHLO given",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn addresses_without_a_domain() {
    let bench = Bench::new(&format!(
        "{OPEN}sender_unqualified_hosts = 192.0.2.9\nrecipient_unqualified_hosts = 192.0.2.9\n"
    ));
    let mut stranger = Dialogue::connect(&bench);
    stranger
        .follow(
            "S: 220 …
             C: HELO x.example
             S: 250 …
             C: MAIL FROM:<joe>
             S: 501 <joe>: sender address must contain a domain
             C: MAIL FROM:<>
             S: 250 OK
             C: RCPT TO:<joe>
             S: 501 <joe>: recipient address must contain a domain
             C: RCPT TO:<postmaster>
             S: 250 Accepted
             C: QUIT
             S: 221 …",
        )
        .await;
    let mut known = Dialogue::connect_from(&bench, [192, 0, 2, 9]);
    known
        .follow(
            "S: 220 …
             C: HELO x.example
             S: 250 …
             C: MAIL FROM:<joe>
             S: 250 OK
             C: RCPT TO:<ann>
             S: 250 Accepted
             C: DATA
             S: 354 …
             C:
             C: x
             C: .
             S: 250 OK id=…
             C: QUIT
             S: 221 …",
        )
        .await;
    let (header, _) = bench.only_message();
    assert!(header.contains("\n<joe@test.example>\n") && header.contains("\nann@test.example\n"), "{header}");
    assert!(
        bench
            .reject_log()
            .contains(&"unqualified sender rejected: <joe> H=(x.example) [192.0.2.7]".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn bdat_in_pieces() {
    let bench = Bench::new(OPEN);
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO x\nS: 250-…").await;
    client.follow("C: MAIL FROM:<a@b.example>\nS: 250 OK\nC: RCPT TO:<c@d.example>\nS: 250 Accepted").await;
    client.send(b"BDAT 12\r\nSubject: x\r\n").await;
    assert_eq!(client.reply().await, "250 12 byte chunk received");
    client.send(b"BDAT 8 LAST\r\n\r\nq\r\n.\r\n").await;
    assert!(client.reply().await.starts_with("250"), "the message is taken");
    let (_, data) = bench.only_message();
    assert!(data.ends_with("-D\nq\n.\n"), "a dot is content: {data:?}");
    assert!(bench.main_log()[0].contains(" P=esmtp K S="), "{:?}", bench.main_log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn vrfy_expn_etrn_without_acls() {
    let bench = Bench::new(OPEN);
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: EHLO x
             S: 250-…
             C: VRFY joe@test.example
             S: 252 Administrative prohibition
             C: EXPN joe
             S: 550 Administrative prohibition
             C: ETRN #x
             S: 458 Administrative prohibition
             C: QUIT
             S: 221 …",
        )
        .await;
    assert_eq!(
        bench.main_log(),
        [
            "H=(x) [192.0.2.7] rejected EXPN joe",
            "ETRN #x received from (x) [192.0.2.7]",
            "H=(x) [192.0.2.7] rejected ETRN #x",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn too_little_space_is_452() {
    let announced =
        format!("C: MAIL FROM:<a@b.example> SIZE={}\nS: 452 space shortage, please try later", 1_u64 << 60);
    let bench = Bench::new(&format!("{OPEN}message_size_limit = 0\n"));
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO x\nS: 250-…").await;
    client.follow(&announced).await;
    client.follow("C: MAIL FROM:<a@b.example> SIZE=10\nS: 250 OK").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_full_spool_is_452_and_a_lost_one_is_451() {
    let bench = Bench::new(OPEN);
    std::fs::remove_dir_all(bench.directory()).expect("it is there");
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: HELO x
             S: 250 …
             C: MAIL FROM:<a@b.example>
             S: 250 OK
             C: RCPT TO:<c@d.example>
             S: 250 Accepted",
        )
        .await;
    let reply = client.command("DATA").await;
    let refused = if reply.starts_with("354") {
        client.send("Subject: x\r\n\r\nx\r\n.\r\n").await;
        client.reply().await
    } else {
        reply
    };
    assert!(refused.starts_with("45"), "{refused}");
    assert!(!bench.panic_log().is_empty());
    assert!(client.command("NOOP").await.starts_with("250"), "the session goes on");
}

/// What an ACL writes is ASCII; what a refusal says is left as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn lines_of_an_acl_are_ascii_unless_asked_for() {
    for (option, logged) in [("", "l\\303\\251\\x"), ("print_topbitchars\n", "lé\\x")] {
        let bench = Bench::new(&format!(
            "{option}acl_smtp_mail = say\nbegin acl\nsay:\n  warn log_message = wé\n  warn logwrite = lé\\\\x\n  \
             deny message = dé\n       log_message = gé\n"
        ));
        let mut client = Dialogue::connect(&bench);
        client.follow("S: 220 …\nC: HELO x\nS: 250 …\nC: MAIL FROM:<a@b.example>\nS: 550 dé").await;
        let lines = [
            "H=(x) [192.0.2.7] Warning: w\\303\\251",
            logged,
            "H=(x) [192.0.2.7] rejected MAIL <a@b.example>: gé",
        ];
        assert_eq!(bench.main_log(), lines);
    }
}

//! What ACLs decide, as the peer hears it and as the log tells it. Replies and lines are the oracle's.

use crate::testing::{Bench, Dialogue};

const POLICY: &str = r"
acl_smtp_connect = acl_connect
acl_smtp_helo = acl_helo
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_predata = acl_predata
acl_smtp_data = acl_data
acl_smtp_quit = acl_quit
acl_smtp_notquit = acl_notquit
queue_only
begin acl
acl_connect:
  deny hosts = 192.0.2.2
     message = no connect
  drop hosts = 192.0.2.3
     message = dropped\nconnect
  defer hosts = 192.0.2.4
     message = 421 later
  accept
acl_helo:
  deny condition = ${if eq{$sender_helo_name}{bad}}
      message = bad helo
  drop condition = ${if eq{$sender_helo_name}{drop}}
      message = drop helo
  defer condition = ${if eq{$sender_helo_name}{defer}}
  accept condition = ${if eq{$sender_helo_name}{words}}
      message = Hello 2\nand more
  accept
acl_mail:
  deny senders = bad@b.example
      message = bad sender
  defer senders = defer@b.example
  discard senders = discard@b.example
  accept senders = ok@b.example
      message = fine sender\nsecond
  accept
acl_predata:
  deny senders = pre@b.example
    message = predata no
  accept
acl_rcpt:
  deny message = line one\nline two\nline three
       local_parts = multi
  deny local_parts = denied
  defer message = try later
       local_parts = deferred
  discard local_parts = gone
       log_message = discarded it
  warn local_parts = warned
       message = X-Warn: yes
       log_message = a warning
  deny local_parts = nolog
       log_message = private reason
       message = public reason
  deny local_parts = code
     message = 553 5.1.1 wrong code
  deny local_parts = wrongcode
     message = 451 4.1.1 wrong code
  accept local_parts = okmsg
     message = 250 accepted fine
  accept
acl_data:
  deny condition = ${if eq{$h_subject:}{spam}}
       message = no spam\nreally
  defer condition = ${if eq{$h_subject:}{defer}}
  discard condition = ${if eq{$h_subject:}{discard}}
  accept condition = ${if eq{$h_subject:}{fakereject}}
         control = fakereject
  accept condition = ${if eq{$h_subject:}{freeze}}
         control = freeze
  accept condition = ${if eq{$h_subject:}{addh}}
         add_header = X-A: b\nX-C: d
         add_header = :at_start:X-S: 1
         remove_header = x-remove : X-Foo
  accept message = data fine\nsecond
acl_quit:
  accept message = bye bye\nnow
acl_notquit:
  warn log_message = notquit $smtp_notquit_reason
  accept
";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn connections_refused_by_the_connect_acl() {
    let bench = Bench::new(POLICY);
    for (last, expected) in [(2, "550 no connect"), (3, "550-dropped|550 connect"), (4, "421 later")] {
        let mut client = Dialogue::connect_from(&bench, [192, 0, 2, last]);
        assert_eq!(client.reply().await, expected);
        client.closed().await;
    }
    assert_eq!(
        bench.main_log(),
        [
            "H=[192.0.2.2] rejected connection in \"connect\" ACL: no connect",
            "H=[192.0.2.3] rejected connection in \"connect\" ACL: dropped",
            "H=[192.0.2.3] Warning: notquit acl-drop",
            "H=[192.0.2.4] temporarily rejected connection in \"connect\" ACL: 421 later",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn helo_acl() {
    let bench = Bench::new(POLICY);
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: HELO bad
             S: 550 bad helo
             C: HELO defer
             S: 451 Temporary local problem - please try later
             C: EHLO words
             S: 250-Hello 2|250-SIZE …
             C: HELO drop
             S: 550 drop helo",
        )
        .await;
    client.closed().await;
    assert_eq!(
        bench.main_log(),
        [
            "H=(bad) [192.0.2.7] rejected EHLO or HELO bad: bad helo",
            "H=(defer) [192.0.2.7] temporarily rejected EHLO or HELO defer",
            "EHLO/HELO response must not contain newlines: message truncated: 250 Hello 2\\nand more",
            "H=(drop) [192.0.2.7] rejected EHLO or HELO drop: drop helo",
            "H=(drop) [192.0.2.7] Warning: notquit acl-drop",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn mail_and_rcpt_acls() {
    let bench = Bench::new(POLICY);
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: EHLO foo
             S: 250-…
             C: MAIL FROM:<bad@b.example>
             S: 550 bad sender
             C: MAIL FROM:<defer@b.example>
             S: 451 Temporary local problem - please try later
             C: MAIL FROM:<ok@b.example>
             S: 250-fine sender|250 second
             C: RCPT TO:<multi@test.example>
             S: 550-line one|550-line two|550 line three
             C: RCPT TO:<denied@test.example>
             S: 550 Administrative prohibition
             C: RCPT TO:<deferred@test.example>
             S: 451 try later
             C: RCPT TO:<nolog@test.example>
             S: 550 public reason
             C: RCPT TO:<code@test.example>
             S: 553 5.1.1 wrong code
             C: RCPT TO:<wrongcode@test.example>
             S: 550 wrong code
             C: RCPT TO:<okmsg@test.example>
             S: 250 accepted fine
             C: RCPT TO:<warned@test.example>
             S: 250 Accepted
             C: QUIT
             S: 221-bye bye|221 now",
        )
        .await;
    client.closed().await;
    let who = "H=(foo) [192.0.2.7]";
    let from = "F=<ok@b.example>";
    let expected = [
        format!("{who} rejected MAIL <bad@b.example>: bad sender"),
        format!("{who} temporarily rejected MAIL <defer@b.example>"),
        format!("{who} {from} rejected RCPT <multi@test.example>: line one"),
        format!("{who} {from} rejected RCPT <denied@test.example>"),
        format!("{who} {from} temporarily rejected RCPT <deferred@test.example>: try later"),
        format!("{who} {from} rejected RCPT <nolog@test.example>: private reason"),
        format!("{who} {from} rejected RCPT <code@test.example>: 553 5.1.1 wrong code"),
        "configured error code starts with incorrect digit (expected 5) in \"451 4.1.1 wrong code\""
            .to_owned(),
        format!("{who} {from} rejected RCPT <wrongcode@test.example>: 550 wrong code"),
        format!("{who} Warning: a warning"),
    ];
    assert_eq!(bench.main_log(), expected);
}

async fn message(client: &mut Dialogue, sender: &str, recipient: &str, header: &str) -> String {
    client.command(&format!("MAIL FROM:<{sender}>")).await;
    client.command(&format!("RCPT TO:<{recipient}>")).await;
    let reply = client.command("DATA").await;
    if !reply.starts_with("354") {
        return reply;
    }
    client.command(&format!("{header}\r\n\r\nx\r\n.")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn data_acl() {
    let bench = Bench::new(POLICY);
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO foo\nS: 250-…").await;
    let table = [
        ("a@b.example", "r@d.example", "Subject: spam", "550-no spam|550 really"),
        ("a@b.example", "r@d.example", "Subject: defer", "451 Temporary local problem - please try later"),
        ("pre@b.example", "r@d.example", "Subject: x", "550 predata no"),
        ("a@b.example", "r@d.example", "Subject: x", "250-data fine|250 second"),
        (
            "a@b.example",
            "r@d.example",
            "Subject: fakereject",
            "550-Your message has been rejected but is being kept for evaluation.|550-If it was a legitimate message, it may still be delivered to the target|550 recipient(s).",
        ),
    ];
    for (sender, recipient, header, expected) in table {
        assert_eq!(message(&mut client, sender, recipient, header).await, expected, "{header}");
        client.command("RSET").await;
    }
    assert_eq!(bench.queue.all().len(), 2, "one accepted, one kept for evaluation");
    let log = bench.main_log();
    assert!(log[0].ends_with("H=(foo) [192.0.2.7] F=<a@b.example> rejected after DATA: no spam"), "{log:?}");
    assert!(log[1].ends_with("F=<a@b.example> temporarily rejected after DATA"), "{log:?}");
    assert_eq!(log[2], "H=(foo) [192.0.2.7] rejected DATA: predata no");
    assert!(log[4].contains(" (= a@b.example H=(foo)"), "{log:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn discarded_messages_leave_no_file() {
    let bench = Bench::new(POLICY);
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO foo\nS: 250-…").await;
    for (sender, recipient, header, acl) in [
        ("a@b.example", "r@d.example", "Subject: discard", "DATA"),
        ("a@b.example", "gone@d.example", "Subject: x", "RCPT"),
        ("discard@b.example", "r@d.example", "Subject: x", "MAIL"),
    ] {
        let reply = message(&mut client, sender, recipient, header).await;
        assert!(reply.starts_with("250"), "{acl}: {reply}");
        let log = bench.main_log();
        let [.., blackhole, completed] = log.as_slice() else { panic!("{log:?}") };
        assert!(blackhole.ends_with(&format!("=> blackhole ({acl} ACL discarded recipients)")), "{log:?}");
        assert!(completed.ends_with(" Completed"), "{log:?}");
    }
    assert_eq!(bench.spool_files(), Vec::<String>::new());
    assert!(
        bench.main_log().contains(
            &"H=(foo) [192.0.2.7] F=<a@b.example> RCPT <gone@d.example>: discarded by RCPT ACL: discarded it"
                .to_owned()
        )
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn headers_are_added_and_removed() {
    let bench = Bench::new(POLICY);
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO foo\nS: 250-…").await;
    let header = "Subject: addh\r\nX-Foo: bar\r\nX-Remove: foo\r\nX-Foo: baz\r\nFrom: foo@bar";
    assert!(message(&mut client, "a@b.example", "warned@d.example", header).await.starts_with("250"));
    let (spooled, _) = bench.only_message();
    let lines = spooled.split("\n\n").last().expect("the header follows a blank line");
    assert!(lines.starts_with("007  X-S: 1\n"), "{lines}");
    let own: Vec<&str> = lines.lines().collect();
    for expected in [
        "011* X-Foo: bar",
        "014* X-Remove: foo",
        "011* X-Foo: baz",
        "014F From: foo@bar",
        "007  X-A: b",
        "007  X-C: d",
    ] {
        assert!(own.contains(&expected), "{expected}: {lines}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn freezing() {
    let bench = Bench::new(POLICY);
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO foo\nS: 250-…").await;
    assert!(
        message(&mut client, "a@b.example", "r@d.example", "Subject: freeze").await.starts_with("250 OK id=")
    );
    let (header, _) = bench.only_message();
    assert!(header.contains(&format!("-frozen {}\n", crate::testing::NOW.secs())), "{header}");
    assert!(bench.main_log()[1].ends_with(" frozen by ACL"), "{:?}", bench.main_log());
    assert!(bench.queue.all().is_empty());
}

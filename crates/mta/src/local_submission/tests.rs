//! Messages on standard input: what is stored, what is said on standard error, with which exit code.

use std::sync::Arc;

use super::{MessageRequest, Submitted, message};
use crate::receive::{Caller, CallerRequest};
use crate::smtp_in::Client;
use crate::testing::{Bench, Dialogue};

fn root() -> Caller {
    Caller { login: b"root".to_vec(), full_name: b"The Root".to_vec(), trusted: true, ..Caller::default() }
}

fn user() -> Caller {
    Caller { uid: 501, gid: 501, login: b"joe".to_vec(), full_name: b"Joe Doe".to_vec(), ..Caller::default() }
}

fn to(caller: Caller, arguments: &[&str]) -> MessageRequest {
    MessageRequest {
        caller,
        arguments: arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect(),
        dot_ends: true,
        ..MessageRequest::default()
    }
}

async fn submit(bench: &Bench, request: MessageRequest, input: &str) -> Submitted {
    message(&mut input.as_bytes(), request, Arc::clone(&bench.services)).await
}

fn header_lines(spooled: &str) -> Vec<&str> {
    spooled.split("\n\n").last().unwrap_or_default().lines().filter(|line| !line.starts_with('\t')).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_message_from_an_ordinary_user_is_completed() {
    let bench = Bench::new("queue_only\n");
    let done = submit(&bench, to(user(), &["a@b.example", "unq"]), "Subject: x\n\nbody\n").await;
    assert_eq!((done.exit_code, done.error.as_str()), (0, ""));
    let id = done.id.expect("it was stored");
    let (header, data) = bench.only_message();
    assert!(data.ends_with("-D\nbody\n"), "{data:?}");
    assert!(header.starts_with(&format!("{id}-H\njoe 501 501\n<joe@test.example>\n")), "{header}");
    for line in
        ["-ident joe", "-received_protocol local", "-auth_id joe", "-auth_sender joe@test.example", "-local"]
    {
        assert!(header.lines().any(|found| found == line || found == format!("-{line}")), "{line}: {header}");
    }
    assert!(header.contains("\n2\na@b.example\nunq@test.example\n"), "{header}");
    assert_eq!(
        header_lines(&header)[1..],
        [
            "011  Subject: x",
            &format!("055I Message-Id: <E{id}@mx.test.example>"),
            "033F From: Joe Doe <joe@test.example>",
            "038  Date: Sun, 22 Nov 2026 15:00:00 +0000",
        ]
    );
    assert_eq!(bench.main_log(), [format!("{id} <= joe@test.example U=joe P=local S=302")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_false_from_gets_a_sender() {
    let bench = Bench::new("queue_only\n");
    submit(&bench, to(user(), &["a@b.example"]), "From: someone@else.example\nSender: me@x\n\nx\n").await;
    let (header, _) = bench.only_message();
    let lines = header_lines(&header);
    assert!(lines.iter().any(|line| line.ends_with("* Sender: me@x")), "{lines:?}");
    assert!(lines.iter().any(|line| line.ends_with("S Sender: Joe Doe <joe@test.example>")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn recipients_come_from_the_header() {
    let bench = Bench::new("queue_only\n");
    let mut request = to(root(), &["c@d.example"]);
    request.extract_recipients = true;
    let input = "To: a@b.example, unq\nCc: c@d.example, Ann <ann@e.example>\nBcc: hidden@f.example\n\nx\n";
    let done = submit(&bench, request, input).await;
    assert_eq!(done.exit_code, 0, "{done:?}");
    let (header, _) = bench.only_message();
    let expected =
        "\nNN c@d.example\n5\na@b.example\nunq@test.example\nc@d.example\nann@e.example\nhidden@f.example\n";
    assert!(header.contains(expected), "{header}");
    assert!(header.contains("* Bcc: hidden@f.example\n"), "{header}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn refusals_are_the_oracles() {
    let bench = Bench::new("queue_only\nmessage_size_limit = 1000\n");
    let mut no_recipients = to(root(), &[]);
    no_recipients.extract_recipients = true;
    let mut unqualified = to(root(), &["unq"]);
    unqualified.caller.no_qualify = true;
    let table = [
        (to(root(), &["bad@"]), "x\n", "bad recipient address \"bad@\": domain missing or malformed"),
        (
            to(root(), &["ok@x, bad@,foo"]),
            "x\n",
            "bad recipient address \"ok@x, bad@,foo\": domain missing or malformed",
        ),
        (unqualified, "x\n", "bad recipient address \"unq\": unqualified recipient address not allowed"),
        (no_recipients, "Subject: none\n\nx\n", "no recipients in message"),
        (to(root(), &["ok@x"]), &"z".repeat(1200), "message rejected: message too big (max=1000)"),
    ];
    for (request, input, expected) in table {
        let done = submit(&bench, request, input).await;
        assert_eq!((done.exit_code, done.error.as_str(), done.id), (1, expected, None));
    }
    assert_eq!(bench.spool_files(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dots_and_from_lines() {
    let bench = Bench::new("queue_only\n");
    let mut request = to(root(), &["c@d.example"]);
    let done = submit(
        &bench,
        request.clone(),
        "From a@b.example Fri Jan  5 12:35 GMT 1996\nSubject: s\n\nx\n.\ny\n",
    )
    .await;
    assert_eq!(done.exit_code, 0, "{done:?}");
    let (header, data) = bench.only_message();
    assert!(header.contains("\n<a@b.example>\n") && data.ends_with("-D\nx\n"), "{header}{data}");
    let other = Bench::new("queue_only\n");
    request.dot_ends = false;
    request.caller = user();
    submit(&other, request, "From a@b.example Fri Jan  5 12:35 GMT 1996\nSubject: s\n\nx\n.\ny\n").await;
    let (header, data) = other.only_message();
    assert!(header.contains("\n<joe@test.example>\n") && data.ends_with("-D\nx\n.\ny\n"), "{header}{data}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn callers_are_what_the_system_says() {
    let bench = Bench::new("queue_only\ntrusted_users = 501\ngecos_pattern = ^([^,:]*)\ngecos_name = $1\n");
    let request = CallerRequest {
        sender: Some(b"<boss>".to_vec()),
        full_name: Some(b"Me".to_vec()),
        ..CallerRequest::default()
    };
    let caller = Caller::identify(request, &bench.services).await.expect("root has an account");
    assert!(caller.trusted);
    assert_eq!(caller.login, b"root");
    assert_eq!(caller.sender.as_deref(), Some(&b"boss@test.example"[..]));
    let nobody = CallerRequest { uid: 3_999_999_999, ..CallerRequest::default() };
    let error = Caller::identify(nobody, &bench.services).await.expect_err("nobody has this uid");
    assert_eq!(error, "failed to get user name for uid 3999999999");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn smtp_on_standard_input() {
    let bench = Bench::new("acl_smtp_rcpt = accept\nqueue_only\n");
    let mut client = Dialogue::open(&bench, Client::Local(Box::new(user())));
    client
        .follow(
            "S: 220 mx.test.example ESMTP Exim 4.99 …
             C: EHLO foo
             S: 250-mx.test.example Hello joe at foo|250-SIZE 52428800|…
             C: MAIL FROM:<boss@test.example>
             S: 250 OK
             C: RCPT TO:<ann>
             S: 250 Accepted
             C: DATA
             S: 354 …
             C: From: joe@test.example
             C:
             C: x
             C: .
             S: 250 OK id=…
             C: QUIT
             S: 221 mx.test.example closing connection",
        )
        .await;
    let (header, _) = bench.only_message();
    assert!(header.contains("\n<joe@test.example>\n"), "the caller is not trusted: {header}");
    assert!(header.contains("-received_protocol local-esmtp\n"), "{header}");
    assert!(
        bench.main_log()[0].contains(" <= joe@test.example U=joe P=local-esmtp S="),
        "{:?}",
        bench.main_log()
    );
}

//! Limits on connections, commands and time.

use super::OPEN;
use crate::smtp_in::{Client, SessionEnd, session};
use crate::testing::{Bench, Dialogue};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn too_many_unknown_commands() {
    let bench = Bench::new(OPEN);
    let mut client = Dialogue::connect(&bench);
    client
        .follow("S: 220 …\nC: ONE\nS: 500 unrecognized command\nC: TWO\nS: 500 …\nC: THREE\nS: 500 …")
        .await;
    assert!(client.command("FOUR").await.contains("Too many unrecognized commands"));
    assert_eq!(client.closed().await, SessionEnd::Closed { messages: 0, abnormal: false });
    assert!(bench.main_log().iter().any(|line| line.contains("dropped: too many unrecognized commands")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn too_many_commands_that_are_no_mail() {
    let bench = Bench::new(&format!("{OPEN}smtp_accept_max_nonmail = 2\n"));
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: NOOP\nS: 250 OK\nC: NOOP\nS: 250 OK").await;
    assert_eq!(client.command("NOOP").await, "554 Too many nonmail commands");
    client.closed().await;
    assert_eq!(
        bench.main_log(),
        ["SMTP call from [192.0.2.7] dropped: too many nonmail commands (last was \"NOOP\")"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nonmail_hosts_are_exempt() {
    let bench = Bench::new(&format!(
        "{OPEN}smtp_accept_max_nonmail = 1\nsmtp_accept_max_nonmail_hosts = !192.0.2.7\n"
    ));
    let mut client = Dialogue::connect(&bench);
    client
        .follow("S: 220 …\nC: NOOP\nS: 250 OK\nC: NOOP\nS: 250 OK\nC: NOOP\nS: 250 OK\nC: NOOP\nS: 250 OK")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn recipients_max() {
    let bench = Bench::new(&format!("{OPEN}recipients_max = 2\n"));
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: EHLO x
             S: 250-…
             C: MAIL FROM:<a@b.example>
             S: 250 OK
             C: RCPT TO:<1@d.example>
             S: 250 Accepted
             C: RCPT TO:<2@d.example>
             S: 250 Accepted
             C: RCPT TO:<3@d.example>
             S: 452 too many recipients",
        )
        .await;
    assert_eq!(
        bench.main_log(),
        ["too many recipients: excess temporarily rejected: sender=<a@b.example> H=(x) [192.0.2.7]"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_host_that_is_not_wanted() {
    let bench = Bench::new(&format!("{OPEN}host_reject_connection = 192.0.2.7\n"));
    let mut client = Dialogue::connect(&bench);
    assert_eq!(client.reply().await, "554 SMTP service not available");
    client.closed().await;
    assert_eq!(bench.main_log(), ["refused connection from [192.0.2.7] (host_reject_connection)"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn early_talkers_are_turned_away() {
    let bench = Bench::new(OPEN);
    let mut client = Dialogue::connect(&bench);
    client.send("EHLO too.early\r\n").await;
    let reply = client.reply().await;
    // The session may have come to its banner before the octets came in; then nothing was early.
    assert!(reply == "554 SMTP synchronization error" || reply.starts_with("220"), "{reply}");
}

#[tokio::test]
async fn a_silent_client_is_told_to_go() {
    let bench = Bench::new(&format!("{OPEN}smtp_receive_timeout = 1s\n"));
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: HELO x\nS: 250 …").await;
    // Nothing is sent: the clock of the runtime moves on by itself when every task waits.
    tokio::time::pause();
    assert_eq!(client.reply().await, "421 mx.test.example: SMTP command timeout - closing connection");
    client.closed().await;
    assert_eq!(bench.main_log()[0], "SMTP command timeout on connection from (x) [192.0.2.7]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_idle_session_is_small() {
    let bench = Bench::new(OPEN);
    let (_ours, mut theirs) = tokio::io::duplex(1);
    let peer = std::net::SocketAddr::from(([192, 0, 2, 7], 4000));
    let client = Client::Tcp { peer, local: peer, count: Some(1) };
    let waiting =
        session(&mut theirs, client, std::sync::Arc::clone(&bench.services), bench.shutdown.subscribe());
    // The state that a session keeps while it waits: its future, and the context inside. Buffers are given back.
    let size = size_of_val(&waiting) + size_of::<crate::context::Context>();
    assert!(size < 16 * 1024, "{size}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn shutting_down_ends_sessions_with_421() {
    let bench = Bench::new(OPEN);
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …").await;
    bench.shutdown.send(true).expect("the session listens");
    assert!(client.reply().await.starts_with("421 "));
    client.closed().await;
}

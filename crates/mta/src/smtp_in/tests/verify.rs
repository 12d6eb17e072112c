//! Verification of senders and recipients, VRFY and EXPN, through real routers. Answers are the oracle's.

use crate::testing::{Bench, Dialogue};

const ROUTED: &str = r"
domainlist local_domains = test.example
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_vrfy = accept
acl_smtp_expn = accept
smtp_accept_max_nonmail = 100
queue_only
begin acl
acl_mail:
  accept condition = ${if match{$sender_address}{^mfail}}
       verify = sender
  accept
acl_rcpt:
  deny message = nodetails
       local_parts = nd
       !verify = sender/no_details
  deny message = M <$acl_verify_message>
       local_parts = msg
       !verify = sender
  require verify = sender
  require verify = recipient
  accept
begin routers
r:
  driver = accept
  domains = test.example
  local_parts = ok : nd : msg : plain
  transport = t
deferr:
  driver = redirect
  local_parts = dfr
  allow_defer
  data = :defer: not now
failr:
  driver = redirect
  local_parts = flr
  allow_fail
  data = :fail: no such
red:
  driver = redirect
  local_parts = alias
  data = ok@test.example, plain@test.example
black:
  driver = redirect
  local_parts = blackh
  data = :blackhole:
begin transports
t:
  driver = appendfile
  file = /nonexistent/mbox
";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_sender_that_does_not_verify() {
    let bench = Bench::new(ROUTED);
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: EHLO foo
             S: 250-…
             C: MAIL FROM:<nouser@test.example>
             S: 250 OK
             C: RCPT TO:<plain@test.example>
             S: 550-Verification failed for <nouser@test.example>|550-Unrouteable address|550 Sender verify failed
             C: RCPT TO:<plain@test.example>
             S: 550 Sender verify failed
             C: RCPT TO:<msg@test.example>
             S: 550 M <Sender verify failed>
             C: RSET
             S: 250 Reset OK
             C: MAIL FROM:<nouser@test.example>
             S: 250 OK
             C: RCPT TO:<nd@test.example>
             S: 550 nodetails
             C: RSET
             S: 250 Reset OK
             C: MAIL FROM:<dfr@test.example>
             S: 250 OK
             C: RCPT TO:<plain@test.example>
             S: 451 Temporary local problem - please try later",
        )
        .await;
    let who = "H=(foo) [192.0.2.7]";
    let rejected = format!("{who} F=<nouser@test.example> rejected RCPT");
    assert_eq!(
        bench.main_log(),
        [
            format!("{who} sender verify fail for <nouser@test.example>: Unrouteable address"),
            format!("{rejected} <plain@test.example>: Sender verify failed"),
            format!("{rejected} <plain@test.example>: Sender verify failed"),
            format!("{rejected} <msg@test.example>: Sender verify failed"),
            format!("{rejected} <nd@test.example>: Sender verify failed"),
            format!("{who} sender verify defer for <dfr@test.example>: not now"),
            format!(
                "{who} F=<dfr@test.example> temporarily rejected RCPT <plain@test.example>: \
                 Could not complete sender verify"
            ),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn recipients() {
    let bench = Bench::new(ROUTED);
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: EHLO foo
             S: 250-…
             C: MAIL FROM:<ok@test.example>
             S: 250 OK
             C: RCPT TO:<nobody@test.example>
             S: 550 Unrouteable address
             C: RCPT TO:<flr@test.example>
             S: 550 no such
             C: RCPT TO:<dfr@test.example>
             S: 451 not now
             C: RCPT TO:<alias@test.example>
             S: 250 Accepted
             C: RCPT TO:<OK@Test.example>
             S: 250 Accepted",
        )
        .await;
    let who = "H=(foo) [192.0.2.7] F=<ok@test.example> rejected RCPT";
    assert_eq!(
        bench.main_log(),
        [
            format!("{who} <nobody@test.example>: Unrouteable address"),
            format!("{who} <flr@test.example>: no such"),
            "H=(foo) [192.0.2.7] F=<ok@test.example> temporarily rejected RCPT <dfr@test.example>: not now"
                .to_owned(),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn vrfy_and_expn() {
    let bench = Bench::new(ROUTED);
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: EHLO foo
             S: 250-…|250-VRFY|250-EXPN|…
             C: VRFY ok@test.example
             S: 250 <ok@test.example> is deliverable
             C: VRFY dfr@test.example
             S: 451 <dfr@test.example> not now
             C: VRFY flr@test.example
             S: 550 <flr@test.example> no such
             C: VRFY foo
             S: 501 foo: recipient address must contain a domain
             C: EXPN alias
             S: 250-<ok@test.example>|250 <plain@test.example>
             C: EXPN ok
             S: 250 <ok@test.example>
             C: EXPN dfr
             S: 553 dfr@test.example cannot be resolved at this time
             C: EXPN nobody
             S: 553 nobody@test.example is undeliverable
             C: EXPN blackh
             S: 250 mail to <blackh@test.example> is discarded",
        )
        .await;
    assert_eq!(bench.main_log(), ["VRFY failed for flr@test.example H=(foo) [192.0.2.7]"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn helo_must_be_the_clients_own() {
    let bench = Bench::new("acl_smtp_rcpt = accept\nhelo_verify_hosts = 192.0.2.7\nhelo_lookup_domains =\n");
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: EHLO [192.0.2.8]
             S: 550 EHLO argument does not match calling host
             C: MAIL FROM:<a@b.example>
             S: 503 HELO or EHLO required
             C: HELO [192.0.2.7]
             S: 250 mx.test.example Hello [192.0.2.7] [192.0.2.7]
             C: MAIL FROM:<a@b.example>
             S: 250 OK",
        )
        .await;
    let log = bench.main_log();
    assert_eq!(log[0], "rejected \"EHLO [192.0.2.8]\" from ([192.0.2.8]) [192.0.2.7]", "{log:?}");
}

/// Debian's Exim was never seen to find what a parent says; the specification has it. The other answers are the oracle's:
/// `tests/parity/flow/client_smtp_authorization`.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn parents_that_want_each_client_authorized() {
    let zone = "_client._smtp.strict.example SRV 1 2 1 host.example\n_client._smtp.loose.example SRV 1 2 0 host.example\n\
                _client._smtp.named.strict.example SRV 1 2 0 host.example\nhost.example A 192.0.2.7\n\
                _client._smtp.broken.example FAULT servfail\n";
    let configuration = "acl_smtp_rcpt = check\nqueue_only\ndns_retry = 1\ndns_csa_search_limit = 2\nbegin acl\ncheck:\n\
                         \x20 require verify = csa/$local_part\n  accept message = $csa_status\n";
    let (bench, _server) = Bench::with_zone(configuration, zone);
    let mut client = Dialogue::connect(&bench);
    client
        .follow(
            "S: 220 …
             C: EHLO x
             S: 250-…
             C: MAIL FROM:<>
             S: 250 OK
             C: RCPT TO:<below.strict.example@x.test>
             S: 550 client SMTP authorization failed (explicit authorization required)
             C: RCPT TO:<a.below.strict.example@x.test>
             S: 550 client SMTP authorization failed (explicit authorization required)
             C: RCPT TO:<a.b.below.strict.example@x.test>
             S: 250 unknown
             C: RCPT TO:<named.strict.example@x.test>
             S: 250 ok
             C: RCPT TO:<below.loose.example@x.test>
             S: 250 unknown
             C: RCPT TO:<below.broken.example@x.test>
             S: 250 defer",
        )
        .await;
}

//! Sender policies in ACLs, where the RFCs decide otherwise than the oracle's libraries; the rest is in tests/parity/flow.

use crate::testing::{Bench, Dialogue};

const SPF: &str = r"
acl_smtp_rcpt = acl_rcpt
log_selector = +spf_verbose
queue_only
begin acl
acl_rcpt:
  defer spf = temperror
        message = later
  deny  spf = permerror
        message = bad policy
        log_message = $spf_header_comment
  deny  spf = fail
        message = $spf_smtp_comment
        log_message = $spf_result for $spf_used_domain
  accept spf = *
        logwrite = $spf_received
";

const ZONE: &str = r#"
    syntax.example.     TXT "v=spf1 foo:bar -all"
    fails.example.      FAULT servfail
    loop.example.       TXT "v=spf1 include:loop.example -all"
    noinclude.example.  TXT "v=spf1 include:none.example -all"
    two.example.        TXT "v=spf1 -all"
    two.example.        TXT "v=spf1 +all"
    exp.example.        TXT "v=spf1 -all exp=why.exp.example"
    why.exp.example.    TXT "%{i} is no friend of %{d}"
    neutral.example.    TXT "v=spf1"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn spf_as_the_rfc_has_it() {
    let (bench, _server) = Bench::with_zone(SPF, ZONE);
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO foo\nS: 250-…").await;
    for (domain, reply) in [
        ("syntax.example", "550 bad policy"),
        ("fails.example", "451 later"),
        ("loop.example", "550 bad policy"),
        ("noinclude.example", "550 bad policy"),
        ("two.example", "550 bad policy"),
        ("exp.example", "550 192.0.2.7 is no friend of exp.example : Reason: mechanism"),
        ("neutral.example", "250 Accepted"),
    ] {
        client
            .follow(&format!("C: MAIL FROM:<a@{domain}>\nS: 250 OK\nC: RCPT TO:<x@test.example>\nS: {reply}"))
            .await;
        if domain != "neutral.example" {
            client.follow("C: RSET\nS: 250 Reset OK").await;
        }
    }
    client.follow("C: DATA\nS: 354 …\nC: Subject: x\nC:\nC: .\nS: 250 OK…\nC: QUIT\nS: 221 …").await;
    client.closed().await;
    let log = bench.main_log();
    let line = |part: &str| log.iter().find(|line| line.contains(part)).cloned().unwrap_or_default();
    assert_eq!(
        line("exp.example>"),
        "H=(foo) [192.0.2.7] SPF=fail F=<a@exp.example> rejected RCPT <x@test.example>: fail for exp.example"
    );
    for (domain, problem) in [
        ("syntax.example", "bad term \"foo:bar\" in the record of syntax.example"),
        ("loop.example", "too many terms that ask the DNS"),
        ("noinclude.example", "none.example has no record"),
        ("two.example", "two.example has more than one record"),
    ] {
        let want = format!(": mx.test.example: error in checking domain of {domain}: {problem}");
        assert!(line(&format!("{domain}>")).ends_with(&want), "{domain} {log:?}");
    }
    assert!(line("<= a@neutral.example").ends_with(" SPF=neutral"), "{log:?}");
    assert!(line("Received-SPF: neutral").ends_with("envelope-from=a@neutral.example; helo=foo;"), "{log:?}");
}

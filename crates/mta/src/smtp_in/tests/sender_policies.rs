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
        logwrite = looked up: ${lookup{x@two.example}spf{192.0.2.7}} ${lookup{x@exp.example}spf{192.0.2.7}} \
                   ${lookup{x@neutral.example}spf{2001:db8::1}} ${lookup{x@none.example}spf{192.0.2.7}} \
                   ${lookup{x@none.example}spf{127.0.0.1}} <${lookup{x@none.example}spf{x}}>
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
    assert!(line("looked up: ").ends_with("looked up: permerror fail neutral none pass <>"), "{log:?}");
    assert!(line("<= a@neutral.example").ends_with(" SPF=neutral"), "{log:?}");
    assert!(line("Received-SPF: neutral").ends_with("envelope-from=a@neutral.example; helo=foo;"), "{log:?}");
}

pub(super) const DMARC: &str = r"
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
log_selector = +dmarc_verbose
queue_only
dmarc_tld_file = DIR/suffixes
dmarc_history_file = DIR/history
begin acl
acl_rcpt:
  warn  local_parts = unchecked
        control = dmarc_disable_verify
  accept spf = *
acl_data:
  defer dmarc_status = temperror
  deny  dmarc_status = reject
        message = $dmarc_status_text by $dmarc_used_domain
  warn  dmarc_status = !accept : none
        add_header = X-DMARC: $dmarc_status $dmarc_domain_policy
  accept logwrite = ${authresults{me}}
         logwrite = $dmarc_status $dmarc_used_domain $dmarc_domain_policy $dmarc_alignment_spf $dmarc_alignment_dkim
";

pub(super) const DMARC_ZONE: &str = r#"
    pass.example.          TXT "v=spf1 ip4:192.0.2.0/24 -all"
    _dmarc.pass.example.   TXT "v=DMARC1; p=reject; rua=mailto:agg@pass.example"
    _dmarc.rej.example.    TXT "v=DMARC1; p=reject"
    _dmarc.none.example.   TXT "v=DMARC1; p=none; sp=quarantine"
    _dmarc.fails.example.  FAULT servfail
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dmarc_from_the_acl_to_the_history() {
    let directory = std::env::temp_dir().join(format!("postrider-dmarc-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a scratch directory");
    std::fs::write(directory.join("suffixes"), "com\nexample\n").expect("a list");
    let (bench, _server) = Bench::with_zone(&DMARC.replace("DIR", &directory.to_string_lossy()), DMARC_ZONE);
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO foo\nS: 250-…").await;
    for (to, from, reply) in [
        ("x", "From: a@pass.example", "250 OK…"),
        ("x", "From: Ann <a@m.pass.example>", "250 OK…"),
        ("x", "From: a@rej.example", "550 Reject by rej.example"),
        ("x", "From: a@none.example", "250 OK…"),
        ("x", "From: a@x.none.example", "250 OK…"),
        ("x", "From: a@fails.example", "451 Temporary local problem - please try later"),
        ("x", "From: a@absent.example", "250 OK…"),
        ("x", "X-No: author", "250 OK…"),
        ("unchecked", "From: a@rej.example", "250 OK…"),
    ] {
        client
            .follow(&format!(
                "C: MAIL FROM:<b@pass.example>\nS: 250 OK\nC: RCPT TO:<{to}@test.example>\nS: 250 Accepted\n\
                 C: DATA\nS: 354 …\nC: {from}\nC:\nC: .\nS: {reply}"
            ))
            .await;
    }
    client.follow("C: QUIT\nS: 221 …").await;
    client.closed().await;
    let log = bench.main_log();
    // Each line begins with the message's id.
    let decided: Vec<&str> = log
        .iter()
        .filter(|line| !["<= ", "rejected", "Authentication-Results"].iter().any(|part| line.contains(part)))
        .map(|line| line.split_once(' ').map_or("", |line| line.1))
        .collect();
    assert_eq!(
        decided,
        [
            "accept pass.example reject yes no",
            "accept pass.example reject yes no",
            "none none.example none no no",
            "quarantine none.example quarantine no no",
            "norecord   no no",
            "nofrom   no no",
            "off   no no",
        ]
    );
    let results = "me;\\n\tspf=pass smtp.mailfrom=pass.example;\\n\tdmarc=";
    for result in
        ["pass header.from=pass.example", "fail header.from=none.example", "none header.from=absent.example"]
    {
        assert!(log.iter().any(|line| line.ends_with(&format!("{results}{result}"))), "{result}: {log:?}");
    }
    let refused = log.iter().find(|line| line.contains("rejected after DATA")).cloned().unwrap_or_default();
    assert!(refused.contains(" DMARC=reject F=<b@pass.example>"), "{refused}");
    assert!(
        log.iter().any(|line| line.contains("<= b@pass.example") && line.contains(" DMARC=accept")),
        "{log:?}"
    );
    history_is_complete(&std::fs::read_to_string(directory.join("history")).expect("a history"));
    std::fs::remove_dir_all(&directory).expect("the scratch directory goes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dmarc_variables_and_a_list_that_is_expanded() {
    let configuration = "acl_smtp_rcpt = accept\nacl_smtp_data = acl_data\nqueue_only\n\
        dmarc_tld_file = ${if eq{$sender_helo_name}{foo}{builtin}}\nbegin acl\nacl_data:\n  warn dmarc_status = *\n  \
        accept logwrite = <$dmarc_status_text> <$dmarc_domain_policy> <$dmarc_ar_header>\n";
    let (bench, _server) = Bench::with_zone(configuration, DMARC_ZONE);
    for (helo, from, want) in [
        (
            "foo",
            "a@none.example",
            "<None, Accept> <none> <Authentication-Results: mx.test.example;\\n\tdmarc=fail header.from=none.example>",
        ),
        ("bar", "a@none.example", "<Not checked> <> <Authentication-Results: mx.test.example>"),
    ] {
        let mut client = Dialogue::connect(&bench);
        client
            .follow(&format!(
                "S: 220 …\nC: EHLO {helo}\nS: 250-…\nC: MAIL FROM:<b@pass.example>\nS: 250 OK\n\
                 C: RCPT TO:<x@test.example>\nS: 250 Accepted\nC: DATA\nS: 354 …\nC: From: {from}\nC:\n\
                 C: .\nS: 250 OK…\nC: QUIT\nS: 221 …"
            ))
            .await;
        client.closed().await;
        let log = bench.main_log();
        assert!(log.iter().any(|line| line.ends_with(want)), "{want}: {log:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dmarc_needs_a_list_of_suffixes() {
    for list in ["", "dmarc_tld_file =\n"] {
        let configuration = format!(
            "{list}acl_smtp_rcpt = accept\nacl_smtp_data = acl_data\nqueue_only\nbegin acl\nacl_data:\n  \
             accept dmarc_status = off\n    logwrite = <$dmarc_status> <$dmarc_domain_policy>\n"
        );
        let (bench, server) = Bench::with_zone(&configuration, DMARC_ZONE);
        let mut client = Dialogue::connect(&bench);
        client
            .follow(
                "S: 220 …\nC: EHLO foo\nS: 250-…\nC: MAIL FROM:<b@pass.example>\nS: 250 OK\n\
                 C: RCPT TO:<x@test.example>\nS: 250 Accepted\nC: DATA\nS: 354 …\nC: From: a@rej.example\nC:\n\
                 C: .\nS: 250 OK…\nC: QUIT\nS: 221 …",
            )
            .await;
        client.closed().await;
        let log = bench.main_log();
        assert!(log.iter().any(|line| line.ends_with("<off> <>")), "{log:?}");
        assert!(server.seen().iter().all(|seen| !seen.name.starts_with(b"_dmarc")), "asked although off");
    }
}

/// The first entry in full, and one entry for each message with an author that was checked.
fn history_is_complete(history: &str) {
    let first: Vec<&str> = history.lines().skip_while(|line| !line.starts_with("ipaddr")).take(17).collect();
    assert_eq!(
        first,
        [
            "ipaddr 192.0.2.7",
            "from pass.example",
            "mfrom pass.example",
            "spf 0",
            "pdomain pass.example",
            "policy 15",
            "rua mailto:agg@pass.example",
            "pct 100",
            "adkim 114",
            "aspf 114",
            "p 114",
            "sp 0",
            "align_dkim 5",
            "align_spf 4",
            "action 2",
            history.lines().nth(18).unwrap_or_default(),
            history.lines().nth(19).unwrap_or_default(),
        ]
    );
    assert_eq!(history.lines().filter(|line| line.starts_with("job ")).count(), 7);
}

const REPORTING: &str = r"
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
queue_only
dmarc_tld_file = builtin
dmarc_store_results
dmarc_forensic_sender = SENDER
begin acl
acl_rcpt:
  warn  local_parts = !quiet
        control = dmarc_enable_forensic
  accept spf = *
acl_data:
  defer condition = ${if match{$h_subject:}{later}}
        dmarc_status = *
  deny  dmarc_status = reject
        !condition = ${if match{$h_subject:}{spared}}
        message = $dmarc_status_text
  accept logwrite = $dmarc_status $dmarc_used_domain
";

const REPORTING_ZONE: &str = r#"
    client.com.              TXT "v=spf1 ip4:192.0.2.0/24 -all"
    _dmarc.own.co.uk.        TXT "v=DMARC1; p=reject; sp=none; ruf=mailto:ruf@in.own.co.uk,mailto:ruf@yes.org,mailto:ruf@no.org; rua=mailto:agg@own.co.uk!1m"
    own.co.uk._report._dmarc.yes.org. TXT "v=DMARC1"
    own.co.uk._report._dmarc.no.org.  TXT "v=spf1 -all"
    _dmarc.spf.com.          TXT "v=DMARC1; p=none; fo=s; ruf=mailto:ruf@spf.com"
    _dmarc.dkim.com.         TXT "v=DMARC1; p=none; fo=d; ruf=mailto:ruf@dkim.com"
    _dmarc.any.com.          TXT "v=DMARC1; p=none; fo=1; ruf=mailto:ruf@any.com"
    any.com.                 TXT "v=spf1 ip4:192.0.2.0/24 -all"
    _dmarc.nobody.com.       TXT "v=DMARC1; p=none"
"#;

/// Sends messages `(recipient, sender, header)` and gives the log back, with the bench.
async fn after(sender: &str, messages: &[(&str, &str, &str)]) -> Bench {
    let (bench, _server) = Bench::with_zone(&REPORTING.replace("SENDER", sender), REPORTING_ZONE);
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO foo\nS: 250-…").await;
    for (to, from, header) in messages {
        client
            .follow(&format!(
                "C: MAIL FROM:<{from}>\nS: 250 OK\nC: RCPT TO:<{to}@test.example>\nS: 250 Accepted\nC: DATA\nS: 354 …\n\
                 C: {header}\nC:\nC: .\nS: …"
            ))
            .await;
    }
    client.follow("C: QUIT\nS: 221 …").await;
    client.closed().await;
    bench
}

fn reported(bench: &Bench) -> Vec<String> {
    let log = bench.main_log();
    let sent = log.iter().filter_map(|line| line.split_once("DMARC failure report ")?.1.split_once(" to "));
    sent.map(|(_, to)| to.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn failure_reports_go_to_those_who_asked() {
    for (to, from, header, wanted) in [
        // By default where nothing passed; destinations elsewhere only if they agree.
        ("x", "b@client.com", "From: a@own.co.uk", &["ruf@in.own.co.uk", "ruf@yes.org"][..]),
        ("x", "b@client.com", "From: a@sub.own.co.uk", &["ruf@in.own.co.uk", "ruf@yes.org"]),
        ("quiet", "b@client.com", "From: a@own.co.uk", &[]),
        ("x", "b@client.com", "From: a@spf.com", &[]),
        ("x", "b@any.com", "From: a@dkim.com", &[]),
        ("x", "b@any.com", "From: a@any.com", &["ruf@any.com"]),
        ("x", "b@client.com", "From: a@nobody.com", &[]),
        ("x", "b@client.com", "From: a@absent.com", &[]),
        (
            "x",
            "b@client.com",
            "Content-Type: multipart/report; report-type=feedback-report\nC: From: a@own.co.uk",
            &[],
        ),
    ] {
        let bench = after("", &[(to, from, header)]).await;
        assert_eq!(reported(&bench), wanted, "{to} {from} {header} {:?}", bench.panic_log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_failure_report_says() {
    let message = [("x", "b@client.com", "From: a@own.co.uk\nC: Subject: hello")];
    for (sender, envelope, from) in [
        ("", "<>", "From: Mail Delivery System <Mailer-Daemon@test.example>"),
        ("DMARC <dmarc@us.example>", "<dmarc@us.example>", "From: DMARC <dmarc@us.example>"),
    ] {
        let bench = after(sender, &message).await;
        let log = bench.main_log();
        assert!(
            log.iter().any(|line| line.contains(" <= ") && line.contains(envelope.trim_matches(['<', '>']))),
            "{log:?}"
        );
        let names = bench.spool_files();
        let first = names.iter().find(|name| name.ends_with("-H")).expect("a report was queued");
        let read = |name: &str| {
            String::from_utf8_lossy(
                &std::fs::read(bench.directory().join("input").join(name)).expect("it is there"),
            )
            .into_owned()
        };
        let (header, body) = (read(first), read(&first.replace("-H", "-D")));
        assert!(header.lines().any(|line| line == envelope), "{header}");
        assert!(header.contains(from), "{header}");
        assert!(
            header.contains("Content-Type: multipart/report; report-type=feedback-report;\n\tboundary="),
            "{header}"
        );
        for line in [
            "Content-Type: message/feedback-report",
            "Feedback-Type: auth-failure",
            "Version: 1",
            "Original-Mail-From: <b@client.com>",
            "Original-Rcpt-To: <x@test.example>",
            "Source-IP: 192.0.2.7",
            "Reported-Domain: own.co.uk",
            "Reporting-MTA: dns; mx.test.example",
            "Delivery-Result: reject",
            "Auth-Failure: dmarc",
            "Identity-Alignment: none",
            "Content-Type: text/rfc822-headers; charset=utf-8",
            "Subject: hello",
        ] {
            assert!(body.lines().any(|have| have == line), "{line}: {body}");
        }
        assert!(
            body.contains("Authentication-Results: mx.test.example;  spf=pass smtp.mailfrom=client.com;"),
            "{body}"
        );
        assert!(body.contains("dmarc=fail header.from=own.co.uk"), "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn results_are_kept_for_aggregate_reports() {
    let bench = after(
        "",
        &[
            ("quiet", "b@client.com", "From: a@own.co.uk"),
            ("quiet", "b@client.com", "From: a@own.co.uk"),
            ("quiet", "b@client.com", "From: a@sub.own.co.uk"),
            ("quiet", "b@any.com", "From: a@any.com"),
            ("quiet", "b@any.com", "From: a@absent.com"),
            // What is taken all the same, and what comes again.
            ("quiet", "b@client.com", "From: a@own.co.uk\nC: Subject: spared"),
            ("quiet", "b@client.com", "From: a@own.co.uk\nC: Subject: later"),
        ],
    )
    .await;
    let store = &bench.services.reports;
    let moment = mail_types::Timestamp::from_secs;
    let ever = reports::Period { begin: moment(0), end: moment(i64::MAX / 2_000_000) };
    let domains = store.dmarc_domains(ever).expect("a store");
    assert_eq!(
        domains,
        [
            ("any.com".to_owned(), "p=none; adkim=r; aspf=r; pct=100; fo=1".to_owned()),
            (
                "own.co.uk".to_owned(),
                "p=reject; sp=none; adkim=r; aspf=r; pct=100; rua=mailto:agg@own.co.uk!1048576".to_owned()
            ),
        ]
    );
    let rows = store.dmarc_rows("own.co.uk", ever).expect("a store");
    let shown: Vec<String> = rows
        .iter()
        .map(|row| {
            let one = &row.result;
            let auth: Vec<_> = one
                .auth
                .iter()
                .map(|auth| format!("{} {} {}", auth.method, auth.domain, auth.result))
                .collect();
            format!(
                "{} {} {} {} {} {}",
                row.count,
                one.source,
                one.author,
                one.mail_from,
                one.disposition,
                auth.join(",")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "2 192.0.2.7 own.co.uk client.com reject spf client.com pass",
            "1 192.0.2.7 sub.own.co.uk client.com none spf client.com pass",
            "1 192.0.2.7 own.co.uk client.com none spf client.com pass",
        ]
    );
    assert_eq!(rows[2].result.override_reason, "the message was accepted");
    let any = store.dmarc_rows("any.com", ever).expect("a store");
    assert!(any.len() == 1 && any[0].result.spf_aligned && !any[0].result.dkim_aligned, "{any:?}");
}

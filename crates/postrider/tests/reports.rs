//! `postrider reports`, as an administrator uses it.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use hints::{ReportStore, TlsSession};
use mail_types::Timestamp;
use mail_types::clock::{Clock as _, SystemClock};
use mail_types::zone::Zone;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/tests/fixtures");

fn reports(arguments: &[&str], input: &[u8]) -> Output {
    let program = env!("CARGO_BIN_EXE_postrider");
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        let user = USER.to_string();
        command.args(["--reuid", &user, "--regid", &user, "--clear-groups", program]);
        command
    } else {
        Command::new(program)
    };
    let mut child = command
        .arg("reports")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started");
    child.stdin.take().expect("there is an input").write_all(input).expect("it reads");
    child.wait_with_output().expect("it ends")
}

#[test]
fn reports_of_others_are_summarised() {
    let json = format!("{FIXTURES}/rfc8460-appendix-b.json");
    let xml = std::fs::read(format!("{FIXTURES}/peer-aggregate.xml")).expect("the fixture is there");
    let output = reports(&["ingest", &json, "-"], &xml);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    assert!(said.contains("company-y.example (sts): 5326 sessions good, 303 failed\n"), "{said}");
    assert!(said.contains("messages 125, of these 123 aligned, 2 not\n"), "{said}");
    let absent = format!("{FIXTURES}/absent");
    let output = reports(&["ingest", &absent, &json], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/absent: No such file"));
    assert!(!output.stdout.is_empty());
    assert_eq!(reports(&["ingest"], b"").status.code(), Some(2));
}

/// Whom root becomes: the server's work is nobody's who may do everything.
const USER: u32 = 23_001;

/// A configuration in a scratch folder of its own.
struct Site(std::path::PathBuf);

impl Site {
    fn new(options: &str) -> Self {
        static SITES: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = SITES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("postrider-reports-{}-{number}", std::process::id()));
        std::fs::create_dir_all(folder.join("spool")).expect("a scratch folder can be made");
        let user = rustix::process::geteuid();
        let user = if user.is_root() { USER } else { user.as_raw() };
        let text = format!(
            "spool_directory = {0}/spool\nlog_file_path = {0}/%slog\nexim_user = {user}\nexim_group = {user}\n{options}",
            folder.display(),
        );
        std::fs::write(folder.join("conf"), text).expect("the folder can be written");
        if rustix::process::geteuid().is_root() {
            for place in [&folder, &folder.join("spool")] {
                std::os::unix::fs::chown(place, Some(USER), Some(USER)).expect("root may");
            }
        }
        Self(folder)
    }

    /// One session of yesterday; the store, and when it was.
    fn with_a_session(&self) -> (ReportStore, Timestamp) {
        let at = Timestamp::from_secs(SystemClock.now().secs() - 86_400);
        let session = TlsSession { at, domain: "a.example".to_owned(), ..TlsSession::default() };
        let store = ReportStore::new(&self.0.join("spool/db"));
        store.add_tls(&session).expect("a store");
        (store, at)
    }

    fn say(&self, words: &str) -> (Option<i32>, String, String) {
        let conf = self.0.join("conf");
        let mut arguments = vec!["-C", conf.to_str().expect("a plain name")];
        arguments.extend(words.split(' '));
        let output = reports(&arguments, b"");
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_would_be_sent_is_listed_and_shown() {
    let site = Site::new("tls_reports_domains = *\nreports_from = r@us.example\n");
    assert_eq!(site.say("list"), (Some(0), String::new(), String::new()));
    let (code, _, error) = site.say("show tls a.example");
    assert_eq!((code, error.as_str()), (Some(1), "exim: there is nothing to report about a.example\n"));
    for words in
        ["show", "show spf a.example", "show tls a.example 1 2", "show tls a.example 20010101", "peep"]
    {
        assert_eq!(site.say(words).0, Some(2), "{words}");
    }
    let (_, at) = site.with_a_session();
    let yesterday = Zone::utc().day(at);
    assert_eq!(site.say("list").1, format!("{yesterday} tls a.example: not sent yet\n"));
    let (code, json, _) = site.say(&format!("show tls a.example {yesterday}"));
    assert_eq!(code, Some(0));
    let report = ::reports::TlsReport::read(json.as_bytes()).expect("a report");
    assert!(report.report_id.starts_with(&format!("{yesterday}.tls.a.example.")), "{}", report.report_id);
    assert!(report.report_id.ends_with("@us.example"), "{}", report.report_id);
    assert_eq!(site.say(&format!("preview tls a.example {yesterday}")).1, json);
    assert_eq!(report.policies[0].summary.total_successful_session_count, 1);
}

/// A domain is whatever its owner calls it; a terminal is told nothing by it.
#[test]
fn names_of_domains_are_shown_plain() {
    let site = Site::new("tls_reports_domains = *\nreports_from = r@us.example\n");
    site.say("list");
    let (store, at) = site.with_a_session();
    let session = TlsSession { at, domain: "\u{1b}[2J\n.evil.example".to_owned(), ..TlsSession::default() };
    store.add_tls(&session).expect("a store");
    let list = site.say("list").1;
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.contains("\\033[2J\\n.evil.example: not sent yet\n"), "{list}");
}

/// Two hosts that submit for one domain: who gets the reports of both takes neither for a copy of the other.
#[test]
fn reports_of_two_hosts_are_two() {
    let ids: Vec<String> = ["mx1", "mx2", "mx1"]
        .iter()
        .map(|host| {
            let options = "tls_reports_domains = *\nreports_from = r@us.example\n";
            let site = Site::new(&format!("primary_hostname = {host}.us.example\n{options}"));
            // The program makes the store: it is the server's.
            site.say("list");
            let (_, at) = site.with_a_session();
            let json = site.say(&format!("preview tls a.example {}", Zone::utc().day(at))).1;
            ::reports::TlsReport::read(json.as_bytes()).expect("a report").report_id
        })
        .collect();
    assert!(ids[0] != ids[1] && ids[0] == ids[2], "{ids:?}");
}

/// Damage and missing rights are told of with the file's name, and nothing is taken for sent.
#[test]
fn a_store_that_cannot_be_read_is_an_error() {
    let site = Site::new("tls_reports_domains = *\nreports_from = r@us.example\n");
    // The program makes the store: it is the server's.
    site.say("list");
    site.with_a_session();
    let store = site.0.join("spool/db/postrider-reports.sqlite");
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", store.display()));
    }
    std::fs::write(&store, "no database at all, whatever its name says").expect("it can be damaged");
    for words in ["list", "send", "preview tls a.example"] {
        let (code, said, error) = site.say(words);
        assert_eq!((code, said.as_str()), (Some(1), ""), "{words}");
        assert_eq!(error, format!("exim: {}: file is not a database\n", store.display()), "{words}");
    }
}

/// What `reports send` says and how it ends, as a job of cron sees it.
#[test]
fn sending_says_what_became_of_each_report() {
    let nobody = Site::new("");
    let unset = "exim: reports_from is not set: there are no reports\n";
    assert_eq!(nobody.say("send"), (Some(1), String::new(), unset.to_owned()));
    drop(nobody);
    // Nobody listens at the second destination.
    let zone = "_smtp._tls.a.example. TXT \"v=TLSRPTv1; rua=mailto:t@a.example,https://web.example:1/\"\n\
                web.example. A 127.0.0.1\n";
    let server = dns::fixture::FixtureServer::start(zone).expect("a name server");
    let site = Site::new(&format!(
        "dns_servers = 127.0.0.1::{}\ntls_reports_domains = *\nreports_from = r@us.example\nreports_ignore_target_hosts =\n",
        server.address().port()
    ));
    let nothing = "0 sent, 0 failed\n";
    assert_eq!(site.say("send"), (Some(0), nothing.to_owned(), String::new()));
    let (store, _) = site.with_a_session();
    let alone = store.alone().expect("a lock").expect("nobody else");
    let (code, said, error) = site.say("send");
    assert_eq!((code, said.as_str()), (Some(3), ""));
    assert_eq!(error, "exim: another process is sending reports\n");
    drop(alone);
    let (code, said, _) = site.say("send");
    let lines: Vec<&str> = said.lines().collect();
    let [mail, post, "1 sent, 1 failed"] = lines[..] else { panic!("{said}") };
    assert!(mail.starts_with("TLS report about a.example to mailto:t@a.example: "), "{mail}");
    assert!(post.starts_with("TLS report about a.example to https://web.example:1/: failed: "), "{post}");
    assert_eq!(code, Some(1));
    let list = site.say("list").1;
    assert!(list.contains("mailto:t@a.example: done (1) ") && list.contains("/: failed (1) "), "{list}");
    // Only what failed is tried again, at once.
    let (code, said, _) = site.say("send");
    assert_eq!((code, said.lines().count()), (Some(1), 2), "{said}");
}

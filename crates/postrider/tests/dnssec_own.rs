//! The program validates by itself: zones signed by ldnsutils and served by nsd, which sets no AD bit.
#![allow(clippy::expect_used, clippy::print_stderr, reason = "test code outside #[test] functions")]

#[allow(dead_code, reason = "the resolver's tests use the rest")]
#[path = "../../dns/tests/dnssec/daemons.rs"]
mod daemons;
#[allow(dead_code, reason = "the resolver's tests use the rest")]
#[path = "../../dns/tests/dnssec/zones.rs"]
mod zones;

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use zones::{PLAIN, Spec};

const SPECS: &[Spec] = &[
    Spec { name: ".", records: "", ..PLAIN },
    Spec { name: "test", records: "", ..PLAIN },
    Spec { name: "good.test", ..PLAIN },
    Spec { name: "unsigned.test", algorithm: None, ..PLAIN },
    Spec { name: "corrupted.test", fault: |text| text.replace("192.0.2.7", "192.0.2.66"), ..PLAIN },
];

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program with these options of the main section.
fn program(folder: &Path, options: &str, arguments: &[&str]) -> Command {
    let config = folder.join("exim.conf");
    let text = format!(
        "primary_hostname = mail.example.net\nspool_directory = {0}/spool\nlog_file_path = {0}/log/%slog\n\
         keep_environment =\n{options}\nbegin routers\n\
         strict:\n driver = dnslookup\n local_parts = strict\n dnssec_require_domains = *\n transport = remote\n no_more\n\
         plain:\n driver = dnslookup\n transport = remote\n\
         begin transports\nremote:\n driver = smtp\n",
        folder.display()
    );
    std::fs::write(&config, text).expect("scratch");
    let (word, rest) = arguments.split_at(usize::from(!arguments[0].starts_with('-')));
    let mut command = Command::new(env!("CARGO_BIN_EXE_postrider"));
    command.args(word).arg("-C").arg(&config).args(rest).stdin(Stdio::null());
    command
}

/// What it says.
fn says(folder: &Path, options: &str, arguments: &[&str], input: &str) -> String {
    finished(program(folder, options, arguments), input)
}

/// What a program says.
fn finished(mut program: Command, input: &str) -> String {
    let mut child =
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("built");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A daemon asks the root for its keys, writes down what it has seen, and says so.
fn the_daemon_follows_the_anchors(folder: &Path, own: &str) {
    let before = says(folder, own, &["trust-anchors"], "");
    assert!(before.contains("configured, not seen yet\nNo daemon has followed them yet"), "{before}");
    let state = folder.join("spool/db/postrider-trust-anchors");
    // Nothing is known, and it is time to ask; without the file a daemon waits for a minute.
    let db = folder.join("spool/db");
    std::fs::create_dir_all(&db).expect("scratch");
    std::fs::create_dir_all(folder.join("log")).expect("scratch");
    std::fs::write(&state, "version 1\n").expect("scratch");
    // The daemon works as another user where the test is root.
    for place in [folder, &folder.join("log"), &folder.join("spool"), &db] {
        std::fs::set_permissions(place, Permissions::from_mode(0o777)).expect("ours");
    }
    let mut command = program(folder, own, &["-bdf", "-oX", "127.0.0.1.0"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let daemon = Daemon(command.spawn().expect("built"));
    let begun = Instant::now();
    while !std::fs::read_to_string(&state).is_ok_and(|text| text.contains("\nkey valid ")) {
        assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", std::fs::read_to_string(&state));
        std::thread::yield_now();
    }
    drop(daemon);
    let log = std::fs::read_to_string(folder.join("log/mainlog")).expect("a log");
    assert!(
        log.contains("DNSSEC trust anchor of ., key ") && log.contains(": seen, trusted as configured\n"),
        "{log}"
    );
    let after = says(folder, own, &["trust-anchors"], "");
    assert!(after.contains(" algorithm 13: valid since "), "{after}");
    // What the file says counts: with all anchors revoked nothing is secure, unless nobody looks at it.
    let text = std::fs::read_to_string(&state).expect("a state").replace("key valid", "key revoked");
    std::fs::write(&state, text).expect("ours");
    assert!(says(folder, own, &["-be"], LOOKUPS).starts_with("> 192.0.2.1 no\n"));
    let fixed = format!("{own}no_dnssec_anchor_rollover\n");
    assert!(says(folder, &fixed, &["-be"], LOOKUPS).starts_with("> 192.0.2.1 yes\n"));
    std::fs::remove_file(&state).expect("ours");
}

/// A server that ends with its test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // Its worker too; the group may be gone already.
        let _ = killpg(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

const LOOKUPS: &str = "\
${lookup dnsdb{a=www.good.test}} $lookup_dnssec_authenticated
${lookup dnsdb{a=www.unsigned.test}} $lookup_dnssec_authenticated
${lookup dnsdb{dnssec_strict,a=www.good.test}}
${lookup dnsdb{dnssec_strict,a=www.unsigned.test}}
${lookup dnsdb{a=mail.corrupted.test}}
${lookup dnsdb{dnssec_never,a=mail.corrupted.test}} <$lookup_dnssec_authenticated>
";

const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// Whether all of these are there; CI installs them.
fn installed(programs: &[&str]) -> bool {
    if let Some(missing) = programs.iter().find(|program| !Path::new(program).exists()) {
        assert!(std::env::var_os("CI").is_none(), "{missing} is not installed");
        eprintln!("skipped: {missing} is not installed");
        return false;
    }
    true
}

/// A clock that is wrong is told from zones that are: in the main log, and by `tls-policy`.
#[test]
fn a_wrong_clock_is_named() {
    if !installed(&["/usr/sbin/nsd", "/usr/bin/ldns-signzone", FAKETIME]) {
        return;
    }
    let scratch = Scratch(std::env::temp_dir().join(format!("postrider-wrong-clock-{}", std::process::id())));
    let folder = &scratch.0;
    for place in ["log", "spool"] {
        std::fs::create_dir_all(folder.join(place)).expect("scratch");
    }
    let (made, root) = zones::make(folder, SPECS);
    std::fs::write(folder.join("root.ds"), root).expect("scratch");
    let nsd = daemons::nsd(folder, &made);
    let own = format!(
        "dns_servers = 127.0.0.1::{}\ndnssec_trust_anchors = {}/root.ds\n",
        nsd.address.port(),
        folder.display()
    );
    // The program works as another user where the test is root.
    for place in [folder.clone(), folder.join("log"), folder.join("spool")] {
        std::fs::set_permissions(place, Permissions::from_mode(0o777)).expect("ours");
    }
    let at = |clock: Option<&str>, arguments: &[&str], input: &str| {
        let mut program = program(folder, &own, arguments);
        if let Some(clock) = clock {
            program.env("LD_PRELOAD", FAKETIME).env("FAKETIME", clock);
        }
        finished(program, input)
    };
    let blames = "this machine's clock is probably wrong: it says ";
    let window = ". DNSKEY is signed from 20260101000000Z to 20370101000000Z";
    for (clock, year) in
        [(None, ""), (Some("@2038-01-01 00:00:00"), "2038"), (Some("@2020-01-01 00:00:00"), "2020")]
    {
        let log = folder.join("log/mainlog");
        let _ = std::fs::remove_file(&log);
        at(clock, &["-bt", "x@good.test"], "");
        at(clock, &["-odi", "x@good.test"], "Subject: late\n\nx\n");
        let log = std::fs::read_to_string(&log).expect("a log");
        let policy = at(clock, &["tls-policy", "good.test"], "");
        let named = |text: &str| text.lines().find(|line| line.contains(blames)).map(str::to_owned);
        let (in_log, in_policy) = (named(&log), named(&policy));
        assert_eq!(in_log.is_some(), clock.is_some(), "{clock:?}: {log}");
        assert_eq!(in_policy.is_some(), clock.is_some(), "{clock:?}: {policy}");
        if let (Some(line), Some(policy)) = (in_log, in_policy) {
            for part in [&format!("{blames}{year}0101"), window] {
                assert!(line.contains(part) && policy.contains(part), "{part} in {line} and {policy}");
            }
            assert!(line.contains("DNSSEC validation failed for good.test MX: "), "{line}");
            assert!(log.contains(" defer (-1): host lookup did not complete"), "{log}");
        }
    }
}

#[test]
fn own_validation_decides() {
    if !installed(&["/usr/sbin/nsd", "/usr/bin/ldns-signzone"]) {
        return;
    }
    let scratch = Scratch(std::env::temp_dir().join(format!("postrider-dnssec-own-{}", std::process::id())));
    let folder = &scratch.0;
    std::fs::create_dir_all(folder).expect("scratch");
    let (made, root) = zones::make(folder, SPECS);
    std::fs::write(folder.join("root.ds"), root).expect("scratch");
    let nsd = daemons::nsd(folder, &made);
    let server = format!("dns_servers = 127.0.0.1::{}\n", nsd.address.port());
    let own = format!("{server}dnssec_trust_anchors = {}/root.ds\n", folder.display());
    assert_eq!(
        says(folder, &own, &["-be"], LOOKUPS),
        "> 192.0.2.1 yes\n> 192.0.2.1 no\n> 192.0.2.1\n\
         > Failed: lookup of \"dnssec_strict,a=www.unsigned.test\" gave DEFER: \n\
         > Failed: lookup of \"a=mail.corrupted.test\" gave DEFER: \n\
         > 192.0.2.66 <>\n> \n"
    );
    let routes = says(
        folder,
        &own,
        &["-bt", "strict@good.test", "strict@unsigned.test", "plain@unsigned.test", "plain@corrupted.test"],
        "",
    );
    for part in [
        "strict@good.test\n  router = strict, transport = remote\n  host mail.good.test [192.0.2.7] MX=10\n",
        "strict@unsigned.test cannot be resolved at this time: host lookup done insecurely\n",
        "plain@unsigned.test\n  router = plain, transport = remote\n  host mail.unsigned.test [192.0.2.7] MX=10\n",
        "plain@corrupted.test cannot be resolved at this time: host lookup did not complete\n",
    ] {
        assert!(routes.contains(part), "{part:?} in {routes}");
    }
    // The server's word is asked for, and it says nothing; or nobody's.
    let upstream = format!("{server}dnssec_validation = upstream\n");
    let off = format!("{own}dns_dnssec_ok = 0\n");
    for options in [&upstream, &off] {
        let said = says(folder, options, &["-be"], LOOKUPS);
        assert!(said.starts_with("> 192.0.2.1 no\n> 192.0.2.1 no\n> Failed:"), "{options}: {said}");
    }
    the_daemon_follows_the_anchors(folder, &own);
    let wrong = format!("{server}dnssec_trust_anchors = {}/nothing\n", folder.display());
    let said = says(folder, &wrong, &["-bt", "x@good.test"], "");
    assert!(said.contains("dnssec_trust_anchors") && said.contains("No such file"), "{said}");
}

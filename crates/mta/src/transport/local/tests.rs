//! Whole local deliveries. Files, texts and numbers are those of Exim 4.96.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mail_message::header::HeaderLine;
use mail_types::value::Value;

use super::*;
use crate::context::facts::{AddressFacts, Facts};
use crate::testing::Bench;

/// A message with this body, in a file of its own.
struct Delivery {
    bench: Bench,
    context: Context,
    request: LocalRequest,
    data: File,
}

const BODY: &str = "From here\n.dot\nbody\n";

impl Delivery {
    /// `{}` in the transport's options stands for the scratch directory.
    fn new(transport: &str) -> Self {
        let scratch = std::env::temp_dir().join(format!("postrider-local-{}", std::process::id()));
        std::fs::create_dir_all(&scratch).unwrap();
        let transport = transport.replace("{}", &scratch.display().to_string());
        let bench = Bench::new(&format!("begin transports\n{transport}\n"));
        let data_path = bench.directory().join("data");
        File::create(&data_path).unwrap().write_all(format!("id-D\n{BODY}").as_bytes()).unwrap();
        let data = File::open(&data_path).unwrap();
        let mut facts = Facts::default();
        facts.message.sender_address = b"s@q.test".to_vec();
        facts.message.size = Some(100);
        facts.message.headers = ["From: s@q.test", "X-Gone: y", "Subject: s"].map(HeaderLine::new).to_vec();
        let request = LocalRequest {
            transport: "t".to_owned(),
            facts: facts.clone(),
            addresses: vec![address("x@m.test")],
            run_as: None,
            home_directory: None,
            current_directory: None,
            headers_add: vec![HeaderLine::new("X-Router: r")],
            headers_remove: vec![b"x-gone".to_vec()],
            body_offset: 5,
        };
        let context = Context::new(facts, Arc::clone(&bench.services));
        Self { bench, context, request, data }
    }

    fn run(&mut self) -> LocalResult {
        let reply = run(&self.request, &mut self.context, &self.data);
        assert_eq!(reply.results.len(), self.request.addresses.len());
        reply.results.into_iter().next().unwrap()
    }
}

fn address(text: &str) -> AddressFacts {
    let (local, domain) = text.split_once('@').unwrap();
    AddressFacts {
        address: text.into(),
        local_part: Some(Value::tainted(local)),
        domain: Some(Value::tainted(domain)),
        original_local_part: Some(Value::tainted(local)),
        original_domain: Some(Value::tainted(domain)),
        ..AddressFacts::default()
    }
}

/// A path in the scratch directory that nothing is at.
fn place(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("postrider-local-{}", std::process::id())).join(name);
    let _ = std::fs::remove_file(&path);
    let _ = std::fs::remove_dir_all(&path);
    path
}

fn text(result: &LocalResult) -> String {
    String::from_utf8(result.message.clone().unwrap_or_default()).unwrap()
}

const HEADER: &str = "From: s@q.test\nSubject: s\nX-Router: r\n";

#[tokio::test]
async fn a_mailbox_grows_by_each_message() {
    let mailbox = place("mbox");
    let mut delivery = Delivery::new(
        "t:\n driver = appendfile\n file = {}/mbox\n return_path_add\n envelope_to_add\n delivery_date_add\n\
         headers_add = X-T: $primary_hostname\n",
    );
    delivery.request.addresses = vec![address("z@al.test"), address("x@m.test"), address("x@m.test")];
    assert_eq!(delivery.run().verdict, Verdict::Accept);
    let one = format!(
        "From s@q.test Sun Nov 22 15:00:00 2026\nReturn-path: <s@q.test>\nEnvelope-to: z@al.test,\n x@m.test\n\
         Delivery-date: Sun, 22 Nov 2026 15:00:00 +0000\n{HEADER}X-T: mx.test.example\n\n>From here\n.dot\nbody\n\n"
    );
    assert_eq!(std::fs::read_to_string(&mailbox).unwrap(), one);
    assert_eq!(delivery.run().verdict, Verdict::Accept);
    assert_eq!(std::fs::read_to_string(&mailbox).unwrap(), format!("{one}{one}"));
    assert!(!mailbox.with_extension("lock").exists());
}

#[tokio::test]
async fn batch_smtp_in_a_file() {
    let file = place("bsmtp");
    let mut delivery = Delivery::new("t:\n driver = appendfile\n file = {}/bsmtp\n use_bsmtp\n");
    delivery.request.addresses = vec![address("b1@bs.test"), address("b2@bs.test")];
    assert_eq!(delivery.run().verdict, Verdict::Accept);
    let want = format!(
        "MAIL FROM:<s@q.test>\nRCPT TO:<b1@bs.test>\nRCPT TO:<b2@bs.test>\nDATA\n{HEADER}\nFrom here\n..dot\nbody\n.\n"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), want);
}

#[tokio::test]
async fn a_maildir_is_made_and_filled() {
    let maildir = place("md");
    let mut delivery = Delivery::new(
        "t:\n driver = appendfile\n directory = {}/md/sub\n maildir_format\n maildir_tag = ,S=$message_size\n",
    );
    for _ in 0..3 {
        let result = delivery.run();
        assert_eq!(result.verdict, Verdict::Accept, "{}", text(&result));
    }
    let list = |name: &str| -> Vec<PathBuf> {
        let mut all: Vec<_> =
            std::fs::read_dir(maildir.join("sub").join(name)).unwrap().map(|e| e.unwrap().path()).collect();
        all.sort();
        all
    };
    assert_eq!((list("tmp").len(), list("cur").len()), (0, 0));
    let new = list("new");
    let content = format!("{HEADER}\n{BODY}");
    let names: Vec<&str> = new.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    let process = std::process::id();
    let want: Vec<String> =
        (0..3).map(|n| format!("1795359600.M{n}P{process}.mx.test.example,S={}", content.len())).collect();
    assert_eq!(names, want);
    assert!(new.iter().all(|path| std::fs::read_to_string(path).unwrap() == content));
}

#[tokio::test]
async fn a_file_for_each_message() {
    let directory = place("plain");
    let mut delivery = Delivery::new("t:\n driver = appendfile\n directory = {}/plain\n");
    assert_eq!(delivery.run().verdict, Verdict::Accept);
    let only = std::fs::read_dir(&directory).unwrap().next().unwrap().unwrap();
    assert!(only.file_name().to_str().unwrap().starts_with("q1xV"), "{only:?}");
}

#[tokio::test]
async fn refusals_of_appendfile() {
    use std::os::unix::fs::PermissionsExt;
    let narrow = place("narrow");
    std::fs::write(&narrow, b"").unwrap();
    std::fs::set_permissions(&narrow, std::fs::Permissions::from_mode(0o400)).unwrap();
    std::fs::create_dir_all(place("adir")).unwrap();
    let missing = place("nofile");
    for (options, errno, ending) in [
        ("file = {}/narrow", -7, "narrow has the wrong mode 400 (600 expected)"),
        ("file = {}/adir", -4, "adir has too many links (2)"),
        ("file = {}/$local_part", -1, "(file or directory name for t transport) not permitted"),
        ("file = foo/bar", -21, "appendfile: file or directory name \"foo/bar\" is not absolute"),
        ("file = {}/nofile\n file_must_exist", 2, "nofile does not exist, but file_must_exist is set"),
        ("file = ${if eq{a}{b}{x}fail}", -1, "failed: \"if\" failed and \"fail\" requested"),
        (
            "file = {}/q\n quota = 50",
            -22,
            "mailbox is full (MTA-imposed quota exceeded while writing to {}/q)",
        ),
        ("file = {}/x\n message_size_limit = 99", 0, "message is too big (transport limit = 99)"),
        (
            "file = {}/x\n create_file = belowhome",
            -12,
            "does not exist, but creation outside the home directory is not permitted",
        ),
    ] {
        let mut delivery = Delivery::new(&format!("t:\n driver = appendfile\n {options}\n"));
        let result = delivery.run();
        let scratch = narrow.parent().map_or_else(String::new, |path| path.display().to_string());
        let ending = ending.replace("{}", &scratch);
        assert_eq!(result.errno, errno, "{options}: {}", text(&result));
        assert!(text(&result).ends_with(&ending), "{options}: {}", text(&result));
        assert_ne!(result.verdict, Verdict::Accept);
    }
    assert!(!missing.exists());
}

#[tokio::test]
async fn links_are_not_followed() {
    let (link, target) = (place("link"), place("target"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let mut delivery = Delivery::new("t:\n driver = appendfile\n file = {}/link\n");
    let result = delivery.run();
    assert_eq!((result.verdict, result.errno), (Verdict::Defer, -4));
    assert!(!target.exists());
}

#[tokio::test]
async fn a_locked_mailbox_defers() {
    let mailbox = place("locked");
    let lock = PathBuf::from(format!("{}.lock", mailbox.display()));
    std::fs::write(&lock, b"").unwrap();
    let mut delivery = Delivery::new(
        "t:\n driver = appendfile\n file = {}/locked\n lock_retries = 1\n lockfile_timeout = 100w\n",
    );
    let result = delivery.run();
    std::fs::remove_file(&lock).unwrap();
    assert_eq!((result.verdict, result.errno), (Verdict::Defer, -9));
    assert!(text(&result).ends_with("locked (lock file)"));
}

#[tokio::test]
async fn redirected_files_and_directories() {
    let mailbox = place("redirected");
    let mut delivery = Delivery::new("t:\n driver = appendfile\n");
    delivery.request.addresses[0].address_file =
        Some(Value::clean(mailbox.display().to_string().into_bytes()));
    assert_eq!(delivery.run().verdict, Verdict::Accept);
    assert!(std::fs::read_to_string(&mailbox).unwrap().starts_with("From s@q.test "));
    let directory = place("redirected_dir");
    let name = format!("{}/", directory.display());
    delivery.request.addresses[0].address_file = Some(Value::clean(name.into_bytes()));
    assert_eq!(delivery.run().verdict, Verdict::Accept);
    assert!(Path::new(&directory).is_dir());
    delivery.request.addresses[0].address_file = Some(Value::tainted("/tmp/evil"));
    assert!(text(&delivery.run()).starts_with("Tainted '/tmp/evil' (file or directory name"));
    delivery.request.addresses[0].address_file = Some(Value::clean("/dev/null"));
    assert_eq!(delivery.run().verdict, Verdict::Accept);
}

#[tokio::test]
async fn ends_of_commands() {
    use Verdict::{Accept, Defer, Fail, Freeze};
    let returned = "Child process of t transport returned";
    for (options, verdict, want) in [
        ("command = /bin/true", Accept, String::new()),
        ("command = /bin/sh -c \"exit 1\"", Fail, format!("{returned} 1 from command: /bin/sh")),
        (
            "command = /bin/sh -c \"exit 75\"",
            Defer,
            format!("{returned} 75 (could mean temporary error) from command: /bin/sh"),
        ),
        ("command = /bin/sh -c \"exit 3\"\n ignore_status", Accept, String::new()),
        (
            "command = /bin/sh -c \"exit 3\"\n temp_errors = 3:4",
            Defer,
            format!("{returned} 3 from command: /bin/sh"),
        ),
        (
            "command = /bin/sh -c \"exit 3\"\n temp_errors = *",
            Defer,
            format!("{returned} 3 from command: /bin/sh"),
        ),
        (
            "command = /no/such/cmd foo",
            Fail,
            format!(
                "{returned} 127 (could mean unable to exec or command does not exist) from command: /no/such/cmd"
            ),
        ),
        (
            "command = /no/such\n freeze_exec_fail",
            Freeze,
            "pipe process failed to exec \"/no/such\"".to_owned(),
        ),
        ("command = nosuchcmd foo", Fail, "\"nosuchcmd\" command not found for t transport".to_owned()),
        (
            "command = /bin/cat\n restrict_to_path",
            Fail,
            "\"/\" found in \"/bin/cat\" (command for t transport) - failed for security reasons".to_owned(),
        ),
        (
            "command = cat\n allow_commands = /bin/true",
            Fail,
            "\"cat\" command not permitted by t transport".to_owned(),
        ),
        ("command = $local_part foo", Fail, "Tainted arg 0 for t transport command: 'x'".to_owned()),
        ("command = /bin/true $local_part", Fail, "Tainted arg 1 for t transport command: 'x'".to_owned()),
        (
            "command = echo $local_part\n use_shell",
            Fail,
            "Tainted arg 2 for t transport command: 'echo x'".to_owned(),
        ),
        ("command = /bin/sh -c \"echo hi\"\n return_output", Fail, "return message generated".to_owned()),
        ("command = /bin/true $pipe_addresses", Accept, String::new()),
    ] {
        let mut delivery = Delivery::new(&format!("t:\n driver = pipe\n {options}\n"));
        let result = delivery.run();
        assert_eq!((result.verdict, text(&result)), (verdict, want), "{options}");
    }
}

#[tokio::test]
async fn what_a_command_sees() {
    let mut delivery = Delivery::new(
        "t:\n driver = pipe\n command = /bin/sh -c 'echo \\$0 \\$FOO \\$LOCAL_PART \\$SENDER \\$RECIPIENT; cat' \"x y\"\n\
         environment = FOO=bar : BAD : BAZ=\n return_output\n message_prefix =\n",
    );
    let result = delivery.run();
    assert_eq!(text(&result), "return message generated");
    let output = String::from_utf8(result.output.unwrap_or_default()).unwrap();
    let first = output.lines().next().unwrap_or_default();
    assert_eq!(first, "x y bar x s@q.test x@m.test");
    assert!(output.ends_with(&format!("{HEADER}\n{BODY}\n")), "{output}");
    assert!(result.return_output);
}

#[tokio::test]
async fn output_of_commands_in_the_log() {
    for (options, lines) in [("log_output", 1), ("log_fail_output", 0), ("return_fail_output", 0)] {
        let mut delivery = Delivery::new(&format!(
            "t:\n driver = pipe\n command = /bin/sh -c \"echo hi there; echo two\"\n {options}\n"
        ));
        let result = delivery.run();
        assert_eq!(result.verdict, Verdict::Accept);
        let want = vec![b"<x@m.test>: t transport output: hi there".to_vec(); lines];
        assert_eq!(result.log_lines, want, "{options}");
    }
    let options = "command = /bin/sh -c \"echo hi; exit 4\"\n log_fail_output\n return_fail_output";
    let result = Delivery::new(&format!("t:\n driver = pipe\n {options}\n")).run();
    assert_eq!((result.log_lines.len(), result.return_output), (1, true));
    assert_eq!(result.user_message.as_deref(), Some(&b"local delivery failed"[..]));
}

#[tokio::test]
async fn an_unknown_transport_defers() {
    let mut delivery = Delivery::new("u:\n driver = appendfile\n file = /dev/null\n");
    assert_eq!(delivery.run().verdict, Verdict::Defer);
    assert!(delivery.bench.main_log().is_empty());
}

//! `postrider reports`, as an administrator uses it.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../reports/tests/fixtures");

fn reports(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_postrider"))
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

//! What is written, held against the schema of RFC 7489 appendix C by Debian's `xmllint`; missing, it is skipped, or a
//! failure where `CI=true`.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail loudly")]

extern crate postrider_reports as reports;

use std::io::Write as _;
use std::process::{Command, Stdio};

use reports::aggregate::{DkimResult, Feedback, OverrideReason, PolicyPublished, Record, SpfResult};

/// What `xmllint` has against a document; nothing when it is valid.
fn complaints(xml: &[u8]) -> Option<String> {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/aggregate.xsd");
    let child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema", schema, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        assert!(std::env::var("CI").is_err(), "xmllint (libxml2-utils) is missing");
        eprintln!("skipped: xmllint (libxml2-utils) is missing");
        return None;
    };
    child.stdin.take().unwrap().write_all(xml).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { String::new() } else { said })
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn full() -> Feedback {
    let record = Record {
        source_ip: text("2001:db8::1"),
        count: 3,
        disposition: text("none"),
        dkim: text("fail"),
        spf: text("pass"),
        reasons: vec![
            OverrideReason { kind: text("local_policy"), comment: text("arc=pass as[1].d=x & <y>") },
            OverrideReason { kind: text("sampled_out"), comment: String::new() },
        ],
        envelope_to: text("here.example"),
        envelope_from: text("m.example"),
        header_from: text("a.example"),
        dkim_results: vec![
            DkimResult {
                domain: text("d.example"),
                selector: text("s"),
                result: text("permerror"),
                human_result: text("no key"),
            },
            DkimResult { domain: text("e.example"), result: text("pass"), ..DkimResult::default() },
        ],
        spf_results: vec![SpfResult {
            domain: text("m.example"),
            scope: text("helo"),
            result: text("softfail"),
        }],
    };
    Feedback {
        org_name: text("Us & them"),
        email: text("r@us.example"),
        extra_contact_info: text("https://us.example/"),
        report_id: text("1!2@us"),
        begin: 1,
        end: 86_400,
        errors: vec![text("rows left out")],
        policy: PolicyPublished {
            domain: text("a.example"),
            adkim: text("s"),
            aspf: text("r"),
            p: text("reject"),
            sp: text("quarantine"),
            np: String::new(),
            pct: text("50"),
            fo: text("1:d"),
            ..PolicyPublished::default()
        },
        records: vec![record.clone(), Record { source_ip: text("192.0.2.1"), ..record }],
    }
}

#[test]
fn every_field_is_written_and_read_back() {
    let report = full();
    let mut want = report.clone();
    want.records[0].source_ip = text("2001:db8:0:0:0:0:0:1");
    let xml = report.to_xml();
    assert_eq!(Feedback::read(&xml).unwrap(), want);
    if let Some(said) = complaints(&xml) {
        assert_eq!(said, "", "{}", String::from_utf8_lossy(&xml));
    }
}

#[test]
fn poor_and_strange_texts_stay_valid() {
    let strange = text("\u{0}\u{1b}<![CDATA[]]>&amp;\u{ffff}\n");
    let poor = Feedback { records: vec![Record::default()], ..Feedback::default() };
    let record = Record {
        source_ip: strange.clone(),
        disposition: strange.clone(),
        dkim: strange.clone(),
        reasons: vec![OverrideReason { kind: strange.clone(), comment: strange.clone() }],
        header_from: strange.clone(),
        dkim_results: vec![DkimResult { domain: strange.clone(), ..DkimResult::default() }],
        spf_results: vec![SpfResult { result: strange.clone(), ..SpfResult::default() }],
        ..Record::default()
    };
    let policy = PolicyPublished {
        p: strange.clone(),
        sp: strange.clone(),
        pct: strange.clone(),
        fo: strange.clone(),
        ..PolicyPublished::default()
    };
    let odd = Feedback { org_name: strange, policy, records: vec![record], ..Feedback::default() };
    for report in [poor, odd] {
        let xml = report.to_xml();
        if let Some(said) = complaints(&xml) {
            assert_eq!(said, "", "{}", String::from_utf8_lossy(&xml));
        }
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let xml = String::from_utf8(full().to_xml()).unwrap();
    for (from, to) in
        [("<dkim>fail</dkim>", "<dkim>none</dkim>"), ("<pct>50</pct>", ""), ("192.0.2.1", "192.0.2")]
    {
        assert!(xml.contains(from), "{from}");
        if let Some(said) = complaints(xml.replace(from, to).as_bytes()) {
            assert_ne!(said, "", "{from} {to}");
        }
    }
}

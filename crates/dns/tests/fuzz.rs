//! The fuzz targets, on their corpora and on mutations of them.
#![allow(clippy::expect_used, reason = "a test may fail loudly")]

extern crate postrider_dns as dns;

#[path = "fuzz/anchors.rs"]
mod anchors;
#[path = "fuzz/answer.rs"]
mod answer;

#[test]
fn files_of_anchors_may_hold_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "anchors", anchors::run);
}

/// The corpus reaches what it is there for.
#[test]
fn the_corpus_of_anchors_is_read() {
    for (file, finding) in
        [("ds", "Ok(\""), ("dnskey", "Ok(\""), ("state", "valid"), ("bad", "Err(\"line 1: too short\")")]
    {
        let path = format!("{}/fuzz/corpus/anchors/{file}", env!("CARGO_MANIFEST_DIR"));
        let found = anchors::findings(&std::fs::read(path).expect("in the tree"));
        assert!(found.contains(finding), "{file}: {found}");
    }
}

#[test]
fn answers_may_be_anything() {
    mutation::replay(env!("CARGO_MANIFEST_DIR"), "answer", answer::run);
}

/// The corpus reaches what it is there for.
#[test]
fn the_corpus_is_read() {
    for (file, finding) in [
        ("good-a", "www.good.test A: Ok(Checked { ttl: 300, wildcard: None })"),
        ("rsa-a", "www.rsa.test A: Ok(Checked { ttl: 300, wildcard: None })"),
        ("three-a", "www.three.test A: Ok(Checked { ttl: 300, wildcard: None })"),
        ("good-wild", "x.wild.good.test A: Ok(Checked { ttl: 300, wildcard: Some(3) })"),
        ("good-wild", "checked nothing closer: Ok(Proven)"),
        ("three-wild", "checked nothing closer: Ok(Proven)"),
        ("good-nxdomain", "checked no name: Ok(Proven)"),
        ("three-nxdomain", "checked no name: Ok(Proven)"),
        ("three-nxdomain", "unchecked no name: Ok(Proven)"),
        ("good-nodata", "checked no MX: Ok(Proven)"),
        ("three-nodata", "checked no MX: Ok(Proven)"),
        ("good-nods", "delegation: Ok((Unsigned(\"below.good.test is delegated without DS\"), 60))"),
        ("three-nods", "delegation: Ok((Unsigned(\"below.three.test is delegated without DS\"), 60))"),
        ("three-ds", "delegation: Ok((Signed("),
    ] {
        let path = format!("{}/fuzz/corpus/answer/{file}", env!("CARGO_MANIFEST_DIR"));
        let findings = answer::findings(&std::fs::read(path).expect("in the tree"));
        assert!(findings.iter().any(|line| line.starts_with(finding)), "{file}: {findings:#?}");
    }
}

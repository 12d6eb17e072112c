//! `docs/required-features.md` has each required behaviour once, and the tests that it names are there.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Features, and how many rows each has.
const FEATURES: [(&str, u32); 6] =
    [("SRSA", 25), ("SRSN", 11), ("DMARC", 32), ("ARC", 20), ("DANE", 20), ("SRVSMT", 2)];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The ids of a cell: `SRSA-03`, `SRSA-06, -07`, `DMARC-05 to -07, -09`.
fn ids(cell: &str) -> Vec<(String, u32)> {
    let mut found: Vec<(String, u32)> = Vec::new();
    let mut range = false;
    for word in cell.split([' ', ',']).filter(|word| !word.is_empty()) {
        let Some((feature, number)) = word.split_once('-') else {
            range = word == "to";
            continue;
        };
        let feature = if feature.is_empty() { found.last().unwrap().0.clone() } else { feature.to_owned() };
        let number: u32 = number.parse().unwrap();
        let first = if range { found.last().unwrap().1 + 1 } else { number };
        found.extend((first..=number).map(|number| (feature.clone(), number)));
        range = false;
    }
    found
}

fn sources(directory: &Path, out: &mut String) {
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|end| end == "rs") {
            out.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn each_row_stands_once_and_names_a_test_that_exists() {
    let page = std::fs::read_to_string(root().join("docs/required-features.md")).unwrap();
    let mut code = String::new();
    sources(&root().join("crates"), &mut code);
    let mut seen: BTreeMap<(String, u32), u32> = BTreeMap::new();
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| id")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [id, .., tests] = cells.as_slice() else { panic!("{row}") };
        for id in ids(id.trim()) {
            *seen.entry(id).or_default() += 1;
        }
        for name in tests.split('`').skip(1).step_by(2) {
            let last = name.rsplit("::").next().unwrap();
            let plain =
                last.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            if plain && last.contains('_') {
                let is_there = code.contains(&format!("fn {last}("))
                    || code.contains(&format!("{last}.rs"))
                    || root().join(format!("crates/sender-auth/tests/{last}.rs")).exists()
                    || root().join(format!("tests/parity/flow/{last}")).exists();
                assert!(is_there, "{name} is named in {row}");
            }
        }
        assert!(!row.contains("not yet"), "{row}");
    }
    let wanted: BTreeMap<(String, u32), u32> = FEATURES
        .iter()
        .flat_map(|(feature, count)| (1..=*count).map(|number| (((*feature).to_owned(), number), 1)))
        .collect();
    assert_eq!(seen, wanted);
}

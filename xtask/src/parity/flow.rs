//! The `flow` family: record, check, report. Replaying lives in the program's tests and calls [`replay`].

use super::case::Case;
use super::namespace;
use super::run::{Program, run_case};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Runs `parity ACTION flow [CASE]`.
///
/// # Errors
/// A case failed, or something that it needs is missing.
pub fn run(action: &str, rest: &[&str]) -> Result<(), String> {
    let root = crate::root();
    let cases = Case::all(&root, rest.first().copied())?;
    match action {
        "record" => {
            namespace::enter()?;
            record(&cases)
        }
        "check" => {
            namespace::enter()?;
            check(&cases)
        }
        _ => {
            report(&cases);
            Ok(())
        }
    }
}

fn record(cases: &[Case]) -> Result<(), String> {
    for case in cases {
        let answer = run_case(case, &Program::oracle())?;
        fs::create_dir_all(case.folder.join("oracle")).map_err(|e| e.to_string())?;
        fs::write(oracle_file(case), answer).map_err(|e| format!("{}: {e}", case.name))?;
        println!("recorded {}", case.name);
    }
    Ok(())
}

fn check(cases: &[Case]) -> Result<(), String> {
    let binary = default_binary();
    let mut failed = Vec::new();
    for case in cases {
        let oracle = run_case(case, &Program::oracle())?;
        let ours = run_case(case, &Program::postrider(binary.clone()))?;
        match difference(&oracle, &ours) {
            None => println!("equal    {}", case.name),
            Some(diff) => {
                println!("DIFFERS  {}\n{diff}", case.name);
                failed.push(case.name.as_str());
            }
        }
    }
    println!("{} passed, {} failed", cases.len() - failed.len(), failed.len());
    if failed.is_empty() { Ok(()) } else { Err(format!("not equal to the oracle: {}", failed.join(", "))) }
}

/// Runs one case with the binary and compares with the recorded answer.
///
/// # Errors
/// What differs, as a readable listing.
pub fn replay(case: &Case, binary: &Path) -> Result<(), String> {
    let recorded =
        fs::read(oracle_file(case)).map_err(|e| format!("{}: no recorded answer: {e}", case.name))?;
    let ours = run_case(case, &Program::postrider(binary.to_path_buf()))?;
    difference(&recorded, &ours)
        .map_or(Ok(()), |diff| Err(format!("{} differs from the oracle\n{diff}", case.name)))
}

/// Cases that differ only in literals count once: the form of a script is its steps' words and option letters.
fn report(cases: &[Case]) {
    let mut forms: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases {
        *forms.entry(form(case)).or_default() += 1;
    }
    println!("flow: {} cases, {} distinct in form", cases.len(), forms.len());
}

/// Configuration and script without their literals: what is left tells two cases apart.
fn form(case: &Case) -> String {
    let words = |text: &str| {
        let mut out = String::new();
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')) {
            if word.len() > 1 && !word.starts_with(|c: char| c.is_ascii_digit()) {
                out.push_str(word);
                out.push(' ');
            }
        }
        out
    };
    let steps: Vec<String> = case
        .steps
        .iter()
        .map(|s| format!("{} {}", s.word, words(&s.args.join(" ")) + &words(&s.text.join(" "))))
        .collect();
    words(&case.config) + &steps.join("\n")
}

fn oracle_file(case: &Case) -> PathBuf {
    case.folder.join("oracle/result")
}

/// The program under test: `POSTRIDER_BIN`, else the debug build.
pub(super) fn default_binary() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from);
    std::env::var_os("POSTRIDER_BIN").map_or_else(|| target.join("debug/postrider"), PathBuf::from)
}

/// A line-by-line listing of what differs, with a little context; `None` when equal.
#[must_use]
pub fn difference(expected: &[u8], got: &[u8]) -> Option<String> {
    if expected == got {
        return None;
    }
    let (expected, got) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(got));
    let (left, right): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), got.lines().collect());
    let mut out = String::new();
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        if left.get(l) == right.get(r) {
            (l, r) = (l + 1, r + 1);
            continue;
        }
        let (left_end, right_end) = next_equal(&left, &right, (l, r)).unwrap_or((left.len(), right.len()));
        let (gone, come) = (&left[l.min(left.len())..left_end], &right[r.min(right.len())..right_end]);
        for (sign, lines) in [("  - ", gone), ("  + ", come)] {
            out.extend(lines.iter().flat_map(|line| [sign, line, "\n"]));
        }
        (l, r) = (left_end, right_end);
    }
    Some(out)
}

/// The nearest place, from this one on, where both sides say the same.
fn next_equal(left: &[&str], right: &[&str], from: (usize, usize)) -> Option<(usize, usize)> {
    (1..40_usize).find_map(|steps| {
        (0..=steps).find_map(|down| {
            let (l, r) = (from.0 + down, from.1 + steps - down);
            (l < left.len() && left.get(l) == right.get(r)).then_some((l, r))
        })
    })
}

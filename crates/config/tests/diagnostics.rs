//! Broken configurations: Exim's answer and ours.
//!
//! The files in `tests/diagnostics/` hold cases of this form:
//!
//! ```text
//! === name
//! lines of the configuration
//! +++ other.conf
//! lines of a file beside it
//! --- exim 1
//! what Debian's Exim prints, and its exit code with -bV
//! --- postrider
//! what we print
//! ```
//!
//! In `acl.txt` and `rules.txt` the findings are those of the policy crate, which has its own tests of places and advice: there
//! the third part is left out, and only Exim's text and the verdict are compared.
//!
//! `UPDATE_REF=1 cargo test -p postrider-config --test diagnostics` writes both answers anew (Exim's where it is installed); the
//! difference is then reviewed. Where Exim is not installed, its recorded answer is what we are compared with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test may fail loudly")]

mod memory;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use memory::Memory;
use postrider_config::diagnostic::{exim_text, render_all};

const ORACLE: &str = "/usr/sbin/exim4";

#[derive(Debug, Default, Clone)]
struct Case {
    name: String,
    /// The main file and others, by name.
    files: Vec<(String, String)>,
    exit: i32,
    exim: String,
    /// `None` where it is not compared.
    ours: Option<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

fn case_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn parse(text: &str) -> Vec<Case> {
    enum Part {
        File,
        Exim,
        Ours,
    }
    let mut cases: Vec<Case> = Vec::new();
    let mut part = Part::File;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            let files = vec![("test.conf".to_owned(), String::new())];
            cases.push(Case { name: name.into(), files, ..Case::default() });
            part = Part::File;
            continue;
        }
        let case = cases.last_mut().expect("a file begins with a case");
        if let Some(name) = line.strip_prefix("+++ ") {
            case.files.push((name.into(), String::new()));
        } else if let Some(exit) = line.strip_prefix("--- exim ") {
            case.exit = exit.parse().unwrap();
            part = Part::Exim;
        } else if line == "--- postrider" {
            case.ours = Some(String::new());
            part = Part::Ours;
        } else {
            let text = match part {
                Part::File => &mut case.files.last_mut().unwrap().1,
                Part::Exim => &mut case.exim,
                Part::Ours => case.ours.get_or_insert_default(),
            };
            let _ = writeln!(text, "{line}");
        }
    }
    cases
}

fn print(cases: &[Case]) -> String {
    let mut out = String::new();
    for case in cases {
        let _ = writeln!(out, "=== {}", case.name);
        for (at, (name, text)) in case.files.iter().enumerate() {
            if at > 0 {
                let _ = writeln!(out, "+++ {name}");
            }
            out.push_str(text);
        }
        let _ = write!(out, "--- exim {}\n{}", case.exit, case.exim);
        if let Some(ours) = &case.ours {
            let _ = write!(out, "--- postrider\n{ours}");
        }
    }
    out
}

/// The file's text; `\0`, `\r`, `\t` and a last line without its end can't stand in the case files as they are.
fn unescaped(text: &str) -> String {
    text.replace("<CR>", "\r").replace("<TAB>", "\t").replace("<NOEOL>\n", "")
}

fn ours(case: &Case) -> (i32, String, String) {
    let mut memory = Memory::default();
    for (name, text) in &case.files {
        memory.add(&format!("/t/{name}"), unescaped(text));
    }
    let loaded = memory.load();
    let exim = exim_text(&loaded.diagnostics).map(|text| format!("{text}\n")).unwrap_or_default();
    let exit = i32::from(loaded.config.is_none());
    (exit, exim, render_all(&loaded.diagnostics, &loaded.sources))
}

/// Asks Debian's Exim: exit code, and what it prints about the configuration.
fn ask_exim(case: &Case, directory: &Path) -> (i32, String) {
    for (name, text) in &case.files {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, unescaped(text)).unwrap();
    }
    let output = Command::new(ORACLE)
        .arg("-C")
        .arg(directory.join("test.conf"))
        .arg("-bV")
        .output()
        .expect("exim4 runs");
    let text = String::from_utf8_lossy(&output.stderr).replace(&directory.display().to_string(), "/t");
    let mut kept = String::new();
    let mut keeping = false;
    for line in text.lines() {
        let message =
            line.get(20..).filter(|_| line.starts_with("20") && line.as_bytes().get(4) == Some(&b'-'));
        match message {
            Some(text) => {
                keeping = !text.starts_with("Warning: purging") && kept.is_empty();
                if keeping {
                    let _ = writeln!(kept, "{text}");
                }
            }
            None if keeping => {
                let _ = writeln!(kept, "{line}");
            }
            None => {}
        }
    }
    (output.status.code().unwrap_or(-1), kept)
}

fn scratch() -> PathBuf {
    let path = std::env::temp_dir().join(format!("postrider-diagnostics-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn installed() -> bool {
    let found = Path::new(ORACLE).exists();
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(found || !ci, "CI must have {ORACLE} (package exim4-daemon-heavy)");
    if !found {
        println!("skipped: {ORACLE} is not installed");
    }
    found
}

/// `UPDATE_REF=1`: writes both answers anew. The tests then have nothing to compare with.
fn update() {
    let asking = Path::new(ORACLE).exists();
    let directory = scratch();
    for path in case_files() {
        let mut cases = parse(&std::fs::read_to_string(&path).unwrap());
        for case in &mut cases {
            if asking {
                (case.exit, case.exim) = ask_exim(case, &directory);
            }
            let rendered = ours(case).2;
            case.ours = case.ours.take().map(|_| rendered);
        }
        std::fs::write(&path, print(&cases)).unwrap();
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn verdicts_and_texts_are_exims() {
    if std::env::var_os("UPDATE_REF").is_some() {
        update();
    }
    let mut wrong = String::new();
    let mut count = 0;
    for path in case_files() {
        for case in parse(&std::fs::read_to_string(&path).unwrap()) {
            count += 1;
            let (exit, exim, rendered) = ours(&case);
            if (exit, exim.as_str()) != (case.exit, case.exim.as_str()) {
                let _ = writeln!(
                    wrong,
                    "{}: Exim {} says\n{}we {exit} say\n{exim}",
                    case.name, case.exit, case.exim
                );
            }
            if let Some(expected) = case.ours.filter(|expected| *expected != rendered) {
                let _ = writeln!(wrong, "{}: rendered\n{rendered}expected\n{expected}", case.name);
            }
        }
    }
    assert!(count >= 60, "only {count} cases");
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn the_recorded_answers_are_exims() {
    if std::env::var_os("UPDATE_REF").is_some() || !installed() {
        return;
    }
    let directory = scratch();
    let mut wrong = String::new();
    for path in case_files() {
        for case in parse(&std::fs::read_to_string(&path).unwrap()) {
            let (exit, exim) = ask_exim(&case, &directory);
            if (exit, exim.as_str()) != (case.exit, case.exim.as_str()) {
                let _ = writeln!(
                    wrong,
                    "{}: recorded {} {}but Exim says {exit} {exim}",
                    case.name, case.exit, case.exim
                );
            }
        }
    }
    std::fs::remove_dir_all(&directory).unwrap();
    assert!(wrong.is_empty(), "\n{wrong}");
}

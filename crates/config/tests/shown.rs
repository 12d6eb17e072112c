//! Good configurations: what `-bP` shows of them, and that `-bV` takes them.
//!
//! The files in `tests/shown/` hold cases of this form:
//!
//! ```text
//! === name
//! lines of the configuration
//! +++ other.conf
//! lines of a file beside it
//! --- exim
//! what Debian's Exim shows of the options that the configuration sets
//! ```
//!
//! `UPDATE_REF=1 cargo test -p postrider-config --test shown` asks Exim anew. The recorded part is what a machine without Exim
//! compares; where Exim is installed, every line of every option that both know is compared, and the listing of `-bP config`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a test may fail loudly")]

mod oracle;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use oracle::{ORACLE, Scratch, ask, compare, installed, name_of};
use postrider_config as config;
use postrider_config::diagnostic::render_all;
use postrider_config::print::{Asker, answer};
use postrider_config::{BuildDefaults, Config, Facts, LoadRequest, SystemFiles};

const HEAD: &str = "primary_hostname = host.example\nkeep_environment =\n";

#[derive(Default)]
struct Case {
    name: String,
    /// The main file and others, by name.
    files: Vec<(String, String)>,
    recorded: String,
}

fn case_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shown");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn parse(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut answer = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            let files = vec![("test.conf".to_owned(), String::new())];
            cases.push(Case { name: name.into(), files, recorded: String::new() });
            answer = false;
            continue;
        }
        let case = cases.last_mut().expect("a file begins with a case");
        if let Some(name) = line.strip_prefix("+++ ") {
            case.files.push((name.into(), String::new()));
        } else if line == "--- exim" {
            answer = true;
        } else {
            let text = if answer { &mut case.recorded } else { &mut case.files.last_mut().unwrap().1 };
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
        let _ = write!(out, "--- exim\n{}", case.recorded);
    }
    out
}

impl Case {
    /// Writes the files; returns the main one.
    fn write(&self, scratch: &Scratch) -> PathBuf {
        let directory = scratch.0.join(&self.name);
        for (at, (name, text)) in self.files.iter().enumerate() {
            let path = directory.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let head = if at == 0 { HEAD } else { "" };
            let text = text.replace("<CR>", "\r").replace("<TAB>", "\t");
            std::fs::write(path, format!("{head}{text}").replace("<DIR>", &directory.display().to_string()))
                .unwrap();
        }
        directory.join("test.conf")
    }

    /// What is asked: everything, and the named lists that the configuration defines.
    fn questions(&self) -> Vec<Vec<String>> {
        let mut words = ["routers", "transports", "authenticators"].map(str::to_owned).to_vec();
        let text = self.files.iter().map(|(_, text)| text.as_str()).collect::<String>();
        let lists = text.lines().filter_map(|line| {
            let line = line.trim_start().trim_start_matches("hide ");
            let (word, rest) = line.split_once(' ')?;
            let word = word.trim_end_matches("_cache");
            let name = rest.split('=').next()?.trim();
            ["domainlist", "hostlist", "addresslist", "localpartlist"]
                .contains(&word)
                .then(|| format!("+{name}"))
        });
        words.extend(lists);
        vec![Vec::new(), words]
    }

    /// The lines of an answer about options that the configuration names.
    fn concerned<'a>(&self, answer: &'a str) -> impl Iterator<Item = &'a str> {
        let text: String = self.files.iter().map(|(_, text)| text.as_str()).collect();
        let words: std::collections::HashSet<String> = text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .map(|word| word.strip_prefix("no_").or(word.strip_prefix("not_")).unwrap_or(word).to_owned())
            .collect();
        answer.lines().filter(move |line| {
            let is_list = line.split(' ').next().is_some_and(|word| word.ends_with("list"));
            line.ends_with(':') || is_list || words.contains(name_of(line))
        })
    }
}

fn load(path: &Path) -> std::sync::Arc<Config> {
    let loaded = config::load(&LoadRequest {
        candidates: vec![path.to_path_buf()],
        macros: Vec::new(),
        files: &SystemFiles,
        build: BuildDefaults::default(),
        facts: Facts { hostname: "host.example".into(), ipv6: true, ..Facts::default() },
        strict: false,
    });
    let shown = render_all(&loaded.diagnostics, &loaded.sources);
    loaded.config.unwrap_or_else(|| panic!("{}:\n{shown}", path.display()))
}

/// Our answer, or Exim's, to all questions: what is recorded.
fn record(case: &Case, path: &Path, ask: &dyn Fn(&[&str]) -> String) -> String {
    let mut out = String::new();
    for question in case.questions() {
        let words: Vec<&str> = question.iter().map(String::as_str).collect();
        let answer = ask(&words).replace(&path.parent().unwrap().display().to_string(), "<DIR>");
        for line in case.concerned(&answer) {
            let _ = writeln!(out, "{line}");
        }
    }
    out
}

fn ours(config: &Config, words: &[&str]) -> String {
    answer(config, words, Asker { admin: true, values_only: false }).text
}

/// Runs a check over all cases, a thread for each file; what it says is collected.
fn each(scratch: &Scratch, check: impl Fn(&Case, &Path) -> Result<(), String> + Sync) {
    let of_file = |file: &Path| {
        let mut wrong = String::new();
        for case in parse(&std::fs::read_to_string(file).unwrap()) {
            let path = case.write(scratch);
            if let Err(why) = check(&case, &path) {
                let _ = writeln!(wrong, "{}: {why}", case.name);
            }
        }
        wrong
    };
    let wrong: String = std::thread::scope(|scope| {
        let running: Vec<_> =
            case_files().into_iter().map(|file| scope.spawn(move || of_file(&file))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn what_is_shown_is_what_exim_showed() {
    let scratch = Scratch::new("shown");
    if std::env::var_os("UPDATE_REF").is_some() && installed(&[ORACLE]) {
        for file in case_files() {
            let mut cases = parse(&std::fs::read_to_string(&file).unwrap());
            for case in &mut cases {
                let path = case.write(&scratch);
                case.recorded = record(case, &path, &|words| ask(&path, words));
            }
            std::fs::write(&file, print(&cases)).unwrap();
        }
    }
    each(&scratch, |case, path| {
        let config = load(path);
        let shown = record(case, path, &|words| ours(&config, words));
        // Options that only the newer Exim has, or whose names stand in a text by chance, are not in the record.
        let difference = case.recorded.lines().find(|line| !shown.lines().any(|ours| ours == *line));
        difference.map_or(Ok(()), |line| Err(format!("Exim shows {line:?}; we\n{shown}")))
    });
}

#[test]
fn every_line_is_exims() {
    if !installed(&[ORACLE]) {
        return;
    }
    let scratch = Scratch::new("shown-live");
    each(&scratch, |case, path| {
        let verdict = Command::new(ORACLE).arg("-C").arg(path).arg("-bV").output().unwrap();
        if !verdict.status.success() {
            return Err(format!("Exim refuses it: {}", String::from_utf8_lossy(&verdict.stderr)));
        }
        let config = load(path);
        for question in case.questions() {
            let words: Vec<&str> = question.iter().map(String::as_str).collect();
            compare(&ask(path, &words), &ours(&config, &words)).map_err(|why| format!("{words:?}: {why}"))?;
        }
        let (theirs, ours) = (ask(path, &["config"]), ours(&config, &["config"]));
        let lines = theirs.lines().skip(1).zip(ours.lines().skip(1));
        let mut lines = lines;
        match lines.find(|(theirs, ours)| theirs != ours) {
            Some((theirs, ours)) => Err(format!("config: Exim shows {theirs:?}, we {ours:?}")),
            None if theirs.lines().count() != ours.lines().count() => {
                Err("config: other number of lines".into())
            }
            None => Ok(()),
        }
    });
}

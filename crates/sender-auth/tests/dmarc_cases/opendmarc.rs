//! The same cases put to OpenDMARC's library (Debian's `libopendmarc2`), over the same records in a name server.
//!
//! A little program in C (`witness.c`) is compiled and asked; without a compiler or the library's header the test is
//! skipped with a word, in CI it fails. Where the two disagree, [`DIFFERENT`] has what the library says and why that
//! is not what we say.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dns::fixture::{Fault, FixtureServer};
use mail_types::dns::{RecordData, RecordType};

use crate::{CASES, ZONE, run};

/// The beginning of a case, what the library comes to, and who is right.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("psl|rej.test|pass test|", "accept rej.test reject spf", PARENT),
    ("psl|rej.test|temperror rej.test|", "reject rej.test reject", TEMPORARY),
    ("psl|rej.test||later rej.test", "reject rej.test reject", TEMPORARY),
    ("psl|strict.test|pass m.strict.test|", "accept strict.test reject spf", STRICT_SPF),
    ("psl|strict.test||pass m.strict.test", "accept strict.test reject dkim", STRICT_DKIM),
    ("psl|x.strict.test|pass strict.test|", "accept strict.test reject spf", STRICT_SPF),
    ("psl|sspf.test|pass m.sspf.test|pass m.sspf.test", "accept sspf.test reject spf dkim", STRICT_SPF),
    ("psl|sdkim.test|pass m.sdkim.test|pass m.sdkim.test", "accept sdkim.test reject spf dkim", STRICT_DKIM),
    ("psl|badrua.test||", "norecord", REPORTS_WITHOUT_POLICY),
    ("psl|late.test||", "reject late.test reject", VERSION_FIRST),
    ("psl|two.test||", "reject two.test reject", SEVERAL_RECORDS),
    ("psl|other.test||", "norecord", OTHER_TEXT),
    ("psl|dup.test||", "none dup.test none", REPEATED_TAG),
    ("tree|gone.np.test||", "quarantine np.test quarantine", NEWER),
    ("tree|trying.test||", "reject trying.test reject", NEWER),
    ("tree|tryingq.test||", "quarantine tryingq.test quarantine", NEWER),
    ("tree|gone.bank||", "norecord", NEWER),
    ("tree|team.uni.test|pass uni.test|", "accept team.uni.test quarantine spf", NEWER),
    ("tree|x.team.uni.test|pass team.uni.test|", "accept uni.test reject spf", NEWER),
];

/// The library takes any parent and any child of the author's domain for aligned.
const PARENT: &str = "RFC 7489 section 3.1.2: in relaxed mode the two must have the same Organizational Domain; a public \
                      suffix has none";
const STRICT_SPF: &str =
    "RFC 7489 section 3.1.2: in strict mode only an exact DNS domain match is identifier alignment";
const STRICT_DKIM: &str =
    "RFC 7489 section 3.1.1: in strict mode only an exact match is identifier alignment";
const TEMPORARY: &str = "RFC 7489 section 6.6.2: where neither passes and one fails for the moment only, the receiver \
                         cannot apply the advertised policy";
const REPORTS_WITHOUT_POLICY: &str = "RFC 7489 section 6.6.3, step 6: without a valid p but with a valid rua, act as if \
                                      p=none had been retrieved";
const VERSION_FIRST: &str =
    "RFC 7489 section 6.6.3, step 2: records that do not start with a v= tag are discarded";
const SEVERAL_RECORDS: &str = "RFC 7489 section 6.6.3, step 5: with multiple records left, policy discovery terminates and \
                               DMARC is not applied";
const OTHER_TEXT: &str =
    "RFC 7489 section 6.6.3, step 2: the text of something else is discarded, what remains counts";
const REPEATED_TAG: &str =
    "RFC 6376 section 3.2 (by RFC 7489 section 6.3): a tag list with a tag twice is invalid";
const NEWER: &str = "RFC 9989, which the library does not know: np, psd, t, the tree walk";

/// A folder that goes with its owner.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn opendmarc_agrees_or_an_rfc_says_why_not() {
    let scratch =
        Scratch(std::env::temp_dir().join(format!("postrider-dmarc-witness-{}", std::process::id())));
    std::fs::create_dir_all(&scratch.0).unwrap();
    let Some(program) = compiled(&scratch.0) else { return };
    let suffixes = scratch.0.join("suffixes");
    std::fs::write(&suffixes, "test\nbank\nuk\nco.uk\n").unwrap();
    let server = serve();
    let cases: Vec<Vec<&str>> = CASES
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        // The library knows one author's domain; for several its caller asks it several times (RFC 7489 section 6.6.1).
        .filter(|fields| fields.len() == 5 && !fields[1].contains(", "))
        .collect();
    let input: String = cases.iter().map(|fields| question(fields) + "\n").collect();
    let output = ask(&program, &suffixes, server.address().port(), input);
    let answers: Vec<&str> = output.lines().collect();
    assert_eq!(answers.len(), cases.len(), "{output}");
    let mut wrong = Vec::new();
    let mut excused = 0;
    for (fields, answer) in cases.iter().zip(answers) {
        let ours = run(fields[0], fields[1], fields[2], fields[3]);
        let theirs = verdict(answer, fields[0]);
        let case = fields[..4].join("|");
        match DIFFERENT.iter().find(|(known, _, _)| *known == case) {
            Some((_, known, why)) if *known == theirs && theirs != ours && !why.is_empty() => excused += 1,
            None if theirs == ours => {}
            _ => wrong.push(format!("{case}: here {ours}, there {theirs} ({answer:?})")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(excused, DIFFERENT.len());
}

/// The program; none where it cannot be made.
fn compiled(folder: &Path) -> Option<PathBuf> {
    let program = folder.join("witness");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dmarc_cases/witness.c");
    let compiler = Command::new("cc").arg("-o").arg(&program).args([source, "-lopendmarc"]).output();
    if compiler.as_ref().is_ok_and(|output| output.status.success()) {
        return Some(program);
    }
    assert!(std::env::var_os("CI").is_none(), "libopendmarc-dev is not installed: {compiler:?}");
    eprintln!("skipped: libopendmarc-dev or a C compiler is not installed");
    None
}

fn serve() -> FixtureServer {
    let server = FixtureServer::start("").unwrap();
    server.change(|zone| {
        for line in ZONE.lines().filter(|line| !line.is_empty()) {
            let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
            match rest.split_once(' ') {
                Some(("=", text)) => {
                    zone.add(name, RecordType::Txt, RecordData::Txt(vec![text.as_bytes().to_vec()]));
                }
                Some(("!", "ServFail")) => zone.fault(name, Some(Fault::ServFail)),
                Some(("!", "Timeout")) => zone.fault(name, Some(Fault::Timeout)),
                _ => zone.add(name, RecordType::A, RecordData::A([192, 0, 2, 1].into())),
            }
        }
    });
    server
}

/// A case in the program's form.
fn question(fields: &[&str]) -> String {
    let outcome = |word: &str| match word {
        "pass" => "1",
        "none" => "0",
        "temperror" | "later" => "3",
        _ => "2",
    };
    let spf = fields[2].split_once(' ').unwrap_or(("none", ""));
    let signatures = fields[3].split(", ").filter_map(|signed| signed.split_once(' '));
    let results = std::iter::once(spf).chain(signatures);
    let words = results.flat_map(|(word, domain)| [outcome(word), domain]);
    std::iter::once(fields[1]).chain(words).collect::<Vec<_>>().join("\t")
}

fn ask(program: &Path, suffixes: &Path, port: u16, input: String) -> String {
    let mut child = Command::new(program)
        .arg(suffixes)
        .arg(port.to_string())
        .env("RES_OPTIONS", "timeout:1 attempts:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The library's answer in the words of the table. It leaves `pct` to its caller.
fn verdict(answer: &str, mode: &str) -> String {
    let [query, token, enforce, used, p, sp, pct, spf, dkim] =
        answer.split('\t').collect::<Vec<_>>().try_into().unwrap();
    let word = |letter| match letter {
        "r" => "reject",
        "q" => "quarantine",
        _ => "none",
    };
    let roll: i32 = mode.trim_start_matches("psl").parse().unwrap_or(0);
    let is_outside = mode != "tree" && roll >= pct.parse().unwrap();
    let status = match (query, enforce) {
        ("1", _) if used.is_empty() => return "nofrom".into(),
        ("11", _) => return "temperror".into(),
        (query, _) if query != "0" => return "norecord".into(),
        (_, "15") => "accept",
        (_, "16") if is_outside => "quarantine",
        (_, "16") => "reject",
        (_, "17") if is_outside => "none",
        (_, "17") => "quarantine",
        (_, "18") => "none",
        (_, other) => panic!("{other}"),
    };
    let mut words = vec![status, used, word(if token == "20" && sp != "-" { sp } else { p })];
    words.extend((spf == "4").then_some("spf"));
    words.extend((dkim == "4").then_some("dkim"));
    words.join(" ")
}

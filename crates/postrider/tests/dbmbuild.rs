//! `exim_dbmbuild`, beside Debian's: the same words, the same content, and Exim reads what we write.
#![allow(clippy::expect_used, clippy::print_stderr, reason = "test code outside #[test] functions")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ORACLE: &str = "/usr/sbin/exim_dbmbuild";

/// Texts with what is odd about them.
const TEXTS: [(&str, &str); 4] = [
    ("plain", "k1: v1\nK2: v2\nk1: dup\n\"q s\": x\n  cont\n"),
    ("odd", "  cont first\na:b\n\nc\n\"un\\x41 q\" : zz\nlong: x \\\n y\n#c\n:novalkey\na: dup\n"),
    ("more", "a: x  \nb:y\n  z  \nA: 1\nB: 2\ntab\tv\ncr: v\r\n"),
    ("empty", ""),
];

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("postrider-dbmbuild-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a scratch folder can be made");
        Self(path)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        Command::new(program).args(arguments).current_dir(&self.0).output().expect("it can be started")
    }

    /// Keys and values, sorted.
    fn content(&self, file: &str) -> Vec<String> {
        let dump = self.run("db5.3_dump", &["-p", file]);
        assert!(dump.status.success(), "{file}");
        let text = String::from_utf8_lossy(&dump.stdout).into_owned();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(' ')).collect();
        let mut pairs: Vec<String> = lines.chunks(2).map(|pair| pair.join(" =>")).collect();
        pairs.sort();
        pairs
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a program said and how it ended.
fn told(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[test]
fn it_says_and_does_what_debians_does() {
    let there = Path::new(ORACLE).exists() && Path::new("/usr/bin/db5.3_dump").exists();
    assert!(there || std::env::var_os("CI").is_none(), "CI installs exim4-base and db5.3-util");
    if !there {
        eprintln!("skipped: exim_dbmbuild or db5.3_dump is not installed");
        return;
    }
    let scratch = Scratch::new();
    let ours = scratch.0.join("exim_dbmbuild");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_postrider"), &ours).expect("a link can be made");
    let ours = ours.to_str().expect("the path is text");
    for (name, text) in TEXTS {
        std::fs::write(scratch.0.join(name), text).expect("a file can be written");
        for options in [&[][..], &["-nolc"], &["-nozero"], &["-lastdup", "-noduperr"], &["-nowarn"]] {
            let theirs = scratch.run(ORACLE, &[options, &[name, "theirs"]].concat());
            let own = scratch.run(ours, &[options, &[name, "own"]].concat());
            assert_eq!(told(&own), told(&theirs), "{name} {options:?}");
            assert_eq!(scratch.content("own"), scratch.content("theirs"), "{name} {options:?}");
        }
    }
    for wrong in [&["nosuch", "x"][..], &["plain", "plain"], &["plain", "/nonexistent/x"]] {
        assert_eq!(told(&scratch.run(ours, wrong)), told(&scratch.run(ORACLE, wrong)), "{wrong:?}");
    }
    scratch.run(ours, &["plain", "own"]);
    let query = format!("${{lookup{{q s}}dbm{{{}/own}}}}", scratch.0.display());
    let answer = scratch.run("/usr/sbin/exim4", &["-be", &query]);
    assert_eq!(told(&answer).0, "x cont\n", "Debian's Exim reads our file");
}

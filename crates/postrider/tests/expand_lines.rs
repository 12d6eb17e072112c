//! `-be` with many lines at hand, which two processors share: the answers are those of one line after the other.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const LINES: usize = 6_000;

struct Scratch(PathBuf);

impl Scratch {
    /// With a configuration, and with a table and what it will be.
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("postrider-lines-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a scratch folder can be made");
        let write =
            |name: &str, text: &str| std::fs::write(path.join(name), text).expect("a file can be written");
        write("table", "key: before\n");
        write("later", "key: after the command\n");
        let here = path.display();
        let options =
            format!("primary_hostname = a.example\nspool_directory = {here}\nlog_file_path = {here}/%s\n");
        write(
            "exim.conf",
            &format!("{options}keep_environment =\nbegin acl\nremember:\n  accept set acl_m_kept = kept\n"),
        );
        Self(path)
    }

    fn start(&self, input: impl Into<Stdio>) -> Child {
        Command::new(env!("CARGO_BIN_EXE_postrider"))
            .arg("-C")
            .arg(self.0.join("exim.conf"))
            .arg("-be")
            .stdin(input)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Lines that see what lines before them left behind, if anything; from the middle on some have effects.
fn lines(place: &Path) -> Vec<String> {
    let place = place.display();
    let line = |n: usize| match n % 60 {
        1 => "${if match{abc}{(b)}{${if nonsense{a}}}}".to_owned(),
        2 | 50 => "captured: <$0> <$1>".to_owned(),
        3 => "${prvscheck{${prvs{ann@a.example}{secret}}}{secret}{}}".to_owned(),
        4 => "<$prvscheck_address> <$1>".to_owned(),
        5 => format!("joined \\\n   with the \\  \n  next one {n}"),
        30 if n > LINES / 2 => format!("${{run{{/bin/cp {place}/later {place}/table}}}}"),
        40 if n > LINES / 2 => "${acl{remember}}".to_owned(),
        at if at % 4 == 1 => format!("$acl_m_kept ${{lookup{{key}}lsearch{{{place}/table}}{{$value {n}}}}}"),
        _ => format!(
            "${{lc:LINE {n}}} ${{sg{{a{n}b}}{{\\\\d+}}{{<\\$0>}}}} with so many letters that there are several batches"
        ),
    };
    (0..LINES).map(line).collect()
}

#[test]
fn many_lines_at_once_are_answered_as_one_after_the_other() {
    let at_once = Scratch::new("at-once");
    let one_by_one = Scratch::new("one-by-one");
    let input = |place: &Path| lines(place).join("\n") + "\n";
    std::fs::write(at_once.0.join("input"), input(&at_once.0)).expect("a file can be written");
    let file = File::open(at_once.0.join("input")).expect("it is there");
    let output = at_once.start(file).wait_with_output().expect("it ends");
    let at_once = String::from_utf8_lossy(&output.stdout).into_owned();

    let mut child = one_by_one.start(Stdio::piped());
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut all = Vec::new();
    let mut prompt = |stdout: &mut std::process::ChildStdout| {
        let mut chunk = [0; 4096];
        while !all.ends_with(b"> ") {
            let read = stdout.read(&mut chunk).expect("it answers");
            assert!(read > 0, "it ended early");
            all.extend_from_slice(&chunk[..read]);
        }
        let text = String::from_utf8_lossy(&all).into_owned();
        all.clear();
        text
    };
    let mut one_by_one_text = prompt(&mut stdout);
    for line in lines(&one_by_one.0) {
        stdin.write_all(format!("{line}\n").as_bytes()).expect("it reads");
        one_by_one_text += &prompt(&mut stdout);
    }
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
    one_by_one_text.push('\n');

    for (number, (got, want)) in at_once.lines().zip(one_by_one_text.lines()).enumerate() {
        assert_eq!(got, want, "line {number}");
    }
    assert_eq!(at_once.len(), one_by_one_text.len());
    for said in ["kept after the command ", " before 9\n", "joined with the next one 5\n"] {
        assert!(at_once.contains(said), "{said}");
    }
}

#[test]
fn a_line_that_comes_in_several_reads_is_whole() {
    let scratch = Scratch::new("long-line");
    let mut child = scratch.start(Stdio::piped());
    let mut stdin = child.stdin.take().expect("a pipe");
    // More than a pipe holds, and than is asked for at once.
    let writer = std::thread::spawn(move || {
        let long = "a".repeat(300_000);
        stdin
            .write_all(format!("short\n${{strlen:{long}}}\n${{uc:no newline}}").as_bytes())
            .expect("it reads");
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("all was read");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "> short\n> 300000\n> NO NEWLINE\n> \n");
}

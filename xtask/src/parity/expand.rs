//! The `expand` family: one expansion a line, and what the oracle answered.
//!
//! A case is a folder `tests/parity/expand/NAME` with `exim.conf`, `input` (one expansion a line) and `oracle` (one
//! answer a line, with `\n`, `\r`, `\\` and `\xHH` for what is not printing text), and perhaps `args` (more command-line
//! arguments, one a line, with the case's folder for `$config_dir`) and `message` (loaded by `-bem`). Files that
//! expansions read stand beside them and are named with `$config_dir`. A case with a shell script `prepare` is copied into
//! a scratch folder, where the script makes more files first; the folder's name is `<case>` in the answers.
//!
//! # Invariants
//! * All lines of a case go to one process, so that what one line leaves behind (`$runrc`) is there for the next.
//! * The only mask is that of bounce address tags, which depend on the day: [`mask`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

const ORACLE: &str = "/usr/sbin/exim4";

/// One case: a configuration and the expansions to try with it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// The folder.
    pub folder: PathBuf,
    /// The expansions.
    pub lines: Vec<Vec<u8>>,
    /// More arguments for the program.
    pub args: Vec<String>,
}

impl Case {
    /// All cases of the tree, or the one of that name.
    ///
    /// # Errors
    /// The folder cannot be read, or there is no such case.
    pub fn all(root: &Path, only: Option<&str>) -> Result<Vec<Self>, String> {
        let folder = root.join("tests/parity/expand");
        let mut cases = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))? {
            let folder = entry.map_err(|e| e.to_string())?.path();
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if only.is_some_and(|only| only != name) {
                continue;
            }
            let input = fs::read(folder.join("input")).map_err(|e| format!("{name}/input: {e}"))?;
            let lines = input.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
            let lines = lines.map(<[u8]>::to_vec).collect();
            let args = fs::read_to_string(folder.join("args")).unwrap_or_default();
            let args = args.lines().map(str::to_owned).collect();
            cases.push(Self { name, folder, lines, args });
        }
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        if cases.is_empty() { Err("no such case".to_owned()) } else { Ok(cases) }
    }

    /// The recorded answers, one for each line.
    ///
    /// # Errors
    /// They were not recorded, or for other lines.
    pub fn recorded(&self) -> Result<Vec<Vec<u8>>, String> {
        let text = fs::read(self.folder.join("oracle")).map_err(|e| format!("{}/oracle: {e}", self.name))?;
        let mut answers: Vec<Vec<u8>> = text.split(|&byte| byte == b'\n').map(unescape).collect();
        answers.pop();
        if answers.len() == self.lines.len() {
            Ok(answers)
        } else {
            Err(format!("{}: {} lines, {} answers", self.name, self.lines.len(), answers.len()))
        }
    }
}

/// Runs `parity ACTION expand [CASE]`.
///
/// # Errors
/// A case failed, or something that it needs is missing.
pub fn run(action: &str, rest: &[&str]) -> Result<(), String> {
    let cases = Case::all(&crate::root(), rest.first().copied())?;
    match action {
        "record" => record(&cases),
        "check" => check(&cases),
        _ => {
            report(&cases);
            if rest.is_empty() { super::rows::report(&crate::root(), &cases) } else { Ok(()) }
        }
    }
}

fn record(cases: &[Case]) -> Result<(), String> {
    for case in cases {
        let mut text = Vec::new();
        for answer in ask(Path::new(ORACLE), case)? {
            text.extend(escape(&answer));
            text.push(b'\n');
        }
        fs::write(case.folder.join("oracle"), text).map_err(|e| format!("{}: {e}", case.name))?;
        println!("recorded {} ({} lines)", case.name, case.lines.len());
    }
    Ok(())
}

fn check(cases: &[Case]) -> Result<(), String> {
    let binary = super::flow::default_binary();
    let mut failed = 0;
    let mut total = 0;
    for case in cases {
        let oracle = ask(Path::new(ORACLE), case)?;
        let ours = ask(&binary, case)?;
        total += case.lines.len();
        for difference in differences(case, &oracle, &ours) {
            failed += 1;
            println!("{difference}");
        }
    }
    println!("{} equal, {failed} not", total - failed);
    if failed == 0 { Ok(()) } else { Err("not equal to the oracle".to_owned()) }
}

/// Gives a case to the binary and compares with what was recorded.
///
/// # Errors
/// The differences, or why there are none to tell.
pub fn replay(case: &Case, binary: &Path) -> Result<(), String> {
    compare(case, &ask(binary, case)?)
}

/// Compares answers with what was recorded.
///
/// # Errors
/// The differences, or why there are none to tell.
pub fn compare(case: &Case, answers: &[Vec<u8>]) -> Result<(), String> {
    let differences = differences(case, &case.recorded()?, answers);
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

fn differences(case: &Case, oracle: &[Vec<u8>], ours: &[Vec<u8>]) -> Vec<String> {
    let shown = |text: &[u8]| String::from_utf8_lossy(&escape(text)).into_owned();
    let mut out = Vec::new();
    for (number, line) in case.lines.iter().enumerate() {
        let want = mask(oracle.get(number).map(Vec::as_slice).unwrap_or_default());
        let got = mask(ours.get(number).map(Vec::as_slice).unwrap_or_default());
        if want != got {
            let line = String::from_utf8_lossy(line);
            out.push(format!(
                "{}: {line}\n  exim      {}\n  postrider {}",
                case.name,
                shown(&want),
                shown(&got)
            ));
        }
    }
    out
}

/// The answers of a program, one for each line. A marker goes between the lines, so that an answer of several lines is
/// still one answer.
///
/// # Errors
/// The program did not answer every line.
pub fn ask(binary: &Path, case: &Case) -> Result<Vec<Vec<u8>>, String> {
    if !case.folder.join("prepare").exists() {
        return ask_in_place(binary, case);
    }
    let scratch = Scratch::of(case)?;
    let answers = ask_in_place(binary, &Case { folder: scratch.0.clone(), ..case.clone() })?;
    let folder = scratch.0.to_string_lossy().into_owned();
    Ok(answers.iter().map(|answer| replace(answer, folder.as_bytes(), b"<case>")).collect())
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(from) {
            out.extend_from_slice(to);
            rest = after;
        } else {
            out.push(rest[0]);
            rest = &rest[1..];
        }
    }
    out
}

/// A copy of a case's files and what its script made; gone with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn of(case: &Case) -> Result<Self, String> {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let name = format!("postrider-parity-{}-{}-{serial}", case.name, std::process::id());
        let scratch = Self(std::env::temp_dir().join(name));
        let failed = |e: std::io::Error| format!("{}: {e}", scratch.0.display());
        fs::create_dir_all(&scratch.0).map_err(failed)?;
        for entry in fs::read_dir(&case.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if let (true, Some(name)) = (path.is_file(), path.file_name()) {
                fs::copy(&path, scratch.0.join(name)).map_err(failed)?;
            }
        }
        let made = Command::new("sh").arg("-e").arg("prepare").current_dir(&scratch.0).output();
        let made = made.map_err(|e| format!("{}: sh: {e}", case.name))?;
        if made.status.success() {
            return Ok(scratch);
        }
        Err(format!("{}/prepare: {}", case.name, String::from_utf8_lossy(&made.stderr)))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn ask_in_place(binary: &Path, case: &Case) -> Result<Vec<Vec<u8>>, String> {
    let mut input = Vec::new();
    for (number, line) in case.lines.iter().enumerate() {
        input.extend_from_slice(line);
        input.extend_from_slice(format!("\n@@{number}@@\n").as_bytes());
    }
    let output = talk(binary, case, input)?;
    let mut rest = output.strip_prefix(b"> ").unwrap_or(&output);
    let mut answers = Vec::with_capacity(case.lines.len());
    for (number, line) in case.lines.iter().enumerate() {
        let marker = format!("\n> @@{number}@@\n> ").into_bytes();
        let Some(end) = rest.windows(marker.len()).position(|window| window == marker) else {
            let line = String::from_utf8_lossy(line);
            return Err(format!("{}: {} gave no answer to {line}", case.name, binary.display()));
        };
        answers.push(rest[..end].to_vec());
        rest = &rest[end + marker.len()..];
    }
    Ok(answers)
}

fn talk(binary: &Path, case: &Case, input: Vec<u8>) -> Result<Vec<u8>, String> {
    let message = case.folder.join("message");
    let folder = case.folder.to_string_lossy();
    let mut command = Command::new(binary);
    command.arg("-C").arg(case.folder.join("exim.conf"));
    command.args(case.args.iter().map(|arg| arg.replace("$config_dir", &folder)));
    if message.exists() {
        command.arg("-bem").arg(message);
    } else {
        command.arg("-be");
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("{}: {e}", binary.display()))?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    let writer = std::thread::spawn(move || {
        // A program that ends early is noticed by its missing answers.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    writer.join().map_err(|_| "the writer failed".to_owned())?;
    Ok(output.stdout)
}

/// Puts `prvs=<tag>=` in the place of `prvs=KDDDSSSSSS=`: the day and the digest over it change daily.
#[must_use]
pub fn mask(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let tag = rest.strip_prefix(b"prvs=").and_then(|tagged| tagged.split_at_checked(10));
        if let Some((tag, behind)) = tag
            && behind.first() == Some(&b'=')
            && tag[..4].iter().all(u8::is_ascii_digit)
            && tag[4..].iter().all(u8::is_ascii_hexdigit)
        {
            out.extend_from_slice(b"prvs=<tag>");
            rest = behind;
            continue;
        }
        out.push(byte);
        rest = after;
    }
    out
}

/// An answer as one line of text.
#[must_use]
pub fn escape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\\' => out.extend_from_slice(b"\\\\"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\0'..=' ' if letter != ' ' => {
                    out.extend_from_slice(format!("\\x{:02x}", letter as u32).as_bytes());
                }
                '\x7f' => out.extend_from_slice(b"\\x7f"),
                letter => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        for byte in chunk.invalid() {
            out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
        }
    }
    out
}

/// The answer behind such a line.
#[must_use]
pub fn unescape(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [b'n', tail @ ..]) => {
                out.push(b'\n');
                rest = tail;
            }
            (b'\\', [b'r', tail @ ..]) => {
                out.push(b'\r');
                rest = tail;
            }
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or(0) as u8;
                out.push(digit(high) << 4 | digit(low));
                rest = tail;
            }
            (b'\\', [other, tail @ ..]) => {
                out.push(*other);
                rest = tail;
            }
            (byte, _) => out.push(byte),
        }
    }
    out
}

/// Prints how many lines and how many distinct forms there are.
fn report(cases: &[Case]) {
    let mut all = BTreeSet::new();
    let mut by_case = BTreeMap::new();
    for case in cases {
        let forms: BTreeSet<String> = case.lines.iter().map(|line| form(line)).collect();
        by_case.insert(&case.name, (case.lines.len(), forms.len()));
        all.extend(forms);
    }
    for (name, (lines, forms)) in &by_case {
        println!("{name:16} {lines:5} lines {forms:5} forms");
    }
    let lines: usize = by_case.values().map(|(lines, _)| lines).sum();
    println!("{:16} {lines:5} lines {:5} distinct forms", "all", all.len());
}

/// An expansion without its literals: names after `$`, `${`, `${if ` and before `{` stay; other words become `_`.
#[must_use]
pub fn form(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let letters: Vec<char> = text.chars().collect();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut out = String::new();
    let mut at = 0;
    while at < letters.len() {
        if !is_word(letters[at]) {
            out.push(letters[at]);
            at += 1;
            continue;
        }
        let end = letters[at..]
            .iter()
            .position(|&letter| !is_word(letter))
            .map_or(letters.len(), |length| at + length);
        let word: String = letters[at..end].iter().collect();
        let named = out.ends_with('$') || out.ends_with("${") || out.ends_with('!') || out.ends_with("${if ");
        let condition = out.ends_with('{') && letters.get(end) == Some(&'{');
        out.push_str(if named || condition { &word } else { "_" });
        at = end;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_survive_the_file() {
        let all: Vec<u8> = (0..=255).chain(*b"\\n \xc3\xa9").collect();
        let line = escape(&all);
        assert!(!line.contains(&b'\n'));
        assert_eq!(unescape(&line), all);
    }

    #[test]
    fn only_whole_tags_are_masked() {
        assert_eq!(mask(b"prvs=0786e7d359=a@b"), b"prvs=<tag>=a@b");
        assert_eq!(mask(b"prvs=0786e7d35=a@b"), b"prvs=0786e7d35=a@b");
        assert_eq!(mask(b"prvs=x786e7d359=a@b"), b"prvs=x786e7d359=a@b");
    }

    #[test]
    fn forms_forget_literals() {
        assert_eq!(form(b"${if eq{a}{b}{yes}{no}}"), form(b"${if eq{x1}{y2}{p}{q}}"));
        assert_ne!(form(b"${if eq{a}{b}}"), form(b"${if eqi{a}{b}}"));
        assert_ne!(form(b"${lc:A}"), form(b"${uc:A}"));
        assert_ne!(form(b"${if and{{eq{a}{b}}}}"), form(b"${if and{{lt{a}{b}}}}"));
    }
}

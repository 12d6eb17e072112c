//! `exim_dbmbuild`, `postrider dbmbuild`: a text file of keys and data becomes a database.
//!
//! # Compatibility
//! Spec section "Making DBM files (exim_dbmbuild)"; what is printed is what Debian's prints. The file is of Berkeley DB's
//! hash family, which Debian's Exim reads. Ours alone: `-cdb` makes a constant database for `cdb` lookups.
//!
//! # Failure
//! The file is written under another name, synced, and then takes its place; after any error the old one is still there.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lookup::build::{BuildOptions, build};
use lookup::dbm::Duplicate;
use mail_types::clock::{Entropy as _, SystemEntropy};

const USAGE: &str = "usage: exim_dbmbuild [-nolc] [-nozero] [-nowarn] [-lastdup] [-noduperr] [-cdb] \
    <source file> <dbm base name>";

/// The command line, read.
struct Task<'a> {
    options: BuildOptions,
    warn: bool,
    duplicates_are_wrong: bool,
    input: &'a Path,
    output: &'a Path,
}

/// Does it; `arguments` are those behind the name.
pub(crate) fn run(arguments: &[Vec<u8>]) -> ExitCode {
    let Some(task) = parse(arguments) else {
        crate::say(format!("{USAGE}\n").as_bytes());
        return ExitCode::FAILURE;
    };
    match make(&task) {
        Ok(code) => code,
        Err(reason) => {
            // On standard output, as Debian's has it.
            crate::say(format!("exim_dbmbuild: {reason}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: &[Vec<u8>]) -> Option<Task<'_>> {
    let mut options = BuildOptions { lower_case: true, zero: true, duplicate: Duplicate::First, cdb: false };
    let (mut warn, mut duplicates_are_wrong) = (true, true);
    let mut rest = arguments;
    while let Some((first, after)) = rest.split_first()
        && first.len() > 1
        && first[0] == b'-'
    {
        match &first[..] {
            b"-nolc" => options.lower_case = false,
            b"-nozero" => options.zero = false,
            b"-lastdup" => options.duplicate = Duplicate::Last,
            b"-nowarn" => warn = false,
            b"-noduperr" => duplicates_are_wrong = false,
            b"-cdb" => options.cdb = true,
            _ => return None,
        }
        rest = after;
    }
    let [input, output] = rest else { return None };

    let (input, output) = (Path::new(OsStr::from_bytes(input)), Path::new(OsStr::from_bytes(output)));
    Some(Task { options, warn, duplicates_are_wrong, input, output })
}

fn make(task: &Task<'_>) -> Result<ExitCode, String> {
    if task.input == task.output {
        return Err("input and output filenames are the same".to_owned());
    }
    let text = read(task.input)?;
    // Before anything is said about the text.
    drop(File::create(temporary(task.output)).map_err(|e| cannot_create(task.output, &e))?);
    let mut id = [0; 20];
    for chunk in id.chunks_mut(8) {
        chunk.copy_from_slice(&SystemEntropy.next_u64().to_le_bytes()[..chunk.len()]);
    }
    let built = build(&text, &task.options, id).map_err(|e| e.to_string())?;
    let mut said = Vec::new();
    for line in &built.stray {
        said.extend([b"Unexpected continuation line ignored\n", &line[..], b"\n\n"].concat());
    }
    for key in built.duplicates.iter().filter(|_| task.warn) {
        crate::say_error_as_is(&format!("** Duplicate key \"{}\"", String::from_utf8_lossy(key)));
    }
    write(task.output, &built.file)?;
    let entries = if built.written == 1 { "entry" } else { "entries" };
    said.extend(format!("{} {entries} written\n", built.written).bytes());
    let duplicates = built.duplicates.len();
    if duplicates > 0 {
        let keys = if duplicates == 1 { "key" } else { "keys" };
        said.extend(format!("{duplicates} duplicate {keys} \n").bytes());
    }
    crate::say(&said);
    Ok(if duplicates > 0 && task.duplicates_are_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let outcome = if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut text)
    } else {
        File::open(path).and_then(|mut file| file.read_to_end(&mut text))
    };
    match outcome {
        Ok(_) => Ok(text),
        Err(e) => Err(format!("unable to open {}: {}", path.display(), reason(&e))),
    }
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".dbmbuild_temp");
    PathBuf::from(name)
}

fn cannot_create(path: &Path, error: &std::io::Error) -> String {
    format!("unable to create {}: {}", temporary(path).display(), reason(error))
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let temporary = temporary(path);
    let failed = |e: std::io::Error| cannot_create(path, &e);
    let outcome = File::create(&temporary).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    // What stands under the other name is of no use to anybody.
    let leave = |text: String| {
        let _ = std::fs::remove_file(&temporary);
        text
    };
    outcome.map_err(failed).map_err(leave)?;
    rustix::fs::rename(&temporary, path)
        .map_err(|e| format!("unable to rename {} as {}: {e}", temporary.display(), path.display()))
        .map_err(leave)
}

fn reason(error: &std::io::Error) -> String {
    let errno = error.raw_os_error().map(nix::errno::Errno::from_raw);
    errno.map_or_else(|| error.to_string(), |errno| errno.desc().to_owned())
}

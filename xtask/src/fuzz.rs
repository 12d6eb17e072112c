//! `cargo xtask fuzz [SECONDS]`: every target of every `crates/*/fuzz`, for so many seconds each (10 when not said).
//!
//! The corpora in the tree are read and never written: what a run finds interesting goes to `fuzz/corpus` in the target
//! folder, where the next run starts from it. An input that breaks a target is left in `crates/*/fuzz/artifacts`.
//!
//! # Failure
//! All targets run, also after one that fails; the failed ones are named at the end. A target that doesn't build has
//! failed. Without `cargo-fuzz` nothing runs, and that is a failure, too.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How long a target runs when the command line doesn't say.
const SECONDS: u32 = 10;

/// One target of one crate.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    /// The folder with its manifest.
    folder: PathBuf,
    name: String,
}

/// Runs `cargo xtask fuzz ARGS`.
///
/// # Errors
/// `cargo-fuzz` is missing, there is no target, or the names of the targets that failed.
pub fn run(args: &[&str]) -> Result<(), String> {
    let seconds = seconds(args)?;
    installed()?;
    let root = crate::root();
    let targets = targets(&root.join("crates"))?;
    if targets.is_empty() {
        return Err("fuzz: no target in crates/*/fuzz/fuzz_targets".to_owned());
    }
    let built = built(&root, std::env::var_os("CARGO_TARGET_DIR").as_deref());
    let mut failed = Vec::new();
    for target in &targets {
        let name = format!("{} of {}", target.name, owner(&target.folder));
        println!("== {name}, {seconds} s");
        if !fuzz(target, &built, seconds)? {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        println!("fuzz: {} targets, {seconds} s each, nothing found", targets.len());
        return Ok(());
    }
    Err(format!("fuzz: failed: {}", failed.join(", ")))
}

fn seconds(args: &[&str]) -> Result<u32, String> {
    match args {
        [] => Ok(SECONDS),
        [text] => match text.parse() {
            // libFuzzer takes zero for "without end".
            Ok(0) | Err(_) => Err(format!("fuzz: {text:?} is no number of seconds")),
            Ok(seconds) => Ok(seconds),
        },
        _ => Err("usage: cargo xtask fuzz [SECONDS]".to_owned()),
    }
}

fn installed() -> Result<(), String> {
    let answer = Command::new("cargo")
        .args(["fuzz", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match answer {
        Ok(status) if status.success() => Ok(()),
        _ => {
            Err("fuzz: cargo-fuzz is not installed, nothing was run; `cargo install cargo-fuzz` installs it"
                .to_owned())
        }
    }
}

/// All targets, in the order of their names.
fn targets(crates: &Path) -> Result<Vec<Target>, String> {
    let mut found = Vec::new();
    for folder in entries(crates)?.into_iter().map(|path| path.join("fuzz")) {
        let sources = folder.join("fuzz_targets");
        if !sources.is_dir() {
            continue;
        }
        for source in entries(&sources)?.into_iter().filter(|path| path.extension() == Some(OsStr::new("rs")))
        {
            let name = source.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            found.push(Target { folder: folder.clone(), name });
        }
    }
    found.sort();
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let wrong = |e: std::io::Error| format!("{}: {e}", folder.display());
    fs::read_dir(folder).map_err(wrong)?.map(|entry| entry.map(|e| e.path()).map_err(wrong)).collect()
}

/// The crate that a fuzz folder stands in.
fn owner(folder: &Path) -> String {
    let owner = folder.parent().and_then(Path::file_name);
    owner.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Where everything is built: one folder for all, so that what they share is compiled once.
fn built(root: &Path, target_dir: Option<&OsStr>) -> PathBuf {
    root.join(target_dir.map_or(Path::new("target"), Path::new)).join("fuzz")
}

/// Runs one target; true when nothing was found.
fn fuzz(target: &Target, built: &Path, seconds: u32) -> Result<bool, String> {
    let found = built.join("corpus").join(owner(&target.folder)).join(&target.name);
    fs::create_dir_all(&found).map_err(|e| format!("{}: {e}", found.display()))?;
    let mut command = Command::new("cargo");
    // Coverage needs flags that the stable compiler takes from a bootstrap only.
    command.env("RUSTC_BOOTSTRAP", "1").args(["fuzz", "run", "--fuzz-dir"]).arg(&target.folder);
    command.arg("--target-dir").arg(built).arg(&target.name).arg(&found);
    let seeds = target.folder.join("corpus").join(&target.name);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    command
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .args(["-verbosity=0", "-print_final_stats=1"]);
    let status = command.status().map_err(|e| format!("cargo fuzz: {e}"))?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_a_number_above_zero() {
        assert_eq!(seconds(&[]), Ok(SECONDS));
        assert_eq!(seconds(&["3"]), Ok(3));
        for wrong in [&["0"][..], &["-1"], &["x"], &["1", "2"]] {
            assert!(seconds(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_targets_of_the_tree_are_found_and_declared() {
        let targets = targets(&crate::root().join("crates")).unwrap();
        assert!(targets.iter().any(|t| owner(&t.folder) == "spool-format" && t.name == "header"));
        for target in &targets {
            let manifest = fs::read_to_string(target.folder.join("Cargo.toml")).unwrap();
            assert!(
                manifest.contains(&format!("name = \"{}\"", target.name)),
                "{target:?} is in no manifest"
            );
        }
    }

    #[test]
    fn everything_is_built_in_one_folder_outside_the_sources() {
        let root = Path::new("/src");
        assert_eq!(built(root, None), Path::new("/src/target/fuzz"));
        assert_eq!(built(root, Some(OsStr::new("/built"))), Path::new("/built/fuzz"));
    }
}

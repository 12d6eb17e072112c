//! `cargo xtask tidy`: conventions that the compiler does not check.
//!
//! * every crate declares its layer, and its dependencies point downward (or sideways along a declared edge);
//! * words-and-wire crates (L0) depend on no runtime, and forbid unsafe code;
//! * a Rust file of more than 150 lines opens with its contract (`//!`), none has more than 900 lines of code
//!   (tables of definitions excepted);
//! * no file is called `utils.rs`, `helpers.rs`, `common.rs`, `misc.rs` or `manager.rs`;
//! * inside `mta`, a driver names no other driver, and stages use only the stages below them;
//! * an option that nothing reads carries the flag of those without effect.

mod options;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Sideways edges that are part of the design: (crate, crate of the same layer it may use).
const SIDEWAYS: [(&str, &str); 11] = [
    ("mail-message", "mail-types"),
    ("smtp-proto", "mail-types"),
    ("spool-format", "mail-types"),
    ("policy", "expand"),
    ("config", "expand"),
    ("config", "policy"),
    ("postrider", "privsep"),
    ("tools", "privsep"),
    ("monitor", "privsep"),
    ("sender-auth", "mail-types"),
    ("reports", "mail-types"),
];

/// Crates for the system that an L0 crate may use: (crate, dependency). One edge, with its reason:
/// `mail_types::clock::SystemEntropy` asks the kernel for random bytes, so that nobody else has to.
const L0_SYSTEM: [(&str, &str); 1] = [("mail-types", "rustix")];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 5] = ["utils.rs", "helpers.rs", "common.rs", "misc.rs", "manager.rs"];

/// Inside `mta/src`: (stage, stages that it may not name).
const STAGE_WALLS: [(&str, &[&str]); 4] = [
    ("smtp_in", &["deliver", "transport", "dsn"]),
    ("receive", &["smtp_in", "deliver", "transport"]),
    ("deliver", &["smtp_in", "listener", "local_submission"]),
    ("route", &["smtp_in", "deliver", "dsn", "queue"]),
];

/// Checks the tree.
///
/// # Errors
/// All findings, one a line.
pub fn run() -> Result<(), String> {
    let root = crate::root();
    let mut findings = Vec::new();
    layers(&root, &mut findings)?;
    let mut options = options::Options::default();
    let mut files = Vec::new();
    for place in ["crates", "xtask"] {
        rust_files(&root.join(place), &mut files);
    }
    for file in &files {
        let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().into_owned();
        file_rules(&name, &text, &mut findings);
        stage_rules(&name, &text, &mut findings);
        options.read(&name, &text);
    }
    findings.extend(options.findings());
    if findings.is_empty() {
        println!("tidy: {} files, nothing to mend", files.len());
        return Ok(());
    }
    Err(findings.join("\n"))
}

#[derive(Debug, Default)]
struct Manifest {
    layer: Option<String>,
    dependencies: Vec<String>,
}

fn layers(root: &Path, findings: &mut Vec<String>) -> Result<(), String> {
    let mut crates = BTreeMap::new();
    for entry in fs::read_dir(root.join("crates")).map_err(|e| e.to_string())?.filter_map(Result::ok) {
        let path = entry.path().join("Cargo.toml");
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        crates.insert(entry.file_name().to_string_lossy().into_owned(), parse_manifest(&text));
        let lib = fs::read_to_string(entry.path().join("src/lib.rs")).unwrap_or_default();
        let manifest = &crates[&*entry.file_name().to_string_lossy()];
        if manifest.layer.as_deref() == Some("L0") && !lib.contains("#![forbid(unsafe_code)]") {
            findings.push(format!("{}: an L0 crate says #![forbid(unsafe_code)]", entry.path().display()));
        }
    }
    for (name, manifest) in &crates {
        let Some(layer) = &manifest.layer else {
            findings.push(format!("crates/{name}: no layer in [package.metadata.postrider]"));
            continue;
        };
        for dependency in &manifest.dependencies {
            let system = matches!(dependency.as_str(), "tokio" | "rustix" | "nix");
            if layer == "L0" && system && !L0_SYSTEM.contains(&(name.as_str(), dependency.as_str())) {
                findings.push(format!("crates/{name}: L0 has no I/O, but depends on {dependency}"));
            }
            let Some(other) = crates.get(dependency).and_then(|m| m.layer.as_ref()) else { continue };
            let sideways = SIDEWAYS.contains(&(name.as_str(), dependency.as_str()));
            if other > layer || (other == layer && !sideways) {
                findings.push(format!(
                    "crates/{name} ({layer}) depends on {dependency} ({other}): data flows one way"
                ));
            }
        }
    }
    Ok(())
}

/// Layer and (non-dev) dependencies of a manifest; our manifests are simple enough for lines.
fn parse_manifest(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let mut section = "";
    for line in text.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section == "[package.metadata.postrider]" && line.starts_with("layer") {
            manifest.layer = line.split('"').nth(1).map(str::to_owned);
        } else if section == "[dependencies]" {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if !name.is_empty() && !name.starts_with('#') {
                manifest.dependencies.push(name.to_owned());
            }
        }
    }
    manifest
}

fn file_rules(name: &str, text: &str, findings: &mut Vec<String>) {
    let lines = text.lines().count();
    let test_start = text.lines().position(|l| l.trim() == "#[cfg(test)]").unwrap_or(lines);
    let base = name.rsplit('/').next().unwrap_or_default();
    if EMPTY_NAMES.contains(&base) {
        findings.push(format!("{name}: name the file for the thing in it"));
    }
    let opens_with_contract =
        text.lines().find(|l| !l.trim().is_empty()).is_some_and(|l| l.starts_with("//!"));
    if lines > 150 && !opens_with_contract {
        findings.push(format!("{name}: {lines} lines and no contract (`//!`) at the top"));
    }
    let is_table = name.contains("/options/") || name.contains("/variables") || name.contains("table");
    if test_start > 900 && !is_table && !name.contains("/tests") {
        findings.push(format!("{name}: {test_start} lines of code; split it by meaning"));
    }
}

fn stage_rules(name: &str, text: &str, findings: &mut Vec<String>) {
    let Some(inside) = name.strip_prefix("crates/mta/src/") else { return };
    let code: Vec<&str> = text.lines().take_while(|l| l.trim() != "#[cfg(test)]").collect();
    for (stage, forbidden) in STAGE_WALLS {
        if !inside.starts_with(stage) || inside.contains("/tests") {
            continue;
        }
        for other in forbidden {
            if code.iter().any(|l| l.contains(&format!("crate::{other}::"))) {
                findings.push(format!("{name}: {stage} does not name {other} (ARCHITECTURE.md, the stages)"));
            }
        }
    }
    if let Some((drivers, own)) = inside.split_once("/driver/") {
        let own = own.split(['.', '/']).next().unwrap_or_default();
        let is_sibling = |l: &&&str| {
            l.contains("driver::") && !l.contains(&format!("driver::{own}")) && !own.starts_with("mod")
        };
        if let Some(line) = code.iter().find(is_sibling) {
            findings.push(format!(
                "{name}: a {drivers} driver names another ({}); shared code moves to the parent",
                line.trim()
            ));
        }
    }
}

fn rust_files(place: &Path, out: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for path in entries.filter_map(Result::ok).map(|e| e.path()) {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() && !matches!(name.as_str(), "target" | "corpus") {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
    out.sort();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_its_layer_and_its_dependencies() {
        let m = parse_manifest(
            "[package.metadata.postrider]\nlayer = \"L1\"\n[dependencies]\nexpand.workspace = true\nserde = { version = \"1\" }\n[dev-dependencies]\nproptest.workspace = true\n",
        );
        assert_eq!(m.layer.as_deref(), Some("L1"));
        assert_eq!(m.dependencies, ["expand", "serde"]);
    }

    #[test]
    fn a_stage_that_reaches_across_is_found() {
        let mut findings = Vec::new();
        stage_rules("crates/mta/src/smtp_in/rcpt.rs", "use crate::deliver::attempt;\n", &mut findings);
        assert_eq!(findings.len(), 1);
        stage_rules("crates/mta/src/deliver/mod.rs", "use crate::route::route;\n", &mut findings);
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn a_long_file_without_a_contract_is_found() {
        let mut findings = Vec::new();
        file_rules("crates/x/src/a.rs", &"let x = 1;\n".repeat(151), &mut findings);
        assert_eq!(findings.len(), 1);
    }
}

//! Options that nothing reads carry the flag that says so.

use std::collections::HashSet;

/// Where options are defined.
const TABLES: &str = "crates/config/src/options/";

/// Options that are read under another name than their constant's: aliases, pairs of flags, and those that are found by
/// name in the options of any local transport.
const READ_OTHERWISE: [&str; 6] =
    ["daemon_smtp_port", "return_size_limit", "verify", "fail_verify", "batch_id", "batch_max"];

/// What the sources say of options.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// Names of the constants of options without the flag, in lower case.
    defined: Vec<String>,
    /// Words in capitals outside of the tables and of tests.
    used: HashSet<String>,
}

impl Options {
    /// Takes a file in.
    pub(super) fn read(&mut self, file: &str, text: &str) {
        if file.starts_with(TABLES) {
            self.defined.extend(text.lines().filter_map(definition));
        } else if !file.contains("/tests") && !file.ends_with("tests.rs") {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let capitals =
                words.filter(|word| word.len() > 2 && !word.contains(|c: char| c.is_ascii_lowercase()));
            self.used.extend(capitals.map(str::to_owned));
        }
    }

    /// Options that have no effect and do not say so.
    pub(super) fn findings(&self) -> Vec<String> {
        let unused = |name: &&String| {
            !self.used.contains(&name.to_ascii_uppercase()) && !READ_OTHERWISE.contains(&name.as_str())
        };
        let told = |name: &String| format!("{TABLES}: nothing reads the option {name}: it needs `inert`");
        self.defined.iter().filter(unused).map(told).collect()
    }
}

/// The name in a line such as `MUA_WRAPPER: Flag = "mua_wrapper", off;`, unless it has the flag.
fn definition(line: &str) -> Option<String> {
    let (constant, rest) = line.trim().split_once(": ")?;
    let name = rest.split_once(" = \"")?.1.split_once('"')?.0;
    let is_option = constant.eq_ignore_ascii_case(name) && line.trim_end().ends_with(';');
    (is_option && !line.contains(", inert ")).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_nothing_reads_needs_the_flag() {
        let mut options = Options::default();
        options.read(
            "crates/config/src/options/main.rs",
            "    IDLE: Flag = \"idle\", off;\n    TOLD: Flag = \"told\", off, inert LATER;\n    BUSY: Flag = \"busy\", off;\n",
        );
        options.read("crates/mta/src/smtp_in/tests/idle.rs", "get(main::IDLE)");
        options.read("crates/mta/src/smtp_in/data.rs", "get(main::BUSY)");
        let findings = options.findings();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].contains("option idle:"), "{findings:?}");
    }
}

//! How many expansion cases each name of the language has, lookup types among them: successes, failures, odd forms.
//!
//! A line of a case belongs to every name that the parser of `crates/expand` meets in it. It is a failure when the
//! oracle's answer begins with `Failed:`, else a success. It is an odd form when the text breaks off, or holds an empty
//! argument, white space around an argument, an escape, or a byte that is not ASCII.
//!
//! # Invariants
//! * Every row of `tests/parity/rows.tsv` has at least one line of each kind, or witnesses in
//!   `tests/parity/witnesses.tsv`: tests by name, for what the oracle's build cannot answer. Rows that the engine does not
//!   serve yet are named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use expand::HeaderForm;
use expand::lookup::LOOKUP_TYPES;
use expand::named::{NamedKind, names};
use expand::unsupported::{Kind, unsupported};

use super::expand::Case;

/// A row: its kind (`item`, `operator`, `condition`, `variable`) and its name.
type Row = (String, String);

/// What a row has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    success: usize,
    failure: usize,
    odd: usize,
}

impl Counts {
    fn is_full(self) -> bool {
        self.success > 0 && self.failure > 0 && self.odd > 0
    }
}

/// Prints totals and the rows that lack something.
///
/// # Errors
/// A row lacks something, a witness names no test, or a file cannot be read.
pub(super) fn report(root: &Path, cases: &[Case]) -> Result<(), String> {
    let folder = root.join("tests/parity");
    let rows = rows(&folder.join("rows.tsv"))?;
    let witnesses = witnesses(root, &folder.join("witnesses.tsv"))?;
    let mut counts: BTreeMap<Row, Counts> = rows.iter().map(|row| (row.clone(), Counts::default())).collect();
    for case in cases {
        for (line, answer) in case.lines.iter().zip(case.recorded()?) {
            for row in attributed(line) {
                if let Some(count) = counts.get_mut(&row) {
                    let failed = answer.starts_with(b"Failed:");
                    count.success += usize::from(!failed);
                    count.failure += usize::from(failed);
                    count.odd += usize::from(is_odd(line));
                }
            }
        }
    }
    let mut lacking = 0;
    for kind in ["item", "operator", "condition", "variable", "lookup"] {
        let of_kind: Vec<_> = counts.iter().filter(|((found, _), _)| found == kind).collect();
        let full = of_kind.iter().filter(|(_, count)| count.is_full()).count();
        let witnessed = of_kind.iter().filter(|(row, count)| !count.is_full() && witnesses.contains(*row));
        println!(
            "{kind:10} {:4} rows, {full:4} with a success, a failure and an odd form, {:3} with witnesses",
            of_kind.len(),
            witnessed.count()
        );
        for ((kind, name), count) in of_kind {
            if is_unserved(kind, name) {
                println!("  {kind} {name} is not served yet");
                continue;
            }
            if !count.is_full() && !witnesses.contains(&(kind.clone(), name.clone())) {
                lacking += 1;
                println!(
                    "  {kind} {name}: {} successes, {} failures, {} odd forms",
                    count.success, count.failure, count.odd
                );
            }
        }
    }
    if lacking == 0 { Ok(()) } else { Err(format!("{lacking} rows have too few cases")) }
}

/// Whether the engine itself says that a name does not work yet.
fn is_unserved(kind: &str, name: &str) -> bool {
    unsupported().iter().any(|row| row.name == name && matches!(row.kind, Kind::Item) == (kind == "item"))
}

fn rows(path: &Path) -> Result<Vec<Row>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let row = |line: &str| {
        let (kind, name) = line.split_once('\t')?;
        Some((kind.to_owned(), name.trim_start_matches('$').to_owned()))
    };
    text.lines().map(|line| row(line).ok_or_else(|| format!("{}: {line}", path.display()))).collect()
}

/// The rows that have witnesses; each line is `kind`, `name`, `path of a file`, `name of a test in it`.
fn witnesses(root: &Path, path: &Path) -> Result<BTreeSet<Row>, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut sources: BTreeMap<&str, String> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [kind, name, file, test] = fields.as_slice() else {
            return Err(format!("{}: {line}", path.display()));
        };
        if !sources.contains_key(file) {
            let source = std::fs::read_to_string(root.join(file)).map_err(|e| format!("{file}: {e}"))?;
            sources.insert(file, source);
        }
        if !sources[file].contains(&format!("fn {test}()")) {
            return Err(format!("{file} has no test {test}"));
        }
        found.insert(((*kind).to_owned(), name.trim_start_matches('$').to_owned()));
    }
    Ok(found)
}

/// The rows that a line belongs to.
fn attributed(line: &[u8]) -> BTreeSet<Row> {
    let mut rows = BTreeSet::new();
    let mut add = |kind: &str, name: &str| rows.insert((kind.to_owned(), name.to_owned()));
    let mut previous_condition = String::new();
    for named in names(line) {
        let after = &line[named.end.min(line.len())..];
        match named.kind {
            NamedKind::Item => {
                add("item", &named.name);
                if let Some(form) = item_form(&named.name, after) {
                    add("item", form);
                }
            }
            NamedKind::Operator => {
                add("item", "op");
                add("operator", &named.name);
                if let Some(family) = operator_family(&named.name) {
                    add("operator", family);
                }
            }
            NamedKind::Condition => {
                add("condition", &named.name);
            }
            NamedKind::Variable => {
                add("item", "variable");
                add("variable", variable_row(&named.name));
            }
            NamedKind::Header(form) => {
                add("item", header_row(form));
                if previous_condition == "def" {
                    add("condition", "def_header");
                }
            }
        }
        previous_condition = if named.kind == NamedKind::Condition { named.name } else { String::new() };
    }
    for kind in lookup_types(line) {
        add("lookup", &kind);
    }
    if line.windows(6).any(|window| window == b"}fail}") {
        add("item", "forced_fail");
    }
    rows
}

/// The lookup types that stand in a line: in `${lookup`, or before the semicolon of a list's item.
fn lookup_types(line: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(line).replace(" {", "{");
    let in_lookup = text.contains("{lookup");
    let mut found = BTreeSet::new();
    for part in text.split_inclusive([';', '{', ',', ' ', '}']) {
        let Some(name) = part.strip_suffix(if in_lookup { &[';', '{', ','][..] } else { &[';'] }) else {
            continue;
        };
        let name = name.trim_end_matches(['*', '@']);
        let name = name.rsplit('-').next().unwrap_or(name);
        if LOOKUP_TYPES.iter().any(|known| known.entry.name == name) {
            found.insert(name.to_owned());
        }
    }
    found
}

/// The inventory tells some forms of one item apart.
fn item_form(name: &str, after: &[u8]) -> Option<&'static str> {
    let after = String::from_utf8_lossy(after);
    let after = after.trim_start();
    let is_number = |text: &str| {
        let digits = text.trim_start().trim_start_matches('{').trim().trim_start_matches('-');
        let digits = digits.split('}').next().unwrap_or_default().trim();
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match name {
        "lookup" if after.starts_with('{') => Some("lookup_single"),
        "lookup" => Some("lookup_query"),
        "run" if after.starts_with(",preexpand") => Some("run_preexpand"),
        "extract" => match after.strip_prefix("jsons").or_else(|| after.strip_prefix("json")) {
            Some(rest) if is_number(rest) => Some("extract_json_number"),
            Some(_) if after.starts_with("jsons") => Some("extract_jsons"),
            Some(_) => Some("extract_json"),
            None if is_number(after) => Some("extract_number"),
            None => None,
        },
        _ => None,
    }
}

/// The row of an operator that is written with a suffix.
fn operator_family(name: &str) -> Option<&'static str> {
    const WITH_ROWS: [(&str, &str); 5] = [
        ("quote_", "quote_lookuptype"),
        ("listnamed_", "listnamed_type"),
        ("mask_n", "mask_n"),
        ("sha2_", "sha2_n"),
        ("sha3_", "sha3_n"),
    ];
    const NUMBERED: [&str; 9] = ["hash", "length", "nhash", "substr", "h", "l", "nh", "s", "headerwrap"];
    if name == "quote_local_part" {
        return None;
    }
    if let Some((_, row)) = WITH_ROWS.iter().find(|(prefix, _)| name.starts_with(prefix)) {
        return Some(row);
    }
    let (base, _) = name.split_once('_')?;
    NUMBERED.iter().find(|known| **known == base).copied()
}

/// Families of variables have one row, or a first and a last one.
fn variable_row(name: &str) -> &str {
    let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    match name {
        "0" | "acl_c0" | "acl_m0" => name,
        _ if is_number => "1",
        _ if name.starts_with("acl_c_") => "acl_c_any",
        _ if name.starts_with("acl_m_") => "acl_m_any",
        _ if name.starts_with("r_") => "r_any",
        _ => name,
    }
}

fn header_row(form: HeaderForm) -> &'static str {
    match form {
        HeaderForm::Decoded => "header_",
        HeaderForm::Raw => "rheader_",
        HeaderForm::Bytes => "bheader_",
        HeaderForm::List => "lheader_",
    }
}

fn is_odd(line: &[u8]) -> bool {
    const SIGNS: [&[u8]; 7] = [b"{}", b":}", b"} ", b" {", b"{ ", b" }", b"\\"];
    let braces = |brace: u8| line.split(|&byte| byte == brace).count();
    !line.is_ascii()
        || braces(b'{') != braces(b'}')
        || SIGNS.iter().any(|sign| line.windows(sign.len()).any(|window| window == *sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_belong_to_the_names_in_them() {
        let table: [(&str, &[&str]); 10] = [
            ("${lc:$domain}", &["item op", "item variable", "operator lc", "variable domain"]),
            ("${extract{2}{:}{a}}", &["item extract", "item extract_number"]),
            ("${extract json {-1}{a}}", &["item extract", "item extract_json_number"]),
            ("${extract jsons{a}{b}}", &["item extract", "item extract_jsons"]),
            (
                "${lookup{a}lsearch{b}{c}fail}",
                &["item forced_fail", "item lookup", "item lookup_single", "lookup lsearch"],
            ),
            ("${sha2_512:a}", &["item op", "operator sha2_512", "operator sha2_n"]),
            (
                "${if !def:h_x:{a}}",
                &["condition !", "condition def", "condition def_header", "item header_", "item if"],
            ),
            ("${lookup{a}partial-lsearch*@{b}}", &["item lookup", "item lookup_single", "lookup lsearch"]),
            ("net24-cdb;a : lsearch*@;b : extract json{", &["lookup cdb", "lookup lsearch"]),
            ("$acl_c_x$7", &["item variable", "variable 1", "variable acl_c_any"]),
        ];
        for (line, wanted) in table {
            let found: Vec<String> = attributed(line.as_bytes())
                .into_iter()
                .map(|(kind, name)| format!("{kind} {name}"))
                .collect();
            assert_eq!(found, wanted, "{line}");
        }
    }

    #[test]
    fn odd_forms() {
        for odd in ["${lc:}", "${lc:a", "${lc: é}", "${extract {a}{b}}", "${lc:\\x41}"] {
            assert!(is_odd(odd.as_bytes()), "{odd}");
        }
        assert!(!is_odd(b"${lc:a b}$domain"));
    }

    #[test]
    fn rows_without_cases_are_an_error() {
        assert!(report(&crate::root(), &[]).is_err());
    }
}

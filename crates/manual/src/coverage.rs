//! `cargo xtask coverage`: of every family how many names work, and by name, with the reason, those that do not.
//!
//! # Invariants
//! * The figures come from the tables that the program reads: a row without an effect says so itself.

use std::fmt::Write as _;

use crate::chapters;

/// Names that will never be there: they contradict a decision, which is the text.
pub(crate) const EXEMPT: [(&str, &str); 4] = [
    ("_HAVE_GNUTLS", "one TLS library: the macro is _HAVE_OPENSSL"),
    ("_HAVE_DLFUNC", "functions made for Exim can't be loaded"),
    ("${dlfunc", "functions made for Exim can't be loaded"),
    ("local_scan_path, local_scan_timeout, begin local_scan", "functions made for Exim can't be loaded"),
];

/// The report.
///
/// # Errors
/// A row is no entry.
pub fn coverage() -> Result<String, String> {
    let (mut figures, mut missing) = (String::new(), String::new());
    let (mut all, mut all_working) = (0, 0);
    for page in chapters()? {
        let entries: Vec<_> =
            page.parts.iter().flat_map(|(part, entries)| entries.iter().map(move |e| (part, e))).collect();
        let working = entries.iter().filter(|(_, entry)| entry.missing.is_none()).count();
        let _ = writeln!(figures, "{:32} {working:4} of {:4}", page.title, entries.len());
        (all, all_working) = (all + entries.len(), all_working + working);
        for (part, entry) in entries {
            let Some(why) = &entry.missing else { continue };
            let place =
                if page.parts.len() > 1 { format!("{}, {part}", page.title) } else { page.title.to_owned() };
            let _ = writeln!(missing, "{place}: {}: {why}", entry.name);
        }
    }
    let _ = writeln!(figures, "{:32} {all_working:4} of {all:4}", "all");
    let exempt = EXEMPT.iter().map(|(name, why)| format!("{name}: {why}\n")).collect::<Vec<_>>().concat();
    Ok(format!("{figures}\nWithout effect, or not there yet:\n{missing}\nExempt:\n{exempt}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_effect_is_named_beside_the_figures() {
        let report = coverage().unwrap();
        assert!(report.contains("\nall "), "{report}");
        for (table, def, _) in config::options::inert::all() {
            let named = report.lines().any(|line| line.contains(&format!(": {}: ", def.name)));
            assert!(named, "{} of {} is not named", def.name, table.owner);
        }
        for name in expand::unsupported::unsupported() {
            assert!(report.contains(&format!(": {}: ", name.name)), "{} is not named", name.name);
        }
    }
}

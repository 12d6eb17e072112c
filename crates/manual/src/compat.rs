//! Where docs/compat.md speaks of a name.

use std::collections::BTreeMap;

use super::entry::Shown;

/// The sections that mention each name in backticks, outside of the generated blocks: those are lists of names, and
/// entries say for themselves that they have no effect.
#[derive(Debug, Default)]
pub(crate) struct Differences(BTreeMap<String, Vec<(String, String)>>);

impl Differences {
    /// Reads the page.
    pub(crate) fn read(page: &str) -> Self {
        let mut found = Self::default();
        let (mut section, mut generated) = (None, false);
        for line in page.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                section = Some((title.to_owned(), anchor(title)));
            }
            generated = (generated || line.contains(": begin -->")) && !line.contains(": end -->");
            let Some(section) = section.as_ref().filter(|_| !generated) else { continue };
            for name in line.split('`').skip(1).step_by(2).filter_map(name) {
                let sections = found.0.entry(name).or_default();
                if !sections.contains(section) {
                    sections.push(section.clone());
                }
            }
        }
        found
    }

    /// The sections that speak of a name, with their anchors.
    pub(crate) fn of(&self, written: &str, shown: Shown) -> Vec<(String, String)> {
        let bare = written.trim_start_matches(['$', '{']).trim_end_matches(':');
        let mut keys = vec![written.trim_end_matches(':').to_owned()];
        if matches!(shown, Shown::Item | Shown::Operator | Shown::Condition) {
            // The section on expansions lists what is not served by its bare name.
            keys.push(bare.to_owned());
        }
        let mut sections: Vec<_> = keys.iter().filter_map(|key| self.0.get(key)).flatten().cloned().collect();
        sections.dedup();
        let wanted = shown.sections();
        sections.retain(|(title, _)| wanted.is_empty() || wanted.contains(&title.as_str()));
        sections
    }
}

/// The name that a piece of code begins with, with the signs of an item or a variable.
fn name(code: &str) -> Option<String> {
    let signs = code.len() - code.trim_start_matches(['$', '{']).len();
    let rest = &code[signs..];
    let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    (length > 1).then(|| code[..signs + length].to_owned())
}

/// The anchor that Markdown readers make of a heading.
fn anchor(title: &str) -> String {
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_their_sections() {
        let page = "## String expansions\n* `${run` waits; `$host` is tainted; the item `perl`.\n\
                    <!-- x: begin -->\n* `auto_thaw`\n<!-- x: end -->\n## Spool files, ids\n* `max_rcpt = 0` is.\n";
        let differences = Differences::read(page);
        let titles = |name: &str, shown| {
            differences.of(name, shown).into_iter().map(|(_, anchor)| anchor).collect::<Vec<_>>()
        };
        assert_eq!(titles("${run", Shown::Item), ["string-expansions"]);
        assert_eq!(titles("${perl", Shown::Item), ["string-expansions"]);
        assert_eq!(titles("$host", Shown::Variable), ["string-expansions"]);
        assert_eq!(titles("host", Shown::Plain), [""; 0]);
        assert_eq!(titles("auto_thaw", Shown::Plain), [""; 0]);
        assert_eq!(titles("max_rcpt", Shown::Plain), ["spool-files-ids"]);
    }
}

//! `local_part_prefix` and `local_part_suffix`.
//!
//! # Compatibility
//! Letters match without regard to case. `*` at the outer end takes the longest run.

use mail_types::value::Value;

use crate::context::facts::AddressFacts;

/// How much of a local part is prefix and suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Affixes {
    prefix: Part,
    suffix: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Part {
    /// Bytes of the affix.
    len: usize,
    /// Bytes of it that `*` stood for; none without `*`.
    wild: Option<usize>,
}

/// The patterns of one router.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patterns<'a> {
    pub(crate) prefix: &'a [Vec<u8>],
    pub(crate) prefix_optional: bool,
    pub(crate) suffix: &'a [Vec<u8>],
    pub(crate) suffix_optional: bool,
}

impl Affixes {
    /// Finds the affixes of a local part; none when one that must be there is not.
    pub(crate) fn find(local_part: &[u8], patterns: Patterns<'_>) -> Option<Self> {
        let prefix = if patterns.prefix.is_empty() {
            Part::default()
        } else {
            match patterns.prefix.iter().find_map(|p| match_prefix(local_part, p)) {
                Some(part) => part,
                None if patterns.prefix_optional => Part::default(),
                None => return None,
            }
        };
        let rest = &local_part[prefix.len..];
        let suffix = if patterns.suffix.is_empty() {
            Part::default()
        } else {
            match patterns.suffix.iter().find_map(|p| match_suffix(rest, p)) {
                Some(part) => part,
                None if patterns.suffix_optional => Part::default(),
                None => return None,
            }
        };
        Some(Self { prefix, suffix })
    }

    /// The local part without them.
    pub(crate) fn middle<'a>(&self, local_part: &'a [u8]) -> &'a [u8] {
        &local_part[self.prefix.len..local_part.len() - self.suffix.len]
    }

    /// Sets `$local_part_prefix` and its like.
    pub(crate) fn record(&self, facts: &mut AddressFacts, local_part: &[u8], caseful: bool) {
        let cased = |text: &[u8]| if caseful { text.to_vec() } else { text.to_ascii_lowercase() };
        if self.prefix.len > 0 {
            let text = &local_part[..self.prefix.len];
            facts.local_part_prefix = Some(value(cased(text), self.prefix.wild));
            facts.local_part_prefix_v = self.prefix.wild.map(|n| Value::tainted(cased(&text[..n])));
        }
        if self.suffix.len > 0 {
            let text = &local_part[local_part.len() - self.suffix.len..];
            facts.local_part_suffix = Some(value(cased(text), self.suffix.wild));
            facts.local_part_suffix_v =
                self.suffix.wild.map(|n| Value::tainted(cased(&text[text.len() - n..])));
        }
    }
}

/// Without a wildcard the text equals what the configuration says, so it is clean.
fn value(text: Vec<u8>, wild: Option<usize>) -> Value {
    if wild.is_some() { Value::tainted(text) } else { Value::clean(text) }
}

fn match_prefix(local_part: &[u8], pattern: &[u8]) -> Option<Part> {
    if let Some(fixed) = pattern.strip_prefix(b"*") {
        let last = local_part.len().checked_sub(fixed.len())?;
        return (0..=last)
            .rev()
            .find(|&at| local_part[at..at + fixed.len()].eq_ignore_ascii_case(fixed))
            .map(|at| Part { len: at + fixed.len(), wild: Some(at) });
    }
    let head = local_part.get(..pattern.len())?;
    head.eq_ignore_ascii_case(pattern).then_some(Part { len: pattern.len(), wild: None })
}

fn match_suffix(local_part: &[u8], pattern: &[u8]) -> Option<Part> {
    if let Some(fixed) = pattern.strip_suffix(b"*") {
        let last = local_part.len().checked_sub(fixed.len())?;
        return (0..=last)
            .find(|&at| local_part[at..at + fixed.len()].eq_ignore_ascii_case(fixed))
            .map(|at| Part { len: local_part.len() - at, wild: Some(local_part.len() - at - fixed.len()) });
    }
    let at = local_part.len().checked_sub(pattern.len())?;
    local_part[at..].eq_ignore_ascii_case(pattern).then_some(Part { len: pattern.len(), wild: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(local_part: &str, prefix: &[&str], suffix: &[&str], optional: bool) -> Option<[String; 5]> {
        let bytes = |list: &[&str]| list.iter().map(|s| s.as_bytes().to_vec()).collect::<Vec<_>>();
        let (prefix, suffix) = (bytes(prefix), bytes(suffix));
        let found = Affixes::find(
            local_part.as_bytes(),
            Patterns {
                prefix: &prefix,
                prefix_optional: optional,
                suffix: &suffix,
                suffix_optional: optional,
            },
        )?;
        let mut facts = AddressFacts::default();
        found.record(&mut facts, local_part.as_bytes(), false);
        let text = |v: &Option<Value>| v.as_ref().map(Value::to_lossy).unwrap_or_default();
        Some([
            String::from_utf8_lossy(found.middle(local_part.as_bytes())).into_owned(),
            text(&facts.local_part_prefix),
            text(&facts.local_part_prefix_v),
            text(&facts.local_part_suffix),
            text(&facts.local_part_suffix_v),
        ])
    }

    /// As the oracle shows them in `$local_part` and the four affix variables.
    #[test]
    fn affixes_are_found_as_exim_finds_them() {
        let both = |l| show(l, &["*-", "pre+"], &[".*", "_suf"], true);
        let expect = |a: [&str; 5]| Some(a.map(str::to_owned));
        assert_eq!(both("A-b-C.x.y"), expect(["C", "a-b-", "a-b", ".x.y", "x.y"]));
        assert_eq!(both("Pre+joe_suf"), expect(["joe", "pre+", "", "_suf", ""]));
        assert_eq!(both("x-"), expect(["", "x-", "x", "", ""]));
        assert_eq!(both("plain"), expect(["plain", "", "", "", ""]));
    }

    #[test]
    fn a_missing_affix_that_is_not_optional_skips_the_router() {
        assert_eq!(show("joe", &["owner-"], &[], false), None);
        assert_eq!(show("joe", &[], &["-request"], false), None);
        assert_eq!(show("owner-joe", &["owner-"], &[], false).map(|a| a[0].clone()), Some("joe".to_owned()));
        assert_eq!(show("", &["*-"], &[], false), None, "shorter than the pattern");
    }
}

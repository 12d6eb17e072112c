//! The environment that commands and `${env` see: `keep_environment` and `add_environment`.
//!
//! # Invariants
//! * The process's own environment is never changed; whoever starts a command passes it the environment of the configuration.
//!
//! # Security
//! The environment comes from whoever starts the program. Nothing of it is kept unless the configuration says so.
//!
//! # Compatibility
//! Spec 14.23, and what Exim 4.96 shows with `-bP environment`: items of `keep_environment` are names, `*suffix`, or
//! `^expression`, each perhaps after `!`; an item of `add_environment` without an equals sign takes the variable away.

use expand::regex::{Flags, Regex};
use expand::system::Environment;

/// What `keep` leaves of `given`, and what `add` adds; or Exim's text about an expression that does not compile.
pub(crate) fn adjusted(
    keep: &[Vec<u8>],
    add: &[Vec<u8>],
    given: &Environment,
) -> Result<Environment, String> {
    let keep = keep.iter().map(|item| Item::new(item)).collect::<Result<Vec<_>, _>>()?;
    let kept = given.iter().filter(|(name, _)| is_kept(&keep, name));
    let mut out: Environment = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    for item in add {
        match item.iter().position(|b| *b == b'=') {
            Some(at) => out.insert(item[..at].to_vec(), item[at + 1..].to_vec()),
            None => out.remove(item),
        };
    }
    Ok(out)
}

/// The same with `TZ` as option `timezone` has it: set, or taken away where that is empty. For universal time Exim leaves
/// the variable as it is.
pub(crate) fn in_zone(mut environment: Environment, zone: &[u8]) -> Environment {
    if zone.is_empty() {
        environment.remove(&b"TZ"[..]);
    } else if !zone.eq_ignore_ascii_case(b"utc") {
        environment.insert(b"TZ".to_vec(), zone.to_vec());
    }
    environment
}

/// One item of `keep_environment`.
struct Item {
    negated: bool,
    pattern: Pattern,
}

enum Pattern {
    Name(Vec<u8>),
    Suffix(Vec<u8>),
    Expression(Regex),
}

impl Item {
    fn new(text: &[u8]) -> Result<Self, String> {
        let (negated, text) = match text {
            [b'!', rest @ ..] => (true, rest.trim_ascii_start()),
            _ => (false, text),
        };
        let pattern = match text {
            [b'*', suffix @ ..] => Pattern::Suffix(suffix.to_vec()),
            [b'^', ..] => Pattern::Expression(compile(text)?),
            name => Pattern::Name(name.to_vec()),
        };
        Ok(Self { negated, pattern })
    }

    fn matches(&self, name: &[u8]) -> bool {
        match &self.pattern {
            Pattern::Name(known) => known == name,
            Pattern::Suffix(suffix) => name.ends_with(suffix),
            Pattern::Expression(expression) => expression.is_match(name).unwrap_or(false),
        }
    }
}

fn compile(text: &[u8]) -> Result<Regex, String> {
    Regex::compile(text, Flags::default()).map_err(|error| {
        let shown = String::from_utf8_lossy(text);
        format!(
            "regular expression error: {} at offset {} while compiling {shown}",
            error.message, error.offset
        )
    })
}

/// The first item that matches decides; a list that ends with a negated item keeps the rest.
fn is_kept(items: &[Item], name: &[u8]) -> bool {
    match items.iter().find(|item| item.matches(name)) {
        Some(item) => !item.negated,
        None => items.last().is_some_and(|item| item.negated),
    }
}

/// An item whose form this version takes for a name, where Exim would open a file.
pub(crate) fn names_a_file(item: &[u8]) -> bool {
    item.starts_with(b"/") || item.contains(&b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items separated by colons, as the option's reader leaves them.
    fn items(text: &str) -> Vec<Vec<u8>> {
        text.split(" : ").filter(|item| !item.is_empty()).map(|item| item.as_bytes().to_vec()).collect()
    }

    // Each answer was seen from Exim 4.96 (`-bP environment`).
    #[test]
    fn names_are_kept_and_added_as_exim_does() {
        let given: Environment = ["FOO=1", "BAR=2", "BAZ=3"]
            .iter()
            .map(|set| (set.as_bytes()[..3].to_vec(), set.as_bytes()[4..].to_vec()))
            .collect();
        let cases = [
            ("", "", ""),
            ("FOO", "", "FOO=1"),
            ("foo", "", ""),
            ("*", "", "BAR=2 BAZ=3 FOO=1"),
            ("*OO : F*", "", "FOO=1"),
            ("^F : ^.*R$", "", "BAR=2 FOO=1"),
            ("^(?i)foo", "", "FOO=1"),
            ("!FOO", "", "BAR=2 BAZ=3"),
            ("BAR : ! FOO", "", "BAR=2 BAZ=3"),
            ("!FOO : *", "", "BAR=2 BAZ=3"),
            ("", "A=1 : A=2", "A=2"),
            ("*", "FOO : BAR=x=y", "BAR=x=y BAZ=3"),
            ("", "A= b : =y", "=y A= b"),
        ];
        for (keep, add, want) in cases {
            let left = adjusted(&items(keep), &items(add), &given).unwrap();
            let shown: Vec<String> = left
                .iter()
                .map(|(name, value)| {
                    format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
                })
                .collect();
            assert_eq!(shown.join(" "), want, "{keep} {add}");
        }
        let zoned = |zone: &[u8]| {
            let given: Environment = [(b"TZ".to_vec(), b"Asia/Tokyo".to_vec())].into_iter().collect();
            in_zone(given, zone).remove(&b"TZ"[..])
        };
        assert_eq!(zoned(b""), None);
        assert_eq!(zoned(b"utc"), Some(b"Asia/Tokyo".to_vec()));
        assert_eq!(zoned(b"Europe/Vienna"), Some(b"Europe/Vienna".to_vec()));
        let broken = adjusted(&items("^("), &[], &given).unwrap_err();
        assert_eq!(
            broken,
            "regular expression error: missing closing parenthesis at offset 2 while compiling ^("
        );
    }
}

//! "Did you mean": the known name that is nearest to a misspelt one.
//!
//! # Invariants
//! * A suggestion is at most a third of the name's letters away, and at least one name is strictly nearest or first.

/// The known name that is nearest to `wrong`, if one is near enough.
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.as_bytes();
    let wrong = &wrong[..wrong.len().min(80)];
    if wrong.len() < 3 {
        // Everything short is near everything short.
        return None;
    }
    let limit = (wrong.len() / 3).clamp(1, 4);
    known
        .into_iter()
        .filter(|name| name.len().abs_diff(wrong.len()) <= limit)
        .map(|name| (distance(wrong, name.as_bytes()), name))
        .filter(|(far, _)| *far <= limit && *far > 0)
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

/// Edits (insert, delete, replace, swap of neighbours) between two names.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let width = b.len() + 1;
    let mut before = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; width];
        for (j, y) in b.iter().enumerate() {
            let replace = above[j] + usize::from(!x.eq_ignore_ascii_case(y));
            row[j + 1] = replace.min(above[j + 1] + 1).min(row[j] + 1);
            let swapped =
                i > 0 && j > 0 && a[i - 1].eq_ignore_ascii_case(y) && b[j - 1].eq_ignore_ascii_case(x);
            if swapped {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        let known = ["acl_smtp_rcpt", "acl_smtp_mail", "accept", "redirect", "smtp"];
        let cases = [
            ("acl_smtp_rctp", Some("acl_smtp_rcpt")),
            ("acept", Some("accept")),
            ("smpt", Some("smtp")),
            ("redirekt", Some("redirect")),
            ("zzzzzz", None),
            ("", None),
            ("x", None),
            ("accept", None),
        ];
        for (wrong, want) in cases {
            assert_eq!(nearest(wrong, known), want, "{wrong}");
        }
    }

    #[test]
    fn distances() {
        for (a, b, want) in
            [("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("", "abc", 3), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), want, "{a} {b}");
        }
    }
}

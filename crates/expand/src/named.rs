//! Which names of the language a text uses: for reports about texts, not for evaluation.
//!
//! # Invariants
//! * The names are those that the parser met, in its order: what stands behind a syntax error was not met.

use mail_types::limits;

use crate::env::HeaderForm;
use crate::expansion::Compiled;
use crate::parse::Parser;

/// What kind of name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedKind {
    /// `${name...}`.
    Item,
    /// `${name:...}`.
    Operator,
    /// What `${if` tests; `!` is one of them.
    Condition,
    /// `$name`, `${name}` or `$1`.
    Variable,
    /// `$h_name:` and its like; the name is that of the field.
    Header(HeaderForm),
}

/// One name in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What it is.
    pub kind: NamedKind,
    /// As it is written.
    pub name: String,
    /// Where in the text it ends.
    pub end: usize,
}

/// The names in a text.
pub fn names(text: &[u8]) -> Vec<Named> {
    let mut parser = Parser::nowhere(text, limits::EXPANSION_DEPTH);
    parser.named = Some(Vec::new());
    Compiled::new(parser).named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_the_order_of_the_text() {
        let text = b"$1${lc:$domain}${if !def:h_x:{${extract{a}{$h_b:}}}{${run{/x ${uc:a}}}}}${sha2_512:${nonsense}}";
        let found: Vec<String> =
            names(text).into_iter().map(|named| format!("{:?} {}", named.kind, named.name)).collect();
        assert_eq!(
            found,
            [
                "Variable 1",
                "Operator lc",
                "Variable domain",
                "Item if",
                "Condition !",
                "Condition def",
                "Header(Decoded) x",
                "Item extract",
                "Header(Decoded) b",
                "Item run",
                "Operator uc",
                "Operator sha2_512",
                "Variable nonsense",
            ]
        );
    }
}

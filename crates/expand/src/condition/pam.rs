//! `pam`: the system's authentication modules say whether a user may come in.
//!
//! # Failure
//! Whatever the modules say besides yes, no, an unknown user and an expired account is a failure of the expansion, with
//! PAM's own words.
//!
//! # Compatibility
//! Specification, condition `pam`. As in Exim, an empty user's name is false without a question, and each answer is taken
//! from what is left of the text as from a new list: a separator that was set for the first item is not kept.

use super::OneString;
use crate::EvalError;
use crate::env::{PamQuestion, PamVerdict};
use crate::eval::Machine;
use crate::list::ListItems;
use crate::parse::Parser;
use crate::tree::Test;
use mail_types::limits;
use mail_types::value::Value;

pub(super) fn parse(parser: &mut Parser<'_>) -> Box<dyn Test> {
    parser.may_block = true;
    OneString::parse(parser, "pam", pam)
}

fn pam(machine: &mut Machine<'_>, value: Value) -> Result<bool, EvalError> {
    let mut strings = strings(value.bytes()).into_iter();
    let user = strings.next().unwrap_or_default();
    if user.is_empty() {
        return Ok(false);
    }
    let timeout = machine.time_left()?.min(limits::EXPANSION_AUTH_DAEMON);
    let asked = PamQuestion { user, answers: strings.collect(), timeout };
    match machine.env.files().pam(&asked) {
        PamVerdict::Yes => Ok(true),
        PamVerdict::No => Ok(false),
        PamVerdict::Failed(why) => Err(EvalError::failed(why)),
    }
}

/// The strings of the text, each read as the first of a list.
fn strings(mut text: &[u8]) -> Vec<Vec<u8>> {
    let mut strings = Vec::new();
    loop {
        let mut items = ListItems::new(text);
        let Some(item) = items.next() else { return strings };
        strings.push(item.into_owned());
        text = items.rest();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_cut_as_the_oracle_cuts_them() {
        for (text, want) in [
            ("usr", &["usr"][..]),
            ("usr:", &["usr"]),
            ("usr::a", &["usr:a"]),
            ("usr: :b", &["usr", "", "b"]),
            (" usr :  x y  :b", &["usr", "x y", "b"]),
            ("usr:one:two::x:three", &["usr", "one", "two:x", "three"]),
            ("usr:<;:b", &["usr", ":b"]),
            ("<; usr; one;two", &["usr", "one;two"]),
            ("usr:::: a", &["usr:: a"]),
            ("", &[]),
            (":x", &["", "x"]),
        ] {
            let cut = strings(text.as_bytes());
            let cut: Vec<_> = cut.iter().map(|string| String::from_utf8_lossy(string)).collect();
            assert_eq!(cut, want, "{text:?}");
        }
    }
}

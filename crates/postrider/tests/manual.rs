//! Examples of the manual whose answers stand in their rows, because Debian's Exim lacks the feature. What it was asked is
//! the parity case `expand/manual`.

use std::path::Path;

use postrider_manual::{CASE, answered_by_rows};
use xtask::parity::expand::{Case, ask, escape};

#[test]
fn rows_say_what_their_examples_give() {
    let rows = answered_by_rows().unwrap();
    assert!(!rows.is_empty());
    let lines = rows.iter().map(|(text, _)| text.as_bytes().to_vec()).collect();
    let case = Case { name: "manual".into(), folder: xtask::root().join(CASE), lines, args: Vec::new() };
    let answers = ask(Path::new(env!("CARGO_BIN_EXE_postrider")), &case).unwrap();
    for ((text, want), answer) in rows.iter().zip(&answers) {
        assert_eq!(String::from_utf8_lossy(&escape(answer)), *want, "{text}");
    }
}

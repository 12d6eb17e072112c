//! The recorded answers of the oracle to expansions, given to the program as `-be` does.

use std::path::Path;

use xtask::parity::expand::{Case, replay};

#[test]
fn answers_are_those_of_the_oracle() {
    let binary = Path::new(env!("CARGO_BIN_EXE_postrider"));
    let cases = Case::all(&xtask::root(), None).unwrap();
    let wrong: Vec<String> = cases.iter().filter_map(|case| replay(case, binary).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

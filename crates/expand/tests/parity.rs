//! The recorded answers of the oracle, replayed in process through [`BareEnv`].
//!
//! Cases that need lists, lookups or ACLs are replayed with the whole program (`crates/postrider/tests`).

use std::sync::Arc;

use mail_types::clock::SystemClock;
use mail_types::{SourceText, Value};
use postrider_expand::{BareEnv, Expansion, Variable};
use xtask::parity::expand::{Case, compare};

/// Cases whose answers depend on more than the expansion engine.
const ELSEWHERE: [&str; 25] = [
    "acl_calls",
    "captures_of_lists",
    "charset_koi8_r",
    "charset_latin1",
    "charset_unknown",
    "charset_utf_16",
    "charset_utf_8",
    "ldapauth",
    "list_forms",
    "lookup",
    "lookup_files",
    "lookup_types",
    "odd_expansions",
    "odd_lists",
    "manual",
    "match_list",
    "message",
    "message_us_ascii",
    "named_lists",
    "options",
    "perl",
    "perl_broken",
    "perl_taintmode",
    "rows",
    "variables",
];

fn answers(case: &Case) -> Vec<Vec<u8>> {
    let mut env = BareEnv::new();
    env.clock = Arc::new(SystemClock);
    env.variables.insert(Variable::PrimaryHostname, Value::clean("mail.example.com"));
    let folder = case.folder.to_string_lossy().into_owned();
    env.variables.insert(Variable::ConfigDir, Value::clean(folder));
    for option in case.args.chunks(2) {
        let variable = match option[0].as_str() {
            "-oMai" => Variable::AuthenticatedId,
            "-oMs" => Variable::SenderHostName,
            "-oMt" => Variable::SenderIdent,
            other => panic!("{}: what does {other} set?", case.name),
        };
        env.variables.insert(variable, Value::tainted(option[1].as_bytes()));
    }
    let expand = |line: &Vec<u8>| match Expansion::parse(&SourceText::nowhere(line.as_slice())).eval(&mut env)
    {
        Ok(value) => value.into_bytes(),
        Err(error) => format!("Failed: {error}").into_bytes(),
    };
    case.lines.iter().map(expand).collect()
}

#[test]
fn answers_are_those_of_the_oracle() {
    let mut wrong = Vec::new();
    for case in Case::all(&xtask::root(), None).unwrap() {
        if ELSEWHERE.contains(&case.name.as_str()) {
            continue;
        }
        wrong.extend(compare(&case, &answers(&case)).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn cases_kept_for_elsewhere_exist() {
    let cases = Case::all(&xtask::root(), None).unwrap();
    for name in ELSEWHERE {
        assert!(cases.iter().any(|case| case.name == name), "{name}");
    }
}

//! The tables as a whole: defaults, names, documentation.

use std::collections::HashSet;

use mail_types::Span;
use mail_types::manual::Place;

use super::*;
use crate::files::{Account, ConfigFiles, FileContent};
use crate::reader::text::Text;
use crate::sections::cursor::Cursor;
use crate::sections::value::{Context, compile};

/// No files, no users.
struct Nothing;

impl ConfigFiles for Nothing {
    fn read(&self, _path: &std::path::Path, _limit: u64) -> std::io::Result<FileContent> {
        Err(std::io::ErrorKind::NotFound.into())
    }
    fn user(&self, _name: &[u8]) -> Option<Account> {
        None
    }
    fn user_by_id(&self, _uid: u32) -> Option<Account> {
        None
    }
    fn group(&self, _name: &[u8]) -> Option<u32> {
        None
    }
    fn group_name(&self, _gid: u32) -> Option<Vec<u8>> {
        None
    }
}

#[test]
fn every_default_is_a_value_of_its_kind() {
    let mut context =
        Context { files: &Nothing, lists: policy::list::NamedLists::new(), env: expand::BareEnv::new() };
    for table in tables() {
        for def in table.defs {
            let Some(default) = def.default else { continue };
            let text = Text::plain(default.as_bytes(), Span::NOWHERE);
            let compiled = compile(def, &mut Cursor::new(&text), &mut context);
            let compiled =
                compiled.unwrap_or_else(|fault| panic!("{} {}: {}", table.owner, def.name, fault.text));
            assert!(compiled.warnings.is_empty(), "{} {}: {:?}", table.owner, def.name, compiled.warnings);
        }
    }
}

#[test]
fn names_are_unique_where_they_can_meet() {
    for class in [Class::Main, Class::Router, Class::Transport, Class::Authenticator] {
        let generic: Vec<&OptionDef> = generic(class).iter().flat_map(|table| table.defs).collect();
        let names: HashSet<&str> = generic.iter().map(|def| def.name).collect();
        assert_eq!(names.len(), generic.len());
        for table in drivers(class) {
            let mut seen = names.clone();
            for def in table.defs {
                assert!(seen.insert(def.name), "{} {}", table.owner, def.name);
            }
        }
    }
}

#[test]
fn every_option_is_documented() {
    for table in tables() {
        for def in table.defs {
            let doc = def.doc.trim();
            assert!(doc.len() > 7 && doc.ends_with('.'), "{} {}: {doc:?}", table.owner, def.name);
        }
    }
}

#[test]
fn constants_read_what_their_rows_hold() {
    assert_eq!(main::SMTP_ACCEPT_MAX.definition().name, "smtp_accept_max");
    assert_eq!(transport::smtp::HOSTS.definition().name, "hosts");
    assert_eq!(transport::appendfile::MODE.definition().default, Some("0600"));
    assert_eq!(authenticator::tls::SERVER_PARAM1.definition().kind, OptionKind::Text);
}

#[test]
fn every_example_sets_its_option() {
    for table in tables() {
        for def in table.defs {
            let entry = def.entry();
            for example in entry.examples(Place::Main).unwrap() {
                let sets = example.text.split_once(" = ").is_some_and(|(name, _)| name == def.name);
                assert!(sets, "{} {}: {}", table.owner, def.name, example.text);
            }
        }
    }
}

//! Large and hostile lists: everything ends, in time that grows with the size.
//!
//! Sizes are such that anything quadratic would not come to an end within the time that the suite is given.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fmt::Write as _;

use expand::BareEnv;
use mail_types::{SourceText, Span, Value};
use postrider_policy::acl::Acl;
use postrider_policy::list::{List, ListError, ListKind, MatchOptions, NamedList, NamedLists, Subject};

const MEGABYTE: usize = 1 << 20;
const KINDS: [ListKind; 5] =
    [ListKind::Domain, ListKind::Host, ListKind::Address, ListKind::LocalPart, ListKind::String];

/// As many copies of what `item` gives as make up a size.
fn items(size: usize, item: impl Fn(usize) -> String) -> String {
    let mut out = String::with_capacity(size + 100);
    for number in 0.. {
        if out.len() >= size {
            break;
        }
        out.push_str(&item(number));
    }
    out
}

fn named(lists: &NamedLists, kind: ListKind, name: &str, text: &str) {
    let text = SourceText::nowhere(text.as_bytes());
    lists.define(
        kind,
        name.as_bytes(),
        NamedList { text, span: Span::NOWHERE, hidden: false, cached: false },
    );
}

fn matched(lists: &NamedLists, kind: ListKind, subject: &str, list: &str) -> Result<bool, ListError> {
    let (subject, list) = (Value::tainted(subject), Value::clean(list));
    let subject = match kind {
        ListKind::Host => Subject::address(Some("192.0.2.1".parse().unwrap())),
        _ => Subject::Value(&subject),
    };
    let mut env = BareEnv::new();
    lists
        .match_text(kind, subject, &list, MatchOptions { caseful: false }, &mut env)
        .map(|found| found.matched)
}

#[test]
fn ten_megabytes_of_plain_items() {
    let lists = NamedLists::new();
    let text = items(10 * MEGABYTE, |n| format!("d{n}.example : *.s{n}.example : "));
    named(&lists, ListKind::Domain, "big", &text);
    for (subject, want) in
        [("d0.example", true), ("d100000.example", true), ("x.s100000.example", true), ("d.example", false)]
    {
        assert_eq!(matched(&lists, ListKind::Domain, subject, "+big"), Ok(want), "{subject}");
    }
}

#[test]
fn ten_megabytes_of_networks() {
    let lists = NamedLists::new();
    let text = items(10 * MEGABYTE, |n| format!("10.{}.{}.0/24 ; ", n >> 8 & 0xff, n & 0xff));
    named(&lists, ListKind::Host, "big", &format!("<; {text}"));
    assert_eq!(matched(&lists, ListKind::Host, "", "+big"), Ok(false));
}

#[test]
fn a_megabyte_of_one_thing() {
    for piece in
        [":", "!", " ", "+", "*", "@", "a", "\"", "\\", "<", "/", "::", ";", "a@", "!+x:", "@@a;", "net-a;"]
    {
        let text = piece.repeat(MEGABYTE / piece.len());
        for kind in KINDS {
            // A verdict or an error: it ends.
            let _ = matched(&NamedLists::new(), kind, "a@b.example", &text);
        }
    }
}

#[test]
fn lists_that_name_each_other_a_hundred_thousand_deep() {
    let lists = NamedLists::new();
    for n in 0..100_000 {
        named(&lists, ListKind::Domain, &format!("l{n}"), &format!("+l{}", n + 1));
    }
    named(&lists, ListKind::Domain, "l100000", "a.example");
    assert!(matched(&lists, ListKind::Domain, "a.example", "+l0").is_err(), "too deep");
    assert_eq!(matched(&lists, ListKind::Domain, "a.example", "+l99980"), Ok(true));
    named(&lists, ListKind::Domain, "self", "+self");
    assert!(matched(&lists, ListKind::Domain, "a.example", "+self").is_err(), "without end");
}

#[test]
fn lists_that_name_each_other_twice() {
    // 2^40 ways through them.
    let lists = NamedLists::new();
    for n in 0..40 {
        named(&lists, ListKind::Domain, &format!("l{n}"), &format!("+l{m} : +l{m}", m = n + 1));
    }
    named(&lists, ListKind::Domain, "l40", "other.example");
    assert!(matched(&lists, ListKind::Domain, "a.example", "+l0").is_err());
    let (list, _) = List::compile(&SourceText::nowhere(&b"+l0"[..]), ListKind::Domain, &lists);
    assert!(!list.may_block());
}

#[test]
fn patterns_that_nest() {
    for (opening, closing) in [("(", ")"), ("(?:", ")"), ("[", "]"), ("(?=", ")")] {
        let text = format!("^{}a{}", opening.repeat(100_000), closing.repeat(100_000));
        let _ = matched(&NamedLists::new(), ListKind::Domain, "a.example", &text);
        let (_, _) =
            List::compile(&SourceText::nowhere(text.as_bytes()), ListKind::Domain, &NamedLists::new());
    }
}

#[test]
fn an_acl_of_ten_megabytes() {
    let mut text = String::new();
    for n in 0.. {
        if text.len() > 10 * MEGABYTE {
            break;
        }
        let _ = writeln!(text, "deny domains = d{n}.example\n     message = no {n}");
    }
    let lines: Vec<SourceText> = text.lines().map(|line| SourceText::nowhere(line.as_bytes())).collect();
    let (_, found) = Acl::compile(b"big", Span::NOWHERE, &lines, &NamedLists::new());
    assert!(found.is_empty(), "{:?}", found.first());
}

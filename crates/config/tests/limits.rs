//! Large and hostile configurations: everything ends, in time that grows with the size.
//!
//! Sizes are such that anything quadratic would not come to an end within the time that the suite is given.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod memory;

use std::fmt::Write as _;

use memory::Memory;

const MEGABYTE: usize = 1 << 20;

/// As many copies of what `line` gives as make up a size.
fn lines(size: usize, line: impl Fn(usize) -> String) -> String {
    let mut out = String::with_capacity(size + 100);
    let mut number = 0;
    while out.len() < size {
        out.push_str(&line(number));
        number += 1;
    }
    out
}

fn errors(text: String) -> Vec<&'static str> {
    let loaded = Memory::with(text).load();
    loaded.diagnostics.iter().filter(|d| d.severity == mail_types::Severity::Error).map(|d| d.id).collect()
}

#[test]
fn ten_megabytes_of_options() {
    let text =
        lines(10 * MEGABYTE, |n| format!("domainlist list_{n} = a.example : b.example : *.c{n}.example\n"));
    assert!(errors(text).is_empty());
}

#[test]
fn many_macros_and_their_uses() {
    let mut text = lines(MEGABYTE, |n| format!("MACRO_{n:06}_ = value {n}\n"));
    text.push_str(&lines(MEGABYTE, |n| format!("domainlist l{n} = MACRO_{:06}_\n", n % 1000)));
    assert!(errors(text).is_empty());
}

#[test]
fn many_instances() {
    let mut text = String::from("begin routers\n");
    text.push_str(&lines(MEGABYTE, |n| {
        format!("r{n}:\n driver=accept\n verify_only\n pass_router = r{}\n", n + 1)
    }));
    // The last one names a router that is not there.
    assert_eq!(errors(text), ["config.router.unknown"]);
}

#[test]
fn many_settings_of_one_option() {
    let mut text = String::from("begin routers\nr:\n driver=accept\n verify_only\n");
    text.push_str(&lines(MEGABYTE, |n| format!(" headers_add = X-{n}: y\n condition = {n}\n")));
    assert!(errors(text).is_empty());
}

#[test]
fn many_mistakes() {
    let text = lines(2 * MEGABYTE, |n| format!("no_such_option_{n} = 1\n"));
    assert_eq!(errors(text).len(), mail_types::limits::CONFIG_DIAGNOSTICS);
}

#[test]
fn deep_conditions_and_long_lines() {
    let mut deep = lines(MEGABYTE, |_| ".ifndef X\n".into());
    deep.push_str("queue_only = nonsense\n");
    assert_eq!(errors(deep), ["config.value.flag", "config.condition.unended"]);
    let long = format!("smtp_banner = {}\nqueue_only = nonsense\n", "x".repeat(2 * MEGABYTE));
    assert_eq!(errors(long), ["config.line.too_long", "config.value.flag"]);
    assert!(errors(lines(MEGABYTE, |_| "\\\n\n".into())).is_empty());
}

#[test]
fn inclusion_has_a_depth() {
    let found = errors(".include test.conf\n".into());
    assert_eq!(found, ["config.include.depth"]);
    // Each level includes itself twice: without a limit on the whole, 2^20 files.
    let twice = errors(format!("# {}\n.include test.conf\n.include test.conf\n", "x".repeat(100_000)));
    assert!(twice.iter().all(|id| id.starts_with("config.include.")), "{twice:?}");
}

#[test]
fn macros_can_not_multiply_without_end() {
    let mut text = String::new();
    for n in 0..60 {
        let _ = writeln!(text, "M{n:02}_ = x");
    }
    for n in 0..59 {
        let _ = writeln!(text, "M{n:02}_ == M{m:02}_ M{m:02}_", m = n + 1);
    }
    assert!(errors(text).is_empty(), "definitions alone are harmless");
    let mut text = String::new();
    for n in (0_usize..60).rev() {
        // Defined from the last to the first, so that each text is replaced again and again.
        let _ = writeln!(text, "N{n:02}_ = N{m:02}_N{m:02}_", m = n.saturating_sub(1));
    }
    text.push_str("smtp_banner = N59_\n");
    assert_eq!(errors(text), ["config.line.too_long"]);
}

//! What a named list of 100,000 domains costs: its first load, and one match.
//!
//! `cargo bench -p postrider-policy --bench lists`, or `cargo xtask bench lists`. Figures are printed and judged by people:
//! SPECIFICATION.md says what is promised.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a program for people")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use expand::BareEnv;
use expand::ListKind;
use mail_types::diagnostic::{SourceText, Span};
use mail_types::value::Value;
use postrider_policy::list::{List, NamedList, NamedLists, Subject};

const DOMAINS: usize = 100_000;
const MATCHES: u32 = 200_000;
const ROUNDS: usize = 5;

fn main() {
    let text = (0..DOMAINS).map(domain).collect::<Vec<_>>().join(" : ");
    println!("a domain list of {DOMAINS} domains, {} bytes; best of {ROUNDS} rounds", text.len());
    let load = best(|| {
        let source = SourceText::nowhere(text.as_bytes());
        black_box(List::compile(&source, ListKind::Domain, &NamedLists::new()));
    });
    println!("first load              {:>10.1} ms", load.as_secs_f64() * 1e3);

    let named = NamedLists::new();
    let big = NamedList {
        text: SourceText::nowhere(text.as_bytes()),
        span: Span::default(),
        hidden: false,
        cached: false,
    };
    assert!(named.define(ListKind::Domain, b"big", big));
    let (list, _) = List::compile(&SourceText::nowhere(&b"+big"[..]), ListKind::Domain, &named);
    let subjects = |wild: bool| -> Vec<Value> {
        (0..1000)
            .map(|n| Value::clean(if wild { format!("no{n}.example.net") } else { domain(n * 97) }))
            .collect()
    };
    for (what, subjects, wanted) in
        [("match, it is there", subjects(false), true), ("match, it is not", subjects(true), false)]
    {
        let mut env = BareEnv::new();
        let spent = best(|| {
            for n in 0..MATCHES {
                let subject = &subjects[n as usize % subjects.len()];
                let found = list.matches(Subject::Value(subject), &mut env).expect("the list can be matched");
                assert_eq!(black_box(found).matched, wanted);
            }
        });
        println!("{what:<23} {:>10.0} ns", spent.as_secs_f64() * 1e9 / f64::from(MATCHES));
    }
}

fn domain(number: usize) -> String {
    format!("host{number}.customers{}.example.org", number % 997)
}

fn best(mut work: impl FnMut()) -> Duration {
    let round = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..ROUNDS).map(|_| round(&mut work)).min().unwrap_or_default()
}

//! Any lines are an ACL, rewriting rules or retry rules, or are told to be wrong; what compiles can be applied.
//!
//! The target itself is `tests/fuzz/rules.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/rules.rs"]
mod rules;

libfuzzer_sys::fuzz_target!(|input: &[u8]| rules::run(input));

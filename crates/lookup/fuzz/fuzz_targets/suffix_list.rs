//! Any text as a list of public suffixes and any domain: an answer is the end of the domain, and what is registered stands one
//! label above the suffix.
//!
//! The target itself is `tests/fuzz/suffix_list.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/suffix_list.rs"]
mod suffix_list;

libfuzzer_sys::fuzz_target!(|input: &[u8]| suffix_list::run(input));

//! Any text is a list, and any subject is in it or not.
//!
//! The target itself is `tests/fuzz/list.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/list.rs"]
mod list;

libfuzzer_sys::fuzz_target!(|input: &[u8]| list::run(input));

//! Any bytes as a -J file: the entries that are read are written again as the same entries.
//!
//! The target itself is `tests/fuzz/journal.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/journal.rs"]
mod journal;

libfuzzer_sys::fuzz_target!(|input: &[u8]| journal::run(input));

//! Any bytes as a configuration: loading ends, nothing panics, and what is found can be shown.
//!
//! The target itself is `tests/fuzz/reader.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/reader.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|input: &[u8]| reader::run(input));

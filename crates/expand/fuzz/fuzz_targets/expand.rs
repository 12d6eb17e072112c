//! Any text is parsed and evaluated: it ends with a value or an error.
//!
//! The target itself is `tests/fuzz/expand.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/expand.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::run(input));

//! Any bytes as a -H file: what is read and written again is the same header.
//!
//! The target itself is `tests/fuzz/header.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/header.rs"]
mod header;

libfuzzer_sys::fuzz_target!(|input: &[u8]| header::run(input));

//! Any body, cut anywhere: the hashes do not depend on the cuts.
//!
//! The target itself is `tests/fuzz/body.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/body.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|input: &[u8]| body::run(input));

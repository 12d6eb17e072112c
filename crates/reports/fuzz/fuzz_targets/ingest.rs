//! Any file with reports, or without.
//! The target itself is `tests/fuzz/ingest.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/ingest.rs"]
mod ingest;

libfuzzer_sys::fuzz_target!(|input: &[u8]| ingest::run(input));

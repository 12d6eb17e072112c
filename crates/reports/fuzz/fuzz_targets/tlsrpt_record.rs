//! Any TLSRPT records.
//! The target itself is `tests/fuzz/tlsrpt_record.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/tlsrpt_record.rs"]
mod tlsrpt_record;

libfuzzer_sys::fuzz_target!(|input: &[u8]| tlsrpt_record::run(input));

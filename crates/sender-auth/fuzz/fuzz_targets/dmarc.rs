//! Any text as From field and as record: what is not a pass is never accepted, an aligned pass for every author always is,
//! and a record's reports go to addresses that stand on one line.
//!
//! The target itself is `tests/fuzz/dmarc.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/dmarc.rs"]
mod dmarc;

libfuzzer_sys::fuzz_target!(|input: &[u8]| dmarc::run(input));

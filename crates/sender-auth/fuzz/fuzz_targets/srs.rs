//! Any local part and any sender: what was rewritten comes back as it was, and what was not rewritten does not.
//!
//! The target itself is `tests/fuzz/srs.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/srs.rs"]
mod srs;

libfuzzer_sys::fuzz_target!(|input: &[u8]| srs::run(input));

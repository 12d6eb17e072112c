//! An OCSP response, written by anybody: no panic, and an end soon.
//!
//! The target itself is `tests/fuzz/status.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/status.rs"]
mod status;

libfuzzer_sys::fuzz_target!(|input: &[u8]| status::run(input));

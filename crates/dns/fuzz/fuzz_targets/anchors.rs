//! Files of trust anchors that hold anything: no panic, and an end soon.
//!
//! The target itself is `tests/fuzz/anchors.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/anchors.rs"]
mod anchors;

libfuzzer_sys::fuzz_target!(|input: &[u8]| anchors::run(input));

//! Any header as a chain: it ends, and a chain that holds has whole sets; sealing gives exactly one more.
//!
//! The target itself is `tests/fuzz/arc.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/arc.rs"]
mod arc;

libfuzzer_sys::fuzz_target!(|input: &[u8]| arc::run(input));

//! An answer of a name server that anybody may have written, with all that a validator looks at: no panic, and an end soon.
//!
//! The target itself is `tests/fuzz/answer.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/answer.rs"]
mod answer;

libfuzzer_sys::fuzz_target!(|input: &[u8]| answer::run(input));

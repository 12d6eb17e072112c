//! Any Authentication-Results field, read and as the basis of a set: comments and quotes give no results, and what is made of
//! a reading is read as it was.
//!
//! The target itself is `tests/fuzz/authres.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/authres.rs"]
mod authres;

libfuzzer_sys::fuzz_target!(|input: &[u8]| authres::run(input));

//! A database file of any of the families that anybody may have written: no panic, no endless search.
//!
//! The target itself is `tests/fuzz/dbm.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/dbm.rs"]
mod dbm;

libfuzzer_sys::fuzz_target!(|input: &[u8]| dbm::run(input));

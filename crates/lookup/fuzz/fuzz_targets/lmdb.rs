//! An LMDB file that anybody may have written: no panic, no endless search, and what is found stands in the file.
//!
//! The target itself is `tests/fuzz/lmdb.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/lmdb.rs"]
mod lmdb;

libfuzzer_sys::fuzz_target!(|input: &[u8]| lmdb::run(input));

//! Any octets as a key record and as a public key: nothing panics, and a record that is read has a value in every part.
//!
//! The target itself is `tests/fuzz/key_record.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/key_record.rs"]
mod key_record;

libfuzzer_sys::fuzz_target!(|input: &[u8]| key_record::run(input));

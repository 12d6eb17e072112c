//! The first octets of a client, written by anybody: no panic, and an end soon.
//!
//! The target itself is `tests/fuzz/hello.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/hello.rs"]
mod hello;

libfuzzer_sys::fuzz_target!(|input: &[u8]| hello::run(input));

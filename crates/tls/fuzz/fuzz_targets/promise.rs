//! What a domain or a host promises about its TLS, written by anybody: no panic, and an end soon.
//!
//! The target itself is `tests/fuzz/promise.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/promise.rs"]
mod promise;

libfuzzer_sys::fuzz_target!(|input: &[u8]| promise::run(input));

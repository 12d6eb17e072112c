//! Any header with any key in the DNS: it ends, nothing passes that this key did not sign, the results are bounded.
//!
//! The target itself is `tests/fuzz/dkim.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/dkim.rs"]
mod dkim;

libfuzzer_sys::fuzz_target!(|input: &[u8]| dkim::run(input));

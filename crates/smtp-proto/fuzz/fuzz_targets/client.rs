//! Any octets as a server's replies: the handshake and a transaction end, and nobody counts as delivered without a 2xx
//!
//! The target itself is `tests/fuzz/client.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/client.rs"]
mod client;

libfuzzer_sys::fuzz_target!(|input: &[u8]| client::run(input));

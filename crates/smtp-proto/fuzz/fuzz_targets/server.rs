//! Any octets as a client's side of a session, cut into pieces of any size: nothing panics, every step makes progress,
//!
//! The target itself is `tests/fuzz/server.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/server.rs"]
mod server;

libfuzzer_sys::fuzz_target!(|input: &[u8]| server::run(input));

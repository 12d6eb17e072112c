//! Any records under any names: an evaluation ends, asks a bounded number of questions, and leaves texts without line
//! ends. The input is cut at line ends; the lines are the sender, the HELO name, and the records that answer in turn.
//!
//! The target itself is `tests/fuzz/spf.rs`: `cargo test` gives it the corpus and mutations of it.
#![no_main]

#[path = "../../tests/fuzz/spf.rs"]
mod spf;

libfuzzer_sys::fuzz_target!(|input: &[u8]| spf::run(input));

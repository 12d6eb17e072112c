//! The fuzz targets without a fuzzer: each is given its corpus, and mutations of it that are the same in every run.
//!
//! `cargo fuzz` looks for new paths and needs its own build; this is what every `cargo test` does, so that a target always
//! compiles and a corpus always passes. The target of a crate is a function in `tests/fuzz/NAME.rs`, which the file of
//! that name in `fuzz/fuzz_targets` calls, too.
//!
//! # Invariants
//! * Nothing depends on the clock, the order of a directory or the machine: input `n` of a target is always the same.
//!
//! # Failure
//! The input that breaks a target is printed, escaped, before the panic goes on.
#![forbid(unsafe_code)]
#![allow(clippy::print_stderr, clippy::panic, reason = "a test tool tells what it found, loudly")]

use std::fs;
use std::path::Path;

/// How many mutations a target gets; `FUZZ_RUNS` asks for more.
const RUNS: usize = 1_000;
/// The longest mutated input.
const LONGEST: usize = 16 << 10;

/// Gives a target its corpus (`CRATE/fuzz/corpus/NAME`) and mutations of it.
///
/// # Panics
/// When the target does, or when there is no corpus.
pub fn replay(crate_folder: &str, name: &str, target: impl Fn(&[u8])) {
    let corpus = corpus(&Path::new(crate_folder).join("fuzz/corpus").join(name));
    let run = |input: &[u8]| {
        let shown = Shown(input);
        target(input);
        std::mem::forget(shown);
    };
    for input in &corpus {
        run(input);
    }
    let runs = std::env::var("FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let mut mutator = Mutator::new(&corpus);
    for _ in 0..runs {
        run(&mutator.next_input());
    }
}

/// Prints its input when it is dropped: only a panic drops it.
struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        eprintln!("the input: b\"{}\"", self.0.escape_ascii());
    }
}

fn corpus(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let read =
        |path: &std::path::PathBuf| fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let inputs: Vec<_> = paths.iter().map(read).collect();
    assert!(!inputs.is_empty(), "{}: no corpus", folder.display());
    inputs
}

/// Makes inputs out of those of a corpus.
struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    /// The state of a xorshift generator (Marsaglia 2003): quality does not matter here, repetition does.
    state: u64,
}

impl<'a> Mutator<'a> {
    fn new(corpus: &'a [Vec<u8>]) -> Self {
        Self { corpus, state: 0x9e37_79b9_7f4a_7c15 }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap_or(0) % bound.max(1)
    }

    fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.corpus[self.below(self.corpus.len())].clone();
        for _ in 0..=self.below(6) {
            self.mutate(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let end = (at + 1 + self.below(32)).min(input.len());
        match self.below(8) {
            0 if at < input.len() => input[at] ^= 1 << self.below(8),
            1 if at < input.len() => input[at] = SPECIAL[self.below(SPECIAL.len())],
            2 => input.insert(at, SPECIAL[self.below(SPECIAL.len())]),
            3 if at < end => drop(input.drain(at..end)),
            4 if at < end => {
                // The same again, several times: what nests or repeats.
                let piece = input[at..end].repeat(1 + self.below(20));
                input.splice(at..at, piece);
            }
            5 | 6 => {
                let corpus = self.corpus;
                let other = &corpus[self.below(corpus.len())];
                let from = self.below(other.len());
                let piece = &other[from..(from + 1 + self.below(64)).min(other.len())];
                input.splice(at..at, piece.iter().copied());
            }
            _ => input.truncate(at),
        }
    }
}

/// Bytes that mean something somewhere.
const SPECIAL: &[u8] = b"\0\r\n\t \"\\'{}()[]<>$:;,.@!+-*^/|#=%?&~09aZ\x7f\x80\xff";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_the_same_in_every_run_and_differ_among_each_other() {
        let corpus = [b"${if eq{a}{b}{c}{d}}".to_vec(), b"x = y\n".to_vec()];
        let inputs = || {
            let mut mutator = Mutator::new(&corpus);
            (0..1000).map(|_| mutator.next_input()).collect::<Vec<_>>()
        };
        let (first, second) = (inputs(), inputs());
        assert_eq!(first, second);
        let distinct: std::collections::BTreeSet<_> = first.iter().collect();
        assert!(distinct.len() > 700, "{}", distinct.len());
        assert!(first.iter().all(|input| input.len() <= LONGEST));
    }

    #[test]
    fn a_planted_bug_is_found() {
        let corpus = [b"${length_3:abc}".to_vec()];
        let mut mutator = Mutator::new(&corpus);
        let breaks = |input: &[u8]| input.windows(2).any(|pair| pair == b"}}");
        assert!((0..RUNS).any(|_| breaks(&mutator.next_input())));
    }
}

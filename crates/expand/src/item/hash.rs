//! `hash` and `nhash`: Exim's own hashing of texts to texts and to numbers.
//!
//! # Security
//! Neither is cryptographic; they spread users over directories.

use super::function::{self, Definition};
use super::substr::numbers;
use crate::EvalError;
use crate::parse::Parser;
use crate::tree::Item;
use mail_types::value::Value;

/// Exim has these two letters the wrong way round; hashes in use depend on it.
const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrtsuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const PRIMES: [u32; 29] = [
    113, 109, 107, 103, 101, 97, 89, 83, 79, 73, 71, 67, 61, 59, 53, 47, 43, 41, 37, 31, 29, 23, 19, 17, 13,
    11, 7, 5, 3,
];

static HASH: Definition = Definition {
    name: "hash",
    least: 2,
    most: 3,
    run: |_, values| {
        let (length, letters) = numbers("hash", values)?;
        text_hash(&values[values.len() - 1], length, letters)
    },
    check: Some(|values| numbers("hash", values).map(|_| ())),
};

static NHASH: Definition = Definition {
    name: "nhash",
    least: 2,
    most: 3,
    run: |_, values| {
        let (first, second) = numbers("nhash", values)?;
        nhash(&values[values.len() - 1], first, second)
    },
    check: Some(|values| numbers("nhash", values).map(|_| ())),
};

pub(super) fn parse_hash(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &HASH)
}

pub(super) fn parse_nhash(parser: &mut Parser<'_>, _start: usize) -> Box<dyn Item> {
    function::parse(parser, &NHASH)
}

/// A text of `length` letters, taken from the first `letters` of the alphabet; shorter texts stay as they are.
pub(crate) fn text_hash(subject: &Value, length: i64, letters: Option<i64>) -> Result<Value, EvalError> {
    let letters = letters.unwrap_or(26);
    if letters > ALPHABET.len() as i64 {
        return Err(EvalError::failed(format!("hash count \"{letters}\" too big")));
    }
    if length < 0 {
        return Err(EvalError::failed(format!("hash length \"{length}\" is negative")));
    }
    if length >= subject.len() as i64 {
        return Ok(subject.clone());
    }
    if letters < 1 {
        return Err(EvalError::failed("hash count is zero"));
    }
    let length = length as usize;
    let mut mixed = subject.bytes()[..length].to_vec();
    if length > 0 {
        for (at, &byte) in subject.bytes().iter().enumerate().skip(length) {
            let turn = (usize::from(byte) + at) & 7;
            mixed[(at - length) % length] ^= byte.rotate_left(turn as u32);
        }
    }
    let out: Vec<u8> = mixed.into_iter().map(|byte| ALPHABET[usize::from(byte) % letters as usize]).collect();
    Ok(Value::new(out, subject.taint().clone()))
}

/// One number below `first`, or two numbers below `first` and `second` with a slash between them.
pub(crate) fn nhash(subject: &Value, first: i64, second: Option<i64>) -> Result<Value, EvalError> {
    let range = first as u32;
    let parts = second.unwrap_or(1) as u32;
    let modulus = range.wrapping_mul(parts);
    if modulus == 0 {
        return Err(EvalError::failed("nhash range is zero"));
    }
    let sum = subject
        .bytes()
        .iter()
        .zip(PRIMES.iter().cycle())
        .fold(0u32, |sum, (&byte, &prime)| sum.wrapping_add(u32::from(byte).wrapping_mul(prime)));
    let rest = sum % modulus;
    Ok(Value::clean(match second {
        None => rest.to_string(),
        Some(_) => format!("{}/{}", rest / parts, rest % parts),
    }))
}

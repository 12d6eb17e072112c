//! The traditional form: DES with a salt, 25 times; its extended form; and `crypt16`.
//!
//! # References
//! FIPS 46-3 for the tables. The salt swaps bits of the expansion E.

use super::{ALPHABET, letter_value};

/// Two letters of salt, eight letters of password.
pub(super) fn traditional(password: &[u8], stored: &[u8]) -> Option<Vec<u8>> {
    let salt = salt(stored)?;
    let block = Schedule::new(key(password)).encrypt(0, salt, ROUNDS);
    Some([&stored[..2], &letters(block)].concat())
}

/// Exim's sixteen-letter form: the next eight letters are made with the first two letters of the first result as salt.
pub(super) fn sixteen(password: &[u8], stored: &[u8]) -> Option<Vec<u8>> {
    let password = password.split(|&byte| byte == 0).next().unwrap_or_default();
    let mut made = traditional(password, stored)?;
    if let Some(rest) = password.get(8..).filter(|rest| !rest.is_empty()) {
        let second = traditional(rest, &made[2..4])?;
        made.extend_from_slice(&second[2..]);
    }
    Some(made)
}

/// `_`, four letters of rounds, four of salt; a password of any length.
pub(super) fn extended(password: &[u8], stored: &[u8]) -> Option<Vec<u8>> {
    let head = stored.get(..9)?;
    let number = |text: &[u8]| {
        text.iter().rev().try_fold(0u32, |number, &letter| Some(number << 6 | letter_value(letter)?))
    };
    let (rounds, salt) = (number(&head[1..5])?, number(&head[5..9])?);
    if rounds == 0 {
        return None;
    }
    let mut folded = key(password);
    let mut rest = password.get(8..).unwrap_or_default();
    while !rest.is_empty() {
        let block = Schedule::new(folded).encrypt(u64::from_be_bytes(folded), 0, 1);
        folded = block.to_be_bytes();
        for (byte, more) in folded.iter_mut().zip(key(rest)) {
            *byte ^= more;
        }
        rest = rest.get(8..).unwrap_or_default();
    }
    let block = Schedule::new(folded).encrypt(0, salt, rounds);
    Some([head, &letters(block)].concat())
}

fn salt(stored: &[u8]) -> Option<u32> {
    Some(letter_value(*stored.first()?)? | letter_value(*stored.get(1)?)? << 6)
}

/// Seven bits of each of the first eight letters.
fn key(password: &[u8]) -> [u8; 8] {
    let mut key = [0; 8];
    for (byte, letter) in key.iter_mut().zip(password) {
        *byte = letter << 1;
    }
    key
}

fn letters(block: u64) -> [u8; 11] {
    std::array::from_fn(|at| {
        let bits = if at < 10 { block >> (58 - 6 * at) } else { block << 2 };
        ALPHABET[bits as usize & 63]
    })
}

/// How often the traditional form encrypts.
const ROUNDS: u32 = 25;

/// The sixteen round keys of 48 bits.
struct Schedule([u64; 16]);

impl Schedule {
    fn new(key: [u8; 8]) -> Self {
        const SHIFTS: [u32; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
        let picked = permute(u64::from_be_bytes(key), 64, &PC1);
        let (mut left, mut right) = (picked >> 28, picked & 0xfff_ffff);
        let turn = |half: u64, by: u32| (half << by | half >> (28 - by)) & 0xfff_ffff;
        Self(SHIFTS.map(|by| {
            left = turn(left, by);
            right = turn(right, by);
            permute(left << 28 | right, 56, &PC2)
        }))
    }

    /// DES, so many times one after the other. Bit n of the salt swaps bits n and n + 24 of E's result.
    fn encrypt(&self, block: u64, salt: u32, times: u32) -> u64 {
        // The salt's lowest bit belongs to the first, that is the highest, bit of each half.
        let swaps = u64::from(salt.reverse_bits() >> 8);
        let block = permute(block, 64, &IP);
        let (mut left, mut right) = (block >> 32, block & 0xffff_ffff);
        for _ in 0..times {
            for round_key in self.0 {
                let wide = permute(right, 32, &E);
                let differ = (wide >> 24 ^ wide) & swaps;
                let wide = wide ^ (differ << 24 | differ) ^ round_key;
                let mut boxed = 0;
                for (number, table) in S.iter().enumerate() {
                    boxed = boxed << 4 | u64::from(table[(wide >> (42 - 6 * number)) as usize & 63]);
                }
                (left, right) = (right, left ^ permute(boxed, 32, &P));
            }
            (left, right) = (right, left);
        }
        permute(left << 32 | right, 64, &FP)
    }
}

/// The bits of `value` (of `width` bits, numbered from 1 at the top) in the table's order.
fn permute(value: u64, width: u32, table: &[u8]) -> u64 {
    table.iter().fold(0, |out, &bit| out << 1 | (value >> (width - u32::from(bit)) & 1))
}

const IP: [u8; 64] = [
    58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48,
    40, 32, 24, 16, 8, 57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21,
    13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
];
const FP: [u8; 64] = [
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45,
    13, 53, 21, 61, 29, 36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18,
    58, 26, 33, 1, 41, 9, 49, 17, 57, 25,
];
const E: [u8; 48] = [
    32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17, 16, 17, 18, 19, 20,
    21, 20, 21, 22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
];
const P: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6,
    22, 11, 4, 25,
];
const PC1: [u8; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44,
    36, 63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20,
    12, 4,
];
const PC2: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37,
    47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
/// The S boxes, indexed by all six bits as they stand.
const S: [[u8; 64]; 8] = [
    [
        14, 0, 4, 15, 13, 7, 1, 4, 2, 14, 15, 2, 11, 13, 8, 1, 3, 10, 10, 6, 6, 12, 12, 11, 5, 9, 9, 5, 0, 3,
        7, 8, 4, 15, 1, 12, 14, 8, 8, 2, 13, 4, 6, 9, 2, 1, 11, 7, 15, 5, 12, 11, 9, 3, 7, 14, 3, 10, 10, 0,
        5, 6, 0, 13,
    ],
    [
        15, 3, 1, 13, 8, 4, 14, 7, 6, 15, 11, 2, 3, 8, 4, 14, 9, 12, 7, 0, 2, 1, 13, 10, 12, 6, 0, 9, 5, 11,
        10, 5, 0, 13, 14, 8, 7, 10, 11, 1, 10, 3, 4, 15, 13, 4, 1, 2, 5, 11, 8, 6, 12, 7, 6, 12, 9, 0, 3, 5,
        2, 14, 15, 9,
    ],
    [
        10, 13, 0, 7, 9, 0, 14, 9, 6, 3, 3, 4, 15, 6, 5, 10, 1, 2, 13, 8, 12, 5, 7, 14, 11, 12, 4, 11, 2, 15,
        8, 1, 13, 1, 6, 10, 4, 13, 9, 0, 8, 6, 15, 9, 3, 8, 0, 7, 11, 4, 1, 15, 2, 14, 12, 3, 5, 11, 10, 5,
        14, 2, 7, 12,
    ],
    [
        7, 13, 13, 8, 14, 11, 3, 5, 0, 6, 6, 15, 9, 0, 10, 3, 1, 4, 2, 7, 8, 2, 5, 12, 11, 1, 12, 10, 4, 14,
        15, 9, 10, 3, 6, 15, 9, 0, 0, 6, 12, 10, 11, 1, 7, 13, 13, 8, 15, 9, 1, 4, 3, 5, 14, 11, 5, 12, 2, 7,
        8, 2, 4, 14,
    ],
    [
        2, 14, 12, 11, 4, 2, 1, 12, 7, 4, 10, 7, 11, 13, 6, 1, 8, 5, 5, 0, 3, 15, 15, 10, 13, 3, 0, 9, 14, 8,
        9, 6, 4, 11, 2, 8, 1, 12, 11, 7, 10, 1, 13, 14, 7, 2, 8, 13, 15, 6, 9, 15, 12, 0, 5, 9, 6, 10, 3, 4,
        0, 5, 14, 3,
    ],
    [
        12, 10, 1, 15, 10, 4, 15, 2, 9, 7, 2, 12, 6, 9, 8, 5, 0, 6, 13, 1, 3, 13, 4, 14, 14, 0, 7, 11, 5, 3,
        11, 8, 9, 4, 14, 3, 15, 2, 5, 12, 2, 9, 8, 5, 12, 15, 3, 10, 7, 11, 0, 14, 4, 1, 10, 7, 1, 6, 13, 0,
        11, 8, 6, 13,
    ],
    [
        4, 13, 11, 0, 2, 11, 14, 7, 15, 4, 0, 9, 8, 1, 13, 10, 3, 14, 12, 3, 9, 5, 7, 12, 5, 2, 10, 15, 6, 8,
        1, 6, 1, 6, 4, 11, 11, 13, 13, 8, 12, 1, 3, 4, 7, 10, 14, 7, 10, 9, 15, 5, 6, 0, 8, 15, 0, 14, 5, 2,
        9, 3, 2, 12,
    ],
    [
        13, 1, 2, 15, 8, 13, 4, 8, 6, 10, 15, 3, 11, 7, 1, 4, 10, 12, 9, 5, 3, 6, 14, 11, 5, 0, 0, 14, 12, 9,
        7, 2, 7, 2, 11, 1, 4, 14, 1, 7, 9, 4, 12, 10, 14, 8, 2, 13, 0, 15, 6, 12, 10, 9, 13, 0, 15, 3, 3, 5,
        5, 6, 8, 11,
    ],
];

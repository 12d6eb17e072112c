//! `$2a$`, `$2b$`, `$2y$`: Blowfish with an expensive key schedule.
//!
//! # References
//! Provos and Mazières, "A Future-Adaptable Password Scheme" (1999).

use blowfish::Blowfish;
use mail_types::limits;

/// Its own order of letters.
const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SALT_LETTERS: usize = 22;

/// The stored text for a password with salt and cost of `stored`; none when it has no such form.
pub(super) fn crypt(password: &[u8], stored: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let (Some(cost), Some(salt)) = (stored.get(4..6).and_then(cost), stored.get(7..7 + SALT_LETTERS)) else {
        return Ok(None);
    };
    let Some(salt) = decode(salt).filter(|_| stored[6] == b'$') else { return Ok(None) };
    if cost > limits::CRYPT_BCRYPT_COST {
        let limit = limits::CRYPT_BCRYPT_COST;
        return Err(format!("crypt error: cost {cost} exceeds the limit of {limit}"));
    }
    let digest = digest(password, &salt, cost);
    let mut out = stored[..7 + SALT_LETTERS].to_vec();
    out.extend(encode(&digest[..23]));
    Ok(Some(out))
}

fn cost(text: &[u8]) -> Option<u32> {
    let number: u32 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (text[0].is_ascii_digit() && (4..=31).contains(&number)).then_some(number)
}

fn digest(password: &[u8], salt: &[u8], cost: u32) -> Vec<u8> {
    let mut key = password.to_vec();
    key.push(0);
    key.truncate(72);
    let mut state: Blowfish = Blowfish::bc_init_state();
    state.salted_expand_key(salt, &key);
    for _ in 0..1u32 << cost {
        state.bc_expand_key(&key);
        state.bc_expand_key(salt);
    }
    let mut words = [0u32; 6];
    for (word, bytes) in words.iter_mut().zip(b"OrpheanBeholderScryDoubt".chunks_exact(4)) {
        *word = bytes.iter().fold(0, |word, &byte| word << 8 | u32::from(byte));
    }
    for pair in words.chunks_exact_mut(2) {
        for _ in 0..64 {
            let [left, right] = state.bc_encrypt([pair[0], pair[1]]);
            pair[0] = left;
            pair[1] = right;
        }
    }
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(16);
    let (mut bits, mut count) = (0u32, 0);
    for letter in text {
        let value = ALPHABET.iter().position(|known| known == letter)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(31);
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            out.push(ALPHABET[(bits >> (18 - 6 * place)) as usize & 63]);
        }
    }
    out
}

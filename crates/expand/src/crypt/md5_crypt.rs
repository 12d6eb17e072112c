//! `$1$`: MD5 a thousand times.

use super::ALPHABET;
use crate::digest::md5;

/// The stored text for a password with the salt of `stored`; none when it has no such form.
pub(super) fn crypt(password: &[u8], stored: &[u8]) -> Option<Vec<u8>> {
    let rest = stored.strip_prefix(b"$1$")?;
    let length = rest.iter().position(|&byte| byte == b'$').unwrap_or(rest.len()).min(8);
    let salt = &rest[..length];
    let digest = digest(password, salt);
    let mut out = [b"$1$", salt, b"$"].concat();
    for [high, middle, low] in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        let bits = u32::from(digest[high]) << 16 | u32::from(digest[middle]) << 8 | u32::from(digest[low]);
        push(&mut out, bits, 4);
    }
    push(&mut out, u32::from(digest[11]), 2);
    Some(out)
}

fn push(out: &mut Vec<u8>, mut bits: u32, letters: usize) {
    for _ in 0..letters {
        out.push(ALPHABET[bits as usize & 63]);
        bits >>= 6;
    }
}

fn digest(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let inner = md5(&[password, salt, password].concat());
    let mut first = [password, b"$1$", salt].concat();
    first.extend(inner.iter().cycle().take(password.len()));
    let mut length = password.len();
    while length > 0 {
        first.push(if length & 1 == 1 { 0 } else { password[0] });
        length >>= 1;
    }
    let mut digest = md5(&first);
    for round in 0..1000 {
        let is_odd = round % 2 == 1;
        let mut text = if is_odd { password.to_vec() } else { digest.clone() };
        if round % 3 != 0 {
            text.extend_from_slice(salt);
        }
        if round % 7 != 0 {
            text.extend_from_slice(password);
        }
        text.extend_from_slice(if is_odd { &digest } else { password });
        digest = md5(&text);
    }
    digest
}

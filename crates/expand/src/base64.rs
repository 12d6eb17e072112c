//! Base 64.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes, with padding and without line breaks.
pub fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0u32, |group, &byte| group << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            out.push(if digit <= chunk.len() {
                ALPHABET[(group >> (18 - 6 * digit) & 63) as usize]
            } else {
                b'='
            });
        }
    }
    out
}

/// Decodes; white space is ignored. `None` when the text is not well-formed.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.iter().copied().filter(|&byte| !mail_types::bytes::is_space(byte)).collect();
    let body = match digits.as_slice() {
        [body @ .., b'=', b'='] | [body @ .., b'='] => body,
        body => body,
    };
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() / 4 * 3 + 2);
    for chunk in body.chunks(4) {
        let mut group = 0u32;
        for &byte in chunk {
            let digit = ALPHABET.iter().position(|&known| known == byte)?;
            group = group << 6 | digit as u32;
        }
        group <<= 6 * (4 - chunk.len());
        if chunk.len() == 1 {
            return None;
        }
        out.extend_from_slice(&group.to_be_bytes()[1..chunk.len()]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc4648_vectors() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in cases {
            assert_eq!(encode(plain.as_bytes()), coded.as_bytes());
            assert_eq!(decode(coded.as_bytes()).unwrap(), plain.as_bytes());
        }
        for wrong in ["A", "AB", "ABC", "A===", "A?==", "=", "AB=C"] {
            assert_eq!(decode(wrong.as_bytes()), None, "{wrong}");
        }
    }
}

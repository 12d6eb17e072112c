//! Base 64 as signatures, keys and bodies of mail use it: white space anywhere, padding at the end and nowhere else.
//!
//! # References
//! RFC 4648 section 4, RFC 6376 section 2.10 (`base64string` with folding white space).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const NO_DIGIT: u8 = 0xff;
const DIGITS: [u8; 256] = digits();

const fn digits() -> [u8; 256] {
    let mut table = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 64 {
        table[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    table
}

/// Encodes with padding, without line breaks.
pub fn encode(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len().div_ceil(3) * 4);
    for chunk in octets.chunks(3) {
        let mut group = [0u8; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let group = u32::from_be_bytes(group);
        for place in 0..4 {
            let digit = ALPHABET[(group >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { digit } else { b'=' });
        }
    }
    out
}

/// Decodes; `None` when it is no base 64.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut count, mut padding) = (0u32, 0usize, 0usize);
    for byte in text.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        if byte == b'=' {
            padding += 1;
            continue;
        }
        let digit = DIGITS[usize::from(byte)];
        if digit == NO_DIGIT || padding > 0 {
            return None;
        }
        group = group << 6 | u32::from(digit);
        count += 1;
        if count == 4 {
            out.extend_from_slice(&group.to_be_bytes()[1..]);
            (group, count) = (0, 0);
        }
    }
    if padding > 2 || !(count + padding).is_multiple_of(4) || count == 1 {
        return None;
    }
    if count > 0 {
        group <<= 6 * (4 - count);
        out.extend_from_slice(&group.to_be_bytes()[1..count]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_rfc4648() {
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
            assert_eq!(decode(coded.as_bytes()).as_deref(), Some(plain.as_bytes()));
        }
    }

    #[test]
    fn all_octets_come_back() {
        let octets: Vec<u8> = (0..=255).collect();
        for end in 0..octets.len() {
            assert_eq!(decode(&encode(&octets[..end])).as_deref(), Some(&octets[..end]));
        }
    }

    #[test]
    fn white_space_is_nothing() {
        assert_eq!(decode(b" Zm\r\n\t9v\nYg = =").as_deref(), Some(&b"foob"[..]));
    }

    #[test]
    fn what_is_no_base64() {
        for text in ["Z", "Zg", "Zg=", "Zg===", "Zm9vY", "Zg==Zg==", "Zm-v", "=", "Zm9v=", "!!!"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}

//! UTF-7, UTF-16 and UTF-32, which encoding_rs reads only in part and does not write.
//!
//! # Invariants
//! * No more than one character is held back.
//!
//! # References
//! RFC 2152, RFC 2781; the Unicode Standard, section 3.10.

/// UTF-16 or UTF-32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wide {
    /// Octets of a unit: 2 or 4.
    width: usize,
    /// Big-endian; none: by the mark, little-endian without one.
    big: Option<bool>,
}

impl Wide {
    pub(super) fn named(name: &str) -> Option<Self> {
        let (width, order) = match name.split_at_checked(6)? {
            ("utf-16", order) => (2, order),
            ("utf-32", order) => (4, order),
            _ => return None,
        };
        let big = match order {
            "" => None,
            "be" => Some(true),
            "le" => Some(false),
            _ => return None,
        };
        Some(Self { width, big })
    }

    pub(super) fn reader(self) -> WideReader {
        WideReader { wide: self, unit: Vec::new(), first: None, begun: false }
    }

    pub(super) fn writer(self) -> WideWriter {
        WideWriter { wide: self, begun: false }
    }

    fn value(self, unit: &[u8]) -> u32 {
        let fold = |value: u32, octet: &u8| value << 8 | u32::from(*octet);
        if self.big == Some(true) { unit.iter().fold(0, fold) } else { unit.iter().rev().fold(0, fold) }
    }
}

pub(super) struct WideReader {
    wide: Wide,
    unit: Vec<u8>,
    /// The first half of a surrogate pair.
    first: Option<u32>,
    begun: bool,
}

impl WideReader {
    pub(super) fn push(&mut self, octet: u8, out: &mut String) -> bool {
        self.unit.push(octet);
        if self.unit.len() < self.wide.width {
            return true;
        }
        let unit = std::mem::take(&mut self.unit);
        if !std::mem::replace(&mut self.begun, true) && self.wide.big.is_none() {
            let big = self.wide.width == 2 && unit == [0xfe, 0xff] || unit == [0, 0, 0xfe, 0xff];
            self.wide.big = Some(big);
            if self.wide.value(&unit) == 0xfeff {
                return true;
            }
        }
        let value = self.wide.value(&unit);
        match (self.first.take(), value) {
            (None, 0xd800..=0xdbff) if self.wide.width == 2 => {
                self.first = Some(value);
                true
            }
            (Some(first), 0xdc00..=0xdfff) => {
                keep(char::from_u32(0x1_0000 + ((first & 0x3ff) << 10 | value & 0x3ff)), out)
            }
            (Some(_), _) => false,
            (None, value) => keep(char::from_u32(value), out),
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.unit.is_empty() && self.first.is_none()
    }
}

fn keep(char: Option<char>, out: &mut String) -> bool {
    out.extend(char);
    char.is_some()
}

pub(super) struct WideWriter {
    wide: Wide,
    begun: bool,
}

impl WideWriter {
    pub(super) fn push(&mut self, chars: &str, out: &mut Vec<u8>) -> bool {
        if !std::mem::replace(&mut self.begun, true) && self.wide.big.is_none() {
            self.unit(0xfeff, out);
        }
        for char in chars.chars() {
            if self.wide.width == 4 {
                self.unit(u32::from(char), out);
                continue;
            }
            for unit in char.encode_utf16(&mut [0; 2]) {
                self.unit(u32::from(*unit), out);
            }
        }
        true
    }

    fn unit(&self, value: u32, out: &mut Vec<u8>) {
        let octets = value.to_be_bytes();
        let octets = &octets[4 - self.wide.width..];
        if self.wide.big == Some(true) {
            out.extend_from_slice(octets);
        } else {
            out.extend(octets.iter().rev());
        }
    }
}

/// Writes UTF-7.
#[derive(Debug, Default)]
pub(crate) struct Utf7 {
    /// Inside a shifted part: bits that wait, and how many.
    shifted: Option<(u32, u32)>,
}

/// The characters of base64, in their order.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn digit(octet: u8) -> Option<u32> {
    DIGITS.iter().position(|&other| other == octet).and_then(|at| u32::try_from(at).ok())
}

impl Utf7 {
    pub(super) fn reader() -> Utf7Reader {
        Utf7Reader { shifted: None, bits: 0, count: 0, first: None }
    }

    pub(super) fn push(&mut self, chars: &str, out: &mut Vec<u8>) {
        for char in chars.chars() {
            let direct = char.is_ascii_alphanumeric() || "'(),-./:? \t\r\n".contains(char);
            match (direct, u8::try_from(char)) {
                (true, Ok(octet)) => {
                    self.unshift(octet == b'-' || digit(octet).is_some(), out);
                    out.push(octet);
                }
                (_, Ok(b'+')) if self.shifted.is_none() => out.extend_from_slice(b"+-"),
                _ => char.encode_utf16(&mut [0; 2]).iter().for_each(|unit| self.unit(*unit, out)),
            }
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.unshift(true, out);
    }

    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        let (mut bits, mut count) = self.shifted.unwrap_or_else(|| {
            out.push(b'+');
            (0, 0)
        });
        bits = bits << 16 | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            out.push(DIGITS[(bits >> count & 63) as usize]);
        }
        self.shifted = Some((bits & ((1 << count) - 1), count));
    }

    /// Ends a shifted part, with its mark where the next character could be taken for a part of it.
    fn unshift(&mut self, marked: bool, out: &mut Vec<u8>) {
        let Some((bits, count)) = self.shifted.take() else { return };
        if count > 0 {
            out.push(DIGITS[(bits << (6 - count) & 63) as usize]);
        }
        if marked {
            out.push(b'-');
        }
    }
}

/// Reads UTF-7.
pub(super) struct Utf7Reader {
    /// Inside a shifted part: whether a digit was seen in it.
    shifted: Option<bool>,
    bits: u32,
    count: u32,
    first: Option<u32>,
}

impl Utf7Reader {
    pub(super) fn push(&mut self, octet: u8, out: &mut String) -> bool {
        match (self.shifted, digit(octet)) {
            (None, _) if octet == b'+' => {
                (self.shifted, self.bits, self.count) = (Some(false), 0, 0);
                true
            }
            (None, _) => octet.is_ascii() && keep(Some(char::from(octet)), out),
            (Some(_), Some(digit)) => {
                self.shifted = Some(true);
                self.digit(digit, out)
            }
            (Some(seen), None) => {
                // Bits that fill up the last digit are zero.
                let sound =
                    self.count < 6 + 1 && self.bits & ((1 << self.count) - 1) == 0 && self.first.is_none();
                self.shifted = None;
                match octet {
                    b'-' if seen => sound,
                    b'-' => keep(Some('+'), out),
                    _ => sound && octet.is_ascii() && keep(Some(char::from(octet)), out),
                }
            }
        }
    }

    fn digit(&mut self, digit: u32, out: &mut String) -> bool {
        self.bits = (self.bits << 6 | digit) & 0x3f_ffff;
        self.count += 6;
        if self.count < 16 {
            return true;
        }
        self.count -= 16;
        let unit = self.bits >> self.count & 0xffff;
        match (self.first.take(), unit) {
            (None, 0xd800..=0xdbff) => {
                self.first = Some(unit);
                true
            }
            (Some(first), 0xdc00..=0xdfff) => {
                keep(char::from_u32(0x1_0000 + ((first & 0x3ff) << 10 | unit & 0x3ff)), out)
            }
            (Some(_), _) => false,
            (None, unit) => keep(char::from_u32(unit), out),
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.first.is_none()
    }
}

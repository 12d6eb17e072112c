//! Packing and unpacking: gzip both ways, zip inwards.
//!
//! # Invariants
//! * No more than the limit is ever unpacked, whatever the input promises.
//!
//! # Security
//! A packed report is hostile: a bomb ends at [`limits::REPORT_TEXT`] with an error.
//!
//! # References
//! RFC 1952; PKWARE's APPNOTE sections 4.3.7 and 4.3.12.

use std::io::{Read, Write as _};

use flate2::Compression;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use flate2::write::GzEncoder;
use mail_types::limits;

/// Packs with gzip. The same text gives the same octets: there is neither a name nor a time in them.
pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::with_capacity(text.len() / 4 + 64), Compression::new(9));
    // Writing into memory does not fail.
    let _ = packer.write_all(text);
    packer.finish().unwrap_or_default()
}

/// True for what begins as a gzip file does.
pub fn is_gzip(octets: &[u8]) -> bool {
    octets.starts_with(&[0x1f, 0x8b, 8])
}

/// True for what begins as a zip file with a member does.
pub fn is_zip(octets: &[u8]) -> bool {
    octets.starts_with(b"PK\x03\x04")
}

/// Unpacks a gzip file.
///
/// # Errors
/// It is damaged, or longer than [`limits::REPORT_TEXT`].
pub fn gunzip(octets: &[u8]) -> Result<Vec<u8>, &'static str> {
    bounded(MultiGzDecoder::new(octets))
}

/// Unpacks the first member of a zip file.
///
/// # Errors
/// It is damaged, locked, packed in a way that is not known, or longer than [`limits::REPORT_TEXT`].
pub fn unzip(octets: &[u8]) -> Result<Vec<u8>, &'static str> {
    let word = |at: usize| Some(u16::from_le_bytes([*octets.get(at)?, *octets.get(at + 1)?]));
    let number = |at: usize| Some(u32::from(word(at)?) | u32::from(word(at + 2)?) << 16);
    let member =
        || Some((word(6)?, word(8)?, number(18)? as usize, usize::from(word(26)?), usize::from(word(28)?)));
    let (flags, method, size, name, extra) = member().ok_or("the zip file is cut off")?;
    if flags & 1 != 0 {
        return Err("the zip file is encrypted");
    }
    let data = octets.get(30 + name + extra..).ok_or("the zip file is cut off")?;
    match method {
        // With the size after the data (flag 8) deflate ends by itself.
        8 => bounded(DeflateDecoder::new(data)),
        0 if flags & 8 == 0 && size <= limits::REPORT_TEXT => {
            data.get(..size).map(<[u8]>::to_vec).ok_or("the zip file is cut off")
        }
        _ => Err("the zip file is packed in a way that is not known"),
    }
}

fn bounded(from: impl Read) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::new();
    let limit = limits::REPORT_TEXT as u64 + 1;
    from.take(limit).read_to_end(&mut out).map_err(|_damaged| "the packed data is damaged")?;
    if out.len() > limits::REPORT_TEXT { Err("it is too long once unpacked") } else { Ok(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let text = b"report ".repeat(1000);
        let packed = gzip(&text);
        assert!(is_gzip(&packed) && packed.len() < 200);
        assert_eq!(gunzip(&packed).unwrap(), text);
        assert_eq!(gzip(&text), packed);
        assert_eq!(gunzip(&packed[..packed.len() - 9]), Err("the packed data is damaged"));
        assert_eq!(gunzip(b"\x1f\x8b\x08"), Err("the packed data is damaged"));
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let bomb = gzip(&vec![0; limits::REPORT_TEXT + 1]);
        assert!(bomb.len() < 100_000);
        assert_eq!(gunzip(&bomb), Err("it is too long once unpacked"));
    }

    #[test]
    fn members_of_zip_files() {
        let stored = |flags: u16, method: u16, size: u32, data: &[u8]| {
            let mut file = b"PK\x03\x04\x14\0".to_vec();
            file.extend([flags, method].iter().flat_map(|word| word.to_le_bytes()));
            file.extend([0; 8]);
            file.extend([size, size].iter().flat_map(|word| word.to_le_bytes()));
            file.extend([1u16, 0].iter().flat_map(|word| word.to_le_bytes()));
            file.push(b'n');
            file.extend_from_slice(data);
            file
        };
        let gz = gzip(b"text");
        let deflated = &gz[10..gz.len() - 8];
        for (file, want) in [
            (stored(0, 0, 4, b"textPK\x01\x02"), Ok(b"text".to_vec())),
            (stored(8, 8, 0, deflated), Ok(b"text".to_vec())),
            (stored(0, 0, 5, b"text"), Err("the zip file is cut off")),
            (stored(1, 0, 4, b"text"), Err("the zip file is encrypted")),
            (stored(0, 12, 4, b"text"), Err("the zip file is packed in a way that is not known")),
            (b"PK\x03\x04\x14".to_vec(), Err("the zip file is cut off")),
        ] {
            assert!(is_zip(&file));
            assert_eq!(unzip(&file), want);
        }
    }
}

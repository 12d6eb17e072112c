//! `from_utf8` and `utf8clean`.

use super::Call;
use mail_types::value::Value;

/// One character of UTF-8 text, or something that is none.
enum Piece {
    Letter(char),
    /// So many bytes make no character.
    Invalid(usize),
}

/// The first piece; the text is not empty. As in Exim, a sequence is counted as long as its first byte says, as far as
/// continuation bytes follow.
fn piece(text: &[u8]) -> Piece {
    let length = match text[0] {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => return Piece::Invalid(1),
    };
    let follow = text[1..].iter().take(length - 1).take_while(|&&byte| byte & 0xc0 == 0x80).count();
    let taken = &text[..=follow];
    match std::str::from_utf8(taken).ok().and_then(|letter| letter.chars().next()) {
        Some(letter) => Piece::Letter(letter),
        None => Piece::Invalid(taken.len()),
    }
}

/// Latin-1; what has no place there becomes an underscore. As in Exim, nothing is checked: a lone continuation byte stays, and
/// whatever follows a first byte counts as its continuation.
pub(super) fn from_utf8(call: &Call<'_>) -> Value {
    let mut out = Vec::with_capacity(call.bytes().len());
    let mut rest = call.bytes().iter();
    while let Some(&byte) = rest.next() {
        let more = match byte {
            0..=0xbf => 0,
            0xc0..=0xdf => 1,
            0xe0..=0xef => 2,
            0xf0..=0xf7 => 3,
            0xf8..=0xfb => 4,
            0xfc..=0xff => 5,
        };
        if more == 0 {
            out.push(byte);
            continue;
        }
        let first = u64::from(byte) & (0x3f >> more);
        let code =
            (0..more).fold(first, |code, _| code << 6 | rest.next().map_or(0, |&b| u64::from(b & 0x3f)));
        let is_broken = byte >= 0xfe;
        out.push(u8::try_from(code).ok().filter(|_| !is_broken).unwrap_or(b'_'));
    }
    call.derived(out)
}

/// Each invalid sequence becomes a question mark.
pub(super) fn utf8clean(call: &Call<'_>) -> Value {
    let mut out = Vec::with_capacity(call.bytes().len());
    let mut rest = call.bytes();
    while !rest.is_empty() {
        let used = match piece(rest) {
            Piece::Letter(letter) => {
                out.extend_from_slice(&rest[..letter.len_utf8()]);
                letter.len_utf8()
            }
            Piece::Invalid(length) => {
                out.push(b'?');
                length
            }
        };
        rest = &rest[used..];
    }
    call.derived(out)
}

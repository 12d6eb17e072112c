//! `headerwrap_columns_limit`: header text folded for use in a header line.
//!
//! # Compatibility
//! Exim specification since 4.97; Debian's 4.96 does not have it.

use super::Call;
use crate::EvalError;
use mail_types::value::Value;

/// Where lines are folded unless the operator says otherwise.
const COLUMNS: usize = 80;
/// Where the result is cut unless the operator says otherwise.
const LIMIT: usize = 998;
/// What a tab at the beginning of a line counts.
const TAB: usize = 8;

pub(super) fn headerwrap(call: &Call<'_>) -> Result<Value, EvalError> {
    let (columns, limit) = match call.suffix {
        None => (COLUMNS, LIMIT),
        Some(suffix) => numbers(suffix).ok_or_else(|| {
            EvalError::failed(format!("non-digit after underscore in \"{}\"", call.written))
        })?,
    };
    let mut wrapped = wrap(call.bytes(), columns);
    wrapped.truncate(limit);
    Ok(call.derived(wrapped))
}

fn numbers(suffix: &str) -> Option<(usize, usize)> {
    let (columns, limit) =
        suffix.split_once('_').map_or((suffix, None), |(first, second)| (first, Some(second)));
    Some((columns.parse().ok()?, limit.map_or(Some(LIMIT), |limit| limit.parse().ok())?))
}

/// Folds at the last white space before the column, or at the column where there is none.
fn wrap(text: &[u8], columns: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut room = columns.max(1);
    while rest.len() > room {
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let cut = rest[..=room].iter().rposition(blank).filter(|&at| at > 0).unwrap_or(room);
        out.extend_from_slice(mail_types::bytes::trim_end(&rest[..cut]));
        rest = mail_types::bytes::trim_start(&rest[cut..]);
        if rest.is_empty() {
            return out;
        }
        out.extend_from_slice(b"\n\t");
        room = columns.saturating_sub(TAB).max(1);
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_at_white_space() {
        let cases = [
            ("short", 80, "short"),
            ("one two three", 8, "one two\n\tt\n\th\n\tr\n\te\n\te"),
            ("aaaa bbbb cccc dddd eeee", 15, "aaaa bbbb cccc\n\tdddd\n\teeee"),
            ("aaaaaaaaaaaa", 10, "aaaaaaaaaa\n\taa"),
        ];
        for (text, columns, want) in cases {
            assert_eq!(String::from_utf8(wrap(text.as_bytes(), columns)).unwrap(), want, "{text} {columns}");
        }
    }
}

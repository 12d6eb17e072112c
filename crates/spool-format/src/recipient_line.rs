//! One line of the list of recipients.
//!
//! `address`, or `address orcpt length,flags errors_to length,parent#3`, or the older `address errors_to
//! length,parent#1`. Addresses may hold spaces, so a line is read from its end, by the lengths.

use crate::decode::number;
use crate::{EncodeError, Recipient};

/// Reads a line without its newline.
pub(crate) fn parse(line: &[u8]) -> Option<Recipient> {
    let Some((rest, bits)) = cut_number(line, b'#') else { return Some(Recipient::new(line)) };
    let Some((rest, parent)) = cut_number(rest, b',') else { return Some(Recipient::new(line)) };
    let (rest, errors_to) = cut_counted(rest)?;
    let (address, orcpt, dsn_flags) = match bits {
        1 => (rest, &b""[..], 0),
        3 => {
            let (rest, dsn_flags) = cut_number(rest, b',')?;
            let (address, orcpt) = cut_counted(rest)?;
            (address, orcpt, dsn_flags)
        }
        _ => return None,
    };
    Some(Recipient {
        address: address.to_vec(),
        errors_to: (!errors_to.is_empty()).then(|| errors_to.to_vec()),
        parent: usize::try_from(parent).ok(),
        orcpt: (!orcpt.is_empty()).then(|| orcpt.to_vec()),
        dsn_flags,
    })
}

/// Writes a line with its newline.
pub(crate) fn push(out: &mut Vec<u8>, recipient: &Recipient) -> Result<(), EncodeError> {
    let start = out.len();
    let errors_to = recipient.errors_to.as_deref().unwrap_or_default();
    let orcpt = recipient.orcpt.as_deref().unwrap_or_default();
    out.extend_from_slice(&recipient.address);
    let plain =
        errors_to.is_empty() && orcpt.is_empty() && recipient.parent.is_none() && recipient.dsn_flags == 0;
    if !plain {
        let parent = recipient.parent.map_or(-1, |parent| parent as i64);
        out.push(b' ');
        out.extend_from_slice(orcpt);
        out.extend_from_slice(format!(" {},{} ", orcpt.len(), recipient.dsn_flags).as_bytes());
        out.extend_from_slice(errors_to);
        out.extend_from_slice(format!(" {},{parent}#3", errors_to.len()).as_bytes());
    }
    let line = &out[start..];
    // An address could look like one of the longer forms; only what reads back is written.
    let read =
        parse(line).is_some_and(|read| read.address == recipient.address && read.parent == recipient.parent);
    if !read || line.iter().any(|b| matches!(b, b'\n' | b'\0')) {
        return Err(EncodeError { field: "recipient", what: "it can't stand in one line" });
    }
    out.push(b'\n');
    Ok(())
}

/// Cuts a number and the byte before it off the end.
fn cut_number(text: &[u8], before: u8) -> Option<(&[u8], i64)> {
    let at = text.iter().rposition(|b| *b == before)?;
    let digits = &text[at + 1..];
    if digits.is_empty() {
        return None;
    }
    Some((&text[..at], number(digits)?))
}

/// Cuts ` bytes length` off the end.
fn cut_counted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (text, len) = cut_number(text, b' ')?;
    let at = text.len().checked_sub(usize::try_from(len).ok()?)?;
    let (head, counted) = text.split_at(at);
    Some((head.strip_suffix(b" ")?, counted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipient(orcpt: &str, dsn_flags: i64, errors_to: &str, parent: Option<usize>) -> Recipient {
        let some = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
        Recipient {
            address: b"joe@x.example".to_vec(),
            errors_to: some(errors_to),
            parent,
            orcpt: some(orcpt),
            dsn_flags,
        }
    }

    #[test]
    fn lines_go_both_ways() {
        let cases = [
            ("joe@x.example", recipient("", 0, "", None)),
            ("joe@x.example rfc822;joe+2B@y 13,12  0,-1#3", recipient("rfc822;joe+2B@y", 12, "", None)),
            ("joe@x.example  0,2  0,-1#3", recipient("", 2, "", None)),
            ("joe@x.example  0,0 owner@x.example 15,0#3", recipient("", 0, "owner@x.example", Some(0))),
        ];
        for (line, want) in cases {
            let line = line.replace("13,", "15,");
            assert_eq!(parse(line.as_bytes()), Some(want.clone()), "{line}");
            let mut out = Vec::new();
            push(&mut out, &want).unwrap();
            assert_eq!(out, format!("{line}\n").as_bytes());
        }
    }

    #[test]
    fn the_older_form_is_read() {
        let read = parse(b"joe@x.example owner@x.example 15,3#1").unwrap();
        assert_eq!(read, recipient("", 0, "owner@x.example", Some(3)));
        assert_eq!(parse(b"joe@x.example  0,3#1").unwrap(), recipient("", 0, "", Some(3)));
    }

    #[test]
    fn addresses_with_spaces_and_hashes() {
        for address in ["\"a b\"@x", "\"a#3\"@x", "a#b@x", "#3", "a,1#b"] {
            let recipient = Recipient { dsn_flags: 4, ..Recipient::new(address) };
            for recipient in [recipient, Recipient::new(address)] {
                let mut out = Vec::new();
                push(&mut out, &recipient).unwrap();
                assert_eq!(parse(&out[..out.len() - 1]), Some(recipient));
            }
        }
    }

    #[test]
    fn lengths_that_lie_are_errors() {
        for line in ["a  99,-1#3", "a 1,1 b 1,-1#7", "a  0,4 x 0,-1#3", "a  0,-1#3", "a -1,2#1"] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn an_address_that_looks_like_a_longer_form_is_refused() {
        for address in ["a b 1,2#1", "a\nb", "a\0b", "a  0,2#1"] {
            assert!(push(&mut Vec::new(), &Recipient::new(address)).is_err(), "{address:?}");
        }
    }
}

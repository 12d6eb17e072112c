//! `crypteq`: a password against its digest.
//!
//! # Security
//! The comparison takes the same time wherever the texts differ.

use crate::EvalError;
use crate::digest;
use mail_types::bytes::starts_with_ignore_case;

/// Whether `password` has the digest `crypted`.
pub(super) fn test(password: &[u8], crypted: &[u8]) -> Result<bool, EvalError> {
    if starts_with_ignore_case(crypted, b"{md5}") {
        return Ok(matches_digest(&digest::md5(password), &crypted[5..]));
    }
    if starts_with_ignore_case(crypted, b"{sha1}") {
        return Ok(matches_digest(&digest::sha1(password), &crypted[6..]));
    }
    if crypted.first() == Some(&b'{')
        && !starts_with_ignore_case(crypted, b"{crypt}")
        && !starts_with_ignore_case(crypted, b"{crypt16}")
    {
        return Err(EvalError::failed(format!(
            "unknown encryption mechanism in \"{}\"",
            String::from_utf8_lossy(crypted)
        )));
    }
    Err(EvalError::failed("crypteq with crypt() is not supported yet by this version"))
}

/// The length of the text tells whether it is base64 or hexadecimal.
fn matches_digest(digest: &[u8], text: &[u8]) -> bool {
    let base64 = crate::base64::encode(digest);
    if text.len() == base64.len() {
        return same(&base64, text);
    }
    let hex = digest::hex_lower(digest);
    text.len() == hex.len() && same(&hex, &text.to_ascii_lowercase())
}

fn same(first: &[u8], second: &[u8]) -> bool {
    first.len() == second.len() && first.iter().zip(second).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

//! `crypteq`: a password against its digest.
//!
//! # Security
//! The comparison takes the same time wherever the texts differ.

use crate::EvalError;
use crate::crypt;
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
    if let Some(stored) = without(crypted, b"{crypt16}") {
        return Ok(crypt::matches_16(password, stored));
    }
    let stored = without(crypted, b"{crypt}").unwrap_or(crypted);
    if stored.len() == crypted.len() && crypted.first() == Some(&b'{') {
        return Err(EvalError::failed(format!(
            "unknown encryption mechanism in \"{}\"",
            String::from_utf8_lossy(crypted)
        )));
    }
    crypt::matches(password, stored).map_err(EvalError::failed)
}

fn without<'a>(crypted: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    starts_with_ignore_case(crypted, prefix).then(|| &crypted[prefix.len()..])
}

/// The length of the text tells whether it is base64 or hexadecimal.
fn matches_digest(digest: &[u8], text: &[u8]) -> bool {
    let base64 = mail_types::base64::encode(digest);
    if text.len() == base64.len() {
        return crypt::same(&base64, text);
    }
    let hex = digest::hex_lower(digest);
    text.len() == hex.len() && crypt::same(&hex, &text.to_ascii_lowercase())
}

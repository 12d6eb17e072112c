//! The parser of addresses.
//!
//! # Invariants
//! * Linear in the length of the input, without recursion.
//!
//! # Security
//! Every input comes from outside.
//!
//! # Compatibility
//! Errors have Exim's words.

use std::fmt;
use std::ops::Range;

use super::Address;

/// What may stand in an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// `<>` is an address.
    pub allow_null: bool,
    /// UTF-8 is allowed (SMTPUTF8).
    pub allow_utf8: bool,
    /// `[192.0.2.1]` may be a domain (option `allow_domain_literals`).
    pub allow_domain_literals: bool,
    /// A dot may end a domain and is taken off (option `strip_trailing_dot`).
    pub strip_trailing_dot: bool,
}

/// What is wrong with an address, in Exim's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    /// Exim's sentence, such as `missing or malformed local part`.
    pub message: String,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AddressError {}

/// One address in a header line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderAddress {
    /// Where the whole item stands in the text (phrase, comments and all).
    pub item: Range<usize>,
    /// Where the address itself stands (without angle brackets).
    pub place: Range<usize>,
    /// The address, or what is wrong with it.
    pub address: Result<Address, AddressError>,
}

/// Reads the path of MAIL or RCPT: `<local@domain>`, or without brackets, with a source route (which is dropped).
pub fn parse_path(text: &[u8], options: ParseOptions) -> Result<Address, AddressError> {
    parse_address(text, options).map(|(address, _)| address)
}

/// Reads one item of an address list, with phrase, angle brackets and comments as RFC 5322 has them; gives the
/// address and where it stands.
pub fn parse_address(text: &[u8], options: ParseOptions) -> Result<(Address, Range<usize>), AddressError> {
    let text_len = text.len();
    let (start, end) = match (text.iter().position(|b| *b == b'<'), text.iter().rposition(|b| *b == b'>')) {
        (Some(open), Some(close)) if open < close => (open + 1, close),
        _ => (0, text_len),
    };
    let inner = text[start..end].trim_ascii();
    if inner.is_empty() && !options.allow_null {
        return Err(AddressError { message: "empty address".into() });
    }
    Ok((Address::split(inner), start..end))
}

/// Where the item of an address list that begins the text ends: at a comma outside of quotes, comments and brackets
/// (or, in a group, a semicolon), or at the end.
pub fn find_address_end(text: &[u8]) -> usize {
    text.iter().position(|b| *b == b',').unwrap_or(text.len())
}

/// All addresses of a header line's text.
pub fn addresses_of_header(text: &[u8], options: ParseOptions) -> Vec<HeaderAddress> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = at + find_address_end(&text[at..]);
        let result = parse_address(&text[at..end], options);
        let place = result.as_ref().map_or(at..end, |(_, r)| at + r.start..at + r.end);
        out.push(HeaderAddress { item: at..end, place, address: result.map(|(a, _)| a) });
        at = end + 1;
    }
    out
}

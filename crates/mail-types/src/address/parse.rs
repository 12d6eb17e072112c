//! The parser of addresses.
//!
//! An item is an address alone, or a phrase and an address in angle brackets, with comments anywhere, with a source
//! route before it (which is dropped), and, in a header line, with the name of a group before it.
//!
//! # Invariants
//! * Linear in the length of the input, without recursion.
//! * A local part keeps its quotes and backslashes; white space and comments around its dots go.
//!
//! # Security
//! Every input comes from outside.
//!
//! # Compatibility
//! What is accepted, and the words of the errors, were asked of Exim 4.96. It takes more than RFC 5321: unqualified
//! addresses, `a..b@c`, 8-bit local parts, and anything that looks like an IP address between brackets.
//!
//! # References
//! RFC 5321 section 4.1.2, RFC 5322 section 3.4.

use std::fmt;
use std::ops::Range;

use super::Address;

/// Longest address that Exim takes, in bytes.
const LONGEST: usize = 256;

/// Exim's words for an item without an address.
const NOTHING: &str = "empty address";

/// What may stand in an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// `<>` is an address.
    pub allow_null: bool,
    /// UTF-8 is allowed in domains (SMTPUTF8). Local parts may hold any bytes from 0x80 on, as with Exim.
    pub allow_utf8: bool,
    /// `[192.0.2.1]` may be a domain (option `allow_domain_literals`).
    pub allow_domain_literals: bool,
    /// A dot may end a domain and is taken off (option `strip_trailing_dot`).
    pub strip_trailing_dot: bool,
    /// `<<local@domain>>` counts as `<local@domain>` (option `strip_excess_angle_brackets`).
    pub strip_excess_angle_brackets: bool,
}

/// What is wrong with an address, in Exim's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    /// Exim's sentence, such as `missing or malformed local part`. It may hold parts of the address, with replacement
    /// characters where they are not UTF-8.
    pub message: String,
}

impl AddressError {
    fn new(message: impl AsRef<[u8]>) -> Self {
        Self { message: String::from_utf8_lossy(message.as_ref()).into_owned() }
    }
}

impl AddressError {
    /// True when there was no address to be wrong: white space, comments, a group without members.
    pub fn is_nothing(&self) -> bool {
        self.message == NOTHING
    }
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
    /// Where the address itself stands (without angle brackets and source route); with an error, the item.
    pub place: Range<usize>,
    /// The address, or what is wrong with it.
    pub address: Result<Address, AddressError>,
}

/// Longer local parts and domains are rare.
const USUAL_LENGTH: usize = 64;

/// Reads the operand of MAIL or RCPT: `<local@domain>`, or without brackets, with a source route (which is dropped).
/// Exim takes a phrase and comments there, too.
pub fn parse_path(text: &[u8], options: ParseOptions) -> Result<Address, AddressError> {
    parse_address(text, options).map(|(address, _)| address)
}

/// Reads one item of an address list; gives the address and where it stands.
pub fn parse_address(text: &[u8], options: ParseOptions) -> Result<(Address, Range<usize>), AddressError> {
    let mut parser = Parser { text, at: 0, options, groups: None };
    parser.item()
}

/// Where the item of an address list that begins the text ends: at the first comma outside of quotes, comments and
/// angle brackets, or at the end.
pub fn find_address_end(text: &[u8]) -> usize {
    let mut parser = Parser { text, at: 0, options: ParseOptions::default(), groups: None };
    parser.skip_comment();
    // A source route without brackets has commas of its own, up to its colon.
    let mut route = parser.peek() == Some(b'@');
    let mut angle = false;
    while let Some(byte) = parser.peek() {
        match byte {
            b',' if !angle && !route => return parser.at,
            b'(' => {
                parser.skip_comment();
                continue;
            }
            b'"' => parser.skip_until(b'"'),
            b'\\' => parser.at += 1,
            b'<' => angle = true,
            b'>' => angle = false,
            b':' => route = false,
            _ => {}
        }
        parser.at += 1;
    }
    text.len()
}

/// All addresses of a header line's text (what follows the colon). Empty items and empty groups give nothing.
pub fn addresses_of_header(text: &[u8], options: ParseOptions) -> Vec<HeaderAddress> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut in_group = false;
    while start < text.len() {
        let end = start + find_address_end(&text[start..]);
        let mut parser = Parser { text: &text[start..end], at: 0, options, groups: Some(in_group) };
        let result = parser.item();
        in_group = parser.groups == Some(true);
        if !result.as_ref().is_err_and(AddressError::is_nothing) {
            let place =
                result.as_ref().map_or(start..end, |(_, place)| start + place.start..start + place.end);
            out.push(HeaderAddress { item: start..end, place, address: result.map(|(address, _)| address) });
        }
        start = end + 1;
    }
    out
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    options: ParseOptions,
    /// Nothing where groups are not allowed; else whether we are in one.
    groups: Option<bool>,
}

impl Parser<'_> {
    /// Reads a whole item.
    fn item(&mut self) -> Result<(Address, Range<usize>), AddressError> {
        self.skip_comment();
        if self.peek().is_none() || self.group_ends() {
            return Err(AddressError::new(NOTHING));
        }
        let angle = self.find_start()?;
        let brackets = if angle { self.skip_brackets() } else { 0 };
        let routed = self.skip_route()?;
        self.skip_comment();
        let start = self.at;
        let address = self.address(angle, routed)?;
        let end = start + self.text[start..self.at].trim_ascii_end().len();
        self.end_of_item(brackets)?;
        let whole = address.to_bytes();
        if whole.len() > LONGEST {
            let head = &whole[..whole.len().min(64)];
            return Err(AddressError::new([b"address is ridiculously long: ", head, b"..."].concat()));
        }
        Ok((address, start..end))
    }

    /// Goes to where the address begins: true at an angle bracket, past a phrase and the name of a group.
    fn find_start(&mut self) -> Result<bool, AddressError> {
        match self.peek() {
            Some(b'<') => return Ok(true),
            Some(b'@') => return Ok(false),
            _ => {}
        }
        let start = self.at;
        let first = self.local_part()?;
        self.skip_comment();
        match self.peek() {
            Some(b'@' | b';') | None if !first.is_empty() => {
                self.at = start;
                return Ok(false);
            }
            _ => self.skip_words()?,
        }
        match self.peek() {
            Some(b'<') => Ok(true),
            Some(b':') if self.groups == Some(false) => {
                self.groups = Some(true);
                self.at += 1;
                self.skip_comment();
                self.find_start_in_group()
            }
            _ => Err(missing_word()),
        }
    }

    /// As [`Parser::find_start`], after the name of a group: there is no second one.
    fn find_start_in_group(&mut self) -> Result<bool, AddressError> {
        if self.peek().is_none() || self.group_ends() {
            return Err(AddressError::new(NOTHING));
        }
        match self.peek() {
            Some(b'<') => return Ok(true),
            Some(b'@') => return Ok(false),
            _ => {}
        }
        let start = self.at;
        let first = self.local_part()?;
        self.skip_comment();
        if matches!(self.peek(), Some(b'@' | b';') | None) && !first.is_empty() {
            self.at = start;
            return Ok(false);
        }
        self.skip_words()?;
        if self.peek() == Some(b'<') { Ok(true) } else { Err(missing_word()) }
    }

    /// Skips the angle bracket before an address, or all of them where redundant ones are allowed; gives their number.
    fn skip_brackets(&mut self) -> usize {
        let several = self.options.strip_excess_angle_brackets;
        let mut brackets = 1;
        self.at += 1;
        while several && self.peek() == Some(b'<') {
            brackets += 1;
            self.at += 1;
        }
        self.skip_comment();
        brackets
    }

    /// Skips the words of a phrase.
    fn skip_words(&mut self) -> Result<(), AddressError> {
        loop {
            let before = self.at;
            self.local_part()?;
            self.skip_comment();
            if self.at == before {
                return Ok(());
            }
        }
    }

    /// Skips a source route; true when there was one.
    fn skip_route(&mut self) -> Result<bool, AddressError> {
        if self.peek() != Some(b'@') {
            return Ok(false);
        }
        self.at += 1;
        self.domain()?;
        self.skip_comment();
        let mut several = false;
        while self.peek() == Some(b',') {
            several = true;
            self.at += 1;
            self.skip_comment();
            if self.peek() != Some(b'@') {
                break;
            }
            self.at += 1;
            self.domain()?;
            self.skip_comment();
        }
        if self.peek() == Some(b':') {
            self.at += 1;
            return Ok(true);
        }
        Err(AddressError::new(if several { "colon expected after route list" } else { "no local part" }))
    }

    /// Reads `local@domain`, `local`, or nothing, up to what must end it.
    fn address(&mut self, angle: bool, routed: bool) -> Result<Address, AddressError> {
        if angle && !routed && self.options.allow_null && self.peek() == Some(b'>') {
            return Ok(Address::default());
        }
        let local_part = self.local_part()?;
        if local_part.is_empty() {
            return Err(if angle {
                AddressError::new("missing or malformed local part")
            } else {
                missing_word()
            });
        }
        self.skip_comment();
        match self.peek() {
            Some(b'@') => {
                self.at += 1;
                self.skip_comment();
                let bare_literal = !angle && !routed && self.peek() == Some(b'[');
                let domain = if bare_literal { self.bare_literal()? } else { self.domain()? };
                Ok(Address { local_part, domain })
            }
            Some(b'>') if angle => Ok(Address { local_part, domain: Vec::new() }),
            _ if !angle => Ok(Address { local_part, domain: Vec::new() }),
            _ => {
                Err(AddressError::new([b"\"@\" or \".\" expected after \"", &local_part[..], b"\""].concat()))
            }
        }
    }

    /// Checks that nothing follows the address but comments.
    fn end_of_item(&mut self, brackets: usize) -> Result<(), AddressError> {
        self.skip_comment();
        for _ in 0..brackets {
            match self.peek() {
                Some(b'>') => self.at += 1,
                None => return Err(AddressError::new("'>' missing at end of address")),
                Some(_) => return Err(self.may_not_follow()),
            }
        }
        if brackets > 0 {
            self.skip_comment();
        }
        // After the end of a group nothing is looked at up to the next comma.
        if self.peek().is_none() || self.group_ends() { Ok(()) } else { Err(self.may_not_follow()) }
    }

    /// True at the semicolon that ends a group; then we are in it no more.
    fn group_ends(&mut self) -> bool {
        let ends = self.groups == Some(true) && self.peek() == Some(b';');
        if ends {
            self.groups = Some(false);
        }
        ends
    }

    fn may_not_follow(&self) -> AddressError {
        let (before, after) = self.text.split_at(self.at);
        AddressError::new([b"malformed address: ", after, b" may not follow ", before].concat())
    }

    /// Reads words and dots; comments and white space go. Nothing at all is an empty result.
    fn local_part(&mut self) -> Result<Vec<u8>, AddressError> {
        let mut out = self.room();
        loop {
            match self.peek() {
                Some(b'"') => self.quoted(&mut out)?,
                _ => self.atom(&mut out),
            }
            let end = self.at;
            self.skip_comment();
            if self.peek() != Some(b'.') {
                self.at = end;
                return Ok(out);
            }
            out.push(b'.');
            self.at += 1;
            self.skip_comment();
        }
    }

    fn quoted(&mut self, out: &mut Vec<u8>) -> Result<(), AddressError> {
        let start = self.at;
        self.skip_until(b'"');
        if self.peek().is_none() {
            return Err(AddressError::new("unmatched doublequote in local part"));
        }
        self.at += 1;
        out.extend_from_slice(&self.text[start..self.at]);
        Ok(())
    }

    fn atom(&mut self, out: &mut Vec<u8>) {
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.at += 1,
                0..=b' ' | 0x7f | b'(' | b')' | b'<' | b'>' | b'@' | b',' | b';' | b':' => break,
                b'"' | b'.' | b'[' | b']' => break,
                _ => {}
            }
            self.at = (self.at + 1).min(self.text.len());
        }
        out.extend_from_slice(&self.text[start..self.at]);
    }

    /// A buffer for what an address usually needs of what is left.
    fn room(&self) -> Vec<u8> {
        Vec::with_capacity((self.text.len() - self.at).min(USUAL_LENGTH))
    }

    fn domain(&mut self) -> Result<Vec<u8>, AddressError> {
        self.skip_comment();
        if self.peek() == Some(b'[') {
            return self.domain_literal();
        }
        let mut out = self.room();
        loop {
            let start = self.at;
            while let Some(byte) = self.peek() {
                let hyphen = byte == b'-' && self.at > start;
                let utf8 = byte >= 0x80 && self.options.allow_utf8;
                if !(byte.is_ascii_alphanumeric() || hyphen || utf8) {
                    break;
                }
                self.at += 1;
            }
            if start == self.at {
                let dot_to_strip =
                    self.options.strip_trailing_dot && !out.is_empty() && self.peek() != Some(b'.');
                if !dot_to_strip {
                    return Err(AddressError::new("domain missing or malformed"));
                }
                out.pop();
                return Ok(out);
            }
            out.extend_from_slice(&self.text[start..self.at]);
            let end = self.at;
            self.skip_comment();
            if self.peek() != Some(b'.') {
                self.at = end;
                return Ok(out);
            }
            out.push(b'.');
            self.at += 1;
            self.skip_comment();
        }
    }

    fn domain_literal(&mut self) -> Result<Vec<u8>, AddressError> {
        if !self.options.allow_domain_literals {
            return Err(AddressError::new("domain literals not allowed"));
        }
        let start = self.at;
        self.at += 1;
        let tag = self.text.get(self.at..self.at + 5).unwrap_or_default();
        if tag.eq_ignore_ascii_case(b"IPv4:") || tag.eq_ignore_ascii_case(b"IPv6:") {
            self.at += 5;
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':')) {
            self.at += 1;
        }
        if self.peek() != Some(b']') {
            return Err(AddressError::new("malformed domain literal"));
        }
        self.at += 1;
        Ok(self.text[start..self.at].to_vec())
    }

    /// A domain literal without angle brackets around the address: there Exim asks neither for the option nor for an IP
    /// address, but takes anything that prints.
    fn bare_literal(&mut self) -> Result<Vec<u8>, AddressError> {
        let start = self.at;
        self.at += 1;
        while self.peek().is_some_and(|byte| byte.is_ascii_graphic() && !b"[]\\".contains(&byte)) {
            self.at += 1;
        }
        if self.peek() != Some(b']') {
            return Err(AddressError::new("malformed domain literal"));
        }
        self.at += 1;
        Ok(self.text[start..self.at].to_vec())
    }

    /// Skips white space and comments; one that isn't closed goes to the end.
    fn skip_comment(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b'\\' if depth > 0 => self.at += 1,
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ if depth > 0 => {}
                _ => return,
            }
            self.at = (self.at + 1).min(self.text.len());
        }
    }

    /// From an opening byte to its closing one, or to the end.
    fn skip_until(&mut self, close: u8) {
        self.at += 1;
        while self.peek().is_some_and(|byte| byte != close) {
            let step = if self.peek() == Some(b'\\') { 2 } else { 1 };
            self.at = (self.at + step).min(self.text.len());
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

fn missing_word() -> AddressError {
    AddressError::new("missing or malformed local part (expected word or \"<\")")
}

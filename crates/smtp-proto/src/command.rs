//! SMTP commands: recognising the verb and taking MAIL and RCPT parameters apart.
//!
//! # Invariants
//! * Parsing never fails on a verb: what is not a command is [`Command::Unknown`].
//! * Numbers are checked parses; `SIZE=` with anything else than digits is an error.
//!
//! # Compatibility
//! Exim recognises parameters from the end of the line backwards and leaves what it does not know to the address.

/// `BODY=`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Body {
    /// `7BIT`.
    SevenBit,
    /// `8BITMIME`.
    EightBitMime,
}

/// `RET=`: what a bounce shall return.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ret {
    /// `FULL`.
    Full,
    /// `HDRS`.
    Headers,
}

/// `NOTIFY=`: when a DSN is wanted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Notify {
    /// `NEVER`; excludes the others.
    pub never: bool,
    /// `SUCCESS`.
    pub success: bool,
    /// `FAILURE`.
    pub failure: bool,
    /// `DELAY`.
    pub delay: bool,
}

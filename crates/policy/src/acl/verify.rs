//! `verify`: the tests, where each is permitted, and their options.
//!
//! # Compatibility
//! Exim specification, sections "ACL conditions" and "Address verification".

/// Options of `verify = sender`, `recipient` and `header_sender`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// `/defer_ok`.
    pub defer_ok: bool,
    /// `/no_details`.
    pub no_details: bool,
    /// `/success_on_redirect`.
    pub success_on_redirect: bool,
}

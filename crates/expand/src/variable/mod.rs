//! Names of variables: from the text after `$` to an identifier.
//!
//! # Invariants
//! * A name is resolved once, when the text around it is parsed; evaluation only asks the [`crate::Env`] for values.
//!
//! # Compatibility
//! Exim specification, section "Expansion variables".

mod table;

use std::sync::LazyLock;

use mail_types::manual::Entry;

use crate::name_table::NameTable;

pub use table::{VARIABLES, Variable};

/// Whether the feature that fills a variable is there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// The variable is filled as Exim fills it.
    Now,
    /// The feature comes with a later version: the name is known and the value is empty.
    Later,
}

/// One row of [`VARIABLES`].
#[derive(Debug, Clone, Copy)]
pub struct VariableInfo {
    /// The identifier.
    pub variable: Variable,
    /// Exim's name, without the dollar sign.
    pub name: &'static str,
    /// Whether something fills it yet.
    pub available: Availability,
    /// What sets the variable.
    pub set_by: &'static str,
    /// What it holds, and an example.
    pub entry: Entry,
}

/// The table of variables whose names are not fixed: what the manual says about each family.
macro_rules! families {
    ($( #[doc = $doc:literal] $(#[doc = $example:literal])+ $name:literal; )*) => {
        /// Variables whose names are not fixed; the manual shows what may vary in capitals.
        pub static FAMILIES: &[Entry] =
            &[ $( Entry { name: $name, doc: $doc, examples: &[$($example),+] }, )* ];
    };
}

families! {
    /// The text that the last regular expression or pattern of a list matched.
    /// `${if match{abc}{b}{<$0>}}`
    "0";
    /// The parts of the last match, numbered from 1; the arguments of `${run`, of a called ACL, of `-be`.
    /// `${if match{ann@example.org}{^(.*)@(.*)\$}{$2: $1}}`
    "N";
    /// A variable of the administrator's that lives as long as the connection.
    /// in an ACL: `warn set acl_c_seen = yes`
    "acl_cNAME";
    /// A variable of the administrator's that lives as long as the message.
    /// in an ACL: `warn set acl_m_score = ${eval:0$acl_m_score + 10}`
    "acl_mNAME";
    /// As `$h_NAME:`, but the bytes behind encoded words stay in their own charset (also `$bheader_NAME:`).
    /// in an ACL: `warn condition = ${if match{$bh_subject:}{money}}`
    "bh_NAME:";
    /// The content of the header lines of that name, decoded (also `$header_NAME:`).
    /// in an ACL: `deny condition = ${if !def:h_date:}`
    /// in an ACL: `warn logwrite = subject: $h_subject:`
    "h_NAME:";
    /// The header lines of that name as a list (also `$lheader_NAME:`).
    /// in an ACL: `deny condition = ${if >{${listcount:$lh_received:}}{20}}`
    "lh_NAME:";
    /// All addresses of a pipe delivery as arguments of their own; only as a word in a pipe's `command`.
    /// in a transport: `command = /usr/bin/hand-over $pipe_addresses`
    "pipe_addresses";
    /// A variable that a router's `set` made.
    /// in a transport: `headers_add = X-Class: $r_class`
    "r_NAME";
    /// The header lines of that name as they came (also `$rheader_NAME:`).
    /// in an ACL: `warn condition = ${if match{$rh_subject:}{=\\?}}`
    "rh_NAME:";
}

/// The scope letter of a user variable set in an ACL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AclScope {
    /// `$acl_c...`: kept for the connection.
    Connection,
    /// `$acl_m...`: kept for the message.
    Message,
}

/// The name of a variable, of a fixed name or of a family.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VariableName {
    /// A fixed name.
    Fixed(Variable),
    /// `$acl_cNAME` or `$acl_mNAME`; the name is what follows the letter (`0`, `_name`).
    Acl(AclScope, Vec<u8>),
    /// `$r_NAME`; the name is what follows `r_`.
    Router(Vec<u8>),
}

impl Variable {
    /// Whether it holds a certificate.
    pub fn is_certificate(self) -> bool {
        matches!(self, Self::TlsInOurcert | Self::TlsInPeercert | Self::TlsOutOurcert | Self::TlsOutPeercert)
    }

    /// Exim's name, without the dollar sign.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The row of the table.
    pub fn info(self) -> &'static VariableInfo {
        &VARIABLES[self as usize]
    }
}

impl Variable {
    /// `$n0` to `$n9` and `$sn0` to `$sn9` are names only while a filter runs.
    pub fn is_filter_counter(self) -> bool {
        let name = self.name().as_bytes();
        let name = name.strip_prefix(b"s").unwrap_or(name);
        matches!(name, [b'n', digit] if digit.is_ascii_digit())
    }
}

/// Finds what `name` (without the dollar sign) stands for; `None` is Exim's "unknown variable name".
pub fn lookup(name: &[u8]) -> Option<VariableName> {
    if let Some(rest) = name.strip_prefix(b"acl_") {
        let scope = match rest.first() {
            Some(b'c') => Some(AclScope::Connection),
            Some(b'm') => Some(AclScope::Message),
            _ => None,
        };
        if let Some(scope) = scope
            && rest.get(1).is_none_or(|&b| b == b'_' || b.is_ascii_digit())
        {
            return Some(VariableName::Acl(scope, rest[1..].to_vec()));
        }
    }
    if let Some(rest) = name.strip_prefix(b"r_") {
        return Some(VariableName::Router(rest.to_vec()));
    }
    static BY_NAME: LazyLock<NameTable<Variable>> =
        LazyLock::new(|| NameTable::new(VARIABLES.iter().map(|row| (row.name, row.variable))));
    BY_NAME.find(name).map(VariableName::Fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_byte_order_at_their_own_index() {
        assert!(VARIABLES.windows(2).all(|pair| pair[0].name.as_bytes() < pair[1].name.as_bytes()));
        assert!(VARIABLES.iter().enumerate().all(|(at, row)| row.variable as usize == at));
    }

    #[test]
    fn names_resolve() {
        assert_eq!(lookup(b"sender_address"), Some(VariableName::Fixed(Variable::SenderAddress)));
        assert_eq!(lookup(b"acl_c_foo"), Some(VariableName::Acl(AclScope::Connection, b"_foo".to_vec())));
        assert_eq!(lookup(b"acl_m7"), Some(VariableName::Acl(AclScope::Message, b"7".to_vec())));
        assert_eq!(lookup(b"acl_verify_message"), Some(VariableName::Fixed(Variable::AclVerifyMessage)));
        assert_eq!(lookup(b"r_x"), Some(VariableName::Router(b"x".to_vec())));
        assert_eq!(lookup(b"nonsense"), None);
    }
}

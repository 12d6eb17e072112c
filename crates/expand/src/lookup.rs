//! What a lookup asks and what it answers; the searching itself lives in the `lookup` crate.
//!
//! # Invariants
//! * The type text (`partial-(x)lsearch*@,opts`) is parsed here once, for `${lookup` and for list items alike.
//!
//! # Security
//! File names reach a lookup as [`Value`]s with their taint; the implementation refuses tainted ones.
//!
//! # Compatibility
//! Exim specification, chapter "File and database lookups".

mod world;

use std::sync::LazyLock;

use mail_types::manual::Entry;
use mail_types::suggest::nearest;
use mail_types::value::Value;

use crate::EvalError;
use crate::name_table::NameTable;
pub use world::{LookupSettings, LookupState, LookupWorld, Moment};

/// What `*` or `*@` after a single-key type adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultKey {
    /// Nothing.
    #[default]
    None,
    /// `*`: look up `*` when the key is not found.
    Star,
    /// `*@`: look up `*@domain` first, then `*`.
    StarAt,
}

/// `partial<n>[affix]-`: how the left of a domain key is replaced step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// The fewest non-star components that may be left.
    pub minimum: u8,
    /// The text put before what is left, `*.` by default.
    pub affix: Vec<u8>,
}

/// A parsed lookup type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupSpec {
    /// Exim's name of the type.
    pub kind: &'static str,
    /// Whether it is given a key (and a file) or a query.
    pub style: LookupStyle,
    /// `partial...-` before the name.
    pub partial: Option<Partial>,
    /// `*` or `*@` after the name.
    pub default_key: DefaultKey,
    /// Comma separated options after the name, without the commas.
    pub options: Vec<Vec<u8>>,
}

/// How a lookup type takes its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupStyle {
    /// A key that is searched in a file.
    SingleKey,
    /// A query in the type's own language.
    Query,
}

/// One lookup to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupRequest<'a> {
    /// Type, partial matching, defaults, options.
    pub spec: &'a LookupSpec,
    /// The key, or the query.
    pub key: Value,
    /// The file of a single-key lookup (and of sqlite's old form).
    pub file: Option<Value>,
}

/// What a lookup found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookupAnswer {
    /// The data, and the parts of the key that a partial or default match left over.
    Found {
        /// The data; clean unless the source says otherwise.
        data: Value,
        /// `$1`, `$2` after a partial match: the wild and the fixed part of the key.
        captures: Option<Box<(Value, Value)>>,
    },
    /// There is no such key.
    NotFound,
}

/// Something that can do lookups; implemented by the `lookup` crate.
pub trait Lookup: Send + Sync {
    /// Does one lookup. A temporary failure is [`EvalError::Defer`].
    fn lookup(
        &self,
        request: &LookupRequest<'_>,
        world: &mut LookupWorld<'_>,
    ) -> Result<LookupAnswer, EvalError>;

    /// `${quote_<type>:text}`: text made safe for the query language of a type; `None` when the type has no quoting.
    fn quote(&self, kind: &str, text: &[u8], options: Option<&[u8]>) -> Option<Vec<u8>>;
}

/// A lookup type by Exim's name, whether it is there yet or not.
#[derive(Debug)]
pub struct LookupType {
    /// The name and what the manual says about it.
    pub entry: Entry,
    /// Whether it is given a key or a query.
    pub style: LookupStyle,
}

/// The table of lookup types: what the manual says about each, and its style.
macro_rules! lookup_types {
    ($( #[doc = $doc:literal] $(#[doc = $example:literal])+ $name:literal => $style:ident; )*) => {
        /// All of them.
        pub static LOOKUP_TYPES: &[LookupType] = &[ $( LookupType {
            entry: Entry { name: $name, doc: $doc, examples: &[$($example),+] },
            style: LookupStyle::$style,
        }, )* ];
    };
}

lookup_types! {
    /// A constant database, as `cdbmake` writes it.
    /// in a router: `data = ${lookup{$local_part}cdb{/etc/mail/people.cdb}}`
    "cdb" => SingleKey;
    /// A DBM file whose keys end with a zero byte, as `exim_dbmbuild` writes them.
    /// in a router: `data = ${lookup{$local_part}dbm{/etc/mail/aliases.db}}`
    "dbm" => SingleKey;
    /// A DBM file whose keys are the elements of a list with zero bytes between them.
    /// in an authenticator: `server_condition = ${lookup{$auth2:$auth3}dbmjz{/etc/mail/sasldb}{yes}{no}}`
    "dbmjz" => SingleKey;
    /// A DBM file whose keys end without a zero byte.
    /// in a router: `data = ${lookup{$local_part}dbmnz{/etc/mail/aliases.db}}`
    "dbmnz" => SingleKey;
    /// Records of the DNS.
    /// in a router: `data = ${lookup dnsdb{txt=$domain}{$local_part@$value}}`
    "dnsdb" => Query;
    /// The name of an entry in a directory.
    /// `${lookup{people}dsearch{$config_dir}}`
    /// `${lookup{none}dsearch,filter=dir{$config_dir}{$value}{no such directory}}`
    "dsearch" => SingleKey;
    /// InterBase. Postrider has no client for it: the lookup defers.
    /// in a router: `data = ${lookup ibase{select target from aliases where name='${quote_ibase:$local_part}'}}`
    "ibase" => Query;
    /// A file whose keys are IP addresses and networks.
    /// `${lookup{192.0.2.7}iplsearch{$config_dir/networks}}`
    "iplsearch" => SingleKey;
    /// A value in a JSON file; the key is a list of member names and indexes.
    /// in a router: `data = ${lookup{$local_part:mail}json{/etc/mail/people.json}}`
    "json" => SingleKey;
    /// The attributes of one entry of a directory server.
    /// in a router: `data = ${lookup ldap{ldap:///dc=example,dc=org?mail?sub?(uid=${quote_ldap:$local_part})}}`
    "ldap" => Query;
    /// Whether a directory server takes a name and a password.
    /// in an authenticator: `server_condition = ${lookup ldapauth{user="uid=${quote_ldap_dn:$auth2},dc=example,dc=org" pass=${quote:$auth3} ldap:///}{yes}{no}}`
    "ldapauth" => Query;
    /// The distinguished name of the entry that is found.
    /// in a router: `address_data = ${lookup ldapdn{ldap:///dc=example,dc=org??sub?(uid=${quote_ldap:$local_part})}}`
    "ldapdn" => Query;
    /// The attributes of all entries that are found.
    /// in a router: `data = ${lookup ldapm{ldap:///dc=example,dc=org?mail?sub?(group=${quote_ldap:$local_part})}}`
    "ldapm" => Query;
    /// An LMDB file, read only.
    /// in a router: `data = ${lookup{$local_part}lmdb{/etc/mail/aliases.lmdb}}`
    "lmdb" => SingleKey;
    /// A text file with a key at the beginning of each entry.
    /// `${lookup{ann}lsearch{$config_dir/people}}`
    /// `${lookup{nobody}lsearch*{$config_dir/people}}`
    /// `${lookup{a.b.example}partial-lsearch{$config_dir/domains}}`
    "lsearch" => SingleKey;
    /// A statement for a MySQL server.
    /// in a router: `data = ${lookup mysql{select target from aliases where name='${quote_mysql:$local_part}'}}`
    "mysql" => Query;
    /// A NIS map. Postrider has no client for it: the lookup defers.
    /// in a router: `data = ${lookup{$local_part}nis{mail.aliases}}`
    "nis" => SingleKey;
    /// A NIS map whose keys end with a zero byte. Postrider has no client for it: the lookup defers.
    /// in a router: `data = ${lookup{$local_part}nis0{mail.aliases}}`
    "nis0" => SingleKey;
    /// A NIS+ table. Postrider has no client for it: the lookup defers.
    /// in a router: `data = ${lookup nisplus{[name=${quote_nisplus:$local_part}],aliases.org_dir:target}}`
    "nisplus" => Query;
    /// A server of network ranges (experimental in Exim).
    /// in an ACL: `warn condition = ${lookup{$sender_host_address}nmh{127.0.0.1}{yes}{no}}`
    "nmh" => SingleKey;
    /// A text file whose keys are patterns, which are not expanded.
    /// `${lookup{mx.a.example}nwildlsearch{$config_dir/patterns}}`
    "nwildlsearch" => SingleKey;
    /// Oracle. Postrider has no client for it: the lookup defers.
    /// in a router: `data = ${lookup oracle{select target from aliases where name='${quote_oracle:$local_part}'}}`
    "oracle" => Query;
    /// A user's line of the password file, without the name.
    /// `${extract{2}{:}{${lookup passwd{root}}}}`
    "passwd" => Query;
    /// A statement for a PostgreSQL server.
    /// in a router: `data = ${lookup pgsql{select target from aliases where name='${quote_pgsql:$local_part}'}}`
    "pgsql" => Query;
    /// The public suffix of a domain, by a file of the Public Suffix List.
    /// in an ACL: `warn set acl_m_suffix = ${lookup{$sender_address_domain}psl{/usr/share/publicsuffix/public_suffix_list.dat}}`
    "psl" => SingleKey;
    /// What a server at a socket answers.
    /// in a router: `data = ${lookup readsock,file=/run/alias.sock{$local_part@$domain\n}}`
    "readsock" => Query;
    /// A command for a Redis server.
    /// in a router: `data = ${lookup redis{get ${quote_redis:$local_part}}}`
    "redis" => Query;
    /// The part of a domain that was registered, by a file of the Public Suffix List.
    /// in an ACL: `warn set acl_m_org = ${lookup{$sender_address_domain}regdom{/usr/share/publicsuffix/public_suffix_list.dat}}`
    "regdom" => SingleKey;
    /// The SPF result of an address for a host.
    /// in an ACL: `deny condition = ${if eq{${lookup{$sender_address}spf{$sender_host_address}}}{fail}}`
    "spf" => SingleKey;
    /// A statement for an SQLite file.
    /// in a router: `data = ${lookup sqlite,file=/etc/mail/people.db {select target from aliases where name='${quote_sqlite:$local_part}'}}`
    "sqlite" => Query;
    /// Answers of a kind that the query names; for tests.
    /// in a router: `data = ${lookup testdb{fail}{$value}{failed}}`
    "testdb" => Query;
    /// Who is logged in at an address. Postrider has no client for it: the lookup defers.
    /// in an ACL: `warn condition = ${lookup whoson{$sender_host_address}{yes}{no}}`
    "whoson" => Query;
    /// A text file whose keys are patterns, which are expanded first.
    /// `${lookup{mx.a.example}wildlsearch{$config_dir/patterns}}`
    "wildlsearch" => SingleKey;
}

/// The lookup type of this name.
pub(crate) fn find(name: &[u8]) -> Option<&'static LookupType> {
    static BY_NAME: LazyLock<NameTable<&LookupType>> =
        LazyLock::new(|| NameTable::new(LOOKUP_TYPES.iter().map(|known| (known.entry.name, known))));
    BY_NAME.find(name)
}

impl LookupSpec {
    /// Parses the text of a lookup type, as it stands in `${lookup` or before the `;` of a list item. The error is
    /// Exim's text.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let shown = || String::from_utf8_lossy(text).into_owned();
        let (partial, rest) =
            Partial::split(text).ok_or_else(|| format!("format error in lookup type \"{}\"", shown()))?;
        let (name, default_key, options) = split_defaults(rest);
        let Some(LookupType { entry: Entry { name: kind, .. }, style }) = find(name) else {
            return Err(format!("unknown lookup type \"{}\"", String::from_utf8_lossy(name)));
        };
        if *style == LookupStyle::Query {
            if partial.is_some() {
                return Err(format!("\"partial\" is not permitted for lookup type \"{kind}\""));
            }
            if default_key != DefaultKey::None {
                let rest = String::from_utf8_lossy(rest);
                return Err(format!(
                    "defaults using \"*\" or \"*@\" are not permitted for lookup type \"{rest}\""
                ));
            }
        }
        let options = options.split(|b| *b == b',').filter(|o| !o.is_empty()).map(<[u8]>::to_vec).collect();
        Ok(Self { kind, style: *style, partial, default_key, options })
    }

    /// The lookup type that an unknown name was perhaps to be.
    pub fn meant(text: &[u8]) -> Option<&'static str> {
        let (_, rest) = Partial::split(text)?;
        let name = std::str::from_utf8(split_defaults(rest).0).ok()?;
        nearest(name, LOOKUP_TYPES.iter().map(|known| known.entry.name))
    }

    /// The value of an option `name=value`.
    pub fn option(&self, name: &str) -> Option<&[u8]> {
        self.options.iter().find_map(|option| option.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
    }
}

impl Partial {
    /// Splits `partial<n>-` or `partial<n>(affix)` off; the outer `None` is a format error.
    fn split(text: &[u8]) -> Option<(Option<Self>, &[u8])> {
        let Some(rest) = text.strip_prefix(b"partial") else {
            return Some((None, text));
        };
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let minimum = match &rest[..digits] {
            [] => 2,
            digits => digits.iter().fold(0_u8, |n, b| n.saturating_mul(10).saturating_add(b - b'0')),
        };
        let rest = &rest[digits..];
        if let Some(name) = rest.strip_prefix(b"-") {
            return Some((Some(Self { minimum, affix: b"*.".to_vec() }), name));
        }
        let inside = rest.strip_prefix(b"(")?;
        let end = inside.iter().position(|b| *b == b')')?;
        let affix = &inside[..end];
        affix
            .iter()
            .all(u8::is_ascii_punctuation)
            .then(|| (Some(Self { minimum, affix: affix.to_vec() }), &inside[end + 1..]))
    }
}

/// Splits a type into its name, the default keys asked for, and its options.
fn split_defaults(text: &[u8]) -> (&[u8], DefaultKey, &[u8]) {
    if let Some(star) = text.iter().position(|b| *b == b'*') {
        let after = &text[star + 1..];
        let (key, after) = match after.strip_prefix(b"@") {
            Some(after) => (DefaultKey::StarAt, after),
            None => (DefaultKey::Star, after),
        };
        let options = after.iter().position(|b| *b == b',').map_or(&b""[..], |comma| &after[comma + 1..]);
        return (&text[..star], key, options);
    }
    match text.iter().position(|b| *b == b',') {
        Some(comma) => (&text[..comma], DefaultKey::None, &text[comma + 1..]),
        None => (text, DefaultKey::None, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_in_all_their_forms() {
        let spec = LookupSpec::parse(b"partial3(.)lsearch*@,ret=key,cache=no_rd").unwrap();
        assert_eq!(spec.kind, "lsearch");
        assert_eq!(spec.partial, Some(Partial { minimum: 3, affix: b".".to_vec() }));
        assert_eq!(spec.default_key, DefaultKey::StarAt);
        assert_eq!(spec.option("ret"), Some(&b"key"[..]));
        assert_eq!(spec.option("filter"), None);
        assert_eq!(LookupSpec::parse(b"partial-lsearch*").unwrap().default_key, DefaultKey::Star);
    }

    #[test]
    fn wrong_types_are_told_in_exims_words() {
        let cases = [
            ("nolookup", "unknown lookup type \"nolookup\""),
            ("partial-foo", "unknown lookup type \"foo\""),
            ("lsearch@", "unknown lookup type \"lsearch@\""),
            ("lsearch,ret=key*", "unknown lookup type \"lsearch,ret=key\""),
            ("partialx-lsearch", "format error in lookup type \"partialx-lsearch\""),
            ("partial(x)lsearch", "format error in lookup type \"partial(x)lsearch\""),
            ("partial(x-lsearch", "format error in lookup type \"partial(x-lsearch\""),
            ("partial2lsearch", "format error in lookup type \"partial2lsearch\""),
            ("partial", "format error in lookup type \"partial\""),
            ("passwd*", "defaults using \"*\" or \"*@\" are not permitted for lookup type \"passwd*\""),
            ("partial-passwd", "\"partial\" is not permitted for lookup type \"passwd\""),
        ];
        for (text, want) in cases {
            assert_eq!(LookupSpec::parse(text.as_bytes()), Err(want.to_owned()), "{text}");
        }
    }
}

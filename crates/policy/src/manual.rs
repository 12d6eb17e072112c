//! What the manual says about lists and ACLs.
//!
//! The rows of conditions, modifiers, controls and tests of `verify` carry their entries. Verbs and the forms of list items
//! are few and are code, not tables: their entries stand here.

use mail_types::manual::Entry;

use crate::acl;

/// Entries without more to them.
macro_rules! entries {
    ($(#[$outer:meta])* $table:ident; $( #[doc = $doc:literal] $(#[doc = $example:literal])+ $name:literal; )*) => {
        $(#[$outer])*
        pub static $table: &[Entry] =
            &[ $( Entry { name: $name, doc: $doc, examples: &[$($example),+] }, )* ];
    };
}

entries! {
    /// The forms of list items.
    LIST_ITEMS;
    /// A domain, a local part, a host's name, or a string: itself, in any case of letters.
    /// `${if match_domain{a.example}{A.Example}{yes}{no}}`
    "name";
    /// Everything that ends so.
    /// `${if match_domain{a.b.example}{*.example}{yes}{no}}`
    /// `${if match_local_part{ann-list}{*-list}{yes}{no}}`
    "*end";
    /// A regular expression.
    /// `${if match_domain{mx7.example}{^mx\\d+\\.example\$}{yes}{no}}`
    "^regex";
    /// What the item matches is not in the list. A list that ends so has everything else in it.
    /// `${if match_domain{a.example}{!a.example : *.example}{yes}{no}}`
    /// `${if match_domain{c.test}{!*.example}{yes}{no}}`
    "!item";
    /// A named list.
    /// `${if match_domain{here.example}{+local_domains}{yes}{no}}`
    "+name";
    /// The items in a file, one a line.
    /// in the main section: `domainlist relay_to = /etc/mail/relay-domains`
    "/file";
    /// A lookup: the key, or the query, is found.
    /// in the main section: `domainlist relay_to = partial-lsearch;/etc/mail/domains`
    "type;data";
    /// The primary host name, in lists of domains and of hosts.
    /// `${if match_domain{mail.example.com}{@}{yes}{no}}`
    "@";
    /// An address of this host, as a domain literal or as a client.
    /// `${if match_domain{[127.0.0.1]}{@[]}{yes}{no}}`
    "@[]";
    /// A domain with a mail exchanger that is this host; `@mx_primary` and `@mx_secondary` ask which; `/ignore=` names hosts that do not count.
    /// in the main section: `domainlist relay_to = @mx_secondary/ignore=127.0.0.1`
    "@mx_any";
    /// An address or a network, in host lists.
    /// `${if match_ip{192.0.2.7}{192.0.2.0/24}{yes}{no}}`
    "192.0.2.0/24";
    /// A lookup whose key is the client's address, cut to so many bits.
    /// in the main section: `hostlist customers = net24-lsearch;/etc/mail/networks`
    "net24-type;file";
    /// From here on a host whose name cannot be found is in the list; also `+ignore_unknown`, `+include_defer`, `+ignore_defer`.
    /// in an ACL: `deny hosts = +include_unknown : *.example.net`
    "+include_unknown";
    /// From here on the case of local parts counts, in lists of addresses and local parts.
    /// `${if match_local_part{Ann}{+caseful : ann}{yes}{no}}`
    "+caseful";
    /// An address; its domain may be any item of a domain list.
    /// `${if match_address{ann@b.example}{ann@*.example}{yes}{no}}`
    /// `${if match_address{ann@here.example}{*@+local_domains}{yes}{no}}`
    "local@domain";
    /// An address whose domain is found, with its local part in the list that is found.
    /// in the main section: `addresslist refused = @@lsearch;/etc/mail/senders`
    "@@type;file";
    /// At the very beginning: another character than a colon between the items.
    /// `${if match_ip{2001:db8::1}{<; 2001:db8::/32 ; 192.0.2.1}{yes}{no}}`
    "<separator";
    /// In a list of hosts: a message that came without a client; of senders: the empty sender.
    /// in an ACL: `accept hosts = :`
    /// `${if match_address{}{:}{yes}{no}}`
    "empty item";
}

entries! {
    /// The verbs of ACLs.
    VERBS;
    /// Accepts if all its conditions hold.
    /// `accept hosts = :`
    "accept";
    /// Refuses for now if all its conditions hold.
    /// `defer message = try later`
    "defer";
    /// Refuses if all its conditions hold.
    /// `deny domains = closed.example.org`
    "deny";
    /// Accepts, and throws the recipient or the message away.
    /// `discard senders = spam@example.net`
    "discard";
    /// Refuses if all its conditions hold, and closes the connection.
    /// `drop condition = ${if >{$rcpt_fail_count}{10}}`
    "drop";
    /// Refuses unless all its conditions hold.
    /// `require verify = sender`
    "require";
    /// Does what its modifiers say if all its conditions hold, and goes on.
    /// `warn control = queue`
    "warn";
}

/// What an ACL is made of; each is a part of the manual's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `accept`, `deny` and so on.
    Verbs,
    /// What a verb depends on.
    Conditions,
    /// What a verb does by the way.
    Modifiers,
    /// What `control` takes.
    Controls,
    /// What `verify` takes.
    Verifications,
}

/// What the manual says about each name of a part, and whether it is there yet.
pub fn acl(part: Part) -> Vec<(&'static Entry, bool)> {
    match part {
        Part::Verbs => VERBS.iter().map(|entry| (entry, true)).collect(),
        Part::Conditions => acl::condition_entries(false),
        Part::Modifiers => acl::condition_entries(true),
        Part::Controls => acl::control_entries(),
        Part::Verifications => acl::verify_entries(),
    }
}

#[cfg(test)]
mod tests {
    use mail_types::diagnostic::{SourceText, Span};
    use mail_types::manual::Place;

    use super::*;
    use crate::acl::Acl;
    use crate::list::NamedLists;

    #[test]
    fn every_name_has_a_meaning_and_examples() {
        let parts = [Part::Verbs, Part::Conditions, Part::Modifiers, Part::Controls, Part::Verifications];
        let of_acls = parts.into_iter().flat_map(acl).map(|(entry, _)| entry);
        for entry in of_acls.chain(LIST_ITEMS) {
            assert!(entry.meaning().ends_with('.'), "{}: {}", entry.name, entry.meaning());
            for example in entry.examples(Place::Acl).unwrap() {
                let named = LIST_ITEMS.contains(entry)
                    || example.text.contains(entry.name)
                    || entry.name == "endpass";
                assert!(named, "{}: {example:?}", entry.name);
            }
        }
    }

    #[test]
    fn the_verbs_are_those_that_are_read() {
        for entry in VERBS {
            let (_, found) = Acl::compile(
                b"x",
                Span::NOWHERE,
                &[SourceText::nowhere(entry.name.as_bytes())],
                &NamedLists::default(),
            );
            assert!(found.is_empty(), "{}: {found:?}", entry.name);
        }
    }
}

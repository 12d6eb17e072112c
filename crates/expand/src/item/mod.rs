//! Items: `${name{...}{...}}`. One file a family.
//!
//! # Compatibility
//! Exim specification, section "Expansion items".

mod acl;
mod authresults;
mod certextract;
mod dlfunc;
mod env;
mod extract;
mod function;
mod hash;
mod hmac;
mod if_then;
mod imapfolder;
mod iterate;
mod listextract;
mod listquote;
mod lookup;
mod perl;
mod prvs;
pub(crate) mod readfile;
pub(crate) mod readsocket;
mod run;
mod sg;
mod sort;
mod srs_encode;
mod substr;
mod tr;

use std::sync::LazyLock;

use mail_types::manual::Entry;

use crate::name_table::NameTable;
use crate::parse::Parser;
use crate::tree::Item;

pub(crate) use hash::{nhash, text_hash};
pub(crate) use substr::{length, substr};

/// Reads an item; the name is read already, the second argument is where it began.
pub(crate) type Parse = fn(&mut Parser<'_>, usize) -> Box<dyn Item>;

/// One item.
struct Definition {
    entry: Entry,
    parse: Parse,
}

/// The table of items: what the manual says about each and what reads it.
macro_rules! items {
    ($( #[doc = $doc:literal] $(#[doc = $example:literal])+ $name:literal => $parse:expr; )*) => {
        static ITEMS: &[Definition] = &[ $( Definition {
            entry: Entry { name: $name, doc: $doc, examples: &[$($example),+] },
            parse: $parse,
        }, )* ];
    };
}

items! {
    /// Runs an ACL with up to nine arguments; the value is the text of its `message`.
    /// `${acl{greeting}{Ann}}`
    "acl" => acl::parse;
    /// An `Authentication-Results:` header line for this message.
    /// `${authresults{$primary_hostname}}` gives `Authentication-Results: mail.example.com`
    "authresults" => authresults::parse;
    /// A field of a certificate that a TLS variable holds.
    /// `${certextract{subject,CN}{$tls_in_peercert}{CN=$value}{no certificate}}`
    "certextract" => certextract::parse;
    /// Calls a function of a shared library. Postrider loads none: the expansion fails.
    /// in an ACL: `warn set acl_m_x = ${dlfunc{/usr/lib/exim/site.so}{greet}{$sender_address}}`
    "dlfunc" => dlfunc::parse;
    /// A variable of the process environment.
    /// `${env{MANUAL_UNSET}{$value}{not set}}`
    "env" => env::parse;
    /// A part of a text: the value of a name, the field of a number, or a member of a JSON object or array.
    /// `${extract{uid}{user=ann uid=1001}}`
    /// `${extract{3}{:}{exim:x:42:120}}`
    /// `${extract{-1}{:}{exim:x:42:120}{last=$value}{none}}`
    /// `${extract json{name}{\{"name": "ann", "id": 7\}}}`
    /// `${extract jsons{name}{\{"name": "ann", "id": 7\}}}`
    /// `${extract json{2}{["a", "b"]}}`
    "extract" => extract::parse;
    /// The elements of a list for which a condition holds; each is `$item` in turn.
    /// `${filter{a:bb:ccc}{>{${strlen:$item}}{1}}}`
    "filter" => iterate::parse_filter;
    /// Letters that depend on the text only, as many as asked for.
    /// `${hash{3}{qwerty}}`
    "hash" => hash::parse_hash;
    /// A digest of a text with a secret, by MD5 or SHA-1.
    /// `${hmac{md5}{secret}{user@example.org}}`
    "hmac" => hmac::parse;
    /// One text or another, as a condition says.
    /// `${if eq{$local_part}{}{nobody}{$local_part}}`
    /// `${if match{ann@example.org}{\N^(.+)@(.+)$\N}{$2}}`
    "if" => if_then::parse;
    /// The name of an IMAP folder as servers want it on disk (modified UTF-7).
    /// `${imapfolder{Entwürfe/2}{/}{.}}`
    "imapfolder" => imapfolder::parse;
    /// The first characters of a text.
    /// `${length{3}{postrider}}`
    "length" => substr::parse_length;
    /// The element of a list at a place; a negative number counts from the end.
    /// `${listextract{2}{a:b:c}}`
    /// `${listextract{-4}{a:b:c}{$value}{no such place}}`
    "listextract" => listextract::parse;
    /// A text that stands for one element of a list: the separators in it are doubled.
    /// `${listquote{:}{2001:db8::1}}`
    "listquote" => listquote::parse;
    /// Asks a file or a database; `$value` is what it answers.
    /// `${lookup{ann}lsearch{$config_dir/people}}`
    /// `${lookup{bob}lsearch{$config_dir/people}{$value}{unknown}}`
    "lookup" => lookup::parse;
    /// The list in which every element, `$item`, is replaced.
    /// `${map{a:b}{<$item>}}`
    "map" => iterate::parse_map;
    /// A number, or two with a slash between them, that depends on the text only.
    /// `${nhash{8}{64}{supercalifragilisticexpialidocious}}`
    "nhash" => hash::parse_nhash;
    /// The value of a subroutine in Perl.
    /// `${perl{greet}{Ann}}`
    "perl" => perl::parse;
    /// An address with a tag that proves for a week that it was made here.
    /// `${if match{${prvs{ann@example.org}{secret}}}{^prvs=[0-9a-f]+=ann@example.org\$}{tagged}}`
    "prvs" => prvs::parse_sign;
    /// Tests an address that may have been made by `${prvs`; sets `$prvscheck_address`, `_keynum` and `_result`.
    /// `${prvscheck{prvs=0000000000=ann@example.org}{secret}{$prvscheck_address: ${if def:prvscheck_result{good}{bad}}}}`
    "prvscheck" => prvs::parse_check;
    /// The content of a file, with another text for its line ends if asked for.
    /// `${readfile{$config_dir/people}{;}}`
    "readfile" => readfile::parse;
    /// What a server at a socket answers.
    /// `${readsocket{$config_dir/no.sock}{ask me}{3s}{ }{no answer}}`
    "readsocket" => readsocket::parse;
    /// Walks through a list and carries `$value` from element to element.
    /// `${reduce{1:2:3}{0}{${eval:$value+$item}}}`
    "reduce" => iterate::parse_reduce;
    /// What a command writes; `$runrc` is its exit code.
    /// `${run{/bin/echo hello}}`
    /// `${run{/bin/false}{yes}{no, $runrc}}`
    "run" => run::parse;
    /// Replaces every match of a regular expression.
    /// `${sg{abcabc}{b(.)}{<\$1>}}`
    "sg" => sg::parse;
    /// A list in the order that a condition asks for, by a key made of each `$item`.
    /// `${sort{10:9:8a}{<=}{${sg{$item}{a}{}}}}`
    "sort" => sort::parse;
    /// A return path that carries the sender's address through a forwarder.
    /// `${if match{${srs_encode{secret}{ann@example.org}{relay.example}}}{^SRS0=.*=example.org=ann@relay.example\$}{rewritten}}`
    "srs_encode" => srs_encode::parse;
    /// Characters from a place on; negative places count from the end.
    /// `${substr{0}{4}{postrider}}`
    /// `${substr{-5}{postrider}}`
    "substr" => substr::parse_substr;
    /// Replaces characters one by one.
    /// `${tr{a.b.c}{.}{-}}`
    "tr" => tr::parse;
}

/// What the manual says about each item.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    ITEMS.iter().map(|definition| &definition.entry)
}

/// The names of the items; those in [`unsupported`] fail.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    entries().map(|entry| entry.name)
}

/// The parser of the item of this name.
pub(crate) fn find(name: &[u8]) -> Option<Parse> {
    static BY_NAME: LazyLock<NameTable<Parse>> = LazyLock::new(|| {
        NameTable::new(ITEMS.iter().map(|definition| (definition.entry.name, definition.parse)))
    });
    BY_NAME.find(name)
}

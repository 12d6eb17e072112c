//! Items: `${name{...}{...}}`. One file a family.
//!
//! # Compatibility
//! Exim specification, section "Expansion items".

mod acl;
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
mod prvs;
mod readfile;
mod run;
mod sg;
mod sort;
mod substr;
mod tr;

use crate::parse::Parser;
use crate::tree::Item;
use crate::unsupported;

pub(crate) use hash::{nhash, text_hash};
pub(crate) use substr::{length, substr};

/// Reads an item; the name is read already, the second argument is where it began.
pub(crate) type Parse = fn(&mut Parser<'_>, usize) -> Box<dyn Item>;

/// The parser of the item of this name.
pub(crate) fn find(name: &[u8]) -> Option<Parse> {
    let parse: Parse = match name {
        b"acl" => acl::parse,
        b"env" => env::parse,
        b"extract" => extract::parse,
        b"filter" => iterate::parse_filter,
        b"hash" => hash::parse_hash,
        b"hmac" => hmac::parse,
        b"if" => if_then::parse,
        b"imapfolder" => imapfolder::parse,
        b"length" => substr::parse_length,
        b"listextract" => listextract::parse,
        b"listquote" => listquote::parse,
        b"lookup" => lookup::parse,
        b"map" => iterate::parse_map,
        b"nhash" => hash::parse_nhash,
        b"prvs" => prvs::parse_sign,
        b"prvscheck" => prvs::parse_check,
        b"readfile" => readfile::parse,
        b"reduce" => iterate::parse_reduce,
        b"run" => run::parse,
        b"sg" => sg::parse,
        b"sort" => sort::parse,
        b"substr" => substr::parse_substr,
        b"tr" => tr::parse,
        _ => {
            std::str::from_utf8(name).ok().and_then(unsupported::item)?;
            return Some(parse_unsupported);
        }
    };
    Some(parse)
}

fn parse_unsupported(parser: &mut Parser<'_>, start: usize) -> Box<dyn Item> {
    let name = parser.text_from(start);
    match std::str::from_utf8(name).ok().and_then(unsupported::item) {
        Some(what) => {
            parser.warn(unsupported::DIAGNOSTIC, start, what.name.len(), what.message());
            unsupported::skip_item(parser, what)
        }
        None => Box::new(parser.fail("unknown expansion item")),
    }
}

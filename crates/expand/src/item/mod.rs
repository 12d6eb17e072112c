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

/// All items that work, by name.
static ITEMS: [(&str, Parse); 23] = [
    ("acl", acl::parse),
    ("env", env::parse),
    ("extract", extract::parse),
    ("filter", iterate::parse_filter),
    ("hash", hash::parse_hash),
    ("hmac", hmac::parse),
    ("if", if_then::parse),
    ("imapfolder", imapfolder::parse),
    ("length", substr::parse_length),
    ("listextract", listextract::parse),
    ("listquote", listquote::parse),
    ("lookup", lookup::parse),
    ("map", iterate::parse_map),
    ("nhash", hash::parse_nhash),
    ("prvs", prvs::parse_sign),
    ("prvscheck", prvs::parse_check),
    ("readfile", readfile::parse),
    ("reduce", iterate::parse_reduce),
    ("run", run::parse),
    ("sg", sg::parse),
    ("sort", sort::parse),
    ("substr", substr::parse_substr),
    ("tr", tr::parse),
];

/// The names of the items that work.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ITEMS.iter().map(|(name, _)| *name)
}

/// The parser of the item of this name.
pub(crate) fn find(name: &[u8]) -> Option<Parse> {
    if let Ok(at) = ITEMS.binary_search_by(|(known, _)| known.as_bytes().cmp(name)) {
        return Some(ITEMS[at].1);
    }
    std::str::from_utf8(name).ok().and_then(unsupported::item)?;
    Some(parse_unsupported)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(ITEMS.is_sorted_by(|a, b| a.0 < b.0));
    }
}

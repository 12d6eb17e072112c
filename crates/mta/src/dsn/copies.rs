//! Who else gets a bounce: `errors_copy`.
//!
//! # Compatibility
//! The option is a colon-separated list of items: a pattern that is matched against the address that the bounce goes
//! to, white space, and the addresses that get a copy. The first pattern that matches decides. Only the addresses are
//! expanded as a text; the pattern is an item of an address list.

use std::sync::Arc;

use config::options::main;
use expand::{Captures, Expansion};
use mail_types::address::{Address, ParseOptions, addresses_of_header};
use mail_types::bytes::trim_start;
use mail_types::diagnostic::SourceText;
use mail_types::value::Value;
use policy::list::{ListKind, MatchOptions, Subject, split};

use crate::context::Context;

/// The addresses that get a copy of a bounce to `to`. Looks things up: to be called on a pool.
pub(super) fn of_bounce(to: &[u8], context: &mut Context) -> Vec<Vec<u8>> {
    let config = Arc::clone(&context.config);
    let Some(option) = config.main.get(main::ERRORS_COPY) else { return Vec::new() };
    for item in split(&option.source().bytes) {
        let (pattern, addresses) = pattern_and_rest(&item.bytes);
        let list = Value::clean(pattern);
        let found = config.lists.match_text(
            ListKind::Address,
            Subject::Text(to),
            &list,
            MatchOptions::default(),
            context,
        );
        match found {
            Ok(found) if found.matched => {
                context.scope.captures = Captures::new(found.captures);
                return addresses_of(addresses, to, context);
            }
            Ok(_) => {}
            Err(error) => {
                context.log_problem(format!("errors_copy: {}", error.message));
                return Vec::new();
            }
        }
    }
    Vec::new()
}

/// The pattern, which may stand in double quotes, and what follows it.
fn pattern_and_rest(item: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(quoted) = item.strip_prefix(b"\"") else {
        let end = item.iter().position(u8::is_ascii_whitespace).unwrap_or(item.len());
        return (item[..end].to_vec(), trim_start(&item[end..]));
    };
    let end = quoted.iter().position(|byte| *byte == b'"').unwrap_or(quoted.len());
    (quoted[..end].to_vec(), trim_start(quoted.get(end + 1..).unwrap_or_default()))
}

fn addresses_of(text: &[u8], to: &[u8], context: &mut Context) -> Vec<Vec<u8>> {
    let parts = Address::split(to);
    let before = std::mem::take(&mut context.facts.address);
    context.facts.address.local_part = Some(Value::tainted(parts.local_part));
    context.facts.address.domain = Some(Value::tainted(parts.domain));
    let expanded = context.eval(&Expansion::parse(&SourceText::nowhere(text)));
    context.facts.address = before;
    context.scope.captures = Captures::default();
    match expanded {
        Ok(value) => addresses_in(value.unwrap_or_default().bytes(), context),
        Err(error) => {
            context.log_problem(format!("Failed to expand \"errors_copy\": {}", error.message()));
            Vec::new()
        }
    }
}

/// The addresses of a comma-separated list, qualified; what is none is left out, with a word in the log.
pub(super) fn addresses_in(text: &[u8], context: &Context) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for item in addresses_of_header(text, ParseOptions::default()) {
        match item.address {
            Ok(address) => found.push(address.qualified_with(context.qualify_recipient()).to_bytes()),
            Err(error) => context.log_problem(format!("bad address for a report: {error}")),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::pattern_and_rest;

    #[test]
    fn patterns_may_be_quoted() {
        for (item, pattern, rest) in [
            (&b"spqr@my  a@b, c@d"[..], &b"spqr@my"[..], &b"a@b, c@d"[..]),
            (b"\"a b@c\" x", b"a b@c", b"x"),
            (b"alone", b"alone", b""),
            (b"\"open x", b"open x", b""),
        ] {
            assert_eq!(pattern_and_rest(item), (pattern.to_vec(), rest));
        }
    }
}

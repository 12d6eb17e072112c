//! Checks of header lines: `verify = header_syntax`, `header_names_ascii`, `not_blind`, and the addresses of
//! `header_sender`.
//!
//! # Compatibility
//! Spec section "ACL conditions", `verify`. Complaints have Exim's words.

use mail_types::address::{ParseOptions, addresses_of_header};
use mail_types::bytes::{eq_ignore_case, trim};
use mail_types::value::Value;

use super::AclWorld;

/// Fields that hold addresses and are checked.
const CHECKED: [&[u8]; 7] = [b"From", b"Reply-To", b"Sender", b"To", b"Cc", b"Bcc", b"Resent-To"];
/// Fields in the order in which a sender is looked for.
const SENDERS: [&[u8]; 3] = [b"Sender", b"Reply-To", b"From"];
/// Fields that name recipients.
const RECIPIENTS: [&[u8]; 5] = [b"To", b"Cc", b"Resent-To", b"Resent-Cc", b"Apparently-To"];

fn options() -> ParseOptions {
    ParseOptions { allow_domain_literals: true, allow_utf8: true, ..ParseOptions::default() }
}

/// Every address in the address-bearing fields can be read.
pub(super) fn syntax(world: &mut dyn AclWorld) -> Result<(), String> {
    let (unqualified_senders, unqualified_recipients) = world.unqualified_allowed();
    for line in world.header_lines() {
        let is_checked = CHECKED.iter().any(|name| eq_ignore_case(name, &line.name));
        if !is_checked || trim(&line.body).is_empty() {
            continue;
        }
        let is_recipient = RECIPIENTS.iter().any(|name| eq_ignore_case(name, &line.name)) || eq_ignore_case(b"Bcc", &line.name);
        let unqualified = if is_recipient { unqualified_recipients } else { unqualified_senders };
        for found in addresses_of_header(&line.body, options()) {
            let shown = String::from_utf8_lossy(trim(&line.body[found.place.clone()])).into_owned();
            let name = String::from_utf8_lossy(&line.name).into_owned();
            let failed = |why: &str| Err(format!("{why}: failing address in \"{name}:\" header is: {shown}"));
            match &found.address {
                Err(error) if error.is_nothing() => {}
                Err(error) => return failed(&error.message),
                Ok(address) if !address.is_qualified() && !unqualified => {
                    return failed("unqualified address not permitted");
                }
                Ok(_) => {}
            }
        }
    }
    Ok(())
}

/// All field names are ASCII.
pub(super) fn names_are_ascii(world: &mut dyn AclWorld) -> Result<(), String> {
    for line in world.header_lines() {
        if let Some(bad) = line.name.iter().find(|b| !(33..=126).contains(*b) || **b == b':') {
            let name: String = line.name.iter().take_while(|b| (33..=126).contains(*b)).map(|b| *b as char).collect();
            return Err(format!("Invalid character in header \"{name}\" found (octet 0x{bad:02x})"));
        }
    }
    Ok(())
}

/// Every envelope recipient stands in a To: or Cc: field.
pub(super) fn not_blind(case_insensitive: bool, world: &mut dyn AclWorld) -> Result<(), String> {
    let mut named: Vec<Vec<u8>> = Vec::new();
    for line in world.header_lines() {
        if RECIPIENTS.iter().any(|name| eq_ignore_case(name, &line.name)) {
            let found = addresses_of_header(&line.body, options()).into_iter();
            named.extend(found.filter_map(|a| a.address.ok()).map(|a| comparable(&a.to_bytes(), case_insensitive)));
        }
    }
    let recipients = world.recipients();
    let is_named = |r: &Vec<u8>| named.contains(&comparable(r, case_insensitive));
    if recipients.iter().all(is_named) { Ok(()) } else { Err("bcc recipient detected".to_owned()) }
}

/// The domain in lower case, the local part too if letters do not matter.
fn comparable(address: &[u8], case_insensitive: bool) -> Vec<u8> {
    let mut text = address.to_vec();
    let from = if case_insensitive { Some(0) } else { text.iter().rposition(|b| *b == b'@') };
    if let Some(from) = from {
        text[from..].make_ascii_lowercase();
    }
    text
}

/// The addresses of the first of Sender:, Reply-To:, From: that there is; every one is verified.
pub(super) fn senders(world: &mut dyn AclWorld) -> Vec<Value> {
    let lines = world.header_lines();
    for name in SENDERS {
        let mut found = Vec::new();
        for line in lines.iter().filter(|l| eq_ignore_case(name, &l.name)) {
            let addresses = addresses_of_header(&line.body, options()).into_iter();
            found.extend(addresses.filter_map(|a| a.address.ok()).map(|a| Value::tainted(a.to_bytes())));
        }
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}


#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_compared_without_case() {
        assert_eq!(comparable(b"Ann@B.Example", false), b"Ann@b.example");
        assert_eq!(comparable(b"Ann@B.Example", true), b"ann@b.example");
    }
}

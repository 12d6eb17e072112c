//! Checks of header lines: `verify = header_syntax`, `header_names_ascii`, `not_blind`, and the addresses of
//! `header_sender`.
//!
//! # Compatibility
//! Spec section "ACL conditions", `verify`. Complaints have Exim's words.

use mail_types::address::addresses_of_header;
use mail_types::bytes::{eq_ignore_case, trim};
use mail_types::value::Value;

use super::{AclWorld, HeaderLine};

/// Fields that hold addresses of senders and are checked.
const FROM: [&[u8]; 3] = [b"From", b"Reply-To", b"Sender"];
/// Fields that hold addresses of recipients and are checked.
const TO: [&[u8]; 3] = [b"To", b"Cc", b"Bcc"];
/// Fields in the order in which a sender is looked for.
const SENDERS: [&[u8]; 3] = [b"Sender", b"Reply-To", b"From"];

/// Whether a field is one of these, or the `Resent-` form of one.
fn is_one_of(name: &[u8], fields: &[&[u8]]) -> bool {
    let resent = mail_types::bytes::starts_with_ignore_case(name, b"Resent-");
    let plain = if resent { &name[b"Resent-".len()..] } else { name };
    fields.iter().any(|field| eq_ignore_case(field, plain))
}

/// The text of a line as Exim's parser sees it: from the first word on, with the newline at the end.
fn text(line: &HeaderLine) -> Vec<u8> {
    [trim(&line.body), b"\n"].concat()
}

/// Every address in the address-bearing fields can be read.
pub(super) fn syntax(world: &mut dyn AclWorld) -> Result<(), String> {
    let (unqualified_senders, unqualified_recipients) = world.unqualified_allowed();
    let options = world.header_address_options();
    for line in world.header_lines() {
        let is_recipient = is_one_of(&line.name, &TO);
        if !is_recipient && !is_one_of(&line.name, &FROM) {
            continue;
        }
        let unqualified = if is_recipient { unqualified_recipients } else { unqualified_senders };
        let text = text(&line);
        for found in addresses_of_header(&text, options) {
            let shown = String::from_utf8_lossy(trim(&text[found.place.clone()])).into_owned();
            let name = String::from_utf8_lossy(&line.name).into_owned();
            let failed = |why: &str| Err(format!("{why}: failing address in \"{name}:\" header is: {shown}"));
            match &found.address {
                Err(error) if error.is_nothing() => {}
                Err(error) => return failed(&error.message.replace('\n', "\\n")),
                Ok(address) if !address.is_qualified() && !unqualified => {
                    return failed("unqualified address not permitted");
                }
                Ok(_) => {}
            }
        }
    }
    Ok(())
}

/// All field names are printing ASCII.
pub(super) fn names_are_ascii(world: &mut dyn AclWorld) -> Result<(), String> {
    for line in world.header_lines() {
        if !line.name.iter().all(|b| (33..=126).contains(b)) {
            let name = String::from_utf8_lossy(&line.name);
            return Err(format!("Invalid character in header \"{name}\" found"));
        }
    }
    Ok(())
}

/// Every envelope recipient stands in a To: or Cc: field.
pub(super) fn not_blind(case_insensitive: bool, world: &mut dyn AclWorld) -> Result<(), String> {
    let mut named: Vec<Vec<u8>> = Vec::new();
    let options = world.header_address_options();
    for line in world.header_lines() {
        if is_one_of(&line.name, &TO[..2]) {
            let found = addresses_of_header(&line.body, options).into_iter();
            named.extend(
                found.filter_map(|a| a.address.ok()).map(|a| comparable(&a.to_bytes(), case_insensitive)),
            );
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

/// The addresses in Sender:, Reply-To: and From:.
pub(super) fn senders(world: &mut dyn AclWorld) -> Result<Vec<Value>, String> {
    let options = world.header_address_options();
    let lines = world.header_lines();
    let mut senders = Vec::new();
    for name in SENDERS {
        for line in lines.iter().filter(|line| eq_ignore_case(name, &line.name)) {
            let text = text(line);
            for found in addresses_of_header(&text, options) {
                match found.address {
                    Ok(address) => senders.push(Value::tainted(address.to_bytes())),
                    Err(error) if error.is_nothing() => {}
                    Err(error) => {
                        let field = String::from_utf8_lossy(&line.name);
                        let shown = String::from_utf8_lossy(trim(&text[found.item]));
                        return Err(format!(
                            "syntax error in '{field}:' header when scanning for sender: {error} in \"{shown}\""
                        ));
                    }
                }
            }
        }
    }
    Ok(senders)
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

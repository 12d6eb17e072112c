//! The address parser against the answers of Debian's Exim 4.96.
//!
//! `addresses.tsv`: an operand of MAIL, the answer with `allow_domain_literals`, and the answer with `strip_trailing_dot`
//! (`=` where it is the same); `OK` is followed by what `${address:}` gives. `address_lists.tsv`: the text of a header
//! line, and what `${addresses:}` gives. Bytes that don't print are `\xhh`, a backslash is doubled.

use postrider_mail_types::address::{ParseOptions, addresses_of_header, parse_address};

fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'\\', [b'\\', ..]) => {
                out.push(b'\\');
                rest = &tail[1..];
            }
            (b'\\', [b'x', high, low, ..]) => {
                let digit = |byte: &u8| (*byte as char).to_digit(16).unwrap_or_default() as u8;
                out.push(digit(high) * 16 + digit(low));
                rest = &tail[3..];
            }
            _ => out.push(*first),
        }
    }
    out
}

fn answer(operand: &[u8], options: ParseOptions) -> Vec<u8> {
    match parse_address(operand, options) {
        Ok((address, _)) => [b"OK ", &address.to_bytes()[..]].concat(),
        Err(error) => error.message.into_bytes(),
    }
}

/// An address alone, without brackets that Exim's `${address:}` would give back, has to stand at its place.
fn assert_place(operand: &[u8], options: ParseOptions) {
    if let Ok((address, place)) = parse_address(operand, options) {
        let bytes = address.to_bytes();
        let plain = !operand[place.clone()].iter().any(|b| b"( .".contains(b));
        assert!(!plain || operand[place] == bytes[..], "{}", operand.escape_ascii());
    }
}

#[test]
fn single_addresses() {
    let literals = ParseOptions { allow_null: true, allow_domain_literals: true, ..ParseOptions::default() };
    let dots = ParseOptions { allow_null: true, strip_trailing_dot: true, ..ParseOptions::default() };
    let mut wrong = Vec::new();
    for line in include_str!("addresses.tsv").lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [operand, first, second] = columns[..] else { panic!("{line}") };
        let second = if second == "=" { first } else { second };
        let operand = unescape(operand);
        for (options, want) in [(literals, first), (dots, second)] {
            assert_place(&operand, options);
            let (have, want) = (answer(&operand, options), unescape(want));
            if have != want {
                wrong.push(format!(
                    "{}: {} not {}",
                    operand.escape_ascii(),
                    have.escape_ascii(),
                    want.escape_ascii()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lists() {
    let options = ParseOptions { allow_domain_literals: true, ..ParseOptions::default() };
    let mut wrong = Vec::new();
    for line in include_str!("address_lists.tsv").lines() {
        let (text, want) = line.split_once('\t').unwrap();
        let text = unescape(text);
        let found = addresses_of_header(&text, options);
        let found: Vec<_> =
            found.into_iter().filter_map(|item| item.address.ok()).map(|a| a.to_bytes()).collect();
        if found.join(&b'|') != unescape(want) {
            wrong.push(format!("{}: {} not {want}", text.escape_ascii(), found.join(&b'|').escape_ascii()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn places_in_a_list() {
    let text = b" (c) Joe <@x:joe@b.example>, g: two@c.example;, three";
    let found = addresses_of_header(text, ParseOptions::default());
    let places: Vec<_> =
        found.iter().map(|item| text[item.place.clone()].escape_ascii().to_string()).collect();
    assert_eq!(places, ["joe@b.example", "two@c.example", "three"]);
    let items: Vec<_> = found.iter().map(|item| text[item.item.clone()].escape_ascii().to_string()).collect();
    assert_eq!(items, [" (c) Joe <@x:joe@b.example>", " g: two@c.example;", " three"]);
}

#[test]
fn hostile_texts_cost_little_and_break_nothing() {
    let many = |text: &str| text.repeat(100_000);
    for text in
        ["(", ")", "<", "\"", "\\", ",", ";", ":", "@", "a:", "[", "@x,", "a.", "(\\", " ", "g:,;"].map(many)
    {
        addresses_of_header(text.as_bytes(), ParseOptions::default());
        let _ = parse_address(text.as_bytes(), ParseOptions::default());
    }
}

//! How a record looks in the answer.

use std::net::Ipv6Addr;

use mail_types::dns::RecordData;

use super::query::{Query, Wanted};

/// The record's text; none when it is not one that the query is about.
pub(super) fn record(data: &RecordData, query: &Query) -> Option<Vec<u8>> {
    let fields = query.fields.as_deref();
    let join = |parts: &[&[u8]]| parts.join(fields.unwrap_or(b" "));
    Some(match (data, query.wanted) {
        (RecordData::A(address), _) => address.to_string().into_bytes(),
        (RecordData::Aaaa(address), _) => ipv6(*address).into_bytes(),
        (RecordData::Mx { exchange, .. }, Wanted::MailHosts) => exchange.clone(),
        (RecordData::Mx { preference, exchange }, _) => join(&[preference.to_string().as_bytes(), exchange]),
        (RecordData::Txt(strings), _) => match fields {
            Some(fields) => strings.join(fields),
            // Without a separator only the first string.
            None => strings.first()?.clone(),
        },
        (RecordData::Ptr(name) | RecordData::Cname(name) | RecordData::Ns(name), _) => name.clone(),
        (RecordData::Soa { mname, .. }, _) if fields.is_none() => mname.clone(),
        (RecordData::Soa { mname, rname, serial, refresh, retry, expire, minimum }, _) => {
            let numbers = [serial, refresh, retry, expire, minimum].map(u32::to_string);
            let mut parts: Vec<&[u8]> = vec![mname, rname];
            parts.extend(numbers.iter().map(String::as_bytes));
            join(&parts)
        }
        (RecordData::Srv { priority, weight, port, target }, _) => {
            let numbers = [priority, weight, port].map(u16::to_string);
            join(&[numbers[0].as_bytes(), numbers[1].as_bytes(), numbers[2].as_bytes(), target])
        }
        (RecordData::Tlsa { usage, selector, matching, association }, _) => {
            let numbers = [usage, selector, matching].map(u8::to_string);
            let digits = hex(association);
            join(&[numbers[0].as_bytes(), numbers[1].as_bytes(), numbers[2].as_bytes(), &digits])
        }
        (RecordData::Other(bytes), Wanted::Spf) => strings(bytes).join(fields.unwrap_or_default()),
        (RecordData::Other(_), _) => return None,
    })
}

/// As the C library writes it: what has its last 32 bits alone is an IPv4 address within.
fn ipv6(address: Ipv6Addr) -> String {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
            let [a, b, c, d] = (u32::from(high) << 16 | u32::from(low)).to_be_bytes();
            format!("::{a}.{b}.{c}.{d}")
        }
        _ => address.to_string(),
    }
}

/// The strings of a record in the form of a text record, as far as they are whole.
fn strings(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut strings = Vec::new();
    while let Some((&length, rest)) = bytes.split_first()
        && let Some((string, rest)) = rest.split_at_checked(usize::from(length))
    {
        strings.push(string);
        bytes = rest;
    }
    strings
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

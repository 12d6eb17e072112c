//! `csa`: Client SMTP Authorization.
//!
//! # Compatibility
//! Spec section "Client SMTP authorization (CSA)": `_client._smtp.NAME`; what a parent says counts only when it says that
//! all below it must be authorized by name. An address stands for its name in the reverse zones.

use std::net::IpAddr;

use mail_types::dns::{Answer, RecordData};

/// There is no answer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Later;

/// What a record says of a client's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// It is authorized.
    Yes,
    /// It is not.
    No,
    /// A parent wants each name authorized, and this one is not.
    Explicit,
    /// Something else.
    Unknown,
}

/// What one record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Of the name.
    pub code: Code,
    /// The host that has the client's addresses; empty for none.
    pub target: Vec<u8>,
}

impl Statement {
    /// The code and the target, `Y host.example`.
    pub(super) fn to_text(&self) -> Vec<u8> {
        let code: &[u8] = match self.code {
            Code::Yes => b"Y ",
            Code::No => b"N ",
            Code::Explicit => b"X ",
            Code::Unknown => b"? ",
        };
        [code, &self.target].concat()
    }
}

/// All that the name's records say, or one of the `limit` names above it; nothing when nobody says anything. Addresses are
/// looked for in the reverse zones where `reverse` allows it.
///
/// # Errors
/// `ask` could not find out.
pub fn find(
    name: &[u8],
    limit: usize,
    reverse: bool,
    mut ask: impl FnMut(&[u8]) -> Result<Option<Answer>, Later>,
) -> Result<Vec<Statement>, Later> {
    let address = std::str::from_utf8(name).ok().and_then(|text| text.parse::<IpAddr>().ok());
    let name = match address {
        Some(address) if reverse => mail_types::dns::reverse_name(address),
        _ => name.to_vec(),
    };
    let mut rest = &name[..];
    for level in 0..=limit {
        if level > 0 {
            match memchr::memchr(b'.', rest) {
                // A top-level domain is not asked.
                Some(dot) if rest[dot + 1..].contains(&b'.') => rest = &rest[dot + 1..],
                _ => return Ok(Vec::new()),
            }
        }
        if let Some(answer) = ask(&[b"_client._smtp.", rest].concat())? {
            return Ok(answer
                .records
                .iter()
                .filter_map(|record| statement(&record.data, level > 0))
                .collect());
        }
    }
    Ok(Vec::new())
}

/// What one record says of the name itself, or of one below it.
fn statement(data: &RecordData, below: bool) -> Option<Statement> {
    let RecordData::Srv { priority: version, weight, port, target } = data else { return None };
    if *version != 1 {
        return None;
    }
    let code = match (below, weight) {
        (true, _) if port & 1 != 0 => Code::Explicit,
        (true, _) => return None,
        (false, 0 | 1) => Code::No,
        (false, 2) => Code::Yes,
        (false, _) => Code::Unknown,
    };
    Some(Statement { code, target: target.clone() })
}

#[cfg(test)]
mod tests {
    use mail_types::dns::{Record, RecordType};

    use super::*;

    /// `_client._smtp.NAME` has a record: version, weight, port.
    fn ask(name: &[u8]) -> Result<Option<Answer>, Later> {
        let (priority, weight, port) = match name.strip_prefix(b"_client._smtp.").unwrap() {
            b"yes.example" => (1, 2, 0),
            b"strict.example" => (1, 2, 1),
            b"later.example" => return Err(Later),
            b"6.2.0.192.in-addr.arpa" => (1, 1, 0),
            _ => return Ok(None),
        };
        let data = RecordData::Srv { priority, weight, port, target: b"host.example".to_vec() };
        let record = Record { name: name.to_vec(), rtype: RecordType::Srv, ttl: 1, data };
        Ok(Some(Answer { records: vec![record], ..Answer::default() }))
    }

    #[test]
    fn parents_speak_when_all_below_must_be_named() {
        for (name, want) in [
            ("yes.example", Ok(Some("Y host.example"))),
            ("strict.example", Ok(Some("Y host.example"))),
            ("below.strict.example", Ok(Some("X host.example"))),
            ("below.yes.example", Ok(None)),
            ("a.b.c.d.e.strict.example", Ok(Some("X host.example"))),
            ("a.b.c.d.e.f.strict.example", Ok(None)),
            ("192.0.2.6", Ok(Some("N host.example"))),
            ("below.later.example", Err(())),
            ("nobody.test", Ok(None)),
        ] {
            let found = find(name.as_bytes(), 5, true, ask);
            let first =
                |said: Vec<Statement>| said.first().map(|said| String::from_utf8(said.to_text()).unwrap());
            let found = found.map(first).map_err(|Later| ());
            assert_eq!(found.as_ref().map(Option::as_deref), want.as_ref().map(|want| *want), "{name}");
        }
    }
}

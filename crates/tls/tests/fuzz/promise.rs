//! What a domain or a host promises about its TLS, written by anybody: MTA-STS records and policies, TLSA records and the
//! chains they are held against.

use tls::mta_sts::{Policy, announced};
use tls::{Associations, Tlsa};

/// An authority's certificate, the last one that is shown: the server's own is no authority (rfc7672#3.1.2).
const AUTHORITY: &[u8] = include_bytes!("../../src/ocsp/fixtures/ca.der");

/// Gives one input to each of them. The first four bytes are the fields of a TLSA record and the length of its data; what
/// follows the data is a certificate.
pub(crate) fn run(data: &[u8]) {
    let _ = findings(data);
}

/// What was found: the policy's mode, whether records can be used, whether the chain fits.
pub(crate) fn findings(data: &[u8]) -> String {
    let policy = Policy::parse(data).map(|policy| (policy.mode, policy.lists(b"mx.example.net")));
    let id = announced([data]);
    let [usage, selector, matching, length, rest @ ..] = data else {
        return format!("{policy:?} {id:?}");
    };
    let (association, certificate) = rest.split_at(usize::from(*length).min(rest.len()));
    let record = Tlsa { usage: *usage, selector: *selector, matching: *matching, association };
    let records = Associations::usable([record], vec!["mx.example.net".to_owned()]);
    let chain = [certificate, certificate, AUTHORITY];
    let verdict = records.map(|records| records.judge(&chain, 1_800_000_000).map_err(|why| why.words));
    format!("{policy:?} {id:?} {verdict:?}")
}
